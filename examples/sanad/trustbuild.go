package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"slices"
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
	ID     string  `required:"" name:"id" placeholder:"DID" help:"The list's name, a DID such as did:web:health.example:v2:trustlist."`
	Key    string  `placeholder:"KEY.PEM" xor:"signed" help:"Private key whose did:key signs the list."`
	Raw    bool    `name:"unsigned" xor:"signed" help:"Write the list unsigned, for 'trust sign' elsewhere."`
	Domain string  `placeholder:"D" help:"Trust domain of the keys; DCC without it."`
	Issued *moment `placeholder:"RFC3339" help:"Time of issue; now without it."`
	Days   int     `default:"30" help:"Validity of the list in days; ${default} without it."`
	Out    string  `default:"-" placeholder:"FILE" help:"Where the list goes; standard output without it."`

	Dir string `arg:"" name:"folder" help:"Folder of signer certificates; a folder in it that is named like a country holds that country's."`
}

// Run makes a trust list document of WHO's network.
func (c *trustBuildCmd) Run(e *env) error {
	if (c.Key == "") != c.Raw {
		return usagef("trust build needs --key, or --unsigned")
	}
	list, skipped, err := pem.Load(os.DirFS(c.Dir), pem.Options{})
	for _, s := range skipped {
		e.note("%s: %v", s.ID, s.Reason)
	}
	if err != nil {
		return err
	}
	if dropped(skipped) > 0 {
		return errors.New("the list would not be complete: remove what can't be read")
	}
	entries, err := participants(list.Entries())
	if err != nil {
		return err
	}
	info := gdhcn.Info{ID: c.ID, Domain: c.Domain}
	if info.Issued, info.Expires, err = period(e, c.Issued, c.Days); err != nil {
		return err
	}
	signer, err := c.signer(e)
	if err != nil {
		return err
	}
	raw, err := gdhcn.Publish(e.ctx, info, entries, signer)
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
