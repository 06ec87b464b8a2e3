package refresh_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// A list that is newer and has expired does not take the place of one that has
// not, nor of none.
func TestPromiseExpiredListTakesNoPlace(t *testing.T) {
	o, r, options := attacked(t)
	expired := version(6)
	expired.Expires = now.Add(-time.Second)
	o.put(expired.signed())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)
	requireUnharmed(t, r, options, refresh.ErrFrozen)

	r = mustNew(t, o.options())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)
	_, err := r.Authorize(ctx, query("key 6", "ID"))
	require.ErrorIs(t, err, refresh.ErrNoList)
	require.ErrorIs(t, err, proof.ErrUnavailable)
}

// A parse function that makes no list, and says nothing of it, made none.
func TestPromiseNoListIsNoList(t *testing.T) {
	o := serve(t, version(5).signed())
	s := o.source()
	s.Parse = func(refresh.Document) (*trustlist.List, []trustlist.Skipped, error) { return nil, nil, nil }
	r := mustNew(t, o.options(s))
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrDocument)
	require.False(t, r.State()[0].Held)
	_, err := r.ResolveKeys(ctx, proof.Hint{KeyID: "key 5"})
	require.ErrorIs(t, err, refresh.ErrNoList)
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		s  refresh.State
		ok bool
	}{
		{refresh.State{}, false},
		{refresh.State{Held: true}, false},
		{refresh.State{Issued: now.Add(-day)}, false},
		{refresh.State{Held: true, Issued: now.Add(-day)}, true},
	} {
		age, ok := c.s.Age(now)
		require.Equal(t, c.ok, ok)
		if ok {
			require.Equal(t, day, age)
		}
	}
}

// A byte that turned on the disk is told, where nothing else would: in a list
// without a signature, and in what is written beside it.
func TestPromiseBrokenDiskIsTold(t *testing.T) {
	o := serve(t, []byte("k1"))
	s := o.source()
	s.Parse = parseAnything
	options := o.options(s)
	options.Dir = t.TempDir()
	require.NoError(t, mustNew(t, options).Refresh(ctx))
	path := filepath.Join(options.Dir, "list.snapshot")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, mustNew(t, options).State()[0].Held)
	for _, turned := range [][2]string{{"k1", "k2"}, {`"fetched":"2026-05-20`, `"fetched":"2026-05-19`}} {
		changed := bytes.Replace(whole, []byte(turned[0]), []byte(turned[1]), 1)
		require.NotEqual(t, whole, changed)
		require.NoError(t, os.WriteFile(path, changed, 0o600))
		st := mustNew(t, options).State()[0]
		require.ErrorIs(t, st.Err, refresh.ErrSnapshot)
		require.False(t, st.Held)
	}
}

// parseAnything makes a list of one key of whatever text, dated by its fetching,
// or undated if it begins so, or dated yesterday or tomorrow.
func parseAnything(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
	info := trustlist.Info{Name: "keys", Issued: d.Fetched}
	switch {
	case bytes.HasPrefix(d.Raw, []byte("undated")):
		info.Issued = time.Time{}
	case bytes.HasPrefix(d.Raw, []byte("yesterday")):
		info.Issued = now.Add(-day)
	case bytes.HasPrefix(d.Raw, []byte("tonight")):
		info.Issued = now.Add(day / 2)
	}
	l, err := trustlist.New(info, trustlist.Entry{
		Authority: "ID", Names: []string{"ID"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{key(string(d.Raw))},
	})
	return l, nil, err
}

// Only where both lists are dated by their fetching may the clock go back between
// them: a date of the list's own is not a clock's.
func TestPromiseOnlyTheClockMayGoBack(t *testing.T) {
	for _, c := range []struct {
		held, then string
		want       error
	}{
		{"fetched", "yesterday", trustlist.ErrRollback},
		{"tonight", "fetched", trustlist.ErrRollback},
		{"yesterday", "fetched", nil},
		{"yesterday", "undated", trustlist.ErrRollback},
		{"undated 1", "undated 2", nil},
		{"undated", "yesterday", nil},
		{"yesterday 1", "yesterday 2", refresh.ErrConflict},
	} {
		o := serve(t, []byte(c.held))
		s := o.source()
		s.Parse = parseAnything
		r := mustNew(t, o.options(s))
		require.NoError(t, r.Refresh(ctx), c.held)
		o.put([]byte(c.then))
		if c.want == nil {
			require.NoError(t, r.Refresh(ctx), c.then)
			requireHolds(t, r, c.then)
			continue
		}
		require.ErrorIs(t, r.Refresh(ctx), c.want, "%s after %s", c.then, c.held)
		requireHolds(t, r, c.held)
	}
}

// A list that another process has fetched too stays as young as it was fetched
// here: of its snapshot only the tag is new.
func TestOtherProcessWithTheSameList(t *testing.T) {
	o := serve(t, []byte("k1"))
	s := o.source()
	s.Parse = parseAnything
	options := o.options(s)
	options.Dir = t.TempDir()
	clock := now
	options.Now = func() time.Time { return clock }
	a, b := mustNew(t, options), mustNew(t, options)
	require.NoError(t, a.Refresh(ctx))
	clock = now.Add(time.Hour)
	require.NoError(t, b.Refresh(ctx))
	o.instead(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	require.ErrorIs(t, a.Refresh(ctx), proof.ErrUnavailable)
	require.Equal(t, now, a.Issued())
	requireHolds(t, a, "k1")
}

// A source that is only a snapshot has no list until another process writes it.
func TestSnapshotAlone(t *testing.T) {
	o := serve(t, version(5).signed())
	options := o.options()
	options.Dir = t.TempDir()
	alone := options
	alone.Sources = []refresh.Source{{Name: "list", Parse: parse}}
	r := mustNew(t, alone)
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrNoList)
	require.NoError(t, mustNew(t, options).Refresh(ctx))
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 5")
	require.True(t, r.State()[0].Confirmed.IsZero(), "nobody was asked")
}
