package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/sanad-credentials/sanad/credential/report"
)

// named is a report with the name of what it is about.
type named struct {
	ID any `json:"id"`
	report.Report
}

// verdict is a report of either kind.
type verdict interface {
	ExitStatus() int
	// named is its JSON form, with an id unless that is nil.
	named(id any) any
	human(w io.Writer, lang string) error
}

type credentialVerdict struct{ report.Report }

func (r credentialVerdict) named(id any) any {
	if id == nil {
		return r.Report
	}
	return named{id, r.Report}
}

func (r credentialVerdict) human(w io.Writer, lang string) error { return human(w, r.Report, lang) }

type presentationVerdict struct{ report.Presentation }

func (r presentationVerdict) named(id any) any {
	if id == nil {
		return r.Presentation
	}
	return struct {
		ID any `json:"id"`
		report.Presentation
	}{id, r.Presentation}
}

// human writes what is around the contents, and then each of them.
func (r presentationVerdict) human(w io.Writer, lang string) error {
	p := r.Presentation
	var b strings.Builder
	err := human(&b, report.Report{Verdict: p.Verdict, Format: strings.TrimSpace(p.Format + " presentation"), Reasons: p.Reasons, Tolerated: p.Tolerated, Checks: p.Checks}, lang)
	if err != nil {
		return err
	}
	for i, c := range p.Contents {
		if c == nil {
			fmt.Fprintf(&b, "content %d: passed\n", i)
			continue
		}
		fmt.Fprintf(&b, "content %d: ", i)
		if err := human(&b, *c, lang); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func writeIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printable keeps what a credential says from steering the terminal: control
// and formatting characters, such as those that turn the direction of writing,
// become "·".
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// human writes a report for people.
func human(w io.Writer, r report.Report, lang string) error {
	var b strings.Builder
	b.WriteString(strings.ToUpper(string(r.Verdict)))
	if r.Format != "" {
		b.WriteString("  " + printable(r.Format))
	}
	b.WriteByte('\n')
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", name, printable(value))
		}
	}
	field("issued by", issuedBy(r))
	field("type", strings.Join(r.Types, ", "))
	field("valid from", day(r.ValidFrom))
	field("valid until", day(r.ValidUntil))
	field("trust as of", day(r.TrustAsOf))
	field("status as of", day(r.StatusAsOf))
	for _, reason := range r.Reasons {
		code := reason.Code
		if reason.Subject != "" {
			code += " (" + reason.Subject + ")"
		}
		field("reason", code)
		fmt.Fprintf(&b, "  %-12s %s\n", "", report.Text(reason.Code, lang))
	}
	for _, c := range r.Checks {
		switch c.Outcome {
		case "failed", "inconclusive":
			field(c.Name, c.Detail)
		case "not run":
			field("not checked", c.Name+": "+c.Detail)
		}
	}
	for _, note := range r.Tolerated {
		field("tolerated", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func issuedBy(r report.Report) string {
	s := r.Authority
	if s == "" {
		s = r.Issuer
	} else if r.Issuer != "" && r.Issuer != s {
		s += ", as " + r.Issuer
	}
	if r.Territory != "" && r.Territory != r.Issuer && r.Territory != s {
		s += " (" + r.Territory + ")"
	}
	return s
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// brief is a report in one line.
func brief(r report.Report) string {
	parts := []string{string(r.Verdict)}
	for _, reason := range r.Reasons {
		parts = append(parts, reason.Code)
	}
	if r.Verdict == report.Valid {
		parts = append(parts, strings.Join(r.Types, ","), issuedBy(r))
		if !r.ValidUntil.IsZero() {
			parts = append(parts, "until "+day(r.ValidUntil))
		}
	}
	return printable(strings.Join(parts, "  "))
}
