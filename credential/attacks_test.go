package credential_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// The attacks that earlier shapes of this package fell to.

// A notary whose key is known, but who is not on the list, signs in the name of
// the government that is.
func TestPromiseClaimedIssuerIsNotEnough(t *testing.T) {
	gov, notary := signer(t, "gov#1", "gov"), signer(t, "notary#1", "notary")
	for name, e := range map[string]trustlist.Entry{
		"listed by name": entry("Government", "gov"),
		"listed by key":  {Authority: "Government", Names: []string{"gov"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{gov.Key()}},
	} {
		v := verifier(t, credential.Config{Keys: keysOf(gov, notary), Trust: listOf(t, trustlist.Info{}, e)})
		_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
		require.NoError(t, err, name)
		_, err = v.Verify(ctx, good().raw(t, notary), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrUntrusted, name)
		require.ErrorIs(t, err, credential.ErrIssuer, name)
		require.Equal(t, credential.Passed, outcome(t, err, credential.CheckProof), name)
	}
	// Nor may another listed state sign in its name.
	v := verifier(t, credential.Config{Keys: keysOf(gov, notary), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"), entry("Notary", "notary"))})
	_, err := v.Verify(ctx, good().raw(t, notary), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
}

// The issuer's own signature binds it, a listed co-signer's is authorised: two
// halves that must not add up.
func TestPromiseOneSignatureSatisfiesBoth(t *testing.T) {
	gov, evil := signer(t, "gov#1", "gov"), signer(t, "evil#1", "evil")
	v := verifier(t, credential.Config{Keys: keysOf(gov, evil), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	d := good()
	d.Issuers = []string{"evil"}
	_, err := v.Verify(ctx, d.raw(t, evil, gov), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrUntrusted)
	_, err = v.Verify(ctx, d.raw(t, gov, evil), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrUntrusted)
}

// With several issuers each needs a signature that may speak for it.
func TestPromiseSignaturesStayPaired(t *testing.T) {
	a, b := signer(t, "a#1", "a"), signer(t, "b#1", "b")
	both := signer(t, "both#1", "a", "b")
	list := listOf(t, trustlist.Info{}, entry("A", "a"), entry("B", "b"))
	v := verifier(t, credential.Config{Keys: keysOf(a, b, both), Trust: list})
	d := good()
	d.Issuers = []string{"a", "b"}
	_, err := v.Verify(ctx, d.raw(t, a, b), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, d.raw(t, a), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
	// A signature made for a alone does not speak for b, whoever holds its key.
	raw, err := d.seal(ctx, both)
	require.NoError(t, err)
	_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	pinned := []byte(replaceOnce(t, string(raw), `"KeyID":"both#1","Issuer":""`, `"KeyID":"both#1","Issuer":"a"`))
	_, err = v.Verify(ctx, pinned, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
}

func replaceOnce(t testing.TB, s, old, new string) string {
	t.Helper()
	for i := 0; i+len(old) <= len(s); i++ {
		if s[i:i+len(old)] == old {
			return s[:i] + new + s[i+len(old):]
		}
	}
	t.Fatalf("%q is not there", old)
	return ""
}

// statusFunc is a checker made of a function.
type statusFunc func(context.Context, credential.StatusQuery) (credential.Status, error)

func (f statusFunc) CheckStatus(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
	return f(ctx, q)
}

func withStatus(refs ...credential.StatusRef) fakeDoc {
	d := good()
	d.Status = refs
	return d
}

var ref = credential.StatusRef{Type: "L", Purpose: "revocation", List: "https://list.example/1", Index: 5}

// A forged, expired or stranger's status list says nothing of the credential:
// its reasons must not be found in the credential's error.
func TestPromiseStatusListFaultStaysItsOwn(t *testing.T) {
	gov, evil, other := signer(t, "gov#1", "gov"), signer(t, "evil#1", "evil"), signer(t, "other#1", "other")
	list := listOf(t, trustlist.Info{}, entry("Government", "gov"), entry("Other", "other"))
	var statusList []byte
	v := verifier(t, credential.Config{Keys: keysOf(gov, evil, other), Trust: list, Status: statusFunc(func(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
		_, err := q.VerifyList(ctx, nil, statusList)
		return credential.Status{AsOf: now}, err
	})})
	l := good()
	statusList = l.raw(t, gov)
	_, err := v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)

	byOther := l
	byOther.Issuers = []string{"other"}
	expired := l
	expired.Until = now.Add(-time.Hour)
	for name, raw := range map[string][]byte{
		"a stranger's":          l.raw(t, evil),
		"another authority's":   byOther.raw(t, other),
		"expired":               expired.raw(t, gov),
		"unsigned":              l.raw(t),
		"no credential":         []byte("FAKE{"),
		"of an unknown format":  []byte("?"),
		"with a changed member": []byte(replaceOnce(t, string(l.raw(t, gov)), "urn:1", "urn:2")),
	} {
		statusList = raw
		_, err := v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrInconclusive, name)
		for _, s := range []error{credential.ErrUntrusted, credential.ErrSignature, credential.ErrTime, credential.ErrFormat, credential.ErrIssuer, trustlist.ErrNotListed} {
			require.NotErrorIs(t, err, s, name)
		}
	}
	// A list that names itself as its own status list is not followed.
	self := withStatus(ref)
	statusList = self.raw(t, gov)
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	// A checker's own fault is told without what it wraps.
	v = verifier(t, credential.Config{Keys: keysOf(gov), Trust: list, Status: statusFunc(func(context.Context, credential.StatusQuery) (credential.Status, error) {
		return credential.Status{}, fmt.Errorf("broken: %w", credential.ErrSignature)
	})})
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.NotErrorIs(t, err, credential.ErrSignature)
	require.Equal(t, credential.Failed, outcome(t, err, credential.CheckStatus))
}

// Without a trust list only the issuer itself may say what it revoked.
func TestPromiseStatusListIsTheIssuersOwn(t *testing.T) {
	gov, evil := signer(t, "gov#1", "gov"), signer(t, "evil#1", "evil")
	var statusList []byte
	v := verifier(t, credential.Config{Keys: keysOf(gov, evil), InsecureAnyIssuer: true, Status: statusFunc(func(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
		_, err := q.VerifyList(ctx, nil, statusList)
		return credential.Status{}, err
	})})
	l := good()
	statusList = l.raw(t, gov)
	_, err := v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	l.Issuers = []string{"evil"}
	statusList = l.raw(t, evil)
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
}

// Nothing is asked in the name of an issuer that is not trusted: its status URL
// may point anywhere.
func TestPromiseUntrustedStatusIsNotFetched(t *testing.T) {
	gov, evil := signer(t, "gov#1", "gov"), signer(t, "evil#1", "evil")
	asked := 0
	v := verifier(t, credential.Config{Keys: keysOf(gov, evil), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov")), RequireStatus: true, Status: statusFunc(func(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
		asked++
		require.Equal(t, "Government", q.Authority.Authority)
		return credential.Status{}, nil
	})})
	d := withStatus(ref)
	d.Issuers = []string{"evil"}
	_, err := v.Verify(ctx, d.raw(t, evil), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrUntrusted)
	require.Equal(t, 0, asked)
	require.Equal(t, credential.NotRun, outcome(t, err, credential.CheckStatus))
	// Where not even the signature holds, the checker is not asked at all.
	_, err = v.Verify(ctx, []byte(replaceOnce(t, string(withStatus(ref).raw(t, gov)), "urn:1", "urn:2")), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)
	require.Equal(t, 0, asked)
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}

// A card that is revoked is refused, also where the trust list is too old to
// accept one.
func TestRevokedOnAnOldTrustList(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{Issued: now.Add(-9 * day)}, entry("Government", "gov")), Status: statusFunc(func(context.Context, credential.StatusQuery) (credential.Status, error) {
		return credential.Status{}, credential.ErrRevoked
	})})
	_, err := v.Verify(ctx, withStatus(ref).raw(t, gov), credential.Policy{Time: now, MaxTrustAge: day})
	require.ErrorIs(t, err, credential.ErrRevoked)
	require.NotErrorIs(t, err, credential.ErrInconclusive)
}

// A key source may sit on the network: it is not asked for an issuer that the
// policy does not want.
func TestPromiseKeysAreSoughtOnlyForExpectedIssuers(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	asked := 0
	k := keysOf(gov)
	k.asked = &asked
	v := verifier(t, credential.Config{Keys: k, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now, Issuers: []string{"someone else"}})
	require.ErrorIs(t, err, credential.ErrPolicy)
	require.Equal(t, 0, asked)
	_, err = v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now, Issuers: []string{"x", "gov"}})
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}

// The second of two signatures is cut off: what is left still verifies, so the
// policy has to ask for it.
func TestPromiseCosignerCantBeCutOff(t *testing.T) {
	gov, notary := signer(t, "gov#1", "gov"), signer(t, "notary#1", "notary")
	v := verifier(t, credential.Config{Keys: keysOf(gov, notary), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	p := credential.Policy{Time: now, Cosigners: []string{"notary"}}
	_, err := v.Verify(ctx, good().raw(t, gov, notary), p)
	require.NoError(t, err)
	_, err = v.Verify(ctx, good().raw(t, gov), p)
	require.ErrorIs(t, err, credential.ErrPolicy)
	_, err = v.Verify(ctx, good().raw(t, gov, gov), p)
	require.ErrorIs(t, err, credential.ErrPolicy)
}

// countingRegister counts the calls that are running and those that ended.
type countingRegister struct{ running, ended, recorded atomic.Int32 }

func (r *countingRegister) call() {
	r.running.Add(1)
	time.Sleep(time.Millisecond)
	r.ended.Add(1)
	r.running.Add(-1)
}

func (r *countingRegister) Allocate(_ context.Context, d *credential.Draft) ([]credential.StatusRef, error) {
	r.call()
	return []credential.StatusRef{ref}, nil
}

func (r *countingRegister) Record(context.Context, *credential.Draft, *credential.Credential) error {
	r.call()
	r.recorded.Add(1)
	return nil
}

func drafts(n int) func(func(*credential.Draft) bool) {
	return func(yield func(*credential.Draft) bool) {
		for i := range n {
			d := &credential.Draft{Credential: credential.Credential{ID: fmt.Sprint("urn:", i), Payload: good()}}
			if i == 7 {
				d.Payload = "no payload of this format"
			}
			if !yield(d) {
				return
			}
		}
	}
}

// Whoever leaves the loop early finds no worker still at the register.
func TestPromiseIssueAllLeavesNoWorkers(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	reg := &countingRegister{}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: fake{}, Signers: []proof.Signer{gov}, Register: reg})
	require.NoError(t, err)
	n := 0
	for range issuer.IssueAll(ctx, drafts(1000)) {
		if n++; n == 3 {
			break
		}
	}
	after := reg.ended.Load()
	require.Zero(t, reg.running.Load())
	require.GreaterOrEqual(t, reg.recorded.Load(), int32(3))
	require.Less(t, after, int32(200))
	time.Sleep(20 * time.Millisecond)
	require.Equal(t, after, reg.ended.Load(), "a worker called the register after the loop was left")
}

// Whose lists tell the status is who issued, not who signed first: another listed
// signer, whom anybody may ask for a signature beside the issuer's, has no say in it.
func TestPromiseStatusIsTheIssuersToTell(t *testing.T) {
	gov, other := signer(t, "gov#1", "gov"), signer(t, "other#1", "other")
	old := entry("Government", "gov")
	old.List, old.ListIssued = "old", now.Add(-9*day)
	for _, government := range []trustlist.Entry{entry("Government", "gov"), old} {
		var statusList []byte
		asked := ""
		v := verifier(t, credential.Config{
			Keys: keysOf(gov, other), Trust: listOf(t, trustlist.Info{Issued: now}, government, entry("Other", "other")),
			Status: statusFunc(func(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
				asked = q.Authority.Authority
				_, err := q.VerifyList(ctx, nil, statusList)
				return credential.Status{AsOf: now}, err
			}),
		})
		ofOther := good()
		ofOther.Issuers = []string{"other"}
		for _, signers := range [][]proof.Signer{{gov}, {gov, other}, {other, gov}} {
			raw := withStatus(ref).raw(t, signers...)
			statusList = good().raw(t, gov)
			_, err := v.Verify(ctx, raw, credential.Policy{Time: now})
			require.NoError(t, err)
			require.Equal(t, "Government", asked)
			statusList = ofOther.raw(t, other)
			_, err = v.Verify(ctx, raw, credential.Policy{Time: now})
			require.ErrorIs(t, err, proof.ErrUnavailable)
			// The same where the issuer's list is an old one.
			_, err = v.Verify(ctx, raw, credential.Policy{Time: now, MaxTrustAge: 30 * day})
			require.ErrorIs(t, err, proof.ErrUnavailable)
			require.Equal(t, "Government", asked)
			asked = ""
			_, err = v.Verify(ctx, raw, credential.Policy{Time: now, MaxTrustAge: day})
			require.Error(t, err)
			require.Equal(t, "Government", asked)
		}
	}
}
