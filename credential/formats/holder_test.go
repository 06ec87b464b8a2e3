package formats_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

// wallet is a holder with a card in every format, and a border that asks for them.
type wallet struct {
	holder, eve proof.Signer
	holderKey   *ecdsa.PrivateKey
	v           *credential.Verifier
	cards       []walletCard
}

// walletCard is one credential. Each says "Amina", which its issuer made mandatory, "X-77"
// and "O+", which it did not, where its format lets an issuer choose.
type walletCard struct {
	name string
	credential.Held
	at     string // what stands before the pointers to its claims
	part   bool   // can be shown in part
	bearer bool   // names no holder
}

const (
	shownName, hiddenPassport, hiddenBlood = "Amina", "X-77", "O+"
)

func newWallet(t *testing.T) *wallet {
	w := &wallet{}
	w.holderKey, w.holder = p256(t, "holder")
	_, w.eve = p256(t, "eve")
	_, es := p256(t, "ministry")
	seed := sha256.Sum256([]byte("wallet"))
	secret, err := bbs.KeyGen(seed[:], nil)
	require.NoError(t, err)
	g2, err := key.Key(secret.Public())
	require.NoError(t, err)
	unlinkable, err := bbs.NewSigner(secret, *g2)
	require.NoError(t, err)
	n := testnet.New("wallet", time.Now())
	signer := n.State("ID").Signer(testnet.SignerOptions{})
	list, err := trustlist.New(trustlist.Info{Name: "wallet"}, append(n.Entries(), trustlist.Entry{
		Authority: "Ministry", Names: append(slices.Clone(es.Key().Controllers), g2.Controllers...), Roles: []trustlist.Role{trustlist.RoleIssue},
	})...)
	require.NoError(t, err)
	w.v, err = credential.NewVerifier(credential.Config{Formats: formats.All(), Keys: proof.Resolvers(list, key.Resolver{}), Trust: list})
	require.NoError(t, err)

	for _, suite := range []string{dataintegrity.ECDSAJCS2019, dataintegrity.ECDSARDFC2019, dataintegrity.ECDSASD2023} {
		f := w3c.Format{Suites: []string{suite}}
		w.w3c(t, suite, f, es, suite == dataintegrity.ECDSASD2023)
	}
	w.w3c(t, dataintegrity.BBS2023, w3c.Format{Suites: []string{dataintegrity.BBS2023}, BBS: bbs.Scheme{}}, unlinkable, true)
	w.w3c(t, "vc+jwt", w3c.JWT{}, es, false)
	w.w3c(t, "vc+cose", w3c.COSE{}, es, false)
	w.w3c(t, "vc+sd-jwt", w3c.SDJWT{}, es, true)

	d, err := sdjwt.New(sdjwt.Content{
		Type: "urn:example:card", Issuer: es.Key().Controllers[0], Holder: w.holderKey.Public(),
		Claims: map[string]any{"name": shownName, "passport": hiddenPassport, "blood": []string{hiddenBlood}},
	})
	require.NoError(t, err)
	d.Mandatory = []string{"/name"}
	w.cards = append(w.cards, walletCard{name: "dc+sd-jwt", part: true, Held: credential.Held{
		Raw: issue(t, sdjwt.Format{}, d, es), MediaType: sdjwt.MediaType, Format: sdjwt.Format{}, Signer: w.holder,
	}})
	d = hcert.NewICVP("ID", "1", &hcert.ICVP{Name: shownName, DocumentID: hiddenPassport, Guardian: hiddenBlood, DateOfBirth: "1970-01-01"}, time.Now(), time.Time{})
	w.cards = append(w.cards, walletCard{name: "hcert", bearer: true, Held: credential.Held{
		Raw: issue(t, hcert.Format{}, d, signer.Signer), MediaType: hcert.MediaType, Signer: w.holder,
	}})
	return w
}

func (w *wallet) w3c(t *testing.T, name string, f credential.Sealer, issuer proof.Signer, part bool) {
	d, err := w3c.New(w3c.Content{
		Types: []string{"Card"}, Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"}, Issuer: issuer.Key().Controllers[0],
		Subject: map[string]any{"id": w.holder.Key().Controllers[0], "name": shownName, "passport": hiddenPassport, "blood": []string{hiddenBlood}},
	})
	require.NoError(t, err)
	d.Mandatory = []string{"/credentialSubject/name"}
	if name == "vc+sd-jwt" {
		d.Confirm = []proof.Key{w.holder.Key()}
	}
	c := walletCard{name: name, at: "/credentialSubject", part: part, Held: credential.Held{Raw: issue(t, f, d, issuer), Signer: w.holder}}
	c.Held.Format, _ = f.(credential.Deriver)
	w.cards = append(w.cards, c)
}

// card finds one by name.
func (w *wallet) card(name string) walletCard {
	return w.cards[slices.IndexFunc(w.cards, func(c walletCard) bool { return c.name == name })]
}

// policy is what the border demands of a card, in one exchange.
func policyFor(b credential.Binding, cards ...walletCard) credential.Policy {
	return credential.Policy{Time: time.Now(), Binding: b, AnyHolder: slices.ContainsFunc(cards, func(c walletCard) bool { return c.bearer })}
}

var withBBS = w3c.Format{BBS: bbs.Scheme{}}

var presenters = map[string]credential.Presenter{"none": nil, "vp": withBBS, "vp+jwt": w3c.JWT{Document: withBBS}, "vp+cose": w3c.COSE{Document: withBBS}}

// says reports which of a card's three claims a result has.
func says(t *testing.T, r *credential.Result) [3]bool {
	t.Helper()
	claims, err := json.Marshal(r.Credential.Payload)
	require.NoError(t, err)
	has := func(s string) bool { return strings.Contains(string(claims), `"`+s+`"`) }
	return [3]bool{has(shownName), has(hiddenPassport), has(hiddenBlood)}
}

// Whatever the format, a holder shows what the pointers name and what is mandatory,
// and nothing else, in whatever presentation.
func TestHoldersShowWhatTheyChoose(t *testing.T) {
	w := newWallet(t)
	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	for _, c := range w.cards {
		for as, presenter := range presenters {
			t.Run(c.name+" as "+as, func(t *testing.T) {
				for _, x := range []struct {
					show []string
					want [3]bool
				}{
					{nil, [3]bool{true, false, false}},
					{[]string{}, [3]bool{true, false, false}},
					{[]string{c.at + "/passport"}, [3]bool{true, true, false}},
					{[]string{c.at + "/blood"}, [3]bool{true, false, true}},
					{[]string{c.at + "/name", c.at + "/blood", c.at + "/passport"}, [3]bool{true, true, true}},
					{[]string{""}, [3]bool{true, true, true}},
				} {
					h := c.Held
					if h.Show = x.show; !c.part {
						w.whole(t, c, presenter, x.show, b)
						continue
					}
					raw, err := credential.Present(ctx, presenter, []credential.Held{h}, b)
					require.NoError(t, err, x.show)
					r := w.accepted(t, raw, presenter == nil && h.MediaType == "" && c.name != "vc+sd-jwt", policyFor(b, c))
					require.Equal(t, x.want, says(t, r), x.show)
					if presenter == nil && !x.want[1] {
						require.NotContains(t, string(raw), hiddenPassport)
					}
				}
				for _, nothing := range []string{c.at + "/nothing", "name", c.at + "/blood/7", c.at + "/name/x", "#"} {
					h := c.Held
					h.Show = []string{nothing}
					_, err := credential.Present(ctx, presenter, []credential.Held{h}, b)
					if c.part {
						require.ErrorIs(t, err, proof.ErrPointer, nothing)
					} else {
						require.ErrorIs(t, err, errors.ErrUnsupported, nothing)
					}
				}
			})
		}
	}
}

// whole presents a card that can only be shown whole.
func (w *wallet) whole(t *testing.T, c walletCard, as credential.Presenter, show []string, b credential.Binding) {
	t.Helper()
	for _, f := range []credential.Deriver{nil, c.Held.Format} {
		h := c.Held
		h.Show, h.Format = show, f
		raw, err := credential.Present(ctx, as, []credential.Held{h}, b)
		if f != nil || len(show) > 0 && show[0] != "" {
			require.ErrorIs(t, err, errors.ErrUnsupported, show)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, [3]bool{true, true, true}, says(t, w.accepted(t, raw, as == nil, policyFor(b, c))))
	}
}

// accepted verifies what is presented. unbound is a credential with no holder's
// proof, which is nobody's presentation.
func (w *wallet) accepted(t *testing.T, raw []byte, unbound bool, p credential.Policy) *credential.Result {
	t.Helper()
	if unbound {
		_, err := w.v.VerifyPresentation(ctx, raw, p)
		require.ErrorIs(t, err, credential.ErrHolder, "nobody proved to hold it")
		r, err := w.v.Verify(ctx, raw, p)
		require.NoError(t, err)
		return r
	}
	_, err := w.v.Verify(ctx, raw, p)
	require.Error(t, err, "a presentation is no credential")
	r, err := w.v.VerifyPresentation(ctx, raw, p)
	require.NoError(t, err)
	require.Len(t, r.Results, 1)
	return r.Results[0]
}

// A presentation is its holder's, for one verifier, and for one exchange.
func TestPromisePresentationsAreBound(t *testing.T) {
	w := newWallet(t)
	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	for _, c := range w.cards {
		for as, presenter := range presenters {
			h := c.Held
			if !c.part {
				h.Format = nil
			}
			keyBound := strings.HasSuffix(c.name, "sd-jwt")
			if presenter == nil && !keyBound {
				continue // bound to nobody, as TestHoldersShowWhatTheyChoose has it
			}
			t.Run(c.name+" as "+as, func(t *testing.T) {
				raw, err := credential.Present(ctx, presenter, []credential.Held{h}, b)
				require.NoError(t, err)
				p := policyFor(b, c)
				_, err = w.v.VerifyPresentation(ctx, raw, p)
				require.NoError(t, err)
				for _, other := range []credential.Binding{{Audience: b.Audience, Nonce: "n-2"}, {Audience: "https://other.example", Nonce: b.Nonce}, {Audience: b.Audience}} {
					p.Binding = other
					_, err = w.v.VerifyPresentation(ctx, raw, p)
					require.Error(t, err, other)
					require.NotErrorIs(t, err, credential.ErrInconclusive, other)
				}
				stranger := h
				stranger.Signer = w.eve
				raw, err = credential.Present(ctx, presenter, []credential.Held{stranger}, b)
				if keyBound {
					require.Error(t, err, "not the key that the issuer confirmed")
					if presenter == nil {
						return
					}
					// The card without its key binding, in a presentation of Eve's.
					bare := h
					bare.Signer = nil
					bare.Raw, err = credential.Present(ctx, nil, []credential.Held{bare}, b)
					require.NoError(t, err)
					bare.Format, bare.Signer = nil, w.eve
					raw, err = credential.Present(ctx, presenter, []credential.Held{bare}, b)
				}
				require.NoError(t, err)
				p = policyFor(b)
				_, err = w.v.VerifyPresentation(ctx, raw, p)
				require.ErrorIs(t, err, credential.ErrHolder)
				p.AnyHolder = true
				_, err = w.v.VerifyPresentation(ctx, raw, p)
				if keyBound {
					require.ErrorIs(t, err, credential.ErrHolder, "the issuer named the key")
				} else {
					require.NoError(t, err)
				}
			})
		}
	}
}

// Cards of four formats in one presentation, of which three show a part.
func TestCardsOfAllFormatsTogether(t *testing.T) {
	w := newWallet(t)
	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	names := []string{"dc+sd-jwt", dataintegrity.BBS2023, "hcert", "vc+jwt", dataintegrity.ECDSASD2023, "vc+sd-jwt", "vc+cose"}
	var all []credential.Held
	var cards []walletCard
	for _, n := range names {
		c := w.card(n)
		if c.part {
			c.Held.Show = []string{c.at + "/blood"}
		}
		cards, all = append(cards, c), append(all, c.Held)
	}
	for as, presenter := range presenters {
		if presenter == nil {
			_, err := credential.Present(ctx, nil, all, b)
			require.Error(t, err, "several need a presentation around them")
			continue
		}
		raw, err := credential.Present(ctx, presenter, all, b)
		require.NoError(t, err, as)
		p := policyFor(b, cards...)
		r, err := w.v.VerifyPresentation(ctx, raw, p)
		require.NoError(t, err, as)
		require.Len(t, r.Results, len(cards))
		for i, c := range cards {
			require.Equal(t, [3]bool{true, !c.part, true}, says(t, r.Results[i]), "%s in %s", c.name, as)
		}
		p.Binding.Nonce = "n-2"
		_, err = w.v.VerifyPresentation(ctx, raw, p)
		require.ErrorIs(t, err, credential.ErrHolder, as)
		p.Binding, p.AnyHolder = b, false
		_, err = w.v.VerifyPresentation(ctx, raw, p)
		require.ErrorIs(t, err, credential.ErrHolder, "the health certificate names no holder")
		p.AllowPartial = true
		r, err = w.v.VerifyPresentation(ctx, raw, p)
		require.NoError(t, err)
		for i, c := range cards {
			require.Equal(t, c.bearer, r.Errs[i] != nil, "%s in %s", c.name, as)
		}
	}

	// A key binding of yesterday's exchange is not worth more in today's presentation.
	old := w.card("dc+sd-jwt").Held
	raw, err := credential.Present(ctx, nil, []credential.Held{old}, credential.Binding{Audience: b.Audience, Nonce: "n-0"})
	require.NoError(t, err)
	old.Raw, old.Format = raw, nil
	raw, err = credential.Present(ctx, w3c.JWT{}, []credential.Held{old}, b)
	require.NoError(t, err)
	_, err = w.v.VerifyPresentation(ctx, raw, policyFor(b))
	require.ErrorIs(t, err, credential.ErrHolder)
}

// What its issuer bound to no key is bound by the presentation around it, if its
// subject signs that, and by nothing else.
func TestPresentationBindsWhatIsNotBound(t *testing.T) {
	w := newWallet(t)
	_, es := p256(t, "ministry")
	b := credential.Binding{Audience: "https://border.example", Nonce: "n-1"}
	d, err := sdjwt.New(sdjwt.Content{Type: "urn:example:card", Issuer: es.Key().Controllers[0], Claims: map[string]any{
		"sub": w.holder.Key().Controllers[0], "name": shownName, "passport": hiddenPassport,
	}})
	require.NoError(t, err)
	d.Mandatory = []string{"/sub"}
	h := credential.Held{Raw: issue(t, sdjwt.Format{}, d, es), MediaType: sdjwt.MediaType, Format: sdjwt.Format{}, Signer: w.holder, Show: []string{"/name"}}
	for as, presenter := range presenters {
		raw, err := credential.Present(ctx, presenter, []credential.Held{h}, b)
		require.NoError(t, err, as)
		r, err := w.v.VerifyPresentation(ctx, raw, policyFor(b))
		if presenter == nil {
			require.ErrorIs(t, err, credential.ErrHolder)
			continue
		}
		require.NoError(t, err, as)
		require.Equal(t, [3]bool{true, false, false}, says(t, r.Results[0]), as)
		eve := h
		eve.Signer = w.eve
		raw, err = credential.Present(ctx, presenter, []credential.Held{eve}, b)
		require.NoError(t, err, as)
		_, err = w.v.VerifyPresentation(ctx, raw, policyFor(b))
		require.ErrorIs(t, err, credential.ErrHolder, as)
	}
}
