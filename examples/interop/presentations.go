package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
)

// For whom presentations are made, and upon which request.
var binding = credential.Binding{Audience: "https://border.example", Nonce: "5f0c2b7e"}

// presentations has each side present what both have issued.
func presentations(w *world) error {
	r := w.rows("presentation")
	for i, s := range suites() {
		name := fmt.Sprint("presentation ", i, " with ", s)
		holder, err := w.signer(s.curve)
		if err != nil {
			return err
		}
		peerHolder, err := w.peerKey(s.curve)
		if err != nil {
			return err
		}
		contents, err := w.held(s, holder.Key().Controllers[0])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		held := []credential.Held{{Raw: contents[0], Signer: holder}, {Raw: contents[1]}}
		raw, err := w3c.Format{Suites: []string{s.name}}.Present(w, held, binding)
		if err == nil {
			err = w.peerVerifyPresentation(raw, binding)
		}
		r.there.accepted(name, err)
		w.refusePresentation(r, name, raw)

		if contents, err = w.held(s, peerHolder); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var theirs json.RawMessage
		err = w.call("present", object{
			"credentials": contents, "challenge": binding.Nonce, "domain": binding.Audience, "now": time.Now(), "created": time.Now(),
			"suite": s.name, "did": peerHolder, "contexts": s.contexts, "version": map[bool]int{false: 2, true: 1}[s.style.v1],
		}, &theirs)
		if err == nil {
			err = w.verifyPresentation(theirs, binding)
		}
		r.back.accepted(name, err)
		w.refusePresentation(r, name, theirs)
	}
	r.print()
	return nil
}

// held is a credential of ours and one of the peer's about a holder. They are
// valid for long: presentations are made by the device's clock.
func (w *world) held(s suite, holder string) ([]json.RawMessage, error) {
	ours, err := w.signer(s.curve)
	if err != nil {
		return nil, err
	}
	theirs, err := w.peerKey(s.curve)
	if err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, issuer := range []string{ours.Key().Controllers[0], theirs} {
		doc := s.unsigned(w, issuer)
		doc["credentialSubject"] = object{"id": holder, w.word(): w.text()}
		from, until := "validFrom", "validUntil"
		if s.style.v1 {
			from, until = "issuanceDate", "expirationDate"
		}
		doc[from], doc[until] = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
		var raw json.RawMessage
		if issuer == theirs {
			raw, err = w.peerIssue(doc, s.name, theirs, object{"created": "2020-01-01T00:00:00Z"})
		} else {
			raw, err = w.issue(doc, []string{s.name}, nil, ours)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

func (w *world) verifyPresentation(raw []byte, b credential.Binding) error {
	v, err := w.verifier(nil)
	if err != nil {
		return err
	}
	_, err = v.VerifyPresentation(w, raw, credential.Policy{Time: time.Now(), Binding: b})
	return err
}

func (w *world) peerVerifyPresentation(raw json.RawMessage, b credential.Binding) error {
	return w.call("verifyPresentation", object{"presentation": raw, "challenge": b.Nonce, "domain": b.Audience, "now": time.Now()}, nil)
}

// presentationChanges are made to presentations.
var presentationChanges = []change{
	{"a letter of the signature", changeNamed("a letter of the signature")},
	{"another purpose", func(m maker, doc object) { anyProof(m, doc)["proofPurpose"] = "assertionMethod" }},
	{"another challenge", func(m maker, doc object) { anyProof(m, doc)["challenge"] = "another" }},
	{"the holder replaced", func(_ maker, doc object) { doc["holder"] = "did:example:another" }},
	{"a type added", func(_ maker, doc object) { doc["type"] = append(elements(doc["type"]), "urn:interop:Added") }},
	{"a claim inside", func(m maker, doc object) {
		inside := elements(doc["verifiableCredential"])
		subject(inside[m.IntN(len(inside))].(object))["added"] = "x"
	}},
	{"a credential removed", func(_ maker, doc object) {
		doc["verifiableCredential"] = elements(doc["verifiableCredential"])[1:]
	}},
	{"no proof", func(_ maker, doc object) { delete(doc, "proof") }},
}

func changeNamed(name string) func(maker, object) {
	for _, c := range changes {
		if c.name == name {
			return c.make
		}
	}
	panic("no change is named " + name)
}

func (w *world) refusePresentation(r rows, name string, raw []byte) {
	if raw == nil {
		return
	}
	for _, b := range []credential.Binding{{Audience: binding.Audience, Nonce: "another"}, {Audience: "https://another.example", Nonce: binding.Nonce}} {
		r.changedThere.refused(name+": made for another", w.peerVerifyPresentation(raw, b))
		r.changedBack.refused(name+": made for another", w.verifyPresentation(raw, b))
	}
	for _, c := range presentationChanges {
		changed, err := c.apply(w.maker, raw)
		if err != nil {
			r.changedThere.accepted(name, err)
			continue
		}
		r.changedThere.refused(name+": "+c.name, w.peerVerifyPresentation(changed, binding))
		r.changedBack.refused(name+": "+c.name, w.verifyPresentation(changed, binding))
	}
}
