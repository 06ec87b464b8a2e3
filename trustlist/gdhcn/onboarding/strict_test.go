package onboarding_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"

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

// What is not signed must have the one form that there is, too.
func TestPromiseStructureIsStrict(t *testing.T) {
	c, key := anchor(testnet.P256)
	cms, err := onboarding.Seal([]byte("content"), c, key, now)
	require.NoError(t, err)
	same := edited(t, cms, func(v asn1.RawValue) []byte { return v.FullBytes }, 1, 0, 2)
	require.Equal(t, cms, same)
	retagged := func(tag byte) func(asn1.RawValue) []byte {
		return func(v asn1.RawValue) []byte { return der(tag, v.Bytes) }
	}
	behind := func(v asn1.RawValue) []byte { return der(v.FullBytes[0], v.Bytes, []byte{5, 0}) }
	twice := func(v asn1.RawValue) []byte { return append(bytes.Clone(v.FullBytes), v.FullBytes...) }
	none := func(asn1.RawValue) []byte { return nil }
	long := func(v asn1.RawValue) []byte { // a length in one byte more than it needs
		n := len(v.Bytes)
		return append([]byte{v.FullBytes[0], 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, v.Bytes...)
	}
	endless := func(v asn1.RawValue) []byte {
		return append(append([]byte{v.FullBytes[0], 0x80}, v.Bytes...), 0, 0)
	}
	huge := func(v asn1.RawValue) []byte {
		return append([]byte{v.FullBytes[0], 0x84, 0x7f, 0xff, 0xff, 0xff}, v.Bytes...)
	}
	const data, encapsulated, signers = 0, 2, 4
	for name, raw := range map[string][]byte{
		"info as a set":              edited(t, cms, retagged(0x31)),
		"info without a name":        edited(t, cms, none, 0),
		"more behind the data":       edited(t, cms, behind),
		"more in the data's tag":     edited(t, cms, behind, 1),
		"data in another tag":        edited(t, cms, retagged(0xa1), 1),
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
