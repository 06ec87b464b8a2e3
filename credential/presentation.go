package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// PresentationResult is a presentation that passed.
type PresentationResult struct {
	// Holder are the keys that signed the presentation as a whole.
	Holder []proof.Key
	// Results are those of the contents, by position; under
	// Policy.AllowPartial nil where Errs has the refusal.
	Results []*Result
	Errs    []error
	Checks  []Check // of the presentation as a whole
}

// VerifyPresentation checks a presentation of at most 1 MiB and 32 contents,
// which may be none where only the holder is to be proven: who presents, for
// whom and which exchange (Policy.Binding), then each content as Verify does. By
// default the presenter must be the subject of each content, or hold a key that
// its issuer confirmed: a token of mine inside somebody else's presentation is
// refused. The error is an [*Error] whose Contents tell
// which of the contents were refused, and why.
func (v *Verifier) VerifyPresentation(ctx context.Context, raw []byte, p Policy) (*PresentationResult, error) {
	r := v.newRun(p)
	p.Time = r.p.Time
	env, err := r.parse(v.cfg.Formats, Content{Raw: raw}, limits.Credential)
	if err != nil {
		return nil, &Error{Checks: r.checks}
	}
	pr := &PresentationResult{}
	items := env.Contents
	if env.Contents == nil {
		items = []Content{{Raw: raw}} // a credential that may bring its holder's proof
	} else {
		pr.Holder = r.presenter(ctx, env)
	}
	switch {
	case len(items) > limits.Contents:
		r.add(CheckFormat, "", fmt.Errorf("%w: a presentation of %d credentials, at most %d are checked", ErrFormat, len(items), limits.Contents))
		items = nil
	case len(items) == 0 && len(pr.Holder) == 0:
		r.add(CheckHolder, "", fmt.Errorf("%w: nothing is presented, and by nobody", ErrHolder))
	}
	passed := 0
	for i, c := range items {
		sub := v.newRun(p)
		sub.deviceClock = r.deviceClock
		res, err := sub.content(ctx, c, env.Contents != nil, pr.Holder)
		pr.Results, pr.Errs = append(pr.Results, res), append(pr.Errs, err)
		if err == nil {
			passed++
		} else if !p.AllowPartial {
			for _, k := range sub.checks {
				k.Subject = "content " + strconv.Itoa(i) + " " + k.Subject
				r.checks = append(r.checks, k)
			}
		}
	}
	if p.AllowPartial && passed == 0 && len(items) > 0 {
		r.add(CheckPolicy, "contents", fmt.Errorf("%w: none of the contents passed", ErrPolicy))
	}
	if r.bad() {
		return nil, &Error{Checks: r.checks, Contents: pr.Errs}
	}
	pr.Checks = r.checks
	return pr, nil
}

// presenter checks the signatures over the whole presentation and returns their
// keys: none where there are no signatures, or any of them failed.
func (r *run) presenter(ctx context.Context, env *Envelope) []proof.Key {
	if len(env.Holder) == 0 {
		if env.Presenter != "" && !r.p.AllowBearer {
			r.add(CheckHolder, "", fmt.Errorf("%w: the presentation names a holder who did not sign", ErrHolder))
		}
		return nil // each content must bring its own, or be allowed without
	}
	keys := r.holder(ctx, env.Holder, nil)
	for _, k := range keys {
		if env.Presenter != "" && !slices.Contains(k.Controllers, env.Presenter) {
			r.add(CheckHolder, "holder", fmt.Errorf("%w: signed by another than the holder named", ErrHolder))
			return nil
		}
	}
	return keys
}

// holder checks the presenter's signatures. confirm, where the issuer named the
// holder's keys, takes the place of the resolver.
func (r *run) holder(ctx context.Context, ps []Proof, confirm []proof.Key) []proof.Key {
	if r.p.Binding.Nonce == "" && !r.p.InsecureAnyBinding {
		r.add(CheckHolder, "binding", fmt.Errorf("%w: Policy.Binding has no nonce", ErrPolicy))
		return nil
	}
	if len(ps) > limits.Signatures {
		r.add(CheckHolder, "", fmt.Errorf("%w: %d signatures, at most %d are checked", ErrHolder, len(ps), limits.Signatures))
		return nil
	}
	var keys []proof.Key
	for i := range ps {
		p := &ps[i]
		found, ok := confirm, true
		if confirm == nil {
			found, ok = r.candidates(ctx, p, CheckHolder, proof.Authentication, ErrHolder)
		}
		if !ok {
			continue
		}
		if len(found) == 0 {
			r.add(CheckHolder, p.ID, fmt.Errorf("%w: no key found", ErrHolder))
			continue
		}
		if won := r.attempt(ctx, p, found, CheckHolder, proof.Authentication, ErrHolder); won != nil {
			keys = append(keys, won.Key)
		}
	}
	if len(keys) < len(ps) {
		return nil
	}
	return keys
}

// content is one credential of a presentation. presented says that it lies
// inside one that is signed, if at all, by outer.
func (r *run) content(ctx context.Context, c Content, presented bool, outer []proof.Key) (*Result, error) {
	env, err := r.parse(r.v.cfg.Formats, c, limits.Credential)
	if err == nil && env.Contents != nil {
		err = fmt.Errorf("%w: a presentation inside a presentation", ErrFormat)
		r.add(CheckFormat, "", err)
	}
	if err != nil {
		return nil, &Error{Checks: r.checks}
	}
	switch {
	case len(env.Holder) > 0:
		r.holder(ctx, env.Holder, env.Credential.Confirm)
	case presented && len(outer) > 0:
		r.add(CheckHolder, "subject", r.subject(env.Credential, outer))
	case r.p.AllowBearer:
		r.note(CheckHolder, "", NotRun, errors.New("nobody proved to hold it: AllowBearer"))
	default:
		r.add(CheckHolder, "", ErrHolder)
	}
	return r.credential(ctx, env)
}

// subject: the presenter must hold a key that the issuer named, or be the
// subject.
func (r *run) subject(c *Credential, outer []proof.Key) error {
	for _, k := range outer {
		if slices.ContainsFunc(c.Confirm, func(n proof.Key) bool { return proof.Same(k.Public, n.Public) }) {
			return nil
		}
		if len(c.Confirm) == 0 && (r.p.AnyHolder || c.Subject != "" && slices.Contains(k.Controllers, c.Subject)) {
			return nil
		}
	}
	return fmt.Errorf("%w: the presenter is not the subject", ErrHolder)
}
