package onboarding_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

// edited is a message of which one value, found by its way from the root, is
// another: the lengths above are written anew.
func edited(t *testing.T, raw []byte, change func(asn1.RawValue) []byte, way ...int) []byte {
	t.Helper()
	var v asn1.RawValue
	_, err := asn1.Unmarshal(raw, &v)
	require.NoError(t, err)
	if len(way) == 0 {
		return change(v)
	}
	var parts [][]byte
	for rest := v.Bytes; len(rest) > 0; {
		var p asn1.RawValue
		rest, err = asn1.Unmarshal(rest, &p)
		require.NoError(t, err)
		parts = append(parts, p.FullBytes)
	}
	parts[way[0]] = edited(t, parts[way[0]], change, way[1:]...)
	return der(raw[0], parts...)
}

// Changes of one value.
func retagged(tag byte) func(asn1.RawValue) []byte {
	return func(v asn1.RawValue) []byte { return der(tag, v.Bytes) }
}

func none(asn1.RawValue) []byte { return nil }

func behind(v asn1.RawValue) []byte { return der(v.FullBytes[0], v.Bytes, []byte{5, 0}) }

func twice(v asn1.RawValue) []byte { return append(bytes.Clone(v.FullBytes), v.FullBytes...) }

// long is a length in one byte more than it needs.
func long(v asn1.RawValue) []byte {
	n := len(v.Bytes)
	return append([]byte{v.FullBytes[0], 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, v.Bytes...)
}

func endless(v asn1.RawValue) []byte {
	return append(append([]byte{v.FullBytes[0], 0x80}, v.Bytes...), 0, 0)
}

func huge(v asn1.RawValue) []byte {
	return append([]byte{v.FullBytes[0], 0x84, 0x7f, 0xff, 0xff, 0xff}, v.Bytes...)
}

// The places of parts in the signed data.
const data, encapsulated, signers = 0, 2, 4

// What is not signed must have the one form that there is, too.
func TestPromiseStructureIsStrict(t *testing.T) {
	c, key := anchor(testnet.P256)
	cms, err := onboarding.Seal([]byte("content"), c, key, now)
	require.NoError(t, err)
	same := edited(t, cms, func(v asn1.RawValue) []byte { return v.FullBytes }, 1, 0, 2)
	require.Equal(t, cms, same)
	for name, raw := range map[string][]byte{
		"info as a set":              edited(t, cms, retagged(0x31)),
		"info of another kind":       edited(t, cms, func(asn1.RawValue) []byte { return dataOID }, 0),
		"signature as text":          edited(t, cms, retagged(0x0c), 1, data, signers, 0, 5),
		"a part cut":                 edited(t, cms, func(v asn1.RawValue) []byte { return der(0x30, v.Bytes, []byte{0x30, 5}) }, 1, data),
		"data that is not in parts":  edited(t, cms, retagged(0x10), 1, data),
		"info without a name":        edited(t, cms, none, 0),
		"more behind the data":       edited(t, cms, behind),
		"more in the data's tag":     edited(t, cms, behind, 1),
		"data in another tag":        edited(t, cms, retagged(0xa1), 1),
		"data of no parts":           edited(t, cms, func(asn1.RawValue) []byte { return der(0x30) }, 1, data),
		"a signer of no parts":       edited(t, cms, func(asn1.RawValue) []byte { return der(0x30) }, 1, data, signers, 0),
		"data as a set":              edited(t, cms, retagged(0x31), 1, data),
		"data without signers":       edited(t, cms, none, 1, data, signers),
		"certificates untagged":      edited(t, cms, retagged(0x30), 1, data, 3),
		"content in another tag":     edited(t, cms, retagged(0xa1), 1, data, encapsulated, 1),
		"content twice":              edited(t, cms, twice, 1, data, encapsulated, 1, 0),
		"content in pieces":          edited(t, cms, func(v asn1.RawValue) []byte { return der(0x24, v.FullBytes) }, 1, data, encapsulated, 1, 0),
		"content as text":            edited(t, cms, retagged(0x0c), 1, data, encapsulated, 1, 0),
		"signers as a sequence":      edited(t, cms, retagged(0x30), 1, data, signers),
		"signer as a set":            edited(t, cms, retagged(0x31), 1, data, signers, 0),
		"signer without a signature": edited(t, cms, none, 1, data, signers, 0, 5),
		"signature in pieces":        edited(t, cms, func(v asn1.RawValue) []byte { return der(0x24, v.FullBytes) }, 1, data, signers, 0, 5),
		"more in the signer":         edited(t, cms, behind, 1, data, signers, 0),
		"two more in the signer":     edited(t, edited(t, cms, behind, 1, data, signers, 0), behind, 1, data, signers, 0),
		"a long length":              edited(t, cms, long, 1, data),
		"an indefinite length":       edited(t, cms, endless),
		"one inside":                 edited(t, cms, endless, 1, data, encapsulated),
		"a huge length":              edited(t, cms, huge, 1, data),
	} {
		_, _, err := onboarding.Open(raw, c)
		require.ErrorIs(t, err, onboarding.ErrFormat, name)
	}

	_, _, err = onboarding.Open(edited(t, cms, behind, 1, data, signers, 0, 1), c)
	require.ErrorIs(t, err, onboarding.ErrSignature, "a name in three parts")
	large, err := onboarding.Seal(make([]byte, limits.CMS), c, key, now)
	require.NoError(t, err)
	_, _, err = onboarding.Open(large, c)
	require.ErrorIs(t, err, onboarding.ErrFormat)

	// What may be there and is signed by nobody changes nothing.
	for name, raw := range map[string][]byte{
		"no certificate":      edited(t, cms, none, 1, data, 3),
		"unsigned attributes": edited(t, cms, func(v asn1.RawValue) []byte { return der(0x30, v.Bytes, der(0xa1)) }, 1, data, signers, 0),
	} {
		content, at, err := onboarding.Open(raw, c)
		require.NoError(t, err, name)
		require.Equal(t, "content", string(content))
		require.Equal(t, now, at)
	}
}

// A signer may be named by its key's identifier, which none that has no such
// identifier is named by.
func TestSignerNamedByKeyIdentifier(t *testing.T) {
	c, key := anchor(testnet.P256)
	cms, err := onboarding.Seal([]byte("content"), c, key, now)
	require.NoError(t, err)
	named := func(id []byte) []byte {
		return edited(t, cms, func(asn1.RawValue) []byte { return der(0x80, id) }, 1, 0, 4, 0, 1)
	}
	with, without := *c, *c
	with.SubjectKeyId, without.SubjectKeyId = []byte{1, 2, 3}, nil
	for _, x := range []struct {
		id []byte
		c  *x509.Certificate
		ok bool
	}{{[]byte{1, 2, 3}, &with, true}, {[]byte{1, 2}, &with, false}, {nil, &with, false}, {nil, &without, false}} {
		_, _, err := onboarding.Open(named(x.id), x.c)
		if x.ok {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, onboarding.ErrSignature)
		}
	}
}

// Attributes are signed; what they say must be there, once, and readable.
func TestPromiseAttributesAreStrict(t *testing.T) {
	c, key := anchor(testnet.RSA2048)
	content := der(0x30, version) // as a certificate begins
	sum := sha256.Sum256(content)
	kind, digest := attribute(contentTypeOID, dataOID), attribute(digestAttrOID, der(0x04, sum[:]))
	timeOID := oid(1, 2, 840, 113549, 1, 9, 5)
	serial, err := asn1.Marshal(c.SerialNumber)
	require.NoError(t, err)
	open := func(attributes []byte) error {
		h := handmade{
			content: content, contentType: dataOID, digestOID: sha256OID, algorithm: rsaOID,
			sid: der(0x30, c.RawIssuer, serial), attributes: attributes, signers: 1,
		}
		got, _, err := onboarding.Open(h.sign(t, key, crypto.SHA256).bytes(), c)
		if err == nil {
			require.Equal(t, content, got)
		}
		return err
	}
	require.NoError(t, open(der(0x31, kind, digest)))
	require.NoError(t, open(nil), "none, and content that is no set")
	for name, attributes := range map[string][]byte{
		"a digest as text":        der(0x31, kind, attribute(digestAttrOID, der(0x0c, sum[:]))),
		"one without value":       der(0x31, kind, digest, attribute(timeOID)),
		"one in three parts":      der(0x31, kind, digest, der(0x30, timeOID, der(0x31, der(0x17, []byte("260520120000Z"))), der(0x31))),
		"one whose value is cut":  der(0x31, kind, digest, der(0x30, timeOID, der(0x31, []byte{0x17, 13}))),
		"one that is no sequence": der(0x31, kind, digest, der(0x31, timeOID)),
		"a time that is none":     der(0x31, kind, digest, attribute(timeOID, der(0x17, []byte("yesterday")))),
		"a type that is none":     der(0x31, attribute(contentTypeOID, der(0x0c, []byte("data"))), digest),
		"a cut set":               der(0x31, kind, digest, []byte{0x30, 5}),
	} {
		require.ErrorIs(t, open(attributes), onboarding.ErrSignature, name)
	}
}

// A certificate of two countries is no record, whichever it states; an upload
// says its domain.
func TestRecordOfTwoCountries(t *testing.T) {
	c, key := anchor(testnet.P256)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now, NotAfter: now.Add(time.Hour),
		Subject: pkix.Name{Country: []string{"ID", "SA"}, CommonName: "two"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cms, err := onboarding.Seal(der, c, key, now)
	require.NoError(t, err)
	sum := sha256.Sum256(der)
	for _, country := range []string{"ID", "SA"} {
		raw, err := json.Marshal(map[string]any{
			"trustAnchorSignature": cms, "certificateRawData": der, "certificateThumbprint": hex.EncodeToString(sum[:]), "country": country,
		})
		require.NoError(t, err)
		_, err = onboarding.Verify(raw, c)
		require.ErrorIs(t, err, onboarding.ErrContent)
	}
	raw, err := json.Marshal(map[string]any{"cms": cms})
	require.NoError(t, err)
	_, _, err = onboarding.VerifyUpload(raw, c)
	require.ErrorIs(t, err, onboarding.ErrFormat)
	broken, err := json.Marshal(map[string]any{"cms": base64.StdEncoding.EncodeToString(cms) + "\n", "domain": "DCC"})
	require.NoError(t, err)
	_, _, err = onboarding.VerifyUpload(broken, c)
	require.ErrorIs(t, err, onboarding.ErrFormat, "base64 has one form")
}
