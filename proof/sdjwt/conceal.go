package sdjwt

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/pointer"
	"github.com/sanad-credentials/sanad/proof"
)

// Options say how claims are hidden.
type Options struct {
	// Disclosable are JSON pointers (RFC 6901) to the claims and elements of
	// arrays that are hidden until the holder shows them. One inside another
	// makes a recursive disclosure: the inner can be shown only with the outer
	// (RFC 9901, section 4.2.6).
	Disclosable []string
	// Decoys is the most digests of nothing that each object and each array with
	// hidden parts gets, to conceal how many those are (section 4.2.5): at least
	// one, and how many is random. Zero: none.
	Decoys int
	// Hash is one of those of this package. Empty: SHA256.
	Hash string
}

// MaxDecoys is the largest Options.Decoys.
const MaxDecoys = 64

// Conceal replaces claims by digests, and returns the payload to sign with the
// disclosures of what it hides. Each has a random salt of 128 bits; digests are
// in alphabetical order. claims must be a JSON object without names that
// RFC 9901 has taken for itself.
//
// The error wraps [proof.ErrPointer] where there is nothing to hide at one of
// o.Disclosable, [ErrHash], or [ErrMalformed].
func Conceal(claims []byte, o Options) (payload []byte, disclosures []string, err error) {
	return conceal(rand.Reader, claims, o)
}

func conceal(random io.Reader, claims []byte, o Options) ([]byte, []string, error) {
	v, err := jcs.Parse(claims)
	if err != nil {
		return nil, nil, malformed("claims: %w", err)
	}
	if v.Kind() != jcs.Object {
		return nil, nil, malformed("claims: %s, not an object", v.Kind())
	}
	if o.Decoys < 0 || o.Decoys > MaxDecoys {
		return nil, nil, malformed("%d decoys, want at most %d", o.Decoys, MaxDecoys)
	}
	if o.Hash == "" {
		o.Hash = SHA256
	}
	c := concealer{random: random, o: o, hide: make(map[string]bool, len(o.Disclosable))}
	if c.digest, err = hash(o.Hash); err != nil {
		return nil, nil, err
	}
	for i, p := range o.Disclosable {
		if _, err := v.At(p); err != nil || p == "" {
			return nil, nil, fmt.Errorf("sdjwt: disclosable %d: %w", i, proof.ErrPointer)
		}
		c.hide[p] = true
	}
	if len(c.hide) > limits.Disclosures {
		return nil, nil, malformed("%d disclosures, at most %d are read", len(c.hide), limits.Disclosures)
	}
	payload, err := c.value(v)
	return payload, c.disclosures, err
}

type concealer struct {
	random      io.Reader
	o           Options
	digest      func(string) string
	hide        map[string]bool
	at          []byte // JSON pointer of the value at hand
	disclosures []string
}

// value returns the JSON of a value, with what is hidden in it replaced. What is
// inside comes first: its digests are part of the outer disclosure.
func (c *concealer) value(v jcs.Value) ([]byte, error) {
	switch v.Kind() {
	case jcs.Object:
		return c.object(v)
	case jcs.Array:
		return c.array(v)
	}
	return v.Append(nil), nil
}

func (c *concealer) object(v jcs.Value) ([]byte, error) {
	members := map[string][]byte{}
	var digests []string
	for name, m := range v.Members() {
		if reserved(name) {
			return nil, malformed("claims: a name of RFC 9901 itself: %s", name)
		}
		body, digest, err := c.part(name, m, func(dst []byte) []byte { return append(jcs.Quote(dst, name), ',') })
		if err != nil {
			return nil, err
		}
		if digest != "" {
			digests = append(digests, digest)
		} else {
			members[name] = body
		}
	}
	if len(digests) > 0 {
		decoys, err := c.decoys()
		if err != nil {
			return nil, err
		}
		digests = append(digests, decoys...)
		slices.Sort(digests)
		members[nameDigests] = []byte(`["`)
		for i, d := range digests {
			if i > 0 {
				members[nameDigests] = append(members[nameDigests], `","`...)
			}
			members[nameDigests] = append(members[nameDigests], d...)
		}
		members[nameDigests] = append(members[nameDigests], `"]`...)
	}
	if len(c.at) == 0 && len(c.disclosures) > 0 {
		members[nameHash] = jcs.Quote(nil, c.o.Hash)
	}
	out := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(jcs.Quote(out, name), ':'), members[name]...)
	}
	return append(out, '}'), nil
}

func (c *concealer) array(v jcs.Value) ([]byte, error) {
	var elements [][]byte
	hidden := false
	for i, e := range v.Elements() {
		body, digest, err := c.part(strconv.Itoa(i), e, func(dst []byte) []byte { return dst })
		if err != nil {
			return nil, err
		}
		if digest != "" {
			hidden, body = true, element(digest)
		}
		elements = append(elements, body)
	}
	if hidden {
		decoys, err := c.decoys()
		if err != nil {
			return nil, err
		}
		for _, d := range decoys {
			i, err := c.below(len(elements) + 1)
			if err != nil {
				return nil, err
			}
			elements = slices.Insert(elements, i, element(d))
		}
	}
	out := []byte{'['}
	for i, e := range elements {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e...)
	}
	return append(out, ']'), nil
}

// element is a digest in an array (section 4.2.4.2).
func element(digest string) []byte { return []byte(`{"...":"` + digest + `"}`) }

// part returns the JSON of a member or element or, where it is hidden, the
// digest of its disclosure, in which name writes what is between salt and value.
func (c *concealer) part(step string, v jcs.Value, name func([]byte) []byte) (body []byte, digest string, err error) {
	n := len(c.at)
	c.at = pointer.Append(c.at, step)
	body, err = c.value(v)
	hide := c.hide[string(c.at)]
	c.at = c.at[:n]
	if err != nil || !hide {
		return body, "", err
	}
	salt, err := c.salt()
	if err != nil {
		return nil, "", err
	}
	text := append(name(append(jcs.Quote([]byte{'['}, salt), ',')), body...)
	disclosure := b64url.Encode(append(text, ']'))
	c.disclosures = append(c.disclosures, disclosure)
	return nil, c.digest(disclosure), nil
}

// salt returns 128 random bits in base64url (section 9.3).
func (c *concealer) salt() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.random, b[:]); err != nil {
		return "", fmt.Errorf("sdjwt: salt: %w", err)
	}
	return b64url.Encode(b[:]), nil
}

// decoys returns digests of random numbers: some, and not more than asked for.
func (c *concealer) decoys() ([]string, error) {
	if c.o.Decoys == 0 {
		return nil, nil
	}
	n, err := c.below(c.o.Decoys)
	if err != nil {
		return nil, err
	}
	out := make([]string, n+1)
	for i := range out {
		s, err := c.salt()
		if err != nil {
			return nil, err
		}
		out[i] = c.digest(s)
	}
	return out, nil
}

func (c *concealer) below(n int) (int, error) {
	i, err := rand.Int(c.random, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("sdjwt: decoys: %w", err)
	}
	return int(i.Int64()), nil
}

// Parts returns the largest parts of claims, a JSON object, that hold nothing
// mandatory, as JSON pointers: what Options.Disclosable is where only that is
// known which can't be left out. A mandatory pointer may be to nothing. The error
// wraps [ErrMalformed].
func Parts(claims []byte, mandatory []string) ([]string, error) {
	v, err := jcs.Parse(claims)
	if err != nil {
		return nil, malformed("claims: %w", err)
	}
	return parts([]string{}, v, nil, mandatory), nil
}

func parts(out []string, v jcs.Value, at []byte, mandatory []string) []string {
	part := func(step string, v jcs.Value) {
		p := pointer.Append(slices.Clip(at), step)
		switch {
		case slices.ContainsFunc(mandatory, func(m string) bool { return pointer.Holds(m, string(p)) }):
		case slices.ContainsFunc(mandatory, func(m string) bool { return pointer.Holds(string(p), m) }):
			out = parts(out, v, p, mandatory)
		default:
			out = append(out, string(p))
		}
	}
	for name, m := range v.Members() {
		part(name, m)
	}
	for i, e := range v.Elements() {
		part(strconv.Itoa(i), e)
	}
	return out
}
