package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// change is something that must not pass unnoticed.
type change struct {
	name string
	make func(m maker, doc object)
}

// changes are made to signed credentials, each to a fresh copy. With statements
// signed, the order of values is not, so none of them is just another order.
var changes = []change{
	{"a claim changed", func(m maker, doc object) { subject(doc)["added"] = "x"; subject(doc)["id"] = "did:example:another" }},
	{"a claim added", func(m maker, doc object) { subject(doc)["added"] = m.text() + "x" }},
	{"a claim removed", func(_ maker, doc object) { remove(doc) }},
	{"a text changed by a letter", func(m maker, doc object) { edit(doc) }},
	{"a type added", func(_ maker, doc object) { doc["type"] = append(doc["type"].([]any), "Added") }},
	{"another subject added", func(_ maker, doc object) {
		doc["credentialSubject"] = append(elements(doc["credentialSubject"]), object{"id": "did:example:another"})
	}},
	{"the id changed", func(_ maker, doc object) { doc["id"] = "urn:uuid:0f3a2b1c-5d4e-4f60-8a7b-ffffffffffff" }},
	{"the end postponed", func(_ maker, doc object) {
		name := "validUntil"
		if _, ok := doc[name]; !ok {
			name = "expirationDate"
		}
		doc[name] = "2099-01-01T00:00:00Z"
	}},
	{"evidence added", func(_ maker, doc object) { doc["evidence"] = object{"type": "Added"} }},
	{"the proof made later", func(m maker, doc object) { anyProof(m, doc)["created"] = "2026-05-19T12:00:00Z" }},
	{"another purpose", func(m maker, doc object) { anyProof(m, doc)["proofPurpose"] = "authentication" }},
	{"a letter of the signature", func(m maker, doc object) {
		p := anyProof(m, doc)
		v := p["proofValue"].(string)
		i := 2 + m.IntN(len(v)-2)
		other := "5"
		if v[i] == '5' {
			other = "6"
		}
		p["proofValue"] = v[:i] + other + v[i+1:]
	}},
	{"a shortened signature", func(m maker, doc object) {
		p := anyProof(m, doc)
		v := p["proofValue"].(string)
		p["proofValue"] = v[:len(v)-2]
	}},
	{"another cryptosuite", func(m maker, doc object) {
		p := anyProof(m, doc)
		suite, _ := p["cryptosuite"].(string)
		if !strings.Contains(suite, "-") {
			p["type"] = "Ed25519Signature2018"
			return
		}
		p["cryptosuite"] = strings.NewReplacer("-jcs-", "-rdfc-", "-rdfc-", "-jcs-", "-sd-2023", "-rdfc-2019", "bbs-2023", "ecdsa-rdfc-2019").Replace(suite)
	}},
	{"a proof with a nonce added", func(m maker, doc object) { anyProof(m, doc)["nonce"] = "added" }},
}

// apply returns a changed copy of a document.
func (c change) apply(m maker, raw []byte) ([]byte, error) {
	doc, err := parse(raw)
	if err != nil {
		return nil, err
	}
	c.make(m, doc)
	return encode(doc)
}

// parse reads a JSON object and keeps numbers as they are written.
func parse(raw []byte) (object, error) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("a document: %w", err)
	}
	return o, nil
}

// elements returns an array's elements, or the value itself as the only one.
func elements(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func subject(doc object) object { return elements(doc["credentialSubject"])[0].(object) }

// anyProof returns one of the proofs.
func anyProof(m maker, doc object) object {
	proofs := elements(doc["proof"])
	return proofs[m.IntN(len(proofs))].(object)
}

// remove takes the first claim away that says something, and gives the subject
// an id so that something is left of it.
func remove(doc object) {
	s := subject(doc)
	for _, name := range sorted(s) {
		if list, ok := s[name].([]any); name != "id" && name != "type" && (!ok || len(list) > 0) {
			delete(s, name)
			break
		}
	}
	if len(s) == 0 {
		s["id"] = "did:example:left"
	}
}

// edit adds a letter to the first claim that is a text.
func edit(doc object) {
	s := subject(doc)
	for _, name := range sorted(s) {
		if t, ok := s[name].(string); ok && name != "id" && name != "type" {
			s[name] = t + "x"
			return
		}
	}
}
