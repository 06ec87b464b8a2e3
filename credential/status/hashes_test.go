package status_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

const (
	kidA = "AAAAAAAAAAA="
	kidB = "AQEBAQEBAQE="
)

func batch(country, kid, kind string, hashes ...status.Hash) status.Batch {
	return status.Batch{Country: country, Expires: now.Add(time.Hour), KID: kid, Kind: kind, Hashes: hashes}
}

func snapshot(covers string, batches ...status.Batch) *status.Snapshot {
	return &status.Snapshot{AsOf: now.Add(-time.Hour), Covers: strings.Fields(covers), Batches: batches}
}

// dcc is the reference of a certificate with the given identifier.
func dcc(kid, iss, ci string) credential.StatusRef {
	u, c, s := hcert.HashUCI(ci), hcert.HashCountryUCI(iss, ci), hcert.HashSignature([]byte(ci+"sign"), proof.PS256)
	return credential.StatusRef{Type: status.TypeDCC, List: kid, Implied: true,
		IDs: map[string][]byte{status.KindUCI: u[:], status.KindCountryUCI: c[:], status.KindSignature: s[:]}}
}

func TestHashFunctions(t *testing.T) {
	first := func(s string) [16]byte { h := sha256.Sum256([]byte(s)); return [16]byte(h[:16]) }
	require.Equal(t, first("URN:UVCI:01OM#X"), hcert.HashUCI("URN:UVCI:01OM#X"))
	require.Equal(t, first("OMURN"), hcert.HashCountryUCI("OM", "URN"))
	require.Equal(t, first("RRRR"), hcert.HashSignature([]byte("RRRRSSSS"), proof.ES256))
	require.Equal(t, first("RRRR"), hcert.HashSignature([]byte("RRRRTTTT"), proof.ES384))
	require.Equal(t, first("RRRRSSSS"), hcert.HashSignature([]byte("RRRRSSSS"), proof.PS256))
	require.Equal(t, first("RRRRSSSS"), hcert.HashSignature([]byte("RRRRSSSS"), proof.RS256))
	require.Equal(t, first(""), hcert.HashSignature(nil, proof.ES256))
}

func TestHashes(t *testing.T) {
	x, y := hcert.HashUCI("x"), hcert.HashUCI("y")
	om := &trustlist.Entry{Territory: "OM", Names: []string{"OM", "Ministry"}}
	old := batch("OM", kidA, "UCI", x)
	old.Expires = now
	stale := snapshot("OM", batch("OM", kidA, "UCI", x))
	stale.Expires = now
	for name, c := range map[string]struct {
		snapshots []*status.Snapshot
		kid       string
		authority *trustlist.Entry
		err       error
	}{
		"not there":                     {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "UCI", y))}, kidA, om, nil},
		"no batches":                    {[]*status.Snapshot{snapshot("OM")}, kidA, om, nil},
		"by UCI":                        {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "UCI", y, x))}, kidA, om, credential.ErrRevoked},
		"by country and UCI":            {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "COUNTRYCODEUCI", hcert.HashCountryUCI("OM", "x")))}, kidA, om, credential.ErrRevoked},
		"by signature":                  {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "SIGNATURE", hcert.HashSignature([]byte("xsign"), proof.PS256)))}, kidA, om, credential.ErrRevoked},
		"hash of another kind":          {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "SIGNATURE", x))}, kidA, om, nil},
		"hash of another key":           {[]*status.Snapshot{snapshot("OM", batch("OM", kidB, "UCI", x))}, kidA, om, nil},
		"same hash, several batches":    {[]*status.Snapshot{snapshot("OM", batch("OM", kidB, "UCI", x), batch("OM", kidA, "SIGNATURE", x), old, batch("OM", kidA, "UCI", x))}, kidA, om, credential.ErrRevoked},
		"key unknown":                   {[]*status.Snapshot{snapshot("OM", batch("OM", status.UnknownKID, "UCI", x))}, kidA, om, credential.ErrRevoked},
		"key unknown, other country":    {[]*status.Snapshot{snapshot("OM", batch("SA", status.UnknownKID, "UCI", x))}, kidA, om, nil},
		"key unknown, issuer nameless":  {[]*status.Snapshot{snapshot("OM", batch("SA", status.UnknownKID, "UCI", x))}, kidA, &trustlist.Entry{Names: []string{"Ministry"}}, credential.ErrRevoked},
		"batch expired":                 {[]*status.Snapshot{snapshot("OM", old)}, kidA, om, nil},
		"country not covered":           {[]*status.Snapshot{snapshot("SA")}, kidA, om, credential.ErrNoData},
		"not covered, but revoked":      {[]*status.Snapshot{snapshot("SA", batch("OM", kidA, "UCI", x))}, kidA, om, credential.ErrRevoked},
		"covered by the second":         {[]*status.Snapshot{snapshot("SA"), snapshot("QA OM")}, kidA, om, nil},
		"revoked by the second":         {[]*status.Snapshot{snapshot("OM"), snapshot("SA", batch("OM", kidA, "UCI", x))}, kidA, om, credential.ErrRevoked},
		"snapshot expired":              {[]*status.Snapshot{{AsOf: now.Add(-time.Hour), Expires: now, Covers: []string{"OM"}}}, kidA, om, proof.ErrUnavailable},
		"snapshot expired, but revoked": {[]*status.Snapshot{stale}, kidA, om, credential.ErrRevoked},
		"one of two expired":            {[]*status.Snapshot{{AsOf: now.Add(-time.Minute), Expires: now, Covers: []string{"OM"}}, snapshot("OM")}, kidA, om, nil},
		"covered by name":               {[]*status.Snapshot{snapshot("OM")}, kidA, &trustlist.Entry{Names: []string{"Ministry", "OM"}}, nil},
		"no name but the certificate's": {[]*status.Snapshot{snapshot("OM")}, kidA, &trustlist.Entry{}, nil},
		"issuer not trusted":            {[]*status.Snapshot{snapshot("OM", batch("OM", kidA, "UCI", x))}, kidA, nil, proof.ErrUnavailable},
		// What the certificate calls itself must not put it under a country that
		// has nothing on it.
		"foreign, in a covered name": {[]*status.Snapshot{snapshot("OM")}, kidA, &trustlist.Entry{Territory: "XX"}, credential.ErrNoData},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := status.NewHashes(c.snapshots...)
			require.NoError(t, err)
			st, err := h.CheckStatus(t.Context(), credential.StatusQuery{Ref: dcc(c.kid, "OM", "x"), Time: now, Authority: c.authority,
				Credential: &credential.Credential{Issuers: []string{"OM"}}})
			require.ErrorIs(t, err, c.err)
			if c.err == nil {
				require.NoError(t, err)
				require.True(t, now.Add(-time.Hour).Equal(st.AsOf))
			}
		})
	}
}

func TestHashesOddReferences(t *testing.T) {
	h, err := status.NewHashes(snapshot("OM"))
	require.NoError(t, err)
	q := credential.StatusQuery{Ref: dcc(kidA, "OM", "x"), Time: now, Authority: &trustlist.Entry{Territory: "OM"}}
	q.Ref.IDs = nil
	_, err = h.CheckStatus(t.Context(), q)
	require.ErrorIs(t, err, credential.ErrNoData, "nothing to look up")
	q.Ref.IDs = map[string][]byte{"UCI": make([]byte, 15)}
	_, err = h.CheckStatus(t.Context(), q)
	require.Error(t, err)
	require.NotErrorIs(t, err, proof.ErrUnavailable)
	q.Ref.Type = kind
	_, err = h.CheckStatus(t.Context(), q)
	require.ErrorIs(t, err, credential.ErrNoData)
}

func TestNewHashesRefuses(t *testing.T) {
	_, err := status.NewHashes()
	require.Error(t, err)
	_, err = status.NewHashes(nil)
	require.Error(t, err)
	_, err = status.NewHashes(snapshot("OM"), snapshot("oman"))
	require.ErrorContains(t, err, "snapshot 1: covers[0]")
}

// Through the verifier: no data is no yes where the caller asks for data.
func TestPromiseNoRevocationDataIsNoYes(t *testing.T) {
	l := oman(t)
	raw := func(by string) []byte {
		return mustSign(t, card(by).with("DCCStatus", []credential.StatusRef{dcc(kidA, by, "x")}), by)
	}
	h, err := status.NewHashes(snapshot("OM", batch("SA", kidB, "UCI", hcert.HashUCI("x"))))
	require.NoError(t, err)
	verify := func(require bool, raw []byte, p credential.Policy) error {
		v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{&toy{}}, Keys: l, Trust: l, Status: status.Mux{status.TypeDCC: h}, RequireStatus: require})
		if err != nil {
			return err
		}
		_, err = v.Verify(t.Context(), raw, p)
		return err
	}
	at := credential.Policy{Time: now}
	require.NoError(t, verify(true, raw("OM"), at))
	require.NoError(t, verify(false, raw("SA"), at))
	require.ErrorIs(t, verify(true, raw("SA"), at), credential.ErrInconclusive)
	require.ErrorIs(t, verify(false, raw("OM"), credential.Policy{Time: now, MaxStatusAge: time.Minute}), credential.ErrInconclusive)

	h, err = status.NewHashes(snapshot("OM", batch("OM", kidA, "UCI", hcert.HashUCI("x"))))
	require.NoError(t, err)
	require.ErrorIs(t, verify(false, raw("OM"), at), credential.ErrRevoked)
}

func TestManyHashes(t *testing.T) {
	var batches []status.Batch
	for i := range 50 {
		b := batch("OM", kidA, "UCI")
		for j := range 1000 {
			b.Hashes = append(b.Hashes, hcert.HashUCI(fmt.Sprint(i*1000+j)))
		}
		batches = append(batches, b)
	}
	same := batch("OM", kidB, "UCI") // hashes of one prefix, first, last and between
	for i := range 256 {
		same.Hashes = append(same.Hashes, status.Hash{15: byte(i)}, status.Hash(bytes.Repeat([]byte{255}, 16)))
	}
	h, err := status.NewHashes(snapshot("OM", append(batches, same)...))
	require.NoError(t, err)
	revoked := func(kid string, x status.Hash) bool {
		_, err := h.CheckStatus(t.Context(), credential.StatusQuery{Time: now, Authority: &trustlist.Entry{Territory: "OM"},
			Ref: credential.StatusRef{Type: status.TypeDCC, List: kid, IDs: map[string][]byte{"UCI": x[:]}}})
		return err != nil
	}
	for i := range 50_000 {
		if !revoked(kidA, hcert.HashUCI(fmt.Sprint(i))) || revoked(kidA, hcert.HashUCI(fmt.Sprint(-i-1))) {
			t.Fatal(i)
		}
	}
	for i := range 256 {
		require.True(t, revoked(kidB, status.Hash{15: byte(i)}))
		require.False(t, revoked(kidB, status.Hash{14: 1, 15: byte(i)}))
	}
	require.True(t, revoked(kidB, status.Hash(bytes.Repeat([]byte{255}, 16))))
}

const gateway = `{"country":"OM","expires":"2026-05-01T13:00:00Z","kid":"AAAAAAAAAAA=","hashType":"UCI","entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]}`

func TestParseBatch(t *testing.T) {
	b, err := status.ParseBatch([]byte(gateway))
	require.NoError(t, err)
	require.Equal(t, batch("OM", kidA, "UCI", status.Hash{}), *b)
	text, err := b.Encode()
	require.NoError(t, err)
	require.Equal(t, gateway, string(text))

	ms, err := status.ParseBatch([]byte(strings.Replace(gateway, "13:00:00Z", "17:00:00.5+04:00", 1)))
	require.NoError(t, err)
	require.True(t, now.Add(time.Hour+500*time.Millisecond).Equal(ms.Expires))

	full := batch("OM", status.UnknownKID, "SIGNATURE", make([]status.Hash, limits.RevocationBatch)...)
	text, err = full.Encode()
	require.NoError(t, err)
	again, err := status.ParseBatch(text)
	require.NoError(t, err)
	require.Equal(t, full, *again)
	full.Hashes = append(full.Hashes, status.Hash{})
	_, err = full.Encode()
	require.Error(t, err)
	_, err = status.ParseBatch([]byte(strings.Replace(string(text), `"entries":[`, `"entries":[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="},`, 1)))
	require.ErrorContains(t, err, "entries: 1001")
}

func TestParseBatchRefuses(t *testing.T) {
	for name, c := range map[string][2]string{
		"country":             {`"OM"`, `"OMN"`},
		"country in small":    {`"OM"`, `"om"`},
		"country missing":     {`"country"`, `"Country"`},
		"expires":             {`2026-05-01T13:00:00Z`, `2026-05-01`},
		"expires zero":        {`2026-05-01T13:00:00Z`, `0001-01-01T00:00:00Z`},
		"expires number":      {`"2026-05-01T13:00:00Z"`, `1777640400`},
		"kid":                 {`AAAAAAAAAAA=`, `AAAAAAAAAAA`},
		"kid not strict":      {`AAAAAAAAAAA=`, `AAAAAAAAAAB=`},
		"kid of 9 bytes":      {`AAAAAAAAAAA=`, `AAAAAAAAAAAA`},
		"kid null":            {`"AAAAAAAAAAA="`, `null`},
		"kid with line end":   {`AAAAAAAAAAA=`, `AAAAAAAA\nAAA=`},
		"type":                {`"UCI"`, `"uci"`},
		"no entries":          {`[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]`, `[]`},
		"entries object":      {`[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]`, `{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}`},
		"entries text":        {`[{"hash":"AAAAAAAAAAAAAAAAAAAAAA=="}]`, `["AAAAAAAAAAAAAAAAAAAAAA=="]`},
		"hash short":          {`"AAAAAAAAAAAAAAAAAAAAAA=="`, `"AAAAAAAAAAAAAAAAAAAA"`},
		"hash long":           {`"AAAAAAAAAAAAAAAAAAAAAA=="`, `"AAAAAAAAAAAAAAAAAAAAAAA="`},
		"hash not strict":     {`"AAAAAAAAAAAAAAAAAAAAAA=="`, `"AAAAAAAAAAAAAAAAAAAAAB=="`},
		"hash url":            {`"AAAAAAAAAAAAAAAAAAAAAA=="`, `"____________________AA=="`},
		"hash with line ends": {`"AAAAAAAAAAAAAAAAAAAAAA=="`, `"AAAAAAAAAAAAAAAAAA\n\n\n\nAA"`},
		"twice":               {`"kid"`, `"kid":"BBBBBBBBBBA=","kid"`},
		"cut":                 {`}]}`, `}]`},
		"more behind":         {`}]}`, `}]}{}`},
		"array":               {gateway, `[]`},
		"empty":               {gateway, ``},
		"long":                {gateway, strings.Repeat(" ", 300<<10) + gateway},
		"deep":                {gateway, strings.Repeat("[", 1000)},
	} {
		bad := strings.Replace(gateway, c[0], c[1], 1)
		require.NotEqual(t, gateway, bad, name)
		b, err := status.ParseBatch([]byte(bad))
		require.Nil(t, b, name)
		require.ErrorIs(t, err, proof.ErrUnavailable, name)
		require.NotContains(t, err.Error(), "AAAA", name)
	}
}

func TestSnapshotSignedAndPlain(t *testing.T) {
	s := snapshot("OM SA", batch("OM", kidA, "UCI", status.Hash{1}, status.Hash{2}), batch("SA", status.UnknownKID, "SIGNATURE", status.Hash{3}))
	s.Expires = now.Add(time.Hour)
	plain, err := s.Encode()
	require.NoError(t, err)
	signed, err := s.Sign(t.Context(), signer("OM"))
	require.NoError(t, err)
	key, other := signer("OM").Key(), signer("SA").Key()

	for _, c := range []struct {
		raw []byte
		o   status.SnapshotOptions
	}{
		{plain, status.SnapshotOptions{InsecureUnsigned: true}},
		{signed, status.SnapshotOptions{InsecureUnsigned: true}},
		{append([]byte(" \n"), plain...), status.SnapshotOptions{InsecureUnsigned: true}},
		{signed, status.SnapshotOptions{Signers: []proof.Key{key}}},
		{signed, status.SnapshotOptions{Signers: []proof.Key{other, key}}},
	} {
		got, err := status.ParseSnapshot(c.raw, c.o)
		require.NoError(t, err)
		require.Equal(t, s, got)
	}

	late, purpose, algorithm := key, key, key
	late.NotBefore = now
	purpose.Purposes = []proof.Purpose{proof.Authentication}
	algorithm.Algorithms = []proof.Algorithm{proof.ES256}
	ended := key
	ended.NotAfter = now.Add(-2 * time.Hour)
	tampered := bytes.Replace(signed, []byte(kidA), []byte(kidB), 1)
	for name, c := range map[string]struct {
		raw []byte
		o   status.SnapshotOptions
	}{
		"not signed":          {plain, status.SnapshotOptions{Signers: []proof.Key{key}}},
		"by another":          {signed, status.SnapshotOptions{Signers: []proof.Key{other}}},
		"tampered":            {tampered, status.SnapshotOptions{Signers: []proof.Key{key}}},
		"cut":                 {signed[:len(signed)-1], status.SnapshotOptions{Signers: []proof.Key{key}}},
		"key not valid yet":   {signed, status.SnapshotOptions{Signers: []proof.Key{late}}},
		"key no longer valid": {signed, status.SnapshotOptions{Signers: []proof.Key{ended}}},
		"key not for this":    {signed, status.SnapshotOptions{Signers: []proof.Key{purpose}}},
		"other algorithm":     {signed, status.SnapshotOptions{Signers: []proof.Key{algorithm}}},
		"too long":            {make([]byte, limits.RevocationSnapshot+1), status.SnapshotOptions{InsecureUnsigned: true}},
		"empty":               {nil, status.SnapshotOptions{InsecureUnsigned: true}},
		"byte order mark":     {append([]byte("\xef\xbb\xbf"), plain...), status.SnapshotOptions{InsecureUnsigned: true}},
	} {
		got, err := status.ParseSnapshot(c.raw, c.o)
		require.Nil(t, got, name)
		require.ErrorIs(t, err, proof.ErrUnavailable, name)
	}
	for _, o := range []status.SnapshotOptions{{}, {Signers: []proof.Key{key}, InsecureUnsigned: true}} {
		_, err = status.ParseSnapshot(signed, o)
		require.Error(t, err)
		require.NotErrorIs(t, err, proof.ErrUnavailable)
	}
	endless, err := snapshot("OM").Encode()
	require.NoError(t, err)
	require.JSONEq(t, `{"asOf":"2026-05-01T11:00:00Z","covers":["OM"],"batches":[]}`, string(endless))
	_, err = status.ParseSnapshot(endless, status.SnapshotOptions{InsecureUnsigned: true})
	require.NoError(t, err)
	_, err = snapshot("").Sign(t.Context(), signer("OM"))
	require.Error(t, err)
}

func TestParseSnapshotRefuses(t *testing.T) {
	good := `{"asOf":"2026-05-01T11:00:00Z","covers":["OM"],"batches":[` + gateway + `]}`
	insecure := status.SnapshotOptions{InsecureUnsigned: true}
	_, err := status.ParseSnapshot([]byte(good), insecure)
	require.NoError(t, err)
	for name, c := range map[string][2]string{
		"no asOf":         {`"asOf":"2026-05-01T11:00:00Z",`, ``},
		"asOf null":       {`"2026-05-01T11:00:00Z"`, `null`},
		"asOf text":       {`"2026-05-01T11:00:00Z"`, `"yesterday"`},
		"asOf twice":      {`"covers"`, `"asOf":"2026-05-01T11:00:00Z","covers"`},
		"expires early":   {`"covers"`, `"expires":"2026-05-01T11:00:00Z","covers"`},
		"no covers":       {`"covers":["OM"],`, ``},
		"covers nothing":  {`["OM"]`, `[]`},
		"covers text":     {`["OM"]`, `"OM"`},
		"covers by name":  {`["OM"]`, `["Oman"]`},
		"other case":      {`"covers"`, `"Covers"`},
		"unknown member":  {`"covers"`, `"proof":{},"covers"`},
		"batches object":  {`"batches":[`, `"batches":{`},
		"bad batch":       {`"UCI"`, `"XYZ"`},
		"batch null":      {gateway, `null`},
		"batch too long":  {gateway, `"` + strings.Repeat("x", 300<<10) + `"`},
		"batch malformed": {`"entries"`, `entries`},
		"more behind":     {`]}]}`, `]}]} {}`},
		"cut":             {`]}]}`, `]}]`},
		"cut in batches":  {`]}]}`, `]}`},
		"deep":            {gateway, strings.Repeat("[", 100_000)},
		"array":           {good, `[]`},
		"text":            {good, `{"asOf`},
		"number name":     {good, `{5:5}`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		require.NotEqual(t, good, bad, name)
		s, err := status.ParseSnapshot([]byte(bad), insecure)
		require.Nil(t, s, name)
		require.ErrorIs(t, err, proof.ErrUnavailable, name)
		require.NotContains(t, err.Error(), "yesterday", name)
	}
	_, err = status.ParseSnapshot([]byte(strings.Replace(good, `"UCI"`, `"XYZ"`, 1)), insecure)
	require.ErrorContains(t, err, "batches[0]: hashType")
}

func TestSnapshotTooLargeToWrite(t *testing.T) {
	b := batch("OM", kidA, "UCI", make([]status.Hash, limits.RevocationBatch)...)
	text, err := b.Encode()
	require.NoError(t, err)
	s := snapshot("OM", make([]status.Batch, limits.RevocationSnapshot/len(text)+1)...)
	for i := range s.Batches {
		s.Batches[i] = b
	}
	_, err = s.Encode()
	require.ErrorContains(t, err, "more than")
}
