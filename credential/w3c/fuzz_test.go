package w3c_test

import (
	"crypto/elliptic"
	"encoding/json"
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
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

func FuzzParse(f *testing.F) {
	p := newParty(f, nil)
	card := issue(f, content(p.did), p)
	f.Add(card)
	f.Add(issue(f, content(p.did), p, p))
	f.Add(issueAs(f, statements, content(p.did), p))
	f.Add(issue(f, v1(p.did, "did:example:a"), p))
	sd, gov := w3c.Format{Suites: []string{dataintegrity.ECDSASD2023}}, newParty(f, elliptic.P256())
	base := issueAs(f, sd, content(gov.did), gov)
	f.Add(base)
	f.Add(show(f, sd, base, "/credentialSubject/vaccinations/1"))
	vp, err := w3c.Format{}.Present(ctx, []credential.Held{held(card, p), {Raw: []byte("ey"), MediaType: "application/vc+jwt"}}, credential.Binding{Audience: "a", Nonce: "n"})
	require.NoError(f, err)
	f.Add(vp)
	format := w3c.Format{Suites: []string{dataintegrity.BBS2023}, BBS: bbs.Scheme{}}
	gov = bbsParty(f)
	base = issueAs(f, format, content(gov.did), gov)
	f.Add(base)
	f.Add(show(f, format, base, "/credentialSubject/givenName"))
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","issuer":"urn:a","credentialSubject":[{"id":"urn:b"}],"credentialStatus":{"type":"BitstringStatusListEntry"},"relatedResource":{"id":"urn:a","digestSRI":["sha256-x"],"digestMultibase":"uEi"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		env, err := format.Parse(in, "")
		if err != nil {
			return
		}
		c := env.Credential
		if c == nil {
			if env.Contents == nil {
				t.Fatalf("neither a credential nor a presentation: %q", in)
			}
			return
		}
		if len(c.Issuers) != 1 || c.Issuers[0] == "" {
			t.Fatalf("accepted without issuer: %q", in)
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

// BenchmarkVerify measures a whole Verify beside the bare signature check.
func BenchmarkVerify(b *testing.B) {
	p := newParty(b, nil)
	v := verifier(b, nil, entry(p, "Ministry"))
	message := make([]byte, 64)
	sig, err := p.Sign(ctx, message)
	require.NoError(b, err)
	b.Run("floor/ed25519", func(b *testing.B) {
		for b.Loop() {
			if err := proof.Verify(p.Key().Public, proof.EdDSA, message, sig); err != nil {
				b.Fatal(err)
			}
		}
	})
	lax := verifierOf(b, w3c.Format{InsecureAnyTerms: true})
	null := apply(b, content(p.did), change{"credentialSubject/remarks", `null`})
	for _, c := range []struct {
		name string
		v    *credential.Verifier
		raw  []byte
	}{
		{dataintegrity.EdDSAJCS2022, v, issue(b, content(p.did), p)},
		{dataintegrity.EdDSAJCS2022 + "/with null", v, issue(b, null, p)},
		{dataintegrity.EdDSAJCS2022 + "/any terms", lax, issue(b, content(p.did), p)},
		{dataintegrity.EdDSAJCS2022 + "/contexts of one's own", verifierOf(b, pilgrim(b)), issueAs(b, pilgrim(b), strict(p.did), p)},
		{dataintegrity.EdDSARDFC2022, v, issueAs(b, statements, content(p.did), p)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(float64(len(c.raw)), "bytes")
			for b.Loop() {
				if _, err := c.v.Verify(ctx, c.raw, credential.Policy{Time: now}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIssue(b *testing.B) {
	p := newParty(b, nil)
	d, err := w3c.FromJSON(marshal(b, content(p.did)))
	require.NoError(b, err)
	for name, f := range map[string]w3c.Format{dataintegrity.EdDSAJCS2022: {}, dataintegrity.EdDSARDFC2022: statements} {
		i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{p}})
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := i.Issue(ctx, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Hostile documents cost bounded time and end in an error.
func TestPromiseHostileInput(t *testing.T) {
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{w3c.Format{InsecureAnyNames: true}}, Keys: key.Resolver{}, Trust: mustList(t)})
	require.NoError(t, err)
	p := newParty(t, nil)
	for _, raw := range [][]byte{issue(t, content(p.did), p), issueAs(t, statements, content(p.did), p)} {
		for i := range raw {
			_, err := v.Verify(ctx, raw[:i], credential.Policy{Time: now})
			var e *credential.Error
			require.True(t, errors.As(err, &e))
		}
	}
	head := `{"@context":["` + w3c.Context + `","https://www.w3.org/ns/credentials/undefined-terms/v2"],"issuer":"urn:a","credentialSubject":{"a":1},"type":`
	for name, tail := range map[string]string{
		"many types":          `["VerifiableCredential"` + numbered(`,"t%d"`, 90_000) + `]}`,
		"many types of many":  `"VerifiableCredential","evidence":[{"type":["a"]}` + strings.Repeat(`,{"type":["a"`+numbered(`,"t%d"`, 30)+`]}`, 3000) + `]}`,
		"many members":        `"VerifiableCredential"` + numbered(`,"m%d":1`, 80_000) + `}`,
		"many values":         `"VerifiableCredential","x":[0` + strings.Repeat(",0", 500_000) + `]}`,
		"many resources":      `"VerifiableCredential","relatedResource":[1` + numbered(`,{"id":"urn:%d","digestMultibase":"u"}`, 20_000) + `]}`,
		"many digests":        `"VerifiableCredential","relatedResource":{"id":"urn:a","digestSRI":["` + strings.Repeat(`","`, 90_000) + `"]}}`,
		"a long digest":       `"VerifiableCredential","relatedResource":{"id":"urn:a","digestMultibase":"z` + strings.Repeat("2", 900_000) + `"}}`,
		"many nulls":          `"VerifiableCredential","x":[null` + strings.Repeat(",null", 100_000) + `],"proof":` + someProof + `}`,
		"many contexts":       `"VerifiableCredential","x":[1` + strings.Repeat(`,{"@context":"https://www.w3.org/ns/credentials/v2"}`, 10_000) + `],"proof":` + someProof + `}`,
		"alike blank nodes":   `"VerifiableCredential","x":[` + knot(40) + `],"proof":` + strings.Replace(someProof, "jcs", "rdfc", 1) + `}`,
		"a presentation":      `"VerifiablePresentation","verifiableCredential":[{"@context":"` + w3c.Context + `"}` + strings.Repeat(`,{"@context":"`+w3c.Context+`"}`, 15_000) + `]}`,
		"one id, many times":  `"VerifiableCredential","x":[1` + numbered(`,{"id":"urn:x","type":"x","y":%d}`, 15_000) + `],"proof":` + strings.Replace(someProof, "jcs", "rdfc", 1) + `}`,
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
		t.Logf("%s: %v: %.150v", name, time.Since(begin), err)
		require.Less(t, len(err.Error()), 300, name)
	}
}

const someProof = `{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","verificationMethod":"did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2","proofValue":"z1111111111111111111111111111111111111111111111111111111111111111"}`

// knot is n things that each refer to all others, and are all alike.
func knot(n int) string {
	var all []string
	for i := range n {
		var others []string
		for j := range n {
			if i != j {
				others = append(others, fmt.Sprintf(`{"id":"_:b%d"}`, j))
			}
		}
		all = append(all, fmt.Sprintf(`{"id":"_:b%d","x":[%s]}`, i, strings.Join(others, ",")))
	}
	return strings.Join(all, ",")
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

// Whatever is parsed as a token or COSE message has one signature, of the issuer
// or of a presenter, and nothing panics.
func FuzzTokens(f *testing.F) {
	p := newParty(f, elliptic.P256())
	for _, raw := range [][]byte{sealAs(f, w3c.JWT{}, content(p.did), p), sealAs(f, w3c.JWT{}, contentV1(p.did), p), sealAs(f, w3c.COSE{}, content(p.did), p)} {
		f.Add(raw, "")
		presentation, err := w3c.JWT{}.Present(ctx, []credential.Held{{Raw: raw, Signer: p}}, exchange)
		require.NoError(f, err)
		f.Add(presentation, "application/vp+jwt")
		presentation, err = w3c.COSE{}.Present(ctx, []credential.Held{{Raw: raw, Signer: p, MediaType: "application/jwt"}}, exchange)
		require.NoError(f, err)
		f.Add(presentation, "application/vp+cose")
		f.Add(wrapped("EnvelopedVerifiablePresentation", "vp+cose", presentation), "")
	}
	f.Fuzz(func(t *testing.T, raw []byte, mediaType string) {
		for _, format := range []credential.Format{w3c.JWT{}, w3c.COSE{}} {
			env, err := format.Parse(raw, mediaType)
			if err != nil {
				continue
			}
			require.Len(t, append(env.Proofs, env.Holder...), 1)
			require.Equal(t, env.Credential == nil, env.Contents != nil)
			if env.Credential != nil {
				require.Len(t, env.Credential.Issuers, 1)
				require.True(t, json.Valid(marshal(t, env.Credential.Payload)))
			}
		}
	})
}
