package trustlist_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/trustlist"
)

func TestPromiseTrustListNeverGoesBack(t *testing.T) {
	list := func(name string, issued time.Time) *trustlist.List {
		l, err := trustlist.New(trustlist.Info{Name: name, Issued: issued})
		require.NoError(t, err)
		return l
	}
	old, none := now.Add(-day), time.Time{}
	for name, c := range map[string]struct {
		l, held *trustlist.List
		ok      bool
	}{
		"first":                    {list("a", none), nil, true},
		"newer":                    {list("a", now), list("a", old), true},
		"the same":                 {list("a", now), list("a", now), true},
		"older":                    {list("a", old), list("a", now), false},
		"older under another name": {list("b", old), list("a", now), false},
		"newer under another name": {list("b", now), list("a", old), true},
		"dated after undated":      {list("a", old), list("a", none), true},
		"undated after undated":    {list("a", none), list("a", none), true},
		"undated after dated":      {list("a", none), list("a", old), false},
		"nothing in place of one":  {trustlist.Merge(), list("a", old), false},
		"one part of two older":    {trustlist.Merge(list("a", now), list("b", old)), trustlist.Merge(list("a", old), list("b", now)), false},
		"parts in another order":   {trustlist.Merge(list("b", now), list("a", old)), trustlist.Merge(list("a", old), list("b", now)), true},
		"the older of two parts":   {trustlist.Merge(list("a", now), list("a", old)), list("a", now), false},
		"the older of two, first":  {trustlist.Merge(list("a", old), list("a", now)), list("a", now), false},
		"a part more":              {trustlist.Merge(list("a", now), list("b", old)), list("a", now), true},
		"a part less":              {list("a", now), trustlist.Merge(list("a", now), list("b", old)), true},
	} {
		err := c.l.Supersedes(c.held)
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, trustlist.ErrRollback, name)
		}
	}
}
