package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"

	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// maxPEM is the largest file of one key or certificate, in bytes.
const maxPEM = 64 << 10

// readPEM returns the first block of one of the types, and which that is.
func (e *env) readPEM(name string, types ...string) (kind string, content []byte, err error) {
	raw, err := e.read(name, maxPEM)
	if err != nil {
		return "", nil, err
	}
	for rest := raw; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return "", nil, fmt.Errorf("%s: no PEM block of type %s", name, types[0])
		}
		if slices.Contains(types, block.Type) {
			return block.Type, block.Bytes, nil
		}
	}
}

// readKey reads a private key that signs messages one by one.
func (e *env) readKey(name string) (crypto.Signer, error) {
	_, der, err := e.readPEM(name, pemKey, pemSEC1)
	if err != nil {
		return nil, err
	}
	k, err := parseKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

func (e *env) readCertificate(name string) (*x509.Certificate, error) {
	_, der, err := e.readPEM(name, "CERTIFICATE")
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
	kind, der, err := e.readPEM(keyFile, pemKey, pemSEC1, pemBBS)
	if err != nil {
		return nil, err
	}
	var s proof.Signer
	if kind == pemBBS {
		s, err = bbsSigner(der)
	} else {
		var k crypto.Signer
		if k, err = parseKey(der); err == nil {
			s, err = key.NewSigner(k)
		}
	}
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
