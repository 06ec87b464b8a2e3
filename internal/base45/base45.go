// Package base45 is the encoding of RFC 9285: two bytes in three characters of
// the QR code's alphanumeric alphabet, one byte in two.
package base45

import (
	"errors"
	"fmt"
	"slices"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// ErrSyntax is wrapped by every error of Decode.
var ErrSyntax = errors.New("base45")

const invalid = 0xff

var values = func() (t [256]byte) {
	for i := range t {
		t[i] = invalid
	}
	for i := range alphabet {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// Encode returns the base45 form of src.
func Encode(src []byte) string { return string(Append(nil, src)) }

// Append appends the base45 form of src to out.
func Append(out, src []byte) []byte {
	out = slices.Grow(out, (len(src)+1)/2*3)
	for ; len(src) >= 2; src = src[2:] {
		n := int(src[0])<<8 | int(src[1])
		out = append(out, alphabet[n%45], alphabet[n/45%45], alphabet[n/2025])
	}
	if len(src) == 1 {
		out = append(out, alphabet[src[0]%45], alphabet[src[0]/45])
	}
	return out
}

// Decode is strict: it refuses characters outside the alphabet, lengths that
// leave one character over, and groups that stand for more than their bytes
// hold ("GGW", ":::", "::").
func Decode(src []byte) ([]byte, error) {
	if len(src)%3 == 1 {
		return nil, fmt.Errorf("%w: %d characters can't be whole groups", ErrSyntax, len(src))
	}
	out := make([]byte, 0, len(src)/3*2+1)
	for i := 0; i < len(src); i += 3 {
		c, d := values[src[i]], values[src[i+1]]
		if c == invalid || d == invalid {
			return nil, fmt.Errorf("%w: character outside the alphabet near position %d", ErrSyntax, i)
		}
		n := int(c) + 45*int(d)
		if i+2 == len(src) {
			if n > 0xff {
				return nil, fmt.Errorf("%w: last group over 255", ErrSyntax)
			}
			return append(out, byte(n)), nil
		}
		e := values[src[i+2]]
		if e == invalid {
			return nil, fmt.Errorf("%w: character outside the alphabet near position %d", ErrSyntax, i+2)
		}
		if n += 2025 * int(e); n > 0xffff {
			return nil, fmt.Errorf("%w: group over 65535 at position %d", ErrSyntax, i)
		}
		out = append(out, byte(n>>8), byte(n))
	}
	return out, nil
}
