package sdjwt_test

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
)

// What the claims must be, and what of them a holder must not choose.
func TestRefusedClaims(t *testing.T) {
	const base = `"vct":"` + cardType + `","iss":"` + ministry + `"`
	hidden := func(name, value string) (string, []string) {
		d, digest := hide(name, value)
		return `"_sd":["` + digest + `"]`, []string{d}
	}
	for _, c := range []struct {
		name, claims string
		hide         [2]string // a claim that is disclosed, and its value
		text         string
	}{
		{"no type", `"iss":"x"`, [2]string{}, "vct: missing"},
		{"a type that is an array", `"iss":"x","vct":["t"]`, [2]string{}, "vct: an array"},
		{"an empty type", `"vct":""`, [2]string{}, "vct: a string"},
		{"an issuer that is an object", `"vct":"t","iss":{"id":"x"}`, [2]string{}, "iss: an object"},
		{"a subject that is a number", base + `,"sub":1`, [2]string{}, "sub: a number"},
		{"exp as text", base + `,"exp":"1883000000"`, [2]string{}, "exp: "},
		{"exp null", base + `,"exp":null`, [2]string{}, "exp: "},
		{"exp beyond time", base + `,"exp":1e30`, [2]string{}, "exp: "},
		{"nbf negative", base + `,"nbf":-1`, [2]string{}, "nbf: "},
		{"iat an array", base + `,"iat":[1]`, [2]string{}, "iat: "},
		{"cnf a string", base + `,"cnf":"x"`, [2]string{}, "cnf: a string"},
		{"cnf empty", base + `,"cnf":{}`, [2]string{}, "cnf: an object"},
		{"cnf with no key", base + `,"cnf":{"jwk":{"kty":"EC"}}`, [2]string{}, "cnf: "},
		{"cnf with a secret key", base + `,"cnf":{"jwk":{"kty":"oct","k":"AAAA"}}`, [2]string{}, "cnf: "},
		{"status empty", base + `,"status":{}`, [2]string{}, "status: "},
		{"status a string", base + `,"status":"https://a.example"`, [2]string{}, "status: a string"},
		{"status null", base + `,"status":null`, [2]string{}, "status: null"},
		{"status without index", base + `,"status":{"status_list":{"uri":"https://a.example"}}`, [2]string{}, "status.status_list"},
		{"status with a negative index", base + `,"status":{"status_list":{"idx":-1,"uri":"https://a.example"}}`, [2]string{}, "status.status_list"},
		{"status with a broken index", base + `,"status":{"status_list":{"idx":1.5,"uri":"https://a.example"}}`, [2]string{}, "status.status_list"},
		{"status without list", base + `,"status":{"status_list":{"idx":1}}`, [2]string{}, "status.status_list"},
		{"vct#integrity of no digest", base + `,"vct#integrity":"abc"`, [2]string{}, "vct#integrity"},

		{"the issuer disclosed", `"vct":"t"`, [2]string{"iss", `"` + ministry + `"`}, "iss: selectively disclosable"},
		{"the type disclosed", `"iss":"x"`, [2]string{"vct", `"t"`}, "vct: selectively disclosable"},
		{"the expiry disclosed", base, [2]string{"exp", `1883000000`}, "exp: selectively disclosable"},
		{"the begin disclosed", base, [2]string{"nbf", `1`}, "nbf: selectively disclosable"},
		{"the status disclosed", base, [2]string{"status", `{"status_list":{"idx":1,"uri":"https://a.example"}}`}, "status: selectively disclosable"},
		{"the holder disclosed", base, [2]string{"cnf", `{"jwk":` + holderJWK(t) + `}`}, "cnf: selectively disclosable"},
		{"the type's digest disclosed", base, [2]string{"vct#integrity", `"sha256-x"`}, "vct#integrity: selectively disclosable"},
		{"over the issuer", base, [2]string{"iss", `"x"`}, "over one that is there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			claims, disclosures := c.claims, []string(nil)
			if c.hide[0] != "" {
				var digests string
				digests, disclosures = hidden(c.hide[0], c.hide[1])
				claims += "," + digests
			}
			_, err := verifier(t).Verify(ctx, forge(t, "dc+sd-jwt", "{"+claims+"}", disclosures...), policy)
			require.ErrorIs(t, err, credential.ErrFormat)
			require.ErrorContains(t, err, c.text)
		})
	}
}

// A list or key that is hidden inside its claim could be left out as well, and
// so is refused shown and not shown.
func TestPartsOfOpenClaimsAreNotHidden(t *testing.T) {
	list, listDigest := hide("status_list", `{"idx":1,"uri":"https://a.example"}`)
	key, keyDigest := hide("jwk", holderJWK(t))
	const base = `{"vct":"` + cardType + `","iss":"` + ministry + `",`
	for _, c := range []struct{ claims, disclosure, text string }{
		{`"status":{"other":{},"_sd":["` + listDigest + `"]}}`, list, "status"},
		{`"status":{"_sd":["` + listDigest + `"]}}`, list, "status"},
		{`"status":{"status_list":{"idx":1,"uri":"https://a.example","_sd":["decoy"]}}}`, "", "status"},
		{`"status":{"other":[{"...":"decoy"}]}}`, "", "status"},
		{`"cnf":{"_sd":["` + keyDigest + `"]}}`, key, "cnf"},
		{`"cnf":{"jwk":` + holderJWK(t) + `,"_sd":[]}}`, "", "cnf"},
	} {
		raws := [][]byte{forge(t, "dc+sd-jwt", base+c.claims)}
		if c.disclosure != "" {
			raws = append(raws, forge(t, "dc+sd-jwt", base+c.claims, c.disclosure))
		}
		for _, raw := range raws {
			_, err := verifier(t).Verify(ctx, raw, policy)
			require.ErrorIs(t, err, credential.ErrFormat, c.claims)
			require.ErrorContains(t, err, c.text+": selectively disclosable")
		}
	}
}

func TestDisclosuresOfOthers(t *testing.T) {
	mine, other := issue(t, content()), issue(t, content())
	jws, rest, _ := strings.Cut(string(mine), "~")
	_, others, _ := strings.Cut(string(other), "~")
	d, _ := hide("given_name", `"Mallory"`)
	for name, raw := range map[string]string{
		"of another credential":  jws + "~" + others,
		"one swapped":            jws + "~" + others[:strings.Index(others, "~")+1] + rest[strings.Index(rest, "~")+1:],
		"one injected":           string(mine) + d + "~",
		"one twice":              string(mine) + rest[:strings.Index(rest, "~")+1],
		"all twice":              jws + "~" + rest + rest,
		"an empty one":           string(mine) + "~",
		"one with its last bit":  strings.Replace(string(mine), rest[:20], rest[:19]+"!", 1),
		"behind a key binding":   string(bound(t, mine, holderSigner(t), forBorder)) + "~",
		"a tilde before":         "~" + string(mine),
		"without the last tilde": strings.TrimSuffix(string(mine), "~"),
	} {
		_, err := verifier(t).Verify(ctx, []byte(raw), policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
	// Stripped of disclosures it is what its holder shows of it.
	_, err := verifier(t).Verify(ctx, []byte(jws+"~"), policy)
	require.NoError(t, err)
}

func TestKeyBindingAttacks(t *testing.T) {
	raw, other := issue(t, content()), issue(t, content())
	holder, thief := holderSigner(t), signer(t, "thief")
	good := bound(t, raw, holder, forBorder)
	_, err := verifier(t).VerifyPresentation(ctx, good, present(now))
	require.NoError(t, err)

	kb := string(good[bytes.LastIndexByte(good, '~')+1:])
	jws, rest, _ := strings.Cut(string(raw), "~")
	first := rest[:strings.Index(rest, "~")+1]
	late := forBorder
	late.Issued = now.Add(-11 * time.Minute)
	early := forBorder
	early.Issued = now.Add(11 * time.Minute)
	expired := forBorder
	expired.Expires = now
	notYet := forBorder
	notYet.NotBefore = now.Add(time.Second)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"none":                            {raw, credential.ErrHolder},
		"of another credential":           {[]byte(string(other) + kb), sd.ErrBinding},
		"over more than is shown":         {[]byte(jws + "~" + kb), sd.ErrBinding},
		"over less than is shown":         {[]byte(string(raw) + string(bound(t, []byte(jws+"~"+first), holder, forBorder)[len(jws)+1+len(first):])), sd.ErrBinding},
		"by somebody else":                {bound(t, raw, thief, forBorder), credential.ErrHolder},
		"by the issuer":                   {bound(t, raw, signer(t, "issuer-1"), forBorder), credential.ErrHolder},
		"for somebody else":               {bound(t, raw, holder, sd.Binding{Audience: "https://hotel.example", Nonce: nonce}), sd.ErrBinding},
		"for another request: a replay":   {bound(t, raw, holder, sd.Binding{Audience: border, Nonce: "n-1"}), sd.ErrBinding},
		"too old":                         {bound(t, raw, holder, late), sd.ErrBinding},
		"from the future":                 {bound(t, raw, holder, early), sd.ErrBinding},
		"expired":                         {bound(t, raw, holder, expired), sd.ErrBinding},
		"not valid yet":                   {bound(t, raw, holder, notYet), sd.ErrBinding},
		"a credential in its place":       {[]byte(string(raw) + jws), credential.ErrFormat},
		"a token of the holder's":         {append(bytes.Clone(raw), holderToken(t, holder, "JWT")...), credential.ErrFormat},
		"a key binding with no type":      {append(bytes.Clone(raw), holderToken(t, holder, "")...), credential.ErrFormat},
		"a key binding over nothing":      {append(bytes.Clone(raw), holderToken(t, holder, "kb+jwt")...), sd.ErrBinding},
		"a key in its own header":         {append(bytes.Clone(raw), selfMade(t, thief)...), credential.ErrHolder},
		"no key confirmed":                {bound(t, unheld(t), holder, forBorder), credential.ErrFormat},
		"a key confirmed in another way":  {bound(t, confirmedByID(t), holder, forBorder), credential.ErrHolder},
		"the same, without a key binding": {confirmedByID(t), credential.ErrHolder},
	} {
		_, err := verifier(t).VerifyPresentation(ctx, c.raw, present(now))
		require.Error(t, err, name)
		require.ErrorIs(t, err, c.want, name)
	}

	// Without a nonce of its own a verifier can't tell a replay.
	_, err = verifier(t).VerifyPresentation(ctx, good, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrPolicy)
	_, err = verifier(t).VerifyPresentation(ctx, good, credential.Policy{Time: now, InsecureAnyBinding: true})
	require.NoError(t, err)
	// What was not bound is accepted only from a bearer.
	p := present(now)
	p.AllowBearer = true
	_, err = verifier(t).VerifyPresentation(ctx, raw, p)
	require.NoError(t, err)
	// A presentation is no credential.
	_, err = verifier(t).Verify(ctx, good, policy)
	require.ErrorIs(t, err, credential.ErrFormat)
	// The window is the caller's to set.
	l := list(t)
	_, err = verifierOf(t, sdjwt.Format{MaxBindingAge: time.Hour}, l).VerifyPresentation(ctx, bound(t, raw, holder, late), present(now))
	require.NoError(t, err)
	_, err = verifierOf(t, sdjwt.Format{MaxBindingAge: time.Minute}, l).VerifyPresentation(ctx, good, present(now.Add(2*time.Minute)))
	require.ErrorIs(t, err, sd.ErrBinding)
}

func holderToken(t *testing.T, s proof.Signer, typ string) []byte {
	m, err := jose.Sign(ctx, s, jose.Header{Type: typ}, []byte(`{"aud":"`+border+`","nonce":"`+nonce+`","iat":1779264000,"sd_hash":"x"}`))
	require.NoError(t, err)
	return m
}

func selfMade(t *testing.T, s proof.Signer) []byte {
	k := s.Key()
	m, err := jose.Sign(ctx, s, jose.Header{Type: "kb+jwt", Key: &k}, []byte(`{"aud":"`+border+`","nonce":"`+nonce+`","iat":1779264000,"sd_hash":"x"}`))
	require.NoError(t, err)
	return m
}

func unheld(t *testing.T) []byte {
	c := content()
	c.Holder = nil
	return issue(t, c)
}

func confirmedByID(t *testing.T) []byte {
	return forge(t, "dc+sd-jwt", `{"vct":"`+cardType+`","iss":"`+ministry+`","cnf":{"kid":"did:example:1#key"}}`)
}

// A holder's key that is named in a way not understood is noted, and the
// credential as such is as good as any.
func TestConfirmedInAnotherWay(t *testing.T) {
	r, err := verifier(t).Verify(ctx, confirmedByID(t), policy)
	require.NoError(t, err)
	require.True(t, tolerated(r, sdjwt.ErrConfirm))
	p := present(now)
	p.AnyHolder = true
	_, err = verifier(t).VerifyPresentation(ctx, confirmedByID(t), p)
	require.ErrorIs(t, err, credential.ErrHolder)
}

// What the header repeats of the claims, it repeats truly.
func TestHeaderAgainstClaims(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	for more, want := range map[string]error{
		``: nil, `,"sub":"a","exp":4102444800,"other":1`: nil, `,"aud":"b"`: nil, `,"sub":"b"`: sdjwt.ErrModel, `,"exp":4102444801`: sdjwt.ErrModel,
	} {
		input := b64([]byte(`{"alg":"ES256","kid":"issuer-1","typ":"dc+sd-jwt"`+more+`}`)) + "." +
			b64([]byte(`{"vct":"`+cardType+`","iss":"`+ministry+`","sub":"a","exp":4102444800}`))
		sig, err := signer(t, "issuer-1").Sign(ctx, []byte(input))
		require.NoError(t, err)
		_, err = verifier(t).Verify(ctx, []byte(input+"."+b64(sig)+"~"), policy)
		require.ErrorIs(t, err, want, more)
	}
}

// A credential for some audience alone is noted to be one, as in other tokens.
func TestAudienceIsNoted(t *testing.T) {
	for _, aud := range []string{`"https://border.example"`, `["a","b"]`} {
		r, err := verifier(t).Verify(ctx, forge(t, "dc+sd-jwt", `{"vct":"`+cardType+`","iss":"`+ministry+`","aud":`+aud+`}`), policy)
		require.NoError(t, err)
		require.True(t, tolerated(r, sdjwt.ErrAudience))
	}
}

func tolerated(r *credential.Result, want error) bool {
	for _, c := range r.Checks {
		if c.Outcome == credential.Tolerated && c.Err != nil && strings.Contains(c.Err.Error(), want.Error()) {
			return true
		}
	}
	return false
}

// Tokens of other kinds are not taken for credentials, whoever signed them.
func TestTypes(t *testing.T) {
	const claims = `"vct":"` + cardType + `","iss":"` + ministry + `"`
	for typ, accepted := range map[string]bool{
		"dc+sd-jwt": true, "application/dc+sd-jwt": true, "DC+SD-JWT": true, "vc+sd-jwt": true,
		"": false, "JWT": false, "kb+jwt": false, "vc+jwt": false, "statuslist+jwt": false, "example+sd-jwt": false, "sd-jwt": false, "xdc+sd-jwt": false,
	} {
		r, err := verifier(t).Verify(ctx, forge(t, typ, "{"+claims+"}"), policy)
		if !accepted {
			require.ErrorIs(t, err, credential.ErrOtherFormat, typ)
			continue
		}
		require.NoError(t, err, typ)
		require.Equal(t, typ == "vc+sd-jwt", tolerated(r, sdjwt.ErrType), typ)
	}
	for _, payload := range []string{`{"iss":"` + ministry + `"}`, `{` + claims + `,"@context":["https://www.w3.org/ns/credentials/v2"]}`} {
		_, err := verifier(t).Verify(ctx, forge(t, "vc+sd-jwt", payload), policy)
		require.ErrorIs(t, err, credential.ErrOtherFormat)
	}
	raw := issue(t, content())
	for mediaType, accepted := range map[string]bool{
		"": true, sdjwt.MediaType: true, "application/dc+sd-jwt; v=1": true, "application/vc+sd-jwt": true,
		"application/vc+jwt": false, "application/vp+jwt": false, "text/plain": false, ";": false,
	} {
		_, err := sdjwt.Format{}.Parse(raw, mediaType)
		if accepted {
			require.NoError(t, err, mediaType)
		} else {
			require.ErrorIs(t, err, credential.ErrOtherFormat, mediaType)
		}
	}
	for _, other := range []string{"", "HC1:NCF", "shc:/123", `{"@context":[]}`, `{"protected":"x"}`, "a.b.c", "a~b", "~", "{"} {
		_, err := sdjwt.Format{}.Parse([]byte(other), "")
		require.ErrorIs(t, err, credential.ErrOtherFormat, other)
	}
}

// The key decides, and whoever it speaks for.
func TestIssuers(t *testing.T) {
	const claims = `{"vct":"` + cardType + `","iss":"` + ministry + `"}`
	sign := func(s proof.Signer, h jose.Header, payload string) []byte {
		h.Type = "dc+sd-jwt"
		m, err := jose.Sign(ctx, s, h, []byte(payload))
		require.NoError(t, err)
		return append(m, '~')
	}
	thief := signer(t, "thief")
	own := thief.Key()
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"a stranger":                    {sign(thief, jose.Header{KeyID: "thief"}, claims), credential.ErrUntrusted},
		"a stranger under a known kid":  {sign(thief, jose.Header{KeyID: "issuer-1"}, claims), credential.ErrSignature},
		"a key that the token brings":   {sign(thief, jose.Header{KeyID: "thief", Key: &own}, claims), credential.ErrUntrusted},
		"a listed key for another name": {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1"}, strings.Replace(claims, ministry, "https://other.example", 1)), credential.ErrIssuer},
		"another type than granted":     {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1"}, strings.Replace(claims, cardType, "urn:passport", 1)), credential.ErrUntrusted},
		"another iss in the header":     {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1", Issuer: "x"}, claims), credential.ErrFormat},
		"expired":                       {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1"}, strings.Replace(claims, "}", `,"exp":1}`, 1)), credential.ErrExpired},
		"expired just now":              {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1"}, strings.Replace(claims, "}", `,"exp":`+strconv.FormatInt(now.Unix(), 10)+`}`, 1)), credential.ErrExpired},
		"not valid yet":                 {sign(signer(t, "issuer-1"), jose.Header{KeyID: "issuer-1"}, strings.Replace(claims, "}", `,"nbf":4102444800}`, 1)), credential.ErrNotYet},
	} {
		_, err := verifier(t).Verify(ctx, c.raw, policy)
		require.ErrorIs(t, err, c.want, name)
	}
	p := policy
	p.Types = []string{"urn:another"}
	_, err := verifier(t).Verify(ctx, issue(t, content()), p)
	require.ErrorIs(t, err, credential.ErrPolicy)
}

// No character of a presentation can be changed, taken out or doubled.
func TestPromiseNoCharacterCanBeChanged(t *testing.T) {
	c := content()
	c.Claims = map[string]any{"given_name": "Amina", "nationalities": []string{"ID"}}
	raw := bound(t, issue(t, c), holderSigner(t), forBorder)
	v := verifier(t)
	_, err := v.VerifyPresentation(ctx, raw, present(now))
	require.NoError(t, err)
	refused := func(changed []byte, i int) {
		_, err := v.VerifyPresentation(ctx, changed, present(now))
		require.Error(t, err, "byte %d", i)
	}
	for i := range raw {
		for _, b := range []byte{raw[i] ^ 1, raw[i] ^ 0x20, '~', '.', 'A', '=', '\n'} {
			if b == raw[i] {
				continue
			}
			changed := bytes.Clone(raw)
			changed[i] = b
			refused(changed, i)
		}
		refused(append(bytes.Clone(raw[:i]), raw[i+1:]...), i)
		refused(append(bytes.Clone(raw[:i+1]), raw[i:]...), i)
	}
}

func TestLimits(t *testing.T) {
	v := verifier(t)
	for name, raw := range map[string][]byte{
		"a large credential":   append(issue(t, content()), make([]byte, limits.Credential)...),
		"many disclosures":     []byte(strings.TrimSuffix(string(issue(t, content())), "~") + strings.Repeat("~x", limits.Disclosures+1) + "~"),
		"deep claims":          forge(t, "dc+sd-jwt", `{"vct":"t","a":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+"}"),
		"thousand-fold":        forge(t, "dc+sd-jwt", strings.Repeat(`{"a":`, 1000)),
		"many kinds of status": forge(t, "dc+sd-jwt", `{"vct":"t","status":{`+kinds(limits.StatusRefs+1)+`}}`),
	} {
		_, err := v.Verify(ctx, raw, policy)
		require.ErrorIs(t, err, credential.ErrFormat, name)
	}
}

func kinds(n int) string {
	var out []string
	for i := range n {
		out = append(out, `"`+strings.Repeat("k", i+1)+`":1`)
	}
	return strings.Join(out, ",")
}

// Errors end up in logs.
func TestPromiseErrorsHoldNoClaims(t *testing.T) {
	raw := issue(t, content())
	d, _ := hide("given_name", `"Mallory"`)
	for _, bad := range [][]byte{append(bytes.Clone(raw), d+"~"...), forge(t, "dc+sd-jwt", `{"vct":"t","sub":{"x":"Mallory"}}`), forge(t, "dc+sd-jwt", `{"vct":"t","given_name":"Mallory","_sd":["x","x"]}`)} {
		_, err := verifier(t).Verify(ctx, bad, policy)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "Mallory")
		require.NotContains(t, err.Error(), "given_name")
	}
}

func FuzzParse(f *testing.F) {
	raw := issue(f, content())
	f.Add(raw, "")
	f.Add(bound(f, raw, holderSigner(f), forBorder), sdjwt.MediaType)
	d, err := sdjwt.New(content())
	require.NoError(f, err)
	f.Add(issueDraft(f, sdjwt.Format{JSON: true}, d), "")
	f.Add(forge(f, "vc+sd-jwt", `{"vct":"t","status":{"status_list":{"idx":1,"uri":"https://a.example"}},"cnf":{"kid":"x"}}`), "")
	v := verifier(f)
	f.Fuzz(func(t *testing.T, raw []byte, mediaType string) {
		env, err := sdjwt.Format{}.Parse(raw, mediaType)
		if err != nil {
			return
		}
		require.NotEmpty(t, env.Credential.Types)
		require.NotEmpty(t, env.Proofs)
		require.Equal(t, len(env.Holder) > 0, bytes.LastIndexByte(raw, '~') != len(raw)-1 && raw[len(raw)-1] != '}' || bytes.Contains(raw, []byte("kb_jwt")))
		_, _ = v.Verify(ctx, raw, policy)
		_, _ = v.VerifyPresentation(ctx, raw, present(now))
	})
}

func TestHolderKeyIsPublic(t *testing.T) {
	b, err := jwk.Marshal(holderKey, "")
	require.NoError(t, err)
	private := strings.TrimSuffix(string(b), "}") + `,"d":"AAAA"}`
	_, err = verifier(t).Verify(ctx, forge(t, "dc+sd-jwt", `{"vct":"t","cnf":{"jwk":`+private+`}}`), policy)
	require.ErrorIs(t, err, credential.ErrFormat)
}
