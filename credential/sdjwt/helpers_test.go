package sdjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 8, 0, 0, 0, time.UTC)
)

const (
	ministry = "https://health.example/issuer"
	cardType = "https://health.example/pilgrim-card"
	border   = "https://border.example"
	nonce    = "n-0S6_WzA2Mj"
)

// key makes the P-256 key that a name stands for.
func key(t testing.TB, name string) *ecdsa.PrivateKey {
	seed := sha256.Sum256([]byte("sdjwt test " + name))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	return k
}

func signer(t testing.TB, name string) proof.Signer {
	s, err := proof.NewSigner(key(t, name), proof.Key{ID: name})
	require.NoError(t, err)
	return s
}

func holderSigner(t testing.TB) proof.Signer {
	s, err := proof.NewSigner(key(t, "holder"), proof.Key{Purposes: []proof.Purpose{proof.Authentication}})
	require.NoError(t, err)
	return s
}

// claims are those of a pilgrim's card.
func claims() map[string]any {
	return map[string]any{
		"sub": "urn:example:pilgrim", "given_name": "Amina", "family_name": "Example", "birthdate": "1970-01-01",
		"nationalities": []any{"ID", "MY"},
		"address":       map[string]any{"locality": "Jakarta", "country": "ID"},
		"vaccinations":  []any{map[string]any{"disease": "Meningitis ACWY", "date": "2026-04-01"}},
	}
}

func content() sdjwt.Content {
	return sdjwt.Content{
		Type: cardType, Issuer: ministry, Claims: claims(), Holder: holderKey,
		Issued: now.AddDate(0, 0, -1), ValidFrom: now.AddDate(0, 0, -1), ValidUntil: now.AddDate(1, 0, 0),
	}
}

var holderKey = func() *ecdsa.PublicKey {
	seed := sha256.Sum256([]byte("sdjwt test holder"))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		panic(err)
	}
	return &k.PublicKey
}()

func issueDraft(t testing.TB, f sdjwt.Format, d *credential.Draft, signers ...proof.Signer) []byte {
	t.Helper()
	if len(signers) == 0 {
		signers = []proof.Signer{signer(t, "issuer-1")}
	}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: signers})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	return raw
}

func issue(t testing.TB, c sdjwt.Content) []byte {
	t.Helper()
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	return issueDraft(t, sdjwt.Format{}, d)
}

// list has the ministry with two keys.
func list(t testing.TB, more ...trustlist.Entry) *trustlist.List {
	e := trustlist.Entry{Authority: "Ministry of Health", Names: []string{ministry}, Types: []string{cardType}, Roles: []trustlist.Role{trustlist.RoleIssue}}
	for _, name := range []string{"issuer-1", "issuer-2"} {
		e.Keys = append(e.Keys, signer(t, name).Key())
	}
	l, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.AddDate(0, -1, 0)}, append(more, e)...)
	require.NoError(t, err)
	return l
}

func verifier(t testing.TB, more ...trustlist.Entry) *credential.Verifier {
	t.Helper()
	return verifierOf(t, sdjwt.Format{}, list(t, more...))
}

func verifierOf(t testing.TB, f credential.Format, l *trustlist.List) *credential.Verifier {
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{f}, Keys: l, Trust: l})
	require.NoError(t, err)
	return v
}

var (
	policy  = credential.Policy{Time: now}
	binding = credential.Binding{Audience: border, Nonce: nonce}
)

// present is what a border demands. Key bindings of tests are made at the clock's
// time or at the one given.
func present(at time.Time) credential.Policy { return credential.Policy{Time: at, Binding: binding} }

// bound shows all of raw with a key binding by s, made at the time now.
func bound(t testing.TB, raw []byte, s proof.Signer, b sd.Binding) []byte {
	t.Helper()
	token, err := sd.Parse(raw)
	require.NoError(t, err)
	c, err := sd.Open(token.Messages[0].Payload, token.Disclosures)
	require.NoError(t, err)
	if b.Issued.IsZero() {
		b.Issued = now
	}
	token, err = token.Bind(ctx, c, s, b)
	require.NoError(t, err)
	return token.Bytes()
}

var forBorder = sd.Binding{Audience: border, Nonce: nonce}

// forge signs any payload and type as the ministry would.
func forge(t testing.TB, typ, payload string, disclosures ...string) []byte {
	t.Helper()
	m, err := jose.Sign(ctx, signer(t, "issuer-1"), jose.Header{Type: typ, KeyID: "issuer-1"}, []byte(payload))
	require.NoError(t, err)
	out := string(m) + "~"
	for _, d := range disclosures {
		out += d + "~"
	}
	return []byte(out)
}

// hide returns the disclosure of a claim, and its digest.
func hide(name, value string) (disclosure, digest string) {
	disclosure = base64.RawURLEncoding.EncodeToString([]byte(`["c2FsdHNhbHRzYWx0c2FsdA","` + name + `",` + value + `]`))
	h := sha256.Sum256([]byte(disclosure))
	return disclosure, base64.RawURLEncoding.EncodeToString(h[:])
}

func holderJWK(t testing.TB) string {
	b, err := jwk.Marshal(holderKey, "")
	require.NoError(t, err)
	return string(b)
}

func claimsOf(t testing.TB, r *credential.Result) map[string]any {
	var m map[string]any
	require.NoError(t, r.Credential.Claims(&m))
	return m
}
