// Package w3c issues and verifies W3C Verifiable Credentials, and presentations
// of them (Verifiable Credentials Data Model 2.0 and 1.1). There is a format for
// each way to secure them: [Format] for proofs inside the document (Data
// Integrity 1.0), [JWT], [COSE] and [SDJWT] for one signature over all of it
// (Securing Verifiable Credentials using JOSE and COSE). A verifier reads those
// that it is given.
//
// Keys are named by URLs, for example did:key ones. Whose keys they are is for
// the verifier's key source, and who may issue for its trust list:
//
//	v, err := credential.NewVerifier(credential.Config{
//		Formats: []credential.Format{w3c.Format{}},
//		Keys:    key.Resolver{},
//		Trust:   list,
//	})
//
// A credential may have a set of proofs, or chains; all must verify. To issue,
// make a draft with [New] or [FromJSON] and give it to a credential.Issuer.
// [Format.Present] puts credentials of any format into a presentation.
//
// # Showing a part
//
// Of a credential that is signed statement by statement ([Format] with the suites
// ecdsa-sd-2023 and bbs-2023) or as SD-JWT ([SDJWT]) a holder shows a part, all
// but what Draft.Mandatory names. What the issuer signs is then for the holder
// alone; others see what credential.Present makes of it. [JWT] and [COSE] sign the
// whole. Who holds a credential is its subject or, in tokens, who has the key in
// Draft.Confirm, and proves it by the presentation or, as an SD-JWT, alone.
//
// # What is checked
//
// Issuing and verifying hold a document to the same rules: the members of the
// data model, their kinds, URLs, times and languages; the digests of related
// resources, where these are at hand ([Format].Resources); and the meaning of
// all terms and types. A document is refused that uses one which no context
// defines, a context that is not known, one that redefines a protected term, or
// an identifier that is relative. Errors name the place, as
// "credentialStatus[1].statusListIndex", and hold no values.
//
// Contexts are never fetched: those of the W3C are built in, others come with
// [Format].RDF.
//
// # Signed JSON and signed statements
//
// Cryptosuites sign either the JSON as it is (eddsa-jcs-2022, ecdsa-jcs-2019;
// the default when sealing) or the statements that it means (eddsa-rdfc-2022
// and others), those of selective disclosure one by one ([Format.Derive]). Of the
// latter, documents are refused whose members could hide a statement from who
// reads them: contexts inside the document, keywords and IRIs as names of members,
// and what is described in two places.
package w3c

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

// The base contexts: the first entry of every @context, by version of the data
// model.
const (
	Context   = "https://www.w3.org/ns/credentials/v2"
	ContextV1 = "https://www.w3.org/2018/credentials/v1"
)

// Type is among the types of every credential, PresentationType among those of
// every presentation.
const (
	Type             = "VerifiableCredential"
	PresentationType = "VerifiablePresentation"
)

// StatusType is the StatusRef.Type of status in a bitstring (Bitstring Status
// List 1.0, section 2.1). Its entries, and those of the older type
// "StatusList2021Entry", are read into a list's URL and a position; other kinds
// keep their own type, and nothing else, in the StatusRef.
const StatusType = "BitstringStatusListEntry"

var (
	// ErrModel says that a document breaks the data model.
	ErrModel = errors.New("not as the VC data model has it")
	// ErrTerms says that a document has terms, types, contexts or identifiers
	// without a meaning that all share.
	ErrTerms = errors.New("not the JSON-LD of known contexts")
	// ErrUnsupported says that a feature is not implemented.
	ErrUnsupported = errors.New("unsupported")
	// ErrResource is noted, as tolerated, for a related resource whose digest
	// was not checked: it is not at hand, or the digest is of an unknown kind.
	ErrResource = errors.New("digest of a related resource not checked")
	// ErrEmpty is noted, as tolerated, for an empty array in a document whose
	// statements are signed: none says that there is nothing, so that whoever held
	// the document may have written it.
	ErrEmpty = errors.New("an empty array, of which nothing is signed")
	// ErrBinding says that a presentation was made for somebody else, or upon
	// another request.
	ErrBinding = errors.New("challenge or domain are not those asked for")
)

// Format reads and writes credentials and presentations. Its zero value reads
// all cryptosuites of [dataintegrity] but bbs-2023, with the built-in contexts. It
// implements [credential.Format], [credential.Sealer], [credential.Deriver] and
// [credential.Presenter].
type Format struct {
	// RDF knows the contexts. Nil means the built-in ones; others are given to
	// [github.com/sanad-credentials/sanad/proof/dataintegrity/rdf.New]. Make it
	// once: it remembers what it has read.
	RDF dataintegrity.RDF
	// BBS is what derives, presents and verifies with bbs-2023: bbs.Scheme{} of
	// [github.com/sanad-credentials/sanad/proof/bbs]. Nil: what is derived with it
	// is refused as unsupported, also where it would be put into a presentation,
	// and nobody carries the arithmetic.
	BBS dataintegrity.BBS
	// Suites are the cryptosuites to sign with; each signer uses the first that
	// is for its kind of key. Empty: eddsa-jcs-2022 and ecdsa-jcs-2019. Those of
	// selective disclosure are not for presentations.
	Suites []string
	// Resources are what the relatedResource of credentials may name, by URL.
	// One that is stated with another digest is refused. Built-in contexts need
	// not be here. It must not be changed once it is used.
	Resources map[string][]byte
	// Strict refuses deviations that weaken no check, where the zero value
	// tolerates and notes them: related resources whose digest can't be checked,
	// and what [dataintegrity.Parser].Lenient lets pass.
	Strict bool

	// InsecureAnyTerms accepts, where proofs sign the JSON as it is, terms and
	// types that no context defines, and contexts that are not known. All is
	// still signed; what it means may be anyone's guess.
	InsecureAnyTerms bool
	// InsecureAnyNames accepts, where proofs sign statements, documents with
	// contexts of their own, and such as describe one thing in several places.
	// Neither is signed: whoever holds a document can exchange names in both, or
	// move what is said to where no reader looks. See
	// [github.com/sanad-credentials/sanad/proof/dataintegrity/rdf.Canonicalizer.InsecureInlineContexts].
	InsecureAnyNames bool
}

// Name is "w3c".
func (Format) Name() string { return "w3c" }

// Payload is a credential's content: the JSON that its proofs sign, without
// the proofs. It is immutable.
type Payload struct {
	value    jcs.Value
	document []byte // without proofs
}

// MarshalJSON returns the credential document without its proofs: in canonical
// form (RFC 8785), or as it was signed where it was signed as a whole, with the
// claims of a token.
func (p *Payload) MarshalJSON() ([]byte, error) { return slices.Clone(p.document), nil }

// Parse reads a credential or presentation with its proofs, of at most 24 MiB: a
// status list is a credential too. It returns [credential.ErrOtherFormat] for
// what is no JSON object, or has neither [Context] nor [ContextV1] in its
// @context. Errors wrap [ErrModel], [ErrTerms], [ErrUnsupported], or those of
// [dataintegrity.Parser]; they name members and hold no values. What has no
// proof is parsed, and the verifier refuses it. It implements
// [credential.Format].
func (f Format) Parse(raw []byte, _ string) (*credential.Envelope, error) {
	env, _, err := f.parse(raw)
	return env, err
}

// parse returns a document's proofs too, nil where it has none.
func (f Format) parse(raw []byte) (*credential.Envelope, *dataintegrity.Document, error) {
	if len(raw) > limits.StatusList {
		return nil, nil, fmt.Errorf("w3c: %d bytes, at most %d are read: %w", len(raw), limits.StatusList, ErrModel)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return nil, nil, credential.ErrOtherFormat
	}
	v, err := jcs.Parse(raw)
	if err != nil {
		if !bytes.Contains(raw, []byte(Context)) && !bytes.Contains(raw, []byte(ContextV1)) {
			return nil, nil, credential.ErrOtherFormat
		}
		return nil, nil, fmt.Errorf("w3c: %w: %w", ErrModel, err)
	}
	if base(v) == "" || isEnvelope(v) {
		return nil, nil, credential.ErrOtherFormat
	}
	env := &credential.Envelope{}
	if isPresentation(v) {
		err = f.presentation(v, env)
	} else {
		env.Credential, env.Tolerated, err = f.read(v)
	}
	if err != nil {
		return nil, nil, err
	}
	d, err := f.proofs(v, env)
	if err != nil {
		return nil, nil, err
	}
	return env, d, f.strict(env)
}

// strict refuses what was tolerated, where that is asked for.
func (f *Format) strict(env *credential.Envelope) error {
	if f.Strict && len(env.Tolerated) > 0 {
		return fmt.Errorf("%w: %w", env.Tolerated[0], ErrModel)
	}
	return nil
}

// proofs adds a document's proofs, and its payload, to its envelope.
func (f *Format) proofs(v jcs.Value, env *credential.Envelope) (*dataintegrity.Document, error) {
	c := env.Credential
	d, err := dataintegrity.Parser{RDF: f.canonicalizer(), BBS: f.BBS, Lenient: !f.Strict}.FromValue(v)
	if errors.Is(err, dataintegrity.ErrNoProof) {
		if c == nil {
			return nil, f.checkTerms(v)
		}
		c.Payload = &Payload{v, v.Append(nil)}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("w3c: %w", err)
	}
	if err := f.meaning(v, d, env); err != nil {
		return nil, err
	}
	for i := range d.Proofs {
		for _, t := range d.Proofs[i].Tolerated {
			env.Tolerated = append(env.Tolerated, fmt.Errorf("w3c: proof %d: %w", i, t))
		}
	}
	if c == nil {
		env.Holder = proofs(d, bound)
		return d, nil
	}
	c.Payload = &Payload{v, d.Unsecured()}
	c.Signed = signed(d, c.ValidFrom)
	env.Proofs = proofs(d, nil)
	return d, nil
}

// meaning checks that what is signed has a meaning that all share, and can be
// read in the document's members. Where statements are signed, that there are
// some was checked to compute them.
func (f *Format) meaning(v jcs.Value, d *dataintegrity.Document, env *credential.Envelope) error {
	statements := func(p dataintegrity.Proof) bool { return p.SignsStatements() }
	if !slices.ContainsFunc(d.Proofs, statements) {
		return f.checkTerms(v)
	}
	if err := f.readable(v); err != nil {
		return err
	}
	// Where a proof signs the JSON too, that says it.
	if at := empty("", v, omitted(v, "@context")); at != "" && !slices.ContainsFunc(d.Proofs, func(p dataintegrity.Proof) bool { return !statements(p) }) {
		env.Tolerated = append(env.Tolerated, fmt.Errorf("w3c: %s: %w", at, ErrEmpty))
	}
	return nil
}

// proofs makes the core's proofs of a document's. also, if not nil, checks more
// than the signature.
func proofs(d *dataintegrity.Document, also func(*dataintegrity.Proof, *credential.Attempt) error) []credential.Proof {
	out := make([]credential.Proof, 0, len(d.Proofs))
	for i := range d.Proofs {
		p := &d.Proofs[i]
		out = append(out, credential.Proof{
			ID:   fmt.Sprintf("%d %s", i, p.Cryptosuite),
			Hint: proof.Hint{KeyID: p.VerificationMethod, Algorithm: p.Algorithm}, Purpose: p.Purpose,
			Created: p.Created, Expires: p.Expires,
			Verify: func(_ context.Context, a *credential.Attempt) error {
				if also != nil {
					if err := also(p, a); err != nil {
						return err
					}
				}
				return d.Verify(i, a.Key)
			},
		})
	}
	return out
}

// signed is when the last of the proofs was made, by their own account.
func signed(d *dataintegrity.Document, otherwise time.Time) time.Time {
	var t time.Time
	for _, p := range d.Proofs {
		if p.Created.After(t) {
			t = p.Created
		}
	}
	if t.IsZero() {
		return otherwise
	}
	return t
}
