package bbs_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
)

// octets is a hexadecimal string of a fixture.
type octets []byte

func (o *octets) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	var err error
	*o, err = hex.DecodeString(s)
	return err
}

func raw(list []octets) [][]byte {
	out := make([][]byte, len(list))
	for i, o := range list {
		out[i] = o
	}
	return out
}

// fixture is any of the draft's files.
type fixture struct {
	CaseName        string
	SignerKeyPair   struct{ SecretKey, PublicKey octets }
	SignerPublicKey octets
	Signature       octets
	Proof           octets

	Header, PresentationHeader octets
	Messages                   []octets
	DisclosedIndexes           []int
	Result                     struct{ Valid bool }

	KeyMaterial, KeyInfo, KeyDst octets
	KeyPair                      struct{ SecretKey, PublicKey octets }
	Message, Dst, Scalar, Seed   octets
	Cases                        []struct{ Message, Scalar octets }
	P1, Q1                       octets
	MsgGenerators, MockedScalars []octets
	Count                        int
}

func load(t testing.TB, path string) *fixture {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	f := &fixture{}
	require.NoError(t, json.Unmarshal(b, f), path)
	return f
}

func key(t testing.TB, b []byte) proof.BLSKey {
	t.Helper()
	require.Len(t, b, 96)
	return proof.BLSKey(b)
}

// TestConformance runs the fixtures of the ciphersuite with SHA-256. An
// expectation is a file: all that it says must hold. Those of the ciphersuite
// with SHAKE-256, which is not implemented, are not counted.
func TestConformance(t *testing.T) {
	dir := testvectors.Dir(t, "ietf", "bbs", "fixture_data", "bls12-381-sha-256")
	met, total := 0, 0
	for _, group := range []struct {
		files string
		check func(testing.TB, *fixture, *fixture) bool
		count int
	}{
		{"keypair.json", checkKeyPair, 1}, {"h2s.json", checkHashToScalar, 1}, {"generators.json", checkGenerators, 1},
		{"MapMessageToScalarAsHash.json", checkMessages, 1}, {"mockedRng.json", checkMocked, 1},
		{"signature/*.json", checkSignature, 10}, {"proof/*.json", checkProof, 15},
	} {
		files, err := filepath.Glob(filepath.Join(dir, group.files))
		require.NoError(t, err)
		require.Len(t, files, group.count, group.files)
		for _, path := range files {
			total++
			f := load(t, path)
			if group.check(t, f, load(t, filepath.Join(dir, "mockedRng.json"))) {
				met++
				continue
			}
			t.Errorf("not met: %s (%s)", filepath.Base(path), f.CaseName)
		}
	}
	fmt.Printf("conformance: bbs %d/%d\n", met, total)
}

func checkKeyPair(t testing.TB, f, _ *fixture) bool {
	k, err := bbs.KeyGenDST(f.KeyMaterial, f.KeyInfo, string(f.KeyDst))
	require.NoError(t, err)
	again, err := bbs.NewSecretKey(f.KeyPair.SecretKey)
	require.NoError(t, err)
	return bytes.Equal(k.Bytes(), f.KeyPair.SecretKey) && again.Public() == key(t, f.KeyPair.PublicKey) && k.Public() == again.Public() && bbs.CheckKey(k.Public()) == nil
}

func checkHashToScalar(_ testing.TB, f, _ *fixture) bool {
	return bytes.Equal(bbs.HashToScalar(f.Message, string(f.Dst)), f.Scalar)
}

func checkGenerators(t testing.TB, f, _ *fixture) bool {
	require.NotEmpty(t, f.MsgGenerators)
	ok := bytes.Equal(bbs.Base(), f.P1)
	for i, g := range bbs.Generators(len(f.MsgGenerators)) {
		ok = ok && bytes.Equal(g, append([]octets{f.Q1}, f.MsgGenerators...)[i])
	}
	return ok
}

func checkMessages(t testing.TB, f, _ *fixture) bool {
	require.NotEmpty(t, f.Cases)
	ok := true
	for _, c := range f.Cases {
		ok = ok && bytes.Equal(bbs.MessageScalar(c.Message), c.Scalar)
	}
	return ok
}

func checkMocked(t testing.TB, f, _ *fixture) bool {
	require.Len(t, f.MockedScalars, f.Count)
	ok := true
	for i, s := range bbs.MockedScalars(f.Seed, string(f.Dst), f.Count) {
		ok = ok && bytes.Equal(s, f.MockedScalars[i])
	}
	return ok
}

func checkSignature(t testing.TB, f, _ *fixture) bool {
	err := bbs.Verify(key(t, f.SignerKeyPair.PublicKey), f.Signature, f.Header, raw(f.Messages))
	if !f.Result.Valid {
		require.ErrorIs(t, err, proof.ErrMismatch, f.CaseName)
		return true
	}
	k, e := bbs.NewSecretKey(f.SignerKeyPair.SecretKey)
	require.NoError(t, e)
	sig, e := k.Sign(f.Header, raw(f.Messages))
	require.NoError(t, e)
	return err == nil && bytes.Equal(sig, f.Signature) && k.Public() == key(t, f.SignerKeyPair.PublicKey)
}

func checkProof(t testing.TB, f, rng *fixture) bool {
	var shown [][]byte
	for _, i := range f.DisclosedIndexes {
		require.Less(t, i, len(f.Messages), f.CaseName)
		shown = append(shown, f.Messages[i])
	}
	pub := key(t, f.SignerPublicKey)
	err := bbs.VerifyProof(pub, f.Proof, f.Header, f.PresentationHeader, shown, f.DisclosedIndexes)
	if !f.Result.Valid {
		require.ErrorIs(t, err, proof.ErrMismatch, f.CaseName)
		return true
	}
	made, e := bbs.ProveMocked(pub, f.Signature, f.Header, f.PresentationHeader, raw(f.Messages), f.DisclosedIndexes, rng.Seed, string(rng.Dst))
	require.NoError(t, e)
	return err == nil && bytes.Equal(made, f.Proof)
}
