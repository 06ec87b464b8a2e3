package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

type presentCmd struct {
	Show     []string `sep:"none" placeholder:"POINTER" help:"JSON pointer, such as /credentialSubject/name, to what is shown beside what the issuer made mandatory; \"\" shows all, none only what is mandatory. FILE#POINTER is for that file alone. What can only be shown whole is, without it."`
	Key      string   `placeholder:"HOLDER.PEM" help:"Private key of the holder, who signs as a did:key. Needed for all but --as none."`
	Nonce    string   `placeholder:"N" help:"What the verifier gave out for this exchange."`
	Audience string   `placeholder:"A" help:"The verifier, as it calls itself."`
	As       string   `enum:"vp,vp+jwt,vp+cose,none" default:"vp" help:"What is made around the credentials: a W3C presentation with a proof (vp), as a token (vp+jwt), in COSE (vp+cose), or nothing: a single credential, which as an SD-JWT proves its holder itself."`
	Out      string   `default:"-" placeholder:"FILE" help:"Where the presentation goes; standard output without it."`

	Files []string `arg:"" name:"file" help:"Credentials: text, JSON, or a picture of a QR code; '-' is standard input."`
}

// Run presents what is held.
func (c *presentCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	var holder proof.Signer
	if c.Key != "" {
		var err error
		if holder, err = e.didSigner(c.Key); err != nil {
			return err
		}
	}
	b := credential.Binding{Audience: c.Audience, Nonce: c.Nonce}
	var all []credential.Held
	for _, name := range c.Files {
		h, err := c.held(e, name, holder)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, h)
	}
	raw, err := credential.Present(e.ctx, presenterAs(c.As), all, b)
	if err != nil {
		return err
	}
	return e.emit(c.Out, raw)
}

func (c *presentCmd) check() error {
	switch {
	case c.As == "none" && len(c.Files) > 1:
		return usagef("--as none is for one credential: several need a presentation around them")
	case c.As == "none" && c.Key == "" && c.Nonce+c.Audience != "":
		return usagef("--nonce and --audience are what the holder signs: --key is missing")
	case c.As == "none" && c.Key != "" && (c.Nonce == "" || c.Audience == ""):
		return usagef("--key needs --nonce and --audience: for whom, and in which exchange, is the credential shown?")
	case c.As != "none" && (c.Key == "" || c.Nonce == ""):
		return usagef("--as %s needs --key and --nonce: who presents, and in which exchange?", c.As)
	}
	for _, p := range c.Show {
		if !pointer(p) && !c.ofFile(p) {
			return usagef("--show %q: no JSON pointer, which begins with a slash, or FILE#POINTER of a file that is presented", p)
		}
	}
	return nil
}

func pointer(p string) bool { return p == "" || p[0] == '/' }

func (c *presentCmd) ofFile(p string) bool {
	for _, name := range c.Files {
		if rest, ok := strings.CutPrefix(p, name+"#"); ok && pointer(rest) {
			return true
		}
	}
	return false
}

// show are the pointers into one file.
func (c *presentCmd) show(name string) (out []string) {
	for _, p := range c.Show {
		if !c.ofFile(p) {
			out = append(out, p)
		} else if rest, ok := strings.CutPrefix(p, name+"#"); ok && pointer(rest) {
			out = append(out, rest)
		}
	}
	return out
}

// held reads one credential.
func (c *presentCmd) held(e *env, name string, holder proof.Signer) (credential.Held, error) {
	raw, err := e.readCredential(name)
	if err != nil {
		return credential.Held{}, err
	}
	u, err := credential.Inspect(readable(false), raw)
	if err != nil {
		return credential.Held{}, err
	}
	if u.Credential == nil {
		return credential.Held{}, errors.New("a presentation, which is not presented again")
	}
	h := credential.Held{Raw: raw, Signer: holder, Show: c.show(name)}
	switch u.Credential.Format {
	case w3c.Format{}.Name():
		h.Format, err = c.deriver(e, raw)
	case w3c.SDJWT{}.Name():
		h.Format, h.MediaType = w3c.SDJWT{}, "application/vc+sd-jwt"
	case sdjwt.Format{}.Name():
		h.Format, h.MediaType = sdjwt.Format{}, sdjwt.MediaType
	case hcert.Format{}.Name():
		h.MediaType = hcert.MediaType
	}
	if c.As == "none" && holder != nil && (h.MediaType == "" || len(u.Credential.Confirm) == 0) {
		return h, errors.New("names no holder's key that could be proven without a presentation around it: --as vp")
	}
	return h, err
}

// deriver is the format of a W3C document with a base proof, of which a part can
// be shown; nil for one that can only be shown whole.
func (c *presentCmd) deriver(e *env, raw []byte) (credential.Deriver, error) {
	f := w3c.Format{BBS: bbs.Scheme{}}
	_, err := f.Derive(e.ctx, credential.Held{Raw: raw, Show: []string{""}}, credential.Binding{})
	if errors.Is(err, dataintegrity.ErrNotBase) {
		return nil, nil
	}
	return f, err
}

func presenterAs(name string) credential.Presenter {
	f := w3c.Format{BBS: bbs.Scheme{}}
	switch name {
	case "vp":
		return f
	case "vp+jwt":
		return w3c.JWT{Document: f}
	case "vp+cose":
		return w3c.COSE{Document: f}
	}
	return nil
}
