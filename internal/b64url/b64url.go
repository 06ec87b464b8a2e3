// Package b64url reads base64url as JOSE has it (RFC 7515, section 2): without
// padding, and with one spelling for each value.
package b64url

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
)

// ErrSyntax is the only error of Decode.
var ErrSyntax = errors.New("not base64url")

var strict = base64.RawURLEncoding.Strict()

// Decode refuses padding, other alphabets, bits beyond the last byte, and the
// line ends that encoding/base64 skips.
func Decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, ErrSyntax
	}
	b, err := strict.DecodeString(s)
	if err != nil {
		return nil, ErrSyntax
	}
	return b, nil
}

// DecodeBytes is Decode for a slice, which it leaves as it is.
func DecodeBytes(s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '\n') >= 0 || bytes.IndexByte(s, '\r') >= 0 {
		return nil, ErrSyntax
	}
	b := make([]byte, strict.DecodedLen(len(s)))
	n, err := strict.Decode(b, s)
	if err != nil {
		return nil, ErrSyntax
	}
	return b[:n], nil
}

// Encode writes base64url without padding.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Append appends the base64url of b to dst.
func Append(dst, b []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, b) }
