package sdjwt_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

func disclosure(text string) string { return b64([]byte(text)) }

// digest of a disclosure: computed without the package.
func digest(d string) string { return sum256(d) }

// refer replaces «text» in a payload by the digest of the disclosure text.
func refer(payload string) string {
	for {
		before, rest, ok := strings.Cut(payload, "«")
		if !ok {
			return payload
		}
		text, after, _ := strings.Cut(rest, "»")
		payload = before + `"` + digest(disclosure(text)) + `"` + after
	}
}

const (
	given = `["salt1","given_name","Amina"]`
	city  = `["salt2","city","Jakarta"]`
	id    = `["salt3","ID"]`
)

func TestOpen(t *testing.T) {
	address := refer(`["salt4","address",{"country":"ID","_sd":[«` + city + `»]}]`)
	for _, c := range []struct {
		name, payload string
		disclosures   []string
		want          string
		at            []string
	}{
		{"none", `{"a":1.0}`, nil, `{"a":1}`, nil},
		{"not shown", `{"_sd":["x"],"_sd_alg":"sha-256","a":[{"...":"y"},1]}`, nil, `{"a":[1]}`, nil},
		{"empty _sd", `{"_sd":[],"a":{"_sd":[]}}`, nil, `{"a":{}}`, nil},
		{"a claim", `{"_sd":[«` + given + `»],"a":null}`, []string{given}, `{"a":null,"given_name":"Amina"}`, []string{"/given_name"}},
		{"an element", `{"n":["SA",{"...":«` + id + `»},{"...":"decoy"},"MY"]}`, []string{id}, `{"n":["SA","ID","MY"]}`, []string{"/n/1"}},
		{"behind a hidden one", `{"n":[{"...":"decoy"},{"...":«` + id + `»}]}`, []string{id}, `{"n":["ID"]}`, []string{"/n/0"}},
		{"deep", `{"a":[[{"b":{"_sd":[«` + city + `»]}}]]}`, []string{city}, `{"a":[[{"b":{"city":"Jakarta"}}]]}`, []string{"/a/0/0/b/city"}},
		{"recursive", `{"_sd":[«` + address + `»]}`, []string{city, address}, `{"address":{"city":"Jakarta","country":"ID"}}`, []string{"/address/city", "/address"}},
		{"the outer alone", `{"_sd":[«` + address + `»]}`, []string{address}, `{"address":{"country":"ID"}}`, []string{"/address"}},
		{"white space", `{"_sd":[«[ "s" , "a" , { } ]»]}`, []string{`[ "s" , "a" , { } ]`}, `{"a":{}}`, []string{"/a"}},
		{"a name with slashes", `{"_sd":[«["s","a/b~c",1]»]}`, []string{`["s","a/b~c",1]`}, `{"a/b~c":1}`, []string{"/a~1b~0c"}},
		{"one name at two levels", `{"_sd":[«` + given + `»],"a":{"_sd":[«["s","given_name",2]»]}}`, []string{given, `["s","given_name",2]`}, `{"a":{"given_name":2},"given_name":"Amina"}`, []string{"/given_name", "/a/given_name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var texts []string
			for _, d := range c.disclosures {
				texts = append(texts, disclosure(d))
			}
			got, err := sdjwt.Open([]byte(refer(c.payload)), texts)
			require.NoError(t, err)
			require.Equal(t, c.want, string(marshal(t, got)))
			require.Equal(t, len(c.at), len(got.Disclosed()))
			for i, p := range c.at {
				require.Equal(t, p, got.Disclosed()[i])
			}
		})
	}
}

// What RFC 9901, section 7.1, has refused, and what this module's strict reading
// of JSON adds.
func TestOpenRefuses(t *testing.T) {
	raw := func(s string) string { return "=" + s } // not encoded
	for _, c := range []struct {
		name, payload string
		disclosures   []string
		want          error
		text          string
	}{
		{"stripped of its digest", `{"a":1}`, []string{given}, sdjwt.ErrDisclosure, "disclosure 0: no digest"},
		{"injected", `{"_sd":[«` + given + `»]}`, []string{given, city}, sdjwt.ErrDisclosure, "disclosure 1: no digest"},
		{"the inner without the outer", `{"_sd":[«` + refer(`["s","address",{"_sd":[«`+city+`»]}]`) + `»]}`, []string{city}, sdjwt.ErrDisclosure, "disclosure 0: no digest"},
		{"another salt", `{"_sd":[«` + given + `»]}`, []string{`["salt0","given_name","Amina"]`}, sdjwt.ErrDisclosure, "no digest"},
		{"a disclosure twice", `{"_sd":[«` + given + `»]}`, []string{given, given}, sdjwt.ErrDisclosure, "disclosure 1: there twice"},
		{"a digest twice in one place", `{"_sd":[«` + given + `»,«` + given + `»]}`, []string{given}, sdjwt.ErrDisclosure, "a digest twice"},
		{"a digest twice", `{"_sd":[«` + given + `»],"a":{"_sd":[«` + given + `»]}}`, []string{given}, sdjwt.ErrDisclosure, "a digest twice"},
		{"a decoy twice", `{"_sd":["x"],"a":[{"...":"x"}]}`, nil, sdjwt.ErrDisclosure, "a digest twice"},
		{"over a claim in the clear", `{"_sd":[«` + given + `»],"given_name":"Budi"}`, []string{given}, sdjwt.ErrDisclosure, "over one that is there"},
		{"over another disclosed", `{"_sd":[«` + given + `»,«["s","given_name",1]»]}`, []string{given, `["s","given_name",1]`}, sdjwt.ErrDisclosure, "over one that is there"},
		{"_sd disclosed", `{"_sd":[«["s","_sd",["x"]]»]}`, []string{`["s","_sd",["x"]]`}, sdjwt.ErrDisclosure, "named _sd"},
		{"... disclosed", `{"_sd":[«["s","...","x"]»]}`, []string{`["s","...","x"]`}, sdjwt.ErrDisclosure, "named ..."},
		{"_sd_alg disclosed", `{"_sd":[«["s","_sd_alg","sha-512"]»]}`, []string{`["s","_sd_alg","sha-512"]`}, sdjwt.ErrDisclosure, "named _sd_alg"},
		{"an element among claims", `{"_sd":[«` + id + `»]}`, []string{id}, sdjwt.ErrDisclosure, "as an element"},
		{"a claim among elements", `{"a":[{"...":«` + given + `»}]}`, []string{given}, sdjwt.ErrDisclosure, "as an element"},
		{"one element", `{"_sd":[«["s"]»]}`, []string{`["s"]`}, sdjwt.ErrDisclosure, "disclosure 0: an array of 1"},
		{"four elements", `{"_sd":[«["s","a",1,2]»]}`, []string{`["s","a",1,2]`}, sdjwt.ErrDisclosure, "disclosure 0: an array of 4"},
		{"an object", `{"_sd":[«{"s":"a"}»]}`, []string{`{"s":"a"}`}, sdjwt.ErrDisclosure, "an object of 1"},
		{"a salt that is a number", `{"_sd":[«[1,"a",1]»]}`, []string{`[1,"a",1]`}, sdjwt.ErrDisclosure, "element 0: a number"},
		{"a name that is a number", `{"_sd":[«["s",1,1]»]}`, []string{`["s",1,1]`}, sdjwt.ErrDisclosure, "element 1: a number"},
		{"a name twice inside", `{"_sd":[«["s","a",{"b":1,"b":2}]»]}`, []string{`["s","a",{"b":1,"b":2}]`}, sdjwt.ErrDisclosure, "a name twice"},
		{"a large integer inside", `{"_sd":[«["s","a",9007199254740993]»]}`, []string{`["s","a",9007199254740993]`}, sdjwt.ErrDisclosure, "2^53"},
		{"padding", `{"_sd":["x"]}`, []string{raw(disclosure(`["s","a",12]`) + "=")}, sdjwt.ErrDisclosure, "base64url"},
		{"a line end", `{"_sd":["x"]}`, []string{raw(disclosure(given) + "\n")}, sdjwt.ErrDisclosure, "base64url"},
		{"the other alphabet", `{"_sd":["x"]}`, []string{raw("WyI/Il0+")}, sdjwt.ErrDisclosure, "base64url"},
		{"not JSON", `{"_sd":["x"]}`, []string{"x"}, sdjwt.ErrDisclosure, "no value"},
		{"_sd no array", `{"_sd":"x"}`, nil, sdjwt.ErrDisclosure, "_sd: a string"},
		{"_sd null", `{"a":{"_sd":null}}`, nil, sdjwt.ErrDisclosure, "_sd: null"},
		{"a digest no string", `{"_sd":["x",1]}`, nil, sdjwt.ErrDisclosure, "a digest that is a number"},
		{"an element's digest no string", `{"a":[{"...":["x"]}]}`, nil, sdjwt.ErrDisclosure, "a digest that is an array"},
		{"... beside others", `{"a":[{"...":"x","b":1}]}`, nil, sdjwt.ErrDisclosure, "beside other members"},
		{"... outside an array", `{"a":{"...":"x"}}`, nil, sdjwt.ErrDisclosure, "outside an array"},
		{"... on top", `{"...":"x"}`, nil, sdjwt.ErrDisclosure, "outside an array"},
		{"_sd_alg inside", `{"a":{"_sd_alg":"sha-256"}}`, nil, sdjwt.ErrDisclosure, "_sd_alg inside"},
		{"_sd_alg inside a disclosure", `{"_sd":[«["s","a",{"_sd_alg":"sha-256"}]»]}`, []string{`["s","a",{"_sd_alg":"sha-256"}]`}, sdjwt.ErrDisclosure, "_sd_alg inside"},
		{"_sd_alg unknown", `{"_sd_alg":"sha-1"}`, nil, sdjwt.ErrHash, "_sd_alg"},
		{"_sd_alg in capitals", `{"_sd_alg":"SHA-256"}`, nil, sdjwt.ErrHash, "_sd_alg"},
		{"_sd_alg null", `{"_sd_alg":null}`, nil, sdjwt.ErrHash, "_sd_alg"},
		{"another hash than the digests'", `{"_sd_alg":"sha-512","_sd":[«` + given + `»]}`, []string{given}, sdjwt.ErrDisclosure, "no digest"},
		{"a name twice", `{"a":1,"a":1}`, nil, sdjwt.ErrMalformed, "payload: malformed JSON"},
		{"a name twice, escaped", `{"_sd":[],"\u005fsd":[]}`, nil, sdjwt.ErrMalformed, "a name twice"},
		{"no object", `[]`, nil, sdjwt.ErrMalformed, "an array, not an object"},
		{"deep together", refer(deep(31, `{"_sd":[«["s","a",[1]]»]}`)), []string{`["s","a",[1]]`}, sdjwt.ErrMalformed, "nested deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var texts []string
			for _, d := range c.disclosures {
				if text, ok := strings.CutPrefix(d, "="); ok {
					texts = append(texts, text)
				} else {
					texts = append(texts, disclosure(d))
				}
			}
			_, err := sdjwt.Open([]byte(refer(c.payload)), texts)
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, sdjwt.ErrMalformed)
			require.ErrorContains(t, err, c.text)
			for _, private := range []string{"Amina", "Jakarta", "given_name", "salt"} {
				require.NotContains(t, err.Error(), private)
			}
		})
	}
}

// deep puts an object under n names.
func deep(n int, inner string) string {
	return strings.Repeat(`{"a":`, n) + inner + strings.Repeat("}", n)
}

// Disclosures in each other's tails reach no deeper than other JSON.
func TestOpenBoundsDepth(t *testing.T) {
	inner := `["s","a",1]`
	texts := []string{disclosure(inner)}
	for range 500 {
		inner = refer(`["s","a",{"_sd":[«` + inner + `»]}]`)
		texts = append(texts, disclosure(inner))
	}
	_, err := sdjwt.Open([]byte(refer(`{"_sd":[«`+inner+`»]}`)), texts)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	require.ErrorContains(t, err, "nested deeper")
}

// A long name is not repeated for each of the many disclosures inside.
func TestOpenBoundsPlaces(t *testing.T) {
	long := strings.Repeat("x", limits.Credential/8)
	var digests, texts []string
	for i := range 9 {
		d := disclosure(fmt.Sprintf(`["s","%d",1]`, i))
		texts, digests = append(texts, d), append(digests, digest(d))
	}
	payload := `{"` + long + `":{"_sd":["` + strings.Join(digests, `","`) + `"]}}`
	_, err := sdjwt.Open([]byte(payload), texts)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	_, err = sdjwt.Open([]byte(payload), texts[:7])
	require.NoError(t, err)
}

func TestOpenBoundsDisclosures(t *testing.T) {
	_, err := sdjwt.Open([]byte(`{}`), make([]string, limits.Disclosures+1))
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
}

func sealed(t testing.TB, claims string, o sdjwt.Options) *sdjwt.Token {
	t.Helper()
	payload, disclosures, err := sdjwt.Conceal([]byte(claims), o)
	require.NoError(t, err)
	compact, err := jose.Sign(ctx, newSigner(t, "issuer0"), jose.Header{Type: "example+sd-jwt"}, payload)
	require.NoError(t, err)
	token, err := sdjwt.New(compact, disclosures)
	require.NoError(t, err)
	return token
}

func TestParseForms(t *testing.T) {
	token := sealed(t, `{"a":1,"b":2}`, sdjwt.Options{Disclosable: []string{"/a", "/b"}})
	compact := string(token.Bytes())
	jws, _, _ := strings.Cut(compact, "~")
	a, b := token.Disclosures[0], token.Disclosures[1]
	for _, raw := range []string{
		"", "~", "~~", jws, "~" + jws, "~" + jws + "~", jws + "~~", jws + "~~" + a + "~", jws + "~" + a + "~~" + b + "~", " " + compact,
		strings.Replace(jws, ".", "", 1) + "~", jws + ".~", "{", "{}", `{"payload":""}`, `["a"]~`,
	} {
		_, err := sdjwt.Parse([]byte(raw))
		require.ErrorIs(t, err, sdjwt.ErrMalformed, "%.20q", raw)
	}
	for _, raw := range []string{jws + "~", jws + "~" + a + "~", jws + "~" + b + "~" + a + "~", jws + "~" + a + "~" + jws} {
		got, err := sdjwt.Parse([]byte(raw))
		require.NoError(t, err)
		require.Equal(t, raw, string(got.Bytes()))
	}
	// A disclosure whose tilde was lost is a key binding that is none.
	lost, err := sdjwt.Parse([]byte(jws + "~" + a))
	require.NoError(t, err)
	c, err := sdjwt.Open(lost.Messages[0].Payload, lost.Disclosures)
	require.NoError(t, err)
	_, err = lost.ReadBinding(c)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)

	_, err = sdjwt.Parse([]byte(jws + strings.Repeat("~x", limits.Disclosures+1) + "~"))
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	_, err = sdjwt.Parse(make([]byte, limits.Credential+1))
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
}

func TestParseJSONForms(t *testing.T) {
	payload, disclosures, err := sdjwt.Conceal([]byte(`{"a":1}`), sdjwt.Options{Disclosable: []string{"/a"}})
	require.NoError(t, err)
	var signed [][]byte
	for i := range 2 {
		m, err := jose.Sign(ctx, newSigner(t, fmt.Sprint("issuer", i)), jose.Header{Type: "example+sd-jwt"}, payload)
		require.NoError(t, err)
		signed = append(signed, m)
	}
	flat, err := sdjwt.NewJSON(signed[:1], disclosures)
	require.NoError(t, err)
	general, err := sdjwt.NewJSON(signed, disclosures)
	require.NoError(t, err)
	holder := newSigner(t, "holder")
	for _, token := range []*sdjwt.Token{flat, general} {
		shown := bind(t, token.With(nil), holder, sdjwt.Binding{Audience: "a", Nonce: "n", Issued: now})
		c, got := open(t, shown.Bytes())
		require.Equal(t, `{}`, string(marshal(t, c)))
		kb, err := got.ReadBinding(c)
		require.NoError(t, err)
		require.NoError(t, kb.Verify(holder.Key()))
		require.True(t, got.JSON)
		require.JSONEq(t, string(shown.Bytes()), string(got.Bytes()))
	}

	change := func(token *sdjwt.Token, edit func(map[string]any)) []byte {
		var m map[string]any
		require.NoError(t, json.Unmarshal(token.Bytes(), &m))
		edit(m)
		return marshal(t, m)
	}
	header := func(name string, v any) func(map[string]any) {
		return func(m map[string]any) { m["header"].(map[string]any)[name] = v }
	}
	second := func(name string, v any) func(map[string]any) {
		return func(m map[string]any) {
			m["signatures"].([]any)[1].(map[string]any)["header"] = map[string]any{name: v}
		}
	}
	// What else is in the unprotected header is kept, and not believed.
	kept, err := sdjwt.Parse(change(flat, header("kid", "somebody")))
	require.NoError(t, err)
	require.Contains(t, string(kept.With(nil).Bytes()), `"kid":"somebody"`)
	for name, raw := range map[string][]byte{
		"disclosures no array":          change(flat, header("disclosures", "x")),
		"a disclosure no string":        change(flat, header("disclosures", []any{1})),
		"a disclosure empty":            change(flat, header("disclosures", []any{""})),
		"kb_jwt null":                   change(flat, header("kb_jwt", nil)),
		"kb_jwt empty":                  change(flat, header("kb_jwt", "")),
		"typ unprotected":               change(flat, header("typ", "kb+jwt")),
		"disclosures of the second":     change(general, second("disclosures", disclosures)),
		"a key binding of the second":   change(general, second("kb_jwt", "x")),
		"signatures beside a signature": change(general, func(m map[string]any) { m["signature"] = "x" }),
		"no signatures":                 change(general, func(m map[string]any) { m["signatures"] = []any{} }),
	} {
		_, err := sdjwt.Parse(raw)
		require.ErrorIs(t, err, sdjwt.ErrMalformed, name)
	}

	_, err = sdjwt.NewJSON(nil, nil)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	other, err := jose.Sign(ctx, newSigner(t, "issuer1"), jose.Header{}, []byte(`{}`))
	require.NoError(t, err)
	_, err = sdjwt.NewJSON([][]byte{signed[0], other}, nil)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	_, err = sdjwt.NewJSON([][]byte{[]byte("x")}, nil)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
}

func TestSelect(t *testing.T) {
	token := sealed(t, `{"name":{"given":"Amina","family":"Example"},"n":["ID","MY","SA"],"open":{"a":1}}`, sdjwt.Options{
		Disclosable: []string{"/name", "/name/given", "/name/family", "/n/0", "/n/2"},
	})
	all, _ := open(t, token.Bytes())
	for _, c := range []struct {
		show []string
		want string
	}{
		{nil, `{"n":["MY"],"open":{"a":1}}`},
		{[]string{"/open"}, `{"n":["MY"],"open":{"a":1}}`},
		{[]string{""}, `{"n":["ID","MY","SA"],"name":{"family":"Example","given":"Amina"},"open":{"a":1}}`},
		{[]string{"/name"}, `{"n":["MY"],"name":{"family":"Example","given":"Amina"},"open":{"a":1}}`},
		{[]string{"/name/given"}, `{"n":["MY"],"name":{"given":"Amina"},"open":{"a":1}}`},
		{[]string{"/n/2", "/n/2"}, `{"n":["MY","SA"],"open":{"a":1}}`},
	} {
		selected, err := all.Select(c.show...)
		require.NoError(t, err)
		got, _ := open(t, token.With(selected).Bytes())
		require.Equal(t, c.want, string(marshal(t, got)), "%v", c.show)
	}
	for _, p := range []string{"name", "/", "/nam", "/n/3", "/n/00", "/n/-", "/name/given/x", "/open/~2"} {
		_, err := all.Select("/open", p)
		require.ErrorIs(t, err, proof.ErrPointer, p)
		require.ErrorContains(t, err, "pointer 1")
	}
}

func TestConceal(t *testing.T) {
	claims := `{"a":{"b":[1,{"c":"hidden"}]},"d":true}`
	o := sdjwt.Options{Disclosable: []string{"/a", "/a/b/1", "/a/b/1/c", "/d"}}
	payload, disclosures, err := sdjwt.Conceal([]byte(claims), o)
	require.NoError(t, err)
	require.Len(t, disclosures, 4)
	var top map[string]any
	require.NoError(t, json.Unmarshal(payload, &top))
	require.Len(t, top, 2)
	require.Equal(t, "sha-256", top["_sd_alg"])
	require.ElementsMatch(t, []any{sum256(disclosures[2]), sum256(disclosures[3])}, top["_sd"])
	c, err := sdjwt.Open(payload, disclosures)
	require.NoError(t, err)
	require.Equal(t, claims, string(marshal(t, c)))

	// No salt is used twice, within a credential or in the next.
	again, others, err := sdjwt.Conceal([]byte(claims), o)
	require.NoError(t, err)
	require.NotEqual(t, payload, again)
	salts := map[string]bool{}
	for _, d := range append(disclosures, others...) {
		var parts []any
		require.NoError(t, json.Unmarshal(decode64(t, d), &parts))
		salt := parts[0].(string)
		require.Len(t, decode64(t, salt), 16)
		require.False(t, salts[salt])
		salts[salt] = true
	}

	plain, none, err := sdjwt.Conceal([]byte(claims), sdjwt.Options{})
	require.NoError(t, err)
	require.Equal(t, claims, string(plain))
	require.Empty(t, none)
}

func TestConcealHashes(t *testing.T) {
	for _, hash := range []string{"", sdjwt.SHA256, sdjwt.SHA384, sdjwt.SHA512} {
		token := sealed(t, `{"a":1,"n":[2]}`, sdjwt.Options{Disclosable: []string{"/a", "/n/0"}, Hash: hash, Decoys: 3})
		c, _ := open(t, token.Bytes())
		require.Equal(t, `{"a":1,"n":[2]}`, string(marshal(t, c)))
		shown := bind(t, token, newSigner(t, "holder"), sdjwt.Binding{Audience: "a", Nonce: "n", Issued: now})
		kb, err := shown.ReadBinding(c)
		require.NoError(t, err)
		require.NoError(t, kb.Verify(newSigner(t, "holder").Key()))
	}
	_, _, err := sdjwt.Conceal([]byte(`{}`), sdjwt.Options{Hash: "md5"})
	require.ErrorIs(t, err, sdjwt.ErrHash)
}

func TestConcealDecoys(t *testing.T) {
	counts, lengths := map[int]bool{}, map[int]bool{}
	for range 200 {
		payload, _, err := sdjwt.Conceal([]byte(`{"a":1,"b":{"c":1},"n":["x","y"]}`), sdjwt.Options{Disclosable: []string{"/a", "/n/1"}, Decoys: 4})
		require.NoError(t, err)
		var p struct {
			SD   []string         `json:"_sd"`
			N    []any            `json:"n"`
			Open map[string]any   `json:"b"`
			_    map[string][]any // nothing else
		}
		require.NoError(t, json.Unmarshal(payload, &p))
		counts[len(p.SD)], lengths[len(p.N)] = true, true
		require.Equal(t, map[string]any{"c": 1.0}, p.Open, "nothing hidden, no decoys")
		for i := 1; i < len(p.SD); i++ {
			require.Less(t, p.SD[i-1], p.SD[i], "not in alphabetical order")
		}
	}
	require.Equal(t, map[int]bool{2: true, 3: true, 4: true, 5: true}, counts)
	require.Equal(t, map[int]bool{3: true, 4: true, 5: true, 6: true}, lengths)
}

func TestConcealRefuses(t *testing.T) {
	for _, c := range []struct {
		claims string
		o      sdjwt.Options
		want   error
	}{
		{`[]`, sdjwt.Options{}, sdjwt.ErrMalformed},
		{`{`, sdjwt.Options{}, sdjwt.ErrMalformed},
		{`{"_sd":[]}`, sdjwt.Options{}, sdjwt.ErrMalformed},
		{`{"a":[{"...":"x"}]}`, sdjwt.Options{}, sdjwt.ErrMalformed},
		{`{"a":{"_sd_alg":"x"}}`, sdjwt.Options{}, sdjwt.ErrMalformed},
		{`{"a":1}`, sdjwt.Options{Disclosable: []string{"/b"}}, proof.ErrPointer},
		{`{"a":1}`, sdjwt.Options{Disclosable: []string{""}}, proof.ErrPointer},
		{`{"a":1}`, sdjwt.Options{Disclosable: []string{"a"}}, proof.ErrPointer},
		{`{"a":1}`, sdjwt.Options{Decoys: -1}, sdjwt.ErrMalformed},
		{`{"a":1}`, sdjwt.Options{Decoys: sdjwt.MaxDecoys + 1}, sdjwt.ErrMalformed},
	} {
		_, _, err := sdjwt.Conceal([]byte(c.claims), c.o)
		require.ErrorIs(t, err, c.want, "%s %v", c.claims, c.o)
	}
}

func TestKeyBinding(t *testing.T) {
	holder := newSigner(t, "holder")
	token := sealed(t, `{"a":1,"b":2}`, sdjwt.Options{Disclosable: []string{"/a", "/b"}})
	b := sdjwt.Binding{Audience: "https://border.example", Nonce: "n-1", Issued: now, NotBefore: now, Expires: now.AddDate(0, 0, 1)}
	shown := bind(t, token, holder, b)
	c, got := open(t, shown.Bytes())
	kb, err := got.ReadBinding(c)
	require.NoError(t, err)
	require.Equal(t, b, kb.Binding)
	require.NoError(t, kb.Verify(holder.Key()))

	require.ErrorIs(t, kb.Verify(newSigner(t, "issuer0").Key()), proof.ErrMismatch)
	wrong := holder.Key()
	wrong.Algorithms = []proof.Algorithm{proof.ES384}
	require.ErrorIs(t, kb.Verify(wrong), proof.ErrKey)

	// Over fewer, more, or reordered disclosures, and over another token.
	other := sealed(t, `{"a":1,"b":2}`, sdjwt.Options{Disclosable: []string{"/a", "/b"}})
	d := token.Disclosures
	for _, moved := range []*sdjwt.Token{token.With(d[:1]), token.With([]string{d[1], d[0]}), other} {
		raw := append(moved.Bytes(), shown.KeyBinding...)
		c, got := open(t, raw)
		kb, err := got.ReadBinding(c)
		require.NoError(t, err)
		require.ErrorIs(t, kb.Verify(holder.Key()), sdjwt.ErrBinding)
	}

	_, err = token.ReadBinding(c)
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	for _, b := range []sdjwt.Binding{{}, {Audience: "a", Issued: now}, {Nonce: "n", Issued: now}, {Audience: "a", Nonce: "n"}} {
		_, err := token.Bind(ctx, c, holder, b)
		require.ErrorIs(t, err, sdjwt.ErrBinding)
	}
}

// What a binding was made for is compared to the letter, and its times to the
// second (RFC 9901, section 7.3; RFC 7519, sections 4.1.4 and 4.1.5).
func TestMadeFor(t *testing.T) {
	kb := sdjwt.KeyBinding{Binding: sdjwt.Binding{Audience: "a", Nonce: "n", Issued: now, NotBefore: now.Add(-time.Hour), Expires: now.Add(time.Hour)}}
	for _, c := range []struct {
		audience, nonce string
		at              time.Duration
		age             time.Duration
		place           string // of what is wrong; empty: nothing is
	}{
		{"a", "n", 0, 0, ""}, {"", "n", 0, 0, ""}, {"a", "n", 10 * time.Minute, 0, ""}, {"a", "n", -10 * time.Minute, -1, ""}, {"a", "n", -time.Hour, time.Hour, ""},
		{"a", "N", 0, 0, "nonce"}, {"a", "n ", 0, 0, "nonce"}, {"A", "n", 0, 0, "aud"}, {"a/", "n", 0, 0, "aud"},
		{"a", "n", 10*time.Minute + 1, 0, "iat"}, {"a", "n", -10*time.Minute - 1, 0, "iat"}, {"a", "n", 2 * time.Second, time.Second, "iat"},
		{"a", "n", time.Hour, 2 * time.Hour, "exp"}, {"a", "n", -time.Hour - 1, 2 * time.Hour, "nbf"},
		{"b", "", 5 * time.Hour, 0, ""}, // whoever has no nonce of its own can't tell a replay
	} {
		err := kb.MadeFor(c.audience, c.nonce, now.Add(c.at), c.age)
		if c.place == "" {
			require.NoError(t, err, "%v", c)
			continue
		}
		require.ErrorIs(t, err, sdjwt.ErrBinding)
		require.ErrorContains(t, err, c.place)
	}
	forever := sdjwt.KeyBinding{Binding: sdjwt.Binding{Nonce: "n", Issued: now}}
	require.NoError(t, forever.MadeFor("", "n", now, 0))
}

func TestKeyBindingRefuses(t *testing.T) {
	holder := newSigner(t, "holder")
	token := sealed(t, `{}`, sdjwt.Options{})
	c, _ := open(t, token.Bytes())
	const good = `{"aud":"a","iat":1,"nonce":"n","sd_hash":"x"}`
	for name, kb := range map[string][]byte{
		"another type":  sign(t, holder, "dc+sd-jwt", good),
		"no type":       sign(t, holder, "", good),
		"no audience":   sign(t, holder, "kb+jwt", `{"iat":1,"nonce":"n","sd_hash":"x"}`),
		"two audiences": sign(t, holder, "kb+jwt", `{"aud":["a"],"iat":1,"nonce":"n","sd_hash":"x"}`),
		"no nonce":      sign(t, holder, "kb+jwt", `{"aud":"a","iat":1,"sd_hash":"x"}`),
		"no time":       sign(t, holder, "kb+jwt", `{"aud":"a","nonce":"n","sd_hash":"x"}`),
		"time as text":  sign(t, holder, "kb+jwt", `{"aud":"a","iat":"1","nonce":"n","sd_hash":"x"}`),
		"a huge time":   sign(t, holder, "kb+jwt", `{"aud":"a","iat":1e300,"nonce":"n","sd_hash":"x"}`),
		"negative":      sign(t, holder, "kb+jwt", `{"aud":"a","iat":-1,"nonce":"n","sd_hash":"x"}`),
		"exp null":      sign(t, holder, "kb+jwt", `{"aud":"a","iat":1,"exp":null,"nonce":"n","sd_hash":"x"}`),
		"no hash":       sign(t, holder, "kb+jwt", `{"aud":"a","iat":1,"nonce":"n"}`),
		"a name twice":  sign(t, holder, "kb+jwt", `{"aud":"a","aud":"a","iat":1,"nonce":"n","sd_hash":"x"}`),
		"no object":     sign(t, holder, "kb+jwt", `[]`),
		"an SD-JWT":     token.Bytes(),
	} {
		got, err := sdjwt.Parse(append(token.Bytes(), kb...))
		if name != "an SD-JWT" {
			require.NoError(t, err, name)
			_, err = got.ReadBinding(c)
		} else if err == nil {
			_, err = sdjwt.Open(got.Messages[0].Payload, got.Disclosures)
		}
		require.ErrorIs(t, err, sdjwt.ErrMalformed, name)
	}
}

func sign(t testing.TB, s proof.Signer, typ, payload string) []byte {
	m, err := jose.Sign(ctx, s, jose.Header{Type: typ}, []byte(payload))
	require.NoError(t, err)
	return m
}
