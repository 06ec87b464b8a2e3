package hcert_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	day = 24 * time.Hour
)

func ptr[T any](v T) *T { return &v }

func vaccination() *hcert.DCC {
	return &hcert.DCC{
		Version: "1.3.0", DateOfBirth: ptr("1971-03-04"),
		Name: hcert.Name{Surname: "Saputra", StandardSurname: "SAPUTRA", Forename: "Budi", StandardForename: "BUDI"},
		Vaccinations: []hcert.Vaccination{{
			Disease: "840539006", Prophylaxis: "1119349007", Product: "EU/1/20/1528", Holder: "ORG-100030215",
			Dose: 2, Series: 2, Date: "2026-04-01", Country: ptr("ID"), Issuer: "Ministry of Health", CertificateID: "URN:UVCI:01:ID:ABC123#K",
		}},
	}
}

func yellowFever() *hcert.ICVP {
	return &hcert.ICVP{
		Name: "Siti Rahma", DateOfBirth: "1980-01-31", Sex: "F", Nationality: "IDN", DocumentID: "X1234567",
		Vaccinations: []hcert.Dose{{Product: "YellowFeverProductd2c75a15ed309658b3968519ddb31690", Date: "2026-03-01", Batch: "YF1", Issuer: "Ministry of Health"}},
	}
}

func issue(t testing.TB, d *credential.Draft, s proof.Signer) []byte {
	t.Helper()
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{s}, Schema: schema.Health{Strict: true}})
	require.NoError(t, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(t, err)
	return raw
}

func verifierFor(t testing.TB, l *trustlist.List, f hcert.Format) *credential.Verifier {
	t.Helper()
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{f}, Keys: l, Trust: l, Schema: schema.Health{}})
	require.NoError(t, err)
	return v
}

var policy = credential.Policy{Time: now}

func TestIssueAndVerify(t *testing.T) {
	n := testnet.New("hcert", now)
	for name, s := range map[string]*testnet.DocumentSigner{
		"ES256": n.State("ID").Signer(testnet.SignerOptions{}),
		"PS256": n.State("ID").Signer(testnet.SignerOptions{Kind: testnet.RSA2048}),
		"usage": n.State("ID").Signer(testnet.SignerOptions{Usages: oids(testnet.MisspeltVaccination, testnet.UsageTest)}),
	} {
		v := verifierFor(t, n.TrustList(trustlist.Info{Name: "net"}), hcert.Format{Strict: true})
		raw := issue(t, hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)), s.Signer)
		require.True(t, bytes.HasPrefix(raw, []byte("HC1:")), name)
		r, err := v.Verify(ctx, append(raw, '\n'), policy)
		require.NoError(t, err, name)
		p := r.Credential.Payload.(*hcert.Payload)
		d, err := p.DCC()
		require.NoError(t, err)
		require.Equal(t, vaccination(), d)
		require.Equal(t, "ID", p.Issuer)
		require.Equal(t, []string{trustlist.TypeVaccination}, r.Credential.Types)
		require.Equal(t, "URN:UVCI:01:ID:ABC123#K", r.Credential.ID)
		require.Equal(t, now.Add(day), r.Credential.ValidUntil)
		require.Equal(t, "ID", r.Signatories[0].Authority.Territory)
		var claims struct{ V []struct{ Dn int } }
		require.NoError(t, r.Credential.Claims(&claims))
		require.Equal(t, 2, claims.V[0].Dn)
		for _, c := range r.Checks {
			require.NotEqual(t, credential.Tolerated, c.Outcome, "%s: %v", name, c)
		}
		require.Len(t, r.Credential.Status[0].IDs, 3)

		raw = issue(t, hcert.NewICVP("IDN", "card-1", yellowFever(), now.Add(-day), time.Time{}), s.Signer)
		r, err = verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{}).Verify(ctx, raw, policy)
		require.NoError(t, err, name)
		icvp, err := r.Credential.Payload.(*hcert.Payload).ICVP()
		require.NoError(t, err)
		require.Equal(t, yellowFever(), icvp)
		require.Equal(t, []string{trustlist.TypeICVP}, r.Credential.Types)
		require.Len(t, r.Credential.Status[0].IDs, 1, "an ICVP has no unique identifier")
		require.True(t, tolerated(r, credential.ErrNoExpiry))
	}
}

func tolerated(r *credential.Result, err error) bool {
	for _, c := range r.Checks {
		if c.Outcome == credential.Tolerated && errors.Is(c.Err, err) {
			return true
		}
	}
	return false
}

func TestSealRefuses(t *testing.T) {
	n := testnet.New("hcert", now)
	st := n.State("ID")
	s := st.Signer(testnet.SignerOptions{}).Signer
	good := func() *credential.Draft { return hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)) }
	for name, c := range map[string]struct {
		d  *credential.Draft
		ss []proof.Signer
	}{
		"no signer":            {good(), nil},
		"two signers":          {good(), []proof.Signer{s, s}},
		"another payload":      {&credential.Draft{}, []proof.Signer{s}},
		"Ed25519":              {good(), []proof.Signer{st.Signer(testnet.SignerOptions{Kind: testnet.Ed25519}).Signer}},
		"P-384":                {good(), []proof.Signer{st.Signer(testnet.SignerOptions{Kind: testnet.P384}).Signer}},
		"signer for tests":     {good(), []proof.Signer{st.Signer(testnet.SignerOptions{Usages: oids(testnet.UsageTest)}).Signer}},
		"kid of another form":  {good(), []proof.Signer{st.Signer(testnet.SignerOptions{KeyID: "did:x"}).Signer}},
		"no expiry":            {hcert.NewDCC("ID", vaccination(), now, time.Time{}), []proof.Signer{s}},
		"no issue date":        {hcert.NewDCC("ID", vaccination(), time.Time{}, now), []proof.Signer{s}},
		"expires before":       {hcert.NewDCC("ID", vaccination(), now, now.Add(-day)), []proof.Signer{s}},
		"outlives its signer":  {hcert.NewDCC("ID", vaccination(), now, now.AddDate(30, 0, 0)), []proof.Signer{s}},
		"before its signer":    {hcert.NewDCC("ID", vaccination(), now.AddDate(-20, 0, 0), now), []proof.Signer{s}},
		"beyond the year 9999": {hcert.NewICVP("ID", "x", yellowFever(), now, now.AddDate(9000, 0, 0)), []proof.Signer{s}},
	} {
		_, err := hcert.Format{}.Seal(ctx, c.d, c.ss)
		require.Error(t, err, name)
	}
	bad := vaccination()
	bad.Vaccinations[0].Date = "yesterday"
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{s}, Schema: schema.Health{}})
	require.NoError(t, err)
	_, err = i.Issue(ctx, hcert.NewDCC("ID", bad, now.Add(-day), now.Add(day)))
	require.ErrorIs(t, err, credential.ErrSchema)
}

// unlisted is a signer without its certificate, which Seal can't hold to the
// certificate's limits: what an attacker, or a careless issuer, would use.
func unlisted(t testing.TB, d *testnet.DocumentSigner) proof.Signer {
	t.Helper()
	s, err := proof.NewSigner(d.Key, proof.Key{ID: d.Signer.Key().ID})
	require.NoError(t, err)
	return s
}

func TestPromiseKeyUsageLimitsTheSigner(t *testing.T) {
	n := testnet.New("usage", now)
	types := map[string]*credential.Draft{
		trustlist.TypeVaccination: hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)),
		trustlist.TypeICVP:        hcert.NewICVP("ID", "x", yellowFever(), now.Add(-day), now.Add(day)),
		trustlist.TypeTest:        hcert.NewDCC("ID", &hcert.DCC{Tests: []hcert.Test{{}}}, now.Add(-day), now.Add(day)),
		trustlist.TypeRecovery:    hcert.NewDCC("ID", &hcert.DCC{Recoveries: []hcert.Recovery{{}}}, now.Add(-day), now.Add(day)),
	}
	for typ, d := range types {
		for _, u := range []struct {
			usages []asn1OID
			may    []string
		}{
			{nil, []string{"vaccination", "icvp", "test", "recovery"}},
			{oids(testnet.UsageTest), []string{"test"}},
			{oids(testnet.MisspeltTest), []string{"test"}},
			{oids(testnet.UsageVaccination), []string{"vaccination", "icvp"}},
			{oids(testnet.MisspeltRecovery, testnet.UsageVaccination), []string{"vaccination", "icvp", "recovery"}},
			{oids(asn1OID{1, 3, 6, 1, 5, 5, 7, 3, 99}), []string{"vaccination", "icvp", "test", "recovery"}},
		} {
			s := n.State("ID").Signer(testnet.SignerOptions{Usages: u.usages})
			raw, err := hcert.Format{}.Seal(ctx, d, []proof.Signer{unlisted(t, s)})
			require.NoError(t, err)
			l := n.TrustList(trustlist.Info{})
			v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: l, Trust: l})
			require.NoError(t, err)
			_, err = v.Verify(ctx, raw, policy)
			if contains(u.may, typ) {
				require.NoError(t, err, "%s %v", typ, u.usages)
				continue
			}
			require.ErrorIs(t, err, credential.ErrUntrusted, "%s %v", typ, u.usages)
			require.NotErrorIs(t, err, credential.ErrSignature)
		}
	}
}

func contains(l []string, s string) bool {
	for _, x := range l {
		if x == s {
			return true
		}
	}
	return false
}

// Two states' signers share a kid: each certificate verifies with its own.
func TestCollidingKIDs(t *testing.T) {
	n := testnet.New("collision", now)
	a := n.State("ID").Signer(testnet.SignerOptions{})
	kid := a.Signer.Key().ID
	b := n.State("OM").Signer(testnet.SignerOptions{KeyID: kid})
	stranger := n.State("MY").Signer(testnet.SignerOptions{KeyID: kid, Unlisted: true})
	v := verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{})
	for iss, s := range map[string]*testnet.DocumentSigner{"ID": a, "OM": b} {
		raw := issue(t, hcert.NewDCC(iss, vaccination(), now.Add(-day), now.Add(day)), s.Signer)
		r, err := v.Verify(ctx, raw, policy)
		require.NoError(t, err)
		require.Equal(t, iss, r.Signatories[0].Authority.Territory)
	}
	_, err := v.Verify(ctx, issue(t, hcert.NewDCC("MY", vaccination(), now.Add(-day), now.Add(day)), stranger.Signer), policy)
	require.ErrorIs(t, err, credential.ErrSignature)
	// An Omani key in Indonesia's name.
	_, err = v.Verify(ctx, issue(t, hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)), b.Signer), policy)
	require.ErrorIs(t, err, credential.ErrIssuer)
	// Both spellings of a country are the country.
	_, err = v.Verify(ctx, issue(t, hcert.NewDCC("IDN", vaccination(), now.Add(-day), now.Add(day)), a.Signer), policy)
	require.NoError(t, err)
}

func TestCertificateValidity(t *testing.T) {
	n := testnet.New("validity", now)
	s := n.State("ID").Signer(testnet.SignerOptions{NotBefore: now.Add(-10 * day), NotAfter: now.Add(10 * day)})
	l := n.TrustList(trustlist.Info{})
	for _, c := range []struct {
		name           string
		iat, exp, at   time.Time
		lenient, stern error
	}{
		{"within", now.Add(-day), now.Add(day), now, nil, nil},
		{"exp after the certificate", now.Add(-day), now.Add(99 * day), now, nil, credential.ErrTime},
		{"iat before the certificate", now.Add(-99 * day), now.Add(day), now, nil, credential.ErrTime},
		{"certificate expired", now.Add(-day), now.Add(99 * day), now.Add(20 * day), trustlist.ErrExpired, trustlist.ErrExpired},
		{"signed after the certificate", now.Add(20 * day), now.Add(99 * day), now.Add(20 * day), credential.ErrTime, credential.ErrTime},
		{"certificate not valid yet", now.Add(-99 * day), now.Add(day), now.Add(-50 * day), trustlist.ErrExpired, trustlist.ErrExpired},
	} {
		raw, err := hcert.Format{}.Seal(ctx, hcert.NewDCC("ID", vaccination(), c.iat, c.exp), []proof.Signer{unlisted(t, s)})
		require.NoError(t, err, c.name)
		for want, f := range map[*error]hcert.Format{&c.lenient: {}, &c.stern: {Strict: true}} {
			_, err = verifierFor(t, l, f).Verify(ctx, raw, credential.Policy{Time: c.at})
			if *want == nil {
				require.NoError(t, err, c.name)
			} else {
				require.ErrorIs(t, err, *want, "%s, strict %v", c.name, f.Strict)
				require.NotErrorIs(t, err, credential.ErrSignature)
			}
		}
	}
}

// wrap puts a message into the container, as Parse expects it.
func wrap(t testing.TB, message []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := z.Write(message)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return []byte("HC1:" + base45.Encode(b.Bytes()))
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// forge signs a claims set given in hex, with a listed key.
func forge(t testing.TB, s proof.Signer, claims string) []byte {
	t.Helper()
	kid, err := base64.StdEncoding.DecodeString(s.Key().ID)
	require.NoError(t, err)
	m, err := cose.Sign(ctx, unhex(t, claims), kid, s)
	require.NoError(t, err)
	return wrap(t, m)
}

const (
	iat = "06 1a 6a0cf200" // 2026-05-19T23:27:28Z
	exp = "04 1a 6a1fb100"
	dcc = "39 0103 a1 01 a1 61 76 80"
)

func TestClaims(t *testing.T) {
	n := testnet.New("claims", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	for name, claims := range map[string]string{
		"not CBOR":                  "ff",
		"empty":                     "",
		"null":                      "f6",
		"an array":                  "80",
		"no content":                "a2 " + iat + exp,
		"null content":              "a1 39 0103 f6",
		"content as array":          "a1 39 0103 80",
		"empty content":             "a1 39 0103 a0",
		"text key in content":       "a1 39 0103 a1 61 31 a0",
		"DCC null":                  "a1 39 0103 a1 01 f6",
		"DCC as text":               "a1 39 0103 a1 01 61 61",
		"DCC as array":              "a1 39 0103 a1 01 80",
		"ICVP as array":             "a1 39 0103 a1 25 80",
		"content twice":             "a1 39 0103 a2 01 a0 01 a0",
		"claim twice":               "a3 " + iat + iat + dcc,
		"claim -260 twice":          "a2 " + dcc + dcc,
		"duplicate key in the DCC":  "a1 39 0103 a1 01 a2 61 76 80 61 76 80",
		"duplicate, unknown key":    "a1 39 0103 a1 01 a2 61 7a 00 61 7a 00",
		"duplicate in a health doc": "a1 39 0103 a1 05 a2 61 7a 00 61 7a 00",
		"iss as integer":            "a2 01 05 " + dcc,
		"iss null":                  "a2 01 f6 " + dcc,
		"exp as text":               "a2 04 61 61 " + dcc,
		"exp null":                  "a2 04 f6 " + dcc,
		"exp negative":              "a2 04 20 " + dcc,
		"exp not a number":          "a2 04 f9 7e00 " + dcc,
		"exp infinite":              "a2 04 f9 7c00 " + dcc,
		"iat in milliseconds":       "a2 06 1b 0000019000000000 " + dcc,
		"iat tagged":                "a2 06 c1 1a 6a0cf200 " + dcc,
		"invalid UTF-8":             "a2 01 62 ffff " + dcc,
		"many contents":             "a1 39 0103 b1 01a002a003a004a005a006a007a008a009a00aa00ba00ca00da00ea00fa010a011a0",
		"trailing bytes":            "a1 " + dcc + "00",
		"deep":                      "a1 39 0103 a1 05 " + strings.Repeat("81", 100) + "00",
	} {
		_, err := verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{}).Verify(ctx, forge(t, s, claims), policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
}

// What a reviewer found could be taken away without a test noticing.
func TestClaimEdges(t *testing.T) {
	n := testnet.New("edges", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	l := n.TrustList(trustlist.Info{})
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: l, Trust: l})
	require.NoError(t, err)
	// nbf after iat begins the validity.
	_, err = v.Verify(ctx, forge(t, s, "a4 "+iat+exp+"05 1a 6a1f0000"+"39 0103 a1 03 a0"), policy)
	require.ErrorIs(t, err, credential.ErrNotYet)
	// The WHO DDCC's contents have their types.
	r, err := v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a2 03 a0 04 a0"), policy)
	require.NoError(t, err)
	require.Equal(t, []string{trustlist.TypeVaccination, trustlist.TypeTest}, r.Credential.Types)
	// Negative and overlong floats are no times.
	for _, bad := range []string{"04 fb bff0000000000000", "04 fb 7fefffffffffffff", "04 fb 425d1a94a2000000"} {
		_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+bad+"39 0103 a1 03 a0"), policy)
		require.ErrorIs(t, err, credential.ErrFormat, bad)
	}
	// Four letters are no country code, and name nobody on a list.
	r, err = v.Verify(ctx, forge(t, s, "a4 01 64 49444e58"+iat+exp+"39 0103 a1 03 a0"), policy)
	require.NoError(t, err)
	require.Empty(t, r.Credential.Issuers)
	// The decoder's errors keep their values to themselves.
	_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a2 66 736563726574 00 66 736563726574 01"), policy)
	require.ErrorIs(t, err, credential.ErrFormat)
	require.NotContains(t, err.Error(), "secret")
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a1 61 76 81 a1 62 646e 66 736563726574"), policy)
	require.NoError(t, err)
	_, err = r.Credential.Payload.(*hcert.Payload).DCC()
	require.ErrorContains(t, err, "hcert.DCC.v")
	require.NotContains(t, err.Error(), "secret")
	// A reader of JSON that ignores case would take these for members that the
	// content check and the key usage never saw.
	for _, name := range []string{"61 56", "63 c5bf64", "63 566572", "63 4e414d"} { // V, ſd, Ver, NAM
		_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a1 "+name+" 80"), policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
	// Bignums are no numbers of doses.
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a1 61 76 81 a1 62 646e c2 41 02"), policy)
	if err == nil {
		_, err = r.Credential.Payload.(*hcert.Payload).DCC()
	}
	require.Error(t, err)
	// A content that only looks like a DCC shows under its number.
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 02 a1 61 76 81 a0"), policy)
	require.NoError(t, err)
	j, err := json.Marshal(r.Credential.Payload)
	require.NoError(t, err)
	require.JSONEq(t, `{"2":{"v":[{}]}}`, string(j))
	// A tagged date in a content without a struct of ours is text like any, and
	// what has no JSON form is refused at once.
	_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 03 a1 61 78 c0 6a 313938302d30312d3031"), policy)
	require.NoError(t, err)
	_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 03 a1 61 78 c0 6a 313938302d31332d3031"), policy)
	require.NoError(t, err)
	_, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a1 61 78 f9 7e00"), policy)
	require.ErrorIs(t, err, credential.ErrFormat)
	// Three capitals need not be a country.
	r, err = v.Verify(ctx, forge(t, s, "a4 01 63 4d4f48"+iat+exp+"39 0103 a1 03 a0"), policy)
	require.NoError(t, err)
	require.Empty(t, r.Credential.Issuers)
	// Every entry of a DCC can be revoked.
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a1 61 76 82 a1 62 6369 61 61 a1 62 6369 61 62"), policy)
	require.NoError(t, err)
	require.Len(t, r.Credential.Status, 2)
	second := hcert.HashUCI("b")
	require.Equal(t, second[:], r.Credential.Status[1].IDs["UCI"])
	// Text longer than 64 kB is not even decoded.
	_, err = v.Verify(ctx, append([]byte("HC1:"), bytes.Repeat([]byte("000"), 22000)...), policy)
	require.ErrorContains(t, err, "at most 65536")
}

// A P-384 key signing ES256, as production has it.
func TestES256WithP384(t *testing.T) {
	n := testnet.New("p384", now)
	s := n.State("ID").Signer(testnet.SignerOptions{Kind: testnet.P384})
	raw := forge(t, es256{s}, "a3 "+iat+exp+"39 0103 a1 03 a0")
	l := n.TrustList(trustlist.Info{})
	for _, strict := range []bool{false, true} {
		v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{Strict: strict}}, Keys: l, Trust: l})
		require.NoError(t, err)
		r, err := v.Verify(ctx, raw, policy)
		if strict {
			require.ErrorIs(t, err, credential.ErrSignature)
			continue
		}
		require.NoError(t, err)
		told := false
		for _, c := range r.Checks {
			told = told || c.Name == credential.CheckProof && c.Outcome == credential.Tolerated
		}
		require.True(t, told)
	}
}

// es256 signs SHA-256 digests with a P-384 key.
type es256 struct{ *testnet.DocumentSigner }

func (e es256) Key() proof.Key {
	k := e.Signer.Key()
	k.Algorithms = []proof.Algorithm{proof.ES256}
	return k
}

func (e es256) Sign(_ context.Context, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	der, err := e.DocumentSigner.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, err
	}
	sig := make([]byte, 96)
	v.R.FillBytes(sig[:48])
	v.S.FillBytes(sig[48:])
	return sig, nil
}

// What certificates in production do passes, is reported, and is refused in
// strict mode.
func TestToleratedAndStrict(t *testing.T) {
	n := testnet.New("claims", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	raw := issue(t, hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)), s)
	packed, err := base45.Decode(raw[4:])
	require.NoError(t, err)
	message, err := hcert.Inflate(packed)
	require.NoError(t, err)
	m, err := cose.Parse(message)
	require.NoError(t, err)
	payload := hex.EncodeToString(m.Payload)
	require.True(t, strings.HasPrefix(payload, "a4"+"01624944"+"041a"), payload[:20])
	claims := func(old, new string) string {
		require.Contains(t, payload, old)
		return strings.Replace(payload, old, new, 1)
	}
	f64 := func(at time.Time) string {
		b, err := cborx.Encode(float64(at.Unix()))
		require.NoError(t, err)
		return hex.EncodeToString(b)
	}
	for name, claims := range map[string]string{
		"iss as a ministry's name": claims("01624944", "0172"+hex.EncodeToString([]byte("Ministry of Health"))),
		"float exp":                claims(payload[10:22], "04"+f64(now.Add(day))),
		"indefinite lengths":       "bf" + payload[2:] + "ff",
	} {
		raw := forge(t, s, claims)
		r, err := verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{}).Verify(ctx, raw, policy)
		require.NoError(t, err, name)
		count := 0
		for _, c := range r.Checks {
			if c.Name == credential.CheckFormat && c.Outcome == credential.Tolerated {
				count++
			}
		}
		require.Equal(t, 1, count, name)
		_, err = verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{Strict: true}).Verify(ctx, raw, policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
}

// The cases that upstream lists without data: CO4 and CO24 to CO27.
func TestMissingUpstreamCases(t *testing.T) {
	n := testnet.New("upstream", now)
	ec := n.State("ID").Signer(testnet.SignerOptions{})
	r := n.State("ID").Signer(testnet.SignerOptions{Kind: testnet.RSA2048})
	v := verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{})
	raw := issue(t, hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)), ec.Signer)
	packed, err := base45.Decode(raw[4:])
	require.NoError(t, err)
	good, err := hcert.Inflate(packed)
	require.NoError(t, err)
	m, err := cose.Parse(good)
	require.NoError(t, err)
	replace := func(old, new []byte) []byte {
		require.Equal(t, 1, bytes.Count(good, old))
		return bytes.Replace(good, old, new, 1)
	}
	der, err := ec.Key.Sign(nil, make([]byte, 32), crypto.SHA256)
	require.NoError(t, err)
	_, isEC := ec.Key.Public().(*ecdsa.PublicKey)
	require.True(t, isEC)
	kid := m.KeyID
	head := func(protected ...byte) []byte { return append([]byte{0x40 | byte(len(protected))}, protected...) }
	old := head(append([]byte{0xa2, 1, 0x26, 4, 0x48}, kid...)...)
	sigHead := append([]byte{0x58, 64}, m.Signature...)
	rsaKID, err := base64.StdEncoding.DecodeString(r.Signer.Key().ID)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		message []byte
		want    error
	}{
		"CO4: algorithm EdDSA":               {replace(old, head(append([]byte{0xa2, 1, 0x27, 4, 0x48}, kid...)...)), credential.ErrSignature},
		"CO4: algorithm HMAC":                {replace(old, head(append([]byte{0xa2, 1, 0x05, 4, 0x48}, kid...)...)), credential.ErrSignature},
		"CO4: algorithm unknown":             {replace(old, head(append([]byte{0xa2, 1, 0x39, 3, 0xe7, 4, 0x48}, kid...)...)), credential.ErrSignature},
		"CO24: DER signature":                {replace(sigHead, append([]byte{0x58, byte(len(der))}, der...)), credential.ErrSignature},
		"CO24: long signature":               {replace(sigHead, append([]byte{0x58, 72}, make([]byte, 72)...)), credential.ErrSignature},
		"zero signature":                     {replace(sigHead, append([]byte{0x58, 64}, make([]byte, 64)...)), credential.ErrSignature},
		"CO25: kid of 7 bytes":               {replace(old, head(append([]byte{0xa2, 1, 0x26, 4, 0x47}, kid[:7]...)...)), credential.ErrUntrusted},
		"CO26: kid of 9 bytes":               {replace(old, head(append([]byte{0xa2, 1, 0x26, 4, 0x49}, append(bytes.Clone(kid), 0)...)...)), credential.ErrUntrusted},
		"no kid":                             {replace(old, head(0xa1, 1, 0x26)), credential.ErrUntrusted},
		"CO27: PS256 over an EC signature":   {replace(old, head(append([]byte{0xa2, 1, 0x38, 0x24, 4, 0x48}, kid...)...)), credential.ErrSignature},
		"CO27: an RSA key for ES256":         {replace(kid, rsaKID), credential.ErrSignature},
		"text kid":                           {replace(old, head(0xa2, 1, 0x26, 4, 0x62, 'h', 'i')), credential.ErrFormat},
		"a changed byte in the signed claim": {replace([]byte("SAPUTRA"), []byte("SAPUTRB")), credential.ErrSignature},
	} {
		_, err := v.Verify(ctx, wrap(t, c.message), policy)
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "SAPUTR", name)
	}
}

func TestContainer(t *testing.T) {
	n := testnet.New("container", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	v := verifierFor(t, n.TrustList(trustlist.Info{}), hcert.Format{})
	raw := issue(t, hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)), s)
	for i := range raw {
		_, err := v.Verify(ctx, raw[:i], policy)
		require.ErrorIs(t, err, credential.ErrFormat, "cut at %d", i)
	}
	packed, err := base45.Decode(raw[4:])
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"HC2":                []byte("HC2:" + string(raw[4:])),
		"HL0":                []byte("HL0:" + string(raw[4:])),
		"lower case":         bytes.ToLower(raw),
		"no prefix":          raw[4:],
		"a space before":     append([]byte(" "), raw...),
		"bytes after zlib":   []byte("HC1:" + base45.Encode(append(bytes.Clone(packed), 0, 0))),
		"not zlib":           []byte("HC1:" + base45.Encode([]byte("not zlib at all"))),
		"zlib with gzip":     []byte("HC1:" + base45.Encode([]byte{0x1f, 0x8b, 8, 0})),
		"twice":              append(bytes.Clone(raw), raw...),
		"more than 64 kB":    append([]byte("HC1:"), bytes.Repeat([]byte("A"), 70000)...),
		"preset dictionary":  []byte("HC1:" + base45.Encode([]byte{0x78, 0xbb, 0, 0, 0, 1, 0, 0})),
		"checksum of zlib":   []byte("HC1:" + base45.Encode(append(bytes.Clone(packed[:len(packed)-1]), packed[len(packed)-1]^1))),
		"an inflation bomb":  wrap(t, make([]byte, 256<<20)),
		"just over the size": wrap(t, make([]byte, 64<<10+1)),
	} {
		_, err := v.Verify(ctx, bad, policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
	_, err = v.Verify(ctx, raw, policy)
	require.NoError(t, err)
}

// A bomb of 256 MiB costs no more memory than the limit.
func TestPromiseInflationIsBounded(t *testing.T) {
	bomb := wrap(t, make([]byte, 256<<20))
	if len(bomb) < 64<<10 {
		t.Fatal("the bomb is too small to mean anything")
	}
	small := wrap(t, make([]byte, 8<<20))
	require.Less(t, len(small), 64<<10)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := hcert.Format{}.Parse(small, "")
			if err == nil {
				b.Fatal("accepted")
			}
		}
	})
	require.Less(t, r.AllocedBytesPerOp(), int64(512<<10))
}

// Members that no struct of ours knows are still what was signed.
func TestPromiseClaimsAreTheSignedOnes(t *testing.T) {
	n := testnet.New("claims", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	l := n.TrustList(trustlist.Info{})
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{}}, Keys: l, Trust: l})
	require.NoError(t, err)
	r, err := v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a2 63 666f6f 18 2a 63 766572 61 31"), policy)
	require.NoError(t, err)
	j, err := json.Marshal(r.Credential.Payload)
	require.NoError(t, err)
	require.JSONEq(t, `{"foo":42,"ver":"1"}`, string(j))
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a2 05 81 a1 61 75 61 78 39 0108 01"), policy)
	require.NoError(t, err)
	j, err = json.Marshal(r.Credential.Payload)
	require.NoError(t, err)
	require.JSONEq(t, `{"5":[{"u":"x"}],"-265":1}`, string(j))
	require.Equal(t, []string{trustlist.TypeHealthLink, trustlist.TypeHealthDocument}, r.Credential.Types)
	// A member of the wrong type is not silently dropped: the typed struct says so.
	r, err = v.Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a2 63 766572 05 63 646f62 61 31"), policy)
	require.NoError(t, err)
	_, err = r.Credential.Payload.(*hcert.Payload).DCC()
	require.ErrorContains(t, err, "ver")
	_, err = verifierFor(t, l, hcert.Format{}).Verify(ctx, forge(t, s, "a3 "+iat+exp+"39 0103 a1 01 a2 63 766572 05 63 646f62 61 31"), policy)
	require.ErrorIs(t, err, credential.ErrSchema)
}

type asn1OID = asn1.ObjectIdentifier

func oids(ids ...asn1OID) []asn1OID { return ids }

func FuzzParse(f *testing.F) {
	n := testnet.New("fuzz", now)
	s := n.State("ID").Signer(testnet.SignerOptions{}).Signer
	for _, d := range []*credential.Draft{
		hcert.NewDCC("ID", vaccination(), now.Add(-day), now.Add(day)),
		hcert.NewICVP("ID", "x", yellowFever(), now.Add(-day), time.Time{}),
	} {
		raw := issue(f, d, s)
		f.Add(raw)
		packed, err := base45.Decode(raw[4:])
		require.NoError(f, err)
		message, err := hcert.Inflate(packed)
		require.NoError(f, err)
		f.Add(message)
	}
	v := verifierFor(f, n.TrustList(trustlist.Info{}), hcert.Format{})
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, raw := range [][]byte{in, wrap(t, in)} {
			r, err := v.Verify(ctx, raw, policy)
			if (r == nil) == (err == nil) {
				t.Fatal("result and error at once, or neither")
			}
			var e *credential.Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
		}
	})
}
