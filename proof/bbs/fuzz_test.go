package bbs_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
)

func fixtures(f *testing.F, group string) []*fixture {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(testvectors.Dir(f, "ietf", "bbs", "fixture_data", "bls12-381-sha-256"), group, "*.json"))
	require.NoError(f, err)
	var out []*fixture
	for _, path := range files {
		out = append(out, load(f, path))
	}
	return out
}

// FuzzVerifyProof: whatever is given, there is an answer of a known kind.
func FuzzVerifyProof(f *testing.F) {
	for _, x := range fixtures(f, "proof") {
		f.Add([]byte(x.SignerPublicKey), []byte(x.Proof), []byte(x.Header), []byte(x.PresentationHeader), uint64(0b101))
	}
	f.Fuzz(func(t *testing.T, k, p, header, presentation []byte, show uint64) {
		var pub proof.BLSKey
		copy(pub[:], k)
		var indexes []int
		var messages [][]byte
		for i := range 64 {
			if show>>i&1 == 1 {
				indexes = append(indexes, i)
				messages = append(messages, header)
			}
		}
		err := bbs.VerifyProof(pub, p, header, presentation, messages, indexes)
		if err != nil && !errors.Is(err, proof.ErrMismatch) && !errors.Is(err, proof.ErrKey) && !errors.Is(err, bbs.ErrInput) {
			t.Fatal(err)
		}
	})
}

// FuzzVerify is the same of signatures; and what can be decoded can be proven
// from, whether it is a signature or not.
func FuzzVerify(f *testing.F) {
	for _, x := range fixtures(f, "signature") {
		f.Add([]byte(x.SignerKeyPair.PublicKey), []byte(x.Signature), []byte(x.Header), []byte("message"))
	}
	f.Fuzz(func(t *testing.T, k, sig, header, message []byte) {
		var pub proof.BLSKey
		copy(pub[:], k)
		err := bbs.Verify(pub, sig, header, [][]byte{message})
		if err != nil && !errors.Is(err, proof.ErrMismatch) && !errors.Is(err, proof.ErrKey) {
			t.Fatal(err)
		}
		if _, e := bbs.Prove(pub, sig, header, nil, [][]byte{message}, nil); e != nil && err == nil {
			t.Fatal(e)
		}
	})
}
