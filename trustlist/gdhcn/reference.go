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
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrForeign is the reason for a reference to a document of another host. It
	// is not followed: whoever signs this network's lists does not sign those.
	ErrForeign = errors.New("gdhcn: reference to another host")
	// ErrCycle is the reason for a reference back to a document that leads to it.
	ErrCycle = errors.New("gdhcn: references lead in a circle")
	// ErrDepth is the reason for a document that is more than 8 references away.
	ErrDepth = errors.New("gdhcn: references lead too far")
	// ErrMissing is the reason for a reference whose document can't be had, with
	// the source's error.
	ErrMissing = errors.New("gdhcn: referenced document is missing")
	// ErrWildcard is noted for a reference to all of a level ("…:-"). It repeats
	// what the references to each part of that level, beside it, lead to, and is
	// followed only where there are none, or one of them could not be.
	ErrWildcard = errors.New("gdhcn: wildcard reference, the others were followed")
	// ErrIncomplete says that a document which the list refers to could not be
	// used, so that a state may be on the list and its keys not at hand. It is no
	// ground for refusing that state's certificates.
	ErrIncomplete = fmt.Errorf("gdhcn: a part of the trust list is missing: %w", proof.ErrUnavailable)
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
// Whatever is not followed or taken is reported, with [ErrForeign], [ErrCycle],
// [ErrDepth], [ErrMissing], [ErrWildcard] or what Parse says. The result has each
// document's date, so that [trustlist.List.Supersedes] finds any of them that is
// older than before.
//
// Where a document is missing or refused, and no wildcard beside the reference to
// it leads to the same keys, there is no list and the error wraps [ErrIncomplete]
// with the first such reason: who withholds one state's document must not make
// a list to which that state is unknown, nor one that takes the place of a better
// one. [Options].AllowPartial has what could be read all the same. References to
// other hosts, and back to a document that is being read, leave nothing out; keys
// inside a document that can't be used are reported, as by Parse.
//
// The error is else that of the first document, or says that there are too many.
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
	if !r.seen[did] && !o.AllowPartial {
		return nil, r.skipped, fmt.Errorf("%w: %.200q: %w", ErrIncomplete, r.lost.ID, r.lost.Reason)
	}
	return trustlist.Merge(r.lists...), r.skipped, nil
}

type resolver struct {
	ctx     context.Context
	source  Source
	o       Options
	host    string
	seen    map[string]bool // whether it, and all it leads to, could be read
	lists   []*trustlist.List
	skipped []Skipped
	lost    *Skipped // the first that something is missing for
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
	note := func(reason error) {
		if len(r.skipped) == limits.TrustKeys {
			r.fatal = fmt.Errorf("%w: more than %d remarks", ErrFormat, limits.TrustKeys)
			return
		}
		r.skipped = append(r.skipped, Skipped{ID: did, Reason: reason})
	}
	ok, known := r.seen[did]
	switch {
	case r.fatal != nil:
		return false
	case hostOf(did) != r.host:
		note(ErrForeign)
		return true // nothing of this network is missing
	case slices.Contains(above, did):
		note(ErrCycle)
		return true // it is being read
	case known:
		return ok
	}
	err := error(ErrDepth)
	if len(above) < limits.ReferenceDepth {
		err = r.read(did, above)
	}
	if err == nil {
		return r.seen[did]
	}
	note(err)
	if r.lost == nil {
		r.lost = &Skipped{ID: did, Reason: err}
	}
	if !errors.Is(err, ErrDepth) {
		r.seen[did] = false // by a shorter way it is the same
	}
	return false
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

// followAll reads what a document refers to. A level is whole where all of its
// parts are, or else its wildcard is.
func (r *resolver) followAll(refs, above []string) bool {
	parts := map[string]bool{} // by level: whether those named could all be read
	var wildcards []string
	whole := true
	for _, did := range refs {
		if hostOf(did) == r.host && strings.HasSuffix(did, ":"+wildcard) {
			wildcards = append(wildcards, did)
			continue
		}
		level := levelOf(did)
		ok, named := parts[level]
		parts[level] = r.follow(did, above) && (ok || !named)
	}
	for _, did := range wildcards {
		level := levelOf(did)
		if ok, named := parts[level]; named && ok {
			r.skipped = append(r.skipped, Skipped{ID: did, Reason: ErrWildcard, Kept: true})
			continue
		}
		parts[level] = r.follow(did, above)
	}
	for _, ok := range parts {
		whole = whole && ok
	}
	return whole
}

// levelOf is a DID without its last part.
func levelOf(did string) string { return did[:strings.LastIndexByte(did, ':')+1] }
