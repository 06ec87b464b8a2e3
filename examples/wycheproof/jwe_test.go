package wycheproof

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sanad-credentials/sanad/proof/jose/jwe"
)

// JWE, as proof/jose/jwe decrypts it with a key as published. What that package
// leaves out, by design, must be refused as that.
func TestConformanceEncryption(t *testing.T) {
	const name = "json_web_encryption"
	var own tally
	for _, g := range load(t, name).TestGroups {
		var k secret
		if err := json.Unmarshal(g.Private, &k); err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Tests {
			plain, err := k.decrypt(v.JWE)
			why := ""
			if errors.Is(err, jwe.ErrUnsupported) || v.JWE[0] == '{' {
				why = "left out: " + k.Alg + ", " + v.enc()
			}
			if err == nil && v.PT != "" && hex.EncodeToString(plain) != v.PT {
				t.Errorf("%s %d: another plaintext", name, v.TcID)
			}
			own.expect(t, name+" "+g.Comment, v, err, why)
		}
	}
	fmt.Printf("conformance: wycheproof-jwe %d/%d\n", own.met, own.total)
}

// secret is a key as Wycheproof has it.
type secret struct{ Kty, Alg, Crv, D, K string }

func (k *secret) decrypt(raw string) ([]byte, error) {
	if k.Kty == "oct" {
		key, err := base64.RawURLEncoding.DecodeString(k.K)
		if err != nil {
			return nil, err
		}
		return plaintext(jwe.DecryptDirect([]byte(raw), key))
	}
	curve := map[string]ecdh.Curve{"P-256": ecdh.P256(), "P-384": ecdh.P384(), "P-521": ecdh.P521()}[k.Crv]
	if curve == nil {
		return plaintext(jwe.Decrypt([]byte(raw), nil))
	}
	d, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil {
		return nil, err
	}
	private, err := curve.NewPrivateKey(d)
	if err != nil {
		return nil, err
	}
	return plaintext(jwe.Decrypt([]byte(raw), private))
}

func plaintext(m *jwe.Message, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return m.Plaintext, nil
}

// enc tells how the content is encrypted, for the explanation alone.
func (v *vector) enc() string {
	first, _, _ := strings.Cut(v.JWE, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return "JSON serialisation"
	}
	var h struct{ Enc string }
	if json.Unmarshal(raw, &h) != nil {
		return "no header"
	}
	return h.Enc
}
