package w3c

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
)

// object is an object of the document. Its methods read members, absent ones
// as zero values, and keep the first error.
type object struct {
	v   jcs.Value
	at  string // its path, for errors: members' names and positions only
	err *error
}

func (o object) fail(name, reason string) { o.failAs(ErrModel, name, reason) }

func (o object) failAs(kind error, name, reason string) {
	if *o.err == nil {
		*o.err = fmt.Errorf("w3c: %s: %s: %w", o.path(name), reason, kind)
	}
}

func (o object) path(name string) string {
	if p := strings.Trim(o.at+"."+name, "."); p != "" {
		return p
	}
	return "document"
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

// texts reads a string or an array of strings, at least one.
func (o object) texts(name string) []string {
	m := o.v.Member(name)
	if m.Kind() != jcs.Array {
		if s := o.text(name); s != "" {
			return []string{s}
		}
		return nil
	}
	if m.Len() == 0 || m.Len() > limits.Types {
		o.fail(name, "an array of "+strconv.Itoa(m.Len()))
		return nil
	}
	var out []string
	for _, e := range m.Elements() {
		s, _ := e.Text()
		if s == "" {
			o.fail(name, "an array with other than strings")
		}
		out = append(out, s)
	}
	return out
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

// types reads the member type: a string, or an array of different ones (4.5).
func (o object) types() []string {
	if !o.v.Member("type").Exists() {
		o.fail("type", "missing")
	}
	out := o.texts("type")
	for i, s := range out {
		if slices.Contains(out[:i], s) {
			o.fail("type", "one type twice")
		}
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
		return []object{{m, o.path(name), o.err}}
	case jcs.Array:
		out := make([]object, 0, m.Len())
		for i, e := range m.Elements() {
			if e.Kind() != jcs.Object {
				o.fail(name, "an array with "+e.Kind().String())
			}
			out = append(out, object{e, o.path(name) + "[" + strconv.Itoa(i) + "]", o.err})
		}
		if len(out) == 0 {
			o.fail(name, "empty")
		}
		return out
	}
	o.fail(name, m.Kind().String()+", not an object or an array of them")
	return nil
}

// typed reads objects that must each have a type (4.5), and may have an id.
func (o object) typed(name string) []object {
	all := o.objects(name)
	for _, e := range all {
		e.types()
		e.url("id")
	}
	return all
}

// party reads the identifier of an issuer (4.7) or holder (4.13): a URL, or an
// object with one.
func (o object) party(name string) (id string, described object) {
	m := o.v.Member(name)
	if m.Kind() != jcs.Object {
		return o.url(name), object{err: o.err}
	}
	p := object{m, o.path(name), o.err}
	p.require("id")
	return p.url("id"), p
}

// contexts checks @context (4.3): URLs and objects, the base context first.
func (o object) contexts(base string) {
	const name = "@context"
	m := o.v.Member(name)
	if m.Kind() != jcs.Array || m.Len() == 0 {
		o.fail(name, m.Kind().String()+", not an array with some")
	}
	for i, e := range m.Elements() {
		s, ok := e.Text()
		switch {
		case i == 0 && s != base:
			o.fail(name, "the base context is not its first entry")
		case ok && !xsd.URL(s), !ok && e.Kind() != jcs.Object:
			o.fail(name+"["+strconv.Itoa(i)+"]", "no absolute URL and no object")
		}
	}
}

// noKeywords refuses members that only a JSON-LD processor would see as what
// they are.
func (o object) noKeywords() {
	for name := range o.v.Members() {
		if strings.HasPrefix(name, "@") && name != "@context" {
			o.fail("", "a JSON-LD keyword other than @context")
		}
	}
}

// described checks name and description: strings, or values with a language
// (4.6, 11.1).
func (o object) described() {
	for _, name := range []string{"name", "description"} {
		switch o.v.Member(name).Kind() {
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
