package formats_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/schema/vct"
	"github.com/sanad-credentials/sanad/trustlist"
)

// The benchmarks of one run are read together: BenchmarkVerify and
// BenchmarkIssue as multiples of BenchmarkFloor, the bare signature.

var (
	ctx = context.Background()
	now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
)

func ptr[T any](v T) *T { return &v }

// message is as long as what a typical certificate has signed.
var message = make([]byte, 400)

func BenchmarkFloor(b *testing.B) {
	n := testnet.New("floor", now)
	for _, c := range []struct {
		name string
		kind testnet.Kind
	}{{"p256", testnet.P256}, {"p384", testnet.P384}, {"ed25519", testnet.Ed25519}, {"rsa-pss", testnet.RSA2048}} {
		k := n.State("ID").Signer(testnet.SignerOptions{Kind: c.kind}).Key
		b.Run(c.name, func(b *testing.B) { verifyBare(b, k) })
		b.Run(c.name+"-sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signBare(k); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func digest(k crypto.Signer) ([]byte, crypto.SignerOpts) {
	switch pub := k.Public().(type) {
	case *ecdsa.PublicKey:
		if pub.Params().BitSize == 384 {
			d := sha512.Sum384(message)
			return d[:], crypto.SHA384
		}
	case ed25519.PublicKey:
		return message, crypto.Hash(0)
	case *rsa.PublicKey:
		d := sha256.Sum256(message)
		return d[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	d := sha256.Sum256(message)
	return d[:], crypto.SHA256
}

func signBare(k crypto.Signer) ([]byte, error) {
	d, opts := digest(k)
	return k.Sign(rand.Reader, d, opts)
}

func verifyBare(b *testing.B, k crypto.Signer) {
	sig, err := signBare(k)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		d, opts := digest(k)
		ok := false
		switch pub := k.Public().(type) {
		case *ecdsa.PublicKey:
			ok = ecdsa.VerifyASN1(pub, d, sig)
		case ed25519.PublicKey:
			ok = ed25519.Verify(pub, d, sig)
		case *rsa.PublicKey:
			ok = rsa.VerifyPSS(pub, crypto.SHA256, d, sig, opts.(*rsa.PSSOptions)) == nil
		}
		if !ok {
			b.Fatal("does not verify")
		}
	}
}

// bench is a whole verification: a trust list of 100 states and 300 signers,
// whose certificates limit what they may sign, content checked, revocation data
// required and searched.
type bench struct {
	verifier *credential.Verifier
	es, ps   proof.Signer
	ed, ec   proof.Signer
	p256     proof.Signer // of no DID
	bbs      proof.Signer
}

func newBench(tb testing.TB) *bench {
	n := testnet.New("bench", now)
	usage := testnet.SignerOptions{Usages: append(testnet.SignerOptions{}.Usages, testnet.MisspeltVaccination, testnet.UsageTest)}
	var es, ps proof.Signer
	for i, code := range states {
		for range 3 {
			s := n.State(code).Signer(usage)
			if i == 7 {
				es = s.Signer
			}
		}
		if i == 7 {
			usage.Kind = testnet.RSA2048
			ps = n.State(code).Signer(usage).Signer
			usage.Kind = testnet.P256
		}
	}
	seed := sha256.Sum256([]byte("bench"))
	ed, err := key.NewSigner(ed25519.NewKeyFromSeed(seed[:]))
	require.NoError(tb, err)
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	require.NoError(tb, err)
	ec, err := key.NewSigner(private)
	require.NoError(tb, err)
	p256, err := proof.NewSigner(private, proof.Key{ID: "https://ministry.example/keys#1", Controllers: []string{"https://ministry.example"}})
	require.NoError(tb, err)
	secret, err := bbs.KeyGen(seed[:], nil)
	require.NoError(tb, err)
	g2, err := key.Key(secret.Public())
	require.NoError(tb, err)
	unlink, err := bbs.NewSigner(secret, *g2)
	require.NoError(tb, err)
	roles := []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}
	names := slices.Concat(ed.Key().Controllers, ec.Key().Controllers, g2.Controllers)
	entries := append(n.Entries(), trustlist.Entry{Authority: "Ministry", Names: names, Roles: roles},
		trustlist.Entry{Authority: "Ministry", Names: p256.Key().Controllers, Keys: []proof.Key{p256.Key()}, Roles: roles})
	list, err := trustlist.New(trustlist.Info{Name: "bench", Issued: now.Add(-time.Hour)}, entries...)
	require.NoError(tb, err)

	hashes, err := status.NewHashes(&status.Snapshot{AsOf: now.Add(-time.Hour), Covers: states, Batches: batches()})
	require.NoError(tb, err)
	bits, err := status.NewBitstringList(listURL, status.PurposeRevocation, 131072)
	require.NoError(tb, err)
	doc, err := bits.Document(ed.Key().Controllers[0], now.Add(-time.Hour), now.Add(24*time.Hour))
	require.NoError(tb, err)
	d, err := w3c.FromJSON(doc)
	require.NoError(tb, err)
	lists, err := status.NewBitstring(status.Memory(map[string][]byte{listURL: issue(tb, w3c.Format{}, d, ed)}), w3c.Format{})
	require.NoError(tb, err)
	v, err := credential.NewVerifier(credential.Config{
		Formats: formats.All(), Keys: proof.Resolvers(list, key.Resolver{}), Trust: list, Schema: contents{schema.Health{}, vct.Checker{Source: cardType(tb)}},
		Status: status.Mux{status.TypeDCC: hashes, status.TypeBitstring: lists, sdjwt.StatusType: tokenList{now.Add(-time.Hour), make([]byte, 131072/8)}}, RequireStatus: true,
	})
	require.NoError(tb, err)
	return &bench{v, es, ps, ed, ec, p256, unlink}
}

const listURL = "https://status.example/1"

// states are the first hundred pairs of letters that are countries.
var states = func() (codes []string) {
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if c := string([]rune{a, b}); len(trustlist.CountryNames(c)) == 2 && len(codes) < 100 {
				codes = append(codes, c)
			}
		}
	}
	return codes
}()

// batches are 100,000 revoked certificates, none of them those of the benchmarks.
func batches() []status.Batch {
	var out []status.Batch
	for i, code := range states {
		b := status.Batch{Country: code, KID: status.UnknownKID, Kind: status.KindSignature, Expires: now.AddDate(1, 0, 0)}
		for j := range 1000 {
			var h status.Hash
			binary.BigEndian.PutUint64(h[:], uint64(i*1000+j))
			b.Hashes = append(b.Hashes, h)
		}
		out = append(out, b)
	}
	return out
}

func issue(tb testing.TB, f credential.Sealer, d *credential.Draft, s proof.Signer) []byte {
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: f, Signers: []proof.Signer{s}})
	require.NoError(tb, err)
	raw, err := i.Issue(ctx, d)
	require.NoError(tb, err)
	return raw
}

func vaccination() *hcert.DCC {
	return &hcert.DCC{
		Version: "1.3.0", DateOfBirth: ptr("1971-03-04"),
		Name: hcert.Name{Surname: "Saputra", StandardSurname: "SAPUTRA", Forename: "Budi", StandardForename: "BUDI"},
		Vaccinations: []hcert.Vaccination{{
			Disease: "840539006", Prophylaxis: "1119349007", Product: "EU/1/20/1528", Holder: "ORG-100030215",
			Dose: 2, Series: 2, Date: "2026-04-01", Country: ptr("ID"), Issuer: "Ministry of Health", CertificateID: "URN:UVCI:01:ID:ABC123#K",
		}},
	}
}

func dcc() *credential.Draft {
	return hcert.NewDCC(states[7], vaccination(), now.Add(-time.Hour), now.AddDate(1, 0, 0))
}

// vc is a vaccination credential that seals to about 1.3 kB.
func vc(tb testing.TB, issuer string) *credential.Draft {
	d, err := w3c.New(w3c.Content{
		ID: "urn:uuid:5f6a4b9e-9a1e-4a0e-9f6e-0d7a6f0c2b11", Types: []string{"VaccinationCertificate"},
		Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"}, Issuer: issuer,
		ValidFrom: now.Add(-time.Hour), ValidUntil: now.AddDate(1, 0, 0),
		Subject: map[string]any{
			"id": "did:example:holder", "type": "VaccinationEvent", "batchNumber": "1183738569",
			"administeringCentre": "Puskesmas Kebayoran Baru", "healthProfessional": "Ministry of Health",
			"countryOfVaccination": "ID", "dateOfVaccination": "2026-04-01T00:00:00Z", "order": "2/2",
			"recipient": map[string]any{"type": "VaccineRecipient", "givenName": "Budi", "familyName": "Saputra", "gender": "Male", "birthDate": "1971-03-04"},
			"vaccine":   map[string]any{"type": "Vaccine", "disease": "Meningococcal meningitis ACWY", "atcCode": "J07AH08", "medicinalProductName": "Menveo", "marketingAuthorizationHolder": "GSK"},
		},
	})
	require.NoError(tb, err)
	d.Status = []credential.StatusRef{{Type: w3c.StatusType, Purpose: status.PurposeRevocation, List: listURL, Index: 94567}}
	return d
}

// tokenList is a token status list that was loaded and checked before.
type tokenList struct {
	asOf time.Time
	bits []byte
}

func (l tokenList) CheckStatus(_ context.Context, q credential.StatusQuery) (credential.Status, error) {
	if i := q.Ref.Index; q.Ref.List != listURL || i/8 >= uint64(len(l.bits)) || l.bits[i/8]>>(i%8)&1 != 0 {
		return credential.Status{}, credential.ErrRevoked
	}
	return credential.Status{AsOf: l.asOf}, nil
}

// contents are checks of content for several formats.
type contents []credential.SchemaChecker

func (cs contents) CheckSchema(ctx context.Context, c *credential.Credential) error {
	for _, k := range cs {
		if err := k.CheckSchema(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

const cardName = "https://ministry.example/pilgrim-card"

// cardType is the metadata of the card's type.
func cardType(tb testing.TB) *vct.Library {
	l, err := vct.NewLibrary(vct.Documents{cardName: []byte(`{"vct":"` + cardName + `","claims":[
		{"path":["given_name"],"mandatory":true,"sd":"always"},{"path":["family_name"],"mandatory":true,"sd":"always"},
		{"path":["birthdate"],"sd":"always"},{"path":["nationalities",null]},{"path":["address","country"]},
		{"path":["vaccination","disease"]},{"path":["passport","number"]},{"path":["exp"],"mandatory":true,"sd":"never"}]}`)})
	require.NoError(tb, err)
	return l
}

// card is an SD-JWT VC with 8 disclosures that seals to about 1.8 kB.
func card(tb testing.TB, issuer string) *credential.Draft {
	holder, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	require.NoError(tb, err)
	d, err := sdjwt.New(sdjwt.Content{
		Type: cardName, Issuer: issuer, Holder: holder.Public(),
		Issued: now.Add(-time.Hour), ValidFrom: now.Add(-time.Hour), ValidUntil: now.AddDate(1, 0, 0),
		Claims: map[string]any{
			"given_name": "Budi", "family_name": "Saputra", "birthdate": "1971-03-04", "sex": 1, "nationalities": []string{"ID"},
			"address":     map[string]any{"locality": "Kebayoran Baru", "region": "DKI Jakarta", "country": "ID"},
			"vaccination": map[string]any{"disease": "Meningococcal meningitis ACWY", "product": "Menveo", "date": "2026-04-01", "order": "1/1"},
			"passport":    map[string]any{"number": "X1234567", "expires": "2031-01-01"},
		},
	})
	require.NoError(tb, err)
	d.Status = []credential.StatusRef{{Type: sdjwt.StatusType, List: listURL, Index: 94567}}
	return d
}

var rdfc = w3c.Format{Suites: []string{dataintegrity.EdDSARDFC2022}}

var (
	sd       = w3c.Format{Suites: []string{dataintegrity.ECDSASD2023}}
	unlinked = w3c.Format{Suites: []string{dataintegrity.BBS2023}, BBS: bbs.Scheme{}}
)

// held is a credential with selective disclosure, of which half is shown.
func held(tb testing.TB, f credential.Sealer, s proof.Signer) credential.Held {
	return credential.Held{
		Raw:  issue(tb, f, vc(tb, s.Key().Controllers[0]), s),
		Show: []string{"/credentialSubject/dateOfVaccination", "/credentialSubject/recipient/familyName", "/credentialSubject/vaccine"},
	}
}

func derive(tb testing.TB, f credential.Deriver, h credential.Held) []byte {
	raw, err := f.Derive(ctx, h, credential.Binding{})
	require.NoError(tb, err)
	return raw
}

func (x *bench) cases(tb testing.TB) map[string][]byte {
	return map[string][]byte{
		"hcert-es256":    issue(tb, hcert.Format{}, dcc(), x.es),
		"hcert-ps256":    issue(tb, hcert.Format{}, dcc(), x.ps),
		"w3c-eddsa-jcs":  issue(tb, w3c.Format{}, vc(tb, x.ed.Key().Controllers[0]), x.ed),
		"w3c-eddsa-rdfc": issue(tb, rdfc, vc(tb, x.ed.Key().Controllers[0]), x.ed),
		"w3c-ecdsa-sd":   derive(tb, sd, held(tb, sd, x.ec)),
		"w3c-bbs":        derive(tb, unlinked, held(tb, unlinked, x.bbs)),
		"jwt-es256":      issue(tb, w3c.JWT{}, vc(tb, x.p256.Key().Controllers[0]), x.p256),
		"sd-jwt-es256":   issue(tb, sdjwt.Format{}, card(tb, x.p256.Key().Controllers[0]), x.p256),
		"cose-es256":     issue(tb, w3c.COSE{}, vc(tb, x.p256.Key().Controllers[0]), x.p256),
	}
}

// What the benchmarks time is a verification in which every check ran.
func TestBenchmarksCheckEverything(t *testing.T) {
	x := newBench(t)
	for name, raw := range x.cases(t) {
		r, err := x.verifier.Verify(ctx, raw, credential.Policy{Time: now, MaxTrustAge: 48 * time.Hour, MaxStatusAge: 48 * time.Hour})
		require.NoError(t, err, name)
		require.Len(t, r.Status, 1, name)
		for _, c := range r.Checks {
			require.Equal(t, credential.Passed, c.Outcome, "%s: %v", name, c)
		}
		fmt.Printf("%s: %d bytes\n", name, len(raw))
	}
}

func BenchmarkVerify(b *testing.B) {
	x := newBench(b)
	p := credential.Policy{Time: now, MaxTrustAge: 48 * time.Hour, MaxStatusAge: 48 * time.Hour}
	cases := x.cases(b)
	for _, name := range []string{"hcert-es256", "hcert-ps256", "w3c-eddsa-jcs", "w3c-eddsa-rdfc", "w3c-ecdsa-sd", "w3c-bbs", "jwt-es256", "cose-es256", "sd-jwt-es256"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.verifier.Verify(ctx, cases[name], p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIssue(b *testing.B) {
	x := newBench(b)
	for _, c := range []struct {
		name   string
		sealer credential.Sealer
		signer proof.Signer
		draft  *credential.Draft
	}{
		{"hcert-es256", hcert.Format{}, x.es, dcc()},
		{"w3c-eddsa-jcs", w3c.Format{}, x.ed, vc(b, x.ed.Key().Controllers[0])},
		{"w3c-eddsa-rdfc", rdfc, x.ed, vc(b, x.ed.Key().Controllers[0])},
		{"w3c-ecdsa-sd", sd, x.ec, vc(b, x.ec.Key().Controllers[0])},
		{"w3c-bbs", unlinked, x.bbs, vc(b, x.bbs.Key().Controllers[0])},
		{"jwt-es256", w3c.JWT{}, x.p256, vc(b, x.p256.Key().Controllers[0])},
		{"sd-jwt-es256", sdjwt.Format{}, x.p256, card(b, x.p256.Key().Controllers[0])},
	} {
		b.Run(c.name, func(b *testing.B) {
			i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: c.sealer, Signers: []proof.Signer{c.signer}, Schema: schema.Health{Strict: true}})
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := i.Issue(ctx, c.draft); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDerive(b *testing.B) {
	x := newBench(b)
	for _, c := range []struct {
		name   string
		format credential.Deriver
		held   credential.Held
	}{{"w3c-ecdsa-sd", sd, held(b, sd, x.ec)}, {"w3c-bbs", unlinked, held(b, unlinked, x.bbs)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.format.Derive(ctx, c.held, credential.Binding{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
