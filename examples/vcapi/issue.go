package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

// issue is POST /credentials/issue, and /issuers/{tag}/credentials/issue.
func (s *server) issue(r *http.Request) reply {
	q, fail := read(r, "credential", "credentialStatus", "mandatoryPointers")
	if fail != nil {
		return *fail
	}
	pointers, fail := q.pointers("mandatoryPointers")
	if fail != nil {
		return *fail
	}
	by := s.issuer(r.PathValue("tag"), q.document, len(pointers) > 0)
	if by == nil {
		return refuse(http.StatusNotFound, noType, "no issuer of this tag; GET / names them")
	}
	if len(pointers) > 0 && !by.selective() {
		return refuse(http.StatusBadRequest, malformedError, "options.mandatoryPointers: "+by.suite+" does not disclose selectively")
	}
	purposes, fail := q.purposes()
	if fail != nil {
		return *fail
	}
	if purposes == nil && s.cfg.status {
		purposes = []string{status.PurposeRevocation}
	}
	doc := q.document
	if len(purposes) > 0 {
		doc = withID(doc)
	}
	draft, err := w3c.FromJSON(doc.Append(nil))
	if err != nil {
		return refuseDocument(err)
	}
	if s.cfg.strictIssuer && !slices.Contains(draft.Issuers, by.did()) {
		return refuse(http.StatusBadRequest, cryptographyError, "issuer: not the DID of this issuer's key")
	}
	draft.Mandatory = pointers
	raw, err := s.sign(r.Context(), by, draft, purposes)
	if err != nil {
		return refuseDocument(err)
	}
	return answer(http.StatusCreated, jsonType, map[string]json.RawMessage{"verifiableCredential": raw})
}

// sign seals a draft, with a place in a list for each purpose.
func (s *server) sign(ctx context.Context, by *issuer, d *credential.Draft, purposes []string) ([]byte, error) {
	c := credential.IssuerConfig{Sealer: by.sealer, Signers: []proof.Signer{by.signer}}
	if len(purposes) > 0 {
		var all registers
		for _, p := range purposes {
			l, err := s.lists.get(by, p)
			if err != nil {
				return nil, err
			}
			all = append(all, l)
		}
		c.Register = all
	}
	i, err := credential.NewIssuer(c)
	if err != nil {
		return nil, err
	}
	return i.Issue(ctx, d)
}

// issuer finds the issuer of a tag. Without one it is the first whose DID the
// document names, else the first there is, of those with selective disclosure
// where that is needed.
func (s *server) issuer(tag string, doc jcs.Value, selective bool) *issuer {
	var able []*issuer
	for _, i := range s.issuers {
		if tag != "" && i.tag == tag {
			return i
		}
		if i.selective() || !selective {
			able = append(able, i)
		}
	}
	if tag != "" || len(able) == 0 {
		return nil
	}
	for _, member := range []string{"issuer", "holder"} {
		m := doc.Member(member)
		if m.Kind() == jcs.Object {
			m = m.Member("id")
		}
		name, _ := m.Text()
		for _, i := range able {
			if i.did() == name {
				return i
			}
		}
	}
	return able[0]
}

// pointers reads an option that is an array of JSON pointers, of which the empty
// one is everything.
func (q *request) pointers(name string) ([]string, *reply) {
	m := q.options.Member(name)
	var out []string
	ok := m.Kind() == jcs.Array || m.Kind() == jcs.Absent || m.Kind() == jcs.Null
	for _, e := range m.Elements() {
		s, text := e.Text()
		out, ok = append(out, s), ok && text
	}
	if !ok {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, "options."+name+": not an array of JSON pointers"))
	}
	return out, nil
}

// purposes reads the option credentialStatus: which entries to add.
func (q *request) purposes() ([]string, *reply) {
	m := q.options.Member("credentialStatus")
	var entries []jcs.Value
	switch m.Kind() {
	case jcs.Absent, jcs.Null:
		return nil, nil
	case jcs.Object:
		entries = []jcs.Value{m}
	case jcs.Array:
		for _, e := range m.Elements() {
			entries = append(entries, e)
		}
	}
	out := []string{}
	for _, e := range entries {
		purpose, _ := e.Member("statusPurpose").Text()
		kind, _ := e.Member("type").Text()
		if !e.Member("statusPurpose").Exists() {
			purpose = status.PurposeRevocation
		}
		if kind != status.TypeBitstring || purpose != status.PurposeRevocation && purpose != status.PurposeSuspension || slices.Contains(out, purpose) {
			return nil, refused(refuse(http.StatusBadRequest, malformedError, "options.credentialStatus: want entries of type "+status.TypeBitstring+", one for each statusPurpose: revocation, suspension"))
		}
		out = append(out, purpose)
	}
	if len(out) == 0 {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, "options.credentialStatus: not an object or an array with some"))
	}
	return out, nil
}

// withID gives a credential an id if it has none: by it the issuer finds the
// place in the list again.
func withID(doc jcs.Value) jcs.Value {
	if doc.Member("id").Exists() {
		return doc
	}
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	text := append([]byte(`{"id":"urn:uuid:`), h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:]+`"`...)
	if doc.Len() > 0 {
		text = append(text, ',')
	}
	v, err := jcs.Parse(append(text, doc.Append(nil)[1:]...))
	if err != nil {
		return doc // at the limit of values already: it is refused for its missing id
	}
	return v
}

// registers are several, each of which gives a credential a place.
type registers []credential.Register

// Allocate implements credential.Register.
func (rs registers) Allocate(ctx context.Context, d *credential.Draft) ([]credential.StatusRef, error) {
	var all []credential.StatusRef
	for _, r := range rs {
		refs, err := r.Allocate(ctx, d)
		if err != nil {
			return nil, err
		}
		all = append(all, refs...)
	}
	return all, nil
}

// Record implements credential.Register.
func (rs registers) Record(ctx context.Context, d *credential.Draft, sealed *credential.Credential) error {
	var errs []error
	for _, r := range rs {
		errs = append(errs, r.Record(ctx, d, sealed))
	}
	return errors.Join(errs...)
}

// derive is POST /credentials/derive, with or without a tag before it: what a
// holder shows of a credential needs no key.
func (s *server) derive(r *http.Request) reply {
	q, fail := read(r, "verifiableCredential", "selectivePointers", "verificationMethod")
	if fail != nil {
		return *fail
	}
	pointers, fail := q.pointers("selectivePointers")
	if fail != nil {
		return *fail
	}
	raw, err := s.format.Derive(r.Context(), credential.Held{Raw: q.document.Append(nil), Show: pointers}, credential.Binding{})
	if err != nil {
		return refuseDocument(err)
	}
	return answer(http.StatusCreated, jsonType, map[string]json.RawMessage{"verifiableCredential": raw})
}
