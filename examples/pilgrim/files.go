package main

import (
	"os"
	"path/filepath"
)

// files are the folder of the story and the names in it.
type files struct{ dir string }

func (f files) path(elem ...string) string {
	return filepath.Join(append([]string{f.dir}, elem...)...)
}

func (f files) ministry() string { return f.path("ministry") }

// What the border post has.
func (f files) trustList() string  { return f.path("border", "trustlist.json") }
func (f files) withdrawn() string  { return f.path("border", "withdrawn.cose") }
func (f files) statusList() string { return f.path("border", "status") }

// What a post has that has not heard for weeks.
func (f files) oldTrustList() string { return f.path("border-outdated", "trustlist.json") }
func (f files) oldWithdrawn() string { return f.path("border-outdated", "withdrawn.cose") }

func (f files) wrong(name string) string { return f.path("wrong", name) }

// make makes the folders.
func (f files) make() error {
	for _, dir := range []string{f.statusList(), f.path("border-outdated"), f.wrong("")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(f.ministry(), 0o700) // nobody else's business
}

func write(name string, data []byte) error { return os.WriteFile(name, data, 0o644) }
