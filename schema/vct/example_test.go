package vct_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/schema/vct"
)

// A type that makes a claim of the type it extends mandatory.
func ExampleLoad() {
	docs := vct.Documents{
		"urn:example:person":  []byte(`{"vct":"urn:example:person","claims":[{"path":["name"],"display":[{"locale":"en","label":"Name"}]}]}`),
		"urn:example:pilgrim": []byte(`{"vct":"urn:example:pilgrim","extends":"urn:example:person","claims":[{"path":["name"],"mandatory":true},{"path":["vaccinations"],"sd":"always"}]}`),
	}
	t, err := vct.Load(context.Background(), docs, "urn:example:pilgrim", "")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range t.Claims {
		fmt.Println(c.Path[0].Name, c.Mandatory, c.SD)
	}
	// Output:
	// name true allowed
	// vaccinations false always
}
