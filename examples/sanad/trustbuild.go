package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/pem"
)

type trustBuildCmd struct {
	ID     string  `required:"" name:"id" placeholder:"DID" help:"The list's name, a DID such as did:web:health.example:v2:trustlist; with --tree, the host's, such as did:web:health.example."`
	Key    string  `placeholder:"KEY.PEM" xor:"signed" help:"Private key whose did:key signs the list."`
	Raw    bool    `name:"unsigned" xor:"signed" help:"Write the list unsigned, for 'trust sign' elsewhere."`
	Domain string  `placeholder:"D" help:"Trust domain of the keys; DCC without it."`
	Tree   string  `placeholder:"FOLDER" help:"Write all lists of a network into this folder, in the place of what is there; then the folder of certificates holds one for each domain."`
	Issued *moment `placeholder:"RFC3339" help:"Time of issue; now without it."`
	Days   int     `default:"30" help:"Validity of the list in days; ${default} without it."`
	Out    string  `default:"-" placeholder:"FILE" help:"Where the list goes; standard output without it."`

	From string `arg:"" name:"folder" help:"Folder of certificates; a folder in it that is named like a country holds that country's, and one named SCA signing authorities. Or gdhcn:PATH, a list whose keys are taken as they are; its own signature is not checked."`
}

// Run makes a trust list document of WHO's network, or all of them.
func (c *trustBuildCmd) Run(e *env) error {
	if (c.Key == "") != c.Raw {
		return usagef("trust build needs --key, or --unsigned")
	}
	if c.Tree != "" && (c.Raw || c.Domain != "" || c.Out != stdio) {
		return usagef("--tree goes with --key, and not with --domain or --out")
	}
	issued, expires, err := period(e, c.Issued, c.Days)
	if err != nil {
		return err
	}
	signer, err := c.signer(e)
	if err != nil {
		return err
	}
	if c.Tree != "" {
		return c.tree(e, gdhcn.Tree{Root: c.ID, Issued: issued, Expires: expires, Domains: map[string][]trustlist.Entry{}}, signer)
	}
	entries, err := c.entries(e, c.From)
	if err != nil {
		return err
	}
	raw, err := gdhcn.Publish(e.ctx, gdhcn.Info{ID: c.ID, Domain: c.Domain, Issued: issued, Expires: expires}, entries, signer)
	if err != nil {
		return err
	}
	if c.Raw {
		d, err := dataintegrity.Parse(raw)
		if err != nil {
			return err
		}
		raw = d.Unsecured()
	}
	return e.emit(c.Out, raw)
}

// tree publishes the domains that are folders of c.From, or of another list.
func (c *trustBuildCmd) tree(e *env, t gdhcn.Tree, signer proof.Signer) (err error) {
	if path, ok := strings.CutPrefix(c.From, kindGDHCN+":"); ok {
		t.Domains, err = e.domains(path)
	} else {
		err = c.folders(e, t.Domains)
	}
	if err != nil {
		return err
	}
	n := 0
	err = stage(c.Tree, func(tmp string) error {
		return gdhcn.PublishTree(e.ctx, t, signer, func(name string, doc []byte) error {
			n++
			return writeBelow(tmp, name, append(doc, '\n'))
		})
	})
	if err == nil {
		e.note("%d documents in %s", n, c.Tree)
	}
	return err
}

// folders reads the folders of c.From, one for each domain.
func (c *trustBuildCmd) folders(e *env, into map[string][]trustlist.Entry) error {
	domains, err := os.ReadDir(c.From)
	if err != nil {
		return err
	}
	for _, d := range domains {
		if !d.IsDir() {
			return fmt.Errorf("%s: with --tree, certificates lie in folders of their domain", d.Name())
		}
		if into[d.Name()], err = c.entries(e, filepath.Join(c.From, d.Name())); err != nil {
			return err
		}
	}
	return nil
}

// domains are the entries of a list, by their domain; those of version 1, which
// has none, are of the default one.
func (e *env) domains(path string) (map[string][]trustlist.Entry, error) {
	raw, err := e.read(rootList(path), limits.TrustList)
	if err != nil {
		return nil, err
	}
	doc, err := jcs.Parse(bytes.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	out := map[string][]trustlist.Entry{}
	for _, m := range doc.Member("verificationMethod").Elements() {
		code, _ := m.Member("domain").Member("code").Text()
		code = strings.TrimPrefix(code, "#")
		domain, o := code, gdhcn.Options{InsecureUnsigned: true, Domains: []string{code}}
		if code == "" {
			domain = gdhcn.DefaultDomain
		}
		if _, done := out[domain]; done {
			continue
		}
		l, skipped, err := gdhcn.Parse(raw, o)
		if err != nil {
			return nil, err
		}
		skipped = slices.DeleteFunc(skipped, func(s trustlist.Skipped) bool { return errors.Is(s.Reason, gdhcn.ErrDomain) })
		if err := complete(e, skipped); err != nil {
			return nil, err
		}
		out[domain] = l.Entries()
	}
	return out, nil
}

// entries are those of a folder, or of another list.
func (c *trustBuildCmd) entries(e *env, from string) ([]trustlist.Entry, error) {
	if path, ok := strings.CutPrefix(from, kindGDHCN+":"); ok {
		l, err := e.load(source{kind: kindGDHCN, path: path}, &listReader{check: gdhcn.AuthorityChecked})
		if err != nil {
			return nil, err
		}
		return l.list.Entries(), complete(e, l.skipped)
	}
	authorities, err := c.folder(e, from, true)
	if err != nil {
		return nil, err
	}
	for i := range authorities {
		authorities[i].Roles = []trustlist.Role{"CSCA"} // as the network's own lists say
	}
	signers, err := c.folder(e, from, false)
	if err != nil {
		return nil, err
	}
	return append(authorities, signers...), nil
}

// folder reads the certificates that lie in folders named SCA, or all others.
func (c *trustBuildCmd) folder(e *env, dir string, authorities bool) ([]trustlist.Entry, error) {
	list, skipped, err := pem.Load(usageFS{os.DirFS(dir), authorities}, pem.Options{})
	if authorities && errors.Is(err, pem.ErrEmpty) && len(skipped) == 0 {
		return nil, nil
	}
	if err := errors.Join(complete(e, skipped), err); err != nil {
		return nil, err
	}
	return participants(list.Entries())
}

// complete refuses what would leave something out.
func complete(e *env, skipped []trustlist.Skipped) error {
	for _, s := range skipped {
		e.note("%s: %v", s.ID, s.Reason)
	}
	if dropped(skipped) > 0 {
		return errors.New("the list would not be complete: remove what can't be read")
	}
	return nil
}

// usageFS shows the files in folders named SCA, or all but those.
type usageFS struct {
	fs.FS
	authorities bool
}

// ReadDir leaves out the others.
func (u usageFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(u.FS, name)
	inside := slices.Contains(strings.Split(name, "/"), "SCA")
	return slices.DeleteFunc(entries, func(d fs.DirEntry) bool {
		if d.IsDir() {
			return !u.authorities && d.Name() == "SCA"
		}
		return inside != u.authorities
	}), err
}

// signer for an unsigned list is a key that nobody has: what it signs is read
// back as any list is, and then loses the signature.
func (c *trustBuildCmd) signer(e *env) (proof.Signer, error) {
	if !c.Raw {
		return e.didSigner(c.Key)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return key.NewSigner(private)
}

// participants joins the certificates of each country to one entry, named as
// the network names its participants.
func participants(certs []trustlist.Entry) ([]trustlist.Entry, error) {
	var out []trustlist.Entry
	for _, c := range certs {
		if len(c.Names) == 0 {
			return nil, fmt.Errorf("%s: of no country; put it into a folder named like one", c.Authority)
		}
		code := c.Names[min(1, len(c.Names)-1)] // alpha-3 stands second
		i := slices.IndexFunc(out, func(e trustlist.Entry) bool { return e.Authority == code })
		if i >= 0 {
			out[i].Keys = append(out[i].Keys, c.Keys...)
			continue
		}
		c.Authority = code
		out = append(out, c)
	}
	return out, nil
}

func period(e *env, issued *moment, days int) (from, to time.Time, err error) {
	if days < 1 || days > 3650 {
		return from, to, usagef("--days %d: 1 to 3650", days)
	}
	from = e.now()
	if issued != nil {
		from = issued.Time
	}
	return from, from.Add(time.Duration(days) * 24 * time.Hour), nil
}

type trustSignCmd struct {
	Key     string  `required:"" placeholder:"KEY.PEM" help:"Private key whose did:key signs the list."`
	Replace bool    `help:"Drop the proof that the list has, without looking at it: first make sure where it comes from."`
	Issued  *moment `placeholder:"RFC3339" help:"Time of issue; now without it."`
	Days    int     `default:"30" help:"Validity of the list in days; ${default} without it."`
	Out     string  `default:"-" placeholder:"FILE" help:"Where the signed list goes; standard output without it."`

	File string `arg:"" optional:"" default:"-" help:"The list; standard input without it."`
}

// Run signs a trust list document, and reads it back as a verifier will.
func (c *trustSignCmd) Run(e *env) error {
	raw, err := e.read(c.File, limits.TrustList)
	if err != nil {
		return err
	}
	doc, err := jcs.Parse(bytes.TrimSpace(raw))
	if err != nil {
		return err
	}
	if doc.Kind() != jcs.Object {
		return errors.New("the list is not a JSON object")
	}
	if c.Replace {
		raw = doc.Append(nil, "proof")
	} else if doc.Member("proof").Exists() {
		return errors.New("the list has a proof already; --replace drops it")
	}
	o := dataintegrity.Options{}
	if o.Created, o.Expires, err = period(e, c.Issued, c.Days); err != nil {
		return err
	}
	signer, err := e.didSigner(c.Key)
	if err != nil {
		return err
	}
	if raw, err = dataintegrity.Sign(e.ctx, raw, signer, o); err != nil {
		return err
	}
	_, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{signer.Key()}})
	if err != nil {
		return err
	}
	if n := dropped(skipped); n > 0 {
		e.note("%d of its keys can't be read; 'sanad trust show' tells why", n)
	}
	return e.emit(c.Out, raw)
}
