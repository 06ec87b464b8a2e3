package bbs

import "github.com/cloudflare/circl/ecc/bls12381"

// table holds the odd multiples 1P, 3P, … 15P.
type table [8]bls12381.G1

func newTable(p *bls12381.G1) table {
	var t table
	t[0] = *p
	double := *p
	double.Double()
	for i := 1; i < len(t); i++ {
		t[i].Add(&t[i-1], &double)
	}
	return t
}

// sum adds up multiples of points, sharing the doublings between them (Straus'
// method with signed windows of five bits). It takes a time that depends on the
// numbers: for public ones only. For secret ones there is secretSum.
type sum struct {
	tables []*table
	digits [][digitCount]int8
}

// digitCount is one more than the bits of a scalar: signed digits may carry.
const digitCount = 8*scalarSize + 1

func newSum(n int) *sum {
	return &sum{tables: make([]*table, 0, n), digits: make([][digitCount]int8, 0, n)}
}

func (s *sum) add(p *bls12381.G1, k *bls12381.Scalar) {
	t := newTable(p)
	s.addTable(&t, k)
}

func (s *sum) addTable(t *table, k *bls12381.Scalar) {
	s.tables = append(s.tables, t)
	s.digits = append(s.digits, signedDigits(k))
}

func (s *sum) point() *bls12381.G1 {
	p := new(bls12381.G1)
	p.SetIdentity()
	started := false
	for i := digitCount - 1; i >= 0; i-- {
		if started {
			p.Double()
		}
		for j := range s.tables {
			d := s.digits[j][i]
			if d == 0 {
				continue
			}
			started = true
			if d > 0 {
				p.Add(p, &s.tables[j][d/2])
				continue
			}
			minus := s.tables[j][-d/2]
			minus.Neg()
			p.Add(p, &minus)
		}
	}
	return p
}

// signedDigits writes k in the non-adjacent form of width 5: the digits are zero
// or odd from -15 to 15, the lowest first, and of any five in a row four are
// zero.
func signedDigits(k *bls12381.Scalar) (digits [digitCount]int8) {
	b, _ := k.MarshalBinary() // never fails
	bit := func(i int) int {
		if i >= 8*scalarSize {
			return 0
		}
		return int(b[scalarSize-1-i/8]>>(i%8)) & 1
	}
	carry := 0
	for i := 0; i < digitCount; {
		if bit(i)+carry != 1 {
			i++ // the digit is zero, and a carry stays one
			continue
		}
		d := carry
		for j := range 5 {
			d += bit(i+j) << j
		}
		carry = 0
		if d > 15 {
			d -= 32
			carry = 1
		}
		digits[i] = int8(d)
		i += 5
	}
	return digits
}

// secretProduct is k * p, in a time that does not depend on k.
func secretProduct(p *bls12381.G1, k *bls12381.Scalar) *bls12381.G1 {
	product := new(bls12381.G1)
	product.ScalarMult(k, p)
	return product
}

// secretSum adds k * p to sum in a time that does not depend on k.
func secretSum(sum, p *bls12381.G1, k *bls12381.Scalar) {
	sum.Add(sum, secretProduct(p, k))
}
