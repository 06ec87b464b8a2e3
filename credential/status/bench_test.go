package status_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/trustlist"
)

// asked keeps the query that a verifier makes.
type asked struct{ q credential.StatusQuery }

func (a *asked) CheckStatus(_ context.Context, q credential.StatusQuery) (credential.Status, error) {
	a.q = q
	return credential.Status{}, nil
}

// BenchmarkBitstringCheckStatus is a whole check against a list of 100 million
// entries, a tenth of them revoked: the look-up, and the verification of the
// list by the verifier that asks, less what is remembered of it.
func BenchmarkBitstringCheckStatus(b *testing.B) {
	const entries = 100_000_000
	bits := make([]byte, entries/8)
	r := rand.New(rand.NewPCG(1, 2))
	for range entries / 10 {
		i := r.Uint64N(entries/2) * 2
		bits[i/8] |= 0x80 >> (i % 8)
	}
	src := status.Memory(map[string][]byte{listURL: mustSign(b, listDoc("OM", "revocation").subject("encodedList", encode(bits)), "OM")})
	a := &asked{}
	_, err := verifier(b, oman(b), a).Verify(b.Context(), mustSign(b, card("OM", entry("revocation", listURL, 1)), "OM"), credential.Policy{Time: now})
	require.NoError(b, err)
	checker := bitstring(b, &toy{}, src)
	_, err = checker.CheckStatus(b.Context(), a.q)
	require.NoError(b, err)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		a.q.Ref.Index = (i*40_503)%(entries/2)*2 + 1
		if _, err := checker.CheckStatus(b.Context(), a.q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHashesLookup is one look-up of three hashes among ten million.
func BenchmarkHashesLookup(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	s := snapshot("OM")
	for range 10_000 {
		x := batch("OM", kidA, "UCI", make([]status.Hash, 1000)...)
		for i := range x.Hashes {
			binary.BigEndian.PutUint64(x.Hashes[i][:], r.Uint64())
			binary.BigEndian.PutUint64(x.Hashes[i][8:], r.Uint64())
		}
		s.Batches = append(s.Batches, x)
	}
	h, err := status.NewHashes(s)
	require.NoError(b, err)
	q := credential.StatusQuery{Ref: dcc(kidA, "OM", "x"), Time: now, Authority: &trustlist.Entry{Territory: "OM"}}
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		for _, id := range q.Ref.IDs {
			binary.BigEndian.PutUint64(id, i*0x9E3779B97F4A7C15)
		}
		if _, err := h.CheckStatus(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
