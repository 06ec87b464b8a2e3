package vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
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
	"github.com/sanad-credentials/sanad/trustlist/vci"
)

var (
	ctx      = context.Background()
	unsigned = vci.Options{InsecureUnsigned: true}
)

// real is how the directory's snapshot looks, with three of its issuers: keys
// with their members in either order, one key shared by two issuers.
const real = `{
    "directory": "https://raw.githubusercontent.com/the-commons-project/vci-directory/main/vci-issuers.json",
    "time": "2026-05-22T05:52:08Z",
    "issuerInfo": [
        {
            "issuer": {
                "iss": "https://myvaccinerecord.cdph.ca.gov/creds",
                "name": "State of California",
                "website": "https://myvaccinerecord.cdph.ca.gov/"
            },
            "keys": [
                {
                    "kty": "EC", "kid": "7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0", "use": "sig", "alg": "ES256", "crv": "P-256",
                    "x": "3dQz5ZlbazChP3U7bdqShfF0fvSXLXD9WMa1kqqH6i4", "y": "FV4AsWjc7ZmfhSiHsw2gjnDMKNLwNqi2jMLmJpiKWtE"
                },
                {
                    "kty": "EC", "kid": "K6ooAPA7asWNAO4BlmzjG-T8O_SKtEw_4NYjW_xmiRM", "use": "sig", "alg": "ES256", "crv": "P-256",
                    "x": "DjaTPnjtJhXH6E7mEML74NPuBdSE58bZ0dnHT8K31Rk", "y": "o4Ug87oDKBI3m6ix_SiiZF5f42QdqeRpkpFytGlUTvw"
                }
            ],
            "lastRetrieved": "2026-05-22T05:52:08Z"
        },
        {
            "issuer": {
                "iss": "https://epicproxy.et0502.epichosted.com/EPPARRPRD/api/epic/2021/Security/Open/EcKeys/32001/SHC",
                "name": "UC Health (San Diego / Irvine / Riverside) and Affiliates",
                "canonical_iss": "https://epicproxy.et0502.epichosted.com/FHIRProxy/api/epic/2021/Security/Open/EcKeys/32001/SHC"
            },
            "keys": [
                {
                    "x": "CigbmPsGybDdg_XoKXJ2x6eqHlrYZ4UrqYuqHusAMUA", "y": "_99pHvAXlgZdcA0YohmBwo0fSfm8sbhx25qE_l7MwCk",
                    "kid": "nQM-36EWDZU5kLoCoeOvshvT2P9JUyc8Do6yWRhNokg", "use": "sig", "kty": "EC", "alg": "ES256", "crv": "P-256"
                }
            ],
            "lastRetrieved": "2024-02-11 05:00:01"
        },
        {
            "issuer": {
                "iss": "https://epicproxy-pub.et0502.epichosted.com/EPPARRPRD/api/epic/2021/Security/Open/EcKeys/32001/SHC",
                "name": "UC Health (San Diego / Irvine / Riverside) and Affiliates"
            },
            "keys": [
                {
                    "x": "CigbmPsGybDdg_XoKXJ2x6eqHlrYZ4UrqYuqHusAMUA", "y": "_99pHvAXlgZdcA0YohmBwo0fSfm8sbhx25qE_l7MwCk",
                    "kid": "nQM-36EWDZU5kLoCoeOvshvT2P9JUyc8Do6yWRhNokg", "use": "sig", "kty": "EC", "alg": "ES256", "crv": "P-256"
                }
            ],
            "crls": [{"kid": "nQM-36EWDZU5kLoCoeOvshvT2P9JUyc8Do6yWRhNokg", "method": "rid", "ctr": "3", "rids": []}]
        }
    ]
}`

const (
	california = "https://myvaccinerecord.cdph.ca.gov/creds"
	ucHealth   = "https://epicproxy.et0502.epichosted.com/EPPARRPRD/api/epic/2021/Security/Open/EcKeys/32001/SHC"
	ucPublic   = "https://epicproxy-pub.et0502.epichosted.com/EPPARRPRD/api/epic/2021/Security/Open/EcKeys/32001/SHC"
)

func authorize(l *trustlist.List, k proof.Key, iss string, now time.Time) (*trustlist.Entry, error) {
	return l.Authorize(ctx, trustlist.Query{Key: k, Issuer: iss, Types: []string{"https://smarthealth.cards#health-card"}, Role: trustlist.RoleIssue, Signed: now, Now: now})
}

func TestSnapshot(t *testing.T) {
	issued := time.Date(2026, 5, 22, 5, 52, 8, 0, time.UTC)
	o := unsigned
	o.Territories = map[string]string{california: "US"}
	l, skipped, err := vci.Parse([]byte(real), o)
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, issued, l.Issued())
	require.Equal(t, "https://raw.githubusercontent.com/the-commons-project/vci-directory/main/vci-issuers.json", l.Infos()[0].Name)
	e := l.Entries()
	require.Len(t, e, 3)
	require.Equal(t, "State of California ("+california+")", e[0].Authority)
	require.Equal(t, "US", e[0].Territory)
	require.Equal(t, []string{california}, e[0].Names)
	require.Nil(t, e[0].Types)
	require.Len(t, e[0].Keys, 2)
	require.Equal(t, issued, e[0].ListIssued)
	require.Equal(t, time.Date(2024, 2, 11, 5, 0, 1, 0, time.UTC), e[1].ListIssued, "when its keys were last seen")
	require.Equal(t, issued, e[2].ListIssued)
	require.NotEqual(t, e[1].Authority, e[2].Authority, "issuers with one name are two")

	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "nQM-36EWDZU5kLoCoeOvshvT2P9JUyc8Do6yWRhNokg"})
	require.NoError(t, err)
	require.Len(t, keys, 1, "one key of two issuers is tried once")
	for _, iss := range []string{ucHealth, ucPublic} {
		got, err := authorize(l, keys[0], iss, issued)
		require.NoError(t, err)
		require.True(t, got.Speaks(iss))
	}
	got, err := authorize(l, keys[0], california, issued)
	require.NoError(t, err)
	require.False(t, got.Speaks(california), "and speaks for no third")
	require.False(t, got.Speaks(ucHealth+"/"))
	require.True(t, keys[0].Allows(proof.ES256, proof.AssertionMethod))
}

// As openssl dgst -sha512 -sign makes it, with a key on P-521 as the directory's.
func TestPromiseSnapshotIsAuthenticated(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	sum := sha512.Sum512([]byte(real))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	require.NoError(t, err)
	pinned := proof.Key{Public: &key.PublicKey, Algorithms: []proof.Algorithm{proof.ES512}, Purposes: []proof.Purpose{proof.AssertionMethod}}
	good := vci.Options{Signature: sig, Signers: []proof.Key{pinned}}
	l, _, err := vci.Parse([]byte(real), good)
	require.NoError(t, err)
	require.Len(t, l.Entries(), 3)

	stranger, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	with := func(f func(o *vci.Options)) vci.Options {
		o := good
		f(&o)
		return o
	}
	for name, o := range map[string]vci.Options{
		"nothing":      {},
		"no signature": with(func(o *vci.Options) { o.Signature = nil }),
		"no signers":   with(func(o *vci.Options) { o.Signers = nil }),
		"cut":          with(func(o *vci.Options) { o.Signature = sig[:len(sig)-1] }),
		"longer":       with(func(o *vci.Options) { o.Signature = append(sig[:len(sig):len(sig)], 0) }),
		"a stranger": with(func(o *vci.Options) {
			o.Signers = []proof.Key{{Public: &stranger.PublicKey, Algorithms: pinned.Algorithms, Purposes: pinned.Purposes}}
		}),
		"another hash": with(func(o *vci.Options) {
			o.Signers = []proof.Key{{Public: &key.PublicKey, Algorithms: []proof.Algorithm{proof.ES256}, Purposes: pinned.Purposes}}
		}),
		"another use": with(func(o *vci.Options) {
			o.Signers = []proof.Key{{Public: &key.PublicKey, Algorithms: pinned.Algorithms, Purposes: []proof.Purpose{proof.Authentication}}}
		}),
		"not ECDSA": with(func(o *vci.Options) {
			o.Signers = []proof.Key{testnet.New("vci", time.Now()).State("US").Signer(testnet.SignerOptions{Kind: testnet.Ed25519}).Signer.Key()}
		}),
		"no key at all": with(func(o *vci.Options) { o.Signers = []proof.Key{{}} }),
		"a nil EC key": with(func(o *vci.Options) {
			o.Signers = []proof.Key{{Public: (*ecdsa.PublicKey)(nil), Algorithms: pinned.Algorithms, Purposes: pinned.Purposes}}
		}),
		"unsigned, too": with(func(o *vci.Options) { o.Signature, o.InsecureUnsigned = sig[1:], true }),
	} {
		_, _, err := vci.Parse([]byte(real), o)
		require.ErrorIs(t, err, vci.ErrSignature, name)
	}
	for i := 0; i < len(real); i += 97 {
		changed := []byte(real)
		changed[i] ^= 1
		_, _, err := vci.Parse(changed, good)
		require.ErrorIs(t, err, vci.ErrSignature)
	}
}

// object is a JSON object to be spoilt.
type object = map[string]any

func keyOf(t testing.TB, country string, kind testnet.Kind, chain bool) object {
	t.Helper()
	s := testnet.New("vci", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)).State(country).Signer(testnet.SignerOptions{Kind: kind})
	certs := s.Signer.Key().Chain
	if !chain {
		certs = nil
	}
	thumbprint, err := jwk.Thumbprint(s.Cert.PublicKey)
	require.NoError(t, err)
	raw, err := jwk.Marshal(s.Cert.PublicKey, thumbprint, certs...)
	require.NoError(t, err)
	var m object
	require.NoError(t, json.Unmarshal(raw, &m))
	m["use"], m["alg"] = "sig", "ES256"
	return m
}

func national(t testing.TB, issuers ...object) []byte {
	t.Helper()
	raw, err := json.Marshal(issuers)
	require.NoError(t, err)
	return raw
}

func TestKeys(t *testing.T) {
	good := keyOf(t, "CA", "", false)
	for name, c := range map[string]struct {
		kind  testnet.Kind
		spoil func(k object)
		want  error // nil: taken
		kept  error // what is noted
	}{
		"as it should be":   {"", func(object) {}, nil, nil},
		"of its own member": {"", func(k object) { k["crlVersion"] = 3; k["nbf"] = "x" }, nil, nil},
		"without kid":       {"", func(k object) { delete(k, "kid") }, nil, vci.ErrProfile},
		"without use":       {"", func(k object) { delete(k, "use") }, nil, vci.ErrProfile},
		"without alg":       {"", func(k object) { delete(k, "alg") }, nil, vci.ErrProfile},
		"another kid":       {"", func(k object) { k["kid"] = "2XlWk1UQMqavMtLt-aX35q_q9snFtGgdjH4-Y1gfH1M" }, vci.ErrThumbprint, nil},
		"kid padded":        {"", func(k object) { k["kid"] = k["kid"].(string) + "=" }, vci.ErrThumbprint, nil},
		"private":           {"", func(k object) { k["d"] = "AA" }, jwk.ErrPrivate, nil},
		"for encryption":    {"", func(k object) { k["use"] = "enc" }, jwk.ErrUse, nil},
		"another alg":       {"", func(k object) { k["alg"] = "ES384" }, jwk.ErrUnsupported, nil},
		"alg none":          {"", func(k object) { k["alg"] = "none" }, jwk.ErrUnsupported, nil},
		"P-384":             {testnet.P384, func(k object) { k["alg"] = "ES384" }, proof.ErrKey, nil},
		"Ed25519":           {testnet.Ed25519, func(k object) { k["alg"] = "EdDSA" }, proof.ErrKey, nil},
		"RSA":               {testnet.RSA2048, func(k object) { k["alg"] = "PS256" }, proof.ErrKey, nil},
		"x of another key":  {"", func(k object) { k["x"] = good["y"] }, jwk.ErrSyntax, nil},
		"x with a sign":     {"", func(k object) { k["x"] = "AA" + k["x"].(string) }, jwk.ErrSyntax, nil},
		"not an object":     {"", nil, jwk.ErrSyntax, nil},
	} {
		var k any = "a key"
		if c.spoil != nil {
			m := keyOf(t, "CA", c.kind, false)
			c.spoil(m)
			k = m
		}
		l, skipped, err := vci.Parse(national(t, object{"iss": "https://a.example", "keys": []any{k, keyOf(t, "SA", "", false)}}), unsigned)
		require.NoError(t, err, name)
		n := 1
		if c.want == nil {
			n = 2
		}
		require.Len(t, l.Entries()[0].Keys, n, name)
		if c.want == nil && c.kept == nil {
			require.Empty(t, skipped, name)
			continue
		}
		require.Len(t, skipped, 1, name)
		require.Equal(t, c.want == nil, skipped[0].Kept, name)
		require.True(t, strings.HasPrefix(skipped[0].ID, "https://a.example#"), name)
		if c.want != nil {
			require.ErrorIs(t, skipped[0].Reason, c.want, name)
			require.ErrorIs(t, skipped[0].Reason, proof.ErrKey, name)
		} else {
			require.ErrorIs(t, skipped[0].Reason, c.kept, name)
			require.Equal(t, good["kid"], l.Entries()[0].Keys[0].ID, "found by its thumbprint all the same")
		}
	}
}

// Certificates come with the key and don't limit it: what counts is the list.
func TestCertificates(t *testing.T) {
	k := keyOf(t, "CA", "", true)
	plain := keyOf(t, "CA", "", false)
	l, skipped, err := vci.Parse(national(t, object{"iss": "https://a.example", "keys": []any{k, k, plain}}), unsigned)
	require.NoError(t, err)
	require.Empty(t, skipped)
	keys := l.Entries()[0].Keys
	require.Len(t, keys, 2, "with its certificate and without, each once")
	require.Len(t, keys[0].Chain, 2)
	require.True(t, keys[0].NotAfter.IsZero())
	_, err = authorize(l, keys[0], "https://a.example", time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)

	k["x5c"] = keyOf(t, "SA", "", true)["x5c"]
	_, skipped, err = vci.Parse(national(t, object{"iss": "https://a.example", "keys": []any{k}}), unsigned)
	require.ErrorIs(t, err, vci.ErrFormat)
	require.ErrorIs(t, skipped[0].Reason, jwk.ErrDisagree)
}

func TestIssuers(t *testing.T) {
	keys := []any{keyOf(t, "CA", "", false)}
	for name, c := range map[string]struct {
		issuer object
		keys   int // -1: not taken
		kept   error
	}{
		"name and keys":    {object{"iss": "https://a.example", "name": "A", "keys": keys}, 1, nil},
		"display and jwks": {object{"id": "ca.a", "iss": "https://a.example", "display": "A", "jwks": object{"keys": keys}}, 1, nil},
		"in a member":      {object{"issuer": object{"iss": "https://a.example", "name": "A"}, "keys": keys}, 1, nil},
		"without keys":     {object{"iss": "https://a.example", "name": "A", "canonical_iss": "https://b.example"}, 0, nil},
		"ends in a slash":  {object{"iss": "https://a.example/", "name": "A", "keys": keys}, 1, vci.ErrProfile},
		"no keys left":     {object{"iss": "https://a.example", "keys": []any{object{"kty": "oct"}}}, -1, nil},
		"an empty set":     {object{"iss": "https://a.example", "keys": []any{}}, -1, nil},
		"keys null":        {object{"iss": "https://a.example", "keys": nil}, -1, nil},
		"jwks empty":       {object{"iss": "https://a.example", "jwks": object{}}, -1, nil},
		"by http":          {object{"iss": "http://a.example", "keys": keys}, -1, nil},
		"no iss":           {object{"name": "A", "keys": keys}, -1, nil},
		"iss a number":     {object{"iss": 7, "keys": keys}, -1, nil},
		"iss with a space": {object{"iss": "https://a.example /", "keys": keys}, -1, nil},
		"iss too long":     {object{"iss": "https://a.example/" + strings.Repeat("x", limits.URL), "keys": keys}, -1, nil},
	} {
		good := object{"iss": "https://good.example", "keys": keys}
		l, skipped, err := vci.Parse(national(t, c.issuer, good), unsigned)
		require.NoError(t, err, name)
		if c.keys < 0 {
			require.Len(t, l.Entries(), 1, name)
			require.ErrorIs(t, skipped[len(skipped)-1].Reason, vci.ErrFormat, name)
			require.False(t, skipped[len(skipped)-1].Kept, name)
			continue
		}
		e := l.Entries()[0]
		require.Len(t, e.Keys, c.keys, name)
		require.True(t, strings.HasPrefix(e.Authority, "A (https://a.example"), name)
		require.Len(t, e.Names, 1, name)
		if c.kept == nil {
			require.Empty(t, skipped, name)
		} else {
			require.ErrorIs(t, skipped[0].Reason, c.kept, name)
			require.True(t, skipped[0].Kept, name)
		}
	}
	// An issuer without keys is found by what its own source vouches for.
	l, _, err := vci.Parse([]byte(`{"participating_issuers":[{"iss":"https://a.example","name":"A"}]}`), unsigned)
	require.NoError(t, err)
	k := testnet.New("vci", time.Now()).State("CA").Signer(testnet.SignerOptions{}).Signer.Key()
	k.Controllers = nil
	_, err = authorize(l, k, "https://a.example", time.Now())
	require.ErrorIs(t, err, trustlist.ErrNotListed)
	k.Controllers = []string{"https://a.example"}
	_, err = authorize(l, k, "https://a.example", time.Now())
	require.NoError(t, err)
}

func TestParseRefuses(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`{"iss":"https://a.example"},`, limits.Issuers+1), ",")
	for name, raw := range map[string]string{
		"empty": "", "no JSON": "<html>", "a number": "7", "no issuers": "{}", "issuers an object": `{"issuerInfo":{}}`,
		"cut": real[:len(real)-2], "a name twice": `{"issuerInfo":[],"issuerInfo":[]}`, "no time": `{"time":"yesterday","issuerInfo":[]}`,
		"time a number": `{"time":7,"issuerInfo":[]}`, "too many issuers": "[" + many + "]", "none readable": `[{"iss":"http://a.example"}]`,
		"too long": strings.Repeat(" ", limits.TrustList+1) + real,
	} {
		_, _, err := vci.Parse([]byte(raw), unsigned)
		require.ErrorIs(t, err, vci.ErrFormat, name)
		require.Less(t, len(err.Error()), 300, name)
	}
	l, skipped, err := vci.Parse([]byte(`{"issuerInfo":[]}`), vci.Options{InsecureUnsigned: true, Info: trustlist.Info{Name: "none left"}})
	require.NoError(t, err, "that is how the last is withdrawn")
	require.Empty(t, skipped)
	require.Empty(t, l.Entries())
	require.Equal(t, "none left", l.Infos()[0].Name)
}

// Nobody has retrieved a key after the snapshot was made: an entry is no fresher
// than its list.
func TestPromiseEntryIsNoFresherThanItsList(t *testing.T) {
	raw := strings.Replace(real, `"lastRetrieved": "2026-05-22T05:52:08Z"`, `"lastRetrieved": "2036-05-22T05:52:08Z"`, 1)
	l, _, err := vci.Parse([]byte(raw), unsigned)
	require.NoError(t, err)
	require.Equal(t, l.Issued(), l.Entries()[0].ListIssued)
}

// Keys are counted whether they are usable or not, over all issuers, and each
// that is not read is told.
func TestKeysBeyondTheLimitAreTold(t *testing.T) {
	good, err := json.Marshal(keyOf(t, "ID", testnet.P256, false))
	require.NoError(t, err)
	raw := `[{"iss":"https://a.example","keys":[` + string(good) + strings.Repeat(",{}", limits.TrustKeys-1) + `]},` +
		`{"iss":"https://b.example","keys":[` + string(good) + `]}]`
	l, skipped, err := vci.Parse([]byte(raw), unsigned)
	require.NoError(t, err)
	require.Len(t, l.Entries(), 1)
	require.Len(t, skipped, limits.TrustKeys+1)
	require.ErrorContains(t, skipped[limits.TrustKeys-1].Reason, "over 100000 keys")
	require.ErrorContains(t, skipped[limits.TrustKeys].Reason, "no usable key")
}

// The example issuer of the specification, as a list of one.
func TestSpecificationExample(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "smart-health-cards", "spec-examples"), "issuer", ".well-known", "jwks.json"))
	require.NoError(t, err)
	l, skipped, err := vci.Parse(fmt.Appendf(nil, `[{"iss":"https://spec.smarthealth.cards/examples/issuer","jwks":%s}]`, raw), unsigned)
	require.NoError(t, err)
	require.Empty(t, skipped)
	keys := l.Entries()[0].Keys
	require.Len(t, keys, 2)
	require.Equal(t, "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", keys[0].ID)
	require.Len(t, keys[1].Chain, 3)
	_, err = authorize(l, keys[1], "https://spec.smarthealth.cards/examples/issuer", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err, "its certificate ended in 2022, its cards did not")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(real))
	f.Add(national(f, object{"iss": "https://a.example", "jwks": object{"keys": []any{keyOf(f, "CA", "", true)}}}))
	f.Add([]byte(`{"participating_issuers":[{"iss":"https://a.example/","name":"A"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, skipped, err := vci.Parse(raw, unsigned)
		if err != nil {
			return
		}
		for _, s := range skipped {
			if s.Reason == nil || s.ID == "" {
				t.Fatal("skipped without a word")
			}
		}
		for _, e := range l.Entries() {
			if len(e.Names) != 1 || !strings.HasPrefix(e.Names[0], "https://") || e.ListIssued.After(l.Issued()) {
				t.Fatalf("%+v", e)
			}
			for _, k := range e.Keys {
				if thumbprint, err := jwk.Thumbprint(k.Public); err != nil || k.ID != thumbprint || !k.Allows(proof.ES256, proof.AssertionMethod) {
					t.Fatalf("a key that is none of the profile: %v", err)
				}
			}
		}
	})
}
