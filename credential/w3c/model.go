package w3c

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/integrity"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// base returns the base context that a document has anywhere in @context, or
// "" where it is no document of the data model.
func base(v jcs.Value) string {
	c := v.Member("@context")
	found := ""
	see := func(e jcs.Value) {
		if s, _ := e.Text(); found == "" && (s == Context || s == ContextV1) {
			found = s
		}
	}
	see(c)
	for _, e := range c.Elements() {
		see(e)
	}
	return found
}

// read checks a credential against the data model and returns what it says,
// without its payload, and what was tolerated. Section numbers are those of VC
// Data Model 2.0.
func (f *Format) read(v jcs.Value) (*credential.Credential, []error, error) {
	var err error
	doc := object{v: v, err: &err}
	first := base(v)
	if first == "" {
		first = Context
	}
	types := doc.types()
	for _, t := range types {
		switch t {
		case PresentationType:
			doc.fail("type", "a presentation, where a credential is expected")
		case envelopedCredential, envelopedPresentation:
			doc.failAs(ErrUnsupported, "type", "a credential or presentation in an envelope of JOSE or COSE")
		}
	}
	if !slices.Contains(types, Type) {
		doc.fail("type", "not "+Type)
	}
	doc.contexts(first)
	doc.noKeywords()
	issuer, described := doc.party("issuer")
	doc.require("issuer")
	c := &credential.Credential{Format: "w3c", ID: doc.url("id"), Types: own(types), Issuers: []string{issuer}, Subject: doc.subject()}
	if first == ContextV1 {
		doc.periodV1(c)
	} else {
		doc.period(c)
		doc.described()
		described.described()
	}
	if !c.ValidFrom.IsZero() && !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom) {
		doc.fail("", "valid until before it is valid from")
	}
	c.Signed = c.ValidFrom
	for _, s := range doc.typed("credentialStatus") {
		if first == ContextV1 {
			s.require("id")
		}
		c.Status = append(c.Status, s.status())
	}
	for _, s := range doc.typed("credentialSchema") {
		s.require("id")
		c.Schemas = append(c.Schemas, credential.SchemaRef{Type: s.kind(), ID: s.url("id")})
	}
	for _, name := range []string{"termsOfUse", "evidence"} {
		doc.typed(name)
	}
	for _, s := range doc.typed("refreshService") {
		if first == ContextV1 {
			s.require("id")
		}
	}
	tolerated := f.relatedResources(doc)
	if err != nil {
		return nil, nil, err
	}
	return c, tolerated, nil
}

// own are the types that tell one credential from another: all but the one that
// every credential has, which no trust list should have to grant.
func own(types []string) []string {
	return slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == Type })
}

// period reads when the credential is valid (4.9).
func (o object) period(c *credential.Credential) {
	c.ValidFrom, c.ValidUntil = o.time("validFrom"), o.time("validUntil")
	for _, name := range []string{"issuanceDate", "expirationDate"} {
		if o.v.Member(name).Exists() {
			o.fail(name, "of version 1.1, and unheeded in 2.0")
		}
	}
}

// periodV1 does so for version 1.1 (4.5, 4.6 there). Its context has the terms
// of 2.0 too: where both are used, the credential is valid while both say so.
func (o object) periodV1(c *credential.Credential) {
	o.require("issuanceDate")
	c.ValidFrom, c.ValidUntil = o.time("issuanceDate"), o.time("expirationDate")
	if t := o.time("validFrom"); t.After(c.ValidFrom) {
		c.ValidFrom = t
	}
	if t := o.time("validUntil"); !t.IsZero() && (c.ValidUntil.IsZero() || t.Before(c.ValidUntil)) {
		c.ValidUntil = t
	}
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

// statusTypes are the kinds of status that name a list and a position in it,
// all with the same members.
var statusTypes = [...]string{StatusType, "StatusList2021Entry"}

// status reads an entry of credentialStatus (4.10; Bitstring Status List 1.0,
// section 2.1).
func (o object) status() credential.StatusRef {
	types := o.types()
	for _, t := range statusTypes {
		if slices.Contains(types, t) {
			return o.listEntry(t)
		}
	}
	return credential.StatusRef{Type: o.kind()}
}

func (o object) listEntry(kind string) credential.StatusRef {
	o.require("statusPurpose")
	o.require("statusListIndex")
	// Examples of the older type leave out the list. What is left names nothing to
	// ask, so that the status can't be found out: no checker will answer.
	if kind != StatusType && !o.v.Member("statusListCredential").Exists() {
		return credential.StatusRef{Type: kind, Purpose: o.text("statusPurpose")}
	}
	o.require("statusListCredential")
	ref := credential.StatusRef{Type: kind, Purpose: o.text("statusPurpose"), List: o.url("statusListCredential")}
	index := o.text("statusListIndex")
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil || strconv.FormatUint(i, 10) != index {
		o.fail("statusListIndex", "not a decimal integer in a string")
	}
	ref.Index = i
	o.values(&ref)
	return ref
}

// values reads how many bits a status has, without which another's would be read,
// and what their values mean. More than one bit needs a meaning for each value.
func (o object) values(ref *credential.StatusRef) {
	bits := 1
	if m := o.v.Member("statusSize"); m.Exists() {
		s, _ := m.Number()
		var err error
		if bits, err = strconv.Atoi(s); err != nil || bits < 1 || bits > limits.StatusSize {
			o.fail("statusSize", "not a number from 1 to "+strconv.Itoa(limits.StatusSize))
			return
		}
		ref.Size = bits
	}
	messages := o.v.Member("statusMessage")
	if !messages.Exists() {
		if bits > 1 {
			o.fail("statusMessage", "missing, with a statusSize above 1")
		}
		return
	}
	if messages.Kind() != jcs.Array || messages.Len() != 1<<bits {
		o.fail("statusMessage", "not one message for each of "+strconv.Itoa(1<<bits)+" values")
		return
	}
	ref.Messages = make(map[uint64]string, messages.Len())
	for _, e := range messages.Elements() {
		status, _ := e.Member("status").Text()
		digits, hex := strings.CutPrefix(status, "0x")
		value, err := strconv.ParseUint(digits, 16, bits)
		text, ok := e.Member("message").Text()
		if _, twice := ref.Messages[value]; twice || !hex || err != nil || !ok {
			o.fail("statusMessage", "an element without a value of its own and a message")
			return
		}
		ref.Messages[value] = text
	}
}

// relatedResources checks that each has an identifier of its own and a digest,
// and that the digests fit where the resource is at hand (5.3). It returns which
// are not: nothing is fetched.
func (f *Format) relatedResources(doc object) (unknown []error) {
	seen := map[string]bool{}
	for _, r := range doc.objects("relatedResource") {
		r.require("id")
		id := r.url("id")
		if seen[id] {
			r.fail("id", "twice")
		}
		seen[id] = true
		r.text("mediaType")
		raw, known := f.resource(id)
		for _, d := range r.digests() {
			if known = known && d.Known(); known && !d.Fits(raw) {
				r.fail("", "the resource has another digest")
			}
		}
		if !known {
			unknown = append(unknown, fmt.Errorf("w3c: %s: %w", r.at, ErrResource))
		}
	}
	return unknown
}

// digests reads all digests of a related resource, at least one.
func (o object) digests() []integrity.Digest {
	var out []integrity.Digest
	sri, multi := o.texts("digestSRI"), o.texts("digestMultibase")
	if len(sri)+len(multi) == 0 {
		o.fail("", "neither digestSRI nor digestMultibase")
	}
	for _, s := range sri {
		ds, err := integrity.ParseSRI(s)
		if err != nil {
			o.fail("digestSRI", err.Error())
		}
		out = append(out, ds...)
	}
	for _, s := range multi {
		d, err := integrity.ParseMultibase(s)
		if err != nil {
			o.fail("digestMultibase", err.Error())
		}
		out = append(out, d)
	}
	return out
}
