package credential_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// fakeVP is a presentation as simple as fake: JSON, signed as its members
// without "proofs" and with the binding.
type fakeVP struct{}

type fakePresentation struct {
	Holder          string
	Audience, Nonce string
	Contents        [][]byte
	Proofs          []fakeProof
}

func (p fakePresentation) signed() []byte {
	p.Proofs = nil
	b, _ := json.Marshal(p)
	return b
}

func (fakeVP) Name() string { return "fake-vp" }

func (fakeVP) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	j, ok := bytes.CutPrefix(raw, []byte("VP"))
	if !ok {
		return nil, credential.ErrOtherFormat
	}
	var p fakePresentation
	if err := json.Unmarshal(j, &p); err != nil {
		return nil, err
	}
	env := &credential.Envelope{Presenter: p.Holder, Contents: []credential.Content{}}
	for _, c := range p.Contents {
		env.Contents = append(env.Contents, credential.Content{Raw: c})
	}
	for _, f := range p.Proofs {
		env.Holder = append(env.Holder, credential.Proof{
			ID: f.KeyID, Purpose: f.Purpose, Hint: proof.Hint{KeyID: f.KeyID, Algorithm: f.Algorithm},
			Verify: func(_ context.Context, a *credential.Attempt) error {
				if a.Want.Nonce != "" && (a.Want != credential.Binding{Audience: p.Audience, Nonce: p.Nonce}) {
					return errors.New("made for another exchange")
				}
				return proof.Verify(a.Key.Public, f.Algorithm, p.signed(), f.Sig)
			},
		})
	}
	return env, nil
}

func (p fakePresentation) raw(t testing.TB, ss ...proof.Signer) []byte {
	t.Helper()
	for _, s := range ss {
		sig, err := s.Sign(ctx, p.signed())
		require.NoError(t, err)
		p.Proofs = append(p.Proofs, fakeProof{KeyID: s.Key().ID, Algorithm: s.Key().Algorithms[0], Purpose: proof.Authentication, Sig: sig})
	}
	b, err := json.Marshal(p)
	require.NoError(t, err)
	return append([]byte("VP"), b...)
}

type stage struct {
	gov, me, eve proof.Signer
	verifier     *credential.Verifier
	mine, eves   []byte // credentials
	policy       credential.Policy
}

func presentationStage(t testing.TB) *stage {
	s := &stage{gov: signer(t, "gov#1", "gov"), me: signer(t, "me#1", "me"), eve: signer(t, "eve#1", "eve")}
	k := keysOf(s.gov)
	for _, h := range []proof.Signer{s.me, s.eve} {
		key := h.Key()
		key.Purposes = []proof.Purpose{proof.Authentication}
		k.known[key.ID] = []proof.Key{key}
	}
	s.verifier = verifier(t, credential.Config{Formats: []credential.Format{fake{}, fakeVP{}}, Keys: k, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	d := good()
	d.Subject = "me"
	s.mine = d.raw(t, s.gov)
	d.Subject = "eve"
	s.eves = d.raw(t, s.gov)
	s.policy = credential.Policy{Time: now, Binding: credential.Binding{Audience: "desk", Nonce: "n-1"}}
	return s
}

func bound(contents ...[]byte) fakePresentation {
	return fakePresentation{Audience: "desk", Nonce: "n-1", Contents: contents}
}

func TestPresentation(t *testing.T) {
	s := presentationStage(t)
	p := bound(s.mine, s.mine)
	p.Holder = "me"
	r, err := s.verifier.VerifyPresentation(ctx, p.raw(t, s.me), s.policy)
	require.NoError(t, err)
	require.Len(t, r.Results, 2)
	require.Equal(t, "me#1", r.Holder[0].ID)
	require.Equal(t, "Government", r.Results[1].Signatories[0].Authority.Authority)
	for _, c := range append(r.Checks, r.Results[0].Checks...) {
		require.NotContains(t, []credential.Outcome{credential.Failed, credential.Inconclusive}, c.Outcome)
	}
}

// A token of mine inside another's presentation, and everything else that a
// presenter may try.
func TestPromisePresenterIsTheSubject(t *testing.T) {
	s := presentationStage(t)
	forged := bytes.Replace(s.mine, []byte("person"), []byte("forger"), 1)
	named := bound(s.mine)
	named.Holder = "me"
	replayed := fakePresentation{Audience: "desk", Nonce: "yesterday's", Contents: [][]byte{s.mine}}
	elsewhere := fakePresentation{Audience: "another desk", Nonce: "n-1", Contents: [][]byte{s.mine}}
	wrongPurpose := bytes.Replace(bound(s.mine).raw(t, s.me), []byte("authentication"), []byte("assertionMethod"), 1)
	for name, c := range map[string]struct {
		raw    []byte
		change func(*credential.Policy)
		want   error
	}{
		"eve presents mine":                 {bound(s.mine).raw(t, s.eve), nil, credential.ErrHolder},
		"eve presents hers and mine":        {bound(s.eves, s.mine).raw(t, s.eve), nil, credential.ErrHolder},
		"eve signs in my name":              {named.raw(t, s.eve), nil, credential.ErrHolder},
		"named, not signed":                 {named.raw(t), nil, credential.ErrHolder},
		"one of two signatures is no one's": {bound(s.mine).raw(t, s.me, signer(t, "nobody#1", "me")), nil, credential.ErrHolder},
		"not signed":                        {bound(s.mine).raw(t), nil, credential.ErrHolder},
		"replayed":                          {replayed.raw(t, s.me), nil, credential.ErrHolder},
		"for another desk":                  {elsewhere.raw(t, s.me), nil, credential.ErrHolder},
		"no nonce asked for":                {bound(s.mine).raw(t, s.me), func(p *credential.Policy) { p.Binding = credential.Binding{} }, credential.ErrPolicy},
		"a forged content":                  {bound(s.mine, forged).raw(t, s.me), nil, credential.ErrSignature},
		"content of no format":              {bound([]byte("?")).raw(t, s.me), nil, credential.ErrFormat},
		"a presentation inside":             {bound(bound(s.mine).raw(t, s.me)).raw(t, s.me), nil, credential.ErrFormat},
		"nothing inside, by nobody":         {bound().raw(t), func(p *credential.Policy) { p.AllowBearer = true }, credential.ErrHolder},
		"nothing inside, replayed":          {fakePresentation{Audience: "desk", Nonce: "old"}.raw(t, s.me), nil, credential.ErrHolder},
		"too much inside":                   {bound(make([][]byte, 33)...).raw(t, s.me), nil, credential.ErrFormat},
		"changed":                           {bytes.Replace(bound(s.mine).raw(t, s.me), []byte("desk"), []byte("DESK"), 1), nil, credential.ErrHolder},
		"made to issue":                     {wrongPurpose, nil, credential.ErrHolder},
		"the issuer's key presents":         {bound(s.mine).raw(t, s.gov), func(p *credential.Policy) { p.AnyHolder = true }, credential.ErrHolder},
		"no content passes":                 {bound(forged).raw(t, s.me), func(p *credential.Policy) { p.AllowPartial = true }, credential.ErrPolicy},
		"a credential, and no presentation": {s.mine, nil, credential.ErrHolder},
		"malformed":                         {[]byte("VP{"), nil, credential.ErrFormat},
		"oversized":                         {append([]byte("VP"), make([]byte, 1<<20)...), nil, credential.ErrFormat},
	} {
		p := s.policy
		if c.change != nil {
			c.change(&p)
		}
		r, err := s.verifier.VerifyPresentation(ctx, c.raw, p)
		require.Nil(t, r, name)
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "person's", name)
	}
	// A presentation is no credential.
	_, err := s.verifier.Verify(ctx, bound(s.mine).raw(t, s.me), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrFormat)
}

func TestPresentationOptions(t *testing.T) {
	s := presentationStage(t)
	p := s.policy
	p.AnyHolder = true
	_, err := s.verifier.VerifyPresentation(ctx, bound(s.mine).raw(t, s.eve), p)
	require.NoError(t, err)
	p = s.policy
	p.AllowBearer = true
	r, err := s.verifier.VerifyPresentation(ctx, bound(s.mine).raw(t), p)
	require.NoError(t, err)
	require.Empty(t, r.Holder)
	_, err = s.verifier.VerifyPresentation(ctx, s.mine, p)
	require.NoError(t, err)
	p = s.policy
	p.Binding, p.InsecureAnyBinding = credential.Binding{}, true
	_, err = s.verifier.VerifyPresentation(ctx, bound(s.mine).raw(t, s.me), p)
	require.NoError(t, err)
	// Only who presents, and nothing presented.
	r, err = s.verifier.VerifyPresentation(ctx, bound().raw(t, s.me), s.policy)
	require.NoError(t, err)
	require.Equal(t, "me#1", r.Holder[0].ID)
	require.Empty(t, r.Results)
	// One of several that fails is told by its position.
	forged := bytes.Replace(s.mine, []byte("person"), []byte("forger"), 1)
	raw := bound(s.mine, forged, s.mine).raw(t, s.me)
	_, err = s.verifier.VerifyPresentation(ctx, raw, s.policy)
	var e *credential.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Contents, 3)
	require.NoError(t, e.Contents[0])
	require.ErrorIs(t, e.Contents[1], credential.ErrSignature)
	require.True(t, strings.Contains(err.Error(), "content 1"), err)
	p = s.policy
	p.AllowPartial = true
	r, err = s.verifier.VerifyPresentation(ctx, raw, p)
	require.NoError(t, err)
	require.Nil(t, r.Results[1])
	require.ErrorIs(t, r.Errs[1], credential.ErrSignature)
	require.NotNil(t, r.Results[2])
}

// The holder's key that the issuer signed counts, whoever the subject is.
func TestConfirmedHolderKey(t *testing.T) {
	s := presentationStage(t)
	confirmed := confirming{fake{}, []proof.Key{s.me.Key()}}
	k := keysOf(s.gov)
	for _, h := range []proof.Signer{s.me, s.eve} {
		key := h.Key()
		key.Purposes = []proof.Purpose{proof.Authentication}
		k.known[key.ID] = []proof.Key{key}
	}
	v := verifier(t, credential.Config{Formats: []credential.Format{confirmed, fakeVP{}}, Keys: k, Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
	_, err := v.VerifyPresentation(ctx, bound(s.mine).raw(t, s.me), s.policy)
	require.NoError(t, err)
	// Eve is the subject, and does not hold the key; AnyHolder does not help her.
	p := s.policy
	p.AnyHolder = true
	_, err = v.VerifyPresentation(ctx, bound(s.eves).raw(t, s.eve), p)
	require.ErrorIs(t, err, credential.ErrHolder)
}

type confirming struct {
	fake
	keys []proof.Key
}

func (c confirming) Parse(raw []byte, mt string) (*credential.Envelope, error) {
	env, err := c.fake.Parse(raw, mt)
	if err != nil {
		return nil, err
	}
	env.Credential.Confirm = c.keys
	return env, nil
}

// A credential that brings its holder's proof along, as SD-JWT with key binding.
func TestHolderProofBesideTheIssuers(t *testing.T) {
	s := presentationStage(t)
	key := s.me.Key()
	key.Purposes = []proof.Purpose{proof.Authentication}
	for nonce, want := range map[string]error{"n-1": nil, "other": credential.ErrHolder} {
		f := withHolder{confirming{fake{}, []proof.Key{key}}, s.me, nonce}
		v := verifier(t, credential.Config{Formats: []credential.Format{f}, Keys: keysOf(s.gov), Trust: listOf(t, trustlist.Info{}, entry("Government", "gov"))})
		_, err := v.VerifyPresentation(ctx, s.mine, s.policy)
		if want == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, want)
		}
		_, err = v.Verify(ctx, s.mine, credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrFormat, "its holder's proof would go unchecked")
	}
}

type withHolder struct {
	confirming
	holder proof.Signer
	nonce  string
}

func (w withHolder) Parse(raw []byte, mt string) (*credential.Envelope, error) {
	env, err := w.confirming.Parse(raw, mt)
	if err != nil {
		return nil, err
	}
	message := []byte(fmt.Sprint("holder", w.nonce))
	sig, err := w.holder.Sign(ctx, message)
	if err != nil {
		return nil, err
	}
	env.Holder = []credential.Proof{{ID: "kb", Purpose: proof.Authentication, Hint: proof.Hint{Algorithm: proof.EdDSA}, Verify: func(_ context.Context, a *credential.Attempt) error {
		if a.Want.Nonce != w.nonce {
			return errors.New("another nonce")
		}
		return proof.Verify(a.Key.Public, proof.EdDSA, message, sig)
	}}}
	return env, nil
}
