package schema

import (
	"time"

	"github.com/sanad-credentials/sanad/credential/hcert"
)

// Value sets of the DCC, by the names of the EU's value set service.
const (
	setDisease     = "disease-agent-targeted"
	setProphylaxis = "sct-vaccines-covid-19"
	setProduct     = "vaccines-covid-19-names"
	setHolder      = "vaccines-covid-19-auth-holders"
	setTestType    = "covid-19-lab-test-type"
	setTestResult  = "covid-19-lab-result"
	setCountry     = "country-2-codes"
)

// version is what of the rules depends on the version stated.
type version struct {
	first    bool // 1.0: a complete birth date
	old      bool // before 1.3: 50 characters, several entries, up to 9 doses
	forename bool // from 1.3.2: a standard forename can stand alone
}

// parseVersion reads three numbers with dots between. Larger ones than any
// version will have are cut short.
func parseVersion(s string) (version, bool) {
	var n [3]int
	part, digits := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n[part] = min(n[part]*10+int(c-'0'), 1_000_000)
			digits++
		case c == '.' && digits > 0 && part < 2:
			part, digits = part+1, 0
		default:
			return version{}, false
		}
	}
	if part != 2 || digits == 0 {
		return version{}, false
	}
	minor, patch := n[1], n[2]
	if n[0] > 1 { // follows all of 1.x
		minor, patch = 1_000_000, 0
	} else if n[0] < 1 { // precedes it
		minor, patch = 0, 0
	}
	return version{
		first:    minor == 0,
		old:      minor < 3,
		forename: minor > 3 || minor == 3 && patch >= 2,
	}, true
}

func (h Health) dcc(d *hcert.DCC, signed time.Time) error {
	c := check{Health: h}
	if c.header(d, signed) {
		return c.err("dcc", "")
	}
	if c.name(&d.Name) {
		return c.err("dcc", "nam/")
	}
	for i := range d.Vaccinations {
		if c.vaccination(&d.Vaccinations[i]) {
			return c.err("dcc", element("v", i))
		}
	}
	for i := range d.Tests {
		if c.test(&d.Tests[i]) {
			return c.err("dcc", element("t", i))
		}
	}
	for i := range d.Recoveries {
		if c.recovery(&d.Recoveries[i]) {
			return c.err("dcc", element("r", i))
		}
	}
	return nil
}

func (c *check) header(d *hcert.DCC, signed time.Time) bool {
	v, ok := parseVersion(d.Version)
	switch {
	case d.Version == "":
		return c.fail("ver", missing)
	case !ok:
		return c.fail("ver", "not three numbers with dots between")
	}
	c.version = v
	return c.born(d.DateOfBirth) ||
		signedBefore(signed, *d.DateOfBirth) && c.fail("dob", "after the certificate was signed") ||
		c.groups(d)
}

// born checks the date of birth, which since 1.3.0 may be empty.
func (c *check) born(dob *string) bool {
	switch {
	case dob == nil:
		return c.fail("dob", missing)
	case *dob == "" && !c.old, birth(*dob) && !(c.Strict && c.first):
		return false
	case c.Strict && c.first && century(*dob) && date(*dob):
		return false
	case !c.Strict && len(*dob) > 10 && century(*dob) && dated(*dob):
		return false
	}
	return c.fail("dob", "not a date of 1900 to 2099")
}

// groups wants one of v, t and r, with one entry. Null reads as absent.
func (c *check) groups(d *hcert.DCC) bool {
	n := 0
	for _, g := range [...]struct {
		name  string
		there bool
		size  int
	}{
		{"v", d.Vaccinations != nil, len(d.Vaccinations)},
		{"t", d.Tests != nil, len(d.Tests)},
		{"r", d.Recoveries != nil, len(d.Recoveries)},
	} {
		switch {
		case !g.there:
			continue
		case g.size == 0:
			return c.fail(g.name, "empty")
		case g.size > 1 && !c.old:
			return c.fail(g.name, "more than one entry")
		}
		n++
	}
	switch {
	case n == 0:
		return c.fail("v, t, r", "all missing")
	case n > 1:
		return c.fail("v, t, r", "more than one of them")
	}
	return false
}

func (c *check) name(n *hcert.Name) bool {
	switch {
	case n.StandardSurname == "" && n.StandardForename == "":
		return c.fail("fnt", "missing or empty, as is gnt")
	case n.StandardSurname == "" && c.Strict && !c.forename:
		return c.fail("fnt", "missing or empty")
	}
	return c.length("fn", n.Surname) || c.length("gn", n.Forename) ||
		c.standard("fnt", n.StandardSurname) || c.standard("gnt", n.StandardForename)
}

func (c *check) standard(member, s string) bool {
	if (c.Strict || !c.old) && !machineReadable(s) {
		return c.fail(member, "characters other than A to Z and <")
	}
	return c.length(member, s)
}

func (c *check) length(member, s string) bool {
	switch {
	case c.old && c.Strict && longer(s, 50):
		return c.fail(member, "longer than 50 characters")
	case !c.old && longer(s, 80):
		return c.fail(member, "longer than 80 characters")
	}
	return false
}

func (c *check) vaccination(v *hcert.Vaccination) bool {
	return c.code("tg", v.Disease, setDisease) ||
		c.code("vp", v.Prophylaxis, setProphylaxis) ||
		c.code("mp", v.Product, setProduct) ||
		c.code("ma", v.Holder, setHolder) ||
		c.dose("dn", v.Dose) ||
		c.dose("sd", v.Series) ||
		c.day("dt", v.Date) ||
		c.origin(v.Country, v.Issuer, v.CertificateID)
}

func (c *check) test(t *hcert.Test) bool {
	return c.code("tg", t.Disease, setDisease) ||
		c.code("tt", t.Type, setTestType) ||
		!c.old && c.length("nm", t.Name) ||
		c.moment("sc", t.Collected) ||
		t.ResultDate != "" && c.first && c.moment("dr", t.ResultDate) ||
		c.result(t.Result) ||
		c.centre(t.Centre) ||
		c.origin(t.Country, t.Issuer, t.CertificateID)
}

func (c *check) recovery(r *hcert.Recovery) bool {
	return c.code("tg", r.Disease, setDisease) ||
		c.day("fr", r.FirstPositive) ||
		c.day("df", r.ValidFrom) ||
		c.day("du", r.ValidUntil) ||
		c.origin(r.Country, r.Issuer, r.CertificateID)
}

// origin checks what every entry ends with.
func (c *check) origin(co *string, is, ci string) bool {
	switch {
	case co == nil:
		return c.fail("co", missing)
	case (c.Strict || !c.old) && !hasUpper(*co):
		return c.fail("co", "no letter A to Z")
	case c.inSet("co", *co, setCountry):
		return true
	case is == "":
		return c.fail("is", "missing or empty")
	case ci == "":
		return c.fail("ci", "missing or empty")
	}
	return c.length("is", is) || c.length("ci", ci)
}

func (c *check) dose(member string, n int) bool {
	switch {
	case n < 1:
		return c.fail(member, "missing or below 1")
	case c.old && n > 9:
		return c.fail(member, "above 9")
	}
	return false
}

func (c *check) moment(member, s string) bool {
	switch {
	case s == "":
		return c.fail(member, missing)
	case !timestamp(s):
		return c.fail(member, "not a date and time with zone")
	}
	return false
}

func (c *check) result(tr *string) bool {
	if tr == nil {
		return c.fail("tr", missing)
	}
	return c.inSet("tr", *tr, setTestResult)
}

func (c *check) centre(tc *string) bool {
	switch {
	case tc != nil:
		return c.length("tc", *tc)
	case c.old:
		return c.fail("tc", missing)
	}
	return false
}
