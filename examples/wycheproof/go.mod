module github.com/sanad-credentials/sanad/examples/wycheproof

go 1.26.4

require github.com/sanad-credentials/sanad v0.0.0

require (
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // indirect
)

replace github.com/sanad-credentials/sanad => ../..
