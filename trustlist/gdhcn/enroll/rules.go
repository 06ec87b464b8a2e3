package enroll

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn/onboarding"
)

// domains are those that the network's checks or lists know.
var domains = []string{"CRED", "DCC", "DDCC", "DIVOC", "ICAO", "ICVP", "IPS", "IPS-PILGRIMAGE", "PH4H", "RACSEL-DDVC", "SHC"}

func knownDomain(d string, more []string) bool {
	return slices.Contains(domains, d) || slices.Contains(more, d)
}

// soon is how long a certificate that is handed in must still be valid.
const soon = 30 * day

// folders checks that each participant has what it needs, in each domain and in
// one of them (scripts/tests/folder_mandatory_files.py).
func (l *linter) folders(items []item) {
	type domain struct{ participant, name string }
	has := map[domain]map[string]bool{}
	anywhere := map[string]map[string]bool{}
	for i := range items {
		it := &items[i]
		d := domain{it.participant, it.domain}
		if has[d] == nil {
			has[d] = map[string]bool{}
		}
		if anywhere[d.participant] == nil {
			anywhere[d.participant] = map[string]bool{}
		}
		has[d][it.group+"/"+it.name] = true
		anywhere[d.participant][it.group+"/"+it.name] = true
	}
	for d, files := range has {
		at := d.participant + "/onboarding/" + d.name
		at = strings.TrimPrefix(at, "/")
		if !knownDomain(d.name, l.o.Domains) {
			l.find("folder.domain", at, Error, "%s is not a trust domain of the network.", d.name)
		}
		if !files["SCA/SCA.pem"] {
			l.find("folder.sca", at, Error, "SCA/SCA.pem is missing: a domain needs a signing authority.")
		}
	}
	for p, files := range anywhere {
		for _, f := range []struct{ code, name string }{{"folder.up", "UP/UP.pem"}, {"folder.tls", "TLS/TLS.pem"}, {"folder.ca", "TLS/CA.pem"}} {
			if !files[f.name] {
				l.find(f.code, strings.TrimPrefix(p+"/onboarding", "/"), Error, "%s is missing in all domains.", f.name)
			}
		}
	}
}

// item checks one file of the folder.
func (l *linter) item(it *item) {
	switch {
	case it.group == "ISSUER" && strings.HasPrefix(it.name, "Trusted_Issuer") && it.unreadable == nil:
		l.issuer(it)
		return
	case !isPEM(it.name):
		return
	case it.group == "DECA" || it.group == "DESC":
		l.find("folder.usage", it.path, Warning, "%s is a usage that the network's checks do not know.", it.group)
	case it.group != string(SCA) && it.group != string(UP) && it.group != string(TLS):
		l.find("folder.usage", it.path, Error, "Certificates belong in a folder SCA, UP or TLS of a domain.")
		return
	}
	if it.unreadable != nil {
		l.find("certificate.unreadable", it.path, Error, "The file can't be read: %v.", it.unreadable)
		return
	}
	if it.group == string(TLS) && strings.HasPrefix(strings.ToUpper(it.name), "TLS") {
		if it.blocks != 1 {
			l.find("certificate.chain", it.path, Error, "The file holds %d certificates and must hold one; those above it go to CA.pem.", it.blocks)
		}
		l.issuedByCA(it)
	}
	c := it.certificates[0]
	l.subject(it, c)
	l.key(it, c)
	l.validity(it, c)
	l.usage(it, c)
}

func (l *linter) issuer(it *item) {
	if len(bytes.Trim(it.raw, " \t\r\n{}")) == 0 {
		l.find("issuer.empty", it.path, Warning, "The form is empty: what the network signs of it names nobody. Fill it in, or leave it out.")
		return
	}
	if _, err := onboarding.ParseIssuer(it.raw); err != nil {
		l.find("issuer.form", it.path, Error, "The form can't be used: %v.", err)
	}
}

// oddCountries are the participants whose certificates say a code that is
// another's.
var oddCountries = map[string]string{"XXK": "XK", "XJA": "JA", "IOM": "IO"}

// subject checks the name (scripts/tests/subject_format.py, country_flag.py).
func (l *linter) subject(it *item, c *x509.Certificate) {
	switch country := c.Subject.Country; {
	case len(country) != 1:
		l.find("subject.country", it.path, Error, "The subject names %d countries and must name one.", len(country))
	case it.participant != "" && !slices.Contains(trustlist.CountryNames(country[0]), it.participant) && oddCountries[it.participant] != country[0]:
		l.find("subject.country", it.path, Error, "The subject's country is not the participant's.")
	case it.participant == "" && it.group != string(DSC) && country[0] != l.country && l.country != "":
		l.find("subject.country", it.path, Error, "The subject's country is not that of the signing authority.")
	}
	if c.Subject.CommonName == "" && !it.isCA() {
		l.find("subject.name", it.path, Error, "The subject has no common name.")
	}
}

// allowedAlgorithms are those of scripts/tests/signature_algorithm.py.
var allowedAlgorithms = []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS, x509.DSAWithSHA256}

// key checks the key and the algorithm that signed the certificate
// (scripts/tests/key_length.py, signature_algorithm.py; "Certificate
// governance", Cryptographic requirements).
func (l *linter) key(it *item, c *x509.Certificate) {
	signer := it.group == string(DSC)
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		switch {
		case signer && bits < 2048:
			l.find("key.short", it.path, Error, "The RSA key has %d bits; a document signer's has at least 2048.", bits)
		case !signer && bits < 3072:
			l.find("key.short", it.path, Error, "The RSA key has %d bits and must have at least 3072.", bits)
		case signer:
			l.find("key.rsa", it.path, Warning, "RSA is not recommended for document signers: its signatures take room in the QR code.")
		}
	case *ecdsa.PublicKey:
		switch {
		case k.Curve.Params().BitSize < 256:
			l.find("key.short", it.path, Error, "The key has %d bits and must have at least 256.", k.Curve.Params().BitSize)
		case signer && k.Curve != elliptic.P256():
			l.find("key.curve", it.path, Error, "Document signers are supported on NIST P-256 alone.")
		}
	default:
		l.find("key.kind", it.path, Error, "The key is of a kind that the network does not take: neither ECDSA nor RSA.")
	}
	switch {
	case slices.Contains(allowedAlgorithms, c.SignatureAlgorithm):
	case c.SignatureAlgorithm == x509.ECDSAWithSHA384:
		l.find("certificate.algorithm", it.path, Warning, "It is signed with ECDSA and SHA-384, which the network's texts allow and its checks have refused; SHA-256 is safe.")
	default:
		l.find("certificate.algorithm", it.path, Error, "It is signed with an algorithm that the network does not take.")
	}
}

// validity checks the period (scripts/tests/validity.py, validity_range.py).
func (l *linter) validity(it *item, c *x509.Certificate) {
	now := l.o.Time
	switch {
	case now.After(c.NotAfter):
		l.find("validity.expired", it.path, Error, "It expired on %s.", c.NotAfter.UTC().Format(time.DateOnly))
	case c.NotAfter.Sub(now) < soon && it.group == string(DSC):
		l.find("validity.soon", it.path, Warning, "It expires on %s, in less than 30 days: no certificate that it signs may be valid for longer.", c.NotAfter.UTC().Format(time.DateOnly))
	case c.NotAfter.Sub(now) < soon:
		l.find("validity.soon", it.path, Error, "It expires on %s, in less than 30 days.", c.NotAfter.UTC().Format(time.DateOnly))
	}
	if now.Before(c.NotBefore) {
		l.find("validity.future", it.path, Warning, "It is not valid before %s.", c.NotBefore.UTC().Format(time.DateOnly))
	}
	if it.isCA() || it.group == string(DSC) {
		return
	}
	atLeast, atMost := 1, 2
	longer := Error
	if it.group == string(SCA) {
		atLeast, atMost, longer = 2, 4, Warning
	}
	life := c.NotAfter.Sub(c.NotBefore)
	switch days := int(life / day); {
	case life <= time.Duration(atLeast*365-1)*day:
		l.find("validity.short", it.path, Error, "It is valid for %d days and must be for %d years at least.", days, atLeast)
	case life >= time.Duration(atMost*366)*day:
		l.find("validity.long", it.path, longer, "It is valid for %d days, and should be for %d years at most.", days, atMost)
	}
}

// usage checks the extensions (scripts/tests/key_usage.py,
// extended_key_usage.py, basic_constraints.py).
func (l *linter) usage(it *item, c *x509.Certificate) {
	if it.isCA() {
		return
	}
	if c.KeyUsage == 0 {
		l.find("usage.missing", it.path, Error, "It has no key usage.")
		return
	}
	if it.group == string(SCA) {
		l.authority(it, c)
		return
	}
	if c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		l.find("usage.missing", it.path, Error, "Its key usage lacks digitalSignature.")
	}
	if c.KeyUsage&x509.KeyUsageCRLSign != 0 {
		l.find("usage.excess", it.path, Error, "Its key usage has cRLSign, which is an authority's.")
	}
	if it.group == string(TLS) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		l.find("usage.client", it.path, Error, "Its extended key usage lacks clientAuth.")
	}
}

// authority checks what a signing authority's certificate must be.
func (l *linter) authority(it *item, c *x509.Certificate) {
	if c.KeyUsage&x509.KeyUsageCertSign == 0 {
		l.find("usage.missing", it.path, Error, "Its key usage lacks keyCertSign.")
	}
	if c.KeyUsage&x509.KeyUsageCRLSign == 0 {
		l.find("usage.crl", it.path, Warning, "Its key usage lacks cRLSign: it can't sign a revocation list.")
	}
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		l.find("constraints.authority", it.path, Error, "Its basic constraints do not make it an authority.")
	case c.MaxPathLen > 0:
		l.find("constraints.path", it.path, Error, "Its path length constraint is %d and must be 0.", c.MaxPathLen)
	case !c.MaxPathLenZero:
		l.find("constraints.path", it.path, Warning, "It has no path length constraint, which should be 0.")
	}
	if len(c.SubjectKeyId) == 0 {
		l.find("certificate.key_id", it.path, Error, "It has no subject key identifier, which signers must refer to.")
	}
}

// issuedByCA checks that the authority of a TLS certificate lies beside it
// (scripts/tests/chain_check.py).
func (l *linter) issuedByCA(it *item) {
	for _, ca := range it.beside {
		if ca.CheckSignature(it.certificates[0].SignatureAlgorithm, it.certificates[0].RawTBSCertificate, it.certificates[0].Signature) == nil {
			return
		}
	}
	l.find("certificate.issuer", it.path, Error, "No certificate in CA.pem beside it has issued it.")
}

// The arc of the extended key usages, and the one that many certificates in the
// field have by mistake.
var (
	usageArc    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1847, 2021, 1}
	misspeltArc = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1}
)

// signer checks a document signer's certificate ("Certificate governance",
// Document Signer; Signing Certificate Authorities and Validation Model).
func (l *linter) signer(it *item, items []item) {
	if it.unreadable != nil {
		l.find("certificate.unreadable", it.path, Error, "The file can't be read: %v.", it.unreadable)
		return
	}
	c := it.certificates[0]
	l.subject(it, c)
	l.key(it, c)
	l.validity(it, c)
	l.usage(it, c)
	if c.IsCA {
		l.find("constraints.signer", it.path, Error, "It is an authority's certificate, not a document signer's.")
	}
	for _, oid := range c.UnknownExtKeyUsage {
		if len(oid) == len(misspeltArc)+1 && slices.Equal(oid[:len(misspeltArc)], misspeltArc) {
			l.find("usage.misspelt", it.path, Warning, "Its extended key usage %v has a 0 too many; %v.x is meant.", oid, usageArc)
		}
	}
	if len(c.CRLDistributionPoints) == 0 {
		l.find("certificate.crl", it.path, Warning, "It names no revocation list of its authority.")
	}
	if len(c.SubjectKeyId) == 0 {
		l.find("certificate.key_id", it.path, Warning, "It has no subject key identifier.")
	}
	l.issuedBySCA(it, c, items)
}

func (l *linter) issuedBySCA(it *item, c *x509.Certificate, items []item) {
	for i := range items {
		if items[i].group != string(SCA) {
			continue
		}
		for _, sca := range items[i].certificates {
			if sca.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
				continue
			}
			if !slices.Equal(c.Subject.Country, sca.Subject.Country) {
				l.find("subject.country", it.path, Error, "The subject's country is not that of its signing authority.")
			}
			if len(sca.SubjectKeyId) == 0 || !bytes.Equal(c.AuthorityKeyId, sca.SubjectKeyId) {
				l.find("signer.authority_key_id", it.path, Error, "Its authority key identifier is not the subject key identifier of %s.", items[i].path)
			}
			if c.NotAfter.After(sca.NotAfter) {
				l.find("signer.outlives", it.path, Error, "It is valid for longer than its signing authority.")
			}
			return
		}
	}
	l.find("signer.authority", it.path, Error, "No signing authority in the folder has issued it.")
}
