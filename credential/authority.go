package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	errUnnamed = errors.New("the trust list does not say for whom this key speaks")
	errNoEntry = errors.New("the entry that could speak for the issuer is out of date")
)

// authority checks that for every issuer named one signatory both is
// authorised and speaks for it: were the two satisfied by different
// signatures, a listed co-signer could authorise an unlisted issuer. It reports
// whether all were found to be, if only on a list that is too old.
func (r *run) authority(ctx context.Context, c *Credential, res *Result) bool {
	names := c.Issuers
	if len(names) == 0 {
		names = []string{""} // the certificate is the only name
	}
	all := true
	for _, name := range names {
		all = r.issuer(ctx, c, res, name) && all
	}
	return all
}

func (r *run) issuer(ctx context.Context, c *Credential, res *Result, name string) bool {
	bound, unnamed, authorised, undecided, told := name == "", false, false, false, false
	trustErr := error(trustlist.ErrNotListed)
	for i := range res.Signatories {
		s := &res.Signatories[i]
		if s.Issuer != "" && name != "" && s.Issuer != name {
			continue // this signature speaks for another of the issuers
		}
		own, anyName, err := r.claim(ctx, c, s, name)
		bound, unnamed = bound || own, unnamed || anyName
		switch {
		case !own && !r.v.cfg.InsecureAnyController:
			// Authority of a key that does not speak for the issuer is none
			// here; but where it is listed, that it is listed for another is
			// what to tell.
			if told { // by one that does speak for it
				continue
			}
			if err == nil {
				trustErr = fmt.Errorf("%w: authorised for another issuer", trustlist.ErrNotGranted)
			} else if !errors.Is(err, trustlist.ErrNotListed) {
				trustErr = err
				undecided = errors.Is(err, trustlist.ErrExpired) || errors.Is(err, trustlist.ErrStale)
			}
		case err == nil:
			authorised = true
			r.answers(s.Authority)
		case old(err):
			trustErr, told = err, true
			r.answers(s.Authority)
		case !told || !old(trustErr):
			trustErr, told = err, true
		}
	}
	if r.v.cfg.Trust == nil {
		r.note(CheckTrust, name, NotRun, errors.New("no trust list: InsecureAnyIssuer"))
		authorised = true
	} else {
		if authorised {
			trustErr = nil
		}
		r.add(CheckTrust, name, wrapTrust(trustErr))
		authorised = authorised || old(trustErr)
	}
	switch {
	case bound && unnamed:
		r.note(CheckIssuer, name, Tolerated, errUnnamed)
	case bound:
		r.add(CheckIssuer, name, nil)
	case r.v.cfg.InsecureAnyController:
		r.note(CheckIssuer, name, Tolerated, fmt.Errorf("%w: InsecureAnyController", ErrIssuer))
		bound = true
	case undecided:
		r.note(CheckIssuer, name, NotRun, errNoEntry)
	default:
		r.add(CheckIssuer, name, ErrIssuer)
	}
	return bound && authorised
}

// answers keeps the entry that authorises the issuer, the first of several: whose
// lists tell the credential's status. That of somebody who signed as well, and is
// listed for something else, must not stand in its place.
func (r *run) answers(e *trustlist.Entry) {
	if r.entry == nil {
		r.entry = e
	}
}

// old reports whether it is the age of the list, or the clock, that stands in the
// way.
func old(err error) bool { return errors.Is(err, ErrStale) || errors.Is(err, ErrClock) }

// claim asks of one signatory whether its key speaks for the name, by its own
// source or by the trust list, and whether the list authorises it. unnamed says
// that it speaks for the name only in that the list names nobody.
func (r *run) claim(ctx context.Context, c *Credential, s *Signatory, name string) (own, unnamed bool, err error) {
	own = name == "" || slices.Contains(s.Key.Controllers, name)
	if r.v.cfg.Trust == nil {
		return own, false, nil
	}
	e, err := r.v.cfg.Trust.Authorize(ctx, r.query(c, s, name))
	if err != nil {
		return own, false, err
	}
	s.Authority = e
	if !own && e.Names == nil {
		return true, true, r.age(e)
	}
	return own || e.Speaks(name), false, r.age(e)
}

// query dates a signature by its own account first: what the credential says of
// its signing may be another signature's.
func (r *run) query(c *Credential, s *Signatory, issuer string) trustlist.Query {
	signed := s.Created
	if signed.IsZero() {
		signed = c.Signed
	}
	return trustlist.Query{Key: s.Key, Issuer: issuer, Types: c.Types, Role: r.role, About: r.about, Signed: signed, Now: r.p.Time}
}

// wrapTrust leaves what makes a check inconclusive free of ErrUntrusted.
func wrapTrust(err error) error {
	if err == nil || old(err) {
		return err
	}
	return wrap(ErrUntrusted, err)
}

// age checks the list that authorises against the policy and the clock.
func (r *run) age(e *trustlist.Entry) error {
	if r.tooOld(e.ListIssued, r.p.MaxTrustAge) {
		return fmt.Errorf("%w: trust list", ErrStale)
	}
	if r.deviceClock && r.p.Time.Before(e.ListIssued) {
		return ErrClock
	}
	return nil
}

// cosigners checks that each demanded co-signer has a signature of its own: a
// chain of signatures cut after its first would otherwise still verify.
func (r *run) cosigners(res *Result) {
	for _, name := range r.p.Cosigners {
		found := slices.ContainsFunc(res.Signatories, func(s Signatory) bool {
			return (s.Issuer == "" || s.Issuer == name) &&
				(slices.Contains(s.Key.Controllers, name) || s.Authority != nil && s.Authority.Speaks(name))
		})
		var err error
		if !found {
			err = fmt.Errorf("%w: a co-signature is missing", ErrPolicy)
		}
		r.add(CheckPolicy, "cosigner", err)
	}
}
