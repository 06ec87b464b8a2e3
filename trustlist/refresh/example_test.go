package refresh_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

func Example() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	dir, err := os.MkdirTemp("", "trust")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	// A region signs the list of its states. Here it is a file; a URL by https
	// works the same.
	region := testnet.New("region", now).State("CH").Signer(testnet.SignerOptions{KeyID: "did:web:region.example#1"}).Signer
	states := testnet.New("states", now)
	signer := states.State("ID").Signer(testnet.SignerOptions{}).Signer.Key()
	list := filepath.Join(dir, "did.json")
	publish := func(issued time.Time) {
		var entries []trustlist.Entry
		for _, e := range states.Entries() {
			e.Authority = e.Names[1]
			entries = append(entries, e)
		}
		raw, err := gdhcn.Publish(context.Background(), gdhcn.Info{ID: "did:web:region.example", Issued: issued, Expires: issued.AddDate(0, 1, 0)}, entries, region)
		if err != nil {
			panic(err)
		}
		if err := os.WriteFile(list, raw, 0o600); err != nil {
			panic(err)
		}
	}
	publish(now.AddDate(0, 0, -3))

	r, err := refresh.New(refresh.Options{
		Dir: dir, // snapshots, for the next start
		Now: func() time.Time { return now },
		Sources: []refresh.Source{{
			Name: "region", URL: "file://" + filepath.ToSlash(list),
			Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
				return gdhcn.Parse(d.Raw, gdhcn.Options{Signers: []proof.Key{region.Key()}, ID: "did:web:region.example"})
			},
		}},
	})
	if err != nil {
		panic(err)
	}
	defer r.Close() // in a server: go r.Run(ctx)

	fmt.Println("refreshed:", r.Refresh(context.Background()))
	e, err := r.Authorize(context.Background(), trustlist.Query{Key: signer, Issuer: "ID", Types: []string{trustlist.TypeICVP}, Role: trustlist.RoleIssue, Signed: now, Now: now})
	fmt.Println("authorised:", e.Authority, err)
	age, _ := r.State()[0].Age(now)
	fmt.Println("age:", age)

	publish(now.AddDate(0, 0, -4))
	fmt.Println(r.Refresh(context.Background()))
	// Output:
	// refreshed: <nil>
	// authorised: IDN <nil>
	// age: 72h0m0s
	// refresh region: trustlist: older than the list held: issued 2026-05-16T12:00:00Z, held one of 2026-05-17T12:00:00Z
}
