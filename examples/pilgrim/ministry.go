package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/schema"
)

// ministry issues cards in the name of a state, each in two forms, and keeps
// for both how to withdraw it.
type ministry struct {
	code, authority string // Indonesia is "ID"

	signer       *testnet.DocumentSigner // of certificates
	certificates *credential.Issuer
	issued       *register

	did         string // signs credentials
	credentials *credential.Issuer
	lists       *credential.Issuer // signs lists of their status
	store       *status.Store
}

// openMinistry opens for business, with the register of credentials that is in
// the folder, if there is one already.
func openMinistry(s *testnet.State, dir string) (*ministry, error) {
	name := stateName(s.Code)
	m := &ministry{code: s.Code, authority: "Ministry of Health, " + name, signer: s.Signers()[0], issued: &register{}}
	var err error
	if m.store, err = status.Open(dir); err != nil {
		return nil, err
	}
	if len(m.store.Lists()) == 0 {
		list, err := status.NewBitstringList("https://health.example/"+s.Code+"/status/1447", status.PurposeRevocation, 1<<17)
		if err != nil {
			return nil, err
		}
		if err := m.store.Add(list); err != nil {
			return nil, err
		}
	}
	signer, err := key.NewSigner(s.Signers()[1].Key)
	if err != nil {
		return nil, err
	}
	m.did = signer.Key().Controllers[0]
	// A ministry keeps to the letter of the schema; a border post is milder.
	strict := schema.Health{Strict: true, ValueSets: true}
	m.certificates, err = credential.NewIssuer(credential.IssuerConfig{
		Sealer: hcert.Format{}, Signers: []proof.Signer{m.signer.Signer}, Register: m.issued, Schema: strict,
	})
	if err != nil {
		return nil, err
	}
	m.credentials, err = credential.NewIssuer(credential.IssuerConfig{
		Sealer: w3c.Format{}, Signers: []proof.Signer{signer}, Register: m.store,
	})
	if err != nil {
		return nil, err
	}
	m.lists, err = credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{signer}})
	return m, err
}

// certify issues the health certificate of one vaccination: the text of its
// code.
func (m *ministry) certify(ctx context.Context, p *pilgrim, d dose) (string, error) {
	raw, err := m.certificates.Issue(ctx, p.certificate(m.code, m.authority, d, issued, expires))
	return string(raw), err
}

// credential issues the card as a W3C credential, with a place in the
// ministry's status list.
func (m *ministry) credential(ctx context.Context, p *pilgrim) ([]byte, error) {
	type vaccination struct {
		Vaccine string `json:"vaccine"`
		Product string `json:"product"`
		Date    string `json:"date"`
		Batch   string `json:"batch"`
	}
	var doses []vaccination
	for _, d := range p.Doses {
		doses = append(doses, vaccination{d.Vaccine + ", " + d.Brand, d.product, d.Given, d.Batch})
	}
	draft, err := w3c.New(w3c.Content{
		ID:    m.cardID(p),
		Types: []string{"PilgrimHealthCard"}, Contexts: []string{"https://www.w3.org/ns/credentials/undefined-terms/v2"},
		Issuer: m.did, ValidFrom: issued, ValidUntil: expires,
		Subject: map[string]any{
			"name": p.Name, "birthDate": p.Born, "nationality": p.Nation, "passport": p.Passport, "vaccinations": doses,
		},
	})
	if err != nil {
		return nil, err
	}
	draft.Signed = issued
	raw, err := m.credentials.Issue(ctx, draft)
	if err != nil {
		return nil, err
	}
	return raw, m.store.Save() // before the card leaves the house
}

func (m *ministry) cardID(p *pilgrim) string {
	return "https://health.example/" + m.code + "/cards/" + p.Serial
}

// withdraw makes all forms of a card invalid, once border posts have heard.
func (m *ministry) withdraw(p *pilgrim) error {
	for _, d := range p.Doses {
		if err := m.issued.withdraw(p.certificate(m.code, "", d, issued, expires).ID); err != nil {
			return err
		}
	}
	if err := m.store.Revoke(m.cardID(p)); err != nil {
		return err
	}
	return m.store.Save()
}

// batches are the certificates that the ministry has withdrawn, for the network
// to pass on.
func (m *ministry) batches() []status.Batch {
	hashes := m.issued.withdrawnHashes()
	if len(hashes) == 0 {
		return nil
	}
	return []status.Batch{{
		Country: m.code, Expires: expires, KID: m.signer.Signer.Key().ID, Kind: status.KindSignature, Hashes: hashes,
	}}
}

// publish signs the status lists of the credentials into a folder.
func (m *ministry) publish(ctx context.Context, dir string) error {
	for _, l := range m.store.Lists() {
		doc, err := l.Document(m.did, reported, reported.AddDate(0, 0, 7))
		if err != nil {
			return err
		}
		draft, err := w3c.FromJSON(doc)
		if err != nil {
			return err
		}
		draft.Signed = reported
		raw, err := m.lists.Issue(ctx, draft)
		if err != nil {
			return err
		}
		if err := status.Publish(dir, l.URL(), raw); err != nil {
			return err
		}
	}
	return nil
}

// register keeps what a certificate would be withdrawn by: the hash of its
// signature, which exists only once it is signed. It implements
// credential.Register.
type register struct {
	mu        sync.Mutex
	hashes    map[string]status.Hash // by Draft.ID
	withdrawn map[string]bool
}

// Allocate gives no place: health certificates are withdrawn by hash.
func (r *register) Allocate(context.Context, *credential.Draft) ([]credential.StatusRef, error) {
	return nil, nil
}

// Record notes the hash of a certificate that was signed.
func (r *register) Record(_ context.Context, d *credential.Draft, sealed *credential.Credential) error {
	for _, ref := range sealed.Status {
		if h := ref.IDs[status.KindSignature]; ref.Type == status.TypeDCC && len(h) == len(status.Hash{}) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.hashes == nil {
				r.hashes = map[string]status.Hash{}
			}
			r.hashes[d.ID] = status.Hash(h)
			return nil
		}
	}
	return errors.New("a certificate that could never be withdrawn")
}

func (r *register) withdraw(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.hashes[id]; !ok {
		return fmt.Errorf("no certificate %s was issued", id)
	}
	if r.withdrawn == nil {
		r.withdrawn = map[string]bool{}
	}
	r.withdrawn[id] = true
	return nil
}

func (r *register) withdrawnHashes() []status.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []status.Hash
	for _, id := range slices.Sorted(maps.Keys(r.withdrawn)) {
		out = append(out, r.hashes[id])
	}
	return out
}

// issue makes the pilgrim's card in all its forms.
func issue(ctx context.Context, t *teller, m *ministry, f files) error {
	t.chapter("2. Indonesia's ministry of health issues a card to %s", siti.Name)
	codes := make([]string, len(siti.Doses))
	for i, d := range siti.Doses {
		text, err := m.certify(ctx, &siti, d)
		if err != nil {
			return fmt.Errorf("issuing the certificate for %s: %w", d.Vaccine, err)
		}
		if err := writeCode(f.path(d.file), text); err != nil {
			return err
		}
		codes[i] = text
		t.say("   %-22s a code of %d characters: %s", d.Vaccine, len(text), f.path(d.file+".png"))
	}
	raw, err := m.credential(ctx, &siti)
	if err != nil {
		return fmt.Errorf("issuing the W3C credential: %w", err)
	}
	if err := write(f.path("card.json"), raw); err != nil {
		return err
	}
	t.say("   %-22s for web services too: %s", "The card on a phone", f.path("card.json"))
	page, err := cardPage(&siti, codes, issued, expires)
	if err != nil {
		return fmt.Errorf("the printed card: %w", err)
	}
	t.say("   %-22s in English and Arabic: %s", "The card on paper", f.path("card.html"))
	return write(f.path("card.html"), page)
}

func day(t time.Time) string { return t.Format("2 January 2006") }
