package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// A network's folder, which anybody may copy or serve:
//
//	root/1.json, root/2.json, …   every root there ever was
//	release.json                  the current release
//	removals.json                 removals, where there are any
//	files/HASH.json               the files of the release
//	network.json                  all of that in one file
//
// A proposal's folder has a release.json and the files of its own.
const (
	rootFolder   = "root"
	releaseFile  = "release.json"
	removalsFile = "removals.json"
	bundleFile   = "network.json"
)

// networkFlags say which network is meant. Root is what the user trusts; the
// folder is believed only as far as that root says.
type networkFlags struct {
	Network string `required:"" placeholder:"DIR" help:"The network's folder."`
	Root    string `required:"" placeholder:"ROOT.json" help:"A root of the network that you trust, such as its first."`
}

func rootPath(dir string, version uint64) string {
	return filepath.Join(dir, rootFolder, strconv.FormatUint(version, 10)+".json")
}

// pin trusts a root file.
func (e *env) pin(rootFile string) (*quorum.Pinned, error) {
	raw, err := e.read(rootFile, limits.NetworkDocument)
	if err != nil {
		return nil, err
	}
	p, err := quorum.Pin(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rootFile, err)
	}
	return p, nil
}

// roots reads the roots of a network's folder that came after a version.
func (e *env) roots(dir string, after uint64) ([][]byte, error) {
	var out [][]byte
	for len(out) <= limits.NetworkRoots {
		raw, err := e.optional(rootPath(dir, after+1+uint64(len(out))))
		if err != nil || raw == nil {
			return out, err
		}
		out = append(out, raw)
	}
	return nil, fmt.Errorf("%s: more than %d roots after %d: pin a newer one", dir, limits.NetworkRoots, after)
}

// follow pins a root and follows those that came after it. It returns all of
// them, the newest last.
func (e *env) follow(dir, rootFile string) ([]*quorum.Pinned, error) {
	p, err := e.pin(rootFile)
	if err != nil {
		return nil, err
	}
	chain := []*quorum.Pinned{p}
	roots, err := e.roots(dir, p.Root().Version)
	if err != nil {
		return nil, err
	}
	for _, raw := range roots {
		if p, err = p.Update(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		chain = append(chain, p)
	}
	return chain, nil
}

// bundle reads what a verifier needs of a network: its folder, or the one file
// that 'trust publish' makes of it.
func (e *env) bundle(path string, after uint64) (*quorum.Bundle, error) {
	if st, err := os.Stat(path); err == nil && !st.IsDir() {
		raw, err := e.read(path, limits.TrustList)
		if err != nil {
			return nil, err
		}
		return quorum.ParseBundle(raw)
	}
	b := &quorum.Bundle{Folder: os.DirFS(path)}
	var err error
	if b.Roots, err = e.roots(path, after); err != nil {
		return nil, err
	}
	if b.Release, err = e.read(filepath.Join(path, releaseFile), limits.NetworkDocument); err != nil {
		return nil, err
	}
	b.Removals, err = e.optional(filepath.Join(path, removalsFile))
	return b, err
}

// optional reads a file that may be missing; then it returns nil.
func (e *env) optional(name string) ([]byte, error) {
	raw, err := e.read(name, limits.NetworkDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// stateSuffix makes of a root's file that of its state.
const stateSuffix = ".state"

// networkTrust is what a verifier demands of a network.
type networkTrust struct {
	root     string
	state    string // a file, or empty
	at       time.Time
	fetching *quorum.Held // what was seen meanwhile, if the state is not to be written
}

// opener reads what there is of a network since a root.
type opener func(after uint64) (*quorum.Bundle, error)

// loadNetwork reads a network's list as a verifier does, and remembers what it
// saw. Where another process remembered something else meanwhile, it judges
// anew.
func (e *env) loadNetwork(r *listReader, open opener) (l loaded, err error) {
	n := r.network
	if n == nil || n.root == "" {
		return l, usagef("network: needs --root: a root of the network that you trust")
	}
	if n.fetching != nil {
		l, saw, err := e.openNetwork(r, open, *n.fetching)
		if saw.Network != "" {
			*n.fetching = saw
		}
		return l, err
	}
	for range 5 {
		var held, saw quorum.Held
		if held, err = e.readState(n.state); err != nil {
			return loaded{}, err
		}
		if l, saw, err = e.openNetwork(r, open, held); err != nil {
			// A root that was followed counts from now on, whatever became of the
			// release: see quorum.Bundle.List.
			if saw.Network != "" {
				err = errors.Join(err, e.remember(n.state, held, saw))
			}
			return loaded{}, err
		}
		if err = e.remember(n.state, held, saw); err == nil {
			return l, nil
		}
		if !errors.Is(err, errStateChanged) {
			break
		}
	}
	return loaded{}, err
}

// openNetwork also returns what to remember, with an error too where that is not
// the zero value.
func (e *env) openNetwork(r *listReader, open opener, held quorum.Held) (l loaded, saw quorum.Held, err error) {
	p, err := e.pin(r.network.root)
	if err != nil {
		return l, saw, err
	}
	b, err := open(p.Root().Version)
	if err != nil {
		return l, saw, err
	}
	l.signed = true
	l.list, saw, err = b.List(p, r.network.at, held, collect(&l.skipped, r.check))
	return l, saw, err
}

// collect parses the files of a release and collects what they had to skip.
func collect(skipped *[]trustlist.Skipped, check gdhcn.AuthorityCheck) quorum.Parser {
	return func(_ quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
		l, s, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v, Authority: check})
		*skipped = append(*skipped, s...)
		return l, err
	}
}

func (e *env) readState(file string) (quorum.Held, error) {
	if file == "" {
		return quorum.Held{}, nil
	}
	raw, err := e.optional(file)
	if err != nil || raw == nil {
		return quorum.Held{}, err
	}
	h, err := quorum.ParseHeld(raw)
	if err != nil {
		return h, fmt.Errorf("%s: %w", file, err)
	}
	return h, nil
}

// errStateChanged says that a state is not what it was when it was read.
var errStateChanged = errors.New("changed by another process meanwhile")

// remember writes what was seen, unless nothing is new or another process that
// started from the same wrote it.
func (e *env) remember(file string, was, is quorum.Held) error {
	same := func(a, b quorum.Held) bool { return bytes.Equal(a.Bytes(), b.Bytes()) }
	if file == "" || same(was, is) {
		return nil
	}
	unlock, err := e.lockState(file)
	if err != nil {
		return err
	}
	defer unlock()
	switch now, err := e.readState(file); {
	case err != nil:
		return err
	case same(now, is):
		return nil
	case !same(now, was):
		return fmt.Errorf("%s: %w", file, errStateChanged)
	}
	return write(file, append(is.Bytes(), '\n'), 0o644)
}

// lockState waits for others that are writing the same state, which takes them
// milliseconds. A lock of a minute ago was left by a process that was killed.
func (e *env) lockState(file string) (unlock func(), err error) {
	for range 100 {
		if unlock, err = lockPath(file); !errors.Is(err, fs.ErrExist) {
			return unlock, err
		}
		lock := file + lockSuffix
		if st, err := os.Stat(lock); err == nil && time.Since(st.ModTime()) > time.Minute {
			_ = os.Remove(lock)
			continue
		}
		select {
		case <-e.ctx.Done():
			return nil, e.ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, err
}

const lockSuffix = ".lock"

// lockPath keeps others from a file or folder, by a file beside it, until unlock
// is called.
func lockPath(path string) (unlock func(), err error) {
	lock := path + lockSuffix
	f, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("in use by another process, if one runs: %w: %s", fs.ErrExist, lock)
	}
	if err != nil {
		return nil, err
	}
	_ = f.Close() // empty
	return func() { _ = os.Remove(lock) }, nil
}

// current is the release in a network's folder, with all that a proposal needs
// of it; nil before the first.
type current struct {
	*quorum.Approved
	document *quorum.Document
}

// current opens the release of a network's folder, expired or not, under the
// newest root or, where the members were replaced since, under the one that it
// was made under.
func (e *env) current(dir string, chain []*quorum.Pinned) (*current, error) {
	raw, err := e.optional(filepath.Join(dir, releaseFile))
	if err != nil || raw == nil {
		return nil, err
	}
	removals, err := e.optional(filepath.Join(dir, removalsFile))
	if err != nil {
		return nil, err
	}
	d, err := quorum.Parse(raw)
	if err != nil {
		return nil, err
	}
	r, ok := d.Content().(quorum.Release)
	if !ok {
		return nil, fmt.Errorf("%s: no release", releaseFile)
	}
	p := chain[len(chain)-1]
	a, err := p.Open(raw, removals, r.Issued, quorum.Held{})
	if errors.Is(err, quorum.ErrThreshold) {
		for _, old := range chain {
			if old.Root().Version == r.Root {
				e.note("the current release is approved under root %d, no longer under root %d", r.Root, p.Root().Version)
				a, err = old.Open(raw, removals, r.Issued, quorum.Held{})
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", releaseFile, err)
	}
	return &current{a, d}, nil
}

// list is the current list; nil before the first release.
func (c *current) list(dir string) (*trustlist.List, error) {
	if c == nil {
		return nil, nil
	}
	var skipped []trustlist.Skipped
	return c.List(os.DirFS(dir), collect(&skipped, gdhcn.AuthorityNamed))
}

// issued is the latest date in what is in force; zero before the first release.
func (c *current) issued() time.Time {
	if c == nil {
		return time.Time{}
	}
	at := c.Release().Issued
	if r := c.Removals(); r != nil && r.Issued.After(at) {
		at = r.Issued
	}
	return at
}

// after is the present, once it is after a date: dates are to the second, and of
// two lists of one date a verifier that fetches them can't tell which is newer. A
// date further ahead is not waited for.
func (e *env) after(date time.Time) time.Time {
	if wait := time.Until(date.Add(time.Second)); wait > 0 && wait <= time.Second {
		select {
		case <-e.ctx.Done():
		case <-time.After(wait):
		}
	}
	return e.now()
}

// digest is zero before the first release.
func (c *current) digest() [32]byte {
	if c == nil {
		return [32]byte{}
	}
	return sum(c.document)
}

// readDocument reads a root, a release or removals: a file, or the folder of a
// proposal.
func (e *env) readDocument(path string) (file string, d *quorum.Document, err error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		path = filepath.Join(path, releaseFile)
	}
	raw, err := e.read(path, limits.NetworkDocument)
	if err != nil {
		return "", nil, err
	}
	if d, err = quorum.Parse(raw); err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	return path, d, nil
}

// pretty is a document as it is stored: people read it too.
func pretty(d *quorum.Document) ([]byte, error) {
	out, err := json.MarshalIndent(json.RawMessage(d.Bytes()), "", "  ")
	return append(out, '\n'), err
}

func writeDocument(path string, d *quorum.Document) error {
	raw, err := pretty(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return write(path, raw, 0o644)
}

// createDocument writes one that nobody has signed yet, and replaces nothing: what
// is there may have been signed.
func createDocument(path string, d *quorum.Document) error {
	raw, err := pretty(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return create(path, raw, 0o644)
}

// who lists members for people.
func who(members []quorum.Member) string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = printable(m.Name)
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, "; ")
}

// approvals says who approved a document, of those whom a root asks.
func approvals(r quorum.Root, d *quorum.Document) string {
	by, need := r.Approvals(d)
	return fmt.Sprintf("approved by %d of the %d that root %d asks for: %s", len(by), need, r.Version, who(by))
}
