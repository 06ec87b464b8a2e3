package rdfc

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// What things cost in units of work, each about as long as a short hash takes.
// A frame is charged because it holds memory as deep as the walk goes.
const (
	frameWork   = 16
	bytesInWork = 64
	nodesInWork = 8
)

// frame is what Hash N-Degree Quads holds at one depth of its recursion; the
// next call at that depth uses it again.
type frame struct {
	related []mention
	data    []byte
	// The path of the order being tried, and the nodes it must go on to.
	path    []byte
	pending []int32
	// The least path so far, and the nodes that were numbered along it.
	chosen []byte
	along  []int32
	// ahead says that path is already less than chosen, however it goes on.
	ahead bool
}

// mention is a node that shares a statement with the one being hashed; hash
// says how.
type mention struct {
	hash [48]byte // the first half of hexSize is in use
	node int32
}

// spend takes units from the work that is left.
func (c *canonicalizer) spend(units int) error {
	if c.work -= units; c.work < 0 {
		return fmt.Errorf("rdfc: blank nodes cannot be told apart within the limit: %w", ErrWork)
	}
	return nil
}

// nameAlike is step 5 of section 4.4.3 for the nodes of one first degree hash.
func (c *canonicalizer) nameAlike(group []int32) error {
	type outcome struct {
		hash  []byte
		along []int32
	}
	var outcomes []outcome
	for _, node := range group {
		if c.named[node] >= 0 {
			continue
		}
		c.number(node)
		sum, err := c.hashNDegree(nil, node, 0)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, outcome{sum, slices.Clone(c.order)})
		c.forget(0)
	}
	slices.SortStableFunc(outcomes, func(a, b outcome) int { return bytes.Compare(a.hash, b.hash) })
	for _, o := range outcomes {
		for _, node := range o.along {
			c.name(node)
		}
	}
	return nil
}

// number issues the next temporary identifier.
func (c *canonicalizer) number(node int32) {
	c.temporary[node] = int32(len(c.order))
	c.order = append(c.order, node)
}

// forget takes back all temporary identifiers but the first ones. It stands in
// for the copies of the issuer that the recommendation makes.
func (c *canonicalizer) forget(keep int) {
	for _, node := range c.order[keep:] {
		c.temporary[node] = -1
	}
	c.order = c.order[:keep]
}

// appendIssued appends the identifier that node has, with its "_:".
func (c *canonicalizer) appendIssued(dst []byte, node int32) []byte {
	dst = append(dst, '_', ':')
	if c.named[node] >= 0 {
		return c.appendName(dst, node)
	}
	return strconv.AppendInt(append(dst, 'b'), int64(c.temporary[node]), 10)
}

func (c *canonicalizer) frame(depth int) (*frame, error) {
	if depth == len(c.frames) {
		if err := c.spend(frameWork); err != nil {
			return nil, err
		}
		c.frames = append(c.frames, new(frame))
	}
	return c.frames[depth], nil
}

// hashNDegree appends the N-degree hash of node to dst (section 4.8) and leaves
// the nodes on its path numbered.
func (c *canonicalizer) hashNDegree(dst []byte, node int32, depth int) ([]byte, error) {
	f, err := c.frame(depth)
	if err != nil {
		return nil, err
	}
	if err := c.findRelated(f, node); err != nil {
		return nil, err
	}
	f.data = f.data[:0]
	for rest := f.related; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[0].hash == rest[n].hash {
			n++
		}
		f.data = hex.AppendEncode(f.data, rest[0].hash[:c.hexSize/2])
		if err := c.choosePath(f, rest[:n], depth); err != nil {
			return nil, err
		}
		f.data = append(f.data, f.chosen...)
		rest = rest[n:]
	}
	c.hash.Reset()
	c.hash.Write(f.data)
	return c.appendSum(dst), nil
}

// findRelated is steps 1 to 3: the other nodes in the statements of node, by
// how they are related to it (section 4.7).
func (c *canonicalizer) findRelated(f *frame, node int32) error {
	f.related = f.related[:0]
	for _, i := range c.mentions[node] {
		s := &c.statements[i]
		for position, other := range s.nodes {
			if other < 0 || other == node {
				continue
			}
			in := append(c.scratch[:0], "sog"[position])
			if position < 2 {
				in = appendIRI(in, s.predicate)
			}
			if c.named[other] >= 0 || c.temporary[other] >= 0 {
				in = c.appendIssued(in, other)
			} else {
				in = append(in, c.firstHash(other)...)
			}
			c.scratch = in
			if err := c.spend(1 + len(in)/bytesInWork); err != nil {
				return err
			}
			f.related = append(f.related, mention{node: other})
			c.hash.Reset()
			c.hash.Write(in)
			c.hash.Sum(f.related[len(f.related)-1].hash[:0])
		}
	}
	// Within a hash the nodes ascend: the first of the orders to be tried.
	slices.SortFunc(f.related, func(a, b mention) int {
		return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.node, b.node))
	})
	return nil
}

// choosePath is steps 5.2 to 5.6: it tries all orders of the nodes that are
// related in the same way, and keeps the one with the least path.
func (c *canonicalizer) choosePath(f *frame, alike []mention, depth int) error {
	known := len(c.order)
	f.chosen, f.along = f.chosen[:0], f.along[:0]
	for {
		less, err := c.walk(f, alike, depth)
		if err != nil {
			return err
		}
		more := nextOrder(alike)
		if less {
			f.path, f.chosen = f.chosen, f.path
			if !more && len(f.along) == 0 {
				return nil // there was one order, and the nodes are numbered as it wants
			}
			if err := c.spend(len(c.order[known:]) / nodesInWork); err != nil {
				return err
			}
			f.along = append(f.along[:0], c.order[known:]...)
		}
		c.forget(known)
		if !more {
			break
		}
	}
	for _, node := range f.along {
		c.number(node)
	}
	return nil
}

// walk is steps 5.4.1 to 5.4.6 for one order of the nodes. It says whether the
// path is less than the chosen one, and gives up as soon as it cannot be.
func (c *canonicalizer) walk(f *frame, alike []mention, depth int) (less bool, err error) {
	f.path, f.pending = f.path[:0], f.pending[:0]
	f.ahead = len(f.chosen) == 0
	for _, m := range alike {
		if err := c.spend(1); err != nil {
			return false, err
		}
		if c.named[m.node] < 0 && c.temporary[m.node] < 0 {
			f.pending = append(f.pending, m.node)
			c.number(m.node)
		}
		from := len(f.path)
		f.path = c.appendIssued(f.path, m.node)
		if !f.hopeful(from) {
			return false, nil
		}
	}
	for _, node := range f.pending {
		from := len(f.path)
		f.path = append(c.appendIssued(f.path, node), '<')
		if f.path, err = c.hashNDegree(f.path, node, depth+1); err != nil {
			return false, err
		}
		f.path = append(f.path, '>')
		if !f.hopeful(from) {
			return false, nil
		}
	}
	return f.ahead || len(f.path) < len(f.chosen), nil
}

// hopeful says whether path can still become less than chosen, after a piece
// was added at from. Up to there the two are equal, or path is ahead.
func (f *frame) hopeful(from int) bool {
	if f.ahead {
		return true
	}
	rest := f.chosen[from:]
	piece := f.path[from:]
	order := bytes.Compare(piece, rest[:min(len(piece), len(rest))])
	f.ahead = order < 0
	return order <= 0
}

// nextOrder brings nodes into the next order, as numbers, and says whether
// there was one. Nodes that are there twice are not swapped with themselves.
func nextOrder(nodes []mention) bool {
	i := len(nodes) - 2
	for i >= 0 && nodes[i].node >= nodes[i+1].node {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(nodes) - 1
	for nodes[j].node <= nodes[i].node {
		j--
	}
	nodes[i], nodes[j] = nodes[j], nodes[i]
	slices.Reverse(nodes[i+1:])
	return true
}
