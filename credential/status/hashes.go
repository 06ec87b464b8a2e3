package status

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
)

// Hashes looks health certificates up in revocation batches of the EU DCC
// gateway. It is immutable and safe for concurrent use. A hash takes 20 bytes,
// and a look-up the same time among millions as among thousands.
//
// A certificate is revoked where one of its hashes is in a batch of the same
// kind that has not expired, and whose kid is the certificate's or, where it is
// [UnknownKID], whose country is the issuer's. That a certificate is not revoked
// is said only for issuers of countries that a snapshot covers.
type Hashes struct {
	entries []hashEntry           // sorted by hash
	first   [1<<16 + 1]uint32     // where the hashes with these first two bytes begin
	batches []Batch               // without their hashes
	scopes  map[string][]coverage // by country
}

type hashEntry struct {
	hash  Hash
	batch uint32
}

type coverage struct{ asOf, expires time.Time }

// NewHashes makes a checker of one or more snapshots, of which nothing is kept
// in use: of different countries, or of the same from different sources. All
// their batches count. It returns an error for a snapshot that
// [Snapshot.Encode] would refuse.
func NewHashes(snapshots ...*Snapshot) (*Hashes, error) {
	if len(snapshots) == 0 {
		return nil, errors.New("status: NewHashes: no snapshot")
	}
	h := &Hashes{scopes: map[string][]coverage{}}
	n := 0
	for i, s := range snapshots {
		if s == nil {
			return nil, fmt.Errorf("status: snapshot %d: missing", i)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("status: snapshot %d: %w", i, err)
		}
		for j := range s.Batches {
			n += len(s.Batches[j].Hashes)
		}
	}
	if n > math.MaxUint32 {
		return nil, fmt.Errorf("status: %d hashes, at most %d are held", n, math.MaxUint32)
	}
	h.entries = make([]hashEntry, 0, n)
	for _, s := range snapshots {
		for _, c := range s.Covers {
			h.scopes[c] = append(h.scopes[c], coverage{s.AsOf, s.Expires})
		}
		for _, b := range s.Batches {
			for _, x := range b.Hashes {
				h.entries = append(h.entries, hashEntry{x, uint32(len(h.batches))})
			}
			b.Hashes = nil
			h.batches = append(h.batches, b)
		}
	}
	slices.SortFunc(h.entries, func(a, b hashEntry) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	for i := range h.entries {
		h.first[prefix(h.entries[i].hash)+1]++
	}
	for i := range 1 << 16 {
		h.first[i+1] += h.first[i]
	}
	return h, nil
}

func prefix(h Hash) int { return int(h[0])<<8 | int(h[1]) }

// CheckStatus implements [credential.StatusChecker] for references of
// [TypeDCC], whose List is a kid and whose IDs are hashes by kind. The error
// wraps [credential.ErrRevoked]; [credential.ErrNoData] where no snapshot covers
// the issuer's country, or the certificate has nothing to look up;
// [proof.ErrUnavailable] where all that cover it have expired, or the issuer is
// not trusted. Status.AsOf is that of the newest snapshot that covers it.
func (h *Hashes) CheckStatus(_ context.Context, q credential.StatusQuery) (credential.Status, error) {
	st := credential.Status{Ref: q.Ref}
	if q.Ref.Type != TypeDCC {
		return st, errNoChecker
	}
	if q.Authority == nil {
		return st, unavailable("issuer not trusted, its revocations are not looked up")
	}
	own := countries(q)
	asked := false
	for kind, id := range q.Ref.IDs {
		if len(id) != len(Hash{}) {
			return st, fmt.Errorf("status: a hash of %d bytes", len(id))
		}
		asked = true
		if h.has(Hash(id), kind, q, own) {
			return st, fmt.Errorf("status: by hash: %w", credential.ErrRevoked)
		}
	}
	covered := false
	for _, c := range own {
		for _, s := range h.scopes[c] {
			covered = true
			if (s.expires.IsZero() || q.Time.Before(s.expires)) && s.asOf.After(st.AsOf) {
				st.AsOf = s.asOf
			}
		}
	}
	switch {
	case !asked || !covered:
		return st, credential.ErrNoData
	case st.AsOf.IsZero():
		return st, unavailable("snapshot: expired")
	}
	return st, nil
}

func (h *Hashes) has(x Hash, kind string, q credential.StatusQuery, own []string) bool {
	p := prefix(x)
	lo, hi := h.first[p], h.first[p+1]
	i, ok := slices.BinarySearchFunc(h.entries[lo:hi], x, func(e hashEntry, x Hash) int { return bytes.Compare(e.hash[:], x[:]) })
	if !ok {
		return false
	}
	for _, e := range h.entries[int(lo)+i : hi] {
		if e.hash != x {
			return false
		}
		b := &h.batches[e.batch]
		if b.Kind == kind && q.Time.Before(b.Expires) &&
			(b.KID == q.Ref.List || b.KID == UnknownKID && (len(own) == 0 || slices.Contains(own, b.Country))) {
			return true
		}
	}
	return false
}

// countries are those of the issuer: what the trust list says, and only where
// it says nothing, what the certificate does. Else a certificate could choose
// under whose revocations it falls.
func countries(q credential.StatusQuery) []string {
	if isCountry(q.Authority.Territory) {
		return []string{q.Authority.Territory}
	}
	names := q.Authority.Names
	if len(names) == 0 && q.Credential != nil {
		names = q.Credential.Issuers
	}
	var own []string
	for _, n := range names {
		if isCountry(n) {
			own = append(own, n)
		}
	}
	return own
}
