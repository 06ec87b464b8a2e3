package vct_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/proof"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/schema/vct"
)

func BenchmarkCheck(b *testing.B) {
	d, err := sdjwt.FromJSON([]byte(`{"iss":"https://health.example","vct":"`+card+`","name":"A","country":"ID","address":{"city":"J"},"doses":[{"date":"x"},{"date":"y"}]}`), sd.Options{Disclosable: []string{"/name", "/doses/0", "/doses/1"}})
	require.NoError(b, err)
	raw, err := sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(b)})
	require.NoError(b, err)
	env, err := sdjwt.Format{}.Parse(raw, "")
	require.NoError(b, err)
	docs := vct.Documents{card: []byte(metadata)}
	library, err := vct.NewLibrary(docs)
	require.NoError(b, err)
	for name, k := range map[string]credential.SchemaChecker{"documents": vct.Checker{Source: docs}, "library": vct.Checker{Source: library}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := k.CheckSchema(ctx, env.Credential); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
