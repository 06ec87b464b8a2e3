// Package jcs reads JSON strictly (RFC 8259) and writes it in its canonical
// form (RFC 8785, JCS).
//
// [Parse] reads a text once into a compact tree, from which typed members are
// read and the canonical form is written, of the whole or without some of its
// members: nothing is marshalled again, so what is read is what is signed. It
// refuses whatever two parsers could read differently: duplicate names, invalid
// UTF-8, lone surrogates, a byte order mark, and numbers that a double does not
// hold.
package jcs

import (
	"errors"
	"fmt"
	"iter"
	"sort"
)

// ErrSyntax says that a text is not the JSON that this package reads.
var ErrSyntax = errors.New("malformed JSON")

// Kind is the kind of a value.
type Kind uint8

// The kinds. Absent is that of the zero Value.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String returns the kind's name in the words of errors.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "a boolean"
	case Number:
		return "a number"
	case String:
		return "a string"
	case Array:
		return "an array"
	case Object:
		return "an object"
	}
	return "absent"
}

// node is one value. The children of a container are the count entries of
// tree.children from first on: members in canonical order, elements in theirs.
type node struct {
	name         string // of the member, where the parent is an object
	text         string // String: unescaped; Number, Bool, Null: as canonical
	first, count int32
	kind         Kind
	// Strings written without an escape need none in the canonical form.
	escaped, nameEscaped bool
}

type tree struct {
	nodes    []node
	children []int32
	size     int // of the text, in bytes
}

// Value is a value inside a parsed text. The zero Value is absent: reading its
// members gives absent values again, so that paths need no checks between. It
// is immutable and safe for concurrent use.
type Value struct {
	t *tree
	i int32
}

// none stands for the zero Value; nothing writes to it.
var none node

func (v Value) node() *node {
	if v.t == nil {
		return &none
	}
	return &v.t.nodes[v.i]
}

// Kind returns the value's kind, Absent for the zero Value.
func (v Value) Kind() Kind { return v.node().kind }

// Exists reports whether there is a value, be it null.
func (v Value) Exists() bool { return v.t != nil }

// Text returns a string's content; ok is false for any other kind.
func (v Value) Text() (s string, ok bool) {
	if n := v.node(); n.kind == String {
		return n.text, true
	}
	return "", false
}

// Number returns a number in its canonical form; ok is false for any other
// kind.
func (v Value) Number() (s string, ok bool) {
	if n := v.node(); n.kind == Number {
		return n.text, true
	}
	return "", false
}

// Bool returns a boolean; ok is false for any other kind.
func (v Value) Bool() (b, ok bool) {
	n := v.node()
	return n.text == "true", n.kind == Bool
}

// Len is the number of an array's elements or an object's members; 0 for any
// other kind.
func (v Value) Len() int { return int(v.node().count) }

// fewMembers are looked through faster than searched in.
const fewMembers = 16

// Member returns the member of an object, the zero Value where there is none
// or v is no object.
func (v Value) Member(name string) Value {
	n := v.node()
	if n.kind != Object {
		return Value{}
	}
	kids := v.t.children[n.first : n.first+n.count]
	if len(kids) <= fewMembers {
		for _, k := range kids {
			if v.t.nodes[k].name == name {
				return Value{v.t, k}
			}
		}
		return Value{}
	}
	i := sort.Search(len(kids), func(i int) bool { return !less(v.t.nodes[kids[i]].name, name) })
	if i < len(kids) && v.t.nodes[kids[i]].name == name {
		return Value{v.t, kids[i]}
	}
	return Value{}
}

// Members yields the members of an object in canonical order; none for any
// other kind.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		n := v.node()
		if n.kind != Object {
			return
		}
		for _, k := range v.t.children[n.first : n.first+n.count] {
			if !yield(v.t.nodes[k].name, Value{v.t, k}) {
				return
			}
		}
	}
}

// Elements yields the elements of an array in their order; none for any other
// kind.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		n := v.node()
		if n.kind != Array {
			return
		}
		for i, k := range v.t.children[n.first : n.first+n.count] {
			if !yield(i, Value{v.t, k}) {
				return
			}
		}
	}
}

// Equal reports whether two values have the same canonical form. An absent
// value equals only another.
func Equal(a, b Value) bool {
	x, y := a.node(), b.node()
	if x.kind != y.kind || x.text != y.text || x.count != y.count {
		return false
	}
	for i := range x.count {
		p, q := Value{a.t, a.t.children[x.first+i]}, Value{b.t, b.t.children[y.first+i]}
		if p.node().name != q.node().name && x.kind == Object || !Equal(p, q) {
			return false
		}
	}
	return true
}

// Size is the length of the text that v was read from, in bytes: about that of
// its canonical form where v is the whole.
func (v Value) Size() int {
	if v.t == nil {
		return 0
	}
	return v.t.size
}

// Append appends the canonical form of v to dst, without those members of v
// itself that omit names. It appends nothing for the zero Value.
func (v Value) Append(dst []byte, omit ...string) []byte {
	n := v.node()
	switch n.kind {
	case Absent:
		return dst
	case String:
		return appendString(dst, n.text, n.escaped)
	case Array:
		dst = append(dst, '[')
		for i, e := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	case Object:
		if dst == nil && v.i == 0 {
			dst = make([]byte, 0, v.t.size)
		}
		dst = append(dst, '{')
		start := len(dst)
		for name, m := range v.Members() {
			if contains(omit, name) {
				continue
			}
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, name, m.node().nameEscaped), ':')
			dst = m.Append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, n.text...)
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// Quote appends s as a canonical JSON string.
func Quote(dst []byte, s string) []byte { return appendString(dst, s, true) }

const hexDigits = "0123456789abcdef"

// appendString writes s as section 3.2.2.2 says: only what JSON can't hold
// otherwise is escaped. Where escape is false it is known to need none.
func appendString(dst []byte, s string, escape bool) []byte {
	dst = append(dst, '"')
	if !escape {
		return append(append(dst, s...), '"')
	}
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}

// less orders names by their UTF-16 code units (section 3.2.3). Bytes of UTF-8
// give the same order, but that characters beyond the basic plane, whose first
// byte is 0xF0 or more, come in UTF-16 as surrogates, before U+E000 to U+FFFF,
// whose first byte is 0xEE or 0xEF.
func less(a, b string) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
			return x >= 0xF0
		}
		return x < y
	}
	return len(a) < len(b)
}

func syntax(at int, format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, fmt.Sprintf(format, args...), at)
}
