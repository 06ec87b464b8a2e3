package main

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sanad-credentials/sanad/trustlist/gdhcn/enroll"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

// lintFlags say what a folder is held against.
type lintFlags struct {
	Signers string   `placeholder:"FOLDER" help:"Folder of the state's document signer certificates."`
	Other   []string `placeholder:"FOLDER" help:"Folder of its certificates in another environment: no key may be in both."`
	Known   []string `name:"known-domain" placeholder:"D" help:"Trust domain of the network, beside those of WHO's."`
	Time    *moment  `placeholder:"RFC3339" help:"When validity is judged; now without it."`
}

func (f *lintFlags) options(e *env) enroll.LintOptions {
	o := enroll.LintOptions{Time: e.now(), Domains: f.Known}
	if f.Time != nil {
		o.Time = f.Time.Time
	}
	if f.Signers != "" {
		o.Signers = os.DirFS(f.Signers)
	}
	for _, dir := range f.Other {
		o.Others = append(o.Others, os.DirFS(dir))
	}
	return o
}

type trustLintCmd struct {
	lintFlags `embed:""`
	Anchor    string `placeholder:"TA.PEM" help:"Certificate of the network's trust anchor: its signatures in the folder are checked too."`
	JSON      bool   `name:"json" help:"Write JSON."`

	Folder string `arg:"" help:"The folder that is handed in: what holds onboarding/, or states' folders that do."`
}

// Run tells what the network would refuse; its status is 1 where it would.
func (c *trustLintCmd) Run(e *env) error {
	found, err := enroll.Lint(os.DirFS(c.Folder), c.options(e))
	if err != nil {
		return err
	}
	if c.Anchor != "" {
		more, err := e.records(c.Folder, c.Anchor)
		if err != nil {
			_ = tell(e, found, c.JSON) // it fails anyhow
			return err
		}
		found = append(found, more...)
	}
	return tell(e, found, c.JSON)
}

// tell writes findings and fails where one is an error.
func tell(e *env, found []enroll.Finding, asJSON bool) error {
	errs := 0
	for _, f := range found {
		if f.Severity == enroll.Error {
			errs++
		}
	}
	if asJSON {
		if found == nil {
			found = []enroll.Finding{}
		}
		if err := writeIndented(e.stdout, found); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			fmt.Fprintf(e.stdout, "%-7s  %s  %s\n         %s\n", f.Severity, f.Code, printable(f.Path), printable(f.Text))
		}
		fmt.Fprintf(e.stdout, "errors: %d, warnings: %d\n", errs, len(found)-errs)
	}
	if errs > 0 {
		return exitError(exitFailed)
	}
	return nil
}

// anchorMark begins the names of the anchor's signatures.
const anchorMark = "TNG_TA.signed."

// records checks the trust anchor's signatures in a folder.
func (e *env) records(folder, anchorFile string) ([]enroll.Finding, error) {
	anchor, err := e.readCertificate(anchorFile)
	if err != nil {
		return nil, err
	}
	var found []enroll.Finding
	n := 0
	err = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), anchorMark) || path.Ext(d.Name()) != ".json" {
			return err
		}
		raw, err := e.read(name, 3*maxPEM)
		if err != nil {
			return err
		}
		n++
		if filepath.Base(filepath.Dir(filepath.Dir(name))) == "ISSUER" {
			_, _, err = onboarding.VerifyIssuer(raw, anchor)
		} else {
			err = e.recordOf(name, raw, anchor)
		}
		if err != nil {
			found = append(found, enroll.Finding{Code: "anchor.signature", Path: name, Severity: enroll.Error, Text: err.Error() + "."})
		}
		return nil
	})
	if err == nil && n == 0 {
		err = errors.New("nothing in the folder is signed by a trust anchor")
	}
	return found, err
}

// recordOf checks a record, and that it is of the certificate beside it.
func (e *env) recordOf(name string, raw []byte, anchor *x509.Certificate) error {
	r, err := onboarding.Verify(raw, anchor)
	if err != nil {
		return err
	}
	beside := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), anchorMark), ".json") + ".pem"
	c, err := e.readCertificate(filepath.Join(filepath.Dir(filepath.Dir(name)), beside))
	if err != nil {
		return err
	}
	if !c.Equal(r.Certificate) {
		return errors.New("another certificate than the one beside it was signed")
	}
	return nil
}

type trustVouchCmd struct {
	Anchor string `required:"" placeholder:"TA.PEM" help:"Certificate of the trust anchor."`
	Key    string `required:"" placeholder:"KEY.PEM" help:"Its private key."`

	File []string `arg:"" help:"Certificates and Trusted_Issuer.json forms, each of which is signed into signed/ beside it."`
}

// Run signs each file. What has been signed before is signed anew.
func (c *trustVouchCmd) Run(e *env) error {
	anchor, err := e.readCertificate(c.Anchor)
	if err != nil {
		return err
	}
	key, err := e.readKey(c.Key)
	if err != nil {
		return err
	}
	records := make([][]byte, len(c.File))
	for i, name := range c.File { // all, before any is written
		if records[i], err = e.vouch(name, anchor, key); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for i, name := range c.File {
		dir := filepath.Join(filepath.Dir(name), "signed")
		record := anchorMark + strings.TrimSuffix(filepath.Base(name), path.Ext(name)) + ".json"
		if err := writeBelow(dir, record, append(records[i], '\n')); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, filepath.Join(dir, record))
	}
	return nil
}

// vouch signs a certificate or the form of an issuer.
func (e *env) vouch(name string, anchor *x509.Certificate, key crypto.Signer) ([]byte, error) {
	if path.Ext(name) == ".json" {
		form, err := e.read(name, maxPEM)
		if err != nil {
			return nil, err
		}
		issuer, err := onboarding.ParseIssuer(form)
		if err != nil {
			return nil, err
		}
		return onboarding.SignIssuer(*issuer, anchor, key, e.now())
	}
	cert, err := e.readCertificate(name)
	if err != nil {
		return nil, err
	}
	return onboarding.Sign(cert, anchor, key, e.now())
}

type trustEnrollCmd struct {
	lintFlags   `embed:""`
	Participant string   `required:"" placeholder:"XXX" help:"The state's code in the network, ISO 3166-1 alpha-3."`
	Domain      string   `default:"DCC" placeholder:"D" help:"Trust domain; ${default} without it."`
	SCA         []string `required:"" name:"sca" placeholder:"SCA.PEM" help:"Certificates of its signing authorities."`
	UP          string   `required:"" name:"up" placeholder:"UP.PEM" help:"Its certificate for uploads."`
	TLS         string   `required:"" name:"tls" placeholder:"TLS.PEM" help:"Its certificate for TLS."`
	TLSCA       []string `name:"tls-ca" placeholder:"CA.PEM" help:"Authorities above --tls, the one that issued it first; without it --tls is self-signed."`
	Upload      string   `placeholder:"FOLDER" help:"Also write the messages that upload the document signers of --signers, into this folder, which must not be there yet; needs --up-key."`
	UPKey       string   `name:"up-key" placeholder:"KEY.PEM" help:"Private key of --up."`
	Out         string   `required:"" placeholder:"FOLDER" help:"Where the state's folder goes, which must not have one yet."`
}

// Run lays out the folder, unless the network would refuse it.
func (c *trustEnrollCmd) Run(e *env) error {
	if (c.Upload == "") != (c.UPKey == "") || c.Upload != "" && c.Signers == "" {
		return usagef("--upload, --up-key and --signers go together")
	}
	f := enroll.Folder{Participant: c.Participant, Domain: c.Domain}
	var err error
	if f.SCA, err = e.readCertificates(c.SCA); err != nil {
		return err
	}
	if f.TLSChain, err = e.readCertificates(c.TLSCA); err != nil {
		return err
	}
	if f.UP, err = e.readCertificate(c.UP); err != nil {
		return err
	}
	if f.TLS, err = e.readCertificate(c.TLS); err != nil {
		return err
	}
	files, err := enroll.Files(f)
	if err != nil {
		return err
	}
	uploads, err := c.uploads(e, f.UP)
	if err != nil {
		return err
	}
	// Participant and Domain are codes by now, and name no other folder.
	dir := filepath.Join(c.Out, c.Participant, "onboarding", c.Domain)
	if err := newFolder(dir); err != nil {
		return err
	}
	if uploads != nil {
		if err := newFolder(c.Upload); err != nil {
			return err
		}
	}
	if err := c.layOut(e, files, dir); err != nil {
		return err
	}
	if uploads == nil {
		return nil
	}
	if err := stage(c.Upload, func(tmp string) error { return writeAll(tmp, uploads) }); err != nil {
		_ = os.RemoveAll(dir) // both, or neither
		return err
	}
	return nil
}

// layOut checks the folder before it takes its place.
func (c *trustEnrollCmd) layOut(e *env, files map[string][]byte, dir string) error {
	tmp, err := os.MkdirTemp("", "sanad-enroll-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // whatever became of it
	if err := writeAll(tmp, files); err != nil {
		return err
	}
	found, err := enroll.Lint(os.DirFS(tmp), c.options(e))
	if err != nil {
		return err
	}
	if err := tell(e, found, false); err != nil {
		return err
	}
	below := c.Participant + "/onboarding/" + c.Domain + "/"
	return stage(dir, func(tmp string) error {
		for name, data := range files {
			if err := writeBelow(tmp, strings.TrimPrefix(name, below), data); err != nil {
				return err
			}
		}
		return nil
	})
}

// uploads are the messages that upload document signers, by file name.
func (c *trustEnrollCmd) uploads(e *env, up *x509.Certificate) (map[string][]byte, error) {
	if c.Upload == "" {
		return nil, nil
	}
	key, err := e.readKey(c.UPKey)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	err = fs.WalkDir(os.DirFS(c.Signers), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".pem" {
			return err
		}
		dsc, err := e.readCertificate(filepath.Join(c.Signers, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		raw, err := onboarding.Upload(dsc, up, key, c.Domain, e.now())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out[strings.TrimSuffix(name, ".pem")+".json"] = append(raw, '\n')
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s: no certificate to upload: no .pem file", c.Signers)
	}
	return out, err
}

func (e *env) readCertificates(names []string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, n := range names {
		c, err := e.readCertificate(n)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
