package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// signerFlag is a certificate to add: CERT.pem, or XX=CERT.pem.
type signerFlag struct{ country, path string }

// UnmarshalText reads either form.
func (s *signerFlag) UnmarshalText(b []byte) error {
	*s = signerFlag{path: string(b)}
	if code, file, ok := strings.Cut(string(b), "="); ok && len(code) == 2 {
		*s = signerFlag{code, file}
	}
	if s.path == "" {
		return errors.New("not CERT.pem or XX=CERT.pem")
	}
	return nil
}

type proposeCmd struct {
	networkFlags
	Add       []signerFlag `sep:"none" placeholder:"CERT.pem" help:"Certificate of a document signer, or of a signing authority, to add; of the country in its subject, and XX=CERT.pem says which that must be."`
	Remove    []string     `sep:"none" placeholder:"KID" help:"Key identifier of a signer to remove, in every domain."`
	Reinstate []string     `sep:"none" placeholder:"KID" help:"Signer taken off by an emergency removal that is to stay on the list after all."`
	Domain    string       `default:"DCC" placeholder:"D" help:"Trust domain of what is added; ${default} without it."`
	Reason    string       `required:"" help:"Why; the members see it, and it is published."`
	Issued    *moment      `placeholder:"RFC3339" help:"Time of issue; now without it."`
	Days      int          `default:"7" help:"Validity of the list in days; ${default} without it. Who can withhold a newer list can do so for that long."`
	Out       string       `required:"" placeholder:"DIR" help:"Folder for the proposal, which must not exist yet."`
}

// Run makes the list that would result and the release that the members are
// asked to approve. Without --add and --remove the list is renewed as it is.
func (c *proposeCmd) Run(e *env) error {
	chain, err := e.follow(c.Network, c.Root)
	if err != nil {
		return err
	}
	root := chain[len(chain)-1].Root()
	base, err := e.current(c.Network, chain)
	if err != nil {
		return err
	}
	ed, err := c.editor(e, base, root.Network)
	if err != nil {
		return err
	}
	files, err := ed.files(e)
	if err != nil {
		return err
	}
	r := quorum.Release{Network: root.Network, Root: root.Version, Version: 1, Base: base.digest(), Reason: c.Reason}
	if c.Issued == nil {
		c.Issued = &moment{e.after(base.issued())}
	}
	if r.Issued, r.Expires, err = period(e, c.Issued, c.Days); err != nil {
		return err
	}
	if base != nil {
		if r.Removals = base.Held().Removals; base.Release().Root == root.Version {
			r.Version = base.Release().Version + 1
		}
		if r.Issued.Before(base.Release().Issued) {
			return errors.New("the current release is dated later than this one: is the clock wrong?")
		}
	}
	for _, f := range files {
		r.Files = append(r.Files, quorum.NewFile(f.name, f.raw))
	}
	d, err := quorum.New(r)
	if err != nil {
		return err
	}
	if err := c.store(d, r, files); err != nil {
		return err
	}
	return e.showProposal(c.networkFlags, chain, c.Out, d)
}

// store writes the proposal whole, or not at all.
func (c *proposeCmd) store(d *quorum.Document, r quorum.Release, files []proposedFile) error {
	if err := newFolder(c.Out); err != nil {
		return err
	}
	return stage(c.Out, func(tmp string) error {
		for i, f := range files {
			if err := writeBelow(tmp, r.Files[i].Path(), f.raw); err != nil {
				return err
			}
		}
		return writeDocument(filepath.Join(tmp, releaseFile), d)
	})
}

// listEditor changes the documents of a list, one for each domain.
type listEditor struct {
	network string
	domains []*domainList
}

type domainList struct {
	name    string // of the file
	raw     []byte // as it was; nil for a new one
	entries []trustlist.Entry
	changed bool
}

type proposedFile struct {
	name string
	raw  []byte
}

// editor applies the change to the current list.
func (c *proposeCmd) editor(e *env, base *current, network string) (*listEditor, error) {
	ed := &listEditor{network: network}
	removed, err := c.removed(e, base)
	if err != nil {
		return nil, err
	}
	if base != nil {
		if _, err := base.Release().InsecureList(os.DirFS(c.Network), ed.take); err != nil { // Open has approved it
			return nil, err
		}
	}
	for _, r := range removed {
		if !ed.remove(r) && r.id != "" {
			return nil, fmt.Errorf("--remove %s: no such signer on the list", r.id)
		}
	}
	for _, s := range c.Add {
		entry, err := s.entry(e)
		if err != nil {
			return nil, err
		}
		if err := ed.add(c.Domain, entry); err != nil {
			return nil, fmt.Errorf("--add %s: %w", s.path, err)
		}
	}
	if ed.domains == nil {
		return nil, usagef("the network has no list yet: --add its first signers")
	}
	return ed, nil
}

// removal names a key that is to go, by its kid or by its thumbprint.
type removal struct{ id, thumbprint string }

// removed are the keys of --remove, and those of emergency removals unless
// --reinstate keeps them.
func (c *proposeCmd) removed(e *env, base *current) ([]removal, error) {
	var out []removal
	for _, kid := range c.Remove {
		out = append(out, removal{id: kid})
	}
	var gone *quorum.Removals
	if base != nil {
		gone = base.Removals()
	}
	if gone == nil {
		if len(c.Reinstate) > 0 {
			return nil, errors.New("--reinstate: no removal is in effect")
		}
		return out, nil
	}
	whole, err := base.Release().InsecureList(os.DirFS(c.Network), collect(new([]trustlist.Skipped), gdhcn.AuthorityNamed))
	if err != nil {
		return nil, err
	}
	keep := map[string]bool{}
	for _, kid := range c.Reinstate {
		keys, err := whole.ResolveKeys(e.ctx, proof.Hint{KeyID: kid})
		if err != nil || len(keys) == 0 {
			return nil, fmt.Errorf("--reinstate %s: no such signer", kid)
		}
		for _, k := range keys {
			keep[thumbprint(k)] = true
		}
	}
	for _, id := range gone.Keys {
		if !keep[id] {
			out = append(out, removal{thumbprint: id})
		}
	}
	return out, nil
}

func thumbprint(k proof.Key) string {
	id, err := quorum.KeyID(k.Public)
	if err != nil {
		return ""
	}
	return id
}

// take is a quorum.Parser that keeps the entries of each file.
func (ed *listEditor) take(f quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
	l, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v})
	if err != nil {
		return nil, err
	}
	if n := dropped(skipped); n > 0 {
		return nil, fmt.Errorf("%d of its keys can't be read, so the list can't be changed", n)
	}
	ed.domains = append(ed.domains, &domainList{name: f.Name, raw: raw, entries: l.Entries()})
	return l, nil
}

// remove takes a key off every file: by its identifier, under which ever others
// its certificate is listed too, or by its thumbprint.
func (ed *listEditor) remove(r removal) bool {
	var certs [][]byte
	ed.each(func(k proof.Key) bool {
		if r.id != "" && k.ID == r.id && len(k.Chain) > 0 {
			certs = append(certs, k.Chain[0].Raw)
		}
		return false
	})
	return ed.each(func(k proof.Key) bool {
		if r.thumbprint != "" {
			return thumbprint(k) == r.thumbprint
		}
		return k.ID == r.id || len(k.Chain) > 0 && slices.ContainsFunc(certs, func(der []byte) bool { return bytes.Equal(der, k.Chain[0].Raw) })
	})
}

// each takes the keys away for which it is asked to, and tells if there were any.
func (ed *listEditor) each(take func(proof.Key) bool) bool {
	found := false
	for _, d := range ed.domains {
		for i := range d.entries {
			x := &d.entries[i]
			n := len(x.Keys)
			x.Keys = slices.DeleteFunc(slices.Clone(x.Keys), take)
			if len(x.Keys) < n {
				found, d.changed = true, true
			}
		}
		d.entries = slices.DeleteFunc(d.entries, func(x trustlist.Entry) bool { return len(x.Keys) == 0 })
	}
	return found
}

// add puts a signer on the file of its domain.
func (ed *listEditor) add(domain string, x trustlist.Entry) error {
	name := domain + "/did.json"
	i := slices.IndexFunc(ed.domains, func(d *domainList) bool { return d.name == name })
	if i < 0 {
		i = len(ed.domains)
		ed.domains = append(ed.domains, &domainList{name: name})
	}
	d := ed.domains[i]
	d.changed = true
	for j := range d.entries {
		old := &d.entries[j]
		if old.Authority != x.Authority || !slices.Equal(old.Roles, x.Roles) {
			continue
		}
		if slices.ContainsFunc(old.Keys, func(k proof.Key) bool { return k.ID == x.Keys[0].ID }) {
			return errors.New("the signer is on the list already")
		}
		old.Keys = append(slices.Clone(old.Keys), x.Keys...)
		return nil
	}
	d.entries = append(d.entries, x)
	return nil
}

// files are the documents that result. One that did not change stays as it is,
// to the byte.
func (ed *listEditor) files(e *env) ([]proposedFile, error) {
	var out []proposedFile
	for _, d := range ed.domains {
		if d.changed {
			var err error
			if d.raw, err = unsignedList(e, gdhcn.Info{ID: ed.network, Domain: path.Dir(d.name), Issued: e.now()}, d.entries); err != nil {
				return nil, err
			}
		}
		out = append(out, proposedFile{d.name, d.raw})
	}
	return out, nil
}

// unsignedList is a list document without a proof, for the members or somebody
// elsewhere to sign. A key that nobody has signs it first, so that it is read
// back as any list is.
func unsignedList(e *env, info gdhcn.Info, entries []trustlist.Entry) ([]byte, error) {
	signer, err := (&trustBuildCmd{Raw: true}).signer(e)
	if err != nil {
		return nil, err
	}
	raw, err := gdhcn.Publish(e.ctx, info, entries, signer)
	if err != nil {
		return nil, err
	}
	d, err := dataintegrity.Parse(raw)
	if err != nil {
		return nil, err
	}
	return d.Unsecured(), nil
}

// authorityRole is the usage of a signing authority on WHO's lists.
const authorityRole trustlist.Role = "SCA"

// entry is the document signer of a certificate, or the signing authority.
func (s *signerFlag) entry(e *env) (trustlist.Entry, error) {
	var x trustlist.Entry
	cert, err := e.readCertificate(s.path)
	if err != nil {
		return x, err
	}
	code := s.country
	if of := cert.Subject.Country; len(of) == 1 && code == "" {
		code = of[0]
	} else if len(of) > 0 && !slices.Contains(trustlist.CountryNames(code), of[0]) {
		return x, fmt.Errorf("--add %s=%s: the certificate is another country's", code, s.path)
	}
	names := trustlist.CountryNames(code)
	if names == nil {
		return x, fmt.Errorf("--add %s: of no country; say which with XX=%s", s.path, s.path)
	}
	k, err := trustlist.CertificateKey(cert)
	if err != nil {
		return x, fmt.Errorf("--add %s: %w", s.path, err)
	}
	roles := []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}
	if cert.IsCA {
		roles = []trustlist.Role{authorityRole} // certifies signers, and signs no cards itself
	}
	return trustlist.Entry{
		Authority: names[min(1, len(names)-1)], Territory: trustlist.Territory(code), Names: names, // alpha-3 stands second
		Roles: roles, Keys: []proof.Key{k},
	}, nil
}

type removeCmd struct {
	networkFlags
	Kid    []string `required:"" sep:"none" placeholder:"KID" help:"Key identifier of a signer; its key goes, wherever it is listed."`
	Reason string   `required:"" help:"Why; it is published."`
	Out    string   `required:"" placeholder:"FILE" help:"Where the unsigned removals go, a new file."`
}

// Run makes removals, which as many members must approve as the root asks for.
// Those in effect stay.
func (c *removeCmd) Run(e *env) error {
	chain, err := e.follow(c.Network, c.Root)
	if err != nil {
		return err
	}
	root := chain[len(chain)-1].Root()
	base, err := e.current(c.Network, chain)
	if err != nil {
		return err
	}
	if base == nil {
		return errors.New("the network has no list yet")
	}
	list, err := base.list(c.Network)
	if err != nil {
		return err
	}
	held := base.Held()
	r := quorum.Removals{Network: root.Network, Root: root.Version, Version: held.Removals + 1, Issued: e.after(base.issued()), Reason: c.Reason, Keys: held.Removed}
	for _, kid := range c.Kid {
		keys, err := list.ResolveKeys(e.ctx, proof.Hint{KeyID: kid})
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return fmt.Errorf("--kid %s: no such signer on the list", kid)
		}
		for _, k := range keys {
			if id := thumbprint(k); !slices.Contains(r.Keys, id) {
				r.Keys = append(r.Keys, id)
			}
		}
	}
	d, err := quorum.New(r)
	if err != nil {
		return err
	}
	if err := createDocument(c.Out, d); err != nil {
		return err
	}
	return e.showRemovals(c.networkFlags, base, r, d, root)
}
