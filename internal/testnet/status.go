package testnet

import (
	"context"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/proof"
)

// Revocations is what the network knows to be revoked as of its time, for a
// week: complete for all of its states. revoked holds hashes by the state's
// code, of one kind (status.KindUCI …).
func (n *Network) Revocations(kind string, revoked map[string][]status.Hash) *status.Snapshot {
	s := &status.Snapshot{AsOf: n.now, Expires: n.now.AddDate(0, 0, 7)}
	for _, st := range n.States() {
		s.Covers = append(s.Covers, st.Code)
		if hashes := revoked[st.Code]; len(hashes) > 0 {
			s.Batches = append(s.Batches, status.Batch{Country: st.Code, KID: status.UnknownKID, Kind: kind, Expires: n.now.AddDate(1, 0, 0), Hashes: slices.Clone(hashes)})
		}
	}
	return s
}

// StatusList is a signed Bitstring Status List for revocation, as published at
// url by the network's time for a week, with the given places set. The signer's
// key must be named by a DID URL.
func (n *Network) StatusList(url string, issuer proof.Signer, revoked ...uint64) []byte {
	list := must(status.NewBitstringList(url, status.PurposeRevocation, 131072))
	for _, place := range revoked {
		if err := list.Set(place, true); err != nil {
			panic("testnet: " + err.Error())
		}
	}
	doc := must(list.Document(issuer.Key().Controllers[0], n.now, n.now.Add(7*24*time.Hour)))
	i := must(credential.NewIssuer(credential.IssuerConfig{Sealer: w3c.Format{}, Signers: []proof.Signer{issuer}}))
	return must(i.Issue(context.Background(), must(w3c.FromJSON(doc))))
}
