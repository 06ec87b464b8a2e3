package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// selectives are the suites with selective disclosure, and the kind of key that
// each takes.
var selectives = []suite{
	{dataintegrity.ECDSASD2023, "P-256", nil, style{}},
	{dataintegrity.ECDSASD2023, "P-256", []string{dataIntegrityTerms}, style{v1: true}},
	{dataintegrity.BBS2023, "BLS12-381", nil, style{}},
	{dataintegrity.BBS2023, "BLS12-381", []string{dataIntegrityTerms}, style{v1: true}},
}

// fewDocuments are enough for bbs-2023, which takes the peer half a second.
const fewDocuments = 4

// secret is a credential with a base proof, and what is to be shown of it.
type secret struct {
	suite
	raw  json.RawMessage
	show []string
}

// issueSelective is how we issue.
func (w *world) issueSelective(s suite, doc object, mandatory []string, by proof.Signer) (json.RawMessage, error) {
	raw, err := encode(doc)
	if err != nil {
		return nil, err
	}
	draft, err := w3c.FromJSON(raw)
	if err != nil {
		return nil, err
	}
	draft.Signed, draft.Mandatory = signed, mandatory
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{Suites: []string{s.name}}, Signers: []proof.Signer{by}})
	if err != nil {
		return nil, err
	}
	return issuer.Issue(w, draft)
}

// derive is how we derive.
func (w *world) derive(s secret) (json.RawMessage, error) {
	return w3c.Format{BBS: bbs.Scheme{}}.Derive(w, credential.Held{Raw: s.raw, Show: s.show}, credential.Binding{})
}

func (s secret) args() object {
	return object{"credential": s.raw, "suite": s.name, "selectivePointers": s.show}
}

func (w *world) peerDerive(s secret) (json.RawMessage, error) {
	var raw json.RawMessage
	err := w.call("derive", s.args(), &raw)
	return raw, err
}

// selectiveDisclosure has each side issue, derive and verify what the other made.
func selectiveDisclosure(w *world) error {
	for _, s := range selectives {
		ours, err := w.signer(s.curve)
		if err != nil {
			return err
		}
		theirs, err := w.peerKey(s.curve)
		if err != nil {
			return err
		}
		r, same := w.rows(s.String()), w.row(s.String(), compared)
		count := documents
		if s.name == dataintegrity.BBS2023 {
			count = fewDocuments
		}
		for i := range count {
			doc := s.unsigned(w, ours.Key().Controllers[0])
			mandatory, show := w.pointers(doc)
			raw, err := w.issueSelective(s, doc, mandatory, ours)
			w.disclose(r, same, fmt.Sprint("our credential ", i), secret{s, raw, show}, err)

			doc = s.unsigned(w, theirs)
			mandatory, show = w.pointers(doc)
			raw, err = w.peerIssue(doc, s.name, theirs, object{"mandatoryPointers": mandatory})
			w.disclose(r, same, fmt.Sprint("their credential ", i), secret{s, raw, show}, err)
		}
		r.print()
		same.print()
	}
	return nil
}

// disclose derives on both sides, and both must take either result; neither the
// base proof.
func (w *world) disclose(r rows, same *row, name string, s secret, issued error) {
	if issued != nil {
		r.there.accepted(name, issued)
		return
	}
	r.changedThere.refused(name+" as its holder has it", w.peerVerify(s.raw))
	r.changedBack.refused(name+" as its holder has it", w.verify(s.raw, nil))
	ours, ourErr := w.derive(s)
	theirs, theirErr := w.peerDerive(s)
	if err := errors.Join(ourErr, theirErr); err != nil {
		same.accepted(name, fmt.Errorf("showing %q: %w", s.show, err))
		return
	}
	if s.name == dataintegrity.BBS2023 { // no two of its proofs are the same
		same.accepted(name, sameButProofs(ours, theirs))
	} else {
		same.accepted(name, equalJSON(ours, theirs))
	}
	for i, raw := range []json.RawMessage{ours, theirs} {
		title := name + " derived by " + []string{"us", "them"}[i]
		r.there.accepted(title, w.peerVerify(raw))
		r.back.accepted(title, w.verify(raw, nil))
	}
	w.refuse(r, name, ours)
}

// sameButProofs compares documents without the values of their proofs.
func sameButProofs(a, b json.RawMessage) error {
	bare := [2]json.RawMessage{a, b}
	for i, raw := range bare {
		var doc object
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		p, ok := doc["proof"].(object)
		if !ok {
			return errors.New("not one proof")
		}
		delete(p, "proofValue")
		var err error
		if bare[i], err = encode(doc); err != nil {
			return err
		}
	}
	return equalJSON(bare[0], bare[1])
}

// pointers chooses what of a document is mandatory, and what is shown beside it:
// of the first subject a text at least.
func (m maker) pointers(doc object) (mandatory, show []string) {
	first := "/credentialSubject"
	if _, several := doc["credentialSubject"].([]any); several {
		first += "/0"
	}
	mandatory = []string{"/issuer"}
	if _, v1 := doc["issuanceDate"]; v1 {
		mandatory = append(mandatory, "/issuanceDate", "/expirationDate")
	}
	for _, name := range sorted(subject(doc)) {
		if _, text := subject(doc)[name].(string); text && name != "id" && name != "type" && pointable(name) {
			show = append(show, first+"/"+name)
			break
		}
	}
	all := places(nil, "", doc)
	for range m.IntN(3) {
		mandatory = append(mandatory, all[m.IntN(len(all))])
	}
	for range m.IntN(6) {
		show = append(show, all[m.IntN(len(all))])
	}
	return mandatory, show
}

// pointable reports whether the peer finds a member by its name: it takes what
// begins with a digit for a number.
func pointable(name string) bool {
	return name != "" && !strings.ContainsAny(name, "/~@") && (name[0] < '0' || name[0] > '9')
}

// places are pointers to all that says something in a document. There are none
// into texts with a language, which are one thing, nor into arrays of one: the
// peer looks for what is shown in a form of the document in which such an array
// is its element.
func places(found []string, at string, v any) []string {
	switch v := v.(type) {
	case object:
		for _, name := range sorted(v) {
			if !pointable(name) {
				continue
			}
			if list, ok := v[name].([]any); ok && len(list) == 0 {
				continue
			}
			found = append(found, at+"/"+name)
			if m, ok := v[name].(object); !ok || m["@value"] == nil {
				found = places(found, at+"/"+name, v[name])
			}
		}
	case []any:
		if len(v) < 2 || strings.HasSuffix(at, "/type") {
			return found
		}
		for i, e := range v {
			if list, ok := e.([]any); ok && len(list) == 0 {
				continue
			}
			here := fmt.Sprint(at, "/", i)
			found = append(found, here)
			if m, ok := e.(object); !ok || m["@value"] == nil {
				found = places(found, here, e)
			}
		}
	}
	return found
}
