package jose_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
)

var ctx = context.Background()

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func signer(t testing.TB, k crypto.Signer) proof.Signer {
	t.Helper()
	s, err := proof.NewSigner(k, proof.Key{ID: "k"})
	require.NoError(t, err)
	return s
}

func ecSigner(t testing.TB, c elliptic.Curve) proof.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return signer(t, k)
}

func signers(t testing.TB) map[proof.Algorithm]proof.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return map[proof.Algorithm]proof.Signer{
		proof.ES256: ecSigner(t, elliptic.P256()), proof.ES384: ecSigner(t, elliptic.P384()), proof.ES512: ecSigner(t, elliptic.P521()),
		proof.ES256K: ecSigner(t, proof.Secp256k1()),
		proof.EdDSA:  signer(t, ed), proof.PS256: signer(t, r),
	}
}

func key(t testing.TB, text string) proof.Key {
	t.Helper()
	k, err := jwk.Parse([]byte(text), jwk.Strict)
	require.NoError(t, err)
	return k.Proof()
}

func TestSignVerify(t *testing.T) {
	all := signers(t)
	for a, s := range all {
		for _, payload := range []string{"", "{}", strings.Repeat("x", 70000)} {
			raw, err := jose.Sign(ctx, s, jose.Header{KeyID: "k", Type: "vc+jwt", ContentType: "vc", Issuer: "did:example:1"}, []byte(payload))
			require.NoError(t, err)
			m, err := jose.Parse(raw, jose.Options{})
			require.NoError(t, err)
			require.Equal(t, jose.Header{Algorithm: a, KeyID: "k", Type: "vc+jwt", ContentType: "vc", Issuer: "did:example:1"}, m.Header)
			require.Equal(t, payload, string(m.Payload))
			require.NotNil(t, m.Payload)
			require.Equal(t, proof.Hint{KeyID: "k", Algorithm: a}, m.Hint())
			for b, other := range all {
				err := m.Verify(other.Key())
				if a == b {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, proof.ErrKey)
				}
			}
		}
	}
	raw, err := jose.Sign(ctx, all[proof.ES256], jose.Header{}, []byte("x"))
	require.NoError(t, err)
	m, err := jose.Parse(raw, jose.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, m.Verify(ecSigner(t, elliptic.P256()).Key()), proof.ErrMismatch)
}

// The examples of RFC 7515, appendix A.3, and RFC 8037, appendix A.4.
func TestStandardsExamples(t *testing.T) {
	for _, c := range []struct{ raw, key, payload string }{
		{
			"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
			"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
		},
		{
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"Example of Ed25519 signing",
		},
	} {
		m, err := jose.Parse([]byte(c.raw), jose.Options{})
		require.NoError(t, err)
		require.Equal(t, c.payload, string(m.Payload))
		require.NoError(t, m.Verify(key(t, c.key)))
	}
}

// Every single changed byte is refused: the compact form has one spelling.
func TestPromiseTamperedMessageIsRefused(t *testing.T) {
	for _, s := range []proof.Signer{ecSigner(t, elliptic.P256()), ecSigner(t, proof.Secp256k1())} {
		raw, err := jose.Sign(ctx, s, jose.Header{KeyID: "k"}, []byte("payload"))
		require.NoError(t, err)
		for i := range raw {
			for _, c := range []byte("A_-z0.=+/ \n\x00\xff") {
				bad := append([]byte{}, raw...)
				if bad[i] == c {
					continue
				}
				bad[i] = c
				m, err := jose.Parse(bad, jose.Options{})
				if err == nil {
					require.Error(t, m.Verify(s.Key()), "byte %d became %q", i, c)
				}
			}
			for _, bad := range [][]byte{append(append([]byte{}, raw[:i]...), raw[i+1:]...), append(append(append([]byte{}, raw[:i]...), 'A'), raw[i:]...), raw[:i]} {
				m, err := jose.Parse(bad, jose.Options{})
				if err == nil {
					require.Error(t, m.Verify(s.Key()), "byte %d added or removed", i)
				}
			}
		}
	}
}

// token joins parts as they are given, with a signature that nobody made.
func token(header, payload string) string {
	return b64(header) + "." + b64(payload) + "." + b64("signature")
}

func TestMalformed(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for name, raw := range map[string]string{
		"empty":                 "",
		"two parts":             b64(`{"alg":"ES256"}`) + "." + b64("x"),
		"four parts":            token(`{"alg":"ES256"}`, "x") + ".x",
		"five parts, a JWE":     token(`{"alg":"dir","enc":"A256GCM"}`, "") + ".x.y",
		"no signature":          b64(`{"alg":"ES256"}`) + "." + b64("x") + ".",
		"padded header":         base64.URLEncoding.EncodeToString([]byte(`{"alg":"ES256" }`)) + ".eA.eA",
		"padded payload":        b64(`{"alg":"ES256"}`) + ".eA==.eA",
		"trailing bits":         b64(`{"alg":"ES256"}`) + ".eB.eA",
		"standard alphabet":     b64(`{"alg":"ES256"}`) + ".+/+/.eA",
		"line end":              b64(`{"alg":"ES256"}`) + ".eHh4\n.eA",
		"carriage return":       b64(`{"alg":"ES256"}`) + ".eHh4.eA\r",
		"space before":          " " + token(`{"alg":"ES256"}`, "x"),
		"header no JSON":        token(`alg`, "x"),
		"header a list":         token(`[{"alg":"ES256"}]`, "x"),
		"header twice":          token(`{"alg":"ES256"}{"alg":"ES256"}`, "x"),
		"alg twice":             token(`{"alg":"ES256","alg":"none"}`, "x"),
		"alg twice, hidden":     token(`{"alg":"ES256","\u0061lg":"none"}`, "x"),
		"alg missing":           token(`{}`, "x"),
		"alg no string":         token(`{"alg":7}`, "x"),
		"alg a list":            token(`{"alg":["ES256"]}`, "x"),
		"ALG":                   token(`{"ALG":"ES256"}`, "x"),
		"crit empty":            token(`{"alg":"ES256","crit":[]}`, "x"),
		"crit unknown":          token(`{"alg":"ES256","crit":["exp"],"exp":1}`, "x"),
		"crit alg":              token(`{"alg":"ES256","crit":["alg"]}`, "x"),
		"crit no list":          token(`{"alg":"ES256","crit":"b64","b64":true}`, "x"),
		"crit null":             token(`{"alg":"ES256","crit":null}`, "x"),
		"crit b64 without b64":  token(`{"alg":"ES256","crit":["b64"]}`, "x"),
		"crit b64 twice":        token(`{"alg":"ES256","crit":["b64","b64"],"b64":false}`, "x"),
		"b64 not asked for":     token(`{"alg":"ES256","crit":["b64"],"b64":false}`, "x"),
		"b64 true, not asked":   token(`{"alg":"ES256","crit":["b64"],"b64":true}`, "x"),
		"b64 without crit":      token(`{"alg":"ES256","b64":false}`, "x"),
		"b64 true without crit": token(`{"alg":"ES256","b64":true}`, "x"),
		"kid no string":         token(`{"alg":"ES256","kid":1}`, "x"),
		"kid empty":             token(`{"alg":"ES256","kid":""}`, "x"),
		"typ null":              token(`{"alg":"ES256","typ":null}`, "x"),
		"nested":                token(`{"alg":"ES256","x":`+deep+`}`, "x"),
		"jwk no key":            token(`{"alg":"ES256","jwk":{}}`, "x"),
		"jwk symmetric":         token(`{"alg":"ES256","jwk":{"kty":"oct","k":"AAAA"}}`, "x"),
		"jwk private":           token(`{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}`, "x"),
		"x5c empty":             token(`{"alg":"ES256","x5c":[]}`, "x"),
		"x5c no certificate":    token(`{"alg":"ES256","x5c":["AAAA"]}`, "x"),
		"x5c a string":          token(`{"alg":"ES256","x5c":"AAAA"}`, "x"),
		"x5t#S256 short":        token(`{"alg":"ES256","x5t#S256":"AAAA"}`, "x"),
		"x5t#S256 no string":    token(`{"alg":"ES256","x5t#S256":7}`, "x"),
		"header too long":       token(`{"alg":"ES256","x":"`+strings.Repeat("x", 64<<10)+`"}`, "x"),
	} {
		_, err := jose.Parse([]byte(raw), jose.Options{})
		require.ErrorIs(t, err, jose.ErrMalformed, name)
		require.True(t, strings.HasPrefix(err.Error(), "jose: "), err.Error())
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "es256", "ES256 ", "ES256\x00", "dir", "ECDH-ES", "RS1", "RS384", "Ed448", "HSS-LMS"} {
		_, err := jose.Parse([]byte(token(fmt.Sprintf(`{"alg":%q}`, alg), "x")), jose.Options{})
		require.ErrorIs(t, err, jose.ErrMalformed, alg)
		if !strings.Contains(alg, "\x00") {
			require.ErrorIs(t, err, jose.ErrAlgorithm, alg)
		}
	}
}

// crit names all that must be understood, in whichever order (RFC 7515, section
// 4.1.11).
func TestCriticalWhereB64Is(t *testing.T) {
	for header, ok := range map[string]bool{
		`{"alg":"ES256","b64":false,"crit":["b64"]}`:               true,
		`{"alg":"ES256","b64":true,"crit":["b64"]}`:                true,
		`{"alg":"ES256","b64":false,"crit":["exp","b64"],"exp":1}`: false,
		`{"alg":"ES256","b64":false,"crit":["b64","exp"],"exp":1}`: false,
		`{"alg":"ES256","b64":false,"crit":["b64","b64"]}`:         false,
		`{"alg":"ES256","b64":false,"crit":[["b64"]]}`:             false,
	} {
		_, err := jose.Parse([]byte(b64(header)+".."+b64("s")), jose.Options{Unencoded: true, Detached: []byte("x")})
		require.Equal(t, ok, err == nil, header)
	}
}

// A key for one algorithm of its kind is not for the other (RFC 8725, section 3.1).
func TestKeyIsForItsOwnAlgorithm(t *testing.T) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	input := b64(`{"alg":"RS256"}`) + "." + b64("x")
	digest := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:])
	require.NoError(t, err)
	m, err := jose.Parse([]byte(input+"."+b64(string(sig))), jose.Options{})
	require.NoError(t, err)
	require.NoError(t, m.Verify(proof.Key{Public: &k.PublicKey, Algorithms: []proof.Algorithm{proof.PS256, proof.RS256}}))
	require.ErrorIs(t, m.Verify(signer(t, k).Key()), proof.ErrKey)
}

// Claims that the header repeats must be those of the payload.
func TestContradiction(t *testing.T) {
	const payload = `{"iss":"i","aud":["a","b"],"exp":1,"sub":"s"}`
	for header, want := range map[string]string{
		`"iss":"i"`: "", `"iss":"j"`: "iss", `"sub":"t"`: "sub", `"aud":["a","b"]`: "", `"aud":"a"`: "aud", `"exp":1.0`: "", `"exp":2`: "exp",
		`"jti":"x"`: "", `"x":1`: "",
	} {
		m, err := jose.Parse([]byte(token(`{"alg":"ES256",`+header+`}`, payload)), jose.Options{})
		require.NoError(t, err)
		v, err := jcs.Parse(m.Payload)
		require.NoError(t, err)
		require.Equal(t, want, m.Contradiction(v), header)
	}
}

// The key decides, whatever the message names: RFC 8725, sections 2.1 and 3.1.
func TestPromiseAlgorithmComesFromTheKey(t *testing.T) {
	all := signers(t)
	for a, s := range all {
		for b := range all {
			header := jose.Header{KeyID: "k"}
			raw, err := jose.Sign(ctx, s, header, []byte("x"))
			require.NoError(t, err)
			parts := strings.Split(string(raw), ".")
			forged := b64(fmt.Sprintf(`{"alg":%q,"kid":"k"}`, b)) + "." + parts[1] + "." + parts[2]
			m, err := jose.Parse([]byte(forged), jose.Options{})
			require.NoError(t, err)
			if err := m.Verify(s.Key()); a == b {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, proof.ErrKey, "%s as %s", a, b)
			}
		}
	}
}

// In JOSE the name fixes the curve, also where the key's source allows more (RFC
// 7518, section 3.4).
func TestCurveIsFixedByTheName(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	input := b64(`{"alg":"ES256"}`) + "." + b64("x")
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
	require.NoError(t, err)
	sig := append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...)
	wide := proof.Key{Public: &k.PublicKey, Algorithms: []proof.Algorithm{proof.ES384, proof.ES256}}
	require.NoError(t, proof.Verify(wide.Public, proof.ES256, []byte(input), sig), "as COSE has it")
	m, err := jose.Parse([]byte(input+"."+b64(string(sig))), jose.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, m.Verify(wide), proof.ErrKey)
}

func TestSignatureInDERIsRefused(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	input := b64(`{"alg":"ES256"}`) + "." + b64("x")
	digest := sha256.Sum256([]byte(input))
	der, err := ecdsa.SignASN1(rand.Reader, k, digest[:])
	require.NoError(t, err)
	m, err := jose.Parse([]byte(input+"."+b64(string(der))), jose.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, m.Verify(signer(t, k).Key()), proof.ErrMismatch)
}

// Keys that a message brings along, or points to, are candidates and no more.
func TestKeysInTheHeader(t *testing.T) {
	n := testnet.New("jose", time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	doc := n.State("ID").Signer(testnet.SignerOptions{})
	k := doc.Signer.Key()
	leaf := sha256.Sum256(k.Chain[0].Raw)
	raw, err := jose.Sign(ctx, doc.Signer, jose.Header{Key: &proof.Key{ID: "in", Public: k.Public}, Chain: k.Chain, X5tS256: leaf[:], Type: "application/VC+jwt"}, []byte("x"))
	require.NoError(t, err)
	m, err := jose.Parse(raw, jose.Options{})
	require.NoError(t, err)
	require.True(t, m.Header.IsType("vc+jwt"))
	require.False(t, m.Header.IsType("jwt"))
	require.Equal(t, k.Chain, m.Hint().Chain)
	require.Equal(t, leaf[:], m.Header.X5tS256)
	require.Equal(t, "in", m.Header.Key.ID)
	require.Empty(t, m.Header.Key.Purposes, "a key for nothing")
	require.NoError(t, m.Verify(k))

	other := ecSigner(t, elliptic.P256()).Key()
	for name, h := range map[string]jose.Header{
		"another jwk":         {Key: &other, Chain: k.Chain},
		"another certificate": {Chain: k.Chain[1:], X5tS256: leaf[:]},
		"x5t of three bytes":  {X5tS256: []byte{1, 2, 3}},
	} {
		_, err := jose.Sign(ctx, doc.Signer, h, []byte("x"))
		require.ErrorIs(t, err, jose.ErrMalformed, name)
	}
	// kid, jku and x5u may be anything: nothing is done with them here.
	m, err = jose.Parse([]byte(token(`{"alg":"ES256","kid":"file:///etc/passwd","jku":"http://localhost/","x5u":"http://169.254.169.254/"}`, "x")), jose.Options{})
	require.NoError(t, err)
	require.Equal(t, "file:///etc/passwd", m.Hint().KeyID)
}

func TestDetached(t *testing.T) {
	s := ecSigner(t, elliptic.P256())
	payload := []byte("payload.with.dots")
	for _, unencoded := range []bool{false, true} {
		raw, err := jose.SignDetached(ctx, s, jose.Header{Unencoded: unencoded}, payload)
		require.NoError(t, err)
		require.Contains(t, string(raw), "..")
		m, err := jose.Parse(raw, jose.Options{Detached: payload, Unencoded: true})
		require.NoError(t, err)
		require.Equal(t, unencoded, m.Header.Unencoded)
		require.NoError(t, m.Verify(s.Key()))
		m, err = jose.Parse(raw, jose.Options{Detached: []byte("payload"), Unencoded: true})
		require.NoError(t, err)
		require.ErrorIs(t, m.Verify(s.Key()), proof.ErrMismatch)
		_, err = jose.Parse(raw, jose.Options{Detached: payload})
		require.Equal(t, unencoded, err != nil, "b64 false is read only where asked for")
		m, err = jose.Parse(raw, jose.Options{})
		if err == nil {
			require.ErrorIs(t, m.Verify(s.Key()), proof.ErrMismatch)
		}
		_, err = jose.Parse(raw, jose.Options{Unencoded: true})
		require.Equal(t, unencoded, err != nil)
	}
	raw, err := jose.Sign(ctx, s, jose.Header{}, payload)
	require.NoError(t, err)
	_, err = jose.Parse(raw, jose.Options{Detached: payload})
	require.ErrorIs(t, err, jose.ErrMalformed)
	_, err = jose.Sign(ctx, s, jose.Header{Unencoded: true}, payload)
	require.ErrorIs(t, err, jose.ErrMalformed)
}

func TestSignRefuses(t *testing.T) {
	s := ecSigner(t, elliptic.P256())
	_, err := jose.Sign(ctx, s, jose.Header{Algorithm: proof.ES384}, nil)
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = jose.Sign(ctx, fake{s, proof.Key{Public: s.Key().Public}}, jose.Header{}, nil)
	require.ErrorIs(t, err, proof.ErrKey)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, err = jose.Sign(ctx, fake{s, proof.Key{Public: &r.PublicKey, Algorithms: []proof.Algorithm{proof.RS256}}}, jose.Header{}, nil)
	require.ErrorIs(t, err, proof.ErrKey)
	_, err = jose.Sign(ctx, s, jose.Header{KeyID: "\xff"}, nil)
	require.ErrorIs(t, err, jose.ErrMalformed)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = jose.Sign(cancelled, s, jose.Header{}, nil)
	require.ErrorIs(t, err, context.Canceled)
}

type fake struct {
	proof.Signer
	key proof.Key
}

func (f fake) Key() proof.Key { return f.key }
