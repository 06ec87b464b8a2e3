package cborx

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/x448/float16"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// JSON shows one item as JSON, in the order of its members: byte strings as
// base64url text, integer keys as decimal text, a tag as its content, undefined
// as null. It refuses what JSON has no form for: floats that are no number,
// keys of other types, and keys that would become equal.
func JSON(item []byte) ([]byte, error) { return JSONOf(item, nil) }

// JSONOf is JSON where every text key must also be one that allowed, unless it
// is nil, accepts.
func JSONOf(item []byte, allowed func(key string) bool) ([]byte, error) {
	w := writer{allowed}
	out, rest, err := w.value(make([]byte, 0, 2*len(item)), item, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("cbor: %d bytes follow", len(rest))
	}
	return out, err
}

type writer struct{ allowed func(string) bool }

func (w writer) value(out, b []byte, depth int) (json, rest []byte, err error) {
	major, arg, rest, info, ok := Head(b)
	if !ok || depth > limits.Nesting || (major == Bytes || major == Text) && arg > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("cbor: not well-formed")
	}
	switch major {
	case Uint:
		return strconv.AppendUint(out, arg, 10), rest, nil
	case NegInt:
		if arg > math.MaxInt64 {
			return nil, nil, fmt.Errorf("cbor: integer below -2^63")
		}
		return strconv.AppendInt(out, -1-int64(arg), 10), rest, nil
	case Bytes:
		out = append(out, '"')
		out = base64.RawURLEncoding.AppendEncode(out, rest[:arg])
		return append(out, '"'), rest[arg:], nil
	case Text:
		out, err = appendText(out, rest[:arg])
		return out, rest[arg:], err
	case Array:
		out = append(out, '[')
		for i := range arg {
			if i > 0 {
				out = append(out, ',')
			}
			if out, rest, err = w.value(out, rest, depth+1); err != nil {
				return nil, nil, err
			}
		}
		return append(out, ']'), rest, nil
	case Map:
		return w.object(out, rest, arg, depth)
	case Tag:
		return w.value(out, rest, depth+1)
	}
	out, err = appendSimple(out, arg, info)
	return out, rest, err
}

// keys are those of one object: few in most, so that a map is made only for many.
type keys struct {
	few  [16]string
	n    int
	many map[string]bool
}

// add reports whether key was there already.
func (k *keys) add(key string) bool {
	for _, old := range k.few[:k.n] {
		if old == key {
			return true
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return false
	}
	if k.many[key] {
		return true
	}
	if k.many == nil {
		k.many = map[string]bool{}
	}
	k.many[key] = true
	return false
}

func (w writer) object(out, rest []byte, pairs uint64, depth int) ([]byte, []byte, error) {
	var seen keys
	out = append(out, '{')
	for i := range pairs {
		if i > 0 {
			out = append(out, ',')
		}
		major, arg, after, _, ok := Head(rest)
		var key string
		switch {
		case ok && major == Text && arg <= uint64(len(after)):
			key, rest = string(after[:arg]), after[arg:]
			if w.allowed != nil && !w.allowed(key) {
				return nil, nil, fmt.Errorf("cbor: a key that differs from a known one only in case")
			}
		case ok && major == Uint:
			key, rest = strconv.FormatUint(arg, 10), after
		case ok && major == NegInt && arg <= math.MaxInt64:
			key, rest = strconv.FormatInt(-1-int64(arg), 10), after
		default:
			return nil, nil, fmt.Errorf("cbor: a key that is neither text nor integer")
		}
		if seen.add(key) {
			return nil, nil, fmt.Errorf("cbor: two keys have one JSON form")
		}
		var err error
		if out, err = appendText(out, []byte(key)); err != nil {
			return nil, nil, err
		}
		out = append(out, ':')
		if out, rest, err = w.value(out, rest, depth+1); err != nil {
			return nil, nil, err
		}
	}
	return append(out, '}'), rest, nil
}

// plain reports whether s needs no escape that encoding/json would make.
func plain(s []byte) bool {
	for _, c := range s {
		if c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func appendText(out, s []byte) ([]byte, error) {
	if plain(s) {
		out = append(append(out, '"'), s...)
		return append(out, '"'), nil
	}
	if !utf8.Valid(s) {
		return nil, fmt.Errorf("cbor: text that is not UTF-8")
	}
	b, err := json.Marshal(string(s))
	return append(out, b...), err
}

func appendSimple(out []byte, arg uint64, info byte) ([]byte, error) {
	var f float64
	switch info {
	case 20:
		return append(out, "false"...), nil
	case 21:
		return append(out, "true"...), nil
	case 22, 23:
		return append(out, "null"...), nil
	case 25:
		f = float64(float16.Frombits(uint16(arg)).Float32())
	case 26:
		f = float64(math.Float32frombits(uint32(arg)))
	case 27:
		f = math.Float64frombits(arg)
	default:
		return nil, fmt.Errorf("cbor: simple value %d", arg)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("cbor: a float that is no number")
	}
	b, err := json.Marshal(f)
	return append(out, b...), err
}
