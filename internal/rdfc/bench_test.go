package rdfc

import (
	"crypto"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// vaccination is what a vaccination credential of the W3C's becomes: 32
// statements, six blank nodes, two of which only their surroundings tell apart
// when alike is set.
func vaccination(alike bool) []Quad {
	iri := func(v string) Term { return Term{Kind: IRI, Value: v} }
	blank := func(v string) Term { return Term{Kind: Blank, Value: v} }
	text := func(v string) Term { return Term{Kind: Literal, Value: v} }
	date := func(v string) Term {
		return Term{Kind: Literal, Value: v, Datatype: "http://www.w3.org/2001/XMLSchema#dateTime"}
	}
	const (
		typ   = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
		cred  = "https://www.w3.org/2018/credentials#"
		vacc  = "https://w3id.org/vaccination#"
		plain = "http://schema.org/"
	)
	id, subject := iri("urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"), blank("b0")
	issuer := iri("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
	q := []Quad{
		{Subject: id, Predicate: iri(typ), Object: iri(cred + "VerifiableCredential")},
		{Subject: id, Predicate: iri(typ), Object: iri(vacc + "VaccinationCertificate")},
		{Subject: id, Predicate: iri(cred + "issuer"), Object: issuer},
		{Subject: id, Predicate: iri(cred + "validFrom"), Object: date("2026-01-15T00:00:00Z")},
		{Subject: id, Predicate: iri(cred + "validUntil"), Object: date("2027-01-15T00:00:00Z")},
		{Subject: id, Predicate: iri(plain + "name"), Object: Term{Kind: Literal, Value: "Certificate of vaccination", Language: "en"}},
		{Subject: id, Predicate: iri(cred + "credentialSubject"), Object: subject},
		{Subject: id, Predicate: iri(cred + "credentialStatus"), Object: blank("b5")},
		{Subject: blank("b5"), Predicate: iri(typ), Object: iri("https://www.w3.org/ns/credentials/status#BitstringStatusListEntry")},
		{Subject: blank("b5"), Predicate: iri("https://www.w3.org/ns/credentials/status#statusListIndex"), Object: text("94567")},
		{Subject: blank("b5"), Predicate: iri("https://www.w3.org/ns/credentials/status#statusPurpose"), Object: text("revocation")},
		{Subject: subject, Predicate: iri(typ), Object: iri(vacc + "VaccinationEvent")},
		{Subject: subject, Predicate: iri(vacc + "recipient"), Object: blank("b1")},
		{Subject: blank("b1"), Predicate: iri(typ), Object: iri(vacc + "VaccineRecipient")},
		{Subject: blank("b1"), Predicate: iri(plain + "givenName"), Object: text("José")},
		{Subject: blank("b1"), Predicate: iri(plain + "familyName"), Object: text("d'Arsøns")},
		{Subject: blank("b1"), Predicate: iri(plain + "birthDate"), Object: date("1990-02-03T00:00:00Z")},
		{Subject: blank("b1"), Predicate: iri(plain + "gender"), Object: text("Male")},
		{Subject: subject, Predicate: iri(vacc + "batchNumber"), Object: text("1183738569")},
		{Subject: subject, Predicate: iri(vacc + "administeringCentre"), Object: text("MoH")},
		{Subject: subject, Predicate: iri(vacc + "countryOfVaccination"), Object: text("NZ")},
		{Subject: subject, Predicate: iri(vacc + "order"), Object: text("3/3")},
	}
	for i, b := range []Term{blank("b2"), blank("b3")} {
		q = append(q,
			Quad{Subject: subject, Predicate: iri(vacc + "vaccine"), Object: b},
			Quad{Subject: b, Predicate: iri(typ), Object: iri(vacc + "Vaccine")},
			Quad{Subject: b, Predicate: iri(vacc + "atcCode"), Object: text("J07BX03")},
			Quad{Subject: b, Predicate: iri(vacc + "marketingAuthorizationHolder"), Object: blank("b4")},
			Quad{Subject: b, Predicate: iri(vacc + "medicinalProductName"), Object: text(fmt.Sprint("Product ", i))},
		)
		if alike {
			q[len(q)-1].Object.Value = "Product"
		}
	}
	return q
}

func BenchmarkCanonicalize(b *testing.B) {
	for name, quads := range map[string][]Quad{"distinct": vaccination(false), "alike": vaccination(true)} {
		for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
			b.Run(name+"/"+h.String(), func(b *testing.B) {
				require.Len(b, quads, 32)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Canonicalize(quads, Options{Hash: h}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkParseNQuads(b *testing.B) {
	r, err := Canonicalize(vaccination(false), Options{})
	require.NoError(b, err)
	b.SetBytes(int64(len(r.NQuads())))
	for b.Loop() {
		if _, err := ParseNQuads(r.NQuads()); err != nil {
			b.Fatal(err)
		}
	}
}
