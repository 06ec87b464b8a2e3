package credential

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The reasons for which a credential is refused, or can't be decided. A finer
// reason wraps its coarser one: errors.Is(ErrExpired, ErrTime) holds.
var (
	ErrFormat    = errors.New("unrecognised or malformed")
	ErrSignature = errors.New("signature does not verify")
	ErrIssuer    = errors.New("key does not speak for the issuer")
	ErrUntrusted = errors.New("issuer not authorised")
	ErrTime      = errors.New("outside validity period")
	ErrExpired   = fmt.Errorf("%w: expired", ErrTime)
	ErrNotYet    = fmt.Errorf("%w: not valid yet", ErrTime)
	ErrRevoked   = errors.New("revoked")
	ErrSuspended = fmt.Errorf("%w: suspended", ErrRevoked)
	ErrSchema    = errors.New("content does not fit its schema")
	ErrHolder    = errors.New("holder not proven")
	ErrPolicy    = errors.New("not what the policy expects")

	ErrInconclusive = errors.New("could not be decided")
	// ErrStale: data is older than the policy allows. It makes a check inconclusive.
	ErrStale = errors.New("older than the policy allows")
	// ErrClock: the device's clock is before the issue of the trust list. It
	// makes a check inconclusive.
	ErrClock = errors.New("the clock is before the trust list's issue")
)

// What formats and checkers tell the verifier.
var (
	// ErrOtherFormat: not of this format, try the next.
	ErrOtherFormat = errors.New("another format")
	// ErrPart: one of several parts, with the rest missing.
	ErrPart = fmt.Errorf("%w: one of several parts", ErrFormat)
	// ErrNoData: nothing that could answer for the status. Nobody knows this
	// kind of list, or has one for this issuer.
	ErrNoData = errors.New("no status data")
)

// ErrNoExpiry is noted, as tolerated, for a credential that states no end of
// its validity.
var ErrNoExpiry = errors.New("states no expiry")

// CheckName names a step of the verification.
type CheckName string

// The checks, in the order in which they run.
const (
	CheckFormat CheckName = "format"
	CheckPolicy CheckName = "policy" // subjects "issuer", "type", "cosigner"
	CheckProof  CheckName = "proof"
	CheckTrust  CheckName = "trust"
	CheckIssuer CheckName = "issuer"
	CheckTime   CheckName = "time"
	CheckStatus CheckName = "status"
	CheckSchema CheckName = "schema"
	CheckHolder CheckName = "holder" // of presentations; an empty subject says that there is no proof of one
)

// Outcome is how a check ended.
type Outcome int

// The outcomes. Tolerated and Passed let a credential through, and so does
// NotRun, which says why in Check.Err.
const (
	NotRun Outcome = iota
	Passed
	Tolerated
	Failed
	Inconclusive
)

// String returns the outcome in the words of reports.
func (o Outcome) String() string {
	switch o {
	case Passed:
		return "passed"
	case Tolerated:
		return "tolerated"
	case Failed:
		return "failed"
	case Inconclusive:
		return "inconclusive"
	}
	return "not run"
}

// Check is one step of a verification. Neither Subject nor Err holds claims.
type Check struct {
	Name    CheckName
	Subject string // which signature, issuer or status entry; may be empty
	Outcome Outcome
	Err     error // nil where Passed
}

// Error says why a credential was not accepted. It holds no claims: who signed
// and when it was valid only once the signature held.
type Error struct {
	Checks                []Check
	Types                 []string
	Signatories           []Signatory
	ValidFrom, ValidUntil time.Time
	// Contents are the refusals of a presentation's contents, by position; nil
	// for those that passed.
	Contents []error
}

// refused reports whether some check failed, as against could not be decided.
func (e *Error) refused() bool {
	for _, c := range e.Checks {
		if c.Outcome == Failed {
			return true
		}
	}
	return false
}

// Error lists the reasons, each with its check and subject.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("credential: ")
	o := Failed
	if !e.refused() {
		o = Inconclusive
		b.WriteString(ErrInconclusive.Error() + ": ")
	}
	sep := ""
	for _, c := range e.Checks {
		if c.Outcome == o {
			b.WriteString(sep + string(c.Name))
			if c.Subject != "" {
				b.WriteString(" (" + c.Subject + ")")
			}
			b.WriteString(": " + c.Err.Error())
			sep = "; "
		}
	}
	return b.String()
}

// Unwrap returns every reason for refusal. Only where there is none it returns
// [ErrInconclusive] and what could not be decided.
func (e *Error) Unwrap() []error {
	var out []error
	o := Failed
	if !e.refused() {
		o = Inconclusive
		out = append(out, ErrInconclusive)
	}
	for _, c := range e.Checks {
		if c.Outcome == o {
			out = append(out, c.Err)
		}
	}
	return out
}
