package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

type statusSnapshotCmd struct {
	Out     string  `required:"" placeholder:"FILE" help:"The snapshot, made where it is missing; 'verify --status' reads it."`
	Country string  `required:"" placeholder:"XX" help:"Whose revocations these are, all of them: ISO 3166-1 alpha-2."`
	Key     string  `placeholder:"KEY.PEM" help:"Private key that signs; without it the snapshot is plain JSON."`
	Until   *moment `placeholder:"RFC3339" help:"When the revoked cards end by themselves; needed with cards."`
	Days    int     `default:"7" help:"Validity of the snapshot in days; ${default} without it."`

	Cards []string `arg:"" optional:"" name:"card" help:"Health certificates to revoke, text or pictures; without one, the snapshot is made or renewed."`
}

// Run adds the hashes of the cards' signatures, and dates the snapshot anew.
func (c *statusSnapshotCmd) Run(e *env) error {
	switch {
	case len(c.Country) != 2 || trustlist.Territory(c.Country) != c.Country:
		return usagef("--country %s: no ISO 3166-1 alpha-2 code", c.Country)
	case len(c.Cards) > 0 && c.Until == nil:
		return usagef("--until is missing: when do the cards end by themselves?")
	case c.Days < 1 || c.Days > 3650:
		return usagef("--days %d: 1 to 3650", c.Days)
	}
	var signer proof.Signer
	if c.Key != "" {
		var err error
		if signer, err = e.didSigner(c.Key); err != nil {
			return err
		}
	}
	s, err := c.open(e, signer)
	if err != nil {
		return err
	}
	for _, name := range c.Cards {
		if err := c.revoke(e, s, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	s.AsOf = e.now()
	s.Expires = s.AsOf.Add(time.Duration(c.Days) * 24 * time.Hour)
	if !slices.Contains(s.Covers, c.Country) {
		s.Covers = append(s.Covers, c.Country)
	}
	var raw []byte
	if signer == nil {
		raw, err = s.Encode()
	} else {
		raw, err = s.Sign(e.ctx, signer)
	}
	if err != nil {
		return err
	}
	return write(c.Out, raw, 0o644)
}

// open reads what is there. A signed snapshot is only continued by its signer.
func (c *statusSnapshotCmd) open(e *env, signer proof.Signer) (*status.Snapshot, error) {
	if _, err := os.Stat(c.Out); errors.Is(err, fs.ErrNotExist) {
		return &status.Snapshot{}, nil
	}
	raw, err := e.read(c.Out, limits.RevocationSnapshot)
	if err != nil {
		return nil, err
	}
	o := status.SnapshotOptions{InsecureUnsigned: signer == nil}
	if signer != nil {
		o.Signers = []proof.Key{signer.Key()}
	}
	return status.ParseSnapshot(raw, o)
}

// revoke adds one card. Its signature is not checked: whoever holds the card
// file decides.
func (c *statusSnapshotCmd) revoke(e *env, s *status.Snapshot, name string) error {
	raw, err := e.readCredential(name)
	if err != nil {
		return err
	}
	u, err := credential.Inspect([]credential.Format{hcert.Format{}}, raw)
	if err != nil {
		return err
	}
	ref := u.Credential.Status[0] // every health certificate has this one
	h := ref.IDs[status.KindSignature]
	if len(h) != len(status.Hash{}) {
		return errors.New("the card has no signature hash")
	}
	until := c.Until.UTC()
	for i := range s.Batches {
		b := &s.Batches[i]
		if b.Country == c.Country && b.KID == ref.List && b.Kind == status.KindSignature {
			if slices.Contains(b.Hashes, status.Hash(h)) && !b.Expires.Before(until) {
				return nil
			}
			if b.Expires.Equal(until) && len(b.Hashes) < limits.RevocationBatch {
				b.Hashes = append(b.Hashes, status.Hash(h))
				return nil
			}
		}
	}
	s.Batches = append(s.Batches, status.Batch{
		Country: c.Country, Expires: until, KID: ref.List, Kind: status.KindSignature, Hashes: []status.Hash{status.Hash(h)},
	})
	return nil
}
