package enroll

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// Folder is what a participant hands in for one domain and environment.
type Folder struct {
	// Participant is its code, ISO 3166-1 alpha-3 or a test country's; Domain
	// that of the trust domain, such as "DCC".
	Participant, Domain string
	SCA                 []*x509.Certificate // its signing authorities
	UP, TLS             *x509.Certificate
	// TLSChain are the authorities above TLS, the one that issued it first.
	// Empty: TLS is self-signed, and stands for its own authority.
	TLSChain []*x509.Certificate
}

// Files lays out the folder as the network reads it (smart-trust, "Onboarding
// checklist", Prepare Folders), by slash-separated path:
//
//	<participant>/onboarding/<domain>/SCA/SCA.pem, SCA_2.pem …
//	<participant>/onboarding/<domain>/UP/UP.pem
//	<participant>/onboarding/<domain>/TLS/TLS.pem, CA.pem
//
// In a repository of the participant's own, what is below <participant> goes to
// its root. The error wraps [ErrTerms] where a certificate is missing or a code
// is none; whether the network takes the domain and the certificates is for [Lint] to say.
func Files(f Folder) (map[string][]byte, error) {
	if !isCode(f.Participant) || len(f.Participant) != 3 {
		return nil, fmt.Errorf("%w: participant %q: no code of three letters", ErrTerms, f.Participant)
	}
	if !isCode(f.Domain) {
		return nil, fmt.Errorf("%w: domain %q: no code", ErrTerms, f.Domain)
	}
	if len(f.SCA) == 0 || f.UP == nil || f.TLS == nil {
		return nil, fmt.Errorf("%w: an SCA, an upload and a TLS certificate are needed", ErrTerms)
	}
	chain := f.TLSChain
	if len(chain) == 0 {
		chain = []*x509.Certificate{f.TLS}
	}
	dir := f.Participant + "/onboarding/" + f.Domain + "/"
	out := map[string][]byte{
		dir + "UP/UP.pem":   PEM(f.UP),
		dir + "TLS/TLS.pem": PEM(f.TLS),
		dir + "TLS/CA.pem":  PEM(chain...),
	}
	for i, c := range f.SCA {
		name := "SCA.pem"
		if i > 0 {
			name = fmt.Sprintf("SCA_%d.pem", i+1)
		}
		out[dir+"SCA/"+name] = PEM(c)
	}
	return out, nil
}

// isCode reports whether s is a code of the network: capitals, digits, hyphens.
func isCode(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// PEM writes certificates as text (RFC 7468).
func PEM(certificates ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range certificates {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.Bytes()
}
