package report

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// designed is the list in the design, in its order, and what was added to it.
var designed = []string{
	"format.unknown", "format.malformed", "format.part", "signature.invalid",
	"issuer.unknown", "issuer.expired", "issuer.not_authorised", "issuer.mismatch", "issuer.unavailable",
	"trust.stale", "time.expired", "time.not_yet",
	"status.revoked", "status.suspended", "status.unavailable", "status.stale",
	"schema.invalid", "schema.unavailable", "holder.missing", "holder.mismatch",
	"policy.type", "policy.issuer", "policy.cosigner", "clock.wrong",
}

func TestCodesAreClosed(t *testing.T) {
	require.Equal(t, designed, Codes())
	used := map[string]bool{}
	for _, r := range rules {
		require.Contains(t, designed, r.code)
		used[r.code] = true
	}
	require.Len(t, used, len(designed), "every code has a rule")
}

func TestEveryCheckHasACode(t *testing.T) {
	names := []credential.CheckName{
		credential.CheckFormat, credential.CheckPolicy, credential.CheckProof, credential.CheckTrust, credential.CheckIssuer,
		credential.CheckTime, credential.CheckStatus, credential.CheckSchema, checkHolder, "", "of a later version",
	}
	errs := []error{
		nil, credential.ErrFormat, credential.ErrOtherFormat, credential.ErrPart, credential.ErrSignature, credential.ErrIssuer,
		credential.ErrUntrusted, credential.ErrTime, credential.ErrExpired, credential.ErrNotYet, credential.ErrRevoked,
		credential.ErrSuspended, credential.ErrSchema, credential.ErrHolder, credential.ErrPolicy, credential.ErrStale,
		credential.ErrClock, credential.ErrNoData, proof.ErrUnavailable, proof.ErrMismatch, proof.ErrKey,
		trustlist.ErrExpired, trustlist.ErrNotGranted, trustlist.ErrNotListed, trustlist.ErrStale, context.Canceled,
	}
	for _, name := range names {
		if i := slices.IndexFunc(rules, func(r rule) bool { return r.check == name }); i >= 0 {
			last := i
			for last+1 < len(rules) && rules[last+1].check == name {
				last++
			}
			require.True(t, rules[last].when(credential.Check{}) || name == checkHolder, "%s: the last rule fits always", name)
		}
		for _, err := range errs {
			for _, o := range []credential.Outcome{credential.Failed, credential.Inconclusive} {
				for _, subject := range []string{"", "issuer", "type", "cosigner", "sig-1"} {
					require.Contains(t, designed, codeOf(credential.Check{Name: name, Subject: subject, Outcome: o, Err: err}))
				}
			}
		}
	}
}

func TestTexts(t *testing.T) {
	seen := map[string]string{}
	for _, code := range Codes() {
		for _, lang := range Languages() {
			text := Text(code, lang)
			require.NotEmpty(t, text, "%s in %s", code, lang)
			require.Equal(t, strings.TrimSpace(text), text)
			require.NotContains(t, text, code, "plain words")
			require.Empty(t, seen[text], "%s and %s say the same in %s", code, seen[text], lang)
			seen[text] = code
			stop := "."
			if lang == "ur" {
				stop = "۔"
			}
			require.Equal(t, 2, strings.Count(text, stop), "what is wrong, and what to do: %s", text)
			require.True(t, strings.HasSuffix(text, stop))
		}
	}
}

func TestTextsAreInTheirScript(t *testing.T) {
	for _, code := range Codes() {
		for _, lang := range Languages() {
			arabic := lang == "ar" || lang == "ur"
			for _, r := range Text(code, lang) {
				if unicode.IsLetter(r) {
					require.Equal(t, arabic, unicode.Is(unicode.Arabic, r), "%s in %s: %q", code, lang, r)
				}
			}
		}
		// The letters in which the two languages differ: Arabic kaf and yeh
		// would show that Urdu was typed on an Arabic keyboard.
		require.NotContains(t, Text(code, "ur"), "ك")
		require.NotContains(t, Text(code, "ur"), "ي")
		require.Equal(t, -1, strings.IndexAny(Text(code, "ar"), "ٹڈڑگچپکیںےہۂ۔"), code)
	}
}

func TestTextsFileHasNothingElse(t *testing.T) {
	var all []map[string]string
	d := json.NewDecoder(strings.NewReader(string(textsJSON)))
	require.NoError(t, d.Decode(&all))
	require.False(t, d.More())
	for _, m := range all {
		require.Len(t, m, 1+len(languages), m["code"])
	}
}

func TestTextLanguages(t *testing.T) {
	require.Equal(t, Text("time.expired", "ar"), Text("time.expired", "ar-SA"))
	require.Equal(t, Text("time.expired", "ur"), Text("time.expired", "UR"))
	require.Equal(t, Text("time.expired", "en"), Text("time.expired", "tlh"))
	require.Equal(t, Text("time.expired", "en"), Text("time.expired", "code"), "the file's own member is no language")
	require.Equal(t, Text("time.expired", "en"), Text("time.expired", ""))
	require.Empty(t, Text("no.such", "en"))

	Languages()[0], Codes()[0] = "xx", "xx"
	require.Equal(t, "en", Languages()[0])
	require.Equal(t, designed, Codes())
}
