package jwk_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/did/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// A wallet's key becomes its identifier, and a verifier gets it back from there.
func Example() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // from the wallet's key store
	signer, err := jwk.NewSigner(private)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signer.Key().Controllers[0])

	keys, err := jwk.Resolver{}.ResolveKeys(context.Background(), proof.Hint{KeyID: signer.Key().ID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(keys), keys[0].Algorithms, proof.Same(keys[0].Public, private.Public()))
	// Output:
	// did:jwk:eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6Ik8yb252TTYycEMxaW82alFLbThOYzJVeUZYY2Q0a09tT3NCSW9ZdFoyaWsifQ
	// 1 [EdDSA] true
}
