package sdjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// An issuer hides two claims, of which the holder shows one.
func Example() {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := proof.NewSigner(k, proof.Key{ID: "issuer-1"})
	if err != nil {
		log.Fatal(err)
	}
	claims := `{"country":"ID","name":"Amina","birthdate":"1970-01-01"}`
	payload, disclosures, err := sdjwt.Conceal([]byte(claims), sdjwt.Options{Disclosable: []string{"/name", "/birthdate"}})
	if err != nil {
		log.Fatal(err)
	}
	jws, err := jose.Sign(context.Background(), issuer, jose.Header{Type: "example+sd-jwt"}, payload)
	if err != nil {
		log.Fatal(err)
	}
	held, err := sdjwt.New(jws, disclosures)
	if err != nil {
		log.Fatal(err)
	}

	all, err := sdjwt.Open(payload, held.Disclosures)
	if err != nil {
		log.Fatal(err)
	}
	selected, err := all.Select("/name")
	if err != nil {
		log.Fatal(err)
	}
	shown := held.With(selected).Bytes()

	token, err := sdjwt.Parse(shown)
	if err != nil {
		log.Fatal(err)
	}
	if err := token.Messages[0].Verify(issuer.Key()); err != nil {
		log.Fatal(err)
	}
	got, err := sdjwt.Open(token.Messages[0].Payload, token.Disclosures)
	if err != nil {
		log.Fatal(err)
	}
	text, _ := json.Marshal(got)
	fmt.Println(string(text))
	// Output: {"country":"ID","name":"Amina"}
}
