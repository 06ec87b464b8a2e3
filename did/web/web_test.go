package web_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/web"
	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

var public = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()

// document is what the subject id publishes: a key to issue and one to present.
func document(t testing.TB, id string) string {
	t.Helper()
	raw, err := json.Marshal(&did.Document{
		ID: id,
		Methods: []did.VerificationMethod{
			{ID: id + "#issue", Controller: id, Public: public},
			{ID: id + "#present", Controller: id, Public: public},
			{ID: id + "#other", Controller: id, Public: did.OtherKey{Kind: did.X25519, Bytes: make([]byte, 32)}},
		},
		Relationships: map[proof.Purpose][]string{
			proof.AssertionMethod: {id + "#issue", id + "#other"}, proof.Authentication: {id + "#present"},
		},
	})
	require.NoError(t, err)
	return string(raw)
}

// site serves documents by path, and counts what it is asked.
type site struct {
	*fetchtest.Server
	id      string // did:web of the host
	asked   atomic.Int32
	accept  atomic.Value
	answers map[string]func(http.ResponseWriter)
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{answers: map[string]func(http.ResponseWriter){}}
	s.Server = fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.accept.Store(r.Header.Get("Accept"))
		if f := s.answers[r.URL.EscapedPath()]; f != nil {
			f(w)
			return
		}
		http.NotFound(w, r)
	}))
	s.id = "did:web:localhost%3A" + s.Port
	return s
}

func (s *site) text(path, text string) {
	s.answers[path] = func(w http.ResponseWriter) { io.WriteString(w, text) }
}

func (s *site) resolver(t testing.TB, o web.Options) *web.Resolver {
	t.Helper()
	o.RootCAs, o.PrivateHosts = s.Roots, []string{"localhost"}
	r, err := web.New(o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

func TestResolve(t *testing.T) {
	s := newSite(t)
	s.text("/.well-known/did.json", document(t, s.id))
	s.text("/ministry/health/did.json", document(t, s.id+":ministry:health"))
	s.text("/a%20b/did.json", document(t, s.id+":a%20b"))
	r := s.resolver(t, web.Options{})
	for _, id := range []string{s.id, s.id + ":ministry:health", s.id + ":a%20b"} {
		keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: id + "#issue", Issuer: "did:web:evil.example"})
		require.NoError(t, err, id)
		require.Equal(t, []proof.Key{{
			ID: id + "#issue", Controllers: []string{id}, Public: public,
			Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.AssertionMethod},
		}}, keys)
		keys, err = r.ResolveKeys(ctx, proof.Hint{KeyID: id + "#present"})
		require.NoError(t, err)
		require.Equal(t, []proof.Purpose{proof.Authentication}, keys[0].Purposes)
		_, err = r.ResolveKeys(ctx, proof.Hint{KeyID: id + "#other"})
		require.ErrorIs(t, err, did.ErrUnsupported)
	}
	require.Contains(t, s.accept.Load(), "application/did+json")
	require.EqualValues(t, 3, s.asked.Load(), "documents are remembered")

	for _, keyID := range []string{s.id + "#missing", s.id + ":nowhere#issue", "", "did:key:z6Mk#z6Mk", "https://localhost", "http://localhost/#issue", "https://localhost/#", "https://localhost/#a#b", "urn:x#y"} {
		keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: keyID})
		require.NoError(t, err, keyID)
		require.Empty(t, keys, keyID)
	}
	for _, keyID := range []string{s.id, s.id + "#", s.id + "?x#issue", s.id + "/did.json#issue", s.id + "#a#b", "did:web:#issue", "did:web:127.0.0.1#issue"} {
		keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: keyID})
		require.ErrorIs(t, err, did.ErrInvalid, keyID)
		require.Empty(t, keys, keyID)
	}
}

func TestControllerDocuments(t *testing.T) {
	s := newSite(t)
	id := s.Base + "/issuers/1"
	s.text("/issuers/1", document(t, id))
	s.text("/issuers/2", document(t, id))
	r := s.resolver(t, web.Options{})
	keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: id + "#issue"})
	require.NoError(t, err)
	require.Equal(t, []string{id}, keys[0].Controllers)
	_, err = r.ResolveKeys(ctx, proof.Hint{KeyID: s.Base + "/issuers/2#issue"})
	require.ErrorIs(t, err, did.ErrInvalid, "it names another URL")
	keys, err = r.ResolveKeys(ctx, proof.Hint{KeyID: s.Base + "/issuers/3#issue"})
	require.NoError(t, err)
	require.Empty(t, keys)
}

func TestDocumentErrors(t *testing.T) {
	s := newSite(t)
	r := s.resolver(t, web.Options{})
	status := func(n int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(n) }
	}
	serve := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { io.WriteString(w, text) }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   error
	}{
		"404":          {status(404), did.ErrNotFound},
		"410":          {status(410), did.ErrDeactivated},
		"500":          {status(500), proof.ErrUnavailable},
		"deactivated":  {serve(strings.Replace(document(t, s.id+":deactivated"), "{", `{"deactivated":true,`, 1)), did.ErrDeactivated},
		"another-id":   {serve(document(t, s.id)), did.ErrInvalid},
		"another-case": {serve(document(t, s.id+":Another-Case")), did.ErrInvalid},
		"empty":        {serve(""), did.ErrInvalid},
		"no-json":      {serve("x"), did.ErrInvalid},
		"truncated":    {serve(document(t, s.id+":truncated")[:200]), did.ErrInvalid},
		"html": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, document(t, s.id+":html"))
		}, did.ErrInvalid},
		"large": {serve(`{"id":"` + s.id + `:large","x":"` + strings.Repeat("x", 1<<20) + `"}`), web.ErrRefused},
		"moved-inside": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://10.0.0.1/did.json")
			w.WriteHeader(http.StatusMovedPermanently)
		}, web.ErrRefused},
	} {
		id := s.id + ":" + name
		s.answers["/"+name+"/did.json"] = c.answer
		d, err := r.Document(ctx, id)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, d)
		require.Equal(t, c.want == proof.ErrUnavailable, strings.Contains(err.Error(), "unavailable"), name)
		keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: id + "#issue"})
		require.Empty(t, keys, name)
		require.Equal(t, name != "404", err != nil, name)
	}
	s.Close()
	_, err := r.Document(ctx, s.id)
	require.ErrorIs(t, err, proof.ErrUnavailable, "server down")
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Document(canceled, s.id)
	require.ErrorIs(t, err, context.Canceled)
}

func TestPromiseNetworkIsLimited(t *testing.T) {
	s := newSite(t)
	s.text("/.well-known/did.json", document(t, s.id))
	r, err := web.New(web.Options{RootCAs: s.Roots})
	require.NoError(t, err)
	_, err = r.Document(ctx, s.id)
	require.ErrorIs(t, err, web.ErrRefused, "this machine, not allowed by name")
	_, err = r.ResolveKeys(ctx, proof.Hint{KeyID: "https://169.254.169.254/latest#key"})
	require.ErrorIs(t, err, web.ErrRefused)
	require.NotErrorIs(t, err, proof.ErrUnavailable)

	only := s.resolver(t, web.Options{Domains: []string{"health.example"}})
	for _, id := range []string{s.id, "did:web:other.example", "https://other.example/x"} {
		_, err = only.ResolveKeys(ctx, proof.Hint{KeyID: id + "#issue"})
		require.ErrorIs(t, err, web.ErrRefused, id)
	}
	require.Zero(t, s.asked.Load())
	_, err = s.resolver(t, web.Options{Domains: []string{"localhost"}}).Document(ctx, s.id)
	require.NoError(t, err)
}

func TestMaxAge(t *testing.T) {
	s := newSite(t)
	s.text("/.well-known/did.json", document(t, s.id))
	r := s.resolver(t, web.Options{MaxAge: -1})
	for range 3 {
		_, err := r.Document(ctx, s.id)
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, s.asked.Load())
}

func TestTimeout(t *testing.T) {
	s := newSite(t)
	hold := make(chan struct{})
	defer close(hold)
	s.answers["/.well-known/did.json"] = func(http.ResponseWriter) { <-hold }
	_, err := s.resolver(t, web.Options{Timeout: 50 * time.Millisecond}).Document(ctx, s.id)
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []web.Options{{Timeout: -1}, {Proxy: &url.URL{Scheme: "ftp", Host: "a"}}} {
		_, err := web.New(o)
		require.Error(t, err)
	}
}

func TestURL(t *testing.T) {
	for id, want := range map[string]string{
		// the examples of the method's specification
		"did:web:w3c-ccg.github.io":                "https://w3c-ccg.github.io/.well-known/did.json",
		"did:web:w3c-ccg.github.io:user:alice":     "https://w3c-ccg.github.io/user/alice/did.json",
		"did:web:example.com%3A3000:user:alice":    "https://example.com:3000/user/alice/did.json",
		"did:web:example.com%3A3000":               "https://example.com:3000/.well-known/did.json",
		"did:web:example.com%3a3000":               "https://example.com:3000/.well-known/did.json",
		"did:web:localhost":                        "https://localhost/.well-known/did.json",
		"did:web:Example.COM":                      "https://Example.COM/.well-known/did.json",
		"did:web:xn--mgbaam7a8h.xn--mgberp4a5d4ar": "https://xn--mgbaam7a8h.xn--mgberp4a5d4ar/.well-known/did.json",
		"did:web:a.example:b%3Fc:%2E%2Ed":          "https://a.example/b%3Fc/%2E%2Ed/did.json",
		"did:web:a.example:...":                    "https://a.example/.../did.json",
	} {
		got, err := web.URL(id)
		require.NoError(t, err, id)
		require.Equal(t, want, got)
		_, err = url.Parse(got)
		require.NoError(t, err)
	}
	for _, id := range []string{
		"", "did:web", "did:web:", "did:key:a.example", "DID:web:a.example", "did:web:a.example:", "did:web::a", "did:web:a.example::b", "did:web:a.example/b", "did:web:a.example?b", "did:web:a.example#b",
		"did:web:127.0.0.1", "did:web:127.1", "did:web:2130706433", "did:web:0x7f000001", "did:web:0x7f.1", "did:web:a.0x7f", "did:web:%5B%3A%3A1%5D", "did:web:::1", "did:web:a.example.",
		"did:web:.a.example", "did:web:a..example", "did:web:-a.example", "did:web:a-.example", "did:web:a_b.example", "did:web:user%40a.example", "did:web:a.example%2Fb", "did:web:a.example%23", "did:web:é.example",
		"did:web:a.example%3A", "did:web:a.example%3A0", "did:web:a.example%3A080", "did:web:a.example%3A65536", "did:web:a.example%3A+80", "did:web:a.example%3A80%3A80", "did:web:a.example%3Ax", "did:web:%3A80",
		"did:web:a.example:.", "did:web:a.example:..:b", "did:web:a.example:%2e%2e:b", "did:web:a.example:%2E", "did:web:a.example:b%2Fc", "did:web:a.example:b%5Cc", "did:web:a.example:b%00", "did:web:a.example:b%0a", "did:web:a.example:b%ff", "did:web:a.example:b%", "did:web:a.example:b%4",
		"did:web:" + strings.Repeat("a", 64) + ".example", "did:web:" + strings.Repeat("a.", 130) + "example", "did:web:a.example:" + strings.Repeat("b", did.MaxLength),
	} {
		got, err := web.URL(id)
		require.ErrorIs(t, err, did.ErrInvalid, id)
		require.Empty(t, got, id)
	}
}

func FuzzURL(f *testing.F) {
	for _, id := range []string{"did:web:a.example", "did:web:a.example%3A80:b:c%20d", "did:web:127.0.0.1", "did:web:a:%2e%2e"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		s, err := web.URL(id)
		if err != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatalf("%q: %v", id, err)
		}
		host := strings.TrimPrefix(id, "did:web:")
		if u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(host, u.Hostname()) || !strings.HasSuffix(u.Path, "/did.json") || u.JoinPath().EscapedPath() != u.EscapedPath() {
			t.Fatalf("%q is at %q", id, s)
		}
	})
}
