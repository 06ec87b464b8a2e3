package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// party is a signer, ours or the peer's, with its suite.
type party struct {
	suite
	ours proof.Signer // nil: the peer's
	did  string
}

// parties makes as many signers, of random suites for documents of version 2.0;
// whose is told by a letter for each: o or p.
func (w *world) parties(whose string) ([]party, error) {
	var all []suite
	for _, s := range suites() {
		if !s.style.v1 && s.contexts == nil {
			all = append(all, s)
		}
	}
	out := make([]party, len(whose))
	for i := range out {
		p := party{suite: all[w.IntN(len(all))]}
		var err error
		if whose[i] == 'o' {
			if p.ours, err = w.signer(p.curve); err == nil {
				p.did = p.ours.Key().Controllers[0]
			}
		} else {
			p.did, err = w.peerKey(p.curve)
		}
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}

// add adds the party's proof to a credential that may have others.
func (w *world) add(p party, raw json.RawMessage, id string, previous []string) (json.RawMessage, error) {
	if p.ours == nil {
		more := object{"proof": object{"id": id}}
		if len(previous) > 0 {
			more["previous"] = previous
		}
		return w.peerIssue(raw, p.name, p.did, more)
	}
	c, err := rdf.New()
	if err != nil {
		return nil, err
	}
	return dataintegrity.Sign(w, raw, p.ours, dataintegrity.Options{Cryptosuite: p.name, RDF: c, ID: id, Previous: previous, Created: signed})
}

// whoSign are the orders in which the two sides sign one credential.
var whoSign = []string{"oo", "ooo", "pp", "ppp", "op", "po", "opop", "popo"}

// several has credentials signed by several. previous tells which of the
// earlier proofs the one at a position signs too.
func (w *world) several(name string, previous func(position int) []int) error {
	r := w.rows(name)
	for i := range 2 * len(whoSign) {
		who := whoSign[i%len(whoSign)]
		parties, err := w.parties(who)
		if err != nil {
			return err
		}
		raw, err := encode(w.credential(parties[0].did, style{}))
		if err != nil {
			return err
		}
		for position, p := range parties {
			var ids []string
			for _, e := range previous(position) {
				ids = append(ids, proofID(e))
			}
			if raw, err = w.add(p, raw, proofID(position), ids); err != nil {
				break
			}
		}
		title := fmt.Sprint("credential ", i, " signed by ", who, names(parties))
		if err != nil {
			r.there.accepted(title, err)
			continue
		}
		// Whoever signed last, both must take the whole.
		r.there.accepted(title, w.peerVerify(raw))
		r.back.accepted(title, w.verify(raw, nil))
		w.refuse(r, title, raw)
	}
	r.print()
	return nil
}

func names(parties []party) string {
	var b strings.Builder
	for _, p := range parties {
		b.WriteString(" " + p.String())
	}
	return b.String()
}

func proofID(i int) string { return fmt.Sprintf("urn:uuid:11111111-2222-4333-8444-%012d", i) }

// proofSets has several proofs that do not know of each other.
func proofSets(w *world) error {
	return w.several("proof-set", func(int) []int { return nil })
}

// proofChains has proofs that sign earlier ones: first the one before, and from
// the fourth on two at once.
func proofChains(w *world) error {
	return w.several("proof-chain", func(position int) []int {
		switch {
		case position == 0:
			return nil
		case position < 3:
			return []int{position - 1}
		}
		return []int{position - 1, 0}
	})
}

// chainChanges are those that only chains notice.
var chainChanges = []change{
	{"the first proof removed", func(_ maker, doc object) { doc["proof"] = elements(doc["proof"])[1:] }},
	{"the first proof made later", func(_ maker, doc object) { firstProof(doc)["created"] = "2026-05-19T12:00:00Z" }},
	{"the first proof renamed", func(_ maker, doc object) { firstProof(doc)["id"] = proofID(99) }},
	{"previousProof removed", func(_ maker, doc object) { delete(lastProof(doc), "previousProof") }},
	{"previousProof of none", func(_ maker, doc object) { lastProof(doc)["previousProof"] = proofID(99) }},
	{"previousProof of itself", func(_ maker, doc object) {
		lastProof(doc)["previousProof"] = lastProof(doc)["id"]
	}},
}

func firstProof(doc object) object { return elements(doc["proof"])[0].(object) }

func lastProof(doc object) object {
	proofs := elements(doc["proof"])
	return proofs[len(proofs)-1].(object)
}
