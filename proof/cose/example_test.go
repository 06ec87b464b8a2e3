package cose_test

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

func Example() {
	signer, err := proof.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), proof.Key{ID: "k1"})
	if err != nil {
		panic(err)
	}
	raw, err := cose.Sign(context.Background(), []byte("content"), []byte("k1"), signer)
	if err != nil {
		panic(err)
	}
	message, err := cose.Parse(raw)
	if err != nil {
		panic(err)
	}
	key := signer.Key() // found by message.KeyID, and allowed for message.Algorithm
	fmt.Println(string(message.KeyID), message.Algorithm, message.Verify(&key), string(message.Payload))
	// Output: k1 EdDSA <nil> content
}
