package jsonld

import (
	"strconv"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/rdfc"
)

const (
	xsd       = "http://www.w3.org/2001/XMLSchema#"
	rdfNS     = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	rdfType   = rdfNS + "type"
	rdfFirst  = rdfNS + "first"
	rdfRest   = rdfNS + "rest"
	rdfNil    = rdfNS + "nil"
	rdfJSON   = rdfNS + "JSON"
	xsdDouble = xsd + "double"
)

// jsonLiteral makes a JSON literal, in its canonical form (section 8.1.2).
func jsonLiteral(v jcs.Value) rdfc.Term {
	return rdfc.Term{Kind: rdfc.Literal, Value: string(v.Append(nil)), Datatype: rdfJSON}
}

// literal makes the literal of a scalar that has a datatype or the native one.
func literal(v jcs.Value, datatype string) (rdfc.Term, error) {
	t := rdfc.Term{Kind: rdfc.Literal, Datatype: datatype}
	native := rdfc.XSDString
	switch v.Kind() {
	case jcs.String:
		t.Value, _ = v.Text()
	case jcs.Bool:
		b, _ := v.Bool()
		t.Value, native = strconv.FormatBool(b), xsd+"boolean"
	case jcs.Number:
		t.Value, _ = v.Number()
		native = xsd + "integer"
		if datatype == xsdDouble || strings.ContainsAny(t.Value, ".e") {
			native = xsdDouble
			var ok bool
			if t.Value, ok = double(t.Value); !ok {
				return t, fail(ErrLost, "a number of more digits than xsd:double keeps")
			}
		}
	default:
		return t, fail(ErrSyntax, "not a scalar")
	}
	if datatype == "" {
		t.Datatype = native
		return t, nil
	}
	if reason := checkIRI(datatype); reason != "" {
		return t, fail(ErrLost, "datatype: %s", reason)
	}
	if datatype == rdfc.RDFLangString {
		return t, fail(ErrLost, "the datatype of language-tagged strings without a language")
	}
	return t, nil
}

// tagged makes a language-tagged string, or a plain one without a tag.
func tagged(s, language string) (rdfc.Term, error) {
	if language == "" {
		return rdfc.Term{Kind: rdfc.Literal, Value: s, Datatype: rdfc.XSDString}, nil
	}
	if !validLanguage(language) {
		return rdfc.Term{}, fail(ErrLost, "malformed language tag")
	}
	return rdfc.Term{Kind: rdfc.Literal, Value: s, Datatype: rdfc.RDFLangString, Language: strings.ToLower(language)}, nil
}

// i18n begins the datatypes that stand for a language and a base direction
// (JSON-LD 1.1, section 10.4).
const i18n = "https://www.w3.org/ns/i18n#"

// directed is tagged for a text with a base direction, which may be empty.
func (x *run) directed(s, language, direction string) (rdfc.Term, error) {
	t, err := tagged(s, language)
	if err != nil || direction == "" {
		return t, err
	}
	if !x.o.Directions {
		return t, fail(ErrLost, "@direction")
	}
	return rdfc.Term{Kind: rdfc.Literal, Value: s, Datatype: i18n + t.Language + "_" + direction}, nil
}

// double writes a number as canonical xsd:double (section 8.6): 16 significant
// digits, which a double may need one more of. ok is false where it is lost.
func double(number string) (s string, ok bool) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return "", false
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', 15, 64), "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return "", false
	}
	s = mantissa + "E" + strconv.Itoa(e)
	g, err := strconv.ParseFloat(s, 64)
	return s, err == nil && g == f
}
