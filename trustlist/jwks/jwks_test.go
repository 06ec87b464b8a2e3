package jwks_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/jwks"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
)

func signer(country string) *testnet.DocumentSigner {
	return testnet.New("jwks", now).State(country).Signer(testnet.SignerOptions{})
}

func key(t testing.TB, s *testnet.DocumentSigner, kid string, withChain bool) string {
	t.Helper()
	chain := s.Signer.Key().Chain
	if !withChain {
		chain = nil
	}
	raw, err := jwk.Marshal(s.Cert.PublicKey, kid, chain...)
	require.NoError(t, err)
	return string(raw)
}

func set(keys ...string) []byte { return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`) }

func TestParse(t *testing.T) {
	a, b := signer("ID"), signer("SA")
	o := jwks.Options{
		Info:  trustlist.Info{Name: "https://issuer.example/.well-known/jwks.json", Issued: now},
		Names: []string{"https://issuer.example"}, Territory: "ID", Types: []string{"vaccination"},
	}
	l, skipped, err := jwks.Parse(set(key(t, a, "a", true), key(t, b, "", false)), o)
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, []trustlist.Info{o.Info}, l.Infos())
	e := l.Entries()
	require.Len(t, e, 1)
	require.Equal(t, "https://issuer.example", e[0].Authority)
	require.Equal(t, o.Names, e[0].Names)
	require.Equal(t, o.Types, e[0].Types)
	require.Equal(t, "ID", e[0].Territory)
	require.Equal(t, []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, e[0].Roles)

	withChain, bare := e[0].Keys[0], e[0].Keys[1]
	require.Equal(t, "a", withChain.ID)
	require.Len(t, withChain.Chain, 2)
	require.True(t, a.Cert.NotAfter.Equal(withChain.NotAfter) && a.Cert.NotBefore.Equal(withChain.NotBefore))
	thumbprint, err := jwk.Thumbprint(b.Cert.PublicKey)
	require.NoError(t, err)
	require.Equal(t, thumbprint, bare.ID)
	require.True(t, bare.NotAfter.IsZero())
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, bare.Purposes)

	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "a"})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	q := trustlist.Query{Key: keys[0], Issuer: "https://issuer.example", Types: o.Types, Role: trustlist.RoleIssue, Signed: now, Now: now}
	_, err = l.Authorize(ctx, q)
	require.NoError(t, err)
	q.Now = now.AddDate(5, 0, 0)
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrExpired)

	o.Authority = "Ministry"
	l, _, err = jwks.Parse(set(key(t, a, "a", true)), o)
	require.NoError(t, err)
	require.Equal(t, "Ministry", l.Entries()[0].Authority)
}

func TestKidOfHealthCertificates(t *testing.T) {
	s := signer("ID")
	standard := trustlist.KeyID(s.Cert)
	b, err := base64.StdEncoding.DecodeString(standard)
	require.NoError(t, err)
	kid := base64.RawURLEncoding.EncodeToString(b)
	l, _, err := jwks.Parse(set(key(t, s, kid, false)), jwks.Options{})
	require.NoError(t, err)
	for _, id := range []string{kid, standard} {
		keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: id})
		require.NoError(t, err)
		require.Len(t, keys, 1, id)
	}
}

func manyMembers() string {
	var b strings.Builder
	for i := range limits.Members + 1 {
		fmt.Fprintf(&b, `,"m%d":0`, i)
	}
	return "{" + b.String()[1:] + "}"
}

// Members that a key is not made of are nobody's business, be they what they
// may.
func TestUnknownMembers(t *testing.T) {
	k := key(t, signer("ID"), "k", false)
	k = `{"x5a":{"serial":16144159659917190784,"serial":1},"crlVersion":1e400,` + k[1:]
	l, skipped, err := jwks.Parse([]byte(`{"issuer":-0.0,"keys":[`+k+`]}`), jwks.Options{})
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, "k", l.Entries()[0].Keys[0].ID)
}

func TestSkipped(t *testing.T) {
	good, other := key(t, signer("ID"), "good", false), signer("SA")
	other2 := key(t, other, "bad", true)
	with := func(name string, v any) string {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(key(t, other, "bad", true)), &m))
		m[name] = v
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		return string(raw)
	}
	for name, c := range map[string]struct {
		key, id string
		want    error
	}{
		"for encryption":      {with("use", "enc"), "bad", jwk.ErrUse},
		"symmetric":           {with("kty", "oct"), "bad", jwk.ErrUnsupported},
		"private":             {with("d", "AA"), "bad", jwk.ErrPrivate},
		"sign byte":           {with("x", "A"+strings.Repeat("A", 43)), "bad", jwk.ErrSyntax},
		"another certificate": {with("x5c", []string{base64.StdEncoding.EncodeToString(signer("ID").Cert.Raw)}), "bad", jwk.ErrDisagree},
		"broken certificate":  {with("x5c", []string{"AAAA"}), "bad", jwk.ErrCertificate},
		"kid a number":        {with("kid", 5), "keys[1]", jwk.ErrSyntax},
		"a string":            {`"key"`, "keys[1]", proof.ErrKey},
		"null":                {`null`, "keys[1]", proof.ErrKey},
		"a name twice":        {`{"kty":"EC",` + other2[1:], "keys[1]", proof.ErrKey},
		"many members":        {manyMembers(), "keys[1]", proof.ErrKey},
		"twice":               {good, "good", jwks.ErrDuplicate},
	} {
		l, skipped, err := jwks.Parse(set(good, c.key), jwks.Options{})
		require.NoError(t, err, name)
		require.Len(t, l.Entries()[0].Keys, 1, name)
		require.Len(t, skipped, 1, name)
		require.Equal(t, c.id, skipped[0].ID, name)
		require.ErrorIs(t, skipped[0].Reason, c.want, name)
		if c.want != jwks.ErrDuplicate {
			_, skipped, err = jwks.Parse(set(c.key), jwks.Options{})
			require.ErrorIs(t, err, jwks.ErrFormat, name)
			require.Len(t, skipped, 1, name)
		}
	}
}

// Two keys with one kid are both kept: a verifier tries both.
func TestTwoKeysWithOneKid(t *testing.T) {
	l, skipped, err := jwks.Parse(set(key(t, signer("ID"), "k", false), key(t, signer("SA"), "k", false)), jwks.Options{})
	require.NoError(t, err)
	require.Empty(t, skipped)
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "k"})
	require.NoError(t, err)
	require.Len(t, keys, 2)
}

func TestLenient(t *testing.T) {
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(key(t, signer("ID"), "k", true)), &m))
	m["x"] = m["x"].(string) + "="
	m["x5c"].([]any)[1] = "AAAA"
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	_, _, err = jwks.Parse(set(string(raw)), jwks.Options{})
	require.ErrorIs(t, err, jwks.ErrFormat)
	l, skipped, err := jwks.Parse(set(string(raw)), jwks.Options{Lenient: true})
	require.NoError(t, err)
	require.Len(t, l.Entries()[0].Keys[0].Chain, 1)
	require.Len(t, skipped, 1)
	require.True(t, skipped[0].Kept)
}

func TestBadDocuments(t *testing.T) {
	good := string(set(key(t, signer("ID"), "k", false)))
	for name, raw := range map[string]string{
		"empty": "", "truncated": good[:len(good)-1], "a list": "[]", "no keys": "{}", "keys an object": `{"keys":{}}`, "none": `{"keys":[]}`,
		"keys twice": `{"keys":[],` + good[1:], "other case": strings.Replace(good, "keys", "KEYS", 1),
		"deep":      `{"keys":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`,
		"many":      `{"keys":[` + strings.Repeat("0,", 3_000_000) + `0]}`,
		"too large": good + strings.Repeat(" ", limits.TrustList),
	} {
		l, _, err := jwks.Parse([]byte(raw), jwks.Options{})
		require.ErrorIs(t, err, jwks.ErrFormat, name)
		require.Nil(t, l, name)
	}
}

// The signers of the hcert test data, found by the kid that a health
// certificate carries, and those of the SMART Health Cards specification, whose
// kid is the thumbprint.
func TestConformanceKeySets(t *testing.T) {
	met, total := 0, 0
	for _, file := range []string{
		filepath.Join(testvectors.Dir(t, "eu-dcc", "hcert-testdata"), "jwks.json"),
		filepath.Join(testvectors.Dir(t, "smart-health-cards", "spec-examples", "issuer", ".well-known"), "jwks.json"),
	} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var doc struct {
			Keys []struct {
				Kid string
				X5c []string
			}
		}
		require.NoError(t, json.Unmarshal(raw, &doc))
		l, skipped, err := jwks.Parse(raw, jwks.Options{Names: []string{"https://issuer.example"}})
		require.NoError(t, err)
		for _, s := range skipped {
			t.Errorf("%s: %v", s.ID, s.Reason)
		}
		for _, k := range doc.Keys {
			total++
			keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: jwk.HealthID(k.Kid)})
			require.NoError(t, err)
			require.Len(t, keys, 1, k.Kid)
			thumbprint, err := jwk.Thumbprint(keys[0].Public)
			require.NoError(t, err)
			if len(k.Kid) == 43 && thumbprint != k.Kid || len(keys[0].Chain) != len(k.X5c) {
				t.Errorf("key %s: thumbprint %s, %d certificates", k.Kid, thumbprint, len(keys[0].Chain))
				continue
			}
			met++
		}
	}
	fmt.Printf("conformance: jwks %d/%d\n", met, total)
}

func FuzzParse(f *testing.F) {
	f.Add(set(key(f, signer("ID"), "k", true)), true)
	f.Add(set(key(f, signer("ID"), "", false), key(f, signer("SA"), "AAAAAAAAAAA", false)), false)
	f.Fuzz(func(t *testing.T, raw []byte, lenient bool) {
		l, _, err := jwks.Parse(raw, jwks.Options{Names: []string{"n"}, Lenient: lenient})
		if err != nil {
			require.ErrorIs(t, err, jwks.ErrFormat)
			return
		}
		for _, k := range l.Entries()[0].Keys {
			require.NotEmpty(t, k.ID)
			if len(k.Chain) > 0 {
				require.True(t, proof.Same(k.Public, k.Chain[0].PublicKey))
			}
		}
	})
}
