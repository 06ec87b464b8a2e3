package hcert_test

import (
	"testing"

	"github.com/sanad-credentials/sanad/proof"
)

type proofKey = proof.Key

// upstream lists the expectations that the vectors have wrong, each with a
// proof of it that runs.
var upstream = map[string]struct {
	reason string
	proof  func(t testing.TB, v *vector) bool
}{}
