package credential

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Config is what a Verifier is made of. Its zero value is refused.
type Config struct {
	// Formats that are accepted, asked in this order. Required.
	Formats []Format
	// Keys finds candidate keys. Required.
	Keys proof.Resolver
	// Trust decides who may issue. Required unless InsecureAnyIssuer.
	Trust TrustList
	// Status looks up revocation. Without it a credential that names a status
	// list is inconclusive.
	Status StatusChecker
	// Schema checks content. Without it content is not checked.
	Schema SchemaChecker
	// RequireStatus makes a credential for whose issuer there is no revocation
	// data inconclusive, also one that names no list, as every health
	// certificate, and one that names lists of other purposes alone.
	RequireStatus bool

	// InsecureAnyIssuer accepts every issuer whose key is found: no trust list.
	InsecureAnyIssuer bool
	// InsecureAnyController accepts a key that does not speak for the issuer
	// named: the proof alone counts.
	InsecureAnyController bool
	// InsecureSkipStatus accepts what may have been revoked.
	InsecureSkipStatus bool
}

// Policy is what one verification demands.
type Policy struct {
	// Time of verification. Zero: the device's clock, which then must not be
	// before the issue of the trust list ([ErrClock]).
	Time time.Time
	// Types: if set, the credential must be of one of them.
	Types []string
	// Issuers: if set, one of them must be the issuer. No key is looked for
	// where this fails.
	Issuers []string
	// Cosigners: for each, a signature whose key speaks for it must be there.
	Cosigners []string
	// MaxTrustAge and MaxStatusAge: data older than this, or that does not say
	// how old it is, leaves the check inconclusive. Zero: any age.
	MaxTrustAge, MaxStatusAge time.Duration

	// The rest is for VerifyPresentation.

	// Binding is what the presentation must be bound to; its Nonce is required.
	Binding Binding
	// AnyHolder accepts a presenter who is neither the subject nor holds a key
	// that the issuer confirmed.
	AnyHolder bool
	// AllowBearer accepts contents that nobody proved to hold.
	AllowBearer bool
	// AllowPartial returns the contents that passed although others did not.
	AllowPartial bool
	// InsecureAnyBinding accepts a presentation made for anyone, and so a
	// replayed one.
	InsecureAnyBinding bool
}

// Signatory is a signature that verified.
type Signatory struct {
	Proof     string    // its ID
	Issuer    string    // the only issuer it may speak for; empty: any
	Created   time.Time // when it says it was made; zero: it does not
	Key       proof.Key
	Authority *trustlist.Entry // nil: on no trust list
}

// Result is a credential that passed every check.
type Result struct {
	Credential  *Credential
	Signatories []Signatory
	Status      []Status
	Time        time.Time
	Checks      []Check
}

// Verifier checks credentials. It is immutable and safe for concurrent use.
type Verifier struct{ cfg Config }

// NewVerifier returns an error where a required part of the configuration is
// missing.
func NewVerifier(c Config) (*Verifier, error) {
	for name, part := range map[string]any{"Keys": c.Keys, "Trust": c.Trust, "Status": c.Status, "Schema": c.Schema} {
		if v := reflect.ValueOf(part); v.Kind() == reflect.Pointer && v.IsNil() {
			return nil, fmt.Errorf("credential: Config.%s is a nil %T", name, part)
		}
	}
	switch {
	case len(c.Formats) == 0:
		return nil, errors.New("credential: Config.Formats is empty")
	case slices.Contains(c.Formats, nil):
		return nil, errors.New("credential: Config.Formats has a nil format")
	case c.Keys == nil:
		return nil, errors.New("credential: Config.Keys is missing")
	case c.Trust == nil && !c.InsecureAnyIssuer:
		return nil, errors.New("credential: Config.Trust is missing")
	case c.Trust != nil && c.InsecureAnyIssuer:
		return nil, errors.New("credential: Config has both Trust and InsecureAnyIssuer")
	case c.InsecureSkipStatus && (c.Status != nil || c.RequireStatus):
		return nil, errors.New("credential: Config has both InsecureSkipStatus and Status or RequireStatus")
	}
	c.Formats = slices.Clone(c.Formats)
	return &Verifier{c}, nil
}

// Verify checks one credential of at most 1 MiB. It returns a Result if and
// only if every required check passed; otherwise the error is an [*Error].
func (v *Verifier) Verify(ctx context.Context, raw []byte, p Policy) (*Result, error) {
	r := v.newRun(p)
	return r.verify(ctx, v.cfg.Formats, Content{Raw: raw}, limits.Credential)
}

func (v *Verifier) newRun(p Policy) *run {
	r := &run{v: v, p: p, role: trustlist.RoleIssue, checks: make([]Check, 0, 8)}
	if p.Time.IsZero() {
		r.p.Time, r.deviceClock = time.Now(), true
	}
	return r
}

// run is one verification.
type run struct {
	v           *Verifier
	p           Policy
	deviceClock bool
	role        trustlist.Role
	about       *trustlist.Entry // RoleStatus: whose credential the list speaks of
	entry       *trustlist.Entry // that authorises the issuer
	checks      []Check
}

func (r *run) verify(ctx context.Context, formats []Format, c Content, limit int) (*Result, error) {
	env, err := r.parse(formats, c, limit)
	if err == nil && (env.Contents != nil || len(env.Holder) > 0) {
		err = fmt.Errorf("%w: a presentation, where a credential is expected", ErrFormat)
		r.add(CheckFormat, "", err)
	}
	if err != nil {
		return nil, &Error{Checks: r.checks}
	}
	return r.credential(ctx, env)
}

// credential runs all checks on what was parsed.
func (r *run) credential(ctx context.Context, env *Envelope) (*Result, error) {
	c := env.Credential
	res := &Result{Credential: c, Time: r.p.Time}
	signed := false
	if r.policy(c) {
		signed = r.proofs(ctx, env.Proofs, res)
	} else {
		r.note(CheckProof, "", NotRun, errors.New("no key is looked for when the issuer is not the one expected"))
	}
	trusted := signed && r.authority(ctx, c, res)
	if signed {
		r.cosigners(res)
	}
	r.time(c)
	if signed {
		r.status(ctx, c, res, trusted)
	}
	r.schema(ctx, c, trusted)
	if r.bad() {
		e := &Error{Checks: r.checks}
		if signed {
			e.Types, e.Signatories, e.ValidFrom, e.ValidUntil = c.Types, res.Signatories, c.ValidFrom, c.ValidUntil
		}
		return nil, e
	}
	res.Checks = r.checks
	return res, nil
}

// add records how a check ended and reports whether it passed.
func (r *run) add(n CheckName, subject string, err error) bool {
	o := Failed
	switch {
	case err == nil:
		o = Passed
	case errors.Is(err, proof.ErrUnavailable), errors.Is(err, ErrStale), errors.Is(err, ErrClock),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		o = Inconclusive
	}
	r.checks = append(r.checks, Check{n, subject, o, err})
	return err == nil
}

func (r *run) note(n CheckName, subject string, o Outcome, errs ...error) {
	for _, e := range errs {
		r.checks = append(r.checks, Check{n, subject, o, e})
	}
}

func (r *run) bad() bool {
	return slices.ContainsFunc(r.checks, func(c Check) bool { return c.Outcome == Failed || c.Outcome == Inconclusive })
}

// wrap puts err under sentinel, unless it says already what it is.
func wrap(sentinel, err error) error {
	if err == nil || errors.Is(err, sentinel) || errors.Is(err, proof.ErrUnavailable) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

func parse(formats []Format, c Content) (*Envelope, string, error) {
	for _, f := range formats {
		env, err := f.Parse(c.Raw, c.MediaType)
		if errors.Is(err, ErrOtherFormat) {
			continue
		}
		if err == nil && (env == nil || env.Credential == nil && env.Contents == nil) {
			err = errors.New("no credential")
		}
		return env, f.Name(), wrap(ErrFormat, err)
	}
	return nil, "", fmt.Errorf("%w: %w than those accepted", ErrFormat, ErrOtherFormat)
}

func (r *run) parse(formats []Format, c Content, limit int) (*Envelope, error) {
	if len(c.Raw) > limit {
		err := fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(c.Raw), limit)
		r.add(CheckFormat, "", err)
		return nil, err
	}
	env, name, err := parse(formats, c)
	r.add(CheckFormat, name, err)
	if err == nil {
		r.note(CheckFormat, name, Tolerated, env.Tolerated...)
	}
	return env, err
}

// policy reports whether keys may be looked for.
func (r *run) policy(c *Credential) bool {
	ok := true
	if len(r.p.Issuers) > 0 {
		var err error
		if !overlap(r.p.Issuers, c.Issuers) {
			err = fmt.Errorf("%w: another issuer", ErrPolicy)
		}
		ok = r.add(CheckPolicy, "issuer", err)
	}
	if len(r.p.Types) > 0 {
		var err error
		if !overlap(r.p.Types, c.Types) {
			err = fmt.Errorf("%w: another type", ErrPolicy)
		}
		r.add(CheckPolicy, "type", err)
	}
	return ok
}

// proofs reports whether every signature verified.
func (r *run) proofs(ctx context.Context, ps []Proof, res *Result) bool {
	if len(ps) == 0 {
		return r.add(CheckProof, "", fmt.Errorf("%w: there is none", ErrSignature))
	}
	if len(ps) > limits.Signatures {
		return r.add(CheckProof, "", fmt.Errorf("%w: %d signatures, at most %d are checked", ErrSignature, len(ps), limits.Signatures))
	}
	ok := true
	for i := range ps {
		ok = r.proof(ctx, &ps[i], res) && ok
	}
	return ok
}

// proof checks one of the issuers' signatures.
func (r *run) proof(ctx context.Context, p *Proof, res *Result) bool {
	keys, ok := r.candidates(ctx, p, CheckProof, proof.AssertionMethod, ErrSignature)
	if !ok {
		return false
	}
	if len(keys) == 0 {
		r.note(CheckProof, p.ID, NotRun, errors.New("no key found"))
		return r.add(CheckTrust, p.ID, r.stale(fmt.Errorf("%w: %w", ErrUntrusted, trustlist.ErrNotListed)))
	}
	won := r.attempt(ctx, p, keys, CheckProof, proof.AssertionMethod, ErrSignature)
	if won == nil {
		return false
	}
	for _, err := range won.Refused {
		if errors.Is(err, ErrTime) {
			r.add(CheckTime, p.ID, err)
		} else {
			r.add(CheckTrust, p.ID, wrap(ErrUntrusted, err))
		}
	}
	res.Signatories = append(res.Signatories, Signatory{Proof: p.ID, Issuer: p.Hint.Issuer, Created: p.Created, Key: won.Key})
	return true
}

// candidates are the keys that may have made p, if p may be checked at all.
func (r *run) candidates(ctx context.Context, p *Proof, check CheckName, need proof.Purpose, sentinel error) ([]proof.Key, bool) {
	if p.Purpose != need {
		return nil, r.add(check, p.ID, fmt.Errorf("%w: not made for %s", sentinel, need))
	}
	switch now := r.p.Time; {
	case !p.Expires.IsZero() && now.After(p.Expires):
		r.add(CheckTime, p.ID, fmt.Errorf("%w: the signature's own period", ErrExpired))
	case now.Before(p.NotBefore): // never where that is zero
		r.add(CheckTime, p.ID, fmt.Errorf("%w: the signature's own period", ErrNotYet))
	}
	keys, err := r.v.cfg.Keys.ResolveKeys(ctx, p.Hint)
	if err != nil {
		return nil, r.add(check, p.ID, wrap(sentinel, err))
	}
	return keys, true
}

// attempt finds the key that verifies p. Where several do, as when two states
// share a kid and a key, one against which the format has no objection wins.
func (r *run) attempt(ctx context.Context, p *Proof, keys []proof.Key, check CheckName, need proof.Purpose, sentinel error) *Attempt {
	var won *Attempt
	var why error
	for _, k := range keys[:min(len(keys), limits.Candidates)] {
		if !k.Allows(p.Hint.Algorithm, need) {
			why = better(why, fmt.Errorf("%w: the key is not for %s with this algorithm", sentinel, need))
			continue
		}
		a := &Attempt{Key: k, Want: r.p.Binding, Time: r.p.Time}
		if err := p.Verify(ctx, a); err != nil {
			why = better(why, wrap(sentinel, err))
			continue
		}
		if won == nil || len(a.Refused) < len(won.Refused) {
			won = a
		}
		if len(won.Refused) == 0 {
			break
		}
	}
	if won == nil {
		r.add(check, p.ID, why)
		return nil
	}
	r.add(check, p.ID, nil)
	r.note(check, p.ID, Tolerated, won.Tolerated...)
	return won
}

// better keeps the more telling of two reasons: a signature that was checked
// says more than a key that did not fit.
func better(a, b error) error {
	if a == nil || errors.Is(b, proof.ErrMismatch) {
		return b
	}
	return a
}

// stale turns the refusal of an unknown key into an inconclusive one where the
// list has expired or is older than the policy allows: the key may be newer.
func (r *run) stale(refusal error) error {
	dated, ok := r.v.cfg.Trust.(interface{ Issued() time.Time })
	if r.p.MaxTrustAge > 0 && (!ok || r.tooOld(dated.Issued(), r.p.MaxTrustAge)) {
		return fmt.Errorf("%w: key unknown to an old trust list", ErrStale)
	}
	if l, ok := r.v.cfg.Trust.(interface{ Expires() time.Time }); ok && !l.Expires().IsZero() && r.p.Time.After(l.Expires()) {
		return fmt.Errorf("%w: key unknown to it", trustlist.ErrStale)
	}
	return refusal
}

func (r *run) tooOld(t time.Time, limit time.Duration) bool {
	return limit > 0 && (t.IsZero() || r.p.Time.Sub(t) > limit)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
