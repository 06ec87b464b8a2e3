package status_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

const (
	listURL = "https://moh.om.example/status/1"
	kind    = "BitstringStatusListEntry"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// toy is a format of JSON that is signed as it stands: {"doc":…,"kid":…,"sig":…}.
// It counts what it is asked.
type toy struct{ parsed, checked atomic.Int64 }

type toyMessage struct {
	Doc json.RawMessage `json:"doc"`
	KID string          `json:"kid"`
	Sig []byte          `json:"sig"`
}

type toyDoc struct {
	ID        string    `json:"id"`
	Issuer    string    `json:"issuer"`
	From      time.Time `json:"validFrom"`
	Until     time.Time `json:"validUntil"`
	Status    []toyRef  `json:"credentialStatus"`
	DCCStatus []credential.StatusRef
}

type toyRef struct {
	Type, StatusPurpose, StatusListCredential, StatusListIndex string
	StatusSize                                                 int
	StatusMessage                                              []struct{ Status, Message string }
}

func (*toy) Name() string { return "toy" }

func (f *toy) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	f.parsed.Add(1)
	var m toyMessage
	if json.Unmarshal(raw, &m) != nil || m.Sig == nil {
		return nil, credential.ErrOtherFormat
	}
	var d toyDoc
	if err := json.Unmarshal(m.Doc, &d); err != nil {
		return nil, err
	}
	c := &credential.Credential{Format: "toy", ID: d.ID, Issuers: []string{d.Issuer}, Types: []string{"card"},
		ValidFrom: d.From, ValidUntil: d.Until, Signed: d.From, Payload: m.Doc, Status: d.DCCStatus}
	for _, r := range d.Status {
		i, err := strconv.ParseUint(r.StatusListIndex, 10, 64)
		if err != nil {
			return nil, err
		}
		ref := credential.StatusRef{Type: r.Type, Purpose: r.StatusPurpose, List: r.StatusListCredential, Index: i, Size: r.StatusSize}
		for _, m := range r.StatusMessage {
			if ref.Messages == nil {
				ref.Messages = map[uint64]string{}
			}
			value, err := strconv.ParseUint(m.Status, 0, 64)
			if err != nil {
				return nil, err
			}
			ref.Messages[value] = m.Message
		}
		c.Status = append(c.Status, ref)
	}
	return &credential.Envelope{Credential: c, Tolerated: []error{errors.New("it is a toy")}, Proofs: []credential.Proof{{
		ID: "sig", Purpose: proof.AssertionMethod, Hint: proof.Hint{KeyID: m.KID, Algorithm: proof.EdDSA},
		Verify: func(_ context.Context, a *credential.Attempt) error {
			f.checked.Add(1)
			a.Tolerated = append(a.Tolerated, errors.New("a toy signature"))
			return proof.Verify(a.Key.Public, proof.EdDSA, m.Doc, m.Sig)
		},
	}}}, nil
}

// Seal makes toy an issuer's format too.
func (*toy) Seal(ctx context.Context, d *credential.Draft, s []proof.Signer) ([]byte, error) {
	doc := doc{"id": d.ID, "issuer": d.Issuers[0], "validFrom": now}
	var refs []any
	for _, r := range d.Status {
		refs = append(refs, entry(r.Purpose, r.List, r.Index))
	}
	if refs != nil {
		doc["credentialStatus"] = refs
	}
	return sign(ctx, doc, s[0])
}

type doc map[string]any

func (d doc) with(name string, v any) doc {
	d = maps.Clone(d)
	if v == nil {
		delete(d, name)
	} else {
		d[name] = v
	}
	return d
}

func sign(ctx context.Context, d doc, s proof.Signer) ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	sig, err := s.Sign(ctx, text)
	if err != nil {
		return nil, err
	}
	return json.Marshal(toyMessage{text, s.Key().ID, sig})
}

func entry(purpose, list string, index uint64) doc {
	return doc{"type": kind, "statusPurpose": purpose, "statusListCredential": list, "statusListIndex": strconv.FormatUint(index, 10)}
}

func card(issuer string, entries ...doc) doc {
	d := doc{"id": "urn:card:1", "issuer": issuer, "validFrom": now.Add(-time.Hour), "validUntil": now.Add(24 * time.Hour)}
	if len(entries) > 0 {
		d["credentialStatus"] = entries
	}
	return d
}

// listDoc is a list credential with the given bits set.
func listDoc(issuer, purpose string, set ...uint64) doc {
	bits := make([]byte, 16<<10)
	for _, i := range set {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	return doc{"id": listURL, "issuer": issuer, "type": []string{"VerifiableCredential", "BitstringStatusListCredential"},
		"validFrom": now.Add(-time.Hour), "validUntil": now.Add(time.Hour),
		"credentialSubject": doc{"id": listURL + "#list", "type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": encode(bits)}}
}

func (d doc) subject(name string, v any) doc {
	return d.with("credentialSubject", d["credentialSubject"].(doc).with(name, v))
}

func encode(bits []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(zip(bits)) }

func zip(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// bomb inflates to n zero bytes.
func bomb(n int64) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := io.CopyN(z, zeros{}, n); err != nil {
		panic(err)
	}
	z.Close()
	return out.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// signer has a key that depends on nothing but its name, which is also the
// issuer for whom it speaks.
func signer(name string) proof.Signer {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	s, err := proof.NewSigner(ed25519.NewKeyFromSeed(seed), proof.Key{ID: name + "#key"})
	if err != nil {
		panic(err)
	}
	return s
}

func authority(name, territory string, keys ...string) trustlist.Entry {
	e := trustlist.Entry{Authority: name, Territory: territory, Names: []string{name}, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}}
	for _, k := range keys {
		e.Keys = append(e.Keys, signer(k).Key())
	}
	return e
}

func trust(t testing.TB, entries ...trustlist.Entry) *trustlist.List {
	t.Helper()
	l, err := trustlist.New(trustlist.Info{Name: "test", Issued: now.Add(-time.Hour)}, entries...)
	require.NoError(t, err)
	return l
}

// oman lists two authorities.
func oman(t testing.TB) *trustlist.List {
	return trust(t, authority("OM", "OM", "OM"), authority("SA", "SA", "SA"))
}

func verifier(t testing.TB, l *trustlist.List, checker credential.StatusChecker) *credential.Verifier {
	t.Helper()
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{&toy{}}, Keys: l, Trust: l, Status: checker})
	require.NoError(t, err)
	return v
}

func bitstring(t testing.TB, f credential.Format, src status.Source) *status.Bitstring {
	t.Helper()
	b, err := status.NewBitstring(src, f)
	require.NoError(t, err)
	return b
}

func mustSign(t testing.TB, d doc, by string) []byte {
	t.Helper()
	raw, err := sign(t.Context(), d, signer(by))
	require.NoError(t, err)
	return raw
}

// requireNot fails where err says what only the credential itself can be.
func requireNot(t testing.TB, err error) {
	t.Helper()
	for _, s := range []error{credential.ErrUntrusted, credential.ErrSignature, credential.ErrIssuer, credential.ErrTime, credential.ErrRevoked, trustlist.ErrNotListed, trustlist.ErrNotGranted} {
		require.NotErrorIs(t, err, s)
	}
}

func sorted[T ~string](s []T) []T { slices.Sort(s); return s }
