// Package vci reads the lists that say whose SMART Health Cards to believe:
//
//   - the snapshot of the VCI (CommonTrust Network) directory: every issuer with
//     its keys, dated and signed
//     (the-commons-project/vci-directory, logs/vci_snapshot.json);
//   - the directory itself (vci-issuers.json), which names issuers and leaves
//     their keys to be looked up;
//   - lists of issuers with their key sets, as states and apps keep them.
//
// An issuer of SMART Health Cards is the URL in iss. It speaks under that one
// name, letter by letter; its keys are listed with it, and the same key may be
// listed for many issuers who share a system.
package vci

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrFormat says that a document, or an issuer in it, is not as one of these
	// lists has it.
	ErrFormat = errors.New("vci: malformed list of issuers")
	// ErrSignature says that the list is not signed by a pinned key.
	ErrSignature = errors.New("vci: list not authenticated")
	// ErrThumbprint is the reason for a key whose kid is not its thumbprint (RFC
	// 7638), as the specification of SMART Health Cards demands.
	ErrThumbprint = errors.New("vci: kid is not the key's thumbprint")
	// ErrProfile is noted for a key, or an issuer, that is taken although it
	// lacks what the specification demands, as kid, use or alg.
	ErrProfile = errors.New("vci: not as the specification has it")
)

// Skipped is an issuer or a key that was not taken, or needs a remark. Its ID is
// the issuer's URL, for a key followed by "#" and its kid or place. The reason
// wraps [ErrFormat], [ErrThumbprint], [ErrProfile] or proof.ErrKey.
type Skipped = trustlist.Skipped

// Options say what a list must be. The zero value is refused.
type Options struct {
	// Signature is the detached signature over the document, DER, as in
	// vci_snapshot.sig. Signers are the keys that may have made it: ECDSA keys,
	// each with the hash of its algorithm. [trustlist.CertificateKey] makes one of
	// the directory's certificate, which is P-521.
	Signature []byte
	Signers   []proof.Key
	// InsecureUnsigned allows Signers to be empty. Whoever can change the
	// document on its way can then issue in any issuer's name.
	InsecureUnsigned bool
	// Info describes a list that does not do so itself: a snapshot has a name
	// (its directory) and a date of its own, and these count.
	Info trustlist.Info
	// Types are what the issuers may issue. Nil: anything.
	Types []string
	// Territories are the countries of issuers by their URL, as ISO 3166-1
	// alpha-2 codes; the lists don't say.
	Territories map[string]string
}

// Parse reads a list of at most 64 MB, 10,000 issuers and 100,000 keys, and
// reports every issuer and key that it did not take or that needs a remark.
//
// Each issuer is an entry with the roles issue and status, of the name that its
// iss is. A key must be one for ES256 on P-256, for signatures, whose kid is its
// thumbprint (SMART Health Cards Framework, "Generating and resolving
// cryptographic keys"); one that is published with its private part is refused.
// That kid, use or alg is missing is noted and no obstacle. Certificates (x5c)
// are carried, and their periods do not limit the key: what stands on the list
// is valid, and issuers keep keys on it for as long as their cards matter.
//
// An issuer that has no member for keys is an entry without keys: it is found by
// keys whose own source vouches for the issuer's URL. One whose keys were all
// refused is not taken.
//
// In a snapshot, an entry is as old as the last time that the directory reached
// the issuer (lastRetrieved): that is its ListIssued, which
// credential.Policy.MaxTrustAge is measured by. The list's own date is that of
// the snapshot.
//
// The error wraps [ErrFormat] or [ErrSignature].
func Parse(raw []byte, o Options) (*trustlist.List, []Skipped, error) {
	if len(raw) > limits.TrustList {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrFormat, len(raw), limits.TrustList)
	}
	if err := authenticate(raw, &o); err != nil {
		return nil, nil, err
	}
	doc, err := jcs.ParseUpTo(limits.TrustValues, raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	info, issuers, err := open(doc, o.Info)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	b := builder{o: &o, info: info}
	for i, v := range issuers.Elements() {
		b.issuer(i, v)
	}
	if n := issuers.Len(); n > 0 && len(b.entries) == 0 {
		return nil, b.skipped, fmt.Errorf("%w: none of %d issuers could be read: %w", ErrFormat, n, b.skipped[0].Reason)
	}
	l, err := trustlist.New(info, b.entries...)
	if err != nil {
		return nil, b.skipped, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return l, b.skipped, nil
}

// authenticate checks the detached signature.
func authenticate(raw []byte, o *Options) error {
	if len(o.Signers) == 0 {
		if !o.InsecureUnsigned {
			return fmt.Errorf("%w: Options.Signers is empty, and InsecureUnsigned not set", ErrSignature)
		}
		return nil
	}
	if len(o.Signature) == 0 {
		return fmt.Errorf("%w: no signature", ErrSignature)
	}
	for _, k := range o.Signers {
		pub, ok := k.Public.(*ecdsa.PublicKey)
		if _, err := proof.AlgorithmsFor(k.Public); !ok || err != nil {
			return fmt.Errorf("%w: a pinned key is no ECDSA key", ErrSignature)
		}
		for _, a := range k.Algorithms {
			h := map[proof.Algorithm]crypto.Hash{proof.ES256: crypto.SHA256, proof.ES384: crypto.SHA384, proof.ES512: crypto.SHA512}[a]
			if h == 0 || !k.Allows(a, proof.AssertionMethod) {
				continue
			}
			sum := h.New()
			sum.Write(raw)
			if ecdsa.VerifyASN1(pub, sum.Sum(nil), o.Signature) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %w", ErrSignature, proof.ErrMismatch)
}

// open finds the issuers in a document, and what it says of itself.
func open(doc jcs.Value, info trustlist.Info) (trustlist.Info, jcs.Value, error) {
	issuers := doc
	if doc.Kind() == jcs.Object {
		if issuers = doc.Member("issuerInfo"); !issuers.Exists() {
			issuers = doc.Member("participating_issuers")
		}
		if name, _ := doc.Member("directory").Text(); name != "" {
			info.Name = name
		}
		if at := doc.Member("time"); at.Exists() {
			text, _ := at.Text()
			issued, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return info, issuers, errors.New("time: not a time as in RFC 3339")
			}
			info.Issued = issued.UTC()
		}
	}
	if issuers.Kind() != jcs.Array {
		return info, issuers, fmt.Errorf("list of issuers: %s, not an array", issuers.Kind())
	}
	if n := issuers.Len(); n > limits.Issuers {
		return info, issuers, fmt.Errorf("%d issuers, at most %d are read", n, limits.Issuers)
	}
	return info, issuers, nil
}

type builder struct {
	o       *Options
	info    trustlist.Info
	entries []trustlist.Entry
	skipped []Skipped
	keys    int
}

func (b *builder) skip(id string, kept bool, reason error) {
	b.skipped = append(b.skipped, Skipped{ID: id, Reason: reason, Kept: kept})
}

// issuer reads one issuer: with its particulars in a member issuer and its keys
// beside, as in a snapshot, or all in one object.
func (b *builder) issuer(i int, v jcs.Value) {
	who := v
	if v.Member("issuer").Exists() {
		who = v.Member("issuer")
	}
	iss, _ := who.Member("iss").Text()
	id := cmp.Or(iss, fmt.Sprintf("issuers[%d]", i))
	// A key of iss would match any other of these only by mistake.
	if !strings.HasPrefix(iss, "https://") || len(iss) > limits.URL || strings.ContainsAny(iss, " \t\r\n\"<>\\^`{|}") {
		b.skip(id, false, fmt.Errorf("%w: iss is no https URL", ErrFormat))
		return
	}
	if strings.HasSuffix(iss, "/") {
		b.skip(id, true, fmt.Errorf("%w: iss ends in a slash", ErrProfile))
	}
	e := trustlist.Entry{
		Authority: authority(who, iss), Territory: b.o.Territories[iss], Names: []string{iss}, Types: b.o.Types,
		Roles:      []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus},
		ListIssued: retrieved(v.Member("lastRetrieved"), b.info.Issued),
	}
	keys := v.Member("keys")
	if set := v.Member("jwks"); set.Exists() {
		keys = set.Member("keys")
	}
	if keys.Exists() || v.Member("jwks").Exists() {
		if keys.Kind() != jcs.Array {
			b.skip(id, false, fmt.Errorf("%w: keys: %s, not an array", ErrFormat, keys.Kind()))
			return
		}
		if e.Keys = b.read(iss, keys); len(e.Keys) == 0 {
			b.skip(id, false, fmt.Errorf("%w: no usable key", ErrFormat))
			return
		}
	}
	b.entries = append(b.entries, e)
}

// authority is the name to show. Issuers share names, and one must not pass for
// another.
func authority(who jcs.Value, iss string) string {
	for _, member := range []string{"name", "display"} {
		if name, _ := who.Member(member).Text(); name != "" {
			return name + " (" + iss + ")"
		}
	}
	return iss
}

// retrieved is when the keys were last fetched. Older snapshots write it without
// a zone. What is not readable, or later than the list, is not believed.
func retrieved(v jcs.Value, issued time.Time) time.Time {
	text, _ := v.Text()
	for _, layout := range []string{time.RFC3339, time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil && t.Before(issued) {
			return t.UTC()
		}
	}
	return issued
}

func (b *builder) read(iss string, set jcs.Value) []proof.Key {
	var keys []proof.Key
	have := map[string]bool{}
	for i, v := range set.Elements() {
		kid, _ := v.Member("kid").Text()
		id := iss + "#" + cmp.Or(kid, fmt.Sprint(i))
		if b.keys == limits.TrustKeys {
			b.skip(id, false, fmt.Errorf("%w: over %d keys", ErrFormat, limits.TrustKeys))
			continue
		}
		b.keys++
		k, remark, err := readKey(v)
		if err != nil {
			b.skip(id, false, err)
			continue
		}
		if remark != nil {
			b.skip(id, true, remark)
		}
		// An issuer with several certificates for one key lists it once for each.
		own := k.ID
		if len(k.Chain) > 0 {
			own += string(k.Chain[0].Raw)
		}
		if !have[own] {
			have[own] = true
			keys = append(keys, k)
		}
	}
	return keys
}
