package gdhcn

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// signerUsage is the usage of document signers. Version 1 lists only those.
const signerUsage = "DSC"

// group is what makes one entry: a participant in one usage. An entry has no
// place for the domain, which counts only where it limits the types.
type group struct{ participant, usage, domain string }

type builder struct {
	o           *Options
	authorities map[string][]*x509.Certificate // by participant
	entries     []trustlist.Entry
	groups      map[group]int
	seen        map[seen]bool
	references  []string
	skipped     []Skipped
	total       int
	failed      int   // methods skipped for what they are, not for their domain
	first       error // why the first of them was
}

// read reads all methods, the authorities among them before any signer is
// judged.
func (b *builder) read(methods jcs.Value) {
	type reading struct {
		id  string
		m   method
		err error
	}
	rs := make([]reading, 0, methods.Len())
	keys := &jwk.Reader{Mode: jwk.Lenient}
	for i, v := range methods.Elements() {
		r := reading{id: methodID(v)}
		if r.id == "" {
			r.id = fmt.Sprintf("verificationMethod[%d]", i)
		}
		if r.m, r.err = read(v, keys); errors.Is(r.err, ErrReference) {
			b.references = append(b.references, r.id)
		}
		if r.err == nil {
			b.addAuthorities(&r.m)
		}
		rs = append(rs, r)
	}
	b.total = len(rs)
	for i := range rs {
		b.add(rs[i].id, &rs[i].m, rs[i].err)
	}
}

// fail skips a method for what it is.
func (b *builder) fail(id string, err error) {
	if b.failed++; b.first == nil {
		b.first = err
	}
	b.skipped = append(b.skipped, Skipped{ID: id, Reason: err})
}

// add takes one verification method as read.
func (b *builder) add(id string, m *method, err error) {
	if err != nil {
		b.fail(id, err)
		return
	}
	if len(b.o.Domains) > 0 && !slices.Contains(b.o.Domains, m.domain) {
		b.skipped = append(b.skipped, Skipped{ID: id, Reason: ErrDomain})
		return
	}
	keys, remarks, err := m.keys()
	if err != nil {
		b.fail(id, err)
		return
	}
	if m.usage == signerUsage {
		against := b.judge(m)
		if len(against) > 0 && b.o.Authority == AuthorityRequired {
			b.fail(id, against[0])
			return
		}
		remarks = append(remarks, against...)
	}
	for _, r := range remarks {
		b.skipped = append(b.skipped, Skipped{ID: id, Reason: r, Kept: true})
	}
	g := m.group
	if b.o.Types == nil {
		g.domain = ""
	}
	e := b.entry(g)
	for _, k := range keys {
		// The same key is listed once for each of its domains.
		s := seen{g, k.ID, digest(k)}
		if !b.seen[s] {
			b.seen[s] = true
			e.Keys = append(e.Keys, k)
		}
	}
}

// seen is a key under one of its identifiers.
type seen struct {
	group
	id     string
	digest [sha256.Size]byte
}

// digest is that of the certificate: the same public key certified anew has
// another period.
func digest(k proof.Key) [sha256.Size]byte {
	if len(k.Chain) > 0 {
		return sha256.Sum256(k.Chain[0].Raw)
	}
	t, _ := jwk.Thumbprint(k.Public) // of a key that jwk itself made
	return sha256.Sum256([]byte(t))
}

func (b *builder) entry(g group) *trustlist.Entry {
	i, ok := b.groups[g]
	if !ok {
		i = len(b.entries)
		b.groups[g] = i
		b.entries = append(b.entries, trustlist.Entry{
			Authority: g.participant, Territory: trustlist.Territory(g.participant),
			Names: b.o.names(g.participant), Roles: roles(g.usage),
		})
		if b.o.Types != nil && g.usage == signerUsage {
			b.entries[i].Types = append([]string{}, b.o.Types[g.domain]...) // never nil: that would be any
		}
	}
	return &b.entries[i]
}

// roles of a usage. Those of the network are in capitals, so that none is ever
// taken for a role that grants something.
func roles(usage string) []trustlist.Role {
	if usage == signerUsage {
		return []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}
	}
	return []trustlist.Role{trustlist.Role(usage)}
}

// method is one verification method as read.
type method struct {
	group    // its domain is empty in version 1
	fragment string
	key      *jwk.Key
}

func methodID(v jcs.Value) string {
	if s, ok := v.Text(); ok {
		return s
	}
	s, _ := v.Member("id").Text()
	return s
}

func read(v jcs.Value, keys *jwk.Reader) (m method, err error) {
	if v.Kind() == jcs.String {
		return m, ErrReference
	}
	id := methodID(v)
	if id == "" {
		return m, fmt.Errorf("%w: method without id", ErrFormat)
	}
	raw := v.Member("publicKeyJwk")
	if !raw.Exists() {
		return m, fmt.Errorf("%w: method without publicKeyJwk", ErrFormat)
	}
	if m.key, err = keys.From(raw); err != nil {
		return m, err
	}
	did, fragment, _ := strings.Cut(id, "#")
	m.fragment = fragment
	if v.Member("domain").Exists() || v.Member("participant").Exists() || v.Member("keyusage").Exists() {
		for _, f := range []struct {
			name string
			dst  *string
		}{{"domain", &m.domain}, {"participant", &m.participant}, {"keyusage", &m.usage}} {
			if *f.dst, err = code(v.Member(f.name).Member("code"), f.name); err != nil {
				return m, err
			}
		}
		return m, nil
	}
	m.usage = signerUsage
	m.participant = strings.ToUpper(did[strings.LastIndexByte(did, ':')+1:])
	if m.participant == "NULL" {
		m.participant = testParticipant(m.key)
	}
	if !isCode(m.participant) {
		return m, fmt.Errorf("%w: the list does not say whose key it is", ErrFormat)
	}
	return m, nil
}

// testParticipant is the code of a test country that version 1 writes as
// "null": the publisher takes it from the certificate and knows no code but
// those of ISO 3166-1. Of a real country the list would have the name.
func testParticipant(k *jwk.Key) string {
	if len(k.Chain) == 0 || len(k.Chain[0].Subject.Country) != 1 {
		return ""
	}
	c := k.Chain[0].Subject.Country[0]
	if len(c) == 2 && c[0] == 'X' && c != "XK" {
		if names := trustlist.CountryNames(c); names != nil {
			return names[1]
		}
	}
	return ""
}

// code reads the code of a concept, written as a fragment of its code system.
func code(v jcs.Value, name string) (string, error) {
	s, _ := v.Text()
	s = strings.TrimPrefix(s, "#")
	if !isCode(s) {
		return "", fmt.Errorf("%w: %s: no code", ErrFormat, name)
	}
	return s, nil
}

// isCode reports whether s is a code as the network writes them, at most 32
// capitals, digits and hyphens.
func isCode(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// keys returns the key of a method under each of its identifiers.
func (m *method) keys() (keys []proof.Key, remarks []error, err error) {
	k := m.key.Proof(proof.AssertionMethod)
	var ids []string
	if len(m.key.Chain) > 0 {
		if k, err = trustlist.CertificateKey(m.key.Chain[0]); err != nil {
			return nil, nil, err
		}
		k.Chain = m.key.Chain
		ids = []string{k.ID}
	}
	if m.key.ChainErr != nil {
		remarks = append(remarks, fmt.Errorf("%w: %w", ErrChain, m.key.ChainErr))
	}
	for _, id := range []string{m.key.ID, m.fragment} {
		if id = jwk.HealthID(id); id == "" || slices.Contains(ids, id) {
			continue
		}
		if len(ids) > 0 {
			remarks = append(remarks, ErrKeyID)
		}
		// A kid only finds candidates, so one that is wrong grants nothing.
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil, fmt.Errorf("%w: key without kid and certificate", ErrFormat)
	}
	for _, id := range ids {
		k.ID = id
		keys = append(keys, k)
	}
	return keys, remarks, nil
}
