package vct

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/sanad-credentials/sanad/internal/integrity"
)

// Library is metadata that was read and put together before: what a verifier of
// many credentials uses. It is a [Source], immutable and safe for concurrent use.
type Library struct {
	docs  Documents
	types map[string]*Type
}

// NewLibrary reads the metadata of all types in docs. The error is that of [Load]
// for the first type that can't be used, and names it by its place among those
// that extend each other.
func NewLibrary(docs Documents) (*Library, error) {
	l := &Library{docs: maps.Clone(docs), types: make(map[string]*Type, len(docs))}
	for name := range l.docs {
		t, err := Load(context.Background(), l.docs, name, "")
		if err != nil {
			return nil, fmt.Errorf("type %q: %w", name, err)
		}
		l.types[name] = t
	}
	return l, nil
}

// TypeMetadata returns what is there under a name. It implements [Source].
func (l *Library) TypeMetadata(ctx context.Context, vct string) ([]byte, error) {
	return l.docs.TypeMetadata(ctx, vct)
}

// find is [Load] for a type of the library.
func (l *Library) find(vct, digest string) (*Type, error) {
	t := l.types[vct]
	if t == nil {
		return nil, fmt.Errorf("vct: %w", errOwn)
	}
	if digest != "" {
		if ok, err := integrity.FitsSRI(digest, l.docs[vct]); err != nil || !ok {
			return nil, fmt.Errorf("vct: type 0: %w", errors.Join(ErrIntegrity, err))
		}
	}
	return t, nil
}
