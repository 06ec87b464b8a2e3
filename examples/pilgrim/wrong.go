package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/internal/base45"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
)

// makeWrong makes the cards that must not pass, and the reason for each. What
// the network is needed for is to cheat with its members' keys.
func makeWrong(ctx context.Context, n *network, m *ministry, f files) ([]traveller, error) {
	good, err := m.certify(ctx, &siti, meningitis)
	if err != nil {
		return nil, err
	}
	forger := testnet.New("a forger with a printer", founded)
	cards := []struct {
		file, what string
		codes      []string
		text       func() (string, error)
	}{
		{"altered", "Birth date altered, to look older", []string{"signature.invalid"}, func() (string, error) {
			return alter(good, siti.Born, "1941"+siti.Born[4:])
		}},
		{"stranger", "Made by a forger, with his own key", []string{"issuer.unknown"}, func() (string, error) {
			return sign(ctx, forger.State("ID").Signer(testnet.SignerOptions{}), "ID", &siti, issued, expires)
		}},
		// Oman is trusted, for Oman.
		{"other-state", "Signed with Oman's key, as Indonesia", []string{"issuer.not_authorised", "issuer.mismatch"}, func() (string, error) {
			return sign(ctx, n.State("OM").Signers()[0], "ID", &siti, issued, expires)
		}},
		{"expired", "A card of last month, run out", []string{"time.expired"}, func() (string, error) {
			return sign(ctx, m.signer, "ID", &siti, issued.AddDate(0, -1, 0), issued)
		}},
		{"withdrawn", "Reported lost: the code", []string{"status.revoked"}, func() (string, error) {
			return m.certify(ctx, &budi, meningitis)
		}},
		{"torn", "Half of the code's text is missing", []string{"format.malformed"}, func() (string, error) {
			return good[:len(good)/2], nil
		}},
	}
	var out []traveller
	for _, c := range cards {
		text, err := c.text()
		if err != nil {
			return nil, fmt.Errorf("making the wrong card %s: %w", c.file, err)
		}
		if err := writeCode(f.wrong(c.file), text); err != nil {
			return nil, err
		}
		out = append(out, traveller{what: c.what, file: f.wrong(c.file + ".png"), verdict: report.Refused, codes: c.codes})
	}
	web, err := makeWrongWeb(ctx, m, f)
	if err != nil {
		return nil, fmt.Errorf("making the wrong W3C credentials: %w", err)
	}
	return append(out, web...), m.withdraw(&budi)
}

// makeWrongWeb does the same to W3C credentials: one whose holder's card is
// withdrawn, and one with another name in it.
func makeWrongWeb(ctx context.Context, m *ministry, f files) ([]traveller, error) {
	raw, err := m.credential(ctx, &budi)
	if err != nil {
		return nil, err
	}
	withdrawn := traveller{what: "Reported lost: the card for the phone", file: f.wrong("withdrawn.json"),
		verdict: report.Refused, codes: []string{"status.revoked"}}
	if err := write(withdrawn.file, raw); err != nil {
		return nil, err
	}
	renamed := traveller{what: "Lost, and sold under another name", file: f.wrong("renamed.json"),
		verdict: report.Refused, codes: []string{"signature.invalid"}}
	altered := bytes.Replace(raw, []byte(budi.Name), []byte("BADU SANTOSA"), 1)
	if bytes.Equal(raw, altered) {
		return nil, errors.New("the name to alter is not there")
	}
	return []traveller{withdrawn, renamed}, write(renamed.file, altered)
}

// sign makes a certificate with any key, in any state's name, past all of an
// issuer's checks but the format's own.
func sign(ctx context.Context, key *testnet.DocumentSigner, as string, p *pilgrim, from, until time.Time) (string, error) {
	d := p.certificate(as, "Ministry of Health", p.Doses[0], from, until)
	raw, err := hcert.Format{}.Seal(ctx, d, []proof.Signer{key.Signer})
	return string(raw), err
}

// alter changes a certificate's signed content, and nothing of its signature.
// old and new are of one length.
func alter(text, old, new string) (string, error) {
	packed, err := base45.Decode([]byte(strings.TrimPrefix(text, "HC1:")))
	if err != nil {
		return "", err
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	message, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	altered := bytes.Replace(message, []byte(old), []byte(new), 1)
	if bytes.Equal(altered, message) {
		return "", errors.New("the text to alter is not there")
	}
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(altered); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "HC1:" + base45.Encode(out.Bytes()), nil
}
