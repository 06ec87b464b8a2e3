package w3c_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
)

func TestNew(t *testing.T) {
	p := newParty(t, nil)
	d, err := w3c.New(w3c.Content{
		ID: "urn:uuid:1", Types: []string{"PilgrimHealthCredential"}, Contexts: []string{"https://www.w3.org/ns/credentials/examples/v2"}, Issuer: p.did,
		Subject: map[string]any{"id": "did:example:pilgrim", "fit": true}, ValidFrom: now, ValidUntil: now.AddDate(0, 3, 0),
	})
	require.NoError(t, err)
	require.Equal(t, []string{"PilgrimHealthCredential"}, d.Types)
	require.Equal(t, "did:example:pilgrim", d.Subject)
	require.True(t, d.ValidFrom.Equal(now))
	got, err := json.Marshal(d.Payload)
	require.NoError(t, err)
	require.JSONEq(t, `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"id":"urn:uuid:1","type":["VerifiableCredential","PilgrimHealthCredential"],
		"issuer":"`+p.did+`","validFrom":"2026-05-20T08:00:00Z","validUntil":"2026-08-20T08:00:00Z","credentialSubject":{"id":"did:example:pilgrim","fit":true}}`, string(got))

	before := time.Now().Truncate(time.Second)
	raw, err := w3c.Format{}.Seal(ctx, d, []proof.Signer{p})
	require.NoError(t, err)
	env, err := w3c.Format{}.Parse(raw, "")
	require.NoError(t, err)
	require.False(t, env.Proofs[0].Created.Before(before), "without Signed, created is now")
	require.True(t, d.Signed.IsZero(), "the draft is not changed")

	for name, c := range map[string]w3c.Content{
		"no issuer": {Subject: map[string]any{"a": 1}}, "no subject": {Issuer: p.did}, "subject not an object": {Issuer: p.did, Subject: "x"}, "subject empty": {Issuer: p.did, Subject: map[string]any{}},
		"subject not JSON": {Issuer: p.did, Subject: map[string]any{"a": math.Inf(1)}}, "relative context": {Issuer: p.did, Subject: map[string]any{"a": 1}, Contexts: []string{"v1"}}, "empty type": {Issuer: p.did, Subject: map[string]any{"a": 1}, Types: []string{""}},
		"ends before it begins": {Issuer: p.did, Subject: map[string]any{"a": 1}, ValidFrom: now, ValidUntil: now.Add(-time.Hour)}, "big integer": {Issuer: p.did, Subject: map[string]any{"a": uint64(math.MaxUint64)}},
	} {
		_, err := w3c.New(c)
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
}

func TestFromJSONRefuses(t *testing.T) {
	for _, in := range []string{"", "null", "[]", "{", `{"a":1,"a":2}`, "{}"} {
		_, err := w3c.FromJSON([]byte(in))
		require.ErrorIs(t, err, w3c.ErrModel, in)
	}
	_, err := w3c.FromJSON(make([]byte, 25<<20))
	require.ErrorIs(t, err, w3c.ErrModel)
	p := newParty(t, nil)
	_, err = w3c.FromJSON(issue(t, content(p.did), p))
	require.ErrorIs(t, err, w3c.ErrModel, "already has a proof")
}

func TestSealRefuses(t *testing.T) {
	p := newParty(t, nil)
	draft := func(f func(*credential.Draft)) *credential.Draft {
		d, err := w3c.FromJSON(marshal(t, content(p.did)))
		require.NoError(t, err)
		f(d)
		return d
	}
	one := []proof.Signer{p}
	for name, f := range map[string]func(*credential.Draft){
		"another payload": func(d *credential.Draft) { d.Payload = 1 }, "nil payload": func(d *credential.Draft) { d.Payload = (*w3c.Payload)(nil) }, "no payload": func(d *credential.Draft) { d.Payload = nil },
		"ID": func(d *credential.Draft) { d.ID = "urn:x" }, "issuer": func(d *credential.Draft) { d.Issuers = nil }, "subject": func(d *credential.Draft) { d.Subject = "" },
		"types": func(d *credential.Draft) { d.Types = append(d.Types, "X") }, "from": func(d *credential.Draft) { d.ValidFrom = now }, "until": func(d *credential.Draft) { d.ValidUntil = time.Time{} },
		"schemas": func(d *credential.Draft) { d.Schemas = []credential.SchemaRef{{}} },
		"status list URL": func(d *credential.Draft) {
			d.Status = []credential.StatusRef{{Type: w3c.StatusType, Purpose: "p", List: "x"}}
		},
		"status purpose": func(d *credential.Draft) {
			d.Status = []credential.StatusRef{{Type: w3c.StatusType, List: "https://a.example"}}
		},
		"status text": func(d *credential.Draft) {
			d.Status = []credential.StatusRef{{Type: w3c.StatusType, Purpose: "\xff", List: "https://a.example"}}
		},
	} {
		_, err := w3c.Format{}.Seal(ctx, draft(f), one)
		require.ErrorIs(t, err, w3c.ErrModel, name)
	}
	_, err := w3c.Format{}.Seal(ctx, draft(func(d *credential.Draft) { d.Status = []credential.StatusRef{{Type: "Other"}} }), one)
	require.ErrorIs(t, err, w3c.ErrUnsupported)
	_, err = w3c.Format{}.Seal(ctx, draft(func(*credential.Draft) {}), nil)
	require.ErrorIs(t, err, proof.ErrKey)
	many := slices.Repeat(one, 17)
	_, err = w3c.Format{}.Seal(ctx, draft(func(*credential.Draft) {}), many)
	require.Error(t, err)
}

// register gives every draft the same place.
type register struct{ sealed *credential.Credential }

var allocated = []credential.StatusRef{
	{Type: w3c.StatusType, Purpose: "revocation", List: "https://health.example/status/1", Index: 12},
	{Type: w3c.StatusType, Purpose: "suspension", List: "https://health.example/status/2", Index: 0},
}

func (r *register) Allocate(context.Context, *credential.Draft) ([]credential.StatusRef, error) {
	return allocated, nil
}
func (r *register) Record(_ context.Context, _ *credential.Draft, c *credential.Credential) error {
	r.sealed = c
	return nil
}

func TestSealAddsStatus(t *testing.T) {
	p := newParty(t, nil)
	own := `{"type":"BitstringStatusListEntry","id":"https://health.example/s#1","statusPurpose":"refresh","statusListIndex":"7","statusListCredential":"https://a.example/1"}`
	ownRef := credential.StatusRef{Type: w3c.StatusType, Purpose: "refresh", List: "https://a.example/1", Index: 7}
	for name, c := range map[string]struct {
		status string
		want   []credential.StatusRef
	}{
		"none of its own":    {"", allocated},
		"one of its own":     {own, append([]credential.StatusRef{ownRef}, allocated...)},
		"another's in array": {`[` + own + `,{"type":"Other","x":1}]`, append([]credential.StatusRef{ownRef, {Type: "Other"}}, allocated...)},
	} {
		d, err := w3c.FromJSON(marshal(t, apply(t, content(p.did), change{"credentialStatus", c.status})))
		require.NoError(t, err)
		r := &register{}
		i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{p}, Register: r})
		require.NoError(t, err)
		raw, err := i.Issue(ctx, d)
		require.NoError(t, err, name)
		env, err := w3c.Format{}.Parse(raw, "")
		require.NoError(t, err)
		require.Equal(t, c.want, env.Credential.Status, name)
		require.Equal(t, c.want, r.sealed.Status)
		require.NoError(t, env.Proofs[0].Verify(ctx, &credential.Attempt{Key: p.Key()}))
	}
}

func TestIssueAll(t *testing.T) {
	p := newParty(t, nil)
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{p}})
	require.NoError(t, err)
	d, err := w3c.FromJSON(marshal(t, content(p.did)))
	require.NoError(t, err)
	d.Signed = now
	n := 0
	for out := range i.IssueAll(ctx, slices.Values(slices.Repeat([]*credential.Draft{d}, 50))) {
		require.NoError(t, out.Err)
		n++
	}
	require.Equal(t, 50, n)
}
