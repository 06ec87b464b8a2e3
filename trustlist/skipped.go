package trustlist

// Skipped is something on a list that its parser did not take, or took only in
// part. A parser reports each: no key goes missing in silence.
type Skipped struct {
	// ID names it: the identifier of a key, the name of a file.
	ID string
	// Reason wraps proof.ErrKey where a key can't be used, or an error of the
	// parser's package.
	Reason error
	// Kept says that the key is on the list all the same, and Reason what is
	// amiss with it.
	Kept bool
}
