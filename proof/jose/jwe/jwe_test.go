package jwe_test

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof/jose/jwe"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

var shared = bytes.Repeat([]byte{7}, 32)

func curves() map[string]ecdh.Curve {
	return map[string]ecdh.Curve{"P-256": ecdh.P256(), "P-384": ecdh.P384(), "P-521": ecdh.P521(), "X25519": ecdh.X25519()}
}

func TestRoundTrip(t *testing.T) {
	for _, plain := range []string{"", "x", strings.Repeat("a health record ", 10000)} {
		for _, h := range []jwe.Header{{}, {KeyID: "k", Type: "JWT", ContentType: "application/fhir+json", Compressed: true}} {
			raw, err := jwe.EncryptDirect([]byte(plain), shared, h)
			require.NoError(t, err)
			m, err := jwe.DecryptDirect(raw, shared)
			require.NoError(t, err)
			require.Equal(t, h, m.Header)
			require.Equal(t, plain, string(m.Plaintext))
			require.NotNil(t, m.Plaintext)
			for name, c := range curves() {
				private, err := c.GenerateKey(rand.Reader)
				require.NoError(t, err)
				raw, err := jwe.Encrypt([]byte(plain), private.PublicKey(), h)
				require.NoError(t, err)
				m, err := jwe.Decrypt(raw, private)
				require.NoError(t, err, name)
				require.Equal(t, plain, string(m.Plaintext))
				require.Equal(t, h, m.Header)
				other, err := c.GenerateKey(rand.Reader)
				require.NoError(t, err)
				_, err = jwe.Decrypt(raw, other)
				require.ErrorIs(t, err, jwe.ErrDecrypt)
				_, err = jwe.DecryptDirect(raw, shared)
				require.ErrorIs(t, err, jwe.ErrUnsupported)
			}
		}
	}
	one, err := jwe.EncryptDirect(nil, shared, jwe.Header{})
	require.NoError(t, err)
	two, err := jwe.EncryptDirect(nil, shared, jwe.Header{})
	require.NoError(t, err)
	require.NotEqual(t, one, two, "an initialization vector is used once")
}

// RFC 7518, appendix C: what Alice and Bob agree.
func TestConcatKDF(t *testing.T) {
	z := []byte{158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196}
	key := jwe.ConcatKDF(z, "A128GCM", [2][]byte{[]byte("Alice"), []byte("Bob")}, 16)
	require.Equal(t, "VqqN6vgjbSBcIijNcacQGg", b64(key))
}

// RFC 3394, section 4.6.
func TestKeyWrap(t *testing.T) {
	kek := unhex(t, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	key := unhex(t, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
	wrapped, err := jwe.Wrap(kek, key)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"), wrapped)
	got, ok := jwe.Unwrap(kek, wrapped)
	require.True(t, ok)
	require.Equal(t, key, got)
	for i := range wrapped {
		bad := bytes.Clone(wrapped)
		bad[i] ^= 1
		_, ok := jwe.Unwrap(kek, bad)
		require.False(t, ok)
	}
	for _, n := range []int{0, 8, 16, 23, 39} {
		_, ok := jwe.Unwrap(kek, wrapped[:n])
		require.False(t, ok)
	}
}

// Every changed character is refused.
func TestPromiseTamperedMessageDoesNotDecrypt(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	direct, err := jwe.EncryptDirect([]byte("plaintext"), shared, jwe.Header{KeyID: "k"})
	require.NoError(t, err)
	agreed, err := jwe.Encrypt([]byte("plaintext"), private.PublicKey(), jwe.Header{})
	require.NoError(t, err)
	for raw, decrypt := range map[string]func([]byte) (*jwe.Message, error){
		string(direct): func(b []byte) (*jwe.Message, error) { return jwe.DecryptDirect(b, shared) },
		string(agreed): func(b []byte) (*jwe.Message, error) { return jwe.Decrypt(b, private) },
	} {
		_, err := decrypt([]byte(raw))
		require.NoError(t, err)
		for i := range raw {
			for _, c := range []byte("A_z0.= \n\x00") {
				if raw[i] == c {
					continue
				}
				bad := []byte(raw)
				bad[i] = c
				_, err := decrypt(bad)
				require.Error(t, err, "byte %d became %q", i, c)
			}
			_, err := decrypt([]byte(raw[:i]))
			require.Error(t, err)
			_, err = decrypt([]byte(raw[:i] + "A" + raw[i:]))
			require.Error(t, err)
		}
	}
}

// The second part is not authenticated: where the key is agreed, or shared, there
// must be none (RFC 7516, section 5.2, step 10).
func TestKeyPartIsEmpty(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	direct, err := jwe.EncryptDirect([]byte("plaintext"), shared, jwe.Header{})
	require.NoError(t, err)
	for raw, decrypt := range map[string]func([]byte) (*jwe.Message, error){
		string(direct):                 func(b []byte) (*jwe.Message, error) { return jwe.DecryptDirect(b, shared) },
		string(agreed(t, private, "")): func(b []byte) (*jwe.Message, error) { return jwe.Decrypt(b, private) },
		string(agreed(t, private, `,"apu":"QWxpY2U","apv":"Qm9i"`)): func(b []byte) (*jwe.Message, error) { return jwe.Decrypt(b, private) },
	} {
		m, err := decrypt([]byte(raw))
		require.NoError(t, err)
		require.Equal(t, "plaintext", string(m.Plaintext))
		parts := strings.Split(raw, ".")
		require.Empty(t, parts[1])
		parts[1] = "AAAA"
		_, err = decrypt([]byte(strings.Join(parts, ".")))
		require.ErrorIs(t, err, jwe.ErrMalformed)
	}
}

// agreed encrypts with the agreed key itself (ECDH-ES), between Alice and Bob where
// the header names them.
func agreed(t *testing.T, to *ecdh.PrivateKey, more string) []byte {
	eph, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	point := eph.PublicKey().Bytes()
	h := b64([]byte(`{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"EC","crv":"P-256","x":"` + b64(point[1:33]) + `","y":"` + b64(point[33:]) + `"}` + more + `}`))
	secret, err := eph.ECDH(to.PublicKey())
	require.NoError(t, err)
	var parties [2][]byte
	if more != "" {
		parties = [2][]byte{[]byte("Alice"), []byte("Bob")}
	}
	block, err := aes.NewCipher(jwe.ConcatKDF(secret, "A256GCM", parties, 32))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	iv := make([]byte, 12)
	sealed := aead.Seal(nil, iv, []byte("plaintext"), []byte(h))
	n := len(sealed) - 16
	return []byte(h + ".." + b64(iv) + "." + b64(sealed[:n]) + "." + b64(sealed[n:]))
}

// crafted encrypts whatever plaintext under whatever header.
func crafted(t testing.TB, header string, plaintext []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(shared)
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	iv := make([]byte, 12)
	h := b64([]byte(header))
	sealed := aead.Seal(nil, iv, plaintext, []byte(h))
	n := len(sealed) - 16
	return []byte(h + ".." + b64(iv) + "." + b64(sealed[:n]) + "." + b64(sealed[n:]))
}

func TestHeaders(t *testing.T) {
	_, err := jwe.DecryptDirect(crafted(t, `{"alg":"dir","enc":"A256GCM","other":1}`, nil), shared)
	require.NoError(t, err)
	for header, want := range map[string]error{
		`{"alg":"dir"}`:                                jwe.ErrUnsupported,
		`{"enc":"A256GCM"}`:                            jwe.ErrUnsupported,
		`{"alg":"ECDH-ES","enc":"A256GCM"}`:            jwe.ErrUnsupported,
		`{"alg":"RSA1_5","enc":"A256GCM"}`:             jwe.ErrUnsupported,
		`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM"}`: jwe.ErrUnsupported,
		`{"alg":"none","enc":"A256GCM"}`:               jwe.ErrUnsupported,
		`{"alg":"dir","enc":"A128GCM"}`:                jwe.ErrUnsupported,
		`{"alg":"dir","enc":"A256CBC-HS512"}`:          jwe.ErrUnsupported,
		`{"alg":"dir","enc":"none"}`:                   jwe.ErrUnsupported,
		`{"alg":"dir","enc":"A256GCM","zip":"GZIP"}`:   jwe.ErrUnsupported,
		`{"alg":"dir","enc":"A256GCM","zip":""}`:       jwe.ErrMalformed,
		`{"alg":"dir","enc":"A256GCM","crit":["exp"]}`: jwe.ErrMalformed,
		`{"alg":"dir","enc":"A256GCM","crit":[]}`:      jwe.ErrMalformed,
		`{"alg":"dir","alg":"dir","enc":"A256GCM"}`:    jwe.ErrMalformed,
		`{"alg":7,"enc":"A256GCM"}`:                    jwe.ErrMalformed,
		`{"alg":"dir","enc":"A256GCM","kid":7}`:        jwe.ErrMalformed,
		`["dir"]`:                                      jwe.ErrMalformed,
		`{`:                                            jwe.ErrMalformed,
		`{"alg":"dir","enc":"A256GCM","x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`: jwe.ErrMalformed,
		`{"alg":"dir","enc":"A256GCM","x":"` + strings.Repeat("x", 64<<10) + `"}`:                         jwe.ErrMalformed,
	} {
		_, err := jwe.DecryptDirect(crafted(t, header, nil), shared)
		require.ErrorIs(t, err, want, header[:min(len(header), 60)])
	}
	good := string(crafted(t, `{"alg":"dir","enc":"A256GCM"}`, []byte("x")))
	parts := strings.Split(good, ".")
	for name, raw := range map[string]string{
		"empty": "", "four parts": strings.Join(parts[:4], "."), "six parts": good + ".", "encrypted key": parts[0] + ".AAAA." + strings.Join(parts[2:], "."),
		"iv of 16 bytes": parts[0] + ".." + b64(make([]byte, 16)) + "." + parts[3] + "." + parts[4], "no iv": parts[0] + "..." + parts[3] + "." + parts[4],
		"tag cut": good[:len(good)-4], "no tag": strings.Join(parts[:4], ".") + ".", "padded": good + "==", "too long": good + strings.Repeat("A", 24<<20),
	} {
		_, err := jwe.DecryptDirect([]byte(raw), shared)
		require.ErrorIs(t, err, jwe.ErrMalformed, name)
	}
	for _, n := range []int{0, 16, 31, 33} {
		_, err := jwe.DecryptDirect([]byte(good), make([]byte, n))
		require.ErrorIs(t, err, jwe.ErrUnsupported)
		_, err = jwe.EncryptDirect(nil, make([]byte, n), jwe.Header{})
		require.ErrorIs(t, err, jwe.ErrUnsupported)
	}
}

func TestCompressed(t *testing.T) {
	deflated := func(b []byte) []byte {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestCompression)
		require.NoError(t, err)
		_, err = w.Write(b)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return out.Bytes()
	}
	const header = `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`
	m, err := jwe.DecryptDirect(crafted(t, header, deflated(make([]byte, 16<<20))), shared)
	require.NoError(t, err)
	require.Len(t, m.Plaintext, 16<<20)
	for name, plain := range map[string][]byte{
		"bomb": deflated(make([]byte, 1<<28)), "no DEFLATE": []byte("\xff\xff\xff"), "empty": {}, "cut": deflated([]byte("some text that is long"))[:8], "data behind": append(deflated([]byte("x")), 'y'),
	} {
		_, err := jwe.DecryptDirect(crafted(t, header, plain), shared)
		require.ErrorIs(t, err, jwe.ErrMalformed, name)
	}
	_, err = jwe.EncryptDirect(make([]byte, 16<<20+1), shared, jwe.Header{Compressed: true})
	require.ErrorIs(t, err, jwe.ErrMalformed)
}

// The sender's key must be a point of the receiver's curve.
func TestEphemeralKey(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	p := private.PublicKey().Bytes()
	x, y := b64(p[1:33]), b64(p[33:])
	off := bytes.Clone(p[33:])
	off[31] ^= 1
	for name, epk := range map[string]string{
		"none": `null`, "empty": `{}`, "off the curve": `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + b64(off) + `"}`, "no y": `{"kty":"EC","crv":"P-256","x":"` + x + `"}`,
		"another curve": `{"kty":"EC","crv":"P-384","x":"` + x + `","y":"` + y + `"}`, "short": `{"kty":"EC","crv":"P-256","x":"` + x[:40] + `","y":"` + y + `"}`,
		"private": `{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `","d":"AA"}`, "kty": `{"kty":"OKP","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, "X25519": `{"kty":"OKP","crv":"X25519","x":"` + x + `"}`,
		"zero": `{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`,
	} {
		for _, alg := range []string{"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"} {
			_, err := jwe.Decrypt(crafted(t, `{"alg":"`+alg+`","enc":"A256GCM","epk":`+epk+`}`, nil), private)
			require.ErrorIs(t, err, jwe.ErrMalformed, name)
		}
	}
	low := `{"kty":"OKP","crv":"X25519","x":"` + b64(make([]byte, 32)) + `"}`
	_, err = jwe.Decrypt(crafted(t, `{"alg":"ECDH-ES","enc":"A256GCM","epk":`+low+`}`, nil), x25519)
	require.ErrorIs(t, err, jwe.ErrMalformed, "a point of low order")
	good := `"epk":{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`
	for header, want := range map[string]error{
		`{"alg":"ECDH-ES","enc":"A256GCM",` + good + `}`: jwe.ErrDecrypt, `{"alg":"ECDH-ES","enc":"A256GCM","apu":"=",` + good + `}`: jwe.ErrMalformed,
		`{"alg":"ECDH-ES","enc":"A256GCM","apv":7,` + good + `}`: jwe.ErrMalformed, `{"alg":"ECDH-ES+A256KW","enc":"A256GCM",` + good + `}`: jwe.ErrMalformed, `{"alg":"dir","enc":"A256GCM",` + good + `}`: jwe.ErrUnsupported,
	} {
		_, err := jwe.Decrypt(crafted(t, header, nil), private)
		require.ErrorIs(t, err, want, header)
	}
	_, err = jwe.Decrypt(crafted(t, `{"alg":"ECDH-ES","enc":"A256GCM",`+good+`}`, nil), nil)
	require.ErrorIs(t, err, jwe.ErrUnsupported)
	_, err = jwe.Encrypt(nil, nil, jwe.Header{})
	require.ErrorIs(t, err, jwe.ErrUnsupported)
}

func FuzzDecrypt(f *testing.F) {
	private, err := ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{7}, 32))
	require.NoError(f, err)
	direct, err := jwe.EncryptDirect([]byte("plaintext"), shared, jwe.Header{Compressed: true})
	require.NoError(f, err)
	agreed, err := jwe.Encrypt([]byte("plaintext"), private.PublicKey(), jwe.Header{})
	require.NoError(f, err)
	f.Add(direct)
	f.Add(agreed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := jwe.DecryptDirect(raw, shared); err == nil {
			require.NotNil(t, m.Plaintext)
		}
		if m, err := jwe.Decrypt(raw, private); err == nil {
			require.NotNil(t, m.Plaintext)
		}
	})
}
