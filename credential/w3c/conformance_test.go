package w3c_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// expectations counts what a set of vectors demands and prints what is not met.
type expectations struct {
	t          *testing.T
	met, total int
}

func (e *expectations) check(what string, ok bool, why error) {
	e.t.Helper()
	e.total++
	if ok {
		e.met++
		return
	}
	e.t.Errorf("not met: %s: %v", what, why)
}

func (e *expectations) print(set string) {
	fmt.Printf("conformance: %s %d/%d\n", set, e.met, e.total)
}

func files(t *testing.T, patterns ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		require.NoError(t, err)
		require.NotEmpty(t, found, p)
		for _, f := range found {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			out[f] = b
		}
	}
	return out
}

// proofOnly accepts every issuer, and keys of others than the issuer: many
// vectors have an issuer of whom nothing is known.
func proofOnly(t *testing.T, f w3c.Format) *credential.Verifier {
	t.Helper()
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{f}, Keys: key.Resolver{}, InsecureAnyIssuer: true, InsecureAnyController: true, InsecureSkipStatus: true})
	require.NoError(t, err)
	return v
}

// unsigned takes the proofs away, which in the examples are placeholders.
func unsigned(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(doc, &m))
	delete(m, "proof")
	return m
}

// The examples of the data model: each credential can be issued and verified,
// each presentation read, over JSON and over statements.
func TestConformanceDataModelExamples(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-data-model", "schema")
	e := &expectations{t: t}
	defer e.print("vc-data-model-examples")
	p := newParty(t, nil)
	for f, doc := range files(t, filepath.Join(dir, "verifiable-credential", "example-*.json")) {
		name := filepath.Base(f)
		draft, err := w3c.FromJSON(marshal(t, unsigned(t, doc)))
		e.check(name+" is read", err == nil, err)
		if err != nil {
			continue
		}
		for _, f := range []w3c.Format{{}, statements} {
			what := fmt.Sprint(name, " ", f.Suites)
			raw, err := f.Seal(ctx, draft, []proof.Signer{p})
			if e.check(what+" is issued", err == nil, err); err != nil {
				continue
			}
			_, err = proofOnly(t, w3c.Format{}).Verify(ctx, raw, credential.Policy{Time: draft.ValidFrom.AddDate(0, 0, 1)})
			e.check(what+" is verified", err == nil, err)
		}
	}
	for f, doc := range files(t, filepath.Join(dir, "verifiable-presentation", "example-*.json")) {
		env, err := w3c.Format{}.Parse(marshal(t, unsigned(t, doc)), "")
		e.check(filepath.Base(f)+" is read", err == nil && len(env.Contents) > 0, err)
		_, err = proofOnly(t, w3c.Format{}).VerifyPresentation(ctx, doc, credential.Policy{Time: now, InsecureAnyBinding: true, AnyHolder: true})
		e.check(filepath.Base(f)+" has proofs that are refused", err != nil, err)
	}
}

// The signed documents of the cryptosuites' specifications, through the whole
// verifier, and one claim of each changed.
func TestConformanceSignedVectors(t *testing.T) {
	dir := testvectors.Dir(t, "w3c")
	e := &expectations{t: t}
	defer e.print("vc-di-signed-documents")
	for f, doc := range files(t,
		filepath.Join(dir, "vc-di-eddsa", "TestVectors", "*", "signed*.json"), filepath.Join(dir, "vc-di-ecdsa", "TestVectors", "ecdsa-jcs*", "signed*.json"), filepath.Join(dir, "vc-di-ecdsa", "TestVectors", "ecdsa-rdfc*", "signed*.json")) {
		name, err := filepath.Rel(dir, f)
		require.NoError(t, err)
		v := proofOnly(t, w3c.Format{})
		_, err = v.Verify(ctx, doc, credential.Policy{Time: now})
		e.check(name, err == nil, err)
		changed := strings.Replace(string(doc), "The School of Examples", "The School of Forgers", 1)
		require.NotEqual(t, string(doc), changed, name)
		_, err = v.Verify(ctx, []byte(changed), credential.Policy{Time: now})
		e.check(name+" changed", err != nil, err)
		// The issuer is a web site, whose keys nobody knows here.
		strict, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, InsecureAnyIssuer: true})
		require.NoError(t, err)
		_, err = strict.Verify(ctx, doc, credential.Policy{Time: now})
		e.check(name+" by another than its issuer", err != nil, err)
	}
}

// Chains that name proofs that are there, and others. The documents have contexts
// of their own, which are not signed.
func TestConformanceProofChains(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "data-integrity-test-suite-assertion", "inputs")
	e := &expectations{t: t}
	defer e.print("data-integrity-test-suite-assertion")
	for f, doc := range files(t, filepath.Join(dir, "*", "*.json")) {
		_, err := proofOnly(t, w3c.Format{InsecureAnyNames: true}).Verify(ctx, doc, credential.Policy{Time: now})
		if name := filepath.Base(f); strings.Contains(name, "Fail") {
			e.check(name, err != nil, err)
		} else {
			e.check(name, err == nil, err)
		}
	}
}

// The suites that there are, and a proof of each kind in one credential.
func TestProofsOfAllKindsInOneCredential(t *testing.T) {
	parties := suites(t)
	raw := issue(t, content(parties["Ed25519"].did), parties["Ed25519"])
	for _, p := range parties {
		o := dataintegrity.Options{RDF: pilgrim(t).RDF, Cryptosuite: dataintegrity.ECDSARDFC2019}
		if p.did == parties["Ed25519"].did {
			o.Cryptosuite = dataintegrity.EdDSARDFC2022
		}
		var err error
		raw, err = dataintegrity.Sign(ctx, raw, p, o)
		require.NoError(t, err)
	}
	res, err := verifier(t, nil, entry(parties["Ed25519"], "Ministry")).Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Len(t, res.Signatories, 4)
}
