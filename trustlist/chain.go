package trustlist

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// checkAnchor refuses a certificate that issues none (RFC 5280, sections 4.2.1.3
// and 4.2.1.9).
func checkAnchor(c *x509.Certificate) error {
	if c == nil || !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return fmt.Errorf("not the certificate of a certification authority: %w", proof.ErrKey)
	}
	return nil
}

// chainKeys are the keys that the signer with this chain may mean.
func (l *List) chainKeys(chain []*x509.Certificate) []proof.Key {
	leaf := chain[0]
	var keys []proof.Key
	for _, at := range l.byKey[fingerprint(leaf.PublicKey)] {
		e := &l.entries[at.entry]
		if k := e.Keys[at.key]; proof.Same(k.Public, leaf.PublicKey) {
			k.Controllers = slices.Concat(k.Controllers, e.Names)
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 || len(chain) > limits.Chain || !slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return l.anchors[string(c.RawIssuer)] != nil }) {
		return keys
	}
	algs, err := proof.AlgorithmsFor(leaf.PublicKey)
	if err != nil {
		return nil
	}
	return []proof.Key{{
		Public: leaf.PublicKey, Algorithms: algs, Purposes: []proof.Purpose{proof.AssertionMethod},
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Chain: chain,
	}}
}

// below considers the entries under whose anchors the key's certificate was
// issued, and tells why those to which it claims to lead do not count.
func (l *List) below(q Query, consider func(*Entry, *proof.Key), refused func(error)) {
	chain := q.Key.Chain
	if len(chain) > limits.Chain || !proof.Same(chain[0].PublicKey, q.Key.Public) {
		return
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		// A key that is too weak to sign a credential makes nobody's either; and one
		// of 100,000 bits, which anybody can send, takes a second for each look.
		if _, err := proof.AlgorithmsFor(c.PublicKey); err == nil {
			intermediates.AddCert(c)
		}
	}
	tried := map[place]bool{}
	for _, c := range chain {
		for _, at := range l.anchors[string(c.RawIssuer)] {
			if tried[at] || len(tried) == limits.Candidates {
				continue
			}
			tried[at] = true
			e := l.entries[at.entry]
			if err := judge(chain[0], intermediates, e.Anchors[at.key], q.Now); err != nil {
				refused(err)
				continue
			}
			if e.Names != nil && !slices.ContainsFunc(e.Names, func(n string) bool { return hasName(chain[0], n) }) {
				// Somebody else's, whom the authority certified too.
				refused(fmt.Errorf("%w: its certificate has none of the names that the list allows", ErrNotGranted))
				continue
			}
			e.Names = speaksFor(chain[0], q.Issuer, e.Names)
			consider(&e, &q.Key)
		}
	}
}

// forSigning are the usages of keys that sign what is not a certificate (RFC 5280,
// section 4.2.1.3): those of electronic seals often have the second alone (ETSI EN
// 319 412-2, section 4.3.2).
const forSigning = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment

// judge validates the path from a certificate to an anchor at the time now (RFC
// 5280, section 6), and that the certificate is one for signing and no
// authority's. Nothing is fetched, so that a revocation of the certificate is not
// seen; whoever has the list takes the anchor off it, or dates its Periods.
func judge(leaf *x509.Certificate, intermediates *x509.CertPool, anchor *x509.Certificate, now time.Time) error {
	if leaf.IsCA || leaf.KeyUsage != 0 && leaf.KeyUsage&forSigning == 0 {
		return fmt.Errorf("%w: its certificate is not for signing", ErrNotGranted)
	}
	roots := x509.NewCertPool()
	roots.AddCert(anchor)
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w: a certificate between the key and the list", ErrExpired)
	}
	return fmt.Errorf("%w: its certificate does not lead to the list", ErrNotListed)
}

// speaksFor are the names under which the key of a certificate may appear: the
// one asked about, if the certificate has it as a URI, or its host as a DNS name
// where it is an https URL, and the list allows it. Never nil.
func speaksFor(leaf *x509.Certificate, issuer string, allowed []string) []string {
	if issuer == "" || allowed != nil && !slices.Contains(allowed, issuer) || !hasName(leaf, issuer) {
		return []string{}
	}
	return []string{issuer}
}

// hasName reports whether a certificate has a name. The code of a country is none:
// no list could tell an authority of one country from another's then.
func hasName(leaf *x509.Certificate, issuer string) bool {
	if CountryNames(issuer) != nil {
		return false
	}
	for _, u := range leaf.URIs {
		if u.String() == issuer {
			return true
		}
	}
	u, err := url.Parse(issuer)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Hostname() != "" && len(leaf.DNSNames) > 0 && leaf.VerifyHostname(u.Hostname()) == nil
}
