package jsonschema_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/schema/jsonschema"
)

// A verifier carries the schemas that it trusts along. In a program the check
// is made by a credential.Verifier, whose Config.Schema is the checker.
func Example() {
	const url = "https://health.example/schemas/dose.json"
	checker, err := jsonschema.New(map[string][]byte{url: []byte(`{
		"$id": "https://health.example/schemas/dose.json",
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"properties": {"credentialSubject": {
			"properties": {"dose": {"type": "integer", "minimum": 1}},
			"required": ["dose"]
		}}
	}`)})
	if err != nil {
		log.Fatal(err)
	}
	for _, dose := range []int{1, 0} {
		fmt.Println(checker.CheckSchema(context.Background(), &credential.Credential{
			Schemas: []credential.SchemaRef{{Type: jsonschema.Type, ID: url}},
			Payload: map[string]any{"credentialSubject": map[string]any{"dose": dose}},
		}))
	}
	// Output:
	// <nil>
	// jsonschema: credentialSchema 0: content does not fit its schema: /credentialSubject/dose: minimum
}
