package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/fetch"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// fetch gets the document. One without Raw is the one held.
func (s *source) fetch(ctx context.Context) (d Document, etag string, err error) {
	if strings.HasPrefix(s.URL, "file:") {
		d.Raw, d.Fetched, err = readFile(ctx, s.URL, limits.TrustList)
	} else {
		var resp *fetch.Response
		r := fetch.Request{URL: s.URL}
		// What is lost on disk is asked for as if it were new.
		if h := s.held.Load(); h != nil && (!s.lost || s.unsaved != nil) {
			r.ETag = h.etag
		}
		d.Fetched = s.now()
		if resp, err = s.get(ctx, r); err == nil {
			d.Raw, etag = resp.Body, resp.ETag
		}
	}
	if err != nil || d.Raw == nil || s.SignatureURL == "" {
		return d, etag, err
	}
	if strings.HasPrefix(s.SignatureURL, "file:") {
		d.Signature, _, err = readFile(ctx, s.SignatureURL, limits.DetachedSignature)
	} else {
		var resp *fetch.Response
		if resp, err = s.get(ctx, fetch.Request{URL: s.SignatureURL, MaxBytes: limits.DetachedSignature}); err == nil {
			d.Signature = resp.Body
		}
	}
	if err != nil {
		return d, etag, fmt.Errorf("signature: %w", err)
	}
	return d, etag, nil
}

// now is the present as it is written to disk and back.
func (s *source) now() time.Time { return s.r.o.Now().UTC().Round(0) }

// get asks a server. Where it says that nothing has changed, there is no Body;
// else there is one, be it empty.
func (s *source) get(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	resp, err := s.r.client.Get(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case resp.NotModified:
		resp.Body = nil
		return resp, nil
	case len(resp.Body) == 0:
		return nil, fmt.Errorf("%w: empty", ErrDocument)
	}
	// What a captive portal or a moved site sends.
	if t, _, _ := mime.ParseMediaType(resp.ContentType); t == "text/html" || t == "application/xhtml+xml" {
		return nil, fmt.Errorf("%w: a page in HTML", ErrDocument)
	}
	return resp, nil
}

// readFile reads a file: URL.
func readFile(ctx context.Context, at string, limit int64) ([]byte, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", proof.ErrUnavailable, err)
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: malformed URL", ErrRefused)
	}
	path := filepath.FromSlash(u.Path)
	if local := strings.TrimPrefix(path, string(filepath.Separator)); filepath.VolumeName(local) != "" {
		path = local // /C:/…
	}
	raw, changed, err := readRegular(path, limit)
	if err != nil && !errors.Is(err, ErrRefused) {
		err = fmt.Errorf("%w: %w", proof.ErrUnavailable, withoutPath(err))
	}
	return raw, changed, err
}

// readRegular reads a file of at most limit bytes: a device or a pipe might never
// end.
func readRegular(path string, limit int64) ([]byte, time.Time, error) {
	st, err := os.Stat(path) // before opening: to open a pipe may wait for ever
	if err != nil {
		return nil, time.Time{}, err
	}
	if !st.Mode().IsRegular() {
		return nil, time.Time{}, fmt.Errorf("%w: not a regular file", ErrRefused)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, time.Time{}, err
	}
	if int64(len(raw)) > limit {
		return nil, time.Time{}, fmt.Errorf("%w: over %d bytes", ErrRefused, limit)
	}
	return raw, st.ModTime().UTC().Round(0), nil
}

// withoutPath is what an error of the file system says, without where.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
