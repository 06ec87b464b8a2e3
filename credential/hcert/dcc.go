package hcert

// DCC is the EU Digital COVID Certificate, versions 1.0.0 to 1.3.x of its JSON
// schema (eu-dcc-schema, DCC.schema.json; eHealth Network, "Technical
// Specifications for EU Digital COVID Certificates: JSON Schema"). The same
// struct has the CBOR form that is signed and the JSON form that is shown.
//
// It holds what was written, not what should have been: package schema judges
// it. A pointer is nil where the member is absent, for the members that the
// schemas require and yet allow to be empty; a slice is nil where the member is
// absent or null, and empty where it is an empty array. Members that the
// schemas do not name are not kept.
type DCC struct {
	// Version of the schema, such as "1.3.0".
	Version string `cbor:"ver" json:"ver"`
	Name    Name   `cbor:"nam" json:"nam"`
	// DateOfBirth is YYYY, YYYY-MM or YYYY-MM-DD, or empty where it is not
	// known. Some issuers add a time.
	DateOfBirth  *string       `cbor:"dob,omitempty" json:"dob,omitempty"`
	Vaccinations []Vaccination `cbor:"v,omitempty" json:"v,omitempty"`
	Tests        []Test        `cbor:"t,omitempty" json:"t,omitempty"`
	Recoveries   []Recovery    `cbor:"r,omitempty" json:"r,omitempty"`
}

// Name is the person's name (person_name of the schema). The standard forms are
// what a machine-readable travel document shows: A to Z, with "<" between words
// (ICAO Doc 9303, part 3).
type Name struct {
	Surname          string `cbor:"fn,omitempty" json:"fn,omitempty"`
	StandardSurname  string `cbor:"fnt,omitempty" json:"fnt,omitempty"`
	Forename         string `cbor:"gn,omitempty" json:"gn,omitempty"`
	StandardForename string `cbor:"gnt,omitempty" json:"gnt,omitempty"`
}

// Vaccination is one dose (vaccination_entry of the schema). Codes are of the
// EU value sets; package schema has their names.
type Vaccination struct {
	Disease     string `cbor:"tg" json:"tg"`
	Prophylaxis string `cbor:"vp" json:"vp"` // kind of vaccine
	Product     string `cbor:"mp" json:"mp"`
	// Holder of the marketing authorisation, or the manufacturer.
	Holder string `cbor:"ma" json:"ma"`
	// Dose is the number of this dose, Series how many make the series; a
	// booster may be the third of two.
	Dose   int `cbor:"dn" json:"dn"`
	Series int `cbor:"sd" json:"sd"`
	// Date of the vaccination, YYYY-MM-DD. Some issuers add a time.
	Date    string  `cbor:"dt" json:"dt"`
	Country *string `cbor:"co,omitempty" json:"co,omitempty"`
	Issuer  string  `cbor:"is" json:"is"`
	// CertificateID is the unique certificate identifier, "URN:UVCI:…".
	CertificateID string `cbor:"ci" json:"ci"`
}

// Test is one test (test_entry of the schema).
type Test struct {
	Disease string `cbor:"tg" json:"tg"`
	Type    string `cbor:"tt" json:"tt"`
	// Name is that of a nucleic acid test, Device the code of a rapid one.
	Name   string `cbor:"nm,omitempty" json:"nm,omitempty"`
	Device string `cbor:"ma,omitempty" json:"ma,omitempty"`
	// Collected is when the sample was taken, as in RFC 3339.
	Collected string `cbor:"sc" json:"sc"`
	// ResultDate is when the result was made; versions 1.0.x only.
	ResultDate string  `cbor:"dr,omitempty" json:"dr,omitempty"`
	Result     *string `cbor:"tr,omitempty" json:"tr,omitempty"`
	// Centre that tested; optional since version 1.3.0.
	Centre        *string `cbor:"tc,omitempty" json:"tc,omitempty"`
	Country       *string `cbor:"co,omitempty" json:"co,omitempty"`
	Issuer        string  `cbor:"is" json:"is"`
	CertificateID string  `cbor:"ci" json:"ci"`
}

// Recovery is one recovery (recovery_entry of the schema). Its dates are
// YYYY-MM-DD; some issuers add a time.
type Recovery struct {
	Disease       string  `cbor:"tg" json:"tg"`
	FirstPositive string  `cbor:"fr" json:"fr"`
	Country       *string `cbor:"co,omitempty" json:"co,omitempty"`
	Issuer        string  `cbor:"is" json:"is"`
	ValidFrom     string  `cbor:"df" json:"df"`
	ValidUntil    string  `cbor:"du" json:"du"`
	CertificateID string  `cbor:"ci" json:"ci"`
}
