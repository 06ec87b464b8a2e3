package testnet

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha512"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
)

// Kind is a kind of key.
type Kind string

// The kinds. All RSA keys of one size are the same key, read from a file:
// making one from a seed is not something that Go offers.
const (
	P256    Kind = "" // the default
	P384    Kind = "P-384"
	Ed25519 Kind = "Ed25519"
	RSA2048 Kind = "RSA-2048"
	RSA3072 Kind = "RSA-3072"
)

//go:embed testdata/rsa2048.pem testdata/rsa3072.pem
var rsaKeys embed.FS

// newKey makes the key that path names.
func newKey(k Kind, path ...string) crypto.Signer {
	switch k {
	case P256:
		return newECDSA(elliptic.P256(), path)
	case P384:
		return newECDSA(elliptic.P384(), path)
	case Ed25519:
		return ed25519.NewKeyFromSeed(derive(path, 0)[:ed25519.SeedSize])
	case RSA2048:
		return readRSA("testdata/rsa2048.pem")
	case RSA3072:
		return readRSA("testdata/rsa3072.pem")
	}
	panic("testnet: no kind of key " + string(k))
}

func newECDSA(c elliptic.Curve, path []string) crypto.Signer {
	size := (c.Params().N.BitLen() + 7) / 8
	for try := 0; ; try++ { // a scalar beyond the order is refused, about once in 2^32
		if key, err := ecdsa.ParseRawPrivateKey(c, derive(path, try)[:size]); err == nil {
			return deterministic{key}
		}
	}
}

// derive makes 64 bytes of a path and the number of a try.
func derive(path []string, try int) []byte {
	mac := hmac.New(sha512.New, []byte("sanad testnet"))
	fmt.Fprintf(mac, "%q %d", path, try)
	return mac.Sum(nil)
}

// deterministic signs by RFC 6979, whatever randomness the caller offers: so a
// credential's bytes, too, are the same at every run.
type deterministic struct{ key *ecdsa.PrivateKey }

func (d deterministic) Public() crypto.PublicKey { return d.key.Public() }

func (d deterministic) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.key.Sign(nil, digest, opts)
}

func readRSA(name string) crypto.Signer {
	block, _ := pem.Decode(must(rsaKeys.ReadFile(name)))
	if block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		panic("testnet: no key in " + name)
	}
	return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)
}
