// Package did holds DID documents and finds keys in them (W3C Decentralized
// Identifiers 1.0; Controlled Identifiers 1.0).
//
// A [Document] lists the keys of a subject, its verification methods, and for
// each purpose which of them may be used: the verification relationships. A
// message names a key by its DID URL, the document's DID with a fragment. A
// [Resolver] turns such a name into a [proof.Key] that allows exactly the
// purposes for which its document lists it, and whose controller is the
// document's own subject. Where the documents come from is for the packages
// below: did/key and did/jwk read them out of the identifier itself, did/web
// fetches them. [Parse] reads one that came some other way.
//
// A DID proves which key is meant, never that its subject may issue anything:
// that is for a trust list.
package did

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/proof"
)

// MaxLength is the longest DID URL that is looked at, in bytes. The verification
// method of a did:key with an RSA key of 8,192 bits has 2,853.
const MaxLength = 4096

// Verification relationships beside those that signatures of credentials and
// presentations need (Controlled Identifiers 1.0, section 2.3). A document may
// list methods under them; no [proof.Key] is ever for them.
const (
	KeyAgreement         proof.Purpose = "keyAgreement"
	CapabilityInvocation proof.Purpose = "capabilityInvocation"
	CapabilityDelegation proof.Purpose = "capabilityDelegation"
)

var (
	// ErrInvalid says that an identifier breaks its method's syntax, or that a
	// document contradicts itself.
	ErrInvalid = errors.New("invalid DID")
	// ErrUnsupported says that the identifier is well-formed and its kind of key
	// not implemented. It wraps [proof.ErrKey].
	ErrUnsupported = fmt.Errorf("unsupported kind of key: %w", proof.ErrKey)
	// ErrDeactivated says that a subject has given its identifier up: no key
	// speaks for it any more.
	ErrDeactivated = errors.New("deactivated DID")
	// ErrNotFound says that there is no document for an identifier.
	ErrNotFound = errors.New("no such DID")
)

// VerificationMethod is one key of a document.
type VerificationMethod struct {
	ID         string // DID URL
	Type       string // as the document has it; says nothing that Public does not
	Controller string // the DID that controls the key
	// Public is the key, an [OtherKey] where its kind is recognised and not
	// implemented, or nil where Err says why it could not be read.
	Public crypto.PublicKey
	// Algorithms are those that the document restricts the key to; nil means
	// the usual ones of its kind.
	Algorithms []proof.Algorithm
	// Until is when the key expires or was revoked, whichever is first
	// (Controlled Identifiers 1.0, section 2.2); zero means neither.
	Until time.Time
	Err   error
}

// Document is a DID document, as far as signatures need it.
type Document struct {
	ID      string
	Methods []VerificationMethod
	// Relationships gives, for each purpose, the IDs of the methods that may be
	// used for it.
	Relationships map[proof.Purpose][]string
}

// Key returns the key named by id, a DID URL of this document, with those of
// the purposes AssertionMethod and Authentication for which the document lists
// it. It returns nil where the document has no such method or lists it for
// neither, and an error wrapping [proof.ErrKey] or [ErrInvalid] where the key
// is unusable. An RSA key that the document names no algorithm for is used with
// PS256 and RS256.
//
// A method whose controller is another DID than the document's subject speaks
// for neither: the other has not said that the key is its own. Its key has no
// controllers.
func (d *Document) Key(id string) (*proof.Key, error) {
	i := slices.IndexFunc(d.Methods, func(m VerificationMethod) bool { return m.ID == id })
	if i < 0 {
		return nil, nil
	}
	k, err := d.Methods[i].Key()
	if err != nil {
		return nil, err
	}
	k.Purposes = slices.DeleteFunc(k.Purposes, func(p proof.Purpose) bool { return !slices.Contains(d.Relationships[p], id) })
	if len(k.Purposes) == 0 {
		return nil, nil
	}
	if d.Methods[i].Controller != d.ID {
		k.Controllers = nil
	}
	return k, nil
}

// Key returns the method's key as it would be in a document of its controller
// that lists it for all purposes. For the errors see [Document.Key].
func (m *VerificationMethod) Key() (*proof.Key, error) {
	algorithms, err := m.algorithms()
	if err != nil {
		return nil, fmt.Errorf("did: verification method: %w", err)
	}
	return &proof.Key{
		ID: m.ID, Controllers: []string{m.Controller}, Public: m.Public, NotAfter: m.Until,
		Algorithms: algorithms, Purposes: []proof.Purpose{proof.AssertionMethod, proof.Authentication},
	}, nil
}

// algorithms are those that the key may be used with.
func (m *VerificationMethod) algorithms() ([]proof.Algorithm, error) {
	if m.Err != nil {
		return nil, m.Err
	}
	if k, ok := m.Public.(OtherKey); ok {
		return nil, fmt.Errorf("%s: %w", k.Kind, ErrUnsupported)
	}
	own, err := proof.AlgorithmsFor(m.Public)
	if err != nil {
		return nil, err
	}
	if m.Algorithms != nil {
		return slices.Clone(m.Algorithms), nil
	}
	if _, ok := m.Public.(*rsa.PublicKey); ok {
		own = append(own, proof.RS256)
	}
	return own, nil
}

// Split separates a DID URL into the DID and the fragment after "#". ok is
// false where url is no DID URL of at most [MaxLength] bytes with a fragment,
// or has a path or query, which no verification method here has.
func Split(url string) (id, fragment string, ok bool) {
	id, fragment, ok = strings.Cut(url, "#")
	if !ok || fragment == "" || len(url) > MaxLength || strings.ContainsAny(id, "/?") || strings.Contains(fragment, "#") {
		return "", "", false
	}
	return id, fragment, Method(id) != ""
}

// MethodOf returns the DID URL of the verification method that a hint means: its
// KeyID where that is absolute (it has a colon, and does not begin with "#"), else the KeyID as a fragment of its Issuer, if
// that is a DID, as tokens name keys (RFC 7515, section 4.1.4; Securing
// Verifiable Credentials using JOSE and COSE, sections 4.1.1 and 4.1.2). Without
// a KeyID it is the Issuer alone, as it is where both are the same DID: the
// method then is the only one there is, if there is only one.
func MethodOf(h proof.Hint) string {
	switch {
	case Method(h.Issuer) == "" || strings.Contains(h.KeyID, ":") && h.KeyID[0] != '#':
		return h.KeyID
	case h.KeyID == "":
		return h.Issuer
	}
	return h.Issuer + "#" + strings.TrimPrefix(h.KeyID, "#")
}

// Method returns the method of a DID, "key" for did:key:…; empty where id is
// no DID (DID 1.0, section 3.1) or longer than [MaxLength].
func Method(id string) string {
	rest, ok := strings.CutPrefix(id, "did:")
	if !ok || len(id) > MaxLength {
		return ""
	}
	method, specific, _ := strings.Cut(rest, ":")
	for _, c := range []byte(method) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return ""
		}
	}
	for _, c := range []byte(specific) {
		alnum := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !alnum && !strings.ContainsRune(".-_:%", rune(c)) {
			return ""
		}
	}
	if specific == "" || strings.HasSuffix(specific, ":") {
		return ""
	}
	return method
}

// Resolver finds keys in a fixed set of documents, which it holds in memory. It
// implements [proof.Resolver], is immutable and safe for concurrent use.
type Resolver struct{ documents map[string]*Document }

// NewResolver makes a Resolver of documents, which must not be changed
// afterwards. The error wraps [ErrInvalid] where two have the same ID, where
// one has two methods of one ID, or where an ID is no DID.
func NewResolver(documents ...*Document) (*Resolver, error) {
	r := &Resolver{make(map[string]*Document, len(documents))}
	for i, d := range documents {
		if d == nil || Method(d.ID) == "" {
			return nil, fmt.Errorf("did: document %d: no DID: %w", i, ErrInvalid)
		}
		if r.documents[d.ID] != nil {
			return nil, fmt.Errorf("did: document %d: its DID has one already: %w", i, ErrInvalid)
		}
		seen := map[string]bool{}
		for j, m := range d.Methods {
			if _, _, ok := Split(m.ID); !ok || seen[m.ID] {
				return nil, fmt.Errorf("did: document %d: verification method %d: ID is no DID URL or not unique: %w", i, j, ErrInvalid)
			}
			seen[m.ID] = true
		}
		r.documents[d.ID] = d
	}
	return r, nil
}

// ResolveKeys returns the key that h names (see [MethodOf]), a DID URL of one of
// the documents; nothing where there is none.
func (r *Resolver) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	url := MethodOf(h)
	id, _, ok := Split(url)
	if !ok || r.documents[id] == nil {
		return nil, nil
	}
	k, err := r.documents[id].Key(url)
	if k == nil {
		return nil, err
	}
	return []proof.Key{*k}, nil
}
