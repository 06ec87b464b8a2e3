package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/rdfc"
	"github.com/sanad-credentials/sanad/proof"
)

// What the cryptosuites with selective disclosure have in common (Data Integrity
// ECDSA Cryptosuites 1.0, section 3.4; BBS Cryptosuites 1.0, section 3.3). The
// issuer signs the statements of a document one by one, under labels of blank
// nodes that tell nothing of the others; the holder shows some of them as the
// part of the document that they come from.
//
// The specifications find the statements of a part with identifiers that they
// write into a copy of the document, which they expand and compact again. Here
// blank nodes are labelled by where they stand in the document, so that those of
// a part have the same labels as in the whole.

// disclosure is a proof value of a cryptosuite with selective disclosure: of a base
// proof, or of one derived from it.
type disclosure interface {
	// mandatory are the pointers of a base proof.
	mandatory() []string
	// derive makes of a base proof the value of the proof for what is revealed.
	derive(o *Parser, r *revealed) (string, error)
	// prepare keeps what verify will need of a derived proof's document, and of the
	// hash of the proof's options.
	prepare(d *dataset, options []byte) error
	verify(pub crypto.PublicKey) error
}

// statementsRDF is an RDF of this module that labels blank nodes so.
type statementsRDF interface {
	Statements(doc jcs.Value, omit ...string) ([]rdfc.Quad, error)
}

// inEveryPart are the members that stand in every part of a document, for each
// object on the way to what is shown (createInitialSelection).
var inEveryPart = []string{"@context", "id", "type"}

// dataset is a document, or a part of one, as statements.
type dataset struct {
	quads []rdfc.Quad
	// numbers are those of the canonical labels, N of c14nN, by the labels that
	// blank nodes have in quads.
	numbers map[string]int
	// left is how many more bytes of N-Quads are written for the document, whose
	// proofs each need it under labels of their own.
	left int
}

func (o *Parser) quads(doc jcs.Value) ([]rdfc.Quad, error) {
	r, ok := o.RDF.(statementsRDF)
	if !ok {
		return nil, fmt.Errorf("selective disclosure, and no RDF of package rdf was given: %w", ErrUnsupported)
	}
	quads, err := r.Statements(doc, "proof")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return quads, nil
}

func (o *Parser) dataset(doc jcs.Value) (*dataset, error) {
	quads, err := o.quads(doc)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(quads, rdfc.Options{Hash: crypto.SHA256})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	d := &dataset{quads: quads, numbers: make(map[string]int), left: limits.NQuads}
	for label, canonical := range r.IssuedIdentifiers() {
		n, err := strconv.Atoi(strings.TrimPrefix(canonical, "c14n"))
		if err != nil {
			return nil, fmt.Errorf("canonical label: %w", err)
		}
		d.numbers[label] = n
	}
	return d, nil
}

// lines writes quads of d, or of a part of it, as N-Quads in the order of their
// code points (labelReplacementCanonicalizeNQuads). labels are those of blank
// nodes by their number in d.
func (d *dataset) lines(quads []rdfc.Quad, labels []string) ([][]byte, error) {
	rename := func(t *rdfc.Term) error {
		if t.Kind != rdfc.Blank {
			return nil
		}
		n, ok := d.numbers[t.Value]
		if !ok || n >= len(labels) {
			return fmt.Errorf("a blank node without a label: %w", ErrMalformed)
		}
		t.Value = labels[n]
		return nil
	}
	size := 0
	for i := range quads {
		q := &quads[i]
		size += len(q.Subject.Value) + len(q.Predicate.Value) + len(q.Object.Value) + len(q.Object.Datatype) + len(q.Graph.Value) + 32
	}
	if size > d.left {
		return nil, fmt.Errorf("more than %d bytes of statements, for all proofs: %w", limits.NQuads, ErrMalformed)
	}
	text := make([]byte, 0, size)
	lines := make([][]byte, 0, len(quads))
	for _, q := range quads {
		for _, t := range []*rdfc.Term{&q.Subject, &q.Object, &q.Graph} {
			if err := rename(t); err != nil {
				return nil, err
			}
		}
		from := len(text)
		var err error
		if text, err = rdfc.AppendQuad(text, q); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		// If text moves to a larger array, the lines in the old one stay.
		lines = append(lines, text[from:len(text):len(text)])
	}
	d.left -= len(text)
	slices.SortFunc(lines, bytes.Compare)
	return slices.CompactFunc(lines, bytes.Equal), nil
}

// positions finds some lines among all; both are sorted. In part of a list or of
// a JSON literal there are statements that the whole does not have.
func positions(all, some [][]byte) ([]int, error) {
	found := make([]int, 0, len(some))
	i := 0
	for _, s := range some {
		for i < len(all) && bytes.Compare(all[i], s) < 0 {
			i++
		}
		if i == len(all) || !bytes.Equal(all[i], s) {
			return nil, fmt.Errorf("into what can only be shown whole: %w", proof.ErrPointer)
		}
		found = append(found, i)
	}
	return found, nil
}

// part returns where among the lines of d are those that pointers select of doc.
func (o *Parser) part(d *dataset, doc jcs.Value, pointers, labels []string, all [][]byte) ([]int, error) {
	if len(pointers) == 0 {
		return nil, nil
	}
	selected, err := doc.Select(pointers, inEveryPart...)
	if err != nil {
		return nil, err
	}
	quads, err := o.quads(selected)
	if err != nil {
		return nil, err
	}
	lines, err := d.lines(quads, labels)
	if err != nil {
		return nil, err
	}
	return positions(all, lines)
}

// parted returns the statements of a document under its issuer's labels: the
// mandatory ones and all others.
func (h *hasher) parted(pointers, labels []string) (mandatory, others [][]byte, err error) {
	lines, err := h.whole.lines(h.whole.quads, labels)
	if err != nil {
		return nil, nil, err
	}
	if len(lines) > limits.Disclosed || len(pointers) > limits.Disclosed {
		return nil, nil, fmt.Errorf("%d statements and %d pointers, at most %d are read: %w", len(lines), len(pointers), limits.Disclosed, ErrMalformed)
	}
	at, err := h.part(h.whole, h.doc, pointers, labels, lines)
	if err != nil {
		return nil, nil, fmt.Errorf("mandatory: %w", err)
	}
	return split(lines, at)
}

// hmacDigests are what n blank nodes are labelled with, by their canonical
// number, where the statements of a proof need not be unlinkable to those of
// another (createHmacIdLabelMapFunction).
func hmacDigests(key []byte, n int) [][]byte {
	mac := hmac.New(sha256.New, key)
	out := make([][]byte, n)
	for i := range out {
		mac.Reset()
		mac.Write(strconv.AppendInt([]byte("c14n"), int64(i), 10))
		out[i] = mac.Sum(nil)
	}
	return out
}

// digestLabel writes a digest as the label of a blank node.
func digestLabel(digest []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(digest) }

func digestLabels(digests [][]byte) []string {
	out := make([]string, len(digests))
	for i, d := range digests {
		out[i] = digestLabel(d)
	}
	return out
}

// shuffled returns for each of n blank nodes, by its canonical number, the rank
// of its digest, of which its label "b0", "b1", … is made where nothing but their
// number may be told (createShuffledIdLabelMapFunction of BBS Cryptosuites).
func shuffled(key []byte, n int) []int {
	labels := digestLabels(hmacDigests(key, n)) // it is these that are sorted
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(labels[a], labels[b]) })
	ranks := make([]int, n)
	for rank, i := range order {
		ranks[i] = rank
	}
	return ranks
}

func rankLabels(ranks []int) []string {
	out := make([]string, len(ranks))
	for i, r := range ranks {
		out[i] = "b" + strconv.Itoa(r)
	}
	return out
}
