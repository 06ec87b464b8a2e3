package jsonld

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// vaccination is a credential of 1.3 kB, 36 statements.
const vaccination = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],` +
	`"id":"urn:uuid:fc5b4d6c-8b9a-4f7f-9d4a-9a0000000001","type":["VerifiableCredential","VaccinationCertificate"],` +
	`"issuer":{"id":"did:web:health.example.org","name":"Ministry of Health"},` +
	`"validFrom":"2024-01-01T00:00:00Z","validUntil":"2026-01-01T00:00:00Z",` +
	`"credentialSchema":{"id":"https://example.org/schema.json","type":"JsonSchema"},` +
	`"credentialStatus":{"id":"https://example.org/status/3#94567","type":"BitstringStatusListEntry",` +
	`"statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://example.org/status/3"},` +
	`"credentialSubject":{"id":"did:example:b34ca6cd37bbf23","type":"VaccinationEvent","batchNumber":"1183738569",` +
	`"administeringCentre":"Centre 12","healthProfessional":"Nurse 7","countryOfVaccination":"NZ",` +
	`"dateOfVaccination":"2021-06-23T19:19:24Z","nextVaccinationDate":"2021-08-16T13:40:12Z",` +
	`"recipient":{"type":"VaccineRecipient","givenName":"JOHN","familyName":"SMITH","gender":"Male","birthDate":"1958-07-17"},` +
	`"vaccine":{"type":"Vaccine","disease":"COVID-19","atcCode":"J07BX03","medicinalProductName":"COVID-19 Vaccine",` +
	`"marketingAuthorizationHolder":"Example Biotech"}}}`

func BenchmarkToRDF(b *testing.B) {
	p, err := New()
	require.NoError(b, err)
	doc, err := jcs.Parse([]byte(vaccination))
	require.NoError(b, err)
	convert := func(b *testing.B, p *Processor) []rdfc.Quad {
		quads, err := p.ToRDF(doc, Options{})
		if err != nil {
			b.Fatal(err)
		}
		return quads
	}
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			convert(b, p)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				convert(b, p)
			}
		})
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			p.forget(p.root.Load())
			convert(b, p)
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			if _, err := jcs.Parse([]byte(vaccination)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("canonical", func(b *testing.B) {
		quads := convert(b, p)
		for b.Loop() {
			if _, err := rdfc.Canonicalize(quads, rdfc.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
