package quorum_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

const listID = "did:web:pilgrim.example:v2:trustlist"

var (
	ctx      = context.Background()
	now      = time.Date(2026, 5, 24, 9, 30, 0, 0, time.UTC)
	allRoles = []quorum.Role{quorum.RoleRoot, quorum.RoleRelease, quorum.RoleRemoval}
	two      = quorum.Thresholds{Root: 2, Release: 2, Removal: 1}
)

type object = map[string]any

// signer is a member's key; seed tells keys of one state apart.
func signer(t testing.TB, territory, seed string, kind testnet.Kind) proof.Signer {
	t.Helper()
	s, err := proof.NewSigner(testnet.New("members"+seed, now).State(territory).Signer(testnet.SignerOptions{Kind: kind}).Key, proof.Key{})
	require.NoError(t, err)
	return s
}

func member(s proof.Signer, territory string) quorum.Member {
	return quorum.Member{Name: "Ministry of Health " + territory, Territory: territory, Public: s.Key().Public, Roles: allRoles}
}

// world is a network of three states, each with a key of another kind.
type world struct {
	t          testing.TB
	id, my, sa proof.Signer
	root       quorum.Root
	raw        []byte // of the root, approved
	pinned     *quorum.Pinned
	net        *testnet.Network
	listed     map[string]*testnet.DocumentSigner // one of each state
	folder     fstest.MapFS
}

// documentSigner is the one that a state has on the list.
func (w *world) documentSigner(code string) *testnet.DocumentSigner {
	if w.listed[code] == nil {
		w.listed[code] = w.net.State(code).Signer(testnet.SignerOptions{})
	}
	return w.listed[code]
}

func newWorld(t testing.TB) *world {
	w := &world{
		t: t, id: signer(t, "ID", "", testnet.Ed25519), my: signer(t, "MY", "", testnet.P256), sa: signer(t, "SA", "", testnet.P384),
		net: testnet.New("signers", now), listed: map[string]*testnet.DocumentSigner{}, folder: fstest.MapFS{},
	}
	w.root = quorum.Root{
		Network: listID, Version: 1, Expires: now.AddDate(1, 0, 0), Thresholds: two,
		Members: []quorum.Member{member(w.id, "ID"), member(w.my, "MY"), member(w.sa, "SA")},
	}
	w.raw = w.sign(w.root, w.id, w.my)
	var err error
	w.pinned, err = quorum.Pin(w.raw)
	require.NoError(t, err)
	return w
}

func (w *world) document(c quorum.Content) *quorum.Document {
	w.t.Helper()
	d, err := quorum.New(c)
	require.NoError(w.t, err)
	return d
}

// sign makes a document with signatures.
func (w *world) sign(c quorum.Content, signers ...proof.Signer) []byte {
	w.t.Helper()
	d := w.document(c)
	for _, s := range signers {
		var err error
		d, err = d.Sign(ctx, s)
		require.NoError(w.t, err)
	}
	return d.Bytes()
}

// next is a root that follows the first one.
func (w *world) next(change func(*quorum.Root)) quorum.Root {
	r := w.root
	r.Version++
	r.Members = append([]quorum.Member(nil), r.Members...)
	if change != nil {
		change(&r)
	}
	return r
}

// list puts a trust list document with one signer of each state into the folder.
func (w *world) list(states ...string) quorum.File {
	w.t.Helper()
	var entries []trustlist.Entry
	for _, code := range states {
		names := trustlist.CountryNames(code)
		k, err := trustlist.CertificateKey(w.documentSigner(code).Cert)
		require.NoError(w.t, err)
		entries = append(entries, trustlist.Entry{
			Authority: names[1], Territory: code, Names: names, Keys: []proof.Key{k},
			Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
		})
	}
	operator, err := key.NewSigner(w.net.State("CH").Signer(testnet.SignerOptions{Kind: testnet.P256}).Key)
	require.NoError(w.t, err)
	raw, err := gdhcn.Publish(ctx, gdhcn.Info{ID: listID, Issued: now}, entries, operator)
	require.NoError(w.t, err)
	f := quorum.NewFile("DCC/did.json", raw)
	w.folder[f.Path()] = &fstest.MapFile{Data: raw}
	return f
}

func (w *world) release(version uint64, files ...quorum.File) quorum.Release {
	return quorum.Release{
		Network: listID, Root: 1, Version: version, Issued: now.Add(-time.Hour), Expires: now.AddDate(0, 0, 7),
		Reason: "a test", Files: files,
	}
}

func parse(_ quorum.File, raw []byte, v trustlist.Voucher) (*trustlist.List, error) {
	l, _, err := gdhcn.Parse(raw, gdhcn.Options{Voucher: v, ID: listID})
	return l, err
}

// open is what a verifier does.
func (w *world) open(release, removals []byte, held quorum.Held) (*trustlist.List, quorum.Held, error) {
	a, err := w.pinned.Open(release, removals, now, held)
	if err != nil {
		return nil, held, err
	}
	l, err := a.List(w.folder, parse)
	return l, a.Held(), err
}

func authorities(l *trustlist.List) (out []string) {
	for _, e := range l.Entries() {
		out = append(out, e.Authority)
	}
	return out
}

// keyID of the signer that list puts on the list.
func keyID(t testing.TB, l *trustlist.List, authority string) string {
	t.Helper()
	for _, e := range l.Entries() {
		if e.Authority == authority {
			id, err := quorum.KeyID(e.Keys[0].Public)
			require.NoError(t, err)
			return id
		}
	}
	t.Fatal(authority, "is not listed")
	return ""
}

// edit changes a document as JSON, its signatures included.
func edit(t testing.TB, raw []byte, change func(signed, doc object)) []byte {
	t.Helper()
	var doc object
	require.NoError(t, json.Unmarshal(raw, &doc))
	change(doc["signed"].(object), doc)
	out, err := json.Marshal(doc)
	require.NoError(t, err)
	return out
}

func digest(d *quorum.Document) (sum [32]byte) {
	b, _ := hex.DecodeString(d.Digest())
	copy(sum[:], b)
	return sum
}

func hexOf(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
