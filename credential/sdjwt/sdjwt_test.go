package sdjwt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/jose"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/trustlist"
)

func TestIssueDerivePresentVerify(t *testing.T) {
	raw := issue(t, content())
	require.Equal(t, 7, strings.Count(string(raw), "~")-1, "each claim on top is a part of its own")

	r, err := verifier(t).Verify(ctx, append([]byte("\n"), append(raw, "\r\n"...)...), policy) // as files have it
	require.NoError(t, err)
	want := claims()
	got := claimsOf(t, r)
	for name, v := range want {
		require.Equal(t, v, got[name], name)
	}
	require.NotContains(t, got, "_sd")
	require.NotContains(t, got, "_sd_alg")
	c := r.Credential
	require.Equal(t, []string{ministry}, c.Issuers)
	require.Equal(t, []string{cardType}, c.Types)
	require.Equal(t, "urn:example:pilgrim", c.Subject)
	require.Equal(t, now.AddDate(0, 0, -1), c.Signed)
	require.Equal(t, now.AddDate(1, 0, 0), c.ValidUntil)
	require.Len(t, c.Confirm, 1)
	require.Equal(t, "Ministry of Health", r.Signatories[0].Authority.Authority)

	held := credential.Held{Raw: raw, MediaType: sdjwt.MediaType, Format: sdjwt.Format{}, Show: []string{"/given_name", "/nationalities/1"}, Signer: holderSigner(t)}
	shown, err := credential.Present(ctx, nil, []credential.Held{held}, binding)
	require.NoError(t, err)
	pr, err := verifier(t).VerifyPresentation(ctx, shown, present(time.Now()))
	require.NoError(t, err)
	got = claimsOf(t, pr.Results[0])
	require.Equal(t, "Amina", got["given_name"])
	require.Equal(t, []any{"ID", "MY"}, got["nationalities"], "hidden as a whole, so shown as a whole")
	require.NotContains(t, got, "family_name")
	require.NotContains(t, got, "sub")
	require.ElementsMatch(t, []string{"/given_name", "/nationalities"}, pr.Results[0].Credential.Payload.(*sdjwt.Payload).Disclosed())
}

func TestDerive(t *testing.T) {
	c := content()
	c.Options = sd.Options{Disclosable: []string{"/address", "/address/locality", "/nationalities/0", "/nationalities/1", "/given_name", "/family_name"}, Decoys: 3}
	raw := issue(t, c)
	derive := func(h credential.Held, b credential.Binding) ([]byte, error) {
		h.Raw = raw
		return sdjwt.Format{}.Derive(ctx, h, b)
	}
	for _, x := range []struct {
		show                             []string
		given, family, locality, nations any
	}{
		{nil, nil, nil, nil, []any{}},
		{[]string{""}, "Amina", "Example", "Jakarta", []any{"ID", "MY"}},
		{[]string{"/address/country"}, nil, nil, nil, []any{}},
		{[]string{"/address/locality", "/nationalities/1"}, nil, nil, "Jakarta", []any{"MY"}},
		{[]string{"/family_name", "/birthdate"}, nil, "Example", nil, []any{}},
	} {
		shown, err := derive(credential.Held{Show: x.show}, credential.Binding{})
		require.NoError(t, err)
		r, err := verifier(t).Verify(ctx, shown, policy)
		require.NoError(t, err)
		got := claimsOf(t, r)
		require.Equal(t, x.given, got["given_name"], "%v", x.show)
		require.Equal(t, x.family, got["family_name"], "%v", x.show)
		require.Equal(t, x.nations, got["nationalities"], "%v", x.show)
		address, _ := got["address"].(map[string]any)
		require.Equal(t, x.locality, address["locality"], "%v", x.show)
		require.Equal(t, "1970-01-01", got["birthdate"], "always shown")
		require.Contains(t, got, "cnf")
	}

	_, err := derive(credential.Held{Show: []string{"/given_name", "/middle_name"}}, credential.Binding{})
	require.ErrorIs(t, err, proof.ErrPointer)
	_, err = derive(credential.Held{Signer: signer(t, "thief")}, binding)
	require.ErrorIs(t, err, sd.ErrBinding)
	_, err = derive(credential.Held{Signer: holderSigner(t)}, credential.Binding{Nonce: nonce})
	require.ErrorIs(t, err, sd.ErrBinding)
	_, err = sdjwt.Format{}.Derive(ctx, credential.Held{Raw: bound(t, raw, holderSigner(t), forBorder)}, binding)
	require.ErrorIs(t, err, sd.ErrBinding)
	_, err = sdjwt.Format{}.Derive(ctx, credential.Held{Raw: []byte("x")}, binding)
	require.ErrorIs(t, err, credential.ErrOtherFormat)

	// Derived again of what was derived.
	less, err := derive(credential.Held{Show: []string{"/address", "/given_name"}}, credential.Binding{})
	require.NoError(t, err)
	least, err := sdjwt.Format{}.Derive(ctx, credential.Held{Raw: less, Show: []string{"/given_name"}}, credential.Binding{})
	require.NoError(t, err)
	r, err := verifier(t).Verify(ctx, least, policy)
	require.NoError(t, err)
	require.NotContains(t, claimsOf(t, r), "address")
}

func TestMandatory(t *testing.T) {
	d, err := sdjwt.New(content())
	require.NoError(t, err)
	d.Mandatory = []string{"/address/country", "/nationalities", "/vaccinations/0/disease"}
	raw := issueDraft(t, sdjwt.Format{}, d)
	shown, err := sdjwt.Format{}.Derive(ctx, credential.Held{Raw: raw}, credential.Binding{})
	require.NoError(t, err)
	r, err := verifier(t).Verify(ctx, shown, policy)
	require.NoError(t, err)
	got := claimsOf(t, r)
	require.Equal(t, map[string]any{"country": "ID"}, got["address"])
	require.Equal(t, []any{"ID", "MY"}, got["nationalities"])
	require.Equal(t, []any{map[string]any{"disease": "Meningitis ACWY"}}, got["vaccinations"])
	require.NotContains(t, got, "given_name")
	require.Contains(t, got, "iat")

	d.Mandatory = []string{"/middle_name"}
	_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
	require.ErrorIs(t, err, proof.ErrPointer)

	d.Mandatory = []string{""}
	raw = issueDraft(t, sdjwt.Format{}, d)
	require.Equal(t, 1, strings.Count(string(raw), "~"))
	require.True(t, strings.HasSuffix(string(raw), "~"))

	// What the issuer named as disclosable can't be mandatory too.
	c := content()
	c.Options.Disclosable = []string{"/address"}
	d, err = sdjwt.New(c)
	require.NoError(t, err)
	for _, m := range []string{"/address", "/address/country", ""} {
		d.Mandatory = []string{m}
		_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
		require.ErrorIs(t, err, sdjwt.ErrModel, m)
	}
}

func TestSeveralSignersInJSON(t *testing.T) {
	d, err := sdjwt.New(content())
	require.NoError(t, err)
	both := []proof.Signer{signer(t, "issuer-1"), signer(t, "issuer-2")}
	_, err = sdjwt.Format{}.Seal(ctx, d, both)
	require.ErrorIs(t, err, sdjwt.ErrModel)
	for _, signers := range [][]proof.Signer{both, both[:1]} {
		raw := issueDraft(t, sdjwt.Format{JSON: true}, d, signers...)
		r, err := verifier(t).Verify(ctx, raw, policy)
		require.NoError(t, err)
		require.Len(t, r.Signatories, len(signers))
		shown, err := sdjwt.Format{}.Derive(ctx, credential.Held{Raw: raw, Show: []string{"/given_name"}, Signer: holderSigner(t)}, binding)
		require.NoError(t, err)
		_, err = verifier(t).VerifyPresentation(ctx, shown, present(time.Now()))
		require.NoError(t, err)
	}
	// One signature can't be of another kind of token than the first, whoever made it.
	vct := []byte(`{"iss":"` + ministry + `","vct":"` + cardType + `"}`)
	token := func(second jose.Header) []byte {
		a, err := jose.Sign(ctx, both[0], jose.Header{Type: "dc+sd-jwt", KeyID: "issuer-1"}, vct)
		require.NoError(t, err)
		second.KeyID = "issuer-2"
		b, err := jose.Sign(ctx, both[1], second, vct)
		require.NoError(t, err)
		joined, err := sd.NewJSON([][]byte{a, b}, nil)
		require.NoError(t, err)
		return joined.Bytes()
	}
	for _, c := range []struct {
		second jose.Header
		want   error
	}{
		{jose.Header{Type: "dc+sd-jwt", Issuer: ministry}, nil}, {jose.Header{Type: "kb+jwt"}, sdjwt.ErrModel}, {jose.Header{}, sdjwt.ErrModel},
		{jose.Header{Type: "dc+sd-jwt", Issuer: "https://other.example"}, sdjwt.ErrModel},
	} {
		_, err = verifier(t).Verify(ctx, token(c.second), policy)
		require.ErrorIs(t, err, c.want)
	}
	// All of the signatures must verify.
	raw := issueDraft(t, sdjwt.Format{JSON: true}, d, signer(t, "issuer-1"), signer(t, "stranger"))
	_, err = verifier(t).Verify(ctx, raw, policy)
	require.ErrorIs(t, err, trustlist.ErrNotListed)
}

func TestStatusIsWritten(t *testing.T) {
	c := content()
	c.ID = "card-1"
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	ref := credential.StatusRef{Type: sdjwt.StatusType, List: "https://health.example/status/1", Index: 42}
	d.Status = []credential.StatusRef{ref}
	raw := issueDraft(t, sdjwt.Format{}, d)
	env, err := sdjwt.Format{}.Parse(raw, "")
	require.NoError(t, err)
	require.Equal(t, []credential.StatusRef{ref}, env.Credential.Status)
	require.Empty(t, env.Credential.ID, "the register's identifier is not for others to see")

	d.Status = []credential.StatusRef{ref, {Type: sdjwt.StatusType, List: ref.List, Index: 43}}
	_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
	require.ErrorIs(t, err, sdjwt.ErrModel)
	d.Status = []credential.StatusRef{{Type: "BitstringStatusListEntry", List: ref.List}}
	_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
	require.ErrorIs(t, err, sdjwt.ErrModel)

	// In the claims, and beside another kind.
	d, err = sdjwt.FromJSON([]byte(`{"vct":"t","iss":"`+ministry+`","status":{"other":{"x":1}}}`), sd.Options{})
	require.NoError(t, err)
	d.Status = append(d.Status, ref)
	env, err = sdjwt.Format{}.Parse(issueDraft(t, sdjwt.Format{}, d), "")
	require.NoError(t, err)
	require.ElementsMatch(t, []credential.StatusRef{ref, {Type: "other"}}, env.Credential.Status)

	// Without somebody who knows the list, it is not decided; the same for kinds
	// of status that nobody knows.
	for _, status := range []string{`{"status_list":{"idx":1,"uri":"https://a.example"}}`, `{"unheard_of":1}`} {
		_, err = verifier(t).Verify(ctx, forge(t, "dc+sd-jwt", `{"vct":"`+cardType+`","iss":"`+ministry+`","status":`+status+`}`), policy)
		require.ErrorIs(t, err, credential.ErrInconclusive)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*sdjwt.Content){
		"no type":                  func(c *sdjwt.Content) { c.Type = "" },
		"claims no object":         func(c *sdjwt.Content) { c.Claims = []int{1} },
		"claims of no JSON":        func(c *sdjwt.Content) { c.Claims = func() {} },
		"a claim of the content's": func(c *sdjwt.Content) { c.Claims = map[string]any{"iss": "x"} },
		"digests":                  func(c *sdjwt.Content) { c.Claims = map[string]any{"_sd": []string{"x"}} },
		"a bad digest of the type": func(c *sdjwt.Content) { c.TypeIntegrity = "sha256-x" },
		"before 1970":              func(c *sdjwt.Content) { c.ValidUntil = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) },
		"expiry disclosable":       func(c *sdjwt.Content) { c.Options.Disclosable = []string{"/exp"} },
		"part of cnf disclosable":  func(c *sdjwt.Content) { c.Options.Disclosable = []string{"/cnf/jwk"} },
		"nothing disclosable":      func(c *sdjwt.Content) { c.Options.Disclosable = []string{"/middle_name"} },
		"holder of unknown kind":   func(c *sdjwt.Content) { c.Holder = "key" },
	} {
		c := content()
		change(&c)
		_, err := sdjwt.New(c)
		require.Error(t, err, name)
	}
	_, err := sdjwt.FromJSON([]byte(`{"vct":"a","vct":"b"}`), sd.Options{})
	require.ErrorIs(t, err, sdjwt.ErrModel)
	_, err = sdjwt.FromJSON([]byte(`[]`), sd.Options{})
	require.ErrorIs(t, err, sdjwt.ErrModel)

	// Without issuer, the signer must have a certificate.
	c := content()
	c.Issuer = ""
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
	require.ErrorIs(t, err, sdjwt.ErrModel)

	for name, change := range map[string]func(*credential.Draft){
		"Issuers":    func(d *credential.Draft) { d.Issuers = []string{"x"} },
		"Types":      func(d *credential.Draft) { d.Types = nil },
		"Subject":    func(d *credential.Draft) { d.Subject = "x" },
		"ValidUntil": func(d *credential.Draft) { d.ValidUntil = d.ValidUntil.AddDate(1, 0, 0) },
		"ValidFrom":  func(d *credential.Draft) { d.ValidFrom = time.Time{} },
		"Confirm":    func(d *credential.Draft) { d.Confirm = nil },
		"payload":    func(d *credential.Draft) { d.Payload = nil },
	} {
		d, err := sdjwt.New(content())
		require.NoError(t, err)
		change(d)
		_, err = sdjwt.Format{}.Seal(ctx, d, []proof.Signer{signer(t, "issuer-1")})
		require.ErrorIs(t, err, sdjwt.ErrModel, name)
		require.ErrorContains(t, err, name)
	}
}

// What a draft says and what is sealed is the same, and the time of issue that of
// sealing where none is given.
func TestDraftPayload(t *testing.T) {
	c := content()
	c.Issued = time.Time{}
	d, err := sdjwt.New(c)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, d.Claims(&m))
	require.Equal(t, "Amina", m["given_name"])
	require.NotContains(t, m, "iat")
	env, err := sdjwt.Format{}.Parse(issueDraft(t, sdjwt.Format{}, d), sdjwt.MediaType)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), env.Credential.Signed, time.Minute)
}
