package jsonld

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// How a string is expanded to an IRI.
const (
	relative   = 1 << iota // against the base IRI
	vocabulary             // as a term or against @vocab
)

// expand is IRI expansion (section 5.2.2). The result is empty for a term that
// is defined to be nothing, and relative where there was nothing to resolve
// it against.
func (x *run) expand(c *activeContext, s string, how int) (string, error) {
	if likeKeyword(s) {
		if !isKeyword(s) {
			return "", fail(ErrLost, "reserved for keywords to come")
		}
		return s, nil
	}
	if t := c.terms[s]; t != nil && (how&vocabulary != 0 || isKeyword(t.iri)) {
		return t.iri, nil
	}
	if i := strings.IndexByte(s, ':'); i > 0 {
		prefix, suffix := s[:i], s[i+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return s, nil
		}
		if t := c.terms[prefix]; t != nil && t.prefix && t.iri != "" {
			return x.join(t.iri, suffix)
		}
		if hasScheme(s) {
			return s, nil
		}
	}
	switch {
	case how&vocabulary != 0 && c.hasVocab:
		return x.join(c.vocab, s)
	case how&relative != 0:
		return x.resolve(c.base, s)
	}
	return s, nil
}

// join returns a followed by b. What it writes for one document lies together: a
// credential has a dozen such IRIs, and a piece of memory for each would cost more
// than what is in them.
func (x *run) join(a, b string) (string, error) {
	const room = 512 // bytes, about what a credential needs
	n := len(a) + len(b)
	if err := x.spend(n); err != nil {
		return "", err
	}
	if x.joined.Cap()-x.joined.Len() < n {
		x.joined = strings.Builder{} // what is in the old one stays where it is
		x.joined.Grow(max(n, room))
	}
	start := x.joined.Len()
	x.joined.WriteString(a)
	x.joined.WriteString(b)
	return x.joined.String()[start:], nil
}

func isKeyword(s string) bool {
	switch s {
	case "@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index", "@json",
		"@language", "@list", "@nest", "@none", "@prefix", "@preserve", "@propagate", "@protected", "@reverse", "@set",
		"@type", "@value", "@version", "@vocab":
		return true
	}
	return false
}

// likeKeyword reports whether s has the form of a keyword.
func likeKeyword(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isAlpha(s[i]) {
			return false
		}
	}
	return true
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }

func alnum(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) {
			return false
		}
	}
	return s != ""
}

// schemeEnd is the position of the colon after the scheme of an IRI, or -1.
func schemeEnd(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && i > 0:
			return i
		case isAlpha(c), i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return -1
		}
	}
	return -1
}

// hasScheme reports whether s has the form of an IRI that is not relative.
func hasScheme(s string) bool { return schemeEnd(s) > 0 }

// resolve resolves a reference against a base IRI (RFC 3986, section 5.2).
func (x *run) resolve(base, ref string) (string, error) {
	if base == "" || hasScheme(ref) {
		return ref, nil
	}
	if err := x.spend(len(base) + len(ref)); err != nil {
		return "", err
	}
	b, r := split(base), split(ref)
	switch {
	case r.hasAuthority:
		b.authority, b.hasAuthority, b.path, b.query = r.authority, true, removeDots(r.path), r.query
	case r.path == "":
		if r.query != "" {
			b.query = r.query
		}
	case r.path[0] == '/':
		b.path, b.query = removeDots(r.path), r.query
	case b.hasAuthority && b.path == "":
		b.path, b.query = removeDots("/"+r.path), r.query
	default:
		b.path, b.query = removeDots(b.path[:strings.LastIndexByte(b.path, '/')+1]+r.path), r.query
	}
	s := b.scheme
	if b.hasAuthority {
		s += "//" + b.authority
	}
	return s + b.path + b.query + r.fragment, nil
}

// reference is an IRI reference in its parts; scheme, query and fragment keep
// their delimiters.
type reference struct {
	scheme, authority, path, query, fragment string
	hasAuthority                             bool
}

func split(s string) (r reference) {
	i := schemeEnd(s) + 1
	r.scheme, s = s[:i], s[i:]
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s, r.fragment = s[:i], s[i:]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, r.query = s[:i], s[i:]
	}
	if strings.HasPrefix(s, "//") {
		r.hasAuthority = true
		s = s[2:]
		i := strings.IndexByte(s, '/')
		if i < 0 {
			i = len(s)
		}
		r.authority, s = s[:i], s[i:]
	}
	r.path = s
	return r
}

// removeDots removes the dot segments of a path (section 5.2.4).
func removeDots(path string) string {
	out := make([]byte, 0, len(path))
	for path != "" {
		switch {
		case strings.HasPrefix(path, "../"):
			path = path[3:]
		case strings.HasPrefix(path, "./"), strings.HasPrefix(path, "/./"):
			path = path[2:]
		case path == "/.":
			path = "/"
		case strings.HasPrefix(path, "/../"), path == "/..":
			path = "/" + strings.TrimPrefix(path[3:], "/")
			i := len(out) - 1
			for i > 0 && out[i] != '/' {
				i--
			}
			out = out[:max(i, 0)]
		case path == ".", path == "..":
			path = ""
		default:
			i := strings.IndexByte(path[1:], '/') + 1
			if i == 0 {
				i = len(path)
			}
			out = append(out, path[:i]...)
			path = path[i:]
		}
	}
	return string(out)
}

// Where a character may stand in an IRI (RFC 3987, section 2.2).
const (
	inUserinfo = 1 << iota
	inHost
	inPath
	inQuery
)

var allowed = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case isAlnum(c), strings.IndexByte("-._~!$&'()*+,;=", c) >= 0:
			t[c] = inUserinfo | inHost | inPath | inQuery
		case c == ':':
			t[c] = inUserinfo | inPath | inQuery
		case c == '@', c == '/':
			t[c] = inPath | inQuery
		case c == '?':
			t[c] = inQuery
		}
	}
	return t
}()

// checkIRI returns why s is not an IRI of the form of RFC 3987, or nothing.
func checkIRI(s string) string {
	i := schemeEnd(s)
	if i < 0 {
		return "relative, or no IRI"
	}
	s = s[i+1:]
	if a, ok := strings.CutPrefix(s, "//"); ok {
		n := 0
		for n < len(a) && a[n] != '/' && a[n] != '?' && a[n] != '#' {
			n++
		}
		if !validAuthority(a[:n]) {
			return "malformed authority in an IRI"
		}
		s = a[n:]
	}
	n := onlyChars(s, inPath)
	if n < len(s) && s[n] == '?' {
		n += 1 + onlyChars(s[n+1:], inQuery)
	}
	if n < len(s) && s[n] == '#' {
		n += 1 + onlyChars(s[n+1:], inQuery)
	}
	if n < len(s) {
		return "a character that an IRI cannot have"
	}
	return ""
}

func validAuthority(s string) bool {
	if i := strings.IndexByte(s, '@'); i >= 0 {
		if onlyChars(s[:i], inUserinfo) < i {
			return false
		}
		s = s[i+1:]
	}
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		if a, err := netip.ParseAddr(s[1:end]); err != nil || !a.Is6() || a.Zone() != "" {
			return false
		}
		if host, port = "", s[end+1:]; port != "" && port[0] != ':' {
			return false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i:]
	}
	for i := 1; i < len(port); i++ {
		if !isDigit(port[i]) {
			return false
		}
	}
	return onlyChars(host, inHost) == len(host)
}

// onlyChars is how many bytes of s are characters that may stand where, up to
// the first that is none.
func onlyChars(s string, where byte) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < utf8.RuneSelf && allowed[c]&where != 0:
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return i
			}
			i += 2
		case c < utf8.RuneSelf:
			return i
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !validRune(r, where) {
				return i
			}
			i += n - 1
		}
	}
	return len(s)
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// validRune tells ucschar, and iprivate in queries.
func validRune(r rune, where byte) bool {
	switch {
	case r < 0xA0, r >= 0xFDD0 && r <= 0xFDEF, r >= 0xFFF0 && r <= 0xFFFF, r == utf8.RuneError:
		return false
	case r >= 0xE000 && r <= 0xF8FF, r >= 0xF0000:
		return where == inQuery && r&0xFFFE != 0xFFFE
	case r >= 0xE0000 && r < 0xE1000:
		return false
	}
	return r&0xFFFE != 0xFFFE
}

// validLabel reports whether a blank node label, without its "_:", is one of
// N-Quads (RDF 1.1 N-Quads, section 4), letters beyond ASCII taken together.
func validLabel(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isAlnum(c), c == '_', c == ':', c >= utf8.RuneSelf:
		case (c == '-' || c == '.') && i > 0:
		default:
			return false
		}
	}
	return s != "" && s[len(s)-1] != '.'
}

// validLanguage reports whether a language tag is well-formed (BCP 47, in the
// wider form of RDF 1.1 Turtle, with its subtags of eight characters at most).
func validLanguage(s string) bool {
	for first := true; ; first = false {
		tag, rest, more := strings.Cut(s, "-")
		if len(tag) < 1 || len(tag) > 8 {
			return false
		}
		for i := range len(tag) {
			if !isAlpha(tag[i]) && (first || !isDigit(tag[i])) {
				return false
			}
		}
		if !more {
			return true
		}
		s = rest
	}
}
