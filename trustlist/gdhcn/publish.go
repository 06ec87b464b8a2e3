package gdhcn

import (
	"bytes"
	"context"
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
}

type jsonDocument struct {
	Context            []string     `json:"@context"`
	ID                 string       `json:"id"`
	Controller         string       `json:"controller"`
	VerificationMethod []jsonMethod `json:"verificationMethod"`
}

type jsonMethod struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Controller   string          `json:"controller"`
	PublicKeyJwk json.RawMessage `json:"publicKeyJwk"`
	Domain       jsonCode        `json:"domain"`
	Participant  jsonCode        `json:"participant"`
	KeyUsage     jsonCode        `json:"keyusage"`
}

type jsonCode struct {
	Code string `json:"code"`
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
	doc := jsonDocument{
		Context: []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"},
		ID:      info.ID, Controller: info.ID, VerificationMethod: []jsonMethod{},
	}
	for i := range entries {
		methods, err := entryMethods(&info, &entries[i])
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d (%s): %w", ErrPublish, i, entries[i].Authority, err)
		}
		doc.VerificationMethod = append(doc.VerificationMethod, methods...)
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPublish, err)
	}
	raw, err = dataintegrity.Sign(ctx, raw, s, dataintegrity.Options{Created: info.Issued, Expires: info.Expires})
	if err != nil {
		return nil, fmt.Errorf("gdhcn: publishing: %w", err)
	}
	_, skipped, err := Parse(raw, Options{Signers: []proof.Key{s.Key()}, ID: info.ID})
	if err == nil && len(skipped) > 0 {
		err = skipped[0].Reason
	}
	if err != nil {
		return nil, fmt.Errorf("%w: what was written does not read back: %w", ErrPublish, err)
	}
	return raw, nil
}

func entryMethods(info *Info, e *trustlist.Entry) ([]jsonMethod, error) {
	usage, err := expressible(e)
	if err != nil {
		return nil, err
	}
	var methods []jsonMethod
	var written [][]byte // certificates: a key with two identifiers is there twice
	for i := range e.Keys {
		k := &e.Keys[i]
		if len(k.Chain) > 0 && slices.ContainsFunc(written, func(der []byte) bool { return bytes.Equal(der, k.Chain[0].Raw) }) {
			continue
		}
		kid, err := expressibleKey(k)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		if len(k.Chain) > 0 {
			written = append(written, k.Chain[0].Raw)
		}
		j, err := jwk.Marshal(k.Public, kid, k.Chain...)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		methods = append(methods, jsonMethod{
			ID:   info.ID + ":" + info.Domain + ":" + e.Authority + ":" + usage + "#" + kid,
			Type: "JsonWebKey2020", Controller: info.ID, PublicKeyJwk: j,
			Domain: jsonCode{"#" + info.Domain}, Participant: jsonCode{"#" + e.Authority}, KeyUsage: jsonCode{"#" + usage},
		})
	}
	return methods, nil
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
