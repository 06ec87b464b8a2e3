package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sanad-credentials/sanad/credential"
)

// storeFile is the name of a store's file in its folder.
const storeFile = "status.json"

// Store keeps an issuer's lists and which credential has which place, in memory
// and, when saved, in one file of a folder. It is a register for all its lists
// and safe for concurrent use, but a folder has one writer at a time.
//
// Credentials may leave the issuer's hands only once Save has returned: places
// given out and not saved would be given again after a crash.
type Store struct {
	dir string

	mu    sync.Mutex
	lists []*BitstringList
}

// storedList is a list in the file; its bits are an encodedList.
type storedList struct {
	URL     string            `json:"url"`
	Purpose string            `json:"purpose"`
	Size    uint64            `json:"size"`
	Bits    string            `json:"bits"`
	Places  map[string]uint64 `json:"places"`
}

type stored struct {
	Version int          `json:"v"`
	Lists   []storedList `json:"lists"`
}

// Open reads the store in a folder, which must exist. A folder without one
// gives an empty store. It returns an error, and no store, where the file is
// damaged.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, storeFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("status: store: %w", err)
		}
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("status: store: %w", err)
	}
	var in stored
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("status: store: %s: %w", storeFile, err)
	}
	if in.Version != 1 {
		return nil, fmt.Errorf("status: store: %s: version %d, not 1", storeFile, in.Version)
	}
	for i, sl := range in.Lists {
		l, err := sl.restore()
		if err == nil {
			err = s.Add(l)
		}
		if err != nil {
			return nil, fmt.Errorf("status: store: %s: list %d: %w", storeFile, i, err)
		}
	}
	return s, nil
}

func (sl storedList) restore() (*BitstringList, error) {
	l, err := NewBitstringList(sl.URL, sl.Purpose, sl.Size)
	if err != nil {
		return nil, err
	}
	bits, err := expand(sl.Bits)
	if err != nil {
		return nil, err
	}
	if len(bits) != len(l.bits) {
		return nil, errors.New("size and bits differ")
	}
	l.bits = bits
	for id, i := range sl.Places {
		if id == "" || i >= l.Size() || value(l.taken, i, 1) != 0 {
			return nil, errors.New("a place is without credential, beyond the end, or given twice")
		}
		l.taken[i/8] |= 0x80 >> (i % 8)
		l.places[id] = i
	}
	return l, nil
}

// Add takes a list into the store. It returns an error where there is one for
// the same URL.
func (s *Store) Add(l *BitstringList) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.lists, func(o *BitstringList) bool { return o.url == l.url }) {
		return errors.New("status: store: it has a list with this URL")
	}
	s.lists = append(s.lists, l)
	return nil
}

// Lists returns the lists in the order in which they were added.
func (s *Store) Lists() []*BitstringList {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lists)
}

// Allocate implements [credential.Register]: a place in each list. A store
// without lists refuses: what it registered could never be revoked.
func (s *Store) Allocate(ctx context.Context, d *credential.Draft) ([]credential.StatusRef, error) {
	lists := s.Lists()
	if len(lists) == 0 {
		return nil, errors.New("status: store: it has no list")
	}
	var refs []credential.StatusRef
	for _, l := range lists {
		r, err := l.Allocate(ctx, d)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r...)
	}
	return refs, nil
}

// Record implements [credential.Register]; see [BitstringList.Record].
func (s *Store) Record(ctx context.Context, d *credential.Draft, sealed *credential.Credential) error {
	for _, l := range s.Lists() {
		if err := l.Record(ctx, d, sealed); err != nil {
			return err
		}
	}
	return nil
}

// Set sets or clears the status of a credential in the lists of a purpose. The
// error wraps [ErrNoPlace] where it has a place in none of them. The change is
// in the file once saved, and known to verifiers once the list is published.
func (s *Store) Set(credentialID, purpose string, on bool) error {
	found := false
	for _, l := range s.Lists() {
		if l.purpose != purpose {
			continue
		}
		i, err := l.Place(credentialID)
		if err != nil {
			continue
		}
		if err := l.Set(i, on); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return fmt.Errorf("%w: purpose %s", ErrNoPlace, purpose)
	}
	return nil
}

// Revoke sets the status of a credential in the lists for revocation; see
// [Store.Set]. It can't be taken back (Bitstring Status List 1.0, section 2.1).
func (s *Store) Revoke(credentialID string) error {
	return s.Set(credentialID, PurposeRevocation, true)
}

// Save writes the store to its folder. A crash leaves the file as it was before
// or as it is after, never a part.
func (s *Store) Save() error {
	s.mu.Lock() // held to the end: an older state must not overwrite a newer one
	defer s.mu.Unlock()
	out := stored{Version: 1, Lists: []storedList{}}
	for _, l := range s.lists {
		sl, err := l.store()
		if err != nil {
			return fmt.Errorf("status: store: %w", err)
		}
		out.Lists = append(out.Lists, sl)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("status: store: %w", err)
	}
	return writeFile(filepath.Join(s.dir, storeFile), raw, 0o600)
}

func (l *BitstringList) store() (storedList, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := compress(l.bits)
	return storedList{l.url, l.purpose, l.Size(), text, maps.Clone(l.places)}, err
}
