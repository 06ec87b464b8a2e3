// Package cborx is how the module reads and writes CBOR (RFC 8949): one strict
// mode for everything that is signed, and a way to show it as JSON.
package cborx

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// Decode reads one data item and refuses duplicate keys, indefinite lengths,
// invalid UTF-8, trailing bytes, and more nesting or members than limits says.
// A type error of cbor.Unmarshal is returned after the rest was decoded.
func Decode(b []byte, dst any) error { return strict.Unmarshal(b, dst) }

// First reads the first data item of b and returns it and what follows.
func First(b []byte) (item, rest []byte, err error) {
	var m cbor.RawMessage
	rest, err = strict.UnmarshalFirst(b, &m)
	return m, rest, err
}

// Encode writes deterministically (RFC 8949, section 4.2.1).
func Encode(v any) ([]byte, error) { return canonical.Marshal(v) }

var strict = must(cbor.DecOptions{
	DupMapKey:        cbor.DupMapKeyEnforcedAPF,
	IndefLength:      cbor.IndefLengthForbidden,
	MaxNestedLevels:  limits.Nesting,
	MaxArrayElements: limits.Members,
	MaxMapPairs:      limits.Members,
	UTF8:             cbor.UTF8RejectInvalid,
}.DecMode())

var canonical = must(cbor.CoreDetEncOptions().EncMode())

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("cborx: options: %v", err)) // the options above are constants
	}
	return v
}

// Major types.
const (
	Uint = iota
	NegInt
	Bytes
	Text
	Array
	Map
	Tag
	Simple
)

// Head splits the head off a well-formed item: its major type, its argument,
// the bytes behind it, and the low five bits of the first byte, which tell
// what a Simple is. ok is false where b is too short or not definite.
func Head(b []byte) (major byte, arg uint64, rest []byte, info byte, ok bool) {
	if len(b) == 0 {
		return 0, 0, nil, 0, false
	}
	major, info, b = b[0]>>5, b[0]&31, b[1:]
	if info < 24 {
		return major, uint64(info), b, info, true
	}
	if info > 27 {
		return 0, 0, nil, 0, false
	}
	n := 1 << (info - 24)
	if len(b) < n {
		return 0, 0, nil, 0, false
	}
	for _, c := range b[:n] {
		arg = arg<<8 | uint64(c)
	}
	return major, arg, b[n:], info, true
}

// String returns the content of an item that is a single byte or text string.
func String(item []byte, major byte) ([]byte, bool) {
	m, n, rest, _, ok := Head(item)
	if !ok || m != major || uint64(len(rest)) != n {
		return nil, false
	}
	return rest, true
}

// Is reports whether item is of the major type.
func Is(item []byte, major byte) bool { return len(item) > 0 && item[0]>>5 == major }
