// Package rdfc is RDFC-1.0, the RDF Dataset Canonicalization of the W3C.
package rdfc
