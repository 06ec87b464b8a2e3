package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/qr"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// border is a border post. All it ever knew is three files and one key.
type border struct{ verifier *credential.Verifier }

// openBorder reads the files of a post. They are believed only as far as the
// key that was given to it, a did:key, has signed them.
func openBorder(trustList, withdrawn, statusList, trustKey string) (*border, error) {
	doc, err := key.Document(trustKey)
	if err != nil {
		return nil, err
	}
	pinned, err := doc.Key(doc.Methods[0].ID)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(trustList)
	if err != nil {
		return nil, err
	}
	list, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{*pinned}, ID: listID})
	if err != nil {
		return nil, err
	}
	if len(skipped) > 0 {
		return nil, fmt.Errorf("%s: %w", skipped[0].ID, skipped[0].Reason)
	}
	if raw, err = os.ReadFile(withdrawn); err != nil {
		return nil, err
	}
	snapshot, err := status.ParseSnapshot(raw, status.SnapshotOptions{Signers: []proof.Key{*pinned}})
	if err != nil {
		return nil, err
	}
	hashes, err := status.NewHashes(snapshot)
	if err != nil {
		return nil, err
	}
	bits, err := status.NewBitstring(status.Folder(os.DirFS(statusList)), w3c.Format{})
	if err != nil {
		return nil, err
	}
	v, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{hcert.Format{}, w3c.Format{}},
		// The list has the keys of certificates; a did:key is one itself. Which
		// of them may issue only the list says.
		Keys:          proof.Resolvers(list, key.Resolver{}),
		Trust:         list,
		Status:        status.Mux{status.TypeDCC: hashes, status.TypeBitstring: bits},
		RequireStatus: true,
		Schema:        schema.Health{},
	})
	return &border{v}, err
}

// policy is what the post demands: news not older than a week of states, and
// two days of cards.
var policy = credential.Policy{Time: arrival, MaxTrustAge: 7 * 24 * time.Hour, MaxStatusAge: 48 * time.Hour}

// check verifies what a traveller shows: a picture of a code, or a file.
func (b *border) check(ctx context.Context, file string) (report.Report, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return report.Report{}, err
	}
	if filepath.Ext(file) == ".png" {
		text, err := qr.Read(raw)
		if err != nil {
			return report.Report{}, fmt.Errorf("%s: %w", file, err)
		}
		raw = []byte(text)
	}
	return report.New(b.verifier.Verify(ctx, raw, policy)), nil
}
