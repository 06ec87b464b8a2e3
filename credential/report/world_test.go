package report_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// marker stands in every claim of the test card and nowhere else.
const marker = "MARKER-OF-A-CLAIM"

var now = time.Date(2026, 5, 24, 8, 0, 0, 0, time.UTC)

// world is one verification of a test card by a real Verifier. Its parts are
// right; a case spoils one.
type world struct {
	parseErr error
	env      *credential.Envelope
	entry    trustlist.Entry
	info     trustlist.Info
	keys     proof.Resolver // nil: the list
	status   credential.StatusChecker
	schema   credential.SchemaChecker
	policy   credential.Policy
	skip     func(*credential.Config)
}

type format struct{ w *world }

func (format) Name() string { return "test" }

func (f format) Parse([]byte, string) (*credential.Envelope, error) { return f.w.env, f.w.parseErr }

type keysFunc func(context.Context, proof.Hint) ([]proof.Key, error)

func (f keysFunc) ResolveKeys(ctx context.Context, h proof.Hint) ([]proof.Key, error) {
	return f(ctx, h)
}

type statusFunc func() (credential.Status, error)

func (f statusFunc) CheckStatus(context.Context, credential.StatusQuery) (credential.Status, error) {
	return f()
}

type schemaFunc func() error

func (f schemaFunc) CheckSchema(context.Context, *credential.Credential) error { return f() }

func keyOf(seed string) ed25519.PrivateKey {
	h := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(h[:])
}

func newWorld() *world {
	w := &world{policy: credential.Policy{Time: now}, info: trustlist.Info{Name: "test list", Issued: now.Add(-24 * time.Hour)}}
	w.entry = trustlist.Entry{
		Authority: "Ministry of Health", Territory: "ID", Names: []string{"ID", "IDN"}, Types: []string{trustlist.TypeVaccination},
		Roles: []trustlist.Role{trustlist.RoleIssue},
		Keys: []proof.Key{{
			ID: "key-1", Public: keyOf("issuer").Public(),
			Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.AssertionMethod},
		}},
	}
	w.env = &credential.Envelope{
		Credential: &credential.Credential{
			Format: "test", ID: marker, Subject: marker, Issuers: []string{"ID"}, Types: []string{trustlist.TypeVaccination},
			Signed: now.Add(-time.Hour), ValidFrom: now.Add(-time.Hour), ValidUntil: now.AddDate(1, 0, 0),
			Status:  []credential.StatusRef{{Type: "TestList", Purpose: "revocation"}},
			Payload: map[string]any{"name": marker, "dose": 1},
		},
		Proofs:    []credential.Proof{proofBy("issuer")},
		Tolerated: []error{errors.New("kid is not in the protected header")},
	}
	w.status = statusFunc(func() (credential.Status, error) {
		return credential.Status{AsOf: now.Add(-2 * time.Hour)}, nil
	})
	w.schema = schemaFunc(func() error { return nil })
	return w
}

// proofBy is a signature of the card made with the key of that seed.
func proofBy(seed string) credential.Proof {
	message := []byte("test card")
	sig := ed25519.Sign(keyOf(seed), message)
	return credential.Proof{
		ID: "sig-1", Purpose: proof.AssertionMethod, Hint: proof.Hint{KeyID: "key-1", Algorithm: proof.EdDSA},
		Verify: func(_ context.Context, a *credential.Attempt) error {
			return proof.Verify(a.Key.Public, proof.EdDSA, message, sig)
		},
	}
}

func (w *world) verify(t testing.TB) (*credential.Result, error) {
	t.Helper()
	list, err := trustlist.New(w.info, w.entry)
	require.NoError(t, err)
	cfg := credential.Config{Formats: []credential.Format{format{w}}, Keys: list, Trust: list, Status: w.status, Schema: w.schema}
	if w.keys != nil {
		cfg.Keys = w.keys
	}
	if w.skip != nil {
		w.skip(&cfg)
	}
	v, err := credential.NewVerifier(cfg)
	require.NoError(t, err)
	return v.Verify(t.Context(), []byte("card"), w.policy)
}

// spoiled is one way to a code. The first of each code is its example in the
// golden files.
type spoiled struct {
	code, name string
	verdict    string
	spoil      func(*world)
	checks     []credential.Check // instead of a verification: for checks that no format here makes
}

func (s spoiled) run(t testing.TB) (*credential.Result, error) {
	if s.checks != nil {
		return nil, &credential.Error{Checks: s.checks}
	}
	w := newWorld()
	s.spoil(w)
	return w.verify(t)
}

func statusErr(err error) func(*world) {
	return func(w *world) {
		w.status = statusFunc(func() (credential.Status, error) { return credential.Status{}, err })
	}
}

func schemaErr(err error) func(*world) {
	return func(w *world) { w.schema = schemaFunc(func() error { return err }) }
}

func keysErr(err error) func(*world) {
	return func(w *world) {
		w.keys = keysFunc(func(context.Context, proof.Hint) ([]proof.Key, error) { return nil, err })
	}
}

// objects makes the format object to the key although the signature verifies.
func objects(err error) func(*world) {
	return func(w *world) {
		verify := w.env.Proofs[0].Verify
		w.env.Proofs[0].Verify = func(ctx context.Context, a *credential.Attempt) error {
			a.Refused = append(a.Refused, err)
			return verify(ctx, a)
		}
	}
}

func cases() []spoiled {
	const no, open = "refused", "inconclusive"
	out := fmt.Errorf("no answer: %w", proof.ErrUnavailable)
	holder := func(subject string, o credential.Outcome, err error) []credential.Check {
		return []credential.Check{{Name: "holder", Subject: subject, Outcome: o, Err: err}}
	}
	return []spoiled{
		{"format.unknown", "no format knows it", no, func(w *world) { w.parseErr = credential.ErrOtherFormat }, nil},
		{"format.malformed", "parse error", no, func(w *world) { w.parseErr = errors.New("test: truncated") }, nil},
		{"format.malformed", "no credential", no, func(w *world) { w.env = nil }, nil},
		{"format.malformed", "status entry", no, statusErr(errors.New("index out of range")), nil},
		{"format.part", "one of two", no, func(w *world) { w.parseErr = fmt.Errorf("%w: 1 of 2", credential.ErrPart) }, nil},
		{"signature.invalid", "another key", no, func(w *world) { w.env.Proofs[0] = proofBy("forger") }, nil},
		{"signature.invalid", "no signature", no, func(w *world) { w.env.Proofs = nil }, nil},
		{"signature.invalid", "key source refuses", no, keysErr(errors.New("malformed document")), nil},
		{"issuer.unknown", "key not listed", no, func(w *world) { w.env.Proofs[0].Hint.KeyID = "key-2" }, nil},
		{"issuer.expired", "listed key expired", no, func(w *world) { w.entry.Keys[0].NotAfter = now.AddDate(0, 0, -1) }, nil},
		{"issuer.expired", "signed outside the certificate", no, objects(fmt.Errorf("%w: certificate", credential.ErrTime)), nil},
		{"issuer.not_authorised", "another type granted", no, func(w *world) { w.entry.Types = []string{trustlist.TypeTest} }, nil},
		{"issuer.not_authorised", "format's own rule", no, objects(errors.New("extended key usage")), nil},
		{"issuer.mismatch", "listed for another", no, func(w *world) { w.env.Credential.Issuers = []string{"MY"} }, nil},
		{"issuer.unavailable", "key source silent", open, keysErr(out), nil},
		{"issuer.unavailable", "out of time", open, keysErr(context.DeadlineExceeded), nil},
		{"trust.stale", "older than allowed", open, func(w *world) { w.policy.MaxTrustAge = time.Hour }, nil},
		{"trust.stale", "list expired", open, func(w *world) { w.info.Expires = now.Add(-time.Minute) }, nil},
		{"trust.stale", "unknown key, old list", open, func(w *world) {
			w.policy.MaxTrustAge = time.Hour
			w.env.Proofs[0].Hint.KeyID = "key-2"
		}, nil},
		{"trust.stale", "key source stale", open, keysErr(trustlist.ErrStale), nil},
		{"time.expired", "card expired", no, func(w *world) { w.env.Credential.ValidUntil = now.Add(-time.Minute) }, nil},
		{"time.expired", "signature expired", no, func(w *world) { w.env.Proofs[0].Expires = now.Add(-time.Minute) }, nil},
		{"time.not_yet", "card of tomorrow", no, func(w *world) { w.env.Credential.ValidFrom = now.AddDate(0, 0, 1) }, nil},
		{"status.revoked", "on the list", no, statusErr(credential.ErrRevoked), nil},
		{"status.suspended", "on the list", no, statusErr(credential.ErrSuspended), nil},
		{"status.unavailable", "no answer", open, statusErr(out), nil},
		{"status.unavailable", "no checker", open, func(w *world) { w.status = nil }, nil},
		{"status.unavailable", "list stale", open, statusErr(trustlist.ErrStale), nil},
		{"status.unavailable", "required", open, func(w *world) {
			w.env.Credential.Status = nil
			w.skip = func(c *credential.Config) { c.RequireStatus = true }
		}, nil},
		{"status.stale", "older than allowed", open, func(w *world) { w.policy.MaxStatusAge = time.Hour }, nil},
		{"schema.invalid", "breaks a rule", no, schemaErr(errors.New("a required member is missing")), nil},
		{"schema.unavailable", "no schema at hand", open, schemaErr(out), nil},
		{"holder.missing", "no proof of holding", no, nil, holder("", credential.Failed, credential.ErrHolder)},
		{"holder.missing", "holder's key out of reach", open, nil, holder("sig-2", credential.Inconclusive, out)},
		{"holder.mismatch", "another's card", no, nil, holder("sig-2", credential.Failed, credential.ErrHolder)},
		{"policy.type", "another type", no, func(w *world) { w.policy.Types = []string{trustlist.TypeTest} }, nil},
		{"policy.issuer", "another issuer", no, func(w *world) { w.policy.Issuers = []string{"MY"} }, nil},
		{"policy.cosigner", "co-signature cut off", no, func(w *world) { w.policy.Cosigners = []string{"MY"} }, nil},
		{"clock.wrong", "list from the future", open, func(w *world) {
			w.policy.Time = time.Time{} // the device's clock, whatever it shows
			w.info.Issued = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
			w.env.Credential.ValidUntil = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
		}, nil},
	}
}
