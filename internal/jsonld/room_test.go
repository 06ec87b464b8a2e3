package jsonld

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// hostileDocuments are mutations of some, most of which fail somewhere on the
// way, and one that takes more room than is kept.
func hostileDocuments(t testing.TB, n int) []jcs.Value {
	r := rand.New(rand.NewPCG(3, 4))
	sources := []string{
		vaccination, strings.Replace(signed, "%s", "", 1),
		`{"@context":"https://www.w3.org/ns/credentials/v2","name":[{"@value":"a","@direction":"rtl"},{"@value":"b","@language":"en","@direction":"ltr"}]}`,
		`{"@context":{"@vocab":"urn:v:","@direction":"rtl","l":{"@container":"@list"},"m":{"@container":"@language"}},"l":["a",["b",1.5]],"m":{"en":["c","d"]},"n":{"@graph":[{"o":"p"}]}}`,
	}
	docs := []jcs.Value{parse(t, `{"@context":{"@vocab":"urn:v:"},"a":[`+strings.Repeat(`"secret",`, 2*roomKept)+`"secret"]}`)}
	for len(docs) < n {
		var v any
		require.NoError(t, json.Unmarshal([]byte(sources[len(docs)%len(sources)]), &v))
		for range r.IntN(3) {
			v = mutate(r, v, 0)
		}
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		if doc, err := jcs.Parse(raw); err == nil {
			docs = append(docs, doc)
		}
	}
	return docs
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Check refuses what ToRDF refuses, for the same reason, under all options.
func TestCheckIsToRDF(t *testing.T) {
	p := processor(t)
	refused := 0
	for _, doc := range hostileDocuments(t, 1500) {
		for _, o := range []Options{{}, {KnownContexts: true, Directions: true}, {AnyForm: true}, {Base: "http://ex.org/a", Directions: true, AnyForm: true}, {Omit: []string{"name", "proof"}}} {
			_, err := p.ToRDF(doc, o)
			require.Equal(t, text(err), text(p.Check(doc, o)))
			if err != nil {
				refused++
			}
		}
	}
	require.NotZero(t, refused)
	require.Less(t, refused, 1500*5)
}

// What one document left in room that is used again is not in another's
// statements, nor kept.
func TestPromiseDocumentsShareNothing(t *testing.T) {
	docs := hostileDocuments(t, 300)
	o := Options{Directions: true}
	type outcome struct {
		quads []rdfc.Quad
		err   string
	}
	want := make([]outcome, len(docs))
	alone := processor(t)
	for i, doc := range docs {
		alone.stacks = sync.Pool{}
		quads, err := alone.ToRDF(doc, o)
		want[i] = outcome{quads, text(err)}
	}
	p := processor(t)
	var g sync.WaitGroup
	for worker := range 4 {
		g.Go(func() {
			room := make([]rdfc.Quad, 64)
			r := rand.New(rand.NewPCG(uint64(worker), 5))
			for range 2 * len(docs) {
				i := r.IntN(len(docs))
				with := o
				if with.Room = room; r.IntN(2) == 0 {
					with.Room = nil
				}
				quads, err := p.ToRDF(docs[i], with)
				if text(err) != want[i].err || len(quads) != len(want[i].quads) {
					t.Errorf("document %d: %v", i, err)
				}
				for k, q := range quads {
					if q != want[i].quads[k] {
						t.Errorf("document %d: statement %d differs", i, k)
					}
				}
			}
		})
	}
	g.Wait()
	for _, doc := range docs[1:] { // the pool may give none
		_, _ = p.ToRDF(doc, o)
		s, ok := p.stacks.Get().(*stacks)
		if !ok {
			continue
		}
		require.LessOrEqual(t, cap(s.entries)+cap(s.items), roomKept)
		require.Empty(t, s.entries)
		for _, e := range s.entries[:cap(s.entries)] {
			require.Equal(t, entry{}, e)
		}
		for _, it := range s.items[:cap(s.items)] {
			require.Equal(t, item{}, it)
		}
	}
}
