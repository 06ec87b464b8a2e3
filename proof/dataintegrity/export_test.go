package dataintegrity

// Internals gives tests what proof i signs, and its signature.
func Internals(d *Document, i int) (message, signature []byte) {
	return d.Proofs[i].message, d.Proofs[i].signature
}
