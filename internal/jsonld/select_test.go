package jsonld

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// What a part of a document says is said by the whole, of blank nodes with the
// same labels: all but parts of what is one thing.
func TestSelectionsHaveTheLabelsOfTheWhole(t *testing.T) {
	p := processor(t)
	v := parse(t, `{"@context":`+ex+`,"type":"Person","name":["a","b"],"ref":[{"name":"c"},{"name":"d","ref":{"name":"e"}},"_:x",{"id":"_:x","name":"f"}],
		"list":["g",{"name":"h"},["i","j"],"g"],"lang":{"en":"k","de":["l","m"]},"ids":{"urn:x:1":{"name":"n"},"_:y":{"name":"o"}},"types":{"Person":[{"born":"p"},{"born":"q"}]},
		"keyed":{"r":{"name":"s"}},"graph":[{"name":"t"},{"name":"u"}],"graphs":{"urn:x:2":{"name":"v"}},"json":{"w":[1,2],"x":null},"any":{"@value":"y","@language":"en"},"word":"Person"}`)
	whole := statements(t, p, v)
	for _, pointer := range []string{
		"", "/name/1", "/ref/0", "/ref/1/ref/name", "/ref/2", "/ref/3/name", "/list", "/lang/de/1", "/ids/_:y", "/ids/urn:x:1/name", "/types/Person/1/born", "/keyed/r", "/graph/1", "/graph/0/name", "/graphs/urn:x:2", "/json", "/any", "/word", "/type",
	} {
		part := statements(t, p, selected(t, v, pointer))
		require.NotEmpty(t, part)
		require.Subset(t, whole, part, pointer)
	}
	for _, pointer := range []string{"/list/0", "/list/1/name", "/list/2/1", "/json/w", "/json/w/0", "/any/@value"} {
		require.NotSubset(t, whole, statements(t, p, selected(t, v, pointer)), pointer)
	}
}

func selected(t *testing.T, v jcs.Value, pointer string) jcs.Value {
	s, err := v.Select([]string{pointer}, "@context", "id", "type")
	require.NoError(t, err, pointer)
	return s
}

func statements(t *testing.T, p *Processor, v jcs.Value) []rdfc.Quad {
	quads, err := p.ToRDF(v, Options{AnyForm: true})
	require.NoError(t, err)
	return quads
}
