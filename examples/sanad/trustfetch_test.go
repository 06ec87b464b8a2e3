package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
)

// site serves files by https, as trust lists are.
type site struct {
	t     testing.TB
	base  string
	flags []string // of 'trust fetch', to reach it
	dir   string   // of the lists that are kept

	mu     sync.Mutex
	files  map[string]string
	asked  []string
	answer http.HandlerFunc // in place of the files
}

func newSite(t testing.TB) *site {
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "kept"), files: map[string]string{}}
	server := fetchtest.NewServer(t, s)
	root := file(t, t.TempDir(), "root.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	s.base = server.Base
	s.flags = []string{"--dir", s.dir, "--root-ca", root, "--private-host", "localhost"}
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	text, ok := s.files[r.URL.Path]
	switch etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(text))); {
	case s.answer != nil:
		s.answer(w, r)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(text))
	}
}

func (s *site) put(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path], s.answer = text, nil
}

func (s *site) say(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

// asks is how often it has been asked.
func (s *site) asks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *site) fetch(args ...string) result {
	return sanad(with([]string{"trust", "fetch"}, s.flags, args...)...)
}

// republish makes the list of a country anew.
func (c *country) republish(t testing.TB, issued time.Time, args ...string) string {
	t.Helper()
	return ok(t, with([]string{"trust", "build", "--id", "did:web:health.example:v2", "--key", filepath.Join(c.dir, "list-key.pem"), "--issued", issued.UTC().Format(time.RFC3339)}, args, c.certs)...)
}

func (c *country) addSigner(t testing.TB, name string) {
	ok(t, "keygen", "--alg", "ES256", "--out", filepath.Join(c.dir, name+".key"), "--cert", filepath.Join(c.certs, name+".pem"), "--country", "XX", "--name", name)
}

func TestTrustFetch(t *testing.T) {
	c, s := newCountry(t), newSite(t)
	list := "gdhcn:" + s.base + "/v2/did.json"
	key := []string{"--trust-key", c.listDID}
	kept := with([]string{"--dir", s.dir, "--trust", list}, key, c.card)
	verify := func() result { return sanad(append([]string{"verify"}, kept...)...) }
	require.Equal(t, 2, verify().status, "nothing there yet: nobody is unknown")
	require.Contains(t, verify().stderr, "trust fetch")

	start := time.Now().Add(-72 * time.Hour)
	s.put("/v2/did.json", c.republish(t, start))
	r := s.fetch(with(nil, key, list)...)
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, list+"\n  list     did:web:health.example:v2\n")
	require.Contains(t, r.stdout, ", 3 days ago\n")
	require.Contains(t, r.stdout, "signed   by one of the keys given")
	require.Contains(t, r.stdout, "new      1 signers")
	require.Equal(t, 0, verify().status)
	require.Equal(t, 2, sanad(with([]string{"verify", "--max-trust-age", "2d"}, kept)...).status)
	r = sanad(with([]string{"verify", "--json", "--time", time.Now().AddDate(0, 2, 0).UTC().Format(time.RFC3339)}, kept)...)
	require.Equal(t, 2, r.status, "the list has expired")
	require.Contains(t, r.stdout, "trust.stale")
	require.True(t, show(t, "--dir", s.dir, key[0], key[1], list).Authenticated)

	// Nothing new.
	r = s.fetch(with(nil, key, list)...)
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "no signer changes")

	// What changed is told in words.
	c.addSigner(t, "second")
	s.put("/v2/did.json", c.republish(t, start.Add(time.Hour)))
	r = s.fetch(with(nil, key, list)...)
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "added: XXX")
	require.Equal(t, 1, s.fetch(with(nil, key, "--max-age", "1d", list)...).status, "old, however gladly served")
	require.Equal(t, 0, verify().status)

	asked := s.asks()
	require.Equal(t, 0, verify().status)
	require.Equal(t, asked, s.asks(), "verifying asks nobody")
	// Another key than it was fetched with: what is kept is not believed.
	require.Equal(t, 2, sanad("verify", "--dir", s.dir, "--trust", list, "--trust-key", c.did, c.card).status)
}

// Whatever a server, or who stands between, sends: the last good list stays, it
// is told, and the exit status says whether to wait or to look.
func TestPromiseFetchNeverGoesBack(t *testing.T) {
	c, s := newCountry(t), newSite(t)
	list, now := "gdhcn:"+s.base+"/did.json", time.Now().Add(-time.Hour)
	old := c.republish(t, now.Add(-time.Hour))
	good := c.republish(t, now)
	fetch := func() result { return s.fetch("--trust-key", c.listDID, list) }
	s.put("/did.json", good)
	require.Equal(t, 0, fetch().status)
	snapshots, err := filepath.Glob(filepath.Join(s.dir, "*.snapshot"))
	require.NoError(t, err)
	require.Len(t, snapshots, 1)
	before := content(t, snapshots[0])

	c.addSigner(t, "second")
	sameDate := c.republish(t, now)
	another := strings.Replace(ok(t, "trust", "build", "--id", "did:web:other.example:v2", "--key", filepath.Join(c.dir, "list-key.pem"), c.certs), "\n", "", 1)
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>sign in"))
	}
	for name, test := range map[string]struct {
		text   string
		say    http.HandlerFunc
		status int
	}{
		"an older one":          {old, nil, 1},
		"another of that date":  {sameDate, nil, 1},
		"one of the future":     {c.republish(t, time.Now().AddDate(0, 0, 5)), nil, 1},
		"an expired one":        {c.republish(t, now.Add(time.Minute-48*time.Hour), "--days", "1"), nil, 1},
		"another list's":        {another, nil, 1},
		"changed":               {strings.Replace(c.republish(t, now.Add(time.Minute)), "XXX", "YYY", 1), nil, 1},
		"cut":                   {good[:len(good)/2], nil, 1},
		"unsigned":              {ok(t, "trust", "build", "--id", "did:web:health.example:v2", "--unsigned", c.certs), nil, 1},
		"a page of a hotel":     {"", html, 1},
		"nothing there":         {"", http.NotFound, 1},
		"a server out of order": {"", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 2},
		"a redirect to http": {"", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost/", http.StatusFound)
		}, 1},
		"a redirect to loopback": {"", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1/", http.StatusFound)
		}, 1},
	} {
		s.put("/did.json", test.text)
		if test.say != nil {
			s.say(test.say)
		}
		r := fetch()
		require.Equal(t, test.status, r.status, "%s: %s%s", name, r.stdout, r.stderr)
		require.Contains(t, r.stderr, list, name)
		require.Contains(t, r.stdout, "no signer changes", "%s: and what is kept is shown", name)
		require.Equal(t, before, content(t, snapshots[0]), name)
		require.Equal(t, 0, sanad("verify", "--dir", s.dir, "--trust-key", c.listDID, "--trust", list, c.card).status, name)
	}
	// Of several lists, one that fails does not keep the others from coming.
	s.put("/did.json", c.republish(t, now.Add(time.Minute)))
	r := s.fetch("--trust-key", c.listDID, "gdhcn:"+s.base+"/none.json", list)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stdout, "none.json\n  no list\n")
	require.Contains(t, r.stdout, "added: ")

	// A broken copy is no list, and the next fetch mends it.
	require.NoError(t, os.WriteFile(snapshots[0], []byte("broken"), 0o600))
	r = sanad("verify", "--dir", s.dir, "--trust-key", c.listDID, "--trust", list, c.card)
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "broken")
	r = fetch()
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stderr, "of no use")
	require.Equal(t, 0, sanad("verify", "--dir", s.dir, "--trust-key", c.listDID, "--trust", list, c.card).status)
}

// Without the flags that say so, nothing on this machine is asked, and no
// authority but the system's is believed.
func TestPromiseFetchAsksThePublicInternet(t *testing.T) {
	c, s := newCountry(t), newSite(t)
	s.put("/did.json", content(t, c.list))
	list := "gdhcn:" + s.base + "/did.json"
	r := sanad("trust", "fetch", "--dir", s.dir, "--root-ca", s.flags[3], "--trust-key", c.listDID, list)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "not a public address")
	r = sanad("trust", "fetch", "--dir", s.dir, "--private-host", "localhost", "--trust-key", c.listDID, list)
	require.Equal(t, 2, r.status, r.stderr)
	require.Zero(t, s.asks())
	r = s.fetch("--trust-key", c.listDID, "gdhcn:http"+strings.TrimPrefix(s.base, "https")+"/did.json")
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "neither an https: nor a file: URL")
	for name, ca := range map[string]string{"none": s.dir + "/none", "no PEM": c.card} {
		require.Equal(t, 1, sanad("trust", "fetch", "--dir", s.dir, "--root-ca", ca, "--trust-key", c.listDID, list).status, name)
	}
	require.Equal(t, 1, s.fetch("--dir", c.card, "--trust-key", c.listDID, list).status, "no folder")
}

func TestTrustFetchKinds(t *testing.T) {
	c, s := newCountry(t), newSite(t)
	_, key, _ := p256List(t, c)
	signer, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	dir := t.TempDir()
	put := func(issued string) vciList {
		l := vciDirectory(t, dir, issued, key, signer)
		s.put("/vci_snapshot.json", content(t, l.list))
		s.put("/vci_snapshot.sig", content(t, filepath.Join(dir, "vci_snapshot.sig")))
		return l
	}
	l := put("2026-05-22T05:52:08Z")
	list := "vci:" + s.base + "/vci_snapshot.json"
	require.Equal(t, 0, s.fetch("--trust-key", l.cert, list).status)
	v := show(t, "--dir", s.dir, "--trust-key", l.cert, list)
	require.True(t, v.Authenticated)
	require.Equal(t, l.kid, v.Entries[0].Keys[0].ID)
	put("2026-05-21T05:52:08Z")
	require.Equal(t, 1, s.fetch("--trust-key", l.cert, list).status, "older")

	// A key set is as old as its fetching.
	set := `{"keys":[` + strings.SplitN(strings.SplitN(content(t, l.list), `"keys":[`, 2)[1], "]", 2)[0] + `]}`
	s.put("/jwks.json", set)
	keys := "jwks:XX=" + s.base + "/jwks.json"
	r := s.fetch(keys)
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "0 hours ago")
	require.Contains(t, r.stdout, "NOT CHECKED")
	require.WithinDuration(t, time.Now(), show(t, "--dir", s.dir, keys).Lists[0].Issued, time.Minute)
	require.Equal(t, 2, sanad("verify", "--dir", s.dir, "--trust", "jwks:ID="+s.base+"/jwks.json", c.card).status, "another's, which is not there")

	// Lists from the network, and one at hand.
	require.Equal(t, 0, sanad("verify", "--dir", s.dir, "--trust", keys, "--trust", "pem:"+c.certs, c.card).status)
}

// A network's one file: its roots are followed, and what a verifier saw is not
// taken back by a server.
func TestTrustFetchNetwork(t *testing.T) {
	n, s := newStates(t), newSite(t)
	n.list()
	card := n.card("ID", "jakarta")
	list := "network:" + s.base + "/network.json"
	fetch := func() result { return s.fetch("--root", n.root, list) }
	verify := func() result { return sanad("verify", "--dir", s.dir, "--root", n.root, "--trust", list, card) }
	first := content(t, filepath.Join(n.net, bundleFile))
	s.put("/network.json", first)
	r := fetch()
	require.Equal(t, 0, r.status, r.stderr)
	require.NoFileExists(t, n.root+stateSuffix, "a verifier's memory is its own")
	require.Equal(t, 0, verify().status, verify().stderr)
	require.FileExists(t, n.root+stateSuffix)

	gone := n.path("removals.json")
	ok(t, append(n.on("remove"), "--kid", n.kids["jakarta"], "--reason", "stolen", "--out", gone)...)
	n.approve(gone, "SA")
	n.publish(gone)
	s.put("/network.json", content(t, filepath.Join(n.net, bundleFile)))
	r = fetch()
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "removed: IDN")
	require.Equal(t, 1, verify().status)
	s.put("/network.json", first)
	require.Equal(t, 1, fetch().status, "without the removal")
	require.Equal(t, 1, verify().status)
	// Nor where only the verifier remembers it.
	require.NoError(t, os.RemoveAll(s.dir))
	require.Equal(t, 1, fetch().status)
	require.Equal(t, 2, verify().status)
	require.Equal(t, 1, s.fetch("--root", n.keys["ID"], list).status, "no root")
}

// The real list, as a border post has it.
func TestTrustFetchWHO(t *testing.T) {
	s, flags := newSite(t), whoFlags(t)
	s.put("/v2/trustlist/did.json", content(t, whoList(t, "v2/trustlist")))
	list := "gdhcn:" + s.base + "/v2/trustlist/did.json"
	r := s.fetch(with(nil, flags, list)...)
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "list     did:web:tng-cdn-dev.who.int:v2:trustlist")
	require.NotEmpty(t, show(t, with([]string{"--dir", s.dir}, flags, list)...).Entries)
	// The same signer's list of another domain is another list.
	s.put("/v2/trustlist/did.json", content(t, whoList(t, "v2/trustlist/DCC")))
	require.Equal(t, 1, s.fetch(with(nil, flags, list)...).status)
}
