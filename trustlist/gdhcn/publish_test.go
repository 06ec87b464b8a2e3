package gdhcn_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

var info = gdhcn.Info{ID: listID, Issued: now, Expires: now.AddDate(0, 0, 7)}

// listSigner signs lists, with a key of the given kind.
func listSigner(t testing.TB, kind testnet.Kind, id string) proof.Signer {
	t.Helper()
	s, err := proof.NewSigner(testnet.New("list signer", now).State("CH").Signer(testnet.SignerOptions{Kind: kind}).Key, proof.Key{ID: id})
	require.NoError(t, err)
	return s
}

func entry(t testing.TB, participant string, roles []trustlist.Role, signers ...*testnet.DocumentSigner) trustlist.Entry {
	t.Helper()
	e := trustlist.Entry{Authority: participant, Territory: trustlist.Territory(participant), Names: trustlist.CountryNames(participant), Roles: roles}
	if e.Names == nil {
		e.Names = []string{participant}
	}
	for _, s := range signers {
		k, err := trustlist.CertificateKey(s.Cert)
		require.NoError(t, err)
		k.Chain = s.Signer.Key().Chain
		e.Keys = append(e.Keys, k)
	}
	return e
}

var both = []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}

func testEntries(t testing.TB) []trustlist.Entry {
	n := network()
	id, sa := n.State("ID"), n.State("SA")
	return []trustlist.Entry{
		entry(t, "IDN", both, id.Signer(testnet.SignerOptions{}), id.Signer(testnet.SignerOptions{Kind: testnet.RSA2048})),
		entry(t, "SAU", both, sa.Signer(testnet.SignerOptions{Kind: testnet.P384}), sa.Signer(testnet.SignerOptions{Kind: testnet.Ed25519})),
		entry(t, "SAU", []trustlist.Role{"SCA"}, sa.Signer(testnet.SignerOptions{})),
		entry(t, "WHO", both, n.State("CH").Signer(testnet.SignerOptions{NotAfter: now.AddDate(0, 0, -1)})),
	}
}

func TestPublishReadsBack(t *testing.T) {
	entries := testEntries(t)
	for _, kind := range []testnet.Kind{testnet.Ed25519, testnet.P256, testnet.P384} {
		s := listSigner(t, kind, signerID)
		raw, err := gdhcn.Publish(ctx, info, entries, s)
		require.NoError(t, err, kind)
		l, skipped, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{s.Key()}, ID: listID, Domains: []string{gdhcn.DefaultDomain}})
		require.NoError(t, err, kind)
		require.Len(t, skipped, 2, "a Swiss certificate signs for WHO")
		require.ErrorIs(t, skipped[0].Reason, gdhcn.ErrParticipant)
		require.ErrorIs(t, skipped[1].Reason, gdhcn.ErrAuthority)
		require.Equal(t, []trustlist.Info{{Name: listID, Issued: now, Expires: info.Expires}}, l.Infos())
		got := l.Entries()
		require.Len(t, got, len(entries))
		for i, want := range entries {
			want.List, want.ListIssued, want.ListExpires = listID, now, info.Expires
			keys := got[i].Keys
			require.Len(t, keys, len(want.Keys))
			for j, k := range want.Keys {
				require.True(t, proof.Same(k.Public, keys[j].Public))
				require.Equal(t, k.ID, keys[j].ID)
				require.Equal(t, k.Algorithms, keys[j].Algorithms)
				require.True(t, k.NotAfter.Equal(keys[j].NotAfter) && k.NotBefore.Equal(keys[j].NotBefore))
				require.Len(t, keys[j].Chain, 2)
			}
			got[i].Keys, want.Keys = nil, nil
			require.Equal(t, want, got[i])
		}
		again, err := gdhcn.Publish(ctx, info, l.Entries(), s)
		require.NoError(t, err)
		_, _, err = gdhcn.Parse(again, gdhcn.Options{Signers: []proof.Key{s.Key()}})
		require.NoError(t, err, "what was read can be published again")
	}
}

func TestPublishLayout(t *testing.T) {
	raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: listID, Domain: "IPS-PILGRIMAGE", Issued: now}, testEntries(t)[:1], listSigner(t, testnet.Ed25519, signerID))
	require.NoError(t, err)
	var doc struct {
		Context            []string `json:"@context"`
		ID, Controller     string
		VerificationMethod []struct {
			ID, Type, Controller          string
			PublicKeyJwk                  map[string]any
			Domain, Participant, Keyusage struct{ Code string }
		}
		Proof map[string]any
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.Equal(t, listID, doc.ID)
	require.Equal(t, listID, doc.Controller)
	require.NotEmpty(t, doc.Context)
	m := doc.VerificationMethod[0]
	kid := testEntries(t)[0].Keys[0].ID
	require.Equal(t, listID+":IPS-PILGRIMAGE:IDN:DSC#"+kid, m.ID)
	require.Equal(t, "JsonWebKey2020", m.Type)
	require.Equal(t, kid, m.PublicKeyJwk["kid"])
	require.Len(t, m.PublicKeyJwk["x5c"], 2)
	require.Equal(t, "#IPS-PILGRIMAGE", m.Domain.Code)
	require.Equal(t, "#IDN", m.Participant.Code)
	require.Equal(t, "#DSC", m.Keyusage.Code)
	require.Equal(t, "DataIntegrityProof", doc.Proof["type"])
	require.Equal(t, signerID, doc.Proof["verificationMethod"])
	require.Equal(t, "2026-05-20T12:00:00Z", doc.Proof["created"])
	require.NotContains(t, doc.Proof, "expires")
}

// A list that said more than its entries would grant what nobody granted.
func TestPublishRefuses(t *testing.T) {
	good := func() trustlist.Entry { return testEntries(t)[0] }
	for name, spoil := range map[string]func(*trustlist.Entry){
		"limited to types":         func(e *trustlist.Entry) { e.Types = []string{"test"} },
		"limited to no types":      func(e *trustlist.Entry) { e.Types = []string{} },
		"limited to periods":       func(e *trustlist.Entry) { e.Periods = []trustlist.Period{{From: now}} },
		"authorities as anchors":   func(e *trustlist.Entry) { e.Anchors = e.Keys[0].Chain },
		"issue alone":              func(e *trustlist.Entry) { e.Roles = []trustlist.Role{trustlist.RoleIssue} },
		"status alone":             func(e *trustlist.Entry) { e.Roles = []trustlist.Role{trustlist.RoleStatus} },
		"no roles":                 func(e *trustlist.Entry) { e.Roles = nil },
		"two other roles":          func(e *trustlist.Entry) { e.Roles = []trustlist.Role{"SCA", "TLS"} },
		"role DSC":                 func(e *trustlist.Entry) { e.Roles = []trustlist.Role{"DSC"} },
		"role in small letters":    func(e *trustlist.Entry) { e.Roles = []trustlist.Role{"sca"} },
		"authority not a code":     func(e *trustlist.Entry) { e.Authority = "Ministry of Health" },
		"names of another":         func(e *trustlist.Entry) { e.Names = []string{"SA", "SAU"} },
		"any name":                 func(e *trustlist.Entry) { e.Names = nil },
		"territory of another":     func(e *trustlist.Entry) { e.Territory = "SA" },
		"no keys":                  func(e *trustlist.Entry) { e.Keys = nil },
		"key not to issue with":    func(e *trustlist.Entry) { e.Keys[0].Purposes = []proof.Purpose{proof.Authentication} },
		"key for a shorter period": func(e *trustlist.Entry) { e.Keys[0].NotAfter = now },
		"key of no period":         func(e *trustlist.Entry) { e.Keys[0].NotBefore = time.Time{} },
		"bare key with a period":   func(e *trustlist.Entry) { e.Keys[0].Chain = nil },
		"bare key without ID": func(e *trustlist.Entry) {
			e.Keys[0] = proof.Key{Public: e.Keys[0].Public, Algorithms: e.Keys[0].Algorithms, Purposes: e.Keys[0].Purposes}
		},
		"key of another certificate": func(e *trustlist.Entry) { e.Keys[0].Public = e.Keys[1].Public },
		"not a key":                  func(e *trustlist.Entry) { e.Keys[0].Public = "key" },
	} {
		e := good()
		spoil(&e)
		_, err := gdhcn.Publish(ctx, info, []trustlist.Entry{good(), e}, listSigner(t, testnet.Ed25519, signerID))
		require.ErrorIs(t, err, gdhcn.ErrPublish, name)
	}
	for name, i := range map[string]gdhcn.Info{"no ID": {Issued: now}, "no date": {ID: listID}, "bad domain": {ID: listID, Issued: now, Domain: "a b"}} {
		_, err := gdhcn.Publish(ctx, i, nil, listSigner(t, testnet.Ed25519, signerID))
		require.ErrorIs(t, err, gdhcn.ErrPublish, name)
	}
	_, err := gdhcn.Publish(ctx, info, nil, listSigner(t, testnet.RSA2048, signerID))
	require.ErrorIs(t, err, proof.ErrKey, "no cryptosuite for RSA")
}

func TestPublishBareKey(t *testing.T) {
	k := listSigner(t, testnet.Ed25519, "AAAAAAAAAAE=").Key()
	e := entry(t, "IDN", both)
	e.Keys = []proof.Key{k}
	s := listSigner(t, testnet.P256, signerID)
	raw, err := gdhcn.Publish(ctx, info, []trustlist.Entry{e}, s)
	require.NoError(t, err)
	l, _, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{s.Key()}})
	require.NoError(t, err)
	require.Equal(t, "AAAAAAAAAAE=", l.Entries()[0].Keys[0].ID)
}

func TestPublishEmptyList(t *testing.T) {
	s := listSigner(t, testnet.Ed25519, signerID)
	raw, err := gdhcn.Publish(ctx, info, nil, s)
	require.NoError(t, err)
	l, _, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{s.Key()}})
	require.NoError(t, err)
	require.Empty(t, l.Entries())
}

func TestPromiseListIsAuthenticated(t *testing.T) {
	s := listSigner(t, testnet.Ed25519, signerID)
	raw, err := gdhcn.Publish(ctx, info, testEntries(t), s)
	require.NoError(t, err)
	pinned := s.Key()
	with := func(change func(*proof.Key)) gdhcn.Options {
		k := pinned
		change(&k)
		return gdhcn.Options{Signers: []proof.Key{k}}
	}
	stranger := listSigner(t, testnet.P256, signerID).Key()
	other := testnet.New("another", now).State("CH").Signer(testnet.SignerOptions{Kind: testnet.Ed25519})

	for name, o := range map[string]gdhcn.Options{
		"nothing pinned":          {},
		"nothing pinned, with ID": {ID: listID},
		"another key":             with(func(k *proof.Key) { k.Public = other.Cert.PublicKey }),
		"a key of another kind":   {Signers: []proof.Key{stranger}},
		"another name":            with(func(k *proof.Key) { k.ID = "did:web:other.example#signer" }),
		"no name":                 with(func(k *proof.Key) { k.ID = "" }),
		"another purpose":         with(func(k *proof.Key) { k.Purposes = []proof.Purpose{proof.Authentication} }),
		"another algorithm":       with(func(k *proof.Key) { k.Algorithms = []proof.Algorithm{proof.ES256} }),
	} {
		l, _, err := gdhcn.Parse(raw, o)
		require.ErrorIs(t, err, gdhcn.ErrProof, name)
		require.Nil(t, l, name)
	}
	_, _, err = gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{stranger, pinned}})
	require.NoError(t, err, "one of several will do")
	_, _, err = gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{pinned}, ID: "did:web:list.example:v2:trustlist:PH4H"})
	require.ErrorIs(t, err, gdhcn.ErrOtherList)

	for name, changed := range map[string][]byte{
		"a participant": bytes.Replace(raw, []byte(`"#IDN"`), []byte(`"#USA"`), 1),
		"a date":        bytes.Replace(raw, []byte(`2026-05-20`), []byte(`2026-05-21`), 1),
		"the expiry":    bytes.Replace(raw, []byte(`"expires":"2026`), []byte(`"expires":"2036`), 1),
		"a member more": bytes.Replace(raw, []byte(`{"@context"`), []byte(`{"@a":1,"@context"`), 1),
		"no proof":      append(raw[:bytes.Index(raw, []byte(`,"proof":`)):bytes.Index(raw, []byte(`,"proof":`))], '}'),
	} {
		require.NotEqual(t, raw, changed, name)
		_, _, err = gdhcn.Parse(changed, gdhcn.Options{Signers: []proof.Key{pinned}})
		require.ErrorIs(t, err, gdhcn.ErrProof, name)
	}
}

// A proof for another purpose, without a date, in a chain, or over statements
// where no RDF was given is none.
func TestProofsThatDoNotCount(t *testing.T) {
	s, err := proof.NewSigner(testnet.New("list signer", now).State("CH").Signer(testnet.SignerOptions{Kind: testnet.Ed25519}).Key,
		proof.Key{ID: signerID, Purposes: []proof.Purpose{proof.AssertionMethod, proof.Authentication}})
	require.NoError(t, err)
	o := gdhcn.Options{Signers: []proof.Key{s.Key()}}
	for name, po := range map[string]dataintegrity.Options{
		"another purpose": {Created: now, Purpose: proof.Authentication},
		"undated":         {},
	} {
		raw, err := dataintegrity.Sign(ctx, document(t), s, po)
		require.NoError(t, err)
		_, _, err = gdhcn.Parse(raw, o)
		require.ErrorIs(t, err, gdhcn.ErrProof, name)
	}
	chain, err := dataintegrity.Sign(ctx, document(t), listSigner(t, testnet.P256, "did:web:other.example#1"), dataintegrity.Options{ID: "urn:first", Created: now})
	require.NoError(t, err)
	chain, err = dataintegrity.Sign(ctx, chain, s, dataintegrity.Options{Previous: []string{"urn:first"}, Created: now})
	require.NoError(t, err)
	_, _, err = gdhcn.Parse(chain, o)
	require.ErrorIs(t, err, gdhcn.ErrProof, "of a chain only one key is pinned")
	var m object
	require.NoError(t, json.Unmarshal(document(t), &m))
	m["proof"] = object{"type": "JsonWebSignature2020", "created": "2026-05-20T12:00:00Z", "jws": "eyJhbGciOiJFZERTQSIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19.." + strings.Repeat("A", 86), "proofPurpose": "assertionMethod", "verificationMethod": signerID}
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	_, _, err = gdhcn.Parse(raw, o)
	require.ErrorIs(t, err, gdhcn.ErrProof)
	require.ErrorIs(t, err, dataintegrity.ErrUnsupported, "without an RDF")
	_, _, err = gdhcn.Parse(raw, unsigned)
	require.NoError(t, err)
}

func TestPromiseOlderListIsRefused(t *testing.T) {
	s := listSigner(t, testnet.Ed25519, signerID)
	o := gdhcn.Options{Signers: []proof.Key{s.Key()}, ID: listID}
	at := func(issued time.Time) *trustlist.List {
		raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: listID, Issued: issued}, testEntries(t), s)
		require.NoError(t, err)
		l, _, err := gdhcn.Parse(raw, o)
		require.NoError(t, err)
		return l
	}
	held, older, newer := at(now), at(now.Add(-time.Hour)), at(now.Add(time.Hour))
	require.ErrorIs(t, older.Supersedes(held), trustlist.ErrRollback)
	require.NoError(t, newer.Supersedes(held))
	require.NoError(t, at(now).Supersedes(held))
}

func TestPromiseExpiredListDecidesNothing(t *testing.T) {
	s := listSigner(t, testnet.Ed25519, signerID)
	raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: listID, Issued: now.AddDate(0, 0, -7), Expires: now.Add(-time.Second)}, testEntries(t), s)
	require.NoError(t, err)
	l, _, err := gdhcn.Parse(raw, gdhcn.Options{Signers: []proof.Key{s.Key()}})
	require.NoError(t, err)
	_, err = authorize(l, l.Entries()[0].Keys[0], "ID")
	require.ErrorIs(t, err, trustlist.ErrStale)
	require.ErrorIs(t, err, proof.ErrUnavailable)
}

// The kid of health certificates: 8 bytes of the certificate's hash.
func TestPublishedKid(t *testing.T) {
	k := testEntries(t)[0].Keys[0]
	h := sha256.Sum256(k.Chain[0].Raw)
	require.Equal(t, h[:8], mustBase64(t, k.ID))
}
