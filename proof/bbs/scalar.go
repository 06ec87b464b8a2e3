package bbs

import (
	"crypto"
	"encoding/binary"
	"fmt"

	"github.com/cloudflare/circl/ecc/bls12381"
	"github.com/cloudflare/circl/expander"

	"github.com/sanad-credentials/sanad/proof"
)

// apiID names the ciphersuite (section 7.2.2) and the interface (section 3.5);
// the other names separate the uses of its hash function.
const (
	suiteID = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_"
	apiID   = suiteID + "H2G_HM2S_"

	hashDST      = apiID + "H2S_"
	messageDST   = apiID + "MAP_MSG_TO_SCALAR_AS_HASH_"
	seedDST      = apiID + "SIG_GENERATOR_SEED_"
	generatorDST = apiID + "SIG_GENERATOR_DST_"
	firstSeed    = apiID + "MESSAGE_GENERATOR_SEED"
	keyDST       = suiteID + "KEYGEN_DST_"
)

// wideSize is expand_len: as many bytes as make a scalar without bias.
const wideSize = 48

func expand(message []byte, dst string) []byte {
	return expander.NewExpanderMD(crypto.SHA256, []byte(dst)).Expand(message, wideSize)
}

// hashToScalar is hash_to_scalar (section 4.2.2).
func hashToScalar(message []byte, dst string) *bls12381.Scalar {
	return reduce(expand(message, dst))
}

// messageScalar is messages_to_scalars (section 4.1.2) for one message.
func messageScalar(message []byte) *bls12381.Scalar { return hashToScalar(message, messageDST) }

// reduce returns a number of 48 bytes modulo the group's order. Scalar.SetBytes
// would do so with math/big, in a time that depends on the number: here its
// halves are below the order and are put together in the field.
func reduce(wide []byte) *bls12381.Scalar {
	high, low := half(wide[:wideSize/2]), half(wide[wideSize/2:])
	high.Mul(high, twoTo192())
	high.Add(high, low)
	return high
}

func half(b []byte) *bls12381.Scalar {
	var full [scalarSize]byte
	copy(full[scalarSize-wideSize/2:], b)
	s := new(bls12381.Scalar)
	if err := s.UnmarshalBinary(full[:]); err != nil {
		panic("bbs: a number of 192 bits is below the order") // can't happen
	}
	return s
}

func twoTo192() *bls12381.Scalar {
	s := new(bls12381.Scalar)
	s.SetUint64(1 << 48)
	s.Sqr(s)
	s.Sqr(s)
	return s
}

func one() *bls12381.Scalar {
	s := new(bls12381.Scalar)
	s.SetOne()
	return s
}

// decodeScalar reads a number from 1 to r - 1.
func decodeScalar(b []byte) (*bls12381.Scalar, error) {
	s := new(bls12381.Scalar)
	if err := s.UnmarshalBinary(b[:scalarSize]); err != nil || s.IsZero() == 1 {
		return nil, fmt.Errorf("number out of range: %w", proof.ErrMismatch)
	}
	return s, nil
}

func appendScalar(dst []byte, s *bls12381.Scalar) []byte {
	b, _ := s.MarshalBinary() // never fails
	return append(dst, b...)
}

func appendUint(dst []byte, n int) []byte { return binary.BigEndian.AppendUint64(dst, uint64(n)) }

// calculateDomain is calculate_domain (section 4.2.3).
func calculateDomain(key proof.BLSKey, g []*generator, header []byte) *bls12381.Scalar {
	b := make([]byte, 0, len(key)+8+pointSize*len(g)+len(apiID)+8+len(header))
	b = append(b, key[:]...)
	b = appendUint(b, len(g)-1)
	for _, p := range g {
		b = append(b, p.encoded[:]...)
	}
	b = append(b, apiID...)
	b = appendUint(b, len(header))
	b = append(b, header...)
	return hashToScalar(b, hashDST)
}
