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
//
// A proposal's folder has a release.json and the files of its own.
const (
	rootFolder   = "root"
	releaseFile  = "release.json"
	removalsFile = "removals.json"
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

// follow pins a root and follows those that came after it. It returns all of
// them, the newest last.
func (e *env) follow(dir, rootFile string) ([]*quorum.Pinned, error) {
	raw, err := e.read(rootFile, limits.NetworkDocument)
	if err != nil {
		return nil, err
	}
	p, err := quorum.Pin(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rootFile, err)
	}
	chain := []*quorum.Pinned{p}
	for range limits.NetworkRoots {
		path := rootPath(dir, p.Root().Version+1)
		raw, err := e.read(path, limits.NetworkDocument)
		if errors.Is(err, fs.ErrNotExist) {
			return chain, nil
		}
		if err != nil {
			return nil, err
		}
		if p, err = p.Update(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		chain = append(chain, p)
	}
	return nil, fmt.Errorf("more than %d roots after %s: pin a newer one", limits.NetworkRoots, rootFile)
}

// optional reads a file that may be missing; then it returns nil.
func (e *env) optional(name string) ([]byte, error) {
	raw, err := e.read(name, limits.NetworkDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// networkTrust is what a verifier demands of a network.
type networkTrust struct {
	root  string
	state string // a file, or empty
	at    time.Time
}

// loadNetwork reads a network's list as a verifier does, and remembers what it
// saw. Where another process remembered something else meanwhile, it judges
// anew.
func (e *env) loadNetwork(dir string, n *networkTrust) (l loaded, err error) {
	if n == nil || n.root == "" {
		return l, usagef("network: needs --root: a root of the network that you trust")
	}
	for range 5 {
		var held, saw quorum.Held
		if held, err = e.readState(n.state); err != nil {
			return loaded{}, err
		}
		if l, saw, err = e.openNetwork(dir, n, held); err != nil {
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

func (e *env) openNetwork(dir string, n *networkTrust, held quorum.Held) (l loaded, saw quorum.Held, err error) {
	chain, err := e.follow(dir, n.root)
	if err != nil {
		return l, saw, err
	}
	release, err := e.read(filepath.Join(dir, releaseFile), limits.NetworkDocument)
	if err != nil {
		return l, saw, err
	}
	removals, err := e.optional(filepath.Join(dir, removalsFile))
	if err != nil {
		return l, saw, err
	}
	a, err := chain[len(chain)-1].Open(release, removals, n.at, held)
	if err != nil {
		return l, saw, err
	}
	l.signed = true
	l.list, err = a.List(os.DirFS(dir), collect(&l.skipped))
	return l, a.Held(), err
}

// collect parses the files of a release and collects what they had to skip.
func collect(skipped *[]trustlist.Skipped) quorum.Parser {
	return func(_ quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
		l, s, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v})
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
	return c.List(os.DirFS(dir), collect(&skipped))
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
