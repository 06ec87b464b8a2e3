package gdhcn_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// realLists are those of the network's DEV environment that its signer signs.
var realLists = []string{"v2/trustlist", "v2/trustlist/DCC", "v2/trustlist/PH4H", "v2/trustlist/IPS-PILGRIMAGE"}

func realList(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-dev"), name, "did.json"))
	require.NoError(t, err)
	return raw
}

// realOptions pins the DEV environment's signer, and knows its context.
func realOptions(t testing.TB) gdhcn.Options {
	t.Helper()
	dir := testvectors.Dir(t, "gdhcn")
	raw, err := os.ReadFile(filepath.Join(dir, "did_contexts", "v1-dev.jsonld"))
	require.NoError(t, err)
	sum := sha256.Sum256(raw)
	r, err := rdf.New(rdf.Context{URL: "https://smart.who.int/trust/tng-context/v1-DEV.jsonld", Raw: raw, SHA256: hex.EncodeToString(sum[:])})
	require.NoError(t, err)
	var doc struct {
		VerificationMethod []struct {
			ID           string
			PublicKeyJwk json.RawMessage
		}
	}
	signer, err := os.ReadFile(filepath.Join(dir, "tng-participants-dev", "WHO", "signing", "DID", "did.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(signer, &doc))
	k, err := jwk.Parse(doc.VerificationMethod[0].PublicKeyJwk, jwk.Strict)
	require.NoError(t, err)
	k.ID = doc.VerificationMethod[0].ID
	return gdhcn.Options{Signers: []proof.Key{k.Proof(proof.AssertionMethod)}, RDF: r}
}

// TestConformanceListProof verifies the network's own signatures.
func TestConformanceListProof(t *testing.T) {
	o := realOptions(t)
	met := 0
	for _, name := range realLists {
		raw := realList(t, name)
		start := time.Now()
		l, skipped, err := gdhcn.Parse(raw, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fmt.Printf("gdhcn-list-proof: %s, %d kB, in %v\n", name, len(raw)>>10, time.Since(start).Round(time.Millisecond))
		met++
		require.False(t, l.Issued().IsZero())
		require.NotEmpty(t, l.Entries())
		require.Equal(t, []gdhcn.Skipped{{ID: "proof", Reason: dataintegrity.ErrNoFragment, Kept: true}, {ID: "proof", Reason: dataintegrity.ErrDER, Kept: true}}, skipped[:2])
		all, without, err := gdhcn.Parse(raw, unsigned)
		require.NoError(t, err)
		require.Equal(t, all.Entries(), l.Entries())
		require.Equal(t, len(without), len(skipped[2:]))
	}
	fmt.Printf("conformance: gdhcn-list-proof %d/%d\n", met, len(realLists))
}

func TestRealListNeedsRDFAndSigner(t *testing.T) {
	raw, o := realList(t, "v2/trustlist/DCC"), realOptions(t)
	_, _, err := gdhcn.Parse(raw, gdhcn.Options{Signers: o.Signers})
	require.ErrorIs(t, err, gdhcn.ErrProof)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)

	r, err := rdf.New()
	require.NoError(t, err)
	_, _, err = gdhcn.Parse(raw, gdhcn.Options{Signers: o.Signers, RDF: r})
	require.ErrorIs(t, err, gdhcn.ErrProof)
	require.ErrorIs(t, err, rdf.ErrContext, "not without the network's context")

	stranger := o.Signers[0]
	stranger.Public = network().State("CH").Signer(testnet.SignerOptions{}).Cert.PublicKey
	_, _, err = gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{stranger}, RDF: o.RDF})
	require.ErrorIs(t, err, proof.ErrMismatch)

	// Signed by a key of the list itself, under an algorithm name that is none.
	_, _, err = gdhcn.Parse(realList(t, "trustlist"), o)
	require.ErrorIs(t, err, gdhcn.ErrProof)
}

func TestPromiseChangedRealListIsRefused(t *testing.T) {
	raw, o := realList(t, "v2/trustlist/DCC"), realOptions(t)
	for name, c := range map[string][2]string{
		"a participant":         {`"code":"#SVN"`, `"code":"#DEU"`},
		"a usage":               {`"code":"#CSCA"`, `"code":"#DSC"`},
		"a domain":              {`"code":"#DCC"`, `"code":"#PH4H"`},
		"an identifier":         {`DCC:SVN:SCA#`, `DCC:SVN:DSC#`},
		"a certificate":         {`"x5c":["MIIC`, `"x5c":["MIID`},
		"the date":              {`"created":"2026`, `"created":"2027`},
		"an expiry":             {`"created"`, `"expires":"2036-01-01T00:00:00Z","created"`},
		"the nonce":             {`"nonce":"c`, `"nonce":"d`},
		"the list's name":       {`"id":"did:web:tng-cdn-dev.who.int:v2:trustlist:DCC"`, `"id":"did:web:tng-cdn-dev.who.int:v2:trustlist"`},
		"an unknown term":       {`"verificationMethod":[{`, `"verificationMethod":[{"x":1,`},
		"a term of its own":     {`"@context":[`, `"@context":[{"x":"urn:x"},`},
		"a key under no name":   {`"verificationMethod":[{`, `"verificationMethod":[{"@id":"urn:x"},{`},
		"a context of another":  {`v1-DEV.jsonld`, `v1-UAT.jsonld`},
		"a number for a method": {`"verificationMethod":[{`, `"verificationMethod":[1,{`},
	} {
		changed := bytes.Replace(compact(t, raw), []byte(c[0]), []byte(c[1]), 1)
		require.False(t, bytes.Equal(compact(t, raw), changed), name)
		l, _, err := gdhcn.Parse(changed, o)
		require.ErrorIs(t, err, gdhcn.ErrProof, name)
		require.Nil(t, l, name)
	}
	_, _, err := gdhcn.Parse(compact(t, raw), o)
	require.NoError(t, err, "white space and order are not signed")
}

func compact(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, json.Compact(&out, raw))
	return out.Bytes()
}

// The statements about a key can be divided between two places without a change
// to the signature. A certificate authority's key would then have no usage where
// it stands, and be taken for a version 1 signer's.
func TestPromiseStatementsCannotBeMoved(t *testing.T) {
	o := realOptions(t)
	divide := func(place func(doc, rest object)) []byte {
		var doc object
		require.NoError(t, json.Unmarshal(realList(t, "v2/trustlist"), &doc))
		m := doc["verificationMethod"].([]any)[0].(object)
		rest := object{"id": m["id"]}
		for _, name := range []string{"domain", "participant", "keyusage"} {
			rest[name] = m[name]
			delete(m, name)
		}
		place(doc, rest)
		raw, err := json.Marshal(doc)
		require.NoError(t, err)
		return raw
	}
	divided := divide(func(doc, rest object) {
		doc["verificationMethod"] = append(doc["verificationMethod"].([]any), rest)
	})
	d, err := dataintegrity.Parser{RDF: o.RDF, Lenient: true}.Parse(divided)
	require.NoError(t, err)
	require.NoError(t, d.Verify(0, o.Signers[0]), "its signature holds")
	_, _, err = gdhcn.Parse(divided, o)
	require.ErrorIs(t, err, gdhcn.ErrFormat)

	_, _, err = gdhcn.Parse(divide(func(doc, rest object) {
		doc["controller"] = object{"id": doc["id"], "verificationMethod": rest}
	}), o)
	require.ErrorIs(t, err, gdhcn.ErrProof)
	require.ErrorIs(t, err, rdf.ErrForm)
}

func BenchmarkParseRealList(b *testing.B) {
	raw, o := realList(b, "v2/trustlist"), realOptions(b)
	for name, o := range map[string]gdhcn.Options{"signed": o, "unsigned": unsigned} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := gdhcn.Parse(raw, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
