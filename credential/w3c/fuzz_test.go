package w3c_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func FuzzParse(f *testing.F) {
	p := newParty(f, nil)
	f.Add(issue(f, content(p.did), p))
	f.Add(issue(f, content(p.did), p, p))
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","issuer":"urn:a","credentialSubject":[{"id":"urn:b"}],"credentialStatus":{"type":"BitstringStatusListEntry"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		env, err := w3c.Format{}.Parse(in, "")
		if err != nil {
			return
		}
		c := env.Credential
		if len(c.Issuers) != 1 || c.Issuers[0] == "" || len(c.Types) == 0 {
			t.Fatalf("accepted without issuer or types: %q", in)
		}
		var claims map[string]any
		if err := c.Claims(&claims); err != nil {
			t.Fatalf("claims of %q: %v", in, err)
		}
		// What is read can be issued again, and reads the same.
		b, _ := c.Payload.(*w3c.Payload).MarshalJSON()
		d, err := w3c.FromJSON(b)
		if err != nil {
			t.Fatalf("read, and can't be issued: %q: %v", in, err)
		}
		if d.ID != c.ID || d.Issuers[0] != c.Issuers[0] || !d.ValidUntil.Equal(c.ValidUntil) {
			t.Fatalf("reads differently: %q", in)
		}
	})
}

// bench measures a whole Verify, beside the bare signature check.
func bench(b *testing.B, p party, alg proof.Algorithm) {
	raw := issue(b, content(p.did), p)
	b.Logf("credential of %d bytes", len(raw))
	v := verifier(b, nil, entry(p, "Ministry"))
	message := make([]byte, 64)
	sig, err := p.Sign(ctx, message)
	require.NoError(b, err)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if err := proof.Verify(p.Key().Public, alg, message, sig); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(ctx, raw, credential.Policy{Time: now}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (w3c.Format{}).Parse(raw, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEd25519(b *testing.B) { bench(b, newParty(b, nil), proof.EdDSA) }

func BenchmarkIssue(b *testing.B) {
	p := newParty(b, nil)
	d, err := w3c.FromJSON(marshal(b, content(p.did)))
	require.NoError(b, err)
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{p}})
	require.NoError(b, err)
	for b.Loop() {
		if _, err := i.Issue(ctx, d); err != nil {
			b.Fatal(err)
		}
	}
}

// Hostile documents cost bounded time and end in an error.
func TestPromiseHostileInput(t *testing.T) {
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: mustList(t)})
	require.NoError(t, err)
	p := newParty(t, nil)
	raw := issue(t, content(p.did), p)
	for i := range raw {
		_, err := v.Verify(ctx, raw[:i], credential.Policy{Time: now})
		var e *credential.Error
		require.True(t, errors.As(err, &e))
	}
	head := `{"@context":["` + w3c.Context + `"],"issuer":"urn:a","credentialSubject":{"a":1},"type":`
	for name, tail := range map[string]string{
		"many types":          `["VerifiableCredential"` + numbered(`,"t%d"`, 90_000) + `]}`,
		"many types of many":  `"VerifiableCredential","evidence":[{"type":["a"]}` + strings.Repeat(`,{"type":["a"`+numbered(`,"t%d"`, 30)+`]}`, 3000) + `]}`,
		"many members":        `"VerifiableCredential"` + numbered(`,"m%d":1`, 80_000) + `}`,
		"many values":         `"VerifiableCredential","x":[0` + strings.Repeat(",0", 500_000) + `]}`,
		"many resources":      `"VerifiableCredential","relatedResource":[1` + numbered(`,{"id":"urn:%d","digestMultibase":"u"}`, 20_000) + `]}`,
		"many proofs":         `"VerifiableCredential","proof":[{}` + strings.Repeat(",{}", 100_000) + `]}`,
		"long proof value":    `"VerifiableCredential","proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","verificationMethod":"urn:a","proofValue":"z` + strings.Repeat("2", 900_000) + `"}}`,
		"long method":         `"VerifiableCredential","proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","verificationMethod":"did:key:z` + strings.Repeat("2", 900_000) + `","proofValue":"z` + strings.Repeat("1", 64) + `"}}`,
		"deep":                `"VerifiableCredential","x":` + strings.Repeat("[", 500_000),
		"deep in the subject": `"VerifiableCredential","x":` + strings.Repeat(`{"x":`, 33) + "1" + strings.Repeat("}", 34),
		"too long":            `"` + strings.Repeat("x", 1<<20),
	} {
		begin := time.Now()
		_, err := v.Verify(ctx, []byte(head+tail), credential.Policy{Time: now})
		require.Error(t, err, name)
		require.Less(t, time.Since(begin), 5*time.Second, name)
		require.Less(t, len(err.Error()), 300, name)
	}
}

// numbered repeats a format with the numbers below n.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func mustList(t *testing.T) *trustlist.List {
	l, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Authority: "A", Names: []string{"did:example:a"}})
	require.NoError(t, err)
	return l
}
