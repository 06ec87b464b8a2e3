package report

import (
	"errors"
	"slices"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/trustlist"
)

// checkHolder is the check that a presentation is its holder's. Its subject
// names the holder's proof; it is empty where there is none.
const checkHolder credential.CheckName = "holder"

// rule gives a code to the checks of one name that meet a condition.
type rule struct {
	check credential.CheckName
	when  func(credential.Check) bool
	code  string
}

// rules are read from the top: the first that fits gives the code. For each
// name the last fits always, so that every check has exactly one.
var rules = []rule{
	{credential.CheckFormat, cause(credential.ErrPart), "format.part"},
	{credential.CheckFormat, cause(credential.ErrOtherFormat), "format.unknown"},
	{credential.CheckFormat, always, "format.malformed"},

	{credential.CheckPolicy, about("issuer"), "policy.issuer"},
	{credential.CheckPolicy, about("cosigner"), "policy.cosigner"},
	{credential.CheckPolicy, always, "policy.type"},

	{credential.CheckProof, cause(trustlist.ErrStale), "trust.stale"},
	{credential.CheckProof, undecided, "issuer.unavailable"},
	{credential.CheckProof, always, "signature.invalid"},

	{credential.CheckTrust, cause(credential.ErrClock), "clock.wrong"},
	{credential.CheckTrust, cause(credential.ErrStale), "trust.stale"},
	{credential.CheckTrust, cause(trustlist.ErrStale), "trust.stale"},
	{credential.CheckTrust, undecided, "issuer.unavailable"},
	{credential.CheckTrust, cause(trustlist.ErrExpired), "issuer.expired"},
	{credential.CheckTrust, cause(trustlist.ErrNotListed), "issuer.unknown"},
	{credential.CheckTrust, always, "issuer.not_authorised"},

	{credential.CheckIssuer, undecided, "issuer.unavailable"},
	{credential.CheckIssuer, always, "issuer.mismatch"},

	{credential.CheckTime, cause(credential.ErrNotYet), "time.not_yet"},
	{credential.CheckTime, cause(credential.ErrExpired), "time.expired"},
	// What is left is a format's word that it was signed outside the validity
	// of the signer's certificate.
	{credential.CheckTime, cause(credential.ErrTime), "issuer.expired"},
	{credential.CheckTime, always, "time.expired"},

	{credential.CheckStatus, cause(credential.ErrSuspended), "status.suspended"},
	{credential.CheckStatus, cause(credential.ErrRevoked), "status.revoked"},
	{credential.CheckStatus, cause(credential.ErrStale), "status.stale"},
	{credential.CheckStatus, undecided, "status.unavailable"},
	{credential.CheckStatus, always, "format.malformed"}, // the entry, not the list

	{credential.CheckSchema, undecided, "schema.unavailable"},
	{credential.CheckSchema, always, "schema.invalid"},

	{checkHolder, about(""), "holder.missing"},
	{checkHolder, undecided, "holder.missing"},
	{checkHolder, always, "holder.mismatch"},
}

func always(credential.Check) bool { return true }

func undecided(c credential.Check) bool { return c.Outcome == credential.Inconclusive }

func cause(err error) func(credential.Check) bool {
	return func(c credential.Check) bool { return errors.Is(c.Err, err) }
}

func about(subject string) func(credential.Check) bool {
	return func(c credential.Check) bool { return c.Subject == subject }
}

// codeOf is the code of a check that failed or could not be decided.
func codeOf(c credential.Check) string {
	for _, r := range rules {
		if r.check == c.Name && r.when(c) {
			return r.code
		}
	}
	if undecided(c) {
		return "issuer.unavailable"
	}
	return "format.malformed"
}

// reasons lists refusals first. Where there is none and nothing undecided
// either, it is empty.
func reasons(checks []credential.Check) []Reason {
	out := []Reason{}
	for _, o := range []credential.Outcome{credential.Failed, credential.Inconclusive} {
		for _, c := range checks {
			if c.Outcome != o {
				continue
			}
			if r := (Reason{codeOf(c), short(c.Subject)}); !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}
