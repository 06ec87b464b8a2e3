package quorum

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// reader takes members out of an object and remembers the first thing amiss.
type reader struct {
	v     jcs.Value
	known map[string]bool
	err   error
}

func read(v jcs.Value) *reader {
	r := &reader{v: v, known: map[string]bool{}}
	if v.Kind() != jcs.Object {
		r.err = fmt.Errorf("%w: %s where an object is wanted", ErrFormat, v.Kind())
	}
	return r
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: not %s", ErrFormat, name, want)
	}
}

// optional marks a member as known and returns it; it may be absent.
func (r *reader) optional(name string) jcs.Value {
	r.known[name] = true
	return r.v.Member(name)
}

func (r *reader) member(name string) jcs.Value {
	v := r.optional(name)
	if !v.Exists() {
		r.fail(name, "there")
	}
	return v
}

func (r *reader) text(name string) string {
	s, ok := r.member(name).Text()
	if !ok {
		r.fail(name, "a string")
	}
	return s
}

// number reads a whole number; jcs has refused what a double does not hold.
func (r *reader) number(name string) uint64 {
	s, _ := r.member(name).Number()
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil {
		r.fail(name, "a whole number from 0 to 2^53-1")
	}
	return n
}

// layout is how times are written: RFC 3339 in UTC, to the second, and in no
// other way.
const layout = "2006-01-02T15:04:05Z"

func (r *reader) time(name string) time.Time {
	s := r.text(name)
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s {
		r.fail(name, "a time such as 2026-05-24T09:30:00Z")
	}
	return t
}

// digest reads a SHA-256 in hexadecimal.
func (r *reader) digest(name string) (sum [32]byte) {
	s := r.text(name)
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(sum) || hex.EncodeToString(b) != s {
		r.fail(name, "a SHA-256 in lower-case hexadecimal")
	}
	if copy(sum[:], b); sum == [32]byte{} {
		r.fail(name, "one that anything has") // it would read as absent
	}
	return sum
}

// array reads an array of at most limit elements.
func (r *reader) array(name string, limit int) jcs.Value {
	v := r.member(name)
	if v.Kind() != jcs.Array || v.Len() > limit {
		r.fail(name, fmt.Sprintf("an array of at most %d", limit))
		return jcs.Value{}
	}
	return v
}

// done returns the first thing amiss, an unknown member among them: what is
// signed must not say more than is understood.
func (r *reader) done() error {
	for name := range r.v.Members() {
		if !r.known[name] && r.err == nil {
			r.err = fmt.Errorf("%w: a member that is not known", ErrFormat)
		}
	}
	return r.err
}

// The longest texts, in bytes.
const (
	maxName   = 256
	maxReason = 2048
)

// checkText refuses text that is empty, long, or would not print as it is.
func checkText(what, s string, limit int) error {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s: not a text of 1 to %d bytes", ErrFormat, what, limit)
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			return fmt.Errorf("%w: %s: a character that does not print", ErrFormat, what)
		}
	}
	return nil
}

func checkVersion(what string, n uint64) error {
	if n == 0 || n >= 1<<53 {
		return fmt.Errorf("%w: %s: not from 1 to 2^53-1", ErrFormat, what)
	}
	return nil
}

// checkTime refuses what can't be written as it is.
func checkTime(what string, t time.Time) error {
	if t.IsZero() || t.Year() > 9999 || t.Year() < 1 || !t.Equal(t.Truncate(time.Second)) {
		return fmt.Errorf("%w: %s: not a time in whole seconds", ErrFormat, what)
	}
	return nil
}
