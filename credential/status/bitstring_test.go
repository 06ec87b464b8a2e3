package status_test

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// bitstringCase is a card's entry and the list it names.
type bitstringCase struct {
	entry, list doc
	err         error // nil: valid
	message     string
}

func at(i uint64) doc { return entry("revocation", listURL, i) }

// wide is an entry of index 1 and the given size, with n messages.
func wide(size, n int) doc {
	var m []doc
	for i := range n {
		m = append(m, doc{"status": "0x" + string(rune('0'+i)), "message": string(rune('a' + i))})
	}
	return entry("message", listURL, 1).with("statusSize", size).with("statusMessage", m)
}

func entryCases() map[string]bitstringCase {
	revocation, suspension, message := listDoc("OM", "revocation", 0, 7, 131_071), listDoc("OM", "suspension", 5), listDoc("OM", "message", 9)
	two := revocation.subject("statusPurpose", []string{"suspension", "revocation"})
	// Value 2 at index 1, where a status has two bits.
	wideList := listDoc("OM", "message", 2).subject("encodedList", encode(append([]byte{0b0010_0000}, make([]byte, 32<<10)...)))
	return map[string]bitstringCase{
		"clear":                    {at(1), revocation, nil, ""},
		"first bit is leftmost":    {at(0), revocation, credential.ErrRevoked, ""},
		"last bit of first byte":   {at(7), revocation, credential.ErrRevoked, ""},
		"second byte is clear":     {at(8), revocation, nil, ""},
		"last":                     {at(131_071), revocation, credential.ErrRevoked, ""},
		"beyond the end":           {at(131_072), revocation, credential.ErrFormat, ""},
		"far beyond the end":       {at(1<<64 - 1), revocation, credential.ErrFormat, ""},
		"suspended":                {entry("suspension", listURL, 5), suspension, credential.ErrSuspended, ""},
		"not suspended":            {entry("suspension", listURL, 6), suspension, nil, ""},
		"one of two purposes":      {at(7), two, credential.ErrRevoked, ""},
		"other of two purposes":    {entry("suspension", listURL, 7), two, credential.ErrSuspended, ""},
		"another purpose":          {at(5), suspension, credential.ErrFormat, ""},
		"no purpose":               {entry("", listURL, 1), revocation, credential.ErrFormat, ""},
		"message set":              {entry("message", listURL, 9), message, nil, "set"},
		"message unset":            {entry("message", listURL, 8), message, nil, "unset"},
		"message of its own":       {entry("message", listURL, 9).with("statusMessage", []doc{{"status": "0x0", "message": "fine"}, {"status": "0x1", "message": "see desk"}}), message, nil, "see desk"},
		"refresh set":              {entry("refresh", listURL, 3), listDoc("OM", "refresh", 3), nil, "set"},
		"unknown purpose set":      {entry("paused", listURL, 3), listDoc("OM", "paused", 3), credential.ErrInconclusive, ""},
		"unknown purpose clear":    {entry("paused", listURL, 4), listDoc("OM", "paused", 3), nil, ""},
		"two bits":                 {wide(2, 4), wideList, nil, "c"},
		"two bits, stated twice":   {wide(2, 4), wideList.subject("statusSize", 2), nil, "c"},
		"two bits, list says one":  {wide(2, 4), wideList.subject("statusSize", 1), credential.ErrFormat, ""},
		"one bit, list says two":   {at(1), revocation.subject("statusSize", 2), credential.ErrFormat, ""},
		"two bits, revoked":        {wide(2, 4).with("statusPurpose", "revocation"), wideList.subject("statusPurpose", "revocation"), credential.ErrRevoked, ""},
		"two bits, list too short": {wide(2, 4), message, credential.ErrInconclusive, ""},
		"two bits, no messages":    {wide(2, 4).with("statusMessage", nil), wideList, nil, "set"},
		"two bits, another's":      {wide(2, 2), wideList, nil, ""},
		"size -1":                  {wide(-1, 4), wideList, credential.ErrFormat, ""},
		"size 17":                  {wide(17, 4), wideList, credential.ErrFormat, ""},
	}
}

func listCases() map[string]bitstringCase {
	revocation := listDoc("OM", "revocation", 0)
	return map[string]bitstringCase{
		"no id":              {at(1), revocation.with("id", nil), nil, ""},
		"another id":         {at(1), revocation.with("id", listURL+"0"), credential.ErrInconclusive, ""},
		"no validUntil":      {at(1), revocation.with("validUntil", nil), nil, ""},
		"expired":            {at(0), revocation.with("validUntil", now.Add(-time.Second)), credential.ErrInconclusive, ""},
		"not yet valid":      {at(0), revocation.with("validFrom", now.Add(time.Second)), credential.ErrInconclusive, ""},
		"another type":       {at(1), revocation.with("type", "VerifiableCredential"), credential.ErrInconclusive, ""},
		"no subject":         {at(1), revocation.with("credentialSubject", nil), credential.ErrInconclusive, ""},
		"subject type":       {at(1), revocation.subject("type", "StatusList2021"), credential.ErrInconclusive, ""},
		"list purpose empty": {at(1), revocation.subject("statusPurpose", ""), credential.ErrInconclusive, ""},
		"list purpose null":  {at(1), revocation.subject("statusPurpose", []any{nil}), credential.ErrInconclusive, ""},
		"list size 0":        {at(1), revocation.subject("statusSize", 0), credential.ErrInconclusive, ""},
		"list size negative": {at(1), revocation.subject("statusSize", -1), credential.ErrInconclusive, ""},
		"list missing bits":  {at(1), revocation.subject("encodedList", nil), credential.ErrInconclusive, ""},
		"list bits no text":  {at(1), revocation.subject("encodedList", 5), credential.ErrInconclusive, ""},
		"multibase z":        {at(1), revocation.subject("encodedList", "z"+encode(make([]byte, 16<<10))[1:]), credential.ErrInconclusive, ""},
		"too short":          {at(1), revocation.subject("encodedList", encode(make([]byte, 16<<10-1))), credential.ErrInconclusive, ""},
		"wrong case":         {at(1), revocation.subject("encodedList", nil).subject("EncodedList", encode(make([]byte, 16<<10))), credential.ErrInconclusive, ""},
		"revokes itself":     {at(1), revocation.with("credentialStatus", []doc{at(0)}), nil, ""},
	}
}

func TestBitstring(t *testing.T) {
	cases := entryCases()
	maps.Copy(cases, listCases())
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			src := status.Memory(map[string][]byte{listURL: mustSign(t, c.list, "OM")})
			v := verifier(t, oman(t), status.Mux{status.TypeBitstring: bitstring(t, &toy{}, src)})
			for range 2 { // what is remembered gives the same answer
				res, err := v.Verify(t.Context(), mustSign(t, card("OM", c.entry), "OM"), credential.Policy{Time: now})
				if c.err != nil {
					require.Nil(t, res)
					require.ErrorIs(t, err, c.err)
					if c.err == credential.ErrInconclusive || c.err == credential.ErrFormat {
						requireNot(t, err)
					}
					continue
				}
				require.NoError(t, err)
				require.Len(t, res.Status, 1)
				require.Equal(t, c.message, res.Status[0].Message)
				require.True(t, now.Add(-time.Hour).Equal(res.Status[0].AsOf))
			}
		})
	}
}

func TestPromiseListFaultIsNotTheCredentials(t *testing.T) {
	raw := mustSign(t, card("OM", entry("revocation", listURL, 1)), "OM")
	list := listDoc("OM", "revocation", 5)
	tampered := mustSign(t, list, "OM")
	tampered = []byte(strings.Replace(string(tampered), listURL, listURL[:len(listURL)-1]+"2", 1))
	one := func(b []byte) status.Source { return status.Memory(map[string][]byte{listURL: b}) }
	fails := func(err error) status.Source {
		return func(context.Context, string) ([]byte, error) { return nil, err }
	}
	for name, src := range map[string]status.Source{
		"missing":                    status.Memory(nil),
		"of a stranger":              one(mustSign(t, list.with("issuer", "XX"), "XX")),
		"stranger's, in our name":    one(mustSign(t, list, "XX")),
		"of another authority":       one(mustSign(t, list.with("issuer", "SA"), "SA")),
		"another's, in our name":     one(mustSign(t, list, "SA")),
		"changed":                    one(tampered),
		"no list at all":             one([]byte("hello")),
		"empty":                      one(nil),
		"too long":                   one(make([]byte, limits.StatusList+1)),
		"the credential itself":      one(raw),
		"source says unavailable":    fails(proof.ErrUnavailable),
		"source says it is revoked":  fails(credential.ErrRevoked),
		"source says it is a forger": fails(errors.Join(credential.ErrSignature, proof.ErrUnavailable, credential.ErrRevoked)),
		"source was cancelled":       fails(context.Canceled),
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t, oman(t), bitstring(t, &toy{}, src))
			for range 2 {
				res, err := v.Verify(t.Context(), raw, credential.Policy{Time: now})
				require.Nil(t, res)
				require.ErrorIs(t, err, credential.ErrInconclusive)
				requireNot(t, err)
			}
		})
	}
}

func TestPromiseUntrustedStatusIsNotAsked(t *testing.T) {
	asked := 0
	b := bitstring(t, &toy{}, func(context.Context, string) ([]byte, error) { asked++; return nil, errors.New("asked") })
	l := trust(t, authority("OM", "OM", "OM"), trustlist.Entry{Authority: "XX", Names: []string{"XX"}, Keys: []proof.Key{signer("XX").Key()}})
	v := verifier(t, l, b)
	e := entry("revocation", listURL, 1)
	for _, by := range []string{"stranger", "XX"} {
		_, err := v.Verify(t.Context(), mustSign(t, card(by, e), by), credential.Policy{Time: now})
		require.ErrorIs(t, err, credential.ErrUntrusted)
	}
	_, err := v.Verify(t.Context(), mustSign(t, card("OM", e), "XX"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrIssuer)
	require.Zero(t, asked)

	_, err = b.CheckStatus(t.Context(), credential.StatusQuery{Ref: credential.StatusRef{Type: kind, Purpose: "revocation", List: listURL}})
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.Zero(t, asked)
}

func TestPromiseHostileListIsBounded(t *testing.T) {
	whole := encode(make([]byte, 16<<10))
	for name, encoded := range map[string]string{
		"gzip bomb":         "u" + base64.RawURLEncoding.EncodeToString(bomb(64<<20)),
		"bomb of members":   "u" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(string(zip(make([]byte, 1<<20))), 64))),
		"one byte too many": "u" + base64.RawURLEncoding.EncodeToString(bomb(limits.StatusInflated+1)),
		"cut":               whole[:len(whole)-8],
		"line end":          whole[:9] + "\n" + whole[9:],
		"padding":           whole + "=",
		"standard base64":   strings.NewReplacer("-", "+", "_", "/").Replace(encode([]byte(strings.Repeat("?>~", 16<<10)))),
		"no gzip":           "u" + base64.RawURLEncoding.EncodeToString(make([]byte, 16<<10)),
		"trailing bytes":    "u" + base64.RawURLEncoding.EncodeToString(append(zip(make([]byte, 16<<10)), 1, 2, 3)),
		"empty":             "",
		"only the prefix":   "u",
	} {
		t.Run(name, func(t *testing.T) {
			src := status.Memory(map[string][]byte{listURL: mustSign(t, listDoc("OM", "revocation").subject("encodedList", encoded), "OM")})
			_, err := verifier(t, oman(t), bitstring(t, &toy{}, src)).
				Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, 1)), "OM"), credential.Policy{Time: now})
			require.ErrorIs(t, err, credential.ErrInconclusive)
			requireNot(t, err)
		})
	}
}

func TestLargestList(t *testing.T) {
	src := status.Memory(map[string][]byte{listURL: mustSign(t, listDoc("OM", "revocation").subject("encodedList", "u"+base64.RawURLEncoding.EncodeToString(bomb(limits.StatusInflated))), "OM")})
	v := verifier(t, oman(t), bitstring(t, &toy{}, src))
	_, err := v.Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, 8*limits.StatusInflated-1)), "OM"), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, 8*limits.StatusInflated)), "OM"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrFormat)
}

// What is remembered of a list must not let it speak for another authority, at
// another time, or under another trust list.
func TestRememberedListIsVerifiedAgain(t *testing.T) {
	f := &toy{}
	var raw []byte
	b := bitstring(t, f, func(context.Context, string) ([]byte, error) { return raw, nil })
	l := oman(t)
	v := verifier(t, l, b)
	check := func(v *credential.Verifier, by string, p credential.Policy) error {
		_, err := v.Verify(t.Context(), mustSign(t, card(by, entry("revocation", listURL, 1)), by), p)
		return err
	}
	at := credential.Policy{Time: now}

	raw = mustSign(t, listDoc("OM", "revocation"), "OM")
	for range 3 {
		require.NoError(t, check(v, "OM", at))
		require.ErrorIs(t, check(v, "SA", at), credential.ErrInconclusive)
	}
	require.EqualValues(t, 1, f.parsed.Load())
	require.EqualValues(t, 1, f.checked.Load())

	require.ErrorIs(t, check(v, "OM", credential.Policy{Time: now.Add(2 * time.Hour)}), credential.ErrInconclusive, "the list has expired")
	require.ErrorIs(t, check(v, "OM", credential.Policy{Time: now, MaxStatusAge: time.Minute}), credential.ErrInconclusive, "the list is old")
	require.ErrorIs(t, check(v, "OM", credential.Policy{Time: now, MaxTrustAge: time.Minute}), credential.ErrInconclusive)

	fewer := trust(t, trustlist.Entry{Authority: "OM", Names: []string{"OM"}, Roles: []trustlist.Role{trustlist.RoleIssue}, Keys: []proof.Key{signer("OM").Key()}})
	require.ErrorIs(t, check(verifier(t, fewer, b), "OM", at), credential.ErrInconclusive, "no longer trusted with lists")
	require.NoError(t, check(v, "OM", at))
	require.EqualValues(t, 1, f.checked.Load())

	raw = append([]byte(nil), raw...) // the same bytes elsewhere
	require.NoError(t, check(v, "OM", at))
	require.EqualValues(t, 1, f.parsed.Load())

	raw = mustSign(t, listDoc("OM", "revocation", 1), "OM")
	require.ErrorIs(t, check(v, "OM", at), credential.ErrRevoked)
	raw = mustSign(t, listDoc("OM", "revocation", 1), "SA")
	require.ErrorIs(t, check(v, "OM", at), credential.ErrInconclusive)
	n := f.checked.Load()
	require.ErrorIs(t, check(v, "OM", at), credential.ErrInconclusive)
	require.Equal(t, n, f.checked.Load(), "a signature that does not verify is not checked twice")
}

// A signature that verifies with a key is remembered for that key alone.
func TestRememberedSignatureIsOneKeys(t *testing.T) {
	raw := mustSign(t, listDoc("OM", "revocation"), "OM")
	b := bitstring(t, &toy{}, status.Memory(map[string][]byte{listURL: raw}))
	good := oman(t)
	swapped := authority("OM", "OM", "SA") // the other key under the first one's name
	swapped.Keys[0].ID = "OM#key"
	credentialOf := func(by string) []byte { return mustSign(t, card("OM", entry("revocation", listURL, 1)), by) }
	_, err := verifier(t, good, b).Verify(t.Context(), credentialOf("OM"), credential.Policy{Time: now})
	require.NoError(t, err)
	text := []byte(strings.Replace(string(credentialOf("SA")), "SA#key", "OM#key", 1))
	_, err = verifier(t, trust(t, swapped), b).Verify(t.Context(), text, credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
	requireNot(t, err)
}

func TestBitstringConcurrently(t *testing.T) {
	src := status.Memory(map[string][]byte{listURL: mustSign(t, listDoc("OM", "revocation", 5), "OM")})
	f := &toy{}
	v := verifier(t, oman(t), bitstring(t, f, src))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := v.Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, uint64(i))), "OM"), credential.Policy{Time: now})
			if i == 5 != errors.Is(err, credential.ErrRevoked) || i != 5 && err != nil {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, f.parsed.Load())
	require.EqualValues(t, 1, f.checked.Load())
}

func TestBitstringNeedsItsParts(t *testing.T) {
	_, err := status.NewBitstring(nil, &toy{})
	require.Error(t, err)
	_, err = status.NewBitstring(status.Memory(nil))
	require.Error(t, err)
	_, err = status.NewBitstring(status.Memory(nil), nil)
	require.Error(t, err)
	b := bitstring(t, &toy{}, status.Memory(nil))
	_, err = b.CheckStatus(t.Context(), credential.StatusQuery{Ref: credential.StatusRef{Type: "StatusList2021Entry"}})
	require.ErrorIs(t, err, credential.ErrNoData)
}

func TestListInAnyOfSeveralFormats(t *testing.T) {
	b, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: mustSign(t, listDoc("OM", "revocation"), "OM"), listURL + "x": []byte("?")}), never{}, &toy{})
	require.NoError(t, err)
	v := verifier(t, oman(t), b)
	_, err = v.Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, 1)), "OM"), credential.Policy{Time: now})
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL+"x", 1)), "OM"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
}

type never struct{}

func (never) Name() string { return "never" }
func (never) Parse([]byte, string) (*credential.Envelope, error) {
	return nil, credential.ErrOtherFormat
}

func TestMux(t *testing.T) {
	m := status.Mux{status.TypeBitstring: bitstring(t, &toy{}, status.Memory(nil)), "nil": nil}
	for _, typ := range []string{"", "nil", status.TypeDCC} {
		_, err := m.CheckStatus(t.Context(), credential.StatusQuery{Ref: credential.StatusRef{Type: typ}})
		require.ErrorIs(t, err, credential.ErrNoData)
	}
	_, err := m.CheckStatus(t.Context(), credential.StatusQuery{Ref: credential.StatusRef{Type: kind}})
	require.ErrorIs(t, err, proof.ErrUnavailable)

	// In a verification, a kind of list that nobody knows is no yes.
	_, err = verifier(t, oman(t), m).Verify(t.Context(), mustSign(t, card("OM", entry("revocation", listURL, 1).with("type", "StatusList2021Entry")), "OM"), credential.Policy{Time: now})
	require.ErrorIs(t, err, credential.ErrInconclusive)
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	raw := mustSign(t, listDoc("OM", "revocation", 1), "OM")
	require.NoError(t, status.Publish(dir, listURL, raw))
	require.FileExists(t, dir+"/"+status.FileName(listURL))
	src := folder(dir)
	got, err := src(t.Context(), listURL)
	require.NoError(t, err)
	require.Equal(t, raw, got)

	require.NoError(t, status.Publish(dir, listURL, []byte("newer")))
	again, err := src(t.Context(), listURL)
	require.NoError(t, err)
	require.True(t, &got[0] == &again[0], "a snapshot stays as it is")
	fresh, err := folder(dir)(t.Context(), listURL)
	require.NoError(t, err)
	require.Equal(t, "newer", string(fresh))

	_, err = src(t.Context(), "../../etc/passwd")
	require.ErrorIs(t, err, proof.ErrUnavailable)
	require.NotContains(t, err.Error(), "etc")
	require.Regexp(t, `^[0-9a-f]{64}\.list$`, status.FileName("../../etc/passwd"))
	require.Error(t, status.Publish(dir, listURL, make([]byte, limits.StatusList+1)))
	require.Error(t, status.Publish(dir+"/none", listURL, raw))
	requireOnly(t, dir, status.FileName(listURL))
}
