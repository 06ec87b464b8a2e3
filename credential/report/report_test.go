package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func encode(t *testing.T, p report.Report) string {
	t.Helper()
	b, err := json.MarshalIndent(p, "", "  ")
	require.NoError(t, err)
	return string(b)
}

func codesOf(p report.Report) []string {
	var out []string
	for _, r := range p.Reasons {
		out = append(out, r.Code)
	}
	return out
}

func TestEveryWayToACode(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.code+"/"+c.name, func(t *testing.T) {
			r, err := c.run(t)
			require.Error(t, err)
			p := report.New(r, err)
			require.Contains(t, codesOf(p), c.code)
			require.Equal(t, c.verdict, string(p.Verdict))
			if c.checks == nil {
				require.Equal(t, c.verdict == "inconclusive", errors.Is(err, credential.ErrInconclusive))
			}
			if c.code != "issuer.mismatch" { // which is also not authorised, and its status not looked up
				require.Len(t, p.Reasons, 1)
			}
		})
	}
}

// TestGolden holds the report of one example for each code, and the closed
// list of codes with that example's check and the English text.
func TestGolden(t *testing.T) {
	var codes, reports bytes.Buffer
	for _, code := range report.Codes() {
		i := slices.IndexFunc(cases(), func(c spoiled) bool { return c.code == code })
		require.GreaterOrEqual(t, i, 0, "no way to %s", code)
		p := report.New(cases()[i].run(t))
		fmt.Fprintf(&reports, "== %s\n%s\n", code, encode(t, p))

		at := slices.IndexFunc(p.Reasons, func(r report.Reason) bool { return r.Code == code })
		subject := p.Reasons[at].Subject
		at = slices.IndexFunc(p.Checks, func(k report.Check) bool {
			return k.Subject == subject && (k.Outcome == "failed" || k.Outcome == "inconclusive") &&
				(code != "issuer.mismatch" || k.Name == "issuer")
		})
		k := p.Checks[at]
		fmt.Fprintf(&codes, "%s\n  check: %s %q %s: %s\n  text:  %s\n", code, k.Name, k.Subject, k.Outcome, k.Detail, report.Text(code, "en"))
	}
	golden(t, "codes.golden", codes.Bytes())
	golden(t, "reports.golden", reports.Bytes())
}

func TestValid(t *testing.T) {
	p := report.New(newWorld().verify(t))
	golden(t, "valid.golden", []byte(encode(t, p)+"\n"))
	require.Equal(t, 0, p.ExitStatus())

	var back report.Report
	require.NoError(t, json.Unmarshal([]byte(encode(t, p)), &back))
	require.Equal(t, encode(t, p), encode(t, back))
}

func TestExitStatus(t *testing.T) {
	for _, c := range cases() {
		want := map[string]int{"refused": 1, "inconclusive": 2}[c.verdict]
		require.Equal(t, want, report.New(c.run(t)).ExitStatus(), c.name)
	}
	require.Equal(t, 2, report.Report{}.ExitStatus())
}

func TestPromiseNoClaimsUnlessValid(t *testing.T) {
	require.Contains(t, string(report.New(newWorld().verify(t)).Claims), marker)
	for _, c := range cases() {
		p := report.New(c.run(t))
		require.NotContains(t, encode(t, p), marker, c.name)
		require.Nil(t, p.Claims)
	}
	// Nor in what surrounds the claims of a valid one.
	p := report.New(newWorld().verify(t))
	p.Claims = nil
	require.NotContains(t, encode(t, p), marker)
	// The text of an error that is not the verifier's is nobody's promise.
	require.NotContains(t, encode(t, report.New(nil, errors.New(marker))), marker)
}

func TestPromiseNothingElseIsValid(t *testing.T) {
	good, err := newWorld().verify(t)
	require.NoError(t, err)
	failed := *good
	failed.Checks = append(slices.Clone(good.Checks), credential.Check{Name: credential.CheckTime, Outcome: credential.Failed})
	open := *good
	open.Checks = append(slices.Clone(good.Checks), credential.Check{Name: "new", Outcome: credential.Inconclusive})
	var none *credential.Error

	for name, c := range map[string]struct {
		r    *credential.Result
		err  error
		want report.Verdict
	}{
		"neither":               {nil, nil, report.Inconclusive},
		"plain error":           {nil, context.Canceled, report.Inconclusive},
		"result and error":      {good, errors.New("late"), report.Inconclusive},
		"result and refusal":    {good, &credential.Error{Checks: failed.Checks}, report.Refused},
		"wrapped refusal":       {nil, fmt.Errorf("line 7: %w", &credential.Error{Checks: failed.Checks}), report.Refused},
		"typed nil":             {good, none, report.Inconclusive},
		"error without checks":  {nil, &credential.Error{}, report.Inconclusive},
		"empty result":          {&credential.Result{}, nil, report.Inconclusive},
		"no checks":             {&credential.Result{Credential: good.Credential}, nil, report.Inconclusive},
		"failed check":          {&failed, nil, report.Refused},
		"check of unknown name": {&open, nil, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			p := report.New(c.r, c.err)
			require.Equal(t, c.want, p.Verdict)
			require.NotEmpty(t, p.Reasons)
			require.Nil(t, p.Claims)
			for _, r := range p.Reasons {
				require.Contains(t, report.Codes(), r.Code)
			}
		})
	}
}

func TestIssuerOnlyOnceSigned(t *testing.T) {
	for _, c := range cases() {
		p := report.New(c.run(t))
		_, err := c.run(t)
		var e *credential.Error
		require.ErrorAs(t, err, &e)
		if len(e.Signatories) == 0 {
			require.Empty(t, p.Issuer+p.Authority+p.Territory+strings.Join(p.Types, ""), c.name)
			require.True(t, p.ValidFrom.IsZero() && p.ValidUntil.IsZero() && p.TrustAsOf.IsZero(), c.name)
		} else {
			require.NotEmpty(t, p.Issuer, c.name)
			require.NotEmpty(t, p.Types, c.name)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Run("times beyond RFC 3339", func(t *testing.T) {
		w := newWorld()
		w.env.Credential.ValidFrom = time.Unix(math.MinInt32*1000, 0)
		w.env.Credential.ValidUntil = time.Unix(math.MaxInt32*1000, 0)
		p := report.New(w.verify(t))
		require.Equal(t, report.Valid, p.Verdict)
		require.Contains(t, encode(t, p), `"validUntil": "9999-12-31T23:59:59Z"`)
		require.NotContains(t, encode(t, p), `"validFrom": "-`)

		w.env.Credential.ValidFrom = time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
		require.Contains(t, encode(t, report.New(w.verify(t))), `"validFrom": "0000-01-01T00:00:00Z"`)
	})
	t.Run("long and malformed texts", func(t *testing.T) {
		w := newWorld()
		w.env.Credential.Types = []string{strings.Repeat("ش\xff", 4000)}
		p := report.New(w.verify(t))
		require.Equal(t, report.Refused, p.Verdict)
		for _, c := range p.Checks {
			require.LessOrEqual(t, len(c.Detail), limits.ReportText+len("…"))
		}
		require.True(t, json.Valid([]byte(encode(t, p))))
	})
	t.Run("claims without a JSON form", func(t *testing.T) {
		w := newWorld()
		w.env.Credential.Payload = map[string]any{"x": math.NaN()}
		p := report.New(w.verify(t))
		require.Equal(t, report.Refused, p.Verdict)
		require.Equal(t, []report.Reason{{Code: "format.malformed", Subject: "claims"}}, p.Reasons)
	})
	t.Run("no claims at all", func(t *testing.T) {
		w := newWorld()
		w.env.Credential.Payload = nil
		p := report.New(w.verify(t))
		require.Equal(t, report.Valid, p.Verdict)
		require.NotContains(t, encode(t, p), `"claims"`)
	})
}

func TestReasons(t *testing.T) {
	err := &credential.Error{Checks: []credential.Check{
		{Name: credential.CheckStatus, Subject: "a", Outcome: credential.Inconclusive, Err: proof.ErrUnavailable},
		{Name: credential.CheckProof, Subject: "sig-1", Outcome: credential.Failed, Err: credential.ErrSignature},
		{Name: credential.CheckProof, Subject: "sig-1", Outcome: credential.Failed, Err: proof.ErrMismatch},
		{Name: credential.CheckProof, Subject: "sig-2", Outcome: credential.Failed},
		{Name: credential.CheckTime, Outcome: credential.Tolerated, Err: credential.ErrNoExpiry},
		{Name: credential.CheckSchema, Outcome: credential.NotRun},
	}}
	p := report.New(nil, err)
	require.Equal(t, []report.Reason{
		{Code: "signature.invalid", Subject: "sig-1"}, {Code: "signature.invalid", Subject: "sig-2"}, {Code: "status.unavailable", Subject: "a"},
	}, p.Reasons, "refusals first, the same reason once")
	require.Equal(t, []string{"states no expiry"}, p.Tolerated)
	require.Len(t, p.Checks, 6)
}

func TestSeveralSignatories(t *testing.T) {
	r, err := newWorld().verify(t)
	require.NoError(t, err)
	other := trustlist.Entry{Authority: "Notary", Territory: "MY", Names: []string{"MY"}, ListIssued: now.AddDate(0, -1, 0)}
	r.Signatories = []credential.Signatory{{Authority: &other}, {}, r.Signatories[0]}
	r.Status = append(r.Status, credential.Status{AsOf: now})
	p := report.New(r, nil)
	require.Equal(t, "Ministry of Health", p.Authority, "that of the issuer named, not of a co-signer")
	require.Equal(t, other.ListIssued, p.TrustAsOf, "the oldest")
	require.Equal(t, now.Add(-2*time.Hour), p.StatusAsOf)

	r.Status = append(r.Status, credential.Status{})
	r.Credential.Issuers = nil
	r.Signatories[0].Issuer = "MY"
	p = report.New(r, nil)
	require.True(t, p.StatusAsOf.IsZero(), "one does not say")
	require.Equal(t, "MY", p.Issuer, "where the credential has no name, the signature's")
}
