package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// prove is POST /presentations/prove, and /issuers/{tag}/presentations/prove:
// the key of an issuer signs as holder.
func (s *server) prove(r *http.Request) reply {
	q, fail := read(r, "presentation", "domain", "challenge")
	if fail != nil {
		return *fail
	}
	by := s.issuer(r.PathValue("tag"), q.document, false)
	if by == nil {
		return refuse(http.StatusNotFound, noType, "no key of this tag; GET / names them")
	}
	if by.suite == dataintegrity.BBS2023 {
		return refuse(http.StatusBadRequest, malformedError, "the keys of "+by.suite+" sign no presentations: use another holder's")
	}
	o := dataintegrity.Options{Cryptosuite: by.whole(), Purpose: proof.Authentication, Created: time.Now(), RDF: s.format.RDF}
	if o.Domain, fail = q.texts("domain"); fail != nil {
		return *fail
	}
	if o.Challenge, fail = q.text("challenge"); fail != nil {
		return *fail
	}
	raw, err := dataintegrity.Sign(r.Context(), q.document.Append(nil), by.signer, o)
	if err != nil {
		return refuseDocument(err)
	}
	// What this server would not read it does not sign.
	env, err := by.sealer.Parse(raw, "")
	if err != nil {
		return refuseDocument(err)
	}
	if env.Contents == nil {
		return refuse(http.StatusBadRequest, malformedError, "presentation: not of type VerifiablePresentation")
	}
	return answer(http.StatusCreated, jsonType, map[string]json.RawMessage{"verifiablePresentation": raw})
}
