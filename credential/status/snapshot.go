package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/cose"
)

// Snapshot is a set of batches as one had them at one time: what a verifier
// carries along. As JSON it is
//
//	{"asOf":"2026-05-01T00:00:00Z","expires":"2026-05-08T00:00:00Z","covers":["OM"],"batches":[…]}
//
// with batches as [ParseBatch] reads them. Signed, it is a COSE_Sign1 (RFC
// 9052, section 4.2) whose payload is this JSON.
type Snapshot struct {
	// AsOf is when the batches were collected: the age that Policy.MaxStatusAge
	// bounds.
	AsOf time.Time
	// Expires is when the snapshot no longer says that a certificate is not
	// revoked; what it lists as revoked stays so. Zero: never.
	Expires time.Time
	// Covers are the countries, ISO 3166-1 alpha-2 in capitals, all of whose
	// batches are here, be it none. For any other country a batch revokes too,
	// but that there is none says nothing.
	Covers  []string
	Batches []Batch
}

// SnapshotOptions says whom to believe a snapshot. One of the two must be set,
// and only one.
type SnapshotOptions struct {
	// Signers are the keys one of which must have signed the snapshot, at an
	// AsOf inside the key's own validity period.
	Signers []proof.Key
	// InsecureUnsigned believes the file as it is, and looks at no signature:
	// whoever can write it decides what is revoked.
	InsecureUnsigned bool
}

// ParseSnapshot reads a snapshot of at most 64 MiB, signed or plain. The
// signature is checked before the content is read. The error names what is
// wrong; it wraps [proof.ErrUnavailable], unless it is the options'.
func ParseSnapshot(raw []byte, o SnapshotOptions) (*Snapshot, error) {
	if (len(o.Signers) > 0) == o.InsecureUnsigned {
		return nil, errors.New("status: ParseSnapshot: one of Signers and InsecureUnsigned must be set")
	}
	if len(raw) > limits.RevocationSnapshot {
		return nil, unavailable("snapshot: %d bytes, at most %d are read", len(raw), limits.RevocationSnapshot)
	}
	text, plain := raw, len(raw) == 0 || bytes.IndexByte([]byte("{ \t\r\n"), raw[0]) >= 0
	var key *proof.Key
	switch {
	case plain && !o.InsecureUnsigned:
		return nil, unavailable("snapshot: not signed")
	case !plain:
		m, err := cose.Parse(raw)
		if err != nil {
			return nil, unavailable("snapshot: %s", err)
		}
		text = m.Payload
		if !o.InsecureUnsigned {
			if key = signerOf(m, o.Signers); key == nil {
				return nil, unavailable("snapshot: signed by none of the signers")
			}
		}
	}
	s, err := readSnapshot(text)
	if err == nil {
		err = s.check()
	}
	if err == nil && key != nil && (!key.NotBefore.IsZero() && s.AsOf.Before(key.NotBefore) || !key.NotAfter.IsZero() && s.AsOf.After(key.NotAfter)) {
		err = errors.New("asOf: outside the signer's validity period")
	}
	if err != nil {
		return nil, unavailable("snapshot: %s", err)
	}
	return s, nil
}

func signerOf(m *cose.Message, keys []proof.Key) *proof.Key {
	for i := range keys {
		if keys[i].Allows(m.Algorithm, proof.AssertionMethod) && m.Verify(&keys[i]) == nil {
			return &keys[i]
		}
	}
	return nil
}

// readSnapshot reads one batch after another, so that the text takes no more
// memory than its hashes.
func readSnapshot(text []byte) (*Snapshot, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	s, seen := &Snapshot{}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("malformed JSON")
		}
		if seen[name] {
			return nil, errors.New("a member is there twice")
		}
		seen[name] = true
		switch name {
		case "asOf":
			err = d.Decode(&s.AsOf)
		case "expires":
			err = d.Decode(&s.Expires)
		case "covers":
			err = d.Decode(&s.Covers)
		case "batches":
			err = readBatches(d, s)
		default:
			return nil, errors.New("an unknown member")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, cleaned(err))
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("malformed JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return s, nil
}

func readBatches(d *json.Decoder, s *Snapshot) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("not an array")
	}
	for d.More() {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err != nil {
			return err
		}
		if len(raw) > batchLimit {
			return fmt.Errorf("[%d]: longer than %d bytes", len(s.Batches), batchLimit)
		}
		b, err := parseBatch(raw)
		if err != nil {
			return fmt.Errorf("[%d]: %w", len(s.Batches), err)
		}
		s.Batches = append(s.Batches, *b)
	}
	_, err := d.Token()
	return err
}

// cleaned keeps the decoder's own errors, which quote content, from the caller.
func cleaned(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var value *time.ParseError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.As(err, &value) {
		return errors.New("malformed or of the wrong type")
	}
	return err
}

func (s *Snapshot) check() error {
	if s.AsOf.IsZero() {
		return errors.New("asOf: missing")
	}
	if !s.Expires.IsZero() && !s.Expires.After(s.AsOf) {
		return errors.New("expires: not after asOf")
	}
	if len(s.Covers) == 0 {
		return errors.New("covers: no country")
	}
	for i, c := range s.Covers {
		if !isCountry(c) {
			return fmt.Errorf("covers[%d]: not two capital letters", i)
		}
	}
	for i := range s.Batches {
		if err := s.Batches[i].check(); err != nil {
			return fmt.Errorf("batches[%d]: %w", i, err)
		}
	}
	return nil
}

// snapshotHead is a snapshot but for its batches.
type snapshotHead struct {
	AsOf    time.Time `json:"asOf"`
	Expires time.Time `json:"expires,omitzero"`
	Covers  []string  `json:"covers"`
}

// Encode returns the snapshot as plain JSON, in the order it has. The error
// names the field that is wrong, or says that the snapshot is larger than
// [ParseSnapshot] reads: make several of it then.
func (s *Snapshot) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("status: snapshot: %w", err)
	}
	text, err := json.Marshal(snapshotHead{s.AsOf.UTC(), s.Expires.UTC(), s.Covers})
	if err != nil {
		return nil, fmt.Errorf("status: snapshot: %w", err)
	}
	text = append(text[:len(text)-1], `,"batches":[`...)
	for i := range s.Batches {
		b, err := s.Batches[i].Encode()
		if err != nil {
			return nil, fmt.Errorf("status: snapshot: batches[%d]: %w", i, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		if text = append(text, b...); len(text)+2 > limits.RevocationSnapshot {
			return nil, fmt.Errorf("status: snapshot: more than the %d bytes that are read", limits.RevocationSnapshot)
		}
	}
	return append(text, "]}"...), nil
}

// Sign returns the snapshot signed, as [ParseSnapshot] reads it.
func (s *Snapshot) Sign(ctx context.Context, signer proof.Signer) ([]byte, error) {
	text, err := s.Encode()
	if err != nil {
		return nil, err
	}
	raw, err := cose.Sign(ctx, text, nil, signer)
	if err != nil {
		return nil, fmt.Errorf("status: snapshot: %w", err)
	}
	return raw, nil
}
