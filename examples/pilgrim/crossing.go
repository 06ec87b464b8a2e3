package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/credential/report"
)

// traveller is a card that somebody shows at the border, and what has to come
// of it.
type traveller struct {
	what, file string
	verdict    report.Verdict
	codes      []string // of the reasons: these and no others
	name       string   // of the holder, where valid
}

// why says to a traveller what a code means. [report.Text] says it to the
// officer, and in more languages.
var why = map[string]string{
	"format.malformed":      "it is damaged and can't be read",
	"signature.invalid":     "it was changed after it was signed",
	"issuer.unknown":        "no state vouches for who signed it",
	"issuer.not_authorised": "its signer may not speak for Indonesia",
	"time.expired":          "it has expired",
	"status.revoked":        "the ministry has withdrawn it",
	"trust.stale":           "this post must renew the list first",
	"status.unavailable":    "this post must renew the list first",
}

// cross takes the cards over the border: the pilgrim's own and another state's,
// then those that must not pass, then a good one at posts that have not heard
// from the network for weeks.
func cross(ctx context.Context, t *teller, f files, trustKey string, wrong []traveller) error {
	good := []traveller{
		{what: "Her meningitis code", file: f.path("card.png"), verdict: report.Valid, name: siti.Name},
		{what: "Her yellow fever code", file: f.path("yellow-fever.png"), verdict: report.Valid, name: siti.Name},
		{what: "The card on her phone", file: f.path("card.json"), verdict: report.Valid, name: siti.Name},
		{what: "A pilgrim's from Oman", file: f.path("oman.png"), verdict: report.Valid, name: salim.Name},
	}
	t.chapter("3. On %s the border post checks, with no network: it has only %s", day(arrival), f.path("border"))
	post, err := openBorder(f.trustList(), f.withdrawn(), f.statusList(), trustKey)
	if err != nil {
		return fmt.Errorf("the border post can't open: %w", err)
	}
	if err := post.receive(ctx, t, good...); err != nil {
		return err
	}
	t.chapter("4. What it must not let pass")
	if err := post.receive(ctx, t, wrong...); err != nil {
		return err
	}
	for _, c := range []struct{ trustList, withdrawn, list, code string }{
		{f.oldTrustList(), f.withdrawn(), "states", "trust.stale"},
		{f.trustList(), f.oldWithdrawn(), "withdrawn cards", "status.unavailable"},
	} {
		post, err := openBorder(c.trustList, c.withdrawn, f.statusList(), trustKey)
		if err != nil {
			return fmt.Errorf("the border post with an outdated list can't open: %w", err)
		}
		err = post.receive(ctx, t, traveller{
			what: "Her code, list of " + c.list + " too old", file: f.path("card.png"),
			verdict: report.Inconclusive, codes: []string{c.code},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// receive checks cards. It returns an error for the first verdict that is not
// the one expected.
func (b *border) receive(ctx context.Context, t *teller, cards ...traveller) error {
	for _, c := range cards {
		r, err := b.check(ctx, c.file)
		if err != nil {
			return err
		}
		var codes []string
		for _, reason := range r.Reasons {
			codes = append(codes, reason.Code)
		}
		if r.Verdict != c.verdict || !slices.Equal(codes, c.codes) {
			return fmt.Errorf("%s (%s): %s %v, expected %s %v", c.what, c.file, r.Verdict, codes, c.verdict, c.codes)
		}
		switch r.Verdict {
		case report.Valid:
			if err := expectHolder(r, c.name); err != nil {
				return fmt.Errorf("%s (%s): %w", c.what, c.file, err)
			}
			t.say("   ACCEPTED   %-42s %s, by %s, until %s", c.what, c.name, stateName(r.Territory), day(r.ValidUntil))
			t.counts[0]++
		case report.Refused:
			t.say("   REFUSED    %-42s %s", c.what, why[codes[0]])
			t.counts[1]++
		default:
			t.say("   UNDECIDED  %-42s %s", c.what, why[codes[0]])
			t.counts[2]++
		}
	}
	return nil
}

// expectHolder compares the name in a valid card's claims with that in the
// passport. A ministry keeps to the letter, so nothing may have been tolerated.
func expectHolder(r report.Report, name string) error {
	var claims struct {
		N                 string                // of a health certificate
		CredentialSubject struct{ Name string } // of a W3C credential
	}
	switch err := json.Unmarshal(r.Claims, &claims); {
	case err != nil:
		return errors.New("its claims can't be read")
	case claims.N+claims.CredentialSubject.Name != name:
		return errors.New("it is not in the holder's name")
	case len(r.Tolerated) > 0:
		return fmt.Errorf("it was accepted, but tolerating: %s", strings.Join(r.Tolerated, "; "))
	}
	return nil
}
