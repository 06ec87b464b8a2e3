package report_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// counter reads a presentation of cards of the world's; "other" is one of an issuer
// that nobody lists.
type counter struct{ w *world }

func (counter) Name() string { return "test" }

func (c counter) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	env := *c.w.env
	switch string(raw) {
	case "presentation", "partly":
		holder := proofBy("holder")
		holder.Purpose, holder.Hint.KeyID = proof.Authentication, "holder"
		env = credential.Envelope{Holder: []credential.Proof{holder}, Contents: []credential.Content{{Raw: []byte("card")}, {Raw: []byte("card")}}}
		if string(raw) == "partly" {
			env.Contents[1].Raw = []byte("other")
		}
	case "other":
		env.Proofs = []credential.Proof{proofBy("stranger")}
	}
	return &env, c.w.parseErr
}

func (w *world) present(t testing.TB, raw string, p credential.Policy) (*credential.PresentationResult, error) {
	t.Helper()
	w.entry.Keys = append(w.entry.Keys, proof.Key{
		ID: "holder", Public: keyOf("holder").Public(), Controllers: []string{marker}, Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.Authentication},
	})
	list, err := trustlist.New(w.info, w.entry)
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{counter{w}}, Keys: list, Trust: list, Status: w.status, Schema: w.schema})
	require.NoError(t, err)
	p.Time, p.Binding.Nonce = now, "n-1"
	return v.VerifyPresentation(t.Context(), []byte(raw), p)
}

func TestPresentation(t *testing.T) {
	p := report.NewPresentation(newWorld().present(t, "presentation", credential.Policy{}))
	require.Equal(t, report.Valid, p.Verdict)
	require.Empty(t, p.Reasons)
	require.Zero(t, p.ExitStatus())
	require.Equal(t, []string{marker}, p.Holder)
	require.Len(t, p.Contents, 2)
	for _, c := range p.Contents {
		require.Equal(t, report.Valid, c.Verdict)
		require.Contains(t, string(c.Claims), marker)
		require.Equal(t, "Ministry of Health", c.Authority)
	}

	p = report.NewPresentation(newWorld().present(t, "partly", credential.Policy{}))
	require.Equal(t, report.Refused, p.Verdict)
	require.Equal(t, 1, p.ExitStatus())
	require.NotEmpty(t, p.Reasons)
	require.Equal(t, "content 1 sig-1", p.Reasons[0].Subject)
	require.Len(t, p.Contents, 2)
	require.Nil(t, p.Contents[0], "it passed, and the presentation did not")
	require.Equal(t, report.Refused, p.Contents[1].Verdict)
	require.Empty(t, p.Holder)

	p = report.NewPresentation(newWorld().present(t, "partly", credential.Policy{AllowPartial: true}))
	require.Equal(t, report.Valid, p.Verdict)
	require.Equal(t, report.Valid, p.Contents[0].Verdict)
	require.Equal(t, report.Refused, p.Contents[1].Verdict)
	require.Nil(t, p.Contents[1].Claims)

	w := newWorld()
	w.status = statusFunc(func() (credential.Status, error) { return credential.Status{}, proof.ErrUnavailable })
	p = report.NewPresentation(w.present(t, "presentation", credential.Policy{}))
	require.Equal(t, report.Inconclusive, p.Verdict)
	require.Equal(t, 2, p.ExitStatus())
}

func TestPromiseNoClaimsOfARefusedPresentation(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"malformed": func(w *world) { w.parseErr = credential.ErrFormat },
		"revoked": func(w *world) {
			w.status = statusFunc(func() (credential.Status, error) { return credential.Status{}, credential.ErrRevoked })
		},
		"another's": func(w *world) { w.env.Credential.Subject = "somebody else" },
		"unavailable": func(w *world) {
			w.status = statusFunc(func() (credential.Status, error) { return credential.Status{}, proof.ErrUnavailable })
		},
	} {
		w := newWorld()
		spoil(w)
		p := report.NewPresentation(w.present(t, "presentation", credential.Policy{}))
		require.NotEqual(t, report.Valid, p.Verdict, name)
		require.NotEmpty(t, p.Reasons, name)
		b, err := json.Marshal(p)
		require.NoError(t, err)
		require.NotContains(t, string(b), marker, name)
	}
}

func TestPromiseNoOtherPresentationIsValid(t *testing.T) {
	good, err := newWorld().present(t, "presentation", credential.Policy{})
	require.NoError(t, err)
	unproven := *good
	unproven.Results = []*credential.Result{good.Results[0], {Credential: good.Results[0].Credential}}
	uneven := *good
	uneven.Errs = uneven.Errs[:1]
	missing := *good
	missing.Results = []*credential.Result{good.Results[0], nil}
	bare := *good
	bare.Checks = nil
	for name, c := range map[string]struct {
		r   *credential.PresentationResult
		err error
	}{
		"nothing": {}, "empty": {&credential.PresentationResult{}, nil}, "an error beside a result": {good, errors.New(marker)},
		"a nil error of the verifier's": {good, (*credential.Error)(nil)}, "an error without checks": {nil, &credential.Error{}},
		"a content without checks": {&unproven, nil}, "fewer errors than results": {&uneven, nil}, "a content missing": {&missing, nil}, "no checks": {&bare, nil},
		"an error without checks and contents": {nil, &credential.Error{Contents: []error{nil}}},
	} {
		p := report.NewPresentation(c.r, c.err)
		require.Equal(t, report.Inconclusive, p.Verdict, name)
		require.NotEmpty(t, p.Reasons, name)
		b, err := json.Marshal(p)
		require.NoError(t, err)
		require.NotContains(t, string(b), marker, name)
	}
}
