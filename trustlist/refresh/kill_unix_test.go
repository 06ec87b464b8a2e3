//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package refresh_test

import (
	"bufio"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// The process that is killed, or whose disk is full, is this test binary again.
func TestMain(m *testing.M) {
	switch os.Getenv("SANAD_REFRESH_CHILD") {
	case "loop":
		fail(refreshForEver(os.Getenv("SANAD_REFRESH_URL"), os.Getenv("SANAD_REFRESH_DIR")))
	case "full":
		fail(refreshOnFullDisk(os.Getenv("SANAD_REFRESH_DIR")))
	default:
		os.Exit(m.Run())
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

func child(t *testing.T, task string, env ...string) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self)
	c.Env = append(append(os.Environ(), "SANAD_REFRESH_CHILD="+task), env...)
	return c
}

// refreshForEver writes a line for each list that it has taken.
func refreshForEver(url, dir string) error {
	cert, err := os.ReadFile(filepath.Join(dir, "server.pem"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	r, err := refresh.New(refresh.Options{
		Sources: []refresh.Source{{Name: "list", URL: url, Parse: parse}}, Dir: dir, Now: at,
		PrivateHosts: []string{"localhost"}, RootCAs: roots,
	})
	if err != nil {
		return err
	}
	if err := r.State()[0].Err; err != nil {
		return err
	}
	for {
		if err := r.Refresh(ctx); err != nil {
			return err
		}
		fmt.Println("refreshed")
	}
}

// A process that is killed at any moment leaves a whole snapshot, none older
// than the one before.
func TestPromiseKilledRefresherLeavesSnapshotWhole(t *testing.T) {
	const kills = 100
	var noise [150_000]byte
	rand.Read(noise[:])
	var minute atomic.Int64
	o := serve(t, nil)
	o.instead(func(w http.ResponseWriter, _ *http.Request) { // a new list each time
		d := version(5)
		d.Issued, d.Padding = d.Issued.Add(time.Duration(minute.Add(1))*time.Second), hex.EncodeToString(noise[:])
		w.Write(d.signed())
	})
	dir := t.TempDir()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.Certificate().Raw})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.pem"), cert, 0o600))

	broken, unfinished := 0, 0
	var last time.Time
	for range kills {
		c := child(t, "loop", "SANAD_REFRESH_URL="+o.Base+"/", "SANAD_REFRESH_DIR="+dir)
		var complaint strings.Builder
		c.Stderr = &complaint
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		require.True(t, bufio.NewScanner(out).Scan(), "it ended by itself: %s", &complaint)
		time.Sleep(time.Duration(mrand.Int64N(int64(12 * time.Millisecond))))
		require.NoError(t, c.Process.Kill())
		c.Wait()

		if _, err := os.Stat(filepath.Join(dir, "list.snapshot.new")); err == nil {
			unfinished++
		}
		r := mustNew(t, refresh.Options{Sources: []refresh.Source{{Name: "list", Parse: parse}}, Dir: dir, Now: at})
		st := r.State()[0]
		if st.Err != nil || !st.Held || st.Issued.Before(last) {
			broken++
			t.Errorf("%v, issued %v, before %v", st.Err, st.Issued, last)
		}
		last = st.Issued
		r.Close()
	}
	t.Logf("%d kills, %d broken snapshots; %d kills found a file half written", kills, broken, unfinished)
	fmt.Printf("%d kills, %d broken snapshots\n", kills, broken)
	require.Zero(t, broken)
}

// refreshOnFullDisk stands in for a full disk with the limit that the system
// sets to a process's files: writes beyond it fail half-way, as on a full disk.
func refreshOnFullDisk(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	source := filepath.Join(dir, "list.json")
	r, err := refresh.New(refresh.Options{Sources: []refresh.Source{{Name: "list", URL: "file://" + source, Parse: parse}}, Dir: dir, Now: at})
	if err != nil {
		return err
	}
	put := func(n int) error {
		d := version(n)
		d.Padding = strings.Repeat("x", 100_000)
		return os.WriteFile(source, d.signed(), 0o600)
	}
	if err := errors.Join(put(5), r.Refresh(ctx), put(6)); err != nil {
		return err
	}
	var unlimited syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		return err
	}
	full := unlimited
	full.Cur = 50_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		return err
	}
	if err := r.Refresh(ctx); !errors.Is(err, refresh.ErrSnapshot) || !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("on a full disk: %v", err)
	}
	if _, err := r.Authorize(ctx, query("key 6", "ID")); err != nil {
		return fmt.Errorf("the list in memory does not advance: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "list.snapshot.new")); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("what could not be written is left: %v", err)
	}
	if err := holds(dir, "key 5"); err != nil {
		return fmt.Errorf("the snapshot before is not whole: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		return err
	}
	if err := r.Refresh(ctx); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return holds(dir, "key 6")
}

// holds looks at a folder as a process that starts.
func holds(dir, keyName string) error {
	r, err := refresh.New(refresh.Options{Sources: []refresh.Source{{Name: "list", Parse: parse}}, Dir: dir, Now: at})
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Authorize(ctx, query(keyName, "ID"))
	return errors.Join(err, r.State()[0].Err)
}

func TestPromiseFullDiskKeepsSnapshot(t *testing.T) {
	out, err := child(t, "full", "SANAD_REFRESH_DIR="+t.TempDir()).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// A pipe in place of a snapshot is not waited for.
func TestPromisePipeIsNoSnapshot(t *testing.T) {
	o := serve(t, version(5).signed())
	options := o.options()
	options.Dir = t.TempDir()
	path := filepath.Join(options.Dir, "list.snapshot")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	r := mustNew(t, options)
	require.ErrorIs(t, r.State()[0].Err, refresh.ErrSnapshot)
	require.NoError(t, r.Refresh(ctx))
	requireHolds(t, r, "key 5")
	requireHolds(t, mustNew(t, options), "key 5")
}
