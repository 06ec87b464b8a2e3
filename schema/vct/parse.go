package vct

import (
	"fmt"
	"strconv"

	"github.com/sanad-credentials/sanad/internal/integrity"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// Parse reads the metadata of one type, of at most 1 MiB and 1,024 claims,
// without those that it extends. Members that are not understood are ignored,
// as the specification asks. The error wraps [ErrMetadata] and names the member.
func Parse(raw []byte) (*Type, error) {
	if len(raw) > limits.Metadata {
		return nil, fmt.Errorf("vct: %d bytes, at most %d are read: %w", len(raw), limits.Metadata, ErrMetadata)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("vct: %w: %w", ErrMetadata, err)
	}
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("vct: %s, not an object: %w", v.Kind(), ErrMetadata)
	}
	t := &Type{}
	r := reader{}
	r.text(v, "", "vct", &t.VCT, true)
	r.text(v, "", "name", &t.Name, false)
	r.text(v, "", "description", &t.Description, false)
	r.text(v, "", "extends", &t.extends, false)
	r.text(v, "", "extends#integrity", &t.integrity, false)
	if t.integrity != "" {
		if _, err := integrity.ParseSRI(t.integrity); err != nil || t.extends == "" {
			r.fail("", "extends#integrity", "no digest, or of nothing")
		}
	}
	for at, d := range r.list(v, "", "display") {
		t.Display = append(t.Display, r.display(d, at))
	}
	r.claims(v, t)
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}

// reader keeps the first error.
type reader struct{ err error }

func (r *reader) fail(at, name, reason string) {
	if r.err == nil {
		r.err = fmt.Errorf("vct: %s%s: %s: %w", at, name, reason, ErrMetadata)
	}
}

func (r *reader) text(v jcs.Value, at, name string, dst *string, required bool) {
	m := v.Member(name)
	s, ok := m.Text()
	if m.Exists() && !ok || required && s == "" {
		r.fail(at, name, m.Kind().String()+", not a string with content")
	}
	*dst = s
}

// list yields the objects of an array that may be absent, with their places.
func (r *reader) list(v jcs.Value, at, name string) func(func(string, jcs.Value) bool) {
	return func(yield func(string, jcs.Value) bool) {
		m := v.Member(name)
		if m.Exists() && m.Kind() != jcs.Array || m.Len() > limits.TypeClaims {
			r.fail(at, name, m.Kind().String()+" of "+strconv.Itoa(m.Len()))
			return
		}
		for i, e := range m.Elements() {
			place := at + name + "[" + strconv.Itoa(i) + "]."
			if e.Kind() != jcs.Object {
				r.fail(place, "", e.Kind().String()+", not an object")
			}
			if !yield(place, e) {
				return
			}
		}
	}
}

// locale reads a language tag, which drafts before -11 call lang.
func (r *reader) locale(v jcs.Value, at string) (s string) {
	name := "locale"
	if !v.Member(name).Exists() && v.Member("lang").Exists() {
		name = "lang"
	}
	r.text(v, at, name, &s, true)
	return s
}

func (r *reader) display(v jcs.Value, at string) (d Display) {
	d.Locale = r.locale(v, at)
	r.text(v, at, "name", &d.Name, true)
	r.text(v, at, "description", &d.Description, false)
	if m := v.Member("rendering"); m.Exists() {
		if m.Kind() != jcs.Object {
			r.fail(at, "rendering", m.Kind().String()+", not an object")
		}
		d.Rendering = m.Append(nil)
	}
	return d
}

func (r *reader) claims(v jcs.Value, t *Type) {
	paths, ids := map[string]bool{}, map[string]bool{}
	for at, e := range r.list(v, "", "claims") {
		c := Claim{Path: r.path(e.Member("path"), at)}
		if k := key(c.Path); paths[k] {
			r.fail(at, "path", "there twice")
		} else {
			paths[k] = true
		}
		for at, d := range r.list(e, at, "display") {
			l := Label{Locale: r.locale(d, at)}
			r.text(d, at, "label", &l.Label, true)
			r.text(d, at, "description", &l.Description, false)
			c.Label = append(c.Label, l)
		}
		if m := e.Member("mandatory"); m.Exists() {
			var ok bool
			if c.Mandatory, ok = m.Bool(); !ok {
				r.fail(at, "mandatory", m.Kind().String()+", not a boolean")
			}
		}
		var sd string
		r.text(e, at, "sd", &sd, false)
		switch c.SD = SD(sd); c.SD {
		case "", Always, Allowed, Never:
		default:
			r.fail(at, "sd", "not always, allowed or never")
		}
		r.text(e, at, "svg_id", &c.SVGID, false)
		if id := c.SVGID; id != "" && (ids[id] || !identifier(id)) {
			r.fail(at, "svg_id", "there twice, or not letters, digits and underscores")
		}
		ids[c.SVGID] = true
		t.Claims = append(t.Claims, c)
	}
}

func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return true
}

func (r *reader) path(v jcs.Value, at string) []Step {
	if v.Kind() != jcs.Array || v.Len() == 0 || v.Len() > limits.Nesting {
		r.fail(at, "path", v.Kind().String()+" of "+strconv.Itoa(v.Len()))
		return nil
	}
	var out []Step
	for i, e := range v.Elements() {
		s := Step{Element: true, Index: AllElements}
		switch e.Kind() {
		case jcs.String:
			s.Name, _ = e.Text()
			s.Element, s.Index = false, 0
		case jcs.Number:
			n, _ := e.Number()
			var err error
			if s.Index, err = strconv.Atoi(n); err != nil || s.Index < 0 {
				r.fail(at, "path["+strconv.Itoa(i)+"]", "no index")
			}
		case jcs.Null:
		default:
			r.fail(at, "path["+strconv.Itoa(i)+"]", e.Kind().String())
		}
		out = append(out, s)
	}
	return out
}

// key is a map key for a path.
func key(path []Step) string {
	var b []byte
	for _, s := range path {
		if s.Element {
			b = strconv.AppendInt(append(b, '['), int64(s.Index), 10)
		} else {
			b = strconv.AppendQuote(append(b, '.'), s.Name)
		}
	}
	return string(b)
}
