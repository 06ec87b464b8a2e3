package vct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/pointer"
	"github.com/sanad-credentials/sanad/proof"
)

// Checker holds SD-JWT VCs to the metadata of their types, for verifiers and for
// issuers. It is safe for concurrent use if its Source is.
type Checker struct {
	// Source finds the metadata, which is read anew for each credential unless
	// the Source is a [Library].
	Source Source
	// Optional lets credentials pass whose type has no metadata and that do not
	// state its digest. Else they are inconclusive.
	Optional bool
}

// CheckSchema checks a credential's claims against its type's metadata, and
// returns nil for other formats.
//
// A verifier sees what the holder shows. So a claim that is mandatory may be
// missing, unless it is never selectively disclosable and nothing around it is
// missing; one that is there must be disclosed, or not, as the metadata says. A
// path with the index of an element is not followed there: those before it may
// be hidden. In an issuer's draft all is there, and every rule counts; those about
// disclosure where the draft's Options.Disclosable says it.
//
// The error names the claim by its place in the metadata. It wraps
// [credential.ErrSchema], or [proof.ErrUnavailable] where there is no metadata,
// and [ErrMetadata] where that is not usable.
func (k Checker) CheckSchema(ctx context.Context, c *credential.Credential) error {
	p, ok := c.Payload.(*sdjwt.Payload)
	if !ok || len(c.Types) == 0 {
		return nil
	}
	if k.Source == nil {
		return fmt.Errorf("vct: no source of type metadata: %w", proof.ErrUnavailable)
	}
	digest, _ := p.Value().Member("vct#integrity").Text()
	t, err := k.find(ctx, c.Types[0], digest)
	switch {
	case errors.Is(err, errOwn) && k.Optional && digest == "":
		return nil
	case errors.Is(err, ErrNone):
		return fmt.Errorf("%w: %w", proof.ErrUnavailable, err)
	case errors.Is(err, ErrMetadata):
		return fmt.Errorf("%w: %w", credential.ErrSchema, err)
	case err != nil:
		return err
	}
	return t.check(p)
}

// Asks reports whether metadata is looked for elsewhere than in memory: a verifier
// then checks only credentials whose issuer it trusts (credential.SchemaChecker).
func (k Checker) Asks() bool {
	switch k.Source.(type) {
	case nil, Documents, *Library:
		return false
	}
	return true
}

func (k Checker) find(ctx context.Context, vct, digest string) (*Type, error) {
	if l, ok := k.Source.(*Library); ok {
		return l.find(vct, digest)
	}
	return Load(ctx, k.Source, vct, digest)
}

func (t *Type) check(p *sdjwt.Payload) error {
	pointers := p.Disclosed()
	rules := !p.Draft() || pointers != nil
	disclosed := make(map[string]bool, len(pointers)) // a path may find 100,000 elements
	for _, at := range pointers {
		disclosed[at] = true
	}
	for i, c := range t.Claims {
		if !p.Draft() && slices.ContainsFunc(c.Path, func(s Step) bool { return s.Element && s.Index != AllElements }) {
			continue
		}
		f := finder{}
		if !f.find(p.Value(), nil, c.Path) {
			return fmt.Errorf("vct: claims[%d]: its path leads through another kind of value: %w", i, credential.ErrSchema)
		}
		if len(f.found) == 0 && c.Mandatory && (p.Draft() || c.SD == Never && around(p.Value(), c.Path)) {
			return fmt.Errorf("vct: claims[%d]: mandatory, and not there: %w", i, credential.ErrSchema)
		}
		for _, at := range f.found {
			hidden := disclosed[at]
			if rules && (c.SD == Always && !hidden || c.SD == Never && hidden) {
				return fmt.Errorf("vct: claims[%d]: sd is %s: %w", i, c.SD, credential.ErrSchema)
			}
		}
	}
	return nil
}

// around reports whether what a path's last step is taken from is there.
func around(v jcs.Value, path []Step) bool {
	f := finder{}
	return f.find(v, nil, path[:len(path)-1]) && len(f.found) > 0
}

// finder finds what a path selects, as JSON pointers.
type finder struct{ found []string }

// find reports whether the path fits the values it leads through.
func (f *finder) find(v jcs.Value, at []byte, path []Step) bool {
	if len(path) == 0 {
		f.found = append(f.found, string(at))
		return true
	}
	s := path[0]
	if !s.Element {
		if v.Kind() != jcs.Object {
			return false
		}
		m := v.Member(s.Name)
		return !m.Exists() || f.find(m, pointer.Append(slices.Clip(at), s.Name), path[1:])
	}
	if v.Kind() != jcs.Array {
		return false
	}
	for i, e := range v.Elements() {
		if s.Index != AllElements && s.Index != i {
			continue
		}
		if !f.find(e, pointer.Append(slices.Clip(at), strconv.Itoa(i)), path[1:]) {
			return false
		}
	}
	return true
}
