package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Verification methods as the suite has them: the keys of RFC 7515, appendix
// A.3, and RFC 8037, appendix A.1.
const (
	methodP256 = `{"id":"https://issuer.example/1#key-1","type":"JsonWebKey","controller":"https://issuer.example/1",
		"publicKeyJwk":{"kty":"EC","crv":"P-256","kid":"p256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
		"secretKeyJwk":{"kty":"EC","crv":"P-256","kid":"p256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}`
	methodEd25519 = `{"id":"https://issuer.example/1#key-2","type":"JsonWebKey","controller":"https://issuer.example/1",
		"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		"secretKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}`
	suiteCredential   = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"type":["VerifiableCredential"],"issuer":"https://issuer.example/1","validFrom":"2010-01-01T19:23:24Z","credentialSubject":{"id":"did:example:123"}}`
	suitePresentation = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"https://issuer.example/1","verifiableCredential":[{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.AAAA"}]}`
)

func asked(t *testing.T, what, feature, input, method string) answer {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out.json")
	ok(t, "conformance", what, "--input", file(t, dir, "in", input), "--key", file(t, dir, "vm.json", method), "--feature", feature, "--output", out)
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	var a answer
	require.NoError(t, json.Unmarshal(raw, &a))
	return a
}

func TestConformanceCommand(t *testing.T) {
	for _, how := range []string{"jose", "cose", "sdjwt"} {
		for kind, doc := range map[string]string{"credential_": suiteCredential, "presentation_": suitePresentation} {
			for _, method := range []string{methodP256, methodEd25519} {
				feature := kind + how
				a := asked(t, "issue", feature, doc, method)
				require.Equal(t, "success", a.Result, a.Data)
				require.Equal(t, answer{"success", ""}, asked(t, "verify", feature, a.Data+"\n", method))
				for name, bad := range map[string]string{"cut": a.Data[:len(a.Data)-8], "empty": "", "changed": a.Data[:len(a.Data)/2] + "A" + a.Data[len(a.Data)/2+1:]} {
					if bad != a.Data {
						require.Equal(t, "failure", asked(t, "verify", feature, bad, method).Result, name)
					}
				}
				other := map[string]string{methodP256: methodEd25519, methodEd25519: methodP256}[method]
				require.Equal(t, "failure", asked(t, "verify", feature, a.Data, other).Result)
				for _, wrong := range []string{"credential_jose", "presentation_jose", "credential_cose", "presentation_cose", "credential_sdjwt", "presentation_sdjwt"} {
					if wrong != feature {
						require.Equal(t, "failure", asked(t, "verify", wrong, a.Data, method).Result, "%s as %s", feature, wrong)
					}
				}
			}
		}
	}
	require.Equal(t, "indeterminate", asked(t, "issue", "credential_other", suiteCredential, methodP256).Result)
	require.Equal(t, "indeterminate", asked(t, "verify", "credential_other", "x", methodP256).Result)
	require.Equal(t, "failure", asked(t, "issue", "credential_jose", strings.Replace(suiteCredential, `"type"`, `"kind"`, 1), methodP256).Result)
	require.Equal(t, "failure", asked(t, "issue", "presentation_jose", suiteCredential, methodP256).Result)
	// COSE in hexadecimal is no base64 of COSE.
	a := asked(t, "issue", "credential_cose", suiteCredential, methodP256)
	b, err := base64.RawStdEncoding.DecodeString(a.Data)
	require.NoError(t, err)
	require.Equal(t, "failure", asked(t, "verify", "credential_cose", base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(b))), methodP256).Result)
}

func TestConformanceKeyRefused(t *testing.T) {
	dir := t.TempDir()
	in := file(t, dir, "in", suiteCredential)
	for name, method := range map[string]string{
		"no JSON": "{", "empty": "{}", "another secret": strings.Replace(methodP256, "jpsQ", "kpsQ", 1), "secret of no kind": strings.Replace(methodEd25519, `"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d"`, `"crv":"X","d"`, 1),
	} {
		r := sanad("conformance", "issue", "--input", in, "--key", file(t, dir, "vm.json", method), "--feature", "credential_jose", "--output", filepath.Join(dir, "out"))
		require.Equal(t, exitFailed, r.status, name)
	}
}

func TestConformanceSelectiveDisclosure(t *testing.T) {
	dir := t.TempDir()
	doc := strings.Replace(suiteCredential, `"id":"did:example:123"`, `"id":"did:example:123","address":{"city":"Jakarta","code":"10110"},"phones":["1","2"]`, 1)
	in, vm, out := file(t, dir, "in", doc), file(t, dir, "vm.json", methodP256), filepath.Join(dir, "out.json")
	issued := func(sd string) answer {
		ok(t, "conformance", "issue", "--input", in, "--key", vm, "--feature", "credential_sdjwt", "--sd", sd, "--output", out)
		raw, err := os.ReadFile(out)
		require.NoError(t, err)
		var a answer
		require.NoError(t, json.Unmarshal(raw, &a))
		return a
	}
	a := issued(`["credentialSubject.address.city","credentialSubject.phones[0]"]`)
	require.Equal(t, "success", a.Result, a.Data)
	require.Equal(t, 3, strings.Count(a.Data, "~"))
	require.Equal(t, "success", asked(t, "verify", "credential_sdjwt", a.Data, methodP256).Result)
	parts := strings.Split(a.Data, "~")
	require.Equal(t, "success", asked(t, "verify", "credential_sdjwt", parts[0]+"~"+parts[2]+"~", methodP256).Result, "a part is shown")
	require.Equal(t, "failure", asked(t, "verify", "credential_sdjwt", parts[0]+"~"+parts[1]+"~"+parts[1]+"~", methodP256).Result)
	for _, sd := range []string{`["nothing"]`, `{`, `["issuer"]`} {
		require.Equal(t, "failure", issued(sd).Result, sd)
	}
}

// Tokens and COSE are issued and verified like any other credential.
func TestIssueTokens(t *testing.T) {
	c := newCountry(t)
	dir := t.TempDir()
	doc := strings.Replace(suiteCredential, "https://issuer.example/1", c.did, 1)
	for _, format := range []string{"vc+jwt", "vc+cose"} {
		out := filepath.Join(dir, format)
		ok(t, "issue", "--format", format, "--key", c.didKey, "--out", out, file(t, dir, "doc.json", doc))
		require.Contains(t, ok(t, "verify", "--trust", "did:"+c.did, out), "valid")
		raw := content(t, out)
		require.NotEqual(t, 0, sanad("verify", "--trust", "did:"+c.did, file(t, dir, "bad", raw[:len(raw)-4])).status)
		require.Equal(t, 1, sanad("issue", "--format", format, "--key", c.didKey, file(t, dir, "other.json", suiteCredential)).status, "another's name")
	}
}
