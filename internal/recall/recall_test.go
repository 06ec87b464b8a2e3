package recall_test

import (
	"crypto"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/recall"
)

func TestMemory(t *testing.T) {
	var m recall.Memory
	key := func(i int) recall.Key { return recall.KeyOf(fmt.Append(nil, i), crypto.SHA256) }
	require.False(t, m.Used())
	require.Nil(t, m.Take(key(0)))
	require.Nil(t, m.Take(recall.Key{}), "what was never filled is not found")
	for i := range 100 {
		sum := fmt.Append(nil, "sum", i)
		m.Remember(key(i), sum)
		sum[0] = 'x' // the caller's
	}
	require.True(t, m.Used())
	for i := range 100 {
		want := fmt.Append(nil, "sum", i)
		if i < 36 {
			want = nil
		}
		require.Nil(t, m.Take(recall.KeyOf(fmt.Append(nil, i), crypto.SHA384)), "another hash")
		require.Equal(t, want, m.Take(key(i)), i)
		require.Nil(t, m.Take(key(i)), "once")
	}
	m.Remember(key(1), []byte("old"))
	m.Remember(key(1), []byte("new"))
	require.Equal(t, "new", string(m.Take(key(1))))
	require.Nil(t, m.Take(key(1)))
}

func TestMemoryIsSafeForConcurrentUse(t *testing.T) {
	var m recall.Memory
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				k := recall.KeyOf(fmt.Append(nil, g, i), crypto.SHA256)
				m.Remember(k, fmt.Append(nil, g, i))
				if sum := m.Take(k); sum != nil && string(sum) != fmt.Sprint(g, i) {
					t.Errorf("%d %d: %s", g, i, sum)
				}
			}
		})
	}
	all.Wait()
}
