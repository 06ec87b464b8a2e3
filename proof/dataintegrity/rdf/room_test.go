package rdf

import (
	"crypto"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/rdfc"
)

// Room that is used again holds nothing of a document, read or refused.
func TestPromiseNothingStaysInRoom(t *testing.T) {
	c, err := New()
	require.NoError(t, err)
	const good = `{"@context":"https://www.w3.org/ns/credentials/v2","name":"secret"}`
	for _, doc := range []string{good, `{"@context":"https://www.w3.org/ns/credentials/v2","description":"secret","name":null}`, good} {
		room := make([]rdfc.Quad, 64)
		c.room.Put(&room)
		_, err := c.Canonical([]byte(doc), crypto.SHA256)
		require.Equal(t, doc == good, err == nil)
		for _, q := range room { // whether the pool gave it or not
			require.Equal(t, rdfc.Quad{}, q)
		}
	}
}
