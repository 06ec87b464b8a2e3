package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// result is what a command did.
type result struct {
	status         int
	stdout, stderr string
}

func sanadIn(stdin io.Reader, args ...string) result {
	var out, errs bytes.Buffer
	status := run(context.Background(), args, stdin, &out, &errs)
	return result{status, out.String(), errs.String()}
}

func sanad(args ...string) result { return sanadIn(strings.NewReader(""), args...) }

// ok runs a command that must succeed and returns its output.
func ok(t testing.TB, args ...string) string {
	t.Helper()
	r := sanad(args...)
	require.Equal(t, 0, r.status, "sanad %v: %s%s", args, r.stdout, r.stderr)
	return strings.TrimSpace(r.stdout)
}

func file(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func content(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

// reportOf is a JSON report as a script reads it.
type reportOf struct {
	ID      any    `json:"id"`
	Verdict string `json:"verdict"`
	Reasons []struct {
		Code, Subject string
	}
	Authority string
	ValidFrom string
	Tolerated []string
	Claims    map[string]any
}

func (r reportOf) codes() []string {
	var out []string
	for _, x := range r.Reasons {
		out = append(out, x.Code)
	}
	return out
}

// reports reads one report a line.
func reports(t testing.TB, out string) []reportOf {
	t.Helper()
	var all []reportOf
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var r reportOf
		err := dec.Decode(&r)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, r)
	}
}

// country is an issuer with its files.
type country struct {
	dir, certs, key, cert string
	list, listDID         string // a signed trust list, and by whom
	card                  string // a health certificate, as text
	did, didKey           string // a W3C issuer
}

const dcc = `{"ver":"1.3.0","nam":{"fn":"Rahman","fnt":"RAHMAN","gn":"Siti","gnt":"SITI"},"dob":"1980-02-01","v":[{"tg":"840539006","vp":"1119349007","mp":"EU/1/20/1528","ma":"ORG-100030215","dn":2,"sd":2,"dt":"2021-02-18","co":"XX","is":"Ministry of Health","ci":"URN:UVCI:01:XX:1#A"}]}`

// newCountry makes one with the commands themselves.
func newCountry(t testing.TB) *country {
	t.Helper()
	dir := t.TempDir()
	c := &country{
		dir: dir, certs: filepath.Join(dir, "certs"), key: filepath.Join(dir, "dsc-key.pem"), cert: filepath.Join(dir, "certs", "dsc.pem"),
		list: filepath.Join(dir, "list.json"), card: filepath.Join(dir, "card.txt"), didKey: filepath.Join(dir, "w3c-key.pem"),
	}
	require.NoError(t, os.Mkdir(c.certs, 0o755))
	ca, caKey, listKey := filepath.Join(dir, "sca.pem"), filepath.Join(dir, "sca-key.pem"), filepath.Join(dir, "list-key.pem")
	ok(t, "keygen", "--alg", "ES256", "--out", caKey, "--cert", ca, "--authority", "--country", "XX", "--name", "Authority")
	ok(t, "keygen", "--alg", "ES256", "--out", c.key, "--cert", c.cert, "--country", "XX", "--name", "Signer", "--ca", ca, "--ca-key", caKey, "--usage", "vaccination")
	c.listDID = ok(t, "keygen", "--alg", "EdDSA", "--out", listKey)
	c.did = ok(t, "keygen", "--alg", "EdDSA", "--out", c.didKey)
	ok(t, "trust", "build", "--id", "did:web:health.example:v2", "--key", listKey, "--out", c.list, c.certs)
	ok(t, "issue", "--format", "hcert", "--type", "dcc", "--key", c.key, "--cert", c.cert, "--issuer", "XX", "--expires", c.later(), "--out", c.card, file(t, dir, "card.json", dcc))
	return c
}

// later is a day within the validity of what newCountry makes.
func (c *country) later() string { return time.Now().AddDate(0, 6, 0).UTC().Format(time.DateOnly) }

// w3c issues a W3C credential and returns its file.
func (c *country) w3c(t testing.TB, id string, args ...string) string {
	t.Helper()
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"` + id + `","type":["VerifiableCredential"],"issuer":"` + c.did + `","credentialSubject":{"name":"Siti"}}`
	out := filepath.Join(c.dir, "w3c.json")
	ok(t, append([]string{"issue", "--format", "w3c", "--key", c.didKey, "--out", out, file(t, c.dir, "doc.json", doc)}, args...)...)
	return out
}
