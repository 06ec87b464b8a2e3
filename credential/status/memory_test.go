package status

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// The specification's own example: an encodedList of 131,072 clear bits
// (Bitstring Status List 1.0, example 3).
func TestExpandExample(t *testing.T) {
	bits, err := expand("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
	require.NoError(t, err)
	require.Equal(t, make([]byte, 16<<10), bits)
}

func TestValue(t *testing.T) {
	bits := []byte{0b1000_0001, 0b0110_0000}
	for at, want := range map[uint64]uint64{0: 1, 1: 0, 7: 1, 8: 0, 9: 1, 10: 1, 11: 0} {
		require.Equal(t, want, value(bits, at, 1), at)
	}
	require.EqualValues(t, 0b10, value(bits, 0, 2))
	require.EqualValues(t, 0b1_0110, value(bits, 7, 5))
	require.EqualValues(t, 0x8160, value(bits, 0, 16))
}

type nothing struct{}

func (nothing) Name() string                                       { return "nothing" }
func (nothing) Parse([]byte, string) (*credential.Envelope, error) { return nil, nil }

func TestRememberedListsAreBounded(t *testing.T) {
	b, err := NewBitstring(Memory(nil), nothing{})
	require.NoError(t, err)
	keep := b.recall("keep", []byte("list"))
	for i := range 2 * limits.StatusLists {
		b.recall(fmt.Sprint(i), []byte("list"))
		require.Same(t, keep, b.recall("keep", []byte("list")), "used last")
	}
	require.Len(t, b.lists, limits.StatusLists)

	big := b.recall("big", []byte("big"))
	big.size.Store(limits.StatusMemory)
	b.forget(big)
	require.Len(t, b.lists, 1)
	require.Same(t, big, b.recall("big", []byte("big")), "the one in use stays, however large")
	require.NotSame(t, keep, b.recall("keep", []byte("list")))
	require.Len(t, b.lists, 1)

	s := b.recall("one", []byte("one"))
	_, err = s.Parse([]byte("two"), "")
	require.Error(t, err, "bytes of another list")
	_, err = s.Parse([]byte("one"), "")
	require.ErrorIs(t, err, credential.ErrFormat, "a format that gives nothing")
}

// BenchmarkBitstringLookup is one look-up in a loaded list of 100 million
// entries, all over it.
func BenchmarkBitstringLookup(b *testing.B) {
	const entries = 100_000_000
	l := &bitList{id: "l", purposes: []string{PurposeRevocation}, bits: make([]byte, entries/8)}
	r := rand.New(rand.NewPCG(1, 2))
	for range entries / 10 {
		i := r.Uint64N(entries/2) * 2
		l.bits[i/8] |= 0x80 >> (i % 8)
	}
	ref := credential.StatusRef{Type: TypeBitstring, Purpose: PurposeRevocation, List: "l"}
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		ref.Index = (i*40_503_001)%(entries/2)*2 + 1
		if _, err := l.status(ref); err != nil {
			b.Fatal(err)
		}
	}
}
