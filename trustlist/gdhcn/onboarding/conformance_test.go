package onboarding_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	stdpem "encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

func readCertificate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	block, _ := stdpem.Decode(raw)
	require.NotNil(t, block, name)
	c, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err, name)
	return c
}

// realAnchor is the trust anchor of the network's development environment.
func realAnchor(t testing.TB) *x509.Certificate {
	return readCertificate(t, filepath.Join(testvectors.Dir(t, "gdhcn", "tng-participants-dev"), "WHO", "signing", "DCC", "TNG_TA.pem"))
}

// realRecords are the signed messages of the environment, by path.
func realRecords(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	dir := testvectors.Dir(t, "gdhcn", "tng-participants-dev")
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(d.Name(), "TNG_TA.signed.") || !strings.HasSuffix(d.Name(), ".json") {
			return err
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		out[filepath.ToSlash(rel)] = raw
		return nil
	}))
	return out
}

// emptyForms are the issuers' forms without a field, which the anchor signed all
// the same: the file holds nothing but the signature, of "null" four times.
var emptyForms = []string{"BOL", "HND", "JAM", "TTO", "XXH", "XXJ", "XXN", "XYK"}

// unreadable is the participant whose certificate leaves out the NULL parameters
// of its RSA key, which RFC 3279, section 2.3.1, demands: the anchor's signature
// is good, and there is no key to be had of what it signed.
const unreadable = "EST"

func requireUnreadable(t *testing.T, raw []byte, anchor *x509.Certificate, err error) {
	t.Helper()
	require.ErrorIs(t, err, jwk.ErrCertificate)
	var m map[string]string
	require.NoError(t, json.Unmarshal(raw, &m))
	cms, err := base64.StdEncoding.DecodeString(m["trustAnchorSignature"])
	require.NoError(t, err)
	content, _, err := onboarding.Open(cms, anchor)
	require.NoError(t, err)
	require.Equal(t, m["certificateRawData"], base64.StdEncoding.EncodeToString(content))
}

// TestConformanceOnboarding verifies every message that the trust anchor of the
// network's development environment has signed. A certificate must be the one
// that lies unsigned beside it, and of the folder's participant.
func TestConformanceOnboarding(t *testing.T) {
	anchor, records := realAnchor(t), realRecords(t)
	dir := testvectors.Dir(t, "gdhcn", "tng-participants-dev")
	met, certificates, empty := 0, 0, 0
	for path, raw := range records {
		participant, _, _ := strings.Cut(path, "/")
		if strings.Contains(path, "/ISSUER/") {
			i, signed, err := onboarding.VerifyIssuer(raw, anchor)
			require.Nil(t, i)
			require.ErrorIs(t, err, onboarding.ErrEmpty, path)
			require.False(t, signed.IsZero(), path)
			require.Contains(t, emptyForms, participant)
			require.NotErrorIs(t, err, onboarding.ErrSignature)
			empty++
			met++
			continue
		}
		r, err := onboarding.Verify(raw, anchor)
		if participant == unreadable {
			requireUnreadable(t, raw, anchor, err)
			met++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "TNG_TA.signed."), ".json") + ".pem"
		beside := readCertificate(t, filepath.Join(dir, filepath.Dir(filepath.Dir(path)), name))
		require.True(t, r.Certificate.Equal(beside), path)
		require.False(t, r.Signed.IsZero(), path)
		if !speaks(participant, r.Country) {
			t.Errorf("%s: a certificate of %s", path, r.Country)
			continue
		}
		certificates++
		met++
	}
	require.Equal(t, len(emptyForms), empty)
	fmt.Printf("gdhcn-onboarding: %d certificates; 1 certificate that can't be read, though signed (%s); %d forms of issuers that were signed empty, and are refused as such\n", certificates, unreadable, empty)
	fmt.Printf("conformance: gdhcn-onboarding %d/%d\n", met, len(records))
}

// speaks reports whether a country's code is the participant's.
func speaks(participant, country string) bool {
	// The International Organization for Migration is no country, and its
	// certificate says IO. The test country XXK says XK, which is Kosovo's.
	odd := map[string]string{"IOM": "IO", "XXK": "XK"}
	return slices.Contains(trustlist.CountryNames(participant), country) || odd[participant] == country
}

// TestPromiseChangedRecordIsRefused changes every byte of a signed record, one
// at a time: what is still accepted says the same.
func TestPromiseChangedRecordIsRefused(t *testing.T) {
	anchor := realAnchor(t)
	raw := realRecords(t)["OMN/onboarding/DCC/SCA/signed/TNG_TA.signed.SCA.json"]
	want, err := onboarding.Verify(raw, anchor)
	require.NoError(t, err)
	refused := 0
	for i := range raw {
		for _, b := range []byte{raw[i] ^ 1, 'A'} {
			changed := bytes.Clone(raw)
			changed[i] = b
			r, err := onboarding.Verify(changed, anchor)
			if err != nil {
				refused++
				continue
			}
			require.Equal(t, want.Certificate.Raw, r.Certificate.Raw)
			require.Equal(t, want.Country, r.Country)
			require.Equal(t, want.Signed, r.Signed)
		}
	}
	require.Greater(t, refused, len(raw))
}

// A record's parts cannot be exchanged with another's.
func TestPromiseRecordsCannotBeMixed(t *testing.T) {
	anchor, records := realAnchor(t), realRecords(t)
	a := records["OMN/onboarding/DCC/SCA/signed/TNG_TA.signed.SCA.json"]
	b := records["IDN/onboarding/DCC/SCA/signed/TNG_TA.signed.SCA.json"]
	for _, member := range []string{"trustAnchorSignature", "certificateRawData", "certificateThumbprint", "country"} {
		var x, y map[string]string
		require.NoError(t, json.Unmarshal(a, &x))
		require.NoError(t, json.Unmarshal(b, &y))
		x[member] = y[member]
		mixed, err := json.Marshal(x)
		require.NoError(t, err)
		_, err = onboarding.Verify(mixed, anchor)
		require.ErrorIs(t, err, onboarding.ErrContent, member)
	}
}
