package jwe_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"

	"github.com/sanad-credentials/sanad/proof/jose/jwe"
)

// A file for one reader, who has the private key.
func Example() {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	raw, err := jwe.Encrypt([]byte(`{"resourceType":"Bundle"}`), private.PublicKey(), jwe.Header{ContentType: "application/fhir+json"})
	if err != nil {
		panic(err)
	}
	message, err := jwe.Decrypt(raw, private)
	if err != nil {
		panic(err)
	}
	fmt.Println(message.Header.ContentType, string(message.Plaintext))
	// Output: application/fhir+json {"resourceType":"Bundle"}
}
