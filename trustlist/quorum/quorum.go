// Package quorum lets several states run one trust list, so that no one of them,
// and nobody who steals the key of one, can change it alone. It is The Update
// Framework (TUF 1.0.31) for trust lists, with fewer documents:
//
//   - A [Root] names the network, the keys of its members and how many of them
//     must agree to what. It is replaced only by one that both the old and the
//     new members approved, so a verifier that pinned the first one follows by
//     itself when a key is lost.
//   - A [Release] says which files make up the trust list, by hash and length. A
//     proposal is a release that still lacks approvals.
//   - [Removals] withdraw keys of signers at once, under a threshold of their
//     own, which may be lower since they can add nothing.
//
// Those who run a network make documents with [New], sign and join them as
// [Document]. A verifier starts from a root that it got with its program ([Pin]),
// follows its successors ([Pinned.Update]), and gets a trustlist.List from a
// release only through [Pinned.Open] and [Approved.List]: that is how it demands
// the threshold. What it must remember, so that nothing goes back, is [Held].
// [Bundle] has all of a network in one document, for those who fetch it.
//
// Voices are counted, not signatures and not keys: a member is one voice however
// many keys it has, and members of one territory are one voice.
//
// There is no timestamp document. Whoever can withhold documents can hide a
// newer release or removal for as long as the one shown is valid: releases are
// meant to live for days, and to be renewed.
package quorum

import (
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrFormat says that a document is not as this package writes it.
	ErrFormat = errors.New("quorum: malformed document")
	// ErrNetwork says that a document is another network's.
	ErrNetwork = errors.New("quorum: of another network")
	// ErrThreshold says that too few members approved a document.
	ErrThreshold = errors.New("quorum: too few members approved")
	// ErrRollback says that a document is older than one already held, or that
	// one between them is missing.
	ErrRollback = errors.New("quorum: goes back behind what is held")
	// ErrExpired says that a document is too old to decide on; a newer one may
	// have been withheld.
	ErrExpired = fmt.Errorf("quorum: expired: %w", proof.ErrUnavailable)
	// ErrFile says that a file is not the one that was approved, or not there.
	ErrFile = errors.New("quorum: not the file that was approved")
	// ErrKey says that a member's key can't be used here.
	ErrKey = fmt.Errorf("quorum: key of a member: %w", proof.ErrKey)
)

// Role is what a member's key may approve.
type Role string

// The roles. A root document names them in this order.
const (
	RoleRoot    Role = "root"    // the next root
	RoleRelease Role = "release" // a trust list
	RoleRemoval Role = "removal" // emergency removal of signers
)

var allRoles = []Role{RoleRoot, RoleRelease, RoleRemoval}

// Kind is the kind of a document. It is signed with it, so that no signature
// over one kind passes for another.
type Kind string

// The kinds.
const (
	KindRoot     Kind = "sanad root v1"
	KindRelease  Kind = "sanad release v1"
	KindRemovals Kind = "sanad removals v1"
)

// role says which role approves documents of a kind.
func (k Kind) role() Role {
	return map[Kind]Role{KindRoot: RoleRoot, KindRelease: RoleRelease, KindRemovals: RoleRemoval}[k]
}
