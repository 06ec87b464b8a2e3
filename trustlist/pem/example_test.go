package pem_test

import (
	"encoding/pem"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/sanad-credentials/sanad/internal/testnet"
	list "github.com/sanad-credentials/sanad/trustlist/pem"
)

// A folder on disk is os.DirFS("signers").
func ExampleLoad() {
	signer := testnet.New("example", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)).State("ID").Signer(testnet.SignerOptions{})
	folder := fstest.MapFS{
		"ID/dsc-1.pem": {Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signer.Cert.Raw})},
		"ID/dsc-2.pem": {Data: []byte("half a file")},
	}
	l, skipped, err := list.Load(folder, list.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range l.Entries() {
		fmt.Println(e.Territory, e.Names, e.Roles)
	}
	for _, s := range skipped {
		fmt.Println("skipped:", s.ID)
	}
	// Output:
	// ID [ID IDN] [issue status]
	// skipped: ID/dsc-2.pem
}
