// Package report turns the outcome of a verification into the one
// machine-readable form that the command line, an HTTP service, a browser and
// a phone all show.
//
// [New] takes what a Verifier returned and makes a [Report]: a verdict, the
// reasons for it, who issued the credential, how old the data behind the
// verdict are, every check that ran, and the claims, if and only if the
// credential is valid. Everything else in a report is free of claims, so that a
// refusal can be logged.
//
// Reasons are codes of a closed list ([Codes]). [Text] says each of them to the
// person at the counter, in several languages: what is wrong, and what to do.
package report

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Version is the value of [Report.V]. Members may be added to a version;
// removing one, or changing what it means, makes the next.
const Version = 1

// Verdict is what became of a credential.
type Verdict string

// The verdicts. Only Valid accepts.
const (
	Valid        Verdict = "valid"
	Refused      Verdict = "refused"
	Inconclusive Verdict = "inconclusive" // could not be decided: neither yes nor no
)

// Report is one verification. Its JSON form has its members always in the same
// order, and times as RFC 3339 in UTC.
type Report struct {
	V       int     `json:"v"`
	Verdict Verdict `json:"verdict"`
	// Reasons is empty if and only if the verdict is Valid. What refuses stands
	// before what could not be decided.
	Reasons []Reason `json:"reasons"`
	// Format names the wire format, also where it could be read only in part.
	Format string `json:"format,omitempty"`

	// Issuer is the name in the credential, the first where it has several;
	// Authority and Territory (ISO 3166-1 alpha-2) are what the trust list says
	// of the key that signed. These, the types and the times are empty unless
	// the signature held: before that they are anyone's words.
	Issuer     string    `json:"issuer,omitempty"`
	Authority  string    `json:"authority,omitempty"`
	Territory  string    `json:"territory,omitempty"`
	Types      []string  `json:"types,omitempty"`
	ValidFrom  time.Time `json:"validFrom,omitzero"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	// TrustAsOf is when the oldest of the trust lists that authorise was issued,
	// StatusAsOf the same of the status lists that were asked. Zero: one of
	// them does not say, or none was used.
	TrustAsOf  time.Time `json:"trustAsOf,omitzero"`
	StatusAsOf time.Time `json:"statusAsOf,omitzero"`

	// Tolerated are the deviations that were let pass.
	Tolerated []string `json:"tolerated,omitempty"`
	Checks    []Check  `json:"checks"`
	// Claims are what the credential says, in its format's own JSON; only where
	// Verdict is Valid.
	Claims json.RawMessage `json:"claims,omitempty"`
}

// Reason is one ground for a verdict other than Valid.
type Reason struct {
	Code    string `json:"code"`              // one of [Codes]
	Subject string `json:"subject,omitempty"` // which signature, issuer or status entry
}

// Check is one step of the verification; see [credential.Check].
type Check struct {
	Name    string `json:"name"`
	Subject string `json:"subject,omitempty"`
	Outcome string `json:"outcome"` // "passed", "tolerated", "failed", "inconclusive", "not run"
	Detail  string `json:"detail,omitempty"`
}

// New makes the report of what [credential.Verifier.Verify] returned. An error
// counts before a result. Where it is not a [credential.Error], or where there
// is neither result nor error, nothing was decided and the verdict is
// Inconclusive; the text of such an error is left out, for nobody vouches that
// it is free of claims.
func New(r *credential.Result, err error) Report {
	var e *credential.Error
	switch {
	case errors.As(err, &e) && e != nil:
		p := begin(e.Checks)
		if len(p.Reasons) == 0 {
			break // an Error that the verifier did not make
		}
		if len(e.Signatories) > 0 {
			p.signed(issuerOf(e.Checks), e.Types, e.ValidFrom, e.ValidUntil, e.Signatories)
		}
		return p
	case err == nil && r != nil && r.Credential != nil && proven(r.Checks):
		return accepted(r)
	}
	return begin([]credential.Check{{Name: "verification", Outcome: credential.Inconclusive, Err: errNoAnswer}})
}

// ExitStatus is the exit status of a command that verified this: 0 valid, 1
// refused, 2 could not be decided.
func (p Report) ExitStatus() int {
	switch p.Verdict {
	case Valid:
		return 0
	case Refused:
		return 1
	}
	return 2
}

var (
	errNoAnswer = errors.New("the verifier gave no verdict")
	errClaims   = errors.New("the claims have no JSON form")
)

// accepted is the only maker of valid reports.
func accepted(r *credential.Result) Report {
	c := r.Credential
	claims, err := json.Marshal(c.Payload)
	checks := r.Checks
	if err != nil {
		checks = append(checks[:len(checks):len(checks)],
			credential.Check{Name: credential.CheckFormat, Subject: "claims", Outcome: credential.Failed, Err: errClaims})
	}
	p := begin(checks)
	issuer := ""
	if len(c.Issuers) > 0 {
		issuer = c.Issuers[0]
	}
	p.signed(issuer, c.Types, c.ValidFrom, c.ValidUntil, r.Signatories)
	for i, s := range r.Status {
		p.StatusAsOf = older(i == 0, p.StatusAsOf, s.AsOf)
	}
	if len(p.Reasons) == 0 {
		p.Verdict = Valid
		if string(claims) != "null" {
			p.Claims = claims
		}
	}
	return p
}

// begin tells the checks, the reasons in them and the verdict these give. That
// is never Valid, which takes more than checks without a reason.
func begin(checks []credential.Check) Report {
	p := Report{V: Version, Verdict: Inconclusive, Checks: make([]Check, 0, len(checks)), Reasons: reasons(checks)}
	for _, c := range checks {
		out := Check{Name: string(c.Name), Subject: short(c.Subject), Outcome: c.Outcome.String()}
		if c.Err != nil {
			out.Detail = short(c.Err.Error())
		}
		p.Checks = append(p.Checks, out)
		switch {
		case c.Outcome == credential.Failed:
			p.Verdict = Refused
		case c.Outcome == credential.Tolerated:
			p.Tolerated = append(p.Tolerated, out.Detail)
		}
		if c.Name == credential.CheckFormat && p.Format == "" {
			p.Format = c.Subject
		}
	}
	return p
}

// signed adds what is told only of a credential whose signature held.
func (p *Report) signed(issuer string, types []string, from, until time.Time, by []credential.Signatory) {
	p.Issuer, p.Types = issuer, types
	p.ValidFrom, p.ValidUntil = utc(from), utc(until)
	var best *trustlist.Entry
	for _, s := range by {
		e := s.Authority
		if e == nil {
			continue
		}
		p.TrustAsOf = older(best == nil, p.TrustAsOf, e.ListIssued)
		if best == nil || !best.Speaks(issuer) && e.Speaks(issuer) {
			best = e
		}
	}
	if best != nil {
		p.Authority, p.Territory = best.Authority, best.Territory
	}
	if p.Issuer == "" && len(by) > 0 {
		p.Issuer = by[0].Issuer
	}
}

// proven reports whether the checks are those of a verification that ended
// well: a Result put together by hand has none.
func proven(checks []credential.Check) bool {
	ok := false
	for _, c := range checks {
		ok = ok || c.Name == credential.CheckProof && c.Outcome == credential.Passed
	}
	return ok
}

// issuerOf finds the name in the credential, which an Error does not carry,
// where the check of that name says it.
func issuerOf(checks []credential.Check) string {
	for _, c := range checks {
		if c.Name == credential.CheckIssuer {
			return c.Subject
		}
	}
	return ""
}

// older is the older of two times, or b where it is the first. A time that is
// not known is older than any.
func older(first bool, a, b time.Time) time.Time {
	if b = utc(b); first || b.Before(a) {
		return b
	}
	return a
}

// utc brings t into the years that RFC 3339 can write: a credential may state
// any, and its report must still be one.
func utc(t time.Time) time.Time {
	t = t.UTC()
	switch {
	case t.Year() < 0:
		return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// short bounds what a hostile credential can make a report carry.
func short(s string) string {
	if len(s) <= limits.ReportText {
		return s
	}
	return strings.ToValidUTF8(s[:limits.ReportText], "") + "…"
}
