package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

// documentAlgorithms sign credentials as a whole. The peers have no ES256K.
var documentAlgorithms = []proof.Algorithm{proof.ES256, proof.ES384, proof.ES512, proof.EdDSA}

// didSigner makes a key of ours, known by its did:key, and lists it as trusted.
func (w *world) didSigner(a proof.Algorithm) (proof.Signer, error) {
	s, err := w.tokenSigner(a)
	if err != nil {
		return nil, err
	}
	k, err := key.Key(s.Key().Public)
	if err != nil {
		return nil, err
	}
	w.trusted = append(w.trusted, k.Controllers[0])
	return renamed{s, *k}, nil
}

// didPeer has the peer make a key, and lists it as trusted under its did:key.
func (w *world) didPeer(a proof.Algorithm) (peerJWK, *proof.Key, error) {
	k, err := w.peerJWK(string(a), "")
	if err != nil {
		return k, nil, err
	}
	parsed, err := jose.ParseKey(k.JWK)
	if err != nil {
		return k, nil, err
	}
	public, err := key.Key(parsed.Public)
	if err != nil {
		return k, nil, err
	}
	w.trusted = append(w.trusted, public.Controllers[0])
	return k, public, nil
}

// signedDocuments has each side sign credentials as a whole, in JOSE and in COSE,
// and presentations of them.
func signedDocuments(w *world) error {
	for _, a := range documentAlgorithms {
		ours, err := w.didSigner(a)
		if err != nil {
			return err
		}
		theirs, public, err := w.didPeer(a)
		if err != nil {
			return err
		}
		p := sides{w, ours, theirs, public}
		for _, run := range []func() error{p.tokens, p.tokensV1, p.binary, p.tokenPresentations} {
			if err := run(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sides are the signers of one algorithm.
type sides struct {
	*world
	ours   proof.Signer
	theirs peerJWK
	public *proof.Key // theirs, as we find it
}

func (p sides) algorithm() string { return string(p.ours.Key().Algorithms[0]) }

func (p sides) did() string { return p.public.Controllers[0] }

// set is the key of one side as a JWKS, by its verification method.
func (p sides) set(k proof.Key) (object, error) {
	raw, err := jwkOf(k)
	return object{"keys": []any{raw}}, err
}

func (p sides) seal(f credential.Sealer, doc object) ([]byte, error) {
	raw, err := encode(doc)
	if err != nil {
		return nil, err
	}
	draft, err := w3c.FromJSON(raw)
	if err != nil {
		return nil, err
	}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{p.ours}})
	if err != nil {
		return nil, err
	}
	return i.Issue(p, draft)
}

// peerToken has the peer verify a token of a key, and returns its claims.
func (p sides) peerToken(k proof.Key, token []byte, typ string, b credential.Binding) (claims json.RawMessage, err error) {
	set, err := p.set(k)
	if err != nil {
		return nil, err
	}
	args := object{"set": set, "token": string(token), "typ": typ, "now": now}
	if b.Nonce != "" {
		args["nonce"], args["audience"] = b.Nonce, b.Audience
	}
	err = p.call("jwtVerify", args, &claims)
	return claims, err
}

func (p sides) peerSign(typ string, claims object) ([]byte, error) {
	var token string
	err := p.call("jwtSign", object{"name": p.theirs.Thumbprint, "header": object{"kid": p.public.ID, "typ": typ}, "claims": claims}, &token)
	return []byte(token), err
}

// weReadDocument verifies with the formats of documents signed as a whole, and
// compares what is returned with what was signed.
func (p sides) weReadDocument(raw []byte, want object) error {
	v, err := p.tokenVerifier()
	if err != nil {
		return err
	}
	r, err := v.Verify(p, raw, credential.Policy{Time: now})
	if err != nil {
		return err
	}
	var claims json.RawMessage
	if err := r.Credential.Claims(&claims); err != nil {
		return err
	}
	return sameDocument(claims, want)
}

func sameDocument(raw json.RawMessage, want object) error {
	b, err := encode(want)
	if err != nil {
		return err
	}
	if !sameJSON(raw, b) {
		return errPayload
	}
	return nil
}

// tokens are vc+jwt.
func (p sides) tokens() error {
	r := p.rows("vc+jwt/" + p.algorithm())
	for i := range messages {
		name := fmt.Sprint("credential ", i)
		doc := p.credential(p.ours.Key().Controllers[0], style{})
		raw, err := p.seal(w3c.JWT{}, doc)
		if err == nil {
			var claims json.RawMessage
			if claims, err = p.peerToken(p.ours.Key(), raw, "vc+jwt", credential.Binding{}); err == nil {
				err = sameDocument(claims, doc)
			}
		}
		r.there.accepted(name, err)
		p.refuseTokens(r, name, raw, p.ours.Key(), "vc+jwt")

		doc = p.credential(p.did(), style{})
		raw, err = p.peerSign("vc+jwt", doc)
		if err == nil {
			err = p.weReadDocument(raw, doc)
		}
		r.back.accepted(name, err)
		p.refuseTokens(r, name, raw, *p.public, "vc+jwt")
	}
	r.print()
	return nil
}

// tokensV1 are tokens of version 1.1, with the claim vc.
func (p sides) tokensV1() error {
	r := p.rows("vc-1.1-jwt/" + p.algorithm())
	for i := range messages {
		name := fmt.Sprint("credential ", i)
		doc := p.credential(p.ours.Key().Controllers[0], style{v1: true})
		raw, err := p.seal(w3c.JWT{}, doc)
		if err == nil {
			var claims json.RawMessage
			if claims, err = p.peerToken(p.ours.Key(), raw, "JWT", credential.Binding{}); err == nil {
				err = claimsV1(claims, doc)
			}
		}
		r.there.accepted(name, err)
		p.refuseTokens(r, name, raw, p.ours.Key(), "JWT")

		doc = p.credential(p.did(), style{v1: true})
		claims := object{
			"iss": p.did(), "jti": doc["id"], "vc": doc, "nbf": seconds(doc["issuanceDate"]), "exp": seconds(doc["expirationDate"]),
		}
		if id, ok := subject(doc)["id"]; ok && len(elements(doc["credentialSubject"])) == 1 {
			claims["sub"] = id
		}
		raw, err = p.peerSign("JWT", claims)
		if err == nil {
			err = p.weReadDocument(raw, doc)
		}
		r.back.accepted(name, err)
		p.refuseTokens(r, name, raw, *p.public, "JWT")
		claims["jti"] = "urn:example:another"
		if raw, err = p.peerSign("JWT", claims); err != nil {
			return err
		}
		r.changedBack.refused(name+": jti is not the id", p.weReadDocument(raw, doc))
	}
	r.print()
	return nil
}

func seconds(v any) int64 {
	t, _ := time.Parse(time.RFC3339, v.(string))
	return t.Unix()
}

// claimsV1 compares what the peer found with the document (VC Data Model 1.1,
// section 6.3.1).
func claimsV1(raw json.RawMessage, doc object) error {
	var claims struct {
		ISS, JTI string
		NBF, EXP int64
		VC       json.RawMessage
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return err
	}
	if claims.ISS != issuerID(doc) || claims.JTI != doc["id"] || claims.NBF != seconds(doc["issuanceDate"]) || claims.EXP != seconds(doc["expirationDate"]) {
		return errors.New("the claims are not the document's")
	}
	return sameDocument(claims.VC, doc)
}

func issuerID(doc object) any {
	if o, ok := doc["issuer"].(object); ok {
		return o["id"]
	}
	return doc["issuer"]
}

// refuseTokens changes a token, and both sides must refuse it.
func (p sides) refuseTokens(r rows, name string, raw []byte, k proof.Key, typ string) {
	if len(raw) == 0 {
		return
	}
	v, err := p.tokenVerifier()
	if err != nil {
		r.changedBack.accepted(name, err)
		return
	}
	changes := p.changedSignatures(raw, "compact")
	header, err := withMember(strings.Split(string(raw), ".")[0], "typ", "dc+sd-jwt")
	if err != nil {
		r.changedBack.accepted(name, err)
		return
	}
	changes["another type"] = []byte(header + string(raw)[strings.IndexByte(string(raw), '.'):])
	for what, changed := range changes {
		_, err := p.peerToken(k, changed, typ, credential.Binding{})
		r.changedThere.refused(name+": "+what, err)
		_, err = v.Verify(p, changed, credential.Policy{Time: now})
		r.changedBack.refused(name+": "+what, err)
	}
}

// The media types of COSE, in headers 16 and 3.
const (
	coseTyp     = "application/vc+cose"
	coseContent = "application/vc"
)

// binary are vc+cose.
func (p sides) binary() error {
	r := p.rows("vc+cose/" + p.algorithm())
	v, err := p.tokenVerifier()
	if err != nil {
		return err
	}
	refuse := func(name string, raw []byte, k proof.Key) {
		for range min(len(raw), 4) {
			changed := []byte(string(raw))
			changed[p.IntN(len(changed))] ^= 1 << p.IntN(8)
			_, err := p.peerBinary(k, changed)
			r.changedThere.refused(name+": a bit", err)
			_, err = v.Verify(p, changed, credential.Policy{Time: now})
			r.changedBack.refused(name+": a bit", err)
		}
	}
	for i := range messages {
		name := fmt.Sprint("credential ", i)
		doc := p.credential(p.ours.Key().Controllers[0], style{})
		raw, err := p.seal(w3c.COSE{}, doc)
		if err == nil {
			var payload json.RawMessage
			if payload, err = p.peerBinary(p.ours.Key(), raw); err == nil {
				err = sameDocument(payload, doc)
			}
		}
		r.there.accepted(name, err)
		refuse(name, raw, p.ours.Key())

		doc = p.credential(p.did(), style{})
		var text string
		err = p.call("coseSign", object{"name": p.theirs.Thumbprint, "kid": p.public.ID, "typ": coseTyp, "contentType": coseContent, "document": doc}, &text)
		if err == nil {
			if raw, err = base64.RawURLEncoding.DecodeString(text); err == nil {
				err = p.weReadDocument(raw, doc)
			}
		}
		r.back.accepted(name, err)
		refuse(name, raw, *p.public)
	}
	r.print()
	return nil
}

func (p sides) peerBinary(k proof.Key, raw []byte) (payload json.RawMessage, err error) {
	public, err := jwkOf(k)
	if err != nil {
		return nil, err
	}
	err = p.call("coseVerify", object{"jwk": public, "kid": k.ID, "typ": coseTyp, "contentType": coseContent, "message": base64.RawURLEncoding.EncodeToString(raw)}, &payload)
	return payload, err
}

// tokenPresentations are vp+jwt, with a vc+jwt of the same side inside.
func (p sides) tokenPresentations() error {
	r := p.rows("vp+jwt/" + p.algorithm())
	v, err := p.tokenVerifier()
	if err != nil {
		return err
	}
	weOpen := func(raw []byte, b credential.Binding) error {
		_, err := v.VerifyPresentation(p, raw, credential.Policy{Time: now, Binding: b})
		return err
	}
	replayed := credential.Binding{Audience: binding.Audience, Nonce: "another nonce"}
	elsewhere := credential.Binding{Audience: "https://elsewhere.example", Nonce: binding.Nonce}
	for i := range messages {
		name := fmt.Sprint("presentation ", i)
		card, err := p.seal(w3c.JWT{}, ownCard(p.credential(p.ours.Key().Controllers[0], style{}), p.ours.Key().Controllers[0]))
		if err != nil {
			return err
		}
		raw, err := w3c.JWT{}.Present(p, []credential.Held{{Raw: card, Signer: p.ours}}, binding)
		if err == nil {
			err = p.peerOpensTokens(p.ours.Key(), raw, binding)
		}
		r.there.accepted(name, err)
		theirs, err := p.peerPresents(ownCard(p.credential(p.did(), style{}), p.did()))
		if err == nil {
			err = weOpen(theirs, binding)
		}
		r.back.accepted(name, err)
		for _, t := range []struct {
			whose string
			raw   []byte
			key   proof.Key
		}{{"ours", raw, p.ours.Key()}, {"theirs", theirs, *p.public}} {
			title := name + " of " + t.whose
			if len(t.raw) == 0 {
				continue
			}
			for what, changed := range p.changedSignatures(t.raw, "compact") {
				r.changedThere.refused(title+": "+what, p.peerOpensTokens(t.key, changed, binding))
				r.changedBack.refused(title+": "+what, weOpen(changed, binding))
			}
			for what, b := range map[string]credential.Binding{"a replay": replayed, "for another": elsewhere} {
				r.changedThere.refused(title+": "+what, p.peerOpensTokens(t.key, t.raw, b))
				r.changedBack.refused(title+": "+what, weOpen(t.raw, b))
			}
		}
	}
	r.print()
	return nil
}

// ownCard is a credential about one subject, who has the key.
func ownCard(doc object, did string) object {
	s := subject(doc)
	s["id"] = did
	doc["credentialSubject"] = s
	return doc
}

const envelope = "data:application/vc+jwt,"

// peerOpensTokens has the peer verify a presentation, and the one token in it.
func (p sides) peerOpensTokens(k proof.Key, raw []byte, b credential.Binding) error {
	claims, err := p.peerToken(k, raw, "vp+jwt", b)
	if err != nil {
		return err
	}
	var doc struct {
		VerifiableCredential []struct{ Type, ID string }
	}
	if err := json.Unmarshal(claims, &doc); err != nil {
		return err
	}
	if len(doc.VerifiableCredential) != 1 || doc.VerifiableCredential[0].Type != "EnvelopedVerifiableCredential" {
		return errors.New("not one enveloped credential")
	}
	token, ok := strings.CutPrefix(doc.VerifiableCredential[0].ID, envelope)
	if !ok {
		return errors.New("not a token")
	}
	_, err = p.peerToken(k, []byte(token), "vc+jwt", credential.Binding{})
	return err
}

func (p sides) peerPresents(card object) ([]byte, error) {
	token, err := p.peerSign("vc+jwt", card)
	if err != nil {
		return nil, err
	}
	return p.peerSign("vp+jwt", object{
		"@context": []any{w3c.Context}, "type": []any{w3c.PresentationType}, "holder": p.did(), "nonce": binding.Nonce, "aud": binding.Audience,
		"verifiableCredential": []any{object{"@context": w3c.Context, "type": "EnvelopedVerifiableCredential", "id": envelope + string(token)}},
	})
}
