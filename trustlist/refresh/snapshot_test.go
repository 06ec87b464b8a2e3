package refresh_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// kept is a folder with the snapshot of version n, and options for it.
func kept(t *testing.T, n int) (*origin, refresh.Options, string) {
	t.Helper()
	o := serve(t, version(n).signed())
	options := o.options()
	options.Dir = t.TempDir()
	require.NoError(t, mustNew(t, options).Refresh(ctx))
	return o, options, filepath.Join(options.Dir, "list.snapshot")
}

// reseal gives a changed snapshot the checksum that its content has.
func reseal(raw []byte) []byte {
	content := raw[:len(raw)-sha256.Size]
	sum := sha256.Sum256(content)
	return append(bytes.Clone(content), sum[:]...)
}

// A snapshot that somebody else wrote or changed goes through the same checks as
// what comes from the network.
func TestPromiseForeignSnapshotIsNotBelieved(t *testing.T) {
	o, options, path := kept(t, 5)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	mine, stranger := version(5).signed(), version(6).signedBy("a stranger")
	require.Contains(t, string(whole), string(mine))

	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"another document":        {reseal(bytes.Replace(whole, mine, stranger, 1)), errSignature},
		"a country changed":       {reseal(bytes.Replace(whole, []byte(`"ID"`), []byte(`"SA"`), 1)), errSignature},
		"without its checksum":    {bytes.Replace(whole, []byte(`"ID"`), []byte(`"SA"`), 1), refresh.ErrSnapshot},
		"of another source":       {reseal(bytes.Replace(whole, []byte(`"source":"list"`), []byte(`"source":"last"`), 1)), refresh.ErrSnapshot},
		"of another version":      {reseal(bytes.Replace(whole, []byte(`{"v":1`), []byte(`{"v":2`), 1)), refresh.ErrSnapshot},
		"lengths that don't fit":  {reseal(bytes.Replace(whole, []byte(`"signature":-1`), []byte(`"signature":+1`), 1)), refresh.ErrSnapshot},
		"header in other words":   {reseal(bytes.Replace(whole, []byte(`{"v"`), []byte(`{ "v"`), 1)), refresh.ErrSnapshot},
		"a longer document":       {reseal(append(bytes.Clone(whole), "more"...)), refresh.ErrSnapshot},
		"no header":               {reseal(make([]byte, 40000)), refresh.ErrSnapshot},
		"empty":                   {[]byte{}, refresh.ErrSnapshot},
		"a page from the network": {[]byte("<html>" + string(make([]byte, 100))), refresh.ErrSnapshot},
	} {
		require.NoError(t, os.WriteFile(path, c.raw, 0o600))
		r := mustNew(t, options)
		st := r.State()[0]
		require.ErrorIs(t, st.Err, c.want, name)
		require.ErrorIs(t, st.Err, refresh.ErrSnapshot, name)
		require.False(t, st.Held, name)
		_, err := r.Authorize(ctx, query("key 5", "SA"))
		require.ErrorIs(t, err, refresh.ErrNoList, name)

		require.NoError(t, r.Refresh(ctx), name)
		requireHolds(t, r, "key 5")
		requireHolds(t, mustNew(t, options), "key 5")
	}
	require.Zero(t, o.conditional.Load(), "nor is a tag taken from it")
}

func TestCutSnapshots(t *testing.T) {
	_, options, path := kept(t, 5)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for n := range whole {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		r, err := refresh.New(options)
		require.NoError(t, err)
		require.ErrorIs(t, r.State()[0].Err, refresh.ErrSnapshot, n)
		require.False(t, r.State()[0].Held)
		r.Close()
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	require.ErrorIs(t, mustNew(t, options).State()[0].Err, refresh.ErrSnapshot)
}

// Two processes that share a folder: the newer list wins, whoever has it.
func TestPromiseNewerSnapshotIsNotReplaced(t *testing.T) {
	_, options, path := kept(t, 5)
	behind := serve(t, version(5).signed())
	slow := behind.options()
	slow.Dir = options.Dir
	b := mustNew(t, slow)
	requireHolds(t, b, "key 5")

	ahead := serve(t, version(7).signed())
	fast := ahead.options()
	fast.Dir = options.Dir
	require.NoError(t, mustNew(t, fast).Refresh(ctx))
	newest, err := os.ReadFile(path)
	require.NoError(t, err)

	behind.put(version(6).signed())
	require.ErrorIs(t, b.Refresh(ctx), trustlist.ErrRollback, "it has read the other's")
	requireHolds(t, b, "key 7")
	still, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, newest, still)

	// One that reads while another fetches.
	reader := mustNew(t, refresh.Options{Sources: []refresh.Source{{Name: "list", Parse: parse}}, Dir: options.Dir, Now: at})
	requireHolds(t, reader, "key 7")
	ahead.put(version(8).signed())
	f := mustNew(t, fast)
	require.NoError(t, f.Refresh(ctx))
	require.NoError(t, reader.Refresh(ctx))
	requireHolds(t, reader, "key 8")
	require.True(t, reader.State()[0].Confirmed.IsZero(), "it has asked no source")

	// Another of the same date stays where it is.
	rival := version(8)
	rival.Keys = map[string]string{"rival": "ID"}
	o := serve(t, rival.signed())
	alone := o.options()
	alone.Dir = t.TempDir()
	require.NoError(t, mustNew(t, alone).Refresh(ctx))
	other, err := os.ReadFile(filepath.Join(alone.Dir, "list.snapshot"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, other, 0o600))
	require.ErrorIs(t, f.Refresh(ctx), refresh.ErrConflict)
	requireHolds(t, f, "key 8")
}

// Many at once, each fetching what is newest when it comes: what is on disk only
// goes forward, and whoever looks finds it whole.
func TestSharedFolder(t *testing.T) {
	o, options, _ := kept(t, 1)
	var mu sync.Mutex
	n := 1
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			r, err := refresh.New(options)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			for range 15 {
				mu.Lock()
				n = min(n+1, 10)
				o.put(version(n).signed())
				mu.Unlock()
				before := r.Issued()
				r.Refresh(ctx) // a rollback where another was faster
				looker, err := refresh.New(options)
				if err != nil {
					t.Error(err)
					return
				}
				if st := looker.State()[0]; st.Err != nil || st.Issued.Before(before) {
					t.Errorf("%v: %v, after %v", st.Err, st.Issued, before)
				}
				looker.Close()
			}
		})
	}
	wg.Wait()
	requireHolds(t, mustNew(t, options), "key 10")
	files, err := os.ReadDir(options.Dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "the snapshot and its lock")
}

func TestFolderThatIsNotThere(t *testing.T) {
	o := serve(t, version(5).signed())
	options := o.options()
	options.Dir = filepath.Join(t.TempDir(), "later")
	r := mustNew(t, options)
	require.NoError(t, r.State()[0].Err)
	err := r.Refresh(ctx)
	require.ErrorIs(t, err, refresh.ErrSnapshot)
	require.NotContains(t, err.Error(), options.Dir)
	require.Equal(t, now, r.State()[0].Confirmed)
	requireHolds(t, r, "key 5")
	require.NoError(t, os.Mkdir(options.Dir, 0o700))
	require.NoError(t, r.Refresh(ctx), "written although the list is not new")
	requireHolds(t, mustNew(t, options), "key 5")
}

// A snapshot that disappears, or breaks, while its process runs is written anew.
func TestSnapshotIsRestored(t *testing.T) {
	o, options, path := kept(t, 5)
	r := mustNew(t, options)
	require.NoError(t, r.Refresh(ctx))
	require.EqualValues(t, 1, o.conditional.Load())
	require.NoError(t, os.Remove(path))
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, mustNew(t, options), "key 5")
	require.NoError(t, os.WriteFile(path, make([]byte, 100), 0o600))
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, mustNew(t, options), "key 5")
	require.EqualValues(t, 1, o.conditional.Load())
	require.NoError(t, r.Refresh(ctx))
	require.EqualValues(t, 2, o.conditional.Load(), "as before")
}
