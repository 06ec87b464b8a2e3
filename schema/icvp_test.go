package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

const menQuadfi = "MeningococcalACYW135TetaProduct85e37fdf8b368c828f1e3bf048f6ca6d"

func pilgrim() *hcert.ICVP {
	return &hcert.ICVP{
		Name: "Jane Doe", DateOfBirth: "1964-01-01", Sex: "female", Nationality: "IDN", DocumentID: "X1", DocumentType: "PPN",
		Vaccinations: []hcert.Dose{{Product: menQuadfi, Date: "2026-03-01", Batch: "B1", Issuer: "Ministry of Health", ValidFrom: "2026-03-11", ValidUntil: "2031-03-01"}},
	}
}

func TestICVP(t *testing.T) {
	all := Health{Strict: true, ValueSets: true}
	for _, c := range []struct {
		what   string
		change func(*hcert.ICVP, *hcert.Dose)
		want   string // of the zero value; "" for valid
		strict string // of Strict and ValueSets, where it differs
	}{
		{"valid", func(*hcert.ICVP, *hcert.Dose) {}, "", ""},
		{"no document", func(i *hcert.ICVP, _ *hcert.Dose) { i.DocumentID, i.DocumentType = "", "" }, "", ""},
		{"for life", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidUntil = "life of person vaccinated" }, "", ""},
		{"clinician only", func(_ *hcert.ICVP, d *hcert.Dose) { d.Clinician, d.Issuer = "Dr Roe", "" }, "", ""},
		{"no validity", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidFrom, d.ValidUntil = "", "" }, "", ""},
		{"one day", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidUntil = d.ValidFrom }, "", ""},
		{"no name", func(i *hcert.ICVP, _ *hcert.Dose) { i.Name = "" }, "n: missing", ""},
		{"no birth date", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "" }, "dob: missing", ""},
		{"bad birth date", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "01/02/1964" }, "dob: not a date", ""},
		{"bad birth month", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "1964-13" }, "dob: not a date", ""},
		{"year of birth", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "1964" }, "", "dob: not a date"},
		{"month of birth", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "1964-05" }, "", "dob: not a date"},
		{"no sex", func(i *hcert.ICVP, _ *hcert.Dose) { i.Sex = "" }, "", "s: missing"},
		{"no nationality", func(i *hcert.ICVP, _ *hcert.Dose) { i.Nationality = "" }, "", "ntl: missing"},
		{"no dose", func(i *hcert.ICVP, _ *hcert.Dose) { i.Vaccinations = nil }, "v: missing", ""},
		{"two doses", func(i *hcert.ICVP, d *hcert.Dose) { i.Vaccinations = []hcert.Dose{*d, *d} }, "", "v: more than one"},
		{"no product", func(_ *hcert.ICVP, d *hcert.Dose) { d.Product = "" }, "v/0/vp: missing", ""},
		{"other product", func(_ *hcert.ICVP, d *hcert.Dose) { d.Product = "XM0N24" }, "", "v/0/vp: not in the value set icvp-products"},
		{"no date", func(_ *hcert.ICVP, d *hcert.Dose) { d.Date = "" }, "v/0/dt: missing", ""},
		{"bad date", func(_ *hcert.ICVP, d *hcert.Dose) { d.Date = "2026-02-30" }, "v/0/dt: not a date", ""},
		{"date with time", func(_ *hcert.ICVP, d *hcert.Dose) { d.Date = "2026-03-01T10:00:00Z" }, "", "v/0/dt: not a date"},
		{"given after the signature", func(_ *hcert.ICVP, d *hcert.Dose) { d.Date = "2026-05-03" }, "v/0/dt: after the certificate was issued", ""},
		{"given the day after, in the east", func(_ *hcert.ICVP, d *hcert.Dose) { d.Date = "2026-05-02" }, "", ""},
		{"born after the signature", func(i *hcert.ICVP, _ *hcert.Dose) { i.DateOfBirth = "2027-01-01" }, "dob: after the certificate was signed", ""},
		{"no batch", func(_ *hcert.ICVP, d *hcert.Dose) { d.Batch = "" }, "v/0/bo: missing", ""},
		{"nobody answers for it", func(_ *hcert.ICVP, d *hcert.Dose) { d.Issuer = "" }, "v/0/cn, is: both missing", ""},
		{"bad start", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidFrom = "soon" }, "v/0/vls: not a date", ""},
		{"bad end", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidUntil = "for ever" }, "v/0/vle: not a date", ""},
		{"end before start", func(_ *hcert.ICVP, d *hcert.Dose) { d.ValidUntil = "2026-03-10" }, "v/0/vle: before vls", ""},
		{"2026", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version, i.Issued = "1", "2026-05-01" }, "", ""},
		{"2026, no issue date", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version = "1" }, "", "d: missing"},
		{"2026, bad issue date", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version, i.Issued = "1", "May" }, "d: not a date", ""},
		{"2026, no nationality", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version, i.Issued, i.Nationality = "1", "2026-05-01", "" }, "", "nt: missing"},
		{"2026, no dose", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version, i.Issued, i.Vaccinations = "1", "2026-05-01", nil }, "vx: missing", ""},
		{"2026, no date", func(i *hcert.ICVP, d *hcert.Dose) { i.Version, i.Issued, d.Date = "1", "2026-05-01", "" }, "vx/dv: missing", ""},
		{"2026, given after the issue", func(i *hcert.ICVP, _ *hcert.Dose) { i.Version, i.Issued = "1", "2026-02-28" }, "vx/dv: after the certificate was issued", ""},
	} {
		i := pilgrim()
		c.change(i, &i.Vaccinations[0])
		signed := time.Date(2026, 5, 1, 22, 0, 0, 0, time.UTC)
		for name, got := range map[string]struct {
			err  error
			want string
		}{"default": {Health{}.icvp(i, signed), c.want}, "strict": {all.icvp(i, signed), c.want + c.strict}} {
			if got.want == "" {
				require.NoError(t, got.err, "%s, %s", c.what, name)
				continue
			}
			require.ErrorIs(t, got.err, credential.ErrSchema, "%s, %s", c.what, name)
			require.ErrorContains(t, got.err, "icvp: "+got.want, "%s, %s", c.what, name)
		}
	}
}

// A certificate from the field: ICD-11 codes for the vaccine, a dose number in
// words, a dose before the birth.
func TestConformanceICVP(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "gdhcn", "qr"), "DVCTestQRUnpacked.json"))
	require.NoError(t, err)
	var doc struct {
		Contents map[string]json.RawMessage `json:"contents"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	var health map[string]*hcert.ICVP
	require.NoError(t, json.Unmarshal(doc.Contents["-260"], &health))
	seconds, err := strconv.ParseInt(string(doc.Contents["6"]), 10, 64)
	require.NoError(t, err)

	c := hcert.NewICVP("XL", "1", health["-6"], time.Unix(seconds, 0), time.Time{}).Credential
	require.NoError(t, Health{}.CheckSchema(t.Context(), &c))
	require.NoError(t, CheckICVP(health["-6"]))
	require.Equal(t, "Yellow fever", ValueSet("icvp-diseases").Display(health["-6"].Vaccinations[0].Disease))
	require.ErrorContains(t, Health{ValueSets: true}.CheckSchema(t.Context(), &c), "icvp: v/0/vp: not in the value set")
}
