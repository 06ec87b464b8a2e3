package rdfc

import (
	"bytes"
	"cmp"
	"crypto"
	_ "crypto/sha256" // the two hash functions of the recommendation
	_ "crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// ErrWork says that the dataset is too large, or its blank nodes too much
// alike, for the limit on work.
var ErrWork = errors.New("too much work to canonicalise")

var errTooLong = fmt.Errorf("rdfc: over %d bytes of N-Quads: %w", limits.NQuads, ErrWork)

// Options says how [Canonicalize] works. The zero value is the default of the
// recommendation.
type Options struct {
	// Hash is crypto.SHA256, also when it is zero, or crypto.SHA384.
	Hash crypto.Hash
	// Work is the most work spent on blank nodes that look alike, in units of
	// about one hash; below 1 stands for [limits.CanonicalWork]. Near the limit
	// the order of the quads can decide whether it is met.
	Work int
}

// Canonicalize brings quads into their canonical form (RDFC-1.0, section 4.4).
// It changes nothing in quads. Blank nodes are the same if they have the same
// label, whatever that is. An error wraps [ErrMalformed] and counts quads from
// 0, or it wraps [ErrWork]: also where the form would be longer than
// [limits.NQuads]; it repeats nothing of what the quads say.
func Canonicalize(quads []Quad, o Options) (*Result, error) {
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	if o.Hash != crypto.SHA256 && o.Hash != crypto.SHA384 {
		return nil, fmt.Errorf("rdfc: hash function %d: only SHA-256 and SHA-384 are defined", o.Hash)
	}
	if o.Work < 1 {
		o.Work = limits.CanonicalWork
	}
	c := &canonicalizer{hash: o.Hash.New(), hexSize: 2 * o.Hash.Size(), work: o.Work}
	if err := c.read(quads); err != nil {
		return nil, err
	}
	c.linkMentions()
	c.hashFirstDegree()
	if err := c.nameAll(); err != nil {
		return nil, err
	}
	return c.result(), nil
}

// canonicalizer is the canonicalization state (section 4.3). Blank nodes are
// numbered as they come; their labels are only kept for the result.
type canonicalizer struct {
	hash    hash.Hash
	sum     [48]byte // room for one
	hexSize int
	work    int // what is left of it

	labels     []string
	text       []byte // what the statements are cut from
	statements []statement

	mentions [][]int32 // of each node, the statements that it is part of
	first    []byte    // of each node, the first degree hash in hexadecimal
	named    []int32   // of each node, its canonical number, or -1
	count    int32     // of canonical numbers

	temporary []int32 // of each node, its number in the path being walked, or -1
	order     []int32 // the nodes of that path
	frames    []*frame

	scratch []byte
	lines   [][]byte
}

// statement is a quad in canonical N-Quads in which blank nodes have no labels,
// just "_:".
type statement struct {
	start, end int32
	// For the subject, the object and the graph: the node or -1, and where in
	// the text its label belongs.
	nodes     [3]int32
	cuts      [3]int32
	predicate string
}

// read makes statements from quads, without duplicates.
func (c *canonicalizer) read(quads []Quad) error {
	size := 0
	for i := range quads {
		size += quads[i].size()
	}
	c.text = make([]byte, 0, min(size, limits.NQuads))
	c.statements = make([]statement, 0, len(quads))
	numbers := make(map[string]int32)
	for i := range quads {
		if err := quads[i].check(); err != nil {
			return fmt.Errorf("rdfc: quad %d: %w", i, err)
		}
		// Also before it is written: offsets are 32 bits wide.
		if len(c.text)+quads[i].size() > limits.NQuads {
			return errTooLong
		}
		c.add(&quads[i], numbers)
	}
	if len(c.text) > limits.NQuads {
		return errTooLong
	}
	slices.SortFunc(c.statements, func(a, b statement) int {
		return cmp.Or(bytes.Compare(c.text[a.start:a.end], c.text[b.start:b.end]), slices.Compare(a.nodes[:], b.nodes[:]))
	})
	c.statements = slices.CompactFunc(c.statements, func(a, b statement) bool {
		return a.nodes == b.nodes && bytes.Equal(c.text[a.start:a.end], c.text[b.start:b.end])
	})
	return nil
}

func (c *canonicalizer) add(q *Quad, numbers map[string]int32) {
	s := statement{start: int32(len(c.text)), predicate: q.Predicate.Value}
	s.nodes[0], s.cuts[0] = c.addTerm(&q.Subject, numbers)
	c.text = append(appendIRI(c.text, q.Predicate.Value), ' ')
	s.nodes[1], s.cuts[1] = c.addTerm(&q.Object, numbers)
	s.nodes[2] = -1
	if q.Graph.Kind != 0 {
		s.nodes[2], s.cuts[2] = c.addTerm(&q.Graph, numbers)
	}
	c.text = append(c.text, '.', '\n')
	s.end = int32(len(c.text))
	c.statements = append(c.statements, s)
}

func (c *canonicalizer) addTerm(t *Term, numbers map[string]int32) (node, cut int32) {
	node = -1
	if t.Kind == Blank {
		known := false
		if node, known = numbers[t.Value]; !known {
			node = int32(len(c.labels))
			numbers[t.Value] = node
			c.labels = append(c.labels, t.Value)
		}
		c.text = append(c.text, '_', ':')
	} else {
		c.text = appendTerm(c.text, t)
	}
	cut = int32(len(c.text))
	c.text = append(c.text, ' ')
	return node, cut
}

// write appends the statement with the labels that label appends.
func (c *canonicalizer) write(dst []byte, s *statement, label func([]byte, int32) []byte) []byte {
	from := s.start
	for i, node := range s.nodes {
		if node >= 0 {
			dst = append(dst, c.text[from:s.cuts[i]]...)
			dst = label(dst, node)
			from = s.cuts[i]
		}
	}
	return append(dst, c.text[from:s.end]...)
}

// linkMentions is step 2: a statement counts once for each node, however often
// it mentions it.
func (c *canonicalizer) linkMentions() {
	each := func(visit func(node, statement int32)) {
		for i := range c.statements {
			n := c.statements[i].nodes
			for k, node := range n {
				if node >= 0 && !slices.Contains(n[:k], node) {
					visit(node, int32(i))
				}
			}
		}
	}
	counts, total := make([]int, len(c.labels)), 0
	each(func(node, _ int32) { counts[node]++; total++ })
	all := make([]int32, total)
	c.mentions = make([][]int32, len(c.labels))
	for node, n := range counts {
		c.mentions[node], all = all[:0:n], all[n:]
	}
	each(func(node, statement int32) { c.mentions[node] = append(c.mentions[node], statement) })
}

// hashFirstDegree is step 3 for all nodes (section 4.6).
func (c *canonicalizer) hashFirstDegree() {
	c.first = make([]byte, 0, len(c.labels)*c.hexSize)
	c.scratch = make([]byte, 0, len(c.text)+len("aaa")*len(c.statements))
	c.lines = make([][]byte, 0, len(c.statements))
	for node, mentions := range c.mentions {
		c.scratch, c.lines = c.scratch[:0], c.lines[:0]
		label := func(dst []byte, n int32) []byte {
			if n == int32(node) {
				return append(dst, 'a')
			}
			return append(dst, 'z')
		}
		for _, i := range mentions {
			from := len(c.scratch)
			c.scratch = c.write(c.scratch, &c.statements[i], label)
			// If scratch moves to a larger array, the lines in the old one stay.
			c.lines = append(c.lines, c.scratch[from:])
		}
		slices.SortFunc(c.lines, bytes.Compare)
		c.hash.Reset()
		for _, line := range c.lines {
			c.hash.Write(line)
		}
		c.first = c.appendSum(c.first)
	}
}

// appendSum appends what c.hash holds, in hexadecimal.
func (c *canonicalizer) appendSum(dst []byte) []byte {
	return hex.AppendEncode(dst, c.hash.Sum(c.sum[:0]))
}

func (c *canonicalizer) firstHash(node int32) []byte {
	return c.first[int(node)*c.hexSize:][:c.hexSize]
}

// nameAll is steps 4 and 5: names for the nodes that are alone with their
// first degree hash, then for the others.
func (c *canonicalizer) nameAll() error {
	c.named = slices.Repeat([]int32{-1}, len(c.labels))
	nodes := make([]int32, len(c.labels))
	for i := range nodes {
		nodes[i] = int32(i)
	}
	slices.SortFunc(nodes, func(a, b int32) int { return bytes.Compare(c.firstHash(a), c.firstHash(b)) })
	var alike [][]int32
	for len(nodes) > 0 {
		n := 1
		for n < len(nodes) && bytes.Equal(c.firstHash(nodes[0]), c.firstHash(nodes[n])) {
			n++
		}
		if n == 1 {
			c.name(nodes[0])
		} else {
			alike = append(alike, nodes[:n])
		}
		nodes = nodes[n:]
	}
	if len(alike) == 0 {
		return nil
	}
	c.temporary = slices.Repeat([]int32{-1}, len(c.labels))
	for _, group := range alike {
		if err := c.nameAlike(group); err != nil {
			return err
		}
	}
	return nil
}

// name issues the next canonical identifier to a node that has none.
func (c *canonicalizer) name(node int32) {
	if c.named[node] < 0 {
		c.named[node] = c.count
		c.count++
	}
}

func (c *canonicalizer) appendName(dst []byte, node int32) []byte {
	return strconv.AppendInt(append(dst, "c14n"...), int64(c.named[node]), 10)
}

func (c *canonicalizer) result() *Result {
	unsorted := c.scratch[:0]
	r := &Result{lines: make([][]byte, len(c.statements)), labels: c.labels, named: c.named}
	for i := range c.statements {
		from := len(unsorted)
		unsorted = c.write(unsorted, &c.statements[i], c.appendName)
		r.lines[i] = unsorted[from:]
	}
	slices.SortFunc(r.lines, bytes.Compare)
	r.nquads = make([]byte, 0, len(unsorted))
	for i, line := range r.lines {
		from := len(r.nquads)
		r.nquads = append(r.nquads, line...)
		r.lines[i] = r.nquads[from:len(r.nquads):len(r.nquads)]
	}
	return r
}

// Result is a dataset in its canonical form.
type Result struct {
	nquads []byte
	lines  [][]byte
	labels []string
	named  []int32
}

// NQuads returns the serialized canonical form (section 5): canonical N-Quads,
// in the order of their code points. The caller must not change it.
func (r *Result) NQuads() []byte { return r.nquads }

// Lines returns the statements of [Result.NQuads], each with its line feed. The
// caller must not change them.
func (r *Result) Lines() [][]byte { return r.lines }

// IssuedIdentifiers returns, in a new map, the canonical label of each blank
// node of the dataset by the label that it had, both without "_:".
func (r *Result) IssuedIdentifiers() map[string]string {
	issued := make(map[string]string, len(r.labels))
	for node, label := range r.labels {
		issued[label] = "c14n" + strconv.Itoa(int(r.named[node]))
	}
	return issued
}
