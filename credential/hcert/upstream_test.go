package hcert_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sanad-credentials/sanad/proof"
)

type proofKey = proof.Key

// upstream lists the expectations that the vectors have wrong, each with a
// proof of it that runs.
var upstream = withoutPictures(map[string]mistake{
	"FR/test_pcr_ok DECODE":    {"the sample was taken at 14:34:56Z in CBOR and COSE, at 12:34:56Z in JSON", twoHoursApart},
	"FR/test_pcr_ok VALIDJSON": {"the sample was taken at 14:34:56Z in CBOR and COSE, at 12:34:56Z in JSON", twoHoursApart},
})

type mistake struct {
	reason string
	proof  func(t testing.TB, v *vector) bool
}

// withoutPictures adds the vectors that want a picture read and have none.
func withoutPictures(m map[string]mistake) map[string]mistake {
	names := []string{"FR/recovery_ok", "FR/test_pcr_ok", "FR/vaccin_ok", "IE/1", "IE/2", "IE/3", "IE/4", "common/B1"}
	for i := 1; i <= 18; i++ {
		names = append(names, fmt.Sprintf("FR/DGC_QrCode_%05d_Raw", i))
	}
	for _, n := range names {
		m[n+" PICTUREDECODE"] = mistake{"the vector has no picture", func(_ testing.TB, v *vector) bool { return v.Picture == "" }}
	}
	return m
}

// twoHoursApart shows that JSON and CBOR differ in the sample's and the
// result's hour and in nothing else.
func twoHoursApart(t testing.TB, v *vector) bool {
	signed, err := v.cborAsJSON()
	if err != nil || sameJSON(t, signed, v.JSON) {
		return false
	}
	moved := bytes.ReplaceAll(signed, []byte("T14:34:56Z"), []byte("T12:34:56Z"))
	moved = bytes.ReplaceAll(moved, []byte("T14:45:01Z"), []byte("T12:45:01Z"))
	return sameJSON(t, moved, v.JSON)
}
