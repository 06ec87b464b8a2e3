package trustlist_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	ctx    = context.Background()
	now    = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	day    = 24 * time.Hour
	issues = []trustlist.Role{trustlist.RoleIssue}
)

func report(t *testing.T, set string, met, total int) {
	t.Helper()
	fmt.Printf("conformance: %s %d/%d\n", set, met, total)
	require.Positive(t, total)
}

// key is the n-th test key: Ed25519, so that ten thousand cost little.
func key(n int, id string) proof.Key {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	seed := sha256.Sum256(b[:])
	return proof.Key{
		ID: id, Public: ed25519.NewKeyFromSeed(seed[:]).Public(),
		Algorithms: []proof.Algorithm{proof.EdDSA}, Purposes: []proof.Purpose{proof.AssertionMethod},
	}
}

func state(code string, keys ...proof.Key) trustlist.Entry {
	return trustlist.Entry{
		Authority: code, Territory: trustlist.Territory(code), Names: trustlist.CountryNames(code), Keys: keys,
		Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
	}
}

func mustList(t testing.TB, info trustlist.Info, entries ...trustlist.Entry) *trustlist.List {
	t.Helper()
	l, err := trustlist.New(info, entries...)
	require.NoError(t, err)
	return l
}

func ask(k proof.Key, issuer string) trustlist.Query {
	return trustlist.Query{Key: k, Issuer: issuer, Role: trustlist.RoleIssue, Signed: now, Now: now}
}

func TestNewRefuses(t *testing.T) {
	good := key(1, "k")
	for name, k := range map[string]proof.Key{
		"no public key":      {ID: "k", Algorithms: good.Algorithms, Purposes: good.Purposes},
		"no algorithms":      {ID: "k", Public: good.Public, Purposes: good.Purposes},
		"no purposes":        {ID: "k", Public: good.Public, Algorithms: good.Algorithms},
		"weak RSA":           {ID: "k", Public: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, Algorithms: []proof.Algorithm{proof.PS256}, Purposes: good.Purposes},
		"short Ed25519":      {ID: "k", Public: ed25519.PublicKey{1, 2}, Algorithms: good.Algorithms, Purposes: good.Purposes},
		"not a key":          {ID: "k", Public: "secret", Algorithms: good.Algorithms, Purposes: good.Purposes},
		"nil of a good type": {ID: "k", Public: (*ecdsa.PublicKey)(nil), Algorithms: good.Algorithms, Purposes: good.Purposes},
	} {
		_, err := trustlist.New(trustlist.Info{}, state("ID", k))
		require.ErrorIs(t, err, proof.ErrKey, name)
		require.ErrorContains(t, err, "entry 0 (ID), key 0", name)
	}
	_, err := trustlist.New(trustlist.Info{}, trustlist.Entry{Authority: "nobody", Roles: issues})
	require.ErrorContains(t, err, "entry 0 (nobody)")
}

func TestNewStampsEntries(t *testing.T) {
	info := trustlist.Info{Name: "list", Issued: now, Expires: now.Add(day)}
	own := state("SA", key(2, "k2"))
	own.List, own.ListIssued, own.ListExpires = "older list", now.Add(-day), now.Add(time.Hour)
	l := mustList(t, info, state("ID", key(1, "k1")), own)
	e := l.Entries()
	require.Equal(t, "list", e[0].List)
	require.Equal(t, now, e[0].ListIssued)
	require.Equal(t, now.Add(day), e[0].ListExpires)
	require.Equal(t, "older list", e[1].List)
	require.Equal(t, now.Add(-day), e[1].ListIssued)
	require.Equal(t, now.Add(time.Hour), e[1].ListExpires)
	require.Equal(t, []trustlist.Info{info}, l.Infos())
	require.Equal(t, now, l.Issued())
}

func TestIssuedIsTheOldest(t *testing.T) {
	a := mustList(t, trustlist.Info{Name: "a", Issued: now})
	b := mustList(t, trustlist.Info{Name: "b", Issued: now.Add(-day)})
	undated := mustList(t, trustlist.Info{Name: "c"})
	require.Equal(t, now.Add(-day), trustlist.Merge(a, b).Issued())
	require.True(t, trustlist.Merge(a, b, undated).Issued().IsZero(), "one that does not say")
	require.True(t, trustlist.Merge().Issued().IsZero())
}

// The name of the issuer is what a message claims. A listed notary that claims
// to be the government must not find the government's entry.
func TestPromiseIssuerNameAloneMatchesNothing(t *testing.T) {
	government, notary := key(1, "gov"), key(2, "notary")
	n := trustlist.Entry{Authority: "Notary", Names: []string{"https://notary.example"}, Keys: []proof.Key{notary}, Roles: issues, Types: []string{"deed"}}
	l := mustList(t, trustlist.Info{}, state("ID", government), n)

	_, err := l.Authorize(ctx, ask(key(3, "gov"), "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed, "an unlisted key with a listed kid and a listed name")

	q := ask(notary, "ID")
	q.Types = []string{"passport"}
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	q.Types = []string{"deed"}
	e, err := l.Authorize(ctx, q)
	require.NoError(t, err)
	require.Equal(t, "Notary", e.Authority)
	require.False(t, e.Speaks("ID"), "the verifier sees that it does not speak for the name")

	// Nor do controllers that the key claims help against an entry with keys.
	claims := key(3, "x")
	claims.Controllers = []string{"ID", "IDN"}
	_, err = l.Authorize(ctx, ask(claims, "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed)
}

func TestNamedEntryNeedsAVouchedController(t *testing.T) {
	uni := trustlist.Entry{Authority: "University", Names: []string{"did:web:uni.example"}, Roles: issues}
	l := mustList(t, trustlist.Info{}, uni)
	k := key(1, "did:web:uni.example#1")
	_, err := l.Authorize(ctx, ask(k, "did:web:uni.example"))
	require.ErrorIs(t, err, trustlist.ErrNotListed, "the name in the message is not vouched for")
	k.Controllers = []string{"did:web:uni.example"}
	e, err := l.Authorize(ctx, ask(k, "did:web:uni.example"))
	require.NoError(t, err)
	require.Equal(t, "University", e.Authority)

	k.NotAfter = now.Add(-day)
	_, err = l.Authorize(ctx, ask(k, "did:web:uni.example"))
	require.ErrorIs(t, err, trustlist.ErrExpired, "the key's own period counts")
}

func TestKeyIdentifierShared(t *testing.T) {
	a, b := key(1, "same"), key(2, "same")
	l := mustList(t, trustlist.Info{}, state("ID", a), state("SA", b))
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "same", Issuer: "ID"})
	require.NoError(t, err)
	require.Len(t, keys, 2, "both are tried, whatever issuer the hint names")
	require.Equal(t, []string{"ID", "IDN"}, keys[0].Controllers)
	require.Equal(t, []string{"SA", "SAU"}, keys[1].Controllers)
	for k, want := range map[string]proof.Key{"ID": a, "SA": b} {
		e, err := l.Authorize(ctx, ask(want, "ID"))
		require.NoError(t, err)
		require.Equal(t, k, e.Authority, "the key decides, not the kid")
	}
}

func TestResolveKeys(t *testing.T) {
	k := key(1, "k")
	l := mustList(t, trustlist.Info{}, state("ID", k, key(2, "")), state("ID", k))
	for id, n := range map[string]int{"k": 1, "": 0, "unknown": 0} {
		keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: id})
		require.NoError(t, err)
		require.Len(t, keys, n, "%q", id)
	}
	var many []proof.Key
	for i := range 33 {
		many = append(many, key(i, "same"))
	}
	_, err := mustList(t, trustlist.Info{}, state("ID", many...)).ResolveKeys(ctx, proof.Hint{KeyID: "same"})
	require.ErrorContains(t, err, "more than 32 keys share an identifier")
	keys, err := mustList(t, trustlist.Info{}, state("ID", many[:32]...)).ResolveKeys(ctx, proof.Hint{KeyID: "same"})
	require.NoError(t, err)
	require.Len(t, keys, 32)
}

// One key may be listed by two states, or for two purposes, under one kid: it
// is one candidate with all that its entries say.
func TestOneKeyUnderTwoStates(t *testing.T) {
	a, b := key(1, "k"), key(1, "k")
	b.Purposes = []proof.Purpose{proof.Authentication}
	l := mustList(t, trustlist.Info{}, state("ID", a), state("SA", b))
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "k"})
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, []string{"ID", "IDN", "SA", "SAU"}, keys[0].Controllers)
	require.ElementsMatch(t, []proof.Purpose{proof.AssertionMethod, proof.Authentication}, keys[0].Purposes)
	require.Equal(t, []proof.Purpose{proof.AssertionMethod}, l.Entries()[0].Keys[0].Purposes, "the entries stay as they are")
	for issuer, want := range map[string]string{"ID": "ID", "SAU": "SA", "DE": "ID", "": "ID"} {
		e, err := l.Authorize(ctx, ask(a, issuer))
		require.NoError(t, err)
		require.Equal(t, want, e.Authority, "issuer %q chooses among those that have the key", issuer)
	}
}

func TestAuthorizeLimits(t *testing.T) {
	k := key(1, "k")
	about := func(name string) *trustlist.Entry { return &trustlist.Entry{Authority: name} }
	for name, c := range map[string]struct {
		entry func(*trustlist.Entry)
		query func(*trustlist.Query)
		want  error
	}{
		"plain":                   {want: nil},
		"role missing":            {func(e *trustlist.Entry) { e.Roles = issues }, func(q *trustlist.Query) { q.Role = trustlist.RoleStatus }, trustlist.ErrNotGranted},
		"no roles":                {func(e *trustlist.Entry) { e.Roles = nil }, nil, trustlist.ErrNotGranted},
		"no role asked":           {nil, func(q *trustlist.Query) { q.Role = "" }, trustlist.ErrNotGranted},
		"another role":            {func(e *trustlist.Entry) { e.Roles = []trustlist.Role{"CSCA"} }, nil, trustlist.ErrNotGranted},
		"type granted":            {func(e *trustlist.Entry) { e.Types = []string{"test"} }, func(q *trustlist.Query) { q.Types = []string{"test"} }, nil},
		"type not granted":        {func(e *trustlist.Entry) { e.Types = []string{"test"} }, func(q *trustlist.Query) { q.Types = []string{"vaccination"} }, trustlist.ErrNotGranted},
		"one type of two":         {func(e *trustlist.Entry) { e.Types = []string{"test"} }, func(q *trustlist.Query) { q.Types = []string{"test", "vaccination"} }, trustlist.ErrNotGranted},
		"types, none stated":      {func(e *trustlist.Entry) { e.Types = []string{"test"} }, nil, trustlist.ErrNotGranted},
		"types empty, not nil":    {func(e *trustlist.Entry) { e.Types = []string{} }, func(q *trustlist.Query) { q.Types = []string{"test"} }, trustlist.ErrNotGranted},
		"types and a status list": {func(e *trustlist.Entry) { e.Types = []string{"test"} }, func(q *trustlist.Query) { q.Role = trustlist.RoleStatus }, nil},
		"status of its own":       {nil, func(q *trustlist.Query) { q.Role, q.About = trustlist.RoleStatus, about("ID") }, nil},
		"status of another":       {nil, func(q *trustlist.Query) { q.Role, q.About = trustlist.RoleStatus, about("SA") }, trustlist.ErrNotGranted},
		"period running":          {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now.Add(-day)}} }, nil, nil},
		"period over":             {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now.Add(-2 * day), To: now.Add(-day)}} }, nil, trustlist.ErrNotGranted},
		"period to come":          {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now.Add(day)}} }, nil, trustlist.ErrNotGranted},
		"signed at its start":     {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now}} }, nil, nil},
		"signed at its end":       {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now.Add(-day), To: now}} }, nil, trustlist.ErrNotGranted},
		"period over, signed in it": {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now.Add(-3 * day), To: now.Add(-day)}} },
			func(q *trustlist.Query) { q.Signed = now.Add(-2 * day) }, nil},
		"second period": {func(e *trustlist.Entry) {
			e.Periods = []trustlist.Period{{From: now.Add(-3 * day), To: now.Add(-2 * day)}, {From: now.Add(-day)}}
		}, nil, nil},
		"no period at all":       {func(e *trustlist.Entry) { e.Periods = []trustlist.Period{} }, nil, trustlist.ErrNotGranted},
		"key expired":            {func(e *trustlist.Entry) { e.Keys[0].NotAfter = now.Add(-time.Second) }, nil, trustlist.ErrExpired},
		"key in its last second": {func(e *trustlist.Entry) { e.Keys[0].NotAfter = now }, nil, nil},
		"key not valid yet":      {func(e *trustlist.Entry) { e.Keys[0].NotBefore = now.Add(time.Second) }, nil, trustlist.ErrExpired},
		"the query's key says it is valid": {func(e *trustlist.Entry) { e.Keys[0].NotAfter = now.Add(-day) },
			func(q *trustlist.Query) { q.Key.NotAfter = now.Add(day) }, trustlist.ErrExpired},
		"list expired":   {func(e *trustlist.Entry) { e.ListExpires = now.Add(-time.Second) }, nil, trustlist.ErrStale},
		"list just good": {func(e *trustlist.Entry) { e.ListExpires = now }, nil, nil},
	} {
		e := state("ID", k)
		if c.entry != nil {
			c.entry(&e)
		}
		q := ask(k, "ID")
		if c.query != nil {
			c.query(&q)
		}
		got, err := mustList(t, trustlist.Info{}, e).Authorize(ctx, q)
		if c.want == nil {
			require.NoError(t, err, name)
			require.Equal(t, "ID", got.Authority, name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, got, name)
		require.Equal(t, c.want == trustlist.ErrStale, isUnavailable(err), name)
	}
}

func isUnavailable(err error) bool {
	for ; err != nil; err = unwrap(err) {
		if err == proof.ErrUnavailable {
			return true
		}
	}
	return false
}

func unwrap(err error) error {
	u, ok := err.(interface{ Unwrap() error })
	if !ok {
		return nil
	}
	return u.Unwrap()
}

// Of two certificates of one key the one that is valid counts.
func TestKeyCertifiedAnew(t *testing.T) {
	old, renewed := key(1, "old"), key(1, "new")
	old.NotAfter, renewed.NotBefore = now.Add(-day), now.Add(-2*day)
	for _, keys := range [][]proof.Key{{old, renewed}, {renewed, old}} {
		_, err := mustList(t, trustlist.Info{}, state("ID", keys...)).Authorize(ctx, ask(key(1, "old"), "ID"))
		require.NoError(t, err)
	}
	_, err := mustList(t, trustlist.Info{}, state("ID", old)).Authorize(ctx, ask(key(1, "old"), "ID"))
	require.ErrorIs(t, err, trustlist.ErrExpired)
}

func TestMergePrefers(t *testing.T) {
	k := key(1, "k")
	agency := state("ID", k)
	agency.Authority, agency.Names = "Agency", []string{"https://agency.example"}
	first := mustList(t, trustlist.Info{Name: "first"}, agency)
	second := mustList(t, trustlist.Info{Name: "second"}, state("ID", k))
	third := mustList(t, trustlist.Info{Name: "third"}, state("ID", k))
	l := trustlist.Merge(first, second, third)
	require.Len(t, l.Entries(), 3)
	require.Len(t, l.Infos(), 3)
	for issuer, want := range map[string]string{"ID": "second", "https://agency.example": "first", "nobody": "first"} {
		e, err := l.Authorize(ctx, ask(k, issuer))
		require.NoError(t, err)
		require.Equal(t, want, e.List, issuer)
	}
	keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "k"})
	require.NoError(t, err)
	require.Len(t, keys, 1)
}

// What one list refuses another may grant in the same name, and not in another:
// a key that one entry names and another authorises would otherwise act for the
// first. A refusal tells of the entry that speaks for the issuer.
func TestPromiseNamesAreNotLent(t *testing.T) {
	k := key(1, "k")
	expired := mustList(t, trustlist.Info{Name: "expired", Expires: now.Add(-day)}, state("ID", k))
	good := mustList(t, trustlist.Info{Name: "good", Expires: now.Add(day)}, state("SA", k))
	e, err := trustlist.Merge(expired, good).Authorize(ctx, ask(k, "SA"))
	require.NoError(t, err)
	require.Equal(t, "good", e.List)
	_, err = trustlist.Merge(expired, good).Authorize(ctx, ask(k, "ID"))
	require.ErrorIs(t, err, trustlist.ErrStale)
	_, err = trustlist.Merge(good, expired).Authorize(ctx, ask(k, "ID"))
	require.ErrorIs(t, err, trustlist.ErrStale)
	again := mustList(t, trustlist.Info{Name: "again"}, state("ID", k))
	e, err = trustlist.Merge(expired, again).Authorize(ctx, ask(k, "ID"))
	require.NoError(t, err)
	require.Equal(t, "again", e.List)
	e.Roles = nil
	e, err = trustlist.Merge(expired, again).Authorize(ctx, ask(k, "ID"))
	require.NoError(t, err)
	require.NotEmpty(t, e.Roles)
	_, err = trustlist.Merge(nil, again).Authorize(ctx, ask(k, "ID"))
	require.NoError(t, err)

	noRole := state("SA", k)
	noRole.Roles = nil
	other := mustList(t, trustlist.Info{}, noRole)
	for _, l := range []*trustlist.List{trustlist.Merge(expired, other), trustlist.Merge(other, expired)} {
		_, err = l.Authorize(ctx, ask(k, "ID"))
		require.ErrorIs(t, err, trustlist.ErrStale)
		_, err = l.Authorize(ctx, ask(k, "SA"))
		require.ErrorIs(t, err, trustlist.ErrNotGranted)
	}
}

func TestListIsImmutable(t *testing.T) {
	entries := []trustlist.Entry{state("ID", key(1, "k"))}
	l := mustList(t, trustlist.Info{}, entries...)
	entries[0].Roles, entries[0].Authority = nil, "changed"
	l.Entries()[0].Authority = "changed"
	l.Infos()[0].Name = "changed"
	e, err := l.Authorize(ctx, ask(key(1, "k"), "ID"))
	require.NoError(t, err)
	require.Equal(t, "ID", e.Authority)
	require.Empty(t, l.Infos()[0].Name)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, err := l.Authorize(ctx, ask(key(1, "k"), "ID")); err != nil {
					t.Error(err)
				}
				if keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "k"}); err != nil || len(keys) != 1 {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCertificateKey(t *testing.T) {
	s := testnet.New("keys", now).State("ID")
	for kind, want := range map[testnet.Kind][]proof.Algorithm{
		testnet.P256: {proof.ES256}, testnet.P384: {proof.ES384, proof.ES256}, testnet.Ed25519: {proof.EdDSA}, testnet.RSA2048: {proof.PS256},
	} {
		c := s.Signer(testnet.SignerOptions{Kind: kind}).Cert
		k, err := trustlist.CertificateKey(c)
		require.NoError(t, err)
		require.Equal(t, want, k.Algorithms, kind)
		require.Equal(t, trustlist.KeyID(c), k.ID)
		require.Len(t, k.ID, 12)
		require.True(t, c.NotAfter.Equal(k.NotAfter) && c.NotBefore.Equal(k.NotBefore))
		require.True(t, proof.Same(c.PublicKey, k.Public))
		require.Same(t, c, k.Chain[0])
	}
	weak := *s.Root
	weak.PublicKey = p224(t)
	_, err := trustlist.CertificateKey(&weak)
	require.ErrorIs(t, err, proof.ErrKey)
	weak.PublicKey = crypto.PublicKey(nil)
	_, err = trustlist.CertificateKey(&weak)
	require.ErrorIs(t, err, proof.ErrKey)
}

// p224 is a key on a curve that nothing here verifies with.
func p224(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	return &k.PublicKey
}

// Keys of BBS are listed and found as others are.
func TestBLSKeysAreFound(t *testing.T) {
	listed := proof.Key{ID: "did:key:a#a", Public: proof.BLSKey{0xa1, 1}, Algorithms: []proof.Algorithm{proof.BBS}, Purposes: []proof.Purpose{proof.AssertionMethod}}
	l := mustList(t, trustlist.Info{Name: "t"}, state("ID", listed), state("MY", key(1, "k")))
	e, err := l.Authorize(ctx, ask(listed, "ID"))
	require.NoError(t, err)
	require.Equal(t, "ID", e.Authority)
	found, err := l.ResolveKeys(ctx, proof.Hint{KeyID: listed.ID})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, listed.Public, found[0].Public)
	other := listed
	other.Public = proof.BLSKey{0xa1, 2}
	_, err = l.Authorize(ctx, ask(other, "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed)
}
