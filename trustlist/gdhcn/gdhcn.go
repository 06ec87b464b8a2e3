// Package gdhcn reads and writes the trust lists of WHO's Global Digital Health
// Certification Network (WorldHealthOrganization/smart-trust, "Trust network
// gateway", and tng-cdn): DID documents whose verification methods are the
// certificates of the network's participants.
//
// There are three kinds: version 1, one flat list of document signers
// (trustlist/did.json); version 2, which says of each key its domain, the
// participant and the usage (v2/trustlist/…/did.json); and lists of references
// (v2/trustlist-ref/…), which hold no keys and lead to those that do. [Parse]
// reads one document of the first two kinds, [Resolve] follows references.
//
// Real lists are not tidy. Half the P-256 coordinates carry a sign byte, some
// lack a leading zero, one curve name in thirty is "UNKNOWN CURVE", expired
// certificates stay. [Parse] reads what can be read with certainty and reports
// every method that it did not take. Two things it never does: believe a key
// that differs from its certificate, or drop one in silence.
//
// A list is only as good as its signature. The caller pins the keys that may
// sign it; [Signers] reads them from a DID document. The network's own lists are signed with JsonWebSignature2020, over
// the RDF statements of the document; checking that takes an [Options].RDF,
// which package proof/dataintegrity/rdf makes, with the network's contexts:
//
//	r, err := rdf.New(rdf.Context{URL: "https://smart.who.int/trust/tng-context/v1.jsonld", …})
//
// Lists that [Publish] and [PublishTree] write are signed as JSON, and need none,
// unless they are asked to sign as the network does. Without a signature a list
// can be read with [Options].InsecureUnsigned, if it came by a way that is trusted
// itself.
package gdhcn

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrFormat says that a document, or one of its methods, is not as the
	// network writes it.
	ErrFormat = errors.New("gdhcn: malformed trust list")
	// ErrProof says that the list is not signed by a pinned key.
	ErrProof = errors.New("gdhcn: trust list not authenticated")
	// ErrOtherList says that it is not the list asked for.
	ErrOtherList = errors.New("gdhcn: another trust list")
	// ErrReference is the reason for a method that only refers to a document.
	ErrReference = errors.New("gdhcn: reference to another document, no key")
	// ErrAuthority is noted for a document signer whose certificate no signing
	// authority of its participant has issued, as far as the list tells. The key
	// is kept, unless [AuthorityRequired] is asked for.
	ErrAuthority = errors.New("gdhcn: not issued by a signing authority of its participant")
	// ErrParticipant is noted for a document signer whose certificate names
	// another country than its participant, or none. The key is kept, for the
	// participant, unless [AuthorityRequired] is asked for.
	ErrParticipant = errors.New("gdhcn: the certificate is not of its participant's country")
	// ErrDomain is the reason for a key that is not of the domains asked for.
	ErrDomain = errors.New("gdhcn: not of a domain asked for")
	// ErrKeyID is noted for a key whose listed kid is not that of its
	// certificate. The key is kept and found under both.
	ErrKeyID = errors.New("gdhcn: kid is not that of the certificate")
	// ErrChain is noted for a key with an unreadable certificate above its own.
	// The key is kept, and its chain ends there.
	ErrChain = errors.New("gdhcn: certificate chain cut short")
)

// Skipped is a method that was not taken, or not as it stands.
type Skipped = trustlist.Skipped

// Options say what a list must be. The zero value is refused.
type Options struct {
	// Signers are the keys that may sign the list. One proof by one of them,
	// made to assert and naming the key's ID as its verificationMethod, is
	// needed. All proofs of the list must be of types that proof/dataintegrity
	// reads. [Signers] reads keys from a DID document.
	Signers []proof.Key
	// RDF is needed for lists with signed statements, as the network's own are.
	// It must know the contexts that the list names. Nil: such lists are refused
	// as unsupported.
	RDF dataintegrity.RDF
	// InsecureUnsigned allows Signers to be empty with no Voucher. Whoever can
	// change the document on its way can then issue in any country's name.
	InsecureUnsigned bool
	// Voucher authenticates the document from outside, as a release that the
	// states of a network approved does (package quorum). It may stand in place of
	// Signers; with both, both are needed.
	Voucher trustlist.Voucher
	// ID is the DID that the document must have: a signer of several lists
	// signs them all with one key, and one must not pass for another. Empty:
	// any.
	ID string
	// Domains are those wanted, such as "DCC" or "IPS-PILGRIMAGE". Empty: all.
	// Version 1 states none, so with a filter none of its keys is taken.
	Domains []string
	// Names are further spellings under which a participant appears as issuer,
	// by its code on the list: those of [trustlist.CountryNames] need not be
	// given.
	Names map[string][]string
	// Types are the credential types that the signers of a domain may issue, by
	// its code: what [trustlist.Entry] has as Types. Nil: any, because the
	// network's texts tie no type to a domain, which is to them a set of use cases
	// (smart-trust, "Trust domains"), and its lists have no domain of their own
	// for ICVP or health links: a limit that the network does not set would refuse
	// good certificates. Where Types is set it is the whole grant: signers of a
	// domain that it does not name, and of version 1, whose domain is "", may
	// issue nothing.
	Types map[string][]string
	// Authority is how document signers are held against the signing authorities
	// of their participant.
	Authority AuthorityCheck
	// AllowPartial has [Resolve] return a list although documents that it refers
	// to are missing or were refused. A state whose document is among them is
	// unknown to that list: what it issued is refused as if it had never joined.
	AllowPartial bool
}

// AuthorityCheck is how document signers are held against the signing
// authorities (SCA) of their participant: those on the same list, whatever their
// domain, and those in the x5c of its keys that are of its country. Whoever signs
// the list vouches for each of its keys, so a verifier that pins that signer
// needs no more than AuthorityNamed. No certificate's period is looked at: that of
// a signer counts when its key is used, and that of its authority when it signed.
type AuthorityCheck int

const (
	// AuthorityNamed notes [ErrAuthority] where no authority has the name or key
	// identifier of the certificate's issuer, and [ErrParticipant].
	AuthorityNamed AuthorityCheck = iota
	// AuthorityChecked also checks that the authority signed the certificate,
	// which takes longer than reading it.
	AuthorityChecked
	// AuthorityRequired checks as much, and refuses signers to which one of the
	// two applies, and those without a certificate.
	AuthorityRequired
)

// Parse reads a trust list and returns it with a report of every method that
// was not taken or needs a remark, in the order of the document. It reads at
// most 64 MB, 100,000 methods and 2,097,152 JSON values: more than 25,000 keys
// of version 2 with their certificates, where the network has some 500.
//
// An entry is what one participant may do in one usage: its Authority is the
// participant's code, and document signers (usage DSC, and all of version 1)
// have the roles issue and status; any other usage has a role of its own name,
// which grants nothing. Names is never nil: a participant that is no country
// speaks under its code alone. A key is identified by its certificate
// ([trustlist.KeyID]), and by the listed kid too where that differs.
// Certificates that have expired are kept; [trustlist.List.Authorize] refuses
// them. The list's Issued and Expires are those of the proof that verified.
// What was tolerated of that proof, which in the network's own lists is an ECDSA
// signature in DER and the signer named by a DID alone, is in the report too,
// under the ID "proof".
//
// The error wraps [ErrFormat], [ErrProof] or [ErrOtherList]; where methods were
// there and none could be read, it wraps the first one's reason, for a list of
// references [ErrReference]. A list without methods, or without any in the
// domains asked for, is an empty list: that is how the last key is withdrawn.
func Parse(raw []byte, o Options) (*trustlist.List, []Skipped, error) {
	l, b, err := parse(raw, &o)
	if err != nil {
		return nil, b.skipped, err
	}
	if b.failed > 0 && b.failed == b.total {
		return nil, b.skipped, fmt.Errorf("gdhcn: none of %d methods could be read: %w", b.total, b.first)
	}
	return l, b.skipped, nil
}

// parse reads a list whatever its methods are. The builder is never nil.
func parse(raw []byte, o *Options) (*trustlist.List, *builder, error) {
	b := &builder{o: o, groups: map[group]int{}, seen: map[seen]bool{}, authorities: map[string][]*x509.Certificate{}}
	d, err := open(raw, o)
	if err != nil {
		return nil, b, err
	}
	for _, reason := range d.proof.Tolerated {
		b.skipped = append(b.skipped, Skipped{ID: "proof", Reason: reason, Kept: true})
	}
	b.read(d.methods)
	l, err := trustlist.New(d.info(), b.entries...)
	if err != nil {
		return nil, b, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return l, b, nil
}

// document is a list whose proof has been checked.
type document struct {
	id      string
	proof   *dataintegrity.Proof
	methods jcs.Value
}

func (d *document) info() trustlist.Info {
	return trustlist.Info{Name: d.id, Issued: d.proof.Created, Expires: d.proof.Expires}
}

func open(raw []byte, o *Options) (*document, error) {
	if len(raw) > limits.TrustList {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.TrustList)
	}
	doc, err := jcs.ParseUpTo(limits.TrustValues, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	d := &document{methods: doc.Member("verificationMethod")}
	if d.proof, err = authenticate(raw, doc, o); err != nil {
		return nil, err
	}
	d.id, _ = doc.Member("id").Text()
	if o.ID != "" && d.id != o.ID {
		return nil, fmt.Errorf("%w: its id is not the one asked for", ErrOtherList)
	}
	if d.methods.Kind() != jcs.Array {
		return nil, fmt.Errorf("%w: verificationMethod: %s, not an array", ErrFormat, d.methods.Kind())
	}
	if d.methods.Len() > limits.TrustKeys {
		return nil, fmt.Errorf("%w: %d methods, at most %d are read", ErrFormat, d.methods.Len(), limits.TrustKeys)
	}
	if d.proof.SignsStatements() {
		if repeated(d.methods) {
			return nil, fmt.Errorf("%w: two methods with one id, in a list whose statements are signed", ErrFormat)
		}
		ok := plain(doc)
		for _, m := range d.methods.Elements() {
			// A reference may be written as an object with an id alone.
			named := m.Kind() != jcs.Object || m.Member("type").Exists() || m.Member("publicKeyJwk").Exists()
			ok = ok && named && plain(m)
		}
		if !ok {
			return nil, fmt.Errorf("%w: not in the form that was signed", ErrProof)
		}
	}
	return d, nil
}

// authenticate checks the document's proof, or what vouches for it, and returns
// the proof.
func authenticate(raw []byte, doc jcs.Value, o *Options) (*dataintegrity.Proof, error) {
	if o.Voucher != nil {
		if err := o.Voucher.Vouch(raw); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProof, err)
		}
	}
	if len(o.Signers) == 0 {
		if o.Voucher == nil && !o.InsecureUnsigned {
			return nil, fmt.Errorf("%w: Options.Signers is empty, no Voucher, and InsecureUnsigned not set", ErrProof)
		}
		p := doc.Member("proof")
		return &dataintegrity.Proof{Created: stamp(p.Member("created")), Expires: stamp(p.Member("expires"))}, nil
	}
	d, err := dataintegrity.Parser{RDF: o.RDF, Lenient: true}.FromValue(doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	reason := errors.New("no proof names a pinned key")
	for i := range d.Proofs {
		p := &d.Proofs[i]
		for _, k := range o.Signers {
			if p.VerificationMethod != k.ID || p.Purpose != proof.AssertionMethod {
				continue
			}
			if err := d.Verify(i, k); err != nil {
				reason = err
				continue
			}
			if len(p.Previous) > 0 {
				// Those before it would have to verify too, by whatever keys.
				return nil, fmt.Errorf("%w: a chain of proofs", ErrProof)
			}
			if p.Created.IsZero() {
				// Nothing would tell it from an older one.
				return nil, fmt.Errorf("%w: proof without created", ErrProof)
			}
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrProof, reason)
}

// repeated reports whether two methods have one id. The statements of one could
// then have been divided between them.
func repeated(methods jcs.Value) bool {
	ids := make(map[string]bool, methods.Len())
	for _, v := range methods.Elements() {
		id := methodID(v)
		if ids[id] {
			return true
		}
		ids[id] = true
	}
	return false
}

// plain reports whether the names in a value are strings. As objects with an id,
// or in an array, they would make the same statements, and read otherwise.
func plain(v jcs.Value) bool {
	for _, name := range []string{"id", "type", "controller"} {
		if m := v.Member(name); m.Exists() && m.Kind() != jcs.String {
			return false
		}
	}
	return true
}

func stamp(v jcs.Value) time.Time {
	s, _ := v.Text()
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// names are the spellings of a participant, never none.
func (o *Options) names(participant string) []string {
	names := trustlist.CountryNames(participant)
	if names == nil {
		names = []string{participant}
	}
	return slices.Concat(names, o.Names[participant])
}
