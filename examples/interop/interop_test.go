package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose/jwe"
)

// alone is a world without a peer.
func alone(seed uint64) (*world, *bytes.Buffer) {
	var out bytes.Buffer
	return &world{Context: context.Background(), tally: &tally{out: &out}, maker: newMaker(seed)}, &out
}

func TestDocumentsFollowFromTheSeed(t *testing.T) {
	document := func(seed uint64) string {
		m := newMaker(seed)
		raw, err := encode([]any{m.credential("did:example:x", style{json: true}), m.credential("did:example:x", style{v1: true}), m.withTerms(), m.blankNodes(), m.healthContent()})
		require.NoError(t, err)
		return string(raw)
	}
	require.Equal(t, document(1), document(1))
	require.NotEqual(t, document(1), document(2))
}

// What is signed here we verify ourselves, and each change is one that we
// notice: else the peers would be asked for too much.
func TestEveryChangeIsOne(t *testing.T) {
	w, _ := alone(3)
	for _, s := range suites() {
		signer, err := w.signer(s.curve)
		require.NoError(t, err)
		raw, err := w.issue(s.unsigned(w, signer.Key().Controllers[0]), []string{s.name}, nil, signer)
		require.NoError(t, err, s)
		require.NoError(t, w.verify(raw, nil), s)
		for _, c := range changes {
			changed, err := c.apply(w.maker, raw)
			require.NoError(t, err)
			require.NotEqual(t, raw, changed, "%v: %s", s, c.name)
			require.Error(t, w.verify(changed, nil), "%v: %s", s, c.name)
		}
		doc, err := parse(raw)
		require.NoError(t, err)
		again, err := encode(doc)
		require.NoError(t, err)
		require.NoError(t, w.verify(again, nil), "parsing and encoding change nothing")
	}
}

func TestChainsOfOurOwn(t *testing.T) {
	w, _ := alone(4)
	parties, err := w.parties("ooo")
	require.NoError(t, err)
	raw, err := encode(w.credential(parties[0].did, style{}))
	require.NoError(t, err)
	var previous []string
	for i, p := range parties {
		raw, err = w.add(p, raw, proofID(i), previous)
		require.NoError(t, err)
		previous = []string{proofID(i)}
	}
	require.NoError(t, w.verify(raw, nil))
	for _, c := range chainChanges {
		changed, err := c.apply(w.maker, raw)
		require.NoError(t, err)
		require.Error(t, w.verify(changed, nil), c.name)
	}
}

func TestOurStatusLists(t *testing.T) {
	w, _ := alone(5)
	for _, set := range []bool{false, true} {
		b, err := w.ourBitstring(suites()[0], set)
		require.NoError(t, err)
		require.NoError(t, w.weFind(b, set))
		require.Error(t, w.weFind(b, !set))
		b.list = withEncodedList(b.list, b.list)
		require.Error(t, notRevoked(w.weFind(b, false)))
	}
	require.NoError(t, notRevoked(credential.ErrRevoked), "a verdict from a list that must not be believed")
	require.Nil(t, withEncodedList(nil, nil))
}

// Hostile documents are hostile: hardly any has a form, and none of them panics.
func TestHostileDocuments(t *testing.T) {
	w, _ := alone(6)
	c, err := newComparison(w)
	require.NoError(t, err)
	refused := 0
	for range 2000 {
		doc, what := w.hostile()
		raw, err := encode(doc)
		require.NoError(t, err, what)
		if _, err := c.form(raw, crypto.SHA256); err != nil {
			refused++
		}
	}
	require.Greater(t, refused, 1000)
	require.Less(t, refused, 2000, "some are harmless")
}

func TestDiffer(t *testing.T) {
	require.NoError(t, differ("a\nb\n", "a\nb\n"))
	for _, other := range []string{"a\nc\n", "a\n", "", "a\nb\nc\n", "a\nb"} {
		require.ErrorIs(t, differ("a\nb\n", other), errDiffer, other)
		require.ErrorIs(t, differ(other, "a\nb\n"), errDiffer, other)
	}
	require.ErrorContains(t, differ("a\nb\n", "a\nc\n"), `ours "b", theirs "c"`)
}

func TestEqualJSON(t *testing.T) {
	require.NoError(t, equalJSON([]byte(`{"a":1,"b":[2]}`), []byte(`{ "b":[2.0], "a":1 }`)))
	require.Error(t, equalJSON([]byte(`{"a":1}`), []byte(`{"a":"1"}`)))
	require.Error(t, equalJSON([]byte(`{"a":1}`), []byte(`{"a":1`)))
}

func TestTally(t *testing.T) {
	w, out := alone(1)
	r := w.row("suite", oursToPeer)
	r.accepted("one", nil)
	r.refused("two", errors.New("no"))
	r.print()
	require.Equal(t, "interop: suite ours-to-peer ok 2/2\n", out.String())
	require.True(t, w.tally.close())

	out.Reset()
	r = w.row("suite", peerToOurs)
	r.accepted("three", errors.New("no"))
	r.refused("four", nil)
	r.print()
	require.Equal(t, "interop: suite peer-to-ours FAILED 0/2\n   three: no\n   four: accepted\n", out.String())
	require.False(t, w.tally.close())
	require.Contains(t, out.String(), "interop: 2/4\n")

	w, out = alone(1)
	w.row("suite", compared).print()
	require.Contains(t, out.String(), "FAILED 0/0", "nothing was tested")
	require.False(t, w.tally.close())
}

// answering is a peer that gives fixed answers, a line for each call.
func answering(answers string) *peer {
	return &peer{in: nopCloser{io.Discard}, out: bufio.NewReader(strings.NewReader(answers))}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestCall(t *testing.T) {
	p := answering(`{"value":{"a":1}}` + "\n" + `{"error":"Error: no"}` + "\n" + `{"fault":true,"error":"no operation x"}` + "\n" + "garbage\n" + `{"value":true}` + "\n")
	var value json.RawMessage
	require.NoError(t, p.call("x", nil, &value))
	require.JSONEq(t, `{"a":1}`, string(value))
	require.ErrorIs(t, p.call("x", nil, nil), errRefused)
	require.NoError(t, p.failed)
	// These are no refusals: nothing follows from them.
	for _, why := range []string{"the peer's program", "the peer's answer"} {
		err := p.call("x", nil, nil)
		require.ErrorContains(t, err, why)
		require.NotErrorIs(t, err, errRefused)
	}
	require.ErrorContains(t, p.failed, "the peer's program")
	require.NoError(t, p.call("x", nil, nil))
	require.ErrorIs(t, p.call("x", nil, nil), io.EOF)
	require.Error(t, p.call("x", make(chan int), nil))
}

// The lock file says what each package contains, and not where it comes from:
// that is for the machine that installs.
func TestLockFile(t *testing.T) {
	raw, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	var lock struct {
		Packages map[string]struct {
			Version, Resolved, Integrity string
			HasInstallScript             bool
		}
	}
	require.NoError(t, json.Unmarshal(raw, &lock))
	require.Greater(t, len(lock.Packages), 20)
	for name, p := range lock.Packages {
		if name == "" {
			continue
		}
		require.Empty(t, p.Resolved, name)
		require.NotEmpty(t, p.Version, name)
		require.True(t, strings.HasPrefix(p.Integrity, "sha512-"), name)
		require.False(t, p.HasInstallScript, name)
	}
	raw, err = os.ReadFile("package.json")
	require.NoError(t, err)
	var project struct{ Dependencies map[string]string }
	require.NoError(t, json.Unmarshal(raw, &project))
	for name, version := range project.Dependencies {
		require.Regexp(t, `^\d+\.\d+\.\d+$`, version, name)
		require.Equal(t, version, lock.Packages["node_modules/"+name].Version, name)
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, median([]float64{9, 1, 2, 3}))
}

// What is signed here we read ourselves, and each change is one that we notice.
func TestEveryChangedTokenIsRefused(t *testing.T) {
	w, _ := alone(8)
	for _, a := range tokenAlgorithms {
		if a == proof.RS256 {
			continue
		}
		by, err := w.tokenSigner(a)
		require.NoError(t, err)
		for _, form := range forms {
			payload := []byte(w.text())
			raw, err := w.signForm(form, payload, by)
			require.NoError(t, err, form)
			require.NoError(t, weRead(by.Key(), raw, form, payload), form)
			require.Error(t, weRead(by.Key(), raw, form, append(payload, 'x')), form)
			changed := w.changedSignatures(raw, form)
			require.GreaterOrEqual(t, len(changed), 2, form)
			for what, c := range changed {
				require.NotEqual(t, raw, c)
				require.Error(t, weRead(by.Key(), c, form, payload), "%s %s: %s", a, form, what)
			}
		}
	}
}

func TestAgreementKeys(t *testing.T) {
	for _, c := range agreementCurves {
		private, err := c.curve.GenerateKey(rand.Reader)
		require.NoError(t, err)
		raw, err := encode(agreementJWK(c.name, private.PublicKey()))
		require.NoError(t, err)
		public, err := agreementKey(c.curve, raw)
		require.NoError(t, err)
		require.True(t, public.Equal(private.PublicKey()))
		sealed, err := jwe.Encrypt([]byte("x"), public, jwe.Header{})
		require.NoError(t, err)
		w, _ := alone(1)
		changed := w.changedMessages(sealed)
		require.Len(t, changed, 6)
		for what, raw := range changed {
			_, err := jwe.Decrypt(raw, private)
			require.Error(t, err, what)
		}
	}
}

// Documents of our own, signed as a whole, and the changes made to them.
func TestSignedDocumentsOfOurOwn(t *testing.T) {
	w, _ := alone(9)
	for _, a := range documentAlgorithms {
		by, err := w.didSigner(a)
		require.NoError(t, err)
		s := sides{world: w, ours: by}
		for _, v1 := range []bool{false, true} {
			doc := w.credential(by.Key().Controllers[0], style{v1: v1})
			raw, err := s.seal(w3c.JWT{}, doc)
			require.NoError(t, err)
			require.NoError(t, s.weReadDocument(raw, doc))
			require.ErrorIs(t, s.weReadDocument(raw, object{"id": "another"}), errPayload)
			for what, c := range w.changedSignatures(raw, "compact") {
				require.Error(t, s.weReadDocument(c, doc), what)
			}
		}
	}
}

// A difference is put down to the peer's fault with base directions only where
// there is one, and the mended peer agrees.
func TestSameWithDirections(t *testing.T) {
	w, _ := alone(1)
	doc := json.RawMessage(`{"@context":[{"@direction":"rtl"},{}]}`)
	for answers, want := range map[string]bool{`{"value":"ours"}`: true, `{"value":"other"}`: false, `{"error":"no"}`: false} {
		w.peer = answering(answers + "\n")
		require.Equal(t, want, (&comparison{world: w}).sameWithDirections(doc, crypto.SHA256, "ours"), answers)
	}
	w.peer = answering("")
	require.False(t, (&comparison{world: w}).sameWithDirections(json.RawMessage(`{"@context":{}}`), crypto.SHA256, "ours"))
	require.NoError(t, w.peer.failed, "not asked")
}

func TestFlippedIsAnotherText(t *testing.T) {
	m := newMaker(7)
	_, err := m.flipped([]byte("HC1:!"))
	require.Error(t, err)
	_, err = m.flipped([]byte("HC1:00"))
	require.Error(t, err, "no zlib")
}

func TestSuiteNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range suites() {
		require.False(t, seen[s.String()], s)
		seen[s.String()] = true
		require.NotContains(t, s.String(), " ")
	}
}
