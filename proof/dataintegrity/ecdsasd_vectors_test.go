package dataintegrity_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jsonld"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// steady is a key whose signatures are always the same (RFC 6979).
type steady struct{ *ecdsa.PrivateKey }

func (s steady) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, o)
}

// secretP256 reads a secret key in multibase, behind its multicodec number.
func secretP256(t testing.TB, s string) steady {
	t.Helper()
	_, b, err := multibase.Decode(s)
	require.NoError(t, err)
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), b[2:])
	require.NoError(t, err)
	return steady{k}
}

// sdKeys are those of a set of vectors.
type sdKeys struct {
	issuer, statements steady
	publicKey          []byte // of the statements' key, as a Multikey
	hmac               []byte
}

func readKeys(t testing.TB, dir string) sdKeys {
	t.Helper()
	var keys struct {
		BaseKeyPair, ProofKeyPair struct{ PublicKeyMultibase, SecretKeyMultibase string }
		HmacKeyString             string
	}
	require.NoError(t, json.Unmarshal(read(t, dir, "SDKeyMaterial.json"), &keys))
	hmac, err := hex.DecodeString(keys.HmacKeyString)
	require.NoError(t, err)
	_, pub, err := multibase.Decode(keys.ProofKeyPair.PublicKeyMultibase)
	require.NoError(t, err)
	return sdKeys{secretP256(t, keys.BaseKeyPair.SecretKeyMultibase), secretP256(t, keys.ProofKeyPair.SecretKeyMultibase), pub, hmac}
}

// sdVectors is one example of selective disclosure.
type sdVectors struct {
	*expectations
	sdKeys
	rdf                     *rdf.Canonicalizer
	dir, name               string
	doc                     []byte
	mandatory, selective    []string
	files                   map[string]bool // that were compared
	signature               []byte
	allSignatures           [][]byte
	proofHash, mandatorySum string
}

// file reads a vector into dst and notes that it was.
func (x *sdVectors) file(name string, dst any) {
	x.t.Helper()
	x.files[name] = true
	raw := read(x.t, x.dir, name)
	if s, ok := dst.(*string); ok {
		*s = string(raw)
		return
	}
	require.NoError(x.t, json.Unmarshal(raw, dst), name)
}

// entries is a map as the vectors write it.
type entries struct{ Value [][2]any }

func asEntries(lines [][]byte, at func(i int) bool) entries {
	var e entries
	for i, line := range lines {
		if at(i) {
			e.Value = append(e.Value, [2]any{float64(i), string(line)})
		}
	}
	return e
}

func among(list []int) func(int) bool     { return func(i int) bool { return slices.Contains(list, i) } }
func not(f func(int) bool) func(int) bool { return func(i int) bool { return !f(i) } }

func asStrings(lines [][]byte) []string {
	var out []string
	for _, l := range lines {
		out = append(out, string(l))
	}
	return out
}

func asHex(all [][]byte) []string {
	var out []string
	for _, b := range all {
		out = append(out, hex.EncodeToString(b))
	}
	return out
}

func pick[T any](all []T, at []int) []T {
	var out []T
	for _, i := range at {
		out = append(out, all[i])
	}
	return out
}

func sameJSON(t testing.TB, a, b []byte) bool {
	x, err := jcs.Parse(a)
	require.NoError(t, err)
	y, err := jcs.Parse(b)
	require.NoError(t, err)
	return jcs.Equal(x, y)
}

func (x *sdVectors) publicKeyText() string {
	s, err := multibase.Encode(multibase.Base58BTC, x.publicKey)
	require.NoError(x.t, err)
	return s
}

// base checks how an issuer groups statements.
func (x *sdVectors) base(g *dataintegrity.Group) {
	var canon, labelled []string
	x.file("addBaseDocCanon.json", &canon)
	x.check(x.name+"canonical statements", slices.Equal(canon, asStrings(g.Canonical)))
	x.file("addBaseDocHMACCanon.json", &labelled)
	x.check(x.name+"statements under labels", slices.Equal(labelled, asStrings(g.Lines)))
	var transform struct {
		MandatoryPointers       []string
		Mandatory, NonMandatory entries
		HmacKeyString           string
	}
	x.file("addBaseTransform.json", &transform)
	x.check(x.name+"mandatory pointers", slices.Equal(transform.MandatoryPointers, x.mandatory))
	x.check(x.name+"mandatory statements", reflect.DeepEqual(transform.Mandatory, asEntries(g.Lines, among(g.Mandatory))))
	x.check(x.name+"other statements", reflect.DeepEqual(transform.NonMandatory, asEntries(g.Lines, not(among(g.Mandatory)))))
	x.check(x.name+"HMAC key", strings.EqualFold(transform.HmacKeyString, hex.EncodeToString(x.hmac)))
}

// pointerValues checks what pointers point to below a place in the document.
func (x *sdVectors) pointerValues(below string) {
	var values []struct {
		Pointer string
		Value   json.RawMessage
	}
	x.file("addPointerValues.json", &values)
	doc, err := jcs.Parse(x.doc)
	require.NoError(x.t, err)
	for _, v := range values {
		pointer := below + v.Pointer
		x.check(x.name+"pointer", slices.Contains(x.mandatory, pointer))
		part, err := doc.Select([]string{pointer})
		for _, name := range strings.Split(pointer, "/")[1:] {
			if part.Kind() == jcs.Array {
				for _, e := range part.Elements() { // the only one that is selected
					part = e
				}
				continue
			}
			part = part.Member(name)
		}
		x.check(x.name+"what it points to", err == nil && sameJSON(x.t, part.Append(nil), v.Value))
	}
}

// sign makes the base proof, with the secrets given.
func (x *sdVectors) sign() *dataintegrity.Document {
	var signed json.RawMessage
	x.file("addSignedSDBase.json", &signed)
	var config, canon string
	x.file("addProofConfig.json", &config)
	x.file("addProofConfigCanon.txt", &canon)
	d, err := dataintegrity.Parser{RDF: x.rdf}.Parse(signed)
	require.NoError(x.t, err)
	p := &d.Proofs[0]
	options, err := x.rdf.Canonical([]byte(config), crypto.SHA256)
	x.check(x.name+"canonical options", err == nil && strings.TrimSpace(string(options)) == strings.TrimSpace(canon))
	var hashes struct{ ProofHash, MandatoryHash string }
	x.file("addHashData.json", &hashes)
	message, _ := dataintegrity.Internals(d, 0)
	x.check(x.name+"options hash", hex.EncodeToString(message) == hashes.ProofHash)
	x.proofHash, x.mandatorySum = hashes.ProofHash, hashes.MandatoryHash

	key := resolve(x.t, p)
	x.check(x.name+"issuer's key", x.issuer.PublicKey.Equal(key.Public))
	s, err := proof.NewSigner(x.issuer, key)
	require.NoError(x.t, err)
	o := dataintegrity.Options{Cryptosuite: p.Cryptosuite, RDF: x.rdf, Created: p.Created, Mandatory: x.mandatory}
	dataintegrity.SetSecrets(&o, x.hmac, x.statements)
	ours, err := dataintegrity.Sign(context.Background(), x.doc, s, o)
	require.NoError(x.t, err)
	x.check(x.name+"signed document, byte for byte", sameJSON(x.t, ours, signed))

	var raw, recovered struct {
		BaseSignature, PublicKey, ProofPublicKey, HmacKey string
		Signatures, MandatoryPointers                     []string
	}
	x.file("addRawBaseSignatureInfo.json", &raw)
	x.file("derivedRecoveredBaseData.json", &recovered)
	c, err := dataintegrity.ReadComponents(proofMembers(x.t, signed)[0]["proofValue"].(string))
	require.NoError(x.t, err)
	x.allSignatures, x.signature = c.Signatures, c.Signature
	x.check(x.name+"base proof", c.Base && p.Base)
	x.check(x.name+"base signature", hex.EncodeToString(c.Signature) == raw.BaseSignature && raw.BaseSignature == recovered.BaseSignature)
	x.check(x.name+"key of the statements", slices.Equal(c.Key, x.publicKey) && x.publicKeyText() == raw.PublicKey && raw.PublicKey == recovered.ProofPublicKey)
	x.check(x.name+"signatures", slices.Equal(asHex(c.Signatures), raw.Signatures) && slices.Equal(raw.Signatures, recovered.Signatures))
	x.check(x.name+"HMAC key recovered", hex.EncodeToString(c.HMAC) == recovered.HmacKey)
	x.check(x.name+"pointers recovered", slices.Equal(c.Pointers, recovered.MandatoryPointers))
	x.check(x.name+"a base proof does not verify", d.Verify(0, key) != nil)
	return d
}

// groupIndexes checks how statements are grouped for a derived proof, groups in
// every detail.
func (x *sdVectors) groupIndexes(g *dataintegrity.Group) {
	var indexes struct{ CombinedIndexes, MandatoryIndexes, NonMandatoryIndexes, SelectiveIndexes []int }
	x.file("derivedGroupIndexes.json", &indexes)
	var others []int
	for i := range g.Lines {
		if !slices.Contains(g.Mandatory, i) {
			others = append(others, i)
		}
	}
	x.check(x.name+"indexes shown", slices.Equal(indexes.CombinedIndexes, g.Combined))
	x.check(x.name+"indexes mandatory", slices.Equal(indexes.MandatoryIndexes, g.Mandatory))
	x.check(x.name+"indexes of others", slices.Equal(indexes.NonMandatoryIndexes, others))
	x.check(x.name+"indexes selected", slices.Equal(indexes.SelectiveIndexes, g.Selective))
}

func (x *sdVectors) groups(g *dataintegrity.Group) {
	var all struct {
		Groups map[string]struct {
			Matching, NonMatching entries
			DeskolemizedNQuads    []string
		}
		Skolemized         map[string]json.RawMessage
		DeskolemizedNQuads []string
		LabelMap           struct{ Value [][2]string }
		NQuads             []string
	}
	x.file("derivedAllGroupData.json", &all)
	labels := map[string]string{}
	for _, e := range all.LabelMap.Value {
		labels[e[0]] = e[1]
	}
	x.check(x.name+"labels", len(labels) == len(g.Labels) && slices.Equal(slices.Sorted(valuesOf(labels)), sorted(g.Labels)))
	x.check(x.name+"statements", slices.Equal(all.NQuads, asStrings(g.Lines)))
	x.check(x.name+"statements under other labels", slices.Equal(relabel(all.DeskolemizedNQuads, labels), asStrings(g.Lines)))
	for name, at := range map[string][]int{"selective": g.Selective, "mandatory": g.Mandatory, "combined": g.Combined} {
		group := all.Groups[name]
		x.check(x.name+name+" matching", reflect.DeepEqual(group.Matching, asEntries(g.Lines, among(at))))
		x.check(x.name+name+" not matching", reflect.DeepEqual(group.NonMatching, asEntries(g.Lines, not(among(at)))))
		x.check(x.name+name+" under other labels", slices.Equal(relabel(group.DeskolemizedNQuads, labels), asStrings(pick(g.Lines, at))))
	}
	for name, doc := range all.Skolemized {
		x.check(x.name+"skolemized, "+name, slices.Equal(x.skolemized(doc, labels), asStrings(g.Lines)))
	}
}

// skolemized returns the statements of a document with IRIs for blank nodes.
func (x *sdVectors) skolemized(doc []byte, labels map[string]string) []string {
	v, err := jcs.Parse(doc)
	require.NoError(x.t, err)
	p, err := jsonld.New()
	require.NoError(x.t, err)
	quads, err := p.ToRDF(v, jsonld.Options{AnyForm: true})
	require.NoError(x.t, err)
	r, err := rdfc.Canonicalize(quads, rdfc.Options{})
	require.NoError(x.t, err)
	text := string(r.NQuads())
	for from, to := range labels {
		text = strings.ReplaceAll(text, "<urn:bnid:"+from+">", "_:"+to)
	}
	return sorted(strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n"), "\n")
}

func valuesOf(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// sorted returns lines in order, each with the end given, if any.
func sorted(lines []string, end ...string) []string {
	out := slices.Clone(lines)
	for i := range out {
		if len(end) > 0 {
			out[i] = strings.TrimSuffix(out[i], end[0]) + end[0]
		}
	}
	slices.Sort(out)
	return out
}

func relabel(lines []string, labels map[string]string) []string {
	out := slices.Clone(lines)
	for i := range out {
		for from, to := range labels {
			out[i] = strings.ReplaceAll(out[i], "_:"+from+" ", "_:"+to+" ")
		}
	}
	return sorted(out)
}

// derived checks what a holder makes of the base proof, and that it verifies.
func (x *sdVectors) derived(g *dataintegrity.Group, signed *dataintegrity.Document) {
	var unsigned, revealed json.RawMessage
	x.file("derivedUnsignedReveal.json", &unsigned)
	x.file("derivedRevealDocument.json", &revealed)
	x.check(x.name+"part shown", sameJSON(x.t, g.Part, unsigned))
	ours, err := dataintegrity.Derive(signed.Value().Append(nil), dataintegrity.Disclosure{RDF: x.rdf, Pointers: x.selective})
	require.NoError(x.t, err)
	x.check(x.name+"derived document, byte for byte", sameJSON(x.t, ours, revealed))

	c, err := dataintegrity.ReadComponents(proofMembers(x.t, ours)[0]["proofValue"].(string))
	require.NoError(x.t, err)
	var adjusted struct{ AdjMandatoryIndexes []int }
	x.file("derivedAdjMandatoryIndexes.json", &adjusted)
	x.check(x.name+"mandatory indexes", slices.Equal(adjusted.AdjMandatoryIndexes, c.Mandatory))
	var signatures struct {
		AdjSignatureIndexes []int
		FilteredSignatures  []string
	}
	x.file("derivedAdjSignatures.json", &signatures)
	x.check(x.name+"signatures shown", slices.Equal(signatures.FilteredSignatures, asHex(c.Signatures)))
	x.check(x.name+"indexes of signatures shown", slices.Equal(asHex(pick(x.allSignatures, signatures.AdjSignatureIndexes)), asHex(c.Signatures)))
	type data struct {
		BaseSignature, PublicKey string
		Signatures               []string
		MandatoryIndexes         []int
	}
	var disclosure struct {
		data
		LabelMap struct{ Value [][2]string }
	}
	x.file("derivedDisclosureData.json", &disclosure)
	var value struct {
		data
		LabelMap [][2]string
	}
	x.file("verifyDerivedProofValue.json", &value)
	var labels [][2]string
	for i, l := range c.Labels {
		labels = append(labels, [2]string{fmt.Sprintf("c14n%d", i), l})
	}
	want := data{hex.EncodeToString(x.signature), x.publicKeyText(), asHex(c.Signatures), c.Mandatory}
	x.check(x.name+"disclosure data", reflect.DeepEqual(disclosure.data, want) && reflect.DeepEqual(disclosure.LabelMap.Value, labels))
	x.check(x.name+"derived proof value", reflect.DeepEqual(value.data, want) && reflect.DeepEqual(value.LabelMap, labels))
	x.verify(revealed, g)
}

func (x *sdVectors) verify(revealed []byte, g *dataintegrity.Group) {
	d, err := dataintegrity.Parser{RDF: x.rdf}.Parse(revealed)
	require.NoError(x.t, err)
	var quads []string
	x.file("verifyNQuads.json", &quads)
	x.check(x.name+"statements of the part", slices.Equal(quads, asStrings(pick(g.Lines, g.Combined))))
	var data struct {
		BaseSignature, ProofHash, PublicKey, MandatoryHash string
		Signatures, NonMandatory                           []string
	}
	x.file("verifyCreateVerifyData.json", &data)
	message, signature := dataintegrity.Internals(d, 0)
	x.check(x.name+"what is verified", data.ProofHash == x.proofHash && data.MandatoryHash == x.mandatorySum &&
		hex.EncodeToString(message) == x.proofHash+hex.EncodeToString(x.publicKey)+x.mandatorySum)
	x.check(x.name+"hash of what is mandatory", x.mandatorySum == fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(asStrings(pick(g.Lines, g.Mandatory)), "")))))
	x.check(x.name+"base signature shown", hex.EncodeToString(signature) == data.BaseSignature)
	x.check(x.name+"statements with signatures", slices.Equal(asStrings(dataintegrity.Disclosed(d, 0)), data.NonMandatory) && len(data.Signatures) == len(data.NonMandatory))
	x.check(x.name+"the derived proof verifies", d.Verify(0, resolve(x.t, &d.Proofs[0])) == nil)
}

// Every file of the vectors of ecdsa-sd-2023: each is made again, or read, and
// compared byte for byte.
func TestConformanceECDSASD(t *testing.T) {
	root := filepath.Join(testvectors.Dir(t), "w3c", "vc-di-ecdsa", "TestVectors")
	all := &expectations{t: t}
	keys := readKeys(t, filepath.Join(root, "ecdsa-sd-2023"))
	for _, c := range []struct{ dir, doc, pointers string }{{"employ", "employmentAuth", "employ"}, {"prc", "prCredUnsigned", "prCred"}} {
		x := &sdVectors{expectations: all, sdKeys: keys, rdf: newRDF(t), dir: filepath.Join(root, "ecdsa-sd-2023", c.dir), name: c.dir + ": ", files: map[string]bool{}, doc: read(t, root, c.doc+".json")}
		require.NoError(t, json.Unmarshal(read(t, root, c.pointers+"Mandatory.json"), &x.mandatory))
		require.NoError(t, json.Unmarshal(read(t, root, c.pointers+"Selective.json"), &x.selective))
		signedDoc, err := jcs.Parse(read(t, x.dir, "addSignedSDBase.json"))
		require.NoError(t, err)
		if doc := signedDoc.Append(nil, "proof"); sameJSON(t, doc, x.doc) {
			x.check(x.name+"the document is what was signed", true)
		} else {
			// Upstream changed the description of prCredUnsigned.json after the
			// vectors were made of it; everything else is the same.
			other, err := jcs.Parse(x.doc)
			require.NoError(t, err)
			x.check(x.name+"but for its description, the document is what was signed", c.dir == "prc" &&
				string(other.Append(nil, "description")) == string(signedDoc.Append(nil, "proof", "description")))
			x.doc = doc
		}
		g, err := dataintegrity.GroupOf(x.rdf, x.doc, x.hmac, false, x.mandatory, x.selective)
		require.NoError(t, err)
		x.base(g)
		x.pointerValues("")
		signed := x.sign()
		x.groupIndexes(g)
		x.groups(g)
		x.derived(g, signed)
		files, err := filepath.Glob(filepath.Join(x.dir, "*"))
		require.NoError(t, err)
		for _, f := range files {
			x.check(x.name+filepath.Base(f)+" was compared", x.files[filepath.Base(f)])
		}
	}
	all.print("vc-di-ecdsa-sd")
	require.Equal(t, all.total, all.met)
}
