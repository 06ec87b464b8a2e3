// Package limits holds the bounds that keep hostile input cheap: every parser
// of the module takes its own from here, so that they can be read, and argued
// about, in one place.
package limits

// Sizes are in bytes unless a comment says otherwise.
const (
	// Credential is the largest credential that Verify looks at.
	Credential = 1 << 20
	// Base45 is the largest base45 text of a health certificate, many times
	// what a QR code of version 40 holds (4,296 characters).
	Base45 = 64 << 10
	// Inflated is the largest a compressed health certificate may become.
	// Real ones stay under 2 kB.
	Inflated = 64 << 10
	// StatusInflated is the largest an inflated status list may become: a
	// bitstring of 134 million entries.
	StatusInflated = 16 << 20
	// StatusList is the largest status list credential as received.
	StatusList = 24 << 20
	// TrustList is the largest trust list document as received; the network's
	// own is under 2 MB today.
	TrustList = 64 << 20
	// Image is the largest picture file that the QR reader opens.
	Image = 16 << 20
	// ImagePixels is the largest picture, in pixels, that it decodes.
	ImagePixels = 40_000_000
)

// Counts and depths.
const (
	// Nesting is the deepest CBOR or JSON that is read.
	Nesting = 32
	// Members is the most members a map, object or array of a CBOR credential has.
	Members = 1024
	// Signatures is the most signatures one credential carries.
	Signatures = 16
	// Candidates is the most keys that are tried for one signature: the keys of
	// all states that share a kid.
	Candidates = 32
	// StatusRefs is the most status entries of one credential that are followed.
	StatusRefs = 16
	// KeySize is the largest RSA modulus in bits; larger ones cost more time
	// than any signer needs.
	KeySize = 8192
)

// ReportText is the longest subject or detail of a report, in bytes; both may
// repeat words of a hostile credential.
const ReportText = 512

// JSONValues is the most values, members of members included, that a JSON
// credential or status list has; each costs 48 bytes while it is read.
const JSONValues = 1 << 17

// TrustValues is the same for a trust list, where one key has about twenty.
const TrustValues = 1 << 21

// Status lists that a verifier holds.
const (
	// StatusMemory is how many bytes of status lists are remembered, about.
	StatusMemory = 256 << 20
	// StatusSize is the most bits that a status has: each of its values needs a
	// message in the credential.
	StatusSize = 16
	// StatusLists is how many status lists are remembered.
	StatusLists = 1024
	// RevocationBatch is the most hashes in one batch of the DCC gateway.
	RevocationBatch = 1000
	// RevocationSnapshot is the largest snapshot of revocation batches, in
	// bytes: about 1.5 million hashes.
	RevocationSnapshot = 64 << 20
)

// Pictures of QR codes, beside Image and ImagePixels.
const (
	// ImageMemory is the most bytes that decoding a picture may take.
	ImageMemory = 320_000_000
	// ImageScans is the most scans of a progressive JPEG; cameras and editors
	// write about ten, and each costs a pass over the whole picture.
	ImageScans = 100
	// ImageSearch is the largest picture, in pixels, that is searched for a
	// code by all means; a larger one is shrunk first.
	ImageSearch = 2_000_000
	// ImageDetail is the largest, in pixels, that is searched once.
	ImageDetail = 13_000_000
	// FinderPatterns is the most places that may look like the corner of a
	// code; the search tries every three of them.
	FinderPatterns = 256
)

// Issuers is the most issuers of one list of issuers of SMART Health Cards; the
// largest has some 1,200.
const Issuers = 10_000

// DetachedSignature is the largest signature that a trust list has in a document
// of its own, in bytes.
const DetachedSignature = 64 << 10

// JWK is the largest JSON Web Key on its own, with its certificates. TrustKeys
// is the most keys of one trust list, Chain the most certificates of one key.
const (
	JWK       = 64 << 10
	TrustKeys = 100_000
	Chain     = 10
)

// What states exchange when they join a network.
const (
	// CMS is the largest signed message that is read; those of the network,
	// one certificate each, are about 2 kB.
	CMS = 64 << 10
	// Authorities is the most signing authorities of one participant that a
	// list's signers are held against; in the network none has more than five.
	Authorities = 32
	// References is the most documents that a list of references leads to, and
	// ReferenceDepth how far from it they may be.
	References     = 16_384
	ReferenceDepth = 8
	// Enrolment is the most files of a participant's folder that are looked at.
	Enrolment = 4096
)

// Types is the most types that one object of a W3C credential has.
const Types = 32

// Contents is the most credentials in one presentation.
const Contents = 32

// JWSHeader is the longest header of a JWS, in base64url. Certificates make up
// most of it.
const JWSHeader = 64 << 10

// JWE is the largest encrypted message, in bytes, and JWEInflated the largest
// that a compressed one may become.
const (
	JWE         = 24 << 20
	JWEInflated = 16 << 20
)

// DID documents.
const (
	// DIDDocument is the largest DID document that is read.
	DIDDocument = 1 << 20
	// DIDMethods is the most verification methods it has, and the most that
	// one of its relationships refers to.
	DIDMethods = 100
)

// What is fetched.
const (
	// Redirects is the most redirects that are followed.
	Redirects = 3
	// URL is the longest URL that is fetched.
	URL = 4096
	// Headers is the most bytes of HTTP headers in one answer.
	Headers = 64 << 10
	// FetchCache is how many bytes of answers are remembered, FetchEntries how
	// many answers.
	FetchCache   = 16 << 20
	FetchEntries = 1024
)

// Canonicalisation of the statements of a W3C credential.
const (
	// CanonicalWork is how much work telling alike blank nodes apart may take,
	// in units of about one hash: a fraction of a second.
	CanonicalWork = 1 << 19
	// NQuads is the most bytes of N-Quads that are written or read. One long
	// identifier in a small credential can be repeated in every statement.
	NQuads = 8 << 20
)

// JSON-LD.
const (
	// RDF is the most bytes of RDF terms that one document is converted to.
	RDF = 16 << 20
	// ContextTerms is the most term definitions that one document makes the
	// JSON-LD processor write or copy; those of contexts that it remembers
	// cost nothing.
	ContextTerms = 1 << 17
	// ContextDepth is how deep contexts may include each other, and terms of
	// one context build on each other.
	ContextDepth = 16
	// ContextMemory is the most terms of combined contexts that a JSON-LD
	// processor remembers; each costs about 40 bytes.
	ContextMemory = 1 << 17
)

// Disclosed is the most statements, and the most pointers, labels of blank nodes,
// signatures or indexes, of a proof with selective disclosure. Each statement may
// cost a signature; a credential of 1 MiB has room for no more than 12,000.
const Disclosed = 4096

// JSONSchema is the largest JSON Schema document, in bytes, and JSONSchemas the
// most that one checker knows. SchemaFaults is the most faults of a credential
// against its schema that one error tells.
const (
	JSONSchema   = 1 << 20
	JSONSchemas  = 1024
	SchemaFaults = 8
)

// Networks that several members run.
const (
	// NetworkDocument is the largest root, release or removals document.
	NetworkDocument = 1 << 20
	// NetworkKeys is the most members of a root, and the most signatures of one
	// document.
	NetworkKeys = 128
	// NetworkRoots is the most roots that are followed at a time.
	NetworkRoots = 256
	// NetworkFiles is the most files of one release, NetworkRemovals the most
	// keys that are removed at a time.
	NetworkFiles    = 1024
	NetworkRemovals = 1024
	// RemovalLead is how far the version of removals may be ahead of the
	// release's.
	RemovalLead = 1000
)

// PresentationHeader is the most bytes that a BBS proof is bound to.
const PresentationHeader = 4096

// BBSMessages is the most messages that one BBS signature covers, one for each
// statement that can be shown or not. Checking a proof of so many takes about a
// seventh of a second, and a credential may have 16 of them.
const BBSMessages = 1024

// Disclosures is the most disclosures of one SD-JWT.
const Disclosures = 1024

// Metadata is the largest document about an issuer's keys or a type of SD-JWT
// VC. TypeChain is the most types that extend each other, TypeClaims the most
// claims that they describe.
const (
	Metadata   = 1 << 20
	TypeChain  = 8
	TypeClaims = 1024
)
