package dataintegrity

import (
	"crypto"
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
)

// Internals gives tests what proof i signs, and its signature.
func Internals(d *Document, i int) (message, signature []byte) {
	if v, ok := d.Proofs[i].value.(*ecdsaSD); ok && !d.Proofs[i].Base {
		return v.message, v.signature
	}
	return d.Proofs[i].message, d.Proofs[i].signature
}

// HashOf is the hash of a proof's cryptosuite.
func HashOf(p *Proof) crypto.Hash { return p.suite.hash }

// FromDER is what a JWS with a signature in DER is read with.
var FromDER = fromDER

// HashFor is the hash inside a signature algorithm.
func HashFor(a proof.Algorithm) crypto.Hash {
	if a == proof.ES384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// Digest is the hash of a message.
func Digest(a proof.Algorithm, message []byte) []byte {
	h := HashFor(a).New()
	h.Write(message)
	return h.Sum(nil)
}

// SetSecrets fixes what is random in a base proof.
func SetSecrets(o *Options, hmac []byte, key crypto.Signer) { o.secrets = &secrets{hmac, key} }

// Components are those of a proof value of ecdsa-sd-2023.
type Components struct {
	Base                 bool
	Signature, Key, HMAC []byte
	Signatures           [][]byte
	Pointers, Labels     []string
	Mandatory            []int
}

// ReadComponents reads a proof value of ecdsa-sd-2023.
func ReadComponents(value string) (Components, error) {
	v, base, err := readECDSASD(value)
	if err != nil {
		return Components{}, err
	}
	return Components{base, v.signature, v.key, v.hmac, v.signatures, v.pointers, v.labels, v.indexes}, nil
}

// Encode writes a proof value of whatever the components say; labels are digests
// in base64url behind a "u".
func (c Components) Encode() string {
	v := ecdsaSD{signature: c.Signature, key: c.Key, signatures: c.Signatures, hmac: c.HMAC, pointers: c.Pointers, indexes: c.Mandatory}
	if c.Base {
		return v.encodeBase()
	}
	digests := make([][]byte, len(c.Labels))
	for i, l := range c.Labels {
		digests[i], _ = base64.RawURLEncoding.DecodeString(l[1:])
	}
	return v.encodeDerived(digests)
}

// BBSComponents are those of a proof value of bbs-2023.
type BBSComponents struct {
	Base                                         bool
	Signature, Header, HMAC, Proof, Presentation []byte
	Key                                          proof.BLSKey
	Pointers                                     []string
	Ranks, Mandatory, Shown                      []int
}

// ReadBBSComponents reads a proof value of bbs-2023.
func ReadBBSComponents(value string) (BBSComponents, error) {
	v, base, err := readBBS2023(value, nil)
	if err != nil {
		return BBSComponents{}, err
	}
	return BBSComponents{base, v.signature, v.header, v.hmac, v.proof, v.presentation, v.key, v.pointers, v.ranks, v.indexes, v.shown}, nil
}

// Encode writes a proof value of whatever the components say.
func (c BBSComponents) Encode() string {
	v := bbs2023{signature: c.Signature, header: c.Header, hmac: c.HMAC, proof: c.Proof, presentation: c.Presentation,
		key: c.Key, pointers: c.Pointers, ranks: c.Ranks, indexes: c.Mandatory, shown: c.Shown}
	if c.Base {
		return v.encodeBase()
	}
	return v.encodeDerived()
}

// BBSHeader returns the header that a derived proof with bbs-2023 is verified
// under, and the statements that are messages.
func BBSHeader(d *Document, i int) (header []byte, messages [][]byte) {
	v := d.Proofs[i].value.(*bbs2023)
	return v.header, v.others
}

// Disclosed returns the statements of proof i that have signatures of their own.
func Disclosed(d *Document, i int) [][]byte { return d.Proofs[i].value.(*ecdsaSD).others }

// Group is how a document's statements are grouped.
type Group struct {
	Canonical, Lines               [][]byte
	Labels                         []string // by canonical number
	Mandatory, Selective, Combined []int
	Part                           []byte
}

// GroupOf labels the statements of doc with an HMAC, or with the ranks of its
// digests, and groups them.
func GroupOf(r RDF, doc, hmac []byte, ranks bool, mandatory, selective []string) (*Group, error) {
	o := Parser{RDF: r}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, err
	}
	rev, err := o.reveal(v, slices.Concat(mandatory, selective))
	if err != nil {
		return nil, err
	}
	n := len(rev.whole.numbers)
	g := &Group{Labels: digestLabels(hmacDigests(hmac, n)), Part: rev.part.Append(nil)}
	if ranks {
		g.Labels = rankLabels(shuffled(hmac, n))
	}
	canonical := make([]string, n)
	for i := range canonical {
		canonical[i] = "c14n" + strconv.Itoa(i)
	}
	if g.Canonical, err = rev.whole.lines(rev.whole.quads, canonical); err != nil {
		return nil, err
	}
	all, err := o.group(rev, g.Labels, mandatory)
	if err != nil {
		return nil, err
	}
	g.Lines, g.Mandatory, g.Combined = all.lines, all.mandatory, all.shown
	g.Selective, err = o.part(rev.whole, v, selective, g.Labels, g.Lines)
	return g, err
}
