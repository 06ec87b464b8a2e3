package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWriteReplacesAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := file(t, dir, "x", "old")
	require.NoError(t, write(path, []byte("new"), 0o640))
	require.Equal(t, "new", content(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	require.Error(t, write(dir, []byte("new"), 0o640), "a folder")
	require.Error(t, write(filepath.Join(dir, "none", "x"), nil, 0o640))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
	require.Error(t, create(path, []byte("newer"), 0o600))
	require.Equal(t, "new", content(t, path))
}

func TestMoments(t *testing.T) {
	for in, want := range map[string]string{
		"2021-07-02T07:44:21+0000":      "2021-07-02T07:44:21Z",
		"2021-05-30T13:38:49.822623":    "2021-05-30T13:38:49.822623Z",
		"2021-05-03T20:00:00+02:00":     "2021-05-03T18:00:00Z",
		"2021-05-03T20:00:00.5-03:30":   "2021-05-03T23:30:00.5Z",
		"2021-05-03":                    "2021-05-03T00:00:00Z",
		"2021-05-03T20:00:00Z":          "2021-05-03T20:00:00Z",
		"03.05.2021":                    "",
		"":                              "",
		"2021-05-03T20:00:00Z0":         "",
		"2021-13-03T20:00:00Z":          "",
		"now" + strings.Repeat("x", 99): "",
	} {
		var m moment
		err := m.UnmarshalText([]byte(in))
		require.Equal(t, want == "", err != nil, in)
		if want != "" {
			require.Equal(t, want, m.Format(time.RFC3339Nano), in)
		}
	}
}

func TestAges(t *testing.T) {
	for in, want := range map[string]time.Duration{"7d": 7 * 24 * time.Hour, "36h": 36 * time.Hour, "0d": 0, "1h30m": 90 * time.Minute} {
		var a age
		require.NoError(t, a.UnmarshalText([]byte(in)), in)
		require.Equal(t, want, time.Duration(a))
	}
	for _, in := range []string{"", "d", "-1d", "1.5d", "99999999d", "7", "-1h"} {
		require.Error(t, new(age).UnmarshalText([]byte(in)), in)
	}
}

func TestReadPEM(t *testing.T) {
	c := newCountry(t)
	e := &env{}
	// A key file with the parameters of its curve before it, as OpenSSL writes.
	openssl := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + content(t, c.key)
	_, err := e.readKey(file(t, c.dir, "openssl.pem", openssl))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"empty": "", "no PEM": "x", "another type": content(t, c.cert),
		"broken": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), "too long": strings.Repeat("x", maxPEM+1),
	} {
		_, err := e.readKey(file(t, c.dir, "x.pem", text))
		require.Error(t, err, name)
	}
	_, err = e.readCertificate(file(t, c.dir, "x.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))))
	require.Error(t, err)
}

func TestQR(t *testing.T) {
	dir := t.TempDir()
	png := filepath.Join(dir, "x.PNG")
	r := sanad("qr", "--out", png, "--scale", "3", "HC1:NO FILE")
	require.Equal(t, 0, r.status)
	require.Contains(t, r.stderr, "the text itself is encoded")
	require.NotContains(t, r.stderr, "HC1")
	require.Equal(t, "HC1:NO FILE", ok(t, "qr", "--read", png))
	require.Equal(t, 0, sanadIn(strings.NewReader("piped\n"), "qr", "--out", png).status)
	require.Equal(t, "piped", ok(t, "qr", "--read", png))
	ok(t, "qr", "--out", png, strings.Repeat("A", 1000)) // no name of a file
	for _, args := range [][]string{{"--read", filepath.Join(dir, "none")}, {"--read", file(t, dir, "text", "x")}, {"--out", png, dir}, {"--out", filepath.Join(dir, "none", "x.png"), "x"}, {"--out", png, file(t, dir, "long", strings.Repeat("x", 5000))}} {
		require.Equal(t, 1, sanad(append([]string{"qr"}, args...)...).status, args)
	}
	require.Equal(t, 1, sanadIn(strings.NewReader("\n"), "qr", "--out", png).status, "no text")
}
