package wycheproof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	vectors "github.com/c2sp/wycheproof"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// file is a file of vectors.
type file struct {
	NumberOfTests int
	TestGroups    []group
}

type group struct {
	Comment         string
	Public, Private json.RawMessage // JWK
	PublicKey       struct{ Uncompressed, PK, Curve string }
	PublicKeyJwk    json.RawMessage // in ECDSA, EdDSA and PSS
	KeyJwk          json.RawMessage // in PKCS #1 v1.5
	Tests           []vector
}

type vector struct {
	TcID             int
	Comment          string
	JWS              json.RawMessage // a string, or an object
	JWE, PT          string
	Msg, Sig, Result string
	Flags            []string
}

func load(t *testing.T, name string) *file {
	t.Helper()
	raw, err := fs.ReadFile(vectors.TestVectors, name+"_test.json")
	if err != nil {
		t.Fatal(err)
	}
	f := &file{}
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatal(name, err)
	}
	n := 0
	for _, g := range f.TestGroups {
		n += len(g.Tests)
	}
	if n != f.NumberOfTests || n == 0 {
		t.Fatalf("%s: %d tests, want %d", name, n, f.NumberOfTests)
	}
	return f
}

// tally counts expectations. A valid vector that is refused must be explained;
// an invalid one that is accepted is never.
type tally struct{ met, total int }

func (c *tally) expect(t *testing.T, name string, v vector, err error, unsupported string) {
	t.Helper()
	c.total++
	switch {
	case (v.Result == "valid") == (err == nil), v.Result == "acceptable":
		c.met++
	case v.Result == "invalid":
		t.Errorf("%s %d (%s): accepted", name, v.TcID, v.Comment)
	case unsupported == "":
		t.Errorf("%s %d (%s): refused: %v", name, v.TcID, v.Comment, err)
	default:
		fmt.Printf("not met: %s %d (%s): %s\n", name, v.TcID, v.Comment, unsupported)
	}
}

// Not all that Wycheproof has is for a verifier of credentials: what is not
// supported, and why. Each must be refused.
var unsupported = map[string]string{
	"HS256": "MACs are no signatures: whoever can check one can forge one",
	"RS384": "an algorithm that no credential in the field has", "RS512": "an algorithm that no credential in the field has",
	"PS384": "an algorithm that no credential in the field has", "PS512": "an algorithm that no credential in the field has",
	"ES521": "the key names an algorithm that does not exist",
}

func TestConformanceWycheproof(t *testing.T) {
	var all tally
	signatures(t, &all)
	tokens(t, &all)
	fmt.Printf("conformance: wycheproof %d/%d\n", all.met, all.total)
}

// signatures are the bare ones, as proof checks them: R‖S for ECDSA.
func signatures(t *testing.T, all *tally) {
	for name, a := range map[string]proof.Algorithm{
		"ecdsa_secp256r1_sha256_p1363": proof.ES256, "ecdsa_secp384r1_sha384_p1363": proof.ES384, "ecdsa_secp521r1_sha512_p1363": proof.ES512,
		"ecdsa_secp256k1_sha256_p1363": proof.ES256K, "ed25519": proof.EdDSA,
		"rsa_pss_2048_sha256_mgf1_32": proof.PS256, "rsa_pss_3072_sha256_mgf1_32": proof.PS256, "rsa_pss_4096_sha256_mgf1_32": proof.PS256,
		"rsa_signature_2048_sha256": proof.RS256, "rsa_signature_3072_sha256": proof.RS256, "rsa_signature_4096_sha256": proof.RS256, "rsa_signature_8192_sha256": proof.RS256,
	} {
		var own tally
		for _, g := range load(t, name).TestGroups {
			pub := g.key(t, name)
			for _, v := range g.Tests {
				own.expect(t, name, v, proof.Verify(pub, a, bytes(t, v.Msg), bytes(t, v.Sig)), "")
			}
		}
		fmt.Printf("wycheproof %s %d/%d\n", name, own.met, own.total)
		all.met, all.total = all.met+own.met, all.total+own.total
	}
	der(t, all)
}

// der: signatures in DER, valid for X.509, are none here.
func der(t *testing.T, all *tally) {
	for name, a := range map[string]proof.Algorithm{"ecdsa_secp256r1_sha256": proof.ES256, "ecdsa_secp256k1_sha256": proof.ES256K} {
		for _, g := range load(t, name).TestGroups {
			pub := g.key(t, name)
			for _, v := range g.Tests {
				v.Result = "invalid"
				all.expect(t, name+" in DER", v, proof.Verify(pub, a, bytes(t, v.Msg), bytes(t, v.Sig)), "")
			}
		}
	}
}

func bytes(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// key is the public key of a group, from its point where it has one.
func (g *group) key(t *testing.T, name string) crypto.PublicKey {
	t.Helper()
	if curve := map[string]elliptic.Curve{"secp256r1": elliptic.P256(), "secp384r1": elliptic.P384(), "secp521r1": elliptic.P521(), "secp256k1": secp256k1.Curve()}[g.PublicKey.Curve]; curve != nil {
		var k *ecdsa.PublicKey
		k, err := secp256k1.ParsePoint(curve, bytes(t, g.PublicKey.Uncompressed))
		if err != nil {
			t.Fatal(name, err)
		}
		return k
	}
	raw := g.PublicKeyJwk
	if raw == nil {
		raw = g.KeyJwk
	}
	k, err := jwk.Parse(raw, jwk.Strict)
	if err != nil {
		t.Fatal(name, err)
	}
	return k.Public
}

// tokens are JWS, as proof/jose checks them with a key as published.
func tokens(t *testing.T, all *tally) {
	const name = "json_web_signature"
	var own tally
	for _, g := range load(t, name).TestGroups {
		raw := g.Public
		if raw == nil {
			raw = g.Private // a secret, for MACs
		}
		var named struct{ Alg string }
		if err := json.Unmarshal(raw, &named); err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Tests {
			why := unsupported[named.Alg]
			if named.Alg == "PS256" && strings.HasPrefix(g.Comment, "rfc7520") {
				why = "the key says PS256, the message PS384"
			}
			own.expect(t, name+" "+g.Comment, v, verify(raw, v.JWS), why)
		}
	}
	fmt.Printf("wycheproof %s %d/%d\n", name, own.met, own.total)
	all.met, all.total = all.met+own.met, all.total+own.total
}

func verify(key, message json.RawMessage) error {
	k, err := jwk.Parse(key, jwk.Strict)
	if err != nil {
		return err
	}
	var compact string
	if json.Unmarshal(message, &compact) != nil || len(compact) > 0 && compact[0] == '{' {
		if compact != "" {
			message = []byte(compact)
		}
		ms, err := jose.ParseJSON(message, jose.Options{})
		if err != nil {
			return err
		}
		for _, m := range ms {
			if err := m.Verify(k.Proof()); err != nil {
				return err
			}
		}
		return nil
	}
	m, err := jose.Parse([]byte(compact), jose.Options{})
	if err != nil {
		return err
	}
	return m.Verify(k.Proof())
}
