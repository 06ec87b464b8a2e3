package proof_test

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/sanad-credentials/sanad/proof"
)

func ExampleNewSigner() {
	// A fixed key makes the example the same each time; use crypto/rand, or a
	// crypto.Signer whose key stays in an HSM.
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	signer, err := proof.NewSigner(key, proof.Key{ID: "did:example:issuer#1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sig, err := signer.Sign(context.Background(), []byte("message"))
	if err != nil {
		fmt.Println(err)
		return
	}
	k := signer.Key()
	fmt.Println(k.Algorithms, k.Purposes)
	fmt.Println(proof.Verify(k.Public, proof.EdDSA, []byte("message"), sig))
	fmt.Println(proof.Verify(k.Public, proof.EdDSA, []byte("another"), sig))
	// Output:
	// [EdDSA] [assertionMethod]
	// <nil>
	// signature does not verify
}
