// Package testvectors finds the real test data, which lives outside the
// repository.
package testvectors

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of vectors at elem: below the environment variable
// SANAD_VECTORS or, without it, below ../shared/vectors from the module root.
// Without the folder the test is skipped, and fails where CI=true.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	base := os.Getenv("SANAD_VECTORS")
	if base == "" {
		root, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "CHANGELOG.md")); err == nil {
				break
			}
			up := filepath.Dir(root)
			if up == root {
				t.Fatal("testvectors: not inside the module")
			}
			root = up
		}
		base = filepath.Join(root, "..", "shared", "vectors")
	}
	dir := filepath.Join(append([]string{base}, elem...)...)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("test vectors are missing: %v", err)
		}
		t.Skipf("skipped: no test vectors (set SANAD_VECTORS): %v", err)
	}
	return dir
}
