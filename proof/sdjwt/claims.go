package sdjwt

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/pointer"
	"github.com/sanad-credentials/sanad/proof"
)

// Names that a payload may have for its digests alone (RFC 9901, section 4.1).
const (
	nameDigests = "_sd"
	nameDigest  = "..."
	nameHash    = "_sd_alg"
)

func reserved(name string) bool {
	return name == nameDigests || name == nameDigest || name == nameHash
}

// Claims are the claims of a token: those in the clear and those disclosed. They
// are as trustworthy as the signature over the payload that they were opened
// from. They are immutable.
type Claims struct {
	signed, value jcs.Value
	digest        func(string) string
	disclosures   []disclosure
}

// disclosure is a claim, or an element of an array, that is shown.
type disclosure struct {
	text  string // as it came
	named bool   // a claim, with a name: three elements and not two
	name  string
	value jcs.Value
	used  bool
	at    string // JSON pointer, once opened
}

// Open puts a payload and its disclosures together (RFC 9901, section 7.1, steps
// 3 to 5). The payload must be a JSON object in the strict reading of
// this module: no name twice, no integer beyond 2^53, at most 32 levels, also
// when all is put together.
//
// The error wraps [ErrDisclosure] where a disclosure is malformed, there twice,
// of the wrong kind for its place, referred to by nothing, or named like a claim
// that is there already or like one of RFC 9901's own; and where digests are
// malformed, twice there, or where none may be. It wraps [ErrHash] where _sd_alg
// is none of those of this package, else [ErrMalformed]. Errors hold no claims.
func Open(payload []byte, disclosures []string) (*Claims, error) {
	v, err := jcs.Parse(payload)
	if err != nil {
		return nil, malformed("payload: %w", err)
	}
	if v.Kind() != jcs.Object {
		return nil, malformed("payload: %s, not an object", v.Kind())
	}
	if len(disclosures) > limits.Disclosures {
		return nil, malformed("%d disclosures, at most %d are read", len(disclosures), limits.Disclosures)
	}
	c := &Claims{signed: v, disclosures: make([]disclosure, len(disclosures))}
	if c.digest, err = hashOf(v); err != nil {
		return nil, err
	}
	o := opener{c: c, byDigest: make(map[string]*disclosure, len(disclosures)), seen: map[string]struct{}{}, out: make([]byte, 0, len(payload))}
	for i, s := range disclosures {
		d := &c.disclosures[i]
		if err := d.read(s); err != nil {
			return nil, fmt.Errorf("sdjwt: disclosure %d: %w", i, err)
		}
		digest := c.digest(s)
		if o.byDigest[digest] != nil {
			return nil, fmt.Errorf("sdjwt: disclosure %d: there twice: %w", i, ErrDisclosure)
		}
		o.byDigest[digest] = d
	}
	if err := o.value(v, 1); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(c.disclosures, func(d disclosure) bool { return !d.used }); i >= 0 {
		return nil, fmt.Errorf("sdjwt: disclosure %d: no digest refers to it: %w", i, ErrDisclosure)
	}
	if c.value = v; o.changed {
		if c.value, err = jcs.Parse(o.out); err != nil {
			return nil, malformed("claims put together: %w", err)
		}
	}
	return c, nil
}

// read reads the JSON of a disclosure (sections 4.2.1 and 4.2.2).
func (d *disclosure) read(s string) error {
	d.text = s
	raw, err := b64url.Decode(s)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrDisclosure)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrDisclosure)
	}
	if v.Kind() != jcs.Array || v.Len() < 2 || v.Len() > 3 {
		return fmt.Errorf("%s of %d, not an array of two or three: %w", v.Kind(), v.Len(), ErrDisclosure)
	}
	d.named = v.Len() == 3
	for i, e := range v.Elements() {
		s, text := e.Text()
		switch {
		case i == v.Len()-1:
			d.value = e
		case !text:
			return fmt.Errorf("element %d: %s, not a string: %w", i, e.Kind(), ErrDisclosure)
		case i == 1:
			d.name = s
		}
	}
	if d.named && reserved(d.name) {
		return fmt.Errorf("named %s: %w", d.name, ErrDisclosure)
	}
	return nil
}

// opener writes the claims as JSON while it walks through payload and
// disclosures. Each disclosure is written once at most, so that the text is no
// longer than what came.
type opener struct {
	c        *Claims
	byDigest map[string]*disclosure
	seen     map[string]struct{} // digests
	at       []byte              // JSON pointer of the value at hand
	out      []byte
	changed  bool // digests were left out, or replaced
	pointers int  // bytes of JSON pointers to what is disclosed
}

// payload says that a place inside the payload, or a disclosure, is wrong. Names
// of claims are not told: those disclosed are not everybody's.
func payloadError(reason string) error {
	return fmt.Errorf("sdjwt: payload: %s: %w", reason, ErrDisclosure)
}

func (o *opener) value(v jcs.Value, depth int) error {
	if depth > limits.Nesting+1 {
		return malformed("claims nested deeper than %d", limits.Nesting)
	}
	switch v.Kind() {
	case jcs.Object:
		return o.object(v, depth)
	case jcs.Array:
		return o.array(v, depth)
	}
	o.out = v.Append(o.out)
	return nil
}

func (o *opener) object(v jcs.Value, depth int) error {
	o.out = append(o.out, '{')
	start := len(o.out)
	for name, m := range v.Members() {
		switch name {
		case nameDigests:
			o.changed = true
			continue
		case nameHash:
			if depth > 1 {
				return payloadError("_sd_alg inside it")
			}
			o.changed = true
			continue
		case nameDigest:
			return payloadError("... outside an array")
		}
		if err := o.member(name, m, start, depth); err != nil {
			return err
		}
	}
	if err := o.digests(v, start, depth); err != nil {
		return err
	}
	o.out = append(o.out, '}')
	return nil
}

// digests adds the claims of an object to which its member _sd refers.
func (o *opener) digests(v jcs.Value, start, depth int) error {
	sd := v.Member(nameDigests)
	if sd.Exists() && sd.Kind() != jcs.Array {
		return payloadError("_sd: " + sd.Kind().String() + ", not an array")
	}
	var names []string
	for _, e := range sd.Elements() {
		d, err := o.find(e, true)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if v.Member(d.name).Exists() || slices.Contains(names, d.name) {
			return payloadError("a claim disclosed over one that is there")
		}
		names = append(names, d.name)
		if err := o.disclosed(d, d.name, start, depth); err != nil {
			return err
		}
	}
	return nil
}

// find returns the disclosure that a digest refers to: nil where it is not
// shown, or the digest is a decoy.
func (o *opener) find(digest jcs.Value, named bool) (*disclosure, error) {
	s, ok := digest.Text()
	if !ok {
		return nil, payloadError("a digest that is " + digest.Kind().String())
	}
	if _, twice := o.seen[s]; twice {
		return nil, payloadError("a digest twice")
	}
	o.seen[s] = struct{}{}
	d := o.byDigest[s]
	if d == nil {
		return nil, nil
	}
	if d.named != named {
		return nil, payloadError("a claim disclosed as an element, or the reverse")
	}
	d.used = true
	return d, nil
}

func (o *opener) disclosed(d *disclosure, step string, start, depth int) error {
	o.changed = true
	d.at = string(pointer.Append(o.at, step))
	// A long name around many disclosures would be repeated for each.
	if o.pointers += len(d.at); o.pointers > limits.Credential {
		return malformed("places of disclosures longer, together, than %d bytes", limits.Credential)
	}
	if d.named {
		return o.member(step, d.value, start, depth)
	}
	return o.element(step, d.value, start, depth)
}

// member writes one of an object, whose text begins at start.
func (o *opener) member(name string, v jcs.Value, start, depth int) error {
	if len(o.out) > start {
		o.out = append(o.out, ',')
	}
	o.out = append(jcs.Quote(o.out, name), ':')
	return o.inside(name, v, depth)
}

func (o *opener) element(index string, v jcs.Value, start, depth int) error {
	if len(o.out) > start {
		o.out = append(o.out, ',')
	}
	return o.inside(index, v, depth)
}

func (o *opener) inside(step string, v jcs.Value, depth int) error {
	n := len(o.at)
	o.at = pointer.Append(o.at, step)
	err := o.value(v, depth+1)
	o.at = o.at[:n]
	return err
}

func (o *opener) array(v jcs.Value, depth int) error {
	o.out = append(o.out, '[')
	start, index := len(o.out), 0
	for _, e := range v.Elements() {
		digest := e.Member(nameDigest)
		if !digest.Exists() {
			if err := o.element(strconv.Itoa(index), e, start, depth); err != nil {
				return err
			}
			index++
			continue
		}
		if e.Len() != 1 {
			return payloadError("... beside other members")
		}
		o.changed = true
		d, err := o.find(digest, false)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if err := o.disclosed(d, strconv.Itoa(index), start, depth); err != nil {
			return err
		}
		index++
	}
	o.out = append(o.out, ']')
	return nil
}

// Signed returns the payload as it was signed, with its digests, for the formats
// of this module.
func (c *Claims) Signed() jcs.Value { return c.signed }

// Value returns the claims in the clear and those disclosed, without digests,
// for the formats of this module.
func (c *Claims) Value() jcs.Value { return c.value }

// MarshalJSON returns the claims in the clear and those disclosed, without
// digests, in canonical form (RFC 8785).
func (c *Claims) MarshalJSON() ([]byte, error) { return c.value.Append(nil), nil }

// Disclosed returns JSON pointers (RFC 6901) to the claims that were disclosed,
// in the order of their disclosures.
func (c *Claims) Disclosed() []string {
	out := make([]string, len(c.disclosures))
	for i, d := range c.disclosures {
		out[i] = d.at
	}
	return out
}

// Select returns the disclosures that show what the JSON pointers (RFC 6901)
// name: it, all in it, and what it is in. An element's index is that in the
// claims as they are here. The error wraps [proof.ErrPointer] for a pointer to
// nothing.
func (c *Claims) Select(pointers ...string) ([]string, error) {
	var out []string
	for i, p := range pointers {
		if _, err := c.value.At(p); err != nil {
			return nil, fmt.Errorf("sdjwt: pointer %d: %w", i, proof.ErrPointer)
		}
	}
	for _, d := range c.disclosures {
		if slices.ContainsFunc(pointers, func(p string) bool { return pointer.Holds(p, d.at) || pointer.Holds(d.at, p) }) {
			out = append(out, d.text)
		}
	}
	return out, nil
}
