package dataintegrity

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// BBS makes and checks proofs of BBS signatures (draft-irtf-cfrg-bbs-signatures,
// sections 3.5.3 and 3.5.4, ciphersuite BLS12-381-SHA-256). It is what deriving
// and verifying with [BBS2023] needs; package bbs beside this one has it, as
// bbs.Scheme. Whoever does without carries none of the arithmetic of pairings.
// Its errors wrap [proof.ErrMismatch] where a proof does not verify, and
// [proof.ErrKey]. It must be safe for concurrent use.
type BBS interface {
	Prove(key proof.BLSKey, signature, header, presentation []byte, messages [][]byte, show []int) ([]byte, error)
	VerifyProof(key proof.BLSKey, disclosure, header, presentation []byte, messages [][]byte, indexes []int) error
}

// The headers of proof values of bbs-2023 (Data Integrity BBS Cryptosuites 1.0,
// sections 3.3.1 and 3.3.6): of the base proof that the issuer makes, and of what
// a holder derives from it. Other headers up to 0x09 are of the optional
// features, holder binding and pseudonyms, which are other signatures.
var (
	bbsBase    = header{0xd9, 0x5d, 0x02}
	bbsDerived = header{0xd9, 0x5d, 0x03}
	bbsLast    = header{0xd9, 0x5d, 0x09}
)

// Sizes in bytes.
const (
	sizeBBSSignature = 80
	sizeBBSHeader    = 2 * sha256.Size
	sizeBLSKey       = len(proof.BLSKey{})
	minBBSProof      = 272
	maxBBSProof      = minBBSProof + 32*limits.BBSMessages
)

// bbs2023 is a proof value of bbs-2023.
type bbs2023 struct {
	signature []byte       // of a base proof
	header    []byte       // likewise: what is signed beside the statements
	key       proof.BLSKey // likewise
	hmac      []byte       // likewise: what labels are made with
	pointers  []string     // likewise: what is mandatory

	proof        []byte // of a derived one, like all below
	ranks        []int  // N of the labels bN, by the verifier's canonical number
	indexes      []int  // which of its statements are mandatory
	shown        []int  // which of the signed ones the others are
	presentation []byte // header

	scheme BBS      // nil: none was given
	others [][]byte // the statements that are not mandatory
}

func (v *bbs2023) mandatory() []string { return v.pointers }

// readBBS2023 reads a proof value; base tells which kind it is of.
func readBBS2023(value string, scheme BBS) (v *bbs2023, base bool, err error) {
	h, c, err := decodeComponents(value)
	switch {
	case err != nil:
		return nil, false, err
	case h != bbsBase && h != bbsDerived && h[0] == bbsLast[0] && h[1] == bbsLast[1] && h[2] > bbsDerived[2] && h[2] <= bbsLast[2]:
		return nil, false, fmt.Errorf("proofValue: header %s, of holder binding or pseudonyms: %w", h, ErrUnsupported)
	case h != bbsBase && h != bbsDerived:
		return nil, false, fmt.Errorf("proofValue: header %s, want %s or %s: %w", h, bbsBase, bbsDerived, ErrMalformed)
	}
	base = h == bbsBase
	v = &bbs2023{scheme: scheme}
	c.array(5)
	if base {
		v.signature, v.header = c.bytes(sizeBBSSignature), c.bytes(sizeBBSHeader)
		copy(v.key[:], c.bytes(sizeBLSKey))
		v.hmac, v.pointers = c.bytes(sizeHMAC), c.texts()
		return v, true, c.end()
	}
	v.proof = c.someBytes(maxBBSProof)
	v.ranks = rankMap(&c)
	v.indexes, v.shown = c.indexes(), c.indexes()
	v.presentation = c.someBytes(limits.PresentationHeader)
	return v, false, c.end()
}

// rankMap reads the labels of blank nodes: from each of their canonical numbers
// another number, no two the same (decompressLabelMap).
func rankMap(c *components) []int {
	n := c.head(cborx.Map, limits.Disclosed)
	ranks := make([]int, n)
	read, seen := make([]bool, n), make(map[int]bool, n)
	for range n {
		i, rank := c.head(cborx.Uint, limits.Disclosed), c.head(cborx.Uint, limits.Disclosed)
		if c.err == nil && (i >= n || read[i] || seen[rank]) {
			c.fail("a label that is out of range or there twice")
		}
		if c.err != nil {
			return nil
		}
		ranks[i], read[i], seen[rank] = rank, true, true
	}
	return ranks
}

// encodeBase writes a base proof (serializeBaseProofValue).
func (v *bbs2023) encodeBase() string {
	b := cborx.AppendHead(nil, cborx.Array, 5)
	for _, s := range [][]byte{v.signature, v.header, v.key[:], v.hmac} {
		b = appendBytes(b, s)
	}
	return encodeComponents(bbsBase, appendTexts(b, v.pointers))
}

// encodeDerived writes a derived proof (serializeDerivedProofValue).
func (v *bbs2023) encodeDerived() string {
	b := appendBytes(cborx.AppendHead(nil, cborx.Array, 5), v.proof)
	b = cborx.AppendHead(b, cborx.Map, uint64(len(v.ranks)))
	for i, rank := range v.ranks {
		b = cborx.AppendHead(cborx.AppendHead(b, cborx.Uint, uint64(i)), cborx.Uint, uint64(rank))
	}
	b = appendIndexes(appendIndexes(b, v.indexes), v.shown)
	return encodeComponents(bbsDerived, appendBytes(b, v.presentation))
}

// bbsHeader is what the issuer signs beside the statements that can be hidden.
func bbsHeader(options []byte, mandatory [][]byte) []byte {
	h := sha256.New()
	for _, line := range mandatory {
		h.Write(line)
	}
	return h.Sum(append(make([]byte, 0, sizeBBSHeader), options...))
}

// prepare groups a derived document's statements: mandatory ones are hashed, and
// the others are messages (createVerifyData).
func (v *bbs2023) prepare(d *dataset, options []byte) error {
	if v.scheme == nil {
		return fmt.Errorf("%s, and no BBS was given: %w", BBS2023, ErrUnsupported)
	}
	if len(v.ranks) != len(d.numbers) {
		return fmt.Errorf("proofValue: %d labels for %d blank nodes: %w", len(v.ranks), len(d.numbers), ErrMalformed)
	}
	lines, err := d.lines(d.quads, rankLabels(v.ranks))
	if err != nil {
		return err
	}
	mandatory, others, err := split(lines, v.indexes)
	if err != nil {
		return err
	}
	if len(others) != len(v.shown) {
		return fmt.Errorf("proofValue: %d indexes for %d statements: %w", len(v.shown), len(others), ErrMalformed)
	}
	v.header, v.others = bbsHeader(options, mandatory), others
	return nil
}

func (v *bbs2023) verify(pub crypto.PublicKey) error {
	key, ok := pub.(proof.BLSKey)
	if !ok {
		return fmt.Errorf("key of type %T: %w", pub, proof.ErrKey)
	}
	return v.scheme.VerifyProof(key, v.proof, v.header, v.presentation, v.others, v.shown)
}

// signBBS2023 makes a base proof (sections 3.4.1 to 3.4.5).
func (h *hasher) signBBS2023(ctx context.Context, s proof.Signer, options []byte, o *Options) (string, error) {
	signer, ok := s.(proof.MessageSigner)
	key, isBLS := s.Key().Public.(proof.BLSKey)
	if !ok || !isBLS {
		return "", fmt.Errorf("a signer of type %T signs no lists of messages: %w", s, proof.ErrKey)
	}
	v := &bbs2023{key: key, hmac: make([]byte, sizeHMAC), pointers: o.Mandatory}
	rand.Read(v.hmac)
	if o.secrets != nil {
		v.hmac = o.secrets.hmac
	}
	mandatory, others, err := h.parted(o.Mandatory, rankLabels(shuffled(v.hmac, len(h.whole.numbers))))
	if err != nil {
		return "", err
	}
	v.header = bbsHeader(options, mandatory)
	if v.signature, err = signer.SignMessages(ctx, v.header, others); err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	if len(v.signature) != sizeBBSSignature {
		return "", fmt.Errorf("the signer returned %d bytes, want %d: %w", len(v.signature), sizeBBSSignature, proof.ErrKey)
	}
	return v.encodeBase(), nil
}

// derive makes the proof value for the revealed part of a document (section
// 3.3.3, createDisclosureData).
func (v *bbs2023) derive(o *Parser, r *revealed) (string, error) {
	if v.scheme == nil {
		return "", fmt.Errorf("%s, and no BBS was given: %w", BBS2023, ErrUnsupported)
	}
	ranks := shuffled(v.hmac, len(r.whole.numbers))
	g, err := o.group(r, rankLabels(ranks), v.pointers)
	if err != nil {
		return "", err
	}
	_, messages, err := split(g.lines, g.mandatory)
	if err != nil {
		return "", err
	}
	out := &bbs2023{indexes: g.mandatoryOfShown(), shown: g.othersShown(), ranks: make([]int, len(r.numbers)), presentation: r.presentation}
	for verifier, issuer := range r.numbers {
		out.ranks[verifier] = ranks[issuer]
	}
	if out.proof, err = v.scheme.Prove(v.key, v.signature, v.header, r.presentation, messages, out.shown); err != nil {
		return "", err
	}
	return out.encodeDerived(), nil
}
