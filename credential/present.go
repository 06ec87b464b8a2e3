package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/proof"
)

// Held is a credential in a wallet, and what of it is to be shown.
type Held struct {
	Raw       []byte
	MediaType string // may be empty
	// Signer is the holder's key; nil where another of those presented signs, or
	// nobody does.
	Signer proof.Signer
	// Format derives from Raw what is shown. Nil: Raw is shown as it is, all of it,
	// which is the only way for formats without selective disclosure.
	Format Deriver
	// Show are JSON pointers (RFC 6901) to what is shown beside what the issuer
	// made mandatory, in the claims as Credential.Payload has them. What a
	// pointer names is shown whole, so that "" is everything; none shows only
	// what is mandatory. What the issuer made to be shown only together is shown
	// together: an element of a list with the list, where an SD-JWT hides that as
	// one. A pointer to nothing is an error wrapping [proof.ErrPointer].
	Show []string
	// Issuer are candidates for the key that the credential was signed with,
	// such as the Signatories of the Result with which it was received. Formats
	// whose derivation needs it say so.
	Issuer []proof.Key
}

// Deriver is a Format with selective disclosure. What Derive returns is again a
// credential of the format. Where the format binds a derived credential to its
// holder and to one exchange, h.Signer and the binding do so.
type Deriver interface {
	Format
	Derive(ctx context.Context, h Held, b Binding) ([]byte, error)
}

// Presenter is a Format that can present credentials, also those of others.
type Presenter interface {
	Present(context.Context, []Held, Binding) ([]byte, error)
}

// Present derives what is to be shown of each credential and puts it all into
// one presentation by as. A nil as presents a single credential without one: it
// is what was derived, and so bound only where its format does that.
//
// The error wraps errors.ErrUnsupported where a part of a credential is to be
// shown, and no format that could derive it is given, or the credential was
// issued to be shown whole.
func Present(ctx context.Context, as Presenter, held []Held, b Binding) ([]byte, error) {
	out := make([]Held, len(held))
	for i, h := range held {
		if h.Format == nil && slices.ContainsFunc(h.Show, func(p string) bool { return p != "" }) {
			return nil, fmt.Errorf("credential: presenting: credential %d: its format has no selective disclosure: %w", i, errors.ErrUnsupported)
		}
		if h.Format != nil {
			raw, err := h.Format.Derive(ctx, h, b)
			if err != nil {
				return nil, fmt.Errorf("credential: presenting: credential %d: %w", i, err)
			}
			h.Raw = raw
		}
		out[i] = h
	}
	if as != nil {
		return as.Present(ctx, out, b)
	}
	if len(out) != 1 {
		return nil, fmt.Errorf("credential: presenting: %d credentials without a presentation around them", len(out))
	}
	return out[0].Raw, nil
}
