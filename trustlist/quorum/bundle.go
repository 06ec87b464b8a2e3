package quorum

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
)

// KindBundle is the kind of a [Bundle], which is not signed.
const KindBundle Kind = "sanad network v1"

// Bundle is a network in one document: all that a verifier needs, for sources
// that fetch and keep one document, such as those of package trustlist/refresh,
// whose parse function is [ParseBundle] and [Bundle.List]. Nothing in it is
// believed but what List has checked.
type Bundle struct {
	// Roots are those that were published, in their order. Those that a verifier
	// has already are passed over.
	Roots    [][]byte
	Release  []byte
	Removals []byte // nil: none
	Folder   fs.FS  // has the files of the release, each at its [File.Path]
}

// List does all that a verifier has to: it follows the roots from p, opens the
// release, and reads its files. The errors are those of [Pinned.Update],
// [Pinned.Open] and [Approved.List].
//
// It also returns what to remember, with an error too: then it is held, with the
// newest root that was followed, so that whoever has stolen the keys of an older
// one gains nothing by withholding it again (TUF 1.0.31, section 5.3.8).
func (b *Bundle) List(p *Pinned, now time.Time, held Held, parse Parser) (*trustlist.List, Held, error) {
	var roots [][]byte
	for i, raw := range b.Roots {
		d, err := Parse(raw)
		if err != nil {
			return nil, held, fmt.Errorf("roots[%d]: %w", i, err)
		}
		if r, ok := d.content.(Root); !ok || r.Version > p.root.Version {
			roots = append(roots, raw)
		}
	}
	p, err := p.Update(roots...)
	if err != nil {
		return nil, held, err
	}
	if err := p.behind(&held); err != nil {
		return nil, held, err
	}
	held.Network, held.Root = p.root.Network, p.root.Version
	a, err := p.Open(b.Release, b.Removals, now, held)
	if err != nil {
		return nil, held, err
	}
	l, err := a.List(b.Folder, parse)
	if err != nil {
		return nil, held, err
	}
	return l, a.Held(), nil
}

type jsonBundle struct {
	Kind     Kind              `json:"kind"`
	Roots    []json.RawMessage `json:"roots"`
	Release  json.RawMessage   `json:"release"`
	Removals json.RawMessage   `json:"removals,omitempty"`
	Files    map[string][]byte `json:"files"` // by path
}

// Bytes is the bundle as JSON. The error wraps [ErrFormat] where a document is
// none or the bundle would be too large to be read, or says what file is
// missing.
func (b *Bundle) Bytes() ([]byte, error) {
	d, err := Parse(b.Release)
	if err != nil {
		return nil, err
	}
	r, ok := d.content.(Release)
	if !ok {
		return nil, fmt.Errorf("%w: %s where a release is wanted", ErrFormat, d.Kind())
	}
	out := jsonBundle{Kind: KindBundle, Roots: []json.RawMessage{}, Release: d.Bytes(), Files: map[string][]byte{}}
	for _, raw := range b.Roots {
		out.Roots = append(out.Roots, raw)
	}
	out.Removals = b.Removals
	for _, f := range r.Files {
		if _, err := f.parse(b.Folder, func(_ File, raw []byte, _ trustlist.Voucher) (*trustlist.List, error) {
			out.Files[f.Path()] = raw
			return nil, nil
		}); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	_, err = ParseBundle(raw)
	return raw, err
}

// ParseBundle reads a bundle of at most 64 MB. It checks nothing of what is in
// it. The error wraps [ErrFormat].
func ParseBundle(raw []byte) (*Bundle, error) {
	if len(raw) > limits.TrustList {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.TrustList)
	}
	v, err := jcs.ParseUpTo(limits.TrustValues, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	r := read(v)
	if Kind(r.text("kind")) != KindBundle {
		r.fail("kind", "that of a network")
	}
	var b Bundle
	for _, e := range r.array("roots", limits.NetworkRoots).Elements() {
		b.Roots = append(b.Roots, e.Append(nil))
	}
	b.Release = r.member("release").Append(nil)
	if removals := r.optional("removals"); removals.Exists() {
		b.Removals = removals.Append(nil)
	}
	files := r.member("files")
	if files.Kind() != jcs.Object || files.Len() > limits.NetworkFiles {
		r.fail("files", fmt.Sprintf("an object of at most %d", limits.NetworkFiles))
	}
	folder := memory{}
	for name, e := range files.Members() {
		s, _ := e.Text()
		if folder[name], err = base64.StdEncoding.Strict().DecodeString(s); err != nil {
			r.fail("files", "in base64")
		}
	}
	b.Folder = folder
	if err := r.done(); err != nil {
		return nil, err
	}
	return &b, nil
}

// memory is a folder of files that are only read from front to end.
type memory map[string][]byte

// Open implements [fs.FS].
func (m memory) Open(name string) (fs.File, error) {
	raw, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: "a file of the release", Err: fs.ErrNotExist}
	}
	return memoryFile{bytes.NewReader(raw)}, nil
}

type memoryFile struct{ io.Reader }

// Stat implements [fs.File]; nobody asks.
func (memoryFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

// Close implements [fs.File].
func (memoryFile) Close() error { return nil }
