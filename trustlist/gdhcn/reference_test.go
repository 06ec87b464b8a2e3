package gdhcn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return raw
}

// pages are documents by DID, signed by one key.
type pages struct {
	t      testing.TB
	signer proof.Signer
	docs   map[string][]byte
	asked  []string
}

func newPages(t testing.TB) *pages {
	return &pages{t: t, signer: listSigner(t, testnet.Ed25519, signerID), docs: map[string][]byte{}}
}

func (p *pages) put(did string, issued time.Time, methods ...any) {
	p.t.Helper()
	if methods == nil {
		methods = []any{}
	}
	raw, err := json.Marshal(object{"@context": []string{"https://www.w3.org/ns/did/v1"}, "id": did, "controller": did, "verificationMethod": methods})
	require.NoError(p.t, err)
	p.docs[did], err = dataintegrity.Sign(ctx, raw, p.signer, dataintegrity.Options{Created: issued})
	require.NoError(p.t, err)
}

func (p *pages) source(_ context.Context, did string) ([]byte, error) {
	p.asked = append(p.asked, did)
	if raw, ok := p.docs[did]; ok {
		return raw, nil
	}
	return nil, fs.ErrNotExist
}

func (p *pages) options() gdhcn.Options {
	return gdhcn.Options{Signers: []proof.Key{p.signer.Key()}}
}

func (p *pages) resolve(did string) (*trustlist.List, []gdhcn.Skipped, error) {
	return gdhcn.Resolve(ctx, did, p.source, p.options())
}

// partly reads what there is, after it has made sure that this must be asked for.
func (p *pages) partly(did string) (*trustlist.List, []gdhcn.Skipped, error) {
	p.t.Helper()
	l, _, err := p.resolve(did)
	require.Nil(p.t, l)
	require.ErrorIs(p.t, err, gdhcn.ErrIncomplete)
	require.ErrorIs(p.t, err, proof.ErrUnavailable, "no ground to refuse anyone")
	o := p.options()
	o.AllowPartial = true
	return gdhcn.Resolve(ctx, did, p.source, o)
}

func TestResolve(t *testing.T) {
	n := network()
	p := newPages(t)
	a, b, c := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{}), n.State("MY").Signer(testnet.SignerOptions{})
	p.put(host+":ref", now, host+":ref:-", host+":ref:DCC", host+":ref:PH4H", "did:web:other.example:trustlist")
	p.put(host+":ref:DCC", now.Add(-time.Hour), host+":DCC")
	p.put(host+":ref:PH4H", now, host+":PH4H", host+":DCC")
	p.put(host+":DCC", now, v2(t, a, "DCC", "IDN", "DSC"), v2(t, b, "DCC", "SAU", "DSC"))
	p.put(host+":PH4H", now, v2(t, c, "PH4H", "MYS", "DSC"))
	l, skipped, err := p.resolve(host + ":ref")
	require.NoError(t, err)
	require.Len(t, l.Entries(), 3)
	require.Equal(t, []gdhcn.Skipped{
		{ID: "did:web:other.example:trustlist", Reason: gdhcn.ErrForeign},
		{ID: host + ":ref:-", Reason: gdhcn.ErrWildcard, Kept: true},
	}, skipped)
	require.Equal(t, []string{host + ":ref", host + ":ref:DCC", host + ":DCC", host + ":ref:PH4H", host + ":PH4H"}, p.asked, "each once")
	require.Equal(t, now.Add(-time.Hour), l.Issued(), "as old as its oldest part")
	_, err = authorize(l, a.Signer.Key(), "ID")
	require.NoError(t, err)

	// An older part does not take the place of the one held.
	p.put(host+":DCC", now.Add(-time.Minute), v2(t, a, "DCC", "IDN", "DSC"))
	older, _, err := p.resolve(host + ":ref")
	require.NoError(t, err)
	require.ErrorIs(t, older.Supersedes(l), trustlist.ErrRollback)
}

// What is amiss below the first document is reported. Where a state's keys may be
// missing for it, there is no list, unless a partial one is asked for.
func TestPromiseReferencesAreAuthenticated(t *testing.T) {
	n := network()
	good, other := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{})
	stranger := newPages(t)
	stranger.signer = listSigner(t, testnet.P256, signerID)
	for name, c := range map[string]struct {
		spoil func(p *pages)
		want  error
		whole bool // nothing is missing
	}{
		"missing": {func(p *pages) { delete(p.docs, host+":b") }, gdhcn.ErrMissing, false},
		"signed by a stranger": {func(p *pages) {
			stranger.put(host+":b", now, v2(t, other, "DCC", "SAU", "DSC"))
			p.docs[host+":b"] = stranger.docs[host+":b"]
		}, gdhcn.ErrProof, false},
		"another document": {func(p *pages) { p.docs[host+":b"] = p.docs[host+":a"] }, gdhcn.ErrOtherList, false},
		"no document":      {func(p *pages) { p.docs[host+":b"] = []byte("<html>") }, gdhcn.ErrFormat, false},
		"a circle":         {func(p *pages) { p.put(host+":b", now, host+":ref") }, gdhcn.ErrCycle, true},
		"itself":           {func(p *pages) { p.put(host+":b", now, host+":b") }, gdhcn.ErrCycle, true},
		"a key of it":      {func(p *pages) { p.put(host+":b", now, host+":a#kid") }, gdhcn.ErrForeign, true},
		"another method":   {func(p *pages) { p.put(host+":b", now, "did:key:z6Mk") }, gdhcn.ErrForeign, true},
		"a longer host":    {func(p *pages) { p.put(host+":b", now, host+".evil.example:a") }, gdhcn.ErrForeign, true},
	} {
		p := newPages(t)
		p.put(host+":ref", now, host+":a", host+":b")
		p.put(host+":a", now, v2(t, good, "DCC", "IDN", "DSC"))
		p.put(host+":b", now, v2(t, other, "DCC", "SAU", "DSC"))
		c.spoil(p)
		resolve := p.partly
		if c.whole {
			resolve = p.resolve
		}
		l, skipped, err := resolve(host + ":ref")
		require.NoError(t, err, name)
		require.Len(t, l.Entries(), 1, name)
		require.Equal(t, "IDN", l.Entries()[0].Authority)
		require.Len(t, skipped, 1, name)
		require.ErrorIs(t, skipped[0].Reason, c.want, name)
		require.False(t, skipped[0].Kept)
	}
}

func TestResolveFollowsAWildcardInNeed(t *testing.T) {
	n := network()
	s, other := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{})
	p := newPages(t)
	p.put(host+":ref", now, host+":-", host+":DCC")
	p.put(host+":-", now, v2(t, s, "DCC", "IDN", "DSC"))
	l, skipped, err := p.resolve(host + ":ref")
	require.NoError(t, err, "the wildcard has all that the missing document has")
	require.Len(t, l.Entries(), 1)
	require.Len(t, skipped, 1)
	require.ErrorIs(t, skipped[0].Reason, gdhcn.ErrMissing)
	delete(p.docs, host+":-")
	_, skipped, err = p.partly(host + ":ref")
	require.NoError(t, err)
	require.Len(t, skipped, 2)
	p.put(host+":-", now, v2(t, s, "DCC", "IDN", "DSC"))
	p.put(host+":ref", now, host+":-")
	l, skipped, err = p.resolve(host + ":ref")
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Len(t, l.Entries(), 1)

	// A wildcard stands for its own level, and for no other.
	p.put(host+":ref", now, host+":a:-", host+":DCC")
	p.put(host+":DCC", now, v2(t, other, "DCC", "SAU", "DSC"))
	_, _, err = p.partly(host + ":ref")
	require.NoError(t, err)
	p.put(host+":a:-", now, v2(t, s, "DCC", "IDN", "DSC"))
	l, _, err = p.resolve(host + ":ref")
	require.NoError(t, err)
	require.Len(t, l.Entries(), 2)
	delete(p.docs, host+":DCC")
	_, _, err = p.partly(host + ":ref")
	require.NoError(t, err)
}

// Who withholds the document of one state can't make a refresher forget it.
func TestPromiseAPartialListReplacesNone(t *testing.T) {
	n := network()
	a, b := n.State("ID").Signer(testnet.SignerOptions{}), n.State("SA").Signer(testnet.SignerOptions{})
	p := newPages(t)
	put := func(at time.Time) {
		p.put(host+":ref", at, host+":a", host+":b")
		p.put(host+":a", at, v2(t, a, "DCC", "IDN", "DSC"))
		p.put(host+":b", at, v2(t, b, "DCC", "SAU", "DSC"))
	}
	put(now.Add(-time.Hour))
	first, err := json.Marshal(p.docs)
	require.NoError(t, err)
	put(now)
	delete(p.docs, host+":b")
	partial, err := json.Marshal(p.docs)
	require.NoError(t, err)

	// A source may well be an archive of all documents of a network.
	file := filepath.Join(t.TempDir(), "network.json")
	require.NoError(t, os.WriteFile(file, first, 0o600))
	r, err := refresh.New(refresh.Options{Now: func() time.Time { return now }, Sources: []refresh.Source{{
		Name: "network", URL: "file://" + filepath.ToSlash(file),
		Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
			var docs map[string][]byte
			if err := json.Unmarshal(d.Raw, &docs); err != nil {
				return nil, nil, err
			}
			archive := pages{t: t, docs: docs}
			return gdhcn.Resolve(ctx, host+":ref", archive.source, p.options())
		},
	}}})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	require.NoError(t, r.Refresh(ctx))
	require.NoError(t, os.WriteFile(file, partial, 0o600))
	require.ErrorIs(t, r.Refresh(ctx), gdhcn.ErrIncomplete)
	_, err = authorize(r.List(), b.Signer.Key(), "SA")
	require.NoError(t, err)
}

func TestResolveIsBounded(t *testing.T) {
	p := newPages(t)
	for i := range limits.ReferenceDepth + 2 {
		p.put(fmt.Sprintf("%s:%d", host, i), now, fmt.Sprintf("%s:%d", host, i+1))
	}
	_, skipped, err := p.partly(host + ":0")
	require.NoError(t, err)
	require.Len(t, skipped, 1)
	require.ErrorIs(t, skipped[0].Reason, gdhcn.ErrDepth)

	var many []any
	for i := range limits.References {
		many = append(many, fmt.Sprintf("%s:%d", host, i))
	}
	p = newPages(t)
	p.put(host+":ref", now, many...)
	l, _, err := p.resolve(host + ":ref")
	require.ErrorIs(t, err, gdhcn.ErrFormat)
	require.Nil(t, l)

	cancelled, cancel := context.WithCancel(ctx)
	p = newPages(t)
	p.put(host+":ref", now, host+":a")
	_, _, err = gdhcn.Resolve(cancelled, host+":ref", func(ctx context.Context, did string) ([]byte, error) {
		defer cancel()
		return p.source(ctx, did)
	}, gdhcn.Options{Signers: []proof.Key{p.signer.Key()}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestResolveNeedsItsFirstDocument(t *testing.T) {
	p := newPages(t)
	_, _, err := p.resolve(host + ":ref")
	require.ErrorIs(t, err, gdhcn.ErrMissing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	unavailable := fmt.Errorf("no network: %w", proof.ErrUnavailable)
	_, _, err = gdhcn.Resolve(ctx, host+":ref", func(context.Context, string) ([]byte, error) { return nil, unavailable }, unsigned)
	require.ErrorIs(t, err, proof.ErrUnavailable)
	for _, did := range []string{"", "did:key:z6Mk", "did:web:", "did:web:a#b"} {
		_, _, err = p.resolve(did)
		require.ErrorIs(t, err, gdhcn.ErrFormat, did)
	}
	p.put(host+":ref", now)
	_, _, err = gdhcn.Resolve(ctx, host+":ref", p.source, gdhcn.Options{})
	require.ErrorIs(t, err, gdhcn.ErrProof, "nothing pinned")
}

func TestFolder(t *testing.T) {
	source := gdhcn.Folder(fstest.MapFS{"v2/a/did.json": {Data: []byte("A")}, "did.json": {Data: []byte("root")}}, host)
	raw, err := source(ctx, host+":v2:a")
	require.NoError(t, err)
	require.Equal(t, "A", string(raw))
	for _, did := range []string{
		host, host + ":", host + ":v2", host + ":..:a", host + ":v2/a", host + ":v2%2fa", host + `:v2\a`, host + ":v2:a#x", host + ":v2:a?x", host + ":.",
		"did:web:other.example:v2:a", host + ".evil:v2:a",
	} {
		_, err := source(ctx, did)
		require.True(t, errors.Is(err, fs.ErrNotExist), did)
	}
}

// TestConformanceReferences follows the network's own list of references. The
// documents below it are not among the test data: each is reported.
func TestConformanceReferences(t *testing.T) {
	dir := testvectors.Dir(t, "gdhcn", "tng-cdn-uat")
	const root = "did:web:tng-cdn-uat.who.int"
	raw := readFile(t, filepath.Join(dir, "v2", "trustlist-ref", "did.json"))
	refs, err := gdhcn.ParseReferences(raw, unsigned)
	require.NoError(t, err)
	require.Equal(t, root+":v2:trustlist-ref", refs.Name)
	require.False(t, refs.Issued.IsZero())
	want := map[string]error{
		root + ":v2:trustlist-ref:-":              gdhcn.ErrMissing,
		root + ":v2:trustlist-ref:DCC":            gdhcn.ErrMissing,
		root + ":v2:trustlist-ref:IPS-PILGRIMAGE": gdhcn.ErrMissing,
		root + ":v2:trustlist-ref:PH4H":           gdhcn.ErrMissing,
		"did:web:tng-cdn-dev.who.int:trustlist":   gdhcn.ErrForeign,
	}
	require.Len(t, refs.DIDs, len(want))
	_, _, err = gdhcn.Resolve(ctx, refs.Name, gdhcn.Folder(os.DirFS(dir), root), unsigned)
	require.ErrorIs(t, err, gdhcn.ErrIncomplete)
	partial := unsigned
	partial.AllowPartial = true
	l, skipped, err := gdhcn.Resolve(ctx, refs.Name, gdhcn.Folder(os.DirFS(dir), root), partial)
	require.NoError(t, err)
	require.Empty(t, l.Entries())
	met := 0
	for _, s := range skipped {
		if want[s.ID] == nil || !errors.Is(s.Reason, want[s.ID]) {
			t.Errorf("%s: %v", s.ID, s.Reason)
			continue
		}
		met++
	}
	fmt.Printf("conformance: gdhcn-references %d/%d\n", met, len(refs.DIDs))

	// References of our own lead to the network's real lists, each under its own
	// signature: they have the keys that the root list has.
	o := realOptions(t)
	p := newPages(t)
	o.Signers = append(o.Signers, p.signer.Key())
	const dev = "did:web:tng-cdn-dev.who.int"
	p.put(dev+":ref", now, dev+":v2:trustlist:DCC", dev+":v2:trustlist:PH4H", dev+":v2:trustlist:IPS-PILGRIMAGE")
	files := gdhcn.Folder(os.DirFS(testvectors.Dir(t, "gdhcn", "tng-cdn-dev")), dev)
	merged, _, err := gdhcn.Resolve(ctx, dev+":ref", func(ctx context.Context, did string) ([]byte, error) {
		if raw, err := p.source(ctx, did); err == nil {
			return raw, nil
		}
		return files(ctx, did)
	}, o)
	require.NoError(t, err)
	o.Domains = []string{"DCC", "PH4H", "IPS-PILGRIMAGE"}
	all, _, err := gdhcn.Parse(realList(t, "v2/trustlist"), o)
	require.NoError(t, err)
	require.Equal(t, keysOf(all), keysOf(merged))
}

func FuzzResolve(f *testing.F) {
	s := network().State("ID").Signer(testnet.SignerOptions{})
	f.Add(document(f, host+":a", host+":ref", v2(f, s, "DCC", "IDN", "DSC")), document(f, host+":ref:-", "did:web:x"))
	f.Add(document(f, v1(f, s, "idn"), listID), document(f, 1, nil))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		l, skipped, err := gdhcn.Resolve(ctx, listID, func(_ context.Context, did string) ([]byte, error) {
			if did == listID {
				return first, nil
			}
			return second, nil
		}, unsigned)
		if (l == nil) == (err == nil) {
			t.Fatal("a list or an error")
		}
		for _, s := range skipped {
			require.Error(t, s.Reason)
		}
		if _, err := gdhcn.ParseReferences(first, unsigned); err != nil {
			require.Nil(t, l)
		}
	})
}

// What is told of references is bounded too: each of a few documents could
// refer to other hosts as often as a document has room for.
func TestResolveReportIsBounded(t *testing.T) {
	const host = "did:web:list.example:"
	foreign := strings.Repeat(`"did:web:other.example:x",`, 60_000)
	_, skipped, err := gdhcn.Resolve(context.Background(), host+"top", func(_ context.Context, did string) ([]byte, error) {
		refs := foreign + `"did:web:other.example:x"`
		if did == host+"top" {
			refs = `"` + host + `a","` + host + `b"`
		}
		return []byte(`{"@context":["https://www.w3.org/ns/did/v1"],"id":"` + did + `","verificationMethod":[` + refs + `]}`), nil
	}, gdhcn.Options{InsecureUnsigned: true})
	require.ErrorContains(t, err, "more than 100000 remarks")
	require.LessOrEqual(t, len(skipped), limits.TrustKeys)
}
