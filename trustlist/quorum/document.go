package quorum

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// Content is what a document says: a [Root], a [Release] or [Removals].
type Content interface {
	kind() Kind
	check() error
	encode() any
}

// Document is content with the signatures collected so far. It is immutable,
// and nobody has checked its signatures: [Pinned] does.
//
// What is signed is the kind, a line feed, and the canonical form (RFC 8785) of
// the member "signed".
type Document struct {
	content    Content
	body       []byte // canonical
	signatures []signature
}

type signature struct {
	keyID string
	sig   []byte
}

// New makes an unsigned document. The error wraps [ErrFormat] or [ErrKey] and
// says what of the content is missing or beyond its limits.
func New(c Content) (*Document, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(c.encode())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	// Read back, so that the document holds what others will read.
	return Parse(slices.Concat([]byte(`{"signatures":[],"signed":`), raw, []byte("}")))
}

// Parse reads a document of any kind, of at most 1 MB. It checks the form, not
// the signatures. Unknown members and two signatures by one key are refused.
// The error wraps [ErrFormat] or [ErrKey].
func Parse(raw []byte) (*Document, error) {
	if len(raw) > limits.NetworkDocument {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.NetworkDocument)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	r := read(v)
	signed, sigs := r.member("signed"), r.member("signatures")
	if err := r.done(); err != nil {
		return nil, err
	}
	d := &Document{body: signed.Append(nil)}
	if d.signatures, err = readSignatures(sigs); err != nil {
		return nil, err
	}
	kind, _ := signed.Member("kind").Text()
	switch Kind(kind) {
	case KindRoot:
		d.content, err = readRoot(signed)
	case KindRelease:
		d.content, err = readRelease(signed)
	case KindRemovals:
		d.content, err = readRemovals(signed)
	default:
		return nil, fmt.Errorf("%w: signed.kind: none that is known", ErrFormat)
	}
	if err != nil {
		return nil, err
	}
	return d, d.content.check()
}

func readSignatures(v jcs.Value) ([]signature, error) {
	if v.Kind() != jcs.Array || v.Len() > limits.NetworkKeys {
		return nil, fmt.Errorf("%w: signatures: not an array of at most %d", ErrFormat, limits.NetworkKeys)
	}
	out := make([]signature, 0, v.Len())
	seen := map[string]bool{}
	for i, e := range v.Elements() {
		r := read(e)
		s := signature{keyID: r.text("keyid")}
		sig := r.text("sig")
		if err := r.done(); err != nil {
			return nil, fmt.Errorf("signatures[%d]: %w", i, err)
		}
		var err error
		if s.sig, err = base64.RawURLEncoding.Strict().DecodeString(sig); err != nil || strings.ContainsAny(sig, "\r\n") {
			return nil, fmt.Errorf("%w: signatures[%d].sig: not base64url", ErrFormat, i)
		}
		if seen[s.keyID] {
			return nil, fmt.Errorf("%w: signatures[%d].keyid: there already", ErrFormat, i)
		}
		seen[s.keyID] = true
		out = append(out, s)
	}
	return out, nil
}

// Content returns what the document says: a Root, a Release or Removals, not
// yet approved by anybody. The caller must not change what it refers to.
func (d *Document) Content() Content { return d.content }

// Kind returns the document's kind.
func (d *Document) Kind() Kind { return d.content.kind() }

// Digest is the SHA-256 of what is signed, in hexadecimal; signatures don't
// change it.
func (d *Document) Digest() string {
	h := sha256.Sum256(d.message())
	return hex.EncodeToString(h[:])
}

func (d *Document) message() []byte {
	return slices.Concat([]byte(d.Kind()), []byte("\n"), d.body)
}

// Bytes is the document as JSON in canonical form.
func (d *Document) Bytes() []byte {
	out := []byte(`{"signatures":[`)
	for i, s := range d.signatures {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jcs.Quote(append(out, `{"keyid":`...), s.keyID), `,"sig":`...)
		out = append(jcs.Quote(out, base64.RawURLEncoding.EncodeToString(s.sig)), '}')
	}
	return append(append(append(out, `],"signed":`...), d.body...), '}')
}

// KeyIDs are the identifiers of the keys that signed, by the document's own
// account.
func (d *Document) KeyIDs() []string {
	ids := make([]string, len(d.signatures))
	for i, s := range d.signatures {
		ids[i] = s.keyID
	}
	return ids
}

// Sign returns the document with a signature by s, in place of one that the key
// made before. Whose key it is does not matter here; see [Pinned.Approvals].
// The error wraps [ErrKey], or is the signer's.
func (d *Document) Sign(ctx context.Context, s proof.Signer) (*Document, error) {
	pub := s.Key().Public
	alg, err := algorithm(pub)
	if err != nil {
		return nil, err
	}
	id, err := KeyID(pub)
	if err != nil {
		return nil, err
	}
	sig, err := s.Sign(ctx, d.message())
	if err != nil {
		return nil, fmt.Errorf("quorum: signing: %w", err)
	}
	if err := proof.Verify(pub, alg, d.message(), sig); err != nil {
		return nil, fmt.Errorf("quorum: signing: the signer used another key or algorithm: %w", err)
	}
	return d.with(signature{id, sig})
}

// Join returns the document with the signatures of others too: copies of it
// that were signed elsewhere, in any order. The error wraps [ErrFormat] where
// one of them says something else.
func (d *Document) Join(others ...*Document) (*Document, error) {
	for _, o := range others {
		if o.Digest() != d.Digest() {
			return nil, fmt.Errorf("%w: a signature over other content can't be joined", ErrFormat)
		}
		for _, s := range o.signatures {
			if slices.Contains(d.KeyIDs(), s.keyID) {
				continue
			}
			var err error
			if d, err = d.with(s); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

func (d *Document) with(s signature) (*Document, error) {
	out := *d
	out.signatures = slices.DeleteFunc(slices.Clone(d.signatures), func(o signature) bool { return o.keyID == s.keyID })
	if out.signatures = append(out.signatures, s); len(out.signatures) > limits.NetworkKeys {
		return nil, fmt.Errorf("%w: more than %d signatures", ErrFormat, limits.NetworkKeys)
	}
	slices.SortFunc(out.signatures, func(a, b signature) int { return strings.Compare(a.keyID, b.keyID) })
	return &out, nil
}

// KeyID is the identifier of a key, its thumbprint (RFC 7638). It is always
// computed; what a document calls a key only finds it. The error wraps
// proof.ErrKey.
func KeyID(pub any) (string, error) { return jwk.Thumbprint(pub) }
