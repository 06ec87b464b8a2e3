// Package testnet makes a network of issuing countries in memory: signing
// authorities, document signers and the trust list that names them. Tests and
// examples sign and verify with it, so that none of them needs the internet or
// a file of keys.
//
// Everything follows from a seed and a time: two networks of the same seed have
// the same keys and, byte for byte, the same certificates, as long as their
// states' signers are asked for in the same order. Anyone can make the same
// keys, so they are for tests alone.
//
//	n := testnet.New("pilgrims", now)
//	signer := n.State("ID").Signer(testnet.SignerOptions{})
//	list := n.TrustList(trustlist.Info{Name: "test list"})
//
// A mistake in what a caller asks for panics: the callers are tests.
package testnet

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Extended key usages of document signers (eu-dcc-hcert-spec 1.0.8, section
// 3.3.3), and the misspelt arc that most certificates in the field have.
var (
	UsageTest        = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 1}
	UsageVaccination = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 2}
	UsageRecovery    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 1847, 2021, 1, 3}

	MisspeltTest        = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 1}
	MisspeltVaccination = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 2}
	MisspeltRecovery    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 0, 1847, 2021, 1, 3}
)

// Network is a set of states. It is safe for concurrent use.
type Network struct {
	seed string
	now  time.Time

	mu     sync.Mutex
	states []*State
}

// New makes an empty network. Validity periods are counted from now, to the
// second.
func New(seed string, now time.Time) *Network {
	return &Network{seed: seed, now: now.UTC().Truncate(time.Second)}
}

// State is one issuing country.
type State struct {
	Code  string   // ISO 3166-1 alpha-2
	Names []string // its spellings as an issuer, alpha-2 first; see [trustlist.CountryNames]
	// Root is the self-signed certificate of its signing authority (SCA, in the
	// EU's words CSCA), valid from five years before the network's time to ten
	// years after it; RootKey is that authority's P-256 key.
	Root    *x509.Certificate
	RootKey crypto.Signer

	net     *Network
	signers []*DocumentSigner // under net.mu
}

// State returns the state of that ISO 3166-1 code, alpha-2 or alpha-3, and
// makes it when first asked.
func (n *Network) State(code string) *State {
	names := trustlist.CountryNames(code)
	if len(names) == 0 || len(names[0]) != 2 {
		panic("testnet: no country with two letters has the code " + code)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.states {
		if s.Code == names[0] {
			return s
		}
	}
	s := &State{Code: names[0], Names: names, net: n}
	s.RootKey = newKey(P256, n.seed, s.Code, "root")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      s.subject("Signing Authority"),
		NotBefore:    n.now.AddDate(-5, 0, 0), NotAfter: n.now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:     true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}
	s.Root = certify(template, template, s.RootKey.Public(), s.RootKey)
	n.states = append(n.states, s)
	return s
}

// States returns the states in the order in which they were made.
func (n *Network) States() []*State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.states)
}

// SignerOptions describe a document signer. The zero value is a P-256 key,
// valid from a month before the network's time to two years after it, for
// credentials of any type, on the trust list.
type SignerOptions struct {
	Kind                Kind
	NotBefore, NotAfter time.Time
	// Usages are the extended key usages of the certificate.
	Usages []asn1.ObjectIdentifier
	// KeyID replaces the certificate's own identifier, to make two signers
	// share one.
	KeyID string
	// Unlisted keeps the signer off the trust list.
	Unlisted bool
}

// DocumentSigner is a key that signs credentials, with its certificate.
type DocumentSigner struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// Signer signs with Key under the identifier that the trust list has. Its
	// Key().Chain holds the certificate and the state's root.
	Signer   proof.Signer
	Unlisted bool
}

// Signer makes one more document signer of the state.
func (s *State) Signer(o SignerOptions) *DocumentSigner {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if o.NotBefore.IsZero() {
		o.NotBefore = s.net.now.AddDate(0, -1, 0)
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = s.net.now.AddDate(2, 0, 0)
	}
	number := len(s.signers) + 1
	name := fmt.Sprintf("Document Signer %d", number)
	d := &DocumentSigner{Key: newKey(o.Kind, s.net.seed, s.Code, name), Unlisted: o.Unlisted}
	d.Cert = certify(&x509.Certificate{
		SerialNumber: big.NewInt(int64(number) + 1),
		Subject:      s.subject(name),
		NotBefore:    o.NotBefore, NotAfter: o.NotAfter,
		KeyUsage:           x509.KeyUsageDigitalSignature,
		UnknownExtKeyUsage: o.Usages,
	}, s.Root, d.Key.Public(), s.RootKey)

	key := must(trustlist.CertificateKey(d.Cert))
	key.Chain = []*x509.Certificate{d.Cert, s.Root}
	key.Controllers = slices.Clone(s.Names)
	if o.KeyID != "" {
		key.ID = o.KeyID
	}
	d.Signer = must(proof.NewSigner(d.Key, key))
	s.signers = append(s.signers, d)
	return d
}

// Signers returns the document signers in the order in which they were made.
func (s *State) Signers() []*DocumentSigner {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return slices.Clone(s.signers)
}

// Entry is the state's entry on the trust list, with all signers that are
// listed: it may issue every type and revoke. It is the caller's to change.
func (s *State) Entry() trustlist.Entry {
	e := trustlist.Entry{
		Authority: authority(s.Code), Territory: s.Code, Names: slices.Clone(s.Names),
		Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
	}
	for _, d := range s.Signers() {
		if d.Unlisted {
			continue
		}
		key := d.Signer.Key()
		key.Controllers = nil // the entry's names say it
		e.Keys = append(e.Keys, key)
	}
	return e
}

// Entries are the entries of all states that have a signer listed now, for
// publishing them or for a list that differs.
func (n *Network) Entries() []trustlist.Entry {
	var out []trustlist.Entry
	for _, s := range n.States() {
		if e := s.Entry(); len(e.Keys) > 0 {
			out = append(out, e)
		}
	}
	return out
}

// TrustList makes a list of what [Network.Entries] returns. A list that is not
// said to be issued at another time is of the network's.
func (n *Network) TrustList(info trustlist.Info) *trustlist.List {
	if info.Issued.IsZero() {
		info.Issued = n.now
	}
	return must(trustlist.New(info, n.Entries()...))
}

func authority(code string) string { return "Ministry of Health " + code }

func (s *State) subject(name string) pkix.Name {
	return pkix.Name{Country: []string{s.Code}, Organization: []string{authority(s.Code)}, CommonName: name + " " + s.Code}
}

// certify signs without randomness, with a key that then signs by RFC 6979.
func certify(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	return must(x509.ParseCertificate(must(x509.CreateCertificate(nil, template, parent, public, key))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("testnet: " + err.Error())
	}
	return v
}
