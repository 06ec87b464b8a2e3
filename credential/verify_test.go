package credential_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func TestPromiseIncompleteConfigIsRefused(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	list := listOf(t, trustlist.Info{}, entry("Government", "gov"))
	formats := []credential.Format{fake{}}
	for name, c := range map[string]credential.Config{
		"zero":             {},
		"no formats":       {Keys: keysOf(gov), Trust: list},
		"no keys":          {Formats: formats, Trust: list},
		"no trust":         {Formats: formats, Keys: keysOf(gov)},
		"trust, and none":  {Formats: formats, Keys: keysOf(gov), Trust: list, InsecureAnyIssuer: true},
		"nil keys":         {Formats: formats, Keys: (*trustlist.List)(nil), Trust: list},
		"nil list":         {Formats: formats, Keys: keysOf(gov), Trust: (*trustlist.List)(nil)},
		"status, and none": {Formats: formats, Keys: keysOf(gov), Trust: list, RequireStatus: true, InsecureSkipStatus: true},
	} {
		_, err := credential.NewVerifier(c)
		require.Error(t, err, name)
	}
	_, err := credential.NewIssuer(credential.IssuerConfig{})
	require.Error(t, err)
	_, err = credential.NewIssuer(credential.IssuerConfig{Sealer: fake{}})
	require.Error(t, err)
}

func TestResult(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{Name: "list"}, entry("Government", "gov"))})
	d := good()
	d.Tolerate = true
	r, err := v.Verify(ctx, d.raw(t, gov), credential.Policy{Time: now, Types: []string{"other", "card"}})
	require.NoError(t, err)
	require.Equal(t, "Government", r.Signatories[0].Authority.Authority)
	require.Equal(t, now, r.Time)
	var claims struct{ Claim string }
	require.NoError(t, r.Credential.Claims(&claims))
	require.Equal(t, "a person's name", claims.Claim)
	seen := map[credential.CheckName]credential.Outcome{}
	for _, c := range r.Checks {
		seen[c.Name] = c.Outcome
		require.NotContains(t, []credential.Outcome{credential.Failed, credential.Inconclusive}, c.Outcome)
		if c.Outcome != credential.Passed {
			require.Error(t, c.Err)
		}
	}
	require.Equal(t, credential.Tolerated, seen[credential.CheckFormat])
	require.Equal(t, credential.NotRun, seen[credential.CheckSchema])
	for _, n := range []credential.CheckName{credential.CheckPolicy, credential.CheckProof, credential.CheckTrust, credential.CheckIssuer, credential.CheckTime} {
		require.Equal(t, credential.Passed, seen[n], n)
	}
}

// Each way to be refused, and the reasons that must and must not be found.
func TestRefusals(t *testing.T) {
	gov, evil, auth := signer(t, "gov#1", "gov"), signer(t, "evil#1", "gov"), signer(t, "auth#1", "gov")
	onlyAuth := auth.Key()
	onlyAuth.Purposes = []proof.Purpose{proof.Authentication}
	onlyES := signer(t, "es#1", "gov").Key()
	onlyES.Algorithms = []proof.Algorithm{proof.ES256}
	known := keysOf(gov)
	known.known["auth#1"] = []proof.Key{onlyAuth}
	known.known["es#1"] = []proof.Key{onlyES}
	v := verifier(t, credential.Config{Keys: known, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	change := func(f func(*fakeDoc)) fakeDoc {
		d := good()
		f(&d)
		return d
	}
	for name, c := range map[string]struct {
		raw  []byte
		p    credential.Policy
		want []error
	}{
		"empty":                   {nil, credential.Policy{}, []error{credential.ErrFormat, credential.ErrOtherFormat}},
		"of another format":       {[]byte("HC2:"), credential.Policy{}, []error{credential.ErrFormat, credential.ErrOtherFormat}},
		"malformed":               {[]byte("FAKE["), credential.Policy{}, []error{credential.ErrFormat}},
		"oversized":               {change(func(d *fakeDoc) { d.Claim = strings.Repeat("x", 1<<20) }).raw(t, gov), credential.Policy{}, []error{credential.ErrFormat}},
		"unsigned":                {good().raw(t), credential.Policy{}, []error{credential.ErrSignature}},
		"many signatures":         {good().raw(t, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov, gov), credential.Policy{}, []error{credential.ErrSignature}},
		"unknown key":             {good().raw(t, evil), credential.Policy{}, []error{credential.ErrUntrusted, trustlist.ErrNotListed}},
		"changed":                 {[]byte(replaceOnce(t, string(good().raw(t, gov)), "person", "forger")), credential.Policy{}, []error{credential.ErrSignature, proof.ErrMismatch}},
		"key for presentations":   {good().raw(t, auth), credential.Policy{}, []error{credential.ErrSignature}},
		"key for another alg":     {good().raw(t, signer(t, "es#1", "gov")), credential.Policy{}, []error{credential.ErrSignature}},
		"algorithm by message":    {[]byte(replaceOnce(t, string(good().raw(t, gov)), "EdDSA", "ES256")), credential.Policy{}, []error{credential.ErrSignature}},
		"no algorithm":            {[]byte(replaceOnce(t, string(good().raw(t, gov)), "EdDSA", "none")), credential.Policy{}, []error{credential.ErrSignature}},
		"purpose":                 {[]byte(replaceOnce(t, string(good().raw(t, gov)), "assertionMethod", "authentication")), credential.Policy{}, []error{credential.ErrSignature}},
		"one of two forged":       {[]byte(replaceOnce(t, string(good().raw(t, gov, gov)), `"KeyID":"gov#1"`, `"KeyID":"gov#9"`)), credential.Policy{}, []error{credential.ErrUntrusted}},
		"expired":                 {change(func(d *fakeDoc) { d.Until = now.Add(-time.Second) }).raw(t, gov), credential.Policy{}, []error{credential.ErrTime, credential.ErrExpired}},
		"just past its end":       {change(func(d *fakeDoc) { d.Until = now.Add(-time.Nanosecond) }).raw(t, gov), credential.Policy{}, []error{credential.ErrExpired}},
		"not yet":                 {change(func(d *fakeDoc) { d.From = now.Add(time.Second) }).raw(t, gov), credential.Policy{}, []error{credential.ErrTime, credential.ErrNotYet}},
		"proof expired":           {change(func(d *fakeDoc) { d.Expires = now.Add(-time.Second) }).raw(t, gov), credential.Policy{}, []error{credential.ErrExpired}},
		"the format objects":      {change(func(d *fakeDoc) { d.ObjectTime = true }).raw(t, gov), credential.Policy{}, []error{credential.ErrTime}},
		"another type":            {good().raw(t, gov), credential.Policy{Types: []string{"x"}}, []error{credential.ErrPolicy}},
		"another issuer":          {good().raw(t, gov), credential.Policy{Issuers: []string{"x"}}, []error{credential.ErrPolicy}},
		"all reasons at once":     {change(func(d *fakeDoc) { d.Until = now.Add(-day); d.Issuers = []string{"x"} }).raw(t, gov), credential.Policy{Types: []string{"x"}}, []error{credential.ErrPolicy, credential.ErrTime, credential.ErrIssuer, credential.ErrUntrusted}},
		"status without checker":  {withStatus(ref).raw(t, gov), credential.Policy{}, []error{credential.ErrInconclusive, credential.ErrNoData}},
		"too many status entries": {withStatus(make([]credential.StatusRef, 17)...).raw(t, gov), credential.Policy{}, []error{credential.ErrFormat}},
	} {
		c.p.Time = now
		r, err := v.Verify(ctx, c.raw, c.p)
		require.Nil(t, r, name)
		for _, w := range c.want {
			require.ErrorIs(t, err, w, name)
		}
		var e *credential.Error
		require.ErrorAs(t, err, &e, name)
		require.NotContains(t, err.Error(), "person", name)
		if !errors.Is(err, credential.ErrSignature) && !errors.Is(err, credential.ErrFormat) && !errors.Is(err, credential.ErrInconclusive) {
			continue
		}
		if errors.Is(err, credential.ErrSignature) {
			require.Empty(t, e.Signatories, name)
			require.True(t, e.ValidUntil.IsZero(), name)
		}
	}
}

// Two keys share an identifier: the one that fits wins, whatever the order.
func TestCollidingKeyIDs(t *testing.T) {
	a, b := signer(t, "gov#1", "gov"), signer(t, "gov#1 of another state", "other")
	kb := b.Key()
	kb.ID = "gov#1"
	for _, ks := range [][]proof.Key{{a.Key(), kb}, {kb, a.Key()}} {
		v := verifier(t, credential.Config{Keys: keys{known: map[string][]proof.Key{"gov#1": ks}}, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
		_, err := v.Verify(ctx, good().raw(t, a), credential.Policy{Time: now})
		require.NoError(t, err)
	}
}

func TestPromiseNoKeyIsInconclusiveWhereTheSourceIsOut(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	list := listOf(t, trustlist.Info{}, entry("Government", "gov"))
	v := verifier(t, credential.Config{Keys: keys{err: fmt.Errorf("resolver: %w", proof.ErrUnavailable)}, Trust: list})
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
	// And refused where there is a reason besides.
	_, err = v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now, Types: []string{"x"}})
	require.NotErrorIs(t, err, credential.ErrInconclusive)
	require.ErrorIs(t, err, credential.ErrPolicy)
	require.Equal(t, credential.Inconclusive, outcome(t, err, credential.CheckProof))
	// One of several sources that is out does not matter if another has the key.
	v = verifier(t, credential.Config{Keys: proof.Resolvers(keys{err: proof.ErrUnavailable}, keysOf(gov)), Trust: list})
	_, err = v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
}

func TestPromiseAgeOfTrustData(t *testing.T) {
	gov, fresh := signer(t, "gov#1", "gov"), signer(t, "fresh#1", "gov")
	e := trustlist.Entry{Authority: "Government", Names: []string{"gov"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{gov.Key()}}
	dated := listOf(t, trustlist.Info{Issued: now.Add(-3 * day), Expires: now.Add(day)}, e)
	undated := listOf(t, trustlist.Info{}, e)
	for _, c := range []struct {
		name string
		list *trustlist.List
		by   proof.Signer
		p    credential.Policy
		want error
	}{
		{"young enough", dated, gov, credential.Policy{Time: now, MaxTrustAge: 4 * day}, nil},
		{"any age", dated, gov, credential.Policy{Time: now}, nil},
		{"too old", dated, gov, credential.Policy{Time: now, MaxTrustAge: 2 * day}, credential.ErrStale},
		{"no date, any age", undated, gov, credential.Policy{Time: now}, nil},
		{"no date", undated, gov, credential.Policy{Time: now, MaxTrustAge: 2 * day}, credential.ErrStale},
		{"unknown key, old list", dated, fresh, credential.Policy{Time: now, MaxTrustAge: 2 * day}, credential.ErrStale},
		{"unknown key, young list", dated, fresh, credential.Policy{Time: now, MaxTrustAge: 4 * day}, credential.ErrUntrusted},
		{"unknown key, expired list", dated, fresh, credential.Policy{Time: now.Add(2 * day)}, trustlist.ErrStale},
		{"list past its own expiry", dated, gov, credential.Policy{Time: now.Add(2 * day)}, trustlist.ErrStale},
	} {
		d := good()
		d.Until = now.Add(10 * day)
		v := verifier(t, credential.Config{Keys: c.list, Trust: c.list})
		_, err := v.Verify(ctx, d.raw(t, c.by), c.p)
		if c.want == nil {
			require.NoError(t, err, c.name)
			continue
		}
		require.ErrorIs(t, err, c.want, c.name)
		require.Equal(t, c.want != credential.ErrUntrusted, errors.Is(err, credential.ErrInconclusive), c.name)
	}
	// The device's own clock, when it is used, must not be before the list.
	future := listOf(t, trustlist.Info{Issued: time.Now().Add(day)}, e)
	d := good()
	d.Until = time.Time{}
	v := verifier(t, credential.Config{Keys: future, Trust: future})
	_, err := v.Verify(ctx, d.raw(t, gov), credential.Policy{})
	require.ErrorIs(t, err, credential.ErrClock)
	require.ErrorIs(t, err, credential.ErrInconclusive)
	_, err = v.Verify(ctx, d.raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
}

func TestStatus(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	list := listOf(t, trustlist.Info{}, entry("Government", "gov"))
	implied := ref
	implied.Implied = true
	answer := func(st credential.Status, err error) credential.StatusChecker {
		return statusFunc(func(context.Context, credential.StatusQuery) (credential.Status, error) { return st, err })
	}
	asOf := credential.Status{AsOf: now.Add(-2 * day)}
	for _, c := range []struct {
		name    string
		doc     fakeDoc
		checker credential.StatusChecker
		require bool
		age     time.Duration
		want    []error
	}{
		{"good", withStatus(ref), answer(asOf, nil), false, 0, nil},
		{"revoked", withStatus(ref), answer(asOf, credential.ErrRevoked), false, 0, []error{credential.ErrRevoked}},
		{"suspended", withStatus(ref), answer(asOf, credential.ErrSuspended), false, 0, []error{credential.ErrRevoked, credential.ErrSuspended}},
		{"unavailable", withStatus(ref), answer(asOf, proof.ErrUnavailable), false, 0, []error{credential.ErrInconclusive}},
		{"no data", withStatus(ref), answer(asOf, credential.ErrNoData), false, 0, []error{credential.ErrInconclusive, credential.ErrNoData}},
		{"broken list", withStatus(ref), answer(asOf, errors.New("index beyond the list")), false, 0, []error{credential.ErrFormat}},
		{"old", withStatus(ref), answer(asOf, nil), false, day, []error{credential.ErrInconclusive, credential.ErrStale}},
		{"undated", withStatus(ref), answer(credential.Status{}, nil), false, day, []error{credential.ErrStale}},
		{"young", withStatus(ref), answer(asOf, nil), false, 3 * day, nil},
		{"implied, nobody knows", withStatus(implied), nil, false, 0, nil},
		{"implied, no data", withStatus(implied), answer(asOf, credential.ErrNoData), false, 0, nil},
		{"implied, no data, required", withStatus(implied), answer(asOf, credential.ErrNoData), true, 0, []error{credential.ErrInconclusive, credential.ErrNoData}},
		{"implied, no checker, required", withStatus(implied), nil, true, 0, []error{credential.ErrInconclusive}},
		{"implied, data, required", withStatus(implied), answer(asOf, nil), true, 0, nil},
		{"implied, revoked", withStatus(implied), answer(asOf, credential.ErrRevoked), false, 0, []error{credential.ErrRevoked}},
		{"message, required", withStatus(credential.StatusRef{Type: "list", Purpose: "message"}), answer(asOf, nil), true, 0, []error{credential.ErrInconclusive, credential.ErrNoData}},
		{"names none, required", good(), answer(asOf, nil), true, 0, []error{credential.ErrInconclusive}},
		{"names none", good(), answer(asOf, nil), false, 0, nil},
	} {
		v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: list, Status: c.checker, RequireStatus: c.require})
		r, err := v.Verify(ctx, c.doc.raw(t, gov), credential.Policy{Time: now, MaxStatusAge: c.age})
		if c.want == nil {
			require.NoError(t, err, c.name)
			if c.checker != nil && len(c.doc.Status) > 0 && len(r.Status) > 0 {
				require.Equal(t, asOf.AsOf, r.Status[0].AsOf, c.name)
			}
			continue
		}
		for _, w := range c.want {
			require.ErrorIs(t, err, w, c.name)
		}
	}
}

type schemaFunc func(*credential.Credential) error

func (f schemaFunc) CheckSchema(_ context.Context, c *credential.Credential) error { return f(c) }

func TestSchema(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	list := listOf(t, trustlist.Info{}, entry("Government", "gov"))
	for want, give := range map[error]error{credential.ErrSchema: errors.New("a/b: missing"), credential.ErrInconclusive: proof.ErrUnavailable} {
		checker := schemaFunc(func(*credential.Credential) error { return give })
		v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: list, Schema: checker})
		_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
		require.ErrorIs(t, err, want)
		issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: fake{}, Signers: []proof.Signer{gov}, Schema: checker})
		require.NoError(t, err)
		_, err = issuer.Issue(ctx, &credential.Draft{Credential: credential.Credential{Payload: good()}})
		require.ErrorIs(t, err, give)
	}
}

// What the list does not say is reported, not silently granted.
func TestUnnamedEntryIsTolerated(t *testing.T) {
	gov := signer(t, "gov#1")
	list := listOf(t, trustlist.Info{}, trustlist.Entry{Authority: "pinned", Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{gov.Key()}})
	v := verifier(t, credential.Config{Keys: list, Trust: list})
	r, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	found := false
	for _, c := range r.Checks {
		found = found || c.Name == credential.CheckIssuer && c.Outcome == credential.Tolerated
	}
	require.True(t, found)
}

func TestInsecureOptions(t *testing.T) {
	gov, notary := signer(t, "gov#1", "gov"), signer(t, "notary#1", "notary")
	v := verifier(t, credential.Config{Keys: keysOf(gov, notary), InsecureAnyIssuer: true})
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, good().raw(t, notary), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
	v = verifier(t, credential.Config{Keys: keysOf(gov, notary), InsecureAnyIssuer: true, InsecureAnyController: true, InsecureSkipStatus: true})
	r, err := v.Verify(ctx, withStatus(ref).raw(t, notary), credential.Policy{Time: now})
	require.NoError(t, err)
	loud := 0
	for _, c := range r.Checks {
		if c.Err != nil && strings.Contains(c.Err.Error(), "Insecure") {
			loud++
		}
	}
	require.Equal(t, 3, loud)
}

func TestCancelled(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	done, cancel := context.WithCancel(ctx)
	cancel()
	v := verifier(t, credential.Config{Keys: keys{err: done.Err()}, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	_, err := v.Verify(done, good().raw(t, gov), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
	require.ErrorIs(t, err, context.Canceled)
}

func TestPromiseVerifierIsSafeForConcurrentUse(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	ok, bad := good().raw(t, gov), good().raw(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := v.Verify(ctx, ok, credential.Policy{Time: now}); err != nil {
					t.Error(err)
				}
				if _, err := v.Verify(ctx, bad, credential.Policy{Time: now}); err == nil {
					t.Error("accepted")
				}
			}
		})
	}
	wg.Wait()
}

func TestInspect(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	d := good()
	d.Tolerate = true
	u, err := credential.Inspect([]credential.Format{fake{}}, d.raw(t, gov))
	require.NoError(t, err)
	require.Equal(t, "gov#1", u.Hints[0].KeyID)
	require.Len(t, u.Tolerated, 1)
	_, err = credential.Inspect([]credential.Format{fake{}}, []byte("?"))
	require.ErrorIs(t, err, credential.ErrFormat)
}

func TestIssueAllKeepsOrderAndGoesOn(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: fake{}, Signers: []proof.Signer{gov}, Register: &countingRegister{}})
	require.NoError(t, err)
	i := 0
	for x := range issuer.IssueAll(ctx, drafts(50)) {
		require.Equal(t, fmt.Sprint("urn:", i), x.Draft.ID)
		require.Equal(t, i == 7, x.Err != nil)
		require.Equal(t, i == 7, x.Raw == nil)
		i++
	}
	require.Equal(t, 50, i)
	_, err = issuer.Issue(ctx, &credential.Draft{Credential: credential.Credential{Payload: good()}})
	require.ErrorContains(t, err, "needs an ID")
	_, err = issuer.Issue(ctx, nil)
	require.Error(t, err)
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = issuer.Issue(done, &credential.Draft{Credential: credential.Credential{ID: "x", Payload: good()}})
	require.ErrorIs(t, err, context.Canceled)
}

// asking is a checker that goes to where the credential says.
type asking struct{ asked *int }

func (asking) Asks() bool { return true }

func (a asking) CheckSchema(context.Context, *credential.Credential) error { *a.asked++; return nil }

// What a credential names is asked for only where it is its issuer's word, and the
// issuer's word counts: else anybody could send a verifier anywhere.
func TestPromiseNothingIsAskedForTheUntrusted(t *testing.T) {
	gov, evil := signer(t, "gov#1", "gov"), signer(t, "evil#1", "evil")
	asked := 0
	c := credential.Config{Keys: keysOf(gov, evil), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov")), Schema: asking{&asked}}
	v := verifier(t, c)
	forged := bytes.Replace(good().raw(t, gov), []byte("a person's name"), []byte("another one"), 1)
	unlisted := good()
	unlisted.Issuers = []string{"evil"}
	for name, raw := range map[string][]byte{"forged": forged, "not listed": unlisted.raw(t, evil), "for another": good().raw(t, evil), "by nobody": good().raw(t, signer(t, "x"))} {
		_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
		require.Error(t, err, name)
		require.Equal(t, credential.NotRun, outcome(t, err, credential.CheckSchema), name)
	}
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now, Issuers: []string{"other"}})
	require.ErrorIs(t, err, credential.ErrPolicy)
	require.Zero(t, asked)
	_, err = v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}
