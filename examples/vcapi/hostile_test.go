package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/w3c"
)

var posts = []string{
	"/credentials/issue", "/credentials/verify", "/credentials/derive", "/credentials/status",
	"/presentations/verify", "/presentations/prove", "/issuers/eddsa-jcs-2022/credentials/issue",
}

func TestBodies(t *testing.T) {
	a := newAPI(t, config{})
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, path := range posts {
		for name, row := range map[string]struct {
			contentType, body string
			want              int
		}{
			"empty":                {"application/json", "", 400},
			"no type":              {"", "{}", 415},
			"text":                 {"text/plain", "{}", 415},
			"a form":               {"application/x-www-form-urlencoded", "a=b", 415},
			"a malformed type":     {"application/json;;", "{}", 415},
			"Latin":                {"application/json; charset=latin1", "{}", 415},
			"UTF-8":                {"application/json; charset=UTF-8", "{}", 400},
			"JSON-LD":              {"application/ld+json", "{}", 400},
			"bytes":                {"application/json", "\x00\x01\x02\xff", 400},
			"null":                 {"application/json", "null", 400},
			"an array":             {"application/json", "[]", 400},
			"deep":                 {"application/json", `{"credential":` + deep + "}", 400},
			"deep arrays":          {"application/json", strings.Repeat("[", 500_000), 400},
			"huge":                 {"application/json", `{"credential":"` + strings.Repeat("a", 1<<20) + `"}`, 413},
			"many values":          {"application/json", `{"credential":[` + strings.Repeat("1,", 300_000) + `1]}`, 400},
			"huge but for a space": {"application/json", "{}" + strings.Repeat(" ", 1<<20), 413},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				r := a.do(http.MethodPost, path, row.contentType, []byte(row.body))
				require.Equal(t, row.want, r.status, string(r.raw[:min(len(r.raw), 200)]))
				require.Equal(t, problemType, r.header.Get("Content-Type"))
				require.NotEmpty(t, r.object["type"])
				require.NotEmpty(t, r.object["title"])
			})
		}
	}
}

func TestMethods(t *testing.T) {
	a := newAPI(t, config{})
	for _, path := range posts {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			r := a.do(method, path, "", nil)
			require.Equal(t, http.StatusMethodNotAllowed, r.status, method+" "+path)
			require.Equal(t, "POST", r.header.Get("Allow"))
		}
	}
	for _, path := range []string{"/status/1", "/1.0/identifiers/did:key:z", "/"} {
		require.Equal(t, http.StatusMethodNotAllowed, a.do("DELETE", path, "", nil).status, path)
	}
	for _, path := range []string{"/nowhere", "/credentials", "/issuers/a/b", "/favicon.ico"} {
		r := a.do("GET", path, "", nil)
		require.Equal(t, http.StatusNotFound, r.status, path)
		require.Equal(t, problemType, r.header.Get("Content-Type"))
	}
	require.Equal(t, http.StatusUnsupportedMediaType, func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+posts[0], strings.NewReader("{}"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", "gzip")
		return a.send(r).status
	}())
}

// TestMutations changes good requests at random: whatever comes, the answer is
// in the 200s or 400s and nothing panics.
func TestMutations(t *testing.T) {
	a := newAPI(t, config{})
	random := rand.New(rand.NewPCG(1, 2))
	odd := []string{`null`, `5`, `-1e9`, `"x"`, `[]`, `{}`, `[null]`, `{"@id":"x"}`, `{"@context":{"@protected":"x"}}`, `{"":"urn:x"}`, `{"@container":5}`, `{"@nest":""}`, `true`, `"did:key:z"`, `"https://"`}
	for _, by := range a.issuers {
		vc := a.issued(by, example(by.did()))
		texts := map[string]string{
			"/credentials/verify":   marshal(t, object{"verifiableCredential": vc}),
			"/credentials/issue":    marshal(t, object{"credential": example(by.did())}),
			"/presentations/verify": marshal(t, object{"verifiablePresentation": object{"@context": []any{w3c.Context}, "type": "VerifiablePresentation", "verifiableCredential": []any{vc}, "proof": vc["proof"]}}),
			"/presentations/prove":  marshal(t, object{"presentation": object{"@context": []any{w3c.Context}, "type": "VerifiablePresentation", "verifiableCredential": []any{vc}}}),
		}
		for path, text := range texts {
			for range 60 {
				body := mutate(random, text, odd)
				r := a.do(http.MethodPost, path, "application/json", body)
				require.Contains(t, []int{200, 201, 400, 422}, r.status, "%s: %s", path, body)
			}
		}
	}
}

func marshal(t *testing.T, v any) string {
	r := answer(200, "", v)
	require.NotEmpty(t, r.body)
	return string(r.body)
}

// mutate replaces a value by another, or a stretch of bytes by nothing.
func mutate(random *rand.Rand, text string, odd []string) []byte {
	b := []byte(text)
	if random.IntN(4) == 0 {
		at := random.IntN(len(b))
		return append(b[:at:at], b[min(len(b), at+random.IntN(20)):]...)
	}
	var colons []int
	for i, c := range b {
		if c == ':' && b[i-1] == '"' {
			colons = append(colons, i+1)
		}
	}
	at := colons[random.IntN(len(colons))]
	end, depth, quoted := at, 0, false
	for ; end < len(b); end++ {
		switch c := b[end]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return bytes.Join([][]byte{b[:at], []byte(odd[random.IntN(len(odd))]), b[end:]}, nil)
		}
	}
	return b
}

// TestPanic has an endpoint that panics, which none does: the request is
// refused and the server goes on.
func TestPanic(t *testing.T) {
	var told bytes.Buffer
	s, err := newServer(config{base: "http://localhost", fetch: noFetch(t), trouble: &told})
	require.NoError(t, err)
	out := s.guarded(func(*http.Request) reply { panic("on purpose") }, &http.Request{Pattern: "/x"})
	require.Equal(t, http.StatusBadRequest, out.status)
	require.NotContains(t, string(out.body), "on purpose")
	require.Contains(t, told.String(), "on purpose")
}

// TestSlow has a client that never ends its headers.
func TestSlow(t *testing.T) {
	h := newHTTPServer()
	require.NotZero(t, h.ReadTimeout)
	require.Greater(t, h.WriteTimeout, h.ReadTimeout)
	h.ReadHeaderTimeout = 50 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = h.Serve(l) }()
	defer h.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprint(c, "POST /credentials/verify HTTP/1.1\r\nHost: x\r\n")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = io.ReadAll(bufio.NewReader(c))
	require.NoError(t, err, "the server ended the connection")
}

func FuzzVerify(f *testing.F) {
	s, err := newServer(config{base: "http://localhost", fetch: noFetch(f), trouble: panicky{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"verifiableCredential":{"@context":["` + w3c.Context + `"],"type":["VerifiableCredential"],"issuer":"did:example:a","credentialSubject":{"id":"did:example:b"},"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","proofValue":"z1","verificationMethod":"did:key:z6Mk#z6Mk","proofPurpose":"assertionMethod"}},"options":{"checks":["proof"]}}`))
	f.Add([]byte(`{"verifiableCredential":{"@context":{"@protected":"x"}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range []endpoint{s.verifyCredential, s.verifyPresentation, s.issue, s.prove, s.setStatus} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			require.NotEqual(t, http.StatusInternalServerError, s.guarded(e, r).status)
		}
	})
}

// panicky makes of a panic that was caught one that is not.
type panicky struct{}

func (panicky) Write(p []byte) (int, error) { panic(string(p)) }
