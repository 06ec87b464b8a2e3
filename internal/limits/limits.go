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
