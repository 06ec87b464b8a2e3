package w3c_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
)

// ideal is BBS as it should be, at no cost: it proves whatever was signed, and
// nothing else.
type ideal struct {
	header   []byte
	messages [][]byte
}

func (s *ideal) Prove(_ proof.BLSKey, _, header, _ []byte, messages [][]byte, _ []int) ([]byte, error) {
	s.header, s.messages = header, messages
	return []byte("proof"), nil
}

func (s *ideal) VerifyProof(_ proof.BLSKey, _, header, _ []byte, messages [][]byte, indexes []int) error {
	for i, at := range indexes {
		if at >= len(s.messages) || !bytes.Equal(s.messages[at], messages[i]) {
			return proof.ErrMismatch
		}
	}
	if !bytes.Equal(header, s.header) {
		return proof.ErrMismatch
	}
	return nil
}

// bbsValue are the components of a derived proof value.
type bbsValue struct {
	_                struct{} `cbor:",toarray"`
	Proof            []byte
	Labels           map[int]int
	Mandatory, Shown []int
	Presentation     []byte
}

// newBBSForger is a holder who can prove any part of what was signed.
func newBBSForger(t *testing.T, r *rdf.Canonicalizer, s *ideal, shown []byte) *forger {
	v, err := jcs.Parse(shown)
	require.NoError(t, err)
	value, _ := v.Member("proof").Member("proofValue").Text()
	b, err := base64.RawURLEncoding.DecodeString(value[1:])
	require.NoError(t, err)
	var c bbsValue
	require.NoError(t, cborx.Decode(b[3:], &c))
	f := &forger{t: t, rdf: r, signatures: map[string][]byte{}, digests: map[string][]byte{}}
	f.proof = string(v.Member("proof").Append(nil, "proofValue"))
	labels := map[string]string{}
	for n, rank := range c.Labels {
		label := fmt.Sprintf("b%d", rank)
		f.digests[label], labels[fmt.Sprintf("c14n%d", n)] = []byte{}, label
	}
	lines, ok := f.lines(v, labels)
	require.True(t, ok)
	for i, line := range lines {
		if slices.Contains(c.Mandatory, i) {
			f.signatures[line], f.mandatory = nil, append(f.mandatory, line)
		} else {
			f.signatures[line] = []byte{}
		}
	}
	require.Len(t, s.messages, len(lines)-len(c.Mandatory))
	f.encode = func(lines []string, labels map[int]string) []byte {
		out := bbsValue{Proof: []byte("proof"), Labels: map[int]int{}, Mandatory: []int{}, Shown: []int{}, Presentation: []byte{}}
		for n, label := range labels {
			out.Labels[n], err = strconv.Atoi(strings.TrimPrefix(label, "b"))
			require.NoError(t, err)
		}
		for i, line := range lines {
			if f.signatures[line] == nil {
				out.Mandatory = append(out.Mandatory, i)
			} else {
				out.Shown = append(out.Shown, slices.IndexFunc(s.messages, func(m []byte) bool { return string(m) == line }))
			}
		}
		b, err := cborx.Encode(out)
		require.NoError(t, err)
		return append([]byte{0xd9, 0x5d, 3}, b...)
	}
	return f
}

// What is shown with bbs-2023 is part of what was signed, too.
func TestPromiseUnlinkedPartIsOfWhatWasSigned(t *testing.T) {
	gov := bbsParty(t)
	s := &ideal{}
	f := unlinkable(t)
	f.BBS = s
	doc := apply(t, strict(gov.did), change{"evidence", `[{"type":"PilgrimHealthCredential","name":"seen"},{"id":"urn:evidence","type":"PilgrimHealthCredential","description":"seen too"}]`}, change{"credentialSubject/clinic", `"https://clinic.example/"`})
	shown := show(t, f, issueAs(t, f, doc, gov), "")
	tryForgeries(t, newBBSForger(t, f.RDF.(*rdf.Canonicalizer), s, shown), verifierOf(t, f), shown)
}
