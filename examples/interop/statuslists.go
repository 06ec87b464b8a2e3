package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
)

// listURL is where the list is published, though nobody fetches it.
const listURL = "https://health.example/status/1"

// placed is a register that gives one place only.
type placed struct{ credential.StatusRef }

func (p placed) Allocate(context.Context, *credential.Draft) ([]credential.StatusRef, error) {
	return []credential.StatusRef{p.StatusRef}, nil
}

func (placed) Record(context.Context, *credential.Draft, *credential.Credential) error { return nil }

// bitstring is a credential with a status, and the list that it names.
type bitstring struct {
	credential, list json.RawMessage
	place            uint64
	set              bool
}

// statusLists has each side look up the other's credentials in the other's
// lists.
func statusLists(w *world) error {
	r := w.rows("bitstring-status-list")
	for i, s := range suites() {
		if s.style.v1 {
			continue
		}
		for _, set := range []bool{false, true} {
			name := fmt.Sprint("list ", i, " with ", s, ", bit set: ", set)
			ours, err := w.ourBitstring(s, set)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			r.there.accepted(name, w.peerFinds(ours, set))
			theirs, err := w.peerBitstring(s, set)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			r.back.accepted(name, w.weFind(theirs, set))
			// A list that was changed, or is another's, says nothing of either kind.
			for _, b := range []bitstring{ours, theirs} {
				other := theirs
				if string(b.list) == string(theirs.list) {
					other = ours
				}
				for _, list := range []json.RawMessage{other.list, withEncodedList(b.list, other.list)} {
					changed := bitstring{b.credential, list, b.place, b.set}
					var bit bool
					r.changedThere.refused(name, w.peerStatus(changed, &bit))
					r.changedBack.refused(name, notRevoked(w.weFind(changed, false)))
				}
			}
		}
	}
	r.print()
	return nil
}

// notRevoked turns a verdict that a list led to into none at all: it must not
// have been looked at.
func notRevoked(err error) error {
	if errors.Is(err, credential.ErrRevoked) {
		return nil
	}
	return err
}

// withEncodedList is a list with the bits of another, under its old proof.
func withEncodedList(list, other json.RawMessage) json.RawMessage {
	a, errA := parse(list)
	b, errB := parse(other)
	if errA != nil || errB != nil {
		return nil
	}
	bits := subject(b)["encodedList"]
	if bits == subject(a)["encodedList"] {
		bits = bits.(string)[:len(bits.(string))-1]
	}
	subject(a)["encodedList"] = bits
	raw, _ := encode(a)
	return raw
}

func (w *world) ourBitstring(s suite, set bool) (bitstring, error) {
	issuer, err := w.signer(s.curve)
	if err != nil {
		return bitstring{}, err
	}
	did := issuer.Key().Controllers[0]
	b := bitstring{set: set, place: w.Uint64N(131_072)}
	list, err := status.NewBitstringList(listURL, status.PurposeRevocation, 131_072)
	if err != nil {
		return b, err
	}
	for range 100 {
		if place := w.Uint64N(131_072); place != b.place {
			err = errors.Join(err, list.Set(place, true))
		}
	}
	if err = errors.Join(err, list.Set(b.place, set)); err != nil {
		return b, err
	}
	ref := credential.StatusRef{Type: status.TypeBitstring, Purpose: status.PurposeRevocation, List: listURL, Index: b.place}
	if b.credential, err = w.issue(s.unsigned(w, did), []string{s.name}, placed{ref}, issuer); err != nil {
		return b, err
	}
	raw, err := list.Document(did, now.AddDate(0, 0, -1), now.AddDate(0, 1, 0))
	if err != nil {
		return b, err
	}
	draft, err := w3c.FromJSON(raw)
	if err != nil {
		return b, err
	}
	b.list, err = w3c.Format{Suites: []string{s.name}}.Seal(w, draft, []proof.Signer{issuer})
	return b, err
}

func (w *world) peerBitstring(s suite, set bool) (bitstring, error) {
	did, err := w.peerKey(s.curve)
	if err != nil {
		return bitstring{}, err
	}
	b := bitstring{set: set, place: w.Uint64N(131_072)}
	places := []uint64{(b.place + 1) % 131_072}
	if set {
		places = append(places, b.place)
	}
	doc := s.unsigned(w, did)
	doc["credentialStatus"] = object{
		"id": listURL + "#" + strconv.FormatUint(b.place, 10), "type": status.TypeBitstring, "statusPurpose": status.PurposeRevocation,
		"statusListIndex": strconv.FormatUint(b.place, 10), "statusListCredential": listURL,
	}
	if b.credential, err = w.peerIssue(doc, s.name, did, nil); err != nil {
		return b, err
	}
	err = w.call("statusList", object{
		"url": listURL, "length": 131_072, "set": places, "purpose": status.PurposeRevocation, "contexts": s.contexts,
		"validFrom": now.AddDate(0, 0, -1), "suite": s.name, "did": did, "created": signed,
	}, &b.list)
	return b, err
}

func (w *world) peerStatus(b bitstring, bit *bool) error {
	return w.call("checkStatus", object{"credential": b.credential, "lists": object{listURL: b.list}, "now": now}, bit)
}

// peerFinds has the peer look a credential up.
func (w *world) peerFinds(b bitstring, set bool) error {
	var bit bool
	if err := w.peerStatus(b, &bit); err != nil {
		return err
	}
	if bit != set {
		return fmt.Errorf("the peer reads the bit as %v", bit)
	}
	return nil
}

// weFind has us look a credential up.
func (w *world) weFind(b bitstring, set bool) error {
	lists, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: b.list}), w3c.Format{})
	if err != nil {
		return err
	}
	err = w.verify(b.credential, status.Mux{status.TypeBitstring: lists})
	if !set {
		return err
	}
	if !errors.Is(err, credential.ErrRevoked) {
		return fmt.Errorf("not revoked: %w", err)
	}
	return nil
}
