package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

// documents is how many credentials each suite issues in each direction.
const documents = 16

// signed is when proofs are made.
var signed = now.Add(-24 * time.Hour)

// suite is a cryptosuite with a kind of key.
type suite struct {
	name, curve string
	// contexts that its proofs need beside the credential's.
	contexts []string
	style    style
}

func suites() []suite {
	di := []string{dataIntegrityTerms}
	old := []string{ed25519Terms}
	return []suite{
		{dataintegrity.EdDSAJCS2022, "Ed25519", nil, style{json: true}},
		{dataintegrity.ECDSAJCS2019, "P-256", nil, style{json: true}},
		{dataintegrity.ECDSAJCS2019, "P-384", nil, style{json: true}},
		{dataintegrity.EdDSARDFC2022, "Ed25519", nil, style{}},
		{dataintegrity.ECDSARDFC2019, "P-256", nil, style{}},
		{dataintegrity.ECDSARDFC2019, "P-384", nil, style{}},
		{dataintegrity.Ed25519Signature2020, "Ed25519", old, style{plain: true}},
		{dataintegrity.EdDSAJCS2022, "Ed25519", di, style{json: true, v1: true}},
		{dataintegrity.EdDSARDFC2022, "Ed25519", di, style{v1: true}},
		{dataintegrity.ECDSARDFC2019, "P-256", di, style{v1: true}},
		{dataintegrity.Ed25519Signature2020, "Ed25519", old, style{v1: true, plain: true}},
	}
}

// String names the suite in a row.
func (s suite) String() string {
	name := s.name
	if s.curve != "Ed25519" {
		name += "/" + s.curve
	}
	if s.style.v1 {
		name += "/vc-1.1"
	}
	return name
}

// signer makes a key of ours, and lists it as trusted.
func (w *world) signer(curve string) (proof.Signer, error) {
	seed := sha512.Sum512([]byte(fmt.Sprint("interop ", curve, w.Uint64())))
	s, err := newSigner(curve, seed[:])
	if err != nil {
		return nil, err
	}
	w.trusted = append(w.trusted, s.Key().Controllers[0])
	return s, nil
}

func newSigner(curve string, seed []byte) (proof.Signer, error) {
	var k crypto.Signer = ed25519.NewKeyFromSeed(seed[:32])
	var err error
	switch curve {
	case "P-256":
		k, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:32])
	case "P-384":
		k, err = ecdsa.ParseRawPrivateKey(elliptic.P384(), seed[:48])
	case "BLS12-381":
		secret, err := bbs.KeyGen(seed, nil)
		if err != nil {
			return nil, err
		}
		public, err := key.Key(secret.Public())
		if err != nil {
			return nil, err
		}
		return bbs.NewSigner(secret, *public)
	}
	if err != nil {
		return nil, err
	}
	return key.NewSigner(k)
}

// peerKey has the peer make a key, and lists it as trusted.
func (w *world) peerKey(curve string) (did string, err error) {
	err = w.call("keyPair", object{"curve": curve}, &did)
	w.trusted = append(w.trusted, did)
	return did, err
}

// unsigned is a credential for the suite to sign.
func (s suite) unsigned(w *world, issuer string) object {
	doc := w.credential(issuer, s.style)
	for _, c := range s.contexts {
		doc["@context"] = append(doc["@context"].([]any), c)
	}
	return doc
}

// issue is how we issue: by way of a credential.Issuer, with a proof of each
// signer.
func (w *world) issue(doc object, names []string, register credential.Register, signers ...proof.Signer) ([]byte, error) {
	raw, err := encode(doc)
	if err != nil {
		return nil, err
	}
	draft, err := w3c.FromJSON(raw)
	if err != nil {
		return nil, err
	}
	draft.Signed = signed
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{Suites: names}, Signers: signers, Register: register})
	if err != nil {
		return nil, err
	}
	return issuer.Issue(w, draft)
}

// peerIssue has the peer add a proof; more are further arguments.
func (w *world) peerIssue(doc any, suiteName, did string, more object) (json.RawMessage, error) {
	args := object{"credential": doc, "suite": suiteName, "did": did, "created": signed}
	maps.Copy(args, more)
	var raw json.RawMessage
	err := w.call("issue", args, &raw)
	return raw, err
}

// verifier is ours, which trusts the keys of this run.
func (w *world) verifier(status credential.StatusChecker) (*credential.Verifier, error) {
	return w.reader(status, w3c.Format{BBS: bbs.Scheme{}})
}

// tokenVerifier reads documents that are signed as a whole.
func (w *world) tokenVerifier() (*credential.Verifier, error) {
	return w.reader(nil, w3c.JWT{}, w3c.COSE{})
}

func (w *world) reader(status credential.StatusChecker, formats ...credential.Format) (*credential.Verifier, error) {
	roles := []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}
	var entries []trustlist.Entry
	for _, did := range w.trusted {
		entries = append(entries, trustlist.Entry{Authority: did, Names: []string{did}, Roles: roles})
	}
	list, err := trustlist.New(trustlist.Info{Name: "interop", Issued: now.AddDate(0, -1, 0)}, entries...)
	if err != nil {
		return nil, err
	}
	return credential.NewVerifier(credential.Config{Formats: formats, Keys: key.Resolver{}, Trust: list, Status: status})
}

// verify is how we verify.
func (w *world) verify(raw []byte, status credential.StatusChecker) error {
	v, err := w.verifier(status)
	if err != nil {
		return err
	}
	_, err = v.Verify(w, raw, credential.Policy{Time: now})
	return err
}

// peerVerify has the peer verify.
func (w *world) peerVerify(raw json.RawMessage) error {
	return w.call("verify", object{"credential": raw, "now": now}, nil)
}

// embeddedProofs runs each suite alone, both ways.
func embeddedProofs(w *world) error {
	for _, s := range suites() {
		ours, err := w.signer(s.curve)
		if err != nil {
			return err
		}
		theirs, err := w.peerKey(s.curve)
		if err != nil {
			return err
		}
		r := w.rows(s.String())
		for i := range documents {
			name := fmt.Sprint("credential ", i)
			raw, err := w.issue(s.unsigned(w, ours.Key().Controllers[0]), []string{s.name}, nil, ours)
			if err == nil {
				err = w.peerVerify(raw)
			}
			r.there.accepted(name, err)
			w.refuse(r, name, raw)

			raw, err = w.peerIssue(s.unsigned(w, theirs), s.name, theirs, nil)
			if err == nil {
				err = w.verify(raw, nil)
			}
			r.back.accepted(name, err)
			w.refuse(r, name, raw)
		}
		r.print()
	}
	return nil
}

// refuse changes a credential, and both sides must refuse it.
func (w *world) refuse(r rows, name string, raw []byte) {
	if raw == nil {
		return
	}
	all := changes
	if strings.Contains(string(raw), "previousProof") {
		all = slices.Concat(changes, chainChanges)
	}
	// A third of them for each credential: with documents of each suite, each
	// is made several times.
	for i := w.IntN(3); i < len(all); i += 3 {
		changed, err := all[i].apply(w.maker, raw)
		if err != nil {
			r.changedThere.accepted(name, err)
			continue
		}
		r.changedThere.refused(name+": "+all[i].name, w.peerVerify(changed))
		r.changedBack.refused(name+": "+all[i].name, w.verify(changed, nil))
	}
}

func sorted(o object) []string { return slices.Sorted(maps.Keys(o)) }
