package quorum

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Approved is a release that enough members approved, and that takes nothing
// back. Only [Pinned.Open] makes one. It is immutable and safe for concurrent
// use.
type Approved struct {
	release  Release
	removals *Removals // nil: none in effect
	expires  time.Time
	held     Held
}

// Release returns what was approved. The caller must not change what it refers
// to.
func (a *Approved) Release() Release { return a.release }

// Removals returns the removals in effect, nil without any. The caller must not
// change them.
func (a *Approved) Removals() *Removals { return a.removals }

// Held is what to remember, so that [Pinned.Open] can refuse to go back.
func (a *Approved) Held() Held {
	h := a.held
	h.Removed = slices.Clone(h.Removed)
	return h
}

// Parser reads one file of a release. It passes v on to the parser of the
// file's kind, as gdhcn.Options.Voucher.
type Parser func(f File, raw []byte, v trustlist.Voucher) (*trustlist.List, error)

// List reads the files of the release with the names given, or all of them if
// none is, out of the folder of a network ([File.Path]) and makes one list of
// them, named like the network, issued and expiring as the release or its root
// does; an earlier expiry that a file states stands. Removed keys are not on it,
// nor entries whose keys are all removed.
//
// The list's date is the release's, and in the rest of its second, where no
// document has anything, the numbers of what it is made of: whatever takes the
// place of another by [Pinned.Open] does so by trustlist.List.Supersedes, and the
// dates on removals, which fewer members decide on, order nothing. The entries
// are as old as the release.
//
// A file that is missing, or not exactly the approved one, is an error wrapping
// [ErrFile]; no more of it is read than its length. So is a name that the release
// does not have. Else the error is the parser's.
func (a *Approved) List(folder fs.FS, parse Parser, names ...string) (*trustlist.List, error) {
	for _, n := range names {
		if !slices.ContainsFunc(a.release.Files, func(f File) bool { return f.Name == n }) {
			return nil, fmt.Errorf("%w: no file of a name asked for", ErrFile)
		}
	}
	var entries []trustlist.Entry
	for _, f := range a.release.Files {
		if len(names) > 0 && !slices.Contains(names, f.Name) {
			continue
		}
		l, err := f.parse(folder, parse)
		if err == nil && l == nil {
			err = fmt.Errorf("%w: the parser made no list of it", ErrFile)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		for _, e := range l.Entries() {
			if keep, err := a.keep(&e); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			} else if keep {
				entries = append(entries, e)
			}
		}
	}
	info := trustlist.Info{Name: a.release.Network, Issued: a.release.Issued.Add(a.held.order()), Expires: a.expires}
	return trustlist.New(info, entries...)
}

// order is less than a second, and greater for what came later. Roots weigh more,
// since under a new one releases are counted anew.
func (h *Held) order() time.Duration {
	if h.Network == "" {
		return 0 // not approved
	}
	roots, rest := h.Root-1+h.ReleaseRoot-1, h.Release-1+h.Removals
	return time.Duration(min(roots, 998))*time.Millisecond + time.Duration(min(rest, 999_999))
}

// InsecureList is what [Approved.List] would make of a release that nobody
// approved yet: for showing it to those who are asked to, never for verifying.
func (r Release) InsecureList(folder fs.FS, parse Parser, names ...string) (*trustlist.List, error) {
	a := Approved{release: r, expires: r.Expires}
	return a.List(folder, parse, names...)
}

// keep takes removed keys off an entry and dates it. An entry that had keys and
// has none left is not kept: without keys it would be found by its names alone.
func (a *Approved) keep(e *trustlist.Entry) (bool, error) {
	e.List, e.ListIssued = "", a.release.Issued
	if e.ListExpires.After(a.expires) {
		e.ListExpires = time.Time{}
	}
	if a.removals == nil || len(e.Keys) == 0 {
		return true, nil
	}
	var kept []proof.Key
	for _, k := range e.Keys {
		id, err := KeyID(k.Public)
		if err != nil {
			return false, err
		}
		if !slices.Contains(a.removals.Keys, id) {
			kept = append(kept, k)
		}
	}
	e.Keys = kept
	return len(kept) > 0, nil
}

// vouched is a file that was read because a release lists it. Only this package
// makes one.
type vouched struct{ f *File }

// Vouch implements [trustlist.Voucher].
func (v vouched) Vouch(document []byte) error {
	if int64(len(document)) != v.f.Length || sha256.Sum256(document) != v.f.SHA256 {
		return ErrFile
	}
	return nil
}

func (f *File) parse(folder fs.FS, parse Parser) (*trustlist.List, error) {
	in, err := folder.Open(f.Path())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, f.Length+1))
	if err != nil {
		return nil, err
	}
	v := vouched{f}
	if err := v.Vouch(raw); err != nil {
		return nil, err
	}
	return parse(*f, raw, v)
}

// NewFile describes a file that a release is to have.
func NewFile(name string, document []byte) File {
	return File{Name: name, Length: int64(len(document)), SHA256: sha256.Sum256(document)}
}

// Held is what a verifier remembers from one use to the next: numbers, no keys,
// so whoever changes it can make a verifier forget, never believe. It is JSON
// that [ParseHeld] reads.
type Held struct {
	Network     string   `json:"network"`
	Root        uint64   `json:"root"`        // newest root followed
	ReleaseRoot uint64   `json:"releaseRoot"` // under which the release was made
	Release     uint64   `json:"release"`
	Digest      string   `json:"digest"` // of the release
	Removals    uint64   `json:"removals"`
	Removed     []string `json:"removed,omitempty"` // by removals that no release took into account
}

// Bytes is h as JSON.
func (h Held) Bytes() []byte {
	raw, _ := json.Marshal(h) // texts and numbers
	return raw
}

// ParseHeld reads what [Held.Bytes] wrote. The error wraps [ErrFormat].
func ParseHeld(raw []byte) (Held, error) {
	var h Held
	if len(raw) > limits.NetworkDocument {
		return h, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.NetworkDocument)
	}
	v, err := jcs.Parse(bytes.TrimSpace(raw))
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	r := read(v)
	h = Held{
		Network: r.text("network"), Root: r.number("root"), ReleaseRoot: r.number("releaseRoot"),
		Release: r.number("release"), Digest: r.text("digest"), Removals: r.number("removals"),
	}
	if r.optional("removed").Exists() {
		for _, e := range r.array("removed", limits.NetworkRemovals).Elements() {
			s, ok := e.Text()
			if !ok {
				r.fail("removed", "strings")
			}
			h.Removed = append(h.Removed, s)
		}
	}
	if err := r.done(); err != nil {
		return Held{}, err
	}
	return h, nil
}
