package web_test

import (
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/credential/sdjwt/web"
	"github.com/sanad-credentials/sanad/proof"
)

// Keys of the issuers that are expected, and of no others.
func ExampleNew() {
	r, err := web.New(web.Options{Domains: []string{"health.example"}})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	var keys proof.Resolver = r // for credential.Config.Keys
	_, err = keys.ResolveKeys(ctx, proof.Hint{Issuer: "https://other.example", KeyID: "key-1"})
	fmt.Println(err)
	// Output: sdjwt/web: fetch: refused to fetch: host not among those allowed
}
