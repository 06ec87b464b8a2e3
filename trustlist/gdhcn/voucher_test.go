package gdhcn_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

var errStranger = errors.New("another document")

// voucher vouches for one document.
type voucher []byte

func (v voucher) Vouch(document []byte) error {
	if !bytes.Equal(v, document) {
		return errStranger
	}
	return nil
}

// What vouches from outside stands in place of pinned signers, or beside them,
// and is asked about the very bytes that are read.
func TestPromiseVoucherIsAsked(t *testing.T) {
	s, stranger := listSigner(t, testnet.P256, signerID), listSigner(t, testnet.Ed25519, signerID)
	raw, err := gdhcn.Publish(ctx, info, testEntries(t), s)
	require.NoError(t, err)
	signers := []proof.Key{s.Key()}
	for name, c := range map[string]struct {
		o    gdhcn.Options
		want error
	}{
		"vouched for":          {gdhcn.Options{Voucher: voucher(raw)}, nil},
		"both":                 {gdhcn.Options{Voucher: voucher(raw), Signers: signers}, nil},
		"another's":            {gdhcn.Options{Voucher: voucher("{}")}, errStranger},
		"another's, signed":    {gdhcn.Options{Voucher: voucher("{}"), Signers: signers}, errStranger},
		"another's, insecure":  {gdhcn.Options{Voucher: voucher("{}"), InsecureUnsigned: true}, errStranger},
		"by another's signer":  {gdhcn.Options{Voucher: voucher(raw), Signers: []proof.Key{stranger.Key()}}, gdhcn.ErrProof},
		"another of the lists": {gdhcn.Options{Voucher: voucher(raw), ID: listID + "2"}, gdhcn.ErrOtherList},
		"nothing":              {gdhcn.Options{}, gdhcn.ErrProof},
	} {
		l, _, err := gdhcn.Parse(raw, c.o)
		if c.want == nil {
			require.NoError(t, err, name)
			require.Len(t, l.Entries(), len(testEntries(t)), name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, l, name)
		if errors.Is(c.want, errStranger) {
			require.ErrorIs(t, err, gdhcn.ErrProof, name)
		}
	}
	padded := append(bytes.Clone(raw), '\n')
	_, _, err = gdhcn.Parse(padded, gdhcn.Options{Voucher: voucher(raw)})
	require.ErrorIs(t, err, errStranger, "not even a line feed more")
}

func TestMethodsBeyondTheLimit(t *testing.T) {
	raw := `{"id":"` + listID + `","verificationMethod":["did:web:a"` + strings.Repeat(`,"did:web:a"`, limits.TrustKeys) + `]}`
	_, _, err := gdhcn.Parse([]byte(raw), gdhcn.Options{InsecureUnsigned: true})
	require.ErrorIs(t, err, gdhcn.ErrFormat)
	require.ErrorContains(t, err, "100001 methods")
}

// A method that says one thing of version 2 says all three, or is none: a
// signing authority that lost its domain is no document signer.
func TestPromiseHalfAMethodIsNone(t *testing.T) {
	n := network()
	leaf := n.State("ID").Signer(testnet.SignerOptions{})
	key := func(chain ...*x509.Certificate) json.RawMessage {
		raw, err := jwk.Marshal(leaf.Cert.PublicKey, "kid", chain...)
		require.NoError(t, err)
		return raw
	}
	parse := func(method map[string]any) (*trustlist.List, error) {
		raw, err := json.Marshal(map[string]any{"id": listID, "verificationMethod": []any{method}})
		require.NoError(t, err)
		l, _, err := gdhcn.Parse(raw, gdhcn.Options{InsecureUnsigned: true})
		return l, err
	}
	method := func(change func(map[string]any)) map[string]any {
		m := map[string]any{"id": "did:web:a.example:trustlist:idn#kid", "type": "JsonWebKey2020", "publicKeyJwk": key(leaf.Cert)}
		change(m)
		return m
	}
	code := func(s string) map[string]any { return map[string]any{"code": "#" + s} }
	l, err := parse(method(func(map[string]any) {}))
	require.NoError(t, err)
	require.Equal(t, "IDN", l.Entries()[0].Authority)
	for name, change := range map[string]func(map[string]any){
		"a domain":      func(m map[string]any) { m["domain"] = code("DCC") },
		"a participant": func(m map[string]any) { m["participant"] = code("IDN") },
		"a usage":       func(m map[string]any) { m["keyusage"] = code("SCA") },
		"two of three":  func(m map[string]any) { m["keyusage"], m["participant"] = code("SCA"), code("IDN") },
		"no place":      func(m map[string]any) { m["id"] = "did:web:a.example:trustlist:null#kid" },
		"no place and no certificate": func(m map[string]any) {
			m["id"], m["publicKeyJwk"] = "did:web:a.example:trustlist:null#kid", key()
		},
	} {
		_, err := parse(method(change))
		require.ErrorIs(t, err, gdhcn.ErrFormat, name)
	}
}
