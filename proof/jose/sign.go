package jose

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// Sign makes a message in the compact form. The header has what h has, under
// the first of the signer's algorithms, which h.Algorithm may repeat and not
// change. The error wraps [proof.ErrKey] where the key does not sign that
// algorithm in JOSE, [ErrMalformed] where the header contradicts itself, or is
// one that [Parse] would not read.
func Sign(ctx context.Context, s proof.Signer, h Header, payload []byte) ([]byte, error) {
	if h.Unencoded {
		return nil, malformed("header: b64: false only where the payload is detached")
	}
	return sign(ctx, s, h, payload, false)
}

// SignDetached makes a message without its payload, which whoever checks it has
// to have (RFC 7515, appendix F); with h.Unencoded, as RFC 7797 has it.
func SignDetached(ctx context.Context, s proof.Signer, h Header, payload []byte) ([]byte, error) {
	return sign(ctx, s, h, payload, true)
}

func sign(ctx context.Context, s proof.Signer, h Header, payload []byte, detached bool) ([]byte, error) {
	key := s.Key()
	if len(key.Algorithms) == 0 {
		return nil, fmt.Errorf("jose: the signer's key is for no algorithm: %w", proof.ErrKey)
	}
	a := key.Algorithms[0]
	if h.Algorithm != "" && h.Algorithm != a || !Fits(a, key.Public) || a == proof.RS256 {
		return nil, fmt.Errorf("jose: the signer's key does not sign %s here: %w", a, proof.ErrKey)
	}
	h.Algorithm = a
	header, err := h.write()
	if err != nil {
		return nil, err
	}
	protected := b64url.Append(make([]byte, 0, base64.RawURLEncoding.EncodedLen(len(header))), header)
	// What would not be read is not signed.
	m := &Message{}
	if m.protected, err = jcs.Parse(header); err != nil {
		return nil, malformed("header: %w", err)
	}
	if err := m.header(Options{Unencoded: h.Unencoded}); err != nil {
		return nil, err
	}
	input := signingInput(protected, payload, h.Unencoded)
	sig, err := s.Sign(ctx, input)
	if err != nil {
		return nil, err
	}
	if detached {
		input = append(protected, '.')
	}
	return b64url.Append(append(input, '.'), sig), nil
}

// write returns the header in canonical form (RFC 8785).
func (h *Header) write() ([]byte, error) {
	b := jcs.Quote([]byte(`{"alg":`), string(h.Algorithm))
	member := func(name, value string) {
		if value != "" {
			b = append(jcs.Quote(append(b, ','), name), ':')
			b = jcs.Quote(b, value)
		}
	}
	if h.Unencoded {
		b = append(b, `,"b64":false,"crit":["b64"]`...)
	}
	member("cty", h.ContentType)
	member("iss", h.Issuer)
	if h.Key != nil {
		k, err := jwk.Marshal(h.Key.Public, h.Key.ID)
		if err != nil {
			return nil, malformed("header: %w", err)
		}
		b = append(append(b, `,"jwk":`...), k...)
	}
	member("kid", h.KeyID)
	member("typ", h.Type)
	for i, c := range h.Chain {
		b = append(b, [...]string{`,"x5c":["`, `","`}[min(i, 1)]...)
		b = base64.StdEncoding.AppendEncode(b, c.Raw)
	}
	if len(h.Chain) > 0 {
		b = append(b, `"]`...)
	}
	member("x5t#S256", b64url.Encode(h.X5tS256))
	return append(b, '}'), nil
}
