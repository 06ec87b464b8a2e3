package refresh_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	day = 24 * time.Hour
)

func at() time.Time { return now }

// private is a key made of a name.
func private(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func key(name string) proof.Key {
	return proof.Key{
		ID: name, Public: private(name).Public(),
		Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.AssertionMethod},
	}
}

// text is a trust list in the simplest signed form there is: a line with the
// signature, and JSON.
type text struct {
	Name            string            `json:"name"`
	Issued, Expires time.Time         `json:",omitzero"`
	Keys            map[string]string `json:"keys"` // name of the key to country
	Padding         string            `json:",omitempty"`
}

func (d text) signedBy(name string) []byte {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return append([]byte(base64.StdEncoding.EncodeToString(ed25519.Sign(private(name), raw))+"\n"), raw...)
}

func (d text) signed() []byte { return d.signedBy("publisher") }

var errSignature = errors.New("not signed by the publisher")

func parse(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
	head, raw, _ := bytes.Cut(d.Raw, []byte("\n"))
	sig, err := base64.StdEncoding.DecodeString(string(head))
	if err != nil || !ed25519.Verify(private("publisher").Public().(ed25519.PublicKey), raw, sig) {
		return nil, nil, errSignature
	}
	var doc text
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, nil, err
	}
	var entries []trustlist.Entry
	for name, country := range doc.Keys {
		entries = append(entries, trustlist.Entry{
			Authority: country, Territory: country, Names: trustlist.CountryNames(country), Keys: []proof.Key{key(name)},
			Roles: []trustlist.Role{trustlist.RoleIssue},
		})
	}
	l, err := trustlist.New(trustlist.Info{Name: doc.Name, Issued: doc.Issued, Expires: doc.Expires}, entries...)
	return l, []trustlist.Skipped{{ID: "seen", Kept: true}}, err
}

// version n is of day n, for a month, and lists key n of Indonesia.
func version(n int) text {
	issued := now.Add(time.Duration(n-10) * day)
	return text{Name: "list", Issued: issued, Expires: issued.Add(30 * day), Keys: map[string]string{fmt.Sprintf("key %d", n): "ID"}}
}

// origin serves what is put into it.
type origin struct {
	*fetchtest.Server
	body        atomic.Pointer[[]byte]
	signature   atomic.Pointer[[]byte]
	noETag      atomic.Bool
	asked       atomic.Int32
	conditional atomic.Int32
	handler     atomic.Pointer[http.HandlerFunc] // instead
}

func serve(t testing.TB, body []byte) *origin {
	o := &origin{}
	o.put(body)
	o.Server = fetchtest.NewServer(t, o)
	return o
}

func (o *origin) put(body []byte) { o.body.Store(&body) }

func (o *origin) instead(h http.HandlerFunc) { o.handler.Store(&h) }

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.asked.Add(1)
	if h := o.handler.Load(); h != nil {
		(*h)(w, r)
		return
	}
	body := *o.body.Load()
	if strings.HasSuffix(r.URL.Path, ".sig") {
		w.Write(*o.signature.Load())
		return
	}
	if !o.noETag.Load() {
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
	}
	if r.Header.Get("If-None-Match") != "" {
		o.conditional.Add(1)
		if r.Header.Get("If-None-Match") == w.Header().Get("ETag") {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Write(body)
}

func (o *origin) source() refresh.Source {
	return refresh.Source{Name: "list", URL: o.Base + "/list", Parse: parse}
}

// options for one source on this machine.
func (o *origin) options(sources ...refresh.Source) refresh.Options {
	if sources == nil {
		sources = []refresh.Source{o.source()}
	}
	return refresh.Options{Sources: sources, Now: at, PrivateHosts: []string{"localhost"}, RootCAs: o.Roots, Timeout: 20 * time.Second}
}

func mustNew(t testing.TB, o refresh.Options) *refresh.Refresher {
	t.Helper()
	r, err := refresh.New(o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

func query(keyName, issuer string) trustlist.Query {
	return trustlist.Query{Key: key(keyName), Issuer: issuer, Role: trustlist.RoleIssue, Signed: now, Now: now}
}

// requireHolds requires that the key is the one on the list held.
func requireHolds(t testing.TB, r *refresh.Refresher, keyName string) {
	t.Helper()
	_, err := r.Authorize(ctx, query(keyName, "ID"))
	require.NoError(t, err)
	keys, err := r.ResolveKeys(ctx, proof.Hint{KeyID: keyName})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Len(t, r.List().Entries(), 1)
}
