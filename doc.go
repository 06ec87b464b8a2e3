// Package sanad is the root of a library that issues and verifies the
// credentials that cross borders: health certificates of the EU and of WHO's
// Global Digital Health Certification Network, the pilgrim's health card among
// them, and W3C verifiable credentials. It finds the issuer's key on a national
// trust list and checks signature, authority, time, status and content, with no
// network.
//
// There is no code here; begin with package credential:
//
//   - credential: Verifier, Issuer, Policy, Result
//   - credential/hcert, credential/w3c: the formats
//   - credential/status: revocation
//   - credential/report: results as JSON, reasons in five languages
//   - schema: checks of content
//   - trustlist and the packages below it: who may issue
//   - proof, did: keys and signatures
//   - qr: pictures of QR codes
package sanad
