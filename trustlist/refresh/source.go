package refresh

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sanad-credentials/sanad/internal/flight"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Document is a list as its source has it.
type Document struct {
	Raw []byte
	// Signature is a detached signature over Raw; nil where the source has none.
	Signature []byte
	// Fetched is when the source was asked, for a file when it was last changed.
	// It dates lists that have no date of their own, as a JWKS; from a snapshot
	// it is only as true as the disk. Zero: not known.
	Fetched time.Time
}

// Source is one list, and where it comes from.
type Source struct {
	// Name tells sources apart and names the snapshot: 1 to 64 letters, digits,
	// dots, hyphens and underscores, beginning with a letter or digit.
	Name string
	// URL is where the document is: by https, or on disk (file:///path). Empty:
	// nothing is fetched, and the list is Initial, or what another process that
	// shares Options.Dir keeps in the snapshot of this name.
	URL string
	// SignatureURL is where its detached signature is, if it has one.
	SignatureURL string
	// Initial is a document to begin with, such as one that is embedded in the
	// program. It counts as old as it says itself.
	Initial Document
	// Parse makes a list of a document and reports what of it was not taken. It
	// must check the signature that the list is to have: nobody else does.
	Parse func(Document) (*trustlist.List, []trustlist.Skipped, error)
}

// State is how one source is doing.
type State struct {
	Source string
	// Held says that there is a list of this source; Issued and Expires are what
	// it says of itself, or zero. Skipped is what its parser reported.
	Held            bool
	Issued, Expires time.Time
	Skipped         []trustlist.Skipped
	// Confirmed is when the source was last asked and had what is held since.
	// Zero: not since New.
	Confirmed time.Time
	// Attempted is when the last attempt ended, Err how: nil is well. Before the
	// first, Err is what was wrong with the snapshot.
	Attempted time.Time
	Err       error
}

// Age is how old the list was at a time, by its own account; ok is false where
// there is none, or it is not dated.
func (s State) Age(now time.Time) (age time.Duration, ok bool) {
	if !s.Held || s.Issued.IsZero() {
		return 0, false
	}
	return now.Sub(s.Issued), true
}

// State tells how the sources are doing, in their order.
func (r *Refresher) State() []State {
	out := make([]State, 0, len(r.sources))
	for _, s := range r.sources {
		s.mu.Lock()
		st := s.state
		s.mu.Unlock()
		st.Source = s.Name
		if h := s.held.Load(); h != nil {
			st.Held, st.Issued, st.Expires, st.Skipped = true, h.list.Issued(), h.list.Expires(), h.skipped
		}
		out = append(out, st)
	}
	return out
}

// held is a list that was taken, with what identifies the document it is of.
type held struct {
	list    *trustlist.List
	skipped []trustlist.Skipped
	sum     digest
	etag    string
	fetched time.Time
	again   *Document // to be dated anew; nil unless dated
}

// dated reports whether the list's date is that of its fetching.
func (h *held) dated() bool { return !h.fetched.IsZero() && h.list.Issued().Equal(h.fetched) }

// source is a Source at work.
type source struct {
	Source
	r       *Refresher
	flights flight.Group[struct{}, struct{}]
	held    atomic.Pointer[held]

	busy    sync.Mutex // an attempt, with what follows
	unsaved *Document  // newer than what is on disk; nil where nothing is
	onDisk  *digest    // of the snapshot as last seen; nil before
	lost    bool       // what is held is not on disk, or not whole

	mu    sync.Mutex
	state State
}

func newSource(r *Refresher, spec Source) (*source, error) {
	s := &source{Source: spec, r: r}
	switch {
	case !isName(s.Name):
		return nil, fmt.Errorf("refresh: source name %q: not 1 to 64 letters, digits, dots, hyphens and underscores", s.Name)
	case s.Parse == nil:
		return nil, fmt.Errorf("refresh: %s: Parse is missing", s.Name)
	case s.URL == "" && s.SignatureURL != "":
		return nil, fmt.Errorf("refresh: %s: SignatureURL without URL", s.Name)
	case s.URL == "" && s.Initial.Raw == nil && r.o.Dir == "":
		return nil, fmt.Errorf("refresh: %s: neither URL nor Initial, and no Dir", s.Name)
	}
	for _, u := range []string{s.URL, s.SignatureURL} {
		if u != "" && !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "file:///") {
			return nil, fmt.Errorf("refresh: %s: neither an https: nor a file: URL", s.Name)
		}
	}
	if s.Initial.Raw != nil {
		h, err := s.parse(s.Initial)
		if err != nil {
			return nil, fmt.Errorf("refresh: %s: Initial: %w", s.Name, err)
		}
		s.held.Store(h)
		s.Initial = Document{}
	}
	if r.o.Dir != "" {
		s.state.Err = s.adopt()
	}
	return s, nil
}

func isName(s string) bool {
	const first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= 64 && strings.ContainsRune(first, rune(s[0])) && strings.Trim(s, first+"._-") == ""
}

// digest identifies a document with its signature.
type digest [sha256.Size]byte

func (d Document) digest() digest {
	raw, sig := sha256.Sum256(d.Raw), sha256.Sum256(d.Signature)
	return sha256.Sum256(append(raw[:], sig[:]...))
}

// parse makes of a document what may be held.
func (s *source) parse(d Document) (*held, error) {
	l, skipped, err := s.Parse(d)
	if err == nil && l == nil {
		err = fmt.Errorf("%w: the parse function returned none", ErrDocument)
	}
	if err != nil {
		return nil, err
	}
	h := &held{list: l, skipped: skipped, sum: d.digest(), fetched: d.Fetched}
	if h.dated() {
		h.again = &d
	}
	return h, nil
}

// refresh asks the source once, or waits for the answer to one who has asked.
func (s *source) refresh(ctx context.Context) error {
	_, err := s.flights.Do(ctx, struct{}{}, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.r.closing, cancel)()
		if err := s.r.closing.Err(); err != nil {
			return struct{}{}, fmt.Errorf("refresh: closed: %w", err)
		}
		s.busy.Lock() // one that everybody left may still be at its end
		defer s.busy.Unlock()
		confirmed, err := s.attempt(ctx)
		if err != nil {
			err = fmt.Errorf("refresh %s: %w", s.Name, err)
		}
		if err == nil || ctx.Err() == nil {
			s.record(confirmed, err)
		}
		return struct{}{}, err
	})
	return err
}

func (s *source) record(confirmed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Attempted, s.state.Err = s.r.o.Now(), err
	if confirmed {
		s.state.Confirmed = s.state.Attempted
	}
}

// attempt fetches the document, takes its list if it is one to take, and writes
// it to disk.
func (s *source) attempt(ctx context.Context) (confirmed bool, err error) {
	var diskErr error
	if s.r.o.Dir != "" {
		diskErr = s.adopt() // what another process has fetched
	}
	if s.URL != "" {
		d, etag, err := s.fetch(ctx)
		if err == nil {
			err = s.take(d, etag)
		}
		if err != nil {
			return false, err
		}
	}
	if s.unsaved != nil {
		diskErr = s.save(ctx)
	}
	return s.URL != "", errors.Join(s.frozen(), diskErr)
}

// take replaces the list held by that of a document that was fetched, or of none
// where the source has nothing new.
func (s *source) take(d Document, etag string) error {
	old := s.held.Load()
	if old != nil && (d.Raw == nil || d.digest() == old.sum) {
		return s.confirm(old, d, etag)
	}
	h, err := s.parse(d)
	if err != nil {
		return err
	}
	h.etag = etag
	now := s.r.o.Now()
	if e := h.list.Expires(); !e.IsZero() && now.After(e) {
		return fmt.Errorf("%w: one that expired %s, or the clock is wrong", ErrFrozen, e.UTC().Format(time.RFC3339))
	}
	if err := s.succeeds(h, old, now); err != nil {
		return err
	}
	s.swap(h)
	s.keep(d)
	return nil
}

// confirm notes that the source still has what is held. Where the list is dated
// by its fetching, it is as fresh as that.
func (s *source) confirm(old *held, d Document, etag string) error {
	h := *old
	if etag != "" {
		h.etag = etag
	}
	if s.lost && d.Raw != nil {
		s.keep(d)
	}
	if old.again == nil || d.Fetched.IsZero() {
		s.held.Store(&h)
		return nil
	}
	again := *old.again
	again.Fetched = d.Fetched
	fresh, err := s.parse(again)
	if err != nil {
		return err
	}
	fresh.etag = h.etag
	s.swap(fresh)
	s.keep(again)
	return nil
}

// keep has a document written to disk, if there is one.
func (s *source) keep(d Document) {
	if s.r.o.Dir != "" {
		s.unsaved = &d
	}
}

// swap begins to answer from h.
func (s *source) swap(h *held) {
	s.held.Store(h)
	s.r.publish()
}

// succeeds returns nil where a list may be held in place of old.
func (s *source) succeeds(h, old *held, now time.Time) error {
	if old == nil {
		return nil
	}
	for _, info := range h.list.Infos() {
		if info.Issued.Sub(now) > 24*time.Hour {
			return fmt.Errorf("%w: %s, or the clock is wrong", ErrFuture, info.Issued.UTC().Format(time.RFC3339))
		}
	}
	if h.dated() && old.dated() {
		return nil // by a clock that may have been set right since
	}
	if err := h.list.Supersedes(old.list); err != nil {
		return err
	}
	if at := h.list.Issued(); at.IsZero() || !at.Equal(old.list.Issued()) {
		return nil
	}
	// A publisher that dates two lists alike leaves no way of telling which of
	// them withdrew what: neither takes the other's place.
	if changes := trustlist.Diff(old.list, h.list); len(changes) > 0 {
		return fmt.Errorf("%w: %d differences", ErrConflict, len(changes))
	}
	if !h.list.Expires().Equal(old.list.Expires()) {
		return fmt.Errorf("%w: another expiry", ErrConflict)
	}
	return nil
}

// frozen tells of a list that is old although its source was asked.
func (s *source) frozen() error {
	h, now := s.held.Load(), s.r.o.Now()
	if h == nil {
		return ErrNoList
	}
	if e := h.list.Expires(); !e.IsZero() && now.After(e) {
		return fmt.Errorf("%w: it expired %s", ErrFrozen, e.UTC().Format(time.RFC3339))
	}
	if at := h.list.Issued(); s.r.o.MaxAge > 0 && (at.IsZero() || now.Sub(at) > s.r.o.MaxAge) {
		return fmt.Errorf("%w: issued %s", ErrFrozen, stamp(at))
	}
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "at no stated time"
	}
	return t.UTC().Format(time.RFC3339)
}
