package fetch

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/proof"
)

var ctx = context.Background()

// client is one that may ask the server, by its name.
func client(t testing.TB, s *fetchtest.Server, o Options) *Client {
	t.Helper()
	o.RootCAs = s.Roots
	if o.PrivateHosts == nil {
		o.PrivateHosts = []string{"localhost"}
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func get(c *Client, url string) (*Response, error) { return c.Get(ctx, Request{URL: url}) }

func TestGet(t *testing.T) {
	var asked *http.Request
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"1"`)
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "you"})
		io.WriteString(w, "<html>")
	}))
	c := client(t, s, Options{MaxAge: -1})
	before := time.Now()
	for range 2 {
		r, err := c.Get(ctx, Request{URL: s.Base + "/a?b=c", Accept: "application/json"})
		require.NoError(t, err)
		require.Equal(t, "<html>", string(r.Body))
		require.Equal(t, "text/html; charset=utf-8", r.ContentType)
		require.Equal(t, `"1"`, r.ETag)
		require.Equal(t, s.Base+"/a?b=c", r.URL)
		require.False(t, r.Fetched.Before(before))
		require.Equal(t, "application/json", asked.Header.Get("Accept"))
		require.Equal(t, "/a?b=c", asked.URL.String())
		require.Empty(t, asked.Header.Get("Cookie"))
		require.Empty(t, asked.Header.Get("If-None-Match"))
		require.GreaterOrEqual(t, asked.TLS.Version, uint16(tls.VersionTLS12))
	}
	c.Close()
	_, err := get(c, s.Base)
	require.NoError(t, err, "closing releases, it does not end")
}

func TestStatus(t *testing.T) {
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"/404": 404, "/410": 410, "/500": 500, "/503": 503, "/403": 403, "/429": 429, "/204": 204, "/206": 206, "/304": 304, "/300": 300}[r.URL.Path]
		w.WriteHeader(status)
	}))
	c := client(t, s, Options{})
	for path, want := range map[string]error{
		"/404": ErrNotFound, "/410": ErrGone, "/500": proof.ErrUnavailable, "/503": proof.ErrUnavailable, "/403": proof.ErrUnavailable,
		"/429": proof.ErrUnavailable, "/204": proof.ErrUnavailable, "/206": proof.ErrUnavailable, "/304": proof.ErrUnavailable, "/300": proof.ErrUnavailable,
	} {
		r, err := get(c, s.Base+path)
		require.ErrorIs(t, err, want, path)
		require.Nil(t, r)
		require.NotContains(t, err.Error(), "fetch localhost: fetch")
		if want != proof.ErrUnavailable {
			require.ErrorIs(t, err, ErrNotFound)
			require.NotErrorIs(t, err, proof.ErrUnavailable)
		}
	}
}

func TestPromiseNoOtherURLs(t *testing.T) {
	s := fetchtest.NewServer(t, http.NotFoundHandler())
	c := client(t, s, Options{PlainHosts: []string{"plain.example"}})
	for _, u := range []string{
		"", "localhost", "//localhost/x", "/x", "http://localhost:" + s.Port, "ftp://localhost/", "file:///etc/passwd", "data:,x", "HTTPS:localhost",
		"https://", "https:///x", "https://:443/", "https://user@localhost/", "https://user:secret@localhost/", "https://localhost/#x", "https://local\thost/",
		"https://ｌocalhost/", "https://a b/", "https://[::1%25eth0]/", "https://localhost%2f.example/", "https://[::1]/", "https://127.0.0.1:" + s.Port,
		"https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
		"https://localhost/" + strings.Repeat("x", 5000), "https://" + strings.Repeat("x", 300) + "/", "http://other.example/", "https://localhost/%zz", "https://a.example:x/",
	} {
		_, err := get(c, u)
		require.ErrorIs(t, err, ErrRefused, u)
		require.NotErrorIs(t, err, proof.ErrUnavailable, u)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := get(c, "https://LOCALHOST:"+s.Port)
	require.ErrorIs(t, err, ErrNotFound, "host names have no case")
}

func TestPlainHosts(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "plain") }))
	defer plain.Close()
	c, err := New(Options{PlainHosts: []string{"127.0.0.1"}, PrivateHosts: []string{"127.0.0.1"}})
	require.NoError(t, err)
	r, err := get(c, plain.URL)
	require.NoError(t, err)
	require.Equal(t, "plain", string(r.Body))
	c, err = New(Options{PlainHosts: []string{"127.0.0.1"}})
	require.NoError(t, err)
	_, err = get(c, plain.URL)
	require.ErrorIs(t, err, ErrRefused, "still a private address")
}

func TestHosts(t *testing.T) {
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "https://other.example/", http.StatusFound)
		}
	}))
	c := client(t, s, Options{Hosts: []string{"Localhost"}})
	_, err := get(c, s.Base)
	require.NoError(t, err)
	for _, u := range []string{s.Base + "/away", "https://other.example/", "https://localhost.example/"} {
		_, err = get(c, u)
		require.ErrorIs(t, err, ErrRefused, u)
	}
}

func TestNameOfPrivateAddress(t *testing.T) {
	s := fetchtest.NewServer(t, http.NotFoundHandler())
	c := client(t, s, Options{PrivateHosts: []string{"other.example"}})
	_, err := get(c, s.Base)
	require.ErrorIs(t, err, ErrRefused, "localhost resolves to this machine")
	require.NotErrorIs(t, err, proof.ErrUnavailable)
}

// resolving answers DNS queries for A records with the addresses given, in turn.
func resolving(addresses ...string) *net.Resolver {
	var n atomic.Int32
	serve := func(conn net.Conn) {
		defer conn.Close()
		for {
			head := make([]byte, 2)
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			q := make([]byte, int(head[0])<<8|int(head[1]))
			if _, err := io.ReadFull(conn, q); err != nil {
				return
			}
			end := 12
			for q[end] != 0 {
				end += 1 + int(q[end])
			}
			question := q[12 : end+5]
			answer := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
			if question[len(question)-3] == 1 { // type A
				i := min(int(n.Add(1)), len(addresses)) - 1
				answer[7] = 1
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				answer = append(answer, net.ParseIP(addresses[i]).To4()...)
			}
			conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...))
		}
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go serve(server)
		return client, nil
	}}
}

// A name that shows a public address to whoever looks it up first, and a
// private one when the connection is made.
func TestPromiseNoRebinding(t *testing.T) {
	var asked atomic.Int32
	s := fetchtest.NewServer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }), "rebind.example")
	resolver := resolving("93.184.215.14", "127.0.0.1")
	c := client(t, s, Options{})
	c.guarded.Resolver = resolver
	found, err := resolver.LookupHost(ctx, "rebind.example")
	require.NoError(t, err)
	require.Equal(t, []string{"93.184.215.14"}, found)
	_, err = get(c, "https://rebind.example:"+s.Port)
	require.ErrorIs(t, err, ErrRefused)
	require.Zero(t, asked.Load())

	c = client(t, s, Options{PrivateHosts: []string{"rebind.example"}})
	c.open.Resolver = resolving("127.0.0.1")
	_, err = get(c, "https://rebind.example:"+s.Port)
	require.NoError(t, err, "allowed by name")
	require.EqualValues(t, 1, asked.Load())
}

func TestRedirects(t *testing.T) {
	var referers []string
	s := fetchtest.NewServer(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Header.Values("Referer")...)
		to := map[string]string{
			"/1": "/2", "/2": s.Base + "/3#part", "/3": "/end", "/0": "/1", "/loop": "/loop",
			"/private": "https://127.0.0.1:" + s.Port + "/end", "/plain": "http://localhost:" + s.Port + "/end",
			"/metadata": "https://169.254.169.254/", "/name": "https://inside.example/", "/file": "file:///etc/passwd",
			"/user": "https://user:secret@localhost:" + s.Port + "/end", "/bad": "https://%zz/",
		}[r.URL.Path]
		if to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	})
	c := client(t, s, Options{})
	c.guarded.Resolver = resolving("10.1.2.3")
	r, err := get(c, s.Base+"/1")
	require.NoError(t, err)
	require.Equal(t, s.Base+"/end", r.URL)
	require.Empty(t, referers)
	for _, path := range []string{"/0", "/loop", "/private", "/plain", "/metadata", "/name", "/file", "/user"} {
		_, err := get(c, s.Base+path)
		require.ErrorIs(t, err, ErrRefused, path)
		require.NotErrorIs(t, err, proof.ErrUnavailable, path)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err = get(c, s.Base+"/bad")
	require.ErrorIs(t, err, proof.ErrUnavailable)
}

func TestPromiseBodyIsBounded(t *testing.T) {
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			io.WriteString(w, strings.Repeat("x", 1000))
		case "/announced":
			w.Header().Set("Content-Length", "1000000000")
		case "/endless":
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1000 {
				z.Write(make([]byte, 100_000))
			}
			z.Close()
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, "zipped")
			z.Close()
		case "/broken":
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "no gzip")
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "x")
		case "/headers":
			w.Header().Set("X", strings.Repeat("x", 200_000))
		case "/short":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "x")
		}
	}))
	c := client(t, s, Options{MaxBytes: 1000})
	for path, want := range map[string]error{
		"/exact": nil, "/gzip": nil, "/announced": ErrRefused, "/endless": ErrRefused, "/bomb": ErrRefused,
		"/broken": proof.ErrUnavailable, "/brotli": proof.ErrUnavailable, "/headers": proof.ErrUnavailable, "/short": proof.ErrUnavailable,
	} {
		_, err := get(c, s.Base+path)
		require.ErrorIs(t, err, want, path)
		if err != nil {
			require.Less(t, len(err.Error()), 300, path)
		}
	}
	_, err := c.Get(ctx, Request{URL: s.Base + "/exact", MaxBytes: 999})
	require.ErrorIs(t, err, ErrRefused, "remembered, and larger than this caller wants")
	r, err := c.Get(ctx, Request{URL: s.Base + "/endless", MaxBytes: 1 << 10, ETag: `"x"`})
	require.ErrorIs(t, err, ErrRefused)
	require.Nil(t, r)
}

func TestPromiseTimeIsBounded(t *testing.T) {
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}))
	c := client(t, s, Options{Timeout: 100 * time.Millisecond})
	for _, path := range []string{"/head", "/body"} {
		_, err := get(c, s.Base+path)
		require.ErrorIs(t, err, proof.ErrUnavailable, path)
		require.ErrorIs(t, err, context.DeadlineExceeded, path)
	}
	c = client(t, s, Options{})
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := c.Get(short, Request{URL: s.Base})
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = c.Get(short, Request{URL: s.Base})
	require.ErrorIs(t, err, proof.ErrUnavailable)
}

func TestNetworkFaults(t *testing.T) {
	s := fetchtest.NewServer(t, http.NotFoundHandler())
	c := client(t, s, Options{})
	c.o.RootCAs = nil
	untrusting, err := New(Options{PrivateHosts: []string{"localhost"}})
	require.NoError(t, err)
	_, err = get(untrusting, s.Base)
	require.ErrorIs(t, err, proof.ErrUnavailable, "certificate of an unknown authority")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	_, err = get(c, "https://localhost:"+strings.Split(l.Addr().String(), ":")[1])
	require.ErrorIs(t, err, proof.ErrUnavailable, "nobody there")

	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	_, err = get(c, "https://localhost:"+strings.TrimPrefix(old.URL, "https://127.0.0.1:"))
	require.ErrorIs(t, err, proof.ErrUnavailable, "TLS 1.1")
}

func TestProxy(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "through") }), "far.example")
	_, err := get(client(t, s, Options{}), s.Base)
	require.NoError(t, err, "no proxy is taken from the environment")

	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host)
		there, err := net.Dial("tcp", "127.0.0.1:"+s.Port)
		if r.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(there, here)
		io.Copy(here, there)
	}))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	c := client(t, s, Options{Proxy: u, PrivateHosts: []string{}})
	r, err := get(c, "https://far.example/")
	require.NoError(t, err)
	require.Equal(t, "through", string(r.Body))
	require.Equal(t, "far.example:443", asked.Load())
	_, err = get(c, "https://10.0.0.1/")
	require.ErrorIs(t, err, ErrRefused)
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []Options{{Timeout: -1}, {MaxBytes: -1}, {Proxy: &url.URL{}}, {Proxy: &url.URL{Scheme: "ftp", Host: "a"}}, {Proxy: &url.URL{Scheme: "http"}}} {
		_, err := New(o)
		require.Error(t, err)
	}
}

func FuzzURL(f *testing.F) {
	for _, u := range []string{"https://a.example/x?y", "http://a.example", "https://127.0.0.1", "https://[::1]:80/", "https://a@b"} {
		f.Add(u)
	}
	c, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := c.parse(s)
		if err == nil && (u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(u.Host, "%@ /")) {
			t.Fatalf("%q is accepted", s)
		}
	})
}
