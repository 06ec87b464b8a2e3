package quorum

import (
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// Approvals returns the members of r that approved a document in the role that
// its kind asks for, one for each voice, and how many are needed. Signatures by
// others, by members without the role, and those that don't verify don't count.
func (r Root) Approvals(d *Document) (by []Member, need int) {
	return r.voices(d, len(r.Members)), r.Thresholds.of(d.Kind().role())
}

// voices finds the members that approved a document, and stops where it has
// enough.
func (r Root) voices(d *Document, enough int) (by []Member) {
	role := d.Kind().role()
	message := d.message()
	counted := map[string]bool{}
	for i := range r.Members {
		m := &r.Members[i]
		if len(by) == enough {
			break
		}
		if counted[m.voice()] || !slices.Contains(m.Roles, role) {
			continue
		}
		id, err := KeyID(m.Public)
		if err != nil {
			continue
		}
		at := slices.IndexFunc(d.signatures, func(s signature) bool { return s.keyID == id })
		if at < 0 {
			continue
		}
		alg, err := algorithm(m.Public)
		if err != nil || proof.Verify(m.Public, alg, message, d.signatures[at].sig) != nil {
			continue
		}
		counted[m.voice()] = true
		by = append(by, *m)
	}
	return by
}

// approved returns an error wrapping ErrThreshold unless enough members of r
// approved d.
func (r Root) approved(d *Document) error {
	need := r.Thresholds.of(d.Kind().role())
	if need == 0 {
		return fmt.Errorf("%w: root %d provides for no %s", ErrThreshold, r.Version, d.Kind().role())
	}
	if by := r.voices(d, need); len(by) < need {
		return fmt.Errorf("%w: %s: %d of the %d that root %d asks for", ErrThreshold, d.Kind(), len(by), need, r.Version)
	}
	return nil
}

// Pinned is a root that a verifier trusts. It is immutable and safe for
// concurrent use.
type Pinned struct{ root Root }

// Pin trusts a root that came by a way that is trusted itself: with the
// program, or from hand to hand. It may have expired, since it can be updated.
// The error wraps [ErrFormat], [ErrKey] or, where the root's own members did not
// approve it, [ErrThreshold].
func Pin(raw []byte) (*Pinned, error) {
	d, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	r, ok := d.content.(Root)
	if !ok {
		return nil, fmt.Errorf("%w: %s where a root is wanted", ErrFormat, d.Kind())
	}
	if err := r.approved(d); err != nil {
		return nil, err
	}
	return &Pinned{r}, nil
}

// Root returns what the pinned root says. The caller must not change what it
// refers to.
func (p *Pinned) Root() Root { return p.root }

// Update follows the roots that came after p, in their order, and returns the
// last (TUF 1.0.31, section 5.3). Each must have the version after the one
// before, name the same network, and be approved by as many members as the one
// before asks for and as many as it asks for itself. At most 256 are followed at
// a time. Whether a root has expired matters only for the last, and is for
// [Pinned.Open].
//
// The error wraps [ErrFormat], [ErrKey], [ErrNetwork], [ErrThreshold], or
// [ErrRollback] where a version is not the next.
func (p *Pinned) Update(roots ...[]byte) (*Pinned, error) {
	if len(roots) > limits.NetworkRoots {
		return nil, fmt.Errorf("%w: %d roots, at most %d are followed", ErrFormat, len(roots), limits.NetworkRoots)
	}
	for _, raw := range roots {
		next, err := p.next(raw)
		if err != nil {
			return nil, fmt.Errorf("after root %d: %w", p.root.Version, err)
		}
		p = next
	}
	return p, nil
}

func (p *Pinned) next(raw []byte) (*Pinned, error) {
	d, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	r, ok := d.content.(Root)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: %s where a root is wanted", ErrFormat, d.Kind())
	case r.Network != p.root.Network:
		return nil, ErrNetwork
	case r.Version != p.root.Version+1:
		return nil, fmt.Errorf("%w: root %d where %d is wanted", ErrRollback, r.Version, p.root.Version+1)
	}
	if err := p.root.approved(d); err != nil {
		return nil, err
	}
	if err := r.approved(d); err != nil {
		return nil, err
	}
	return &Pinned{r}, nil
}

// Open checks a release, and removals where there are any (else nil), and
// returns what was approved (TUF 1.0.31, sections 5.4 to 5.6). Held is what the
// verifier remembers of the last use, its zero value the first time.
//
// Removals that the release took into account already have no effect, and are
// not checked.
//
// The error wraps [ErrFormat], [ErrKey], [ErrNetwork], [ErrThreshold],
// [ErrRollback], or [ErrExpired] where the release or the root has expired at
// now, or now is zero.
func (p *Pinned) Open(release, removals []byte, now time.Time, held Held) (*Approved, error) {
	if err := p.behind(&held); err != nil {
		return nil, err
	}
	d, err := Parse(release)
	if err != nil {
		return nil, err
	}
	rel, ok := d.content.(Release)
	if !ok {
		return nil, fmt.Errorf("%w: %s where a release is wanted", ErrFormat, d.Kind())
	}
	if err := p.accept(d, rel.Network, rel.Root); err != nil {
		return nil, err
	}
	if err := rel.follows(d, &held); err != nil {
		return nil, err
	}
	a := &Approved{release: rel, expires: rel.Expires, held: Held{
		Network: rel.Network, Root: p.root.Version,
		ReleaseRoot: rel.Root, Release: rel.Version, Digest: d.Digest(), Removals: rel.Removals,
	}}
	if p.root.Expires.Before(a.expires) {
		a.expires = p.root.Expires
	}
	if err := p.remove(a, removals, &held); err != nil {
		return nil, err
	}
	switch {
	case now.IsZero():
		return nil, fmt.Errorf("%w, for all that is known: no time was given", ErrExpired)
	case now.After(p.root.Expires):
		return nil, fmt.Errorf("%w: root %d, on %s", ErrExpired, p.root.Version, p.root.Expires.Format(time.DateOnly))
	case now.After(rel.Expires):
		return nil, fmt.Errorf("%w: release, on %s", ErrExpired, rel.Expires.Format(time.DateOnly))
	}
	return a, nil
}

// behind refuses a root older than the one held: its members may have lost
// their keys.
func (p *Pinned) behind(held *Held) error {
	switch {
	case held.Network != "" && held.Network != p.root.Network:
		return fmt.Errorf("%w: another one's state is held", ErrNetwork)
	case held.Root > p.root.Version:
		return fmt.Errorf("%w: root %d, where %d is held", ErrRollback, p.root.Version, held.Root)
	}
	return nil
}

// accept checks what releases and removals have in common.
func (p *Pinned) accept(d *Document, network string, root uint64) error {
	switch {
	case network != p.root.Network:
		return ErrNetwork
	case root > p.root.Version:
		return fmt.Errorf("%w: made under root %d, which is missing", ErrRollback, root)
	}
	return p.root.approved(d)
}

// follows refuses a release older than the one held, or another of its number.
func (r *Release) follows(d *Document, held *Held) error {
	switch {
	case r.Root < held.ReleaseRoot || r.Root == held.ReleaseRoot && r.Version < held.Release:
		return fmt.Errorf("%w: release %d under root %d, where %d under root %d is held", ErrRollback, r.Version, r.Root, held.Release, held.ReleaseRoot)
	case r.Root == held.ReleaseRoot && r.Version == held.Release && d.Digest() != held.Digest:
		return fmt.Errorf("%w: another release of number %d than the one held", ErrRollback, r.Version)
	}
	return nil
}

// remove takes removals into account, and refuses to forget those held.
func (p *Pinned) remove(a *Approved, raw []byte, held *Held) error {
	level := a.release.Removals
	if raw != nil {
		d, err := Parse(raw)
		if err != nil {
			return err
		}
		r, ok := d.content.(Removals)
		switch {
		case !ok:
			return fmt.Errorf("%w: %s where removals are wanted", ErrFormat, d.Kind())
		case r.Network != p.root.Network:
			return ErrNetwork
		case r.Version > level+limits.RemovalLead:
			return fmt.Errorf("%w: removals %d, more than %d ahead of the release", ErrFormat, r.Version, limits.RemovalLead)
		case r.Version > level:
			if err := p.accept(d, r.Network, r.Root); err != nil {
				return err
			}
			a.removals, a.held.Removals, a.held.Removed = &r, r.Version, r.Keys
		}
	}
	if a.held.Removals < held.Removals {
		return fmt.Errorf("%w: removals %d, where %d are held", ErrRollback, a.held.Removals, held.Removals)
	}
	if level >= held.Removals {
		return nil // decided on by the approvers of this release
	}
	for _, k := range held.Removed {
		if !slices.Contains(a.held.Removed, k) {
			return fmt.Errorf("%w: a key that was removed is not removed any more", ErrRollback)
		}
	}
	return nil
}
