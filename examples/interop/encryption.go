package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/proof/jose/jwe"
)

var agreementCurves = []struct {
	name  string
	curve ecdh.Curve
}{{"P-256", ecdh.P256()}, {"P-384", ecdh.P384()}, {"P-521", ecdh.P521()}, {"X25519", ecdh.X25519()}}

// encryption has each side encrypt what the other decrypts: with a shared key, and
// to key pairs.
func encryption(w *world) error {
	if err := w.sharedKeys(); err != nil {
		return err
	}
	for _, c := range agreementCurves {
		private, err := c.curve.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		theirs, err := w.peerJWK("ECDH-ES+A256KW", c.name)
		if err != nil {
			return err
		}
		public, err := agreementKey(c.curve, theirs.JWK)
		if err != nil {
			return err
		}
		r := w.rows("jwe/ECDH-ES/" + c.name)
		for i := range messages {
			plain, name := w.plaintext(), fmt.Sprint("message ", i)
			raw, err := jwe.Encrypt(plain, public, jwe.Header{KeyID: "k", ContentType: "text/plain", Compressed: i%2 == 1})
			theyOpen := func(raw []byte) error {
				return w.peerDecrypts(object{"name": theirs.Thumbprint, "alg": "ECDH-ES+A256KW"}, raw, plain)
			}
			if err == nil {
				err = theyOpen(raw)
			}
			r.there.accepted(name, err)
			for what, changed := range w.changedMessages(raw) {
				r.changedThere.refused(name+": "+what, theyOpen(changed))
			}
			for _, alg := range []string{"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"} {
				name := fmt.Sprint(name, " with ", alg)
				weOpen := func(raw []byte) error {
					m, err := jwe.Decrypt(raw, private)
					return samePlaintext(m, err, plain)
				}
				raw, err := w.peerEncrypts(object{"jwk": agreementJWK(c.name, private.PublicKey())}, alg, plain, i%2 == 1)
				if err == nil {
					err = weOpen(raw)
				}
				r.back.accepted(name, err)
				for what, changed := range w.changedMessages(raw) {
					r.changedBack.refused(name+": "+what, weOpen(changed))
				}
			}
		}
		r.print()
	}
	return nil
}

func (w *world) sharedKeys() error {
	r := w.rows("jwe/dir")
	for i := range 2 * messages {
		key := make([]byte, 32)
		for j := range key {
			key[j] = byte(w.Uint32())
		}
		secret := base64.RawURLEncoding.EncodeToString(key)
		plain, name := w.plaintext(), fmt.Sprint("message ", i)
		theyOpen := func(raw []byte) error {
			return w.peerDecrypts(object{"secret": secret, "alg": "dir"}, raw, plain)
		}
		weOpen := func(raw []byte) error {
			m, err := jwe.DecryptDirect(raw, key)
			return samePlaintext(m, err, plain)
		}
		ours, err := jwe.EncryptDirect(plain, key, jwe.Header{ContentType: "application/smart-health-card", Compressed: i%2 == 1})
		if err == nil {
			err = theyOpen(ours)
		}
		r.there.accepted(name, err)
		theirs, err := w.peerEncrypts(object{"secret": secret}, "dir", plain, i%2 == 1)
		if err == nil {
			err = weOpen(theirs)
		}
		r.back.accepted(name, err)
		for _, raw := range [][]byte{ours, theirs} {
			for what, changed := range w.changedMessages(raw) {
				r.changedThere.refused(name+": "+what, theyOpen(changed))
				r.changedBack.refused(name+": "+what, weOpen(changed))
			}
		}
	}
	r.print()
	return nil
}

// plaintext is long enough for compression to matter.
func (m maker) plaintext() []byte {
	return bytes.Repeat([]byte(m.text()+"\n"), 1+m.IntN(100))
}

func (w *world) peerEncrypts(to object, alg string, plain []byte, compressed bool) ([]byte, error) {
	header := object{"alg": alg, "enc": "A256GCM", "kid": "k"}
	if compressed {
		header["zip"] = "DEF"
	}
	to["header"], to["plaintext"] = header, base64.RawURLEncoding.EncodeToString(plain)
	var out string
	err := w.call("joseEncrypt", to, &out)
	return []byte(out), err
}

func (w *world) peerDecrypts(with object, raw, plain []byte) error {
	with["message"] = string(raw)
	var got string
	if err := w.call("joseDecrypt", with, &got); err != nil {
		return err
	}
	if got != base64.RawURLEncoding.EncodeToString(plain) {
		return errPayload
	}
	return nil
}

func samePlaintext(m *jwe.Message, err error, plain []byte) error {
	if err == nil && !bytes.Equal(m.Plaintext, plain) {
		err = errPayload
	}
	return err
}

// changedMessages are a message with a letter of each part changed.
func (w *world) changedMessages(raw []byte) map[string][]byte {
	out := map[string][]byte{}
	parts := strings.Split(string(raw), ".")
	if len(parts) != 5 {
		return out
	}
	for i, name := range []string{"header", "encrypted key", "iv", "ciphertext", "tag"} {
		if parts[i] == "" {
			continue
		}
		changed := slices.Clone(parts)
		changed[i] = w.flip(parts[i])
		out["a letter of the "+name] = []byte(strings.Join(changed, "."))
	}
	parts[4] = parts[4][:8]
	out["a shortened tag"] = []byte(strings.Join(parts, "."))
	return out
}

// agreementKey reads a key for encryption, agreementJWK writes one: jose reads
// those for signatures alone.
func agreementKey(c ecdh.Curve, raw []byte) (*ecdh.PublicKey, error) {
	o, err := parse(raw)
	if err != nil {
		return nil, err
	}
	var point []byte
	for _, name := range []string{"x", "y"} {
		if text, ok := o[name].(string); ok {
			b, err := base64.RawURLEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			point = append(point, b...)
		}
	}
	if o["kty"] == "EC" {
		point = append([]byte{4}, point...)
	}
	return c.NewPublicKey(point)
}

func agreementJWK(curve string, k *ecdh.PublicKey) object {
	raw := k.Bytes()
	if curve == "X25519" {
		return object{"kty": "OKP", "crv": curve, "x": base64.RawURLEncoding.EncodeToString(raw)}
	}
	half := len(raw) / 2
	return object{
		"kty": "EC", "crv": curve, "x": base64.RawURLEncoding.EncodeToString(raw[1 : 1+half]), "y": base64.RawURLEncoding.EncodeToString(raw[1+half:]),
	}
}
