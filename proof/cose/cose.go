// Package cose reads, checks and writes COSE_Sign1 messages (RFC 9052, section
// 4.2), for every format that is signed with COSE.
//
// Parse accepts what messages in production do against the letter of the
// standard, where it weakens nothing, and lists it: no tag, the CWT tag, an
// algorithm or key identifier outside the protected header. What is signed is
// always the bytes as received.
package cose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/proof"
)

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed COSE_Sign1")

// Message is a parsed COSE_Sign1. Its slices must not be changed.
type Message struct {
	// Algorithm is header 1. An identifier that proof does not know is given as
	// "COSE:" and its number, which no key allows.
	Algorithm proof.Algorithm
	// KeyID is header 4; nil: there is none.
	KeyID []byte
	// Type and ContentType are the protected headers 16 (RFC 9596) and 3: a media
	// type, or the number of a CoAP content format in decimal digits. Empty: there
	// is none.
	Type, ContentType string
	// Claims are the CWT claims of the protected header 15, a map (RFC 9597);
	// nil: there is none.
	Claims []byte
	// Payload is never nil: detached payloads are refused.
	Payload   []byte
	Signature []byte
	// Tolerated are deviations that weaken no check.
	Tolerated []error

	protected []byte // as received; empty where it encodes an empty map
}

// Deviations that Parse tolerates.
var (
	ErrNoTag          = errors.New("cose: no tag 18")
	ErrCWTTag         = errors.New("cose: CWT tag 61 around the message")
	ErrUnprotectedAlg = errors.New("cose: header 1 (alg) only in the unprotected header")
	ErrUnprotectedKID = errors.New("cose: header 4 (kid) only in the unprotected header")
	ErrTwoKIDs        = errors.New("cose: header 4 (kid) in both headers; the protected one counts")
)

// COSE identifiers (RFC 9053, section 2; RFC 8230, section 2; RFC 8812, section
// 3.2).
var algorithms = map[int64]proof.Algorithm{-7: proof.ES256, -35: proof.ES384, -36: proof.ES512, -47: proof.ES256K, -8: proof.EdDSA, -37: proof.PS256}

const (
	tagSign1 = 18
	tagCWT   = 61

	maxLabels = 32   // in one header; real ones have two
	maxKID    = 2048 // bytes; a document signer's has eight, a DID URL may have many
	maxType   = 256

	labelAlg         = 1
	labelCrit        = 2
	labelContentType = 3
	labelKID         = 4
	labelClaims      = 15
	labelType        = 16
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("cose: "+format+": %w", append(args, ErrMalformed)...)
}

// Parse reads one message. The caller bounds its length. Parse refuses trailing
// bytes, duplicate keys, indefinite lengths, a detached payload, critical
// headers (RFC 9052, section 3.1), and headers of the wrong type.
func Parse(raw []byte) (*Message, error) {
	m := &Message{}
	raw, err := m.untag(raw)
	if err != nil {
		return nil, err
	}
	major, n, body, _, ok := cborx.Head(raw)
	if !ok || major != cborx.Array || n != 4 {
		return nil, malformed("not an array of four")
	}
	var parts [4][]byte
	for i := range parts {
		if parts[i], body, err = cborx.First(body); err != nil {
			return nil, malformed("element %d: %w", i, err)
		}
	}
	if len(body) > 0 {
		return nil, malformed("%d bytes follow", len(body))
	}
	if m.protected, ok = cborx.String(parts[0], cborx.Bytes); !ok {
		return nil, malformed("protected header is not a byte string")
	}
	if m.Payload, ok = cborx.String(parts[2], cborx.Bytes); !ok {
		return nil, malformed("payload is not a byte string")
	}
	if m.Signature, ok = cborx.String(parts[3], cborx.Bytes); !ok || len(m.Signature) == 0 {
		return nil, malformed("signature is not a byte string, or empty")
	}
	return m, m.headers(parts[1])
}

func (m *Message) untag(raw []byte) ([]byte, error) {
	major, tag, rest, _, ok := cborx.Head(raw)
	if ok && major == cborx.Tag && tag == tagCWT {
		m.Tolerated = append(m.Tolerated, ErrCWTTag)
		raw = rest
		major, tag, rest, _, ok = cborx.Head(raw)
	}
	switch {
	case ok && major == cborx.Tag && tag == tagSign1:
		return rest, nil
	case ok && major == cborx.Tag:
		return nil, malformed("tag %d, want %d", tag, tagSign1)
	}
	m.Tolerated = append(m.Tolerated, ErrNoTag)
	return raw, nil
}

type header struct {
	alg              proof.Algorithm
	kid              []byte
	typ, contentType string
	claims           []byte
}

func (m *Message) headers(unprotectedItem []byte) error {
	var protected header
	if len(m.protected) > 0 {
		var err error
		if protected, err = parseHeader("protected", m.protected); err != nil {
			return err
		}
		if len(m.protected) == 1 { // an empty map is signed as an empty string (RFC 9052, section 4.4)
			m.protected = nil
		}
	}
	unprotected, err := parseHeader("unprotected", unprotectedItem)
	if err != nil {
		return err
	}
	m.Type, m.ContentType, m.Claims = protected.typ, protected.contentType, protected.claims
	switch {
	case protected.alg != "" && unprotected.alg != "" && protected.alg != unprotected.alg:
		return malformed("header 1 (alg): the two headers contradict each other")
	case protected.alg != "":
		m.Algorithm = protected.alg
	case unprotected.alg != "":
		m.Algorithm = unprotected.alg
		m.Tolerated = append(m.Tolerated, ErrUnprotectedAlg)
	default:
		return malformed("header 1 (alg) is missing")
	}
	switch {
	case protected.kid != nil:
		m.KeyID = protected.kid
		if unprotected.kid != nil && !bytes.Equal(protected.kid, unprotected.kid) {
			m.Tolerated = append(m.Tolerated, ErrTwoKIDs)
		}
	case unprotected.kid != nil:
		m.KeyID = unprotected.kid
		m.Tolerated = append(m.Tolerated, ErrUnprotectedKID)
	}
	return nil
}

// parseHeader reads the labels it knows and skips others.
func parseHeader(name string, item []byte) (h header, err error) {
	whole, rest, err := cborx.First(item)
	if err != nil {
		return h, malformed("%s header: %w", name, err)
	}
	major, n, body, _, ok := cborx.Head(whole)
	if !ok || major != cborx.Map || len(rest) > 0 {
		return h, malformed("%s header is not a map", name)
	}
	if n > maxLabels {
		return h, malformed("%s header: %d labels, at most %d are read", name, n, maxLabels)
	}
	var seen labels
	for range n {
		var key, value []byte
		if key, body, err = cborx.First(body); err != nil {
			return h, malformed("%s header: %w", name, err)
		}
		if value, body, err = cborx.First(body); err != nil {
			return h, malformed("%s header: %w", name, err)
		}
		label, duplicate := seen.add(key)
		if duplicate {
			return h, malformed("%s header: duplicate label", name)
		}
		if err := h.set(name, label, value); err != nil {
			return h, err
		}
	}
	return h, nil
}

// labels are those seen in one header: an integer by its value, so that a
// longer encoding of it is no other label, anything else by its bytes.
type labels []string

// add returns the label if it is an unsigned integer, else 0, which no header
// has.
func (ls *labels) add(key []byte) (label uint64, duplicate bool) {
	id := string(key)
	if major, n, rest, _, ok := cborx.Head(key); ok && len(rest) == 0 && major <= cborx.NegInt {
		id = string(cborx.AppendHead(nil, major, n))
		if major == cborx.Uint {
			label = n
		}
	}
	if slices.Contains(*ls, id) {
		return label, true
	}
	*ls = append(*ls, id)
	return label, false
}

func (h *header) set(name string, label uint64, value []byte) error {
	switch label {
	case labelCrit:
		return malformed("header 2 (crit): critical headers are not supported")
	case labelAlg:
		major, n, rest, _, ok := cborx.Head(value)
		if !ok || len(rest) > 0 || n > 1<<31 || major != cborx.Uint && major != cborx.NegInt {
			return malformed("%s header 1 (alg) is not an integer", name)
		}
		id := int64(n)
		if major == cborx.NegInt {
			id = -1 - id
		}
		if h.alg, ok = algorithms[id]; !ok {
			h.alg = proof.Algorithm(fmt.Sprintf("COSE:%d", id))
		}
	case labelKID:
		kid, ok := cborx.String(value, cborx.Bytes)
		if !ok {
			return malformed("%s header 4 (kid) is not a byte string", name)
		}
		if len(kid) > maxKID {
			return malformed("%s header 4 (kid) has %d bytes, at most %d are read", name, len(kid), maxKID)
		}
		h.kid = kid
	case labelContentType:
		h.contentType = mediaType(value)
	case labelType:
		h.typ = mediaType(value)
	case labelClaims:
		h.claims = value
	}
	switch {
	case name != "protected": // where it says nothing
	case label == labelContentType && h.contentType == "", label == labelType && h.typ == "":
		return malformed("%s header %d: neither a media type nor a number", name, label)
	case label == labelClaims && !cborx.Is(value, cborx.Map):
		return malformed("%s header 15 (CWT claims) is not a map", name)
	}
	return nil
}

// mediaType reads a media type or the number of a content format; it returns
// "" for anything else.
func mediaType(value []byte) string {
	if s, ok := cborx.String(value, cborx.Text); ok && len(s) <= maxType {
		return string(s)
	}
	if major, n, rest, _, ok := cborx.Head(value); ok && len(rest) == 0 && major == cborx.Uint {
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// Verify checks the signature. Errors wrap proof.ErrMismatch or proof.ErrKey.
// Whether the key may be used with the message's algorithm is for the caller to
// have decided.
func (m *Message) Verify(k *proof.Key) error {
	return proof.Verify(k.Public, m.Algorithm, toBeSigned(m.protected, m.Payload), m.Signature)
}

// Sign makes a tagged message, with the algorithm and, unless it is nil, kid in
// the protected header.
func Sign(ctx context.Context, payload, kid []byte, s proof.Signer) ([]byte, error) {
	return SignTyped(ctx, payload, kid, "", "", s)
}

// SignTyped is [Sign] with the headers 16 (typ) and 3 (content type) too, media
// types, unless they are empty.
func SignTyped(ctx context.Context, payload, kid []byte, typ, contentType string, s proof.Signer) ([]byte, error) {
	key := s.Key()
	protected := []byte{0xa1, labelAlg}
	for _, there := range []bool{kid != nil, typ != "", contentType != ""} {
		if there {
			protected[0]++
		}
	}
	id := int64(0)
	for n, a := range algorithms {
		if a == key.Algorithms[0] {
			id = n
		}
	}
	if id == 0 {
		return nil, fmt.Errorf("cose: no identifier for %s: %w", key.Algorithms[0], proof.ErrKey)
	}
	protected = cborx.AppendHead(protected, cborx.NegInt, uint64(-1-id))
	if contentType != "" {
		protected = appendString(append(protected, labelContentType), cborx.Text, []byte(contentType))
	}
	if kid != nil {
		protected = appendString(append(protected, labelKID), cborx.Bytes, kid)
	}
	if typ != "" {
		protected = appendString(append(protected, labelType), cborx.Text, []byte(typ))
	}
	sig, err := s.Sign(ctx, toBeSigned(protected, payload))
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(protected)+len(payload)+len(sig)+16)
	out = append(out, 0xc0|tagSign1, 0x84)
	out = appendString(out, cborx.Bytes, protected)
	out = append(out, 0xa0)
	out = appendString(out, cborx.Bytes, payload)
	return appendString(out, cborx.Bytes, sig), nil
}

// toBeSigned is the Sig_structure of RFC 9052, section 4.4.
func toBeSigned(protected, payload []byte) []byte {
	b := make([]byte, 0, 32+len(protected)+len(payload))
	b = append(b, 0x84)
	b = appendString(b, cborx.Text, []byte("Signature1"))
	b = appendString(b, cborx.Bytes, protected)
	b = append(b, 0x40)
	return appendString(b, cborx.Bytes, payload)
}

func appendString(b []byte, major byte, s []byte) []byte {
	return append(cborx.AppendHead(b, major, uint64(len(s))), s...)
}
