package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
)

// store is a status store that this process alone writes to.
type store struct{ *status.Store }

// lockFile keeps a second process away from a store.
const lockFile = "status.lock"

// withStore opens the store of a folder, lets f change it, and saves it unless
// f failed.
func withStore(dir string, f func(*store) error) (err error) {
	lock := filepath.Join(dir, lockFile)
	l, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another process writes to %s; if none does, remove %s", dir, lock)
	}
	if err != nil {
		return err
	}
	_ = l.Close() // nothing was written
	defer func() { err = errors.Join(err, os.Remove(lock)) }()
	s, err := status.Open(dir)
	if err != nil {
		return err
	}
	if err := f(&store{s}); err != nil {
		return err
	}
	return s.Save()
}

type statusNewCmd struct {
	Store   string `required:"" placeholder:"DIR" help:"Folder of the store, made where it is missing."`
	URL     string `required:"" name:"url" help:"Where the list will be published."`
	Purpose string `default:"revocation" enum:"revocation,suspension" help:"revocation or suspension."`
	Size    uint64 `default:"131072" help:"Number of places, at least ${default}."`
}

// Run adds a list.
func (c *statusNewCmd) Run(*env) error {
	l, err := status.NewBitstringList(c.URL, c.Purpose, c.Size)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Store, 0o700); err != nil {
		return err
	}
	return withStore(c.Store, func(s *store) error { return s.Add(l) })
}

type statusRevokeCmd struct {
	Store   string `required:"" placeholder:"DIR" help:"Folder of the store."`
	Suspend bool   `xor:"how" help:"Suspend instead: it can be taken back."`
	Resume  bool   `xor:"how" help:"Take a suspension back."`

	ID string `arg:"" help:"The credential's id, as it was issued."`
}

// Run changes the store; verifiers know once the lists are published.
func (c *statusRevokeCmd) Run(e *env) error {
	err := withStore(c.Store, func(s *store) error {
		if c.Suspend || c.Resume {
			return s.Set(c.ID, status.PurposeSuspension, c.Suspend)
		}
		return s.Revoke(c.ID)
	})
	if err == nil {
		e.note("saved; 'sanad status publish' tells verifiers")
	}
	return err
}

type statusPublishCmd struct {
	Store string `required:"" placeholder:"DIR" help:"Folder of the store."`
	Key   string `required:"" placeholder:"KEY.PEM" help:"Private key of the issuer, whose did:key signs."`
	Out   string `required:"" placeholder:"DIR" help:"Folder for the lists, made where it is missing; 'verify --status' reads it."`
	Days  int    `default:"30" help:"Validity of the lists in days; ${default} without it."`
}

// Run signs each list and writes it.
func (c *statusPublishCmd) Run(e *env) error {
	if c.Days < 1 || c.Days > 3650 {
		return usagef("--days %d: 1 to 3650", c.Days)
	}
	signer, err := e.didSigner(c.Key)
	if err != nil {
		return err
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{signer}})
	if err != nil {
		return err
	}
	s, err := status.Open(c.Store)
	if err != nil {
		return err
	}
	if len(s.Lists()) == 0 {
		return fmt.Errorf("%s has no list", c.Store)
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	now := e.now()
	for _, l := range s.Lists() {
		doc, err := l.Document(signer.Key().Controllers[0], now, now.Add(time.Duration(c.Days)*24*time.Hour))
		if err != nil {
			return err
		}
		draft, err := w3c.FromJSON(doc)
		if err != nil {
			return err
		}
		raw, err := issuer.Issue(e.ctx, draft)
		if err != nil {
			return err
		}
		if err := status.Publish(c.Out, l.URL(), raw); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, filepath.Join(c.Out, status.FileName(l.URL())), l.URL())
	}
	return nil
}
