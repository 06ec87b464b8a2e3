package gdhcn

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/trustlist"
)

// wildcard stands for all of a level.
const wildcard = "-"

// Tree is what a network publishes: the keys of all its domains.
type Tree struct {
	// Root is the DID of the host that serves the lists, such as
	// "did:web:list.example"; the lists are v2:trustlist below it, and so on.
	Root string
	// Domains are the entries of each trust domain, by its code. Those of signing
	// authorities have the role CSCA, as in the network's own lists, or SCA.
	Domains map[string][]trustlist.Entry
	// Issued is required; Expires may be zero. See [Info].
	Issued, Expires time.Time
	// RDF makes the lists signed as the network's own are. See [Info].
	RDF dataintegrity.RDF
}

// PublishTree writes all documents of a network's lists, each signed with s as
// by [Publish]: what there is to be served below the root's host (smart-trust,
// "GDHCN Trustlists").
//
//	trustlist/did.json                   version 1: the document signers
//	trustlist/<participant>/did.json     its part of a participant, in small letters
//	v2/trustlist/did.json                version 2: all keys
//	v2/trustlist/<domain>[/<participant>[/<usage>]]/did.json
//	v2/trustlist-ref/…/did.json          the same folders, with references
//
// In version 2, "-" stands for all of a level. An entry must be as Publish
// demands; the certificate of an authority in the tree is added to the x5c of
// the signers that it issued, as the network does. Documents are handed to write
// one by one, by their slash-separated path, always in the same order; an error of
// write ends the work and is returned. Nothing is handed over before every entry
// is known to be expressible. Other errors wrap [ErrPublish].
func PublishTree(ctx context.Context, t Tree, s proof.Signer, write func(name string, doc []byte) error) error {
	if hostOf(t.Root) == "" || strings.HasSuffix(t.Root, ":") || t.Issued.IsZero() {
		return fmt.Errorf("%w: Tree needs a did:web as Root and a time of issue", ErrPublish)
	}
	p := publisher{ctx: ctx, tree: &t, signer: s, write: write}
	for _, domain := range slices.Sorted(maps.Keys(t.Domains)) {
		if err := p.addDomain(domain); err != nil {
			return err
		}
	}
	if err := p.version1(); err != nil {
		return err
	}
	return p.version2()
}

// placed is a key in its domain.
type placed struct {
	listed
	domain string
}

// folder is the usage as the network's folders name it.
func (k *placed) folder() string {
	if isAuthority(k.usage) {
		return "SCA"
	}
	return k.usage
}

type publisher struct {
	ctx    context.Context
	tree   *Tree
	signer proof.Signer
	write  func(string, []byte) error
	keys   []placed
}

func (p *publisher) addDomain(domain string) error {
	if !isCode(domain) || domain == wildcard {
		return fmt.Errorf("%w: domain %q: no code", ErrPublish, domain)
	}
	for i := range p.tree.Domains[domain] {
		e := p.tree.Domains[domain][i]
		if e.Authority == wildcard || e.Authority == "NULL" {
			return fmt.Errorf("%w: domain %s, entry %d: a participant of that name can't be told apart", ErrPublish, domain, i)
		}
		e.Keys = p.complete(&e)
		keys, err := entryKeys(&e)
		if err != nil {
			return fmt.Errorf("%w: domain %s, entry %d (%s): %w", ErrPublish, domain, i, e.Authority, err)
		}
		for _, k := range keys {
			if k.usage == wildcard {
				return fmt.Errorf("%w: domain %s, entry %d (%s): no usage", ErrPublish, domain, i, e.Authority)
			}
			p.keys = append(p.keys, placed{k, domain})
		}
	}
	return nil
}

// complete adds the authority's certificate to signers that come without it.
func (p *publisher) complete(e *trustlist.Entry) []proof.Key {
	keys := slices.Clone(e.Keys)
	for i := range keys {
		if k := &keys[i]; len(k.Chain) == 1 && slices.Contains(e.Roles, trustlist.RoleIssue) {
			if c := p.authorityOf(e.Authority, k.Chain[0]); c != nil {
				k.Chain = []*x509.Certificate{k.Chain[0], c}
			}
		}
	}
	return keys
}

func (p *publisher) authorityOf(participant string, leaf *x509.Certificate) *x509.Certificate {
	for _, entries := range p.tree.Domains {
		for i := range entries {
			e := &entries[i]
			if e.Authority != participant || len(e.Roles) != 1 || !isAuthority(string(e.Roles[0])) {
				continue
			}
			for _, k := range e.Keys {
				if len(k.Chain) > 0 && !k.Chain[0].Equal(leaf) && mayHaveIssued(k.Chain[0], leaf) &&
					k.Chain[0].CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
					return k.Chain[0]
				}
			}
		}
	}
	return nil
}

// put signs the document of a DID below the root and hands it over.
func (p *publisher) put(contexts []string, below, controller []string, methods []any) error {
	did := strings.Join(append([]string{p.tree.Root}, below...), ":")
	doc := jsonDocument{
		Context: contexts, ID: did, Controller: strings.Join(append([]string{p.tree.Root}, controller...), ":"),
		VerificationMethod: append([]any{}, methods...), // never null
	}
	raw, err := seal(p.ctx, &doc, p.tree.RDF, p.tree.Issued, p.tree.Expires, p.signer)
	if err != nil {
		return fmt.Errorf("%s: %w", did, err)
	}
	return p.write(strings.Join(below, "/")+"/did.json", raw)
}

// version1 writes the list of document signers, whose certificates are there
// once, whatever their domains.
func (p *publisher) version1() error {
	root := []string{"trustlist"}
	var all []any
	parts := map[string][]any{}
	seen := map[string]bool{}
	for i := range p.keys {
		k := &p.keys[i]
		if k.usage != signerUsage || seen[k.participant+"#"+k.kid] {
			continue
		}
		seen[k.participant+"#"+k.kid] = true
		name := strings.ToLower(k.participant)
		did := p.tree.Root + ":trustlist:" + name
		j, err := jwk.Marshal(k.key.Public, "", k.key.Chain...)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrPublish, err)
		}
		m := jsonMethod{ID: did + "#" + k.kid, Type: "JsonWebKey2020", Controller: did, PublicKeyJwk: j}
		all, parts[name] = append(all, m), append(parts[name], m)
	}
	if err := p.put(contexts[:2], root, root, all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		below := append(root, name)
		if err := p.put(contexts[:2], below, below, parts[name]); err != nil {
			return err
		}
	}
	return nil
}

// version2 writes both lists of version 2, level by level.
func (p *publisher) version2() error {
	lists, refs := []string{"v2", "trustlist"}, []string{"v2", "trustlist-ref"}
	methods := make([]any, len(p.keys))
	for i := range p.keys {
		methods[i] = p.keys[i].v2(p.tree.Root+":v2:trustlist", p.keys[i].domain)
	}
	all := make([]int, len(p.keys))
	for i := range all {
		all[i] = i
	}
	if err := p.level(lists, lists, all, func(_ []string, at []int, _ []string) []any { return pick(methods, at) }); err != nil {
		return err
	}
	return p.level(refs, refs, all, func(below []string, _ []int, next []string) []any {
		if next == nil { // the last level refers to the keys
			return []any{p.tree.Root + ":" + strings.Join(append([]string{"v2", "trustlist"}, below[2:]...), ":")}
		}
		var out []any
		for _, n := range next {
			out = append(out, p.tree.Root+":"+strings.Join(below, ":")+":"+n)
		}
		return out
	})
}

func pick(methods []any, at []int) []any {
	out := make([]any, len(at))
	for i, j := range at {
		out[i] = methods[j]
	}
	return out
}

// level writes a document and those below it. at are the keys that it covers;
// content makes its methods, of the names of the next level too.
func (p *publisher) level(below, above []string, at []int, content func(below []string, at []int, next []string) []any) error {
	var next []string
	parts := map[string][]int{}
	if depth := len(below) - 2; depth < 3 {
		for _, i := range at {
			k := &p.keys[i]
			name := [3]string{k.domain, k.participant, k.folder()}[depth]
			parts[name] = append(parts[name], i)
		}
		next = append([]string{wildcard}, slices.Sorted(maps.Keys(parts))...)
		parts[wildcard] = at
	}
	if err := p.put(contexts, below, above, content(below, at, next)); err != nil {
		return err
	}
	for _, name := range next {
		if err := p.level(append(slices.Clone(below), name), below, parts[name], content); err != nil {
			return err
		}
	}
	return nil
}
