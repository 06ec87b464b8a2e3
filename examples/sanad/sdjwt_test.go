package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A card of which its holder can show a part, from the key to the verdict.
func TestSelectiveDisclosureFromKeyToVerdict(t *testing.T) {
	c := newCountry(t)
	claims := file(t, c.dir, "claims.json", `{"vct":"https://health.example/card","iss":"`+c.did+`","exp":4102444800,"name":"Siti Rahma","birthdate":"1980-01-31"}`)
	doc := file(t, c.dir, "doc.json", `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],
		"type":["VerifiableCredential","Card"],"issuer":"`+c.did+`","validUntil":"2099-01-01T00:00:00Z","credentialSubject":{"id":"urn:example:1","name":"Siti Rahma","birthdate":"1980-01-31"}}`)
	for format, in := range map[string]string{"dc+sd-jwt": claims, "vc+sd-jwt": doc} {
		card := filepath.Join(c.dir, format)
		ok(t, "issue", "--format", format, "--key", c.didKey, "--out", card, in)
		out := ok(t, "verify", "--trust", "did:"+c.did, card)
		require.Contains(t, out, "VALID", format)
		parts := strings.Split(strings.TrimSpace(content(t, card)), "~")
		require.Len(t, parts, 4, "two claims and no key binding")

		one := file(t, c.dir, "one", parts[0]+"~"+parts[2]+"~")
		shown := ok(t, "verify", "--json", "--trust", "did:"+c.did, one)
		require.NotEqual(t, strings.Contains(shown, "Siti Rahma"), strings.Contains(shown, "1980-01-31"), "one of the two")
		injected := file(t, c.dir, "injected", parts[0]+"~"+parts[1]+"~"+parts[1]+"~")
		require.Equal(t, 1, sanad("verify", "--trust", "did:"+c.did, injected).status)
		require.Contains(t, ok(t, "inspect", card), "Siti Rahma")
	}
	require.Equal(t, 1, sanadIn(strings.NewReader(`{"vct":"x"}`), "issue", "--format", "dc+sd-jwt", "--key", c.didKey).status, "no issuer")
}
