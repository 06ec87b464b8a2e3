package refresh_test

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// The attacks of The Update Framework's specification (section 1.5.2) that a
// source, or whoever stands between, can try. None takes the last good list
// away, and each is told.

// attacked is a Refresher that holds version 5, with a folder for its snapshot.
func attacked(t *testing.T) (*origin, *refresh.Refresher, refresh.Options) {
	o := serve(t, version(5).signed())
	options := o.options()
	options.Dir = t.TempDir()
	r := mustNew(t, options)
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 5")
	return o, r, options
}

// requireUnharmed requires that version 5 is still held, also by a process that
// starts anew, and that what happened was told.
func requireUnharmed(t *testing.T, r *refresh.Refresher, o refresh.Options, told error) {
	t.Helper()
	requireHolds(t, r, "key 5")
	require.ErrorIs(t, r.State()[0].Err, told)
	requireHolds(t, mustNew(t, o), "key 5")
}

func TestPromiseAttackRollback(t *testing.T) {
	o, r, options := attacked(t)
	o.put(version(4).signed())
	require.ErrorIs(t, r.Refresh(ctx), trustlist.ErrRollback)
	requireUnharmed(t, r, options, trustlist.ErrRollback)
	undated := version(6)
	undated.Issued = time.Time{}
	o.put(undated.signed())
	require.ErrorIs(t, r.Refresh(ctx), trustlist.ErrRollback)

	// Nor across a restart, where only the disk remembers.
	again := mustNew(t, options)
	o.put(version(4).signed())
	require.ErrorIs(t, again.Refresh(ctx), trustlist.ErrRollback)
	requireUnharmed(t, again, options, trustlist.ErrRollback)
}

func TestPromiseAttackFreeze(t *testing.T) {
	o, _, options := attacked(t)
	later := now.Add(40 * day)
	options.Now = func() time.Time { return later }
	r := mustNew(t, options)
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen, "an expired list, and a server that says it is current")
	require.Equal(t, int32(1), o.conditional.Load())
	q := query("key 5", "ID")
	q.Now = later
	_, err := r.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrStale, "the list's own expiry ends its use")
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.ErrorIs(t, r.State()[0].Err, refresh.ErrFrozen)

	o.put(version(6).signed()) // newer, and expired as well
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)

	// A list that states no expiry, by its age.
	endless := version(5)
	endless.Expires = time.Time{}
	o.put(endless.signed())
	options.Dir, options.MaxAge = "", 7*day
	r = mustNew(t, options)
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)
	age, ok := r.State()[0].Age(later)
	require.True(t, ok)
	require.Equal(t, 45*day, age)
}

func TestPromiseAttackCut(t *testing.T) {
	o, r, options := attacked(t)
	whole := version(6).signed()
	for _, n := range []int{1, len(whole) / 2, len(whole) - 1} {
		o.put(whole[:n])
		require.ErrorIs(t, r.Refresh(ctx), errSignature)
	}
	requireUnharmed(t, r, options, errSignature)
	o.put(nil)
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrDocument, "nothing left")
	o.instead(func(w http.ResponseWriter, _ *http.Request) { // by a connection that ends
		w.Header().Set("Content-Length", "1000")
		w.Write(whole[:100])
	})
	require.ErrorIs(t, r.Refresh(ctx), proof.ErrUnavailable)
	requireUnharmed(t, r, options, proof.ErrUnavailable)
}

func TestPromiseAttackArbitraryKeys(t *testing.T) {
	o, r, options := attacked(t)
	o.put(version(6).signedBy("a stranger"))
	require.ErrorIs(t, r.Refresh(ctx), errSignature)
	requireUnharmed(t, r, options, errSignature)
	fresh := mustNew(t, o.options())
	require.ErrorIs(t, fresh.Refresh(ctx), errSignature)
	_, err := fresh.Authorize(ctx, query("key 6", "ID"))
	require.ErrorIs(t, err, refresh.ErrNoList, "nor is it better than nothing")
}

// Two sources, of which one is from today and one is replayed from last week;
// and a list with the signature of another version.
func TestPromiseAttackMixAndMatch(t *testing.T) {
	a, b := version(5), version(5)
	b.Name, b.Keys = "other", map[string]string{"b5": "SA"}
	oa, ob := serve(t, a.signed()), serve(t, b.signed())
	sources := []refresh.Source{oa.source(), {Name: "other", URL: ob.Base + "/", Parse: parse}}
	options := oa.options(sources...)
	options.RootCAs.AddCert(ob.Certificate())
	r := mustNew(t, options)
	require.NoError(t, r.Refresh(ctx))

	old := version(3)
	old.Name, old.Keys = "other", map[string]string{"withdrawn": "SA"}
	oa.put(version(6).signed())
	ob.put(old.signed())
	err := r.Refresh(ctx)
	require.ErrorIs(t, err, trustlist.ErrRollback)
	require.ErrorContains(t, err, "refresh other: ")
	require.NoError(t, r.State()[0].Err)
	_, err = r.Authorize(ctx, query("key 6", "ID"))
	require.NoError(t, err, "the one goes on")
	_, err = r.Authorize(ctx, query("withdrawn", "SA"))
	require.ErrorIs(t, err, trustlist.ErrNotListed, "the other stays")
	require.Equal(t, b.Issued, r.Issued(), "and the whole is as old as its oldest part")

	raw, sig := detach(version(6))
	oldRaw, oldSig := detach(version(5))
	o := serve(t, raw)
	o.signature.Store(&oldSig)
	s := o.source()
	s.SignatureURL, s.Parse = o.Base+"/list.sig", parseDetached
	r = mustNew(t, o.options(s))
	require.ErrorIs(t, r.Refresh(ctx), errSignature)
	o.put(oldRaw)
	o.signature.Store(&sig)
	require.ErrorIs(t, r.Refresh(ctx), errSignature)
	o.put(raw)
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 6")
}

func TestPromiseAttackEndlessData(t *testing.T) {
	o, r, options := attacked(t)
	chunk := []byte(strings.Repeat("x", 1<<20))
	sent := 0
	o.instead(func(w http.ResponseWriter, _ *http.Request) {
		for sent = 0; sent < 1<<30; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrRefused)
	requireUnharmed(t, r, options, refresh.ErrRefused)

	s := o.source()
	s.SignatureURL = o.Base + "/list.sig"
	r = mustNew(t, o.options(s))
	o.instead(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sig") {
			w.Write(chunk)
			return
		}
		w.Write(version(6).signed())
	})
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrRefused, "an endless signature")
}

// A byte now and then keeps a connection alive, and does not gain time.
func TestPromiseAttackSlowRetrieval(t *testing.T) {
	o, _, options := attacked(t)
	options.Timeout = 300 * time.Millisecond
	r := mustNew(t, options)
	o.instead(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	require.ErrorIs(t, r.Refresh(ctx), proof.ErrUnavailable)
	requireUnharmed(t, r, options, proof.ErrUnavailable)
}

func TestPromiseAttackPageInsteadOfList(t *testing.T) {
	o, r, options := attacked(t)
	for _, kind := range []string{"text/html; charset=utf-8", "application/xhtml+xml", ""} {
		o.instead(func(w http.ResponseWriter, _ *http.Request) {
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			io.WriteString(w, "<!doctype html><title>Welcome to our airport's network</title>")
		})
		require.ErrorIs(t, r.Refresh(ctx), refresh.ErrDocument)
	}
	o.instead(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	require.ErrorContains(t, r.Refresh(ctx), "not found")
	requireHolds(t, r, "key 5")
	requireHolds(t, mustNew(t, options), "key 5")
}

func TestPromiseAttackRedirectToPrivateAddress(t *testing.T) {
	inside := serve(t, version(6).signed())
	o, r, options := attacked(t)
	options.RootCAs.AddCert(inside.Certificate())
	for _, target := range []string{"https://127.0.0.1:" + inside.Port + "/", "https://10.0.0.1/", "https://169.254.169.254/latest/", "http://localhost:" + inside.Port + "/"} {
		o.instead(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) })
		require.ErrorIs(t, r.Refresh(ctx), refresh.ErrRefused, target)
	}
	require.Zero(t, inside.asked.Load())
	requireUnharmed(t, r, options, refresh.ErrRefused)
	direct := refresh.Source{Name: "list", URL: "https://127.0.0.1:" + inside.Port + "/", Parse: parse}
	require.ErrorIs(t, mustNew(t, o.options(direct)).Refresh(ctx), refresh.ErrRefused)
}

// Two lists of one date leave no way of telling which withdrew what.
func TestPromiseAttackTwoListsOfOneDate(t *testing.T) {
	o, r, options := attacked(t)
	other := version(5)
	other.Keys = map[string]string{"key 5": "ID", "another": "ID"}
	o.put(other.signed())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrConflict)
	longer := version(5)
	longer.Expires = longer.Expires.Add(365 * day)
	o.put(longer.signed())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrConflict, "nor may it outlive itself")
	requireUnharmed(t, r, options, refresh.ErrConflict)

	same := version(5)
	same.Padding, same.Keys = "written another way", maps.Clone(same.Keys)
	o.put(same.signed())
	require.NoError(t, r.Refresh(ctx))
	o.put(version(6).signed())
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 6")
}

// A list dated next year would keep every later one out.
func TestPromiseAttackDatedInTheFuture(t *testing.T) {
	o, r, options := attacked(t)
	o.put(version(400).signed())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFuture)
	requireUnharmed(t, r, options, refresh.ErrFuture)
	ahead := version(6)
	ahead.Issued = now.Add(day)
	o.put(ahead.signed())
	require.NoError(t, r.Refresh(ctx), "a day is what clocks and zones differ by")
}
