package did

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
	"github.com/sanad-credentials/sanad/proof"
)

// relationships are those that a document is read for.
var relationships = []proof.Purpose{proof.AssertionMethod, proof.Authentication, KeyAgreement, CapabilityInvocation, CapabilityDelegation}

// Parse reads a DID document (Decentralized Identifiers 1.0, section 5), or a
// controlled identifier document whose subject is an https URL (Controlled
// Identifiers 1.0, section 2), as JSON: the @context is not interpreted. Whether
// it is the document of the identifier that was asked for is the caller's to
// check.
//
// At most 1 MiB and 100 verification methods are read. A method whose key can't
// be read, or is of a kind that is not known, does not spoil the others: it has
// an Err. IDs that are relative to the document's are made absolute. A method
// inside a relationship is for that relationship alone. Terms without a bearing
// on signatures are ignored.
//
// The error wraps [ErrInvalid], or [ErrDeactivated] where the document says so.
func Parse(raw []byte) (*Document, error) {
	if len(raw) > limits.DIDDocument {
		return nil, fmt.Errorf("did: document of %d bytes, at most %d are read: %w", len(raw), limits.DIDDocument, ErrInvalid)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("did: document: %w: %w", ErrInvalid, err)
	}
	id, _ := v.Member("id").Text()
	if !subject(id) {
		return nil, fmt.Errorf("did: document: id: neither a DID nor an https URL: %w", ErrInvalid)
	}
	if m := v.Member("deactivated"); m.Exists() {
		switch off, ok := m.Bool(); {
		case !ok:
			return nil, fmt.Errorf("did: document: deactivated: %s, not a boolean: %w", m.Kind(), ErrInvalid)
		case off:
			return nil, fmt.Errorf("did: document: %w", ErrDeactivated)
		}
	}
	r := reader{
		doc:   &Document{ID: id, Relationships: map[proof.Purpose][]string{}},
		place: map[string]proof.Purpose{},
	}
	if err := r.read(v); err != nil {
		return nil, fmt.Errorf("did: document: %w", err)
	}
	return r.doc, nil
}

// subject reports whether id can name the subject of a document.
func subject(id string) bool {
	return Method(id) != "" || strings.HasPrefix(id, "https://") && len(id) <= MaxLength && !strings.Contains(id, "#") && xsd.URL(id)
}

type reader struct {
	doc   *Document
	place map[string]proof.Purpose // of each method: "" or the relationship it stands in
}

// read takes the methods before the references: a reference may stand before
// what it refers to.
func (r *reader) read(v jcs.Value) error {
	if err := r.methods(v.Member("verificationMethod"), "verificationMethod", ""); err != nil {
		return err
	}
	for _, p := range relationships {
		if err := r.methods(v.Member(string(p)), string(p), p); err != nil {
			return err
		}
	}
	for _, p := range relationships {
		for _, e := range v.Member(string(p)).Elements() {
			ref, ok := e.Text()
			if !ok {
				ref, _ = e.Member("id").Text()
			}
			ref = r.absolute(ref)
			// A method in one relationship can't be referred to from another
			// (Controlled Identifiers 1.0, section 2.3).
			if in := r.place[ref]; (in == "" || in == p) && !slices.Contains(r.doc.Relationships[p], ref) {
				r.doc.Relationships[p] = append(r.doc.Relationships[p], ref)
			}
		}
	}
	return nil
}

// methods reads the methods in an array. Only relationships may hold strings as
// well.
func (r *reader) methods(list jcs.Value, name string, p proof.Purpose) error {
	if !list.Exists() {
		return nil
	}
	if list.Kind() != jcs.Array || list.Len() > limits.DIDMethods {
		return fmt.Errorf("%s: %s of %d, not an array of at most %d: %w", name, list.Kind(), list.Len(), limits.DIDMethods, ErrInvalid)
	}
	for i, e := range list.Elements() {
		if s, ok := e.Text(); ok && p != "" && s != "" {
			continue
		}
		m, err := r.method(e)
		if err != nil {
			return fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		if _, twice := r.place[m.ID]; twice {
			return fmt.Errorf("%s[%d]: id: not unique: %w", name, i, ErrInvalid)
		}
		if len(r.doc.Methods) == limits.DIDMethods {
			return fmt.Errorf("%s[%d]: over %d verification methods: %w", name, i, limits.DIDMethods, ErrInvalid)
		}
		r.place[m.ID] = p
		r.doc.Methods = append(r.doc.Methods, *m)
	}
	return nil
}

func (r *reader) absolute(id string) string {
	if strings.HasPrefix(id, "#") {
		return r.doc.ID + id
	}
	return id
}

// method reads what every verification method has, and its key, whose faults
// are the method's own.
func (r *reader) method(v jcs.Value) (*VerificationMethod, error) {
	m := &VerificationMethod{}
	for _, f := range []struct {
		name string
		dst  *string
	}{{"id", &m.ID}, {"type", &m.Type}, {"controller", &m.Controller}} {
		s, ok := v.Member(f.name).Text()
		if !ok || s == "" || len(s) > MaxLength {
			return nil, fmt.Errorf("%s: no string of 1 to %d bytes: %w", f.name, MaxLength, ErrInvalid)
		}
		*f.dst = s
	}
	m.ID = r.absolute(m.ID)
	m.Err = m.readKey(v)
	if m.Err == nil {
		m.Err = m.readUntil(v)
	}
	if m.Err != nil {
		m.Public = nil
	}
	return m, nil
}

func (m *VerificationMethod) readUntil(v jcs.Value) error {
	for _, name := range []string{"expires", "revoked"} {
		member := v.Member(name)
		if !member.Exists() {
			continue
		}
		s, _ := member.Text()
		t, ok := xsd.DateTimeStamp(s)
		if !ok {
			return fmt.Errorf("%s: not a dateTimeStamp: %w", name, ErrInvalid)
		}
		if m.Until.IsZero() || t.Before(m.Until) {
			m.Until = t
		}
	}
	return nil
}

// MarshalJSON writes the document as JSON, each key as a Multikey (Controlled
// Identifiers 1.0, section 2.2.2): what a subject of did:web publishes. The
// error wraps [ErrInvalid] where the ID or a relationship is none, [proof.ErrKey]
// where a method has no key, or one restricted to algorithms, which a Multikey
// can't say.
func (d *Document) MarshalJSON() ([]byte, error) {
	if !subject(d.ID) {
		return nil, fmt.Errorf("did: document: id: neither a DID nor an https URL: %w", ErrInvalid)
	}
	out := []byte(`{"@context":["https://www.w3.org/ns/cid/v1"],"id":`)
	if Method(d.ID) != "" {
		out = []byte(`{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":`)
	}
	out = append(jcs.Quote(out, d.ID), `,"verificationMethod":[`...)
	for i := range d.Methods {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = d.Methods[i].append(out); err != nil {
			return nil, fmt.Errorf("did: document: verificationMethod[%d]: %w", i, err)
		}
	}
	out = append(out, ']')
	for _, p := range slices.Sorted(maps.Keys(d.Relationships)) {
		if !slices.Contains(relationships, p) {
			return nil, fmt.Errorf("did: document: no such relationship: %w", ErrInvalid)
		}
		out = append(jcs.Quote(append(out, ','), string(p)), ":["...)
		for i, id := range d.Relationships[p] {
			if i > 0 {
				out = append(out, ',')
			}
			out = jcs.Quote(out, id)
		}
		out = append(out, ']')
	}
	return append(out, '}'), nil
}

func (m *VerificationMethod) append(out []byte) ([]byte, error) {
	if m.Err != nil {
		return nil, m.Err
	}
	if m.Algorithms != nil {
		return nil, fmt.Errorf("restricted to %s: %w", m.Algorithms, ErrUnsupported)
	}
	key, err := FormatMultikey(m.Public)
	if err != nil {
		return nil, err
	}
	members := [][2]string{{"id", m.ID}, {"type", "Multikey"}, {"controller", m.Controller}, {"publicKeyMultibase", key}}
	if !m.Until.IsZero() {
		members = append(members, [2]string{"expires", m.Until.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")})
	}
	for i, e := range members {
		out = append(jcs.Quote(append(out, "{,"[min(i, 1)]), e[0]), ':')
		out = jcs.Quote(out, e[1])
	}
	return append(out, '}'), nil
}
