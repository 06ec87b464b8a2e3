package dataintegrity_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

const bbsDocument = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],
	"type":["VerifiableCredential"],"issuer":"did:example:a","validFrom":"2026-05-01T00:00:00Z",
	"credentialSubject":{"name":"Aisyah","born":"1990-02-03","vaccines":[{"code":"J07AH08","lot":"A1"},{"code":"J07BX03","lot":"B2"}]}}`

// bbsSigner is a signer whose key is the verification method of its did:key.
func bbsSigner(t testing.TB) proof.Signer {
	t.Helper()
	secret, err := bbs.KeyGen(bytes.Repeat([]byte{3}, 32), nil)
	require.NoError(t, err)
	id, err := key.ID(secret.Public())
	require.NoError(t, err)
	s, err := bbs.NewSigner(secret, proof.Key{ID: id + "#" + strings.TrimPrefix(id, "did:key:")})
	require.NoError(t, err)
	return s
}

func signBBS(t testing.TB, doc string, mandatory ...string) []byte {
	t.Helper()
	raw, err := dataintegrity.Sign(context.Background(), []byte(doc), bbsSigner(t), dataintegrity.Options{
		Cryptosuite: dataintegrity.BBS2023, RDF: newRDF(t), Mandatory: mandatory,
	})
	require.NoError(t, err)
	return raw
}

func deriveBBS(t testing.TB, base []byte, presentation string, pointers ...string) []byte {
	t.Helper()
	raw, err := dataintegrity.Derive(base, dataintegrity.Disclosure{RDF: newRDF(t), BBS: bbs.Scheme{}, Pointers: pointers, Presentation: []byte(presentation)})
	require.NoError(t, err)
	return raw
}

func verifyBBS(t testing.TB, raw []byte) error {
	t.Helper()
	d, err := dataintegrity.Parser{RDF: newRDF(t), BBS: bbs.Scheme{}}.Parse(raw)
	if err != nil {
		return err
	}
	return d.Verify(0, resolve(t, &d.Proofs[0]))
}

// withComponents changes the proof value of a document.
func withComponents(t testing.TB, raw []byte, change func(*dataintegrity.BBSComponents)) []byte {
	t.Helper()
	value := proofMembers(t, raw)[0]["proofValue"].(string)
	c, err := dataintegrity.ReadBBSComponents(value)
	require.NoError(t, err)
	change(&c)
	return []byte(strings.Replace(string(raw), value, c.Encode(), 1))
}

func TestBBSRoundTrip(t *testing.T) {
	base := signBBS(t, bbsDocument, "/issuer", "/validFrom")
	require.ErrorIs(t, verifyBBS(t, base), dataintegrity.ErrBase)
	for want, pointers := range map[string][]string{
		"":                            nil,
		"1990-02-03":                  {"/credentialSubject/born"},
		"J07BX03":                     {"/credentialSubject/vaccines/1"},
		"Aisyah 1990-02-03 J07AH08":   {"/credentialSubject"},
		"Aisyah J07AH08 J07BX03 A1":   {""},
		"Aisyah did:example:a J07BX0": {"/credentialSubject/name", "/credentialSubject/vaccines/1/code"},
	} {
		derived := deriveBBS(t, base, "nonce", pointers...)
		require.NoError(t, verifyBBS(t, derived), want)
		for word := range strings.FieldsSeq(want) {
			require.Contains(t, string(derived), word)
		}
		require.Contains(t, string(derived), "2026-05-01T00:00:00Z", "mandatory")
		if len(pointers) == 1 && pointers[0] == "/credentialSubject/born" {
			require.NotContains(t, string(derived), "Aisyah")
			require.NotContains(t, string(derived), "J07")
		}
		again := deriveBBS(t, base, "nonce", pointers...)
		require.NotEqual(t, derived, again, "no two are the same")
		_, err := dataintegrity.Derive(derived, dataintegrity.Disclosure{RDF: newRDF(t), BBS: bbs.Scheme{}, Pointers: pointers})
		require.ErrorIs(t, err, dataintegrity.ErrNotBase)
	}
}

func TestBBSNothingHidden(t *testing.T) {
	base := signBBS(t, bbsDocument, "")
	require.NoError(t, verifyBBS(t, deriveBBS(t, base, "")), "all is mandatory: a signature of no messages")
	require.NoError(t, verifyBBS(t, deriveBBS(t, signBBS(t, bbsDocument), "", "")))
}

func TestBBSIsTakenIn(t *testing.T) {
	derived := deriveBBS(t, signBBS(t, bbsDocument), "", "/issuer")
	_, err := dataintegrity.Parser{RDF: newRDF(t)}.Parse(derived)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
	_, err = dataintegrity.Parser{BBS: bbs.Scheme{}}.Parse(derived)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported, "and an RDF")
	_, err = dataintegrity.Derive(signBBS(t, bbsDocument), dataintegrity.Disclosure{RDF: newRDF(t), Pointers: []string{"/issuer"}})
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
}

func TestBBSSignErrors(t *testing.T) {
	s := bbsSigner(t)
	o := dataintegrity.Options{Cryptosuite: dataintegrity.BBS2023, RDF: newRDF(t)}
	sign := func(s proof.Signer, change func(*dataintegrity.Options)) error {
		o := o
		change(&o)
		_, err := dataintegrity.Sign(context.Background(), []byte(bbsDocument), s, o)
		return err
	}
	none := func(*dataintegrity.Options) {}
	_, secret, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	ed, err := proof.NewSigner(secret, proof.Key{ID: "did:example:a#1"})
	require.NoError(t, err)
	require.NoError(t, sign(s, none))
	require.ErrorIs(t, sign(ed, none), proof.ErrKey)
	require.ErrorIs(t, sign(fakeSigner{key: s.Key()}, none), proof.ErrKey, "a signer of single messages")
	require.ErrorIs(t, sign(shortSigner{s}, none), proof.ErrKey)
	require.ErrorIs(t, sign(s, func(o *dataintegrity.Options) { o.Cryptosuite = "" }), proof.ErrKey, "no suite over JSON is for the key")
	require.ErrorIs(t, sign(s, func(o *dataintegrity.Options) { o.RDF = nil }), dataintegrity.ErrUnsupported)
	for _, pointer := range []string{"/nothing", "issuer", "/credentialSubject/vaccines/2", "/credentialSubject/vaccines/-", "/~2"} {
		require.ErrorIs(t, sign(s, func(o *dataintegrity.Options) { o.Mandatory = []string{pointer} }), proof.ErrPointer, pointer)
		_, err := dataintegrity.Derive(signBBS(t, bbsDocument), dataintegrity.Disclosure{RDF: newRDF(t), BBS: bbs.Scheme{}, Pointers: []string{pointer}})
		require.ErrorIs(t, err, proof.ErrPointer, pointer)
	}
	_, err = dataintegrity.Derive(signBBS(t, bbsDocument), dataintegrity.Disclosure{RDF: newRDF(t), BBS: bbs.Scheme{}, Pointers: []string{""}, Presentation: make([]byte, limits.PresentationHeader+1)})
	require.ErrorIs(t, err, dataintegrity.ErrMalformed)
}

// shortSigner returns no signature.
type shortSigner struct{ proof.Signer }

func (shortSigner) SignMessages(context.Context, []byte, [][]byte) ([]byte, error) {
	return make([]byte, 79), nil
}

// What a holder or a thief can change in a derived proof.
func TestPromiseChangedBBSProofIsRefused(t *testing.T) {
	base := signBBS(t, bbsDocument, "/issuer", "/validFrom")
	derived := deriveBBS(t, base, "nonce", "/credentialSubject/vaccines/0", "/credentialSubject/vaccines/1")
	other := deriveBBS(t, base, "other", "/credentialSubject/born")
	value := func(raw []byte) dataintegrity.BBSComponents {
		c, err := dataintegrity.ReadBBSComponents(proofMembers(t, raw)[0]["proofValue"].(string))
		require.NoError(t, err)
		return c
	}
	require.NoError(t, verifyBBS(t, withComponents(t, derived, func(*dataintegrity.BBSComponents) {})))
	for name, change := range map[string]func(*dataintegrity.BBSComponents){
		"proof of another part":        func(c *dataintegrity.BBSComponents) { c.Proof = value(other).Proof },
		"value of another part":        func(c *dataintegrity.BBSComponents) { *c = value(other) },
		"a byte of the proof":          func(c *dataintegrity.BBSComponents) { c.Proof[200] ^= 1 },
		"proof cut":                    func(c *dataintegrity.BBSComponents) { c.Proof = c.Proof[:len(c.Proof)-32] },
		"proof of nothing":             func(c *dataintegrity.BBSComponents) { c.Proof = nil },
		"another presentation header":  func(c *dataintegrity.BBSComponents) { c.Presentation = []byte("nonc3") },
		"no presentation header":       func(c *dataintegrity.BBSComponents) { c.Presentation = nil },
		"labels swapped":               func(c *dataintegrity.BBSComponents) { c.Ranks[0], c.Ranks[1] = c.Ranks[1], c.Ranks[0] },
		"a label that nothing has":     func(c *dataintegrity.BBSComponents) { c.Ranks[0] = 99 },
		"a label twice":                func(c *dataintegrity.BBSComponents) { c.Ranks[0] = c.Ranks[1] },
		"a label less":                 func(c *dataintegrity.BBSComponents) { c.Ranks = c.Ranks[1:] },
		"a label more":                 func(c *dataintegrity.BBSComponents) { c.Ranks = append(c.Ranks, 77) },
		"nothing mandatory":            func(c *dataintegrity.BBSComponents) { c.Mandatory = nil },
		"all mandatory":                func(c *dataintegrity.BBSComponents) { c.Mandatory, c.Shown = upTo(len(c.Mandatory)+len(c.Shown)), nil },
		"another is mandatory":         func(c *dataintegrity.BBSComponents) { c.Mandatory[len(c.Mandatory)-1]++ },
		"mandatory beyond the end":     func(c *dataintegrity.BBSComponents) { c.Mandatory[len(c.Mandatory)-1] = 1000 },
		"mandatory twice":              func(c *dataintegrity.BBSComponents) { c.Mandatory[1] = c.Mandatory[0] },
		"mandatory not ascending":      func(c *dataintegrity.BBSComponents) { slices.Reverse(c.Mandatory) },
		"shown: another index":         func(c *dataintegrity.BBSComponents) { c.Shown[len(c.Shown)-1]++ },
		"shown: beyond all messages":   func(c *dataintegrity.BBSComponents) { c.Shown[len(c.Shown)-1] = 4000 },
		"shown: not ascending":         func(c *dataintegrity.BBSComponents) { slices.Reverse(c.Shown) },
		"shown: one less":              func(c *dataintegrity.BBSComponents) { c.Shown = c.Shown[1:] },
		"the base proof in its place":  func(c *dataintegrity.BBSComponents) { *c = value(base) },
		"a statement moved to the end": func(c *dataintegrity.BBSComponents) { c.Shown = append(c.Shown[1:], 30) },
	} {
		require.Error(t, verifyBBS(t, withComponents(t, derived, change)), name)
	}
	for from, to := range map[string]string{
		"J07AH08": "J07AH09", "2026-05-01": "2026-05-02", "did:example:a": "did:example:b", `"lot":"A1"`: `"lot":"B2"`,
	} {
		changed := strings.Replace(string(derived), from, to, 1)
		require.NotEqual(t, string(derived), changed, from)
		require.ErrorIs(t, verifyBBS(t, []byte(changed)), proof.ErrMismatch, from)
	}
	require.Error(t, verifyBBS(t, bytes.Replace(derived, []byte(`"lot":"B2"`), []byte(`"lot":"B2","x":"y"`), 1)), "a statement more")
	// A statement left out of the document is not one that is hidden.
	v, err := jcs.Parse(derived)
	require.NoError(t, err)
	require.Error(t, verifyBBS(t, v.Append(nil, "validFrom")))
}

// The options are signed as well, and the key must be one for BBS.
func TestBBSOptionsAndKeys(t *testing.T) {
	derived := deriveBBS(t, signBBS(t, bbsDocument), "", "/issuer")
	require.ErrorIs(t, verifyBBS(t, bytes.Replace(derived, []byte(`"proofPurpose"`), []byte(`"created":"2026-05-01T00:00:00Z","proofPurpose"`), 1)), proof.ErrMismatch)
	d, err := dataintegrity.Parser{RDF: newRDF(t), BBS: bbs.Scheme{}}.Parse(derived)
	require.NoError(t, err)
	k := resolve(t, &d.Proofs[0])
	require.Equal(t, proof.BBS, d.Proofs[0].Algorithm)
	require.Empty(t, d.Proofs[0].Presentation)
	require.NoError(t, d.Verify(0, k))
	other, err := bbs.GenerateKey()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*proof.Key)
		want   error
	}{
		"another key":        {func(k *proof.Key) { k.Public = other.Public() }, proof.ErrMismatch},
		"no point":           {func(k *proof.Key) { k.Public = proof.BLSKey{0x80, 95: 1} }, proof.ErrKey},
		"a key of Ed25519":   {func(k *proof.Key) { k.Public = ed25519.PublicKey(make([]byte, 32)) }, proof.ErrKey},
		"no key":             {func(k *proof.Key) { k.Public = nil }, proof.ErrKey},
		"for another use":    {func(k *proof.Key) { k.Purposes = []proof.Purpose{proof.Authentication} }, proof.ErrKey},
		"another algorithm":  {func(k *proof.Key) { k.Algorithms = []proof.Algorithm{proof.EdDSA} }, proof.ErrKey},
		"of no algorithm":    {func(k *proof.Key) { k.Algorithms = nil }, proof.ErrKey},
		"pointer to the key": {func(k *proof.Key) { p := k.Public.(proof.BLSKey); k.Public = &p }, proof.ErrKey},
	} {
		k := k
		c.change(&k)
		require.ErrorIs(t, d.Verify(0, k), c.want, name)
	}
}

// The optional features are other signatures. Those of the vectors are refused
// for what they are, and no header is taken for another.
func TestBBSOptionalFeaturesRefused(t *testing.T) {
	root := filepath.Join(testvectors.Dir(t), "w3c", "vc-di-bbs", "TestVectors")
	for _, dir := range []string{"HolderBinding", "Pseudonym", "PseudonymHB"} {
		for _, name := range []string{"addSignedSDBase.json", "derivedRevealDocument.json"} {
			raw := read(t, root, dir, name)
			_, err := dataintegrity.Parser{RDF: newRDF(t).InsecureInlineContexts(), BBS: bbs.Scheme{}}.Parse(raw)
			require.ErrorIs(t, err, dataintegrity.ErrUnsupported, dir+" "+name)
			require.ErrorContains(t, err, "holder binding or pseudonyms")
			_, err = dataintegrity.Derive(raw, dataintegrity.Disclosure{RDF: newRDF(t).InsecureInlineContexts(), BBS: bbs.Scheme{}, Pointers: []string{""}})
			require.ErrorIs(t, err, dataintegrity.ErrUnsupported, dir+" "+name)
		}
	}
	derived := deriveBBS(t, signBBS(t, bbsDocument), "", "/issuer")
	value := proofMembers(t, derived)[0]["proofValue"].(string)
	b, err := base64.RawURLEncoding.DecodeString(value[1:])
	require.NoError(t, err)
	for header := range 256 {
		b[2] = byte(header)
		_, err := dataintegrity.ReadBBSComponents("u" + base64.RawURLEncoding.EncodeToString(b))
		switch {
		case header == 3:
			require.NoError(t, err)
		case header > 3 && header <= 9:
			require.ErrorIs(t, err, dataintegrity.ErrUnsupported)
		default:
			require.ErrorIs(t, err, dataintegrity.ErrMalformed, "%#x", header)
		}
	}
}

// A proof value has one spelling.
func TestBBSProofValueIsStrict(t *testing.T) {
	derived := deriveBBS(t, signBBS(t, bbsDocument), "n", "/issuer")
	value := proofMembers(t, derived)[0]["proofValue"].(string)
	b, err := base64.RawURLEncoding.DecodeString(value[1:])
	require.NoError(t, err)
	encode := func(b []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(b) }
	_, err = dataintegrity.ReadBBSComponents(encode(b))
	require.NoError(t, err)
	head := b[:3]
	rest := b[4:]
	for name, v := range map[string]string{
		"base58":            "z" + value[1:],
		"padding":           value + "=",
		"a line end":        value[:9] + "\n" + value[9:],
		"standard base64":   "u" + base64.RawStdEncoding.EncodeToString(append([]byte{0xff, 0xfe, 0xfb}, b...)),
		"more behind":       encode(append(slices.Clone(b), 0)),
		"cut":               encode(b[:len(b)-1]),
		"only a header":     encode(b[:3]),
		"a tag":             encode(slices.Concat(head, []byte{0xd9, 0xd9, 0xf7}, b[3:])),
		"indefinite":        encode(slices.Concat(head, []byte{0x9f}, rest, []byte{0xff})),
		"long count":        encode(slices.Concat(head, []byte{0x98, 5}, rest)),
		"four of them":      encode(slices.Concat(head, []byte{0x84}, rest)),
		"six of them":       encode(slices.Concat(head, []byte{0x86}, rest, []byte{0})),
		"a map for all":     encode(slices.Concat(head, []byte{0xa5}, rest)),
		"a proof as text":   encode(slices.Concat(head, []byte{0x85, rest[0] | 0x20}, rest[1:])),
		"a huge count":      encode(slices.Concat(head, []byte{0x85, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})),
		"a header of tags":  encode([]byte{0xd9, 0x5d, 0x03}),
		"nothing":           "u",
		"nothing at all":    "",
		"ecdsa-sd's header": encode(slices.Concat([]byte{0xd9, 0x5d, 0x01}, b[3:])),
	} {
		_, err := dataintegrity.ReadBBSComponents(v)
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
	}
}

func FuzzBBSProofValue(f *testing.F) {
	root := filepath.Join(testvectors.Dir(f), "w3c", "vc-di-bbs", "TestVectors")
	for _, pattern := range []string{"*/addSignedSDBase.json", "*/derivedRevealDocument.json", "*.json"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(f, err)
		for _, name := range files {
			var doc struct{ Proof struct{ ProofValue string } }
			raw, err := os.ReadFile(name)
			require.NoError(f, err)
			if json.Unmarshal(raw, &doc) == nil && doc.Proof.ProofValue != "" {
				f.Add(doc.Proof.ProofValue)
			}
		}
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := dataintegrity.ReadBBSComponents(value)
		if err != nil {
			return
		}
		again, err := dataintegrity.ReadBBSComponents(c.Encode())
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
