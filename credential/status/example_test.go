package status_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// A ministry issues a card with a place in its revocation list, revokes it, and
// publishes the list; a border post sees it.
func Example() {
	ctx := context.Background()
	books, public, remove := folders() // the ministry's own, and the one it publishes
	defer remove()
	signer, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))) // from your key store
	check(err)
	ministry := signer.Key().Controllers[0]
	from, until := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

	store, err := status.Open(books)
	check(err)
	list, err := status.NewBitstringList("https://moh.example/status/1", status.PurposeRevocation, 131_072)
	check(err)
	check(store.Add(list))

	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{signer}, Register: store})
	check(err)
	draft, err := w3c.New(w3c.Content{
		ID: "urn:uuid:6f1f3c2e-8a5b-4f0e-9f7a-0a4f3c2e8a5b", Issuer: ministry, ValidFrom: from, ValidUntil: until,
		Subject: map[string]any{"id": "did:example:pilgrim"},
	})
	check(err)
	card, err := issuer.Issue(ctx, draft)
	check(err)
	check(store.Save()) // before the card is handed out

	trust, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: []string{ministry}, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
	})
	check(err)
	verify := func() error {
		lists, err := status.NewBitstring(status.Folder(os.DirFS(public)), w3c.Format{})
		check(err)
		v, err := credential.NewVerifier(credential.Config{
			Formats: []credential.Format{w3c.Format{}}, Keys: key.Resolver{}, Trust: trust,
			Status: status.Mux{status.TypeBitstring: lists},
		})
		check(err)
		_, err = v.Verify(ctx, card, credential.Policy{Time: from.AddDate(0, 0, 19)})
		return err
	}

	fmt.Println("not published: inconclusive:", errors.Is(verify(), credential.ErrInconclusive))
	publish(ctx, list, signer, from, until, public)
	fmt.Println("published:", verify())
	check(store.Revoke(draft.ID))
	check(store.Save())
	publish(ctx, list, signer, from, until, public)
	fmt.Println("revoked:", errors.Is(verify(), credential.ErrRevoked))
	// Output:
	// not published: inconclusive: true
	// published: <nil>
	// revoked: true
}

func publish(ctx context.Context, list *status.BitstringList, signer proof.Signer, from, until time.Time, folder string) {
	doc, err := list.Document(signer.Key().Controllers[0], from, until)
	check(err)
	draft, err := w3c.FromJSON(doc)
	check(err)
	raw, err := w3c.Format{}.Seal(ctx, draft, []proof.Signer{signer})
	check(err)
	check(status.Publish(folder, list.URL(), raw))
}

// A gateway operator collects the batches of a day and signs them; a verifier
// carries them along.
func ExampleHashes() {
	ctx := context.Background()
	operator, err := key.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	check(err)
	today := time.Date(2026, 5, 20, 6, 0, 0, 0, time.UTC)
	batch, err := status.ParseBatch([]byte(`{"country":"OM","expires":"2027-01-01T00:00:00Z","kid":"UNKNOWN_KID","hashType":"UCI",
		"entries":[{"hash":"j2AqRjyDUmwqtj0S5hLrcA=="}]}`))
	check(err)
	made := status.Snapshot{AsOf: today, Expires: today.AddDate(0, 0, 7), Covers: []string{"OM"}, Batches: []status.Batch{*batch}}
	raw, err := made.Sign(ctx, operator)
	check(err)

	snapshot, err := status.ParseSnapshot(raw, status.SnapshotOptions{Signers: []proof.Key{operator.Key()}})
	check(err)
	hashes, err := status.NewHashes(snapshot)
	check(err)
	id := hcert.HashUCI("URN:UVCI:01OM:2F1B#7") // found by the verifier in the certificate
	st, err := hashes.CheckStatus(ctx, credential.StatusQuery{
		Ref:       credential.StatusRef{Type: status.TypeDCC, IDs: map[string][]byte{status.KindUCI: id[:]}},
		Authority: &trustlist.Entry{Territory: "OM"}, Time: today.AddDate(0, 0, 1),
	})
	fmt.Println(st.AsOf.Format(time.DateOnly), err)
	// Output: 2026-05-20 <nil>
}

func folders() (books, public string, remove func()) {
	dir, err := os.MkdirTemp("", "status")
	check(err)
	books, public = filepath.Join(dir, "books"), filepath.Join(dir, "public")
	check(os.Mkdir(books, 0o700))
	check(os.Mkdir(public, 0o755))
	return books, public, func() { check(os.RemoveAll(dir)) }
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
