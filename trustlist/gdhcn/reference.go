package gdhcn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrForeign is the reason for a reference to a document of another host. It
	// is not followed: whoever signs this network's lists does not sign those.
	ErrForeign = errors.New("gdhcn: reference to another host")
	// ErrCycle is the reason for a reference back to a document that leads to it,
	// and for one that is more than 8 references away.
	ErrCycle = errors.New("gdhcn: references lead in a circle, or too far")
	// ErrMissing is the reason for a reference whose document can't be had, with
	// the source's error.
	ErrMissing = errors.New("gdhcn: referenced document is missing")
	// ErrWildcard is noted for a reference to all of a level ("-"). It repeats
	// what the others beside it lead to, and is followed only where one of those
	// could not be.
	ErrWildcard = errors.New("gdhcn: wildcard reference, the others were followed")
)

// References is what a list leads to.
type References struct {
	trustlist.Info // Name is the DID of the list
	DIDs           []string
}

// ParseReferences reads the references in a list, in the order of the document:
// all that a list of references (v2/trustlist-ref/…) holds, and what a list of
// version 1 has beside its keys. Those are left to [Parse]. The list must be
// signed as for Parse. The error wraps [ErrFormat], [ErrProof] or [ErrOtherList].
func ParseReferences(raw []byte, o Options) (*References, error) {
	d, err := open(raw, &o)
	if err != nil {
		return nil, err
	}
	r := &References{Info: d.info()}
	for _, v := range d.methods.Elements() {
		if s, ok := v.Text(); ok {
			r.DIDs = append(r.DIDs, s)
		}
	}
	return r, nil
}

// Source returns the document of a DID. It may be a folder ([Folder]) or a
// network.
type Source func(ctx context.Context, did string) ([]byte, error)

// Folder is a source of the documents in a folder that is laid out as the
// network serves it: below root, such as "did:web:tng-cdn.who.int", each further
// part of a DID is a folder, and the document is did.json in the last. Other
// DIDs it does not have.
func Folder(fsys fs.FS, root string) Source {
	return func(_ context.Context, did string) ([]byte, error) {
		below, ok := strings.CutPrefix(did, root+":")
		dir := strings.ReplaceAll(below, ":", "/")
		if !ok || strings.ContainsAny(below, `/\%#?`) || dir == "." || !fs.ValidPath(dir) {
			return nil, fs.ErrNotExist
		}
		f, err := fsys.Open(path.Join(dir, "did.json"))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, limits.TrustList+1))
	}
}

// Resolve reads a list and whatever it refers to, as far as that is of the same
// host, and merges their keys. Each document must be signed as the options say,
// and have the DID under which it was asked for: Options.ID is not looked at.
// At most 16,384 documents and 256 MB are read.
//
// A reference that is not followed, or whose document can't be used, is
// reported, with [ErrForeign], [ErrCycle], [ErrMissing], [ErrWildcard] or what
// Parse says, and the rest is read all the same: who withholds one document must
// not be able to stop all. The result has each document's date, so that
// [trustlist.List.Supersedes] finds any of them that is older than before.
//
// The error is that of the first document, or says that there are too many.
func Resolve(ctx context.Context, did string, source Source, o Options) (*trustlist.List, []Skipped, error) {
	r := resolver{ctx: ctx, source: source, o: o, host: hostOf(did), seen: map[string]bool{}, budget: 4 * limits.TrustList}
	if r.host == "" {
		return nil, nil, fmt.Errorf("%w: not a did:web", ErrFormat)
	}
	if err := r.read(did, nil); err != nil {
		return nil, r.skipped, err
	}
	if r.fatal != nil {
		return nil, r.skipped, r.fatal
	}
	return trustlist.Merge(r.lists...), r.skipped, nil
}

type resolver struct {
	ctx     context.Context
	source  Source
	o       Options
	host    string
	seen    map[string]bool // whether it could be read
	lists   []*trustlist.List
	skipped []Skipped
	budget  int
	fatal   error
}

// hostOf returns the host of a did:web, as written.
func hostOf(did string) string {
	id, ok := strings.CutPrefix(did, "did:web:")
	host, _, _ := strings.Cut(id, ":")
	if !ok || strings.ContainsAny(id, "#?/") {
		return ""
	}
	return host
}

// follow reads what a reference leads to, and reports whether all of it could be
// read.
func (r *resolver) follow(did string, above []string) bool {
	skip := func(reason error) bool {
		r.skipped = append(r.skipped, Skipped{ID: did, Reason: reason})
		return false
	}
	switch ok, known := r.seen[did]; {
	case r.fatal != nil:
		return false
	case hostOf(did) != r.host:
		skip(ErrForeign)
		return true // nothing of this network is missing
	case slices.Contains(above, did), len(above) >= limits.ReferenceDepth:
		return skip(ErrCycle)
	case known:
		return ok
	}
	if err := r.read(did, above); err != nil {
		r.seen[did] = false
		return skip(err)
	}
	return r.seen[did]
}

// read reads a document and what it refers to.
func (r *resolver) read(did string, above []string) error {
	r.seen[did] = true
	if len(r.seen) > limits.References {
		r.fatal = fmt.Errorf("%w: references to more than %d documents", ErrFormat, limits.References)
		return r.fatal
	}
	if r.fatal = r.ctx.Err(); r.fatal != nil {
		return r.fatal
	}
	raw, err := r.source(r.ctx, did)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	if r.budget -= len(raw); r.budget < 0 {
		r.fatal = fmt.Errorf("%w: over %d bytes in all", ErrFormat, 4*limits.TrustList)
		return r.fatal
	}
	o := r.o
	o.ID = did
	l, b, err := parse(raw, &o)
	if err != nil {
		return err
	}
	for _, s := range b.skipped {
		if !errors.Is(s.Reason, ErrReference) {
			r.skipped = append(r.skipped, s)
		}
	}
	r.lists = append(r.lists, l)
	r.seen[did] = r.followAll(b.references, append(slices.Clone(above), did))
	return nil
}

func (r *resolver) followAll(refs, above []string) bool {
	ok, named := true, false
	var wildcards []string
	for _, did := range refs {
		if strings.HasSuffix(did, ":-") && hostOf(did) == r.host {
			wildcards = append(wildcards, did)
			continue
		}
		named = named || hostOf(did) == r.host
		if !r.follow(did, above) {
			ok = false
		}
	}
	for _, did := range wildcards {
		if named && ok {
			r.skipped = append(r.skipped, Skipped{ID: did, Reason: ErrWildcard, Kept: true})
		} else if !r.follow(did, above) {
			ok = false
		}
	}
	return ok
}
