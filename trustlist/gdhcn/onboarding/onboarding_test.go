package onboarding_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

func network() *testnet.Network { return testnet.New("onboarding", now) }

func anchor(kind testnet.Kind) (*x509.Certificate, crypto.Signer) {
	s := network().State("CH").Signer(testnet.SignerOptions{Kind: kind})
	return s.Cert, s.Key
}

var kinds = []testnet.Kind{testnet.P256, testnet.P384, testnet.RSA2048, testnet.RSA3072, testnet.Ed25519}

func TestSealOpens(t *testing.T) {
	content := []byte("what is signed")
	for _, kind := range kinds {
		c, key := anchor(kind)
		cms, err := onboarding.Seal(content, c, key, now.Add(time.Millisecond))
		require.NoError(t, err, kind)
		got, signed, err := onboarding.Open(cms, c)
		require.NoError(t, err, kind)
		require.Equal(t, content, got)
		require.Equal(t, now, signed)

		// Another's reader agrees, where it knows the algorithm.
		p7, err := pkcs7.Parse(cms)
		require.NoError(t, err, kind)
		require.True(t, p7.GetOnlySigner().Equal(c), kind)
		if kind != testnet.Ed25519 {
			require.NoError(t, p7.Verify(), kind)
		}
	}
}

// What another's writer makes is read.
func TestOpensOthersMessages(t *testing.T) {
	for _, kind := range []testnet.Kind{testnet.P256, testnet.P384, testnet.RSA2048} {
		d := testnet.New("another's writer", time.Now()).State("CH").Signer(testnet.SignerOptions{Kind: kind})
		s, err := pkcs7.NewSignedData([]byte("content"))
		require.NoError(t, err)
		s.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		require.NoError(t, s.AddSigner(d.Cert, d.Key, pkcs7.SignerInfoConfig{}))
		cms, err := s.Finish()
		require.NoError(t, err)
		content, signed, err := onboarding.Open(cms, d.Cert)
		require.NoError(t, err, kind)
		require.Equal(t, "content", string(content))
		require.False(t, signed.IsZero())
	}
}

func TestPromiseSignerIsTheOnePinned(t *testing.T) {
	c, key := anchor(testnet.P256)
	cms, err := onboarding.Seal([]byte("content"), c, key, now)
	require.NoError(t, err)
	n := network()
	other := n.State("ID").Signer(testnet.SignerOptions{})
	_, _, err = onboarding.Open(cms, other.Cert)
	require.ErrorIs(t, err, onboarding.ErrSignature)

	// A certificate of the anchor's name and number, with another key: what the
	// message carries itself must not count.
	twin := testnet.New("a twin", now).State("CH").Signer(testnet.SignerOptions{})
	require.Equal(t, c.RawIssuer, twin.Cert.RawIssuer)
	require.Equal(t, c.SerialNumber, twin.Cert.SerialNumber)
	forged, err := onboarding.Seal([]byte("content"), twin.Cert, twin.Key, now)
	require.NoError(t, err)
	_, _, err = onboarding.Open(forged, twin.Cert)
	require.NoError(t, err)
	_, _, err = onboarding.Open(forged, c)
	require.ErrorIs(t, err, onboarding.ErrSignature)
	require.ErrorIs(t, err, proof.ErrMismatch)

	for _, at := range []time.Time{c.NotBefore.Add(-time.Second), c.NotAfter.Add(time.Second)} {
		cms, err := onboarding.Seal([]byte("content"), c, key, at)
		require.NoError(t, err)
		_, _, err = onboarding.Open(cms, c)
		require.ErrorIs(t, err, onboarding.ErrSignature, "signed when the certificate was not valid")
	}
	_, err = onboarding.Seal(nil, c, other.Key, now)
	require.ErrorIs(t, err, proof.ErrKey)
}

// Every change of a message is refused, or changes nothing that is returned.
func TestPromiseChangedMessageIsRefused(t *testing.T) {
	for _, kind := range []testnet.Kind{testnet.P256, testnet.Ed25519} {
		c, key := anchor(kind)
		content := []byte("the content")
		cms, err := onboarding.Seal(content, c, key, now)
		require.NoError(t, err)
		for i := range cms {
			for _, bit := range []int{0, 5} {
				changed := bytes.Clone(cms)
				changed[i] ^= 1 << bit
				if got, signed, err := onboarding.Open(changed, c); err == nil {
					require.Equal(t, content, got)
					require.Equal(t, now, signed)
				}
			}
			_, _, err := onboarding.Open(cms[:i], c)
			require.ErrorIs(t, err, onboarding.ErrFormat)
		}
		_, _, err = onboarding.Open(append(bytes.Clone(cms), 0), c)
		require.ErrorIs(t, err, onboarding.ErrFormat)
	}
	_, _, err := onboarding.Open(make([]byte, limits.CMS+1), nil)
	require.ErrorIs(t, err, onboarding.ErrFormat)
}

// der writes one DER value.
func der(tag byte, parts ...[]byte) []byte {
	raw, err := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 31), IsCompound: tag&32 != 0, Bytes: bytes.Join(parts, nil)})
	if err != nil {
		panic(err)
	}
	return raw
}

func oid(numbers ...int) []byte {
	raw, err := asn1.Marshal(asn1.ObjectIdentifier(numbers))
	if err != nil {
		panic(err)
	}
	return raw
}

var (
	dataOID   = oid(1, 2, 840, 113549, 1, 7, 1)
	signedOID = oid(1, 2, 840, 113549, 1, 7, 2)
	sha256OID = oid(2, 16, 840, 1, 101, 3, 4, 2, 1)
	sha1OID   = oid(1, 3, 14, 3, 2, 26)
	rsaOID    = oid(1, 2, 840, 113549, 1, 1, 1)
	pssOID    = oid(1, 2, 840, 113549, 1, 1, 10)
	ecdsaOID  = oid(1, 2, 840, 10045, 4, 3, 2)
	version   = []byte{2, 1, 1}
)

// handmade puts a message together part by part.
type handmade struct {
	content, contentType []byte
	digestOID, algorithm []byte
	sid, attributes      []byte // attributes as a SET
	signature            []byte
	signers              int
}

func (h handmade) bytes() []byte {
	attributes := []byte(nil)
	if h.attributes != nil {
		attributes = bytes.Clone(h.attributes)
		attributes[0] = 0xa0
	}
	var infos []byte
	for range h.signers {
		infos = append(infos, der(0x30, version, h.sid, der(0x30, h.digestOID), attributes, der(0x30, h.algorithm), der(0x04, h.signature))...)
	}
	encapsulated := der(0x30, h.contentType)
	if h.content != nil {
		encapsulated = der(0x30, h.contentType, der(0xa0, der(0x04, h.content)))
	}
	return der(0x30, signedOID, der(0xa0, der(0x30, version, der(0x31, der(0x30, h.digestOID)), encapsulated, der(0x31, infos))))
}

func attribute(kind []byte, values ...[]byte) []byte { return der(0x30, kind, der(0x31, values...)) }

var (
	contentTypeOID = oid(1, 2, 840, 113549, 1, 9, 3)
	digestAttrOID  = oid(1, 2, 840, 113549, 1, 9, 4)
)

// sign makes the signature, over the attributes if there are any.
func (h handmade) sign(t testing.TB, key crypto.Signer, opts crypto.SignerOpts) handmade {
	t.Helper()
	signed := h.content
	if h.attributes != nil {
		signed = h.attributes
	}
	sum := sha256.Sum256(signed)
	var err error
	h.signature, err = key.Sign(rand.Reader, sum[:], opts)
	require.NoError(t, err)
	return h
}

func TestMessagesPutTogetherByHand(t *testing.T) {
	c, key := anchor(testnet.RSA2048)
	content := []byte("content")
	sum := sha256.Sum256(content)
	kind, digest := attribute(contentTypeOID, dataOID), attribute(digestAttrOID, der(0x04, sum[:]))
	serial, err := asn1.Marshal(c.SerialNumber)
	require.NoError(t, err)
	good := func() handmade {
		return handmade{
			content: content, contentType: dataOID, digestOID: sha256OID, algorithm: rsaOID,
			sid: der(0x30, c.RawIssuer, serial), attributes: der(0x31, kind, digest), signers: 1,
		}
	}
	sign := func(h handmade, opts crypto.SignerOpts) handmade { return h.sign(t, key, opts) }
	for name, h := range map[string]handmade{
		"with attributes":    good(),
		"without attributes": func() handmade { h := good(); h.attributes = nil; return h }(),
	} {
		got, signed, err := onboarding.Open(sign(h, crypto.SHA256).bytes(), c)
		require.NoError(t, err, name)
		require.Equal(t, content, got)
		require.True(t, signed.IsZero())
	}
	pss := good()
	pss.algorithm = pssOID
	_, _, err = onboarding.Open(sign(pss, &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}).bytes(), c)
	require.NoError(t, err)

	// Signed attributes, presented as content without attributes, are signed.
	moved := sign(good(), crypto.SHA256)
	moved.content, moved.attributes = moved.attributes, nil
	_, _, err = onboarding.Open(moved.bytes(), c)
	require.ErrorIs(t, err, onboarding.ErrSignature)
}

func TestMessagesPutTogetherBadly(t *testing.T) {
	c, key := anchor(testnet.RSA2048)
	content := []byte("content")
	sum := sha256.Sum256(content)
	kind, digest := attribute(contentTypeOID, dataOID), attribute(digestAttrOID, der(0x04, sum[:]))
	serial, err := asn1.Marshal(c.SerialNumber)
	require.NoError(t, err)
	for name, bad := range map[string]struct {
		spoil func(*handmade)
		want  error
	}{
		"another's name":      {func(h *handmade) { h.sid = der(0x30, c.RawSubject, serial) }, onboarding.ErrSignature},
		"another's number":    {func(h *handmade) { h.sid = der(0x30, c.RawIssuer, []byte{2, 1, 99}) }, onboarding.ErrSignature},
		"a key identifier":    {func(h *handmade) { h.sid = der(0x80) }, onboarding.ErrSignature},
		"no digest of it":     {func(h *handmade) { h.attributes = der(0x31, kind) }, onboarding.ErrSignature},
		"no content type":     {func(h *handmade) { h.attributes = der(0x31, digest) }, onboarding.ErrSignature},
		"two digests":         {func(h *handmade) { h.attributes = der(0x31, kind, digest, digest) }, onboarding.ErrSignature},
		"attribute in no set": {func(h *handmade) { h.attributes = der(0x31, der(0x30, contentTypeOID, der(0x30, dataOID)), digest) }, onboarding.ErrSignature},
		"a digest of two values": {func(h *handmade) {
			h.attributes = der(0x31, kind, attribute(digestAttrOID, der(0x04, sum[:]), der(0x04, sum[:])))
		}, onboarding.ErrSignature},
		"another content type":        {func(h *handmade) { h.attributes = der(0x31, attribute(contentTypeOID, signedOID), digest) }, onboarding.ErrSignature},
		"other content":               {func(h *handmade) { h.content = []byte("contenT") }, onboarding.ErrSignature},
		"detached":                    {func(h *handmade) { h.content = nil }, onboarding.ErrFormat},
		"content of another type":     {func(h *handmade) { h.contentType = signedOID }, onboarding.ErrFormat},
		"SHA-1":                       {func(h *handmade) { h.digestOID = sha1OID }, onboarding.ErrFormat},
		"an algorithm of another key": {func(h *handmade) { h.algorithm = ecdsaOID }, onboarding.ErrSignature},
		"PKCS #1 named PSS":           {func(h *handmade) { h.algorithm = pssOID }, onboarding.ErrSignature},
		"no signer":                   {func(h *handmade) { h.signers = 0 }, onboarding.ErrFormat},
		"two signers":                 {func(h *handmade) { h.signers = 2 }, onboarding.ErrFormat},
	} {
		h := handmade{
			content: content, contentType: dataOID, digestOID: sha256OID, algorithm: rsaOID,
			sid: der(0x30, c.RawIssuer, serial), attributes: der(0x31, kind, digest), signers: 1,
		}
		bad.spoil(&h)
		_, _, err := onboarding.Open(h.sign(t, key, crypto.SHA256).bytes(), c)
		require.ErrorIs(t, err, bad.want, name)
	}
}

func TestSignedRecord(t *testing.T) {
	sca := network().State("ID").Root
	for _, kind := range kinds {
		c, key := anchor(kind)
		raw, err := onboarding.Sign(sca, c, key, now)
		require.NoError(t, err)
		r, err := onboarding.Verify(raw, c)
		require.NoError(t, err)
		require.True(t, sca.Equal(r.Certificate))
		require.Equal(t, "ID", r.Country)
		require.Equal(t, now, r.Signed)
	}
	c, key := anchor(testnet.P256)
	_, err := onboarding.Sign(&x509.Certificate{SerialNumber: big.NewInt(1)}, c, key, now)
	require.ErrorIs(t, err, onboarding.ErrContent)
}

// A record has the members that the network's own have, and no others.
func TestSignedRecordHasTheNetworksMembers(t *testing.T) {
	c, key := anchor(testnet.P256)
	raw, err := onboarding.Sign(network().State("ID").Root, c, key, now)
	require.NoError(t, err)
	var mine, theirs map[string]string
	require.NoError(t, json.Unmarshal(raw, &mine))
	require.NoError(t, json.Unmarshal(realRecords(t)["OMN/onboarding/DCC/SCA/signed/TNG_TA.signed.SCA.json"], &theirs))
	for name := range theirs {
		require.NotEmpty(t, mine[name], name)
	}
	require.Len(t, mine, len(theirs))
}

func TestBadRecords(t *testing.T) {
	c, key := anchor(testnet.P256)
	raw, err := onboarding.Sign(network().State("ID").Root, c, key, now)
	require.NoError(t, err)
	change := func(name string, v any) []byte {
		var m map[string]any
		require.NoError(t, json.Unmarshal(raw, &m))
		if m[name] = v; v == nil {
			delete(m, name)
		}
		out, err := json.Marshal(m)
		require.NoError(t, err)
		return out
	}
	text, err := onboarding.Seal([]byte("no certificate"), c, key, now)
	require.NoError(t, err)
	notOne := change("trustAnchorSignature", base64.StdEncoding.EncodeToString(text))
	notOne = bytes.Replace(notOne, []byte(`"certificateRawData":"`+base64.StdEncoding.EncodeToString(network().State("ID").Root.Raw)), []byte(`"certificateRawData":"`+base64.StdEncoding.EncodeToString([]byte("no certificate"))), 1)
	for name, b := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":            {nil, onboarding.ErrFormat},
		"an array":           {[]byte("[]"), onboarding.ErrFormat},
		"no signature":       {change("trustAnchorSignature", nil), onboarding.ErrFormat},
		"no certificate":     {change("certificateRawData", nil), onboarding.ErrFormat},
		"no base64":          {change("certificateRawData", "!"), onboarding.ErrFormat},
		"a number":           {change("certificateRawData", 1), onboarding.ErrFormat},
		"no thumbprint":      {change("certificateThumbprint", nil), onboarding.ErrContent},
		"thumbprint in caps": {change("certificateThumbprint", "AB"), onboarding.ErrContent},
		"another country":    {change("country", "SA"), onboarding.ErrContent},
		"no country":         {change("country", nil), onboarding.ErrContent},
		"text signed":        {notOne, onboarding.ErrFormat},
		"too long":           {[]byte(`{"a":"` + strings.Repeat("a", 3*limits.CMS) + `"}`), onboarding.ErrFormat},
		"a member twice":     {bytes.Replace(raw, []byte("{"), []byte(`{"country":"SA",`), 1), onboarding.ErrFormat},
	} {
		r, err := onboarding.Verify(b.raw, c)
		require.ErrorIs(t, err, b.want, name)
		require.Nil(t, r, name)
	}
}

var issuer = onboarding.Issuer{Country: "ID", Name: "Ministry of Health", URL: "did:web:health.example", URLType: "DID", Hash: "00"}

func TestSignedIssuer(t *testing.T) {
	c, key := anchor(testnet.P256)
	raw, err := onboarding.SignIssuer(issuer, c, key, now)
	require.NoError(t, err)
	got, signed, err := onboarding.VerifyIssuer(raw, c)
	require.NoError(t, err)
	require.Equal(t, &issuer, got)
	require.Equal(t, now, signed)
	unsigned, err := json.Marshal(issuer)
	require.NoError(t, err)
	got, err = onboarding.ParseIssuer(unsigned)
	require.NoError(t, err)
	require.Equal(t, &issuer, got)

	for name, change := range map[string][2]string{
		"country": {`"ID"`, `"SA"`}, "name": {`Ministry of Health`, `Ministry of Wealth`},
		"url": {`health.example`, `wealth.example`}, "urlType": {`"DID"`, `"URL"`},
		"a field more": {`"name": "Ministry of Health"`, `"name": "Ministry of Health;did:web:x"`},
	} {
		changed := strings.Replace(string(raw), change[0], change[1], 1)
		require.NotEqual(t, string(raw), changed, name)
		_, _, err := onboarding.VerifyIssuer([]byte(changed), c)
		require.ErrorIs(t, err, onboarding.ErrContent, name)
	}
	empty, err := onboarding.Seal([]byte("null;null;null;null"), c, key, now)
	require.NoError(t, err)
	_, _, err = onboarding.VerifyIssuer([]byte(`{"signature":"`+base64.StdEncoding.EncodeToString(empty)+`"}`), c)
	require.ErrorIs(t, err, onboarding.ErrEmpty)
	_, _, err = onboarding.VerifyIssuer([]byte(`{"name":"Ministry","signature":"`+base64.StdEncoding.EncodeToString(empty)+`"}`), c)
	require.ErrorIs(t, err, onboarding.ErrContent)
	for _, form := range []string{`"name":"Ministry","url":"did:web:b","urlType":"DID"`, `"country":"null","name":"Ministry","url":"did:web:b","urlType":"DID"`} {
		noCountry, err := onboarding.Seal([]byte("null;Ministry;did:web:b;DID"), c, key, now)
		require.NoError(t, err)
		_, _, err = onboarding.VerifyIssuer([]byte("{"+form+`,"signature":"`+base64.StdEncoding.EncodeToString(noCountry)+`"}`), c)
		require.ErrorIs(t, err, onboarding.ErrFormat, "signed, and of no country")
	}
	// Two issuers must not have one text.
	shifted, err := onboarding.Seal([]byte("ID;a;did:web:b;DID"), c, key, now)
	require.NoError(t, err)
	_, _, err = onboarding.VerifyIssuer([]byte(`{"country":"ID;a","name":"did:web:b","url":"DID","signature":"`+base64.StdEncoding.EncodeToString(shifted)+`"}`), c)
	require.ErrorIs(t, err, onboarding.ErrContent)
}

func TestBadIssuers(t *testing.T) {
	c, key := anchor(testnet.P256)
	for name, spoil := range map[string]func(*onboarding.Issuer){
		"no country":     func(i *onboarding.Issuer) { i.Country = "" },
		"odd country":    func(i *onboarding.Issuer) { i.Country = ";1" },
		"small country":  func(i *onboarding.Issuer) { i.Country = "id" },
		"no name":        func(i *onboarding.Issuer) { i.Name = "" },
		"long name":      func(i *onboarding.Issuer) { i.Name = strings.Repeat("a", 513) },
		"another method": func(i *onboarding.Issuer) { i.URL = "did:key:z6Mk" },
		"long url":       func(i *onboarding.Issuer) { i.URL = "did:web:" + strings.Repeat("a", 57) },
		"another type":   func(i *onboarding.Issuer) { i.URLType = "JWKS" },
		"a divided name": func(i *onboarding.Issuer) { i.Name = "a;b" },
		"a divided url":  func(i *onboarding.Issuer) { i.URL = "did:web:a;b" },
	} {
		i := issuer
		spoil(&i)
		_, err := onboarding.SignIssuer(i, c, key, now)
		require.ErrorIs(t, err, onboarding.ErrFormat, name)
		raw, err := json.Marshal(i)
		require.NoError(t, err)
		_, err = onboarding.ParseIssuer(raw)
		require.ErrorIs(t, err, onboarding.ErrFormat, name)
	}
	for _, raw := range []string{"", "[]", "{", `{"name":1}`, `{"sslPublicKeys":[1]}`} {
		_, err := onboarding.ParseIssuer([]byte(raw))
		require.ErrorIs(t, err, onboarding.ErrFormat, raw)
		_, _, err = onboarding.VerifyIssuer([]byte(raw), c)
		require.ErrorIs(t, err, onboarding.ErrFormat, raw)
	}
}

func TestUpload(t *testing.T) {
	n := network()
	up, dsc := n.State("ID").Signer(testnet.SignerOptions{}), n.State("ID").Signer(testnet.SignerOptions{})
	raw, err := onboarding.Upload(dsc.Cert, up.Cert, up.Key, "", now)
	require.NoError(t, err)
	require.JSONEq(t, `{}`, func() string {
		var m map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &m))
		require.Len(t, m, 3)
		return string(m["properties"])
	}())
	got, domain, err := onboarding.VerifyUpload(raw, up.Cert)
	require.NoError(t, err)
	require.True(t, dsc.Cert.Equal(got))
	require.Equal(t, "DCC", domain)
	_, _, err = onboarding.VerifyUpload(raw, dsc.Cert)
	require.ErrorIs(t, err, onboarding.ErrSignature)
	for _, bad := range []string{"", "[]", `{"domain":"DCC"}`, `{"cms":"AA=="}`, `{"cms":"AA==","domain":"DCC"}`} {
		_, _, err = onboarding.VerifyUpload([]byte(bad), up.Cert)
		require.ErrorIs(t, err, onboarding.ErrFormat, bad)
	}
	_, err = onboarding.Upload(dsc.Cert, up.Cert, dsc.Key, "", now)
	require.ErrorIs(t, err, proof.ErrKey)
}

func FuzzOpen(f *testing.F) {
	c := realAnchor(f)
	for _, raw := range realRecords(f) {
		var m map[string]string
		require.NoError(f, json.Unmarshal(raw, &m))
		cms, err := base64.StdEncoding.DecodeString(m["trustAnchorSignature"] + m["signature"])
		require.NoError(f, err)
		f.Add(cms)
	}
	f.Fuzz(func(t *testing.T, cms []byte) {
		_, _, err := onboarding.Open(cms, c)
		if err != nil && !strings.HasPrefix(err.Error(), "onboarding: ") {
			t.Fatal(err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	c := realAnchor(f)
	for _, raw := range realRecords(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := onboarding.Verify(raw, c)
		if (r == nil) == (err == nil) {
			t.Fatal("a record or an error")
		}
		i, _, err := onboarding.VerifyIssuer(raw, c)
		if (i == nil) == (err == nil) {
			t.Fatal("an issuer or an error")
		}
	})
}
