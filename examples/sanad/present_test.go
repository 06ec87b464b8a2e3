package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pocket is a holder and a card of each kind, made with the commands.
type pocket struct {
	*country
	key, did, other string
	trust           []string
	cards           map[string]string // format, or suite: file
}

const (
	border = "https://border.example"
	nonce  = "n-1"
)

// names and values of the two things that a card says.
const nameAndBlood = `"name":"Siti Rahma","blood":"O positive"`

func newPocket(t testing.TB) *pocket {
	t.Helper()
	p := &pocket{country: newCountry(t), cards: map[string]string{}}
	p.key, p.other = filepath.Join(p.dir, "holder.pem"), filepath.Join(p.dir, "other.pem")
	p.did = ok(t, "keygen", "--alg", "EdDSA", "--out", p.key)
	ok(t, "keygen", "--alg", "ES256", "--out", p.other)
	issuers := map[string]string{}
	for _, alg := range []string{"EdDSA", "ES256", "BBS", "ES256K"} {
		issuers[alg] = ok(t, "keygen", "--alg", alg, "--out", filepath.Join(p.dir, alg+".pem"))
	}
	p.trust = []string{"--trust", "did:" + file(t, p.dir, "dids.txt", strings.Join([]string{issuers["EdDSA"], issuers["ES256"], issuers["BBS"], issuers["ES256K"]}, "\n")), "--trust", "pem:" + p.certs}
	for _, c := range []struct {
		name, alg string
		args      []string
	}{
		{"eddsa-jcs-2022", "EdDSA", []string{"vc"}},
		{"ecdsa-rdfc-2019", "ES256", []string{"w3c", "--suite", "ecdsa-rdfc-2019"}},
		{"ecdsa-sd-2023", "ES256", []string{"vc", "--suite", "ecdsa-sd-2023", "--mandatory", "/credentialSubject/name"}},
		{"bbs-2023", "BBS", []string{"vc", "--suite", "bbs-2023", "--mandatory", "/credentialSubject/name"}},
		{"vc+jwt", "ES256K", []string{"vc+jwt"}},
		{"vc+cose", "ES256", []string{"vc+cose"}},
		{"vc+sd-jwt", "ES256", []string{"vc+sd-jwt", "--mandatory", "/credentialSubject/name"}},
		{"dc+sd-jwt", "EdDSA", []string{"dc+sd-jwt", "--mandatory", "/name"}},
	} {
		doc := `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"type":["VerifiableCredential","Card"],"issuer":"` + issuers[c.alg] + `","validUntil":"2099-01-01T00:00:00Z","credentialSubject":{` + nameAndBlood + `}}`
		if c.name == "dc+sd-jwt" {
			doc = `{"vct":"https://health.example/card","iss":"` + issuers[c.alg] + `","exp":4102444800,` + nameAndBlood + `}`
		}
		out := filepath.Join(p.dir, c.name)
		ok(t, append(append([]string{"issue", "--key", filepath.Join(p.dir, c.alg+".pem"), "--out", out, "--holder", p.key, "--format"}, c.args...), file(t, p.dir, "doc.json", doc))...)
		p.cards[c.name] = out
	}
	return p
}

// present presents to the border, in a new file.
func (p *pocket) present(t testing.TB, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "presentation")
	ok(t, append([]string{"present", "--key", p.key, "--nonce", nonce, "--audience", border, "--out", out}, args...)...)
	return out
}

func (p *pocket) verify(file string, args ...string) result {
	return sanad(append(append([]string{"verify", "--presentation", "--json", "--nonce", nonce, "--audience", border, file}, p.trust...), args...)...)
}

// presented is a report of a presentation as a script reads it.
type presented struct {
	Verdict  string
	Reasons  []struct{ Code, Subject string }
	Holder   []string
	Contents []*reportOf
}

func (r result) presentation(t testing.TB) (out presented) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &out), r.stdout+r.stderr)
	return out
}

var selective = map[string]string{"ecdsa-sd-2023": "/credentialSubject", "bbs-2023": "/credentialSubject", "vc+sd-jwt": "/credentialSubject", "dc+sd-jwt": ""}

// Issue, present, verify: each format, in each presentation.
func TestPresentFromKeyToVerdict(t *testing.T) {
	p := newPocket(t)
	for name, card := range p.cards {
		for _, as := range []string{"vp", "vp+jwt", "vp+cose", "none"} {
			at, part := selective[name]
			args := []string{"--as", as, card}
			keyBound := strings.HasSuffix(name, "sd-jwt")
			if as == "none" && !keyBound {
				out := filepath.Join(t.TempDir(), "shown")
				ok(t, "present", "--as", "none", "--out", out, card)
				r := sanad(append([]string{"verify", "--json", out}, p.trust...)...)
				require.Equal(t, 0, r.status, name+r.stdout)
				require.NotEqual(t, part, strings.Contains(r.stdout, "O positive"), name)
				require.Equal(t, 1, p.verify(out).status, "nobody proved to hold it")
				require.Equal(t, 0, p.verify(out, "--allow-bearer").status)
				continue
			}
			r := p.verify(p.present(t, args...))
			require.Equal(t, 0, r.status, "%s as %s: %s", name, as, r.stdout)
			got := r.presentation(t)
			require.Equal(t, "valid", got.Verdict)
			require.Len(t, got.Contents, 1)
			require.Equal(t, "valid", got.Contents[0].Verdict)
			require.Contains(t, r.stdout, "Siti Rahma", "%s as %s", name, as)
			require.NotEqual(t, part, strings.Contains(r.stdout, "O positive"), "%s as %s", name, as)
			if as != "none" {
				require.Equal(t, []string{p.did}, got.Holder)
			}
			if !part {
				bad := sanad(append([]string{"present", "--key", p.key, "--nonce", nonce, "--show", "/credentialSubject/blood"}, args...)...)
				require.Equal(t, 1, bad.status)
				require.Contains(t, bad.stderr, "unsupported", "%s as %s", name, as)
				continue
			}
			r = p.verify(p.present(t, append([]string{"--show", at + "/blood"}, args...)...))
			require.Equal(t, 0, r.status, "%s as %s: %s", name, as, r.stdout)
			require.Contains(t, r.stdout, "O positive")
			r = p.verify(p.present(t, append([]string{"--show", ""}, args...)...))
			require.Equal(t, 0, r.status)
			require.Contains(t, r.stdout, "O positive")
			bad := sanad(append([]string{"present", "--key", p.key, "--nonce", nonce, "--audience", border, "--show", at + "/nothing"}, args...)...)
			require.Equal(t, 1, bad.status, "%s as %s", name, as)
			require.Empty(t, bad.stdout)
		}
	}
}

// All in one wallet: cards of every format, and a health certificate.
func TestPresentSeveral(t *testing.T) {
	p := newPocket(t)
	args := []string{"--show", p.cards["bbs-2023"] + "#/credentialSubject/blood"}
	for _, name := range []string{"dc+sd-jwt", "bbs-2023", "vc+jwt", "vc+cose"} {
		args = append(args, p.cards[name])
	}
	args = append(args, p.card)
	for _, as := range []string{"vp", "vp+jwt", "vp+cose"} {
		shown := p.present(t, append([]string{"--as", as}, args...)...)
		r := p.verify(shown)
		require.Equal(t, 1, r.status, "the health certificate names no holder")
		got := r.presentation(t)
		require.Equal(t, "refused", got.Verdict)
		require.Len(t, got.Contents, 5)
		require.Equal(t, []string{"holder.mismatch"}, got.Contents[4].codes())
		require.Nil(t, got.Contents[0])
		require.NotContains(t, r.stdout, "Siti", "nothing is told of what is refused")
		r = p.verify(shown, "--any-holder")
		require.Equal(t, 0, r.status, r.stdout)
		got = r.presentation(t)
		require.Len(t, got.Contents, 5)
		require.NotContains(t, got.Contents[0].Claims, "blood")
		require.Contains(t, got.Contents[1].Claims["credentialSubject"], "blood")

		text := ok(t, append(append([]string{"verify", "--presentation", "--nonce", nonce, "--any-holder"}, p.trust...), shown)...)
		require.Contains(t, text, "VALID  w3c")
		require.Contains(t, text, "content 4: VALID  hcert")
		require.NotContains(t, text, "Siti")
		r = sanad("inspect", shown)
		require.Equal(t, 0, r.status, r.stderr)
		require.Contains(t, r.stderr, "a presentation of 5")
		require.Equal(t, 5, strings.Count(r.stdout, "UNVERIFIED"))
		r = sanad("present", "--key", p.key, "--nonce", nonce, shown)
		require.Equal(t, 1, r.status, "a presentation is not held")
	}
}

func TestPresentedToAnother(t *testing.T) {
	p := newPocket(t)
	for _, name := range []string{"dc+sd-jwt", "vc+sd-jwt", "bbs-2023", "vc+jwt"} {
		shown := p.present(t, p.cards[name])
		for _, args := range [][]string{{"--nonce", "n-2"}, {"--audience", "https://other.example"}} {
			r := p.verify(shown, args...)
			require.Equal(t, 1, r.status, name)
			require.Contains(t, r.stdout, "holder.mismatch", name)
		}
		stranger := sanad("present", "--key", p.other, "--nonce", nonce, "--audience", border, p.cards[name])
		if strings.HasSuffix(name, "sd-jwt") {
			require.Equal(t, 1, stranger.status, "not the key that the issuer confirmed")
			require.Contains(t, stranger.stderr, "not one that the issuer confirmed")
			continue
		}
		require.Equal(t, 0, stranger.status)
		r := p.verify(file(t, p.dir, "stranger", stranger.stdout))
		require.Equal(t, 1, r.status, name)
		r = p.verify(file(t, p.dir, "stranger", stranger.stdout), "--any-holder")
		require.Equal(t, map[string]int{"vc+jwt": 1, "bbs-2023": 0}[name], r.status, "a confirmed key is another's, a subject need not be the holder")
	}
	// What its issuer confirmed to nobody is bound by the presentation alone.
	did := ok(t, "keygen", "--alg", "ES256", "--out", filepath.Join(p.dir, "loose.pem"))
	loose := filepath.Join(p.dir, "loose")
	ok(t, "issue", "--format", "dc+sd-jwt", "--key", filepath.Join(p.dir, "loose.pem"), "--out", loose, file(t, p.dir, "loose.json", `{"vct":"x","iss":"`+did+`","sub":"`+p.did+`",`+nameAndBlood+`}`))
	r := p.verify(p.present(t, "--show", "/blood", "--show", "/sub", loose), "--trust", "did:"+did)
	require.Equal(t, 0, r.status, r.stdout)
	require.NotContains(t, r.stdout, "Siti")
	require.Equal(t, 1, sanad("present", "--as", "none", "--key", p.key, "--nonce", nonce, "--audience", border, loose).status)
}

// A presentation of what may have been revoked is neither accepted nor refused.
func TestPresentUndecided(t *testing.T) {
	p := newPocket(t)
	store := filepath.Join(p.dir, "store")
	ok(t, "status", "new", "--store", store, "--url", "https://health.example/1")
	card := p.w3c(t, "urn:uuid:1", "--status-store", store, "--holder", p.did)
	shown := p.present(t, card)
	trust := []string{"--trust", "did:" + p.country.did}
	r := p.verify(shown, trust...)
	require.Equal(t, 2, r.status, r.stdout)
	require.Equal(t, "inconclusive", r.presentation(t).Verdict)
	require.Equal(t, []string{"status.unavailable"}, r.presentation(t).Contents[0].codes())
	require.Equal(t, 0, p.verify(shown, append(trust, "--skip-status")...).status)
	lists := filepath.Join(p.dir, "lists")
	ok(t, "status", "publish", "--store", store, "--key", p.didKey, "--out", lists)
	require.Equal(t, 0, p.verify(shown, append(trust, "--status", lists)...).status)
	ok(t, "status", "revoke", "--store", store, "urn:uuid:1")
	ok(t, "status", "publish", "--store", store, "--key", p.didKey, "--out", lists)
	require.Equal(t, 1, p.verify(shown, append(trust, "--status", lists)...).status)
}

func TestPresentUsage(t *testing.T) {
	p := newPocket(t)
	card, bound := p.cards["dc+sd-jwt"], []string{"--key", p.key, "--nonce", nonce}
	for name, args := range map[string][]string{
		"no file":                  append([]string{"present"}, bound...),
		"nobody presents":          {"present", "--nonce", nonce, card},
		"no exchange":              {"present", "--key", p.key, card},
		"none of two":              {"present", "--as", "none", card, card},
		"none with key, no nonce":  {"present", "--as", "none", "--key", p.key, card},
		"none with nonce, no key":  {"present", "--as", "none", "--nonce", nonce, card},
		"no pointer":               append([]string{"present", "--show", "name", card}, bound...),
		"of a file not presented":  append([]string{"present", "--show", "x#/name", card}, bound...),
		"an unknown form":          append([]string{"present", "--as", "vp+ld", card}, bound...),
		"a nonce of no one":        {"verify", "--nonce", nonce, "--trust", "did:" + p.country.did, card},
		"any presentation":         {"verify", "--presentation", "--trust", "did:" + p.country.did, card},
		"lines of presentations":   {"verify", "--presentation", "--nonce", nonce, "--lines", "--trust", "did:" + p.country.did, card},
		"mandatory in a whole":     {"issue", "--format", "vc+jwt", "--mandatory", "/x", "--key", p.key, card},
		"a suite of a token":       {"issue", "--format", "vc+jwt", "--suite", "bbs-2023", "--key", p.key, card},
		"a certificate for BBS":    {"keygen", "--alg", "BBS", "--out", p.dir + "/b", "--cert", p.dir + "/c", "--country", "XX", "--name", "x"},
		"a certificate for ES256K": {"keygen", "--alg", "ES256K", "--out", p.dir + "/b", "--cert", p.dir + "/c", "--country", "XX", "--name", "x"},
		"a holder of hcert":        {"issue", "--format", "hcert", "--type", "dcc", "--key", p.country.key, "--cert", p.cert, "--issuer", "XX", "--expires", p.later(), "--holder", p.did, card},
	} {
		r := sanad(args...)
		require.Equal(t, 64, r.status, "%s: %s", name, r.stderr)
		require.Empty(t, r.stdout, name)
	}
	for name, args := range map[string][]string{
		"no such file":          append([]string{"present", p.dir + "/none"}, bound...),
		"no credential":         append([]string{"present", file(t, p.dir, "x", "Siti")}, bound...),
		"a key of BBS":          {"present", "--key", filepath.Join(p.dir, "BBS.pem"), "--nonce", nonce, p.cards["vc+jwt"]},
		"no key":                {"present", "--key", p.cert, "--nonce", nonce, card},
		"a pointer to nothing":  append([]string{"present", "--show", card + "#/Siti", card}, bound...),
		"mandatory nothing":     {"issue", "--format", "dc+sd-jwt", "--mandatory", "/Siti", "--key", p.didKey, file(t, p.dir, "c.json", `{"vct":"x","iss":"`+p.country.did+`"}`)},
		"a holder of none":      {"issue", "--format", "dc+sd-jwt", "--holder", "did:key:zSiti", "--key", p.didKey, p.dir + "/c.json"},
		"two holders":           {"issue", "--format", "dc+sd-jwt", "--holder", p.did, "--key", p.didKey, file(t, p.dir, "d.json", `{"vct":"x","iss":"`+p.country.did+`","cnf":{"kid":"x"}}`)},
		"another subject":       {"issue", "--format", "vc", "--holder", p.did, "--key", p.didKey, file(t, p.dir, "e.json", `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"`+p.country.did+`","credentialSubject":{"id":"did:example:Siti"}}`)},
		"a suite of other keys": {"issue", "--format", "vc", "--suite", "ecdsa-sd-2023", "--key", p.didKey, file(t, p.dir, "f.json", `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"`+p.country.did+`","credentialSubject":{"id":"did:example:1"}}`)},
	} {
		r := sanad(args...)
		require.Equal(t, 1, r.status, "%s: %s", name, r.stderr)
		require.Empty(t, r.stdout, name)
		require.NotEmpty(t, r.stderr, name)
		require.NotContains(t, strings.ReplaceAll(strings.ReplaceAll(r.stderr, "did:key:zSiti", ""), card, ""), "Siti", name)
	}
	r := sanadIn(strings.NewReader("\x89PNG\r\n\x1a\n"), append([]string{"verify", "--presentation", "--nonce", nonce, "--json"}, p.trust...)...)
	require.Equal(t, 1, r.status)
	require.Equal(t, "refused", r.presentation(t).Verdict)
	require.Equal(t, 1, p.verify(p.country.w3c(t, "urn:uuid:1")).status, "a credential that nobody presents")
	r = sanad(append(append([]string{"verify", "--presentation", "--nonce", nonce, "--json"}, p.trust...), p.present(t, card), file(t, p.dir, "y", "nothing"))...)
	require.Equal(t, 1, r.status)
	require.Len(t, strings.Split(strings.TrimSpace(r.stdout), "\n"), 2, "a line each")
}
