// Package integrity reads the digests by which credentials name the content of
// resources that lie elsewhere: those of Subresource Integrity, and multihashes
// in multibase.
package integrity

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/multiformats/go-multibase"
)

// ErrMalformed says that a text is no digest.
var ErrMalformed = errors.New("malformed digest")

// Digest is one digest. The zero value fits nothing.
type Digest struct {
	hash func([]byte) []byte // nil: of a kind that is not computed here
	sum  []byte
}

// Known reports whether the digest is of a kind that is computed here: SHA-256,
// SHA-384 or SHA-512.
func (d Digest) Known() bool { return d.hash != nil }

// Fits reports whether b has the digest; false for those that are not known.
func (d Digest) Fits(b []byte) bool { return d.hash != nil && bytes.Equal(d.hash(b), d.sum) }

func sum256(b []byte) []byte { h := sha256.Sum256(b); return h[:] }
func sum384(b []byte) []byte { h := sha512.Sum384(b); return h[:] }
func sum512(b []byte) []byte { h := sha512.Sum512(b); return h[:] }

// kinds are the hashes that both notations have, with their multihash codes.
var kinds = [...]struct {
	name string
	code byte
	size int
	hash func([]byte) []byte
}{
	{"sha256", 0x12, sha256.Size, sum256},
	{"sha384", 0x20, sha512.Size384, sum384},
	{"sha512", 0x13, sha512.Size, sum512},
}

// maxDigests is the most digests of one resource; more tell nothing more.
const maxDigests = 8

// ParseSRI reads hash expressions with spaces between (Subresource Integrity,
// section 3.5), at least one and at most eight. The error wraps [ErrMalformed].
func ParseSRI(s string) ([]Digest, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' })
	if len(words) == 0 || len(words) > maxDigests {
		return nil, fmt.Errorf("%w: %d hash expressions", ErrMalformed, len(words))
	}
	var out []Digest
	for _, w := range words {
		w, _, _ = strings.Cut(w, "?") // options, of which none are defined
		d, err := parseExpression(w)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func parseExpression(s string) (Digest, error) {
	name, value, _ := strings.Cut(s, "-")
	for _, k := range kinds {
		if k.name != name {
			continue
		}
		sum, err := base64.StdEncoding.Strict().DecodeString(value)
		if err != nil || len(sum) != k.size {
			return Digest{}, fmt.Errorf("%w: not %d bytes in base64", ErrMalformed, k.size)
		}
		return Digest{k.hash, sum}, nil
	}
	return Digest{}, fmt.Errorf("%w: not sha256, sha384 or sha512", ErrMalformed)
}

// maxMultibase is the longest multihash in multibase that is read. Decoding
// base58 takes time that grows with the square of the length.
const maxMultibase = 200

// FitsSRI reports whether b has one of those digests in s that are of the
// longest hash there (Subresource Integrity, sections 3.3.3 to 3.3.5). The error
// is that of [ParseSRI].
func FitsSRI(s string, b []byte) (bool, error) {
	ds, err := ParseSRI(s)
	longest := 0
	for _, d := range ds {
		longest = max(longest, len(d.sum))
	}
	for _, d := range ds {
		if len(d.sum) == longest && d.Fits(b) {
			return true, nil
		}
	}
	return false, err
}

// ParseMultibase reads a multihash in base64url or base58 (Data Integrity 1.0,
// section 2.6). One of a hash that is not computed here is read and not
// [Digest.Known]. The error wraps [ErrMalformed].
func ParseMultibase(s string) (Digest, error) {
	if len(s) < 2 || len(s) > maxMultibase || s[0] != multibase.Base64url && s[0] != multibase.Base58BTC {
		return Digest{}, fmt.Errorf("%w: not multibase, in base64url or base58", ErrMalformed)
	}
	_, b, err := multibase.Decode(s)
	if err != nil {
		return Digest{}, fmt.Errorf("%w: not multibase", ErrMalformed)
	}
	code, n := varint(b)
	size, m := varint(b[n:])
	if n == 0 || m == 0 || uint64(len(b)-n-m) != size || size == 0 {
		return Digest{}, fmt.Errorf("%w: not a multihash", ErrMalformed)
	}
	for _, k := range kinds {
		if code != uint64(k.code) {
			continue
		}
		if size != uint64(k.size) {
			return Digest{}, fmt.Errorf("%w: a multihash of another length than its hash", ErrMalformed)
		}
		return Digest{k.hash, b[n+m:]}, nil
	}
	return Digest{sum: b[n+m:]}, nil
}

// varint reads an unsigned number of at most four bytes, and returns how many
// it took: none where there is no such number at the beginning of b.
func varint(b []byte) (v uint64, n int) {
	for i := 0; i < len(b) && i < 4; i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			if i > 0 && b[i] == 0 {
				return 0, 0 // longer than it need be
			}
			return v, i + 1
		}
	}
	return 0, 0
}
