package credential

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/sanad-credentials/sanad/proof"
)

// Draft is a credential to be. The formats' own constructors make one, with
// the Payload their Seal expects.
type Draft struct {
	Credential
	// Mandatory are JSON pointers (RFC 6901) to what a holder can't leave out,
	// in formats with selective disclosure; one that points to nothing is an
	// error. Formats without it disclose all, and do not look at it.
	Mandatory []string
}

// Sealer is a Format that can also be issued. Seal must not change the draft.
type Sealer interface {
	Format
	Seal(context.Context, *Draft, []proof.Signer) ([]byte, error)
}

// Register is the issuer's record of status. Allocate is idempotent by
// Draft.ID: issuing again takes no second place. Record sees the sealed
// credential, with the identifiers that exist only once it is signed.
type Register interface {
	Allocate(context.Context, *Draft) ([]StatusRef, error)
	Record(ctx context.Context, d *Draft, sealed *Credential) error
}

// IssuerConfig is what an Issuer is made of.
type IssuerConfig struct {
	Sealer  Sealer         // required
	Signers []proof.Signer // at least one
	// Register, if set, gives each credential its place in a status list.
	Register Register
	// Schema, if set, checks each draft before it is signed.
	Schema SchemaChecker
}

// Issuer seals drafts. It is safe for concurrent use if its parts are.
type Issuer struct{ cfg IssuerConfig }

// NewIssuer returns an error where a required part is missing.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	if c.Sealer == nil {
		return nil, errors.New("credential: IssuerConfig.Sealer is missing")
	}
	if len(c.Signers) == 0 {
		return nil, errors.New("credential: IssuerConfig.Signers is empty")
	}
	if slices.Contains(c.Signers, nil) {
		return nil, errors.New("credential: IssuerConfig.Signers has a nil signer")
	}
	c.Signers = slices.Clone(c.Signers)
	return &Issuer{c}, nil
}

// Issue checks, registers and seals one draft. What it returns was parsed
// again: nothing is issued that could not be read. The error wraps
// [ErrSchema] where the content does not fit.
func (i *Issuer) Issue(ctx context.Context, d *Draft) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errors.New("credential: no draft")
	}
	if i.cfg.Schema != nil {
		if err := i.cfg.Schema.CheckSchema(ctx, &d.Credential); err != nil {
			return nil, fmt.Errorf("credential: issuing: %w", wrap(ErrSchema, err))
		}
	}
	if i.cfg.Register != nil {
		if d.ID == "" {
			return nil, errors.New("credential: issuing: a draft with status needs an ID")
		}
		refs, err := i.cfg.Register.Allocate(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("credential: issuing: status: %w", err)
		}
		d2 := *d
		d2.Status = slices.Concat(d.Status, refs)
		d = &d2
	}
	raw, err := i.cfg.Sealer.Seal(ctx, d, i.cfg.Signers)
	if err != nil {
		return nil, fmt.Errorf("credential: issuing: %w", err)
	}
	env, err := i.cfg.Sealer.Parse(raw, "")
	if err != nil {
		return nil, fmt.Errorf("credential: issuing: what was sealed can't be read: %w", err)
	}
	if i.cfg.Register != nil {
		if err := i.cfg.Register.Record(ctx, d, env.Credential); err != nil {
			return nil, fmt.Errorf("credential: issuing: status: %w", err)
		}
	}
	return raw, nil
}

// Issued is one result of IssueAll.
type Issued struct {
	Draft *Draft
	Raw   []byte
	Err   error
}

// IssueAll issues on all cores, yields in the order of drafts, and goes on
// after a failure. It takes at most a few drafts per core ahead. When the
// caller leaves the loop or ctx ends, no worker is left running: the loop then
// waits for those at work, and for drafts to give or end what it was asked for.
// Where ctx ends, drafts that were not begun are not yielded.
func (i *Issuer) IssueAll(ctx context.Context, drafts iter.Seq[*Draft]) iter.Seq[Issued] {
	return func(yield func(Issued) bool) {
		ctx, cancel := context.WithCancel(ctx)
		queue := make(chan chan Issued, 2*runtime.GOMAXPROCS(0))
		var workers sync.WaitGroup
		defer workers.Wait()
		defer cancel()
		workers.Go(func() {
			defer close(queue)
			for d := range drafts {
				slot := make(chan Issued, 1)
				select {
				case queue <- slot:
				case <-ctx.Done():
					return
				}
				workers.Go(func() {
					raw, err := i.Issue(ctx, d)
					slot <- Issued{d, raw, err}
				})
			}
		})
		for slot := range queue {
			if !yield(<-slot) {
				return
			}
		}
	}
}
