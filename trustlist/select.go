package trustlist

import (
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/proof"
)

// Selection says which keys of a list are wanted. A zero member selects any.
type Selection struct {
	Authority string
	Territory string // ISO 3166-1, alpha-2 or alpha-3
	Role      Role
	Type      string // that the entry may issue
	// Time at which the key is inside its validity period and the entry has its
	// roles.
	Time time.Time
}

// Find returns the entries selected, in the list's order, each with only the
// keys selected. It looks at the whole list and says what is listed, not what
// may be relied upon: the list's own expiry is for [List.Authorize]. The caller
// must not change what the entries refer to.
func (l *List) Find(s Selection) []Entry {
	if t := Territory(s.Territory); t != "" {
		s.Territory = t
	}
	var out []Entry
	for _, e := range l.entries {
		if !s.selects(&e) {
			continue
		}
		if len(e.Keys) > 0 {
			if e.Keys = s.keys(e.Keys); len(e.Keys) == 0 {
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

func (s *Selection) selects(e *Entry) bool {
	return (s.Authority == "" || s.Authority == e.Authority) &&
		(s.Territory == "" || s.Territory == e.Territory) &&
		(s.Role == "" || slices.Contains(e.Roles, s.Role)) &&
		(s.Type == "" || e.Types == nil || slices.Contains(e.Types, s.Type)) &&
		(s.Time.IsZero() || e.granted(s.Time))
}

func (s *Selection) keys(all []proof.Key) []proof.Key {
	if s.Time.IsZero() {
		return all
	}
	var out []proof.Key
	for _, k := range all {
		if (k.NotBefore.IsZero() || !s.Time.Before(k.NotBefore)) && (k.NotAfter.IsZero() || !s.Time.After(k.NotAfter)) {
			out = append(out, k)
		}
	}
	return out
}

// Limits are what the authorities of a list may do at most. Nil members do not
// limit; an empty one, as against nil, allows nothing.
type Limits struct {
	// Territories (ISO 3166-1, alpha-2 or alpha-3) are those that the list may
	// speak for. An entry of another territory, or of none, is left without
	// roles. Of the names of the others only those stay that are not another
	// country's; one that the list does not name speaks for its territory alone,
	// or where it is an authority with Anchors for whom its certificates say.
	Territories []string
	// Authorities are those that keep their roles.
	Authorities []string
	Roles       []Role
	// Types are what they may issue, of what the list lets them.
	Types []string
}

// Restrict returns the list with less authority: what a source is believed in,
// whatever it says. A national list that is to speak only for its own state, for
// instance, gets that state as its one territory, before it is merged with
// others.
//
// Nothing is taken off the list. A key that has no authority left is still
// found, and [List.Authorize] refuses it with [ErrNotGranted]: "not for this"
// rather than "unknown".
func (l *List) Restrict(m Limits) *List {
	territories := make([]string, 0, len(m.Territories))
	for _, t := range m.Territories {
		territories = append(territories, Territory(t))
	}
	entries := slices.Clone(l.entries)
	for i := range entries {
		e := &entries[i]
		if m.Authorities != nil && !slices.Contains(m.Authorities, e.Authority) {
			e.Roles = []Role{}
		}
		if m.Territories != nil {
			e.within(territories)
		}
		if m.Roles != nil {
			e.Roles = common(e.Roles, m.Roles)
		}
		switch {
		case m.Types == nil:
		case e.Types == nil:
			e.Types = append([]string{}, m.Types...) // never nil, which would be any
		default:
			e.Types = common(e.Types, m.Types)
		}
	}
	return index(slices.Clone(l.infos), entries)
}

// within takes from an entry what would let it speak for a country outside the
// territories.
func (e *Entry) within(territories []string) {
	if e.Territory == "" || !slices.Contains(territories, e.Territory) {
		e.Roles = []Role{}
		return
	}
	if e.Names == nil {
		if len(e.Keys) == 0 && len(e.Anchors) > 0 {
			return // certificates say for whom, and no country by its code
		}
		e.Names = append([]string{}, CountryNames(e.Territory)...)
	}
	e.speakOnly(func(n string) bool {
		t := Territory(n)
		return t == "" && CountryNames(n) == nil || t != "" && slices.Contains(territories, t)
	})
	if len(e.Names) == 0 {
		e.Roles = []Role{}
	}
}

// speakOnly takes the names away that keep is false for, those too that its keys
// bring themselves.
func (e *Entry) speakOnly(keep func(string) bool) {
	gone := func(n string) bool { return !keep(n) }
	e.Names = slices.DeleteFunc(slices.Clone(e.Names), gone)
	for i, k := range e.Keys {
		if !slices.ContainsFunc(k.Controllers, gone) {
			continue
		}
		e.Keys = slices.Clone(e.Keys)
		e.Keys[i].Controllers = slices.DeleteFunc(slices.Clone(k.Controllers), gone)
	}
}

// common returns what a and b share, in the order of a and never nil.
func common[T comparable](a, b []T) []T {
	out := make([]T, 0, len(a))
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}
