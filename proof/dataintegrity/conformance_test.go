package dataintegrity_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// expectations counts what a set of vectors demands and prints what is not met.
type expectations struct {
	t          *testing.T
	met, total int
}

func (e *expectations) check(what string, ok bool) {
	e.t.Helper()
	e.total++
	if ok {
		e.met++
		return
	}
	e.t.Errorf("not met: %s", what)
}

func (e *expectations) print(set string) {
	fmt.Printf("conformance: %s %d/%d\n", set, e.met, e.total)
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

// checkVectors runs one folder of a cryptosuite specification's test vectors:
// the canonical forms, their hashes, the signature's spellings, the signed
// document.
func checkVectors(t *testing.T, e *expectations, dir, suffix string) *dataintegrity.Document {
	t.Helper()
	unsigned, signed := read(t, dir, "..", "unsigned.json"), read(t, dir, "signed"+suffix+".json")
	text := func(name string) string { return strings.TrimSpace(string(read(t, dir, name+suffix+".txt"))) }
	name := filepath.Base(dir) + ": "

	v, err := jcs.Parse(unsigned)
	require.NoError(t, err)
	e.check(name+"canonical document", string(v.Append(nil)) == text("canonDoc"))
	v, err = jcs.Parse(read(t, dir, "proofConfig"+suffix+".json"))
	require.NoError(t, err)
	e.check(name+"canonical proof configuration", string(v.Append(nil)) == text("proofCanon"))

	d, err := dataintegrity.Parse(signed)
	require.NoError(t, err)
	require.Len(t, d.Proofs, 1)
	e.check(name+"document of the signed one", string(d.Unsecured()) == text("canonDoc"))
	message, sig := dataintegrity.Internals(d, 0)
	e.check(name+"document hash", strings.HasSuffix(hex.EncodeToString(message), text("docHash")))
	e.check(name+"proof hash", strings.HasPrefix(hex.EncodeToString(message), text("proofHash")))
	e.check(name+"combined hash", hex.EncodeToString(message) == text("combinedHash"))
	e.check(name+"signature", hex.EncodeToString(sig) == text("sigHex"))
	e.check(name+"proofValue", mustMember(t, signed, "proofValue") == text("sigBTC58"))

	keys, err := key.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: d.Proofs[0].VerificationMethod})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	e.check(name+"signature verifies", d.Verify(0, keys[0]) == nil)
	return d
}

func mustMember(t *testing.T, signed []byte, name string) string {
	t.Helper()
	var doc struct{ Proof map[string]any }
	require.NoError(t, json.Unmarshal(signed, &doc))
	s, _ := doc.Proof[name].(string)
	return s
}

func TestConformanceEdDSAJCS(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-di-eddsa", "TestVectors")
	e := &expectations{t: t}
	defer e.print("vc-di-eddsa-jcs")
	suite := filepath.Join(dir, "eddsa-jcs-2022")
	d := checkVectors(t, e, suite, "JCS")

	// With the key given, signing gives the same bytes.
	var pair struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	require.NoError(t, json.Unmarshal(read(t, dir, "keyPair.json"), &pair))
	_, secret, err := multibase.Decode(pair.PrivateKeyMultibase)
	require.NoError(t, err)
	s, err := key.NewSigner(ed25519.NewKeyFromSeed(secret[2:])) // after the multicodec number
	require.NoError(t, err)
	e.check("key pair", s.Key().ID == "did:key:"+pair.PublicKeyMultibase+"#"+pair.PublicKeyMultibase)
	signed, err := dataintegrity.Sign(context.Background(), read(t, dir, "unsigned.json"), s, dataintegrity.Options{
		Created: time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC),
	})
	require.NoError(t, err)
	e.check("proofValue made", mustMember(t, signed, "proofValue") == mustMember(t, read(t, suite, "signedJCS.json"), "proofValue"))
	want, err := jcs.Parse(read(t, suite, "signedJCS.json"))
	require.NoError(t, err)
	got, err := jcs.Parse(signed)
	require.NoError(t, err)
	e.check("signed document made", jcs.Equal(want, got))
	require.Equal(t, proof.EdDSA, d.Proofs[0].Algorithm)
}

func TestConformanceECDSAJCS(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-di-ecdsa", "TestVectors")
	e := &expectations{t: t}
	defer e.print("vc-di-ecdsa-jcs")
	d := checkVectors(t, e, filepath.Join(dir, "ecdsa-jcs-2019-p256"), "JCSECDSAP256")
	e.check("P-256 means ES256", d.Proofs[0].Algorithm == proof.ES256)
	d = checkVectors(t, e, filepath.Join(dir, "ecdsa-jcs-2019-p384"), "JCSECDSAP384")
	e.check("P-384 means ES384", d.Proofs[0].Algorithm == proof.ES384)
}
