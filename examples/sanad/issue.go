package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/qr"
	"github.com/sanad-credentials/sanad/schema"
)

type issueCmd struct {
	Format string `required:"" enum:"hcert,vc,w3c,vc+jwt,vc+cose,vc+sd-jwt,dc+sd-jwt" help:"hcert: a health certificate for a QR code, of a JSON payload; vc, or w3c: a W3C credential with a proof, of the whole document without it; vc+jwt, vc+cose, vc+sd-jwt: the same, signed as a token, in COSE, or as a token of which a holder can show a part; dc+sd-jwt: an SD-JWT VC, of its claims."`
	Key    string `required:"" placeholder:"KEY.PEM" help:"Private key of the issuer."`
	Out    string `default:"-" placeholder:"FILE" help:"Where the credential goes; standard output without it."`

	Suite     string   `placeholder:"NAME" enum:"eddsa-jcs-2022,ecdsa-jcs-2019,eddsa-rdfc-2022,ecdsa-rdfc-2019,Ed25519Signature2020,ecdsa-sd-2023,bbs-2023," default:"" help:"vc: the cryptosuite; without it eddsa-jcs-2022, ecdsa-jcs-2019 or bbs-2023, by the key. With ecdsa-sd-2023 and bbs-2023 a holder can show a part."`
	Mandatory []string `sep:"none" placeholder:"POINTER" help:"Where a holder can show a part: JSON pointer to what can't be left out."`
	Holder    string   `placeholder:"KEY" help:"All but hcert: who alone can present the credential, a did:key or a PEM file of a key. Tokens name the key, others the subject."`

	Type    string  `enum:"dcc,icvp," default:"" help:"hcert: the payload's kind, dcc or icvp."`
	Cert    string  `placeholder:"CERT.PEM" help:"hcert: the certificate of --key."`
	Issuer  string  `placeholder:"XX" help:"hcert: the issuing country, ISO 3166-1 alpha-2. Others: an issuer that the document must name."`
	Issued  *moment `placeholder:"RFC3339" help:"Time of signing; now without it."`
	Expires *moment `placeholder:"RFC3339" help:"hcert: when the certificate ends; a dcc needs it."`
	QR      string  `name:"qr" placeholder:"FILE" help:"hcert: write the QR code, as .png or .svg, too."`

	StatusStore string `placeholder:"DIR" help:"All but hcert: give the credential a place in each list of this store, by its id."`

	File string `arg:"" optional:"" default:"-" help:"JSON; standard input without it."`
}

// The formats, by their names in --format; w3c is the older name of vc.
const (
	formatHCERT   = "hcert"
	formatVC      = "vc"
	formatW3C     = "w3c"
	formatJWT     = "vc+jwt"
	formatCOSE    = "vc+cose"
	formatSDJWT   = "vc+sd-jwt"
	formatSDJWTVC = "dc+sd-jwt"
)

// Run issues one credential. It is parsed again before it is written.
func (c *issueCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	doc, err := e.read(c.File, limits.Credential)
	if err != nil {
		return err
	}
	cfg, draft, err := c.prepare(e, trimText(doc))
	if err != nil {
		return err
	}
	raw, err := c.issue(e, cfg, draft)
	if err != nil {
		return err
	}
	if c.QR != "" {
		picture, err := draw(c.QR, string(raw), qr.Options{})
		if err != nil {
			return err
		}
		if err := write(c.QR, picture, 0o644); err != nil {
			return err
		}
	}
	return e.emit(c.Out, raw)
}

func (c *issueCmd) check() error {
	selective := c.Suite == dataintegrity.ECDSASD2023 || c.Suite == dataintegrity.BBS2023 || c.Format == formatSDJWT || c.Format == formatSDJWTVC
	switch {
	case c.Suite != "" && c.Format != formatVC && c.Format != formatW3C:
		return usagef("--suite is for --format vc")
	case len(c.Mandatory) > 0 && !selective:
		return usagef("--mandatory is for what a holder can show a part of: --format vc+sd-jwt, dc+sd-jwt, or vc with --suite ecdsa-sd-2023 or bbs-2023")
	}
	if c.Format != formatHCERT {
		if c.Type != "" || c.Cert != "" || c.Expires != nil || c.QR != "" {
			return usagef("--type, --cert, --expires and --qr are for --format hcert: a W3C document says them itself")
		}
		return nil
	}
	switch {
	case c.StatusStore != "":
		return usagef("--status-store is for --format vc and its like: a health certificate names no list, it is revoked by its hash")
	case c.Holder != "":
		return usagef("--holder: a health certificate names no holder's key")
	case c.Type == "" || c.Cert == "" || c.Issuer == "":
		return usagef("--format hcert needs --type, --cert and --issuer")
	case c.Type == "dcc" && c.Expires == nil:
		return usagef("--type dcc needs --expires")
	}
	return nil
}

// prepare makes the draft and what seals it.
func (c *issueCmd) prepare(e *env, doc []byte) (credential.IssuerConfig, *credential.Draft, error) {
	cfg := credential.IssuerConfig{Schema: schema.Health{Strict: true}}
	issued := e.now()
	if c.Issued != nil {
		issued = c.Issued.Time
	}
	if c.Format != formatHCERT {
		s, err := e.didSigner(c.Key)
		if err != nil {
			return cfg, nil, err
		}
		cfg.Sealer, cfg.Signers = c.sealer(s), []proof.Signer{s}
		draft, err := c.draft(e, doc, s.Key().Controllers[0])
		if err != nil {
			return cfg, nil, err
		}
		draft.Signed, draft.Mandatory = issued, c.Mandatory
		return cfg, draft, nil
	}
	cfg.Sealer = hcert.Format{}
	s, err := e.certificateSigner(c.Key, c.Cert)
	if err != nil {
		return cfg, nil, err
	}
	cfg.Signers = append(cfg.Signers, s)
	draft, err := c.hcertDraft(doc, issued)
	return cfg, draft, err
}

// sealer is the format that signs with the key of s.
func (c *issueCmd) sealer(s proof.Signer) credential.Sealer {
	switch c.Format {
	case formatJWT:
		return w3c.JWT{}
	case formatCOSE:
		return w3c.COSE{}
	case formatSDJWT:
		return w3c.SDJWT{}
	case formatSDJWTVC:
		return sdjwt.Format{}
	}
	f := w3c.Format{BBS: bbs.Scheme{}}
	if _, ok := s.Key().Public.(proof.BLSKey); ok {
		f.Suites = []string{dataintegrity.BBS2023}
	}
	if c.Suite != "" {
		f.Suites = []string{c.Suite}
	}
	return f
}

// draft refuses a document that names another issuer than the key's did:key:
// nobody could verify it.
func (c *issueCmd) draft(e *env, doc []byte, did string) (d *credential.Draft, err error) {
	var holder *proof.Key
	if c.Holder != "" {
		if holder, err = e.holderKey(c.Holder); err != nil {
			return nil, err
		}
		if doc, err = c.withHolder(doc, holder); err != nil {
			return nil, err
		}
	}
	if c.Format == formatSDJWTVC {
		d, err = sdjwt.FromJSON(doc, sd.Options{})
	} else {
		d, err = w3c.FromJSON(doc)
	}
	if err != nil {
		return nil, err
	}
	if holder != nil && (c.Format == formatJWT || c.Format == formatSDJWT) {
		d.Confirm = []proof.Key{*holder}
	}
	if len(d.Issuers) == 0 {
		return nil, errors.New("the document names no issuer")
	}
	switch got := d.Issuers[0]; {
	case c.Issuer != "" && got != c.Issuer:
		return nil, errors.New("the document's issuer is not --issuer")
	case got != did:
		return nil, fmt.Errorf("the document's issuer is not %s, whose key %s is", did, c.Key)
	}
	return d, nil
}

func (c *issueCmd) hcertDraft(doc []byte, issued time.Time) (*credential.Draft, error) {
	var expires time.Time
	if c.Expires != nil {
		expires = c.Expires.Time
	}
	if c.Type == "icvp" {
		var v hcert.ICVP
		if err := decodeStrict(doc, &v); err != nil {
			return nil, err
		}
		return hcert.NewICVP(c.Issuer, "", &v, issued, expires), nil
	}
	var d hcert.DCC
	if err := decodeStrict(doc, &d); err != nil {
		return nil, err
	}
	return hcert.NewDCC(c.Issuer, &d, issued, expires), nil
}

// decodeStrict refuses members that dst does not have: they would not be
// signed. Its errors name members, never values.
func decodeStrict(doc []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	err := dec.Decode(dst)
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("payload: %s: %s where %s is wanted", kind.Field, kind.Value, kind.Type)
	case errors.As(err, &syntax):
		return fmt.Errorf("payload: no JSON: at byte %d", syntax.Offset)
	case err != nil:
		return fmt.Errorf("payload: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("payload: something follows the JSON object")
	}
	return nil
}

// issue seals the draft. A store that gave it a place is saved before the
// credential leaves: a place given and forgotten would be given twice.
func (c *issueCmd) issue(e *env, cfg credential.IssuerConfig, draft *credential.Draft) ([]byte, error) {
	if c.StatusStore == "" {
		return issueWith(e, cfg, draft)
	}
	var raw []byte
	err := withStore(c.StatusStore, func(s *store) error {
		if len(s.Lists()) == 0 {
			return fmt.Errorf("%s has no list: 'sanad status new' makes one", c.StatusStore)
		}
		cfg.Register = s
		var err error
		raw, err = issueWith(e, cfg, draft)
		return err
	})
	return raw, err
}

func issueWith(e *env, cfg credential.IssuerConfig, draft *credential.Draft) ([]byte, error) {
	issuer, err := credential.NewIssuer(cfg)
	if err != nil {
		return nil, err
	}
	return issuer.Issue(e.ctx, draft)
}
