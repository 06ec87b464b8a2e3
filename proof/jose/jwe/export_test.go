package jwe

// For tests of what the standards give vectors for.
var (
	Wrap      = wrap
	Unwrap    = unwrap
	ConcatKDF = concatKDF
)
