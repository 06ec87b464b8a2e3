package dataintegrity_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// split is a document whose one blank node, the address, is made two of by
// whoever gives both the label that it has: each signed statement is still there.
const split = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"id":"urn:x:1","type":["VerifiableCredential"],` +
	`"issuer":"did:example:a","credentialSubject":{"id":"did:example:b","address":{"street":"x","town":"y"}}}`

func splitUp(derived []byte, old, value string) []byte {
	forged := bytes.Replace(derived, []byte(`{"street":"x","town":"y"}`), []byte(`[{"street":"x"},{"town":"y"}]`), 1)
	return bytes.Replace(forged, []byte(old), []byte(value), 1)
}

func TestPromiseOneNodeIsNotShownAsTwo(t *testing.T) {
	r, s := newRDF(t), ecSigner(t, elliptic.P256())
	base, err := dataintegrity.Sign(ctx, []byte(split), s, dataintegrity.Options{Cryptosuite: dataintegrity.ECDSASD2023, RDF: r, Mandatory: []string{"/issuer"}})
	require.NoError(t, err)
	derived, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: r, Pointers: []string{""}})
	require.NoError(t, err)
	text := proofMembers(t, derived)[0]["proofValue"].(string)
	c, err := dataintegrity.ReadComponents(text)
	require.NoError(t, err)
	require.Len(t, c.Labels, 1)
	c.Labels = append(c.Labels, c.Labels[0])
	_, err = dataintegrity.Parser{RDF: r}.Parse(splitUp(derived, text, c.Encode()))
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
	require.ErrorContains(t, err, "a label that is out of range or there twice")
}

func TestPromiseOneNodeIsNotShownAsTwoWithBBS(t *testing.T) {
	derived := deriveBBS(t, signBBS(t, split, "/issuer"), "n", "")
	require.NoError(t, verifyBBS(t, derived))
	text := proofMembers(t, derived)[0]["proofValue"].(string)
	with := func(ranks ...int) string {
		c, err := dataintegrity.ReadBBSComponents(text)
		require.NoError(t, err)
		require.Equal(t, []int{0}, c.Ranks)
		c.Ranks = ranks
		return c.Encode()
	}
	// The number 0 twice: whatever is there first, both would have the label 0.
	raw, err := base64.RawURLEncoding.DecodeString(with(9, 0)[1:])
	require.NoError(t, err)
	twice := bytes.Replace(raw, []byte{0xa2, 0, 9, 1, 0}, []byte{0xa2, 0, 9, 0, 0}, 1)
	require.NotEqual(t, raw, twice)
	for name, value := range map[string]string{"the same label": with(0, 0), "the same number": "u" + base64.RawURLEncoding.EncodeToString(twice)} {
		_, err := dataintegrity.Parser{RDF: newRDF(t), BBS: bbs.Scheme{}}.Parse(splitUp(derived, text, value))
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
		require.ErrorContains(t, err, "a label that is out of range or there twice", name)
	}
	require.ErrorIs(t, verifyBBS(t, splitUp(derived, text, with(0, 1))), dataintegrity.ErrMalformed, "a statement more")

	c, err := dataintegrity.ReadBBSComponents(text)
	require.NoError(t, err)
	c.Presentation = []byte(strings.Repeat("x", limits.PresentationHeader+1))
	_, err = dataintegrity.ReadBBSComponents(c.Encode())
	require.ErrorContains(t, err, "more than is read")
	c.Presentation, c.Shown = nil, append(c.Shown, 40)
	require.ErrorIs(t, verifyBBS(t, bytes.Replace(derived, []byte(text), []byte(c.Encode()), 1)), dataintegrity.ErrMalformed, "an index of nothing")
}
