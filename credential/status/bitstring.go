package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
)

// The purposes that a list of this kind may have and whose meaning is known
// (Bitstring Status List 1.0, section 2.1, statusPurpose).
const (
	PurposeRevocation = "revocation"
	PurposeSuspension = "suspension"
	PurposeRefresh    = "refresh"
	PurposeMessage    = "message"
)

// Bitstring looks up positions in W3C Bitstring Status Lists (Bitstring Status
// List 1.0, section 3.2). It is safe for concurrent use.
//
// A status other than 0 means: revocation and suspension refuse the credential;
// message and refresh never do, and the text that the credential gives for the
// status (statusMessage, else "set" or "unset") becomes Status.Message. Under
// any other purpose it has a meaning that this package does not know: the
// verification could not be decided.
//
// Every list is verified on every look-up, by the verifier that asks and for
// the authority whose credential it judges: trust, time and age are never taken
// from an earlier answer. What is remembered is only what can't change: how the
// bytes of a list parse, that a key's signature over them verifies, and the
// bits. The lists remembered take up to 256 MiB; beyond that the ones not used
// for longest are forgotten.
//
// The time to live of a list (ttl) is not looked at: Policy.MaxStatusAge bounds
// the age of a list, and its validUntil ends it.
type Bitstring struct {
	source  Source
	formats []credential.Format

	mu    sync.Mutex
	lists map[string]*signedList // by URL
	uses  uint64
}

// NewBitstring returns a checker for lists from source in any of the formats,
// which parse them: those of W3C credentials. It returns an error where one of
// the two is missing.
func NewBitstring(source Source, formats ...credential.Format) (*Bitstring, error) {
	if source == nil {
		return nil, errors.New("status: NewBitstring: no source")
	}
	if len(formats) == 0 || slices.Contains(formats, nil) {
		return nil, errors.New("status: NewBitstring: no format, or a nil one")
	}
	return &Bitstring{source: source, formats: slices.Clone(formats), lists: map[string]*signedList{}}, nil
}

// CheckStatus implements [credential.StatusChecker] for references of
// [TypeBitstring]. The error wraps [credential.ErrRevoked] or
// [credential.ErrSuspended]; [proof.ErrUnavailable] where the list is missing,
// does not verify, is malformed, another list than asked for, or shorter than
// 131,072 entries; any other error is a contradiction between credential and
// list: a malformed entry, a purpose or size that the list does not have, a
// position beyond its end. Nothing is read for an issuer that is not trusted.
func (b *Bitstring) CheckStatus(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
	if q.Ref.Type != TypeBitstring {
		return credential.Status{}, errNoChecker
	}
	if q.Authority == nil {
		return credential.Status{}, unavailable("issuer not trusted, its status list is not read")
	}
	e, err := statusEntry(q)
	if err != nil {
		return credential.Status{}, fmt.Errorf("status: credentialStatus: %w", err)
	}
	raw, err := b.source(ctx, q.Ref.List)
	if err != nil {
		return credential.Status{}, sourceFault(err)
	}
	s := b.recall(q.Ref.List, raw)
	c, err := q.VerifyList(ctx, s, raw)
	if err != nil {
		return credential.Status{}, err
	}
	l, fresh, err := s.open(c)
	if err != nil {
		return credential.Status{}, unavailable("bitstring list: %s", err)
	}
	if fresh {
		b.mu.Lock()
		b.forget(s)
		b.mu.Unlock()
	}
	return l.status(q.Ref, e)
}

// entry is what a credential says of its place beyond its StatusRef.
type entry struct {
	size     uint64 // bits of a status
	messages map[uint64]string
}

func (e entry) message(v uint64) string {
	switch {
	case e.messages != nil:
		return e.messages[v]
	case v == 0:
		return "unset"
	}
	return "set"
}

// maxStatusSize bounds statusSize, in bits: each value needs a message of its
// own in the credential.
const maxStatusSize = 16

// statusEntry finds the entry of q.Ref among the credential's claims: read at a
// wrong size, a list would answer for somebody else. A credential whose claims
// have no credentialStatus has entries of one bit.
func statusEntry(q credential.StatusQuery) (entry, error) {
	e := entry{size: 1}
	if q.Ref.Purpose == "" {
		return e, errors.New("statusPurpose: missing")
	}
	if q.Credential == nil || q.Credential.Payload == nil {
		return e, nil
	}
	raw, err := claimsJSON(q.Credential)
	if err != nil {
		return e, err
	}
	if !mayBeWide(raw) {
		return e, nil
	}
	claims, err := jcs.Parse(raw)
	if err != nil {
		return e, err
	}
	v := claims.Member("credentialStatus")
	if !v.Exists() {
		return e, nil
	}
	for one := range oneOrMany(v) {
		if list, _ := one.Member("statusListCredential").Text(); list != q.Ref.List {
			continue
		}
		if purpose, _ := one.Member("statusPurpose").Text(); purpose != q.Ref.Purpose || !holds(one.Member("type"), q.Ref.Type) {
			continue
		}
		if i, ok := natural(one.Member("statusListIndex")); ok && i == q.Ref.Index {
			return parseEntry(one)
		}
	}
	return e, errors.New("the entry asked about is not among the claims")
}

func parseEntry(v jcs.Value) (entry, error) {
	e := entry{size: 1}
	if s := v.Member("statusSize"); s.Exists() {
		n, ok := natural(s)
		if !ok || n == 0 || n > maxStatusSize {
			return e, fmt.Errorf("statusSize: not a number from 1 to %d", maxStatusSize)
		}
		e.size = n
	}
	m := v.Member("statusMessage")
	if !m.Exists() {
		if e.size > 1 {
			return e, errors.New("statusMessage: missing, with a statusSize above 1")
		}
		return e, nil
	}
	if m.Kind() != jcs.Array || uint64(m.Len()) != 1<<e.size {
		return e, fmt.Errorf("statusMessage: not one message for each of %d values", 1<<e.size)
	}
	e.messages = make(map[uint64]string, m.Len())
	for _, one := range m.Elements() {
		hex, _ := one.Member("status").Text()
		digits, ok := strings.CutPrefix(hex, "0x")
		value, err := strconv.ParseUint(digits, 16, maxStatusSize)
		text, isText := one.Member("message").Text()
		if _, again := e.messages[value]; !ok || err != nil || value >= 1<<e.size || again || !isText {
			return e, errors.New("statusMessage: an element without a status of its own and a message")
		}
		e.messages[value] = text
	}
	return e, nil
}

// mayBeWide reports whether claims may hold an entry with more than the usual
// members. An escape could hide their names.
func mayBeWide(raw []byte) bool {
	return bytes.Contains(raw, []byte("statusSize")) || bytes.Contains(raw, []byte("statusMessage")) || bytes.Contains(raw, []byte(`\u`))
}

// claimsJSON returns the claims without reading them twice, as Claims would.
func claimsJSON(c *credential.Credential) ([]byte, error) {
	var raw []byte
	var err error
	if m, ok := c.Payload.(json.Marshaler); ok {
		raw, err = m.MarshalJSON()
	} else {
		raw, err = json.Marshal(c.Payload)
	}
	if err != nil {
		return nil, errors.New("the claims have no JSON form")
	}
	return raw, nil
}

// natural reads an integer, or its decimal text, that is not negative.
func natural(v jcs.Value) (uint64, bool) {
	s, ok := v.Number()
	if !ok {
		s, ok = v.Text()
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, ok && err == nil
}

// oneOrMany yields v, or its elements where it is an array.
func oneOrMany(v jcs.Value) func(func(jcs.Value) bool) {
	return func(yield func(jcs.Value) bool) {
		if v.Kind() != jcs.Array {
			yield(v)
			return
		}
		for _, e := range v.Elements() {
			if !yield(e) {
				return
			}
		}
	}
}

// holds reports whether v is the string s or an array with it.
func holds(v jcs.Value, s string) bool {
	for e := range oneOrMany(v) {
		if t, ok := e.Text(); ok && t == s {
			return true
		}
	}
	return false
}
