package sdjwt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

func TestMayBe(t *testing.T) {
	token := sealed(t, `{"a":1}`, sdjwt.Options{})
	json, err := sdjwt.NewJSON([][]byte{token.Bytes()[:len(token.Bytes())-1]}, nil)
	require.NoError(t, err)
	escaped := b64([]byte(`{"typ":"example\u002bsd-jwt"}`)) + ".e30.AA~"
	for _, raw := range []string{string(token.Bytes()), string(json.Bytes()), escaped, "!.e30.AA~", b64([]byte(`{"typ":"Example+SD-JWT"}`)) + ".e30.AA~"} {
		require.True(t, sdjwt.MayBe([]byte(raw), "other", "example+sd-jwt"), raw)
	}
	for _, raw := range []string{"", "~", "a.b~", "a.b.c", "a.b.c.d~", "{}", `{"@context":[],"protected":1,"payload":1}`, b64([]byte(`{"typ":"vc+jwt"}`)) + ".e30.AA~"} {
		require.False(t, sdjwt.MayBe([]byte(raw), "example+sd-jwt"), raw)
	}
	require.False(t, sdjwt.MayBe(token.Bytes(), "dc+sd-jwt"))
}

// The example of RFC 9901, sections 4.2.1 and 4.2.3: one claim in three
// spellings, each with a digest of its own.
func TestExampleDisclosures(t *testing.T) {
	const digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
	spellings := []string{
		"WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
		"WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNX" + "HUwMGY2Yml1cyJd",
		"WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Y" + "ml1cyJd",
		"WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiT" + "cO2Yml1cyIKXQ",
	}
	require.Equal(t, digest, sum256(spellings[0]))
	for i, s := range spellings {
		c, err := sdjwt.Open([]byte(`{"given_name":"Alice","_sd":["`+sum256(s)+`"]}`), []string{s})
		require.NoError(t, err)
		require.JSONEq(t, `{"given_name":"Alice","family_name":"Möbius"}`, string(marshal(t, c)))
		_, err = sdjwt.Open([]byte(`{"_sd":["`+digest+`"]}`), []string{s})
		require.Equal(t, i == 0, err == nil)
	}
	c, err := sdjwt.Open([]byte(`{"nationalities":["DE",{"...":"w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"},"US"]}`), []string{"WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"})
	require.NoError(t, err)
	require.Equal(t, `{"nationalities":["DE","FR","US"]}`, string(marshal(t, c)))
}
