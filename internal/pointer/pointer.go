// Package pointer follows JSON pointers (RFC 6901) into parsed JSON.
package pointer

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

var (
	// ErrSyntax says that a text is no JSON pointer.
	ErrSyntax = errors.New("not a JSON pointer")
	// ErrNothing says that there is nothing where a pointer points to.
	ErrNothing = errors.New("JSON pointer to nothing")
)

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Append appends one step to a pointer.
func Append(dst []byte, step string) []byte {
	dst = append(dst, '/')
	if strings.ContainsAny(step, "~/") {
		step = escape.Replace(step)
	}
	return append(dst, step...)
}

// Parse returns the steps of a pointer; none for "", the whole document.
func Parse(p string) ([]string, error) {
	if p == "" {
		return nil, nil
	}
	if p[0] != '/' {
		return nil, ErrSyntax
	}
	steps := strings.Split(p[1:], "/")
	for i, s := range steps {
		for j := range len(s) {
			if s[j] == '~' && (j+1 == len(s) || s[j+1] != '0' && s[j+1] != '1') {
				return nil, ErrSyntax
			}
		}
		steps[i] = unescape.Replace(s)
	}
	return steps, nil
}

// Find returns the value that a pointer names in v. Indexes of elements have no
// leading zeros, and "-" names none (section 4).
func Find(v jcs.Value, p string) (jcs.Value, error) {
	steps, err := Parse(p)
	if err != nil {
		return jcs.Value{}, err
	}
	for _, s := range steps {
		if v.Kind() == jcs.Array {
			v = element(v, s)
		} else {
			v = v.Member(s)
		}
		if !v.Exists() {
			return v, ErrNothing
		}
	}
	return v, nil
}

func element(v jcs.Value, step string) jcs.Value {
	n, err := strconv.Atoi(step)
	if err != nil || n < 0 || n >= v.Len() || strconv.Itoa(n) != step {
		return jcs.Value{}
	}
	for i, e := range v.Elements() {
		if i == n {
			return e
		}
	}
	return jcs.Value{}
}

// Holds reports whether what inner names is what outer names, or is in it. Both
// must be as [Append] writes them.
func Holds(outer, inner string) bool {
	return strings.HasPrefix(inner, outer) && (len(inner) == len(outer) || inner[len(outer)] == '/')
}
