package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
)

func TestMany(t *testing.T) {
	dir := t.TempDir()
	out, errs := story(t, dir, "-n", "20", "-progress")
	require.Contains(t, out, "5. The same for 20 pilgrims")
	require.Regexp(t, `issued +[1-9][0-9]* a second   \(the signature alone: +[1-9][0-9]*\)`, out)
	require.Regexp(t, `verified +[1-9][0-9]* a second   \(the signature alone: +[1-9][0-9]*\)`, out)
	require.Contains(t, errs, "issuing")
	require.Contains(t, errs, "verifying")

	raw, err := os.ReadFile(filepath.Join(dir, "many.txt"))
	require.NoError(t, err)
	cards := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	require.Len(t, cards, 20)
	for i, card := range cards {
		u, err := credential.Inspect([]credential.Format{hcert.Format{}}, []byte(card))
		require.NoError(t, err)
		icvp, err := u.Credential.Payload.(*hcert.Payload).ICVP()
		require.NoError(t, err)
		require.Equal(t, numbered(i+1).Passport, icvp.DocumentID) // in order, each once
	}

	_, errs = story(t, dir, "-n", "1")
	require.Empty(t, errs) // no terminal, no bar
}

// One card among many that is missing or not valid is noticed.
func TestManyWithOneWrong(t *testing.T) {
	dir := t.TempDir()
	net, err := newNetwork()
	require.NoError(t, err)
	o := options{out: dir, many: 20, trustKey: net.did}
	story(t, dir, "-n", "20")
	f := files{dir}
	name := f.path("many.txt")
	post, err := openBorder(f.trustList(), f.withdrawn(), f.statusList(), net.did)
	require.NoError(t, err)
	require.NoError(t, verifyMany(t.Context(), post, o, name, nil))

	good, err := os.ReadFile(name)
	require.NoError(t, err)
	first := bytes.IndexByte(good, '\n') + 1
	require.NoError(t, write(name, good[first:]))
	require.ErrorContains(t, verifyMany(t.Context(), post, o, name, nil), "19 of 20 cards are valid")

	forged := bytes.Clone(good)
	forged[first/2] ^= 1
	require.NoError(t, write(name, forged))
	require.ErrorContains(t, verifyMany(t.Context(), post, o, name, nil), "a card is refused")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, write(name, good))
	require.ErrorIs(t, verifyMany(ctx, post, o, name, nil), context.Canceled)
	require.Error(t, verifyMany(t.Context(), post, o, f.path("none.txt"), nil))

	m, err := openMinistry(net.State("ID"), t.TempDir())
	require.NoError(t, err)
	require.Error(t, issueMany(ctx, m, o, name, nil))
	require.Error(t, issueMany(t.Context(), m, o, dir, nil))
}

func TestFloor(t *testing.T) {
	_, _, err := floor(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	require.Error(t, err)
	_, err = perSecond(func() error { return errors.New("no") })
	require.EqualError(t, err, "no")
}
