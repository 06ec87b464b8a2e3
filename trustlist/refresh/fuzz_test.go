package refresh

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
)

func TestSnapshotFormat(t *testing.T) {
	d := Document{Raw: []byte("{}\n"), Signature: []byte{}, Fetched: time.Date(2026, 5, 20, 12, 0, 0, 5, time.UTC)}
	parts, _, err := encode(header{Source: "a", URL: "https://a.example/?b&c", ETag: "W/\"\xff\""}, d)
	require.NoError(t, err)
	h, got, err := decode(bytes.Join(parts, nil))
	require.NoError(t, err)
	require.Equal(t, d, got, "an empty signature is not none")
	require.Equal(t, header{V: 1, Source: "a", URL: "https://a.example/?b&c", Fetched: d.Fetched, Raw: 3}, h, "a tag that JSON can't hold is dropped")
	_, _, err = encode(header{Source: string(make([]byte, snapshotOverhead))}, d)
	require.Error(t, err)
}

func TestDelay(t *testing.T) {
	for _, c := range []struct {
		failures int
		chance   float64
		want     time.Duration
	}{
		{0, 0.5, time.Hour}, {0, 0, 54 * time.Minute}, {0, 1, 66 * time.Minute},
		{1, 1, 30 * time.Second}, {1, 0, 15 * time.Second}, {2, 1, time.Minute}, {7, 1, 32 * time.Minute},
		{8, 1, time.Hour}, {19, 1, time.Hour}, {20, 1, time.Hour}, {1 << 40, 0, 30 * time.Minute},
	} {
		require.InDelta(t, c.want, delay(time.Hour, c.failures, c.chance), 1000, "%d %v", c.failures, c.chance)
	}
	require.Equal(t, 10*time.Second, delay(10*time.Second, 5, 1), "never longer than the interval")
}

// What is read is what would be written, to the byte.
func FuzzSnapshot(f *testing.F) {
	for _, d := range []Document{{Raw: []byte("list")}, {Raw: []byte{}, Signature: []byte("sig")}, {Raw: []byte("{}"), Fetched: time.Unix(1_800_000_000, 0).UTC()}} {
		parts, _, err := encode(header{Source: "list", URL: "https://a.example/", ETag: `"v1"`}, d)
		if err != nil {
			f.Fatal(err)
		}
		whole := bytes.Join(parts, nil)
		f.Add(whole)
		f.Add(whole[:len(whole)-sha256.Size])
	}
	r := &source{Source: Source{Name: "list", Parse: func(Document) (*trustlist.List, []trustlist.Skipped, error) {
		return nil, nil, errors.New("no")
	}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		// The checksum would hide everything else from the fuzzer.
		for _, in := range [][]byte{raw, seal(raw)} {
			h, d, err := decode(in)
			if err != nil {
				continue
			}
			parts, _, err := encode(h, d)
			if err != nil || !bytes.Equal(bytes.Join(parts, nil), in) {
				t.Fatalf("read and written again it differs: %v", err)
			}
			if _, err := r.parse(d); err == nil {
				t.Fatal("what the parse function refused is held")
			}
		}
	})
}

// seal adds the checksum of what is there.
func seal(content []byte) []byte {
	sum := sha256.Sum256(content)
	return append(bytes.Clone(content), sum[:]...)
}
