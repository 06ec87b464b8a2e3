package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
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
	switch {
	case q.Ref.Purpose == "":
		return credential.Status{}, errors.New("status: credentialStatus: statusPurpose: missing")
	case q.Ref.Size < 0 || q.Ref.Size > limits.StatusSize:
		return credential.Status{}, fmt.Errorf("status: credentialStatus: statusSize: not from 1 to %d", limits.StatusSize)
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
	return l.status(q.Ref)
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
