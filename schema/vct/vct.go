// Package vct reads the metadata of SD-JWT VC types, and holds credentials to
// what it says of their claims (draft-ietf-oauth-sd-jwt-vc, Type Metadata).
//
// A type's metadata is found by its name, the claim vct. The caller says where: a
// [Library] holds it in memory, and package credential/sdjwt/web gets it from
// where the name points to. [Load] follows the types that a type extends.
//
//	library, err := vct.NewLibrary(vct.Documents{…})
//	credential.Config{Schema: vct.Checker{Source: library}, …}
package vct

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/integrity"
	"github.com/sanad-credentials/sanad/internal/limits"
)

var (
	// ErrMetadata says that metadata is malformed, is that of another type, or
	// changes what the type it extends has fixed.
	ErrMetadata = errors.New("malformed type metadata")
	// ErrIntegrity says that metadata is not what its digest says.
	ErrIntegrity = fmt.Errorf("%w: another digest than stated", ErrMetadata)
	// ErrNone says that there is no metadata of a type.
	ErrNone = errors.New("no type metadata")
	// errOwn says it of the type itself, not of one that it extends.
	errOwn = fmt.Errorf("%w", ErrNone)
)

// Source finds the metadata of a type: nothing and no error where there is none.
// An error wraps proof.ErrUnavailable where it could not find out.
type Source interface {
	TypeMetadata(ctx context.Context, vct string) ([]byte, error)
}

// Documents is metadata in memory, by the name of the type. It must not be
// changed once it is used.
type Documents map[string][]byte

// TypeMetadata returns what is there under a name. It implements [Source].
func (d Documents) TypeMetadata(_ context.Context, vct string) ([]byte, error) { return d[vct], nil }

// Type is what metadata says of a type.
type Type struct {
	VCT               string // its name
	Name, Description string // for developers
	Display           []Display
	// Extends are the types that it builds on, the nearest first.
	Extends []string
	// Claims are those described, also by the types it extends, which come
	// first.
	Claims []Claim

	extends, integrity string
}

// Display is a type's name in one language.
type Display struct {
	Locale            string // a language tag (RFC 5646)
	Name, Description string
	// Rendering is how to draw it: the JSON of an object, or nil. Its contents
	// are not checked.
	Rendering []byte
}

// Claim is what metadata says of one claim, or of several.
type Claim struct {
	Path      []Step
	Label     []Label
	Mandatory bool // the issuer must include it
	SD        SD
	SVGID     string // its name in SVG templates; empty: none
}

// Step is one step of a path: to a member of an object, or to elements of an
// array.
type Step struct {
	Name    string
	Element bool // not a member, but the element with Index, or all
	Index   int  // AllElements, or from 0 up
}

// AllElements is the Index of a step to every element of an array.
const AllElements = -1

// Label is a claim's name in one language.
type Label struct{ Locale, Label, Description string }

// SD is whether a claim is selectively disclosable.
type SD string

// The values of SD. Metadata that says nothing, which [Parse] leaves empty,
// allows it.
const (
	Always  SD = "always"
	Allowed SD = "allowed"
	Never   SD = "never"
)

// Load finds the metadata of a type and of the types that it extends, at most
// eight, and puts them together: a claim with the same path is described by the
// nearest, which can't undo what those it extends make mandatory, or have
// disclosable always or never. digest is the vct#integrity of a credential, to
// which the metadata is held (Subresource Integrity); empty: there is none.
//
// The error wraps [ErrNone], [ErrMetadata] or [ErrIntegrity], or is the source's.
func Load(ctx context.Context, s Source, vct, digest string) (*Type, error) {
	var chain []*Type
	seen := map[string]bool{}
	for name := vct; name != ""; {
		if seen[name] {
			return nil, fmt.Errorf("vct: type %d extends one that extends it: %w", len(chain), ErrMetadata)
		}
		if len(chain) == limits.TypeChain {
			return nil, fmt.Errorf("vct: more than %d types that extend each other: %w", limits.TypeChain, ErrMetadata)
		}
		seen[name] = true
		t, err := load(ctx, s, name, digest)
		if len(chain) == 0 && errors.Is(err, ErrNone) {
			return nil, fmt.Errorf("vct: %w", errOwn)
		}
		if err != nil {
			return nil, fmt.Errorf("vct: type %d: %w", len(chain), err)
		}
		chain = append(chain, t)
		name, digest = t.extends, t.integrity
	}
	out := chain[0]
	for i := len(chain) - 1; i > 0; i-- {
		if err := inherit(chain[i-1], chain[i].Claims); err != nil {
			return nil, fmt.Errorf("vct: type %d: %w", i-1, err)
		}
	}
	for _, t := range chain[1:] {
		out.Extends = append(out.Extends, t.VCT)
	}
	for i := range out.Claims {
		out.Claims[i].SD = cmp.Or(out.Claims[i].SD, Allowed)
	}
	return out, nil
}

func load(ctx context.Context, s Source, name, digest string) (*Type, error) {
	raw, err := s.TypeMetadata(ctx, name)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, ErrNone
	}
	if digest != "" {
		if ok, err := integrity.FitsSRI(digest, raw); err != nil || !ok {
			return nil, errors.Join(ErrIntegrity, err)
		}
	}
	t, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	if t.VCT != name {
		return nil, fmt.Errorf("vct: of another type: %w", ErrMetadata)
	}
	return t, nil
}

// inherit adds the claims of the type that t extends.
func inherit(t *Type, base []Claim) error {
	own := map[string]int{}
	for i, c := range t.Claims {
		own[key(c.Path)] = i
	}
	taken := map[int]bool{}
	out := make([]Claim, 0, len(base)+len(t.Claims))
	for _, b := range base {
		i, ok := own[key(b.Path)]
		if !ok {
			out = append(out, b)
			continue
		}
		c := t.Claims[i]
		taken[i] = true
		if c.SD == "" {
			c.SD = b.SD
		}
		if b.SD == Always || b.SD == Never {
			if c.SD != b.SD {
				return fmt.Errorf("claims[%d].sd: fixed by the type extended: %w", i, ErrMetadata)
			}
		}
		c.Mandatory = c.Mandatory || b.Mandatory
		out = append(out, c)
	}
	for i, c := range t.Claims {
		if !taken[i] {
			out = append(out, c)
		}
	}
	if len(out) > limits.TypeClaims {
		return fmt.Errorf("%d claims, at most %d are read: %w", len(out), limits.TypeClaims, ErrMetadata)
	}
	t.Claims = out
	return nil
}

var _ credential.SchemaChecker = Checker{}
