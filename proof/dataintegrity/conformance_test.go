package dataintegrity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
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

func read(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

func newRDF(t testing.TB) *rdf.Canonicalizer {
	t.Helper()
	r, err := rdf.New()
	require.NoError(t, err)
	return r
}

// vectors is a folder of a cryptosuite specification's test vectors.
type vectors struct {
	*expectations
	rdf     *rdf.Canonicalizer
	secrets map[string][]byte // by did:key
	root    string
	dir     string
	suffix  string // of the files' names
}

func (x *vectors) text(name string) string {
	return strings.TrimRight(string(read(x.t, x.dir, name+x.suffix+".txt")), "\r\n")
}

// canonical returns what a document or a proof's options become before hashing.
func (x *vectors) canonical(p *dataintegrity.Proof, doc []byte) string {
	v, err := jcs.Parse(doc)
	require.NoError(x.t, err)
	if !p.SignsStatements() {
		return string(v.Append(nil))
	}
	quads, err := x.rdf.Canonical(v.Append(nil), dataintegrity.HashOf(p))
	require.NoError(x.t, err)
	return strings.TrimRight(string(quads), "\n")
}

// run checks the canonical forms, their hashes, the signature's spellings and
// the signed document, and makes it again.
func (x *vectors) run(unsigned string, a proof.Algorithm) {
	name := x.dir + ": "
	x.dir = filepath.Join(x.root, x.dir)
	signed := read(x.t, x.dir, "signed"+x.suffix+".json")
	d, err := dataintegrity.Parser{RDF: x.rdf}.Parse(signed)
	x.check(name+"signed document is read", err == nil && len(d.Proofs) == 1)
	if err != nil {
		x.t.Log(err)
		return
	}
	p := &d.Proofs[0]
	document := read(x.t, x.root, unsigned)
	canonDoc := strings.ReplaceAll(x.text("canonDoc"), "\r\n", "\n")
	x.check(name+"algorithm", p.Algorithm == a)
	if p.Type == dataintegrity.ProofType { // the other type needs a further context
		x.check(name+"canonical document", x.canonical(p, document) == canonDoc)
	}
	x.check(name+"canonical document of the signed one", x.canonical(p, d.Unsecured()) == canonDoc)
	x.check(name+"canonical proof options", x.canonical(p, read(x.t, x.dir, "proofConfig"+x.suffix+".json")) == x.text("proofCanon"))
	message, sig := dataintegrity.Internals(d, 0)
	x.check(name+"document hash", strings.HasSuffix(hex.EncodeToString(message), x.text("docHash")))
	x.check(name+"proof hash", strings.HasPrefix(hex.EncodeToString(message), x.text("proofHash")))
	x.check(name+"combined hash", hex.EncodeToString(message) == x.text("combinedHash"))
	x.check(name+"signature", hex.EncodeToString(sig) == x.text("sigHex"))
	x.check(name+"proofValue", proofMembers(x.t, signed)[0]["proofValue"] == x.text("sigBTC58"))
	x.check(name+"signature verifies", d.Verify(0, resolve(x.t, p)) == nil)
	x.resign(name, d)
}

// resign makes the last proof of a document again; with the key given, its
// bytes are the same.
func (x *vectors) resign(name string, d *dataintegrity.Document) {
	p := &d.Proofs[len(d.Proofs)-1]
	id, _, _ := strings.Cut(p.VerificationMethod, "#")
	secret, ok := x.secrets[id]
	if !ok {
		x.check(name+"key given", false)
		return
	}
	before := string(d.Unsecured())
	if n := len(d.Proofs); n > 1 {
		var first [][]byte
		for i, v := range d.Value().Member("proof").Elements() {
			if i < n-1 {
				first = append(first, v.Append(nil))
			}
		}
		before = before[:len(before)-1] + `,"proof":[`
		for i, f := range first {
			before += ",.."[:min(i, 1)] + string(f)
		}
		before += "]}"
	}
	signed, err := dataintegrity.Sign(context.Background(), []byte(before), deterministic{resolve(x.t, p), secret}, dataintegrity.Options{
		Cryptosuite: p.Cryptosuite, RDF: x.rdf, ID: p.ID, Created: p.Created, Previous: p.Previous,
	})
	if err != nil {
		x.check(name+"signing: "+err.Error(), false)
		return
	}
	want := proofMembers(x.t, d.Value().Append(nil))
	got := proofMembers(x.t, signed)
	x.check(name+"proof made is the same", fmt.Sprint(got[len(got)-1]) == fmt.Sprint(want[len(want)-1]))
}

// deterministic is a signer whose signatures are always the same (RFC 6979).
type deterministic struct {
	key    proof.Key
	secret []byte
}

func (d deterministic) Key() proof.Key { return d.key }

func (d deterministic) Sign(_ context.Context, message []byte) ([]byte, error) {
	curve := elliptic.P256()
	switch d.key.Algorithms[0] {
	case proof.EdDSA:
		return ed25519.Sign(ed25519.NewKeyFromSeed(d.secret), message), nil
	case proof.ES384:
		curve = elliptic.P384()
	}
	k, err := ecdsa.ParseRawPrivateKey(curve, d.secret)
	if err != nil {
		return nil, err
	}
	der, err := k.Sign(nil, dataintegrity.Digest(d.key.Algorithms[0], message), dataintegrity.HashFor(d.key.Algorithms[0]))
	if err != nil {
		return nil, err
	}
	sig, _ := dataintegrity.FromDER(der, 2*((curve.Params().BitSize+7)/8))
	return sig, nil
}

func proofMembers(t testing.TB, signed []byte) []map[string]any {
	t.Helper()
	var doc struct{ Proof json.RawMessage }
	require.NoError(t, json.Unmarshal(signed, &doc))
	var all []map[string]any
	if json.Unmarshal(doc.Proof, &all) == nil {
		return all
	}
	all = make([]map[string]any, 1)
	require.NoError(t, json.Unmarshal(doc.Proof, &all[0]))
	return all
}

func resolve(t testing.TB, p *dataintegrity.Proof) proof.Key {
	t.Helper()
	keys, err := key.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: p.VerificationMethod})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	return keys[0]
}

// addSecrets reads key pairs from a file of the vectors.
func (x *vectors) addSecrets(file ...string) {
	type pair struct{ PublicKeyMultibase, PrivateKeyMultibase, SecretKeyMultibase string }
	raw := read(x.t, file...)
	pairs := map[string]pair{}
	var one pair
	if require.NoError(x.t, json.Unmarshal(raw, &one)); one.PublicKeyMultibase != "" {
		pairs["one"] = one
	} else {
		require.NoError(x.t, json.Unmarshal(raw, &pairs))
	}
	for _, p := range pairs {
		_, secret, err := multibase.Decode(p.PrivateKeyMultibase + p.SecretKeyMultibase)
		require.NoError(x.t, err)
		x.secrets["did:key:"+p.PublicKeyMultibase] = secret[2:] // after the multicodec number
	}
}

func TestConformanceEdDSA(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-di-eddsa", "TestVectors")
	x := &vectors{expectations: &expectations{t: t}, rdf: newRDF(t), root: dir, secrets: map[string][]byte{}}
	defer x.print("vc-di-eddsa")
	x.addSecrets(dir, "keyPair.json")
	for _, c := range [][3]string{
		{"eddsa-jcs-2022", "JCS", "unsigned.json"}, {"eddsa-rdfc-2022", "DataInt", "unsigned.json"},
		{"eddsa-rdfc-2022/employ", "DataInt", "employmentAuth.json"}, {"Ed25519Signature2020", "EdSig", "unsigned.json"},
	} {
		x.dir, x.suffix = c[0], c[1]
		x.run(c[2], proof.EdDSA)
	}

	chain := filepath.Join(dir, "proof-set-chain")
	x.addSecrets(chain, "multiKeyPairs.json")
	for _, name := range []string{"signedProofSet1", "signedProofSet2", "proofChainTempDoc1", "signedProofChain1", "signedProofChain2"} {
		d, err := dataintegrity.Parser{RDF: x.rdf}.Parse(read(t, chain, name+".json"))
		x.check(name+": is read", err == nil)
		if err != nil {
			t.Log(err)
			continue
		}
		for i := range d.Proofs {
			x.check(fmt.Sprintf("%s: proof %d verifies", name, i), d.Verify(i, resolve(t, &d.Proofs[i])) == nil)
		}
		x.resign(name+": ", d)
	}
	for n, name := range map[int]string{2: "proofChainTempDoc1", 3: "proofChainTempDoc2"} {
		// What the next proof signs.
		d, err := dataintegrity.Parser{RDF: x.rdf}.Parse(read(t, chain, "signedProofChain2.json"))
		require.NoError(t, err)
		quads, err := x.rdf.Canonical(read(t, chain, name+".json"), 5)
		require.NoError(t, err)
		message, _ := dataintegrity.Internals(d, n)
		sum := sha256.Sum256(quads)
		x.check(name+": is what the next proof signs", strings.HasSuffix(string(message), string(sum[:])))
	}
	_, err := dataintegrity.Parser{RDF: x.rdf}.Parse(read(t, chain, "proofChainTempDoc2.json"))
	x.check("proofChainTempDoc2: a chain without its beginning", err != nil)
}

func TestConformanceECDSA(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "vc-di-ecdsa", "TestVectors")
	x := &vectors{expectations: &expectations{t: t}, rdf: newRDF(t), root: dir, secrets: map[string][]byte{}}
	defer x.print("vc-di-ecdsa")
	x.addSecrets(dir, "p256KeyPair.json")
	x.addSecrets(dir, "p384KeyPair.json")
	for curve, a := range map[string]proof.Algorithm{"256": proof.ES256, "384": proof.ES384} {
		for _, c := range [][3]string{
			{"ecdsa-jcs-2019-p" + curve, "JCSECDSAP" + curve, "unsigned.json"}, {"ecdsa-rdfc-2019-p" + curve, "ECDSAP" + curve, "unsigned.json"},
			{"ecdsa-rdfc-2019-p" + curve + "/employ", "ECDSAP" + curve, "employmentAuth.json"},
		} {
			x.dir, x.suffix = c[0], c[1]
			x.run(c[2], a)
		}
	}
}

// TestConformanceProofChains runs the static inputs of the W3C's test suite. All
// their credentials define terms themselves.
func TestConformanceProofChains(t *testing.T) {
	dir := testvectors.Dir(t, "w3c", "data-integrity-test-suite-assertion", "inputs", "eddsa-rdfc-2022")
	e := &expectations{t: t}
	defer e.print("proof-chains")
	r := newRDF(t)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		raw := read(t, dir, f.Name())
		err := verifyAll(t, dataintegrity.Parser{RDF: r.InsecureInlineContexts()}, raw)
		e.check(fmt.Sprintf("%s: %v", f.Name(), err), (err == nil) == strings.Contains(f.Name(), "Ok"))
		if err != nil {
			require.ErrorIs(t, err, dataintegrity.ErrMalformed, f.Name())
			if !strings.Contains(f.Name(), "NotString") { // whose id is no URL either
				require.ErrorContains(t, err, "previousProof", f.Name())
			}
		}
		if strings.Contains(f.Name(), "Ok") {
			require.ErrorIs(t, verifyAll(t, dataintegrity.Parser{RDF: r}, raw), rdf.ErrContext)
		}
	}
}

// cowinKey is the public key of India's vaccination certificates of 2021, which
// call it did:india.
const cowinKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0i7R4XsyG3m6KD36qKEV
xE+odCh68W2O4vLqh6SnsgItzvLYvJKPai+jEkf22FlPn0QnGo+Znyi6dw1lhvg9
FGXqodv33yrqKhGLkQPeURaMnJidxktK/3QLXuv9HiKq9fSDLJyPBJEFCCCiZNTG
gWM0dqq43/XRi+7IX3gWU68U6v/7EyOW3U4ZgYUVlfwbUh6eKRan68/TObQua39o
eUfDMhJa0NHnMXb1lq/vQIjEgGkOK5LLyz+X8ETUEhn8Qdx2SIORmftCPW4XO0UZ
mMHuGw9t+UUgniy5BL8kmvtjpVRWFUliJFGBTvBZCO6gcoX5eXi8LytCg+mJ6EDO
+QIDAQAB
-----END PUBLIC KEY-----`

// TestConformanceDIVOC verifies a certificate of the kind that India issued.
func TestConformanceDIVOC(t *testing.T) {
	e := &expectations{t: t}
	defer e.print("divoc")
	raw := read(t, testvectors.Dir(t, "gdhcn", "divoc-contexts"), "DIVOCVaccinationContextV1.json")
	sum := sha256.Sum256(raw)
	r, err := rdf.New(rdf.Context{URL: "https://cowin.gov.in/credentials/vaccination/v1", Raw: raw, SHA256: hex.EncodeToString(sum[:])})
	require.NoError(t, err)
	block, _ := pem.Decode([]byte(cowinKey))
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	k := proof.Key{Public: pub, Algorithms: []proof.Algorithm{proof.PS256}, Purposes: []proof.Purpose{proof.AssertionMethod}}

	signed := string(read(t, testvectors.Dir(t, "gdhcn", "qr"), "DIVOCQR1Unpacked.json"))
	parser := dataintegrity.Parser{RDF: r, Lenient: true}
	d, err := parser.Parse([]byte(signed))
	require.NoError(t, err)
	require.Equal(t, []error{dataintegrity.ErrNoFragment}, d.Proofs[0].Tolerated)
	e.check("the signature verifies", d.Verify(0, k) == nil)
	for _, change := range [][2]string{{`Dummy256`, `Dummy257`}, {`Third March`, `Fourth March`}, {`04:28:46Z`, `04:28:47Z`}} {
		require.Contains(t, signed, change[0])
		d, err := parser.Parse([]byte(strings.Replace(signed, change[0], change[1], 1)))
		e.check("changed: "+change[1], err == nil && d.Verify(0, k) != nil)
	}
}

func verifyAll(t testing.TB, parser dataintegrity.Parser, raw []byte) error {
	t.Helper()
	d, err := parser.Parse(raw)
	if err != nil {
		return err
	}
	for i := range d.Proofs {
		if err := d.Verify(i, resolve(t, &d.Proofs[i])); err != nil {
			return err
		}
	}
	return nil
}
