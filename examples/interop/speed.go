package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// rounds is how often the two sides take turns where they are timed, so that what
// else the machine does falls on both.
const rounds = 5

// timed is one operation that both sides do, on the same document.
type timed struct {
	suite, op string
	ours      func() error
	args      object // the peer's
	runs      int    // in each round
}

// speeds prints how long both sides take over the same credential: to derive
// from it, and to verify what was derived. Contexts, keys and documents are in
// memory on both sides. The peer tries the one cryptosuite that the proof has; we
// look the issuer up in a trust list besides.
func speeds(w *world) error {
	for _, s := range selectives {
		if s.style.v1 {
			continue
		}
		by, err := w.signer(s.curve)
		if err != nil {
			return err
		}
		raw, err := w.issueSelective(s, card(by.Key().Controllers[0]), []string{"/issuer"}, by)
		if err != nil {
			return err
		}
		held := secret{s, raw, []string{"/credentialSubject/familyName", "/credentialSubject/vaccine"}}
		shown, err := w.derive(held)
		if err != nil {
			return err
		}
		v, err := w.verifier(nil)
		if err != nil {
			return err
		}
		runs := 20
		if s.name == dataintegrity.BBS2023 { // takes the peer half a second
			runs = 1
		}
		derive := func() error { _, err := w.derive(held); return err }
		verify := func() error { _, err := v.Verify(w, shown, credential.Policy{Time: now}); return err }
		for _, t := range []timed{
			{s.name, "derive", derive, held.args(), runs},
			{s.name, "verify", verify, object{"credential": shown, "now": now, "names": []string{s.name}}, runs},
		} {
			if err := w.speed(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// speed prints the medians of what one run takes, and how often ours fits into
// the peer's. A first round, which warms both up, is not counted.
func (w *world) speed(t timed) error {
	var ours, theirs []float64
	t.args["op"], t.args["times"] = t.op, t.runs
	for round := range 1 + rounds {
		var own, peer []float64
		for range t.runs {
			start := time.Now()
			if err := t.ours(); err != nil {
				return err
			}
			own = append(own, time.Since(start).Seconds()*1000)
		}
		if err := w.call("time", t.args, &peer); err != nil {
			return err
		}
		if round > 0 {
			ours, theirs = append(ours, own...), append(theirs, peer...)
		}
	}
	a, b := median(ours), median(theirs)
	fmt.Fprintf(w.tally.out, "speed: %s %s ours %.2f ms (fastest %.2f), peer %.2f ms (fastest %.2f), %.1f times\n",
		t.suite, t.op, a, slices.Min(ours), b, slices.Min(theirs), b/a)
	return nil
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// card is a credential as health credentials are, of about 25 statements.
func card(issuer string) object {
	return object{
		"@context": []any{w3c.Context, undefinedTerms}, "id": "urn:uuid:5f6a4b9e-9a1e-4a0e-9f6e-0d7a6f0c2b11",
		"type": []any{w3c.Type, "VaccinationCertificate"}, "issuer": issuer, "validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-08-01T00:00:00Z",
		"credentialSubject": object{
			"id": "did:example:pilgrim", "givenName": "Amina", "familyName": "Example", "birthDate": "1970-01-01", "passport": "X1234567",
			"batch": "1183738569", "centre": "Puskesmas Kebayoran Baru", "country": "ID", "date": "2026-04-01", "order": "2/2",
			"vaccine":   object{"type": "Vaccine", "disease": "Meningococcal meningitis ACWY", "atcCode": "J07AH08", "product": "Menveo"},
			"recipient": object{"type": "Recipient", "gender": "Female", "nationality": "ID"},
		},
	}
}
