package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/jwks"
	"github.com/sanad-credentials/sanad/trustlist/pem"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
	"github.com/sanad-credentials/sanad/trustlist/vci"
)

// loaded is one trust list as read.
type loaded struct {
	list    *trustlist.List
	skipped []trustlist.Skipped
	signed  bool // by one of the keys demanded
}

// trustLists merges the lists of the --trust flags; nil without any.
func trustLists(e *env, sources []source, r *listReader) (*trustlist.List, error) {
	var lists []*trustlist.List
	for _, s := range sources {
		l, err := e.load(s, r)
		if err != nil {
			return nil, fmt.Errorf("--trust %s: %w", s, err)
		}
		if n := dropped(l.skipped); n > 0 {
			e.note("--trust %s: keys not taken: %d; 'sanad trust show' tells why", s, n)
		}
		lists = append(lists, l.list)
	}
	if lists == nil {
		return nil, nil
	}
	return trustlist.Merge(lists...), nil
}

func dropped(skipped []trustlist.Skipped) int {
	n := 0
	for _, s := range skipped {
		if !s.Kept {
			n++
		}
	}
	return n
}

// load reads one list.
func (e *env) load(s source, r *listReader) (l loaded, err error) {
	if s.remote() {
		return e.fetched(s, r)
	}
	switch s.kind {
	case kindPEM:
		l.list, l.skipped, err = pem.Load(os.DirFS(s.path), pem.Options{Info: trustlist.Info{Name: s.String()}})
		return l, err
	case kindNetwork:
		return e.loadNetwork(r, func(after uint64) (*quorum.Bundle, error) { return e.bundle(s.path, after) })
	case kindDID:
		l.list, err = e.didList(s.path, trustlist.Info{Name: s.String()})
		return l, err
	case kindGDHCN:
		s.path = rootList(s.path)
	}
	var d refresh.Document
	if d.Raw, err = e.read(s.path, limits.TrustList); err != nil {
		return l, err
	}
	if s.kind == kindVCI && s.signed(r) {
		if d.Signature, err = e.read(signatureOf(s.path), limits.DetachedSignature); err != nil {
			return l, fmt.Errorf("signature: %w", err)
		}
	}
	l, err = e.parse(s, r, d, "")
	if errors.Is(err, gdhcn.ErrReference) {
		l.list, l.skipped, err = e.references(d.Raw, s.path, r.gdhcn(s.kind, d.Raw))
	}
	return l, err
}

// signatureOf is where the detached signature of a list lies: vci_snapshot.sig
// for vci_snapshot.json.
func signatureOf(list string) string { return strings.TrimSuffix(list, ".json") + ".sig" }

// gdhcn is what a list document must be.
func (r *listReader) gdhcn(kind string, raw []byte) gdhcn.Options {
	keys := r.keys[kind]
	return gdhcn.Options{Signers: underNames(keys, raw), InsecureUnsigned: len(keys) == 0, RDF: r.rdf, Authority: r.check}
}

// parse makes a list of a document, which for a list of WHO's network must have
// an id, if one is given.
func (e *env) parse(s source, r *listReader, d refresh.Document, id string) (l loaded, err error) {
	// What has no date is as old as its fetching.
	info := trustlist.Info{Name: s.String(), Issued: d.Fetched}
	switch s.kind {
	case kindJWKS:
		o := jwks.Options{Info: info, Authority: info.Name}
		if s.name != "" {
			o.Authority, o.Territory = s.name, trustlist.Territory(s.name)
			if o.Names = trustlist.CountryNames(s.name); o.Names == nil {
				o.Names = []string{s.name}
			}
		}
		l.list, l.skipped, err = jwks.Parse(d.Raw, o)
		return l, err
	case kindNetwork:
		return e.loadNetwork(r, func(uint64) (*quorum.Bundle, error) { return quorum.ParseBundle(d.Raw) })
	case kindSnapshot:
		if !s.signed(r) {
			return l, usagef("snapshot: needs --trust-key: who must have signed it?")
		}
	}
	l.signed = s.signed(r)
	if s.kind == kindVCI {
		o := vci.Options{Info: info, Signature: d.Signature, InsecureUnsigned: !l.signed, Signers: slices.DeleteFunc(slices.Clone(r.keys[kindVCI]), func(k proof.Key) bool {
			_, ok := k.Public.(*ecdsa.PublicKey)
			return !ok // none of theirs
		})}
		l.list, l.skipped, err = vci.Parse(d.Raw, o)
		return l, err
	}
	o := r.gdhcn(s.kind, d.Raw)
	o.ID = id
	if l.list, l.skipped, err = gdhcn.Parse(d.Raw, o); errors.Is(err, rdf.ErrContext) {
		err = fmt.Errorf("%w; --context gives one that is not built in", err)
	}
	return l, err
}

// rootList is the file of a list: in a folder that is published, that of all its
// keys.
func rootList(path string) string {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return filepath.Join(path, "v2", "trustlist", "did.json")
	}
	return path
}

// references follows a list of references in the folder that it is published in.
func (e *env) references(raw []byte, file string, o gdhcn.Options) (*trustlist.List, []trustlist.Skipped, error) {
	refs, err := gdhcn.ParseReferences(raw, o)
	if err != nil {
		return nil, nil, err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return nil, nil, err
	}
	// did:web:host:a:b is host/a/b/did.json: go up for each part.
	root, dir := refs.Name, filepath.Dir(file)
	for strings.Count(root, ":") > 2 {
		i := strings.LastIndexByte(root, ':')
		if filepath.Base(dir) != root[i+1:] {
			return nil, nil, fmt.Errorf("%s is not where a list of references named %s is published", file, refs.Name)
		}
		root, dir = root[:i], filepath.Dir(dir)
	}
	return gdhcn.Resolve(e.ctx, refs.Name, gdhcn.Folder(os.DirFS(dir), root), o)
}

// didList makes a list of one DID, or of a file with a DID and its authority's
// name in each line.
func (e *env) didList(path string, info trustlist.Info) (*trustlist.List, error) {
	if strings.HasPrefix(path, "did:") {
		entry, err := didEntry(path, path)
		if err != nil {
			return nil, err
		}
		return trustlist.New(info, entry)
	}
	raw, err := e.read(path, limits.TrustList)
	if err != nil {
		return nil, err
	}
	var entries []trustlist.Entry
	lines := bufio.NewScanner(bytes.NewReader(trimText(raw)))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		id, name, _ := strings.Cut(line, " ")
		if name = strings.TrimSpace(name); name == "" {
			name = id
		}
		entry, err := didEntry(id, name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		entries = append(entries, entry)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if entries == nil {
		return nil, errors.New("no DID in the file")
	}
	return trustlist.New(info, entries...)
}

// didEntry lists a DID. The key of a did:key is known from its name, so that
// the list finds it without --did.
func didEntry(id, name string) (trustlist.Entry, error) {
	entry := trustlist.Entry{Authority: name, Names: []string{id}, Roles: []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}}
	switch did.Method(id) {
	case "":
		return entry, errors.New("not a DID")
	case "key":
		doc, err := key.Document(id)
		if err != nil {
			return entry, err
		}
		k, err := doc.Key(doc.Methods[0].ID)
		if err != nil {
			return entry, err
		}
		entry.Keys = []proof.Key{*k}
	}
	return entry, nil
}

// statusSources makes one checker of the --status flags: of folders of W3C
// lists, and of revocation snapshots.
func statusSources(e *env, paths, statusKeys []string) (credential.StatusChecker, error) {
	keys, err := didKeys("--status-key", statusKeys)
	if err != nil {
		return nil, err
	}
	mux := status.Mux{}
	var folders []status.Source
	var snapshots []*status.Snapshot
	for _, path := range paths {
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			folders = append(folders, status.Folder(os.DirFS(path)))
			continue
		}
		raw, err := e.read(path, limits.RevocationSnapshot)
		if err != nil {
			return nil, fmt.Errorf("--status: %w", err)
		}
		s, err := status.ParseSnapshot(raw, status.SnapshotOptions{Signers: keys, InsecureUnsigned: len(keys) == 0})
		if err != nil {
			return nil, fmt.Errorf("--status %s: %w", path, err)
		}
		snapshots = append(snapshots, s)
	}
	if folders != nil {
		if mux[status.TypeBitstring], err = status.NewBitstring(firstOf(folders), w3c.Format{}, w3c.JWT{}, w3c.COSE{}); err != nil {
			return nil, err
		}
	}
	if snapshots != nil {
		if mux[status.TypeDCC], err = status.NewHashes(snapshots...); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

// firstOf asks the sources in turn; the last one's error counts.
func firstOf(sources []status.Source) status.Source {
	return func(ctx context.Context, url string) (raw []byte, err error) {
		for _, s := range sources {
			if raw, err = s(ctx, url); err == nil {
				return raw, nil
			}
		}
		return nil, err
	}
}
