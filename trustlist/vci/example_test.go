package vci_test

import (
	"fmt"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
	"github.com/sanad-credentials/sanad/trustlist/vci"
)

func ExampleParse() {
	raw := []byte(`[{"iss":"https://health.example/cards","name":"Ministry of Health","keys":[
		{"kty":"EC","kid":"7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0","use":"sig","alg":"ES256","crv":"P-256",
		 "x":"3dQz5ZlbazChP3U7bdqShfF0fvSXLXD9WMa1kqqH6i4","y":"FV4AsWjc7ZmfhSiHsw2gjnDMKNLwNqi2jMLmJpiKWtE"},
		{"kty":"EC","kid":"another","use":"sig","alg":"ES256","crv":"P-256",
		 "x":"DjaTPnjtJhXH6E7mEML74NPuBdSE58bZ0dnHT8K31Rk","y":"o4Ug87oDKBI3m6ix_SiiZF5f42QdqeRpkpFytGlUTvw"}]}]`)
	list, skipped, err := vci.Parse(raw, vci.Options{InsecureUnsigned: true}) // it came with the app
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list.Entries() {
		fmt.Println(e.Authority, len(e.Keys))
	}
	for _, s := range skipped {
		fmt.Println("skipped:", s.ID, "-", s.Reason)
	}
	// Output:
	// Ministry of Health (https://health.example/cards) 1
	// skipped: https://health.example/cards#another - vci: kid is not the key's thumbprint: unusable key
}

// The directory's snapshot and its signature, kept fresh. The certificate that
// signs it is pinned.
func ExampleOptions() {
	var pinned vci.Options // Signers: a key made of vci_snapshot.crt with trustlist.CertificateKey
	const logs = "https://raw.githubusercontent.com/the-commons-project/vci-directory/main/logs/"
	source := refresh.Source{
		Name: "vci", URL: logs + "vci_snapshot.json", SignatureURL: logs + "vci_snapshot.sig",
		Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
			o := pinned
			o.Signature = d.Signature
			return vci.Parse(d.Raw, o)
		},
	}
	_, _, err := source.Parse(refresh.Document{Raw: []byte("{}")})
	fmt.Println(err)
	// Output: vci: list not authenticated: Options.Signers is empty, and InsecureUnsigned not set
}
