package w3c_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
)

// span is a value in a JSON text: its bytes and, in an object, its member's.
type span struct {
	start, end int
	member     int // where the member's name begins; -1 in arrays and at the top
}

// spans finds every value of a valid JSON text without white space.
func spans(doc []byte) []span {
	var out []span
	var value func(i, member int) int
	skip := func(i int) int { // the end of the string at i
		for i++; doc[i] != '"'; i++ {
			if doc[i] == '\\' {
				i++
			}
		}
		return i + 1
	}
	value = func(i, member int) int {
		start := i
		switch doc[i] {
		case '{':
			for i++; doc[i] != '}'; {
				if doc[i] == ',' {
					i++
				}
				name := i
				i = value(skip(i)+1, name)
			}
			i++
		case '[':
			for i++; doc[i] != ']'; {
				if doc[i] == ',' {
					i++
				}
				i = value(i, -1)
			}
			i++
		case '"':
			i = skip(i)
		default:
			for !strings.ContainsRune(",]}", rune(doc[i])) {
				i++
			}
		}
		out = append(out, span{start, i, member})
		return i
	}
	value(0, -1)
	return out
}

// mutations changes a document in every place: values, members, bytes.
func mutations(doc []byte, yield func(what string, mutated []byte)) {
	replace := func(what string, from, to int, with string) {
		yield(fmt.Sprintf("%s at %d", what, from), slices.Concat(doc[:from], []byte(with), doc[to:]))
	}
	for _, s := range spans(doc) {
		old := string(doc[s.start:s.end])
		for _, v := range []string{
			`null`, `true`, `false`, `0`, `-0`, `1`, `1.0`, `1e0`, `9007199254740993`, `1e400`, `""`, `"x"`, `[]`, `{}`, `{"id":"urn:x"}`,
			"[" + old + "]", `{"a":` + old + `}`, old + " ", " " + old, old + old, old + ".0", "-" + old, old + "e0", `"` + old + `"`, strings.Trim(old, `"`),
		} {
			replace("value", s.start, s.end, v)
		}
		if s.member < 0 {
			replace("element twice", s.start, s.start, old+",")
			replace("element before", s.start, s.start, `"x",`)
			continue
		}
		member := string(doc[s.member:s.end])
		name := string(doc[s.member:s.start])
		replace("renamed", s.member, s.start, `"x`+name[1:])
		replace("in capitals", s.member, s.start, strings.ToUpper(name))
		replace("escaped", s.member, s.start, fmt.Sprintf(`"\u%04x%s`, name[1], name[2:]))
		replace("twice", s.member, s.member, member+",")
		replace("twice, null", s.member, s.member, name+"null,")
		replace("twice, escaped", s.member, s.member, fmt.Sprintf(`"\u%04x%snull,`, name[1], name[2:]))
		replace("member before", s.member, s.member, `"x":1,`)
		replace("keyword before", s.member, s.member, `"@id":"urn:x",`)
		if doc[s.end] == ',' {
			replace("removed", s.member, s.end+1, "")
		} else if doc[s.member-1] == ',' {
			replace("removed", s.member-1, s.end, "")
		}
	}
	for i := range doc {
		replace("deleted", i, i+1, "")
		replace("replaced", i, i+1, "0")
		replace("next letter", i, i+1, string(doc[i]+1))
		replace("inserted", i, i, "1")
		replace("space", i, i, " ")
		replace("cut", i, len(doc), "")
	}
}

// Nothing but another spelling of the same JSON verifies.
func TestPromiseWhatIsReturnedIsWhatWasSigned(t *testing.T) {
	for name, p := range map[string]party{"eddsa-jcs-2022": newParty(t, nil), "ecdsa-jcs-2019": newParty(t, elliptic.P256())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := issue(t, content(p.did), p)
			v := verifier(t, nil, entry(p, "Ministry"))
			original, err := jcs.Parse(raw)
			require.NoError(t, err)
			want := sameAs(original)
			claims, err := json.Marshal(verified(t, v, raw))
			require.NoError(t, err)
			total, same := 0, 0
			mutations(raw, func(what string, mutated []byte) {
				total++
				res, err := v.Verify(ctx, mutated, credential.Policy{Time: now})
				if err != nil {
					return
				}
				same++
				m, err := jcs.Parse(mutated)
				require.NoError(t, err)
				require.Equal(t, want, sameAs(m), what)
				got, err := json.Marshal(res.Credential.Payload)
				require.NoError(t, err)
				require.True(t, bytes.Equal(claims, got), what)
			})
			require.GreaterOrEqual(t, total, 2000)
			require.NotZero(t, same, "white space and escapes change nothing")
			t.Logf("%d mutations, %d of them the same document", total, same)
		})
	}
}

// sameAs is equal for documents that are the same: a proof is also a set of one.
func sameAs(v jcs.Value) string {
	p := v.Member("proof")
	if p.Len() == 1 {
		for _, p = range p.Elements() {
			break
		}
	}
	return string(p.Append(v.Append(nil, "proof")))
}

func verified(t *testing.T, v *credential.Verifier, raw []byte) any {
	t.Helper()
	res, err := v.Verify(ctx, raw, credential.Policy{Time: now})
	require.NoError(t, err)
	return res.Credential.Payload
}
