package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

type diffCmd struct {
	trustFlags `embed:""`
	Network    string `placeholder:"DIR" help:"The network's folder, to compare a proposal with its current list."`
	Root       string `placeholder:"ROOT.json" help:"A root of the network that you trust."`

	Lists []string `arg:"" name:"list" help:"A proposal's folder; or two lists, the older first, each KIND:PATH as for 'verify --trust'."`
}

// Run tells in words what changes.
func (c *diffCmd) Run(e *env) error {
	if c.Network != "" && c.Root != "" && len(c.Lists) == 1 {
		n := networkFlags{c.Network, c.Root}
		chain, err := e.follow(n.Network, n.Root)
		if err != nil {
			return err
		}
		_, d, err := e.readDocument(c.Lists[0])
		if err != nil {
			return err
		}
		return e.showProposal(n, chain, c.Lists[0], d)
	}
	if len(c.Lists) != 2 || c.Network != "" {
		return usagef("trust diff needs two lists, or --network, --root and a proposal")
	}
	var from, to source
	for i, s := range []*source{&from, &to} {
		if err := s.UnmarshalText([]byte(c.Lists[i])); err != nil {
			return usageError{err}
		}
	}
	if err := c.usage([]source{from, to}); err != nil {
		return err
	}
	r, err := c.reader(e, gdhcn.AuthorityNamed, &networkTrust{root: c.Root, at: e.now()})
	if err != nil {
		return err
	}
	var lists [2]*trustlist.List
	for i, s := range []source{from, to} {
		l, err := e.load(s, r)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		lists[i] = l.list
	}
	e.showChanges(lists[0], lists[1])
	return nil
}

func (e *env) showChanges(from, to *trustlist.List) {
	changes := trustlist.Diff(from, to)
	for _, ch := range changes {
		fmt.Fprintln(e.stdout, "  "+ch.String())
	}
	if len(changes) == 0 {
		fmt.Fprintln(e.stdout, "  no signer changes")
	}
}

// showFiles tells what changes, for each file of either release, and what the
// parser has to remark that it had not before, such as a signer that is not of
// the country under which it stands. What a removal has taken off the list
// counts as gone from it.
func (e *env) showFiles(n networkFlags, base *current, dir string, r quorum.Release) error {
	files := map[string][2]bool{}
	if base != nil {
		for _, f := range base.Release().Files {
			files[f.Name] = [2]bool{true, false}
		}
	}
	for _, f := range r.Files {
		files[f.Name] = [2]bool{files[f.Name][0], true}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var from, to *trustlist.List
		var known, skipped []trustlist.Skipped
		var err error
		if files[name][0] {
			if from, err = base.List(os.DirFS(n.Network), collect(&known, gdhcn.AuthorityChecked), name); err != nil {
				return err
			}
		}
		if files[name][1] {
			if to, err = r.InsecureList(os.DirFS(dir), collect(&skipped, gdhcn.AuthorityChecked), name); err != nil { // to be shown
				return err
			}
		}
		if n := dropped(skipped); n > 0 {
			return fmt.Errorf("%s: %d keys can't be read", name, n)
		}
		fmt.Fprintln(e.stdout, printable(name))
		e.showChanges(from, to)
		for _, s := range skipped {
			if !slices.ContainsFunc(known, func(k trustlist.Skipped) bool { return k.ID == s.ID && k.Reason.Error() == s.Reason.Error() }) {
				fmt.Fprintf(e.stdout, "  note: %s: %s\n", printable(s.ID), printable(s.Reason.Error()))
			}
		}
	}
	return nil
}

// showProposal tells what a release would change, and who approved it. It
// refuses one that was made against another release than the current.
func (e *env) showProposal(n networkFlags, chain []*quorum.Pinned, dir string, d *quorum.Document) error {
	r, ok := d.Content().(quorum.Release)
	if !ok {
		return fmt.Errorf("%s: no proposal", dir)
	}
	base, err := e.current(n.Network, chain)
	if err != nil {
		return err
	}
	root := chain[len(chain)-1].Root()
	switch {
	case r.Network != root.Network:
		return fmt.Errorf("%s: another network's", dir)
	case r.Base != base.digest():
		return fmt.Errorf("%s: made against another release than the current one; propose it anew", dir)
	}
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		dir = filepath.Dir(dir)
	}
	fmt.Fprintf(e.stdout, "%s\nlist %d under root %d, from %s to %s: %s\n", printable(r.Network), r.Version, r.Root,
		r.Issued.Format(time.DateOnly), r.Expires.Format(time.DateOnly), printable(r.Reason))
	if err := e.showFiles(n, base, dir, r); err != nil {
		return err
	}
	if base != nil && r.Removals > base.Release().Removals {
		fmt.Fprintf(e.stdout, "  decides on emergency removals up to %d\n", r.Removals)
	}
	fmt.Fprintln(e.stdout, approvals(root, d))
	return nil
}

func (e *env) showRemovals(n networkFlags, base *current, r quorum.Removals, d *quorum.Document, root quorum.Root) error {
	whole, err := base.Release().InsecureList(os.DirFS(n.Network), collect(new([]trustlist.Skipped), gdhcn.AuthorityNamed)) // to be shown
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s\nremovals %d: %s\n", printable(r.Network), r.Version, printable(r.Reason))
	for _, id := range r.Keys {
		for _, x := range whole.Entries() {
			for _, k := range x.Keys {
				if thumbprint(k) == id {
					fmt.Fprintf(e.stdout, "  removes: %s, signer %s\n", printable(x.Authority), printable(k.ID))
				}
			}
		}
	}
	fmt.Fprintln(e.stdout, approvals(root, d))
	return nil
}

type approveCmd struct {
	networkFlags
	Key string `required:"" placeholder:"KEY.PEM" help:"Private key of a member."`
	Out string `placeholder:"FILE" help:"Where the approved document goes, to be sent; in its own place without it."`

	Proposal string `arg:"" help:"A proposal's folder, or a file of removals."`
}

// Run signs a proposal after it showed what it changes.
func (c *approveCmd) Run(e *env) error {
	chain, err := e.follow(c.Network, c.Root)
	if err != nil {
		return err
	}
	root := chain[len(chain)-1].Root()
	file, d, err := e.readDocument(c.Proposal)
	if err != nil {
		return err
	}
	if d.Kind() == quorum.KindRoot {
		return errors.New("'sanad trust root sign' is for roots")
	}
	before, _ := root.Approvals(d)
	unsigned := d
	if d, err = e.signDocument(d, c.Key); err != nil {
		return err
	}
	if by, _ := root.Approvals(d); len(by) == len(before) && len(unsigned.KeyIDs()) != len(d.KeyIDs()) {
		return fmt.Errorf("%s: not a key that root %d asks for this, or its member approved already", c.Key, root.Version)
	}
	switch r := d.Content().(type) {
	case quorum.Release:
		err = e.showProposal(c.networkFlags, chain, c.Proposal, d)
	case quorum.Removals:
		var base *current
		if base, err = e.current(c.Network, chain); err == nil && base == nil {
			err = errors.New("the network has no list yet")
		}
		if err == nil {
			err = e.showRemovals(c.networkFlags, base, r, d, root)
		}
	}
	if err != nil {
		return err
	}
	if c.Out != "" {
		file = c.Out
	}
	return writeDocument(file, d)
}

type publishCmd struct {
	networkFlags
	Documents []string `arg:"" name:"document" help:"What the members approved: a root, a proposal's folder, a file of removals; copies with the approvals of others are joined."`
}

// Run checks everything as a verifier will, and then puts it into the network's
// folder.
func (c *publishCmd) Run(e *env) error {
	if err := os.MkdirAll(c.Network, 0o755); err != nil {
		return err
	}
	unlock, err := lockPath(filepath.Join(c.Network, "publish"))
	if err != nil {
		return err
	}
	defer unlock()
	p := publication{dir: c.Network}
	if err := p.gather(e, c.Documents); err != nil {
		return err
	}
	chain, err := e.follow(c.Network, c.Root)
	if err != nil {
		return err
	}
	if err := p.check(e, chain); err != nil {
		return err
	}
	return p.write(e)
}

// publication is what is to be published, at most one document of each kind.
type publication struct {
	dir                     string
	root, release, removals *quorum.Document
	from                    []string // folders that may have the release's files
	pinned                  *quorum.Pinned
	first                   uint64 // version of the root that the publisher trusts
	files                   map[string][]byte
}

func (p *publication) gather(e *env, documents []string) error {
	for _, name := range documents {
		file, d, err := e.readDocument(name)
		if err != nil {
			return err
		}
		slot := map[quorum.Kind]**quorum.Document{quorum.KindRoot: &p.root, quorum.KindRelease: &p.release, quorum.KindRemovals: &p.removals}[d.Kind()]
		if *slot != nil {
			if d, err = (*slot).Join(d); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		*slot = d
		p.from = append(p.from, filepath.Dir(file))
	}
	return nil
}

// check is what a verifier does who holds the current release.
func (p *publication) check(e *env, chain []*quorum.Pinned) error {
	p.pinned, p.first = chain[len(chain)-1], chain[0].Root().Version
	base, err := e.current(p.dir, chain)
	if err != nil {
		return err
	}
	if p.root != nil {
		if err := p.rotate(); err != nil {
			return err
		}
	}
	var held quorum.Held
	if base != nil {
		held = base.Held()
	}
	release, err := p.orCurrent(e, p.release, releaseFile)
	if err != nil {
		return err
	}
	removals, err := p.orCurrent(e, p.removals, removalsFile)
	if err != nil {
		return err
	}
	if release == nil {
		if p.removals != nil {
			return errors.New("the network has no list yet")
		}
		return nil // a root alone
	}
	if p.release != nil {
		r := p.release.Content().(quorum.Release)
		if p.release.Digest() != held.Digest && r.Base != base.digest() {
			return errors.New("the proposal was made against another release than the current one; propose it anew")
		}
	}
	a, err := p.pinned.Open(release, removals, e.now(), held)
	if p.release == nil && p.removals == nil && errors.Is(err, quorum.ErrThreshold) {
		e.note("the current list has too few approvals under this root: nobody can verify until one is published that has them")
		return nil
	}
	if err != nil {
		return err
	}
	return p.read(a)
}

// rotate checks a root: the first, which is the one pinned, or the next.
func (p *publication) rotate() error {
	if r := p.root.Content().(quorum.Root); r.Version == p.pinned.Root().Version {
		q, err := quorum.Pin(p.root.Bytes())
		if err != nil {
			return err
		}
		if pinned, err := quorum.New(p.pinned.Root()); err != nil || pinned.Digest() != p.root.Digest() {
			return errors.New("another root of this version is there")
		}
		p.pinned = q
		return nil
	}
	next, err := p.pinned.Update(p.root.Bytes())
	if err != nil {
		return err
	}
	p.pinned = next
	return nil
}

func (p *publication) orCurrent(e *env, d *quorum.Document, file string) ([]byte, error) {
	if d != nil {
		return d.Bytes(), nil
	}
	return e.optional(filepath.Join(p.dir, file))
}

// read takes the files of a release out of the proposal, and makes sure that
// they are a list.
func (p *publication) read(a *quorum.Approved) error {
	if p.release == nil {
		return nil
	}
	p.files = map[string][]byte{}
	var reasons []error
	for _, dir := range p.from {
		var skipped []trustlist.Skipped
		parse := collect(&skipped, gdhcn.AuthorityNamed)
		_, err := a.List(os.DirFS(dir), func(f quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
			p.files[f.Path()] = bytes.Clone(raw)
			return parse(f, raw, v)
		})
		if err == nil && dropped(skipped) > 0 {
			err = errors.New("some of its keys can't be read")
		}
		if err == nil {
			return nil
		}
		reasons = append(reasons, err)
	}
	return errors.Join(reasons...)
}

// write puts the files first and what refers to them last, so that whoever reads
// meanwhile sees the old list or the new one.
func (p *publication) write(e *env) error {
	for name, raw := range p.files {
		name = filepath.Join(p.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := write(name, raw, 0o644); err != nil {
			return err
		}
	}
	for _, d := range []struct {
		doc  *quorum.Document
		file string
	}{
		{p.root, rootPath(p.dir, p.pinned.Root().Version)},
		{p.removals, filepath.Join(p.dir, removalsFile)},
		{p.release, filepath.Join(p.dir, releaseFile)},
	} {
		if d.doc == nil {
			continue
		}
		if err := writeDocument(d.file, d.doc); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, "published", d.file)
	}
	return p.bundle(e)
}

// bundle puts the network into one file, once it has a list.
func (p *publication) bundle(e *env) error {
	if _, err := os.Stat(filepath.Join(p.dir, releaseFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	after := p.first // and those before it, as far back as they are there
	for after > 0 {
		if _, err := os.Stat(rootPath(p.dir, after)); err != nil {
			break
		}
		after--
	}
	b, err := e.bundle(p.dir, after)
	if err != nil {
		return err
	}
	raw, err := b.Bytes()
	if err != nil {
		return err
	}
	return write(filepath.Join(p.dir, bundleFile), raw, 0o644)
}
