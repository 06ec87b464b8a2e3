package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/trustlist"
)

type keygenCmd struct {
	Alg string `required:"" enum:"ES256,ES384,EdDSA,PS256,ES256K,BBS" help:"ES256, ES384, EdDSA, PS256 (RSA of 3,072 bits), ES256K (secp256k1, for tokens), or BBS (for credentials with bbs-2023)."`
	Out string `required:"" placeholder:"KEY.PEM" help:"File for the private key, which must not exist yet."`

	Cert      string   `placeholder:"CERT.PEM" help:"File for a certificate, which must not exist yet either; self-signed unless there is --ca."`
	Country   string   `placeholder:"XX" help:"Country of the certificate's holder, ISO 3166-1 alpha-2."`
	Name      string   `help:"Common name of the certificate's holder."`
	Authority bool     `help:"The certificate is a signing authority's, for --ca."`
	CA        string   `name:"ca" placeholder:"CA.PEM" help:"Certificate of the authority that signs this one."`
	CAKey     string   `name:"ca-key" placeholder:"KEY.PEM" help:"Private key of --ca."`
	Usage     []string `enum:"vaccination,test,recovery" help:"What the key may sign: vaccination, test, recovery; all without it."`
	Days      int      `help:"Validity of the certificate in days; ${default} without it." default:"730"`
}

// Run makes the key and the certificate, and tells the names of both.
func (c *keygenCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Alg == string(proof.BBS) {
		return c.bbs(e)
	}
	private, err := newKey(proof.Algorithm(c.Alg))
	if err != nil {
		return err
	}
	var cert *x509.Certificate
	var written []byte
	if c.Cert != "" {
		if cert, err = c.certify(e, private); err != nil {
			return err
		}
		written = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	}
	if err := storeKey(c.Out, private, c.Cert, written); err != nil {
		return err
	}
	if id, err := key.ID(private.Public()); err == nil { // some kinds of key have none
		fmt.Fprintln(e.stdout, id)
	}
	if cert != nil {
		fmt.Fprintln(e.stdout, "kid", trustlist.KeyID(cert))
	}
	return nil
}

// bbs makes a key of BBS, for which there are no certificates.
func (c *keygenCmd) bbs(e *env) error {
	secret, err := bbs.GenerateKey()
	if err != nil {
		return err
	}
	id, err := key.ID(secret.Public())
	if err != nil {
		return err
	}
	if err := storeKey(c.Out, secret, "", nil); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, id)
	return nil
}

// storeKey writes a new private key and, unless there is none, what belongs to
// it: both files or none.
func storeKey(keyFile string, key crypto.PrivateKey, otherFile string, other []byte) error {
	written, err := marshalKey(key)
	if err != nil {
		return err
	}
	if other != nil {
		if err := create(otherFile, other, 0o644); err != nil {
			return err
		}
	}
	err = create(keyFile, written, 0o600)
	if err != nil && other != nil {
		_ = os.Remove(otherFile) // of no use without its key
	}
	return err
}

func (c *keygenCmd) check() error {
	switch {
	case c.Cert == "" && (c.Country != "" || c.Name != "" || c.CA != "" || c.CAKey != "" || c.Authority || len(c.Usage) > 0):
		return usagef("--country, --name, --authority, --ca, --ca-key and --usage describe a certificate: --cert is missing")
	case c.Cert == "":
		return nil
	case c.Alg == string(proof.BBS) || c.Alg == string(proof.ES256K):
		return usagef("--alg %s: there are no certificates for such keys here", c.Alg)
	case c.Country == "" || c.Name == "":
		return usagef("--cert needs --country and --name")
	case len(c.Country) != 2 || trustlist.Territory(c.Country) != c.Country:
		return usagef("--country %s: no ISO 3166-1 alpha-2 code", c.Country)
	case (c.CA == "") != (c.CAKey == ""):
		return usagef("--ca and --ca-key go together")
	case c.Authority && len(c.Usage) > 0:
		return usagef("--usage is for signers of documents, not for an --authority")
	case c.Days < 1 || c.Days > 36_500:
		return usagef("--days %d: 1 to 36500", c.Days)
	}
	return nil
}

func newKey(a proof.Algorithm) (crypto.Signer, error) {
	switch a {
	case proof.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case proof.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case proof.ES256K:
		return secp256k1.GenerateKey()
	case proof.PS256:
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

// usages are the extended key usages of document signers (eu-dcc-hcert-spec
// 1.0.8, section 3.3.3).
var usages = map[string]asn1.ObjectIdentifier{
	trustlist.TypeTest:        {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 1},
	trustlist.TypeVaccination: {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 2},
	trustlist.TypeRecovery:    {1, 3, 6, 1, 4, 1, 1847, 2021, 1, 3},
}

func (c *keygenCmd) certify(e *env, private crypto.Signer) (*x509.Certificate, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{Country: []string{c.Country}, CommonName: c.Name},
		NotBefore: e.now(), NotAfter: e.now().Add(time.Duration(c.Days) * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if c.Authority {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	}
	for _, u := range c.Usage {
		template.UnknownExtKeyUsage = append(template.UnknownExtKeyUsage, usages[u])
	}
	parent, signer := template, private
	if c.CA != "" {
		var err error
		if parent, err = e.readCertificate(c.CA); err != nil {
			return nil, err
		}
		if signer, err = e.readKey(c.CAKey); err != nil {
			return nil, err
		}
		if !parent.IsCA || !proof.Same(parent.PublicKey, signer.Public()) {
			return nil, fmt.Errorf("%s is no authority's certificate, or not that of %s", c.CA, c.CAKey)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, private.Public(), signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
