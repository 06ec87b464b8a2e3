package rdf_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// A credential is signed over its statements: the order of what it says does
// not matter, but all of it must be defined.
func Example() {
	r, err := rdf.New() // the built-in contexts will do
	if err != nil {
		log.Fatal(err)
	}
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // from your key store
	signer, err := proof.NewSigner(private, proof.Key{ID: "did:web:health.example#2026"})
	if err != nil {
		log.Fatal(err)
	}
	options := dataintegrity.Options{
		Cryptosuite: dataintegrity.EdDSARDFC2022, RDF: r, Created: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	credential := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],` +
		`"issuer":"did:web:health.example","credentialSubject":{"name":"A. Pilgrim"}}`
	signed, err := dataintegrity.Sign(context.Background(), []byte(credential), signer, options)
	if err != nil {
		log.Fatal(err)
	}

	doc, err := dataintegrity.Parser{RDF: r}.Parse(signed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(doc.Proofs[0].Cryptosuite, doc.Verify(0, signer.Key()))

	_, err = dataintegrity.Sign(context.Background(), []byte(strings.Replace(credential, `"name"`, `"nickname"`, 1)), signer, options)
	fmt.Println(err)
	// Output:
	// eddsa-rdfc-2022 <nil>
	// dataintegrity: document: malformed proof or document: rdf: jsonld: $.credentialSubject.nickname: a term that no context defines: not covered by the RDF
}

// Contexts are never fetched. One that is not built in is given with its bytes,
// and the digest that its publisher states.
func ExampleNew() {
	raw := []byte(`{"@context":{"batch":"https://health.example/terms#batch"}}`)
	_, err := rdf.New(rdf.Context{
		URL: "https://health.example/v1", Raw: raw,
		SHA256: "66bd0c5e9fd8c1b4e1ad7b8f1b0f1d4c8b4d3f5f6c7a1b2c3d4e5f60718293a4",
	})
	fmt.Println(err)
	// Output:
	// rdf: context "https://health.example/v1": SHA256 is not its digest in hexadecimal: unusable JSON-LD context
}
