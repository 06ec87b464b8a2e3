package did_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

func TestMethodOf(t *testing.T) {
	for _, c := range []struct{ issuer, kid, want string }{
		{"did:web:a.example", "did:web:a.example#k", "did:web:a.example#k"},
		{"did:web:a.example", "did:web:b.example#k", "did:web:b.example#k"}, // whose key it is, is found out later
		{"did:web:a.example", "https://a.example/k#1", "https://a.example/k#1"},
		{"did:web:a.example", "#k", "did:web:a.example#k"},
		{"did:web:a.example", "#urn:k:1", "did:web:a.example#urn:k:1"},
		{"did:web:a.example", "k", "did:web:a.example#k"},
		{"did:web:a.example", "", "did:web:a.example"},
		{"https://a.example", "k", "k"},
		{"https://a.example", "#k", "#k"},
		{"https://a.example", "", ""},
		{"", "k", "k"},
		{"ID", "kid+/==", "kid+/=="}, // a health certificate's
		{"did:", "k", "k"},
	} {
		require.Equal(t, c.want, did.MethodOf(proof.Hint{Issuer: c.issuer, KeyID: c.kid}), "%v", c)
	}
}
