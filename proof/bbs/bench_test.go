package bbs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof/bbs"
)

// A credential of 30 statements, of which 10 are shown.
func BenchmarkBBS(b *testing.B) {
	s := sign(b, 30)
	show := []int{1, 4, 5, 9, 20, 21, 22, 23, 24, 29}
	p, shown := s.prove(b, "nonce", show...)
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			_, err := s.secret.Sign(s.header, s.messages)
			require.NoError(b, err)
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, bbs.Verify(s.key, s.signature, s.header, s.messages))
		}
	})
	b.Run("prove", func(b *testing.B) {
		for b.Loop() {
			_, err := bbs.Prove(s.key, s.signature, s.header, []byte("nonce"), s.messages, show)
			require.NoError(b, err)
		}
	})
	b.Run("verify-proof", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, bbs.VerifyProof(s.key, p, s.header, []byte("nonce"), shown, show))
		}
	})
}
