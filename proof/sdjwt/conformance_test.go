package sdjwt_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sanad-credentials/sanad/internal/pointer"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	"github.com/sanad-credentials/sanad/proof/sdjwt"
)

// spec is a specification.yml: what an issuer hides, what the holder shows, and
// what the verifier gets.
type spec struct {
	Claims   yaml.Node      `yaml:"user_claims"`
	Show     any            `yaml:"holder_disclosed_claims"`
	Expect   map[string]any `yaml:"expect_verified_user_claims"`
	Bound    bool           `yaml:"key_binding"`
	Form     string         `yaml:"serialization_format"`
	Decoys   bool           `yaml:"add_decoy_claims"`
	Defaults *bool          `yaml:"include_default_claims"`
	Header   struct {
		KeyID any    `yaml:"kid"`
		Type  string `yaml:"typ"`
	} `yaml:"extra_header_parameters"`
	Override settings `yaml:"settings_override"`
}

type settings struct {
	Identifiers struct{ Issuer, Verifier string } `yaml:"identifiers"`
	Keys        struct {
		Issuer []map[string]string `yaml:"issuer_keys"`
	} `yaml:"key_settings"`
	IssuerKeys []map[string]string `yaml:"issuer_keys"`
	Nonce      string              `yaml:"key_binding_nonce"`
	Issued     int64               `yaml:"iat"`
	Expires    int64               `yaml:"exp"`
}

// value is a value of a specification. hidden says that it is marked !sd.
type value struct {
	hidden bool
	at     string
	scalar any
	names  []string // of an object's members
	parts  []value  // of an object or array
	kind   yaml.Kind
}

func read(t *testing.T, n *yaml.Node, at string, hidden bool) value {
	v := value{hidden: hidden || n.Tag == "!sd", at: at, kind: n.Kind}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			name := n.Content[i].Value
			v.names = append(v.names, name)
			v.parts = append(v.parts, read(t, n.Content[i+1], string(pointer.Append([]byte(at), name)), n.Content[i].Tag == "!sd"))
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			v.parts = append(v.parts, read(t, e, at+"/"+strconv.Itoa(i), false))
		}
	default:
		m := *n
		if m.Tag == "!sd" {
			m.Tag = ""
		}
		if m.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			m.Tag = "!!str"
		}
		require.NoError(t, m.Decode(&v.scalar))
	}
	return v
}

// plain is the value without those parts that keep refuses.
func (v value) plain(keep func(value) bool) any {
	switch v.kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i, p := range v.parts {
			if keep(p) {
				out[v.names[i]] = p.plain(keep)
			}
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, p := range v.parts {
			if keep(p) {
				out = append(out, p.plain(keep))
			}
		}
		return out
	}
	return v.scalar
}

func (v value) walk(yield func(value)) {
	yield(v)
	for _, p := range v.parts {
		p.walk(yield)
	}
}

func (v value) hiddenParts() (out []string) {
	v.walk(func(p value) {
		if p.hidden {
			out = append(out, p.at)
		}
	})
	return out
}

// chosen adds what a specification's holder shows of v. In an object a member
// is shown whose value is neither null, false, nor empty; in an array an element
// is whose value is neither null nor false; true stands for showing nothing
// further in it.
func (v value) chosen(show any, into map[string]bool) {
	switch v.kind {
	case yaml.MappingNode:
		m, _ := show.(map[string]any)
		for i, p := range v.parts {
			s := m[v.names[i]]
			if !p.hidden || truthy(s) {
				into[p.at] = p.hidden
				p.chosen(s, into)
			}
		}
	case yaml.SequenceNode:
		l, _ := show.([]any)
		for i, p := range v.parts {
			var s any
			if i < len(l) {
				s = l[i]
			}
			if !p.hidden || s != nil && s != false {
				into[p.at] = p.hidden
				p.chosen(s, into)
			}
		}
	}
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

// pointers are what a holder names to show the chosen parts: those that are
// shown whole, and of others what is in the clear inside them. ok is false where
// something is shown that has no part to name.
func (v value) pointers(chosen map[string]bool) (out []string, ok bool) {
	whole := !slices.ContainsFunc(v.hiddenParts(), func(p string) bool { return !chosen[p] })
	if whole && v.at != "" {
		return []string{v.at}, true
	}
	for _, p := range v.parts {
		if _, shown := chosen[p.at]; !shown {
			continue
		}
		more, is := p.pointers(chosen)
		if !is {
			return nil, false
		}
		out = append(out, more...)
	}
	return out, len(out) > 0 || !v.hidden
}

func TestConformanceSDJWT(t *testing.T) {
	met, total := 0, 0
	for _, set := range []string{"sd-jwt/examples", "sd-jwt-python/testcases", "sd-jwt-vc/examples"} {
		dir := testvectors.Dir(t, "ietf", set)
		var common settings
		load(t, filepath.Join(dir, "settings.yml"), &common)
		files, err := filepath.Glob(filepath.Join(dir, "*", "specification.yml"))
		require.NoError(t, err)
		for _, f := range files {
			total++
			name := set + "/" + filepath.Base(filepath.Dir(f))
			if t.Run(name, func(t *testing.T) {
				var s spec
				load(t, f, &s)
				s.run(t, common, set != "sd-jwt-python/testcases")
			}) {
				met++
			} else {
				fmt.Printf("not met: %s\n", name)
			}
		}
	}
	require.Equal(t, 35, total)
	fmt.Printf("conformance: sd-jwt %d/%d\n", met, total)
}

func load(t *testing.T, file string, dst any) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(b, dst), file)
}

// run issues, derives, binds and verifies as a specification says.
func (s *spec) run(t *testing.T, common settings, dated bool) {
	claims := read(t, &s.Claims, "", false)
	holder := newSigner(t, "")
	input := claims.plain(func(value) bool { return true }).(map[string]any)
	added := map[string]any{}
	if s.Defaults == nil || *s.Defaults {
		added["iss"] = common.Identifiers.Issuer
		if dated {
			added["iat"], added["exp"] = common.Issued, common.Expires
		}
	}
	if s.Bound {
		added["cnf"] = map[string]any{"jwk": json.RawMessage(publicJWK(t, holder))}
	}
	for name := range added {
		if _, there := input[name]; there && name != "cnf" {
			delete(added, name)
		}
	}
	maps.Copy(input, added)

	o := sdjwt.Options{Disclosable: claims.hiddenParts()}
	if s.Decoys {
		o.Decoys = 5
	}
	payload, disclosures, err := sdjwt.Conceal(marshal(t, input), o)
	require.NoError(t, err)
	require.Len(t, disclosures, len(o.Disclosable))
	for _, p := range o.Disclosable {
		require.NotContains(t, string(payload), `"`+p[strings.LastIndexByte(p, '/')+1:]+`":`, "hidden in the payload")
	}
	issued := s.issue(t, common, payload, disclosures)

	chosen := map[string]bool{}
	claims.chosen(s.Show, chosen)
	shown := s.show(t, issued, claims, chosen)
	if s.Bound {
		shown = bind(t, shown, holder, sdjwt.Binding{Audience: common.Identifiers.Verifier, Nonce: common.Nonce, Issued: now})
	}

	got, token := open(t, shown.Bytes())
	if s.Bound {
		kb, err := token.ReadBinding(got)
		require.NoError(t, err)
		require.NoError(t, kb.Verify(holder.Key()))
		require.Equal(t, common.Nonce, kb.Nonce)
		require.Equal(t, common.Identifiers.Verifier, kb.Audience)
	}
	want := s.Expect
	if want == nil { // the specification leaves it to whoever follows its holder
		want = claims.plain(func(p value) bool { _, ok := chosen[p.at]; return ok }).(map[string]any)
	}
	maps.Copy(want, added)
	require.JSONEq(t, string(marshal(t, want)), string(marshal(t, got)))
}

// issue signs with each of the keys that the specification asks for.
func (s *spec) issue(t *testing.T, common settings, payload []byte, disclosures []string) *sdjwt.Token {
	typ := s.Header.Type
	if typ == "" {
		typ = "example+sd-jwt"
	}
	keys := slices.Concat(s.Override.Keys.Issuer, s.Override.IssuerKeys)
	if len(keys) == 0 {
		// header_mod asks for the number 42 as kid; that is a string (RFC 7515,
		// section 4.1.4), and as one it is written: TestNumberAsKeyID.
		kid := ""
		if s.Header.KeyID != nil {
			kid = fmt.Sprint(s.Header.KeyID)
		}
		keys = []map[string]string{{"kid": kid}}
	}
	var signed [][]byte
	for i, k := range keys {
		m, err := jose.Sign(ctx, newSigner(t, "issuer"+strconv.Itoa(i)), jose.Header{Type: typ, KeyID: k["kid"]}, payload)
		require.NoError(t, err)
		signed = append(signed, m)
	}
	var token *sdjwt.Token
	var err error
	if s.Form == "json" {
		token, err = sdjwt.NewJSON(signed, disclosures)
	} else {
		token, err = sdjwt.New(signed[0], disclosures)
	}
	require.NoError(t, err)
	_, received := open(t, token.Bytes())
	require.Equal(t, s.Form == "json", received.JSON)
	require.Len(t, received.Messages, len(keys))
	require.Equal(t, keys[0]["kid"], received.Messages[0].Header.KeyID)
	return received
}

// show takes the disclosures of what is chosen, and holds Select to them.
func (s *spec) show(t *testing.T, issued *sdjwt.Token, claims value, chosen map[string]bool) *sdjwt.Token {
	all, _ := open(t, issued.Bytes())
	var want []string
	for i, p := range all.Disclosed() {
		if chosen[p] {
			want = append(want, issued.Disclosures[i])
		}
	}
	if pointers, ok := claims.pointers(chosen); ok {
		got, err := all.Select(pointers...)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	return issued.With(want)
}

// open checks all signatures and opens the claims.
func open(t *testing.T, raw []byte) (*sdjwt.Claims, *sdjwt.Token) {
	token, err := sdjwt.Parse(raw)
	require.NoError(t, err)
	for i, m := range token.Messages {
		require.NoError(t, m.Verify(newSigner(t, "issuer"+strconv.Itoa(i)).Key()))
	}
	c, err := sdjwt.Open(token.Messages[0].Payload, token.Disclosures)
	require.NoError(t, err)
	return c, token
}

func bind(t *testing.T, token *sdjwt.Token, s proof.Signer, b sdjwt.Binding) *sdjwt.Token {
	c, err := sdjwt.Open(token.Messages[0].Payload, token.Disclosures)
	require.NoError(t, err)
	out, err := token.Bind(ctx, c, s, b)
	require.NoError(t, err)
	return out
}

// A specification of sd-jwt-python has a number as kid, which is no JWS.
func TestNumberAsKeyID(t *testing.T) {
	header := []byte(`{"alg":"ES256","kid":42,"typ":"example+sd-jwt"}`)
	_, err := sdjwt.Parse([]byte(b64(header) + "." + b64([]byte(`{}`)) + "." + b64([]byte("signature")) + "~"))
	require.ErrorIs(t, err, sdjwt.ErrMalformed)
	require.ErrorContains(t, err, "kid")
}
