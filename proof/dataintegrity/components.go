package dataintegrity

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// Proof values of selective disclosure are multibase base64url, without padding,
// of a header of three bytes and an array in CBOR (Data Integrity ECDSA
// Cryptosuites 1.0, section 3.5; BBS Cryptosuites 1.0, section 3.3). The header
// tells which of them it is.
type header [3]byte

func (h header) String() string { return fmt.Sprintf("% x", h[:]) }

func decodeComponents(value string) (header, components, error) {
	text, ok := strings.CutPrefix(value, "u")
	// The decoder skips line ends.
	if !ok || strings.ContainsAny(text, "\r\n") {
		return header{}, components{}, fmt.Errorf("proofValue: not multibase base64url: %w", ErrMalformed)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 3 {
		return header{}, components{}, fmt.Errorf("proofValue: not base64url of a header and what follows: %w", ErrMalformed)
	}
	return header(b), components{b: b[3:]}, nil
}

func encodeComponents(h header, body []byte) string {
	return "u" + base64.RawURLEncoding.EncodeToString(append(h[:], body...))
}

// components reads CBOR items in the only form that they have here, with definite
// and shortest lengths and without tags, and keeps the first error.
type components struct {
	b   []byte
	err error
}

func (c *components) fail(reason string) {
	if c.err == nil {
		c.err = fmt.Errorf("proofValue: %s: %w", reason, ErrMalformed)
	}
}

// head reads the head of an item of the major type: a number, length or count
// of at most most.
func (c *components) head(major byte, most int) int {
	if c.err != nil {
		return 0
	}
	m, n, rest, info, ok := cborx.Head(c.b)
	switch {
	case !ok || m != major:
		c.fail("an item of another type")
	case info == 24 && n < 24, info == 25 && n <= 0xff, info == 26 && n <= 0xffff, info == 27:
		c.fail("a length that is not in its shortest form")
	case n > uint64(most):
		c.fail("more than is read")
	default:
		c.b = rest
		return int(n)
	}
	return 0
}

// array reads the head of an array of n items.
func (c *components) array(n int) {
	if c.head(cborx.Array, limits.Disclosed) != n {
		c.fail("not the array that it should be")
	}
}

// list reads an array of any items.
func (c *components) list(each func()) {
	for range c.head(cborx.Array, limits.Disclosed) {
		if each(); c.err != nil {
			return
		}
	}
}

// bytes reads a byte string of n bytes.
func (c *components) bytes(n int) []byte {
	return c.cut(c.head(cborx.Bytes, n), n)
}

func (c *components) cut(n, want int) []byte {
	if c.err == nil && (n != want || len(c.b) < n) {
		c.fail("a string of another length")
	}
	if c.err != nil {
		return nil
	}
	s := c.b[:n:n]
	c.b = c.b[n:]
	return s
}

// someBytes reads a byte string of at most most bytes.
func (c *components) someBytes(most int) []byte {
	n := c.head(cborx.Bytes, most)
	return c.cut(n, n)
}

func (c *components) text() string {
	n := c.head(cborx.Text, len(c.b))
	s := string(c.cut(n, n))
	if !utf8.ValidString(s) {
		c.fail("not UTF-8")
	}
	return s
}

// texts reads an array of texts.
func (c *components) texts() []string {
	var out []string
	c.list(func() { out = append(out, c.text()) })
	return out
}

// indexes reads an array of numbers that ascend.
func (c *components) indexes() []int {
	var out []int
	c.list(func() {
		i := c.head(cborx.Uint, limits.Disclosed)
		if len(out) > 0 && i <= out[len(out)-1] {
			c.fail("indexes that do not ascend")
		}
		out = append(out, i)
	})
	return out
}

// end returns the error, also where anything is left.
func (c *components) end() error {
	if len(c.b) > 0 {
		c.fail("more behind it")
	}
	return c.err
}

func appendBytes(dst, s []byte) []byte {
	return append(cborx.AppendHead(dst, cborx.Bytes, uint64(len(s))), s...)
}

func appendTexts(dst []byte, texts []string) []byte {
	dst = cborx.AppendHead(dst, cborx.Array, uint64(len(texts)))
	for _, s := range texts {
		dst = append(cborx.AppendHead(dst, cborx.Text, uint64(len(s))), s...)
	}
	return dst
}

func appendIndexes(dst []byte, indexes []int) []byte {
	dst = cborx.AppendHead(dst, cborx.Array, uint64(len(indexes)))
	for _, i := range indexes {
		dst = cborx.AppendHead(dst, cborx.Uint, uint64(i))
	}
	return dst
}
