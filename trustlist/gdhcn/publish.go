package gdhcn

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

// ErrPublish says that a list can't be written: it would be invalid, or grant
// more than its entries do.
var ErrPublish = errors.New("gdhcn: not expressible as a trust list")

// DefaultDomain is the trust domain of a list whose Info names none.
const DefaultDomain = "DCC"

// Info describes a list to be published.
type Info struct {
	// ID is the DID of the list, such as "did:web:example.org:v2:trustlist".
	ID string
	// Domain is the trust domain of all its entries. Empty: [DefaultDomain].
	Domain string
	// Issued is required: a list that is not dated can't be told from an older
	// one. Expires may be zero; a list that never expires may be withheld
	// forever. Both are written to the second.
	Issued, Expires time.Time
	// RDF makes the list signed as the network's own are, by statements and with
	// a JsonWebSignature2020, which its other readers verify; readers need an
	// [Options].RDF then. It must know the network's context, as there. Nil: the
	// JSON is signed, with a cryptosuite of W3C's (eddsa-jcs-2022 or
	// ecdsa-jcs-2019).
	RDF dataintegrity.RDF
}

type jsonDocument struct {
	Context            []string `json:"@context"`
	ID                 string   `json:"id"`
	Controller         string   `json:"controller"`
	VerificationMethod []any    `json:"verificationMethod"` // of jsonMethod, or of string
}

type jsonMethod struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Controller   string          `json:"controller"`
	PublicKeyJwk json.RawMessage `json:"publicKeyJwk"`
	// Version 1 has none of these.
	Domain      *jsonCode `json:"domain,omitempty"`
	Participant *jsonCode `json:"participant,omitempty"`
	KeyUsage    *jsonCode `json:"keyusage,omitempty"`
}

type jsonCode struct {
	Code string `json:"code"`
}

// The contexts of a list, in the network's order; version 1 lacks the last,
// which defines domain, participant and keyusage.
var contexts = []string{
	"https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1",
	"https://smart.who.int/trust/tng-context/v1.jsonld",
}

// Publish writes a list of version 2 in one document and signs it with s, whose
// key ID must be a DID URL: what pins the list for its readers. [Parse] makes
// the same entries of it, and Publish makes sure of that before it returns.
//
// The format says of an entry its Authority, which must be a participant's code,
// and its usage. So an entry must have the Names and the Territory that Parse
// gives its Authority, no Types and no Periods, and as Roles either issue and
// status or one other role, named in capitals. A key with a certificate is
// valid as long as that, is written with it, and has its identifier
// ([trustlist.KeyID]); a key without one must have an ID and be unlimited. Else
// the error wraps [ErrPublish].
func Publish(ctx context.Context, info Info, entries []trustlist.Entry, s proof.Signer) ([]byte, error) {
	if info.Domain == "" {
		info.Domain = DefaultDomain
	}
	if info.ID == "" || !isCode(info.Domain) || info.Issued.IsZero() {
		return nil, fmt.Errorf("%w: Info needs an ID, a domain in capitals and a time of issue", ErrPublish)
	}
	doc := jsonDocument{Context: contexts, ID: info.ID, Controller: info.ID, VerificationMethod: []any{}}
	for i := range entries {
		listed, err := entryKeys(&entries[i])
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d (%s): %w", ErrPublish, i, entries[i].Authority, err)
		}
		for j := range listed {
			doc.VerificationMethod = append(doc.VerificationMethod, listed[j].v2(info.ID, info.Domain))
		}
	}
	return seal(ctx, &doc, info.RDF, info.Issued, info.Expires, s)
}

// seal signs a document, and reads it back as a verifier will.
func seal(ctx context.Context, doc *jsonDocument, r dataintegrity.RDF, issued, expires time.Time, s proof.Signer) ([]byte, error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPublish, err)
	}
	o := dataintegrity.Options{Created: issued, Expires: expires}
	if r != nil {
		o.Cryptosuite, o.RDF, o.Nonce = dataintegrity.JsonWebSignature2020, r, rand.Text()
	}
	raw, err = dataintegrity.Sign(ctx, raw, s, o)
	if err != nil {
		return nil, fmt.Errorf("gdhcn: publishing: %w", err)
	}
	_, b, err := parse(raw, &Options{Signers: []proof.Key{s.Key()}, RDF: r, ID: doc.ID})
	for _, skipped := range b.skipped {
		if err == nil && !expected(skipped.Reason) {
			err = skipped.Reason
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: what was written does not read back: %w", ErrPublish, err)
	}
	return raw, nil
}

// expected are remarks on what is listed rather than on how it is written.
func expected(reason error) bool {
	return errors.Is(reason, ErrReference) || errors.Is(reason, ErrAuthority) || errors.Is(reason, ErrParticipant)
}

// listed is a key as it is written, whatever the list.
type listed struct {
	participant, usage, kid string
	key                     *proof.Key
	jwk                     json.RawMessage
}

// v2 is the key as a method of a list of version 2, or of a part of one, whose
// root is given.
func (k *listed) v2(root, domain string) jsonMethod {
	usage := k.usage
	if isAuthority(usage) {
		usage = "SCA" // as the network names the folder, whatever the code
	}
	return jsonMethod{
		ID: root + ":" + domain + ":" + k.participant + ":" + usage + "#" + k.kid, Type: "JsonWebKey2020", Controller: root, PublicKeyJwk: k.jwk,
		Domain: &jsonCode{"#" + domain}, Participant: &jsonCode{"#" + k.participant}, KeyUsage: &jsonCode{"#" + k.usage},
	}
}

// entryKeys returns the keys of an entry, each certificate once: a key with two
// identifiers is there twice.
func entryKeys(e *trustlist.Entry) ([]listed, error) {
	usage, err := expressible(e)
	if err != nil {
		return nil, err
	}
	var out []listed
	for i := range e.Keys {
		k := &e.Keys[i]
		if len(k.Chain) > 0 && slices.ContainsFunc(out, func(l listed) bool { return len(l.key.Chain) > 0 && l.key.Chain[0].Equal(k.Chain[0]) }) {
			continue
		}
		kid, err := expressibleKey(k)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		j, err := jwk.Marshal(k.Public, kid, k.Chain...)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		out = append(out, listed{participant: e.Authority, usage: usage, kid: kid, key: k, jwk: j})
	}
	return out, nil
}

// expressible returns the usage that stands for an entry's roles, or what of
// the entry has no place in a list.
func expressible(e *trustlist.Entry) (string, error) {
	usage := signerUsage
	if len(e.Roles) == 1 && e.Roles[0] != trustlist.RoleIssue && e.Roles[0] != trustlist.RoleStatus {
		usage = string(e.Roles[0])
	}
	names := (&Options{}).names(e.Authority)
	switch {
	case !isCode(e.Authority):
		return "", errors.New("its Authority is no participant's code")
	case !isCode(usage) || !slices.Equal(e.Roles, roles(usage)):
		return "", errors.New("its Roles are no usage")
	case len(e.Keys) == 0:
		return "", errors.New("no keys")
	case len(e.Anchors) > 0:
		return "", errors.New("certification authorities (Anchors)")
	case e.Types != nil || e.Periods != nil:
		return "", errors.New("limited to Types or Periods")
	case !slices.Equal(e.Names, names):
		return "", errors.New("its Names are not those of its Authority")
	case e.Territory != trustlist.Territory(e.Authority):
		return "", errors.New("its Territory is not that of its Authority")
	}
	return usage, nil
}

// expressibleKey returns the kid of a key.
func expressibleKey(k *proof.Key) (string, error) {
	if !slices.Contains(k.Purposes, proof.AssertionMethod) {
		return "", fmt.Errorf("not for issuing: %w", proof.ErrKey)
	}
	if len(k.Chain) > 0 {
		c := k.Chain[0]
		if !k.NotBefore.Equal(c.NotBefore) || !k.NotAfter.Equal(c.NotAfter) {
			return "", errors.New("its period is not that of its certificate")
		}
		return trustlist.KeyID(c), nil
	}
	if k.ID == "" || !k.NotBefore.IsZero() || !k.NotAfter.IsZero() {
		return "", errors.New("without a certificate it needs an ID and no period")
	}
	return k.ID, nil
}
