package quorum_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// Two of three states approve a trust list; a verifier that pinned their root
// gets it, and nothing that one of them approved alone.
func Example() {
	var members []quorum.Member
	var signers []proof.Signer
	for i, code := range []string{"ID", "MY", "SA"} {
		s, err := key.NewSigner(ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%032d", i)))) // in reality, an HSM
		if err != nil {
			panic(err)
		}
		signers = append(signers, s)
		members = append(members, quorum.Member{
			Name: "Ministry of Health " + code, Territory: code, Public: s.Key().Public,
			Roles: []quorum.Role{quorum.RoleRoot, quorum.RoleRelease, quorum.RoleRemoval},
		})
	}
	today := time.Date(2026, 5, 24, 0, 0, 0, 0, time.UTC)
	approve := func(c quorum.Content, by ...proof.Signer) []byte {
		d, err := quorum.New(c)
		for _, s := range by {
			if err == nil {
				d, err = d.Sign(ctx, s)
			}
		}
		if err != nil {
			panic(err)
		}
		return d.Bytes()
	}
	root := approve(quorum.Root{
		Network: listID, Version: 1, Expires: today.AddDate(2, 0, 0), Members: members,
		Thresholds: quorum.Thresholds{Root: 2, Release: 2, Removal: 1},
	}, signers[0], signers[1])

	list := newDocument()
	file := quorum.NewFile("did.json", list)
	folder := fstest.MapFS{file.Path(): &fstest.MapFile{Data: list}}
	release := quorum.Release{
		Network: listID, Root: 1, Version: 1, Issued: today, Expires: today.AddDate(0, 0, 7),
		Reason: "Indonesia joins", Files: []quorum.File{file},
	}

	pinned, err := quorum.Pin(root) // comes with the program
	if err != nil {
		panic(err)
	}
	_, err = pinned.Open(approve(release, signers[0]), nil, today, quorum.Held{})
	fmt.Println("one of three is refused:", errors.Is(err, quorum.ErrThreshold))

	approved, err := pinned.Open(approve(release, signers[0], signers[2]), nil, today, quorum.Held{})
	if err != nil {
		panic(err)
	}
	l, err := approved.List(folder, func(_ quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
		l, _, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v})
		return l, err
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("two of three:", l.Entries()[0].Authority, "until", l.Expires().Format(time.DateOnly))
	// Output:
	// one of three is refused: true
	// two of three: IDN until 2026-05-31
}

// newDocument is a trust list of one signer, as any tool writes it.
func newDocument() []byte {
	return []byte(`{"id":"` + listID + `","verificationMethod":[{
		"id":"` + listID + `:DCC:IDN:DSC#AAAAAAAAAAE=","type":"JsonWebKey2020","controller":"` + listID + `",
		"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"AAAAAAAAAAE="},
		"domain":{"code":"#DCC"},"participant":{"code":"#IDN"},"keyusage":{"code":"#DSC"}}]}`)
}
