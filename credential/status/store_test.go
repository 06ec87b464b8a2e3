package status_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/proof"
)

func folder(dir string) status.Source { return status.Folder(os.DirFS(dir)) }

func requireOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, f := range files {
		got = append(got, f.Name())
	}
	require.Equal(t, sorted(names), got)
}

func newList(t testing.TB, url, purpose string) *status.BitstringList {
	t.Helper()
	l, err := status.NewBitstringList(url, purpose, 131_072)
	require.NoError(t, err)
	return l
}

func draft(id string) *credential.Draft {
	return &credential.Draft{Credential: credential.Credential{ID: id, Issuers: []string{"OM"}}}
}

func TestNewBitstringList(t *testing.T) {
	for name, c := range map[string]struct {
		url, purpose string
		size         uint64
	}{
		"relative URL": {"/status/1", "revocation", 131_072},
		"no URL":       {"", "revocation", 131_072},
		"bad URL":      {"https://a b", "revocation", 131_072},
		"no purpose":   {listURL, "", 131_072},
		"too small":    {listURL, "revocation", 131_071},
		"too large":    {listURL, "revocation", 134_217_729},
	} {
		_, err := status.NewBitstringList(c.url, c.purpose, c.size)
		require.Error(t, err, name)
	}
	l, err := status.NewBitstringList(listURL, "suspension", 131_073)
	require.NoError(t, err)
	require.EqualValues(t, 131_080, l.Size())
	require.Equal(t, listURL, l.URL())
	require.Equal(t, "suspension", l.Purpose())
}

func TestAllocate(t *testing.T) {
	l := newList(t, listURL, "revocation")
	_, err := l.Allocate(t.Context(), draft(""))
	require.Error(t, err)

	seen, rising := map[uint64]bool{}, 0
	var last uint64
	for i := range 2000 {
		refs, err := l.Allocate(t.Context(), draft(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Len(t, refs, 1)
		require.Equal(t, credential.StatusRef{Type: status.TypeBitstring, Purpose: "revocation", List: listURL, Index: refs[0].Index}, refs[0])
		require.Less(t, refs[0].Index, l.Size())
		require.False(t, seen[refs[0].Index], "given twice")
		seen[refs[0].Index] = true
		if refs[0].Index > last {
			rising++
		}
		last = refs[0].Index
		again, err := l.Allocate(t.Context(), draft(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Equal(t, refs, again)
	}
	require.InDelta(t, 1000, rising, 200, "places tell the order of issue")
}

func TestAllocateToTheLast(t *testing.T) {
	l := newList(t, listURL, "revocation")
	seen := make([]bool, l.Size())
	for i := range l.Size() {
		refs, err := l.Allocate(t.Context(), draft(fmt.Sprint(i)))
		if err != nil || seen[refs[0].Index] {
			t.Fatal(i, err)
		}
		seen[refs[0].Index] = true
	}
	_, err := l.Allocate(t.Context(), draft("one more"))
	require.ErrorIs(t, err, status.ErrFull)
	_, err = l.Allocate(t.Context(), draft("7"))
	require.NoError(t, err, "a place that was given stays")
}

func TestRecord(t *testing.T) {
	l := newList(t, listURL, "revocation")
	refs, err := l.Allocate(t.Context(), draft("a"))
	require.NoError(t, err)
	require.NoError(t, l.Record(t.Context(), draft("a"), &credential.Credential{Status: refs}))
	require.ErrorIs(t, l.Record(t.Context(), draft("b"), &credential.Credential{Status: refs}), status.ErrNoPlace)
	require.ErrorIs(t, l.Record(t.Context(), draft("a"), &credential.Credential{}), status.ErrNoPlace, "could never be revoked")
	refs[0].Index ^= 1
	require.ErrorIs(t, l.Record(t.Context(), draft("a"), &credential.Credential{Status: refs}), status.ErrNoPlace)
}

func TestSetAndEncode(t *testing.T) {
	l := newList(t, listURL, "revocation")
	empty, err := l.Encode()
	require.NoError(t, err)
	require.Equal(t, byte('u'), empty[0])
	require.NoError(t, l.Set(l.Size()-1, true))
	require.Error(t, l.Set(l.Size(), true))
	one, err := l.Encode()
	require.NoError(t, err)
	require.NotEqual(t, empty, one)
	require.NoError(t, l.Set(l.Size()-1, false))
	back, err := l.Encode()
	require.NoError(t, err)
	require.Equal(t, empty, back)
}

func TestDocument(t *testing.T) {
	l := newList(t, listURL, "revocation")
	_, err := l.Document("", now, now)
	require.Error(t, err)
	_, err = l.Document("did:example:om", time.Time{}, now)
	require.Error(t, err)
	_, err = l.Document("did:example:om", now, now)
	require.Error(t, err)

	encoded, err := l.Encode()
	require.NoError(t, err)
	raw, err := l.Document("did:example:om", now.In(time.FixedZone("", 4*3600)), now.Add(time.Hour))
	require.NoError(t, err)
	require.JSONEq(t, `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"`+listURL+`",
		"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"did:example:om",
		"validFrom":"2026-05-01T12:00:00Z","validUntil":"2026-05-01T13:00:00Z",
		"credentialSubject":{"id":"`+listURL+`#list","type":"BitstringStatusList","statusPurpose":"revocation","encodedList":"`+encoded+`"}}`, string(raw))
	raw, err = l.Document("did:example:om", now, time.Time{})
	require.NoError(t, err)
	require.NotContains(t, string(raw), "validUntil")
}

// From the first card to the refusal of a revoked one, through both folders.
func TestIssueRevokeVerify(t *testing.T) {
	own, public := t.TempDir(), t.TempDir()
	s, err := status.Open(own)
	require.NoError(t, err)
	require.NoError(t, s.Add(newList(t, listURL, status.PurposeRevocation)))
	require.NoError(t, s.Add(newList(t, listURL+"s", status.PurposeSuspension)))
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: &toy{}, Signers: []proof.Signer{signer("OM")}, Register: s})
	require.NoError(t, err)
	cards := map[string][]byte{}
	for _, id := range []string{"good", "revoked", "suspended"} {
		cards[id], err = i.Issue(t.Context(), draft(id))
		require.NoError(t, err)
		again, err := i.Issue(t.Context(), draft(id))
		require.NoError(t, err)
		require.Equal(t, cards[id], again, "issuing again takes no second place")
	}
	require.NoError(t, s.Save())

	publish := func() *credential.Verifier {
		s, err := status.Open(own)
		require.NoError(t, err)
		for _, l := range s.Lists() {
			text, err := l.Document("OM", now, now.Add(time.Hour))
			require.NoError(t, err)
			var d doc
			require.NoError(t, json.Unmarshal(text, &d))
			require.NoError(t, status.Publish(public, l.URL(), mustSign(t, d, "OM")))
		}
		return verifier(t, oman(t), bitstring(t, &toy{}, folder(public)))
	}
	v := publish()
	for _, raw := range cards {
		_, err := v.Verify(t.Context(), raw, credential.Policy{Time: now})
		require.NoError(t, err)
	}

	require.NoError(t, s.Revoke("revoked"))
	require.NoError(t, s.Set("suspended", status.PurposeSuspension, true))
	require.ErrorIs(t, s.Revoke("stranger"), status.ErrNoPlace)
	require.ErrorIs(t, s.Set("good", "message", true), status.ErrNoPlace)
	require.NoError(t, s.Save())
	v = publish()
	for id, want := range map[string]error{"good": nil, "revoked": credential.ErrRevoked, "suspended": credential.ErrSuspended} {
		_, err := v.Verify(t.Context(), cards[id], credential.Policy{Time: now})
		require.ErrorIs(t, err, want, id)
	}
	require.NoError(t, s.Set("suspended", status.PurposeSuspension, false))
	require.NoError(t, s.Save())
	_, err = publish().Verify(t.Context(), cards["suspended"], credential.Policy{Time: now})
	require.NoError(t, err)
	requireOnly(t, own, "status.json")
}

func TestStoreReload(t *testing.T) {
	dir := t.TempDir()
	s, err := status.Open(dir)
	require.NoError(t, err)
	require.Empty(t, s.Lists())
	_, err = s.Allocate(t.Context(), draft("a"))
	require.Error(t, err, "nothing to revoke it in")
	require.NoError(t, s.Add(newList(t, listURL, "revocation")))
	require.Error(t, s.Add(newList(t, listURL, "suspension")), "one URL, two lists")
	var want []credential.StatusRef
	for i := range 100 {
		refs, err := s.Allocate(t.Context(), draft(fmt.Sprint(i)))
		require.NoError(t, err)
		want = append(want, refs...)
	}
	require.NoError(t, s.Revoke("42"))
	require.NoError(t, s.Save())
	first, err := os.ReadFile(filepath.Join(dir, "status.json"))
	require.NoError(t, err)

	s, err = status.Open(dir)
	require.NoError(t, err)
	for i, w := range want {
		refs, err := s.Allocate(t.Context(), draft(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Equal(t, []credential.StatusRef{w}, refs)
	}
	require.NoError(t, s.Save())
	second, err := os.ReadFile(filepath.Join(dir, "status.json"))
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
	info, err := os.Stat(filepath.Join(dir, "status.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	if _, err = status.Open(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there")
	}
}

// A crash leaves a file beside the store's, or nothing; never a part of it.
func TestStoreAfterCrash(t *testing.T) {
	dir := t.TempDir()
	s, err := status.Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Add(newList(t, listURL, "revocation")))
	refs, err := s.Allocate(t.Context(), draft("a"))
	require.NoError(t, err)
	require.NoError(t, s.Save())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "status.json.123.tmp"), []byte(`{"v":1,"li`), 0o600))
	s, err = status.Open(dir)
	require.NoError(t, err)
	again, err := s.Allocate(t.Context(), draft("a"))
	require.NoError(t, err)
	require.Equal(t, refs, again)

	gone := filepath.Join(dir, "gone")
	require.NoError(t, os.Mkdir(gone, 0o700))
	s, err = status.Open(gone)
	require.NoError(t, err)
	require.NoError(t, os.Remove(gone))
	require.Error(t, s.Save())
}

func TestStoreDamaged(t *testing.T) {
	dir := t.TempDir()
	s, err := status.Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Add(newList(t, listURL, "revocation")))
	_, err = s.Allocate(t.Context(), draft("a"))
	require.NoError(t, err)
	require.NoError(t, s.Save())
	path := filepath.Join(dir, "status.json")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	good := string(raw)
	place, _, _ := strings.Cut(good[strings.Index(good, `{"a":`)+5:], "}")
	for name, bad := range map[string]string{
		"cut":            good[:len(good)/2],
		"empty":          "",
		"version":        strings.Replace(good, `"v":1`, `"v":2`, 1),
		"URL":            strings.Replace(good, "https:", "", 1),
		"size":           strings.Replace(good, "131072", "131080", 1),
		"bits":           strings.Replace(good, `"bits":"u`, `"bits":"v`, 1),
		"place twice":    strings.Replace(good, `"a":`+place, `"a":`+place+`,"b":`+place, 1),
		"place beyond":   strings.Replace(good, `"a":`+place, `"a":131072`, 1),
		"place negative": strings.Replace(good, `"a":`+place, `"a":-1`, 1),
		"nobody's place": strings.Replace(good, `"a":`, `"":`, 1),
		"list twice":     strings.Replace(good, `"lists":[`, `"lists":[`+good[strings.Index(good, "[")+1:strings.LastIndex(good, "]")]+",", 1),
	} {
		require.NotEqual(t, good, bad, name)
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		s, err := status.Open(dir)
		require.Error(t, err, name)
		require.Nil(t, s, name)
	}
}

func TestStoreConcurrently(t *testing.T) {
	dir := t.TempDir()
	s, err := status.Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Add(newList(t, listURL, "revocation")))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				id := fmt.Sprint(i, j)
				if _, err := s.Allocate(context.Background(), draft(id)); err != nil {
					t.Error(err)
				}
				if err := s.Revoke(id); err != nil {
					t.Error(err)
				}
			}
			if err := s.Save(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err = status.Open(dir)
	require.NoError(t, err)
	for i := range 8 {
		for j := range 20 {
			_, err := s.Lists()[0].Place(fmt.Sprint(i, j))
			require.NoError(t, err)
		}
	}
}
