package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/report"
)

func TestUsage(t *testing.T) {
	for _, line := range []string{
		"", "fly", "verify", "verify --trust", "verify --trust pem", "verify --trust pem:", "verify --trust vcx:x", "verify --unknown",
		"verify --trust pem:x --lines=xml", "verify --trust pem:x --lang tlh", "verify --trust pem:x --time yesterday",
		"verify --trust pem:x --max-trust-age 3x", "verify --trust pem:x --max-trust-age -3h", "verify --trust pem:x --max-trust-age -3d",
		"verify --trust pem:x --did web", "verify --trust pem:x --skip-status --status y", "verify --trust pem:x --skip-status --require-status",
		"verify --trust pem:x --status-key did:key:z", "verify --trust pem:x --trust-key did:key:z", "verify --trust snapshot:main.go",
		"verify --trust pem:https://x.example/", "verify --trust did:https://x.example/", "verify --trust jwks:https://x.example/keys", "verify --trust jwks:x --dir y",
		"verify --trust gdhcn:x --context u=main.go", "verify --trust gdhcn:x --trust-key main.go --context u", "trust show --trust-key did:key:z pem:x",
		"trust diff pem:x", "trust diff pem:x pem:y --trust-key z", "trust diff pem:x zip:y",
		"trust fetch", "trust fetch --dir x", "trust fetch jwks:https://x.example/keys", "trust fetch --dir x jwks:keys", "trust fetch --dir x pem:https://x.example/",
		"trust fetch --dir x jwks:https://x.example/a jwks:https://x.example/a", "trust fetch --dir x snapshot:https://x.example/", "trust fetch --dir x network:https://x.example/",
		"trust fetch --dir x --root y jwks:https://x.example/", "trust fetch --dir x --state y jwks:https://x.example/", "trust fetch --dir x --max-age never jwks:https://x.example/",
		"trust fetch --dir x --root y network:https://x.example/ network:https://y.example/",
		"keygen --out x", "keygen --alg RS256 --out x", "keygen --alg ES256 --out x --country XX", "keygen --alg ES256 --out x --cert y --name n",
		"keygen --alg ES256 --out x --cert y --name n --country xx", "keygen --alg ES256 --out x --cert y --name n --country XX --ca z",
		"keygen --alg ES256 --out x --cert y --name n --country XX --days 0", "keygen --alg ES256 --out x --cert y --name n --country XX --authority --usage test",
		"issue --format jwt --key x", "issue --format w3c", "issue --format w3c --key x --type dcc", "issue --format hcert --key x",
		"issue --format hcert --key x --type dcc --cert y --issuer XX", "issue --format hcert --key x --status-store y",
		"trust build --id did:web:x y", "trust build --id did:web:x --key x --unsigned y", "trust show x",
		"status new --store x", "status revoke --store x", "status publish --store x --key y --out z --days 0",
		"status snapshot --out x --country indonesia", "status snapshot --out x --country ID card.txt",
		"qr", "qr --out x.png --read y.png", "qr --read y.png text", "qr --out x.gif main.go",
	} {
		r := sanad(strings.Fields(line)...)
		require.Equal(t, 64, r.status, "%s: %s", line, r.stderr)
		require.Empty(t, r.stdout, line)
		require.NotEmpty(t, r.stderr, line)
	}
	for _, line := range []string{"--help", "verify --help", "trust build --help"} {
		require.Contains(t, ok(t, strings.Fields(line)...), "Usage: sanad", line)
	}
}

func TestWithoutTrustShowsALineThatWorks(t *testing.T) {
	c := newCountry(t)
	r := sanad("verify", "--time", "2026-01-01T00:00:00Z", "it's a card.txt")
	require.Equal(t, 64, r.status)
	require.Contains(t, r.stderr, "--trust is missing")
	require.Contains(t, r.stderr, `sanad verify --trust pem:FOLDER_OF_CERTIFICATES --time 2026-01-01T00:00:00Z 'it'\''s a card.txt'`)
	_, line, found := strings.Cut(sanad("verify", c.w3c(t, "urn:uuid:1")).stderr, "sanad verify --any-issuer ")
	require.True(t, found)
	line, _, _ = strings.Cut(line, "\n")
	ok(t, "verify", "--any-issuer", line)
}

func TestTrustIsWhatWasAskedFor(t *testing.T) {
	c, other := newCountry(t), newCountry(t)
	signed := c.w3c(t, "urn:uuid:1")
	for name, test := range map[string]struct {
		status int
		code   string
		args   []string
	}{
		"a stranger's certificate":         {1, "issuer.unknown", []string{"--trust", "pem:" + other.certs, c.card}},
		"merged lists":                     {0, "", []string{"--trust", "pem:" + other.certs, "--trust", "pem:" + c.certs, c.card}},
		"a list signed by another":         {2, "", []string{"--trust", "gdhcn:" + c.list, "--trust-key", other.listDID, c.card}},
		"a list taken as given":            {0, "", []string{"--trust", "gdhcn:" + c.list, c.card}},
		"a snapshot":                       {0, "", []string{"--trust", "snapshot:" + c.list, "--trust-key", c.listDID, c.card}},
		"a snapshot that has expired":      {2, "trust.stale", []string{"--trust", "snapshot:" + c.list, "--trust-key", c.listDID, "--time", c.later(), c.card}},
		"a missing list":                   {2, "", []string{"--trust", "gdhcn:" + c.dir + "/none", c.card}},
		"a folder without certificates":    {2, "", []string{"--trust", "pem:" + filepath.Join(c.dir, "..", "none"), c.card}},
		"a list of unknown age":            {2, "trust.stale", []string{"--trust", "pem:" + c.certs, "--max-trust-age", "1d", c.card}},
		"a list of known age":              {0, "", []string{"--trust", "gdhcn:" + c.list, "--max-trust-age", "1d", c.card}},
		"any issuer":                       {1, "issuer.unknown", []string{"--any-issuer", c.card}},
		"any issuer with its key":          {0, "", []string{"--any-issuer", "--trust", "pem:" + c.certs, c.card}},
		"any issuer of W3C":                {0, "", []string{"--any-issuer", signed}},
		"the proof only":                   {0, "", []string{"--proof-only", signed}},
		"a DID that is not listed":         {1, "issuer.unknown", []string{"--trust", "did:" + other.did, "--did", "key", signed}},
		"another issuer than expected":     {1, "policy.issuer", []string{"--trust", "pem:" + c.certs, "--issuer", "YY", c.card}},
		"the issuer expected":              {0, "", []string{"--trust", "pem:" + c.certs, "--issuer", "XX", c.card}},
		"expired":                          {1, "time.expired", []string{"--trust", "pem:" + c.certs, "--time", time.Now().AddDate(0, 9, 0).UTC().Format(time.RFC3339), c.card}},
		"not yet valid":                    {1, "time.not_yet", []string{"--trust", "pem:" + c.certs, "--time", "2020-01-01", c.card}},
		"a missing file":                   {2, "", []string{"--trust", "pem:" + c.certs, c.dir + "/none"}},
		"a missing file and a refused one": {1, "policy.type", []string{"--trust", "pem:" + c.certs, "--type", "test", c.dir + "/none", c.card}},
		"a valid one and a refused one":    {1, "issuer.unknown", []string{"--trust", "pem:" + c.certs, c.card, signed}},
		"no such status file":              {2, "", []string{"--trust", "pem:" + c.certs, "--status", c.dir + "/none", c.card}},
		"a status file that is none":       {2, "", []string{"--trust", "pem:" + c.certs, "--status", c.card, c.card}},
		"no did:key":                       {2, "", []string{"--trust", "gdhcn:" + c.list, "--trust-key", "did:web:x", c.card}},
	} {
		r := sanad(append([]string{"verify"}, test.args...)...)
		require.Equal(t, test.status, r.status, "%s: %s%s", name, r.stdout, r.stderr)
		require.Contains(t, r.stdout, test.code, name)
		require.True(t, r.status != 2 || r.stderr != "" || test.code != "", name)
	}
}

func TestHumanReports(t *testing.T) {
	c := newCountry(t)
	for _, lang := range []string{"en", "ar", "fr-FR", "id", "UR"} {
		r := sanad("verify", "--trust", "pem:"+c.certs, "--time", "2020-01-01", "--lang", lang, c.card)
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stdout, "REFUSED")
		require.Contains(t, r.stdout, report.Text("time.not_yet", lang))
	}
	r := sanad("verify", "--trust", "pem:"+c.certs, c.card, c.card)
	require.Equal(t, 2, strings.Count(r.stdout, c.card+"\nVALID"))
	r = sanad("verify", "--trust", "pem:"+c.certs, "--json", c.card, c.card)
	all := reports(t, r.stdout)
	require.Len(t, all, 2)
	require.Equal(t, c.card, all[1].ID)
	require.Equal(t, "1980-02-01", all[0].Claims["dob"])
	require.NotContains(t, printable("a\x1b[31m\u202eb\n"), "\x1b")
	require.Equal(t, "a·[31m·b·", printable("a\x1b[31m\u202eb\n"))
}

func TestGarbageIsRefused(t *testing.T) {
	c := newCountry(t)
	card := strings.TrimSpace(content(t, c.card))
	var blank bytes.Buffer
	require.NoError(t, png.Encode(&blank, image.NewGray(image.Rect(0, 0, 40, 40))))
	for name, input := range map[string]string{
		"nothing":            "",
		"a line end":         "\n",
		"text":               "hello",
		"a prefix":           "HC1:",
		"a card cut short":   card[:len(card)/2],
		"a card changed":     strings.Replace(card, "HC1:6B", "HC1:6C", 1),
		"an old prefix":      "HC2" + card[3:],
		"two cards":          card + card,
		"JSON":               "{}",
		"no JSON":            "{",
		"deep JSON":          strings.Repeat("[", 100_000),
		"binary":             "\x00\xff\xfe",
		"a picture":          blank.String(),
		"a broken picture":   blank.String()[:30],
		"the head of a JPEG": "\xff\xd8\xff\xe0",
		"too long":           "HC1:" + strings.Repeat("A", 2<<20),
	} {
		r := sanadIn(strings.NewReader(input), "verify", "--trust", "pem:"+c.certs, "--json")
		require.Equal(t, 1, r.status, "%s: %s", name, r.stderr)
		got := reports(t, r.stdout)
		require.Len(t, got, 1, name)
		require.Contains(t, []string{"format.malformed", "format.unknown", "signature.invalid"}, got[0].codes()[0], name)
		require.Equal(t, 1, sanadIn(strings.NewReader(input), "inspect").status, name)
	}
	for name, input := range map[string]string{"a line end": card + "\n", "of Windows": "\xef\xbb\xbf" + card + "\r\n"} {
		require.Equal(t, 0, sanadIn(strings.NewReader(input), "verify", "--trust", "pem:"+c.certs, "-").status, name)
	}
	endless := io.MultiReader(strings.NewReader("HC1:"), endlessReader{})
	r := sanadIn(endless, "verify", "--trust", "pem:"+c.certs)
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stderr, "longer than")
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

func TestInspectSaysUnverified(t *testing.T) {
	c := newCountry(t)
	for _, name := range []string{c.card, c.w3c(t, "urn:uuid:1")} {
		r := sanad("inspect", name)
		require.Equal(t, 0, r.status)
		require.True(t, strings.HasPrefix(r.stdout, "{\n  \"UNVERIFIED\":"), r.stdout)
		require.Contains(t, r.stderr, "UNVERIFIED")
		require.Contains(t, r.stdout, "Siti")
		require.NotContains(t, r.stdout, "verdict")
	}
	require.Equal(t, 1, sanad("inspect", c.dir+"/none").status)
}

// failing is an output that breaks.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestBrokenOutput(t *testing.T) {
	c := newCountry(t)
	many := strings.Repeat(content(t, c.card), 2000)
	for _, err := range []error{syscall.EPIPE, errors.New("disk full")} {
		for _, args := range [][]string{{"verify", "--trust", "pem:" + c.certs, c.card}, {"verify", "--trust", "pem:" + c.certs, "--lines"}} {
			var errs bytes.Buffer
			status := run(context.Background(), args, strings.NewReader(many), failing{&os.PathError{Op: "write", Path: "|1", Err: err}}, &errs)
			require.Equal(t, 2, status, "what was not told is no verdict")
			if errors.Is(err, syscall.EPIPE) {
				require.Empty(t, errs.String())
			} else {
				require.Contains(t, errs.String(), "disk full")
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	c := newCountry(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	require.Equal(t, 2, run(ctx, []string{"verify", "--trust", "pem:" + c.certs, "--lines"}, strings.NewReader(content(t, c.card)), &out, &errs), fmt.Sprint(&out, &errs))
}
