package w3c

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
)

// read checks a document against the data model and returns what it says,
// without its payload. Section numbers are those of VC Data Model 2.0.
func read(v jcs.Value) (*credential.Credential, error) {
	var err error
	doc := object{v: v, err: &err}
	types := doc.types()
	if slices.Contains(types, "VerifiablePresentation") || slices.Contains(types, "EnvelopedVerifiableCredential") {
		return nil, fmt.Errorf("w3c: type: presentations and enveloped credentials are %w", ErrUnsupported)
	}
	if !slices.Contains(types, Type) {
		doc.fail("type", "not "+Type)
	}
	doc.contexts()
	for name := range v.Members() {
		switch {
		case strings.HasPrefix(name, "@") && name != "@context":
			doc.fail("", "a JSON-LD keyword other than @context")
		case name == "issuanceDate" || name == "expirationDate":
			doc.fail(name, "of version 1.1, and unheeded in 2.0")
		}
	}
	c := &credential.Credential{
		Format: "w3c", ID: doc.url("id"), Types: own(types),
		Issuers: []string{doc.issuer()}, Subject: doc.subject(),
		ValidFrom: doc.time("validFrom"), ValidUntil: doc.time("validUntil"),
	}
	if !c.ValidFrom.IsZero() && !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom) {
		doc.fail("validUntil", "before validFrom")
	}
	c.Signed = c.ValidFrom
	doc.described()
	for _, s := range doc.typed("credentialStatus") {
		c.Status = append(c.Status, s.status())
	}
	for _, s := range doc.typed("credentialSchema") {
		s.require("id")
		c.Schemas = append(c.Schemas, credential.SchemaRef{Type: s.kind(), ID: s.url("id")})
	}
	for _, name := range []string{"termsOfUse", "evidence", "refreshService"} {
		for _, o := range doc.typed(name) {
			o.url("id")
		}
	}
	doc.relatedResources()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// object is an object of the document. Its methods read members, absent ones
// as zero values, and keep the first error.
type object struct {
	v   jcs.Value
	at  string // its path, for errors: members' names and positions only
	err *error
}

func (o object) fail(name, reason string) {
	if *o.err == nil {
		*o.err = fmt.Errorf("w3c: %s: %s: %w", strings.TrimPrefix(o.at+"."+name, "."), reason, ErrModel)
	}
}

func (o object) require(name string) {
	if !o.v.Member(name).Exists() {
		o.fail(name, "missing")
	}
}

func (o object) text(name string) string {
	m := o.v.Member(name)
	s, ok := m.Text()
	switch {
	case !m.Exists():
	case !ok:
		o.fail(name, m.Kind().String()+", not a string")
	case s == "":
		o.fail(name, "empty")
	}
	return s
}

func (o object) url(name string) string {
	s := o.text(name)
	if s != "" && !xsd.URL(s) {
		o.fail(name, "not an absolute URL")
	}
	return s
}

func (o object) time(name string) time.Time {
	s := o.text(name)
	if s == "" {
		return time.Time{}
	}
	t, ok := xsd.DateTimeStamp(s)
	if !ok {
		o.fail(name, "not a dateTimeStamp")
	}
	return t
}

// own are the types that tell one credential from another: all but the one that
// every credential has, which no trust list should have to grant.
func own(types []string) []string {
	return slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == Type })
}

// types reads the member type: a string, or an array of different ones (4.5).
func (o object) types() []string {
	m := o.v.Member("type")
	var out []string
	switch m.Kind() {
	case jcs.String:
		out = []string{o.text("type")}
	case jcs.Array:
		if m.Len() > limits.Types {
			o.fail("type", "more than "+strconv.Itoa(limits.Types))
			return nil
		}
		for _, e := range m.Elements() {
			s, _ := e.Text()
			if slices.Contains(out, s) {
				o.fail("type", "one type twice")
			}
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		o.fail("type", m.Kind().String()+", not a string or an array with some")
	}
	for _, s := range out {
		if s == "" || s[0] == '@' || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			o.fail("type", "other than terms and URLs")
		}
	}
	return out
}

// kind is the first type of an object.
func (o object) kind() string {
	if t := o.types(); len(t) > 0 {
		return t[0]
	}
	return ""
}

// objects reads a member that is an object or an array of them, at least one.
func (o object) objects(name string) []object {
	m := o.v.Member(name)
	switch m.Kind() {
	case jcs.Absent:
		return nil
	case jcs.Object:
		return []object{{m, strings.TrimPrefix(o.at+"."+name, "."), o.err}}
	case jcs.Array:
		var out []object
		for i, e := range m.Elements() {
			if e.Kind() != jcs.Object {
				o.fail(name, "an array with "+e.Kind().String())
			}
			out = append(out, object{e, strings.TrimPrefix(o.at+"."+name, ".") + "[" + strconv.Itoa(i) + "]", o.err})
		}
		if len(out) == 0 {
			o.fail(name, "empty")
		}
		return out
	}
	o.fail(name, m.Kind().String()+", not an object or an array of them")
	return nil
}

// typed reads objects that must each have a type (4.5).
func (o object) typed(name string) []object {
	all := o.objects(name)
	for _, e := range all {
		e.types()
	}
	return all
}

// contexts checks @context (4.3): URLs and objects, the base context first.
func (o object) contexts() {
	const name = "@context"
	m := o.v.Member(name)
	if m.Kind() != jcs.Array || m.Len() == 0 {
		o.fail(name, m.Kind().String()+", not an array with some")
	}
	for i, e := range m.Elements() {
		s, ok := e.Text()
		switch {
		case i == 0 && s != Context:
			o.fail(name, "the base context is not its first entry")
		case ok && !xsd.URL(s), !ok && e.Kind() != jcs.Object:
			o.fail(name, "an entry that is no absolute URL and no object")
		}
	}
}

// issuer reads the issuer's identifier (4.7): a URL, or an object with one.
func (o object) issuer() string {
	const name = "issuer"
	o.require(name)
	m := o.v.Member(name)
	if m.Kind() != jcs.Object {
		return o.url(name)
	}
	i := object{m, name, o.err}
	i.require("id")
	i.described()
	return i.url("id")
}

// subject checks the subjects (4.8) and returns the identifier of the only one.
func (o object) subject() string {
	const name = "credentialSubject"
	o.require(name)
	all := o.objects(name)
	id := ""
	for _, s := range all {
		if s.v.Len() == 0 {
			s.fail("", "empty")
		}
		id = s.url("id")
	}
	if len(all) != 1 {
		return ""
	}
	return id
}

// status reads an entry of credentialStatus (4.10; Bitstring Status List 1.0,
// section 2.1).
func (o object) status() credential.StatusRef {
	o.url("id")
	ref := credential.StatusRef{Type: o.kind()}
	if !slices.Contains(o.types(), StatusType) {
		return ref
	}
	for _, name := range []string{"statusPurpose", "statusListIndex", "statusListCredential"} {
		o.require(name)
	}
	ref.Type, ref.Purpose, ref.List = StatusType, o.text("statusPurpose"), o.url("statusListCredential")
	index := o.text("statusListIndex")
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil || strconv.FormatUint(i, 10) != index {
		o.fail("statusListIndex", "not a decimal integer in a string")
	}
	ref.Index = i
	// Read as if it were 1, a wider entry would be another's bits.
	if n, ok := o.v.Member("statusSize").Number(); o.v.Member("statusSize").Exists() && (!ok || n != "1") && *o.err == nil {
		*o.err = fmt.Errorf("w3c: %s.statusSize: other than 1 is %w", o.at, ErrUnsupported)
	}
	return ref
}

// described checks name and description: strings, or values with a language
// (4.6, 11.1).
func (o object) described() {
	for _, name := range []string{"name", "description"} {
		m := o.v.Member(name)
		switch m.Kind() {
		case jcs.Absent, jcs.String:
		default:
			for _, l := range o.objects(name) {
				l.language()
			}
		}
	}
}

func (o object) language() {
	for name := range o.v.Members() {
		if name != "@value" && name != "@language" && name != "@direction" {
			o.fail("", "a language value with another member than @value, @language, @direction")
		}
	}
	if o.v.Member("@value").Kind() != jcs.String {
		o.fail("@value", "not a string")
	}
	for tag := range strings.SplitSeq(o.text("@language"), "-") {
		if len(tag) > 8 || strings.ContainsFunc(tag, func(r rune) bool {
			return !('a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9')
		}) || tag == "" && o.v.Member("@language").Exists() {
			o.fail("@language", "no language tag")
		}
	}
	if d := o.text("@direction"); d != "" && d != "ltr" && d != "rtl" {
		o.fail("@direction", "not ltr or rtl")
	}
}

// relatedResources checks that each has an identifier of its own and a digest
// (5.3). Whether the digests fit is not checked: nothing is fetched.
func (o object) relatedResources() {
	seen := map[string]bool{}
	for _, r := range o.objects("relatedResource") {
		r.require("id")
		id := r.url("id")
		if seen[id] {
			r.fail("id", "twice")
		}
		seen[id] = true
		sri, multi := r.text("digestSRI"), r.text("digestMultibase")
		switch {
		case sri == "" && multi == "":
			r.fail("", "neither digestSRI nor digestMultibase")
		case sri != "" && !isSRI(sri):
			r.fail("digestSRI", "no digest")
		case multi != "" && multi[0] != 'u' && multi[0] != 'z':
			r.fail("digestMultibase", "not in base64url or base58-btc")
		}
	}
}

// isSRI reports whether s is a digest as in Subresource Integrity, section 3.5.
func isSRI(s string) bool {
	name, digest, _ := strings.Cut(s, "-")
	size := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[name]
	b, err := base64.StdEncoding.Strict().DecodeString(digest)
	return err == nil && size > 0 && len(b) == size
}
