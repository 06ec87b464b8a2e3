package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/trustlist"
)

const (
	cardIssuer = "https://health.example"
	cardType   = "https://health.example/card"
	cardKey    = "key-1"
)

// hidden is what an SD-JWT VC is made of.
type hidden struct {
	claims      object
	disclosable []string // JSON pointers
	shown       []string // those of them that the holder shows
}

// token is an SD-JWT VC with the keys that belong to it.
type token struct {
	raw            []byte
	issuer, holder proof.Key // the public keys
}

// disclosingTokens has each side issue, each present what the other issued,
// and each verify it with its key binding.
func disclosingTokens(w *world) error {
	r := w.rows("sd-jwt-vc")
	for i := range 24 {
		h := w.hidden()
		ours, ourHolder, err := w.cardOfOurs(h)
		if err != nil {
			return fmt.Errorf("card %d: %w", i, err)
		}
		theirs, theirHolder, err := w.cardOfTheirs(h)
		if err != nil {
			return fmt.Errorf("card %d: %w", i, err)
		}
		// What one side issued, its holder presents to the other.
		name := fmt.Sprint("card ", i)
		if ours.raw, err = w.weShow(ours.raw, h, ourHolder); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if theirs.raw, err = w.theyShow(theirs.raw, h, theirHolder); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.there.accepted(name, w.sameClaims(ours, h))
		r.back.accepted(name, w.sameClaims(theirs, h))
		for _, t := range []token{ours, theirs} {
			for what, changed := range w.changedTokens(t) {
				_, err := w.theyRead(changed, binding.Nonce)
				r.changedThere.refused(name+": "+what, err)
				_, err = w.weRead(changed, binding)
				r.changedBack.refused(name+": "+what, err)
			}
			_, err := w.theyRead(t, "another nonce")
			r.changedThere.refused(name+": a replay", err)
			_, err = w.weRead(t, credential.Binding{Audience: binding.Audience, Nonce: "another nonce"})
			r.changedBack.refused(name+": a replay", err)
		}
	}
	r.print()
	return nil
}

// hidden makes claims, and chooses what of them is hidden and what shown.
func (m maker) hidden() hidden {
	h := hidden{claims: m.thing(style{}, 3)}
	h.claims[m.word()] = []any{m.text(), m.integer(), object{m.word(): m.text()}}
	var walk func(v any, at string, open bool)
	walk = func(v any, at string, open bool) {
		if at != "" && m.IntN(2) == 0 {
			h.disclosable = append(h.disclosable, at)
			if open = open && m.IntN(2) == 0; open {
				h.shown = append(h.shown, at)
			}
		}
		switch v := v.(type) {
		case object:
			for _, name := range sortedNames(v) {
				walk(v[name], at+"/"+name, open)
			}
		case []any:
			for i, e := range v {
				walk(e, at+"/"+strconv.Itoa(i), open)
			}
		}
	}
	walk(h.claims, "", true)
	return h
}

func sortedNames(o object) []string {
	var names []string
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// frame says by nested objects, as the peer has it, what pointers say. mark sets
// what a pointer names in the object around it.
func frame(pointers []string, mark func(parent object, step string)) object {
	out := object{}
	for _, p := range pointers {
		at := out
		steps := strings.Split(p[1:], "/")
		for _, s := range steps[:len(steps)-1] {
			next, ok := at[s].(object)
			if !ok {
				next = object{}
				at[s] = next
			}
			at = next
		}
		mark(at, steps[len(steps)-1])
	}
	return out
}

// hiding marks a member or element as selectively disclosable.
func hiding(parent object, step string) {
	var which any = step
	if i, err := strconv.Atoi(step); err == nil {
		which = i
	}
	list, _ := parent["_sd"].([]any)
	parent["_sd"] = append(list, which)
}

// showing marks one as shown, unless something in it is marked already.
func showing(parent object, step string) {
	if _, ok := parent[step]; !ok {
		parent[step] = object{}
	}
}

func (w *world) cardOfOurs(h hidden) (token, proof.Signer, error) {
	issuer, err := w.signer("P-256")
	if err != nil {
		return token{}, nil, err
	}
	holder, err := w.signer("P-256")
	if err != nil {
		return token{}, nil, err
	}
	if issuer, err = named(issuer, cardKey); err != nil {
		return token{}, nil, err
	}
	draft, err := sdjwt.New(sdjwt.Content{
		Type: cardType, Issuer: cardIssuer, Claims: h.claims, Holder: holder.Key().Public, Issued: now.AddDate(-1, 0, 0), ValidUntil: now.AddDate(50, 0, 0),
		Options: sd.Options{Disclosable: slices.Concat([]string{}, h.disclosable), Decoys: w.IntN(3)},
	})
	if err != nil {
		return token{}, nil, err
	}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: sdjwt.Format{}, Signers: []proof.Signer{issuer}})
	if err != nil {
		return token{}, nil, err
	}
	raw, err := i.Issue(w, draft)
	return token{raw, issuer.Key(), holder.Key()}, holder, err
}

// named is a signer under another key ID.
func named(s proof.Signer, id string) (proof.Signer, error) {
	k := s.Key()
	k.ID, k.Controllers = id, nil
	return renamed{s, k}, nil
}

type renamed struct {
	proof.Signer
	key proof.Key
}

func (r renamed) Key() proof.Key { return r.key }

func (w *world) cardOfTheirs(h hidden) (token, json.RawMessage, error) {
	var issuer, holder json.RawMessage
	if err := errors.Join(w.call("sdJwtKey", nil, &issuer), w.call("sdJwtKey", nil, &holder)); err != nil {
		return token{}, nil, err
	}
	payload := object{
		"iss": cardIssuer, "vct": cardType, "iat": now.AddDate(-1, 0, 0).Unix(), "exp": now.AddDate(50, 0, 0).Unix(), "cnf": object{"jwk": holder},
	}
	for name, v := range h.claims {
		payload[name] = v
	}
	var raw string
	if err := w.call("sdJwtIssue", object{"issuer": issuer, "kid": cardKey, "payload": payload, "frame": frame(h.disclosable, hiding)}, &raw); err != nil {
		return token{}, nil, err
	}
	i, err := publicKey(issuer)
	if err != nil {
		return token{}, nil, err
	}
	k, err := publicKey(holder)
	return token{[]byte(raw), i, k}, holder, err
}

func (w *world) weShow(raw []byte, h hidden, holder proof.Signer) ([]byte, error) {
	return credential.Present(w, nil, []credential.Held{{Raw: raw, Format: sdjwt.Format{}, Show: h.wholes(), Signer: holder}}, binding)
}

// wholes are pointers for us, who show what they name with all in it: of what is
// shown, the parts with nothing hidden inside that is not.
func (h hidden) wholes() []string {
	var out []string
	for _, p := range h.shown {
		if !slices.ContainsFunc(h.disclosable, func(d string) bool { return strings.HasPrefix(d, p+"/") && !slices.Contains(h.shown, d) }) {
			out = append(out, p)
		}
	}
	return out
}

func (w *world) theyShow(raw []byte, h hidden, holder json.RawMessage) (out []byte, err error) {
	var s string
	err = w.call("sdJwtPresent", object{
		"token": string(raw), "frame": frame(h.wholes(), showing), "holder": holder, "aud": binding.Audience, "nonce": binding.Nonce, "iat": time.Now().Unix(),
	}, &s)
	return []byte(s), err
}

// theyRead has the peer verify and returns the claims.
func (w *world) theyRead(t token, nonce string) (claims json.RawMessage, err error) {
	key, err := publicJWK(t.issuer)
	if err != nil {
		return nil, err
	}
	err = w.call("sdJwtVerify", object{"token": string(t.raw), "issuer": key, "aud": binding.Audience, "nonce": nonce, "now": time.Now().Unix()}, &claims)
	return claims, err
}

func (w *world) weRead(t token, b credential.Binding) (claims json.RawMessage, err error) {
	t.issuer.ID = cardKey
	list, err := trustlist.New(trustlist.Info{Name: "cards"}, trustlist.Entry{
		Authority: "Ministry", Names: []string{cardIssuer}, Types: []string{cardType}, Keys: []proof.Key{t.issuer}, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		return nil, err
	}
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: list, Trust: list})
	if err != nil {
		return nil, err
	}
	r, err := v.VerifyPresentation(w, t.raw, credential.Policy{Binding: b})
	if err != nil {
		return nil, err
	}
	return encode(r.Results[0].Credential.Payload)
}

// sameClaims has both sides verify, and compares what they found.
func (w *world) sameClaims(t token, h hidden) error {
	theirs, err := w.theyRead(t, binding.Nonce)
	if err != nil {
		return err
	}
	ours, err := w.weRead(t, binding)
	if err != nil {
		return err
	}
	if !sameJSON(theirs, ours) {
		return errors.New("the claims differ")
	}
	return nil
}

// changedTokens are a token with something changed that must not pass.
func (w *world) changedTokens(t token) map[string]token {
	out := map[string]token{}
	for _, part := range []string{"payload", "signature", "disclosure", "key binding"} {
		if raw, ok := w.flipIn(t.raw, part); ok {
			out["a letter of the "+part] = token{raw, t.issuer, t.holder}
		}
	}
	last := bytes.LastIndexByte(t.raw, '~')
	out["no key binding"] = token{t.raw[:last+1], t.issuer, t.holder}
	if first := bytes.IndexByte(t.raw, '~'); first < last {
		out["disclosures taken away"] = token{slices.Concat(t.raw[:first+1], t.raw[last+1:]), t.issuer, t.holder}
	}
	return out
}

// flipIn changes a letter of a part, not its last: that may have bits that count
// for nothing.
func (w *world) flipIn(raw []byte, part string) ([]byte, bool) {
	parts := strings.Split(string(raw), "~")
	i, j := 0, 0
	switch part {
	case "payload":
		j = 1
	case "signature":
		j = 2
	case "disclosure":
		if len(parts) == 2 {
			return nil, false
		}
		i = 1 + w.IntN(len(parts)-2)
	case "key binding":
		i, j = len(parts)-1, 1
	}
	segments := strings.Split(parts[i], ".")
	b := []byte(segments[j])
	k := w.IntN(len(b) - 1)
	if b[k] == 'A' {
		b[k] = 'B'
	} else {
		b[k] = 'A'
	}
	segments[j] = string(b)
	parts[i] = strings.Join(segments, ".")
	return []byte(strings.Join(parts, "~")), true
}

func publicKey(raw []byte) (proof.Key, error) {
	k, err := jwk.Parse(raw, jwk.Strict)
	if err != nil {
		return proof.Key{}, err
	}
	return k.Proof(proof.AssertionMethod), nil
}

func publicJWK(k proof.Key) (json.RawMessage, error) { return jwk.Marshal(k.Public, "") }

func sameJSON(a, b []byte) bool {
	x, err := jcs.Parse(a)
	y, err2 := jcs.Parse(b)
	return err == nil && err2 == nil && jcs.Equal(x, y)
}
