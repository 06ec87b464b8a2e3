// Package rdfc is RDFC-1.0, the RDF Dataset Canonicalization of the W3C
// (Recommendation of 21 May 2024): it gives the blank nodes of a dataset names
// that depend on nothing but the dataset, so that the same statements always
// become the same bytes, which can then be hashed and signed.
//
// A blank node is told apart by the statements that mention it, with all blank
// nodes made anonymous (Hash First Degree Quads, section 4.6). That is enough
// for nearly all credentials. Nodes that still look alike are told apart by
// their surroundings, walked in every order (Hash N-Degree Quads, section 4.8).
// A hostile dataset can make that walk take longer than the universe is old,
// so its work is counted and limited; [ErrWork] says that the limit was met.
//
// The package refuses what it cannot write without ambiguity: an IRI with a
// space or a ">" in it, a literal that is not UTF-8, a literal as a subject.
// Nothing is dropped except a statement that is there twice, and nothing is
// normalised: literals that differ in any character are different.
package rdfc
