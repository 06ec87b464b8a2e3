package web_test

import (
	"context"
	"fmt"

	"github.com/sanad-credentials/sanad/did/web"
	"github.com/sanad-credentials/sanad/proof"
)

// A verifier that expects credentials of one ministry asks nobody else.
func ExampleNew() {
	r, err := web.New(web.Options{Domains: []string{"health.example"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	_, err = r.ResolveKeys(context.Background(), proof.Hint{KeyID: "did:web:evil.example#key"})
	fmt.Println(err)
	// Output: did:web: fetch: refused to fetch: host not among those allowed
}

func ExampleURL() {
	for _, id := range []string{"did:web:health.example", "did:web:health.example%3A8443:signers:2026"} {
		u, err := web.URL(id)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(u)
	}
	// Output:
	// https://health.example/.well-known/did.json
	// https://health.example:8443/signers/2026/did.json
}
