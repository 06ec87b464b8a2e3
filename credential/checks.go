package credential

import (
	"context"
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func (r *run) time(c *Credential) {
	now := r.p.Time
	switch {
	case !c.ValidFrom.IsZero() && now.Before(c.ValidFrom):
		r.add(CheckTime, "", ErrNotYet)
	case !c.ValidUntil.IsZero() && (now.After(c.ValidUntil) || c.UntilExcluded && now.Equal(c.ValidUntil)):
		r.add(CheckTime, "", ErrExpired)
	case c.ValidUntil.IsZero():
		r.note(CheckTime, "", Tolerated, ErrNoExpiry)
	default:
		r.add(CheckTime, "", nil)
	}
}

func (r *run) schema(ctx context.Context, c *Credential, trusted bool) {
	if r.v.cfg.Schema == nil || r.role == trustlist.RoleStatus {
		r.note(CheckSchema, "", NotRun, errNoSchema)
		return
	}
	if s, ok := r.v.cfg.Schema.(interface{ Asks() bool }); ok && s.Asks() && !trusted {
		r.note(CheckSchema, "", NotRun, errUntrustedType)
		return
	}
	r.add(CheckSchema, "", wrap(ErrSchema, r.v.cfg.Schema.CheckSchema(ctx, c)))
}

var (
	errNoSchema      = errors.New("no schema checker configured")
	errSkipStatus    = errors.New("InsecureSkipStatus")
	errUntrusted     = errors.New("the status of an issuer that is not trusted is not asked for")
	errUntrustedType = errors.New("what an issuer who is not trusted names is not asked for")
	errListOfList    = errors.New("the status of a status list is not followed")
	errNoChecker     = fmt.Errorf("%w: no checker configured", ErrNoData)
	errNoStatusData  = fmt.Errorf("%w: %w", ErrNoData, proof.ErrUnavailable)
)

func (r *run) status(ctx context.Context, c *Credential, res *Result, trusted bool) {
	if r.role == trustlist.RoleStatus {
		if len(c.Status) > 0 {
			r.note(CheckStatus, "", NotRun, errListOfList)
		}
		return
	}
	if r.v.cfg.InsecureSkipStatus {
		r.note(CheckStatus, "", NotRun, errSkipStatus)
		return
	}
	if !trusted {
		// What the credential names as its list may be anywhere.
		r.note(CheckStatus, "", NotRun, errUntrusted)
		return
	}
	if len(c.Status) > limits.StatusRefs {
		r.add(CheckStatus, "", fmt.Errorf("%w: %d status entries, at most %d are followed", ErrFormat, len(c.Status), limits.StatusRefs))
		return
	}
	answered := false
	for _, ref := range c.Status {
		if r.statusRef(ctx, c, res, ref) {
			answered = answered || ref.Purpose == "" || ref.Purpose == "revocation" || ref.Purpose == "suspension"
		}
	}
	if !answered && r.v.cfg.RequireStatus {
		r.add(CheckStatus, "", errNoStatusData)
	}
}

// statusRef reports whether there was an answer, be it yes or no.
func (r *run) statusRef(ctx context.Context, c *Credential, res *Result, ref StatusRef) bool {
	subject := ref.Type
	if ref.Purpose != "" {
		subject += " " + ref.Purpose
	}
	st, err := Status{}, errNoChecker
	if r.v.cfg.Status != nil {
		q := StatusQuery{Ref: ref, Credential: c, Time: r.p.Time, Authority: r.issuerEntry()}
		q.VerifyList = func(ctx context.Context, f Format, raw []byte) (*Credential, error) {
			return r.list(ctx, f, raw, c, q.Authority)
		}
		st, err = r.v.cfg.Status.CheckStatus(ctx, q)
	}
	missing := errors.Is(err, ErrNoData)
	switch {
	case missing && ref.Implied:
		r.note(CheckStatus, subject, NotRun, err)
		return false
	case missing:
		r.add(CheckStatus, subject, fmt.Errorf("%w: %w", err, proof.ErrUnavailable))
		return false
	case err != nil:
		// Unless it is a status, the fault is told without what it wraps, so
		// that errors.Is never finds another check's reason here.
		if !errors.Is(err, ErrRevoked) {
			err = statusFault(err)
		}
		r.add(CheckStatus, subject, err)
		return true
	case r.tooOld(st.AsOf, r.p.MaxStatusAge):
		r.add(CheckStatus, subject, fmt.Errorf("%w: status data", ErrStale))
		return true
	}
	r.add(CheckStatus, subject, nil)
	st.Ref = ref
	res.Status = append(res.Status, st)
	return true
}

// statusFault keeps of err its text and whether it is for lack of data.
func statusFault(err error) error {
	for _, s := range []error{context.Canceled, context.DeadlineExceeded, ErrStale, proof.ErrUnavailable} {
		if errors.Is(err, s) {
			return fmt.Errorf("%w: %s", s, err.Error())
		}
	}
	return fmt.Errorf("%w: status entry: %s", ErrFormat, err.Error())
}

// issuerEntry is the entry that authorises the issuer. Without a trust list
// there is none to name, and an empty entry says that the issuer is accepted.
func (r *run) issuerEntry() *trustlist.Entry {
	if r.entry != nil {
		return r.entry
	}
	return &trustlist.Entry{}
}

// list verifies a status list. Its faults are not the credential's: all that
// errors.Is finds is that the status is unavailable.
func (r *run) list(ctx context.Context, f Format, raw []byte, of *Credential, about *trustlist.Entry) (*Credential, error) {
	formats := r.v.cfg.Formats
	if f != nil {
		formats = []Format{f}
	}
	sub := run{v: r.v, p: Policy{Time: r.p.Time, MaxTrustAge: r.p.MaxTrustAge}, deviceClock: r.deviceClock, role: trustlist.RoleStatus, about: about, checks: make([]Check, 0, 8)}
	if r.v.cfg.Trust == nil {
		if len(of.Issuers) == 0 {
			return nil, fmt.Errorf("the credential names no issuer who could speak for its status list: %w", proof.ErrUnavailable)
		}
		sub.about = nil
		sub.p.Issuers = of.Issuers // no trust list says who else may speak
	}
	res, err := sub.verify(ctx, formats, Content{Raw: raw}, limits.StatusList)
	if err != nil {
		return nil, fmt.Errorf("status list: %s: %w", err.Error(), proof.ErrUnavailable)
	}
	return res.Credential, nil
}
