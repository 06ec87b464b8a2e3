package status

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// FileName is the name under which a folder holds the list of a URL: the
// SHA-256 of the URL in lower-case hexadecimal, and ".list". No URL can name a
// file outside of the folder.
func FileName(url string) string {
	h := sha256.Sum256([]byte(url))
	return hex.EncodeToString(h[:]) + ".list"
}

// Publish writes a signed list where [Folder] finds it. The folder must exist.
// The file is complete or not there: it is written beside and then renamed.
func Publish(dir, url string, raw []byte) error {
	if len(raw) > limits.StatusList {
		return fmt.Errorf("status: list of %d bytes, at most %d are read", len(raw), limits.StatusList)
	}
	return writeFile(filepath.Join(dir, FileName(url)), raw, 0o644)
}

// Folder is a source that reads lists from a folder, each when it is first
// asked for, and keeps them: a snapshot. Lists published later under the same
// URL are seen by a new Folder. The errors wrap [proof.ErrUnavailable] and name
// the file.
func Folder(fsys fs.FS) Source {
	var mu sync.Mutex
	read := map[string][]byte{}
	return func(_ context.Context, url string) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if raw, ok := read[url]; ok {
			return raw, nil
		}
		name := FileName(url)
		raw, err := readFile(fsys, name)
		if err != nil {
			return nil, unavailable("list file %s: %s", name, err)
		}
		read[url] = raw
		return raw, nil
	}
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("missing")
	}
	if err != nil {
		return nil, errors.New("can't be opened")
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limits.StatusList+1))
	if err != nil {
		return nil, errors.New("can't be read")
	}
	if len(raw) > limits.StatusList {
		return nil, fmt.Errorf("longer than %d bytes", limits.StatusList)
	}
	return raw, nil
}

// writeFile replaces a file so that a crash leaves the old one or the new one,
// never a part.
func writeFile(path string, data []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // already closed, unless writing failed
			_ = os.Remove(f.Name())
			err = fmt.Errorf("status: %w", err)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	// The rename itself lasts only once the folder is written; some systems
	// can't do that, and the file is whole either way.
	if d, derr := os.Open(dir); derr == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}
