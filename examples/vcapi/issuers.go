package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// issuer is one key with one cryptosuite. Issuers of the same key share its DID.
type issuer struct {
	tag, suite, keyKind string
	signer              proof.Signer
	sealer              w3c.Format
}

// selective reports whether the suite discloses selectively.
func (i *issuer) selective() bool {
	return i.suite == dataintegrity.ECDSASD2023 || i.suite == dataintegrity.BBS2023
}

// whole is the suite for what is only shown whole: lists and presentations. Keys
// of BBS have none, and of their lists all is derived.
func (i *issuer) whole() string {
	if i.suite == dataintegrity.ECDSASD2023 {
		return dataintegrity.ECDSARDFC2019
	}
	return i.suite
}

func (i *issuer) did() string    { return i.signer.Key().Controllers[0] }
func (i *issuer) method() string { return i.signer.Key().ID }

// kinds of key that issue, and under which names.
var keyKinds = []struct {
	name   string
	make   func() (proof.Signer, error)
	suites []string
}{
	{"Ed25519", newEd25519, []string{dataintegrity.EdDSAJCS2022, dataintegrity.EdDSARDFC2022}},
	{"P-256", newECDSA(elliptic.P256()), []string{dataintegrity.ECDSAJCS2019, dataintegrity.ECDSARDFC2019, dataintegrity.ECDSASD2023}},
	{"P-384", newECDSA(elliptic.P384()), []string{dataintegrity.ECDSAJCS2019, dataintegrity.ECDSARDFC2019}},
	{"Bls12381G2", newBBS, []string{dataintegrity.BBS2023}},
}

func newEd25519() (proof.Signer, error) {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return key.NewSigner(k)
}

func newECDSA(c elliptic.Curve) func() (proof.Signer, error) {
	return func() (proof.Signer, error) {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			return nil, err
		}
		return key.NewSigner(k)
	}
}

func newBBS() (proof.Signer, error) {
	secret, err := bbs.GenerateKey()
	if err != nil {
		return nil, err
	}
	k, err := key.Key(secret.Public())
	if err != nil {
		return nil, err
	}
	return bbs.NewSigner(secret, *k)
}

// tagOf names an issuer: its cryptosuite and, where that takes several kinds of
// key, the key's.
func tagOf(suite, keyKind string) string {
	if suite == dataintegrity.ECDSASD2023 {
		return suite
	}
	switch keyKind {
	case "P-256":
		return suite + "-p256"
	case "P-384":
		return suite + "-p384"
	}
	return suite
}

// newIssuers makes a key of each kind, and an issuer for each way to use it. All
// read and write as format does.
func newIssuers(format w3c.Format) ([]*issuer, error) {
	var out []*issuer
	for _, kind := range keyKinds {
		signer, err := kind.make()
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", kind.name, err)
		}
		for _, suite := range kind.suites {
			format.Suites = []string{suite}
			out = append(out, &issuer{tag: tagOf(suite, kind.name), suite: suite, keyKind: kind.name, signer: signer, sealer: format})
		}
	}
	return out, nil
}
