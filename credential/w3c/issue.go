package w3c

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// Content is what [New] makes a credential of.
type Content struct {
	ID string // a URL; may be empty
	// Types beside [Type]. Contexts, URLs beside [Context], say what they mean.
	Types, Contexts []string
	Issuer          string // a URL, such as a DID
	// Subject is what encoding/json makes an object of, or an array of objects:
	// the claims, and the subject's id.
	Subject any
	// ValidFrom and ValidUntil are written to the second; zero leaves them out.
	ValidFrom, ValidUntil time.Time
}

// New makes a draft of a credential of version 2.0. The error wraps [ErrModel]
// where the data model is not kept. Whether the terms have a meaning is checked
// by [Format.Seal].
func New(c Content) (*credential.Draft, error) {
	doc, err := json.Marshal(struct {
		Context           []string `json:"@context"`
		ID                string   `json:"id,omitempty"`
		Type              []string `json:"type"`
		Issuer            string   `json:"issuer"`
		ValidFrom         string   `json:"validFrom,omitempty"`
		ValidUntil        string   `json:"validUntil,omitempty"`
		CredentialSubject any      `json:"credentialSubject"`
	}{
		append([]string{Context}, c.Contexts...), c.ID, append([]string{Type}, c.Types...), c.Issuer,
		stamp(c.ValidFrom), stamp(c.ValidUntil), c.Subject,
	})
	if err != nil {
		return nil, fmt.Errorf("w3c: credentialSubject: %w: %w", ErrModel, err)
	}
	return FromJSON(doc)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// FromJSON makes a draft of a whole credential document, of version 2.0 or 1.1
// and at most 24 MiB, that has no proof yet. The error wraps [ErrModel] where doc
// is not strict JSON or does not keep the data model, or [ErrUnsupported].
func FromJSON(doc []byte) (*credential.Draft, error) {
	if len(doc) > limits.StatusList {
		return nil, fmt.Errorf("w3c: %d bytes, at most %d are read: %w", len(doc), limits.StatusList, ErrModel)
	}
	v, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	if v.Kind() != jcs.Object {
		return nil, fmt.Errorf("w3c: document: %s, not an object: %w", v.Kind(), ErrModel)
	}
	if v.Member("proof").Exists() {
		return nil, fmt.Errorf("w3c: proof: there already is one: %w", ErrModel)
	}
	c, _, err := (&Format{}).read(v)
	if err != nil {
		return nil, err
	}
	c.Signed = time.Time{}
	c.Payload = &Payload{v, v.Append(nil)}
	return &credential.Draft{Credential: *c}, nil
}

// Seal signs a draft made by [New] or [FromJSON], with one proof by each
// signer: a set of proofs, all over the same document. The cryptosuite is the
// first of f.Suites that is for the signer's key. The proofs' created is d.Signed
// or, where that is zero, now. Entries of d.Status that the document does not
// have yet are added to its credentialStatus, and the context of the proof is
// added where the document's do not include it; apart from Signed and Status,
// the draft's fields must still say what its payload says.
//
// Where a cryptosuite discloses selectively, the proof is a base proof: the result
// is for the holder, who shows what [Format.Derive] makes of it. A holder can't
// leave out what d.Mandatory names, nor what limits a credential: the issuer,
// validity, status, schema and terms of use.
//
// The error wraps [ErrModel], [ErrTerms] where the document uses what no known
// context defines, [ErrUnsupported] for a cryptosuite that does not sign,
// [proof.ErrKey], or those of [dataintegrity.Sign]. It implements
// [credential.Sealer].
func (f Format) Seal(ctx context.Context, d *credential.Draft, signers []proof.Signer) ([]byte, error) {
	doc, err := f.document(d)
	if err != nil {
		return nil, err
	}
	o := dataintegrity.Options{Created: d.Signed, Mandatory: d.Mandatory}
	if o.Created.IsZero() {
		o.Created = time.Now()
	}
	return f.sign(ctx, doc, signers, o)
}

// document is what is to be signed of a draft.
func (f *Format) document(d *credential.Draft) ([]byte, error) {
	p, ok := d.Payload.(*Payload)
	if !ok || p == nil {
		return nil, fmt.Errorf("w3c: draft with a payload of type %T: %w", d.Payload, ErrModel)
	}
	own, _, err := f.read(p.value)
	if err != nil {
		return nil, err
	}
	if field := differs(own, &d.Credential); field != "" {
		return nil, fmt.Errorf("w3c: the draft's %s is not its payload's: %w", field, ErrModel)
	}
	return f.withStatus(p.value, own.Status, d.Status)
}

// differs names the first field that a caller has changed in a draft.
func differs(a, b *credential.Credential) string {
	switch {
	case a.ID != b.ID:
		return "ID"
	case a.Subject != b.Subject:
		return "Subject"
	case !slices.Equal(a.Issuers, b.Issuers):
		return "Issuers"
	case !slices.Equal(a.Types, b.Types):
		return "Types"
	case !a.ValidFrom.Equal(b.ValidFrom):
		return "ValidFrom"
	case !a.ValidUntil.Equal(b.ValidUntil):
		return "ValidUntil"
	case !slices.Equal(a.Schemas, b.Schemas):
		return "Schemas"
	}
	return ""
}

// appendMessages writes what the values of a status mean, in their order.
func appendMessages(dst []byte, messages map[uint64]string) []byte {
	dst = append(dst, '[')
	for i, value := range slices.Sorted(maps.Keys(messages)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jcs.Quote(append(dst, `{"message":`...), messages[value])
		dst = append(strconv.AppendUint(append(dst, `,"status":"0x`...), value, 16), `"}`...)
	}
	return append(dst, ']')
}

// withStatus returns the document with those of refs added that are not its
// own.
func (f *Format) withStatus(v jcs.Value, own, refs []credential.StatusRef) ([]byte, error) {
	var entries [][]byte
	for i, r := range refs {
		if slices.ContainsFunc(own, func(o credential.StatusRef) bool {
			return o.Type == r.Type && o.Purpose == r.Purpose && o.List == r.List && o.Index == r.Index
		}) {
			continue
		}
		if r.Type != StatusType {
			return nil, fmt.Errorf("w3c: status entry %d: its type can't be written: %w", i, ErrUnsupported)
		}
		e := append(jcs.Quote([]byte(`{"statusListCredential":`), r.List), `,"statusListIndex":"`...)
		e = append(strconv.AppendUint(e, r.Index, 10), '"')
		if r.Messages != nil {
			e = appendMessages(append(e, `,"statusMessage":`...), r.Messages)
		}
		e = jcs.Quote(append(e, `,"statusPurpose":`...), r.Purpose)
		if r.Size != 0 {
			e = strconv.AppendInt(append(e, `,"statusSize":`...), int64(r.Size), 10)
		}
		entries = append(entries, append(e, `,"type":"`+StatusType+`"}`...))
	}
	if len(entries) == 0 {
		return v.Append(nil), nil
	}
	doc := v.Append(nil, "credentialStatus")
	doc = append(doc[:len(doc)-1], `,"credentialStatus":[`...)
	switch s := v.Member("credentialStatus"); s.Kind() {
	case jcs.Object:
		doc = append(s.Append(doc), ',')
	case jcs.Array:
		for _, e := range s.Elements() {
			doc = append(e.Append(doc), ',')
		}
	}
	for i, e := range entries {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(doc, e...)
	}
	doc = append(doc, ']', '}')
	// What was added must keep the data model too.
	sealed, err := jcs.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("w3c: credentialStatus: %w: %w", ErrModel, err)
	}
	if _, _, err := f.read(sealed); err != nil {
		return nil, err
	}
	return doc, nil
}
