package main

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// country issues the health certificates.
const country = "XA"

// certificate is a health certificate and what it says, with the key it was
// signed with.
type certificate struct {
	text    []byte
	key     crypto.PublicKey
	kid     string
	content json.RawMessage // of claim -260, by its numbers
}

// healthCertificates has each side open what the other sealed, with the content
// it was given.
func healthCertificates(w *world) error {
	network := testnet.New("interop", now)
	for _, kind := range []struct {
		name string
		key  testnet.Kind
		peer string
	}{{"hcert/ES256", testnet.P256, "EC"}, {"hcert/PS256", testnet.RSA2048, "RSA"}} {
		r := w.rows(kind.name)
		signer := network.State(country).Signer(testnet.SignerOptions{Kind: kind.key})
		for i := range documents {
			name := fmt.Sprint("certificate ", i)
			content := w.healthContent()
			ours, err := w.sealOurs(signer, content)
			if err == nil {
				err = w.peerOpens(ours)
			}
			r.there.accepted(name, err)
			theirs, err := w.sealTheirs(kind.peer, content)
			if err == nil {
				err = w.weOpen(theirs)
			}
			r.back.accepted(name, err)
			for _, c := range []certificate{ours, theirs} {
				for range 4 {
					if c.text == nil {
						break // counted above
					}
					changed := c
					if changed.text, err = w.flipped(c.text); err != nil {
						return err
					}
					r.changedThere.refused(name, w.peerOpens(changed))
					r.changedBack.refused(name, w.weOpen(changed))
				}
			}
		}
		r.print()
	}
	return nil
}

// healthContent is the content of a certificate: one of either kind.
func (m maker) healthContent() any {
	if m.IntN(2) == 0 {
		return &hcert.ICVP{
			Name: m.name(), DateOfBirth: "1980-01-31", Sex: "F", Nationality: "XXA", DocumentID: fmt.Sprintf("X%07d", m.IntN(1e7)), Guardian: m.name(),
			Vaccinations: []hcert.Dose{{Product: "YellowFeverProductd2c75a15ed309658b3968519ddb31690", Date: "2026-03-01", Batch: m.word(), Issuer: m.text() + "."}},
		}
	}
	birth, own := "1980-01-31", country
	d := &hcert.DCC{Version: "1.3.0", DateOfBirth: &birth, Name: hcert.Name{Surname: m.name(), StandardSurname: "RAHMA", Forename: m.name(), StandardForename: "SITI"}}
	for i := range 1 + m.IntN(3) {
		d.Vaccinations = append(d.Vaccinations, hcert.Vaccination{
			Disease: "840539006", Prophylaxis: "1119349007", Product: "EU/1/20/1528", Holder: "ORG-100030215", Dose: i + 1, Series: 1 + m.IntN(300),
			Date: "2026-02-03", Country: &own, Issuer: m.name(), CertificateID: fmt.Sprintf("URN:UVCI:01:XA:%d#Q", m.IntN(1e9)),
		})
	}
	return d
}

func (m maker) name() string { return m.word() + " " + m.word() }

var expires = now.AddDate(1, 0, 0)

// numbered is the content as claim -260 has it, in JSON.
func numbered(content any) (json.RawMessage, error) {
	number := "1"
	if _, ok := content.(*hcert.ICVP); ok {
		number = "-6"
	}
	return encode(object{number: content})
}

func (w *world) sealOurs(signer *testnet.DocumentSigner, content any) (c certificate, err error) {
	if c.content, err = numbered(content); err != nil {
		return c, err
	}
	var draft *credential.Draft
	switch v := content.(type) {
	case *hcert.DCC:
		draft = hcert.NewDCC(country, v, now, expires)
	case *hcert.ICVP:
		draft = hcert.NewICVP(country, "interop", v, now, expires)
	}
	issuer, err := credential.NewIssuer(credential.IssuerConfig{Sealer: hcert.Format{}, Signers: []proof.Signer{signer.Signer}})
	if err != nil {
		return c, err
	}
	c.key, c.kid = signer.Cert.PublicKey, signer.Signer.Key().ID
	c.text, err = issuer.Issue(w, draft)
	return c, err
}

func (w *world) sealTheirs(kind string, content any) (c certificate, err error) {
	if c.content, err = numbered(content); err != nil {
		return c, err
	}
	kid := make([]byte, 8)
	for i := range kid {
		kid[i] = byte(w.Uint32())
	}
	c.kid = base64.StdEncoding.EncodeToString(kid)
	var answer struct{ Text, Key string }
	err = w.call("sealHealth", object{
		"kind": kind, "kid": c.kid, "issuer": country, "issued": now.Unix(), "expires": expires.Unix(), "content": c.content,
	}, &answer)
	if err != nil {
		return c, err
	}
	block, _ := pem.Decode([]byte(answer.Key))
	if block == nil {
		return c, errors.New("the peer's key is no PEM")
	}
	c.text = []byte(answer.Text)
	c.key, err = x509.ParsePKIXPublicKey(block.Bytes)
	return c, err
}

// peerOpens has the peer open a certificate and compares what it found.
func (w *world) peerOpens(c certificate) error {
	der, err := x509.MarshalPKIXPublicKey(c.key)
	if err != nil {
		return err
	}
	var found struct {
		KID, Issuer     string
		Issued, Expires int64
		Content         json.RawMessage
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := w.call("openHealth", object{"text": string(c.text), "key": string(key)}, &found); err != nil {
		return err
	}
	if found.KID != c.kid || found.Issuer != country || found.Issued != now.Unix() || found.Expires != expires.Unix() {
		return fmt.Errorf("the peer reads other claims: %+v", found)
	}
	return equalJSON(found.Content, c.content)
}

// weOpen opens a certificate and compares what it found.
func (w *world) weOpen(c certificate) error {
	algorithm := proof.PS256
	if _, ok := c.key.(*ecdsa.PublicKey); ok {
		algorithm = proof.ES256
	}
	list, err := trustlist.New(trustlist.Info{Name: "interop", Issued: now}, trustlist.Entry{
		Authority: country, Territory: country, Names: trustlist.CountryNames(country), Roles: []trustlist.Role{trustlist.RoleIssue},
		Keys: []proof.Key{{ID: c.kid, Public: c.key, Algorithms: []proof.Algorithm{algorithm}, Purposes: []proof.Purpose{proof.AssertionMethod}}},
	})
	if err != nil {
		return err
	}
	v, err := credential.NewVerifier(credential.Config{Formats: []credential.Format{hcert.Format{Strict: true}}, Keys: list, Trust: list})
	if err != nil {
		return err
	}
	result, err := v.Verify(w, c.text, credential.Policy{Time: now.Add(time.Hour)})
	if err != nil {
		return err
	}
	p := result.Credential.Payload.(*hcert.Payload)
	var content any
	if content, err = p.DCC(); err == nil && content.(*hcert.DCC) == nil {
		content, err = p.ICVP()
	}
	if err != nil {
		return err
	}
	found, err := numbered(content)
	if err != nil {
		return err
	}
	if cr := result.Credential; cr.Issuers[0] != country || !cr.Signed.Equal(now) || !cr.ValidUntil.Equal(expires) {
		return fmt.Errorf("we read other claims: %v %v %v", cr.Issuers, cr.Signed, cr.ValidUntil)
	}
	return equalJSON(found, c.content)
}

func equalJSON(a, b json.RawMessage) error {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return err
	}
	if !reflect.DeepEqual(x, y) {
		return fmt.Errorf("contents differ: %s, sealed %s", a, b)
	}
	return nil
}

// flipped is a certificate with one bit changed: in the payload or in the
// signature behind it, and not in the header that is not signed.
func (m maker) flipped(text []byte) ([]byte, error) {
	packed, err := base45.Decode(text[len("HC1:"):])
	if err != nil {
		return nil, err
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	message, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	message[len(message)-1-m.IntN(len(message)-30)] ^= 1 << m.IntN(8)
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, errWrite := z.Write(message)
	if err := errors.Join(errWrite, z.Close()); err != nil {
		return nil, err
	}
	return []byte("HC1:" + base45.Encode(b.Bytes())), nil
}
