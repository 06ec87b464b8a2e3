package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/trustlist/jwks"
)

// messages is how many messages each algorithm signs, or encrypts, in each
// direction and form.
const messages = 4

// The forms of a JWS. The detached one has its payload as it is (RFC 7797).
var forms = []string{"compact", "flattened", "general", "detached"}

// tokenAlgorithms are those of JWS. The peer has no ES256K: node signs with it, in
// the compact form alone.
var tokenAlgorithms = []proof.Algorithm{proof.ES256, proof.ES384, proof.ES512, proof.EdDSA, proof.PS256, proof.RS256, proof.ES256K}

// peerJWK is a key that the peer made, and holds the private half of.
type peerJWK struct {
	JWK        json.RawMessage
	Thumbprint string
}

func (w *world) peerJWK(alg, curve string) (k peerJWK, err error) {
	args := object{"alg": alg}
	if curve != "" {
		args["crv"] = curve
	}
	return k, w.call("joseKey", args, &k)
}

// tokenSigner makes a key of ours for an algorithm.
func (w *world) tokenSigner(a proof.Algorithm) (proof.Signer, error) {
	var k crypto.Signer
	var err error
	switch a {
	case proof.EdDSA:
		return w.signer("Ed25519")
	case proof.PS256:
		k, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		curve := map[proof.Algorithm]elliptic.Curve{
			proof.ES256: elliptic.P256(), proof.ES384: elliptic.P384(), proof.ES512: elliptic.P521(), proof.ES256K: proof.Secp256k1(),
		}[a]
		k, err = ecdsa.GenerateKey(curve, rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	return proof.NewSigner(k, proof.Key{ID: "k", Public: k.Public(), Algorithms: []proof.Algorithm{a}, Purposes: []proof.Purpose{proof.AssertionMethod}})
}

// jwkOf writes a key of ours as the peer reads it: with its algorithm.
func jwkOf(k proof.Key) (object, error) {
	raw, err := jose.MarshalKey(k)
	if err != nil {
		return nil, err
	}
	o, err := parse(raw)
	if err != nil {
		return nil, err
	}
	o["alg"] = string(k.Algorithms[0])
	return o, nil
}

// signatures has each side sign JWS that the other verifies.
func signatures(w *world) error {
	for _, a := range tokenAlgorithms {
		r := w.rows("jws/" + string(a))
		theirs, err := w.peerJWK(string(a), "")
		if err != nil {
			return err
		}
		key, err := jose.ParseKey(theirs.JWK)
		if err != nil {
			return err
		}
		var ours proof.Signer
		if a != proof.RS256 { // we do not sign with it
			if ours, err = w.tokenSigner(a); err != nil {
				return err
			}
		}
		for _, form := range forms {
			if a == proof.ES256K && form != "compact" {
				continue
			}
			for i := range messages {
				payload := []byte(w.text() + "\x00" + w.text())
				name := fmt.Sprint(form, " ", i)
				if ours != nil {
					w.signOurs(r, name, form, payload, ours)
				}
				w.signTheirs(r, name, form, payload, theirs, key)
			}
		}
		if ours == nil {
			r.back.print()
			r.changedBack.print()
			continue
		}
		r.print()
	}
	return nil
}

func (w *world) signOurs(r rows, name, form string, payload []byte, by proof.Signer) {
	key, err := jwkOf(by.Key())
	if err != nil {
		r.there.accepted(name, err)
		return
	}
	raw, err := w.signForm(form, payload, by)
	if err == nil {
		err = w.peerReads(key, raw, form, payload)
	}
	r.there.accepted(name, err)
	w.refuseMessages(r, name, form, payload, raw, key, by.Key())
}

// refuseMessages changes a message, and both sides must refuse it.
func (w *world) refuseMessages(r rows, name, form string, payload, raw []byte, peerKey any, key proof.Key) {
	if len(raw) == 0 {
		return
	}
	for what, changed := range w.changedSignatures(raw, form) {
		r.changedThere.refused(name+": "+what, w.peerReads(peerKey, changed, form, payload))
		r.changedBack.refused(name+": "+what, weRead(key, changed, form, payload))
	}
	if form == "detached" {
		other := append(slices.Clone(payload), 'x')
		r.changedThere.refused(name+": another payload", w.peerReads(peerKey, raw, form, other))
		r.changedBack.refused(name+": another payload", weRead(key, raw, form, other))
	}
}

// signForm is how we sign; a general message is put together of two others.
func (w *world) signForm(form string, payload []byte, by proof.Signer) ([]byte, error) {
	if form == "detached" {
		return jose.SignDetached(w, by, jose.Header{Unencoded: true}, payload)
	}
	raw, err := jose.Sign(w, by, jose.Header{KeyID: "k", Type: "text"}, payload)
	if err != nil || form == "compact" {
		return raw, err
	}
	if form == "flattened" {
		return jose.Flatten(raw, []byte(`{"note":"unsigned"}`))
	}
	other, err := w.tokenSigner(proof.EdDSA)
	if err != nil {
		return nil, err
	}
	second, err := jose.Sign(w, other, jose.Header{}, payload)
	if err != nil {
		return nil, err
	}
	var all []object
	for _, m := range [][]byte{second, raw} {
		parts := strings.Split(string(m), ".")
		all = append(all, object{"protected": parts[0], "signature": parts[2]})
	}
	return encode(object{"payload": strings.Split(string(raw), ".")[1], "signatures": all})
}

func (w *world) signTheirs(r rows, name, form string, payload []byte, theirs peerJWK, key proof.Key) {
	header := object{"alg": string(key.Algorithms[0]), "typ": "text"}
	names := []string{theirs.Thumbprint}
	if form == "general" {
		other, err := w.peerJWK("EdDSA", "")
		if err != nil {
			r.back.accepted(name, err)
			return
		}
		names = []string{other.Thumbprint, theirs.Thumbprint}
	}
	var raw string
	err := w.call("joseSign", object{"names": names, "header": header, "payload": base64.RawURLEncoding.EncodeToString(payload), "form": form}, &raw)
	if err == nil {
		err = weRead(key, []byte(raw), form, payload)
	}
	r.back.accepted(name, err)
	w.refuseMessages(r, name, form, payload, []byte(raw), theirs.JWK, key)
}

var errPayload = errors.New("another payload")

// weRead is how we verify a message in one of the forms: one of its signatures is
// the key's.
func weRead(key proof.Key, raw []byte, form string, payload []byte) error {
	var all []*jose.Message
	var err error
	switch form {
	case "compact":
		all = make([]*jose.Message, 1)
		all[0], err = jose.Parse(raw, jose.Options{})
	case "detached":
		all = make([]*jose.Message, 1)
		all[0], err = jose.Parse(raw, jose.Options{Detached: payload, Unencoded: true})
	default:
		all, err = jose.ParseJSON(raw, jose.Options{})
	}
	if err != nil {
		return err
	}
	for _, m := range all {
		if err = m.Verify(key); err != nil {
			continue
		}
		if !bytes.Equal(m.Payload, payload) {
			return errPayload
		}
		return nil
	}
	return err
}

func (w *world) peerReads(key any, raw []byte, form string, payload []byte) error {
	want := base64.RawURLEncoding.EncodeToString(payload)
	var got string
	if err := w.call("joseVerify", object{"jwk": key, "message": string(raw), "form": form, "payload": want}, &got); err != nil {
		return err
	}
	if got != want {
		return errPayload
	}
	return nil
}

// changedSignatures are a message with something changed that must not pass.
func (w *world) changedSignatures(raw []byte, form string) map[string][]byte {
	out := map[string][]byte{}
	if form == "flattened" || form == "general" {
		m, err := parse(raw)
		if err != nil {
			return out
		}
		for _, name := range []string{"payload", "signature"} {
			changed := maps.Clone(m)
			switch {
			case form == "flattened" || name == "payload":
				changed[name] = w.flip(changed[name].(string))
			default:
				var all []any
				for _, s := range m["signatures"].([]any) {
					s := maps.Clone(s.(object))
					s[name] = w.flip(s[name].(string))
					all = append(all, s)
				}
				changed["signatures"] = all
			}
			out["a letter of the "+name], _ = encode(changed)
		}
		return out
	}
	parts := strings.Split(string(raw), ".")
	for i, name := range []string{"header", "payload", "signature"} {
		if parts[i] != "" {
			changed := slices.Clone(parts)
			changed[i] = w.flip(changed[i])
			out["a letter of the "+name] = []byte(strings.Join(changed, "."))
		}
	}
	for _, alg := range []string{"none", "HS256", "ES256", "PS256"} {
		header, err := withMember(parts[0], "alg", alg)
		if err != nil || header == parts[0] {
			continue
		}
		out["the algorithm called "+alg] = []byte(header + "." + parts[1] + "." + parts[2])
	}
	out["no signature"] = []byte(parts[0] + "." + parts[1] + ".")
	out["a signature in two parts"] = append(slices.Clone(raw), ".AA"...)
	return out
}

// flip changes a letter of base64url, not the last: that may have bits that count
// for nothing.
func (m maker) flip(s string) string {
	if len(s) < 2 {
		return s + "AAAA"
	}
	i := m.IntN(len(s) - 1)
	other := "A"
	if s[i] == 'A' {
		other = "B"
	}
	return s[:i] + other + s[i+1:]
}

// withMember sets a text in a header. One that had it is returned as it was.
func withMember(header, name, value string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		return "", err
	}
	o, err := parse(raw)
	if err != nil || o[name] == value {
		return header, err
	}
	o[name] = value
	raw, err = encode(o)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// tokenKeys compares thumbprints, and has each side read the other's key sets.
func tokenKeys(w *world) error {
	same, r := w.row("jwk-thumbprint", compared), w.rows("jwks")
	var theirs []json.RawMessage
	var ours []proof.Key
	for i, a := range tokenAlgorithms {
		k, err := w.peerJWK(string(a), "")
		if err != nil {
			return err
		}
		public, err := jose.ParseKey(k.JWK)
		if err != nil {
			return err
		}
		same.accepted("theirs on "+string(a), sameThumbprint(public.Public, k.Thumbprint))
		if a == proof.RS256 || a == proof.ES256K { // the first we do not sign with, the second the peer does not verify with
			continue
		}
		named, err := parse(k.JWK)
		if err != nil {
			return err
		}
		named["kid"] = fmt.Sprint("theirs ", i)
		raw, err := encode(named)
		if err != nil {
			return err
		}
		theirs = append(theirs, raw)
		by, err := w.tokenSigner(a)
		if err != nil {
			return err
		}
		key := by.Key()
		raw, err = jwk.Marshal(key.Public, "")
		if err != nil {
			return err
		}
		var thumbprint string
		if err = w.call("joseThumbprint", object{"jwk": json.RawMessage(raw)}, &thumbprint); err == nil {
			err = sameThumbprint(key.Public, thumbprint)
		}
		same.accepted("ours on "+string(a), err)
		key.ID = fmt.Sprint("ours ", i)
		ours = append(ours, key)
		r.back.accepted("theirs on "+string(a), w.tokenOfSet(k, fmt.Sprint("theirs ", i), theirs, r))
		r.there.accepted("ours on "+string(a), w.setOfOurs(ours, by, r))
	}
	same.print()
	r.print()
	return nil
}

func sameThumbprint(pub crypto.PublicKey, theirs string) error {
	ours, err := jose.Thumbprint(pub)
	if err == nil && ours != theirs {
		err = errors.New("the thumbprints differ")
	}
	return err
}

// tokenOfSet has the peer sign, and us find the key in a set of its keys by kid.
func (w *world) tokenOfSet(k peerJWK, kid string, set []json.RawMessage, r rows) error {
	raw, err := encode(object{"keys": set})
	if err != nil {
		return err
	}
	list, _, err := jwks.Parse(raw, jwks.Options{Authority: "Ministry"})
	if err != nil {
		return err
	}
	var token string
	if err := w.call("jwtSign", object{"name": k.Thumbprint, "header": object{"kid": kid}, "claims": object{"sub": "x"}}, &token); err != nil {
		return err
	}
	find := func(token string) error {
		m, err := jose.Parse([]byte(token), jose.Options{})
		if err != nil {
			return err
		}
		keys, err := list.ResolveKeys(context.Background(), m.Hint())
		if err != nil {
			return err
		}
		if len(keys) != 1 {
			return fmt.Errorf("%d keys", len(keys))
		}
		return m.Verify(keys[0])
	}
	parts := strings.SplitN(token, ".", 2)
	other, err := withMember(parts[0], "kid", "of nobody")
	if err != nil {
		return err
	}
	r.changedBack.refused(kid+" by another name", find(other+"."+parts[1]))
	return find(token)
}

// setOfOurs has us sign with the last of the keys, and the peer find it.
func (w *world) setOfOurs(keys []proof.Key, by proof.Signer, r rows) error {
	raw, err := jose.MarshalKeySet(keys)
	if err != nil {
		return err
	}
	set, err := parse(raw)
	if err != nil {
		return err
	}
	for i, k := range set["keys"].([]any) {
		k.(object)["alg"] = string(keys[i].Algorithms[0])
	}
	last := keys[len(keys)-1]
	find := func(kid string) error {
		token, err := jose.Sign(w, by, jose.Header{KeyID: kid, Type: "JWT"}, []byte(`{"sub":"x"}`))
		if err != nil {
			return err
		}
		return w.call("jwtVerify", object{"set": set, "token": string(token), "now": now}, nil)
	}
	r.changedThere.refused(last.ID+" by another name", find("of nobody"))
	return find(last.ID)
}
