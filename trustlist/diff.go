package trustlist

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sanad-credentials/sanad/proof"
)

// ChangeKind is what happened to a signer.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Change is one difference between two lists. It is about one signer: a key in
// the hands of an authority, or an authority whose keys are found elsewhere.
type Change struct {
	Kind      ChangeKind
	Authority string
	Territory string // of the newer list, for what that has
	KeyID     string // the first of its identifiers; empty where there is none
	Key       string // the kind of key, such as "P-256"; empty for an authority without keys
	// Details say in words what was added or removed, or each thing that changed.
	Details []string
}

// String is the change in one line of plain words.
func (c Change) String() string {
	var b strings.Builder
	b.WriteString(string(c.Kind) + ": " + cmp.Or(plain(c.Authority), "no name"))
	if c.Territory != "" && c.Territory != c.Authority {
		b.WriteString(" (" + plain(c.Territory) + ")")
	}
	if c.Key != "" {
		b.WriteString(", signer " + cmp.Or(plain(c.KeyID), "without identifier") + " (" + c.Key + ")")
	}
	return b.String() + ": " + strings.Join(c.Details, "; ")
}

// Diff tells what changed from one list to another: signers added, removed, and
// changed in what they may do, under which names, for how long and with which
// certificate. Which list an entry came from, and when that was issued, is no
// change, nor is the order of a list. Either list may be nil. Changes are sorted
// by authority and identifier.
func Diff(from, to *List) []Change {
	before, after := signersOf(from), signersOf(to)
	var out []Change
	for id, s := range after {
		old := before[id]
		if old == nil {
			out = append(out, s.change(Added, s.details()))
		} else if d := s.differences(old); len(d) > 0 {
			out = append(out, s.change(Changed, d))
		}
	}
	for id, s := range before {
		if after[id] == nil {
			out = append(out, s.change(Removed, s.details()))
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Authority, b.Authority), cmp.Compare(a.KeyID, b.KeyID),
			cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Details, b.Details))
	})
	return out
}

// signerID is what makes two signers the same one. The key stands as a digest:
// fingerprints of different kinds of key may be equal.
type signerID struct {
	authority string
	key       [sha256.Size]byte // zero without a key
}

// signer is what a list says of one key of one authority.
type signer struct {
	authority, territory, key string // the territory of its first entry
	ids                       []string
	grants                    []grant
}

// grant is what one entry says of a signer, as sorted words.
type grant struct{ territory, roles, types, names, period, anchors, validity, certificate, use string }

func signersOf(l *List) map[signerID]*signer {
	out := map[signerID]*signer{}
	if l == nil {
		return out
	}
	for i := range l.entries {
		e := &l.entries[i]
		if len(e.Keys) == 0 || len(e.Anchors) > 0 {
			add(out, e, nil)
		}
		for j := range e.Keys {
			add(out, e, &e.Keys[j])
		}
	}
	for _, s := range out {
		slices.Sort(s.ids)
		slices.SortFunc(s.grants, func(a, b grant) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		s.grants = slices.Compact(s.grants)
	}
	return out
}

func add(out map[signerID]*signer, e *Entry, k *proof.Key) {
	id := signerID{authority: e.Authority}
	g := grant{
		territory: plain(e.Territory), roles: words(e.Roles, "no role"), names: "any name", types: "any type",
		period: periods(e.Periods),
	}
	if e.Names != nil {
		g.names = words(e.Names, "no name")
	}
	if e.Types != nil {
		g.types = words(e.Types, "no type")
	}
	kind := ""
	if k == nil {
		g.anchors = anchors(e.Anchors)
	} else {
		kind = keyKind(k)
		id.key = sha256.Sum256([]byte(kind + fingerprint(k.Public)))
		g.validity = span(k.NotBefore, k.NotAfter)
		g.certificate = certificates(k)
		g.use = words(k.Algorithms, "") + " for " + words(k.Purposes, "") + " " + words(k.Controllers, "")
	}
	s := out[id]
	if s == nil {
		s = &signer{authority: e.Authority, territory: e.Territory, key: kind}
		out[id] = s
	}
	if k != nil && !slices.Contains(s.ids, k.ID) {
		s.ids = append(s.ids, k.ID)
	}
	s.grants = append(s.grants, g)
}

func keyKind(k *proof.Key) string {
	switch p := k.Public.(type) {
	case *ecdsa.PublicKey:
		return p.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d, exponent %d", p.N.BitLen(), p.E)
	}
	return "key"
}

// certificates are half the digest of a chain.
func certificates(k *proof.Key) string {
	if len(k.Chain) == 0 {
		return "without certificate"
	}
	h := sha256.New()
	for _, c := range k.Chain {
		h.Write(c.Raw)
	}
	return fmt.Sprintf("certificate %x", h.Sum(nil)[:16])
}

// anchors are half the digest of each certification authority.
func anchors(list []*x509.Certificate) string {
	var s []string
	for _, c := range list {
		h := sha256.Sum256(c.Raw)
		s = append(s, fmt.Sprintf("%x", h[:16]))
	}
	return words(s, "")
}

// words joins a set in alphabetical order.
func words[T ~string](set []T, none string) string {
	s := make([]string, 0, len(set))
	for _, x := range set {
		s = append(s, plain(string(x)))
	}
	slices.Sort(s)
	if len(s) == 0 {
		return none
	}
	return strings.Join(slices.Compact(s), ", ")
}

// plain quotes what could pass for something else in a line of text, or change
// how it is shown.
func plain(s string) string {
	if strings.HasPrefix(s, "any ") || strings.HasPrefix(s, "no ") || strings.ContainsAny(s, ",;\"") || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

func periods(ps []Period) string {
	if ps == nil {
		return ""
	}
	s := make([]string, 0, len(ps))
	for _, p := range ps {
		s = append(s, "granted "+span(p.From, p.To))
	}
	return words(s, "granted at no time")
}

func span(from, to time.Time) string {
	var s []string
	if !from.IsZero() {
		s = append(s, "from "+when(from))
	}
	if !to.IsZero() {
		s = append(s, "until "+when(to))
	}
	if s == nil {
		return "without end"
	}
	return strings.Join(s, " ")
}

func (s *signer) change(kind ChangeKind, details []string) Change {
	c := Change{Kind: kind, Authority: s.authority, Territory: s.territory, Key: s.key, Details: details}
	if len(s.ids) > 0 {
		c.KeyID = s.ids[0]
	}
	return c
}

func (s *signer) details() []string {
	out := make([]string, 0, len(s.grants))
	for _, g := range s.grants {
		out = append(out, g.String())
	}
	return out
}

func (g grant) String() string {
	s := []string{"may " + g.roles, g.types, "as " + g.names}
	for _, x := range []string{g.period, g.validity} {
		if x != "" {
			s = append(s, x)
		}
	}
	if g.anchors != "" {
		s = append(s, "for whomever it certifies by "+g.anchors)
	}
	return strings.Join(s, ", ")
}

// differences tells what became of old, nothing if they are the same.
func (s *signer) differences(old *signer) []string {
	var out []string
	differ := func(what, a, b string) {
		if a != b {
			out = append(out, fmt.Sprintf("%s now %s, before %s", what, cmp.Or(b, "none"), cmp.Or(a, "none")))
		}
	}
	differ("identifiers", words(old.ids, ""), words(s.ids, ""))
	lost := without(old.grants, s.grants)
	won := without(s.grants, old.grants)
	if len(lost) != 1 || len(won) != 1 {
		for _, g := range lost {
			out = append(out, "no longer "+g.String())
		}
		for _, g := range won {
			out = append(out, "now "+g.String())
		}
		return out
	}
	a, b := lost[0], won[0]
	differ("territory", a.territory, b.territory)
	differ("roles", a.roles, b.roles)
	differ("types", a.types, b.types)
	differ("names", a.names, b.names)
	differ("period", a.period, b.period)
	differ("certification authorities", a.anchors, b.anchors)
	differ("valid", a.validity, b.validity)
	differ("certified by", a.certificate, b.certificate)
	differ("use", a.use, b.use)
	return out
}

func without(a, b []grant) []grant {
	return slices.DeleteFunc(slices.Clone(a), func(g grant) bool { return slices.Contains(b, g) })
}
