package schema

import (
	"time"

	"github.com/sanad-credentials/sanad/credential/hcert"
)

// setICVPProduct is the catalogue to which the guide binds vp (REQ-DE-11).
const setICVPProduct = "icvp-products"

// lifelong are the words for a validity without end (REQ-DE-22).
var lifelong = [...]string{"life of person vaccinated", "vie entière du sujet vacciné"}

// icvpNames are the names of members that differ between the guide's layouts.
type icvpNames struct{ nationality, dose, date string }

func (h Health) icvp(i *hcert.ICVP, signed time.Time) error {
	c := check{Health: h}
	names := icvpNames{"ntl", "v", "dt"}
	if i.Version != "" {
		names = icvpNames{"nt", "vx", "dv"}
	}
	if c.recipient(i, signed, names) {
		return c.err("icvp", "")
	}
	for n := range i.Vaccinations {
		if d := &i.Vaccinations[n]; c.given(d, i.Issued, signed, names.date) {
			if i.Version != "" {
				return c.err("icvp", "vx/")
			}
			return c.err("icvp", element("v", n))
		}
	}
	return nil
}

func (c *check) recipient(i *hcert.ICVP, signed time.Time, names icvpNames) bool {
	switch {
	case i.Name == "":
		return c.fail("n", "missing or empty")
	case i.DateOfBirth == "":
		return c.fail("dob", "missing or empty")
	case !date(i.DateOfBirth) && (c.Strict || !partial(i.DateOfBirth) && !dated(i.DateOfBirth)):
		return c.fail("dob", "not a date")
	case signedBefore(signed, i.DateOfBirth):
		return c.fail("dob", "after the certificate was signed")
	case c.Strict && i.Sex == "":
		return c.fail("s", "missing or empty")
	case c.Strict && i.Nationality == "":
		return c.fail(names.nationality, "missing or empty")
	case i.Issued != "" && c.day("d", i.Issued):
		return true
	case c.Strict && i.Version != "" && i.Issued == "":
		return c.fail("d", missing)
	case len(i.Vaccinations) == 0:
		return c.fail(names.dose, "missing or empty")
	case len(i.Vaccinations) > 1 && c.Strict:
		return c.fail(names.dose, "more than one vaccination")
	}
	return false
}

// partial reports whether s is a year, or a year and a month, as a FHIR date
// may be.
func partial(s string) bool {
	return len(s) == 4 && date(s+"-01-01") || len(s) == 7 && date(s+"-01")
}

// given checks one dose. Its date is not later than the issue (REQ-DE-13).
func (c *check) given(d *hcert.Dose, issued string, signed time.Time, dateName string) bool {
	switch {
	case c.code("vp", d.Product, setICVPProduct), c.day(dateName, d.Date):
		return true
	case issued != "" && d.Date[:10] > issued[:10], signedBefore(signed, d.Date):
		return c.fail(dateName, "after the certificate was issued")
	case d.Batch == "":
		return c.fail("bo", "missing or empty")
	case d.Clinician == "" && d.Issuer == "":
		return c.fail("cn, is", "both missing or empty")
	case d.ValidFrom != "" && c.day("vls", d.ValidFrom):
		return true
	case d.ValidUntil == "" || d.ValidUntil == lifelong[0] || d.ValidUntil == lifelong[1]:
		return false
	case c.day("vle", d.ValidUntil):
		return true
	case d.ValidFrom != "" && d.ValidUntil[:10] < d.ValidFrom[:10]:
		return c.fail("vle", "before vls")
	}
	return false
}
