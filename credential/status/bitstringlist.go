package status

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// ErrFull says that a list has no place left.
var ErrFull = errors.New("status: the list is full")

// ErrNoPlace says that a credential has no place in a list.
var ErrNoPlace = errors.New("status: the credential has no place in the list")

// BitstringList is an issuer's W3C list of one bit for each credential, and the
// register that gives out its places. It is safe for concurrent use.
//
// Places are given out at random, so that nobody reads from them who was issued
// to when, or how many there are (Bitstring Status List 1.0, sections 2.1 and
// 6.2). A place once given is never given again.
type BitstringList struct {
	url, purpose string

	mu     sync.Mutex
	bits   []byte
	taken  []byte            // one bit for each place
	places map[string]uint64 // by Draft.ID
}

// NewBitstringList makes an empty list that will be published at an absolute
// URL. size is the number of places, 131,072 to 134,217,728; it is rounded up
// to a multiple of 8.
func NewBitstringList(listURL, purpose string, size uint64) (*BitstringList, error) {
	u, err := url.Parse(listURL)
	if err != nil || !u.IsAbs() {
		return nil, errors.New("status: list: the URL is not absolute")
	}
	if purpose == "" {
		return nil, errors.New("status: list: no purpose")
	}
	if size < minEntries || size > 8*limits.StatusInflated {
		return nil, fmt.Errorf("status: list: %d places, not from %d to %d", size, minEntries, 8*limits.StatusInflated)
	}
	n := (size + 7) / 8
	return &BitstringList{url: listURL, purpose: purpose, bits: make([]byte, n), taken: make([]byte, n), places: map[string]uint64{}}, nil
}

// URL is where the list is published.
func (l *BitstringList) URL() string { return l.url }

// Purpose is what a set bit means.
func (l *BitstringList) Purpose() string { return l.purpose }

// Size is the number of places.
func (l *BitstringList) Size() uint64 { return 8 * uint64(len(l.bits)) }

// Allocate implements [credential.Register]: the place of the draft with this
// ID, a new one where it has none. The error wraps [ErrFull].
func (l *BitstringList) Allocate(_ context.Context, d *credential.Draft) ([]credential.StatusRef, error) {
	if d.ID == "" {
		return nil, errors.New("status: list: the draft has no ID")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.places[d.ID]
	if !ok {
		var err error
		if i, err = l.pick(); err != nil {
			return nil, err
		}
		l.taken[i/8] |= 0x80 >> (i % 8)
		l.places[d.ID] = i
	}
	return []credential.StatusRef{l.ref(i)}, nil
}

func (l *BitstringList) ref(i uint64) credential.StatusRef {
	return credential.StatusRef{Type: TypeBitstring, Purpose: l.purpose, List: l.url, Index: i}
}

// pick chooses a free place, each with the same chance: by drawing, or, where
// few are left, by counting to one of them.
func (l *BitstringList) pick() (uint64, error) {
	free := l.Size() - uint64(len(l.places))
	if free == 0 {
		return 0, ErrFull
	}
	for range 64 {
		i, err := random(l.Size())
		if err != nil {
			return 0, err
		}
		if value(l.taken, i, 1) == 0 {
			return i, nil
		}
	}
	nth, err := random(free)
	if err != nil {
		return 0, err
	}
	for b, t := range l.taken {
		n := uint64(8 - bits.OnesCount8(t))
		if nth >= n {
			nth -= n
			continue
		}
		for i := uint64(b) * 8; ; i++ {
			if value(l.taken, i, 1) != 0 {
				continue
			}
			if nth == 0 {
				return i, nil
			}
			nth--
		}
	}
	return 0, ErrFull
}

func random(n uint64) (uint64, error) {
	i, err := rand.Int(rand.Reader, new(big.Int).SetUint64(n))
	if err != nil {
		return 0, fmt.Errorf("status: random number: %w", err)
	}
	return i.Uint64(), nil
}

// Record implements [credential.Register]. It refuses a sealed credential that
// does not carry the place it was given: it could never be revoked. The error
// wraps [ErrNoPlace].
func (l *BitstringList) Record(_ context.Context, d *credential.Draft, sealed *credential.Credential) error {
	i, err := l.Place(d.ID)
	if err != nil {
		return err
	}
	want := l.ref(i)
	if !slices.ContainsFunc(sealed.Status, func(r credential.StatusRef) bool {
		return r.Type == want.Type && r.Purpose == want.Purpose && r.List == want.List && r.Index == want.Index
	}) {
		return fmt.Errorf("%w: the sealed credential does not name it", ErrNoPlace)
	}
	return nil
}

// Place returns the place of the credential that was issued with this Draft.ID.
// The error wraps [ErrNoPlace].
func (l *BitstringList) Place(credentialID string) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.places[credentialID]
	if !ok {
		return 0, ErrNoPlace
	}
	return i, nil
}

// Set sets or clears the bit at a place. It returns an error for a place beyond
// the list's end.
func (l *BitstringList) Set(place uint64, on bool) error {
	if place >= l.Size() {
		return fmt.Errorf("status: list: place %d of %d", place, l.Size())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if on {
		l.bits[place/8] |= 0x80 >> (place % 8)
	} else {
		l.bits[place/8] &^= 0x80 >> (place % 8)
	}
	return nil
}

// Encode returns the list as an encodedList (section 3.3). Equal lists give
// equal text.
func (l *BitstringList) Encode() (string, error) {
	l.mu.Lock()
	b := slices.Clone(l.bits)
	l.mu.Unlock()
	return compress(b)
}

// listDocument has its members in the order of the specification's examples.
type listDocument struct {
	Context    []string    `json:"@context"`
	ID         string      `json:"id"`
	Type       []string    `json:"type"`
	Issuer     string      `json:"issuer"`
	ValidFrom  string      `json:"validFrom"`
	ValidUntil string      `json:"validUntil,omitempty"`
	Subject    listSubject `json:"credentialSubject"`
}

type listSubject struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Purpose     string `json:"statusPurpose"`
	EncodedList string `json:"encodedList"`
}

// Document returns the list as an unsigned credential of VC Data Model 2.0
// (Bitstring Status List 1.0, section 2.2), which the caller signs: the issuer
// is its DID or URL. validFrom is the list's age for verifiers; validUntil may
// be zero, but a list that never ends lets an old one be shown for ever. Times
// are written in UTC, to the second.
func (l *BitstringList) Document(issuer string, validFrom, validUntil time.Time) ([]byte, error) {
	if issuer == "" || validFrom.IsZero() {
		return nil, errors.New("status: list document: issuer or validFrom is missing")
	}
	if !validUntil.IsZero() && !validUntil.After(validFrom) {
		return nil, errors.New("status: list document: validUntil is not after validFrom")
	}
	encoded, err := l.Encode()
	if err != nil {
		return nil, fmt.Errorf("status: list document: %w", err)
	}
	doc := listDocument{
		Context: []string{"https://www.w3.org/ns/credentials/v2"}, ID: l.url,
		Type: []string{"VerifiableCredential", typeListCredential}, Issuer: issuer,
		ValidFrom: validFrom.UTC().Format(time.RFC3339),
		Subject:   listSubject{l.url + "#list", typeList, l.purpose, encoded},
	}
	if !validUntil.IsZero() {
		doc.ValidUntil = validUntil.UTC().Format(time.RFC3339)
	}
	return json.Marshal(doc)
}
