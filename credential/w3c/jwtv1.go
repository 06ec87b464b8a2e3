package w3c

import (
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// documentV1 returns the document of a token of version 1.1: that of its claim vc
// or vp, with what the token says in claims alone (VC Data Model 1.1, section
// 6.3.1). A claim and a member that mean the same must agree; of the times that
// is to the second, which is all that a claim may have.
func (o object) documentV1(t *claims) jcs.Value {
	name, party := "vc", "issuer"
	if o.v.Member("vp").Exists() {
		name, party = "vp", "holder"
	}
	v := o.v.Member(name)
	if v.Kind() != jcs.Object {
		o.fail(name, v.Kind().String()+", not an object")
		return v
	}
	if base(v) != ContextV1 {
		o.fail(name, "without the base context of version 1.1")
		return v
	}
	doc := object{v, name, o.err}
	if presentation := isPresentation(v); presentation != (name == "vp") {
		doc.fail("type", "not that of the claim")
	}
	var missing []byte
	text := func(member, claim, value, have string) {
		switch {
		case value == "":
		case !v.Member(member).Exists():
			missing = jcs.Quote(append(jcs.Quote(append(missing, ','), member), ':'), value)
		case have != value:
			o.fail(claim, "another than the "+member)
		}
	}
	id, _ := doc.party(party)
	text(party, "iss", t.issuer, id)
	text("id", "jti", t.id, doc.text("id"))
	if name == "vc" {
		text("issuanceDate", "nbf", second(t.notBefore), second(doc.time("issuanceDate")))
		text("expirationDate", "exp", second(t.expires), second(doc.time("expirationDate")))
		v = doc.withSubject(t.subject)
	}
	if len(missing) == 0 || *o.err != nil {
		return v
	}
	whole := v.Append(nil)
	whole = append(append(whole[:len(whole)-1], missing...), '}')
	joined, err := jcs.Parse(whole)
	if err != nil { // what it is made of was parsed: only the limits are left
		doc.fail("", err.Error())
	}
	return joined
}

func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// withSubject returns the credential with the subject's id that the claim sub
// has, where the credential has none.
func (o object) withSubject(sub string) jcs.Value {
	const name = "credentialSubject"
	subjects := o.objects(name)
	if sub == "" || len(subjects) == 0 {
		return o.v
	}
	for _, s := range subjects {
		if id, _ := s.v.Member("id").Text(); id == sub {
			return o.v
		}
		if s.v.Member("id").Exists() && len(subjects) == 1 {
			o.fail(name, "another than the claim sub")
		}
	}
	if len(subjects) > 1 {
		o.fail(name, strconv.Itoa(len(subjects))+" subjects, and none is the claim sub")
		return o.v
	}
	subject := jcs.Quote([]byte(`,"id":`), sub)
	if own := subjects[0].v.Append(nil); len(own) > 2 {
		subject = append(append(own[:len(own)-1], subject...), '}')
	} else {
		subject = append(append([]byte{'{'}, subject[1:]...), '}')
	}
	whole := o.v.Append(nil, name)
	whole = append(append(whole[:len(whole)-1], `,"`+name+`":`...), subject...)
	joined, err := jcs.Parse(append(whole, '}'))
	if err != nil {
		o.fail("", err.Error())
	}
	return joined
}
