package formats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func p256(t *testing.T, name string) (*ecdsa.PrivateKey, proof.Signer) {
	seed := sha256.Sum256([]byte("mixed " + name))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	s, err := key.NewSigner(k)
	require.NoError(t, err)
	return k, s
}

// A W3C presentation with an SD-JWT VC and a vc+sd-jwt inside, of which each shows
// a part: one holder's API for all of them.
func TestPresentationOfSeveralFormats(t *testing.T) {
	_, ministry := p256(t, "ministry")
	holderKey, holder := p256(t, "holder")
	otherKey, _ := p256(t, "other")
	did := ministry.Key().Controllers[0]
	list, err := trustlist.New(trustlist.Info{Name: "mixed"}, trustlist.Entry{Authority: "Ministry", Names: []string{did}, Roles: []trustlist.Role{trustlist.RoleIssue}})
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: formats.All(), Keys: key.Resolver{}, Trust: list})
	require.NoError(t, err)

	sdCard := func(owner *ecdsa.PrivateKey) []byte {
		d, err := sdjwt.New(sdjwt.Content{Type: "urn:example:card", Issuer: did, Holder: owner.Public(), Claims: map[string]any{"name": "Amina", "birthdate": "1970-01-01"}})
		require.NoError(t, err)
		return issue(t, sdjwt.Format{}, d, ministry)
	}
	d, err := w3c.New(w3c.Content{
		Types: []string{"Card"}, Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"}, Issuer: did,
		Subject: map[string]any{"id": holder.Key().Controllers[0], "name": "Amina", "passport": "X1"},
	})
	require.NoError(t, err)
	d.Confirm = []proof.Key{holder.Key()}
	w3cCard := issue(t, w3c.SDJWT{}, d, ministry)

	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	policy := credential.Policy{Time: time.Now(), Binding: b}
	present := func(card []byte, signer proof.Signer) []byte {
		vp, err := credential.Present(ctx, w3c.Format{}, []credential.Held{
			{Raw: card, MediaType: sdjwt.MediaType, Format: sdjwt.Format{}, Show: []string{"/name"}, Signer: signer},
			{Raw: w3cCard, MediaType: "application/vc+sd-jwt", Format: w3c.SDJWT{}, Show: []string{"/credentialSubject/name"}, Signer: holder},
		}, b)
		require.NoError(t, err)
		return vp
	}
	for _, signer := range []proof.Signer{holder, nil} { // with a key binding of its own, and without
		r, err := v.VerifyPresentation(ctx, present(sdCard(holderKey), signer), policy)
		require.NoError(t, err)
		require.Len(t, r.Results, 2)
		for i, name := range []string{"sd-jwt-vc", "w3c-sd-jwt"} {
			require.Equal(t, name, r.Results[i].Credential.Format)
			var claims map[string]any
			require.NoError(t, r.Results[i].Credential.Claims(&claims))
			require.NotContains(t, claims, "birthdate")
		}
	}
	_, err = v.VerifyPresentation(ctx, present(sdCard(otherKey), nil), policy)
	require.ErrorIs(t, err, credential.ErrHolder, "somebody else's card in one's own presentation")
}

// No format takes what is another's, whatever it is called.
func TestTokensAreReadByOneFormat(t *testing.T) {
	x := newBench(t)
	for name, raw := range x.cases(t) {
		readers := 0
		for _, f := range formats.All() {
			if _, err := f.Parse(raw, ""); err == nil {
				readers++
			} else {
				require.ErrorIs(t, err, credential.ErrOtherFormat, "%s by %s", name, f.Name())
			}
		}
		require.Equal(t, 1, readers, name)
	}
}
