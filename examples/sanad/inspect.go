package main

import (
	"errors"
	"time"

	"github.com/sanad-credentials/sanad/credential"
)

type inspectCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Text, JSON, or a picture of a QR code; standard input without one, or for '-'."`
}

// unverified is what inspect writes. Its first member says what it is wherever
// the output goes.
type unverified struct {
	Warning    string      `json:"UNVERIFIED"`
	Format     string      `json:"format"`
	ID         string      `json:"id,omitempty"`
	Issuers    []string    `json:"issuers,omitempty"`
	Subject    string      `json:"subject,omitempty"`
	Types      []string    `json:"types,omitempty"`
	Signed     time.Time   `json:"signed,omitzero"`
	ValidFrom  time.Time   `json:"validFrom,omitzero"`
	ValidUntil time.Time   `json:"validUntil,omitzero"`
	Status     []statusRef `json:"status,omitempty"`
	Signatures []signature `json:"signatures"`
	Tolerated  []string    `json:"tolerated,omitempty"`
	Claims     any         `json:"claims"`
}

type statusRef struct {
	Type    string            `json:"type"`
	Purpose string            `json:"purpose,omitempty"`
	List    string            `json:"list,omitempty"`
	Index   *uint64           `json:"index,omitempty"` // of lists that have positions
	IDs     map[string][]byte `json:"ids,omitempty"`
}

type signature struct {
	KeyID     string `json:"keyID"`
	Algorithm string `json:"algorithm"`
	Issuer    string `json:"issuer,omitempty"`
}

// Run shows what each input says.
func (c *inspectCmd) Run(e *env) error {
	if len(c.Files) == 0 {
		c.Files = []string{stdio}
	}
	for _, name := range c.Files {
		raw, err := e.readCredential(name)
		if err != nil {
			return err
		}
		if err := inspect(e, raw, true); err != nil {
			return err
		}
	}
	return nil
}

// inspect shows a credential, or each that a presentation has.
func inspect(e *env, raw []byte, outer bool) error {
	u, err := credential.Inspect(readable(false), raw)
	if err != nil {
		return err
	}
	e.note("UNVERIFIED: anyone can have written this. 'sanad verify' checks it.")
	if u.Credential != nil {
		return writeIndented(e.stdout, display(u))
	}
	if !outer {
		return errors.New("a presentation inside a presentation")
	}
	e.note("a presentation of %d", len(u.Contents))
	for _, c := range u.Contents {
		if err := inspect(e, c.Raw, false); err != nil {
			return err
		}
	}
	return nil
}

func display(u *credential.Unverified) unverified {
	c := u.Credential
	out := unverified{
		Warning: "nothing of this was checked", Format: c.Format, ID: c.ID, Issuers: c.Issuers, Subject: c.Subject,
		Types: c.Types, Signed: c.Signed, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil,
		Signatures: []signature{}, Claims: c.Payload,
	}
	for _, s := range c.Status {
		ref := statusRef{Type: s.Type, Purpose: s.Purpose, List: s.List, IDs: s.IDs}
		if s.IDs == nil {
			ref.Index = &s.Index
		}
		out.Status = append(out.Status, ref)
	}
	for _, h := range u.Hints {
		out.Signatures = append(out.Signatures, signature{h.KeyID, string(h.Algorithm), h.Issuer})
	}
	for _, err := range u.Tolerated {
		out.Tolerated = append(out.Tolerated, err.Error())
	}
	return out
}
