package sdjwt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/trustlist"
)

// marked collects the members of a specification that are marked !sd.
func marked(n *yaml.Node, at string, out *[]string) {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		p := at + "/" + n.Content[i].Value
		if n.Content[i].Tag == "!sd" {
			*out = append(*out, p)
			n.Content[i].Tag = "!!str"
		}
		marked(n.Content[i+1], p, out)
	}
}

// shownOf are pointers to what a specification's holder shows: members that are
// true, and arrays of which an element is.
func shownOf(v any, at string) (out []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			out = append(out, shownOf(m, at+"/"+name)...)
		}
	case []any:
		out = append(out, at)
	case bool:
		if v {
			out = append(out, at)
		}
	}
	return out
}

// The specifications that are of SD-JWT VCs, from the draft to the verdict.
func TestConformanceSDJWTVC(t *testing.T) {
	met, total := 0, 0
	for _, f := range []string{"sd-jwt-vc/examples/01", "sd-jwt-vc/examples/02", "sd-jwt-vc/examples/03-pid", "sd-jwt/examples/arf-pid"} {
		total++
		raw, err := os.ReadFile(filepath.Join(testvectors.Dir(t, "ietf", f), "specification.yml"))
		require.NoError(t, err)
		if t.Run(f, func(t *testing.T) { specification(t, raw) }) {
			met++
		} else {
			fmt.Printf("not met: %s\n", f)
		}
	}
	fmt.Printf("conformance: sd-jwt-vc %d/%d\n", met, total)
}

func specification(t *testing.T, raw []byte) {
	var s struct {
		Claims yaml.Node      `yaml:"user_claims"`
		Show   map[string]any `yaml:"holder_disclosed_claims"`
		Bound  bool           `yaml:"key_binding"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &s))
	var hidden []string
	marked(&s.Claims, "", &hidden)
	var claims map[string]any
	require.NoError(t, s.Claims.Decode(&claims))

	c := sdjwt.Content{Type: claims["vct"].(string), Issuer: "https://example.com/issuer", Claims: claims, ValidUntil: time.Now().AddDate(1, 0, 0), Options: sd.Options{Disclosable: hidden}}
	delete(claims, "vct")
	if iss, ok := claims["iss"].(string); ok {
		c.Issuer = iss
		delete(claims, "iss")
	}
	if s.Bound {
		c.Holder = holderKey
	}
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	l, err := trustlist.New(trustlist.Info{Name: "test"}, trustlist.Entry{Names: []string{c.Issuer}, Keys: list(t).Entries()[0].Keys, Roles: []trustlist.Role{trustlist.RoleIssue}})
	require.NoError(t, err)
	held := credential.Held{Raw: issueDraft(t, sdjwt.Format{}, d), Format: sdjwt.Format{}, Show: shownOf(s.Show, "")}
	p := credential.Policy{Types: []string{c.Type}, Issuers: []string{c.Issuer}, Binding: binding, AllowBearer: !s.Bound}
	if s.Bound {
		held.Signer = holderSigner(t)
	}
	shown, err := credential.Present(ctx, nil, []credential.Held{held}, binding)
	require.NoError(t, err)
	r, err := verifierOf(t, sdjwt.Format{}, l).VerifyPresentation(ctx, shown, p)
	require.NoError(t, err)

	got := claimsOf(t, r.Results[0])
	for _, name := range []string{"vct", "iss", "iat", "exp"} {
		require.Contains(t, got, name)
		delete(got, name)
	}
	require.Equal(t, s.Bound, got["cnf"] != nil)
	delete(got, "cnf")
	want := map[string]any{}
	for name, v := range s.Show {
		want[name] = claims[name]
		if parts, ok := v.(map[string]any); ok {
			some := map[string]any{}
			for part := range parts {
				some[part] = claims[name].(map[string]any)[part]
			}
			want[name] = some
		}
	}
	require.Equal(t, want, got)
}
