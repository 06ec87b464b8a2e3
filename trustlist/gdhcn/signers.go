package gdhcn

import (
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/proof"
)

// Signers reads from the DID document of whoever signs a network's lists the
// keys for [Options].Signers: those by which its subject asserts, that have
// neither expired nor been revoked at a time. A document that gives no key any
// purpose, as that of WHO's network (tng-participants, WHO/signing/DID/did.json),
// is there for all its keys to sign. The document has to come by a way that is
// trusted itself: it is what the lists are held against.
//
// The error wraps did.ErrInvalid, did.ErrDeactivated or, where one of the keys
// can't be used or none is left, proof.ErrKey.
func Signers(document []byte, now time.Time) ([]proof.Key, error) {
	doc, err := did.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("gdhcn: document of a signer: %w", err)
	}
	if len(doc.Relationships) == 0 {
		for _, m := range doc.Methods {
			doc.Relationships[proof.AssertionMethod] = append(doc.Relationships[proof.AssertionMethod], m.ID)
		}
	}
	var keys []proof.Key
	for i, m := range doc.Methods {
		if !slices.Contains(doc.Relationships[proof.AssertionMethod], m.ID) || m.Controller != doc.ID {
			continue // for something else, or in another's hands
		}
		k, err := doc.Key(m.ID)
		if err != nil {
			return nil, fmt.Errorf("gdhcn: document of a signer: verificationMethod[%d]: %w", i, err)
		}
		if k.NotAfter.IsZero() || now.Before(k.NotAfter) {
			keys = append(keys, *k)
		}
	}
	if keys == nil {
		return nil, fmt.Errorf("gdhcn: document of a signer: no key that signs: %w", proof.ErrKey)
	}
	return keys, nil
}
