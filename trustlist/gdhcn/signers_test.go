package gdhcn_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// signerDocument is a DID document as WHO's network has it, changed.
func signerDocument(t testing.TB, change func(doc, method object)) []byte {
	t.Helper()
	const id = "did:web:who.example:signing"
	s := network().State("CH").Signer(testnet.SignerOptions{})
	jwk := publicJWK(t, s, "")
	delete(jwk, "x5c")
	delete(jwk, "kid")
	m := object{"id": id, "type": "JsonWebKey2020", "controller": id, "publicKeyJwk": jwk}
	doc := object{"id": id, "verificationMethod": []any{m}}
	change(doc, m)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func TestSigners(t *testing.T) {
	raw := readFile(t, filepath.Join(testvectors.Dir(t, "gdhcn"), "tng-participants-dev", "WHO", "signing", "DID", "did.json"))
	keys, err := gdhcn.Signers(raw, now)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, realOptions(t).Signers[0].ID, keys[0].ID)
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, keys[0].Purposes)
	o := realOptions(t)
	o.Signers = keys
	_, _, err = gdhcn.Parse(realList(t, "v2/trustlist/IPS-PILGRIMAGE"), o)
	require.NoError(t, err)

	for name, change := range map[string]func(doc, m object){
		"no relationship":  func(doc, m object) {},
		"a relationship":   func(doc, m object) { doc["assertionMethod"] = []any{doc["id"]} },
		"expires tomorrow": func(doc, m object) { m["expires"] = now.AddDate(0, 0, 1) },
		"inside":           func(doc, m object) { doc["assertionMethod"], doc["verificationMethod"] = []any{m}, []any{} },
		"one more, for TLS": func(doc, m object) {
			doc["assertionMethod"], doc["keyAgreement"] = []any{doc["id"]}, []any{object{"id": "#tls", "type": "X25519KeyAgreementKey2020", "controller": doc["id"], "publicKeyMultibase": "z6LS"}}
		},
	} {
		keys, err := gdhcn.Signers(signerDocument(t, change), now)
		require.NoError(t, err, name)
		require.Len(t, keys, 1, name)
	}
}

func TestPromiseSignersAreThoseOfTheDocument(t *testing.T) {
	for name, c := range map[string]struct {
		change func(doc, m object)
		want   error
	}{
		"for something else":     {func(doc, m object) { doc["authentication"] = []any{doc["id"]} }, proof.ErrKey},
		"in another's hands":     {func(doc, m object) { m["controller"] = "did:web:other.example" }, proof.ErrKey},
		"expired":                {func(doc, m object) { m["expires"] = now }, proof.ErrKey},
		"revoked":                {func(doc, m object) { m["revoked"] = now.AddDate(-1, 0, 0) }, proof.ErrKey},
		"an expiry that is none": {func(doc, m object) { m["expires"] = "soon" }, did.ErrInvalid},
		"a private key":          {func(doc, m object) { m["publicKeyJwk"].(object)["d"] = "AA" }, proof.ErrKey},
		"another curve":          {func(doc, m object) { m["publicKeyJwk"].(object)["crv"] = "P-999" }, proof.ErrKey},
		"no method":              {func(doc, m object) { delete(doc, "verificationMethod") }, proof.ErrKey},
		"no DID":                 {func(doc, m object) { doc["id"] = "who" }, did.ErrInvalid},
		"deactivated":            {func(doc, m object) { doc["deactivated"] = true }, did.ErrDeactivated},
		"two of one name":        {func(doc, m object) { doc["verificationMethod"] = []any{m, m} }, did.ErrInvalid},
	} {
		keys, err := gdhcn.Signers(signerDocument(t, c.change), now)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, keys, name)
	}
	for _, raw := range []string{"", "[]", "{}", "<html>", strings.Repeat("[", 1000)} {
		_, err := gdhcn.Signers([]byte(raw), now)
		require.ErrorIs(t, err, did.ErrInvalid, raw)
	}
}
