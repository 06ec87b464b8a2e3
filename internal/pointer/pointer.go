// Package pointer writes and compares JSON pointers (RFC 6901). They are followed
// by jcs.Value.At.
package pointer

import "strings"

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// Append appends one step to a pointer.
func Append(dst []byte, step string) []byte {
	dst = append(dst, '/')
	if strings.ContainsAny(step, "~/") {
		step = escape.Replace(step)
	}
	return append(dst, step...)
}

// Holds reports whether what inner names is what outer names, or is in it. Both
// must be as [Append] writes them.
func Holds(outer, inner string) bool {
	return strings.HasPrefix(inner, outer) && (len(inner) == len(outer) || inner[len(outer)] == '/')
}
