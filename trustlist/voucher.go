package trustlist

// Voucher authenticates a document as a whole, from outside of it: a release
// that the members of a network approved (package trustlist/quorum) does. A
// parser that is given one asks it about the very bytes that it reads, and needs
// no signature inside.
type Voucher interface {
	// Vouch returns nil where document is the one that was approved.
	Vouch(document []byte) error
}
