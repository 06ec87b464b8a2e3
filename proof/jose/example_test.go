package jose_test

import (
	"crypto/ed25519"
	"fmt"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

func Example() {
	signer, err := proof.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), proof.Key{ID: "k1"})
	if err != nil {
		panic(err)
	}
	raw, err := jose.Sign(ctx, signer, jose.Header{KeyID: "k1", Type: "example+jwt"}, []byte(`{"batch":"AB-123"}`))
	if err != nil {
		panic(err)
	}
	message, err := jose.Parse(raw, jose.Options{})
	if err != nil {
		panic(err)
	}
	key := signer.Key() // found by message.Hint(), from a source that is trusted
	fmt.Println(message.Header.Algorithm, message.Header.IsType("example+jwt"), message.Verify(key), string(message.Payload))
	// Output: EdDSA true <nil> {"batch":"AB-123"}
}
