// Package trustlist holds lists of the authorities that may issue credentials:
// immutable values, with no network, disk or parser of their own. The packages
// below it read and write the kinds of list that exist.
//
// A list answers two questions, which the verifier asks apart: which keys may a
// message mean ([List.ResolveKeys]), and may the key that verified act for the
// issuer that is named ([List.Authorize]).
package trustlist

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// Role is what an authority is trusted to vouch for.
type Role string

// The roles that verification asks for. A parser may use further ones, for
// entries that are on its list but neither issue nor revoke.
const (
	RoleIssue  Role = "issue"  // credentials
	RoleStatus Role = "status" // status lists
)

// Credential types that list parsers and formats both know. W3C types are
// written as their full URI or term beside them.
const (
	TypeVaccination    = "vaccination"
	TypeTest           = "test"
	TypeRecovery       = "recovery"
	TypeICVP           = "icvp"
	TypeHealthLink     = "patient-summary-link"
	TypeMedication     = "medication-overview"
	TypeHealthDocument = "health-document" // a claim -260 with no type that we know
)

var (
	// ErrNotListed says that no entry has the key.
	ErrNotListed = errors.New("trustlist: not listed")
	// ErrNotGranted says that the key is listed, but not for this role, type or time.
	ErrNotGranted = errors.New("trustlist: listed, but not for this")
	// ErrExpired says that the key is listed, and outside its own validity period.
	ErrExpired = errors.New("trustlist: the listed key is outside its validity period")
	// ErrStale says that the list is too old to decide on.
	ErrStale = fmt.Errorf("trustlist: list too old: %w", proof.ErrUnavailable)
)

// Query asks whether Key may act for Issuer.
type Query struct {
	Key proof.Key
	// Issuer is the name in the signed content. It chooses among the entries
	// that have the key and is never enough to match one.
	Issuer string
	Types  []string
	Role   Role
	// About is the authority whose credential a status list speaks of; only it,
	// or one with the same Authority name, may. Nil in other roles.
	About *Entry
	// Signed is when the credential was signed, by its own account; Now is the
	// time of verification.
	Signed, Now time.Time
}

// Entry is one authority with the keys it uses in one capacity.
type Entry struct {
	Authority string // the name that messages and reports show
	Territory string // ISO 3166-1 alpha-2, or empty
	// Names are the spellings under which it appears as issuer. Nil means that
	// the list does not say: the key then speaks for any name, and the verifier
	// reports that it tolerated this.
	Names []string
	Types []string // what it may issue; nil: any
	Roles []Role
	// Keys it signs with. An entry without keys, but with names, is found by the
	// controllers that the key's own source vouches for, as with DIDs.
	Keys []proof.Key
	// Anchors are certification authorities in whose certificates it vouches
	// for the keys of issuers. A key whose certificate is issued below one of
	// them is the entry's; for whom it speaks, its certificate says: the URIs and
	// DNS names in it, and of those only the ones in Names, if Names is not nil.
	// One whose certificate has none of these Names is then not the entry's.
	Anchors []*x509.Certificate
	// Periods in which it was granted its roles; nil: always.
	Periods []Period
	// List, ListIssued and ListExpires tell which list says so; New fills them.
	List                    string
	ListIssued, ListExpires time.Time
}

// Period is a time span; a zero To has no end.
type Period struct{ From, To time.Time }

// Speaks reports whether the entry may appear as the issuer name.
func (e *Entry) Speaks(name string) bool { return slices.Contains(e.Names, name) }

// Info describes a list as a whole.
type Info struct {
	Name    string    // where it comes from: a file's or folder's name, a URL
	Issued  time.Time // zero: it does not say
	Expires time.Time // zero: it does not say
}

// List is an immutable set of entries, safe for concurrent use. Whoever makes
// one has already checked the list's own signature. Look-ups take the same time
// in a list of any length.
type List struct {
	entries []Entry
	infos   []Info
	byID    map[string][]proof.Key // for ResolveKeys, with the entry's names added
	byKey   map[string][]place     // by fingerprint of the public key
	byName  map[string][]int       // name -> entries that have no keys
	anchors map[string][]place     // by the subject of the certificate
}

// place is a key, or an anchor, of an entry.
type place struct{ entry, key int }

// New makes a list. It returns an error naming the entry whose key has no
// algorithm or purpose or is unusable (see [proof.AlgorithmsFor]), whose anchor
// is no certification authority, or that has neither keys, anchors nor names.
func New(info Info, entries ...Entry) (*List, error) {
	entries = slices.Clone(entries)
	for i := range entries {
		e := &entries[i]
		if len(e.Keys) == 0 && len(e.Names) == 0 && len(e.Anchors) == 0 {
			return nil, fmt.Errorf("trustlist: entry %d (%s) has neither keys nor names", i, e.Authority)
		}
		for j, a := range e.Anchors {
			if err := checkAnchor(a); err != nil {
				return nil, fmt.Errorf("trustlist: entry %d (%s), anchor %d: %w", i, e.Authority, j, err)
			}
		}
		e.Keys = slices.Clone(e.Keys)
		for j := range e.Keys {
			k := &e.Keys[j]
			k.ID = strings.Clone(k.ID)
			k.Algorithms, k.Purposes = slices.Clone(k.Algorithms), slices.Clone(k.Purposes)
			k.Controllers, k.Chain = texts(k.Controllers), slices.Clone(k.Chain)
			if _, err := proof.AlgorithmsFor(k.Public); err != nil {
				return nil, fmt.Errorf("trustlist: entry %d (%s), key %d: %w", i, e.Authority, j, err)
			}
			if len(k.Algorithms) == 0 || len(k.Purposes) == 0 {
				return nil, fmt.Errorf("trustlist: entry %d (%s), key %d: no algorithm or purpose: %w", i, e.Authority, j, proof.ErrKey)
			}
		}
	}
	for i := range entries {
		e := &entries[i]
		e.Authority, e.Territory = strings.Clone(e.Authority), strings.Clone(e.Territory)
		e.Names, e.Types, e.Roles = texts(e.Names), texts(e.Types), texts(e.Roles)
		e.Periods, e.Anchors = slices.Clone(e.Periods), slices.Clone(e.Anchors)
		if e.List == "" {
			e.List = info.Name
		}
		if e.ListIssued.IsZero() {
			e.ListIssued = info.Issued
		}
		if e.ListExpires.IsZero() {
			e.ListExpires = info.Expires
		}
	}
	return index([]Info{info}, entries), nil
}

// texts copies a list and what is in it: a parser's texts are often parts of the
// whole document, which would stay in memory with them.
func texts[T ~string](list []T) []T {
	list = slices.Clone(list)
	for i := range list {
		list[i] = T(strings.Clone(string(list[i])))
	}
	return list
}

// Merge makes one list of several that add to each other: what any of them
// grants is granted.
//   - Two authorities with one kid: both keys are candidates, and the signature
//     tells them apart.
//   - Two authorities with one key: the entry that speaks for the issuer asked
//     about is preferred, then the earlier list's. Where no entry that speaks
//     for that issuer grants what is asked, none that speaks for another does.
//   - Two authorities with one name: each may act under it with its own keys.
//
// [Override] is for lists of which the earlier decide alone, and
// [List.Restrict] for what one of them may say.
func Merge(lists ...*List) *List {
	var infos []Info
	var entries []Entry
	for _, l := range lists {
		if l == nil {
			continue
		}
		infos = append(infos, l.infos...)
		entries = append(entries, l.entries...)
	}
	return index(infos, entries)
}

func index(infos []Info, entries []Entry) *List {
	l := &List{entries: entries, infos: infos, byID: map[string][]proof.Key{}, byKey: map[string][]place{}, byName: map[string][]int{}, anchors: map[string][]place{}}
	for i := range entries {
		e := &entries[i]
		for j, k := range e.Keys {
			id := fingerprint(k.Public)
			l.byKey[id] = append(l.byKey[id], place{i, j})
			if len(e.Names) > 0 {
				k.Controllers = slices.Concat(k.Controllers, e.Names)
			}
			l.addKey(k)
		}
		for j, a := range e.Anchors {
			l.anchors[string(a.RawSubject)] = append(l.anchors[string(a.RawSubject)], place{i, j})
		}
		if len(e.Keys) == 0 && len(e.Anchors) == 0 {
			for _, n := range e.Names {
				l.byName[n] = append(l.byName[n], i)
			}
		}
	}
	return l
}

// addKey keeps one candidate for each public key under one identifier: a key
// listed for five domains is still tried once. Of those with an identifier that
// ResolveKeys refuses no more are kept.
func (l *List) addKey(k proof.Key) {
	if k.ID == "" || len(l.byID[k.ID]) > limits.Candidates {
		return
	}
	for i := range l.byID[k.ID] {
		old := &l.byID[k.ID][i]
		if proof.Same(old.Public, k.Public) && old.NotBefore.Equal(k.NotBefore) && old.NotAfter.Equal(k.NotAfter) && sameLeaf(old, &k) {
			old.Controllers = union(old.Controllers, k.Controllers)
			old.Algorithms = union(old.Algorithms, k.Algorithms)
			old.Purposes = union(old.Purposes, k.Purposes)
			return
		}
	}
	l.byID[k.ID] = append(l.byID[k.ID], k)
}

// sameLeaf reports whether two keys come in the same certificate, or in none: a
// renewed one has a period and usages of its own.
func sameLeaf(a, b *proof.Key) bool {
	if len(a.Chain) == 0 || len(b.Chain) == 0 {
		return len(a.Chain) == len(b.Chain)
	}
	return a.Chain[0].Equal(b.Chain[0])
}

func union[T comparable](a, b []T) []T {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a[:len(a):len(a)], x)
		}
	}
	return a
}

// Entries returns the entries; the caller must not change what they refer to.
func (l *List) Entries() []Entry { return slices.Clone(l.entries) }

// Infos returns what is known of the lists this one was made of.
func (l *List) Infos() []Info { return slices.Clone(l.infos) }

// Issued returns when the oldest of the lists was issued; zero where one of
// them does not say, or there is none.
func (l *List) Issued() time.Time {
	var oldest time.Time
	for i, info := range l.infos {
		if i == 0 || info.Issued.Before(oldest) {
			oldest = info.Issued
		}
	}
	return oldest
}

// Expires returns when the first of the lists expires; zero where none says.
func (l *List) Expires() time.Time {
	var first time.Time
	for _, info := range l.infos {
		if !info.Expires.IsZero() && (first.IsZero() || info.Expires.Before(first)) {
			first = info.Expires
		}
	}
	return first
}

// ResolveKeys returns the listed keys with the hint's KeyID: none where there
// are none, several where states share an identifier, never more than 32. For a
// hint with certificates it also returns the listed keys that are the first
// certificate's or, if the list has an anchor for it, the certificate's key
// itself, which speaks for nobody until Authorize has judged the certificates.
// The hint's issuer is not looked at.
func (l *List) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	keys := slices.Clip(l.byID[h.KeyID])
	if len(h.Chain) > 0 {
		keys = append(keys, l.chainKeys(h.Chain)...)
	}
	if len(keys) > limits.Candidates {
		return nil, fmt.Errorf("trustlist: more than %d keys share an identifier, at most %d are tried", limits.Candidates, limits.Candidates)
	}
	return slices.Clone(keys), nil
}

// Authorize returns the entry that lets q.Key act as the query asks. The error
// wraps [ErrNotListed], [ErrNotGranted], [ErrExpired] or [ErrStale].
func (l *List) Authorize(_ context.Context, q Query) (*Entry, error) {
	var best *Entry
	refusal := error(ErrNotListed)
	rank := -1
	consider := func(e *Entry, listed *proof.Key) {
		if best != nil && (best.Speaks(q.Issuer) || !e.Speaks(q.Issuer)) {
			return
		}
		err := e.allows(q, listed)
		if err == nil {
			best = e
		} else if r := telling(err, e.Speaks(q.Issuer)); r > rank {
			refusal, rank = err, r
		}
	}
	for _, at := range l.byKey[fingerprint(q.Key.Public)] {
		if k := &l.entries[at.entry].Keys[at.key]; proof.Same(k.Public, q.Key.Public) {
			consider(&l.entries[at.entry], k)
		}
	}
	for _, c := range q.Key.Controllers {
		for _, i := range l.byName[c] {
			consider(&l.entries[i], &q.Key)
		}
	}
	if len(l.anchors) > 0 && len(q.Key.Chain) > 0 && best == nil {
		l.below(q, consider, func(err error) {
			if r := telling(err, false); r > rank {
				refusal, rank = err, r
			}
		})
	}
	switch {
	case best != nil && (rank < speaksRank || best.Names == nil || best.Speaks(q.Issuer)):
		e := *best // the caller's, so that the list stays as it is
		return &e, nil
	case rank < 0 && !l.Expires().IsZero() && q.Now.After(l.Expires()):
		return nil, fmt.Errorf("%w: a newer one may have the key", ErrStale)
	}
	return nil, refusal
}

// telling ranks refusals: those of entries that speak for the issuer named
// before others, and among them what time has done before what was never
// granted.
func telling(err error, speaks bool) int {
	rank := 0
	switch {
	case errors.Is(err, ErrStale):
		rank = 2
	case errors.Is(err, ErrExpired):
		rank = 1
	}
	if speaks {
		rank += speaksRank
	}
	return rank
}

// speaksRank is the least rank of a refusal by an entry that speaks for the
// issuer named. Such a refusal stands: the key's authority for another must not
// take its place, or a key that one entry names and another authorises would
// act for the first.
const speaksRank = 3

// sameAuthority compares by name, and where an entry has none by a shared key.
func sameAuthority(a, b *Entry) bool {
	if a.Authority != "" {
		return a.Authority == b.Authority
	}
	return b.Authority == "" && slices.ContainsFunc(a.Keys, func(k proof.Key) bool {
		return slices.ContainsFunc(b.Keys, func(o proof.Key) bool { return proof.Same(k.Public, o.Public) })
	})
}

func (e *Entry) allows(q Query, k *proof.Key) error {
	if !e.ListExpires.IsZero() && q.Now.After(e.ListExpires) {
		return fmt.Errorf("%w: expired %s", ErrStale, e.ListExpires.UTC().Format(time.DateOnly))
	}
	if q.About != nil && !sameAuthority(q.About, e) {
		return fmt.Errorf("%w: belongs to another authority", ErrNotGranted)
	}
	if !slices.Contains(e.Roles, q.Role) {
		return fmt.Errorf("%w: role %s", ErrNotGranted, q.Role)
	}
	if q.Role == RoleIssue && e.Types != nil {
		for _, t := range q.Types {
			if !slices.Contains(e.Types, t) {
				return fmt.Errorf("%w: type %s", ErrNotGranted, t)
			}
		}
		if len(q.Types) == 0 {
			return fmt.Errorf("%w: no type stated", ErrNotGranted)
		}
	}
	if !e.granted(q.Signed) {
		return fmt.Errorf("%w: not granted when signed", ErrNotGranted)
	}
	if !k.NotAfter.IsZero() && q.Now.After(k.NotAfter) {
		return fmt.Errorf("%w: until %s", ErrExpired, k.NotAfter.UTC().Format(time.DateOnly))
	}
	if !k.NotBefore.IsZero() && q.Now.Before(k.NotBefore) {
		return fmt.Errorf("%w: from %s", ErrExpired, k.NotBefore.UTC().Format(time.DateOnly))
	}
	return nil
}

// granted reports whether the entry had its roles at time t.
func (e *Entry) granted(t time.Time) bool {
	return e.Periods == nil || slices.ContainsFunc(e.Periods, func(p Period) bool {
		return !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
	})
}
