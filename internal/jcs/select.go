package jcs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrPointer says that a JSON pointer is malformed, or points to nothing.
var ErrPointer = errors.New("JSON pointer to nothing")

// How much of a value is selected.
const (
	partly uint8 = iota + 1
	whole
)

// Select returns of v what the pointers (RFC 6901) name, whole, and what that
// stands in. Of each object on the way, v among them, the members that with names
// are selected too. Arrays keep those elements that are selected, in their order.
//
// Each value of the selection has the [Value.Place] that it has in v. The error
// wraps [ErrPointer] and tells which pointer, not what it says.
func (v Value) Select(pointers []string, with ...string) (Value, error) {
	if len(pointers) == 0 || v.t == nil {
		return Value{}, fmt.Errorf("nothing is selected: %w", ErrPointer)
	}
	s := selection{from: v.t, marks: make([]uint8, len(v.t.nodes)), with: with}
	for i, p := range pointers {
		if err := s.follow(v, p); err != nil {
			return Value{}, fmt.Errorf("pointer %d: %w", i, err)
		}
	}
	s.to = &tree{nodes: slices.Clone(v.t.nodes), children: slices.Clone(v.t.children), size: v.t.size}
	s.reduce(v.i)
	return Value{s.to, v.i}, nil
}

// Place tells a value from all others of its text, and is the same for it in a
// selection of that.
func (v Value) Place() int { return int(v.i) }

type selection struct {
	from, to *tree
	marks    []uint8 // of the nodes
	with     []string
}

// At returns the value that a JSON pointer (RFC 6901) names in v, which is v
// itself for "". The error wraps [ErrPointer], and does not tell what it says.
func (v Value) At(pointer string) (Value, error) {
	return v.along(pointer, func(Value) {})
}

// along is At that also tells what it passes on the way.
func (v Value) along(pointer string, pass func(Value)) (Value, error) {
	if pointer == "" {
		return v, nil
	}
	if pointer[0] != '/' {
		return Value{}, fmt.Errorf("no slash before it: %w", ErrPointer)
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		pass(v)
		var err error
		if v, err = v.step(token); err != nil {
			return Value{}, err
		}
	}
	return v, nil
}

// follow marks what a pointer leads through, and what it leads to.
func (s *selection) follow(v Value, pointer string) error {
	v, err := v.along(pointer, s.pass)
	if err == nil {
		s.marks[v.i] = whole
	}
	return err
}

func (s *selection) pass(v Value) {
	if s.marks[v.i] != 0 {
		return
	}
	s.marks[v.i] = partly
	for _, name := range s.with {
		if m := v.Member(name); m.Exists() {
			s.marks[m.i] = whole
		}
	}
}

// step finds what one token of a pointer names (RFC 6901, section 4).
func (v Value) step(token string) (Value, error) {
	switch v.Kind() {
	case Object:
		for i := range len(token) {
			if token[i] == '~' && (i+1 == len(token) || token[i+1] != '0' && token[i+1] != '1') {
				return Value{}, fmt.Errorf("a tilde that escapes nothing: %w", ErrPointer)
			}
		}
		if m := v.Member(unescape.Replace(token)); m.Exists() {
			return m, nil
		}
		return Value{}, fmt.Errorf("no such member: %w", ErrPointer)
	case Array:
		n := v.node()
		i, err := strconv.ParseInt(token, 10, 32)
		if err != nil || strconv.FormatInt(i, 10) != token || i < 0 || i >= int64(n.count) {
			return Value{}, fmt.Errorf("no such element: %w", ErrPointer)
		}
		return Value{v.t, v.t.children[n.first+int32(i)]}, nil
	}
	return Value{}, fmt.Errorf("into %s: %w", v.Kind(), ErrPointer)
}

var unescape = strings.NewReplacer("~0", "~", "~1", "/")

// reduce leaves of a node that is selected in part those children that are.
func (s *selection) reduce(i int32) {
	if s.marks[i] != partly {
		return
	}
	n := &s.to.nodes[i]
	first := int32(len(s.to.children))
	for _, k := range s.from.children[n.first : n.first+n.count] {
		if s.marks[k] != 0 {
			s.to.children = append(s.to.children, k)
		}
	}
	n.first, n.count = first, int32(len(s.to.children))-first
	for _, k := range s.to.children[first:][:n.count:n.count] {
		s.reduce(k)
	}
}
