package jose

import (
	"bytes"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// ParseJSON reads a message in one of the two forms in JSON, flattened with one
// signature or general with up to 16 (RFC 7515, section 7.2): a Message for each
// signature, all with the same payload. The caller bounds its length.
//
// Each signature must have its algorithm in the protected header. The
// unprotected one may help to find the key (kid, jwk, x5c, x5t#S256), and have
// what formats define themselves; a name that is in both is refused, and one
// there that would have to be signed to be heeded. Errors wrap [ErrMalformed].
func ParseJSON(raw []byte, o Options) ([]*Message, error) {
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, malformed("%w", err)
	}
	return FromValue(v, o)
}

// FromValue is [ParseJSON] for a message that is parsed already.
func FromValue(v jcs.Value, o Options) ([]*Message, error) {
	if v.Kind() != jcs.Object {
		return nil, malformed("%s, not an object", v.Kind())
	}
	payload, err := text(v, "payload", o.Detached != nil)
	if err != nil {
		return nil, err
	}
	all := v.Member("signatures")
	if !all.Exists() {
		m, err := signature(v, payload, o)
		if err != nil {
			return nil, err
		}
		return []*Message{m}, nil
	}
	for _, name := range []string{"protected", "header", "signature"} {
		if v.Member(name).Exists() {
			return nil, malformed("both %s and signatures", name)
		}
	}
	if all.Kind() != jcs.Array || all.Len() == 0 || all.Len() > limits.Signatures {
		return nil, malformed("signatures: %s of %d, want an array of 1 to %d", all.Kind(), all.Len(), limits.Signatures)
	}
	var out []*Message
	for i, e := range all.Elements() {
		m, err := signature(e, payload, o)
		if err != nil {
			return nil, fmt.Errorf("signatures[%d]: %w", i, err)
		}
		if i > 0 && m.Header.Unencoded != out[0].Header.Unencoded {
			return nil, malformed("signatures[%d]: b64 is not that of the first (RFC 7797, section 3)", i)
		}
		out = append(out, m)
	}
	return out, nil
}

// signature reads one signature and its headers.
func signature(v jcs.Value, payload string, o Options) (*Message, error) {
	p := parts{payload: []byte(payload), unprotected: v.Member("header")}
	protected, err := text(v, "protected", false)
	if err != nil {
		return nil, err
	}
	sig, err := text(v, "signature", false)
	if err != nil {
		return nil, err
	}
	p.protected, p.signature = []byte(protected), []byte(sig)
	if h := p.unprotected; h.Exists() && (h.Kind() != jcs.Object || h.Len() == 0) {
		return nil, malformed("header: %s, not an object with members", h.Kind())
	}
	for _, name := range []string{"alg", "crit", "b64", "typ", "cty", "iss"} {
		if p.unprotected.Member(name).Exists() {
			return nil, malformed("header: %s: not protected", name)
		}
	}
	m, err := parse(p, o)
	if err != nil {
		return nil, err
	}
	for name := range p.unprotected.Members() {
		if m.protected.Member(name).Exists() {
			return nil, malformed("header: a parameter both protected and not")
		}
	}
	return m, nil
}

func text(v jcs.Value, name string, optional bool) (string, error) {
	m := v.Member(name)
	s, ok := m.Text()
	if !ok && (m.Exists() || !optional) {
		return "", malformed("%s: %s, not a string", name, m.Kind())
	}
	return s, nil
}

// Flatten turns a message in the compact form, which it does not check, into
// the flattened one in JSON, with unprotected, the text of an object, as its
// header unless it is empty. The error wraps [ErrMalformed], also where
// [ParseJSON] would not read it.
func Flatten(compact, unprotected []byte) ([]byte, error) {
	m, err := Parse(compact, Options{})
	if err != nil {
		return nil, err
	}
	protected, payload, _ := bytes.Cut(m.signed, []byte{'.'})
	b := []byte{'{'}
	if len(unprotected) > 0 {
		h, err := jcs.Parse(unprotected)
		if err != nil {
			return nil, malformed("header: %w", err)
		}
		b = append(h.Append(append(b, `"header":`...)), ',')
	}
	b = append(append(append(b, `"payload":"`...), payload...), `","protected":"`...)
	b = append(append(append(b, protected...), `","signature":"`...), b64url.Encode(m.Signature)...)
	b = append(b, `"}`...)
	if _, err := ParseJSON(b, Options{}); err != nil {
		return nil, err
	}
	return b, nil
}
