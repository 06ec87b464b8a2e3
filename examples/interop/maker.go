package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/sanad-credentials/sanad/credential/w3c"
)

// Contexts of the documents made here. undefinedTerms gives every name a
// meaning, so that names can be random.
const (
	undefinedTerms     = "https://www.w3.org/ns/credentials/undefined-terms/v2"
	dataIntegrityTerms = "https://w3id.org/security/data-integrity/v2"
	ed25519Terms       = "https://w3id.org/security/suites/ed25519-2020/v1"
)

// object is a JSON object.
type object = map[string]any

// maker makes random documents. For the same seed they are the same, as long
// as they are asked for in the same order.
type maker struct {
	*rand.Rand
	made    *int // things with an id or a name
	letters []string
}

func newMaker(seed uint64) maker {
	return maker{rand.New(rand.NewPCG(seed, 26)), new(int), letters}
}

// style is what the values of a document may be.
type style struct {
	// json allows what has no statement of its own in RDF, or not the same one:
	// null, arrays inside arrays, numbers of any precision, and letters that the
	// peer sorts wrongly (see highLetters).
	json bool
	// v1 is the data model of version 1.1.
	v1 bool
	// plain leaves out base directions, which the peer's older suites refuse.
	plain bool
}

// credential makes a credential that is valid at now.
func (m maker) credential(issuer string, s style) object {
	if s.json {
		m.letters = slices.Concat(letters, highLetters)
	}
	doc := object{
		"@context": []any{w3c.Context, undefinedTerms},
		"id":       m.id(),
		"type":     []any{w3c.Type, m.word()},
		"issuer":   issuer, "validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-08-01T00:00:00Z",
	}
	if s.v1 {
		doc["@context"] = []any{w3c.ContextV1, undefinedTerms}
		delete(doc, "validFrom")
		delete(doc, "validUntil")
		doc["issuanceDate"], doc["expirationDate"] = "2026-05-01T00:00:00Z", "2026-08-01T00:00:00Z"
	}
	if m.IntN(2) == 0 && !s.v1 {
		doc["name"] = m.text()
		doc["issuer"] = object{"id": issuer, "name": m.tagged(s)}
	}
	if m.IntN(4) == 0 {
		doc["credentialSubject"] = []any{m.thing(s, 2), m.thing(s, 1)}
	} else {
		doc["credentialSubject"] = m.thing(s, 3)
	}
	return doc
}

// tagged is a text with a language, a base direction, or both.
func (m maker) tagged(s style) object {
	o := object{"@value": m.text(), "@language": m.language()}
	if way := m.IntN(4); way > 1 && !s.plain {
		o["@direction"] = []string{"ltr", "rtl"}[m.IntN(2)]
		if way > 2 {
			delete(o, "@language")
		}
	}
	return o
}

// id is a URL that no other thing has.
func (m maker) id() string {
	*m.made++
	forms := []string{"urn:uuid:0f3a2b1c-5d4e-4f60-8a7b-%012d", "did:example:p%d", "https://health.example/p/%d?a=b#c"}
	return fmt.Sprintf(forms[m.IntN(len(forms))], *m.made)
}

// thing is an object with claims: at least one.
func (m maker) thing(s style, depth int) object {
	o := object{m.word(): m.text()}
	if m.IntN(2) == 0 {
		o["id"] = m.id()
	}
	if m.IntN(3) == 0 {
		o["type"] = m.word()
	}
	for range m.IntN(5) {
		o[m.word()] = m.value(s, depth)
	}
	return o
}

func (m maker) value(s style, depth int) any {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	if s.json {
		kinds += 3
	}
	switch m.IntN(kinds) {
	case 0, 1:
		return m.text()
	case 2:
		return m.integer()
	case 3:
		return m.IntN(2) == 0
	case 4:
		return m.tagged(s)
	case 5:
		return m.decimal()
	case 6:
		if depth > 0 {
			return m.thing(s, depth-1)
		}
		return nil
	case 7:
		if depth > 0 {
			return m.several(s, depth-1)
		}
		return m.number()
	case 8:
		return m.number()
	case 9:
		return []any{[]any{m.text(), m.integer()}, []any{}}
	}
	return nil
}

func (m maker) several(s style, depth int) []any {
	out := make([]any, m.IntN(4))
	for i := range out {
		v := m.value(s, depth)
		if _, nested := v.([]any); nested && !s.json {
			v = m.text()
		}
		out[i] = v
	}
	return out
}

// Texts and names have letters of all planes, and all that is escaped anywhere.
var (
	letters = []string{"a", "b", "Z", "é", "ß", "س", "ند", "疫", "苗", "\U00020000", "\u20ac", "1"}
	// highLetters sort otherwise by UTF-16, as JSON has it (RFC 8785, section
	// 3.2.3), than by code point, as statements have it (RDF Dataset
	// Canonicalization 1.0, section 4.2). rdf-canonize sorts both by UTF-16; its
	// issue 52 is open. So statements that both sides are to sign have none of
	// them, and codePoints compares those that do.
	highLetters = []string{"\uFB33", "\uFF3A"}

	marks = []string{" ", "\"", "\\", "/", "\n", "\r", "\t", "\b", "\f", "\x01", "\x1f", "\x7f", "\u0080", "\u2028", "<", "&", "\U0001F489", "'", "^"}
)

func (m maker) word() string {
	var b strings.Builder
	b.WriteString("abcdefghijklmnop"[m.IntN(16):][:1])
	for range 2 + m.IntN(6) {
		b.WriteString(m.letters[m.IntN(len(m.letters))])
	}
	*m.made++
	return b.String() + strconv.Itoa(*m.made%97)
}

func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(12) {
		if m.IntN(3) > 0 {
			b.WriteString(m.letters[m.IntN(len(m.letters))])
		} else {
			b.WriteString(marks[m.IntN(len(marks))])
		}
	}
	return b.String()
}

func (m maker) language() string { return []string{"en", "ar", "en-GB", "zh-Hant-TW", "ID"}[m.IntN(5)] }

func (m maker) integer() json.Number {
	limit := []int64{10, 1 << 31, 1<<53 - 1}[m.IntN(3)]
	n := m.Int64N(limit)
	if m.IntN(2) == 0 {
		n = -n
	}
	return json.Number(strconv.FormatInt(n, 10))
}

// decimal is a number of few digits, written in one of several ways. It is not
// one that is written with an exponent and no point, as 1e-7: jsonld takes that
// for an integer, and signs 0.
func (m maker) decimal() json.Number {
	f := float64(m.Int64N(1e9)) / math.Pow10(m.IntN(12))
	if f < 1e-6 {
		f = 0.5
	}
	return json.Number(strconv.FormatFloat(f, "fgeE"[m.IntN(4)], -1, 64))
}

// number is any number that is no integer beyond 2^53.
func (m maker) number() json.Number {
	for {
		f := math.Float64frombits(m.Uint64())
		if !math.IsNaN(f) && !math.IsInf(f, 0) && (math.Abs(f) < 1<<53 || f != math.Trunc(f)) {
			return json.Number(strconv.FormatFloat(f, "ge"[m.IntN(2)], -1, 64))
		}
	}
}
