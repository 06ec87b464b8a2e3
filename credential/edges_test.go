package credential_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// What a reviewer found could be taken away without a test noticing.

func TestCandidatesAreBounded(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	var ks []proof.Key
	for i := range limits.Candidates {
		k := signer(t, fmt.Sprint("other", i), "gov").Key()
		k.ID = "gov#1"
		ks = append(ks, k)
	}
	ks = append(ks, gov.Key())
	v := verifier(t, credential.Config{Keys: keys{known: map[string][]proof.Key{"gov#1": ks}}, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)
}

// A good signature behind a bad one does not mend it.
func TestEverySignatureMustVerify(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	v := verifier(t, credential.Config{Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov")), Status: statusFunc(func(context.Context, credential.StatusQuery) (credential.Status, error) {
		t.Error("status asked of what is not wholly signed")
		return credential.Status{}, nil
	})})
	raw := string(withStatus(ref).raw(t, gov, gov))
	i := strings.Index(raw, `"Sig":"`) + len(`"Sig":"`)
	c := byte('A')
	if raw[i] == c {
		c = 'B'
	}
	_, err := v.Verify(ctx, []byte(raw[:i]+string(c)+raw[i+1:]), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrSignature)
}

// Every issuer named must pass, whichever comes last.
func TestEveryIssuerMustPass(t *testing.T) {
	a, b := signer(t, "a#1", "a"), signer(t, "b#1", "b")
	v := verifier(t, credential.Config{Keys: keysOf(a, b), Trust: listOf(t, trustlist.Info{}, entry("B", "b")), Status: statusFunc(func(context.Context, credential.StatusQuery) (credential.Status, error) {
		t.Error("status asked for issuers not all of whom are trusted")
		return credential.Status{}, nil
	})})
	d := withStatus(ref)
	d.Issuers = []string{"a", "b"}
	_, err := v.Verify(ctx, d.raw(t, a, b), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrUntrusted)
}

// objecting verifies every key and objects to some of them.
type objecting struct{ to map[string]int }

func (objecting) Name() string { return "objecting" }

func (o objecting) Parse([]byte, string) (*credential.Envelope, error) {
	return &credential.Envelope{
		Credential: &credential.Credential{Issuers: []string{"gov"}},
		Proofs: []credential.Proof{{ID: "p", Purpose: proof.AssertionMethod, Hint: proof.Hint{KeyID: "k", Algorithm: proof.EdDSA}, Verify: func(_ context.Context, a *credential.Attempt) error {
			for range o.to[a.Key.ID] {
				a.Refused = append(a.Refused, credential.ErrUntrusted)
			}
			a.Tolerated = append(a.Tolerated, errors.New("odd key "+a.Key.ID))
			return nil
		}}},
	}, nil
}

// Of two keys that verify, the one without objections wins, and what was
// tolerated with it is told.
func TestKeyWithoutObjectionsWins(t *testing.T) {
	bad, fine := signer(t, "bad", "gov").Key(), signer(t, "fine", "gov").Key()
	v := verifier(t, credential.Config{
		Formats: []credential.Format{objecting{map[string]int{"bad": 1}}},
		Keys:    keys{known: map[string][]proof.Key{"k": {bad, fine}}}, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov")),
	})
	r, err := v.Verify(ctx, nil, credential.Policy{Time: now})
	require.NoError(t, err)
	require.Equal(t, "fine", r.Signatories[0].Key.ID)
	told := false
	for _, c := range r.Checks {
		told = told || c.Name == credential.CheckProof && c.Outcome == credential.Tolerated && c.Err.Error() == "odd key fine"
	}
	require.True(t, told)
}

func TestFormatsAreCopied(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	formats := []credential.Format{fake{}}
	v := verifier(t, credential.Config{Formats: formats, Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	formats[0] = objecting{}
	_, err := v.Verify(ctx, []byte("not fake"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrOtherFormat)
}

func TestAgeOfUnnamedEntry(t *testing.T) {
	gov := signer(t, "gov#1")
	list := listOf(t, trustlist.Info{Issued: now.Add(-9 * day)}, trustlist.Entry{Authority: "pinned", Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{gov.Key()}})
	v := verifier(t, credential.Config{Keys: list, Trust: list})
	_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now, MaxTrustAge: day})
	require.ErrorIs(t, err, credential.ErrStale)
}

// A signature made in one issuer's name is no co-signature of another.
func TestCosignatureIsPairedToo(t *testing.T) {
	both := signer(t, "both#1", "gov", "notary")
	v := verifier(t, credential.Config{Keys: keysOf(both), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	raw := replaceOnce(t, string(good().raw(t, both)), `"KeyID":"both#1","Issuer":""`, `"KeyID":"both#1","Issuer":"gov"`)
	_, err := v.Verify(ctx, []byte(raw), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(ctx, []byte(raw), credential.Policy{Time: now, Cosigners: []string{"notary"}})
	require.ErrorIs(t, err, credential.ErrPolicy)
}

// created dates its signature apart from the credential.
type created struct {
	fake
	at time.Time
}

func (c created) Parse(raw []byte, mt string) (*credential.Envelope, error) {
	env, err := c.fake.Parse(raw, mt)
	if err == nil {
		for i := range env.Proofs {
			env.Proofs[i].Created = c.at
		}
	}
	return env, err
}

// An authority's grant is judged by the date of its own signature.
func TestSignatureIsDatedByItself(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	e := entry("Government", "gov")
	e.Periods = []trustlist.Period{{From: now.Add(-10 * day), To: now.Add(-5 * day)}}
	for at, want := range map[time.Time]error{now.Add(-7 * day): nil, now.Add(-2 * day): trustlist.ErrNotGranted} {
		v := verifier(t, credential.Config{Formats: []credential.Format{created{at: at}}, Keys: keysOf(gov), Trust: listOf(t, trustlist.Info{}, e)})
		_, err := v.Verify(ctx, good().raw(t, gov), credential.Policy{Time: now})
		if want == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, want)
		}
	}
}

// A status list is held to the age of the trust list that lets its signer
// speak, and to its size.
func TestStatusListLimits(t *testing.T) {
	gov, other := signer(t, "gov#1", "gov"), signer(t, "other#1", "gov")
	young, old := entry("Government", "gov"), entry("Government", "gov")
	young.Keys, young.ListIssued = []proof.Key{gov.Key()}, now.Add(-time.Hour)
	old.Keys, old.ListIssued = []proof.Key{other.Key()}, now.Add(-30*day)
	list := listOf(t, trustlist.Info{}, young, old)
	var statusList []byte
	v := verifier(t, credential.Config{Keys: list, Trust: list, Status: statusFunc(func(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
		_, err := q.VerifyList(ctx, nil, statusList)
		return credential.Status{AsOf: now}, err
	})})
	p := credential.Policy{Time: now, MaxTrustAge: day}
	statusList = good().raw(t, gov)
	_, err := v.Verify(ctx, withStatus(ref).raw(t, gov), p)
	require.NoError(t, err)
	statusList = good().raw(t, other)
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), p)
	require.ErrorIs(t, err, credential.ErrInconclusive)
	d := good()
	d.Claim = strings.Repeat("x", limits.StatusList)
	statusList = d.raw(t, gov)
	_, err = v.Verify(ctx, withStatus(ref).raw(t, gov), p)
	require.ErrorIs(t, err, credential.ErrInconclusive)
}

// unreadable seals what it can't parse.
type unreadable struct{ fake }

func (unreadable) Parse([]byte, string) (*credential.Envelope, error) {
	return nil, errors.New("unreadable")
}

func TestNothingUnreadableIsIssued(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: unreadable{}, Signers: []proof.Signer{gov}})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, &credential.Draft{Credential: credential.Credential{Payload: good()}})
	require.ErrorContains(t, err, "can't be read")
	require.Nil(t, raw)
}

// A draft's own status entries are kept beside those of the register.
func TestRegisterAddsToStatus(t *testing.T) {
	gov := signer(t, "gov#1", "gov")
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: fake{}, Signers: []proof.Signer{gov}, Register: &countingRegister{}})
	require.NoError(t, err)
	own := credential.StatusRef{Type: "own", List: "https://list.example/own"}
	d := &credential.Draft{Credential: credential.Credential{ID: "urn:1", Payload: good(), Status: []credential.StatusRef{own}}}
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	u, err := credential.Inspect([]credential.Format{fake{}}, raw)
	require.NoError(t, err)
	require.Len(t, u.Credential.Status, 2)
	require.Len(t, d.Status, 1, "the draft itself is left alone")
}
