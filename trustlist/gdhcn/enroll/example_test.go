package enroll_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509/pkix"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/sanad-credentials/sanad/trustlist/gdhcn/enroll"
)

// A state makes its signing authority and the certificate of a document signer,
// and asks what the network would say of a folder with only the first.
func Example() {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	scaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	signerKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	sca, err := enroll.SelfSign(pkix.Name{Country: []string{"XX"}, CommonName: "Authority"}, scaKey, enroll.Terms{Usage: enroll.SCA, From: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	request, err := enroll.Request(pkix.Name{Country: []string{"XX"}, CommonName: "Signer 1"}, signerKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	dsc, err := enroll.Sign(request, sca, scaKey, enroll.Terms{Usage: enroll.DSC, From: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dsc.Subject.CommonName, "until", dsc.NotAfter.Format(time.DateOnly))

	found, err := enroll.Lint(fstest.MapFS{"XXX/onboarding/DCC/SCA/SCA.pem": {Data: enroll.PEM(sca)}}, enroll.LintOptions{
		Time: now, Signers: fstest.MapFS{"dsc.pem": {Data: enroll.PEM(dsc)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range found {
		fmt.Println(f.Severity, f.Code, f.Path)
	}
	// Output:
	// Signer 1 until 2028-05-19
	// error folder.ca XXX/onboarding
	// error folder.tls XXX/onboarding
	// error folder.up XXX/onboarding
	// warning certificate.crl dsc.pem
}
