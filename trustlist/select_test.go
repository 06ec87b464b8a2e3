package trustlist_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

func authorities(entries []trustlist.Entry) (names []string, keys int) {
	for _, e := range entries {
		names = append(names, e.Authority)
		keys += len(e.Keys)
	}
	return names, keys
}

func TestFind(t *testing.T) {
	old, future := key(1, "old"), key(2, "future")
	old.NotAfter, future.NotBefore = now.Add(-day), now.Add(day)
	sa := state("SA", key(4, "k4"))
	sa.Types = []string{trustlist.TypeICVP}
	was := state("MY", key(5, "k5"))
	was.Periods = []trustlist.Period{{To: now}}
	root := trustlist.Entry{Authority: "ID", Territory: "ID", Names: []string{"ID"}, Roles: []trustlist.Role{"SCA"}, Keys: []proof.Key{key(6, "k6")}}
	uni := trustlist.Entry{Authority: "University", Names: []string{"did:web:uni.example"}, Roles: issues}
	l := mustList(t, trustlist.Info{}, state("ID", old, future, key(3, "k3")), sa, was, root, uni)
	for name, c := range map[string]struct {
		s     trustlist.Selection
		names []string
		keys  int
	}{
		"all":               {trustlist.Selection{}, []string{"ID", "SA", "MY", "ID", "University"}, 6},
		"a state":           {trustlist.Selection{Territory: "ID"}, []string{"ID", "ID"}, 4},
		"by its alpha-3":    {trustlist.Selection{Territory: "IDN"}, []string{"ID", "ID"}, 4},
		"its issuing keys":  {trustlist.Selection{Territory: "ID", Role: trustlist.RoleIssue}, []string{"ID"}, 3},
		"those of today":    {trustlist.Selection{Territory: "ID", Role: trustlist.RoleIssue, Time: now}, []string{"ID"}, 1},
		"before it expired": {trustlist.Selection{Territory: "ID", Role: trustlist.RoleIssue, Time: now.Add(-day)}, []string{"ID"}, 2},
		"a type":            {trustlist.Selection{Type: trustlist.TypeTest, Role: trustlist.RoleIssue}, []string{"ID", "MY", "University"}, 4},
		"no longer granted": {trustlist.Selection{Territory: "MY", Time: now}, nil, 0},
		"granted then":      {trustlist.Selection{Territory: "MY", Time: now.Add(-1)}, []string{"MY"}, 1},
		"an authority":      {trustlist.Selection{Authority: "University", Time: now}, []string{"University"}, 0},
		"nobody":            {trustlist.Selection{Territory: "FR"}, nil, 0},
	} {
		names, keys := authorities(l.Find(c.s))
		require.Equal(t, c.names, names, name)
		require.Equal(t, c.keys, keys, name)
	}
	require.Len(t, l.Entries()[0].Keys, 3, "the list is as it was")
}

// An authority that goes beyond its state, its role or its type is refused, and
// told apart from one that nobody knows.
func TestPromiseRestrictedAuthorityIsRefused(t *testing.T) {
	id, sa, anyone := key(1, "id"), key(2, "sa"), key(3, "anyone")
	nameless := state("ID", key(4, "nameless"))
	nameless.Names = nil
	foreign := state("ID", key(5, "foreign")) // a key of Indonesia under the name of Saudi Arabia
	foreign.Names = []string{"SA", "SAU"}
	both := state("ID", key(6, "both"))
	both.Names = []string{"IDN", "SA", "https://ministry.example"}
	brings, alone := key(7, "brings"), key(8, "alone")
	brings.Controllers, alone.Controllers = []string{"SA", "ID"}, []string{"SA"}
	nameless.Keys = append(nameless.Keys, alone)
	l := mustList(t, trustlist.Info{Name: "national"}, state("ID", id), state("SA", sa), nameless, foreign, both, state("ID", brings),
		trustlist.Entry{Authority: "anyone", Roles: issues, Keys: []proof.Key{anyone}})

	home := l.Restrict(trustlist.Limits{Territories: []string{"IDN"}})
	for name, c := range map[string]struct {
		k      proof.Key
		issuer string
		speaks bool
		want   error
	}{
		"its own":                      {id, "ID", true, nil},
		"another state's":              {sa, "SA", false, trustlist.ErrNotGranted},
		"nobody's":                     {anyone, "ID", false, trustlist.ErrNotGranted},
		"without names, its own":       {key(4, ""), "ID", true, nil},
		"without names, another's":     {key(4, ""), "SA", false, nil},
		"its own under another's name": {key(5, ""), "SA", false, trustlist.ErrNotGranted},
		"two names, its own":           {key(6, ""), "IDN", true, nil},
		"two names, no country's":      {key(6, ""), "https://ministry.example", true, nil},
		"two names, another's":         {key(6, ""), "SA", false, nil},
		"a stranger":                   {key(9, ""), "ID", false, trustlist.ErrNotListed},
	} {
		e, err := home.Authorize(ctx, ask(c.k, c.issuer))
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.speaks, e.Speaks(c.issuer), name)
		require.NotNil(t, e.Names, name)
	}
	keys, err := home.ResolveKeys(ctx, proof.Hint{KeyID: "brings"})
	require.NoError(t, err)
	require.NotContains(t, keys[0].Controllers, "SA", "nor does the key bring the name itself")
	require.Contains(t, keys[0].Controllers, "ID")
	keys, err = home.ResolveKeys(ctx, proof.Hint{KeyID: "alone"})
	require.NoError(t, err)
	require.Equal(t, []string{"ID", "IDN"}, keys[0].Controllers)

	_, err = l.Authorize(ctx, ask(sa, "SA"))
	require.NoError(t, err, "the list itself is as it was")
	for i, e := range home.Entries() {
		require.Equal(t, l.Entries()[i].Keys[0].ID, e.Keys[0].ID, "no key is gone")
	}
	_, err = l.Restrict(trustlist.Limits{Territories: []string{}}).Authorize(ctx, ask(id, "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "no territory at all")
	_, err = l.Restrict(trustlist.Limits{Territories: []string{"WHO"}}).Authorize(ctx, ask(anyone, "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "not a country, and not nothing")
}

func TestRestrictRolesAndTypes(t *testing.T) {
	narrow := state("SA", key(2, "sa"))
	narrow.Types = []string{trustlist.TypeTest, trustlist.TypeICVP}
	l := mustList(t, trustlist.Info{Issued: now, Expires: now.Add(day)}, state("ID", key(1, "id")), narrow)
	typed := func(k proof.Key, types ...string) trustlist.Query {
		q := ask(k, "")
		q.Types = types
		return q
	}
	r := l.Restrict(trustlist.Limits{Types: []string{trustlist.TypeICVP, trustlist.TypeVaccination}})
	for _, c := range []struct {
		q  trustlist.Query
		ok bool
	}{
		{typed(key(1, ""), trustlist.TypeVaccination), true}, {typed(key(1, ""), trustlist.TypeTest), false},
		{typed(key(2, ""), trustlist.TypeICVP), true}, {typed(key(2, ""), trustlist.TypeVaccination), false},
		{typed(key(2, ""), trustlist.TypeTest), false}, {typed(key(1, "")), false},
	} {
		_, err := r.Authorize(ctx, c.q)
		if c.ok {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, trustlist.ErrNotGranted)
		}
	}
	_, err := l.Restrict(trustlist.Limits{Types: []string{}}).Authorize(ctx, typed(key(1, ""), trustlist.TypeTest))
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "no type at all, as against any")

	r = l.Restrict(trustlist.Limits{Roles: []trustlist.Role{trustlist.RoleStatus}})
	_, err = r.Authorize(ctx, ask(key(1, ""), "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	q := ask(key(1, ""), "ID")
	q.Role = trustlist.RoleStatus
	_, err = r.Authorize(ctx, q)
	require.NoError(t, err)

	r = l.Restrict(trustlist.Limits{Authorities: []string{"SA"}})
	_, err = r.Authorize(ctx, ask(key(1, ""), "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
	_, err = r.Authorize(ctx, typed(key(2, ""), trustlist.TypeTest))
	require.NoError(t, err)
	require.Equal(t, now, r.Issued(), "as old as before")
	require.Equal(t, now.Add(day), r.Expires())
}

// Two authorities that claim one kid, one key, one name.
func TestPrecedence(t *testing.T) {
	shared := key(1, "kid")
	first := mustList(t, trustlist.Info{Name: "first", Issued: now}, state("ID", shared))
	second := mustList(t, trustlist.Info{Name: "second", Issued: now}, state("SA", shared, key(2, "kid")), state("IDN", key(3, "k3")))

	for name, join := range map[string]func(...*trustlist.List) *trustlist.List{"merge": trustlist.Merge, "override": trustlist.Override} {
		l := join(first, nil, second)
		keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: "kid"})
		require.NoError(t, err)
		require.Len(t, keys, 2, "%s: one kid, two keys", name)
		for issuer, list := range map[string]string{"ID": "first", "SA": "second", "": "first"} {
			e, err := l.Authorize(ctx, ask(shared, issuer))
			require.NoError(t, err, name)
			require.Equal(t, list, e.List, "%s: one key, two authorities, issuer %q", name, issuer)
		}
		require.Len(t, l.Infos(), 2, name)
	}
	_, err := trustlist.Merge(first, second).Authorize(ctx, ask(key(3, ""), "ID"))
	require.NoError(t, err, "one name, two authorities: both")
	for _, issuer := range []string{"ID", "IDN"} {
		_, err = trustlist.Override(first, second).Authorize(ctx, ask(key(3, ""), issuer))
		require.ErrorIs(t, err, trustlist.ErrNotListed, "one name, in any spelling: the first list's")
	}
	_, err = trustlist.Override(second, first).Authorize(ctx, ask(key(3, ""), "IDN"))
	require.NoError(t, err, "in the other order")
}

func TestPromiseOverriddenListDecidesNothing(t *testing.T) {
	k, other := key(1, "k"), key(2, "k2")
	limited := state("ID", k)
	limited.Types = []string{trustlist.TypeTest}
	national := mustList(t, trustlist.Info{Name: "national", Issued: now, Expires: now.Add(day)}, limited)
	nameless := state("ID", key(3, "k3"))
	nameless.Names = nil
	mixed := trustlist.Entry{Authority: "both", Names: []string{"ID", "https://b.example"}, Roles: issues, Keys: []proof.Key{other}}
	global := mustList(t, trustlist.Info{Name: "global", Issued: now}, state("ID", k, other), nameless, mixed)

	l := trustlist.Override(national, global)
	q := ask(k, "ID")
	q.Types = []string{trustlist.TypeVaccination}
	_, err := l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrNotGranted, "the limit holds")
	_, err = trustlist.Merge(national, global).Authorize(ctx, q)
	require.NoError(t, err, "where lists add, it does not")
	_, err = l.Authorize(ctx, ask(key(3, ""), "ID"))
	require.ErrorIs(t, err, trustlist.ErrNotListed, "an entry that speaks for anyone speaks for ID too")
	e, err := l.Authorize(ctx, ask(other, "https://b.example"))
	require.NoError(t, err)
	require.Equal(t, []string{"https://b.example"}, e.Names)

	q.Types, q.Now = []string{trustlist.TypeTest}, now.Add(2*day)
	_, err = l.Authorize(ctx, q)
	require.ErrorIs(t, err, trustlist.ErrStale, "an expired list's names don't fall to the next")

	empty := mustList(t, trustlist.Info{})
	_, err = trustlist.Override(empty, global).Authorize(ctx, ask(key(3, ""), "ID"))
	require.NoError(t, err, "nothing was said before")
}

// An entry without a territory, or of another, does not speak for a web address
// either, which is no country's.
func TestPromiseRestrictedListLendsNoName(t *testing.T) {
	named := func(territory string) trustlist.Entry {
		return trustlist.Entry{Authority: "Notary", Territory: territory, Names: []string{"https://notary.example"}, Keys: []proof.Key{key(1, "k")}, Roles: issues}
	}
	for territory, ok := range map[string]bool{"MY": true, "SA": false, "": false} {
		l := mustList(t, trustlist.Info{}, named(territory)).Restrict(trustlist.Limits{Territories: []string{"MYS"}})
		_, err := l.Authorize(ctx, ask(key(1, "k"), "https://notary.example"))
		if ok {
			require.NoError(t, err, territory)
		} else {
			require.ErrorIs(t, err, trustlist.ErrNotGranted, territory)
		}
	}
	// A territory that is none allows nothing, not those that have none.
	l := mustList(t, trustlist.Info{}, named("")).Restrict(trustlist.Limits{Territories: []string{"Atlantis"}})
	_, err := l.Authorize(ctx, ask(key(1, "k"), "https://notary.example"))
	require.ErrorIs(t, err, trustlist.ErrNotGranted)
}
