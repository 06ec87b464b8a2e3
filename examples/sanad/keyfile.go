package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// maxPEM is the largest file of one key or certificate, in bytes.
const maxPEM = 64 << 10

// readPEM returns the content of the first block of one of the types.
func (e *env) readPEM(name string, types ...string) ([]byte, error) {
	raw, err := e.read(name, maxPEM)
	if err != nil {
		return nil, err
	}
	for rest := raw; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, fmt.Errorf("%s: no PEM block of type %s", name, types[0])
		}
		for _, t := range types {
			if block.Type == t {
				return block.Bytes, nil
			}
		}
	}
}

// readKey reads a private key: PKCS#8 or, for an elliptic curve, SEC 1.
func (e *env) readKey(name string) (crypto.Signer, error) {
	der, err := e.readPEM(name, "PRIVATE KEY", "EC PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if ec, ecErr := x509.ParseECPrivateKey(der); ecErr == nil {
			return ec, nil
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a key of type %T, which does not sign", name, parsed)
	}
	return s, nil
}

func (e *env) readCertificate(name string) (*x509.Certificate, error) {
	der, err := e.readPEM(name, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// didSigner signs as a did:key.
func (e *env) didSigner(keyFile string) (proof.Signer, error) {
	k, err := e.readKey(keyFile)
	if err != nil {
		return nil, err
	}
	s, err := key.NewSigner(k)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return s, nil
}

// certificateSigner signs as the holder of a document signer certificate.
func (e *env) certificateSigner(keyFile, certFile string) (proof.Signer, error) {
	k, err := e.readKey(keyFile)
	if err != nil {
		return nil, err
	}
	c, err := e.readCertificate(certFile)
	if err != nil {
		return nil, err
	}
	if !proof.Same(c.PublicKey, k.Public()) {
		return nil, fmt.Errorf("%s is not the certificate of %s", certFile, keyFile)
	}
	listed, err := trustlist.CertificateKey(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	return proof.NewSigner(k, listed)
}

// didKeys returns the keys that did:keys are, for signatures of lists.
func didKeys(flag string, ids []string) ([]proof.Key, error) {
	var keys []proof.Key
	for _, id := range ids {
		d, err := key.Document(id)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, id, err)
		}
		k, err := d.Key(d.Methods[0].ID)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, id, err)
		}
		keys = append(keys, *k)
	}
	return keys, nil
}
