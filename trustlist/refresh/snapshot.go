package refresh

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// A snapshot is one file for each source, of which nothing is believed but what
// the parse function makes of it:
//
//	one line of JSON: header
//	the document, as it was fetched
//	its detached signature
//	the SHA-256 of all that, which tells a broken disk and not an attacker
//
// It is written beside its place and renamed into it, so that whoever looks finds
// an old one or a new one, whole.

// header is the first line of a snapshot.
type header struct {
	V         int       `json:"v"`
	Source    string    `json:"source"`
	URL       string    `json:"url,omitempty"`
	ETag      string    `json:"etag,omitempty"`
	Fetched   time.Time `json:"fetched,omitzero"`
	Raw       int       `json:"raw"`       // bytes
	Signature int       `json:"signature"` // bytes; -1: there is none
}

const snapshotVersion = 1

// snapshotOverhead is the most bytes of a snapshot beside its document and
// signature.
const snapshotOverhead = 16 << 10

// maxETag is the longest ETag that is kept.
const maxETag = 1024

func (s *source) path() string { return filepath.Join(s.r.o.Dir, s.Name+".snapshot") }

// encode returns the parts of a snapshot, in order.
func encode(h header, d Document) ([][]byte, digest, error) {
	h.V, h.Fetched, h.Raw, h.Signature = snapshotVersion, d.Fetched, len(d.Raw), len(d.Signature)
	if d.Signature == nil {
		h.Signature = -1
	}
	if len(h.ETag) > maxETag || !utf8.ValidString(h.ETag) {
		h.ETag = "" // then the document is fetched once more
	}
	line, err := json.Marshal(h)
	if err != nil || len(line) >= snapshotOverhead-sha256.Size {
		return nil, digest{}, errors.New("a header that can't be written")
	}
	parts := [][]byte{append(line, '\n'), d.Raw, d.Signature}
	sum := sha256.New()
	for _, p := range parts {
		sum.Write(p)
	}
	out := digest(sum.Sum(nil))
	return append(parts, out[:]), out, nil
}

var errBroken = errors.New("broken")

// decode reads what encode has written, and nothing else.
func decode(raw []byte) (h header, d Document, err error) {
	if len(raw) < sha256.Size {
		return h, d, fmt.Errorf("%w: too short", errBroken)
	}
	content, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) {
		return h, d, fmt.Errorf("%w: checksum", errBroken)
	}
	end := bytes.IndexByte(content[:min(len(content), snapshotOverhead)], '\n')
	if end < 0 || json.Unmarshal(content[:end], &h) != nil {
		return h, d, fmt.Errorf("%w: header", errBroken)
	}
	if h.V != snapshotVersion {
		return h, d, errors.New("of another version")
	}
	rest := content[end+1:]
	// It must be just what encode writes: there is one way to read it.
	if again, err := json.Marshal(h); err != nil || !bytes.Equal(again, content[:end]) ||
		len(h.ETag) > maxETag || h.Raw < 0 || h.Signature < -1 || h.Raw != len(rest)-max(h.Signature, 0) {
		return h, d, fmt.Errorf("%w: header", errBroken)
	}
	d = Document{Raw: rest[:h.Raw:h.Raw], Fetched: h.Fetched.UTC()}
	if h.Signature >= 0 {
		d.Signature = rest[h.Raw:]
	}
	return h, d, nil
}

// adopt takes the list of the snapshot in place of the one held, if it is one to
// take. It returns nil where there is no snapshot, or none that it has not seen.
func (s *source) adopt() (err error) {
	defer func() { s.lost = s.lost || err != nil }()
	raw, sum, err := readSnapshot(s.path(), s.onDisk)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, withoutPath(err))
	}
	if raw == nil {
		s.lost = s.lost || s.onDisk != nil && sum == digest{}
		return nil
	}
	h, d, err := decode(raw)
	if err == nil && h.Source != s.Name {
		err = errors.New("of another source")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	now := s.r.o.Now()
	if d.Fetched.After(now) {
		d.Fetched = time.Time{} // nothing is as fresh as that
	}
	etag := ""
	if h.URL == s.URL {
		etag = h.ETag
	}
	old := s.held.Load()
	if old != nil && old.sum == d.digest() {
		s.onDisk = &sum
		return s.confirm(old, Document{}, etag)
	}
	list, err := s.parse(d)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	list.etag = etag
	switch err := s.succeeds(list, old, now); {
	case err == nil:
		s.swap(list)
	case errors.Is(err, ErrConflict):
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	s.onDisk = &sum
	return nil
}

// readSnapshot returns nothing where there is no snapshot, and only the checksum
// where that is the one seen.
func readSnapshot(path string, seen *digest) (raw []byte, sum digest, err error) {
	st, err := os.Stat(path) // before opening: to open a pipe may wait for ever
	if err == nil && !st.Mode().IsRegular() {
		return nil, sum, fmt.Errorf("%w: no regular file", errBroken)
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sum, nil
	}
	if err != nil {
		return nil, sum, err
	}
	defer f.Close()
	if st, err = f.Stat(); err != nil {
		return nil, sum, err
	}
	const most = limits.TrustList + limits.DetachedSignature + snapshotOverhead
	if !st.Mode().IsRegular() || st.Size() < sha256.Size || st.Size() > most {
		return nil, sum, fmt.Errorf("%w: no file of a possible size", errBroken)
	}
	if _, err := f.ReadAt(sum[:], st.Size()-sha256.Size); err != nil {
		return nil, sum, err
	}
	if seen != nil && sum == *seen {
		return nil, sum, nil
	}
	raw, err = io.ReadAll(io.LimitReader(f, most))
	return raw, sum, err
}

// save writes s.unsaved, unless what is on disk is as good or better.
func (s *source) save(ctx context.Context) error {
	unlock, err := lock(ctx, s.path()+".lock")
	if err != nil {
		return fmt.Errorf("%w: lock: %w", ErrSnapshot, withoutPath(err))
	}
	defer unlock()
	if err := s.adopt(); errors.Is(err, ErrConflict) {
		return err
	} // one that is broken, or whose list is not to be believed, makes way
	h := s.held.Load()
	if h.sum != s.unsaved.digest() {
		s.unsaved = nil // another process has a newer one
		return nil
	}
	parts, sum, err := encode(header{Source: s.Name, URL: s.URL, ETag: h.etag}, *s.unsaved)
	if err == nil {
		err = replace(s.path(), parts)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, withoutPath(err))
	}
	s.onDisk, s.unsaved, s.lost = &sum, nil, false
	return nil
}

// replace makes path a file of the parts, or leaves it as it is. The caller has
// the lock: what is left of an earlier attempt that was killed is nobody's.
func replace(path string, parts [][]byte) (err error) {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temporary)
		}
	}()
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			f.Close()
			return err
		}
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename last. Not every file system knows how; there the name
// is as safe as it can be.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
