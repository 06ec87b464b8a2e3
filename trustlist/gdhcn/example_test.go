package gdhcn_test

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// A network publishes its list, signed, and a verifier that has pinned the
// signer's key reads it.
func Example() {
	issued := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	network := testnet.New("example", issued)
	dsc, err := trustlist.CertificateKey(network.State("ID").Signer(testnet.SignerOptions{}).Cert)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := proof.NewSigner(network.State("CH").Signer(testnet.SignerOptions{}).Key, proof.Key{ID: "did:web:list.example#1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := gdhcn.Publish(context.Background(), gdhcn.Info{
		ID: "did:web:list.example:v2:trustlist", Domain: "IPS-PILGRIMAGE",
		Issued: issued, Expires: issued.AddDate(0, 0, 7),
	}, []trustlist.Entry{{
		Authority: "IDN", Territory: "ID", Names: trustlist.CountryNames("IDN"),
		Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, Keys: []proof.Key{dsc},
	}}, signer)
	if err != nil {
		fmt.Println(err)
		return
	}

	list, skipped, err := gdhcn.Parse(raw, gdhcn.Options{
		Signers: []proof.Key{signer.Key()},
		ID:      "did:web:list.example:v2:trustlist",
		Domains: []string{"IPS-PILGRIMAGE"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list.Entries() {
		fmt.Println(e.Authority, e.Names, e.Roles, len(e.Keys))
	}
	for _, s := range skipped {
		fmt.Println(s.Kept, s.Reason)
	}
	fmt.Println("issued", list.Issued().Format(time.DateOnly))
	// Output:
	// IDN [ID IDN] [issue status] 1
	// true gdhcn: not issued by a signing authority of its participant
	// issued 2026-05-20
}

// A network publishes all its lists, and a verifier follows the references to
// the part it wants.
func ExampleResolve() {
	ctx := context.Background()
	issued := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	dsc := testnet.New("example", issued).State("ID").Signer(testnet.SignerOptions{}).Signer.Key()
	signer, err := proof.NewSigner(testnet.New("example", issued).State("CH").Signer(testnet.SignerOptions{}).Key, proof.Key{ID: "did:web:list.example#1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{}
	err = gdhcn.PublishTree(ctx, gdhcn.Tree{
		Root: "did:web:list.example", Issued: issued, Expires: issued.AddDate(0, 0, 7),
		Domains: map[string][]trustlist.Entry{"IPS-PILGRIMAGE": {{
			Authority: "IDN", Territory: "ID", Names: trustlist.CountryNames("IDN"),
			Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}, Keys: []proof.Key{dsc},
		}}},
	}, signer, func(name string, doc []byte) error {
		files[name] = &fstest.MapFile{Data: doc}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	list, _, err := gdhcn.Resolve(ctx, "did:web:list.example:v2:trustlist-ref:IPS-PILGRIMAGE",
		gdhcn.Folder(files, "did:web:list.example"), gdhcn.Options{Signers: []proof.Key{signer.Key()}, Authority: gdhcn.AuthorityRequired})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list.Entries() {
		fmt.Println(e.Authority, e.Roles, e.List)
	}
	// Output: IDN [issue status] did:web:list.example:v2:trustlist:IPS-PILGRIMAGE:IDN:DSC
}
