package dataintegrity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/ecpoint"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// The headers of proof values of ecdsa-sd-2023 (Data Integrity ECDSA Cryptosuites
// 1.0, sections 3.5.2 and 3.5.7): of the base proof that the issuer makes, and of
// what a holder derives from it.
var (
	ecdsaBase    = header{0xd9, 0x5d, 0x00}
	ecdsaDerived = header{0xd9, 0x5d, 0x01}
)

// Sizes in bytes. The length of 36 that section 3.5.8 gives for a public key is
// an error in it: one on P-256 has a prefix of two bytes and 33 of its own, as
// sections 2.1.1 and 3.6.5 and all vectors have it.
const (
	sizeES256    = 64
	sizeMultikey = 2 + 33
	sizeHMAC     = sha256.Size
)

// ecdsaSD is a proof value of ecdsa-sd-2023.
type ecdsaSD struct {
	signature  []byte   // the issuer's: of the options, the key and the mandatory statements
	key        []byte   // as a Multikey: of the signatures below, and of this proof alone
	signatures [][]byte // one of each other statement, in their order

	hmac     []byte   // of a base proof: what labels are made with
	pointers []string // of a base proof: what is mandatory

	labels  []string // of a derived one, by the verifier's canonical number
	indexes []int    // of a derived one: which of its statements are mandatory

	message []byte   // what the issuer signed
	others  [][]byte // the statements that are not mandatory
}

func (v *ecdsaSD) mandatory() []string { return v.pointers }

// readECDSASD reads a proof value; base tells which kind it is of.
func readECDSASD(value string) (v *ecdsaSD, base bool, err error) {
	h, c, err := decodeComponents(value)
	if err != nil {
		return nil, false, err
	}
	if h != ecdsaBase && h != ecdsaDerived {
		return nil, false, fmt.Errorf("proofValue: header %s, want %s or %s: %w", h, ecdsaBase, ecdsaDerived, ErrMalformed)
	}
	base = h == ecdsaBase
	c.array(5)
	v = &ecdsaSD{signature: c.bytes(sizeES256), key: c.bytes(sizeMultikey)}
	if base {
		v.hmac = c.bytes(sizeHMAC)
	}
	c.list(func() { v.signatures = append(v.signatures, c.bytes(sizeES256)) })
	if base {
		v.pointers = c.texts()
	} else {
		v.labels = digestMap(&c)
		v.indexes = c.indexes()
	}
	return v, base, c.end()
}

// digestMap reads the labels of blank nodes: from each of their canonical numbers
// a digest, no two the same.
func digestMap(c *components) []string {
	n := c.head(cborx.Map, limits.Disclosed)
	labels := make([]string, n)
	seen := make(map[string]bool, n)
	for range n {
		i := c.head(cborx.Uint, limits.Disclosed)
		label := digestLabel(c.bytes(sha256.Size))
		if c.err == nil && (i >= n || labels[i] != "" || seen[label]) {
			c.fail("a label that is out of range or there twice")
		}
		if c.err != nil {
			return nil
		}
		labels[i], seen[label] = label, true
	}
	return labels
}

func (v *ecdsaSD) appendStart(dst []byte, hmac []byte) []byte {
	dst = cborx.AppendHead(dst, cborx.Array, 5)
	dst = appendBytes(appendBytes(dst, v.signature), v.key)
	if hmac != nil {
		dst = appendBytes(dst, hmac)
	}
	dst = cborx.AppendHead(dst, cborx.Array, uint64(len(v.signatures)))
	for _, s := range v.signatures {
		dst = appendBytes(dst, s)
	}
	return dst
}

// encodeBase writes a base proof (serializeBaseProofValue).
func (v *ecdsaSD) encodeBase() string {
	return encodeComponents(ecdsaBase, appendTexts(v.appendStart(nil, v.hmac), v.pointers))
}

// encodeDerived writes a derived proof (serializeDerivedProofValue), with labels
// as the digests that they are made of.
func (v *ecdsaSD) encodeDerived(digests [][]byte) string {
	b := cborx.AppendHead(v.appendStart(nil, nil), cborx.Map, uint64(len(digests)))
	for i, d := range digests {
		b = appendBytes(cborx.AppendHead(b, cborx.Uint, uint64(i)), d)
	}
	return encodeComponents(ecdsaDerived, appendIndexes(b, v.indexes))
}

// toSign is what the issuer signs (serializeSignData).
func (v *ecdsaSD) toSign(options []byte, mandatory [][]byte) []byte {
	h := sha256.New()
	for _, line := range mandatory {
		h.Write(line)
	}
	return h.Sum(slices.Concat(options, v.key))
}

// prepare groups a derived document's statements: mandatory ones are hashed and
// all others have a signature each (createVerifyData and section 3.6.7).
func (v *ecdsaSD) prepare(d *dataset, options []byte) error {
	if len(v.labels) != len(d.numbers) {
		return fmt.Errorf("proofValue: %d labels for %d blank nodes: %w", len(v.labels), len(d.numbers), ErrMalformed)
	}
	lines, err := d.lines(d.quads, v.labels)
	if err != nil {
		return err
	}
	mandatory, others, err := split(lines, v.indexes)
	if err != nil {
		return err
	}
	if len(others) != len(v.signatures) {
		return fmt.Errorf("proofValue: %d signatures for %d statements: %w", len(v.signatures), len(others), ErrMalformed)
	}
	v.message, v.others = v.toSign(options, mandatory), others
	return nil
}

// split parts lines into those at the positions, which ascend, and all others.
func split(lines [][]byte, at []int) (in, out [][]byte, err error) {
	if n := len(at); n > 0 && at[n-1] >= len(lines) {
		return nil, nil, fmt.Errorf("proofValue: an index beyond the %d statements: %w", len(lines), ErrMalformed)
	}
	in, out = make([][]byte, 0, len(at)), make([][]byte, 0, len(lines)-len(at))
	for i, line := range lines {
		if len(in) < len(at) && at[len(in)] == i {
			in = append(in, line)
		} else {
			out = append(out, line)
		}
	}
	return in, out, nil
}

// verify checks the issuer's signature and then, with the key that it signed, those
// of the statements that are not mandatory: who has no key costs one signature.
func (v *ecdsaSD) verify(pub crypto.PublicKey) error {
	if err := proof.Verify(pub, proof.ES256, v.message, v.signature); err != nil {
		return err
	}
	own, err := proofKey(v.key)
	if err != nil {
		return err
	}
	for i, line := range v.others {
		if err := proof.Verify(own, proof.ES256, line, v.signatures[i]); err != nil {
			return fmt.Errorf("statement %d of %d: %w", i, len(v.others), err)
		}
	}
	return nil
}

// multikeyP256 is the multicodec number of public keys on P-256, 0x1200, as a
// varint.
const multikeyP256 = "\x80\x24"

func proofKey(multikey []byte) (*ecdsa.PublicKey, error) {
	if string(multikey[:2]) == multikeyP256 {
		if k, err := ecpoint.Decompress(elliptic.P256(), multikey[2:]); err == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("proofValue: public key: not one on P-256: %w", ErrMalformed)
}

// secrets are what is random in a base proof. Only tests choose them.
type secrets struct {
	hmac []byte
	key  crypto.Signer // on P-256
}

func newSecrets() (*secrets, error) {
	s := &secrets{hmac: make([]byte, sizeHMAC)}
	rand.Read(s.hmac)
	var err error
	s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return s, err
}

// signECDSASD makes a base proof (section 3.6.1 to 3.6.5): the issuer's key signs
// the mandatory statements together, and a key that is made here, which signs
// each other statement and is then forgotten.
func (h *hasher) signECDSASD(ctx context.Context, s proof.Signer, options []byte, o *Options) (string, error) {
	with := o.secrets
	if with == nil {
		var err error
		if with, err = newSecrets(); err != nil {
			return "", fmt.Errorf("a key for statements: %w", err)
		}
	}
	mandatory, others, err := h.parted(o.Mandatory, digestLabels(hmacDigests(with.hmac, len(h.whole.numbers))))
	if err != nil {
		return "", err
	}
	v := &ecdsaSD{hmac: with.hmac, pointers: o.Mandatory}
	if err := v.signEach(ctx, with.key, others); err != nil {
		return "", err
	}
	if v.signature, err = signed(ctx, s, v.toSign(options, mandatory), sizeES256); err != nil {
		return "", err
	}
	return v.encodeBase(), nil
}

func (v *ecdsaSD) signEach(ctx context.Context, key crypto.Signer, lines [][]byte) error {
	s, err := proof.NewSigner(key, proof.Key{})
	if err != nil {
		return err
	}
	pub, ok := s.Key().Public.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("a key of type %T for statements: %w", s.Key().Public, proof.ErrKey)
	}
	point, err := pub.Bytes()
	if err != nil {
		return fmt.Errorf("a key for statements: %w", err)
	}
	v.key = append([]byte(multikeyP256), ecpoint.Compress(point)...)
	for _, line := range lines {
		sig, err := signed(ctx, s, line, sizeES256)
		if err != nil {
			return err
		}
		v.signatures = append(v.signatures, sig)
	}
	return nil
}

// derive makes the proof value for the revealed part of a document (section
// 3.5.4, createDisclosureData).
func (v *ecdsaSD) derive(o *Parser, r *revealed) (string, error) {
	digests := hmacDigests(v.hmac, len(r.whole.numbers))
	labels := digestLabels(digests)
	g, err := o.group(r, labels, v.pointers)
	if err != nil {
		return "", err
	}
	if len(v.signatures) != len(g.lines)-len(g.mandatory) {
		return "", fmt.Errorf("proofValue: %d signatures for %d statements: %w", len(v.signatures), len(g.lines)-len(g.mandatory), ErrMalformed)
	}
	out := &ecdsaSD{signature: v.signature, key: v.key, indexes: g.mandatoryOfShown()}
	for _, i := range g.othersShown() {
		out.signatures = append(out.signatures, v.signatures[i])
	}
	shown := make([][]byte, len(r.numbers))
	for verifier, issuer := range r.numbers {
		shown[verifier] = digests[issuer]
	}
	return out.encodeDerived(shown), nil
}
