package refresh_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

// published is a list of version 2 of 200 states with so many document signers,
// each with its certificate, and the key that signed it. Whose the certificates
// are in truth does not matter to it: making ten thousand takes long enough.
var published = func() func(b testing.TB, signers int) ([]byte, proof.Key) {
	var mu sync.Mutex
	made := map[int][]byte{}
	signer := testnet.New("bench", now).State("CH").Signer(testnet.SignerOptions{KeyID: "did:web:list.example#signer"}).Signer
	return func(b testing.TB, signers int) ([]byte, proof.Key) {
		mu.Lock()
		defer mu.Unlock()
		if made[signers] == nil {
			made[signers] = publish(b, signer, signers)
		}
		return made[signers], signer.Key()
	}
}()

func publish(b testing.TB, signer proof.Signer, signers int) []byte {
	b.Helper()
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
			d := s.Signer(testnet.SignerOptions{})
			k, err := trustlist.CertificateKey(d.Cert)
			require.NoError(b, err)
			k.Chain = []*x509.Certificate{d.Cert}
			e.Keys = append(e.Keys, k)
		}
		entries = append(entries, e)
	}
	raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: "did:web:list.example", Issued: now, Expires: now.Add(day)}, entries, signer)
	require.NoError(b, err)
	return raw
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
		b.Run(fmt.Sprint(signers), func(b *testing.B) {
			raw, signer := published(b, signers)
			dir := b.TempDir()
			file := filepath.Join(dir, "did.json")
			require.NoError(b, os.WriteFile(file, raw, 0o600))
			o := refresh.Options{Now: at, Dir: dir, Sources: []refresh.Source{{
				Name: "network", URL: "file://" + filepath.ToSlash(file),
				Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
					return gdhcn.Parse(d.Raw, gdhcn.Options{Signers: []proof.Key{signer}})
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

// Ten thousand signers are a list like any other.
func TestTenThousandSigners(t *testing.T) {
	raw, signer := published(t, 10_000)
	l, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{signer}})
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
