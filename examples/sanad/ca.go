package main

import (
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/enroll"
)

// holder is whom a certificate names.
type holder struct {
	Country      string `required:"" placeholder:"XX" help:"Country of the certificate's holder, ISO 3166-1 alpha-2."`
	Name         string `required:"" help:"Common name, which no other certificate of the country has."`
	Organization string `help:"Organisation, such as the ministry."`
}

func (h *holder) subject() pkix.Name {
	n := pkix.Name{Country: []string{h.Country}, CommonName: h.Name}
	if h.Organization != "" {
		n.Organization = []string{h.Organization}
	}
	return n
}

// lifetime is how long a certificate is valid.
type lifetime struct {
	Days int     `placeholder:"N" help:"Validity in days; without it as the network recommends: 4 years for an authority, 2 for others."`
	From *moment `placeholder:"RFC3339" help:"When the validity begins; now without it."`
}

func (l *lifetime) terms(e *env, t enroll.Terms) (enroll.Terms, error) {
	if l.Days < 0 || l.Days > 36_500 {
		return t, usagef("--days %d: 1 to 36500", l.Days)
	}
	t.Validity = time.Duration(l.Days) * 24 * time.Hour
	if t.From = e.now(); l.From != nil {
		t.From = l.From.Time
	}
	return t, nil
}

type caInitCmd struct {
	holder   `embed:""`
	lifetime `embed:""`
	Usage    string `default:"SCA" enum:"SCA,UP,TLS" help:"What the certificate is for: SCA, a signing authority; UP, uploads; TLS. ${default} without it."`
	Alg      string `default:"ES256" enum:"ES256,ES384,PS256" help:"ES256, ES384 or PS256 (RSA of 3,072 bits); ${default} without it."`
	Key      string `required:"" placeholder:"KEY.PEM" help:"File for the private key, which must not exist yet."`
	Cert     string `required:"" placeholder:"CERT.PEM" help:"File for the certificate, which must not exist yet."`
}

// Run makes the key and the certificate.
func (c *caInitCmd) Run(e *env) error {
	terms, err := c.terms(e, enroll.Terms{Usage: enroll.Usage(c.Usage)})
	if err != nil {
		return err
	}
	private, err := newKey(proof.Algorithm(c.Alg))
	if err != nil {
		return err
	}
	cert, err := enroll.SelfSign(c.subject(), private, terms)
	if err != nil {
		return err
	}
	if err := storeKey(c.Key, private, c.Cert, enroll.PEM(cert)); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "kid", trustlist.KeyID(cert))
	return nil
}

type caCSRCmd struct {
	holder `embed:""`
	Alg    string `default:"ES256" enum:"ES256,PS256" help:"ES256, or PS256 (RSA of 3,072 bits), which the network advises against; ${default} without it."`
	Key    string `required:"" placeholder:"KEY.PEM" help:"File for the private key, which must not exist yet."`
	Out    string `required:"" placeholder:"REQUEST.PEM" help:"File for the request, which must not exist yet."`
}

// Run makes the key and the request.
func (c *caCSRCmd) Run(*env) error {
	private, err := newKey(proof.Algorithm(c.Alg))
	if err != nil {
		return err
	}
	der, err := enroll.Request(c.subject(), private)
	if err != nil {
		return err
	}
	return storeKey(c.Key, private, c.Out, pem.EncodeToMemory(&pem.Block{Type: requestPEM, Bytes: der}))
}

const requestPEM = "CERTIFICATE REQUEST"

type caSignCmd struct {
	lifetime `embed:""`
	CA       string   `required:"" name:"ca" placeholder:"SCA.PEM" help:"Certificate of the signing authority."`
	CAKey    string   `required:"" name:"ca-key" placeholder:"KEY.PEM" help:"Its private key."`
	Usage    string   `default:"DSC" enum:"DSC,UP,TLS" help:"What the certificate is for: DSC, a document signer; UP, uploads; TLS. ${default} without it."`
	Type     []string `enum:"vaccination,test,recovery" help:"What the key may sign: vaccination, test, recovery. Without it anything, as it must be for ICVP and health links."`
	CRL      string   `name:"crl" placeholder:"URL" help:"Where the authority publishes its revocation list."`
	Out      string   `required:"" placeholder:"CERT.PEM" help:"File for the certificate, which must not exist yet."`

	Request string `arg:"" placeholder:"REQUEST.PEM" help:"The signing request."`
}

// Run makes the certificate.
func (c *caSignCmd) Run(e *env) error {
	_, der, err := e.readPEM(c.Request, requestPEM, "NEW "+requestPEM)
	if err != nil {
		return err
	}
	ca, err := e.readCertificate(c.CA)
	if err != nil {
		return err
	}
	key, err := e.readKey(c.CAKey)
	if err != nil {
		return err
	}
	terms, err := c.terms(e, enroll.Terms{Usage: enroll.Usage(c.Usage), Types: c.Type, CRL: c.CRL})
	if err != nil {
		return err
	}
	cert, err := enroll.Sign(der, ca, key, terms)
	if err != nil {
		return err
	}
	if err := create(c.Out, enroll.PEM(cert), 0o644); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "kid", trustlist.KeyID(cert))
	return nil
}
