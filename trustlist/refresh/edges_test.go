package refresh_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// A list that is newer and has expired does not take the place of one that has
// not, nor of none.
func TestPromiseExpiredListTakesNoPlace(t *testing.T) {
	o, r, options := attacked(t)
	expired := version(6)
	expired.Expires = now.Add(-time.Second)
	o.put(expired.signed())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)
	requireUnharmed(t, r, options, refresh.ErrFrozen)

	r = mustNew(t, o.options())
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrFrozen)
	_, err := r.Authorize(ctx, query("key 6", "ID"))
	require.ErrorIs(t, err, refresh.ErrNoList)
	require.ErrorIs(t, err, proof.ErrUnavailable)
}

// A parse function that makes no list, and says nothing of it, made none.
func TestPromiseNoListIsNoList(t *testing.T) {
	o := serve(t, version(5).signed())
	s := o.source()
	s.Parse = func(refresh.Document) (*trustlist.List, []trustlist.Skipped, error) { return nil, nil, nil }
	r := mustNew(t, o.options(s))
	require.ErrorIs(t, r.Refresh(ctx), refresh.ErrDocument)
	require.False(t, r.State()[0].Held)
	_, err := r.ResolveKeys(ctx, proof.Hint{KeyID: "key 5"})
	require.ErrorIs(t, err, refresh.ErrNoList)
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		s  refresh.State
		ok bool
	}{
		{refresh.State{}, false},
		{refresh.State{Held: true}, false},
		{refresh.State{Issued: now.Add(-day)}, false},
		{refresh.State{Held: true, Issued: now.Add(-day)}, true},
	} {
		age, ok := c.s.Age(now)
		require.Equal(t, c.ok, ok)
		if ok {
			require.Equal(t, day, age)
		}
	}
}
