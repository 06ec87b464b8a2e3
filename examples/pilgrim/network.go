package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// listID is the name of the trust list.
const listID = "did:web:trust.example:v2:trustlist"

// states are the members of the network, with their names as the transcript and
// the card show them.
var states = []struct{ code, name string }{{"ID", "Indonesia"}, {"OM", "Oman"}, {"MY", "Malaysia"}}

func stateName(code string) string {
	for _, s := range states {
		if s.code == code {
			return s.name
		}
	}
	return "nobody known"
}

// network is the states, and the office that signs what they tell each other.
type network struct {
	*testnet.Network
	signer proof.Signer
	did    string // of signer: what border posts are told once, and keep
}

// newNetwork makes each state a signer of health certificates, which are signed
// with ECDSA, and one of W3C credentials, with Ed25519: in this order.
func newNetwork() (*network, error) {
	seed := sha256.Sum256([]byte("sanad pilgrim: the network's office"))
	signer, err := key.NewSigner(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, err
	}
	n := &network{Network: testnet.New("sanad pilgrim", founded), signer: signer}
	n.did, _, _ = strings.Cut(signer.Key().ID, "#")
	for _, s := range states {
		state := n.State(s.code)
		state.Signer(testnet.SignerOptions{})
		state.Signer(testnet.SignerOptions{Kind: testnet.Ed25519})
	}
	return n, nil
}

// entries are what the trust list says of each state, in the form of WHO's
// network: the participant by its code of three letters, its document signers,
// and its signing authority, which may not issue.
func (n *network) entries() ([]trustlist.Entry, error) {
	entries := n.Entries()
	for i := range entries {
		entries[i].Authority = entries[i].Names[1]
	}
	for _, s := range n.States() {
		root, err := trustlist.CertificateKey(s.Root)
		if err != nil {
			return nil, err
		}
		root.Chain = []*x509.Certificate{s.Root}
		entries = append(entries, trustlist.Entry{
			Authority: s.Names[1], Territory: s.Code, Names: s.Names,
			Roles: []trustlist.Role{"SCA"}, Keys: []proof.Key{root},
		})
	}
	return entries, nil
}

// trustList is the list as signed on a day. It serves for a quarter of a year
// at most; a border post may want a fresher one.
func (n *network) trustList(ctx context.Context, day time.Time) ([]byte, error) {
	entries, err := n.entries()
	if err != nil {
		return nil, err
	}
	info := gdhcn.Info{ID: listID, Domain: "ICVP", Issued: day, Expires: day.AddDate(0, 3, 0)}
	return gdhcn.Publish(ctx, info, entries, n.signer)
}

// withdrawn are the cards that the states have withdrawn, as known on a day.
func (n *network) withdrawn(ctx context.Context, day time.Time, batches ...status.Batch) ([]byte, error) {
	s := status.Snapshot{AsOf: day, Expires: day.AddDate(0, 0, 7), Batches: batches}
	for _, state := range states {
		s.Covers = append(s.Covers, state.code)
	}
	return s.Sign(ctx, n.signer)
}

// join publishes the trust list: the fresh one, and the one that an outdated
// post still has.
func join(ctx context.Context, t *teller, n *network, f files) error {
	for name, day := range map[string]time.Time{f.trustList(): listed, f.oldTrustList(): outdated} {
		raw, err := n.trustList(ctx, day)
		if err != nil {
			return fmt.Errorf("the network's trust list: %w", err)
		}
		if err := write(name, raw); err != nil {
			return err
		}
	}
	t.chapter("1. Three states trust each other")
	t.say("   Indonesia, Oman and Malaysia each give the network their ministry's public keys.")
	t.say("   The network signs one list of them (%s).", f.trustList())
	return nil
}

// visit makes the card of a pilgrim from Oman, who crosses the same border.
func visit(ctx context.Context, n *network, f files) error {
	text, err := sign(ctx, n.State("OM").Signers()[0], "OM", &salim, issued, expires)
	if err != nil {
		return fmt.Errorf("the card from Oman: %w", err)
	}
	return writeCode(f.path("oman"), text)
}

// announce tells border posts which cards no longer count: the ministry its own
// list, the network what it has of all states.
func announce(ctx context.Context, n *network, m *ministry, f files) error {
	if err := m.publish(ctx, f.statusList()); err != nil {
		return fmt.Errorf("the ministry's status list: %w", err)
	}
	fresh, err := n.withdrawn(ctx, reported, m.batches()...)
	if err != nil {
		return fmt.Errorf("the withdrawn cards: %w", err)
	}
	old, err := n.withdrawn(ctx, outdated)
	if err != nil {
		return fmt.Errorf("the withdrawn cards: %w", err)
	}
	if err := write(f.withdrawn(), fresh); err != nil {
		return err
	}
	return write(f.oldWithdrawn(), old)
}
