package gdhcn_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

const (
	listID   = "did:web:list.example:v2:trustlist"
	signerID = "did:web:list.example#signer"
)

var (
	ctx      = context.Background()
	now      = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	unsigned = gdhcn.Options{InsecureUnsigned: true}
)

// object is a JSON object to be spoilt.
type object = map[string]any

func network() *testnet.Network { return testnet.New("gdhcn", now) }

func publicJWK(t testing.TB, s *testnet.DocumentSigner, kid string) object {
	t.Helper()
	raw, err := jwk.Marshal(s.Cert.PublicKey, kid, s.Signer.Key().Chain...)
	require.NoError(t, err)
	var m object
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

// v2 is a method of version 2.
func v2(t testing.TB, s *testnet.DocumentSigner, domain, participant, usage string) object {
	t.Helper()
	kid := trustlist.KeyID(s.Cert)
	return object{
		"id": listID + ":" + domain + ":" + participant + ":" + usage + "#" + kid, "type": "JsonWebKey2020", "controller": listID,
		"publicKeyJwk": publicJWK(t, s, kid),
		"domain":       object{"code": "#" + domain}, "participant": object{"code": "#" + participant}, "keyusage": object{"code": "#" + usage},
	}
}

// v1 is a method of version 1, where the DID names the country and there is no
// kid.
func v1(t testing.TB, s *testnet.DocumentSigner, country string) object {
	t.Helper()
	did := "did:web:list.example:trustlist:" + country
	return object{"id": did + "#" + trustlist.KeyID(s.Cert), "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": publicJWK(t, s, "")}
}

func document(t testing.TB, methods ...any) []byte {
	t.Helper()
	if methods == nil {
		methods = []any{}
	}
	raw, err := json.Marshal(object{"@context": []string{"https://www.w3.org/ns/did/v1"}, "id": listID, "controller": listID, "verificationMethod": methods})
	require.NoError(t, err)
	return raw
}

func authorize(l *trustlist.List, k proof.Key, issuer string) (*trustlist.Entry, error) {
	return l.Authorize(ctx, trustlist.Query{Key: k, Issuer: issuer, Role: trustlist.RoleIssue, Signed: now, Now: now})
}

func TestVersion2(t *testing.T) {
	n := network()
	dsc, other := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{Kind: testnet.P384})
	l, skipped, err := gdhcn.Parse(document(t,
		v2(t, dsc, "DCC", "IDN", "DSC"), v2(t, dsc, "PH4H", "IDN", "DSC"),
		v2(t, other, "IPS-PILGRIMAGE", "SAU", "SCA"), v2(t, other, "DCC", "WHO", "DSC")), unsigned)
	require.NoError(t, err)
	require.Len(t, skipped, 2)
	for i, reason := range []error{gdhcn.ErrParticipant, gdhcn.ErrAuthority} {
		require.Equal(t, gdhcn.Skipped{ID: v2(t, other, "DCC", "WHO", "DSC")["id"].(string), Reason: reason, Kept: true}, skipped[i])
	}
	e := l.Entries()
	require.Len(t, e, 3)

	require.Equal(t, "IDN", e[0].Authority)
	require.Equal(t, "ID", e[0].Territory)
	require.Equal(t, []string{"ID", "IDN"}, e[0].Names)
	require.Equal(t, []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, e[0].Roles)
	require.Equal(t, listID, e[0].List)
	require.Len(t, e[0].Keys, 1, "one key in two domains")
	k := e[0].Keys[0]
	require.Equal(t, trustlist.KeyID(dsc.Cert), k.ID)
	require.Equal(t, []proof.Algorithm{proof.ES256}, k.Algorithms)
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, k.Purposes)
	require.True(t, dsc.Cert.NotAfter.Equal(k.NotAfter) && dsc.Cert.NotBefore.Equal(k.NotBefore))
	require.Len(t, k.Chain, 2)

	require.Equal(t, []trustlist.Role{"SCA"}, e[1].Roles, "listed, and for nothing")
	require.Equal(t, []string{"WHO"}, e[2].Names, "no country, and yet not for any name")
	require.Empty(t, e[2].Territory)

	got, err := authorize(l, k, "IDN")
	require.NoError(t, err)
	require.Equal(t, "IDN", got.Authority)
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: trustlist.KeyID(dsc.Cert)})
	require.NoError(t, err)
	require.Len(t, keys, 1)
}

func TestVersion1(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	l, skipped, err := gdhcn.Parse(document(t, v1(t, s, "idn"), "did:web:other.example"), unsigned)
	require.NoError(t, err)
	require.Equal(t, []string{"ID", "IDN"}, l.Entries()[0].Names)
	require.Equal(t, "IDN", l.Entries()[0].Authority)
	require.Equal(t, trustlist.KeyID(s.Cert), l.Entries()[0].Keys[0].ID)
	_, err = authorize(l, s.Signer.Key(), "ID")
	require.NoError(t, err)
	require.Len(t, skipped, 1)
	require.Equal(t, "did:web:other.example", skipped[0].ID)
	require.ErrorIs(t, skipped[0].Reason, gdhcn.ErrReference)
	require.False(t, skipped[0].Kept)
}

// Version 1 writes "null" for test countries; of a real country it never does.
func TestVersion1Null(t *testing.T) {
	n := network()
	l, skipped, err := gdhcn.Parse(document(t, v1(t, n.State("XV").Signer(testnet.SignerOptions{}), "null"), v1(t, n.State("DE").Signer(testnet.SignerOptions{}), "null"),
		v1(t, n.State("XK").Signer(testnet.SignerOptions{}), "null")), unsigned)
	require.NoError(t, err)
	require.Len(t, l.Entries(), 1)
	require.Equal(t, "XXV", l.Entries()[0].Authority)
	require.Equal(t, []string{"XV", "XXV"}, l.Entries()[0].Names)
	require.Len(t, skipped, 2)
	for _, s := range skipped {
		require.ErrorIs(t, s.Reason, gdhcn.ErrFormat)
	}
}

func TestDomains(t *testing.T) {
	n := network()
	a, b := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{})
	doc := document(t, v2(t, a, "DCC", "IDN", "DSC"), v2(t, b, "IPS-PILGRIMAGE", "SAU", "DSC"), v1(t, b, "sau"))
	l, skipped, err := gdhcn.Parse(doc, gdhcn.Options{InsecureUnsigned: true, Domains: []string{"IPS-PILGRIMAGE"}})
	require.NoError(t, err)
	require.Len(t, l.Entries(), 1)
	require.Equal(t, "SAU", l.Entries()[0].Authority)
	require.Len(t, skipped, 2)
	for _, s := range skipped {
		require.ErrorIs(t, s.Reason, gdhcn.ErrDomain)
	}
	l, skipped, err = gdhcn.Parse(doc, gdhcn.Options{InsecureUnsigned: true, Domains: []string{"PH4H"}})
	require.NoError(t, err, "the domain has no keys, or none any more")
	require.Empty(t, l.Entries())
	require.Len(t, skipped, 3)
}

func TestNamesOption(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	doc := document(t, v2(t, s, "DCC", "IDN", "DSC"), v2(t, s, "DCC", "IOM", "DSC"))
	names := map[string][]string{"IDN": {"Kementerian Kesehatan"}, "IOM": {"IO"}}
	l, _, err := gdhcn.Parse(doc, gdhcn.Options{InsecureUnsigned: true, Names: names})
	require.NoError(t, err)
	require.Equal(t, []string{"ID", "IDN", "Kementerian Kesehatan"}, l.Entries()[0].Names)
	require.Equal(t, []string{"IOM", "IO"}, l.Entries()[1].Names)
}

// The certificate decides on the identifier; a listed kid that differs finds
// the same key, and nothing more.
func TestKeyIdentifiers(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	kid := trustlist.KeyID(s.Cert)
	for name, c := range map[string]struct {
		kid, fragment string
		ids           []string
	}{
		"as it should be":  {kid, kid, []string{kid}},
		"no kid":           {"", kid, []string{kid}},
		"neither":          {"", "", []string{kid}},
		"base64url":        {strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(kid), "", []string{kid}},
		"another":          {"ABCDEFGH", "ABCDEFGH", []string{kid, "ABCDEFGH"}},
		"another, 8 bytes": {"AAAAAAAAAAA", "", []string{kid, "AAAAAAAAAAA="}},
		"three":            {"ABCDEFGH", "x/y+z=", []string{kid, "ABCDEFGH", "x/y+z="}},
	} {
		m := v2(t, s, "DCC", "IDN", "DSC")
		m["id"] = listID + ":DCC:IDN:DSC#" + c.fragment
		m["publicKeyJwk"] = publicJWK(t, s, c.kid)
		l, skipped, err := gdhcn.Parse(document(t, m), unsigned)
		require.NoError(t, err, name)
		var ids []string
		for _, k := range l.Entries()[0].Keys {
			ids = append(ids, k.ID)
			require.True(t, proof.Same(s.Cert.PublicKey, k.Public))
			found, err := l.ResolveKeys(ctx, proof.Hint{KeyID: k.ID})
			require.NoError(t, err)
			require.Len(t, found, 1, name)
		}
		require.Equal(t, c.ids, ids, name)
		require.Len(t, skipped, len(ids)-1, name)
		for _, s := range skipped {
			require.ErrorIs(t, s.Reason, gdhcn.ErrKeyID)
			require.True(t, s.Kept)
		}
	}
}

func TestKeyWithoutCertificate(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{Kind: testnet.Ed25519})
	m := v2(t, s, "DCC", "IDN", "DSC")
	delete(m["publicKeyJwk"].(object), "x5c")
	l, skipped, err := gdhcn.Parse(document(t, m), unsigned)
	require.NoError(t, err)
	require.Empty(t, skipped)
	k := l.Entries()[0].Keys[0]
	require.Equal(t, trustlist.KeyID(s.Cert), k.ID)
	require.Empty(t, k.Chain)
	require.True(t, k.NotAfter.IsZero())
	_, err = authorize(l, k, "ID")
	require.NoError(t, err)
}

func TestExpiredCertificateIsListedAndRefused(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)})
	l, skipped, err := gdhcn.Parse(document(t, v2(t, s, "DCC", "IDN", "DSC")), unsigned)
	require.NoError(t, err)
	require.Empty(t, skipped)
	_, err = authorize(l, l.Entries()[0].Keys[0], "ID")
	require.ErrorIs(t, err, trustlist.ErrExpired)
}

// Two certificates with one kid: both are candidates, and each speaks for its
// own state.
func TestTwoCertificatesWithOneKid(t *testing.T) {
	n := network()
	a, b := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{})
	ma, mb := v2(t, a, "DCC", "IDN", "DSC"), v2(t, b, "DCC", "SAU", "DSC")
	ma["publicKeyJwk"], mb["publicKeyJwk"] = publicJWK(t, a, "AAAAAAAAAAA="), publicJWK(t, b, "AAAAAAAAAAA=")
	l, _, err := gdhcn.Parse(document(t, ma, mb), unsigned)
	require.NoError(t, err)
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "AAAAAAAAAAA="})
	require.NoError(t, err)
	require.Len(t, keys, 2)
	for i, want := range []string{"IDN", "SAU"} {
		e, err := authorize(l, keys[i], "SA")
		require.NoError(t, err)
		require.Equal(t, want, e.Authority)
	}
}

// Each method is spoilt beside a good one, which loads.
func TestBadMethods(t *testing.T) {
	n := network()
	good, bad := n.State("SA").Signer(testnet.SignerOptions{}), n.State("ID").Signer(testnet.SignerOptions{})
	stranger := base64.StdEncoding.EncodeToString(good.Cert.Raw)
	inKey := func(name string, v any) func(object) { return func(m object) { m["publicKeyJwk"].(object)[name] = v } }
	for name, c := range map[string]struct {
		spoil func(object)
		want  error
	}{
		"no id":                      {func(m object) { delete(m, "id") }, gdhcn.ErrFormat},
		"id a number":                {func(m object) { m["id"] = 5 }, gdhcn.ErrFormat},
		"no key":                     {func(m object) { delete(m, "publicKeyJwk") }, gdhcn.ErrFormat},
		"key a string":               {func(m object) { m["publicKeyJwk"] = "key" }, proof.ErrKey},
		"private key":                {inKey("d", "AA"), jwk.ErrPrivate},
		"curve unknown":              {inKey("crv", "P-192"), jwk.ErrUnsupported},
		"key of another certificate": {inKey("x5c", []string{stranger}), jwk.ErrDisagree},
		"curve unknown, another certificate": {func(m object) {
			inKey("crv", "UNKNOWN CURVE")(m)
			inKey("x5c", []string{stranger})(m)
		}, jwk.ErrDisagree},
		"broken certificate":        {inKey("x5c", []string{"MIIB"}), jwk.ErrCertificate},
		"not on the curve":          {inKey("x", base64.RawURLEncoding.EncodeToString(make([]byte, 33))), jwk.ErrSyntax},
		"no domain":                 {func(m object) { delete(m, "domain") }, gdhcn.ErrFormat},
		"no participant":            {func(m object) { delete(m, "participant") }, gdhcn.ErrFormat},
		"no usage":                  {func(m object) { delete(m, "keyusage") }, gdhcn.ErrFormat},
		"participant a string":      {func(m object) { m["participant"] = "#IDN" }, gdhcn.ErrFormat},
		"participant empty":         {func(m object) { m["participant"] = object{"code": "#"} }, gdhcn.ErrFormat},
		"participant in small":      {func(m object) { m["participant"] = object{"code": "#idn"} }, gdhcn.ErrFormat},
		"participant long":          {func(m object) { m["participant"] = object{"code": strings.Repeat("A", 33)} }, gdhcn.ErrFormat},
		"usage that names our role": {func(m object) { m["keyusage"] = object{"code": "#issue"} }, gdhcn.ErrFormat},
		"no identifier at all": {func(m object) {
			m["id"] = listID
			delete(m["publicKeyJwk"].(object), "kid")
			delete(m["publicKeyJwk"].(object), "x5c")
		}, gdhcn.ErrFormat},
	} {
		m := v2(t, bad, "DCC", "IDN", "DSC")
		c.spoil(m)
		l, skipped, err := gdhcn.Parse(document(t, m, v2(t, good, "DCC", "SAU", "DSC")), unsigned)
		require.NoError(t, err, name)
		require.Len(t, skipped, 1, name)
		require.ErrorIs(t, skipped[0].Reason, c.want, name)
		require.False(t, skipped[0].Kept, name)
		require.NotEmpty(t, skipped[0].ID, name)
		require.Len(t, l.Entries(), 1, name)
		require.Equal(t, "SAU", l.Entries()[0].Authority, name)
		// Alone, it leaves nothing to read.
		_, skipped, err = gdhcn.Parse(document(t, m), unsigned)
		require.ErrorIs(t, err, c.want, name)
		require.Len(t, skipped, 1, name)
	}
	for name, m := range map[string]any{"null": nil, "number": 7, "list": []any{}} {
		_, skipped, err := gdhcn.Parse(document(t, m), unsigned)
		require.ErrorIs(t, err, gdhcn.ErrFormat, name)
		require.Equal(t, "verificationMethod[0]", skipped[0].ID, name)
	}
}

// The numbers of real lists: a sign byte, or a leading zero left out.
func TestCoordinatesAsPublished(t *testing.T) {
	for i := range 600 { // until one has a leading zero
		s := testnet.New(fmt.Sprint("coordinates", i), now).State("ID").Signer(testnet.SignerOptions{})
		p, err := s.Cert.PublicKey.(*ecdsa.PublicKey).Bytes()
		require.NoError(t, err)
		if i > 0 && p[1] != 0 {
			continue
		}
		for _, x := range [][]byte{p[1:33], append([]byte{0}, p[1:33]...), trimZero(p[1:33])} {
			m := v2(t, s, "DCC", "IDN", "DSC")
			m["publicKeyJwk"].(object)["x"] = base64.URLEncoding.EncodeToString(x)
			l, skipped, err := gdhcn.Parse(document(t, m), unsigned)
			require.NoError(t, err)
			require.Empty(t, skipped)
			require.True(t, proof.Same(s.Cert.PublicKey, l.Entries()[0].Keys[0].Public))
		}
		if i > 0 {
			return
		}
	}
	t.Fatal("no short coordinate found")
}

func trimZero(b []byte) []byte {
	if b[0] == 0 {
		return b[1:]
	}
	return b
}

func TestBrokenChainIsCutShort(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	m := v2(t, s, "DCC", "IDN", "DSC")
	m["publicKeyJwk"].(object)["x5c"].([]any)[1] = "MIIB"
	l, skipped, err := gdhcn.Parse(document(t, m), unsigned)
	require.NoError(t, err)
	require.Len(t, l.Entries()[0].Keys[0].Chain, 1)
	require.Len(t, skipped, 2)
	for i, reason := range []error{gdhcn.ErrChain, gdhcn.ErrAuthority} {
		require.True(t, skipped[i].Kept)
		require.ErrorIs(t, skipped[i].Reason, reason)
	}
}

func TestReferencesOnly(t *testing.T) {
	l, skipped, err := gdhcn.Parse(document(t, "did:web:a", "did:web:b"), unsigned)
	require.ErrorIs(t, err, gdhcn.ErrReference)
	require.Nil(t, l)
	require.Len(t, skipped, 2)
}

func TestEmptyList(t *testing.T) {
	l, skipped, err := gdhcn.Parse(document(t), unsigned)
	require.NoError(t, err, "the last key was withdrawn")
	require.Empty(t, l.Entries())
	require.Empty(t, skipped)
}

func TestBadDocuments(t *testing.T) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	good := document(t, v2(t, s, "DCC", "IDN", "DSC"))
	body := string(good[1:])
	for name, raw := range map[string]string{
		"empty": "", "truncated": string(good[:len(good)-1]), "a list": "[]", "null": "null", "data behind": string(good) + "{}",
		"no methods":            `{"id":"x"}`,
		"methods an object":     `{"id":"x","verificationMethod":{}}`,
		"methods null":          `{"id":"x","verificationMethod":null}`,
		"a name twice":          `{"id":"evil",` + body,
		"a name twice, escaped": `{"\u0069d":"evil",` + body,
		"a name twice inside":   strings.Replace(string(good), `"participant":`, `"participant":{"code":"#USA"},"participant":`, 1),
		"deep":                  `{"verificationMethod":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`,
		"not UTF-8":             "{\"id\":\"\xff\"," + body,
		"many values":           `{"verificationMethod":[` + strings.Repeat("0,", 3_000_000) + `0]}`,
		"too large":             `{"verificationMethod":[]}` + strings.Repeat(" ", limits.TrustList),
	} {
		l, _, err := gdhcn.Parse([]byte(raw), unsigned)
		require.ErrorIs(t, err, gdhcn.ErrFormat, name)
		require.Nil(t, l, name)
	}
}

func TestListTimesOfAnUnsignedList(t *testing.T) {
	var m object
	require.NoError(t, json.Unmarshal(document(t), &m))
	for name, c := range map[string]struct {
		proof any
		want  time.Time
	}{
		"stated": {object{"type": "JsonWebSignature2020", "created": "2026-05-20T12:00:00Z"}, now},
		"none":   {object{}, time.Time{}}, "no date": {object{"created": "yesterday"}, time.Time{}}, "a string": {"x", time.Time{}},
	} {
		m2 := maps.Clone(m)
		m2["proof"] = c.proof
		raw, err := json.Marshal(m2)
		require.NoError(t, err)
		l, _, err := gdhcn.Parse(raw, unsigned)
		require.NoError(t, err, name)
		require.True(t, c.want.Equal(l.Issued()), name)
	}
}

func FuzzParse(f *testing.F) {
	n := network()
	for _, kind := range []testnet.Kind{testnet.P256, testnet.P384, testnet.Ed25519, testnet.RSA2048} {
		s := n.State("ID").Signer(testnet.SignerOptions{Kind: kind})
		f.Add(document(f, v2(f, s, "DCC", "IDN", "DSC")))
		f.Add(document(f, v1(f, s, "null"), "did:web:x"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, skipped, err := gdhcn.Parse(raw, unsigned)
		for _, s := range skipped {
			require.Error(t, s.Reason)
		}
		if err != nil {
			require.Nil(t, l)
			return
		}
		for _, e := range l.Entries() {
			require.NotEmpty(t, e.Names, "no entry speaks for any name")
			for _, k := range e.Keys {
				require.NotEmpty(t, k.ID)
				if len(k.Chain) > 0 {
					require.True(t, proof.Same(k.Public, k.Chain[0].PublicKey))
				}
			}
		}
		_, _, err = gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{{ID: "x"}}})
		require.ErrorIs(t, err, gdhcn.ErrProof)
	})
}
