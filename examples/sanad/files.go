package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/qr"
)

const stdio = "-"

// read returns what a file, or standard input for "-", holds, of at most limit
// bytes.
func (e *env) read(name string, limit int) ([]byte, error) {
	in := e.stdin
	if name != stdio {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > limit {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return raw, nil
}

// errPicture says that an input is a picture and has no credential.
var errPicture = errors.New("no QR code can be read in the picture")

// readCredential reads a credential as text or JSON, or as a picture of its QR
// code.
func (e *env) readCredential(name string) ([]byte, error) {
	raw, err := e.read(name, limits.Image)
	if err != nil {
		return nil, err
	}
	return decodeInput(raw)
}

func decodeInput(raw []byte) ([]byte, error) {
	if isPicture(raw) {
		text, err := qr.Read(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errPicture, err)
		}
		return []byte(text), nil
	}
	return trimText(raw), nil
}

// isPicture knows PNG and JPEG by their first bytes.
func isPicture(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(raw, []byte("\xff\xd8\xff"))
}

// trimText removes what editors add around a text: a byte order mark and line
// ends. A space may be the last digit of base45, so it stays.
func trimText(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte{0xd2}) { // COSE_Sign1 (RFC 9052, section 2), which is no text
		return raw
	}
	return bytes.Trim(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), "\r\n")
}

// write replaces a file at once: whoever reads sees the old one or the new one.
func write(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // already closed, unless writing failed
			_ = os.Remove(f.Name())
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
	return os.Rename(f.Name(), name)
}

// create writes a file that must not exist yet.
func create(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is not replaced", name)
	}
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = os.Remove(name) // a part of a key is of no use
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// emit writes to a file, or to standard output, with a line end, for "-".
func (e *env) emit(name string, data []byte) error {
	if bytes.HasPrefix(data, []byte{0xd2}) { // COSE, which a line end would break
		if name == stdio {
			_, err := e.stdout.Write(data)
			return err
		}
		return write(name, data, 0o644)
	}
	if name == stdio {
		if _, err := e.stdout.Write(data); err != nil {
			return err
		}
		return e.stdout.WriteByte('\n')
	}
	return write(name, append(bytes.Clone(data), '\n'), 0o644)
}

// newFolder refuses a folder that is there already.
func newFolder(dir string) error {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already, and is not replaced", dir)
	}
	return nil
}

// writeAll writes files below a folder, by their slash-separated paths.
func writeAll(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeBelow(dir, name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// writeBelow writes one of them, with the folders above it.
func writeBelow(dir, name string, data []byte) error {
	out := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return write(out, data, 0o644)
}

// stage makes a folder at once: fill writes into another beside it, which then
// takes its place, and that of what was there before.
func stage(dir string, fill func(tmp string) error) (err error) {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		_ = os.RemoveAll(tmp) // gone, or of no use
	}()
	next, old := filepath.Join(tmp, "new"), filepath.Join(tmp, "old")
	if err := os.Mkdir(next, 0o755); err != nil {
		return err
	}
	if err := fill(next); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		_ = os.Rename(old, dir) // as it was
		return err
	}
	return nil
}
