package w3c

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// The contexts that define the terms of proofs. That of version 2.0 has those of
// a DataIntegrityProof.
const (
	contextDataIntegrity   = "https://w3id.org/security/data-integrity/v2"
	contextDataIntegrityV1 = "https://w3id.org/security/data-integrity/v1"
	contextEd25519         = "https://w3id.org/security/suites/ed25519-2020/v1"
)

// sign adds a proof by each signer to a document of the data model, after a
// check that it has a meaning: what would be refused is not signed.
func (f *Format) sign(ctx context.Context, doc []byte, signers []proof.Signer, o dataintegrity.Options) ([]byte, error) {
	if len(signers) == 0 {
		return nil, fmt.Errorf("w3c: no signer: %w", proof.ErrKey)
	}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	suites := make([]string, len(signers))
	needed := map[string]bool{}
	for i, s := range signers {
		if suites[i], err = f.suite(s.Key().Public); err != nil {
			return nil, fmt.Errorf("w3c: signer %d: %w", i, err)
		}
		needed[contextOf(suites[i], v)] = true
	}
	if doc, v, err = withContexts(v, needed); err != nil {
		return nil, err
	}
	check := func(v jcs.Value) error { return f.checkTerms(v) }
	if slices.ContainsFunc(suites, signsStatements) {
		check = f.readable
	}
	if err := check(v); err != nil {
		return nil, err
	}
	o.RDF, o.Mandatory = f.canonicalizer(), mandatory(v, o.Mandatory)
	for i, s := range signers {
		o.Cryptosuite = suites[i]
		if i == 0 {
			doc, err = dataintegrity.SignValue(ctx, v, s, o)
		} else {
			doc, err = dataintegrity.Sign(ctx, doc, s, o)
		}
		if err != nil {
			return nil, fmt.Errorf("w3c: signer %d: %w", i, err)
		}
	}
	return doc, nil
}

// suite is the cryptosuite to sign with, empty for the usual one.
func (f *Format) suite(pub crypto.PublicKey) (string, error) {
	for _, s := range f.Suites {
		fits := false
		switch s {
		case dataintegrity.EdDSAJCS2022, dataintegrity.EdDSARDFC2022, dataintegrity.Ed25519Signature2020:
			_, fits = pub.(ed25519.PublicKey)
		case dataintegrity.ECDSAJCS2019, dataintegrity.ECDSARDFC2019:
			_, fits = pub.(*ecdsa.PublicKey)
		case dataintegrity.ECDSASD2023:
			k, ok := pub.(*ecdsa.PublicKey)
			fits = ok && k.Curve == elliptic.P256()
		case dataintegrity.BBS2023:
			_, fits = pub.(proof.BLSKey)
		default:
			return "", fmt.Errorf("cryptosuite: %w for signing", ErrUnsupported)
		}
		if fits {
			return s, nil
		}
	}
	if len(f.Suites) > 0 {
		return "", fmt.Errorf("no cryptosuite of Format.Suites is for a key of type %T: %w", pub, proof.ErrKey)
	}
	return "", nil
}

func signsStatements(suite string) bool {
	switch suite {
	case dataintegrity.EdDSARDFC2022, dataintegrity.ECDSARDFC2019, dataintegrity.Ed25519Signature2020, dataintegrity.ECDSASD2023, dataintegrity.BBS2023:
		return true
	}
	return false
}

// discloses reports whether a suite is one of selective disclosure.
func discloses(suite string) bool {
	return suite == dataintegrity.ECDSASD2023 || suite == dataintegrity.BBS2023
}

// contextOf is the context to add for a proof of a suite, empty where the
// document has one already (Data Integrity 1.0, section 2.4.1).
func contextOf(suite string, v jcs.Value) string {
	switch {
	case suite == dataintegrity.Ed25519Signature2020:
		if !hasContext(v, contextEd25519) {
			return contextEd25519
		}
	case !hasContext(v, Context) && !hasContext(v, contextDataIntegrity) && !hasContext(v, contextDataIntegrityV1):
		return contextDataIntegrity
	}
	return ""
}

func hasContext(v jcs.Value, url string) bool {
	for _, e := range v.Member("@context").Elements() {
		if s, _ := e.Text(); s == url {
			return true
		}
	}
	return false
}

// withContexts returns a document with contexts added behind its own.
func withContexts(v jcs.Value, urls map[string]bool) ([]byte, jcs.Value, error) {
	delete(urls, "")
	if len(urls) == 0 {
		return v.Append(nil), v, nil
	}
	context := v.Member("@context").Append(nil)
	context = context[:len(context)-1] // reopen the array, which is never empty
	for _, u := range []string{contextDataIntegrity, contextEd25519} {
		if urls[u] {
			context = jcs.Quote(append(context, ','), u)
		}
	}
	doc := append(append([]byte(`{"@context":`), context...), ']', ',')
	doc = append(doc, v.Append(nil, "@context")[1:]...)
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, v, fmt.Errorf("w3c: @context: %w: %w", ErrModel, err)
	}
	return doc, v, nil
}
