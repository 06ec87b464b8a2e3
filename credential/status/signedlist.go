package status

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// signedList is one list as published. It is the Format that the verifier
// parses it with, and remembers what follows from the bytes alone. Whether the
// signer may speak, and when, the verifier finds out each time.
type signedList struct {
	raw     []byte
	formats []credential.Format
	parse   func() (*credential.Envelope, error) // once
	used    uint64                               // under Bitstring.mu
	size    atomic.Int64                         // bytes held, about

	mu      sync.Mutex
	of      *credential.Credential // what list was decoded from
	list    *bitList
	listErr error
}

// heldPerByte is how often a list's bytes are held, about: as they are, parsed,
// and in the form that is signed.
const heldPerByte = 3

// recall returns what is known of the list at url, which is nothing where its
// bytes are others than last time.
func (b *Bitstring) recall(url string, raw []byte) *signedList {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uses++
	s := b.lists[url]
	if s == nil || !sameSlice(s.raw, raw) && !bytes.Equal(s.raw, raw) {
		s = &signedList{raw: raw, formats: b.formats}
		s.parse = sync.OnceValues(s.parseOnce)
		s.size.Store(heldPerByte * int64(len(raw)))
		b.lists[url] = s
		b.forget(s)
	}
	s.used = b.uses
	return s
}

// sameSlice reports whether a and b are the same bytes in memory.
func sameSlice(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// forget drops the lists not used for longest while too much is held, but keeps
// the one in use. The caller holds b.mu.
func (b *Bitstring) forget(keep *signedList) {
	for len(b.lists) > 1 {
		var sum int64
		oldest, url := keep, ""
		for u, s := range b.lists {
			sum += s.size.Load()
			if s != keep && (oldest == keep || s.used < oldest.used) {
				oldest, url = s, u
			}
		}
		if sum <= limits.StatusMemory && len(b.lists) <= limits.StatusLists || oldest == keep {
			return
		}
		delete(b.lists, url)
	}
}

// Name implements credential.Format.
func (s *signedList) Name() string {
	if len(s.formats) == 1 {
		return s.formats[0].Name()
	}
	return "status list"
}

// Parse implements credential.Format for the bytes of this list alone.
func (s *signedList) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	if !sameSlice(s.raw, raw) && !bytes.Equal(s.raw, raw) {
		return nil, errors.New("status: another list than the one to verify")
	}
	return s.parse()
}

func (s *signedList) parseOnce() (*credential.Envelope, error) {
	for _, f := range s.formats {
		env, err := f.Parse(s.raw, "")
		if errors.Is(err, credential.ErrOtherFormat) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if env == nil || env.Credential == nil {
			return nil, fmt.Errorf("%w: no credential", credential.ErrFormat)
		}
		own := *env
		own.Proofs = slices.Clone(env.Proofs)
		for i := range own.Proofs {
			own.Proofs[i].Verify = rememberKeys(own.Proofs[i].Verify)
		}
		return &own, nil
	}
	return nil, fmt.Errorf("%w: of no format that status lists are read in", credential.ErrFormat)
}

// rememberKeys makes a signature check remember which keys it was made with and
// how it ended, where it ended for good. The same key means one that is equal in
// everything its source says of it.
func rememberKeys(verify func(context.Context, *credential.Attempt) error) func(context.Context, *credential.Attempt) error {
	type outcome struct {
		credential.Attempt
		err error
	}
	var mu sync.Mutex
	var seen []outcome
	return func(ctx context.Context, a *credential.Attempt) error {
		mu.Lock()
		defer mu.Unlock()
		for i := range seen {
			if o := &seen[i]; sameKey(&o.Key, &a.Key) {
				a.Tolerated = append(a.Tolerated, o.Tolerated...)
				a.Refused = append(a.Refused, o.Refused...)
				return o.err
			}
		}
		own := credential.Attempt{Key: a.Key}
		err := verify(ctx, &own)
		a.Tolerated = append(a.Tolerated, own.Tolerated...)
		a.Refused = append(a.Refused, own.Refused...)
		if (err == nil || errors.Is(err, proof.ErrMismatch)) && len(seen) < limits.Candidates {
			seen = append(seen, outcome{own, err})
		}
		return err
	}
}

func sameKey(a, b *proof.Key) bool {
	return a.ID == b.ID && a.NotBefore.Equal(b.NotBefore) && a.NotAfter.Equal(b.NotAfter) &&
		slices.Equal(a.Controllers, b.Controllers) && slices.Equal(a.Algorithms, b.Algorithms) &&
		slices.Equal(a.Purposes, b.Purposes) && slices.Equal(a.Chain, b.Chain) && proof.Same(a.Public, b.Public)
}

// open returns the list that c, which was verified, holds. It says whether it
// was read just now.
func (s *signedList) open(c *credential.Credential) (l *bitList, fresh bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != c {
		s.list, s.listErr = decodeList(c)
		s.of, fresh = c, true
		if s.list != nil {
			s.size.Store(heldPerByte*int64(len(s.raw)) + int64(len(s.list.bits)))
		}
	}
	return s.list, fresh, s.listErr
}
