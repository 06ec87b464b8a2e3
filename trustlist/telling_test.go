package trustlist_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func TestExpiresIsTheFirst(t *testing.T) {
	list := func(name string, e trustlist.Info) *trustlist.List {
		e.Name = name
		return mustList(t, e)
	}
	early, late := list("a", trustlist.Info{Expires: now}), list("b", trustlist.Info{Expires: now.Add(day)})
	never := list("c", trustlist.Info{})
	require.Equal(t, now, trustlist.Merge(never, late, early, late, never).Expires())
	require.Equal(t, now, trustlist.Merge(early, late).Expires())
	require.True(t, never.Expires().IsZero())
	require.True(t, trustlist.Merge().Expires().IsZero())
}

// A key that an expired list does not have may be on the next.
func TestPromiseUnknownKeyOnExpiredListIsUndecided(t *testing.T) {
	l := mustList(t, trustlist.Info{Expires: now}, state("ID", key(1, "k1")))
	q := ask(key(2, "k2"), "ID")
	_, err := l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotListed, "to the second")
	q.Now = now.Add(1)
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrStale)
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.NotErrorIs(t, err, trustlist.ErrNotListed)
}

// Of several refusals the one that tells most: what time has done, and first
// what a newer list might undo.
func TestRefusalThatTellsMost(t *testing.T) {
	k := key(1, "k")
	over := k
	over.NotAfter = now.Add(-day)
	stale, expired, never := state("ID", k), state("ID", over), state("ID", k)
	stale.ListExpires = now.Add(-day)
	never.Roles = nil
	other := stale
	other.Names = []string{"SA"}
	for name, c := range map[string]struct {
		entries []trustlist.Entry
		want    error
	}{
		"stale last":                    {[]trustlist.Entry{never, expired, stale}, trustlist.ErrStale},
		"stale first":                   {[]trustlist.Entry{stale, expired, never}, trustlist.ErrStale},
		"expired last":                  {[]trustlist.Entry{never, expired}, trustlist.ErrExpired},
		"expired first":                 {[]trustlist.Entry{expired, never}, trustlist.ErrExpired},
		"the issuer's own before":       {[]trustlist.Entry{never, other}, trustlist.ErrNotGranted},
		"the issuer's own after":        {[]trustlist.Entry{other, never}, trustlist.ErrNotGranted},
		"another's, if there's no more": {[]trustlist.Entry{other}, trustlist.ErrStale},
	} {
		_, err := mustList(t, trustlist.Info{}, c.entries...).Authorize(ctx, ask(k, "ID"))
		require.ErrorIs(t, err, c.want, name)
	}
}

// One modulus with two exponents is two keys.
func TestPromiseKeyIsMatchedWhole(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	k := key(1, "k")
	k.Public, k.Algorithms = &private.PublicKey, []proof.Algorithm{proof.PS256}
	l := mustList(t, trustlist.Info{}, state("ID", k))
	_, err = l.Authorize(ctx, ask(k, "ID"))
	require.NoError(t, err)
	k.Public = &rsa.PublicKey{N: private.N, E: private.E + 2}
	_, err = l.Authorize(ctx, ask(k, "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed)
}

// An authority without a name is told from others by its keys.
func TestPromiseNamelessAuthoritiesAreNotOne(t *testing.T) {
	a, b := state("ID", key(1, "a")), state("ID", key(2, "b"))
	a.Authority, b.Authority = "", ""
	l := mustList(t, trustlist.Info{}, a, b)
	q := ask(key(2, "b"), "ID")
	q.Role, q.About = trustlist.RoleStatus, &a
	_, err := l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	q.About = &b
	_, err = l.Authorize(ctx, q)
	require.NoError(t, err)
	named := b
	named.Authority = "IDN"
	q.About = &named
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "a name is not none")
}

// One key in two certificates, or for two periods, is two candidates: each has
// what its own says. The same in two domains is one, and says all of it once.
func TestCandidatesUnderOneIdentifier(t *testing.T) {
	net := testnet.New("candidates", now).State("ID")
	one, two := net.Signer(testnet.SignerOptions{}).Cert, net.Signer(testnet.SignerOptions{}).Cert
	k := key(1, "k")
	k.Controllers = []string{"did:web:a.example"}
	from, until, in, inOther := k, k, k, k
	from.NotBefore, until.NotAfter = now, now
	in.Chain, inOther.Chain = []*x509.Certificate{one}, []*x509.Certificate{two}
	again := k
	again.Controllers = []string{"did:web:a.example", "did:web:b.example"}
	for name, c := range map[string]struct {
		keys []proof.Key
		want int
	}{
		"beginning":              {[]proof.Key{k, from}, 2},
		"end":                    {[]proof.Key{k, until}, 2},
		"certificate and none":   {[]proof.Key{in, k}, 2},
		"none and certificate":   {[]proof.Key{k, in}, 2},
		"two certificates":       {[]proof.Key{in, inOther}, 2},
		"one certificate, twice": {[]proof.Key{in, in}, 1},
		"twice":                  {[]proof.Key{k, again, k}, 1},
	} {
		keys, err := mustList(t, trustlist.Info{}, state("ID", c.keys...)).ResolveKeys(ctx, proof.Hint{KeyID: "k"})
		require.NoError(t, err)
		require.Len(t, keys, c.want, name)
	}
	keys, err := mustList(t, trustlist.Info{}, state("ID", k, again, k)).ResolveKeys(ctx, proof.Hint{KeyID: "k"})
	require.NoError(t, err)
	require.Equal(t, []string{"did:web:a.example", "ID", "IDN", "did:web:b.example"}, keys[0].Controllers)
	require.Equal(t, k.Algorithms, keys[0].Algorithms)
}

// A list whose keys all have one identifier costs what another of its length
// does: beyond what is ever tried, candidates are not compared.
func TestPromiseOneIdentifierForAllKeysCostsLittle(t *testing.T) {
	entries, purposes := make([]trustlist.Entry, 0, limits.TrustKeys), key(1, "").Purposes
	for i := range limits.TrustKeys {
		entries = append(entries, state("ID", proof.Key{
			ID: "k", Public: proof.BLSKey{0x80, byte(i), byte(i >> 8), byte(i >> 16)}, Algorithms: []proof.Algorithm{proof.BBS}, Purposes: purposes,
		}))
	}
	l := mustList(t, trustlist.Info{}, entries...)
	_, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "k"})
	require.ErrorContains(t, err, fmt.Sprintf("at most %d", limits.Candidates))
	_, err = l.Authorize(ctx, ask(entries[limits.TrustKeys-1].Keys[0], "ID"))
	require.NoError(t, err, "by its key it is found")
}

// What is selected by a place that is none is nothing.
func TestFindByWhatIsNone(t *testing.T) {
	over := key(1, "k1")
	over.NotAfter = now.Add(-day)
	l := mustList(t, trustlist.Info{}, state("ID", over), state("SA", key(2, "k2")))
	require.Empty(t, l.Find(trustlist.Selection{Territory: "Atlantis"}))
	found := l.Find(trustlist.Selection{Time: now})
	require.Len(t, found, 1)
	require.Equal(t, "SA", found[0].Authority)
}

// Names that read like what the words for none mean are told apart from it.
func TestPromiseDiffTellsAnyFromAName(t *testing.T) {
	for _, c := range []func(*trustlist.Entry, []string){
		func(e *trustlist.Entry, s []string) { e.Names = s },
		func(e *trustlist.Entry, s []string) { e.Types = s },
	} {
		for text, is := range map[string][]string{"any name": nil, "any type": nil, "no name": {}, "no type": {}} {
			a, b := state("ID", key(1, "k")), state("ID", key(1, "k"))
			c(&a, []string{text})
			c(&b, is)
			require.NotEmpty(t, trustlist.Diff(mustList(t, trustlist.Info{}, a), mustList(t, trustlist.Info{}, b)), text)
		}
	}
}
