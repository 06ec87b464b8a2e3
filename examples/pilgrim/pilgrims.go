package main

import (
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
)

// pilgrim is a person, invented, with the vaccinations that count here.
type pilgrim struct {
	Serial       string // of the card
	Name, Arabic string // Name as in the passport
	Born         string // YYYY-MM-DD
	Sex          string // code of FHIR's administrative-gender
	Nation       string // ISO 3166-1 alpha-3
	Passport     string
	Doses        []dose
}

// dose is one vaccination. The guide wants a certificate of its own for each
// (smart-icvp, REQ-CC-03).
type dose struct {
	file               string // of its code, without extension
	Vaccine, Arabic    string // what it is against, for the card
	Brand, ArabicBrand string
	product            string // in WHO's list of prequalified vaccines
	Batch              string
	Given              string // YYYY-MM-DD
	from, until        string // of the protection; until in the guide's words where it is for life
}

// lifelong is how the guide writes a protection without end (REQ-DE-22).
const lifelong = "life of person vaccinated"

var (
	meningitis = dose{
		file: "card", Vaccine: "Meningitis ACWY", Arabic: "الحمى الشوكية", Brand: "Menveo", ArabicBrand: "مينفيو",
		product: "MeningococcalACYW135conjProduct95cae3b1768b8647e3f971137397d84f",
		Batch:   "MV26A017", Given: "2026-04-01", from: "2026-04-11", until: "2031-03-31",
	}
	yellowFever = dose{
		file: "yellow-fever", Vaccine: "Yellow fever", Arabic: "الحمى الصفراء", Brand: "Stamaril", ArabicBrand: "ستاماريل",
		product: "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0",
		Batch:   "ST26C203", Given: "2026-04-01", from: "2026-04-11", until: lifelong,
	}

	siti = pilgrim{
		Serial: "1447-0000001", Name: "SITI RAHMAWATI", Arabic: "سيتي رحماواتي",
		Born: "1961-08-17", Sex: "female", Nation: "IDN", Passport: "X0000001", Doses: []dose{meningitis, yellowFever},
	}
	// budi has lost his card and has been given another.
	budi = pilgrim{
		Serial: "1447-0000002", Name: "BUDI SANTOSO", Born: "1958-03-02", Sex: "male", Nation: "IDN", Passport: "X0000002",
		Doses: []dose{meningitis},
	}
	salim = pilgrim{
		Serial: "1447-0000001", Name: "SALIM AL HARTHY", Born: "1970-11-18", Sex: "male", Nation: "OMN", Passport: "Y0000001",
		Doses: []dose{meningitis},
	}
)

// numbered is one of many.
func numbered(n int) pilgrim {
	return pilgrim{
		Serial: fmt.Sprintf("1447-%07d", n+1000), Name: fmt.Sprintf("PILGRIM NUMBER %d", n), Born: "1960-01-01",
		Sex: "male", Nation: "IDN", Passport: fmt.Sprintf("Z%07d", n), Doses: []dose{meningitis},
	}
}

// certificate drafts the health certificate of one vaccination. What identifies
// it in the ministry's register is not in the certificate.
func (p *pilgrim) certificate(issuer, authority string, d dose, from, until time.Time) *credential.Draft {
	return hcert.NewICVP(issuer, p.Serial+"/"+d.file, &hcert.ICVP{
		Version: "1.0", Name: p.Name, DateOfBirth: p.Born, Sex: p.Sex, Nationality: p.Nation,
		DocumentID: p.Passport, DocumentType: "PPN", Issued: from.Format(time.DateOnly),
		Vaccinations: []hcert.Dose{{
			Product: d.product, Date: d.Given, Batch: d.Batch, Issuer: authority, ValidFrom: d.from, ValidUntil: d.until,
		}},
	}, from, until)
}
