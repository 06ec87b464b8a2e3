package w3c

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// limiting are the members by which an issuer limits what a credential is good
// for. Who could leave them out could show a credential as valid that is not.
var limiting = []string{
	"issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate",
	"credentialStatus", "credentialSchema", "termsOfUse",
}

// mandatory are the pointers of a draft and those to what is always shown.
func mandatory(v jcs.Value, pointers []string) []string {
	out := slices.Clone(pointers)
	for _, name := range limiting {
		if v.Member(name).Exists() && !slices.Contains(out, "/"+name) {
			out = append(out, "/"+name)
		}
	}
	return out
}

// Derive makes of a credential that was issued with selective disclosure one that
// shows what h.Show names, and what its issuer made mandatory. Of its proofs those
// remain that can be derived; others sign the whole. Pointers are into the
// credential without its proofs. What a pointer names is shown whole, and with it
// the id and type of all that it stands in.
//
// The result is a credential, which the data model asks to say something of its
// subject. It is bound to nobody: put it into a presentation ([Format.Present]).
// With ecdsa-sd-2023, two of them can be told to be of one credential; with
// bbs-2023 only by what they show, and the nonce of b is the presentation header
// of the proof (BBS Cryptosuites 1.0, section 3.4.6). Verifying does not compare
// it: whoever has the credential can derive from it for any nonce.
//
// The error wraps [ErrModel], [proof.ErrPointer] for a pointer to nothing,
// or to a part of a list, or errors.ErrUnsupported and [dataintegrity.ErrNotBase]
// where there is nothing to derive from: the credential can only be shown whole.
// It implements [credential.Deriver].
func (f Format) Derive(ctx context.Context, h credential.Held, b credential.Binding) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(h.Raw) > limits.Credential {
		return nil, fmt.Errorf("w3c: deriving: %d bytes, at most %d are read: %w", len(h.Raw), limits.Credential, ErrModel)
	}
	raw, err := dataintegrity.Derive(h.Raw, dataintegrity.Disclosure{
		RDF: f.canonicalizer(), BBS: f.BBS, Pointers: h.Show, Presentation: []byte(b.Nonce),
	})
	if errors.Is(err, dataintegrity.ErrNotBase) {
		err = fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("w3c: %w", err)
	}
	env, err := f.Parse(raw, "")
	if err != nil {
		return nil, fmt.Errorf("w3c: deriving: what would be shown is no credential: %w", err)
	}
	if env.Credential == nil {
		return nil, fmt.Errorf("w3c: deriving: from a presentation: %w", ErrModel)
	}
	return raw, nil
}
