package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/secp256k1"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/bbs"
)

// The kinds of PEM block that a private key is in. What PKCS#8 has no form for, in
// this language's library, is on secp256k1 in SEC 1, as OpenSSL writes it; of BBS it
// is the number itself, 32 bytes.
const (
	pemKey    = "PRIVATE KEY"
	pemSEC1   = "EC PRIVATE KEY"
	pemBBS    = "BBS PRIVATE KEY"
	pemPublic = "PUBLIC KEY"
)

var oidSecp256k1 = asn1.ObjectIdentifier{1, 3, 132, 0, 10} // SEC 2, appendix A.2

// ecKey is a key in SEC 1, appendix C.4.
type ecKey struct {
	Version int
	Private []byte
	Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// marshalKey writes a private key as PEM.
func marshalKey(private any) ([]byte, error) {
	block := &pem.Block{Type: pemKey}
	var err error
	switch k := private.(type) {
	case *bbs.SecretKey:
		block.Type, block.Bytes = pemBBS, k.Bytes()
	case *ecdsa.PrivateKey:
		if !secp256k1.Is(&k.PublicKey) {
			block.Bytes, err = x509.MarshalPKCS8PrivateKey(k)
			break
		}
		var point []byte
		if point, err = secp256k1.Point(&k.PublicKey); err == nil {
			block.Type = pemSEC1
			block.Bytes, err = asn1.Marshal(ecKey{1, secp256k1.Number(k), oidSecp256k1, asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})
		}
	default:
		block.Bytes, err = x509.MarshalPKCS8PrivateKey(k)
	}
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(block), nil
}

// parseKey reads PKCS#8 or, for an elliptic curve, SEC 1.
func parseKey(der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if k, ecErr := x509.ParseECPrivateKey(der); ecErr == nil {
			return k, nil
		}
		if k, ecErr := parseSecp256k1(der); ecErr == nil {
			return k, nil
		}
		return nil, err
	}
	s, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T, which does not sign", parsed)
	}
	return s, nil
}

func parseSecp256k1(der []byte) (*ecdsa.PrivateKey, error) {
	var k ecKey
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 || k.Version != 1 || !k.Curve.Equal(oidSecp256k1) {
		return nil, errors.New("no key of secp256k1")
	}
	return secp256k1.NewKey(k.Private)
}

// bbsSigner signs as the did:key of a BBS key.
func bbsSigner(der []byte) (proof.Signer, error) {
	secret, err := bbs.NewSecretKey(der)
	if err != nil {
		return nil, err
	}
	public, err := key.Key(secret.Public())
	if err != nil {
		return nil, err
	}
	return bbs.NewSigner(secret, *public)
}

// holderKey is the key that a --holder names: a did:key, or one in a file.
func (e *env) holderKey(name string) (*proof.Key, error) {
	if strings.HasPrefix(name, "did:") {
		pub, err := key.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("--holder: %w", err)
		}
		return key.Key(pub)
	}
	kind, der, err := e.readPEM(name, pemPublic, pemKey, pemSEC1)
	if err != nil {
		return nil, err
	}
	var pub crypto.PublicKey
	if kind == pemPublic {
		pub, err = x509.ParsePKIXPublicKey(der)
	} else if s, keyErr := parseKey(der); keyErr == nil {
		pub = s.Public()
	} else {
		err = keyErr
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	k, err := key.Key(pub)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}
