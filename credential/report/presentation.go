package report

import (
	"errors"
	"slices"

	"github.com/sanad-credentials/sanad/credential"
)

// Presentation is one verification of a presentation: of what is around its
// contents, and of each of them.
type Presentation struct {
	V       int     `json:"v"` // [Version]
	Verdict Verdict `json:"verdict"`
	// Reasons is empty if and only if the verdict is Valid. Those of a content
	// have a subject that begins with "content" and its position, from 0.
	Reasons []Reason `json:"reasons"`
	Format  string   `json:"format,omitempty"` // of what is around the contents
	// Holder are the names of the keys that signed the presentation as a whole;
	// only where Verdict is Valid.
	Holder    []string `json:"holder,omitempty"`
	Tolerated []string `json:"tolerated,omitempty"`
	Checks    []Check  `json:"checks"`
	// Contents are the reports of the contents, by position: nil for one that
	// passed where the presentation did not, which is told no more of.
	Contents []*Report `json:"contents"`
}

// NewPresentation makes the report of what
// [credential.Verifier.VerifyPresentation] returned. What [New] does with an error
// holds here too. Under Policy.AllowPartial contents may be refused in a
// presentation that is Valid.
func NewPresentation(r *credential.PresentationResult, err error) Presentation {
	var e *credential.Error
	switch {
	case errors.As(err, &e) && e != nil:
		p := around(e.Checks)
		for _, content := range e.Contents {
			var one *Report
			if content != nil {
				c := New(nil, content)
				one = &c
			}
			p.Contents = append(p.Contents, one)
		}
		if len(p.Reasons) > 0 {
			return p
		}
	case err == nil && r != nil && len(r.Results) == len(r.Errs) && len(r.Results)+len(r.Holder) > 0 && readWell(r.Checks):
		return presented(r)
	}
	return around([]credential.Check{{Name: "verification", Outcome: credential.Inconclusive, Err: errNoAnswer}})
}

// presented is the only maker of valid reports of presentations.
func presented(r *credential.PresentationResult) Presentation {
	p := around(r.Checks)
	if len(p.Reasons) > 0 {
		return p
	}
	p.Verdict = Valid
	for i, res := range r.Results {
		c := New(res, r.Errs[i])
		p.Contents = append(p.Contents, &c)
		if r.Errs[i] == nil && c.Verdict != Valid {
			p.Verdict, p.Reasons = c.Verdict, append(p.Reasons, c.Reasons...)
		}
	}
	if p.Verdict != Valid {
		for _, c := range p.Contents {
			c.Claims = nil
		}
		return p
	}
	for _, k := range r.Holder {
		name := k.ID
		if len(k.Controllers) > 0 {
			name = k.Controllers[0]
		}
		p.Holder = append(p.Holder, short(name))
	}
	return p
}

func around(checks []credential.Check) Presentation {
	p := begin(checks)
	return Presentation{V: p.V, Verdict: p.Verdict, Reasons: p.Reasons, Format: p.Format, Tolerated: p.Tolerated, Checks: p.Checks, Contents: []*Report{}}
}

// readWell reports whether the checks are those of a verification: a result put
// together by hand has none.
func readWell(checks []credential.Check) bool {
	return slices.ContainsFunc(checks, func(c credential.Check) bool {
		return c.Name == credential.CheckFormat && c.Outcome == credential.Passed
	})
}

// ExitStatus is as [Report.ExitStatus].
func (p Presentation) ExitStatus() int { return Report{Verdict: p.Verdict}.ExitStatus() }
