package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/qr"
)

// otherKey is a did:key that has signed nothing here: a test vector of the
// did:key method.
const otherKey = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

// story runs the program into a folder and returns what it printed.
func story(t *testing.T, dir string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"-out", dir}, args...), &out, &errs)
	require.Zero(t, code, errs.String())
	return out.String(), errs.String()
}

// lines keeps the first words of each line of the transcript, without what
// depends on the folder.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return out
}

func TestStory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a pilgrim's")
	out, errs := story(t, dir)
	require.Empty(t, errs)
	got := lines(out)
	require.LessOrEqual(t, len(got), 45)
	for _, want := range []string{
		"ACCEPTED Her meningitis code SITI RAHMAWATI, by Indonesia, until 4 May 2027",
		"ACCEPTED Her yellow fever code SITI RAHMAWATI, by Indonesia, until 4 May 2027",
		"ACCEPTED The card on her phone SITI RAHMAWATI, by Indonesia, until 4 May 2027",
		"ACCEPTED A pilgrim's from Oman SALIM AL HARTHY, by Oman, until 4 May 2027",
		"REFUSED Birth date altered, to look older it was changed after it was signed",
		"REFUSED Made by a forger, with his own key no state vouches for who signed it",
		"REFUSED Signed with Oman's key, as Indonesia its signer may not speak for Indonesia",
		"REFUSED A card of last month, run out it has expired",
		"REFUSED Reported lost: the code the ministry has withdrawn it",
		"REFUSED Half of the code's text is missing it is damaged and can't be read",
		"REFUSED Reported lost: the card for the phone the ministry has withdrawn it",
		"REFUSED Lost, and sold under another name it was changed after it was signed",
		"UNDECIDED Her code, list of states too old this post must renew the list first",
		"UNDECIDED Her code, list of withdrawn cards too old this post must renew the list first",
		"All as it should be: 4 accepted, 8 refused, 2 left undecided.",
	} {
		require.Contains(t, got, want)
	}
	runPrinted(t, strings.TrimSpace(out[strings.LastIndex(strings.TrimSpace(out), "\n"):]))
}

// runPrinted runs the last line of the transcript as a reader would, from the
// root of the repository, with a folder that needs quoting.
func runPrinted(t *testing.T, line string) {
	t.Helper()
	require.True(t, strings.HasPrefix(line, "go run ./examples/sanad verify "), line)
	for _, c := range []struct{ from, to, want string }{
		{"", "", "VALID  hcert"},
		{"card.png", "wrong/withdrawn.png", "status.revoked"},
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(line, c.from, c.to, 1))
		cmd.Dir = filepath.Join("..", "..")
		out, err := cmd.CombinedOutput()
		require.Contains(t, string(out), c.want)
		require.Equal(t, c.from == "", err == nil, string(out))
	}
}

// What a run writes does not depend on when or where, but for the places in the
// status list, which are random and stay when the folder is used again.
func TestStoryAgain(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	read := func(dir, name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(raw)
	}
	before := read(dir, "card.json")
	story(t, dir)
	require.Equal(t, before, read(dir, "card.json"))
	other := t.TempDir()
	story(t, other)
	for _, name := range []string{"card.png", "card.svg", "card.html", "border/trustlist.json", "border/withdrawn.cose", "wrong/altered.png"} {
		require.Equal(t, read(dir, name), read(other, name), name)
	}
	info, err := os.Stat(filepath.Join(dir, "ministry"))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077)
}

func TestAnotherTrustKey(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"-out", t.TempDir(), "-trust-key", otherKey}, &out, &errs)
	require.Equal(t, 1, code)
	require.Contains(t, errs.String(), "the border post can't open: gdhcn: trust list not authenticated")
	require.NotContains(t, out.String(), "ACCEPTED")
	require.NotContains(t, out.String(), "All as it should be")
}

// Whatever the files become behind the border's back, the program says that it
// is not as it should be.
func TestBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	net, err := newNetwork()
	require.NoError(t, err)
	f := files{dir}
	lists, err := filepath.Glob(filepath.Join(f.statusList(), "*.list"))
	require.NoError(t, err)
	require.Len(t, lists, 1)
	flip := func(raw []byte) []byte {
		raw[len(raw)/2] ^= 1
		return raw
	}
	swap := func(name string) func([]byte) []byte {
		return func([]byte) []byte {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			return raw
		}
	}
	for _, c := range []struct {
		name, file, want string
		change           func([]byte) []byte
	}{
		{"trust list changed", f.trustList(), "can't open", flip},
		{"trust list outdated", f.trustList(), "inconclusive [trust.stale], expected valid []", swap(f.oldTrustList())},
		{"withdrawn cards changed", f.withdrawn(), "can't open", flip},
		{"withdrawn cards outdated", f.withdrawn(), "inconclusive [status.unavailable], expected valid []", swap(f.oldWithdrawn())},
		{"status list changed", lists[0], "inconclusive [status.unavailable], expected valid []", flip},
		{"status list empty", lists[0], "inconclusive [status.unavailable], expected valid []", func([]byte) []byte { return nil }},
		{"forged card", f.path("card.png"), "refused [issuer.unknown], expected valid []", swap(f.wrong("stranger.png"))},
		{"another's card", f.path("card.png"), "not in the holder's name", swap(f.path("oman.png"))},
		{"no code in the picture", f.path("card.png"), "qr", func([]byte) []byte { return []byte("no picture") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			good, err := os.ReadFile(c.file)
			require.NoError(t, err)
			require.NoError(t, write(c.file, c.change(bytes.Clone(good))))
			defer func() { require.NoError(t, write(c.file, good)) }()
			err = cross(t.Context(), &teller{w: &bytes.Buffer{}}, f, net.did, nil)
			require.ErrorContains(t, err, c.want)
		})
	}
	require.NoError(t, cross(t.Context(), &teller{w: &bytes.Buffer{}}, f, net.did, nil))
	require.Error(t, cross(t.Context(), &teller{w: &bytes.Buffer{}}, f, "did:key:z6Mk", nil))
}

// A verdict for another reason than the one expected is a failure.
func TestUnexpectedVerdict(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	net, err := newNetwork()
	require.NoError(t, err)
	f := files{dir}
	wrong := []traveller{{what: "An altered card", file: f.wrong("altered.png"), verdict: report.Refused, codes: []string{"time.expired"}}}
	err = cross(t.Context(), &teller{w: &bytes.Buffer{}}, f, net.did, wrong)
	require.ErrorContains(t, err, "refused [signature.invalid], expected refused [time.expired]")
}

// Every code that the story ends on has a plain word for it.
func TestWhy(t *testing.T) {
	for code := range why {
		require.Contains(t, report.Codes(), code)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-help"}, 0, "-trust-key"},
		{[]string{"-n", "-1"}, 64, "not negative"},
		{[]string{"-n", "many"}, 64, "invalid value"},
		{[]string{"-what"}, 64, "not defined"},
		{[]string{"card.png"}, 64, "no arguments"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &out, &errs), c.args)
		require.Contains(t, errs.String(), c.want)
		require.Empty(t, out.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestNoPlaceToWrite(t *testing.T) {
	var errs bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"-out", t.TempDir()}, brokenPipe{}, &errs))
	require.Contains(t, errs.String(), "broken pipe")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Equal(t, 1, run(t.Context(), []string{"-out", file}, &bytes.Buffer{}, &errs))

	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "card.png"), 0o700))
	require.Equal(t, 1, run(t.Context(), []string{"-out", dir}, &bytes.Buffer{}, &errs))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, 1, run(ctx, []string{"-out", t.TempDir()}, &bytes.Buffer{}, &errs))
}

func TestQuote(t *testing.T) {
	require.Equal(t, "out/card.png", quote("out/card.png"))
	require.Equal(t, `'it'\''s here'`, quote("it's here"))
}

func TestAlter(t *testing.T) {
	for _, text := range []string{"HC1:", "HC1:ÿ", "HC1:AB", "no card"} {
		_, err := alter(text, "a", "b")
		require.Error(t, err, text)
	}
	dir := t.TempDir()
	story(t, dir)
	raw, err := os.ReadFile(filepath.Join(dir, "card.png"))
	require.NoError(t, err)
	text, err := qr.Read(raw)
	require.NoError(t, err)
	_, err = alter(text, "NOBODY", "NOBODY")
	require.ErrorContains(t, err, "not there")
	_, err = alter(text, siti.Born, "1900-01-01")
	require.NoError(t, err)
}

func TestRegister(t *testing.T) {
	net, err := newNetwork()
	require.NoError(t, err)
	m, err := openMinistry(net.State("ID"), t.TempDir())
	require.NoError(t, err)
	require.Empty(t, m.batches())
	require.ErrorContains(t, m.withdraw(&budi), "no certificate")
	d := budi.certificate("ID", m.authority, meningitis, issued, expires)
	require.ErrorContains(t, m.issued.Record(t.Context(), d, &d.Credential), "never be withdrawn")
	_, err = m.certify(t.Context(), &budi, meningitis)
	require.NoError(t, err)
	require.Error(t, m.withdraw(&budi)) // not in its W3C form, which was not issued
	require.Len(t, m.batches(), 1)
	require.Len(t, m.batches()[0].Hashes, 1)

	unnamed := siti
	unnamed.Name = ""
	_, err = m.certify(t.Context(), &unnamed, meningitis)
	require.ErrorContains(t, err, "icvp: n: missing")
}

// The card is one page in two languages that needs no other file and no
// network.
func TestCardPage(t *testing.T) {
	dir := t.TempDir()
	story(t, dir)
	raw, err := os.ReadFile(filepath.Join(dir, "card.html"))
	require.NoError(t, err)
	page := string(raw)
	for _, want := range []string{
		`dir="rtl"`, `lang="ar"`, "@page { size: 105mm 148mm", siti.Name, siti.Arabic, siti.Serial, siti.Passport,
		"17 August 1961", "١٧ أغسطس ١٩٦١", "4 May 2027", "٤ مايو ٢٠٢٧", "SPECIMEN", "نموذج",
		meningitis.Vaccine, meningitis.Arabic, meningitis.Batch, yellowFever.Vaccine, yellowFever.Arabic, yellowFever.Batch,
	} {
		require.Contains(t, page, want)
	}
	for _, url := range regexp.MustCompile(`(?i)[a-z]+://[^"' )>]*|url\(|@import|<(script|link|img|iframe|object)\b`).FindAllString(page, -1) {
		require.Equal(t, "http://www.w3.org/2000/svg", url, "an outside resource")
	}
	for _, d := range siti.Doses {
		picture, err := os.ReadFile(filepath.Join(dir, d.file+".png"))
		require.NoError(t, err)
		text, err := qr.Read(picture)
		require.NoError(t, err)
		svg, err := qr.SVG(text, qr.Options{Title: d.Vaccine})
		require.NoError(t, err)
		require.Contains(t, page, strings.TrimSpace(string(svg)))
	}
}

func TestCardPageEscapes(t *testing.T) {
	p := siti
	p.Name, p.Arabic = "<script>alert(1)</script>", `"><b>`
	page, err := cardPage(&p, []string{"A", "B"}, issued, expires)
	require.NoError(t, err)
	require.NotContains(t, string(page), "<script")
	require.NotContains(t, string(page), `"><b>`)

	p.Born = "yesterday"
	_, err = cardPage(&p, []string{"A", "B"}, issued, expires)
	require.Error(t, err)
	_, err = cardPage(&siti, []string{"A", strings.Repeat("A", 5000)}, issued, expires)
	require.ErrorIs(t, err, qr.ErrTooLong)
	require.ErrorIs(t, writeCode(filepath.Join(t.TempDir(), "x"), ""), qr.ErrText)
}

func TestArabicDay(t *testing.T) {
	for date, want := range map[string]string{
		"2026-01-30": "٣٠ يناير ٢٠٢٦", "1945-12-07": "٧ ديسمبر ١٩٤٥",
	} {
		got, err := arabicDay(date)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := arabicDay("2026-13-01")
	require.Error(t, err)
}
