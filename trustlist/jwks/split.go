package jwks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// Key sets in the field carry members of their own, with integers that our
// strict JSON reader refuses, because no signature is over them. So the text is
// split here, and only what a key is made of is read strictly.

var errSyntax = errors.New("malformed JSON")

// known are the members that a key is made of (RFC 7517, section 4: others are
// ignored).
var known = [...]string{"kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "d", "x5c"}

// essence returns a key without the members that are not known, and its kid.
func essence(raw []byte) (key []byte, kid string, err error) {
	m, err := members(raw)
	if err != nil {
		return nil, "", err
	}
	if json.Unmarshal(m["kid"], &kid) != nil {
		kid = "" // which the strict reader refuses, unless there is none
	}
	out := []byte{'{'}
	for _, name := range known {
		if v, ok := m[name]; ok {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(out, `"`+name+`":`...), v...)
		}
	}
	return append(out, '}'), kid, nil
}

// members splits an object. Unlike encoding/json it tells names by their case
// and refuses one that is there twice.
func members(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%w: not an object", errSyntax)
	}
	m := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errSyntax
		}
		if _, twice := m[name]; twice {
			return nil, fmt.Errorf("%w: a name twice", errSyntax)
		}
		if len(m) == limits.Members {
			return nil, fmt.Errorf("%w: more than %d members", errSyntax, limits.Members)
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil, errSyntax
		}
		m[name] = v
	}
	return m, end(d)
}

// elements splits an array of at most limits.TrustKeys.
func elements(raw []byte) ([]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("%w: not an array", errSyntax)
	}
	var out []json.RawMessage
	for d.More() {
		if len(out) == limits.TrustKeys {
			return nil, fmt.Errorf("%w: more than %d elements", errSyntax, limits.TrustKeys)
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil, errSyntax
		}
		out = append(out, v)
	}
	return out, end(d)
}

// end reads the closing bracket, behind which there must be nothing.
func end(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%w: cut short", errSyntax)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: data behind it", errSyntax)
	}
	return nil
}
