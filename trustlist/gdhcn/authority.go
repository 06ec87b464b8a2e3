package gdhcn

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// isAuthority reports whether a usage is that of signing authorities. The
// network's texts say SCA; its lists say CSCA, and SCA in the method's id.
func isAuthority(usage string) bool { return usage == "SCA" || usage == "CSCA" }

// judge returns what speaks against a document signer (smart-trust, "Certificate
// governance", Document Signer): its certificate must name the participant's
// country and be issued by an authority of the participant. A key without a
// certificate is noted only where an authority is demanded: it never had one.
func (b *builder) judge(m *method) (against []error) {
	if len(m.key.Chain) == 0 {
		if b.o.Authority == AuthorityRequired {
			against = append(against, ErrAuthority)
		}
		return against
	}
	leaf := m.key.Chain[0]
	if !b.isOf(leaf, m.participant) {
		against = append(against, ErrParticipant)
	}
	if !b.isIssued(m.participant, leaf) {
		against = append(against, ErrAuthority)
	}
	return against
}

// isOf reports whether a certificate names a participant's country.
func (b *builder) isOf(c *x509.Certificate, participant string) bool {
	return len(c.Subject.Country) == 1 && slices.Contains(b.o.names(participant), c.Subject.Country[0])
}

// addAuthorities notes the signing authorities that a method has: those that are
// listed as such, and those above a signer in its x5c, if they are of the
// participant's country.
func (b *builder) addAuthorities(m *method) {
	for i, c := range m.key.Chain {
		if i == 0 && !isAuthority(m.usage) || i > 0 && !(c.IsCA && b.isOf(c, m.participant)) {
			continue
		}
		known := b.authorities[m.participant]
		if !slices.ContainsFunc(known, c.Equal) && len(known) < limits.Authorities {
			b.authorities[m.participant] = append(known, c)
		}
	}
}

// isIssued reports whether an authority of the participant issued a certificate, as
// far as that is to be checked.
func (b *builder) isIssued(participant string, leaf *x509.Certificate) bool {
	return slices.ContainsFunc(b.authorities[participant], func(c *x509.Certificate) bool {
		return mayHaveIssued(c, leaf) && (b.o.Authority == AuthorityNamed || c.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil)
	})
}

// mayHaveIssued compares names, which are cheap, before a signature is checked.
func mayHaveIssued(c, leaf *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, leaf.RawIssuer) ||
		len(leaf.AuthorityKeyId) > 0 && bytes.Equal(c.SubjectKeyId, leaf.AuthorityKeyId)
}
