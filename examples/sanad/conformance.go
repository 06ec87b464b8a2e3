package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// The commands below are the contract of the W3C's test suite for Securing
// Verifiable Credentials using JOSE and COSE: one key, given as a verification
// method with its secret, and one answer in a file. The suite asks how a document
// is secured, and its inputs are old: what is checked is the signature, its key,
// what it is called and the data model, as of the time of signing, and neither
// trust nor status.

type conformanceFlags struct {
	Input   string `required:"" placeholder:"FILE" help:"The document, or what is to be verified: a token, or COSE in base64."`
	Key     string `required:"" placeholder:"VM.JSON" help:"A verification method with publicKeyJwk and secretKeyJwk."`
	Feature string `required:"" placeholder:"FEATURE" help:"credential_jose, credential_cose, credential_sdjwt, or the same of presentation_; for others the answer is indeterminate."`
	Output  string `required:"" placeholder:"FILE" help:"Where the answer goes."`
}

type conformanceIssueCmd struct {
	conformanceFlags
	SD string `name:"sd" placeholder:"JSON" help:"Paths to disclose selectively, in features that can."`
}

type conformanceVerifyCmd struct{ conformanceFlags }

// answer is what the suite reads.
type answer struct {
	Result string `json:"result"` // success, failure, indeterminate
	Data   string `json:"data"`
}

// errFeature says that a feature is not implemented.
var errFeature = errors.New("no such feature")

func (c *conformanceFlags) answer(e *env, data string, err error) error {
	a := answer{"success", data}
	switch {
	case errors.Is(err, errFeature):
		a = answer{"indeterminate", err.Error()}
	case err != nil:
		a = answer{"failure", err.Error()}
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return e.emit(c.Output, raw)
}

// Run secures a document.
func (c *conformanceIssueCmd) Run(e *env) error {
	doc, err := e.read(c.Input, limits.Credential)
	if err != nil {
		return err
	}
	m, err := e.readMethod(c.Key)
	if err != nil {
		return err
	}
	data, err := c.issue(e.ctx, doc, m)
	return c.answer(e, data, err)
}

func (c *conformanceIssueCmd) issue(ctx context.Context, doc []byte, m *method) (string, error) {
	s, err := m.signer()
	if err != nil {
		return "", err
	}
	switch c.Feature {
	case "credential_jose", "credential_cose":
		var f credential.Sealer = w3c.JWT{}
		if c.Feature == "credential_cose" {
			f = w3c.COSE{}
		}
		d, err := w3c.FromJSON(doc)
		if err != nil {
			return "", err
		}
		i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{s}})
		if err != nil {
			return "", err
		}
		raw, err := i.Issue(ctx, d)
		return text(c.Feature, raw), err
	case "presentation_jose", "presentation_cose":
		raw, err := signPresentation(ctx, c.Feature, doc, s)
		return text(c.Feature, raw), err
	case "credential_sdjwt", "presentation_sdjwt":
		raw, err := c.conceal(ctx, doc, s)
		return string(raw), err
	}
	return "", errFeature
}

// signPresentation signs a presentation that is bound to no exchange, as the
// suite's are. What was signed is read again.
func signPresentation(ctx context.Context, feature string, doc []byte, s proof.Signer) (raw []byte, err error) {
	kid := s.Key().ID
	if feature == "presentation_jose" {
		raw, err = jose.Sign(ctx, s, jose.Header{KeyID: kid, Type: "vp+jwt", ContentType: "vp"}, doc)
	} else {
		raw, err = cose.SignTyped(ctx, doc, []byte(kid), "application/vp+cose", "application/vp", s)
	}
	if err != nil {
		return nil, err
	}
	_, err = parsed(feature, raw)
	return raw, err
}

// conceal signs a document as an SD-JWT in which the paths of --sd are
// selectively disclosable, and all are disclosed.
func (c *conformanceIssueCmd) conceal(ctx context.Context, doc []byte, s proof.Signer) ([]byte, error) {
	var paths []string
	if c.SD != "" {
		if err := json.Unmarshal([]byte(c.SD), &paths); err != nil {
			return nil, fmt.Errorf("--sd: %w", err)
		}
	}
	for i, p := range paths {
		paths[i] = jsonPointer(p)
	}
	payload, disclosures, err := sdjwt.Conceal(doc, sdjwt.Options{Disclosable: paths})
	if err != nil {
		return nil, err
	}
	kind := map[bool]string{true: "vc", false: "vp"}[strings.HasPrefix(c.Feature, "credential")]
	signed, err := jose.Sign(ctx, s, jose.Header{KeyID: s.Key().ID, Type: kind + "+sd-jwt", ContentType: kind}, payload)
	if err != nil {
		return nil, err
	}
	t, err := sdjwt.New(signed, disclosures)
	if err != nil {
		return nil, err
	}
	_, err = parsed(c.Feature, t.Bytes())
	return t.Bytes(), err
}

// jsonPointer turns a path of the suite, as a.b[0].c, into a JSON pointer.
func jsonPointer(path string) string {
	path = strings.NewReplacer("~", "~0", "/", "~1", "[", "/", "]", "", ".", "/").Replace(path)
	return "/" + path
}

// text is a result as the suite has it: COSE in base64.
func text(feature string, raw []byte) string {
	if strings.HasSuffix(feature, "_cose") {
		return base64.RawStdEncoding.EncodeToString(raw)
	}
	return string(raw)
}

// parsed reads what is secured, which must be of the kind that the feature names.
func parsed(feature string, raw []byte) (*credential.Envelope, error) {
	kind, how, _ := strings.Cut(feature, "_")
	formats := map[string]credential.Format{"jose": w3c.JWT{}, "cose": w3c.COSE{}, "sdjwt": w3c.SDJWT{}}
	name := map[string]string{"credential": "vc", "presentation": "vp"}[kind]
	f, ok := formats[how]
	if !ok || name == "" {
		return nil, errFeature
	}
	env, err := f.Parse(raw, "application/"+name+"+"+map[string]string{"jose": "jwt", "cose": "cose", "sdjwt": "sd-jwt"}[how])
	if err == nil && (env.Credential == nil) != (name == "vp") {
		err = fmt.Errorf("not a %s", kind)
	}
	return env, err
}

// Run verifies what is secured.
func (c *conformanceVerifyCmd) Run(e *env) error {
	raw, err := e.read(c.Input, limits.Credential)
	if err != nil {
		return err
	}
	m, err := e.readMethod(c.Key)
	if err != nil {
		return err
	}
	return c.answer(e, "", c.verify(e.ctx, trimText(raw), m))
}

func (c *conformanceVerifyCmd) verify(ctx context.Context, raw []byte, m *method) (err error) {
	if strings.HasSuffix(c.Feature, "_cose") {
		if raw, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(raw), "=")); err != nil {
			return fmt.Errorf("not base64: %w", err)
		}
	}
	env, err := parsed(c.Feature, raw)
	if err != nil {
		return err
	}
	if env.Credential != nil {
		return m.verify(ctx, raw, env)
	}
	// Those whose credentials are signed with other keys are presented too.
	p := env.Holder[0]
	if !m.key.Allows(p.Hint.Algorithm, p.Purpose) || !m.named(p.Hint.KeyID) {
		return fmt.Errorf("signed with another key: %w", proof.ErrKey)
	}
	return p.Verify(ctx, &credential.Attempt{Key: m.key})
}

// verify runs the whole verifier on a credential, with the one key.
func (m *method) verify(ctx context.Context, raw []byte, env *credential.Envelope) error {
	v, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{w3c.JWT{}, w3c.COSE{}, w3c.SDJWT{}}, Keys: m, InsecureAnyIssuer: true, InsecureSkipStatus: true,
	})
	if err != nil {
		return err
	}
	at := env.Credential.Signed
	if at.IsZero() {
		at = time.Now()
	}
	_, err = v.Verify(ctx, raw, credential.Policy{Time: at})
	return err
}

// method is a verification method with its secret.
type method struct {
	key    proof.Key
	kid    string // the JWK's own
	secret crypto.Signer
}

// ResolveKeys makes a method a source of its one key.
func (m *method) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	if !m.named(h.KeyID) {
		return nil, nil
	}
	return []proof.Key{m.key}, nil
}

// named: the suite's messages name keys by the kid of the JWK.
func (m *method) named(kid string) bool { return kid == "" || kid == m.key.ID || kid == m.kid }

func (m *method) signer() (proof.Signer, error) {
	if m.secret == nil {
		return nil, errors.New("the verification method has no secretKeyJwk")
	}
	return proof.NewSigner(m.secret, m.key)
}

func (e *env) readMethod(name string) (*method, error) {
	raw, err := e.read(name, maxPEM)
	if err != nil {
		return nil, err
	}
	var vm map[string]json.RawMessage
	if err := json.Unmarshal(raw, &vm); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m := &method{}
	if m.secret, m.kid, err = readSecret(vm["secretKeyJwk"]); err != nil {
		return nil, fmt.Errorf("%s: secretKeyJwk: %w", name, err)
	}
	delete(vm, "secretKeyJwk")
	if m.key, err = readPublic(vm); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if m.secret != nil && !proof.Same(m.secret.Public(), m.key.Public) {
		return nil, fmt.Errorf("%s: the secret is another key's", name)
	}
	return m, nil
}

// readPublic reads the method as that of a document of its controller.
func readPublic(vm map[string]json.RawMessage) (proof.Key, error) {
	doc, err := json.Marshal(map[string]any{
		"id": vm["controller"], "verificationMethod": []any{vm},
		"assertionMethod": []any{vm["id"]}, "authentication": []any{vm["id"]},
	})
	if err != nil {
		return proof.Key{}, err
	}
	d, err := did.Parse(doc)
	if err != nil {
		return proof.Key{}, err
	}
	k, err := d.Key(d.Methods[0].ID)
	if err == nil && k == nil {
		err = proof.ErrKey
	}
	if err != nil {
		return proof.Key{}, err
	}
	return *k, nil
}

// readSecret reads a private JWK (RFC 7518, section 6.2.2; RFC 8037, section 2),
// if there is one.
func readSecret(raw json.RawMessage) (crypto.Signer, string, error) {
	if raw == nil {
		return nil, "", nil
	}
	var k struct{ Kty, Crv, D, Kid string }
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, "", err
	}
	d, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil {
		return nil, "", err
	}
	if k.Kty == "OKP" && k.Crv == "Ed25519" && len(d) == ed25519.SeedSize {
		return ed25519.NewKeyFromSeed(d), k.Kid, nil
	}
	curves := []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}
	if i := slices.IndexFunc(curves, func(c elliptic.Curve) bool { return c.Params().Name == k.Crv }); k.Kty == "EC" && i >= 0 {
		s, err := ecdsa.ParseRawPrivateKey(curves[i], d)
		if err != nil {
			return nil, "", err
		}
		return s, k.Kid, nil
	}
	return nil, "", fmt.Errorf("a key of kind %.16q on curve %.16q: %w", k.Kty, k.Crv, proof.ErrKey)
}
