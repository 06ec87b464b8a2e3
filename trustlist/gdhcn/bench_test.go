package gdhcn_test

import (
	"fmt"
	"testing"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// largeTree is a network of 200 states with ten signers each.
func largeTree(b *testing.B) (proof.Signer, gdhcn.Tree) {
	b.Helper()
	n := network()
	var entries []trustlist.Entry
	for i := 0; len(entries) < 200; i++ {
		names := trustlist.CountryNames(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26))
		if len(names) < 2 {
			continue
		}
		s := n.State(names[0])
		e := entry(b, names[1], both)
		e.Names = names
		for range 10 {
			k := s.Signer(testnet.SignerOptions{}).Signer.Key()
			k.Controllers = nil
			e.Keys = append(e.Keys, k)
		}
		entries = append(entries, e)
	}
	return listSigner(b, testnet.Ed25519, host+"#signer"), gdhcn.Tree{Root: host, Issued: now, Domains: map[string][]trustlist.Entry{"DCC": entries}}
}

// BenchmarkLarge publishes 2,000 signers in every document of a tree, and reads
// its root with each of the ways to hold them against their authorities.
func BenchmarkLarge(b *testing.B) {
	s, tree := largeTree(b)
	root, err := gdhcn.Publish(ctx, info, tree.Domains["DCC"], s)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("publish", func(b *testing.B) {
		for b.Loop() {
			n := 0
			if err := gdhcn.PublishTree(ctx, tree, s, func(string, []byte) error {
				n++
				return nil
			}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n), "documents")
		}
	})
	for name, check := range map[string]gdhcn.AuthorityCheck{"named": gdhcn.AuthorityNamed, "required": gdhcn.AuthorityRequired} {
		b.Run("parse/"+name, func(b *testing.B) {
			o := gdhcn.Options{Signers: []proof.Key{s.Key()}, Authority: check}
			for b.Loop() {
				if _, _, err := gdhcn.Parse(root, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
