// Package jose reads, checks and writes JSON Web Signatures (RFC 7515), for
// every format that is signed with JOSE.
//
// [Parse] reads the compact form, [ParseJSON] the two forms in JSON; neither
// does any cryptography. What a header says of keys, be it kid, jwk or x5c, only
// finds candidates: [Message.Verify] is given a key that somebody else vouches
// for. The key decides which algorithms it is used with, and the algorithm's
// name which curve it has to be on.
//
// Strict is the only way of reading: JSON without duplicate names, base64url in
// its one spelling, no critical header that is not understood, no "none", no
// MACs, and ECDSA signatures as R‖S alone.
package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrMalformed is wrapped by every error of the parsers.
	ErrMalformed = errors.New("malformed JWS")
	// ErrAlgorithm says that a message names no algorithm of signatures that is
	// verified here: "none", a MAC, one that is unknown.
	ErrAlgorithm = fmt.Errorf("%w: not a signature algorithm that is verified", ErrMalformed)
)

// Header is what a header says. Of what it says of keys nothing is to be
// believed.
type Header struct {
	// Algorithm is alg. EdDSA is also what "Ed25519" is read as (RFC 9864,
	// section 2.2).
	Algorithm   proof.Algorithm
	KeyID       string // kid
	Type        string // typ, as written; see IsType
	ContentType string // cty
	Issuer      string // iss, a claim repeated (RFC 7519, section 5.3)
	// Key is jwk, a key that the message brings along.
	Key *proof.Key
	// Chain is x5c, leaf first.
	Chain []*x509.Certificate
	// X5tS256 is x5t#S256, the SHA-256 digest of the signer's certificate. Where
	// Chain is there too, it is that of its leaf.
	X5tS256 []byte
	// Unencoded says that the payload was signed as it is, not in base64url (b64
	// false, RFC 7797).
	Unencoded bool
}

// IsType reports whether typ names the media type t, given without the prefix
// "application/", which typ may have (RFC 7515, section 4.1.9).
func (h *Header) IsType(t string) bool { return isType(h.Type, t) }

func isType(s, t string) bool {
	const prefix = "application/"
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		s = s[len(prefix):]
	}
	return strings.EqualFold(s, t)
}

// Message is one signature with what it signs. Its slices must not be changed.
type Message struct {
	Header    Header
	Payload   []byte // never nil
	Signature []byte

	protected, unprotected jcs.Value
	signed                 []byte
}

// Options are for messages that do not hold all of themselves.
type Options struct {
	// Detached is the payload of a message that has none inside (RFC 7515,
	// appendix F). Nil: the payload must be inside; not nil: it must not.
	Detached []byte
	// Unencoded reads messages whose payload is signed as it is (RFC 7797), with
	// b64 false and crit ["b64"]; also those whose payload is signed in
	// base64url. In the compact form it needs Detached.
	Unencoded bool
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("jose: "+format+": %w", append(args, ErrMalformed)...)
}

// Parse reads a message in the compact form (RFC 7515, section 7.1). The caller
// bounds its length; a header of more than 64 kB is refused. Errors wrap
// [ErrMalformed] and hold nothing of the message.
func Parse(compact []byte, o Options) (*Message, error) {
	first := bytes.IndexByte(compact, '.')
	last := bytes.LastIndexByte(compact, '.')
	if first < 0 || first == last || bytes.IndexByte(compact[first+1:last], '.') >= 0 {
		return nil, malformed("%d parts, want 3", bytes.Count(compact, []byte{'.'})+1)
	}
	return parse(parts{protected: compact[:first], payload: compact[first+1 : last], signature: compact[last+1:], input: compact[:last]}, o)
}

// parts are those of one signature, encoded.
type parts struct {
	protected, payload, signature []byte
	unprotected                   jcs.Value // absent in the compact form
	input                         []byte    // protected '.' payload, where they are side by side
}

func parse(p parts, o Options) (*Message, error) {
	m := &Message{unprotected: p.unprotected}
	if len(p.protected) > limits.JWSHeader {
		return nil, malformed("header: %d characters, at most %d are read", len(p.protected), limits.JWSHeader)
	}
	raw, err := b64url.DecodeBytes(p.protected)
	if err != nil {
		return nil, malformed("header: %w", err)
	}
	if m.protected, err = jcs.Parse(raw); err != nil {
		return nil, malformed("header: %w", err)
	}
	if m.protected.Kind() != jcs.Object {
		return nil, malformed("header: %s, not an object", m.protected.Kind())
	}
	if err := m.header(o); err != nil {
		return nil, err
	}
	if m.Signature, err = b64url.DecodeBytes(p.signature); err != nil || len(m.Signature) == 0 {
		return nil, malformed("signature: empty, or not base64url")
	}
	return m, m.payload(p, o)
}

// payload finds the payload and what of it was signed (RFC 7515, section 5.2;
// RFC 7797, section 3).
func (m *Message) payload(p parts, o Options) (err error) {
	switch {
	case o.Detached == nil && m.Header.Unencoded:
		if p.input != nil {
			return malformed("payload: unencoded inside a compact message")
		}
		m.Payload = p.payload
	case o.Detached == nil:
		if m.Payload, err = b64url.DecodeBytes(p.payload); err != nil {
			return malformed("payload: %w", err)
		}
	case len(p.payload) > 0:
		return malformed("payload: one inside, and one beside the message")
	default:
		m.Payload, p.input = o.Detached, nil
	}
	if m.Payload == nil {
		m.Payload = []byte{}
	}
	if p.input != nil {
		m.signed = p.input
		return nil
	}
	m.signed = signingInput(p.protected, m.Payload, m.Header.Unencoded)
	return nil
}

func signingInput(protected, payload []byte, unencoded bool) []byte {
	b := make([]byte, 0, len(protected)+1+base64.RawURLEncoding.EncodedLen(len(payload)))
	b = append(append(b, protected...), '.')
	if unencoded {
		return append(b, payload...)
	}
	return b64url.Append(b, payload)
}

// Member returns a member of the protected header, for the parameters that
// formats define themselves.
func (m *Message) Member(name string) jcs.Value { return m.protected.Member(name) }

// Unprotected returns the header of a message in JSON that is not signed, absent
// where there is none. What it says anyone may have written there.
func (m *Message) Unprotected() jcs.Value { return m.unprotected }

// claims are those that a header may repeat.
var claims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// Contradiction returns the first of the registered claims that the header repeats
// with another value than in the payload, which is given parsed; empty: there is
// none (RFC 7519, section 5.3).
func (m *Message) Contradiction(payload jcs.Value) string {
	for _, name := range claims {
		if own, h := payload.Member(name), m.protected.Member(name); own.Exists() && h.Exists() && !jcs.Equal(own, h) {
			return name
		}
	}
	return ""
}

// Hint is what the header says of the key that signed.
func (m *Message) Hint() proof.Hint {
	return proof.Hint{KeyID: m.Header.KeyID, Algorithm: m.Header.Algorithm, Chain: m.Header.Chain}
}

// Verify checks the signature with a key that must allow the message's
// algorithm, and be on its curve (RFC 7518, section 3.4; RFC 8812, section
// 3.2). Whether the key may be used for the purpose at hand is for the caller
// to have decided. Errors wrap [proof.ErrKey] or [proof.ErrMismatch].
func (m *Message) Verify(k proof.Key) error {
	if !slices.Contains(k.Algorithms, m.Header.Algorithm) || !Fits(m.Header.Algorithm, k.Public) {
		return fmt.Errorf("jose: the key is not for %s: %w", m.Header.Algorithm, proof.ErrKey)
	}
	if err := proof.Verify(k.Public, m.Header.Algorithm, m.signed, m.Signature); err != nil {
		return fmt.Errorf("jose: %w", err)
	}
	return nil
}

// Fits reports whether a key is of the kind, and on the curve, that the name of
// an algorithm stands for in JOSE.
func Fits(a proof.Algorithm, pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k == nil {
			return false
		}
		switch k.Curve {
		case elliptic.P256():
			return a == proof.ES256
		case elliptic.P384():
			return a == proof.ES384
		case elliptic.P521():
			return a == proof.ES512
		case proof.Secp256k1():
			return a == proof.ES256K
		}
	case ed25519.PublicKey:
		return a == proof.EdDSA
	case *rsa.PublicKey:
		return a == proof.PS256 || a == proof.RS256
	}
	return false
}

// header reads the parameters that are known (RFC 7515, section 4.1).
func (m *Message) header(o Options) error {
	h := &m.Header
	for _, f := range []struct {
		name string
		dst  *string
	}{{"typ", &h.Type}, {"cty", &h.ContentType}, {"kid", &h.KeyID}, {"iss", &h.Issuer}} {
		v := m.parameter(f.name)
		if !v.Exists() {
			continue
		}
		s, ok := v.Text()
		if !ok || s == "" {
			return malformed("header: %s: %s, not a string with content", f.name, v.Kind())
		}
		*f.dst = s
	}
	var err error
	alg, _ := m.protected.Member("alg").Text()
	if h.Algorithm, err = algorithm(alg); err != nil {
		return err
	}
	if err := m.critical(o); err != nil {
		return err
	}
	return m.keys()
}

// parameter returns a parameter of the header that is signed or, for those that
// only help to find a key, of the other.
func (m *Message) parameter(name string) jcs.Value {
	if v := m.protected.Member(name); v.Exists() || !slices.Contains(hints, name) {
		return v
	}
	return m.unprotected.Member(name)
}

// hints are the parameters that only help to find a key.
var hints = []string{"kid", "jwk", "x5c", "x5t#S256"}

func algorithm(alg string) (proof.Algorithm, error) {
	switch a := proof.Algorithm(alg); a {
	case proof.ES256, proof.ES384, proof.ES512, proof.ES256K, proof.EdDSA, proof.PS256, proof.RS256:
		return a, nil
	case "Ed25519":
		return proof.EdDSA, nil
	case "":
		return "", malformed("header: alg: missing")
	}
	return "", fmt.Errorf("jose: header: alg: %w", ErrAlgorithm)
}

// critical reads crit and b64 (RFC 7515, section 4.1.11; RFC 7797, section 6).
// No other extension is understood, so that none may be critical.
func (m *Message) critical(o Options) error {
	crit, b64 := m.protected.Member("crit"), m.protected.Member("b64")
	if !crit.Exists() {
		if b64.Exists() {
			return malformed("header: b64: not in crit")
		}
		return nil
	}
	first := ""
	for _, e := range crit.Elements() {
		first, _ = e.Text()
	}
	if crit.Kind() != jcs.Array || crit.Len() != 1 || first != "b64" {
		return malformed("header: crit: empty, or what is not understood")
	}
	encoded, ok := b64.Bool()
	switch {
	case !ok:
		return malformed("header: b64: %s, not a boolean", b64.Kind())
	case !o.Unencoded:
		return malformed("header: crit: b64, where the payload is not at hand unencoded")
	}
	m.Header.Unencoded = !encoded
	return nil
}

// keys reads what the header says of the signer's key.
func (m *Message) keys() error {
	h := &m.Header
	if v := m.parameter("jwk"); v.Exists() {
		k, err := jwk.From(v, jwk.Strict)
		if err != nil {
			return malformed("header: %w", err)
		}
		key := k.Proof()
		h.Key = &key
	}
	if v := m.parameter("x5c"); v.Exists() {
		chain, err := jwk.Chain(v)
		if err != nil {
			return malformed("header: %w", err)
		}
		if h.Chain = chain; h.Key != nil && !proof.Same(h.Key.Public, chain[0].PublicKey) {
			return malformed("header: jwk and x5c: two keys")
		}
	}
	v := m.parameter("x5t#S256")
	if !v.Exists() {
		return nil
	}
	s, _ := v.Text()
	digest, err := b64url.Decode(s)
	if err != nil || len(digest) != sha256.Size {
		return malformed("header: x5t#S256: not a digest in base64url")
	}
	if len(h.Chain) > 0 && sha256.Sum256(h.Chain[0].Raw) != [sha256.Size]byte(digest) {
		return malformed("header: x5t#S256 and x5c: two certificates")
	}
	h.X5tS256 = digest
	return nil
}
