package trustlist_test

import (
	"fmt"
	"testing"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// network is one of 200 states, with so many signers in all.
func network(b *testing.B, signers int) *trustlist.List {
	b.Helper()
	var states []trustlist.Entry
	for i := 0; len(states) < min(200, signers); i++ {
		if code := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}); trustlist.Territory(code) == code {
			states = append(states, state(code))
		}
	}
	for i := range signers {
		e := &states[i%len(states)]
		e.Keys = append(e.Keys, key(i, fmt.Sprintf("kid %d", i)))
	}
	return mustList(b, trustlist.Info{Name: "network", Issued: now, Expires: now.Add(day)}, states...)
}

// Look-ups take the same time in a list of any length.
func BenchmarkAuthorize(b *testing.B) {
	for _, signers := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(signers), func(b *testing.B) {
			l := network(b, signers)
			entries := l.Entries()
			var queries []trustlist.Query
			for i := range 64 {
				e := &entries[i%len(entries)]
				q := ask(e.Keys[i%len(e.Keys)], e.Names[0])
				q.Types = []string{trustlist.TypeVaccination}
				queries = append(queries, q)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := l.Authorize(ctx, queries[i%len(queries)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResolve(b *testing.B) {
	for _, signers := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(signers), func(b *testing.B) {
			l := network(b, signers)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if keys, err := l.ResolveKeys(ctx, proof.Hint{KeyID: fmt.Sprintf("kid %d", i%signers)}); err != nil || len(keys) != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAuthorizeOneState has all keys in one entry.
func BenchmarkAuthorizeOneState(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		keys := make([]proof.Key, n)
		for i := range keys {
			keys[i] = key(i, fmt.Sprint(i))
		}
		l := mustList(b, trustlist.Info{}, state("ID", keys...))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Authorize(ctx, ask(keys[n/2], "ID")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What is new on a list of ten thousand.
func BenchmarkDiff(b *testing.B) {
	l := network(b, 10_000)
	fewer := mustList(b, trustlist.Info{}, l.Entries()[1:]...)
	b.ReportAllocs()
	for b.Loop() {
		if n := len(trustlist.Diff(fewer, l)); n != 50 {
			b.Fatal(n)
		}
	}
}
