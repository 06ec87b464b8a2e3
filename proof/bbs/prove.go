package bbs

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"

	"github.com/cloudflare/circl/ecc/bls12381"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// Prove makes a proof, under a presentation header, that shows those of the
// signed messages whose indexes, ascending from 0, are in show (section 3.5.3).
// No two proofs are the same. It does not check the signature: a proof from a
// wrong one does not verify.
//
// The error wraps [ErrInput] for over 1,024 messages and for indexes that are
// not ascending or not of messages, [proof.ErrKey] and [proof.ErrMismatch] where
// the key or the signature is malformed.
func Prove(key proof.BLSKey, signature, header, presentation []byte, messages [][]byte, show []int) ([]byte, error) {
	return prove(key, signature, header, presentation, messages, show, randomScalars)
}

// randomScalars is calculate_random_scalars (section 4.2.1).
func randomScalars(n int) []*bls12381.Scalar {
	out := make([]*bls12381.Scalar, n)
	var wide [wideSize]byte
	for i := range out {
		rand.Read(wide[:]) // never fails
		out[i] = reduce(wide[:])
	}
	return out
}

func prove(key proof.BLSKey, signature, header, presentation []byte, messages [][]byte, show []int, random func(int) []*bls12381.Scalar) ([]byte, error) {
	if len(messages) > limits.BBSMessages {
		return nil, fmt.Errorf("bbs: %d messages, at most %d are signed: %w", len(messages), limits.BBSMessages, ErrInput)
	}
	hide, err := others(len(messages), show)
	if err != nil {
		return nil, err
	}
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	a, e, err := decodeSignature(signature)
	if err != nil {
		return nil, err
	}
	shown := make([]*bls12381.Scalar, len(show))
	for i, at := range show {
		shown[i] = messageScalar(messages[at])
	}
	hidden := make([]*bls12381.Scalar, len(hide))
	for i, at := range hide {
		hidden[i] = messageScalar(messages[at])
	}
	g := generators(len(messages))
	c := commitment{domain: calculateDomain(key, g, header)}
	r := random(5 + len(hide))
	c.init(a, e, g, show, shown, hide, hidden, r)
	return c.finalize(e, c.challenge(show, shown, presentation), r, hidden), nil
}

// others returns the indexes below n that are not in show, which must be
// ascending.
func others(n int, show []int) ([]int, error) {
	if len(show) > n {
		return nil, fmt.Errorf("bbs: %d messages to show of %d: %w", len(show), n, ErrInput)
	}
	hide := make([]int, 0, n-len(show))
	next := 0
	for i, at := range show {
		if at < next || at >= n {
			return nil, fmt.Errorf("bbs: index %d of the messages to show: not ascending or not of a message: %w", i, ErrInput)
		}
		for ; next < at; next++ {
			hide = append(hide, next)
		}
		next++
	}
	for ; next < n; next++ {
		hide = append(hide, next)
	}
	return hide, nil
}

// commitment is init_res: what the challenge of a proof is computed of.
type commitment struct {
	abar, bbar, d, t1, t2 *bls12381.G1
	domain                *bls12381.Scalar
}

// init is ProofInit (section 3.7.1). What is shown is public; all else is
// multiplied in constant time.
func (c *commitment) init(a *bls12381.G1, e *bls12381.Scalar, g []*generator, show []int, shown []*bls12381.Scalar, hide []int, hidden, random []*bls12381.Scalar) {
	r1, r2, e2, r12, r32 := random[0], random[1], random[2], random[3], random[4]
	public := newSum(len(show) + 2)
	public.addTable(baseTable(), one())
	public.addTable(&g[0].table, c.domain)
	for i, at := range show {
		public.addTable(&g[at+1].table, shown[i])
	}
	b := public.point()
	for i, at := range hide {
		secretSum(b, g[at+1].point, hidden[i])
	}
	c.d = secretProduct(b, r2)
	var k bls12381.Scalar
	k.Mul(r1, r2)
	c.abar = secretProduct(a, &k)
	c.bbar = secretProduct(c.d, r1)
	k.Set(e)
	k.Neg()
	secretSum(c.bbar, c.abar, &k)

	c.t1 = secretProduct(c.abar, e2)
	secretSum(c.t1, c.d, r12)
	c.t2 = secretProduct(c.d, r32)
	for i, at := range hide {
		secretSum(c.t2, g[at+1].point, random[5+i])
	}
}

// challenge is ProofChallengeCalculate (section 3.7.4).
func (c *commitment) challenge(show []int, shown []*bls12381.Scalar, presentation []byte) *bls12381.Scalar {
	b := make([]byte, 0, 8+len(show)*(8+scalarSize)+5*pointSize+scalarSize+8+len(presentation))
	b = appendUint(b, len(show))
	for i, at := range show {
		b = appendScalar(appendUint(b, at), shown[i])
	}
	for _, p := range []*bls12381.G1{c.abar, c.bbar, c.d, c.t1, c.t2} {
		b = append(b, p.BytesCompressed()...)
	}
	b = appendScalar(b, c.domain)
	b = appendUint(b, len(presentation))
	b = append(b, presentation...)
	return hashToScalar(b, hashDST)
}

// finalize is ProofFinalize (section 3.7.2).
func (c *commitment) finalize(e, challenge *bls12381.Scalar, random, hidden []*bls12381.Scalar) []byte {
	r1, r2, e2, r12, r32 := random[0], random[1], random[2], random[3], random[4]
	out := make([]byte, 0, ProofSize+scalarSize*len(hidden))
	for _, p := range []*bls12381.G1{c.abar, c.bbar, c.d} {
		out = append(out, p.BytesCompressed()...)
	}
	var k bls12381.Scalar
	k.Mul(e, challenge)
	k.Add(e2, &k)
	out = appendScalar(out, &k)
	k.Mul(r1, challenge)
	k.Sub(r12, &k)
	out = appendScalar(out, &k)
	k.Inv(r2)
	k.Mul(&k, challenge)
	k.Sub(r32, &k)
	out = appendScalar(out, &k)
	for i, m := range hidden {
		k.Mul(m, challenge)
		k.Add(random[5+i], &k)
		out = appendScalar(out, &k)
	}
	return appendScalar(out, challenge)
}

// VerifyProof checks a proof that messages, at the given indexes among all that
// were signed under a header, are shown under a presentation header (section
// 3.5.4). The error wraps [proof.ErrMismatch] where the proof is wrong or
// malformed or the indexes are not ascending or not of messages it can have,
// [proof.ErrKey] where the key is no point of the group or the identity,
// [ErrInput] for over 1,024 messages, shown or not.
func VerifyProof(key proof.BLSKey, disclosure, header, presentation []byte, messages [][]byte, indexes []int) error {
	responses := (len(disclosure) - ProofSize) / scalarSize
	switch {
	case len(disclosure) < ProofSize || (len(disclosure)-ProofSize)%scalarSize != 0:
		return fmt.Errorf("bbs: proof of %d bytes: %w", len(disclosure), proof.ErrMismatch)
	case len(messages) != len(indexes):
		return fmt.Errorf("bbs: %d messages with %d indexes: %w", len(messages), len(indexes), proof.ErrMismatch)
	case len(messages) > limits.BBSMessages || responses > limits.BBSMessages-len(messages):
		return fmt.Errorf("bbs: %d messages, at most %d are signed: %w", len(messages)+responses, limits.BBSMessages, ErrInput)
	}
	hide, err := others(len(messages)+responses, indexes)
	if err != nil {
		return fmt.Errorf("%w: %w", proof.ErrMismatch, err)
	}
	w, err := decodeKey(key)
	if err != nil {
		return err
	}
	p, err := decodeProof(disclosure)
	if err != nil {
		return fmt.Errorf("bbs: proof: %w", err)
	}
	shown := make([]*bls12381.Scalar, len(messages))
	for i, m := range messages {
		shown[i] = messageScalar(m)
	}
	g := generators(len(messages) + responses)
	p.domain = calculateDomain(key, g, header)
	p.verifyInit(g, indexes, shown, hide)
	want := p.challenge(indexes, shown, presentation)
	if subtle.ConstantTimeCompare(appendScalar(nil, want), appendScalar(nil, p.c)) != 1 {
		return fmt.Errorf("bbs: proof: %w", proof.ErrMismatch)
	}
	p.bbar.Neg()
	if !pairingsCancel(p.abar, w, p.bbar) {
		return fmt.Errorf("bbs: proof: %w", proof.ErrMismatch)
	}
	return nil
}

// shownProof is a proof as a verifier reads it.
type shownProof struct {
	commitment
	e, r1, r3, c *bls12381.Scalar
	responses    []*bls12381.Scalar
}

// decodeProof is octets_to_proof (section 4.2.4.5), of a length that was
// checked.
func decodeProof(b []byte) (*shownProof, error) {
	p := &shownProof{responses: make([]*bls12381.Scalar, (len(b)-ProofSize)/scalarSize)}
	var err error
	for _, dst := range []**bls12381.G1{&p.abar, &p.bbar, &p.d} {
		if *dst, err = decodePoint(b); err != nil {
			return nil, err
		}
		b = b[pointSize:]
	}
	scalars := []**bls12381.Scalar{&p.e, &p.r1, &p.r3}
	for i := range p.responses {
		scalars = append(scalars, &p.responses[i])
	}
	for _, dst := range append(scalars, &p.c) {
		if *dst, err = decodeScalar(b); err != nil {
			return nil, err
		}
		b = b[scalarSize:]
	}
	return p, nil
}

// verifyInit is ProofVerifyInit (section 3.7.3). All of it is public. Bv * c is
// not computed on its own: its parts are added up with the others.
func (p *shownProof) verifyInit(g []*generator, show []int, shown []*bls12381.Scalar, hide []int) {
	c := p.c
	t1 := newSum(3)
	t1.add(p.bbar, c)
	t1.add(p.abar, p.e)
	t1.add(p.d, p.r1)
	p.t1 = t1.point()

	t2 := newSum(len(g) + 2)
	t2.addTable(baseTable(), c)
	times := func(s *bls12381.Scalar) *bls12381.Scalar {
		k := new(bls12381.Scalar)
		k.Mul(s, c)
		return k
	}
	t2.addTable(&g[0].table, times(p.domain))
	for i, at := range show {
		t2.addTable(&g[at+1].table, times(shown[i]))
	}
	t2.add(p.d, p.r3)
	for i, at := range hide {
		t2.addTable(&g[at+1].table, p.responses[i])
	}
	p.t2 = t2.point()
}

// Scheme is this package as a value, for those that are to make or check proofs
// without importing it: its methods are the functions of the same names.
type Scheme struct{}

// Prove is the function [Prove].
func (Scheme) Prove(key proof.BLSKey, signature, header, presentation []byte, messages [][]byte, show []int) ([]byte, error) {
	return Prove(key, signature, header, presentation, messages, show)
}

// VerifyProof is the function [VerifyProof].
func (Scheme) VerifyProof(key proof.BLSKey, disclosure, header, presentation []byte, messages [][]byte, indexes []int) error {
	return VerifyProof(key, disclosure, header, presentation, messages, indexes)
}
