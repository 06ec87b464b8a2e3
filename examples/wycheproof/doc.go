// Package wycheproof runs the vectors of the project Wycheproof against the
// signatures of this module: attacks on ECDSA, EdDSA, RSA and JWS that libraries
// fell to. It is a module of its own, since the vectors are more than 100 MB:
//
//	cd examples/wycheproof && GOWORK=off go test -v .
package wycheproof
