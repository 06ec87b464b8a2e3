package jcs

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// Parse reads one JSON text. The error wraps [ErrSyntax] and tells the place,
// not the content. Refused are, beyond what RFC 8259 refuses:
//
//   - invalid UTF-8, a byte order mark, escapes of lone surrogates;
//   - an object with the same name twice, however it is escaped;
//   - more than 32 containers inside each other, more than 131,072 values;
//   - numbers that overflow a double or underflow it to zero;
//   - integers beyond ±2^53, whichever way they are written, unless they are
//     powers like 1E30 that the canonical form repeats exactly.
//
// The caller bounds the length.
func Parse(doc []byte) (Value, error) { return ParseUpTo(limits.JSONValues, doc) }

// ParseUpTo is Parse for texts of another size: trust lists have more values
// than any credential.
func ParseUpTo(values int, doc []byte) (Value, error) {
	if len(doc) > math.MaxInt32 {
		return Value{}, syntax(0, "too long")
	}
	if !utf8.Valid(doc) {
		return Value{}, syntax(0, "not UTF-8")
	}
	// Each comma and each bracket begins one value at most. Texts may be full of
	// commas, so that they alone are not believed.
	expected := min(1+bytes.Count(doc, []byte{','})+bytes.Count(doc, []byte{'{'})+bytes.Count(doc, []byte{'['}), 4+len(doc)/20, values)
	p := parser{s: string(doc), values: values, t: &tree{nodes: make([]node, 0, expected), children: make([]int32, 0, expected), size: len(doc)}}
	if strings.HasPrefix(p.s, "\ufeff") {
		return Value{}, syntax(0, "byte order mark")
	}
	p.space()
	if err := p.value(0); err != nil {
		return Value{}, err
	}
	p.space()
	if p.i < len(p.s) {
		return Value{}, syntax(p.i, "data after the value")
	}
	return Value{p.t, 0}, nil
}

type parser struct {
	s      string
	i      int
	values int // the most there may be
	t      *tree
	open   []int32 // children of the containers not yet closed
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// next skips white space and takes the byte c, if it is there.
func (p *parser) next(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// value appends the value at p.i, and all in it, to the tree.
func (p *parser) value(depth int) error {
	if p.i == len(p.s) {
		return syntax(p.i, "ends before the value does")
	}
	at := len(p.t.nodes)
	if at == p.values {
		return syntax(p.i, "more than %d values", p.values)
	}
	switch c := p.s[p.i]; {
	case c == '{' || c == '[':
		if depth == limits.Nesting {
			return syntax(p.i, "nested deeper than %d", limits.Nesting)
		}
		p.i++
		p.t.nodes = append(p.t.nodes, node{kind: Object})
		if c == '[' {
			p.t.nodes[at].kind = Array
			return p.array(at, depth+1)
		}
		return p.object(at, depth+1)
	case c == '"':
		s, escaped, err := p.string()
		p.t.nodes = append(p.t.nodes, node{kind: String, text: s, escaped: escaped})
		return err
	case c == '-' || '0' <= c && c <= '9':
		s, err := p.number()
		p.t.nodes = append(p.t.nodes, node{kind: Number, text: s})
		return err
	}
	for _, lit := range []node{{kind: Null, text: "null"}, {kind: Bool, text: "true"}, {kind: Bool, text: "false"}} {
		if strings.HasPrefix(p.s[p.i:], lit.text) {
			p.i += len(lit.text)
			p.t.nodes = append(p.t.nodes, lit)
			return nil
		}
	}
	return syntax(p.i, "no value")
}

func (p *parser) array(at, depth int) error {
	base := len(p.open)
	if !p.next(']') {
		for {
			p.space()
			p.open = append(p.open, int32(len(p.t.nodes)))
			if err := p.value(depth); err != nil {
				return err
			}
			if p.next(']') {
				break
			}
			if !p.next(',') {
				return syntax(p.i, "no comma or end of array")
			}
		}
	}
	p.close(at, base)
	return nil
}

func (p *parser) object(at, depth int) error {
	base := len(p.open)
	if !p.next('}') {
		for {
			if p.space(); p.i == len(p.s) || p.s[p.i] != '"' {
				return syntax(p.i, "no member name")
			}
			name, escaped, err := p.string()
			if err != nil {
				return err
			}
			if !p.next(':') {
				return syntax(p.i, "no colon")
			}
			p.space()
			k := len(p.t.nodes)
			p.open = append(p.open, int32(k))
			if err := p.value(depth); err != nil {
				return err
			}
			p.t.nodes[k].name, p.t.nodes[k].nameEscaped = name, escaped
			if p.next('}') {
				break
			}
			if !p.next(',') {
				return syntax(p.i, "no comma or end of object")
			}
		}
	}
	kids := p.open[base:]
	slices.SortFunc(kids, func(a, b int32) int {
		x, y := p.t.nodes[a].name, p.t.nodes[b].name
		switch {
		case x == y:
			return 0
		case less(x, y):
			return -1
		}
		return 1
	})
	for i := 1; i < len(kids); i++ {
		if p.t.nodes[kids[i]].name == p.t.nodes[kids[i-1]].name {
			return syntax(p.i, "a name twice in the object ending")
		}
	}
	p.close(at, base)
	return nil
}

// close moves the children of the container at from the stack to their place.
func (p *parser) close(at, base int) {
	n := &p.t.nodes[at]
	n.first, n.count = int32(len(p.t.children)), int32(len(p.open)-base)
	p.t.children = append(p.t.children, p.open[base:]...)
	p.open = p.open[:base]
}

// string reads the string whose opening quote is at p.i; escaped tells whether
// it was written with a backslash.
func (p *parser) string() (s string, escaped bool, err error) {
	p.i++
	start := p.i
	for ; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[start : p.i-1], false, nil
		case c == '\\':
			s, err = p.unescape(start)
			return s, true, err
		case c < ' ':
			return "", false, syntax(p.i, "control character in a string")
		}
	}
	return "", false, syntax(p.i, "ends inside a string")
}

// unescape reads on, from the first backslash, a string that began at start.
func (p *parser) unescape(start int) (string, error) {
	b := append(make([]byte, 0, p.i-start+32), p.s[start:p.i]...)
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			return string(b), nil
		case c < ' ':
			return "", syntax(p.i, "control character in a string")
		case c != '\\':
			b = append(b, c)
			p.i++
			continue
		}
		if p.i+1 == len(p.s) {
			break
		}
		p.i++
		if e := p.s[p.i]; e == 'u' {
			r, err := p.codeUnits()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
			continue
		} else if k := strings.IndexByte(`"\/bfnrt`, e); k >= 0 {
			b = append(b, "\"\\/\b\f\n\r\t"[k])
			p.i++
			continue
		}
		return "", syntax(p.i, "unknown escape")
	}
	return "", syntax(p.i, "ends inside a string")
}

// codeUnits reads the character whose \u escape, or pair of them, has its u at
// p.i.
func (p *parser) codeUnits() (rune, error) {
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if strings.HasPrefix(p.s[p.i:], `\u`) {
		at := p.i
		p.i++
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, nil
		}
		p.i = at
	}
	return 0, syntax(p.i, "lone surrogate")
}

func (p *parser) hex4() (rune, error) {
	if len(p.s)-p.i < 5 {
		return 0, syntax(p.i, "ends inside an escape")
	}
	var r rune
	for _, c := range []byte(p.s[p.i+1 : p.i+5]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, syntax(p.i, "escape of other than four hexadecimal digits")
		}
		r = r<<4 | rune(c)
	}
	p.i += 5
	return r, nil
}

func (p *parser) digits() int {
	start := p.i
	for p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}

// number reads the number at p.i and returns its canonical form.
func (p *parser) number() (string, error) {
	start := p.i
	if p.s[p.i] == '-' {
		p.i++
	}
	zero := p.i < len(p.s) && p.s[p.i] == '0'
	n := p.digits()
	if n == 0 || zero && n > 1 {
		return "", syntax(start, "malformed number")
	}
	integer := true
	if p.i < len(p.s) && p.s[p.i] == '.' {
		integer = false
		p.i++
		if p.digits() == 0 {
			return "", syntax(start, "malformed number")
		}
	}
	if p.i < len(p.s) && p.s[p.i]|0x20 == 'e' {
		integer = false
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		if p.digits() == 0 {
			return "", syntax(start, "malformed number")
		}
	}
	s := p.s[start:p.i]
	if integer && n <= 15 && s != "-0" {
		return s, nil // below 2^53, and written as ECMAScript writes it
	}
	c, reason := canonicalNumber(s, integer)
	if reason != "" {
		return "", syntax(start, "%s", reason)
	}
	return c, nil
}

const maxInteger = 1 << 53

// canonicalNumber returns s as ECMAScript writes the double nearest to it
// (section 3.2.2.3), or why it is refused.
func canonicalNumber(s string, integer bool) (canonical, reason string) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", "number beyond a double"
	}
	if f == 0 {
		mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
		if strings.ContainsAny(mantissa, "123456789") {
			return "", "number too small for a double"
		}
		return "0", "" // also for -0
	}
	if integer {
		if i, err := strconv.ParseInt(s, 10, 64); err != nil || i > maxInteger || i < -maxInteger {
			return "", "integer beyond 2^53"
		}
	}
	canonical = FormatNumber(f)
	// Others below 1e21 would be written as integers; 2^53 itself may be what
	// 2^53+1 was rounded to.
	if abs := math.Abs(f); abs > maxInteger && abs < 1e21 || abs >= maxInteger && !sameDecimal(s, canonical) {
		return "", "integer beyond 2^53"
	}
	return canonical, ""
}

// FormatNumber writes a finite double as ECMAScript does (RFC 8785, section
// 3.2.2.3).
func FormatNumber(f float64) string {
	if f == 0 {
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	b := strconv.AppendFloat(nil, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as many as there are.
	if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
		b = append(b[:n-2], b[n-1])
	}
	return string(b)
}

// sameDecimal reports whether two number texts have the same value, exactly.
func sameDecimal(a, b string) bool {
	da, ea := decimal(a)
	db, eb := decimal(b)
	return da == db && ea == eb
}

// decimal splits a number text into its significant digits, with the sign and
// without zeros at either end, and the power of ten of the last of them.
func decimal(s string) (digits string, exp int) {
	s, e, _ := strings.Cut(strings.ToLower(s), "e")
	if e != "" {
		exp, _ = strconv.Atoi(e) // in range, or the number would not be finite and beyond 2^53
	}
	whole, frac, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	d := strings.TrimLeft(whole+frac, "0")
	exp -= len(frac)
	t := strings.TrimRight(d, "0")
	return sign + t, exp + len(d) - len(t)
}
