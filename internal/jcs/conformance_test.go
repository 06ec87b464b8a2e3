package jcs_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/testvectors"
)

func TestConformanceJCS(t *testing.T) {
	dir := testvectors.Dir(t, "ietf", "jcs")
	met, total := 0, 0
	check := func(what string, ok bool) {
		t.Helper()
		total++
		if ok {
			met++
		} else {
			t.Errorf("not met: %s", what)
		}
	}
	inputs, err := filepath.Glob(filepath.Join(dir, "input", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, inputs)
	for _, in := range inputs {
		name := strings.TrimSuffix(filepath.Base(in), ".json")
		read := func(elem ...string) []byte {
			b, err := os.ReadFile(filepath.Join(append([]string{dir}, elem...)...))
			require.NoError(t, err)
			return b
		}
		v, err := jcs.Parse(read("input", name+".json"))
		got := string(v.Append(nil))
		check(name+": output", err == nil && got == string(read("output", name+".json")))
		want, err := hex.DecodeString(strings.Join(strings.Fields(string(read("outhex", name+".txt"))), ""))
		check(name+": outhex", err == nil && got == string(want))
		again, err := jcs.Parse([]byte(got))
		check(name+": canonical form of itself", err == nil && string(again.Append(nil)) == got)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	for lines, sum := range numberSums(t, string(readme), 1_000_000) {
		check(fmt.Sprintf("%d numbers", lines), sum)
	}
	fmt.Printf("conformance: jcs %d/%d\n", met, total)
}

// numberSums writes the sequence of numbers that the vectors' README describes
// and compares it with the checksums there, up to limit lines.
func numberSums(t *testing.T, readme string, limit int) map[int]bool {
	t.Helper()
	var bits []uint64
	for _, m := range regexp.MustCompile(`0x([0-9a-f]{16})n[,\n]`).FindAllStringSubmatch(readme, -1) {
		u, err := strconv.ParseUint(m[1], 16, 64)
		require.NoError(t, err)
		bits = append(bits, u)
	}
	require.Greater(t, len(bits), 100)
	for i := range uint64(2000) {
		bits = append(bits, 0x0010000000000000+i)
	}
	sums := map[int]string{}
	for _, m := range regexp.MustCompile(`\| ([0-9a-f]{64}) \| (\d+) `).FindAllStringSubmatch(readme, -1) {
		n, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		if n <= limit {
			sums[n] = m[1]
		}
	}
	require.NotEmpty(t, sums)

	out := map[int]bool{}
	h := sha256.New()
	var block [32]byte
	left := 0
	var line []byte
	for n := 1; n <= limit; n++ {
		var u uint64
		if n <= len(bits) {
			u = bits[n-1]
		} else {
			for f := 0.0; f == 0 || math.IsNaN(f) || math.IsInf(f, 0); f = math.Float64frombits(u) {
				if left == 0 {
					block, left = sha256.Sum256(block[:]), 4
				}
				u = binary.LittleEndian.Uint64(block[8*(4-left):])
				left--
			}
		}
		line = strconv.AppendUint(line[:0], u, 16)
		line = append(append(line, ','), jcs.FormatNumber(math.Float64frombits(u))...)
		h.Write(append(line, '\n'))
		if want, ok := sums[n]; ok {
			out[n] = hex.EncodeToString(h.Sum(nil)) == want
		}
	}
	return out
}
