// Package cborx is how the module reads and writes CBOR (RFC 8949): one strict
// mode for everything that is signed, and a way to show it as JSON.
package cborx

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// Decode reads one data item and refuses duplicate keys, indefinite lengths,
// invalid UTF-8, trailing bytes, and more nesting or members than limits says.
// A type error of cbor.Unmarshal is returned after the rest was decoded.
func Decode(b []byte, dst any) error { return strict.Unmarshal(b, dst) }

// First reads the first data item of b and returns a copy of it, and what
// follows.
func First(b []byte) (item, rest []byte, err error) {
	switch major, n, after, _, ok := Head(b); { // what most messages consist of takes no decoder
	case ok && major <= NegInt:
		return bytes.Clone(b[:len(b)-len(after)]), after, nil
	case ok && major == Bytes && n <= uint64(len(after)):
		end := len(b) - len(after) + int(n)
		return bytes.Clone(b[:end]), b[end:], nil
	}
	var m cbor.RawMessage
	rest, err = strict.UnmarshalFirst(b, &m)
	return m, rest, err
}

// Definite reads one data item that may have indefinite lengths, under the same
// limits, and returns it with definite ones; changed reports whether it had any.
// Other than Decode it does not look for duplicate keys.
func Definite(b []byte) (item []byte, changed bool, err error) {
	if strict.Wellformed(b) == nil {
		return b, false, nil
	}
	if err := lenient.Wellformed(b); err != nil {
		return nil, false, err
	}
	item, _ = appendDefinite(make([]byte, 0, len(b)+len(b)/4), b)
	return item, true, nil
}

const breakCode = 0xff

// appendDefinite trusts that b is well-formed, and so that nesting is bounded.
func appendDefinite(out, b []byte) (_, rest []byte) {
	major, indefinite := b[0]>>5, b[0]&31 == 31
	if !indefinite {
		_, n, rest, _, _ := Head(b)
		out = append(out, b[:len(b)-len(rest)]...)
		switch major {
		case Bytes, Text:
			return append(out, rest[:n]...), rest[n:]
		case Map:
			n *= 2
		case Tag:
			n = 1
		case Array:
		default:
			n = 0
		}
		for range n {
			out, rest = appendDefinite(out, rest)
		}
		return out, rest
	}
	var content []byte
	n := uint64(0)
	for rest = b[1:]; rest[0] != breakCode; n++ {
		if major == Bytes || major == Text {
			_, size, chunk, _, _ := Head(rest)
			content, rest = append(content, chunk[:size]...), chunk[size:]
		} else {
			content, rest = appendDefinite(content, rest)
		}
	}
	switch major {
	case Bytes, Text:
		n = uint64(len(content))
	case Map:
		n /= 2
	}
	return append(AppendHead(out, major, n), content...), rest[1:]
}

// AppendHead writes the shortest head of an item.
func AppendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n <= 0xff:
		return append(b, major<<5|24, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, major<<5|25), uint16(n))
	case n <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(b, major<<5|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major<<5|27), n)
}

// Encode writes deterministically (RFC 8949, section 4.2.1).
func Encode(v any) ([]byte, error) { return canonical.Marshal(v) }

var (
	strict  = must(options(cbor.IndefLengthForbidden).DecMode())
	lenient = must(options(cbor.IndefLengthAllowed).DecMode())
)

func options(indefinite cbor.IndefLengthMode) cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      indefinite,
		MaxNestedLevels:  limits.Nesting,
		MaxArrayElements: limits.Members,
		MaxMapPairs:      limits.Members,
		UTF8:             cbor.UTF8RejectInvalid,
		BignumTag:        cbor.BignumTagForbidden, // no member is one, and they cost
		// "V" is another member than "v".
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}
}

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
