package quorum_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// A key is lost: the others replace it, and who pinned the first root follows.
func TestPromisePinnedRootSurvivesTheLossOfAKey(t *testing.T) {
	w := newWorld(t)
	sa2 := signer(t, "SA", "new", testnet.P256)
	r2 := w.next(func(r *quorum.Root) { r.Members[2] = member(sa2, "SA") })
	r3 := r2
	r3.Version, r3.Thresholds.Root = 3, 3
	second, third := w.sign(r2, w.id, w.my), w.sign(r3, w.id, w.my, sa2)

	p, err := w.pinned.Update(second, third)
	require.NoError(t, err)
	require.EqualValues(t, 3, p.Root().Version)
	require.EqualValues(t, 1, w.pinned.Root().Version, "what was pinned stays as it is")

	f := w.list("ID")
	rel := w.release(1, f)
	rel.Root = 3
	_, err = p.Open(w.sign(rel, w.my, sa2), nil, now, quorum.Held{})
	require.NoError(t, err)
	_, err = p.Open(w.sign(rel, w.my, w.sa), nil, now, quorum.Held{})
	require.ErrorIs(t, err, quorum.ErrThreshold, "the lost key approves nothing any more")
}

func TestPromiseRootIsRotatedByOldAndNew(t *testing.T) {
	w := newWorld(t)
	pk, jo := signer(t, "PK", "", testnet.P256), signer(t, "JO", "", testnet.Ed25519)
	replaced := w.next(func(r *quorum.Root) {
		r.Members = []quorum.Member{member(pk, "PK"), member(jo, "JO"), member(w.id, "ID")}
	})
	all := []proof.Signer{w.id, w.my, w.sa, pk, jo}
	_, err := w.pinned.Update(w.sign(replaced, all...))
	require.NoError(t, err)
	_, err = w.pinned.Update(w.sign(replaced, w.id, w.my, pk))
	require.NoError(t, err, "one key may be a member of both")

	harder := w.next(func(r *quorum.Root) { r.Thresholds.Root = 3 })
	unrelated := w.next(nil)
	unrelated.Network = "did:web:other.example"
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nobody":               {w.sign(replaced), quorum.ErrThreshold},
		"the new alone":        {w.sign(replaced, pk, jo), quorum.ErrThreshold},
		"the old alone":        {w.sign(replaced, w.my, w.sa), quorum.ErrThreshold},
		"one of the old":       {w.sign(replaced, w.id, pk, jo), quorum.ErrThreshold},
		"its own threshold":    {w.sign(harder, w.id, w.my), quorum.ErrThreshold},
		"another network":      {w.sign(unrelated, all...), quorum.ErrNetwork},
		"a version skipped":    {w.sign(w.next(func(r *quorum.Root) { r.Version = 3 }), all...), quorum.ErrRollback},
		"the same version":     {w.sign(w.root, all...), quorum.ErrRollback},
		"a release":            {w.sign(w.release(2, w.list("ID")), all...), quorum.ErrFormat},
		"a signature changed":  {bytes.Replace(w.sign(replaced, all...), []byte(`"version":2`), []byte(`"version":2.5`), 1), quorum.ErrFormat},
		"content changed":      {bytes.Replace(w.sign(replaced, all...), []byte(`"release":2`), []byte(`"release":1`), 1), quorum.ErrThreshold},
		"signatures exchanged": {exchange(t, w.sign(replaced, w.id, w.my)), quorum.ErrThreshold},
	} {
		p, err := w.pinned.Update(c.raw)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, p, name)
	}
}

// exchange gives each signature the other's identifier.
func exchange(t testing.TB, raw []byte) []byte {
	return edit(t, raw, func(_, doc object) {
		s := doc["signatures"].([]any)
		a, b := s[0].(object), s[1].(object)
		a["keyid"], b["keyid"] = b["keyid"], a["keyid"]
	})
}

// What counts is who approved, however often, under whatever name, and with
// however many keys.
func TestPromiseNobodyIsCountedTwice(t *testing.T) {
	w := newWorld(t)
	next := w.next(nil)
	once := w.sign(next, w.my)
	second := otherSignature(t, sigs(t, once)[0])
	_, need := w.root.Approvals(w.document(next))
	require.Equal(t, 2, need)
	alone, err := quorum.Parse(edit(t, once, func(_, doc object) { doc["signatures"] = []any{second} }))
	require.NoError(t, err)
	by, _ := w.root.Approvals(alone)
	require.Len(t, by, 1, "the second signature is a valid one")

	_, err = w.pinned.Update(edit(t, once, func(_, doc object) { doc["signatures"] = append(doc["signatures"].([]any), second) }))
	require.ErrorIs(t, err, quorum.ErrFormat, "two signatures under one identifier")

	id, err := quorum.KeyID(w.id.Key().Public)
	require.NoError(t, err)
	for name, keyid := range map[string]string{"another member's": id, "none that is known": "anything", "empty": "", "padded": second["keyid"].(string) + "="} {
		_, err := w.pinned.Update(edit(t, once, func(_, doc object) {
			doc["signatures"] = append(doc["signatures"].([]any), object{"keyid": keyid, "sig": second["sig"]})
		}))
		require.ErrorIs(t, err, quorum.ErrThreshold, name)
	}

	// Two keys of one state are one voice; so are two of one name.
	spare := signer(t, "MY", "spare", testnet.Ed25519)
	both := w.next(nil)
	both.Version = 1
	both.Members = append(both.Members, member(spare, "MY"))
	both.Members[3].Name = "Ministry of Transport"
	_, err = quorum.Pin(w.sign(both, w.my, spare))
	require.ErrorIs(t, err, quorum.ErrThreshold)
	_, err = quorum.Pin(w.sign(both, spare, w.id))
	require.NoError(t, err, "the spare key speaks where the first is lost")
	for i := range both.Members {
		both.Members[i].Territory, both.Members[i].Name = "", fmt.Sprint("Body ", min(i, 2))
	}
	_, err = quorum.Pin(w.sign(both, w.sa, spare))
	require.ErrorIs(t, err, quorum.ErrThreshold)
	_, err = quorum.Pin(w.sign(both, w.sa, w.id))
	require.NoError(t, err)

	// One key listed as two members', in either encoding.
	twice := w.next(func(r *quorum.Root) { r.Members = append(r.Members, member(w.my, "PK")) })
	_, err = quorum.New(twice)
	require.ErrorIs(t, err, quorum.ErrFormat)
	for name, change := range map[string]func(k object){
		"as it is":          func(object) {},
		"with a leading 0":  func(k object) { k["x"] = "AA" + k["x"].(string) },
		"with padding":      func(k object) { k["x"] = k["x"].(string) + "=" },
		"with a kid":        func(k object) { k["kid"] = "other" },
		"with an algorithm": func(k object) { k["alg"] = "ES256" },
	} {
		raw := edit(t, w.sign(w.next(func(r *quorum.Root) { r.Members = append(r.Members, member(spare, "PK")) }), w.my), func(signed, _ object) {
			members := signed["members"].([]any)
			k := object{}
			for n, v := range members[1].(object)["key"].(object) {
				k[n] = v
			}
			change(k)
			members[3].(object)["key"] = k
		})
		_, err := quorum.Parse(raw)
		require.Error(t, err, name)
	}
}

// otherSignature makes another valid signature on P-256 out of one: (r, n-s).
func otherSignature(t testing.TB, s object) object {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s["sig"].(string))
	require.NoError(t, err)
	n := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(raw[32:]))
	n.FillBytes(raw[32:])
	return object{"keyid": s["keyid"], "sig": b64(raw)}
}

func sigs(t testing.TB, raw []byte) (out []object) {
	edit(t, raw, func(_, doc object) {
		for _, s := range doc["signatures"].([]any) {
			out = append(out, s.(object))
		}
	})
	return out
}

// Any set of signatures is accepted exactly when enough of them are valid ones
// of different members.
func TestPromiseThresholdIsExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t)
	codes := []string{"ID", "MY", "SA", "PK", "JO", "EG", "TR"}
	kinds := []testnet.Kind{testnet.P256, testnet.Ed25519, testnet.P384}
	var keys [][]proof.Signer // of each state, of each kind
	for _, code := range codes {
		var of []proof.Signer
		for _, kind := range kinds {
			of = append(of, signer(t, code, "", kind))
		}
		keys = append(keys, of)
	}
	stranger := signer(t, "CH", "", testnet.P256)
	accepted, refused := 0, 0
	for round := range 150 {
		n := 1 + rnd.IntN(len(codes))
		r := quorum.Root{Network: listID, Version: 1, Expires: now, Thresholds: quorum.Thresholds{Root: 1 + rnd.IntN(n), Release: 1}}
		var signers []proof.Signer
		for i, code := range codes[:n] {
			signers = append(signers, keys[i][(i+round)%len(kinds)])
			r.Members = append(r.Members, member(signers[i], code))
		}
		d := w.document(r)
		other := w.next(nil)
		other.Version = 7
		valid := 0
		var junk []object
		for _, s := range signers {
			switch rnd.IntN(4) {
			case 0, 1: // a good one
				var err error
				d, err = d.Sign(ctx, s)
				require.NoError(t, err)
				valid++
			case 2: // one over something else
				junk = append(junk, sigs(t, w.sign(other, s))[0])
			}
		}
		if rnd.IntN(2) == 0 { // a stranger's
			junk = append(junk, sigs(t, w.sign(r, stranger))[0])
		}
		raw := edit(t, d.Bytes(), func(_, doc object) {
			s := doc["signatures"].([]any)
			for _, j := range junk {
				s = append(s, j)
			}
			rnd.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
			doc["signatures"] = s
		})
		_, err := quorum.Pin(raw)
		if valid >= r.Thresholds.Root {
			require.NoError(t, err)
			accepted++
		} else {
			require.ErrorIs(t, err, quorum.ErrThreshold)
			refused++
		}
	}
	require.Greater(t, min(accepted, refused), 20)
}

func TestRootRefusals(t *testing.T) {
	w := newWorld(t)
	rsa := signer(t, "ID", "", testnet.RSA2048)
	for name, spoil := range map[string]func(*quorum.Root){
		"no network":             func(r *quorum.Root) { r.Network = "" },
		"a long network":         func(r *quorum.Root) { r.Network = strings.Repeat("a", 257) },
		"version 0":              func(r *quorum.Root) { r.Version = 0 },
		"version 2^53":           func(r *quorum.Root) { r.Version = 1 << 53 },
		"no expiry":              func(r *quorum.Root) { r.Expires = time.Time{} },
		"a fraction of a second": func(r *quorum.Root) { r.Expires = now.Add(time.Millisecond) },
		"a year of five digits":  func(r *quorum.Root) { r.Expires = now.AddDate(9000, 0, 0) },
		"no members":             func(r *quorum.Root) { r.Members = nil },
		"threshold 0":            func(r *quorum.Root) { r.Thresholds.Root = 0 },
		"release threshold 0":    func(r *quorum.Root) { r.Thresholds.Release = 0 },
		"negative":               func(r *quorum.Root) { r.Thresholds.Removal = -1 },
		"out of reach":           func(r *quorum.Root) { r.Thresholds.Root = 4 },
		"out of reach for roles": func(r *quorum.Root) { r.Members[0].Roles, r.Thresholds.Release = nil, 3 },
		"removal above release":  func(r *quorum.Root) { r.Thresholds.Removal = 3 },
		"an unknown role":        func(r *quorum.Root) { r.Members[0].Roles = append([]quorum.Role{"other"}, allRoles...) },
		"a role twice":           func(r *quorum.Root) { r.Members[0].Roles = append([]quorum.Role{quorum.RoleRoot}, allRoles...) },
		"no name":                func(r *quorum.Root) { r.Members[0].Name = "" },
		"a name that hides":      func(r *quorum.Root) { r.Members[0].Name = "Indonesia\u202e" },
		"a name that is no text": func(r *quorum.Root) { r.Members[0].Name = "\xff" },
		"a territory of three":   func(r *quorum.Root) { r.Members[0].Territory = "IDN" },
		"a small territory":      func(r *quorum.Root) { r.Members[0].Territory = "id" },
		"a second code":          func(r *quorum.Root) { r.Members[0].Territory = "UK" },
		"an RSA key":             func(r *quorum.Root) { r.Members[0].Public = rsa.Key().Public },
		"no key":                 func(r *quorum.Root) { r.Members[0].Public = nil },
	} {
		r := w.next(nil)
		spoil(&r)
		_, err := quorum.New(r)
		require.Error(t, err, name)
		require.True(t, isOurs(err), "%s: %v", name, err)
	}
	many := w.next(nil)
	for i := range limits.NetworkKeys {
		many.Members = append(many.Members, quorum.Member{Name: fmt.Sprint(i)})
	}
	_, err := quorum.New(many)
	require.ErrorIs(t, err, quorum.ErrFormat)
}

func isOurs(err error) bool {
	return strings.Contains(err.Error(), quorum.ErrFormat.Error()) || strings.Contains(err.Error(), quorum.ErrKey.Error())
}

// A document says nothing that is not understood, and there is one way to write
// what is signed.
func TestPromiseDocumentsAreStrict(t *testing.T) {
	w := newWorld(t)
	_, err := quorum.Pin(edit(t, w.raw, func(_, _ object) {})) // other order, same canonical form
	require.NoError(t, err)
	for name, change := range map[string]func(signed, doc object){
		"another kind":        func(s, _ object) { s["kind"] = "sanad root v2" },
		"no kind":             func(s, _ object) { delete(s, "kind") },
		"a member more":       func(s, _ object) { s["other"] = 1 },
		"a member outside":    func(_, d object) { d["other"] = 1 },
		"a member less":       func(s, _ object) { delete(s, "thresholds") },
		"a role in a number":  func(s, _ object) { s["members"].([]any)[0].(object)["roles"] = []any{1} },
		"a half version":      func(s, _ object) { s["version"] = 1.5 },
		"a version as text":   func(s, _ object) { s["version"] = "1" },
		"a negative version":  func(s, _ object) { s["version"] = -1 },
		"a huge threshold":    func(s, _ object) { s["thresholds"].(object)["root"] = 1 << 52 },
		"a threshold more":    func(s, _ object) { s["thresholds"].(object)["other"] = 1 },
		"another zone":        func(s, _ object) { s["expires"] = "2027-05-24T09:30:00+00:00" },
		"a date that is none": func(s, _ object) { s["expires"] = "2027-02-30T09:30:00Z" },
		"no signatures":       func(_, d object) { delete(d, "signatures") },
		"signatures by name":  func(_, d object) { d["signatures"] = object{} },
		"a signature alone":   func(_, d object) { d["signatures"] = []any{"x"} },
		"padded":              func(_, d object) { pad(d, "=") },
		"with a line end":     func(_, d object) { pad(d, "\n") },
		"a private key":       func(s, _ object) { s["members"].([]any)[0].(object)["key"].(object)["d"] = b64(make([]byte, 32)) },
		"an empty territory":  func(s, _ object) { s["members"].([]any)[0].(object)["territory"] = "" },
		"members by name":     func(s, _ object) { s["members"] = object{} },
		"many signatures":     func(_, d object) { d["signatures"] = make([]any, limits.NetworkKeys+1) },
	} {
		_, err := quorum.Parse(edit(t, w.raw, change))
		require.Error(t, err, name)
		require.True(t, isOurs(err), "%s: %v", name, err)
	}
	for name, raw := range map[string]string{
		"nothing": "", "no object": "[]", "a name twice": strings.Replace(string(w.raw), `"version":1`, `"version":1,"version":1`, 1),
		"something behind": string(w.raw) + "{}", "too long": strings.Repeat(" ", limits.NetworkDocument) + string(w.raw),
	} {
		_, err := quorum.Parse([]byte(raw))
		require.ErrorIs(t, err, quorum.ErrFormat, name)
	}
}

func pad(doc object, with string) {
	s := doc["signatures"].([]any)[0].(object)
	s["sig"] = s["sig"].(string) + with
}

func TestSignAndJoin(t *testing.T) {
	w := newWorld(t)
	d := w.document(w.next(nil))
	require.Equal(t, quorum.KindRoot, d.Kind())
	a, err := d.Sign(ctx, w.id)
	require.NoError(t, err)
	b, err := d.Sign(ctx, w.my)
	require.NoError(t, err)
	require.Empty(t, d.KeyIDs(), "the first document is as it was")
	ab, err := a.Join(b, a)
	require.NoError(t, err)
	ba, err := b.Join(a)
	require.NoError(t, err)
	require.Equal(t, ab.Bytes(), ba.Bytes(), "in any order")
	require.Len(t, ab.KeyIDs(), 2)
	require.Equal(t, d.Digest(), ab.Digest())
	_, err = w.pinned.Update(ab.Bytes())
	require.NoError(t, err)
	again, err := ab.Sign(ctx, w.my)
	require.NoError(t, err)
	require.Len(t, again.KeyIDs(), 2)
	by, need := w.root.Approvals(ab)
	require.Equal(t, 2, need)
	require.Equal(t, []string{"ID", "MY"}, []string{by[0].Territory, by[1].Territory})

	_, err = d.Join(w.document(w.next(func(r *quorum.Root) { r.Version = 3 })))
	require.ErrorIs(t, err, quorum.ErrFormat)
	_, err = d.Sign(ctx, signer(t, "ID", "", testnet.RSA2048))
	require.ErrorIs(t, err, quorum.ErrKey)
	_, err = d.Sign(ctx, broken{w.id, w.my.Key().Public})
	require.ErrorIs(t, err, proof.ErrMismatch, "a signer that signs with another key")
}

// broken claims a key that is not its own.
type broken struct {
	proof.Signer
	public crypto.PublicKey
}

func (b broken) Key() proof.Key {
	k := b.Signer.Key()
	k.Public = b.public
	return k
}

func TestUpdateIsBounded(t *testing.T) {
	w := newWorld(t)
	_, err := w.pinned.Update(slices.Repeat([][]byte{w.raw}, limits.NetworkRoots+1)...)
	require.ErrorIs(t, err, quorum.ErrFormat)
	p, err := w.pinned.Update()
	require.NoError(t, err)
	require.Equal(t, w.pinned, p)
}
