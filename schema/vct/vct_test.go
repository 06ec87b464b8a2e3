package vct_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/schema/vct"
	"github.com/sanad-credentials/sanad/trustlist"
)

var ctx = context.Background()

const card = "https://health.example/card"

func sri(raw string) string {
	h := sha256.Sum256([]byte(raw))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}

func TestParse(t *testing.T) {
	got, err := vct.Parse([]byte(`{
		"vct":"` + card + `","name":"Card","description":"For developers","unheard":{"of":1},
		"display":[{"locale":"en","name":"Pilgrim card","description":"d","rendering":{"simple":{"text_color":"#fff"}}},{"lang":"ar","name":"بطاقة"}],
		"claims":[
			{"path":["name"],"mandatory":true,"sd":"always","svg_id":"name_1","display":[{"locale":"en","label":"Name","description":"d"}]},
			{"path":["doses",null,"date"]},{"path":["doses",0,""],"sd":"never"}
		]}`))
	require.NoError(t, err)
	require.Equal(t, card, got.VCT)
	require.Equal(t, "Card", got.Name)
	require.Equal(t, []vct.Display{
		{Locale: "en", Name: "Pilgrim card", Description: "d", Rendering: []byte(`{"simple":{"text_color":"#fff"}}`)}, {Locale: "ar", Name: "بطاقة"},
	}, got.Display)
	require.Equal(t, []vct.Claim{
		{Path: []vct.Step{{Name: "name"}}, Mandatory: true, SD: vct.Always, SVGID: "name_1", Label: []vct.Label{{Locale: "en", Label: "Name", Description: "d"}}},
		{Path: []vct.Step{{Name: "doses"}, {Element: true, Index: vct.AllElements}, {Name: "date"}}},
		{Path: []vct.Step{{Name: "doses"}, {Element: true}, {}}, SD: vct.Never},
	}, got.Claims)
}

func TestParseRefuses(t *testing.T) {
	for members, place := range map[string]string{
		``:                          "vct:",
		`"vct":1`:                   "vct:",
		`"vct":"a","name":1`:        "name:",
		`"vct":"a","extends":["b"]`: "extends:",
		`"vct":"a","extends#integrity":"` + sri("") + `"`:                              "extends#integrity:",
		`"vct":"a","extends":"b","extends#integrity":"md5-x"`:                          "extends#integrity:",
		`"vct":"a","display":{}`:                                                       "display:",
		`"vct":"a","display":["x"]`:                                                    "display[0]",
		`"vct":"a","display":[{"name":"x"}]`:                                           "display[0].locale",
		`"vct":"a","display":[{"locale":"en"}]`:                                        "display[0].name",
		`"vct":"a","display":[{"locale":"en","name":"x","rendering":1}]`:               "display[0].rendering",
		`"vct":"a","claims":{}`:                                                        "claims:",
		`"vct":"a","claims":[{}]`:                                                      "claims[0].path",
		`"vct":"a","claims":[{"path":[]}]`:                                             "claims[0].path",
		`"vct":"a","claims":[{"path":"x"}]`:                                            "claims[0].path",
		`"vct":"a","claims":[{"path":[true]}]`:                                         "claims[0].path[0]",
		`"vct":"a","claims":[{"path":["a",-1]}]`:                                       "claims[0].path[1]",
		`"vct":"a","claims":[{"path":["a",1.5]}]`:                                      "claims[0].path[1]",
		`"vct":"a","claims":[{"path":["a"]},{"path":["a"]}]`:                           "claims[1].path",
		`"vct":"a","claims":[{"path":["a"],"mandatory":"yes"}]`:                        "claims[0].mandatory",
		`"vct":"a","claims":[{"path":["a"],"sd":"maybe"}]`:                             "claims[0].sd",
		`"vct":"a","claims":[{"path":["a"],"svg_id":"1a"}]`:                            "claims[0].svg_id",
		`"vct":"a","claims":[{"path":["a"],"svg_id":"a"},{"path":["b"],"svg_id":"a"}]`: "claims[1].svg_id",
		`"vct":"a","claims":[{"path":["a"],"display":[{"locale":"en"}]}]`:              "claims[0].display[0].label",
		`"vct":"a","vct":"a"`:                                                          "a name twice",
	} {
		_, err := vct.Parse([]byte("{" + members + "}"))
		require.ErrorIs(t, err, vct.ErrMetadata, members)
		require.ErrorContains(t, err, place, members)
	}
	for _, raw := range []string{"", "[]", "null", `{"vct":"a"`} {
		_, err := vct.Parse([]byte(raw))
		require.ErrorIs(t, err, vct.ErrMetadata)
	}
	_, err := vct.Parse(make([]byte, limits.Metadata+1))
	require.ErrorIs(t, err, vct.ErrMetadata)
}

func TestExtends(t *testing.T) {
	base := `{"vct":"base","claims":[{"path":["name"],"sd":"always","mandatory":true},{"path":["city"],"display":[{"locale":"en","label":"City"}]}]}`
	docs := vct.Documents{
		"base":  []byte(base),
		"child": []byte(`{"vct":"child","extends":"base","extends#integrity":"` + sri(base) + `","claims":[{"path":["city"],"sd":"never","display":[{"locale":"en","label":"Town"}]},{"path":["name"]},{"path":["more"]}]}`),
		"young": []byte(`{"vct":"young","extends":"child"}`),
	}
	got, err := vct.Load(ctx, docs, "young", sri(string(docs["young"])))
	require.NoError(t, err)
	require.Equal(t, []string{"child", "base"}, got.Extends)
	require.Len(t, got.Claims, 3)
	require.Equal(t, vct.Claim{Path: []vct.Step{{Name: "name"}}, Mandatory: true, SD: vct.Always}, got.Claims[0], "what is fixed stays fixed")
	require.Equal(t, "Town", got.Claims[1].Label[0].Label)
	require.Equal(t, vct.Never, got.Claims[1].SD)

	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"itself":               {`{"vct":"x","extends":"x"}`, vct.ErrMetadata},
		"in a circle":          {`{"vct":"x","extends":"y"}`, vct.ErrMetadata},
		"what is not there":    {`{"vct":"x","extends":"nothing"}`, vct.ErrNone},
		"what has changed":     {`{"vct":"x","extends":"base","extends#integrity":"` + sri("other") + `"}`, vct.ErrIntegrity},
		"always to never":      {`{"vct":"x","extends":"base","claims":[{"path":["name"],"sd":"never"}]}`, vct.ErrMetadata},
		"always to allowed":    {`{"vct":"x","extends":"base","claims":[{"path":["name"],"sd":"allowed"}]}`, vct.ErrMetadata},
		"under another's name": {`{"vct":"base"}`, vct.ErrMetadata},
	} {
		docs["x"], docs["y"] = []byte(c.doc), []byte(`{"vct":"y","extends":"x"}`)
		_, err := vct.Load(ctx, docs, "x", "")
		require.ErrorIs(t, err, c.want, name)
	}
	_, err = vct.Load(ctx, docs, "base", sri("other"))
	require.ErrorIs(t, err, vct.ErrIntegrity)
	_, err = vct.Load(ctx, docs, "base", "no digest")
	require.ErrorIs(t, err, vct.ErrIntegrity)
	_, err = vct.Load(ctx, docs, "nothing", "")
	require.ErrorIs(t, err, vct.ErrNone)

	for i := range limits.TypeChain + 1 {
		docs[fmt.Sprint(i)] = fmt.Appendf(nil, `{"vct":"%d","extends":"%d"}`, i, i+1)
	}
	_, err = vct.Load(ctx, docs, "0", "")
	require.ErrorIs(t, err, vct.ErrMetadata)
	require.ErrorContains(t, err, "more than 8")
}

func signer(t testing.TB) proof.Signer {
	seed := sha256.Sum256([]byte("vct test"))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(t, err)
	s, err := proof.NewSigner(k, proof.Key{ID: "issuer-1"})
	require.NoError(t, err)
	return s
}

const metadata = `{"vct":"` + card + `","claims":[
	{"path":["name"],"sd":"always","mandatory":true},
	{"path":["country"],"sd":"never","mandatory":true},
	{"path":["address","city"],"sd":"never","mandatory":true},
	{"path":["doses",null,"date"],"sd":"never"},
	{"path":["doses",null],"sd":"allowed"},
	{"path":["doses",0],"sd":"always"}
]}`

// issued returns a draft, and the credential as the holder shows it.
func issued(t *testing.T, claims string, disclosable []string, show ...string) (*credential.Draft, *credential.Credential) {
	t.Helper()
	d, err := sdjwt.FromJSON([]byte(`{"iss":"https://health.example","vct":"`+card+`",`+claims+`}`), sd.Options{Disclosable: disclosable})
	require.NoError(t, err)
	f := sdjwt.Format{}
	raw, err := f.Seal(ctx, d, []proof.Signer{signer(t)})
	require.NoError(t, err)
	raw, err = f.Derive(ctx, credential.Held{Raw: raw, Show: show}, credential.Binding{})
	require.NoError(t, err)
	env, err := f.Parse(raw, "")
	require.NoError(t, err)
	return d, env.Credential
}

func TestCheck(t *testing.T) {
	k := vct.Checker{Source: vct.Documents{card: []byte(metadata)}}
	const all = `"name":"A","country":"ID","address":{"city":"J"},"doses":[{"date":"x"},{"date":"y"}]`
	hide := []string{"/name", "/doses/0", "/doses/1"}
	for _, c := range []struct {
		name, claims  string
		hide, show    []string
		draft, parsed string // what each is refused for
	}{
		{"as it should be", all, hide, []string{""}, "", ""},
		{"nothing shown", all, hide, nil, "", ""},
		{"the address hidden", all, append(hide, "/address"), nil, "", ""},
		{"always, and in the clear", all, hide[1:], nil, "claims[0]: sd is always", "claims[0]: sd is always"},
		{"never, and hidden", all, append(hide, "/country"), []string{"/country"}, "claims[1]: sd is never", "claims[1]: sd is never"},
		{"never, and hidden, and not shown", all, append(hide, "/country"), nil, "claims[1]: sd is never", "claims[1]: mandatory"},
		{"never inside an element", all, append(hide, "/doses/1/date"), []string{"/doses/1"}, "claims[3]: sd is never", "claims[3]: sd is never"},
		{"without what is mandatory", `"name":"A","address":{"city":"J"}`, hide[:1], nil, "claims[1]: mandatory", "claims[1]: mandatory"},
		{"without what may be hidden", `"country":"ID","address":{"city":"J"}`, []string{}, nil, "claims[0]: mandatory", ""},
		{"without what is mandatory inside", `"name":"A","country":"ID","address":{}`, hide[:1], nil, "claims[2]: mandatory", "claims[2]: mandatory"},
		{"an address of text", `"name":"A","country":"ID","address":"J"`, hide[:1], nil, "claims[2]: its path", "claims[2]: its path"},
		{"doses of text", `"name":"A","country":"ID","address":{"city":"J"},"doses":"none"`, hide[:1], nil, "claims[3]: its path", "claims[3]: its path"},
		{"the first dose in the clear", all, []string{"/name", "/doses/1"}, nil, "claims[5]: sd is always", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, parsed := issued(t, c.claims, c.hide, c.show...)
			for want, err := range map[*string]error{&c.draft: k.CheckSchema(ctx, &d.Credential), &c.parsed: k.CheckSchema(ctx, parsed)} {
				if *want == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, credential.ErrSchema)
				require.ErrorContains(t, err, *want)
			}
		})
	}
	// A library says the same.
	l, err := vct.NewLibrary(vct.Documents{card: []byte(metadata)})
	require.NoError(t, err)
	for _, claims := range []string{all, `"name":"A","country":"ID","address":"J"`} {
		d, parsed := issued(t, claims, hide[:1])
		for _, c := range []*credential.Credential{&d.Credential, parsed} {
			want := k.CheckSchema(ctx, c)
			got := vct.Checker{Source: l}.CheckSchema(ctx, c)
			require.Equal(t, want == nil, got == nil)
			if want != nil {
				require.EqualError(t, got, want.Error())
			}
		}
	}
	// Where the rest of the draft decides what is hidden, the draft is not held to it.
	d, _ := issued(t, all, nil)
	require.NoError(t, k.CheckSchema(ctx, &d.Credential))
}

func TestLibrary(t *testing.T) {
	docs := vct.Documents{card: []byte(metadata), "base": []byte(`{"vct":"base"}`), "child": []byte(`{"vct":"child","extends":"base"}`)}
	l, err := vct.NewLibrary(docs)
	require.NoError(t, err)
	delete(docs, card)
	raw, err := l.TypeMetadata(ctx, card)
	require.NoError(t, err)
	require.Equal(t, metadata, string(raw))

	_, plain := issued(t, `"name":"A","country":"ID","address":{"city":"J"}`, []string{"/name"})
	require.NoError(t, vct.Checker{Source: l}.CheckSchema(ctx, plain))
	for digest, want := range map[string]error{sri(metadata): nil, sri("x"): vct.ErrIntegrity} {
		_, c := issued(t, `"name":"A","country":"ID","address":{"city":"J"},"vct#integrity":"`+digest+`"`, []string{"/name"})
		require.ErrorIs(t, vct.Checker{Source: l}.CheckSchema(ctx, c), want)
	}
	empty, err := vct.NewLibrary(nil)
	require.NoError(t, err)
	require.ErrorIs(t, vct.Checker{Source: empty}.CheckSchema(ctx, plain), proof.ErrUnavailable)
	require.NoError(t, vct.Checker{Source: empty, Optional: true}.CheckSchema(ctx, plain))

	for _, c := range []struct {
		doc  string
		want error
	}{{`{`, vct.ErrMetadata}, {`{"vct":"other"}`, vct.ErrMetadata}, {`{"vct":"x","extends":"nothing"}`, vct.ErrNone}} {
		_, err := vct.NewLibrary(vct.Documents{"x": []byte(c.doc)})
		require.ErrorIs(t, err, c.want)
	}
}

type failing struct{ err error }

func (f failing) TypeMetadata(context.Context, string) ([]byte, error) { return nil, f.err }

func TestCheckWithout(t *testing.T) {
	_, c := issued(t, `"a":1`, []string{})
	docs := vct.Documents{}
	require.ErrorIs(t, vct.Checker{Source: docs}.CheckSchema(ctx, c), proof.ErrUnavailable)
	require.ErrorIs(t, vct.Checker{}.CheckSchema(ctx, c), proof.ErrUnavailable)
	require.NoError(t, vct.Checker{Source: docs, Optional: true}.CheckSchema(ctx, c))
	// A type that extends one that nobody has is not without metadata, nor is one
	// whose digest the credential has.
	docs[card] = []byte(`{"vct":"` + card + `","extends":"x"}`)
	require.ErrorIs(t, vct.Checker{Source: docs, Optional: true}.CheckSchema(ctx, c), proof.ErrUnavailable)
	_, stated := issued(t, `"vct#integrity":"`+sri("x")+`"`, []string{})
	require.ErrorIs(t, vct.Checker{Source: vct.Documents{}, Optional: true}.CheckSchema(ctx, stated), proof.ErrUnavailable)
	require.ErrorIs(t, vct.Checker{Source: docs}.CheckSchema(ctx, stated), credential.ErrSchema)
	require.ErrorIs(t, vct.Checker{Source: docs}.CheckSchema(ctx, stated), vct.ErrIntegrity)

	broken := errors.New("broken")
	require.ErrorIs(t, vct.Checker{Source: failing{broken}}.CheckSchema(ctx, c), broken)
	require.NoError(t, vct.Checker{}.CheckSchema(ctx, &credential.Credential{Types: []string{"x"}}), "of another format")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(metadata))
	f.Add([]byte(`{"vct":"a","extends":"b","display":[{"lang":"en","name":"x"}],"claims":[{"path":["a",null,0],"svg_id":"a"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := vct.Parse(raw)
		if err != nil {
			require.ErrorIs(t, err, vct.ErrMetadata)
			return
		}
		require.NotEmpty(t, got.VCT)
		_, err = vct.Load(ctx, vct.Documents{got.VCT: raw}, got.VCT, sri(string(raw)))
		if strings.Contains(string(raw), "extends") {
			return
		}
		require.NoError(t, err)
	})
}

// counted is a source that is not in memory.
type counted struct {
	vct.Documents
	asked *int
}

func (c counted) TypeMetadata(ctx context.Context, name string) ([]byte, error) {
	*c.asked++
	return c.Documents.TypeMetadata(ctx, name)
}

// A token that nobody signed must not make a verifier go to where its type points.
func TestTypesOfTheUntrustedAreNotAskedFor(t *testing.T) {
	asked := 0
	docs := vct.Documents{card: []byte(metadata)}
	remote := vct.Checker{Source: counted{docs, &asked}}
	require.True(t, remote.Asks())
	l, err := vct.NewLibrary(docs)
	require.NoError(t, err)
	for _, s := range []vct.Source{nil, docs, l} {
		require.False(t, vct.Checker{Source: s}.Asks())
	}
	d, err := sdjwt.FromJSON([]byte(`{"iss":"https://health.example","vct":"`+card+`","name":"A"}`), sd.Options{Disclosable: []string{"/name"}})
	require.NoError(t, err)
	raw, err := sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t)})
	require.NoError(t, err)
	list, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Names: []string{"https://health.example"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{signer(t).Key()}})
	require.NoError(t, err)
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: list, Trust: list, Schema: remote})
	require.NoError(t, err)
	jws, rest, _ := strings.Cut(string(raw), "~")
	forged := jws[:len(jws)-8] + "AAAAAAAA~" + rest
	_, err = v.Verify(ctx, []byte(forged), credential.Policy{})
	require.ErrorIs(t, err, credential.ErrSignature)
	require.Zero(t, asked)
	_, err = v.Verify(ctx, raw, credential.Policy{})
	require.ErrorIs(t, err, credential.ErrSchema, "without the country")
	require.Equal(t, 1, asked)
}
