package bbs

import (
	"github.com/cloudflare/circl/ecc/bls12381"
	"github.com/cloudflare/circl/expander"

	"crypto"

	"github.com/sanad-credentials/sanad/proof"
)

// What the draft's fixtures tell of its inner operations.

func KeyGenDST(material, info []byte, dst string) (*SecretKey, error) {
	return keyGen(material, info, dst)
}

func HashToScalar(message []byte, dst string) []byte {
	return appendScalar(nil, hashToScalar(message, dst))
}

func MessageScalar(message []byte) []byte { return appendScalar(nil, messageScalar(message)) }

func Base() []byte { return base().BytesCompressed() }

func Generators(messages int) [][]byte {
	var out [][]byte
	for _, g := range generators(messages) {
		out = append(out, g.encoded[:])
	}
	return out
}

// MockedScalars is seeded_random_scalars (appendix A.1): for tests alone, and
// nothing outside them can reach it.
func MockedScalars(seed []byte, dst string, n int) [][]byte {
	var out [][]byte
	for _, s := range mocked(seed, dst)(n) {
		out = append(out, appendScalar(nil, s))
	}
	return out
}

func mocked(seed []byte, dst string) func(int) []*bls12381.Scalar {
	return func(n int) []*bls12381.Scalar {
		wide := expander.NewExpanderMD(crypto.SHA256, []byte(dst)).Expand(seed, uint(n*wideSize))
		out := make([]*bls12381.Scalar, n)
		for i := range out {
			out[i] = reduce(wide[i*wideSize:][:wideSize])
		}
		return out
	}
}

func ProveMocked(key proof.BLSKey, signature, header, presentation []byte, messages [][]byte, show []int, seed []byte, dst string) ([]byte, error) {
	return prove(key, signature, header, presentation, messages, show, mocked(seed, dst))
}

// Reduce is the number of 48 bytes modulo the order, and Order the order.
func Reduce(wide []byte) []byte { return appendScalar(nil, reduce(wide)) }

func Order() []byte { return bls12381.Order() }

// Sum adds multiples of the first generators, with and without regard to secrets.
func Sum(scalars [][]byte) (fast, secret []byte) {
	g := generators(len(scalars))
	s := newSum(len(scalars))
	p := new(bls12381.G1)
	p.SetIdentity()
	for i, b := range scalars {
		k := new(bls12381.Scalar)
		if err := k.UnmarshalBinary(b); err != nil {
			panic(err)
		}
		s.addTable(&g[i+1].table, k)
		secretSum(p, g[i+1].point, k)
	}
	return s.point().BytesCompressed(), p.BytesCompressed()
}

// ForgeWithIdentity makes a proof without any signature that shows all messages,
// for a verifier who lets Abar and Bbar be the identity: both sides of the pairing
// equation are then one, and D can be any multiple of Bv.
func ForgeWithIdentity(key proof.BLSKey, header, presentation []byte, messages [][]byte) []byte {
	g := generators(len(messages))
	c := commitment{domain: calculateDomain(key, g, header), abar: new(bls12381.G1), bbar: new(bls12381.G1)}
	c.abar.SetIdentity()
	c.bbar.SetIdentity()
	sum := newSum(len(messages) + 2)
	sum.addTable(baseTable(), one())
	sum.addTable(&g[0].table, c.domain)
	var show []int
	var shown []*bls12381.Scalar
	for i, m := range messages {
		show, shown = append(show, i), append(shown, messageScalar(m))
		sum.addTable(&g[i+1].table, shown[i])
	}
	bv := sum.point()
	r := randomScalars(4)
	k, s, t, e := r[0], r[1], r[2], r[3]
	c.d, c.t1, c.t2 = secretProduct(bv, k), secretProduct(bv, s), secretProduct(bv, t)
	challenge := c.challenge(show, shown, presentation)
	var r1, r3, inverse bls12381.Scalar
	inverse.Inv(k)
	r1.Mul(s, &inverse)
	r3.Sub(t, challenge)
	r3.Mul(&r3, &inverse)
	var out []byte
	for _, p := range []*bls12381.G1{c.abar, c.bbar, c.d} {
		out = append(out, p.BytesCompressed()...)
	}
	for _, x := range []*bls12381.Scalar{e, &r1, &r3, challenge} {
		out = appendScalar(out, x)
	}
	return out
}
