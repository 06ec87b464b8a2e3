package dataintegrity_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// credential is a document that JSON-LD has statements for.
const credential = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],` +
	`"id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","type":["VerifiableCredential","AlumniCredential"],` +
	`"issuer":"https://vc.example/issuers/5678","validFrom":"2023-01-01T00:00:00Z","validUntil":"2033-01-01T00:00:00Z",` +
	`"credentialSubject":{"id":"did:example:abcdefgh","alumniOf":"The School of Examples","name":"N"}}`

// chained has four proofs: two alone, one on top of both, one on top of that.
// Cryptosuites of both kinds take turns if there is no suite.
func chained(t testing.TB, suite string) ([]byte, dataintegrity.Parser, []proof.Key) {
	t.Helper()
	r := newRDF(t)
	doc := []byte(credential)
	var keys []proof.Key
	for i, o := range []dataintegrity.Options{
		{ID: "urn:proof:a"}, {ID: "urn:proof:b"}, {ID: "urn:proof:c", Previous: []string{"urn:proof:b", "urn:proof:a"}}, {Previous: []string{"urn:proof:c"}},
	} {
		s := edSigner(t)
		o.Created, o.RDF, o.Cryptosuite = made, r, suite
		if suite == "" {
			o.Cryptosuite = []string{dataintegrity.EdDSAJCS2022, dataintegrity.EdDSARDFC2022}[i%2]
		}
		var err error
		doc, err = dataintegrity.Sign(ctx, doc, s, o)
		require.NoError(t, err)
		keys = append(keys, s.Key())
	}
	return doc, dataintegrity.Parser{RDF: r}, keys
}

func TestProofChain(t *testing.T) {
	for _, suite := range []string{dataintegrity.EdDSAJCS2022, dataintegrity.EdDSARDFC2022, ""} {
		t.Run(suite, func(t *testing.T) {
			doc, parser, keys := chained(t, suite)
			d, err := parser.Parse(doc)
			require.NoError(t, err)
			require.Len(t, d.Proofs, 4)
			require.Nil(t, d.Proofs[0].Previous)
			require.Equal(t, []string{"urn:proof:b", "urn:proof:a"}, d.Proofs[2].Previous)
			require.Equal(t, []string{"urn:proof:c"}, d.Proofs[3].Previous)
			for i, k := range keys {
				require.NoError(t, d.Verify(i, k), i)
				require.ErrorIs(t, d.Verify(i, keys[(i+1)%4]), proof.ErrMismatch)
			}
		})
	}
}

// edit changes the proofs of a signed document.
func edit(t testing.TB, doc []byte, f func([]map[string]any) []map[string]any) []byte {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(doc, &m))
	m["proof"] = f(proofMembers(t, doc))
	out, err := json.Marshal(m)
	require.NoError(t, err)
	return out
}

// A proof on top of others signs them as they are: whoever changes, replaces or
// takes away one of them breaks it, and what is left is no whole.
func TestPromiseChainsSignTheProofsBefore(t *testing.T) {
	type proofs = []map[string]any
	for _, suite := range []string{dataintegrity.EdDSAJCS2022, dataintegrity.EdDSARDFC2022} {
		doc, parser, keys := chained(t, suite)
		for name, c := range map[string]struct {
			edit func(proofs) proofs
			want error
			bad  []int // the proofs that no longer verify
		}{
			"the first left out":         {func(p proofs) proofs { return p[1:] }, dataintegrity.ErrMalformed, nil},
			"one in the middle left out": {func(p proofs) proofs { return append(p[:2:2], p[3]) }, dataintegrity.ErrMalformed, nil},
			"the last left out":          {func(p proofs) proofs { return p[:3] }, nil, nil},
			"the first renamed":          {func(p proofs) proofs { p[0]["id"] = "urn:proof:x"; return p }, dataintegrity.ErrMalformed, nil},
			"the first changed":          {func(p proofs) proofs { p[0]["created"] = "2026-03-01T12:00:01Z"; return p }, nil, []int{0, 2}},
			"the first's signature":      {func(p proofs) proofs { p[0]["proofValue"] = p[1]["proofValue"]; return p }, nil, []int{0, 2}},
			"the middle's signature":     {func(p proofs) proofs { p[2]["proofValue"] = p[1]["proofValue"]; return p }, nil, []int{2, 3}},
			"a chain cut":                {func(p proofs) proofs { delete(p[3], "previousProof"); return p }, nil, []int{3}},
			"a chain begun":              {func(p proofs) proofs { p[1]["previousProof"] = "urn:proof:a"; return p }, nil, []int{1, 2}},
			"hung elsewhere":             {func(p proofs) proofs { p[3]["previousProof"] = "urn:proof:a"; return p }, nil, []int{3}},
			"on top of itself":           {func(p proofs) proofs { p[0]["previousProof"] = "urn:proof:a"; return p }, dataintegrity.ErrMalformed, nil},
			"a circle":                   {func(p proofs) proofs { p[0]["previousProof"] = "urn:proof:c"; return p }, dataintegrity.ErrMalformed, nil},
			"two of one name":            {func(p proofs) proofs { p[1]["id"] = "urn:proof:a"; return p }, dataintegrity.ErrMalformed, nil},
			"twice the same":             {func(p proofs) proofs { p[2]["previousProof"] = []string{"urn:proof:a", "urn:proof:a"}; return p }, dataintegrity.ErrMalformed, nil},
			"an empty name":              {func(p proofs) proofs { p[2]["previousProof"] = []string{""}; return p }, dataintegrity.ErrMalformed, nil},
			"a number":                   {func(p proofs) proofs { p[2]["previousProof"] = []any{"urn:proof:a", 1}; return p }, dataintegrity.ErrMalformed, nil},
			"an object":                  {func(p proofs) proofs { p[2]["previousProof"] = map[string]any{"id": "urn:proof:a"}; return p }, dataintegrity.ErrMalformed, nil},
			"too many": {func(p proofs) proofs {
				p[2]["previousProof"] = strings.Split(strings.Repeat("a,", 1000), ",")
				return p
			}, dataintegrity.ErrMalformed, nil},
			"nothing, in another order":    {func(p proofs) proofs { p[0], p[1] = p[1], p[0]; return p }, nil, nil},
			"nothing, written as an array": {func(p proofs) proofs { p[3]["previousProof"] = []string{"urn:proof:c"}; return p }, nil, map[string][]int{dataintegrity.EdDSAJCS2022: {3}}[suite]},
		} {
			d, err := parser.Parse(edit(t, doc, c.edit))
			require.ErrorIs(t, err, c.want, name)
			if err != nil {
				continue
			}
			var bad []int
			for i := range d.Proofs {
				k := keys[i]
				if name == "nothing, in another order" {
					k = keys[[]int{1, 0, 2, 3}[i]]
				}
				if err := d.Verify(i, k); err != nil {
					require.ErrorIs(t, err, proof.ErrMismatch)
					bad = append(bad, i)
				}
			}
			require.Equal(t, c.bad, bad, "%s %s", suite, name)
		}
	}
}

func TestSignChainRefuses(t *testing.T) {
	doc, _, _ := chained(t, dataintegrity.EdDSAJCS2022)
	for name, o := range map[string]dataintegrity.Options{
		"absent":                {Previous: []string{"urn:proof:x"}},
		"an empty name":         {Previous: []string{""}},
		"twice":                 {Previous: []string{"urn:proof:a", "urn:proof:a"}},
		"itself":                {ID: "urn:proof:d", Previous: []string{"urn:proof:d"}},
		"a name that is taken":  {ID: "urn:proof:a"},
		"in a document with no": {Previous: []string{"urn:proof:a"}},
	} {
		in := doc
		if strings.HasSuffix(name, "no") {
			in = []byte(credential)
		}
		_, err := dataintegrity.Sign(ctx, in, edSigner(t), o)
		require.ErrorIs(t, err, dataintegrity.ErrMalformed, name)
	}
}

// The longest chain that a document has room for.
func TestLongChain(t *testing.T) {
	s, doc := edSigner(t), []byte(`{"":1}`)
	for i := range 16 {
		o := dataintegrity.Options{ID: fmt.Sprintf("urn:proof:%d", i)}
		if i > 0 {
			o.Previous = []string{fmt.Sprintf("urn:proof:%d", i-1)}
		}
		var err error
		doc, err = dataintegrity.Sign(ctx, doc, s, o)
		require.NoError(t, err)
	}
	d, err := dataintegrity.Parse(doc)
	require.NoError(t, err)
	for i := range d.Proofs {
		require.NoError(t, d.Verify(i, s.Key()))
	}
}
