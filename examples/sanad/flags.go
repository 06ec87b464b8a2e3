package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// moment is a time on the command line or in a line of --lines=json.
type moment struct{ time.Time }

// momentLayouts: RFC 3339, ISO 8601's basic offset, and without an offset, which
// means UTC; Go reads fractions of a second with each.
var momentLayouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateOnly}

// UnmarshalText reads one of the layouts.
func (m *moment) UnmarshalText(b []byte) error {
	for _, layout := range momentLayouts {
		if t, err := time.Parse(layout, string(b)); err == nil {
			m.Time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("not a time such as 2026-05-24T09:30:00Z")
}

// age is a duration that can also be said in days: 36h, 7d.
type age time.Duration

// UnmarshalText reads a positive duration.
func (a *age) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is not a number of days", s)
		}
		*a = age(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a duration such as 36h or 7d", s)
	}
	*a = age(d)
	return nil
}

// linesMode is the value of --lines, which may stand without one.
type linesMode string

const (
	linesOff   linesMode = ""
	linesPlain linesMode = "plain"
	linesJSON  linesMode = "json"
)

// IsBool tells kong that the flag takes a value only behind "=".
func (*linesMode) IsBool() bool { return true }

// Decode reads --lines, --lines=plain or --lines=json.
func (l *linesMode) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		*l = linesPlain
		return nil
	}
	switch v := linesMode(ctx.Scan.Pop().String()); v {
	case linesPlain, linesJSON:
		*l = v
		return nil
	default:
		return fmt.Errorf("--lines or --lines=json, not %q", v)
	}
}

// source is a value of --trust: what kind of list, and where, a path or the URL of
// one that is fetched. A key set does not say whose it is; name may.
type source struct{ kind, name, path string }

// The kinds of --trust.
const (
	kindGDHCN    = "gdhcn"
	kindSnapshot = "snapshot"
	kindVCI      = "vci"
	kindPEM      = "pem"
	kindJWKS     = "jwks"
	kindDID      = "did"
	kindNetwork  = "network"
)

var (
	kinds       = []string{kindGDHCN, kindSnapshot, kindVCI, kindPEM, kindJWKS, kindDID, kindNetwork}
	signedKinds = []string{kindGDHCN, kindSnapshot, kindVCI} // by a --trust-key
)

// UnmarshalText reads KIND:PATH, KIND:URL, or jwks:ISSUER=PATH.
func (s *source) UnmarshalText(b []byte) error {
	kind, path, ok := strings.Cut(string(b), ":")
	if !ok || path == "" || !slices.Contains(kinds, kind) {
		return fmt.Errorf("%q is not KIND:PATH with a KIND of %s", b, strings.Join(kinds, ", "))
	}
	*s = source{kind: kind, path: path}
	if name, file, ok := strings.Cut(path, "="); ok && kind == kindJWKS {
		s.name, s.path = name, file
	}
	if s.remote() && (kind == kindPEM || kind == kindDID) {
		return fmt.Errorf("%q: a list of this kind is not fetched", b)
	}
	return nil
}

// remote reports whether the list is one that 'trust fetch' keeps.
func (s source) remote() bool { return strings.Contains(s.path, "://") }

func (s source) String() string {
	if s.name != "" {
		return s.kind + ":" + s.name + "=" + s.path
	}
	return s.kind + ":" + s.path
}
