package hcert

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/sanad-credentials/sanad/internal/cborx"
)

// ICVP is the International Certificate of Vaccination or Prophylaxis, and any
// other digital vaccination certificate of claim -6 (WHO smart-icvp and
// smart-trust-phw, logical models ICVPMin and DVCMin; International Health
// Regulations 2005, annex 6).
//
// The guide has changed the members' names. Both layouts are read into the same
// fields; Version tells which of them is written. Package schema judges the
// content.
type ICVP struct {
	// Version of the certificate template, in the layout of 2026: members nt,
	// id, dt, v, d, vx, and dv within. Empty means the layout before it: ntl,
	// nid, ndt, v, and dt within.
	Version     string
	Name        string // n, as in the travel document
	DateOfBirth string // dob, YYYY-MM-DD
	Sex         string // s
	Nationality string // ntl or nt: ISO 3166-1, alpha-3 in the guide
	DocumentID  string // nid or id: number of the identity document
	// DocumentType is ndt or dt: a code of HL7 v2 table 0203, such as PPN.
	DocumentType string
	Guardian     string // gn: parent or guardian
	Issued       string // d, YYYY-MM-DD; layout of 2026 only
	// Vaccinations: one in a certificate by the guide (REQ-CC-03). Older
	// certificates may have several.
	Vaccinations []Dose
}

// Dose is one vaccination or prophylaxis given. The members of the older layout
// that a product identifier implies are empty in newer certificates.
type Dose struct {
	// Product is vp: an identifier of the WHO list of prequalified vaccines,
	// such as "YellowFeverProduct…", or a code of ICD-11 in some certificates.
	Product string
	Date    string // dt or dv, YYYY-MM-DD
	Batch   string // bo
	// Clinician who supervised it, and Issuer, the authority answerable for it:
	// at least one is there.
	Clinician, Issuer string // cn, is

	Disease        string // tg: ICD-11
	Number         string // dn: "Primary", "1", …
	TradeItem      string // mp
	Manufacturer   string // ma
	ManufacturerID string // mid
	// ValidFrom and ValidUntil, YYYY-MM-DD. The guide's words for a validity
	// without end are allowed for the latter.
	ValidFrom, ValidUntil string // vls, vle
}

// icvpWire has the members of both layouts.
type icvpWire struct {
	Name        string    `json:"n"`
	DateOfBirth string    `json:"dob"`
	Sex         string    `json:"s,omitempty"`
	OldNation   string    `json:"ntl,omitempty"`
	OldID       string    `json:"nid,omitempty"`
	OldType     string    `json:"ndt,omitempty"`
	Nation      string    `json:"nt,omitempty"`
	ID          string    `json:"id,omitempty"`
	Type        string    `json:"dt,omitempty"`
	Guardian    string    `json:"gn,omitempty"`
	Issued      string    `json:"d,omitempty"`
	V           *icvpV    `json:"v,omitempty"`
	Dose        *doseWire `json:"vx,omitempty"`
}

type doseWire struct {
	Disease        string `json:"tg,omitempty"`
	Number         string `json:"dn,omitempty"`
	Product        string `json:"vp"`
	TradeItem      string `json:"mp,omitempty"`
	Manufacturer   string `json:"ma,omitempty"`
	ManufacturerID string `json:"mid,omitempty"`
	OldDate        string `json:"dt,omitempty"`
	Date           string `json:"dv,omitempty"`
	Batch          string `json:"bo"`
	ValidFrom      string `json:"vls,omitempty"`
	ValidUntil     string `json:"vle,omitempty"`
	Clinician      string `json:"cn,omitempty"`
	Issuer         string `json:"is,omitempty"`
}

// icvpV is member v: the doses in the older layout, one or an array of them,
// and the version in the newer.
type icvpV struct {
	version string
	doses   []doseWire
}

// UnmarshalCBOR reads either layout. The error says which member has the wrong
// type.
func (c *ICVP) UnmarshalCBOR(b []byte) error {
	var w icvpWire
	if err := cborx.Decode(b, &w); err != nil {
		return err
	}
	*c = w.icvp()
	return nil
}

// UnmarshalJSON reads either layout. The error says which member has the wrong
// type.
func (c *ICVP) UnmarshalJSON(b []byte) error {
	var w icvpWire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*c = w.icvp()
	return nil
}

// MarshalCBOR writes the layout that Version tells. It is an error to have more
// than one vaccination in the layout of 2026, which has room for one.
func (c ICVP) MarshalCBOR() ([]byte, error) {
	w, err := c.wire()
	if err != nil {
		return nil, err
	}
	return cborx.Encode(w)
}

// MarshalJSON writes the layout that Version tells, with the same error.
func (c ICVP) MarshalJSON() ([]byte, error) {
	w, err := c.wire()
	if err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

func (w *icvpWire) icvp() ICVP {
	c := ICVP{
		Name: w.Name, DateOfBirth: w.DateOfBirth, Sex: w.Sex, Guardian: w.Guardian, Issued: w.Issued,
		Nationality:  cmp.Or(w.Nation, w.OldNation),
		DocumentID:   cmp.Or(w.ID, w.OldID),
		DocumentType: cmp.Or(w.Type, w.OldType),
	}
	if w.V != nil {
		c.Version = w.V.version
		for i := range w.V.doses {
			c.Vaccinations = append(c.Vaccinations, w.V.doses[i].dose())
		}
	}
	if w.Dose != nil {
		c.Vaccinations = append(c.Vaccinations, w.Dose.dose())
	}
	return c
}

var errDoses = errors.New("hcert: icvp: vx holds one vaccination, not several")

func (c *ICVP) wire() (*icvpWire, error) {
	if c.Version != "" && len(c.Vaccinations) > 1 {
		return nil, errDoses
	}
	w := &icvpWire{
		Name: c.Name, DateOfBirth: c.DateOfBirth, Sex: c.Sex, Guardian: c.Guardian, Issued: c.Issued,
	}
	doses := make([]doseWire, len(c.Vaccinations))
	for i := range c.Vaccinations {
		doses[i] = c.Vaccinations[i].wire(c.Version != "")
	}
	if c.Version == "" {
		w.OldNation, w.OldID, w.OldType = c.Nationality, c.DocumentID, c.DocumentType
		w.V = &icvpV{doses: doses}
		return w, nil
	}
	w.Nation, w.ID, w.Type = c.Nationality, c.DocumentID, c.DocumentType
	w.V = &icvpV{version: c.Version}
	if len(doses) > 0 {
		w.Dose = &doses[0]
	}
	return w, nil
}

func (w *doseWire) dose() Dose {
	return Dose{
		Product: w.Product, Date: cmp.Or(w.Date, w.OldDate), Batch: w.Batch, Clinician: w.Clinician, Issuer: w.Issuer,
		Disease: w.Disease, Number: w.Number, TradeItem: w.TradeItem,
		Manufacturer: w.Manufacturer, ManufacturerID: w.ManufacturerID,
		ValidFrom: w.ValidFrom, ValidUntil: w.ValidUntil,
	}
}

func (d *Dose) wire(newer bool) doseWire {
	w := doseWire{
		Product: d.Product, OldDate: d.Date, Batch: d.Batch, Clinician: d.Clinician, Issuer: d.Issuer,
		Disease: d.Disease, Number: d.Number, TradeItem: d.TradeItem,
		Manufacturer: d.Manufacturer, ManufacturerID: d.ManufacturerID,
		ValidFrom: d.ValidFrom, ValidUntil: d.ValidUntil,
	}
	if newer {
		w.OldDate, w.Date = "", d.Date
	}
	return w
}

func (v *icvpV) UnmarshalCBOR(b []byte) error {
	switch {
	case cborx.Is(b, cborx.Text):
		return cborx.Decode(b, &v.version)
	case cborx.Is(b, cborx.Array):
		return cborx.Decode(b, &v.doses)
	}
	v.doses = make([]doseWire, 1)
	return cborx.Decode(b, &v.doses[0])
}

func (v *icvpV) UnmarshalJSON(b []byte) error {
	switch b[0] { // encoding/json hands over a whole value without leading space
	case '"':
		return json.Unmarshal(b, &v.version)
	case '[':
		return json.Unmarshal(b, &v.doses)
	}
	v.doses = make([]doseWire, 1)
	return json.Unmarshal(b, &v.doses[0])
}

func (v icvpV) MarshalCBOR() ([]byte, error) { return cborx.Encode(v.value()) }
func (v icvpV) MarshalJSON() ([]byte, error) { return json.Marshal(v.value()) }

func (v *icvpV) value() any {
	switch {
	case v.version != "":
		return v.version
	case len(v.doses) == 1:
		return v.doses[0]
	}
	return v.doses
}
