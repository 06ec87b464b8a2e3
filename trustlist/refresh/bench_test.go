package refresh_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

var publisher = testnet.New("bench", now).State("CH").Signer(testnet.SignerOptions{KeyID: "did:web:list.example#signer"}).Signer

// publish makes a list of version 2 of 200 states with so many document signers,
// whose keys are what next gives for a state.
func publish(t testing.TB, signers int, next func(*testnet.State) proof.Key) []byte {
	t.Helper()
	n := testnet.New("bench", now)
	var entries []trustlist.Entry
	for i := 0; len(entries) < 200; i++ {
		code := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
		if trustlist.Territory(code) != code {
			continue
		}
		s := n.State(code)
		e := trustlist.Entry{Authority: s.Names[1], Territory: code, Names: s.Names, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}}
		for range signers / 200 {
			e.Keys = append(e.Keys, next(s))
		}
		entries = append(entries, e)
	}
	raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: "did:web:list.example", Issued: now, Expires: now.Add(day)}, entries, publisher)
	require.NoError(t, err)
	return raw
}

// certified is a new document signer with its certificate.
func certified(s *testnet.State) proof.Key {
	d := s.Signer(testnet.SignerOptions{})
	k := d.Signer.Key()
	k.Controllers, k.Chain = nil, []*x509.Certificate{d.Cert}
	return k
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Loading a network's list from its snapshot, signature and all, as a process
// does when it starts; heap-MB is what stays in memory.
func BenchmarkLoad(b *testing.B) {
	for _, signers := range []int{1000, 10_000} {
		raw := publish(b, signers, certified)
		b.Run(fmt.Sprint(signers), func(b *testing.B) {
			dir := b.TempDir()
			file := filepath.Join(dir, "did.json")
			require.NoError(b, os.WriteFile(file, raw, 0o600))
			o := refresh.Options{Now: at, Dir: dir, Sources: []refresh.Source{{
				Name: "network", URL: "file://" + filepath.ToSlash(file),
				Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
					return gdhcn.Parse(d.Raw, gdhcn.Options{Signers: []proof.Key{publisher.Key()}})
				},
			}}}
			require.NoError(b, mustNew(b, o).Refresh(ctx))
			before := heap()
			var r *refresh.Refresher
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				r = mustNew(b, o)
			}
			require.Equal(b, 200, len(r.List().Entries()))
			b.ReportMetric(float64(heap()-before)/1e6/float64(b.N), "heap-MB/op")
			runtime.KeepAlive(r)
		})
	}
}

// Ten thousand signers are a list like any other. These have no certificates,
// which would take long to make.
func TestTenThousandSigners(t *testing.T) {
	made := 0
	raw := publish(t, 10_000, func(*testnet.State) proof.Key {
		made++
		return key(fmt.Sprintf("signer %d", made))
	})
	l, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{publisher.Key()}})
	require.NoError(t, err)
	for _, s := range skipped {
		require.True(t, s.Kept, s.Reason) // the states of this network have no authorities on the list
	}
	n := 0
	for _, e := range l.Entries() {
		n += len(e.Keys)
	}
	require.Equal(t, 10_000, n)
	require.Len(t, l.Find(trustlist.Selection{Territory: "IDN", Time: now})[0].Keys, 50)
}
