// Package credential verifies and issues credentials of any format under one
// trust policy.
//
// A [Verifier] is made of values: the formats it reads, a source of keys, a
// trust list, and checkers of status and content. Nothing is registered
// globally, nothing is fetched unless one of those values does it, and a
// verifier accepts only the formats it was given.
//
// Verification runs in one audited loop: parse, cheap policy, keys, signature,
// issuer and authority, time, status, content. Every check that still makes
// sense runs, so that a caller sees all reasons at once. There are three
// outcomes: a [Result] and no error means valid; an [*Error] means refused, or,
// where errors.Is(err, [ErrInconclusive]), that it could not be decided.
package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Format is one wire format.
type Format interface {
	Name() string
	// Parse reads raw without any cryptography and in bounded time and memory.
	// mediaType may be empty. It returns [ErrOtherFormat] where raw is of
	// another format, so that the next is tried; any other error is final.
	Parse(raw []byte, mediaType string) (*Envelope, error)
}

// Envelope is what a Format parsed: unverified. A credential has Credential and
// Proofs. A presentation has Contents, or else is a credential with the proof of
// its holder beside the issuer's.
type Envelope struct {
	Credential *Credential
	// Proofs are the issuers' signatures; all must verify.
	Proofs []Proof
	// Holder are the presenter's signatures; all must verify. Presenter, if set,
	// is who the presentation says presents: the keys must speak for it.
	Holder    []Proof
	Presenter string
	// Contents are what is presented, each read by the verifier's own formats.
	// Not nil in every presentation, if only empty.
	Contents []Content
	// Tolerated are deviations from the specification that weaken no check.
	Tolerated []error
}

// Content is one credential inside a presentation.
type Content struct {
	MediaType string // may be empty
	Raw       []byte
}

// Proof is one signature over an envelope.
type Proof struct {
	// ID names the signature in checks; it carries nothing personal.
	ID string
	// Hint finds the candidate keys. If Hint.Issuer is set, it is the only
	// issuer for whom this proof can speak.
	Hint    proof.Hint
	Purpose proof.Purpose
	// Created, NotBefore and Expires are the proof's own times, where it has them.
	Created, NotBefore, Expires time.Time
	// Verify checks the signature with one candidate key. The key is allowed
	// for Hint.Algorithm and Purpose already; the verifier owns the loop. An
	// error means that the signature does not verify with this key.
	Verify func(context.Context, *Attempt) error
}

// Attempt is one candidate key for one Proof.
type Attempt struct {
	Key proof.Key
	// Want is what a holder's signature must be bound to; Verify compares it. In
	// issuers' signatures it is empty and not looked at.
	Want Binding
	// Time is that of the verification, for signatures that are good for a
	// moment only.
	Time time.Time
	// Tolerated receives deviations that are seen only with the key at hand.
	Tolerated []error
	// Refused receives what the format's own rules hold against this key
	// although the signature verifies with it: errors wrapping [ErrUntrusted]
	// (its certificate is not for this type) or [ErrTime].
	Refused []error
}

// Credential is what every format says, in one shape. Until a Verifier returns
// it in a Result it is unverified.
type Credential struct {
	Format string
	ID     string
	// Issuers are those who vouch for it: one, save in formats that have
	// several. Empty where the signing key is the only name there is.
	Issuers []string
	Subject string
	Types   []string
	// Signed is when the issuer says it signed. ValidFrom and ValidUntil bound
	// the validity, both inclusive; zero means that none is stated.
	Signed, ValidFrom, ValidUntil time.Time
	// UntilExcluded says that ValidUntil itself is past the validity, as the exp
	// of tokens is (RFC 7519, section 4.1.4).
	UntilExcluded bool
	Status        []StatusRef
	Schemas       []SchemaRef
	// Confirm are the holder's keys, where the issuer signed them.
	Confirm []proof.Key
	// Payload is the format's own type, made of the signed bytes; encoding/json
	// turns it into the claims.
	Payload any
}

// Binding ties a presentation to one exchange: whoever asks for it chooses a
// nonce that is new each time.
type Binding struct{ Audience, Nonce string }

// Claims decodes the claims into dst, a pointer, by way of their JSON form.
func (c *Credential) Claims(dst any) error {
	b, err := json.Marshal(c.Payload)
	if err != nil {
		return fmt.Errorf("credential: claims: %w", err)
	}
	return json.Unmarshal(b, dst)
}

// SchemaRef is a schema that a credential names for its content.
type SchemaRef struct{ Type, ID string }

// StatusRef is one way to ask whether a credential still stands.
type StatusRef struct {
	Type    string // the kind of list
	Purpose string // revocation, suspension, message …
	List    string // URL of the list, or kid of the signer
	Index   uint64 // position, where the list has positions
	// Size is how many bits the status at the position has; 0 is 1. Messages are
	// what its values mean, where the credential says.
	Size     int
	Messages map[uint64]string
	// IDs are the identifiers under which a list may hold the credential, by kind.
	IDs map[string][]byte
	// Implied says that the credential does not name this list itself: that no
	// checker knows of it is no failure, unless Config.RequireStatus.
	Implied bool
}

// StatusQuery is what a StatusChecker is asked.
type StatusQuery struct {
	Ref        StatusRef
	Credential *Credential
	Time       time.Time
	// Authority is the trusted issuer: a checker is not asked for others, so that
	// it may fetch what the credential names. Under Config.InsecureAnyIssuer it
	// is empty. A checker that is given none should answer proof.ErrUnavailable.
	Authority *trustlist.Entry
	// VerifyList verifies a signed status list with this verifier, for the same
	// authority in [trustlist.RoleStatus]; the list's own status is not
	// followed. A nil Format means the verifier's own. Its errors wrap only
	// proof.ErrUnavailable: a list's fault is not the credential's.
	VerifyList func(context.Context, Format, []byte) (*Credential, error)
}

// Status is the answer of a list that does not revoke the credential.
type Status struct {
	Ref     StatusRef
	Message string
	AsOf    time.Time // when the list was made; zero: it does not say
}

// TrustList decides who may issue. [*trustlist.List] is one. One that also has
// methods Issued() and Expires(), each returning a time.Time, as that has, is
// asked for them when it does not know a key.
type TrustList interface {
	Authorize(context.Context, trustlist.Query) (*trustlist.Entry, error)
}

// StatusChecker looks a credential up in status lists. It returns an error
// wrapping [ErrRevoked], [ErrSuspended], proof.ErrUnavailable, or [ErrNoData]
// for kinds of list it does not know and where it has no list for this issuer.
// Any other error is a refusal.
type StatusChecker interface {
	CheckStatus(context.Context, StatusQuery) (Status, error)
}

// SchemaChecker checks content. It returns an error wrapping proof.ErrUnavailable
// where it could not find out; any other error is a refusal. One that asks a
// network for what the credential names also has a method Asks that returns true,
// and is called only for credentials whose issuer is trusted: anybody can name a
// place in a token that nobody signed.
type SchemaChecker interface {
	CheckSchema(context.Context, *Credential) error
}

// Unverified is what Inspect saw: for display and debugging, never for a
// decision.
type Unverified struct {
	Credential *Credential  // nil in a presentation of several
	Contents   []Content    // of a presentation
	Hints      []proof.Hint // one for each signature
	Tolerated  []error
}

// Inspect parses raw with the first of formats that knows it and checks
// nothing. The error wraps [ErrFormat].
func Inspect(formats []Format, raw []byte) (*Unverified, error) {
	env, _, err := parse(formats, Content{Raw: raw})
	if err != nil {
		return nil, err
	}
	u := &Unverified{Credential: env.Credential, Contents: env.Contents, Tolerated: env.Tolerated}
	for _, p := range env.Proofs {
		u.Hints = append(u.Hints, p.Hint)
	}
	return u, nil
}
