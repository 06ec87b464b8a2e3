// Package status looks credentials up in revocation lists, and makes such
// lists: one file per kind. A verifier gets all it needs through one value:
//
//	lists, err := status.NewBitstring(status.Folder(os.DirFS("lists")), w3c.Format{})
//	snapshot, err := status.ParseSnapshot(raw, status.SnapshotOptions{Signers: keys})
//	hashes, err := status.NewHashes(snapshot)
//	config.Status = status.Mux{status.TypeBitstring: lists, status.TypeDCC: hashes}
//
// [Bitstring] reads W3C Bitstring Status Lists, which are signed credentials:
// each is verified by the same verifier, for the same authority, every time it
// is asked. [Hashes] reads the revocation batches of the EU DCC gateway, which
// hold hashes of health certificates. [BitstringList] and [Store] are an
// issuer's side, [Publish] and [Folder] carry lists from one to the other.
//
// The package has no network: what it reads lies in memory or in a folder. A
// fault of a list, be it missing, malformed, expired or signed by a stranger,
// is never a fault of the credential, and never a yes: errors for it wrap
// [proof.ErrUnavailable], and the verification could not be decided. Where list
// and credential contradict each other the credential is refused.
package status

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
)

// The kinds of list, as they stand in [credential.StatusRef].Type.
const (
	// TypeBitstring is an entry of a W3C list (Bitstring Status List 1.0,
	// section 2.1).
	TypeBitstring = "BitstringStatusListEntry"
	// TypeDCC is the implied reference of every health certificate.
	TypeDCC = "DCCRevocation"
)

var errNoChecker = fmt.Errorf("%w: no checker for this kind of list", credential.ErrNoData)

// Mux asks the checker of each kind of list, by [credential.StatusRef].Type. It
// must not be changed while in use.
type Mux map[string]credential.StatusChecker

// CheckStatus implements [credential.StatusChecker]. The error wraps
// [credential.ErrNoData] for a kind of list that m does not have.
func (m Mux) CheckStatus(ctx context.Context, q credential.StatusQuery) (credential.Status, error) {
	c := m[q.Ref.Type]
	if c == nil {
		return credential.Status{}, errNoChecker
	}
	return c.CheckStatus(ctx, q)
}

// Source gives a signed status list as published at a URL, of at most 24 MiB.
// The bytes must not change once returned. For the same list it should return
// the same slice each time: what was read of it before is then used again
// without looking at the bytes. Any error means that the list is unavailable.
type Source func(ctx context.Context, url string) ([]byte, error)

// Memory is a source of the given lists, by URL.
func Memory(lists map[string][]byte) Source {
	lists = maps.Clone(lists)
	return func(_ context.Context, url string) ([]byte, error) {
		raw, ok := lists[url]
		if !ok {
			return nil, unavailable("no such list in memory")
		}
		return raw, nil
	}
}

func unavailable(format string, args ...any) error {
	return fmt.Errorf("status: %s: %w", fmt.Sprintf(format, args...), proof.ErrUnavailable)
}

// sourceFault keeps of a source's error its text and whether the caller left,
// so that errors.Is finds nothing in it that concerns the credential.
func sourceFault(err error) error {
	for _, s := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, s) {
			return fmt.Errorf("status: list source: %w", s)
		}
	}
	if errors.Is(err, proof.ErrUnavailable) && !errors.Is(err, credential.ErrRevoked) {
		return err
	}
	return unavailable("list source: %s", err)
}
