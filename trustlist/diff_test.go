package trustlist_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func lines(changes []trustlist.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

func TestDiffInWords(t *testing.T) {
	dated := key(1, "k1")
	dated.NotBefore, dated.NotAfter = now, now.Add(day)
	uni := trustlist.Entry{Authority: "University", Names: []string{"did:web:uni.example"}, Roles: issues, Types: []string{"degree"}}
	from := mustList(t, trustlist.Info{Name: "1", Issued: now}, state("ID", dated), state("SA", key(2, "k2")), uni)

	renewed := dated
	renewed.NotAfter = now.Add(2 * day)
	limited := uni
	limited.Types, limited.Periods = []string{"degree", "diploma"}, []trustlist.Period{{From: now}}
	to := mustList(t, trustlist.Info{Name: "2", Issued: now.Add(day)}, limited, state("ID", renewed, key(3, "")))

	require.Equal(t, []string{
		"added: ID, signer without identifier (Ed25519): may issue, status, any type, as ID, IDN, without end",
		"changed: ID, signer k1 (Ed25519): valid now from 2026-05-20T12:00:00Z until 2026-05-22T12:00:00Z, before from 2026-05-20T12:00:00Z until 2026-05-21T12:00:00Z",
		"removed: SA, signer k2 (Ed25519): may issue, status, any type, as SA, SAU, without end",
		"changed: University: types now degree, diploma, before degree; period now granted from 2026-05-20T12:00:00Z, before none",
	}, lines(trustlist.Diff(from, to)))
	require.Len(t, trustlist.Diff(nil, from), 3)
	require.Len(t, trustlist.Diff(from, nil), 3)
	require.Empty(t, trustlist.Diff(nil, nil))
}

func TestDiffSeesNoChange(t *testing.T) {
	a, b := state("ID", key(1, "k1"), key(2, "k2")), state("SA", key(3, "k3"))
	from := mustList(t, trustlist.Info{Name: "1", Issued: now}, a, b)
	a.Keys = []proof.Key{key(2, "k2"), key(1, "k1")}
	slices.Reverse(a.Names)
	to := mustList(t, trustlist.Info{Name: "2", Issued: now.Add(day), Expires: now.Add(2 * day)}, b, a, a)
	require.Empty(t, trustlist.Diff(from, to), "another order, another date, an entry twice")
}

// Whatever decides a verification is a change.
func TestDiffMissesNothing(t *testing.T) {
	n := testnet.New("diff", now)
	s := n.State("ID").Signer(testnet.SignerOptions{})
	other := n.State("ID").Signer(testnet.SignerOptions{})
	base := n.State("ID").Entry()
	base.Keys = base.Keys[:1]
	base.Types = []string{"vaccination", "test"}
	from := mustList(t, trustlist.Info{}, base)
	for name, spoil := range map[string]func(e *trustlist.Entry, k *proof.Key){
		"authority":   func(e *trustlist.Entry, _ *proof.Key) { e.Authority = "Ministry of Wealth" },
		"territory":   func(e *trustlist.Entry, _ *proof.Key) { e.Territory = "SA" },
		"a name more": func(e *trustlist.Entry, _ *proof.Key) { e.Names = append(e.Names, "SA") },
		"any name":    func(e *trustlist.Entry, _ *proof.Key) { e.Names = nil },
		"any type":    func(e *trustlist.Entry, _ *proof.Key) { e.Types = nil },
		"no type":     func(e *trustlist.Entry, _ *proof.Key) { e.Types = []string{} },
		"two types in one": func(e *trustlist.Entry, _ *proof.Key) {
			e.Types = []string{"test, vaccination"}
		},
		"role":        func(e *trustlist.Entry, _ *proof.Key) { e.Roles = issues },
		"no role":     func(e *trustlist.Entry, _ *proof.Key) { e.Roles = nil },
		"period":      func(e *trustlist.Entry, _ *proof.Key) { e.Periods = []trustlist.Period{{To: now}} },
		"no period":   func(e *trustlist.Entry, _ *proof.Key) { e.Periods = []trustlist.Period{} },
		"kid":         func(_ *trustlist.Entry, k *proof.Key) { k.ID = "other" },
		"end":         func(_ *trustlist.Entry, k *proof.Key) { k.NotAfter = time.Time{} },
		"begin":       func(_ *trustlist.Entry, k *proof.Key) { k.NotBefore = time.Time{} },
		"algorithms":  func(_ *trustlist.Entry, k *proof.Key) { k.Algorithms = []proof.Algorithm{proof.ES384} },
		"purposes":    func(_ *trustlist.Entry, k *proof.Key) { k.Purposes = []proof.Purpose{proof.Authentication} },
		"controllers": func(_ *trustlist.Entry, k *proof.Key) { k.Controllers = []string{"SA"} },
		"certificate": func(_ *trustlist.Entry, k *proof.Key) { k.Chain = other.Signer.Key().Chain },
		"issuer":      func(_ *trustlist.Entry, k *proof.Key) { k.Chain = k.Chain[:1] },
		"public key":  func(_ *trustlist.Entry, k *proof.Key) { k.Public = other.Cert.PublicKey },
		"all keys":    func(e *trustlist.Entry, _ *proof.Key) { e.Keys = nil },
	} {
		e := base
		e.Names = slices.Clone(base.Names)
		e.Keys = []proof.Key{base.Keys[0]}
		spoil(&e, &e.Keys[0])
		to := mustList(t, trustlist.Info{}, e)
		there, back := trustlist.Diff(from, to), trustlist.Diff(to, from)
		require.NotEmpty(t, there, name)
		require.Len(t, back, len(there), name)
		for _, c := range there {
			require.NotEmpty(t, c.Details, name)
		}
	}
	require.Equal(t, trustlist.KeyID(s.Cert), base.Keys[0].ID)
}

// Roles and types that change places between two entries of one key, and what
// would mislead whoever reads the words.
func TestDiffOfSeveralEntries(t *testing.T) {
	k := key(1, "k")
	entry := func(r trustlist.Role, typ string) trustlist.Entry {
		return trustlist.Entry{Authority: "A\u202eB", Names: []string{"x"}, Roles: []trustlist.Role{r}, Types: []string{typ}, Keys: []proof.Key{k}}
	}
	from := mustList(t, trustlist.Info{}, entry("issue", "a"), entry("status", "b"))
	to := mustList(t, trustlist.Info{}, entry("issue", "b"), entry("status", "a"))
	require.Equal(t, []string{`changed: "A\u202eB", signer k (Ed25519): no longer may issue, a, as x, without end; no longer may status, b, as x, without end; ` +
		`now may issue, b, as x, without end; now may status, a, as x, without end`}, lines(trustlist.Diff(from, to)))
}

// Who may certify issuers is the most that a list can grant: none comes or goes
// unseen, also beside keys.
func TestDiffSeesAnchors(t *testing.T) {
	one, two := (*authority)(nil).certify(t, "One", ca), (*authority)(nil).certify(t, "Two", ca)
	for _, keys := range [][]proof.Key{nil, {listedKey(t)}} {
		with := func(cas ...*authority) *trustlist.List {
			e := trustlist.Entry{Authority: "Trust service", Names: []string{"x"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: keys}
			for _, c := range cas {
				e.Anchors = append(e.Anchors, c.cert)
			}
			l, err := trustlist.New(trustlist.Info{}, e)
			require.NoError(t, err)
			return l
		}
		require.Empty(t, trustlist.Diff(with(one, two), with(two, one)))
		changes := trustlist.Diff(with(one), with(two))
		require.Len(t, changes, 1)
		require.Equal(t, trustlist.Changed, changes[0].Kind)
		require.Contains(t, changes[0].String(), "certification authorities now")
		for _, pair := range [][2]*trustlist.List{{with(), with(one)}, {with(one), with()}, {with(one), with(one, two)}} {
			require.Len(t, trustlist.Diff(pair[0], pair[1]), 1)
		}
	}
}

func listedKey(t *testing.T) proof.Key {
	k, err := trustlist.CertificateKey((*authority)(nil).certify(t, "Signer", nil).cert)
	require.NoError(t, err)
	return k
}
