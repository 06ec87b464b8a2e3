package quorum_test

import (
	"testing"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// What demanding the threshold costs beside reading the list: one signature
// check for each member that approved.
func BenchmarkOpen(b *testing.B) {
	w := newWorld(b)
	raw := w.sign(w.release(1, w.list("ID")), w.id, w.my)
	for b.Loop() {
		if _, err := w.pinned.Open(raw, nil, now, quorum.Held{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdate walks 100 roots.
func BenchmarkUpdate(b *testing.B) {
	w := newWorld(b)
	var roots [][]byte
	for i := range 100 {
		r := w.next(nil)
		r.Version = uint64(i) + 2
		roots = append(roots, w.sign(r, []proof.Signer{w.id, w.my}...))
	}
	for b.Loop() {
		if _, err := w.pinned.Update(roots...); err != nil {
			b.Fatal(err)
		}
	}
}
