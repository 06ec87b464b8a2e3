// Package jwe encrypts and decrypts with JSON Web Encryption (RFC 7516), in the
// compact form: what a health link points to, and what travels to one reader.
//
// There is one function for each kind of key, so that a message can't choose
// what its key is used as: [DecryptDirect] and [EncryptDirect] for a shared key
// (alg dir), [Decrypt] and [Encrypt] for a key pair (ECDH-ES, alone or with
// AES key wrap). Content is encrypted with AES-GCM alone, which authenticates
// it. The rest of RFC 7518, passwords and RSA above all, is left out.
package jwe

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

var (
	// ErrMalformed says that a message is none, or contradicts itself.
	ErrMalformed = errors.New("malformed JWE")
	// ErrUnsupported says that a message, or a key, is not of the kinds that are
	// implemented, or not for each other.
	ErrUnsupported = errors.New("unsupported encryption")
	// ErrDecrypt says that a message does not decrypt with the key given: it was
	// changed, or is for another. Nothing more is told.
	ErrDecrypt = errors.New("does not decrypt")
)

// Header is what a header says beside the algorithms.
type Header struct {
	KeyID       string // kid
	Type        string // typ
	ContentType string // cty
	// Compressed says that the plaintext was compressed before it was encrypted
	// (zip DEF). How long a message is then tells something of its content.
	Compressed bool
}

// Message is a message that was decrypted, and so is authentic.
type Message struct {
	Header    Header
	Plaintext []byte
}

// The two values of enc that are used, with their keys' lengths in bytes (RFC
// 7518, section 5.3), and A192GCM for reading.
var contentKeys = map[string]int{"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}

const (
	ivSize  = 12
	tagSize = 16
)

// message is one that is parsed and not decrypted.
type message struct {
	header                      Header
	alg, enc                    string
	value                       jcs.Value // the header
	protected                   []byte    // as it is authenticated
	key, iv, ciphertext, sealed []byte
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("jwe: "+format+": %w", append(args, ErrMalformed)...)
}

// parse reads a message of at most 24 MiB in the compact form (RFC 7516, section
// 7.1).
func parse(compact []byte) (*message, error) {
	if len(compact) > limits.JWE {
		return nil, malformed("%d bytes, at most %d are read", len(compact), limits.JWE)
	}
	parts := bytes.Split(compact, []byte{'.'})
	if len(parts) != 5 {
		return nil, malformed("%d parts, want 5", len(parts))
	}
	m := &message{protected: parts[0]}
	var tag []byte
	for i, dst := range []*[]byte{nil, &m.key, &m.iv, &m.ciphertext, &tag} {
		if dst == nil {
			continue
		}
		var err error
		if *dst, err = b64url.DecodeBytes(parts[i]); err != nil {
			return nil, malformed("part %d: %w", i, err)
		}
	}
	if err := m.readHeader(); err != nil {
		return nil, err
	}
	if len(m.iv) != ivSize || len(tag) != tagSize {
		return nil, malformed("initialization vector of %d bytes and tag of %d, want %d and %d", len(m.iv), len(tag), ivSize, tagSize)
	}
	m.sealed = append(m.ciphertext, tag...)
	return m, nil
}

func (m *message) readHeader() error {
	if len(m.protected) > limits.JWSHeader {
		return malformed("header: %d characters, at most %d are read", len(m.protected), limits.JWSHeader)
	}
	raw, err := b64url.DecodeBytes(m.protected)
	if err != nil {
		return malformed("header: %w", err)
	}
	if m.value, err = jcs.Parse(raw); err != nil {
		return malformed("header: %w", err)
	}
	if m.value.Kind() != jcs.Object {
		return malformed("header: %s, not an object", m.value.Kind())
	}
	if m.value.Member("crit").Exists() {
		return malformed("header: crit: no extension is understood")
	}
	zip := ""
	for _, f := range []struct {
		name string
		dst  *string
	}{{"alg", &m.alg}, {"enc", &m.enc}, {"kid", &m.header.KeyID}, {"typ", &m.header.Type}, {"cty", &m.header.ContentType}, {"zip", &zip}} {
		v := m.value.Member(f.name)
		s, ok := v.Text()
		if v.Exists() && (!ok || s == "") {
			return malformed("header: %s: %s, not a string with content", f.name, v.Kind())
		}
		*f.dst = s
	}
	if m.header.Compressed = zip == "DEF"; zip != "" && zip != "DEF" {
		return fmt.Errorf("jwe: header: zip: %w", ErrUnsupported)
	}
	if contentKeys[m.enc] == 0 {
		return fmt.Errorf("jwe: header: enc: %w", ErrUnsupported)
	}
	return nil
}

// open decrypts with the content's key.
func (m *message) open(key []byte) (*Message, error) {
	aead, err := newGCM(key, m.enc)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, m.iv, m.sealed, m.protected)
	if err != nil {
		return nil, fmt.Errorf("jwe: %w", ErrDecrypt)
	}
	if m.header.Compressed {
		if plain, err = inflate(plain); err != nil {
			return nil, err
		}
	}
	if plain == nil {
		plain = []byte{}
	}
	return &Message{m.header, plain}, nil
}

func newGCM(key []byte, enc string) (cipher.AEAD, error) {
	if len(key) != contentKeys[enc] {
		return nil, fmt.Errorf("jwe: a key of %d bytes for %s: %w", len(key), enc, ErrUnsupported)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("jwe: %w: %w", ErrUnsupported, err)
	}
	return cipher.NewGCM(block)
}

// inflate reads DEFLATE (RFC 1951) up to a limit, and to its end.
func inflate(b []byte) ([]byte, error) {
	in := bytes.NewReader(b)
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(in), limits.JWEInflated+1))
	switch {
	case err != nil:
		return nil, malformed("zip: not DEFLATE")
	case len(out) > limits.JWEInflated:
		return nil, malformed("zip: more than %d bytes", limits.JWEInflated)
	case in.Len() > 0:
		return nil, malformed("zip: data behind it")
	}
	return out, nil
}

// DecryptDirect decrypts a message that is encrypted with a shared key itself
// (alg dir; RFC 7518, section 4.5), of 16, 24 or 32 bytes, with AES-GCM of that
// size. What was compressed is inflated up to 16 MiB. Errors wrap [ErrMalformed],
// [ErrUnsupported] or [ErrDecrypt].
func DecryptDirect(compact, key []byte) (*Message, error) {
	m, err := parse(compact)
	if err != nil {
		return nil, err
	}
	if m.alg != "dir" {
		return nil, fmt.Errorf("jwe: header: alg: not dir: %w", ErrUnsupported)
	}
	if len(m.key) > 0 {
		return nil, malformed("an encrypted key, where the key is shared")
	}
	return m.open(key)
}
