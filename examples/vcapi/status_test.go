package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
)

func asked(purposes ...string) object {
	var all []any
	for _, p := range purposes {
		all = append(all, object{"type": status.TypeBitstring, "statusPurpose": p})
	}
	return object{"credentialStatus": all}
}

// entries are those of a credential by purpose.
func entries(t *testing.T, vc object) map[string]object {
	t.Helper()
	out := map[string]object{}
	all, ok := vc["credentialStatus"].([]any)
	require.True(t, ok)
	for _, e := range all {
		out[e.(object)["statusPurpose"].(string)] = e.(object)
	}
	return out
}

func (a *api) path(url any) string { return strings.TrimPrefix(url.(string), a.cfg.base) }

func TestStatusLife(t *testing.T) {
	a := newAPI(t, config{})
	for _, by := range a.issuers {
		t.Run(by.tag, func(t *testing.T) {
			a := &api{a.server, t, a.url}
			vc := a.issued(by, with(example(by.did()), "id", "urn:tag:"+by.tag), asked("revocation", "suspension"))
			require.Len(t, entries(t, vc), 2)
			set := func(purpose string, on any) int {
				return a.post("/credentials/status", object{
					"credentialId": vc["id"], "credentialStatus": object{"type": status.TypeBitstring, "statusPurpose": purpose}, "status": on,
				}).status
			}
			expect := func(code int) {
				t.Helper()
				r := a.verify(vc)
				require.Equal(t, code, r.status, string(r.raw))
				if code != http.StatusOK {
					require.Equal(t, []string{statusError}, r.errorTypes())
				}
				require.Equal(t, http.StatusOK, a.verify(vc, object{"checks": []any{"proof"}}).status, "the proof stays what it is")
			}
			expect(200)
			require.Equal(t, 200, set("suspension", true))
			expect(400)
			require.Equal(t, 200, set("suspension", false))
			expect(200)
			require.Equal(t, 200, set("revocation", "1"))
			expect(400)
			require.Equal(t, 400, set("revocation", false), "a revocation can't be taken back")
			expect(400)
		})
	}
}

// TestStatusList looks at a list as a stranger does.
func TestStatusList(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()), asked("revocation"))
	entry := entries(t, vc)["revocation"]
	require.Equal(t, status.TypeBitstring, entry["type"])
	require.NotContains(t, entry, "statusSize")
	require.NotContains(t, entry, "statusMessage")
	index, err := strconv.Atoi(entry["statusListIndex"].(string))
	require.NoError(t, err)

	bit := func() bool {
		r := a.do(http.MethodGet, a.path(entry["statusListCredential"]), "", nil)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		require.Equal(t, by.did(), r.object["issuer"], "a string")
		require.Equal(t, w3c.Context, r.object["@context"].([]any)[0])
		require.Equal(t, http.StatusOK, a.verify(r.object).status, "the list verifies as a credential")
		subject := r.object["credentialSubject"].(object)
		require.Equal(t, "BitstringStatusList", subject["type"])
		require.Equal(t, "revocation", subject["statusPurpose"])
		text := subject["encodedList"].(string)
		require.Equal(t, "u", text[:1])
		packed, err := base64.RawURLEncoding.DecodeString(text[1:])
		require.NoError(t, err)
		z, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(t, err)
		bits, err := io.ReadAll(z)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(bits), 16384)
		return bits[index/8]>>(7-index%8)&1 == 1
	}
	require.False(t, bit())
	r := a.post("/credentials/status", object{"credentialStatus": with(entry, "status", "1")})
	require.Equal(t, http.StatusOK, r.status, "by its place alone")
	require.True(t, bit())
	require.Equal(t, http.StatusBadRequest, a.verify(vc).status)
}

func TestStatusMediaTypes(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	entry := entries(t, a.issued(by, example(by.did()), asked("revocation")))["revocation"]
	path := a.path(entry["statusListCredential"])
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "application/vc, application/json;q=0.5")
	require.Equal(t, "application/vc", a.send(r).header.Get("Content-Type"))
	head := a.do(http.MethodHead, path, "", nil)
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.raw)
	first, second := a.do(http.MethodGet, path, "", nil), a.do(http.MethodGet, path, "", nil)
	require.Equal(t, first.raw, second.raw, "signed once, until it changes")
}

// TestStatusFlag has the same credential issued twice: one place for both.
func TestStatusFlag(t *testing.T) {
	a := newAPI(t, config{status: true})
	by := a.issuers[0]
	one, two := a.issued(by, example(by.did())), a.issued(by, example(by.did()))
	require.Equal(t, entries(t, one), entries(t, two))
	nameless := a.issued(by, with(example(by.did()), "id", absent{}))
	require.Contains(t, nameless["id"], "urn:uuid:")
	last := a.issuers[len(a.issuers)-1]
	other := a.issued(last, example(last.did()))
	require.NotEqual(t, entries(t, one)["revocation"]["statusListCredential"], entries(t, other)["revocation"]["statusListCredential"], "each issuer signs its own lists")
	none := newAPI(t, config{})
	require.NotContains(t, none.issued(none.issuers[0], example("did:example:a")), "credentialStatus")
}

func TestStatusUpdateRefused(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	vc := a.issued(by, example(by.did()), asked("revocation"))
	entry := entries(t, vc)["revocation"]
	good := object{"credentialId": vc["id"], "credentialStatus": object{"type": status.TypeBitstring}, "status": true}
	for name, row := range map[string]struct {
		body any
		want int
	}{
		"nothing":                  {object{}, 400},
		"no status":                {with(good, "status", absent{}), 400},
		"status 2":                 {with(good, "status", "2"), 400},
		"status a number":          {with(good, "status", 1), 400},
		"no type":                  {with(good, "credentialStatus.type", absent{}), 400},
		"another type":             {with(good, "credentialStatus.type", "StatusList2021Entry"), 400},
		"an unknown credential":    {with(good, "credentialId", "urn:a:b"), 404},
		"no credential":            {with(good, "credentialId", absent{}), 404},
		"not in a list of these":   {with(good, "credentialStatus.statusPurpose", "suspension"), 404},
		"an unknown list":          {object{"credentialStatus": with(entry, "statusListCredential", "https://example.com/1"), "status": true}, 404},
		"no place":                 {object{"credentialStatus": with(entry, "statusListIndex", "131072"), "status": true}, 400},
		"a negative place":         {object{"credentialStatus": with(entry, "statusListIndex", "-1"), "status": true}, 400},
		"a place that is a number": {object{"credentialStatus": with(entry, "statusListIndex", 1), "status": true}, 400},
		"no entries":               {with(good, "credentialStatus", []any{}), 404},
		"entries that are none":    {with(good, "credentialStatus", []any{1, "x"}), 400},
		"not an object":            {[]any{}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.post("/credentials/status", row.body)
			require.Equal(t, row.want, r.status, string(r.raw))
		})
	}
	require.Equal(t, http.StatusOK, a.verify(vc).status, "none of it revoked anything")
	require.Equal(t, http.StatusOK, a.post("/credentials/status", good).status)
}

// TestStatusUnavailable has lists that can't be had: neither yes nor no.
func TestStatusUnavailable(t *testing.T) {
	a := newAPI(t, config{})
	by := a.issuers[0]
	entry := object{"type": status.TypeBitstring, "statusPurpose": "revocation", "statusListIndex": "7"}
	for name, url := range map[string]string{
		"another server's": "https://example.com/status/1",
		"none of ours":     a.cfg.base + "/status/99",
		"ours, not a list": a.cfg.base + "/status/",
	} {
		t.Run(name, func(t *testing.T) {
			vc := a.issued(by, with(example(by.did()), "credentialStatus", with(entry, "statusListCredential", url)))
			r := a.verify(vc)
			require.Equal(t, http.StatusUnprocessableEntity, r.status, string(r.raw))
			require.Equal(t, []string{retrievalError}, r.errorTypes())
			require.Equal(t, false, r.object["verified"])
			require.Equal(t, http.StatusOK, a.verify(vc, object{"checks": []any{"proof"}}).status)
			r = a.verify(with(vc, "credentialSubject.name", "B"))
			require.Equal(t, http.StatusBadRequest, r.status, "a wrong signature is decided")
		})
	}
	unknown := a.issued(by, with(example(by.did()), "credentialStatus", object{"type": "ExampleStatus", "id": "https://example.com/1"}))
	require.Equal(t, http.StatusUnprocessableEntity, a.verify(unknown).status)

	// A list that this server has, with a purpose or a place that it has not.
	list := entries(t, a.issued(by, example(by.did()), asked("revocation")))["revocation"]
	for _, wrong := range []edit{{"", "statusListIndex", "131072"}, {"", "statusPurpose", "suspension"}} {
		vc := a.issued(by, with(with(example(by.did()), "id", absent{}), "credentialStatus", wrong.to(list)))
		r := a.verify(vc)
		require.Equal(t, http.StatusBadRequest, r.status, string(r.raw))
		require.Equal(t, []string{statusError}, r.errorTypes())
	}
}

func TestStatusNotFound(t *testing.T) {
	a := newAPI(t, config{})
	for _, path := range []string{"/status/1", "/status/x", "/status/..%2f1", "/status/%00"} {
		require.Equal(t, http.StatusNotFound, a.do(http.MethodGet, path, "", nil).status, path)
	}
}

// TestStatusAtOnce issues, revokes, reads and verifies from many sides.
func TestStatusAtOnce(t *testing.T) {
	a := newAPI(t, config{status: true})
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			by := a.issuers[n%len(a.issuers)]
			for i := range 4 {
				id := "urn:n:" + strconv.Itoa(n) + "-" + strconv.Itoa(i)
				r := a.post("/issuers/"+by.tag+"/credentials/issue", object{"credential": with(example(by.did()), "id", id)})
				if r.status != http.StatusCreated {
					t.Errorf("issue: %d %s", r.status, r.raw)
					return
				}
				vc := r.object["verifiableCredential"]
				if by.selective() {
					vc = a.derive(vc, "/credentialSubject").object["verifiableCredential"]
				}
				if r := a.verify(vc); r.status != http.StatusOK {
					t.Errorf("verify: %d %s", r.status, r.raw)
				}
				if r := a.post("/credentials/status", object{"credentialId": id, "credentialStatus": object{"type": status.TypeBitstring}, "status": true}); r.status != http.StatusOK {
					t.Errorf("revoke: %d %s", r.status, r.raw)
				}
				if r := a.verify(vc); r.status != http.StatusBadRequest {
					t.Errorf("verify after revocation: %d %s", r.status, r.raw)
				}
			}
		})
	}
	group.Wait()
}
