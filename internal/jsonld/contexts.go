package jsonld

import (
	"crypto/sha256"
	"embed"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// Context is a context document that documents may refer to by its URL.
type Context struct {
	URL string
	Raw []byte
	// SHA256 is the digest of Raw, from whoever says what belongs at URL.
	SHA256 [sha256.Size]byte
}

//go:embed contexts/*.jsonld
var files embed.FS

// embedded are the contexts that every processor knows. Where they are from is
// told in contexts/SOURCE.md; their digests are kept by a test.
var embedded = [...]struct{ url, file string }{
	{"https://www.w3.org/2018/credentials/v1", "credentials-v1"},
	{"https://www.w3.org/ns/credentials/v2", "credentials-v2"},
	{"https://www.w3.org/ns/credentials/examples/v2", "credentials-examples-v2"},
	{"https://www.w3.org/ns/credentials/undefined-terms/v2", "credentials-undefined-terms-v2"},
	{"https://www.w3.org/ns/credentials/status/v1", "bitstring-status-list-v1"},
	{"https://w3id.org/vc/status-list/2021/v1", "status-list-2021-v1"},
	{"https://w3id.org/security/data-integrity/v1", "data-integrity-v1"},
	{"https://w3id.org/security/data-integrity/v2", "data-integrity-v2"},
	{"https://w3id.org/security/multikey/v1", "multikey-v1"},
	{"https://w3id.org/security/jwk/v1", "jwk-v1"},
	{"https://w3id.org/security/v1", "security-v1"},
	{"https://w3id.org/security/v2", "security-v2"},
	{"https://w3id.org/security/suites/ed25519-2018/v1", "ed25519-signature-2018-v1"},
	{"https://w3id.org/security/suites/ed25519-2020/v1", "ed25519-signature-2020-v1"},
	{"https://w3id.org/security/suites/jws-2020/v1", "jws-2020-v1"},
	{"https://www.w3.org/ns/did/v1", "did-v1"},
	{"https://w3id.org/citizenship/v1", "citizenship-v1"},
	{"https://w3id.org/citizenship/v2", "citizenship-v2"},
	{"https://w3id.org/citizenship/v3", "citizenship-v3"},
	{"https://w3id.org/citizenship/v4rc1", "citizenship-v4rc1"},
	{"https://w3id.org/vdl/v1", "vdl-v1"},
	{"https://w3id.org/vdl/aamva/v1", "vdl-aamva-v1"},
}

// document is a known context document.
type document struct {
	context jcs.Value // the value of its @context
	raw     []byte
}

// New returns a processor that knows the embedded contexts and those given.
// It fails for a context whose digest does not match, whose URL is known
// already, or which is not a JSON object with an @context.
func New(extra ...Context) (*Processor, error) {
	p := &Processor{contexts: make(map[string]document, len(embedded)+len(extra))}
	for _, e := range embedded {
		raw, err := files.ReadFile("contexts/" + e.file + ".jsonld")
		if err != nil {
			return nil, fmt.Errorf("jsonld: context %q: %w", e.url, err)
		}
		if err := p.add(e.url, raw); err != nil {
			return nil, err
		}
	}
	for _, c := range extra {
		if sha256.Sum256(c.Raw) != c.SHA256 {
			return nil, fmt.Errorf("jsonld: context %q: %w: SHA-256 digest does not match", c.URL, ErrContext)
		}
		if err := p.add(c.URL, append([]byte(nil), c.Raw...)); err != nil {
			return nil, err
		}
	}
	p.forget(nil)
	return p, nil
}

func (p *Processor) add(url string, raw []byte) error {
	if reason := checkIRI(url); reason != "" {
		return fmt.Errorf("jsonld: context URL: %w: %s", ErrContext, reason)
	}
	if _, ok := p.contexts[url]; ok {
		return fmt.Errorf("jsonld: context %q: %w: given twice", url, ErrContext)
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		return fmt.Errorf("jsonld: context %q: %w: %w", url, ErrContext, err)
	}
	context := v.Member("@context")
	if !context.Exists() {
		return fmt.Errorf("jsonld: context %q: %w: no @context", url, ErrContext)
	}
	p.contexts[url] = document{context, raw}
	return nil
}

// Raw returns the bytes of a known context document, against which a
// credential's digest of it is checked. The caller must not change them.
func (p *Processor) Raw(url string) ([]byte, bool) {
	d, ok := p.contexts[url]
	return d.raw, ok
}
