// Package schema checks the content of credentials: whether what was signed is
// what such a certificate has to say, and says it in the form agreed on.
//
// Health knows health certificates: the EU DCC in all its versions, and the
// international certificate of vaccination or prophylaxis. Its rules are Go, not
// a schema language, so that a check takes well under a microsecond. It is a
// credential.SchemaChecker, for both sides:
//
//	credential.Config{Schema: schema.Health{}, …}             // a verifier
//	credential.IssuerConfig{Schema: schema.Health{Strict: true}, …}
//
// A verifier accepts what the network's own test data call valid; an issuer
// should keep to the letter. Contents without rules here (health links, the WHO
// DDCC, any other format) pass: there is nothing to hold them against.
//
// Errors name the member and what is wrong with it, "dcc: v/0/dn: missing", wrap
// credential.ErrSchema, and hold no values.
//
// ValueSet has the names behind the codes, for showing "Comirnaty" instead of
// "EU/1/20/1528".
package schema

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
)

// Health checks health certificates. The zero value is for verifiers. It is
// safe for concurrent use.
type Health struct {
	// Strict holds a certificate to the letter of its version's schema, where
	// the zero value also accepts what issuers in the field got wrong; see
	// [CheckDCC] and [CheckICVP].
	Strict bool
	// ValueSets refuses codes that are not in the value sets of this package.
	// The schemas only recommend them, and they grow: a verifier that sets this
	// refuses certificates that are newer than its value sets.
	ValueSets bool
}

// CheckSchema checks the DCC and the ICVP of a health certificate, and returns
// nil for any other payload or content. Beyond [CheckDCC] and [CheckICVP] it
// refuses a person who was born, or an ICVP's dose that was given, after the
// certificate was signed; a day's difference is put down to time zones.
func (h Health) CheckSchema(_ context.Context, c *credential.Credential) error {
	p, ok := c.Payload.(*hcert.Payload)
	if !ok {
		return nil
	}
	dcc, err := p.DCC()
	if err != nil {
		return fmt.Errorf("%w: %w", credential.ErrSchema, err)
	}
	icvp, err := p.ICVP()
	if err != nil {
		return fmt.Errorf("%w: %w", credential.ErrSchema, err)
	}
	if dcc != nil {
		if err := h.dcc(dcc, c.Signed); err != nil {
			return err
		}
	}
	if icvp != nil {
		return h.icvp(icvp, c.Signed)
	}
	return nil
}

// CheckDCC checks an EU Digital COVID Certificate by the JSON schema of the
// version it states (eu-dcc-schema, 1.0.0 to 1.3.3; a later version by the rules
// of 1.3.3), plus one rule of the specification: it is about one vaccination,
// test or recovery. Before 1.3.0 the one may be an array of several.
//
// These deviations are accepted, because verifiers of the network accept them:
//   - a date with a time behind it where the schema wants a date;
//   - a name that has only the standard form of the forename, as 1.3.2 allows;
//   - before 1.3.0, texts beyond 50 characters, standard names with other
//     characters than A to Z and "<", a country without a capital letter, and a
//     birth date that is only a year or a month.
//
// Where Health.Strict refuses those, it still differs from the schemas as a
// validator reads them. It reads null as absent, allows the zones +02 and +0200,
// which the schema's own examples have, and takes a second 60 on trust. It is
// stricter in that the dots of the version are dots; that a code, issuer,
// identifier or standard surname that is required is not empty; that one of v, t
// and r is there in every version; and that dr, if present, is text.
func CheckDCC(d *hcert.DCC) error { return Health{}.dcc(d, time.Time{}) }

// CheckICVP checks an international certificate of vaccination or prophylaxis by
// WHO's guide (smart-icvp 0.3.0, logical model ICVPMin and its requirements) as
// far as certificates in circulation follow it: name, birth date, and for each
// vaccination product, date, batch, and a clinician or an issuer; dates in their
// form and order. Health.Strict also wants sex, nationality, complete dates,
// exactly one vaccination (REQ-CC-03) and, in the layout of 2026, the date of
// issue.
func CheckICVP(c *hcert.ICVP) error { return Health{}.icvp(c, time.Time{}) }

// check is one certificate under check. Its rules return true when they found a
// fault, and leave it here, so that a valid certificate costs no allocation.
type check struct {
	Health
	version
	member, problem string
}

const missing = "missing"

func (c *check) fail(member, problem string) bool {
	c.member, c.problem = member, problem
	return true
}

func (c *check) err(doc, path string) error {
	return fmt.Errorf("%s: %s%s: %s: %w", doc, path, c.member, c.problem, credential.ErrSchema)
}

func element(group string, i int) string { return group + "/" + strconv.Itoa(i) + "/" }

// code is a required code.
func (c *check) code(member, s, set string) bool {
	if s == "" {
		return c.fail(member, "missing or empty")
	}
	return c.inSet(member, s, set)
}

func (c *check) inSet(member, s, set string) bool {
	if c.ValueSets && !ValueSet(set).Has(s) {
		return c.fail(member, "not in the value set "+set)
	}
	return false
}

// day is a date in a member; strict ones have no time.
func (c *check) day(member, s string) bool {
	switch {
	case s == "":
		return c.fail(member, missing)
	case c.Strict && !date(s):
		return c.fail(member, "not a date YYYY-MM-DD")
	case !dated(s):
		return c.fail(member, "not a date")
	}
	return false
}

// signedBefore is whether the certificate was signed before the day that s
// begins with, by more than a day.
func signedBefore(signed time.Time, s string) bool {
	if signed.IsZero() {
		return false
	}
	y, m, d := signed.UTC().AddDate(0, 0, 1).Date()
	return after(s, y, int(m), d)
}
