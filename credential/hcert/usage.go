package hcert

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/sanad-credentials/sanad/trustlist"
)

// The extended key usages of signer certificates end in the number of a type:
// 1 test, 2 vaccination, 3 recovery (eu-dcc-hcert-spec 1.0.8, section
// 3.3.2 and annex A). The second arc, with a 0 too many, is the one
// that most certificates in production have.
var usageArcs = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 4, 1, 1847, 2021, 1},
	{1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1},
}

var usageOf = map[string]int{
	trustlist.TypeTest:        1,
	trustlist.TypeVaccination: 2,
	trustlist.TypeICVP:        2,
	trustlist.TypeRecovery:    3,
}

// usageAllows reports whether a signer certificate may sign the types. One that
// names none of these usages may sign all; types that have no usage of their
// own are not limited.
func usageAllows(c *x509.Certificate, types []string) bool {
	var usages []int
	for _, oid := range c.UnknownExtKeyUsage {
		n := len(oid) - 1
		if slices.ContainsFunc(usageArcs, func(arc asn1.ObjectIdentifier) bool { return n == len(arc) && slices.Equal(oid[:n], arc) }) {
			usages = append(usages, oid[n])
		}
	}
	if usages == nil {
		return true
	}
	for _, t := range types {
		if u, limited := usageOf[t]; limited && !slices.Contains(usages, u) {
			return false
		}
	}
	return true
}
