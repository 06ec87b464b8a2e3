// Package sdjwt reads and writes Selective Disclosure JWTs (RFC 9901): a JWS
// whose payload holds digests of claims, and beside it those of the claims that
// are shown.
//
//	<JWS>~<disclosure>~…~<disclosure>~<key binding, or nothing>
//
// An issuer hides claims with [Conceal] and signs the payload that comes of it.
// A holder chooses what to show with [Claims.Select], and proves with
// [Token.Bind] to be the holder, towards one verifier and in one exchange. A
// verifier takes the token apart with [Parse] and puts the claims together with
// [Open]; what these return is made of nothing but what the payload's digests
// vouch for. Signatures are checked by proof/jose, which keys and claims count
// is for the formats that stand on this package.
//
// A token is refused as a whole if anything in it is not as RFC 9901 has it:
// a disclosure that no digest refers to, a digest that is there twice, a claim
// disclosed over another, digests outside their places.
package sdjwt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof/jose"
)

var (
	// ErrMalformed says that a text is no SD-JWT, or one that breaks RFC 9901.
	ErrMalformed = errors.New("malformed SD-JWT")
	// ErrDisclosure says that disclosures and digests do not fit together.
	ErrDisclosure = fmt.Errorf("%w: disclosures and digests do not fit", ErrMalformed)
	// ErrHash says that the digests are of a hash that is not accepted.
	ErrHash = fmt.Errorf("%w: unknown _sd_alg", ErrMalformed)
	// ErrBinding says that a key binding was made for somebody else, for another
	// request, for other claims, or at another time.
	ErrBinding = errors.New("key binding is not for this")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("sdjwt: "+format+": %w", append(args, ErrMalformed)...)
}

// MayBe reports whether raw may be an SD-JWT whose typ is one of types, given as
// in [jose.Header.IsType], so that formats need not read what is not theirs. It
// may be wrong in that it is none after all.
func MayBe(raw []byte, types ...string) bool {
	if bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte{'{'}) {
		return bytes.Contains(raw, []byte(`"protected"`)) && bytes.Contains(raw, []byte(`"payload"`)) && !bytes.Contains(raw, []byte(`"@context"`))
	}
	jws, _, ok := bytes.Cut(raw, []byte{'~'})
	protected, _, _ := bytes.Cut(jws, []byte{'.'})
	if !ok || bytes.Count(jws, []byte{'.'}) != 2 || len(protected) > limits.JWSHeader {
		return false
	}
	header, err := b64url.DecodeBytes(protected)
	if err != nil || bytes.IndexByte(header, '\\') >= 0 {
		return true // for the parser to say
	}
	header = bytes.ToLower(header)
	return slices.ContainsFunc(types, func(t string) bool { return bytes.Contains(header, []byte(t)) })
}

// Token is an SD-JWT taken apart (RFC 9901, section 4). It is immutable: callers
// must not change what it refers to.
type Token struct {
	// Messages are the issuers' signatures, all over the same payload: one or,
	// in the general JSON serialisation, several.
	Messages []*jose.Message
	// Disclosures as they came, in base64url.
	Disclosures []string
	// KeyBinding is the holder's JWS in the compact form; empty: none.
	KeyBinding string
	// JSON says that the token is in the JWS JSON serialisation (section 8).
	JSON bool

	jws string    // the first of Messages in the compact form
	doc jcs.Value // JSON: as it came
}

// Parse reads a token of at most 1 MiB and 1,024 disclosures in the compact form
// or, where it begins with a brace, in JSON. It does no cryptography, nor looks
// into the disclosures. The error wraps [ErrMalformed].
func Parse(raw []byte) (*Token, error) {
	if len(raw) > limits.Credential {
		return nil, malformed("%d bytes, at most %d are read", len(raw), limits.Credential)
	}
	if bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte{'{'}) {
		return parseJSON(raw)
	}
	n := bytes.Count(raw, []byte{'~'})
	if n == 0 {
		return nil, malformed("no tilde")
	}
	if n-1 > limits.Disclosures {
		return nil, malformed("%d disclosures, at most %d are read", n-1, limits.Disclosures)
	}
	parts := strings.Split(string(raw), "~")
	m, err := jose.Parse(raw[:len(parts[0])], jose.Options{})
	if err != nil {
		return nil, fmt.Errorf("sdjwt: %w: %w", ErrMalformed, err)
	}
	t := &Token{Messages: []*jose.Message{m}, Disclosures: parts[1:n], KeyBinding: parts[n], jws: parts[0]}
	return t, t.check()
}

func (t *Token) check() error {
	if i := slices.Index(t.Disclosures, ""); i >= 0 {
		return malformed("disclosure %d: empty", i)
	}
	return nil
}

// parseJSON reads the JWS JSON serialisation (section 8): what stands between
// tildes otherwise is in the first signature's unprotected header.
func parseJSON(raw []byte) (*Token, error) {
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, malformed("%w", err)
	}
	t := &Token{JSON: true, doc: v}
	if t.Messages, err = jose.FromValue(v, jose.Options{}); err != nil {
		return nil, fmt.Errorf("sdjwt: %w: %w", ErrMalformed, err)
	}
	for i, m := range t.Messages[1:] {
		if h := m.Unprotected(); h.Member(headerDisclosures).Exists() || h.Member(headerBinding).Exists() {
			return nil, malformed("signatures[%d].header: disclosures or key binding, which belong to the first", i+1)
		}
	}
	header := t.Messages[0].Unprotected()
	list, kb := header.Member(headerDisclosures), header.Member(headerBinding)
	if list.Exists() && list.Kind() != jcs.Array || list.Len() > limits.Disclosures {
		return nil, malformed("header.disclosures: %s of %d, want an array of at most %d", list.Kind(), list.Len(), limits.Disclosures)
	}
	for i, e := range list.Elements() {
		s, ok := e.Text()
		if !ok {
			return nil, malformed("header.disclosures[%d]: %s, not a string", i, e.Kind())
		}
		t.Disclosures = append(t.Disclosures, s)
	}
	if t.KeyBinding, _ = kb.Text(); kb.Exists() && t.KeyBinding == "" {
		return nil, malformed("header.kb_jwt: %s, not a string with content", kb.Kind())
	}
	first := v
	for i, e := range v.Member("signatures").Elements() {
		if i == 0 {
			first = e
		}
	}
	protected, _ := first.Member("protected").Text()
	payload, _ := v.Member("payload").Text()
	signature, _ := first.Member("signature").Text()
	t.jws = protected + "." + payload + "." + signature
	return t, t.check()
}

// The unprotected header parameters of the JSON serialisation (section 8.1).
const (
	headerDisclosures = "disclosures"
	headerBinding     = "kb_jwt"
)

// New makes a token of a JWS in the compact form and its disclosures. The error
// wraps [ErrMalformed].
func New(compact []byte, disclosures []string) (*Token, error) {
	return Parse(bound(string(compact), disclosures))
}

// NewJSON makes a token in the JSON serialisation: flattened where there is one
// JWS, general where there are several, which must have the same payload. The
// error wraps [ErrMalformed].
func NewJSON(compact [][]byte, disclosures []string) (*Token, error) {
	if len(compact) == 0 {
		return nil, malformed("no signature")
	}
	var payload string
	var out []byte
	for i, c := range compact {
		parts := strings.Split(string(c), ".")
		if len(parts) != 3 {
			return nil, malformed("signature %d: %d parts, want 3", i, len(parts))
		}
		if i > 0 && parts[1] != payload {
			return nil, malformed("signature %d: of another payload than the first", i)
		}
		payload = parts[1]
		if i > 0 {
			out = append(out, `},{`...)
		} else {
			out = append(appendHeader(out, disclosures, ""), ',')
		}
		out = jcs.Quote(append(out, `"protected":`...), parts[0])
		out = jcs.Quote(append(out, `,"signature":`...), parts[2])
	}
	doc := jcs.Quote([]byte(`{"payload":`), payload)
	if len(compact) == 1 {
		return Parse(append(append(append(doc, ','), out...), '}'))
	}
	return Parse(append(append(append(doc, `,"signatures":[{`...), out...), `}]}`...))
}

// appendHeader appends the member header of the first signature.
func appendHeader(dst []byte, disclosures []string, kb string, kept ...byte) []byte {
	dst = append(dst, `"header":{"disclosures":[`...)
	for i, d := range disclosures {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jcs.Quote(dst, d)
	}
	dst = append(dst, ']')
	if kb != "" {
		dst = jcs.Quote(append(dst, `,"kb_jwt":`...), kb)
	}
	return append(append(dst, kept...), '}')
}

// With returns a token of the same signatures with these disclosures, and
// without key binding.
func (t *Token) With(disclosures []string) *Token {
	out := *t
	out.Disclosures, out.KeyBinding = slices.Clone(disclosures), ""
	return &out
}

// bound returns the compact form without key binding: what a key binding is
// bound to (section 4.3.1).
func bound(jws string, disclosures []string) []byte {
	n := len(jws) + 1
	for _, d := range disclosures {
		n += len(d) + 1
	}
	out := append(append(make([]byte, 0, n), jws...), '~')
	for _, d := range disclosures {
		out = append(append(out, d...), '~')
	}
	return out
}

// Bytes returns the token in the form that it came in.
func (t *Token) Bytes() []byte {
	if !t.JSON {
		return append(bound(t.jws, t.Disclosures), t.KeyBinding...)
	}
	header := func(dst []byte, old jcs.Value) []byte {
		var kept []byte
		for name, m := range old.Members() {
			if name != headerDisclosures && name != headerBinding {
				kept = m.Append(append(jcs.Quote(append(kept, ','), name), ':'))
			}
		}
		return appendHeader(dst, t.Disclosures, t.KeyBinding, kept...)
	}
	all := t.doc.Member("signatures")
	if !all.Exists() {
		out := append(header([]byte{'{'}, t.doc.Member("header")), ',')
		return append(out, t.doc.Append(nil, "header")[1:]...)
	}
	out := append(bytes.TrimSuffix(t.doc.Append(nil, "signatures"), []byte{'}'}), `,"signatures":[`...)
	for i, e := range all.Elements() {
		if i > 0 {
			out = e.Append(append(out, ','))
			continue
		}
		out = append(header(append(out, '{'), e.Member("header")), ',')
		out = append(out, e.Append(nil, "header")[1:]...)
	}
	return append(out, `]}`...)
}
