package refresh_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

func detach(d text) (raw, sig []byte) {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return raw, ed25519.Sign(private("publisher"), raw)
}

func parseDetached(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
	if !ed25519.Verify(private("publisher").Public().(ed25519.PublicKey), d.Raw, d.Signature) {
		return nil, nil, errSignature
	}
	var doc text
	if err := json.Unmarshal(d.Raw, &doc); err != nil {
		return nil, nil, err
	}
	return parse(refresh.Document{Raw: doc.signed()})
}

func TestNewRefuses(t *testing.T) {
	good := refresh.Source{Name: "a", URL: "https://a.example/", Parse: parse}
	with := func(f func(s *refresh.Source)) refresh.Options {
		s := good
		f(&s)
		return refresh.Options{Sources: []refresh.Source{s}}
	}
	for name, o := range map[string]refresh.Options{
		"no sources":        {},
		"no name":           with(func(s *refresh.Source) { s.Name = "" }),
		"name of a path":    with(func(s *refresh.Source) { s.Name = "../a" }),
		"hidden name":       with(func(s *refresh.Source) { s.Name = ".a" }),
		"long name":         with(func(s *refresh.Source) { s.Name = string(make([]byte, 65)) }),
		"no parse function": with(func(s *refresh.Source) { s.Parse = nil }),
		"plain http":        with(func(s *refresh.Source) { s.URL = "http://a.example/" }),
		"relative file":     with(func(s *refresh.Source) { s.URL = "file:list.json" }),
		"no URL":            with(func(s *refresh.Source) { s.URL = "" }),
		"signature alone": with(func(s *refresh.Source) {
			s.URL, s.SignatureURL, s.Initial.Raw = "", "https://a.example/", version(1).signed()
		}),
		"signature by http": with(func(s *refresh.Source) { s.SignatureURL = "http://a.example/" }),
		"bad Initial":       with(func(s *refresh.Source) { s.Initial.Raw = []byte("no list") }),
		"twice":             {Sources: []refresh.Source{good, {Name: "A", URL: "https://b.example/", Parse: parse}}},
		"negative interval": {Sources: []refresh.Source{good}, Interval: -1},
		"negative age":      {Sources: []refresh.Source{good}, MaxAge: -1},
		"negative timeout":  {Sources: []refresh.Source{good}, Timeout: -1},
	} {
		_, err := refresh.New(o)
		require.Error(t, err, name)
	}
	_, err := refresh.New(with(func(s *refresh.Source) { s.Initial.Raw = version(1).signedBy("a stranger") }))
	require.ErrorIs(t, err, errSignature)
}

// A refresh with nothing new costs one conditional request, after a restart too.
func TestPromiseNothingNewCostsOneConditionalRequest(t *testing.T) {
	o := serve(t, version(5).signed())
	options := o.options()
	options.Dir = t.TempDir()
	r := mustNew(t, options)
	require.NoError(t, r.Refresh(ctx))
	require.EqualValues(t, 1, o.asked.Load())
	require.Zero(t, o.conditional.Load())
	before := r.List()
	for n := range int32(5) {
		require.NoError(t, r.Refresh(ctx))
		require.Equal(t, n+2, o.asked.Load())
		require.Equal(t, n+1, o.conditional.Load())
		require.Same(t, before, r.List())
	}
	again := mustNew(t, options)
	require.NoError(t, again.Refresh(ctx))
	require.EqualValues(t, 7, o.asked.Load())
	require.EqualValues(t, 6, o.conditional.Load())
	requireHolds(t, again, "key 5")

	s := o.source()
	s.URL = o.Base + "/moved" // another document may have the same tag
	options.Sources = []refresh.Source{s}
	require.NoError(t, mustNew(t, options).Refresh(ctx))
	require.EqualValues(t, 6, o.conditional.Load())

	o.noETag.Store(true)
	require.NoError(t, r.Refresh(ctx), "without a tag the same document comes again, and is known")
	require.Same(t, before, r.List())
	o.put(version(6).signed())
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 6")
}

func TestConcurrentRefreshesShareOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("list"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		asked, release := 0, make(chan struct{})
		slow := refresh.Source{Name: "slow", URL: "file://" + filepath.ToSlash(path), Parse: func(refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
			asked++
			<-release
			return nil, nil, errors.New("not today")
		}}
		r, err := refresh.New(refresh.Options{Sources: []refresh.Source{slow}})
		require.NoError(t, err)
		defer r.Close()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := r.Refresh(t.Context()); err == nil || err.Error() != "refresh slow: not today" {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.Refresh(hasty), context.DeadlineExceeded, "whoever does not wait leaves alone")
		close(release)
		wg.Wait()
		require.Equal(t, 1, asked)
		require.Error(t, r.Refresh(t.Context()))
		require.Equal(t, 2, asked)
	})
}

// While a source has given nothing, a key that nobody knows may be on its list.
func TestPromiseMissingListIsNoRefusal(t *testing.T) {
	o := serve(t, version(5).signed())
	down := refresh.Source{Name: "down", URL: o.Base + "/down", Parse: func(refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
		return nil, nil, errors.New("not today")
	}}
	r := mustNew(t, o.options(down, o.source()))
	for range 2 {
		_, err := r.Authorize(ctx, query("unknown", "ID"))
		require.ErrorIs(t, err, refresh.ErrNoList)
		require.ErrorIs(t, err, proof.ErrUnavailable)
		require.NotErrorIs(t, err, trustlist.ErrNotListed)
		_, err = r.ResolveKeys(ctx, proof.Hint{KeyID: "unknown"})
		require.ErrorIs(t, err, refresh.ErrNoList)
		require.True(t, r.Issued().IsZero())
		require.ErrorContains(t, r.Refresh(ctx), "refresh down: not today")
	}
	requireHolds(t, r, "key 5")
	q := query("key 5", "ID")
	q.Role = trustlist.RoleStatus
	_, err := r.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "what a list does say stands")
	require.False(t, r.State()[0].Held)
	_, ok := r.State()[0].Age(now)
	require.False(t, ok)

	r = mustNew(t, o.options())
	require.NoError(t, r.Refresh(ctx))
	_, err = r.Authorize(ctx, query("unknown", "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed)
	require.Equal(t, version(5).Issued, r.Issued())
	require.Equal(t, version(5).Expires, r.Expires())
}

func TestState(t *testing.T) {
	o := serve(t, version(5).signed())
	r := mustNew(t, o.options())
	require.Equal(t, []refresh.State{{Source: "list"}}, r.State())
	require.NoError(t, r.Refresh(ctx))
	want := refresh.State{
		Source: "list", Held: true, Issued: version(5).Issued, Expires: version(5).Expires,
		Skipped: []trustlist.Skipped{{ID: "seen", Kept: true}}, Confirmed: now, Attempted: now,
	}
	require.Equal(t, []refresh.State{want}, r.State())
	o.put(nil)
	require.Error(t, r.Refresh(ctx))
	st := r.State()[0]
	require.ErrorIs(t, st.Err, refresh.ErrDocument)
	require.Equal(t, now, st.Confirmed, "then, and not since")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, r.Refresh(gone), context.Canceled)
	require.ErrorIs(t, r.State()[0].Err, refresh.ErrDocument, "that nobody waited is not the source's fault")
}

func TestPrecedenceOfSources(t *testing.T) {
	first, second := version(5), version(5)
	second.Name, second.Keys = "second", map[string]string{"rival": "ID", "third": "SA"}
	sources := []refresh.Source{
		{Name: "first", Initial: refresh.Document{Raw: first.signed()}, Parse: parse},
		{Name: "second", Initial: refresh.Document{Raw: second.signed()}, Parse: parse},
	}
	r := mustNew(t, refresh.Options{Sources: sources, Now: at})
	require.NoError(t, r.Refresh(ctx), "there is nothing to fetch")
	_, err := r.Authorize(ctx, query("rival", "ID"))
	require.NoError(t, err)
	r = mustNew(t, refresh.Options{Sources: sources, Now: at, Merge: trustlist.Override})
	_, err = r.Authorize(ctx, query("rival", "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed)
	_, err = r.Authorize(ctx, query("third", "SA"))
	require.NoError(t, err)
}

// What is embedded in a program is where it begins, and no more.
func TestInitial(t *testing.T) {
	o := serve(t, version(4).signed())
	s := o.source()
	s.Initial.Raw = version(5).signed()
	options := o.options(s)
	options.Dir = t.TempDir()
	r := mustNew(t, options)
	requireHolds(t, r, "key 5")
	require.ErrorIs(t, r.Refresh(ctx), trustlist.ErrRollback)
	o.put(version(6).signed())
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, mustNew(t, options), "key 6")

	options.Sources[0].Initial.Raw = version(7).signed() // a release of the program
	r = mustNew(t, options)
	requireHolds(t, r, "key 7")
	require.NoError(t, r.State()[0].Err)

	past := version(-100)
	options = o.options(refresh.Source{Name: "list", Initial: refresh.Document{Raw: past.signed()}, Parse: parse})
	r = mustNew(t, options)
	_, err := r.Authorize(ctx, query("key -100", "ID"))
	require.ErrorIs(t, err, trustlist.ErrStale, "an expired list still tells that it has")
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	list, sig := filepath.Join(dir, "list.json"), filepath.Join(dir, "list.sig")
	s := refresh.Source{Name: "list", URL: "file://" + filepath.ToSlash(list), SignatureURL: "file://" + filepath.ToSlash(sig), Parse: parseDetached}
	r := mustNew(t, refresh.Options{Sources: []refresh.Source{s}, Now: at})
	require.ErrorIs(t, r.Refresh(ctx), proof.ErrUnavailable)
	require.NotContains(t, r.State()[0].Err.Error(), dir)
	put := func(n int) {
		raw, signature := detach(version(n))
		require.NoError(t, os.WriteFile(list, raw, 0o600))
		require.NoError(t, os.WriteFile(sig, signature, 0o600))
	}
	put(5)
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 5")
	put(4)
	require.ErrorIs(t, r.Refresh(ctx), trustlist.ErrRollback)
	put(6)
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 6")
	require.NoError(t, os.Remove(sig))
	require.ErrorIs(t, r.Refresh(ctx), proof.ErrUnavailable)
	require.NoError(t, os.Remove(list))
	require.NoError(t, os.Mkdir(list, 0o700))
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrRefused)
	requireHolds(t, r, "key 6")
	require.NoError(t, os.Remove(list))
	require.NoError(t, os.WriteFile(list, nil, 0o600))
	require.NoError(t, os.Truncate(list, 65<<20))
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrRefused, "65 MB")
}

// A key set says no date; it is as old as its fetching, and each time that the
// server has nothing new makes it as young again.
func TestListDatedByFetching(t *testing.T) {
	clock := now
	s := refresh.Source{Name: "list", Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
		l, err := trustlist.New(trustlist.Info{Name: "jwks", Issued: d.Fetched},
			trustlist.Entry{Authority: "A", Names: []string{"ID"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{key(string(d.Raw))}})
		return l, nil, err
	}}
	o := serve(t, []byte("k1"))
	s.URL = o.Base + "/"
	options := o.options(s)
	options.Dir, options.Now, options.MaxAge = t.TempDir(), func() time.Time { return clock }, day
	r := mustNew(t, options)
	require.NoError(t, r.Refresh(ctx))
	require.Equal(t, clock, r.Issued())
	clock = clock.Add(2 * day)
	require.NoError(t, r.Refresh(ctx))
	require.EqualValues(t, 1, o.conditional.Load())
	require.Equal(t, clock, r.Issued())
	require.Equal(t, clock, mustNew(t, options).Issued(), "on disk as well")

	clock = now // it was wrong, and is set right
	o.put([]byte("k2"))
	require.NoError(t, r.Refresh(ctx), "that is no rollback")
	requireHolds(t, r, "k2")
	require.Equal(t, clock, r.Issued())

	clock = now.Add(-day)
	require.True(t, mustNew(t, options).Issued().IsZero(), "what a disk says was fetched tomorrow is not dated")
}
