package jwks_test

import (
	"fmt"

	"github.com/sanad-credentials/sanad/trustlist/jwks"
)

func ExampleParse() {
	raw := []byte(`{"keys":[
		{"kty":"OKP","crv":"Ed25519","kid":"2026","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty":"oct","kid":"shared secret","k":"AAAA"}]}`)
	list, skipped, err := jwks.Parse(raw, jwks.Options{Names: []string{"https://issuer.example"}, Authority: "Example Clinic"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list.Entries() {
		fmt.Println(e.Authority, e.Names, e.Keys[0].ID, e.Keys[0].Algorithms)
	}
	for _, s := range skipped {
		fmt.Println("skipped:", s.ID, "-", s.Reason)
	}
	// Output:
	// Example Clinic [https://issuer.example] 2026 [EdDSA]
	// skipped: shared secret - jwks: jwk: kty: unsupported kind of key
}
