package credential_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	day = 24 * time.Hour
)

// fake is a format with real signatures and no other ambition: JSON, signed
// as its members without "proofs".
type fake struct{}

type fakeDoc struct {
	ID, Subject          string
	Issuers, Types       []string
	Signed, From, Until  time.Time
	Status               []credential.StatusRef
	Claim                string
	Tolerate, ObjectTime bool
	Expires              time.Time // of the proofs
	Proofs               []fakeProof
}

type fakeProof struct {
	KeyID, Issuer string
	Algorithm     proof.Algorithm
	Purpose       proof.Purpose
	Sig           []byte
}

func (d fakeDoc) signed() []byte {
	d.Proofs = nil
	b, _ := json.Marshal(d)
	return append([]byte("FAKE"), b...)
}

func (fake) Name() string { return "fake" }

func (f fake) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	j, ok := bytes.CutPrefix(raw, []byte("FAKE"))
	if !ok {
		return nil, credential.ErrOtherFormat
	}
	var d fakeDoc
	if err := json.Unmarshal(j, &d); err != nil {
		return nil, errors.New("fake: not JSON")
	}
	env := &credential.Envelope{Credential: &credential.Credential{
		Format: "fake", ID: d.ID, Subject: d.Subject, Issuers: d.Issuers, Types: d.Types,
		Signed: d.Signed, ValidFrom: d.From, ValidUntil: d.Until, Status: d.Status, Payload: map[string]string{"claim": d.Claim},
	}}
	if d.Tolerate {
		env.Tolerated = []error{errors.New("fake: odd")}
	}
	for _, p := range d.Proofs {
		env.Proofs = append(env.Proofs, credential.Proof{
			ID: p.KeyID, Purpose: p.Purpose, Expires: d.Expires, Hint: proof.Hint{KeyID: p.KeyID, Issuer: p.Issuer, Algorithm: p.Algorithm},
			Verify: func(_ context.Context, a *credential.Attempt) error {
				if d.ObjectTime {
					a.Refused = append(a.Refused, credential.ErrTime)
				}
				return proof.Verify(a.Key.Public, p.Algorithm, d.signed(), p.Sig)
			},
		})
	}
	return env, nil
}

func (f fake) Seal(ctx context.Context, d *credential.Draft, ss []proof.Signer) ([]byte, error) {
	doc, ok := d.Payload.(fakeDoc)
	if !ok {
		return nil, errors.New("fake: payload")
	}
	doc.ID, doc.Status = d.ID, d.Status
	return doc.seal(ctx, ss...)
}

func (d fakeDoc) seal(ctx context.Context, ss ...proof.Signer) ([]byte, error) {
	message := d.signed()
	for _, s := range ss {
		sig, err := s.Sign(ctx, message)
		if err != nil {
			return nil, err
		}
		k := s.Key()
		d.Proofs = append(d.Proofs, fakeProof{KeyID: k.ID, Algorithm: k.Algorithms[0], Purpose: proof.AssertionMethod, Sig: sig})
	}
	b, err := json.Marshal(d)
	return append([]byte("FAKE"), b...), err
}

func (d fakeDoc) raw(t testing.TB, ss ...proof.Signer) []byte {
	t.Helper()
	b, err := d.seal(ctx, ss...)
	require.NoError(t, err)
	return b
}

// signer is the key of a name: "gov#1" is controlled by "gov".
func signer(t testing.TB, id string, controllers ...string) proof.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte(id))
	s, err := proof.NewSigner(ed25519.NewKeyFromSeed(seed[:]), proof.Key{ID: id, Controllers: controllers})
	require.NoError(t, err)
	return s
}

// keys resolves by ID, as DIDs do: it knows keys, and nothing of authority.
type keys struct {
	known map[string][]proof.Key
	asked *int
	err   error
}

func (k keys) ResolveKeys(_ context.Context, h proof.Hint) ([]proof.Key, error) {
	if k.asked != nil {
		*k.asked++
	}
	return k.known[h.KeyID], k.err
}

func keysOf(ss ...proof.Signer) keys {
	k := keys{known: map[string][]proof.Key{}}
	for _, s := range ss {
		k.known[s.Key().ID] = append(k.known[s.Key().ID], s.Key())
	}
	return k
}

func listOf(t testing.TB, info trustlist.Info, es ...trustlist.Entry) *trustlist.List {
	t.Helper()
	l, err := trustlist.New(info, es...)
	require.NoError(t, err)
	return l
}

func entry(authority string, names ...string) trustlist.Entry {
	return trustlist.Entry{Authority: authority, Names: names, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}}
}

func verifier(t testing.TB, c credential.Config) *credential.Verifier {
	t.Helper()
	if c.Formats == nil {
		c.Formats = []credential.Format{fake{}}
	}
	v, err := credential.NewVerifier(c)
	require.NoError(t, err)
	return v
}

func outcome(t testing.TB, err error, n credential.CheckName) credential.Outcome {
	t.Helper()
	var e *credential.Error
	require.ErrorAs(t, err, &e)
	last := credential.Outcome(-1)
	for _, c := range e.Checks {
		if c.Name == n {
			last = c.Outcome
		}
	}
	return last
}

func good() fakeDoc {
	return fakeDoc{ID: "urn:1", Issuers: []string{"gov"}, Types: []string{"card"}, Signed: now.Add(-day), From: now.Add(-day), Until: now.Add(day), Claim: "a person's name"}
}
