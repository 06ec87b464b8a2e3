package sanad_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	encpem "encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/sdjwt"
	"github.com/sanad-credentials/sanad/credential/w3c"
	didkey "github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	sd "github.com/sanad-credentials/sanad/proof/sdjwt"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/pem"
)

// The functions below are those of the README; TestREADME holds them equal.

func verify(folder fs.FS, text []byte) (*hcert.ICVP, error) {
	list, _, err := pem.Load(folder, pem.Options{}) // certificates of document signers
	if err != nil {
		return nil, err
	}
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{hcert.Format{}},
		Keys:    list, Trust: list, Schema: schema.Health{},
	})
	if err != nil {
		return nil, err
	}
	result, err := verifier.Verify(context.Background(), text, credential.Policy{Types: []string{trustlist.TypeICVP}})
	if err != nil { // *credential.Error: every reason at once
		return nil, err
	}
	fmt.Println("issued by", result.Signatories[0].Authority.Territory)
	return result.Credential.Payload.(*hcert.Payload).ICVP()
}

func issue(key crypto.Signer, cert *x509.Certificate, card *hcert.ICVP) ([]byte, error) {
	public, err := trustlist.CertificateKey(cert)
	if err != nil {
		return nil, err
	}
	signer, err := proof.NewSigner(key, public) // software key, HSM, cloud KMS
	if err != nil {
		return nil, err
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{
		Sealer: hcert.Format{}, Signers: []proof.Signer{signer},
		Schema: schema.Health{Strict: true},
	})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	draft := hcert.NewICVP("ID", "card-0001", card, now, now.AddDate(1, 0, 0))
	return issuer.Issue(context.Background(), draft) // text for the QR code
}

func verifyW3C(ministry string, raw []byte) (subject map[string]any, err error) {
	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: []string{ministry}, // a DID
		Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
	})
	if err != nil {
		return nil, err
	}
	verifier, err := credential.NewVerifier(credential.Config{
		Formats: []credential.Format{w3c.Format{}},
		Keys:    didkey.Resolver{}, Trust: list,
	})
	if err != nil {
		return nil, err
	}
	result, err := verifier.Verify(context.Background(), raw, credential.Policy{})
	if err != nil {
		return nil, err
	}
	claims := struct{ CredentialSubject *map[string]any }{&subject}
	return subject, result.Credential.Claims(&claims)
}

func issueW3C(key crypto.Signer, subject map[string]any) ([]byte, error) {
	signer, err := didkey.NewSigner(key)
	if err != nil {
		return nil, err
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{
		Sealer:  w3c.Format{Suites: []string{"eddsa-rdfc-2022", "ecdsa-rdfc-2019"}},
		Signers: []proof.Signer{signer},
	})
	if err != nil {
		return nil, err
	}
	draft, err := w3c.New(w3c.Content{
		Issuer: signer.Key().Controllers[0], Subject: subject,
		Types:     []string{"PilgrimHealthCredential"},
		Contexts:  []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"},
		ValidFrom: time.Now().Add(-time.Minute), ValidUntil: time.Now().AddDate(1, 0, 0),
	})
	if err != nil {
		return nil, err
	}
	return issuer.Issue(context.Background(), draft)
}

func showPart(wallet crypto.Signer, card []byte, asked credential.Binding) ([]byte, error) {
	holder, err := didkey.NewSigner(wallet)
	if err != nil {
		return nil, err
	}
	return credential.Present(context.Background(), nil, []credential.Held{{
		Raw: card, Format: sdjwt.Format{}, Signer: holder,
		Show: []string{"/vaccinations/0"}, // beside what the issuer made mandatory
	}}, asked)
}

func verifyPart(verifier *credential.Verifier, shown []byte, asked credential.Binding) (claims map[string]any, err error) {
	result, err := verifier.VerifyPresentation(context.Background(), shown, credential.Policy{Binding: asked})
	if err != nil {
		return nil, err
	}
	return claims, result.Results[0].Credential.Claims(&claims)
}

// A ministry issues a card to a pilgrim's own key, the pilgrim shows a part of it.
func Example_selective() {
	ctx := context.Background()
	key, _, _ := ministry()
	signer, err := didkey.NewSigner(key)
	if err != nil {
		panic(err)
	}
	wallet, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	did := signer.Key().Controllers[0]
	draft, err := sdjwt.New(sdjwt.Content{
		Type: "https://health.example/pilgrim-card", Issuer: did, Holder: wallet.Public(), ValidUntil: time.Now().AddDate(1, 0, 0),
		Claims:  map[string]any{"nationality": "IDN", "name": "Siti Rahma", "vaccinations": []string{"Meningitis ACWY", "Polio"}},
		Options: sd.Options{Disclosable: []string{"/name", "/vaccinations/0", "/vaccinations/1"}},
	})
	if err != nil {
		panic(err)
	}
	card, err := sdjwt.Format{}.Seal(ctx, draft, []proof.Signer{signer})
	if err != nil {
		panic(err)
	}
	list, err := trustlist.New(trustlist.Info{Name: "ministries"}, trustlist.Entry{
		Authority: "Ministry of Health", Names: []string{did}, Roles: []trustlist.Role{trustlist.RoleIssue},
	})
	if err != nil {
		panic(err)
	}
	verifier, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{sdjwt.Format{}}, Keys: didkey.Resolver{}, Trust: list})
	if err != nil {
		panic(err)
	}

	asked := credential.Binding{Audience: "https://border.example", Nonce: "new for each exchange"}
	shown, err := showPart(wallet, card, asked)
	if err != nil {
		panic(err)
	}
	claims, err := verifyPart(verifier, shown, asked)
	if err != nil {
		panic(err)
	}
	fmt.Println(claims["nationality"], claims["name"], claims["vaccinations"])
	_, err = verifyPart(verifier, shown, credential.Binding{Audience: asked.Audience, Nonce: "another"})
	fmt.Println(errors.Is(err, credential.ErrHolder))
	// Output:
	// IDN <nil> [Meningitis ACWY]
	// true
}

func Example_w3c() {
	key, _, _ := ministry()
	raw, err := issueW3C(key, map[string]any{"id": "did:example:pilgrim", "vaccinatedAgainst": "Meningitis ACWY"})
	if err != nil {
		panic(err)
	}
	did, err := didkey.ID(key.Public())
	if err != nil {
		panic(err)
	}
	subject, err := verifyW3C(did, raw)
	if err != nil {
		panic(err)
	}
	fmt.Println(subject["vaccinatedAgainst"])
	_, err = verifyW3C("did:key:of-somebody-else", raw)
	fmt.Println(errors.Is(err, credential.ErrUntrusted))
	// Output:
	// Meningitis ACWY
	// true
}

func Example() {
	key, cert, folder := ministry()
	text, err := issue(key, cert, &hcert.ICVP{
		Name: "Siti Rahma", DateOfBirth: "1980-01-31", Sex: "F", Nationality: "IDN", DocumentID: "X1234567",
		Vaccinations: []hcert.Dose{{
			Product: "YellowFeverProductd2c75a15ed309658b3968519ddb31690", Date: "2026-03-01", Batch: "YF1", Issuer: "Ministry of Health",
		}},
	})
	if err != nil {
		panic(err)
	}
	card, err := verify(folder, text)
	if err != nil {
		panic(err)
	}
	fmt.Println(card.Name, card.Vaccinations[0].Batch)
	_, err = verify(folder, text[:len(text)-10])
	fmt.Println(errors.Is(err, credential.ErrFormat))
	// Output:
	// issued by ID
	// Siti Rahma YF1
	// true
}

// ministry makes a document signer and the folder in which a verifier has its
// certificate.
func ministry() (crypto.Signer, *x509.Certificate, fs.FS) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"ID"}, Organization: []string{"Ministry of Health"}},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(2, 0, 0),
	}, &x509.Certificate{Subject: pkix.Name{Country: []string{"ID"}}}, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	file := encpem.EncodeToMemory(&encpem.Block{Type: "CERTIFICATE", Bytes: der})
	return key, cert, fstest.MapFS{"id.pem": &fstest.MapFile{Data: file}}
}

func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	here, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	for _, name := range []string{"verify", "issue", "verifyW3C", "issueW3C", "showPart", "verifyPart"} {
		start := strings.Index(string(here), "\nfunc "+name+"(")
		end := start + strings.Index(string(here[start:]), "\n}\n")
		require.Contains(t, string(readme), string(here[start+1:end+3]), "the README's %s is another", name)
	}
}

// Every file that the README names is there.
func TestREADMELinks(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	links := 0
	for _, part := range strings.Split(string(readme), "](")[1:] {
		path, _, _ := strings.Cut(part, ")")
		path, _, _ = strings.Cut(path, "#")
		if path == "" || strings.Contains(path, "://") {
			continue
		}
		links++
		_, err := os.Stat(path)
		require.NoError(t, err, path)
	}
	require.Greater(t, links, 10)
}
