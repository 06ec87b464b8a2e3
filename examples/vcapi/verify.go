package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
)

// wanted is what a request demands of a verification.
type wanted struct {
	proofOnly bool
	domains   []string
	challenge string
}

// verifyOptions are the options of both verifying endpoints. Those that begin
// with return ask for more in the answer, which may be left out.
var verifyOptions = []string{"checks", "domain", "challenge", "returnCredential", "returnPresentation", "returnProof", "returnResults"}

func (q *request) wanted() (w wanted, fail *reply) {
	checks, fail := q.texts("checks")
	if fail != nil {
		return w, fail
	}
	for _, c := range checks {
		if !slices.Contains([]string{"proof", "status", "credentialStatus"}, c) {
			return w, refused(refuse(http.StatusBadRequest, unknownOption, "options.checks: one that is not known; these are: proof, status"))
		}
	}
	w.proofOnly = slices.Contains(checks, "proof") && len(checks) == 1
	if w.domains, fail = q.texts("domain"); fail != nil {
		return w, fail
	}
	w.challenge, fail = q.text("challenge")
	return w, fail
}

// verifyCredential is POST /credentials/verify.
func (s *server) verifyCredential(r *http.Request) reply {
	q, fail := read(r, "verifiableCredential", verifyOptions...)
	if fail != nil {
		return *fail
	}
	w, fail := q.wanted()
	if fail != nil {
		return *fail
	}
	res, err := s.verifier(w).Verify(r.Context(), q.document.Append(nil), credential.Policy{})
	v := verdict{proofOnly: w.proofOnly, errors: unbound(q.document, w)}
	if err == nil {
		v.add(res.Checks)
	} else {
		v.addError(err)
	}
	return v.reply()
}

// verifyPresentation is POST /presentations/verify.
func (s *server) verifyPresentation(r *http.Request) reply {
	q, fail := read(r, "verifiablePresentation", verifyOptions...)
	if fail != nil {
		return *fail
	}
	w, fail := q.wanted()
	if fail != nil {
		return *fail
	}
	p := credential.Policy{AnyHolder: !s.cfg.strictHolder, InsecureAnyBinding: w.challenge == ""}
	p.Binding.Nonce = w.challenge
	if len(w.domains) > 0 {
		p.Binding.Audience = w.domains[0]
	}
	res, err := s.verifier(w).VerifyPresentation(r.Context(), q.document.Append(nil), p)
	v := verdict{proofOnly: w.proofOnly, errors: unbound(q.document, w)}
	if err == nil {
		v.add(res.Checks)
		for _, c := range res.Results {
			v.add(c.Checks)
		}
	} else {
		v.addError(err)
	}
	return v.reply()
}

func (s *server) verifier(w wanted) *credential.Verifier {
	if w.proofOnly {
		return s.proofOnly
	}
	return s.full
}

// unbound compares domain and challenge with every proof of a document (Data
// Integrity 1.0, section 4.4): each domain wanted must be among the proof's.
// The verifier does so for presentations alone, and for one domain.
func unbound(doc jcs.Value, w wanted) []problem {
	var out []problem
	for _, p := range proofsOf(doc) {
		have := domainsOf(p)
		if slices.ContainsFunc(w.domains, func(d string) bool { return !slices.Contains(have, d) }) {
			out = append(out, problem{Type: domainError, Title: titleOf(domainError, 0), Detail: "a proof's domain is not the one wanted"})
		}
		if c, _ := p.Member("challenge").Text(); w.challenge != "" && c != w.challenge {
			out = append(out, problem{Type: challengeError, Title: titleOf(challengeError, 0), Detail: "a proof's challenge is not the one wanted"})
		}
	}
	return out
}

func proofsOf(doc jcs.Value) []jcs.Value {
	p := doc.Member("proof")
	if p.Kind() != jcs.Array {
		return []jcs.Value{p}
	}
	var out []jcs.Value
	for _, e := range p.Elements() {
		out = append(out, e)
	}
	return out
}

func domainsOf(p jcs.Value) []string {
	d := p.Member("domain")
	if s, ok := d.Text(); ok {
		return []string{s}
	}
	var out []string
	for _, e := range d.Elements() {
		if s, ok := e.Text(); ok {
			out = append(out, s)
		}
	}
	return out
}

// verdict sorts the checks of a verification.
type verdict struct {
	proofOnly        bool
	passed           []string
	errors, warnings []problem
	undecided        []problem
}

func (v *verdict) add(checks []credential.Check) {
	for _, c := range checks {
		switch {
		case c.Outcome == credential.Passed:
			if !slices.Contains(v.passed, string(c.Name)) {
				v.passed = append(v.passed, string(c.Name))
			}
		case c.Outcome == credential.Tolerated, v.proofOnly && ownPeriod(c):
			v.warnings = append(v.warnings, problemOf(c))
		case c.Outcome == credential.Inconclusive:
			v.undecided = append(v.undecided, problemOf(c))
		case c.Outcome == credential.Failed:
			v.errors = append(v.errors, problemOf(c))
		}
	}
}

// ownPeriod reports whether c is of a credential's validity period, which tells
// nothing of its proof. The period of a proof has a subject: the proof. Both
// stand behind "content 0" in presentations.
func ownPeriod(c credential.Check) bool {
	subject := strings.Fields(c.Subject)
	if len(subject) > 1 && subject[0] == "content" {
		subject = subject[2:]
	}
	return c.Name == credential.CheckTime && len(subject) == 0 && c.Outcome == credential.Failed
}

func (v *verdict) addError(err error) {
	var e *credential.Error
	if !errors.As(err, &e) {
		v.errors = append(v.errors, problem{Type: malformedError, Title: titleOf(malformedError, 0), Detail: err.Error()})
		return
	}
	v.add(e.Checks)
	for _, c := range e.Contents {
		var inner *credential.Error
		if errors.As(c, &inner) && len(e.Checks) == 0 {
			v.add(inner.Checks)
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		v.undecided = append(v.undecided, problem{Type: noType, Title: "Timeout", Detail: "the time for one request is over"})
	}
}

// reply is 200, or 400 for what is refused, or 422 for what could not be
// decided.
func (v *verdict) reply() reply {
	if len(v.errors)+len(v.undecided) == 0 {
		return answer(http.StatusOK, jsonType, struct {
			Verified bool      `json:"verified"`
			Checks   []string  `json:"checks"`
			Errors   []problem `json:"errors"`
			Warnings []problem `json:"warnings"`
		}{true, v.passed, []problem{}, append([]problem{}, v.warnings...)})
	}
	status, all := http.StatusBadRequest, append(v.errors, v.undecided...)
	if len(v.errors) == 0 {
		status = http.StatusUnprocessableEntity
	}
	first := all[0]
	first.Status = status
	return answer(status, problemType, refusal{problem: first, Verified: new(bool), Errors: all, Warnings: v.warnings})
}
