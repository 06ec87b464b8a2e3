package bbs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
)

// signed is a signature with all that was signed.
type signed struct {
	secret    *bbs.SecretKey
	key       proof.BLSKey
	header    []byte
	messages  [][]byte
	signature []byte
}

func sign(t testing.TB, n int) *signed {
	t.Helper()
	k, err := bbs.KeyGen(bytes.Repeat([]byte{7}, 32), []byte("test"))
	require.NoError(t, err)
	s := &signed{secret: k, key: k.Public(), header: []byte("header")}
	for i := range n {
		s.messages = append(s.messages, fmt.Appendf(nil, "message %d", i))
	}
	s.signature, err = k.Sign(s.header, s.messages)
	require.NoError(t, err)
	return s
}

func (s *signed) prove(t testing.TB, presentation string, show ...int) ([]byte, [][]byte) {
	t.Helper()
	p, err := bbs.Prove(s.key, s.signature, s.header, []byte(presentation), s.messages, show)
	require.NoError(t, err)
	var shown [][]byte
	for _, i := range show {
		shown = append(shown, s.messages[i])
	}
	return p, shown
}

func TestAnyPartIsShown(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5} {
		s := sign(t, n)
		require.Len(t, s.signature, bbs.SignatureSize)
		require.NoError(t, bbs.Verify(s.key, s.signature, s.header, s.messages))
		for subset := range 1 << n {
			var show []int
			for i := range n {
				if subset>>i&1 == 1 {
					show = append(show, i)
				}
			}
			p, shown := s.prove(t, "nonce", show...)
			require.Len(t, p, bbs.ProofSize+32*(n-len(show)))
			require.NoError(t, bbs.VerifyProof(s.key, p, s.header, []byte("nonce"), shown, show), "%d of %d: %v", len(show), n, show)
		}
	}
}

func TestEmptyValues(t *testing.T) {
	s := sign(t, 0)
	sig, err := s.secret.Sign(nil, [][]byte{nil, {}})
	require.NoError(t, err)
	require.NoError(t, bbs.Verify(s.key, sig, []byte{}, [][]byte{{}, nil}))
	p, err := bbs.Prove(s.key, sig, nil, nil, [][]byte{nil, nil}, []int{1})
	require.NoError(t, err)
	require.NoError(t, bbs.VerifyProof(s.key, p, nil, nil, [][]byte{nil}, []int{1}))
}

func TestSignatureRefused(t *testing.T) {
	s := sign(t, 3)
	other, err := bbs.GenerateKey()
	require.NoError(t, err)
	refused := func(what string, k proof.BLSKey, sig, header []byte, messages ...[]byte) {
		t.Helper()
		require.ErrorIs(t, bbs.Verify(k, sig, header, messages), proof.ErrMismatch, what)
	}
	m := s.messages
	refused("another key", other.Public(), s.signature, s.header, m...)
	refused("another header", s.key, s.signature, []byte("Header"), m...)
	refused("no header", s.key, s.signature, nil, m...)
	refused("one message less", s.key, s.signature, s.header, m[:2]...)
	refused("one message more", s.key, s.signature, s.header, append(slices.Clone(m), nil)...)
	refused("another order", s.key, s.signature, s.header, m[1], m[0], m[2])
	refused("another message", s.key, s.signature, s.header, m[0], m[1], []byte("message 3"))
	refused("cut between messages", s.key, s.signature, s.header, m[0], []byte("message 1message 2"))
	for i := range s.signature {
		for _, bit := range []byte{1, 0x20, 0x80} {
			sig := slices.Clone(s.signature)
			sig[i] ^= bit
			refused(fmt.Sprintf("byte %d with %#x flipped", i, bit), s.key, sig, s.header, m...)
		}
	}
	for _, n := range []int{0, 1, 48, 79, 81, 112} {
		refused(fmt.Sprintf("%d bytes", n), s.key, append(s.signature, make([]byte, 40)...)[:n], s.header, m...)
	}
}

// parts returns a proof or a signature with one part replaced.
func replace(b []byte, at int, with []byte) []byte {
	out := slices.Clone(b)
	copy(out[at:], with)
	return out
}

// hostile are encodings that are no point or no number, and must be refused
// wherever one belongs.
func hostile(t testing.TB) (points, scalars map[string][]byte) {
	t.Helper()
	infinity := append([]byte{0xc0}, make([]byte, 47)...)
	field := make([]byte, 48) // x = p
	fieldOrder(t).FillBytes(field)
	field[0] |= 0x80
	negative := slices.Clone(infinity)
	negative[0] |= 0x20
	notQuite := slices.Clone(infinity)
	notQuite[47] = 1
	order := bbs.Order()
	return map[string][]byte{
			"identity": infinity, "identity with a sign": negative, "identity with a coordinate": notQuite,
			"zeros": make([]byte, 48), "ones": bytes.Repeat([]byte{0xff}, 48), "x not below p": field,
			"not on the curve": point(t, false), "not in the subgroup": point(t, true),
		}, map[string][]byte{
			"zero": make([]byte, 32), "the order": order, "above the order": bytes.Repeat([]byte{0xff}, 32),
		}
}

func fieldOrder(t testing.TB) *big.Int {
	t.Helper()
	p, ok := new(big.Int).SetString("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab", 16)
	require.True(t, ok)
	return p
}

// point is a compressed x of G1's curve for which there is a y, outside the
// subgroup as all but one in 2^125 are, or for which there is none.
func point(t testing.TB, onCurve bool) []byte {
	t.Helper()
	p := fieldOrder(t)
	for x := int64(1); ; x++ {
		y2 := big.NewInt(x*x*x + 4)
		if (big.Jacobi(y2, p) == 1) == onCurve {
			b := big.NewInt(x).FillBytes(make([]byte, 48))
			b[0] |= 0x80
			return b
		}
	}
}

func TestHostileSignature(t *testing.T) {
	s := sign(t, 2)
	points, scalars := hostile(t)
	for name, p := range points {
		sig := replace(s.signature, 0, p)
		require.ErrorIs(t, bbs.Verify(s.key, sig, s.header, s.messages), proof.ErrMismatch, name)
		_, err := bbs.Prove(s.key, sig, s.header, nil, s.messages, nil)
		require.ErrorIs(t, err, proof.ErrMismatch, name)
	}
	for name, e := range scalars {
		sig := replace(s.signature, 48, e)
		require.ErrorIs(t, bbs.Verify(s.key, sig, s.header, s.messages), proof.ErrMismatch, name)
		_, err := bbs.Prove(s.key, sig, s.header, nil, s.messages, nil)
		require.ErrorIs(t, err, proof.ErrMismatch, name)
	}
}

func TestHostileProof(t *testing.T) {
	s := sign(t, 4)
	p, shown := s.prove(t, "n", 1, 2)
	require.NoError(t, bbs.VerifyProof(s.key, p, s.header, []byte("n"), shown, []int{1, 2}))
	refused := func(what string, p []byte) {
		t.Helper()
		require.ErrorIs(t, bbs.VerifyProof(s.key, p, s.header, []byte("n"), shown, []int{1, 2}), proof.ErrMismatch, what)
	}
	points, scalars := hostile(t)
	for name, with := range points {
		for at := 0; at < 144; at += 48 {
			refused(fmt.Sprintf("%s at %d", name, at), replace(p, at, with))
		}
		refused("all: "+name, replace(p, 0, slices.Concat(with, with, with)))
	}
	for name, with := range scalars {
		for at := 144; at < len(p); at += 32 {
			refused(fmt.Sprintf("%s at %d", name, at), replace(p, at, with))
		}
	}
	for i := range p {
		refused(fmt.Sprintf("byte %d", i), replace(p, i, []byte{p[i] ^ 1}))
	}
	for _, n := range []int{0, 1, 100, bbs.ProofSize - 32, bbs.ProofSize - 1, bbs.ProofSize, bbs.ProofSize + 32, len(p) - 1} {
		refused(fmt.Sprintf("%d bytes", n), p[:n])
	}
	refused("one byte more", append(slices.Clone(p), 0))
	refused("one response more", append(slices.Clone(p), p[144:176]...))
	// Abar = Bbar = D with nothing else right, as an old verifier without its
	// checks would take it.
	refused("one point for all", replace(p, 0, slices.Concat(p[:48], p[:48], p[:48])))
}

// Whoever lets the identity pass believes anyone.
func TestPromiseForgeryOfIdentitiesIsRefused(t *testing.T) {
	s := sign(t, 0)
	forged := [][]byte{[]byte("never"), []byte("signed")}
	p := bbs.ForgeWithIdentity(s.key, s.header, []byte("n"), forged)
	require.Len(t, p, bbs.ProofSize)
	err := bbs.VerifyProof(s.key, p, s.header, []byte("n"), forged, []int{0, 1})
	require.ErrorIs(t, err, proof.ErrMismatch)
	require.ErrorContains(t, err, "no point of G1")
}

func TestProofRefused(t *testing.T) {
	s := sign(t, 5)
	p, shown := s.prove(t, "nonce", 1, 3)
	verify := func(k proof.BLSKey, header, presentation string, messages [][]byte, indexes ...int) error {
		return bbs.VerifyProof(k, p, []byte(header), []byte(presentation), messages, indexes)
	}
	require.NoError(t, verify(s.key, "header", "nonce", shown, 1, 3))
	other, err := bbs.GenerateKey()
	require.NoError(t, err)
	for what, err := range map[string]error{
		"another key":                         verify(other.Public(), "header", "nonce", shown, 1, 3),
		"another header":                      verify(s.key, "Header", "nonce", shown, 1, 3),
		"replayed under another nonce":        verify(s.key, "header", "another", shown, 1, 3),
		"replayed under none":                 verify(s.key, "header", "", shown, 1, 3),
		"header and nonce swapped":            verify(s.key, "nonce", "header", shown, 1, 3),
		"another message":                     verify(s.key, "header", "nonce", [][]byte{shown[0], []byte("message 4")}, 1, 3),
		"messages swapped":                    verify(s.key, "header", "nonce", [][]byte{shown[1], shown[0]}, 1, 3),
		"messages and indexes swapped":        verify(s.key, "header", "nonce", [][]byte{shown[1], shown[0]}, 3, 1),
		"other indexes":                       verify(s.key, "header", "nonce", shown, 1, 2),
		"index twice":                         verify(s.key, "header", "nonce", [][]byte{shown[0], shown[0]}, 1, 1),
		"index below zero":                    verify(s.key, "header", "nonce", shown, -1, 3),
		"index of no message":                 verify(s.key, "header", "nonce", shown, 1, 5),
		"index far beyond":                    verify(s.key, "header", "nonce", shown, 1, 1<<62),
		"one message less":                    verify(s.key, "header", "nonce", shown[:1], 1),
		"one message more":                    verify(s.key, "header", "nonce", append(slices.Clone(shown), s.messages[4]), 1, 3, 4),
		"fewer indexes than messages":         verify(s.key, "header", "nonce", shown, 1),
		"more indexes than messages":          verify(s.key, "header", "nonce", shown[:1], 1, 3),
		"nothing shown":                       verify(s.key, "header", "nonce", nil),
		"a proof where a signature is wanted": bbs.Verify(s.key, p, s.header, s.messages),
	} {
		require.ErrorIs(t, err, proof.ErrMismatch, what)
	}
}

// A proof made of a signature over something else does not verify.
func TestProofOfWrongSignature(t *testing.T) {
	s := sign(t, 3)
	wrong := slices.Clone(s.messages)
	wrong[2] = []byte("never signed")
	for what, make := range map[string]func() ([]byte, error){
		"a hidden message":  func() ([]byte, error) { return bbs.Prove(s.key, s.signature, s.header, nil, wrong, []int{0}) },
		"the header":        func() ([]byte, error) { return bbs.Prove(s.key, s.signature, nil, nil, s.messages, []int{0}) },
		"number of message": func() ([]byte, error) { return bbs.Prove(s.key, s.signature, s.header, nil, s.messages[:2], []int{0}) },
	} {
		p, err := make()
		require.NoError(t, err, what)
		require.ErrorIs(t, bbs.VerifyProof(s.key, p, s.header, nil, s.messages[:1], []int{0}), proof.ErrMismatch, what)
	}
}

func TestProveRefuses(t *testing.T) {
	s := sign(t, 3)
	for _, show := range [][]int{{-1}, {3}, {0, 0}, {1, 0}, {0, 1, 2, 3}, {0, 1 << 62}} {
		_, err := bbs.Prove(s.key, s.signature, s.header, nil, s.messages, show)
		require.ErrorIs(t, err, bbs.ErrInput, show)
	}
	_, err := bbs.Prove(proof.BLSKey{}, s.signature, s.header, nil, s.messages, nil)
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = bbs.Prove(s.key, s.signature[1:], s.header, nil, s.messages, nil)
	require.ErrorIs(t, err, proof.ErrMismatch)
}

// No two proofs of the same have a part in common that would link them.
func TestProofsAreUnlinkable(t *testing.T) {
	s := sign(t, 4)
	a, _ := s.prove(t, "n", 1)
	b, _ := s.prove(t, "n", 1)
	for at, n := 0, 48; at < len(a); at += n {
		if at == 144 {
			n = 32
		}
		require.NotEqual(t, a[at:at+n], b[at:at+n], "part at %d", at)
		require.NotContains(t, string(s.signature), string(a[at:at+n]))
	}
}

func TestHostileKeys(t *testing.T) {
	s := sign(t, 1)
	p, shown := s.prove(t, "", 0)
	bad := map[string]proof.BLSKey{"zeros": {}, "identity": {0xc0}, "identity with a sign": {0xe0}, "identity with a coordinate": {0xc0, 95: 1}}
	// x = (k, 0) has a y where the norm of x^3 + 4 + 4i is a square; the point
	// is outside the subgroup, as all but one in 2^250 are.
	for k := int64(1); len(bad) < 6; k++ {
		a := k*k*k + 4
		name := "not on the curve"
		if big.Jacobi(big.NewInt(a*a+16), fieldOrder(t)) == 1 {
			name = "not in the subgroup"
		}
		x := proof.BLSKey{0: 0x80}
		binary.BigEndian.PutUint64(x[88:], uint64(k))
		bad[name] = x
	}
	for name, k := range bad {
		require.ErrorIs(t, bbs.CheckKey(k), proof.ErrKey, name)
		require.ErrorIs(t, bbs.Verify(k, s.signature, s.header, s.messages), proof.ErrKey, name)
		require.ErrorIs(t, bbs.VerifyProof(k, p, s.header, nil, shown, []int{0}), proof.ErrKey, name)
		_, err := bbs.Prove(k, s.signature, s.header, nil, s.messages, nil)
		require.ErrorIs(t, err, proof.ErrKey, name)
	}
}

func TestSecretKeys(t *testing.T) {
	s := sign(t, 0)
	again, err := bbs.NewSecretKey(s.secret.Bytes())
	require.NoError(t, err)
	require.Equal(t, s.key, again.Public())
	require.NoError(t, bbs.CheckKey(s.key))
	a, err := bbs.GenerateKey()
	require.NoError(t, err)
	b, err := bbs.GenerateKey()
	require.NoError(t, err)
	require.NotEqual(t, a.Public(), b.Public())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "BBS secret key", fmt.Sprintf(verb, a), "not in logs")
	}
	order := new(big.Int).SetBytes(bbs.Order())
	for name, b := range map[string][]byte{
		"nil": nil, "short": make([]byte, 31), "long": make([]byte, 33), "zero": make([]byte, 32), "the order": order.Bytes(),
		"above the order": bytes.Repeat([]byte{0xff}, 32),
	} {
		_, err := bbs.NewSecretKey(b)
		require.ErrorIs(t, err, proof.ErrKey, name)
	}
	_, err = bbs.NewSecretKey(order.Sub(order, big.NewInt(1)).Bytes())
	require.NoError(t, err)
	_, err = bbs.KeyGen(make([]byte, 31), nil)
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = bbs.KeyGen(make([]byte, 32), make([]byte, 1<<16))
	require.ErrorIs(t, err, proof.ErrKey)
}

func TestSigner(t *testing.T) {
	s := sign(t, 2)
	signer, err := bbs.NewSigner(s.secret, proof.Key{ID: "k", Public: "ignored", Algorithms: []proof.Algorithm{proof.ES256}})
	require.NoError(t, err)
	require.Equal(t, proof.Key{ID: "k", Public: s.key, Algorithms: []proof.Algorithm{proof.BBS}, Purposes: []proof.Purpose{proof.AssertionMethod}}, signer.Key())
	_, err = signer.Sign(context.Background(), []byte("m"))
	require.ErrorIs(t, err, proof.ErrKey)
	sig, err := signer.(proof.MessageSigner).SignMessages(context.Background(), s.header, s.messages)
	require.NoError(t, err)
	require.Equal(t, s.signature, sig)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = signer.(proof.MessageSigner).SignMessages(cancelled, s.header, s.messages)
	require.ErrorIs(t, err, context.Canceled)
	_, err = bbs.NewSigner(nil, proof.Key{})
	require.ErrorIs(t, err, proof.ErrKey)
}

func TestTooManyMessages(t *testing.T) {
	s := sign(t, 0)
	many := make([][]byte, limits.BBSMessages+1)
	_, err := s.secret.Sign(nil, many)
	require.ErrorIs(t, err, bbs.ErrInput)
	require.ErrorIs(t, bbs.Verify(s.key, s.signature, nil, many), bbs.ErrInput)
	_, err = bbs.Prove(s.key, s.signature, nil, nil, many, nil)
	require.ErrorIs(t, err, bbs.ErrInput)
	require.ErrorIs(t, bbs.VerifyProof(s.key, make([]byte, bbs.ProofSize), nil, nil, many, make([]int, len(many))), bbs.ErrInput)
	long := make([]byte, bbs.ProofSize+32*limits.BBSMessages)
	require.ErrorIs(t, bbs.VerifyProof(s.key, long, nil, nil, many[:1], []int{0}), bbs.ErrInput)
}

// The generators that all share are made as they are needed.
func TestConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := sign(t, 40+i)
			p, shown := s.prove(t, "n", i, 30)
			if err := bbs.VerifyProof(s.key, p, s.header, []byte("n"), shown, []int{i, 30}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, bbs.Generators(3), bbs.Generators(60)[:4])
}

func TestArithmetic(t *testing.T) {
	order := new(big.Int).SetBytes(bbs.Order())
	numbers := []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(2), big.NewInt(31), big.NewInt(0xffff), new(big.Int).Sub(order, big.NewInt(1)), new(big.Int).Rsh(order, 1)}
	for range 40 {
		n, err := rand.Int(rand.Reader, order)
		require.NoError(t, err)
		numbers = append(numbers, n)
	}
	var scalars [][]byte
	for _, n := range numbers {
		b := n.FillBytes(make([]byte, 32))
		fast, secret := bbs.Sum([][]byte{b})
		require.Equal(t, secret, fast, "%v", n)
		scalars = append(scalars, b)
	}
	fast, secret := bbs.Sum(scalars)
	require.Equal(t, secret, fast)

	wide := [][]byte{make([]byte, 48), bytes.Repeat([]byte{0xff}, 48), append(make([]byte, 16), bbs.Order()...), append([]byte{1}, make([]byte, 47)...)}
	for range 200 {
		b := make([]byte, 48)
		rand.Read(b)
		wide = append(wide, b)
	}
	for _, b := range wide {
		n := new(big.Int).SetBytes(b)
		require.Equal(t, n.Mod(n, order).FillBytes(make([]byte, 32)), bbs.Reduce(b), "%x", b)
	}
}
