package gdhcn_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testnet"
	"github.com/sanad-credentials/sanad/internal/testvectors"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

const host = "did:web:list.example"

// testTree has three states in two domains; one signer is in both, and one comes
// without its authority's certificate.
func testTree(t testing.TB) (proof.Signer, gdhcn.Tree) {
	t.Helper()
	n := network()
	id, sa := n.State("ID"), n.State("SA")
	shared := id.Signer(testnet.SignerOptions{})
	alone := entry(t, "SAU", both, sa.Signer(testnet.SignerOptions{Kind: testnet.P384}))
	alone.Keys[0].Chain = alone.Keys[0].Chain[:1]
	sca := entry(t, "SAU", []trustlist.Role{"CSCA"}, authority(sa))
	sca.Keys[0].Chain = []*x509.Certificate{sa.Root}
	return listSigner(t, testnet.Ed25519, host+"#signer"), gdhcn.Tree{
		Root: host, Issued: now, Expires: now.AddDate(0, 0, 7),
		Domains: map[string][]trustlist.Entry{
			"DCC":            {entry(t, "IDN", both, shared, id.Signer(testnet.SignerOptions{Kind: testnet.RSA2048})), sca, alone},
			"IPS-PILGRIMAGE": {entry(t, "IDN", both, shared), entry(t, "MYS", both, n.State("MY").Signer(testnet.SignerOptions{}))},
		},
	}
}

func treeFiles(t testing.TB, tree gdhcn.Tree, s proof.Signer) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, gdhcn.PublishTree(ctx, tree, s, func(name string, doc []byte) error {
		require.NotContains(t, files, name)
		files[name] = doc
		return nil
	}))
	return files
}

// asFS is a folder of the files.
func asFS(files map[string][]byte) fstest.MapFS {
	out := fstest.MapFS{}
	for name, doc := range files {
		out[name] = &fstest.MapFile{Data: doc}
	}
	return out
}

// keysOf names what a list grants: participant, role, key and validity.
func keysOf(l *trustlist.List, roles ...trustlist.Role) []string {
	var out []string
	for _, e := range l.Entries() {
		if roles != nil && !slices.Equal(e.Roles, roles) {
			continue
		}
		for _, k := range e.Keys {
			out = append(out, strings.Join([]string{e.Authority, e.Territory, strings.Join(e.Names, ","), string(e.Roles[0]), k.ID, k.NotBefore.String(), k.NotAfter.String()}, " "))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// What is published is, to readers of version 1, of version 2 and of references,
// the same list.
func TestPromisePublishedTreeReadsBack(t *testing.T) {
	s, tree := testTree(t)
	files := treeFiles(t, tree, s)
	o := gdhcn.Options{Signers: []proof.Key{s.Key()}, Authority: gdhcn.AuthorityRequired}
	parse := func(name, did string) *trustlist.List {
		o := o
		o.ID = did
		l, skipped, err := gdhcn.Parse(files[name], o)
		require.NoError(t, err, name)
		require.Empty(t, skipped, name)
		require.Equal(t, []trustlist.Info{{Name: did, Issued: now, Expires: tree.Expires}}, l.Infos())
		return l
	}
	var entries []trustlist.Entry
	for _, d := range slices.Sorted(maps.Keys(tree.Domains)) {
		entries = append(entries, tree.Domains[d]...)
	}
	given, err := trustlist.New(trustlist.Info{}, entries...)
	require.NoError(t, err)
	want := keysOf(given)
	require.Len(t, want, 5)

	require.Equal(t, want, keysOf(parse("v2/trustlist/did.json", host+":v2:trustlist")))
	require.Equal(t, want, keysOf(parse("v2/trustlist/-/-/-/did.json", host+":v2:trustlist:-:-:-")))
	require.Equal(t, keysOf(given, both...), keysOf(parse("trustlist/did.json", host+":trustlist")), "version 1 has the document signers")
	require.Len(t, keysOf(parse("trustlist/idn/did.json", host+":trustlist:idn")), 2)
	require.Len(t, keysOf(parse("v2/trustlist/DCC/SAU/SCA/did.json", host+":v2:trustlist:DCC:SAU:SCA")), 1)
	require.Len(t, keysOf(parse("v2/trustlist/-/IDN/did.json", host+":v2:trustlist:-:IDN")), 2)
	require.Len(t, keysOf(parse("v2/trustlist/IPS-PILGRIMAGE/-/DSC/did.json", host+":v2:trustlist:IPS-PILGRIMAGE:-:DSC")), 2)

	l, skipped, err := gdhcn.Resolve(ctx, host+":v2:trustlist-ref", gdhcn.Folder(asFS(files), host), o)
	require.NoError(t, err)
	require.Equal(t, want, keysOf(l))
	require.NotEmpty(t, skipped)
	for _, s := range skipped {
		require.Equal(t, gdhcn.Skipped{ID: s.ID, Reason: gdhcn.ErrWildcard, Kept: true}, s)
	}
}

// The layout is the network's: every folder that its lists name, with the
// members that its documents have.
func TestPublishedTreeHasTheNetworksLayout(t *testing.T) {
	s, tree := testTree(t)
	files := treeFiles(t, tree, s)
	for _, name := range []string{
		"trustlist/did.json", "trustlist/idn/did.json", "trustlist/sau/did.json",
		"v2/trustlist/did.json", "v2/trustlist/DCC/did.json", "v2/trustlist/DCC/SAU/did.json", "v2/trustlist/DCC/SAU/DSC/did.json", "v2/trustlist/DCC/SAU/SCA/did.json",
		"v2/trustlist/-/did.json", "v2/trustlist/-/-/did.json", "v2/trustlist/-/-/-/did.json", "v2/trustlist/-/MYS/DSC/did.json", "v2/trustlist/DCC/-/SCA/did.json",
		"v2/trustlist-ref/did.json", "v2/trustlist-ref/DCC/did.json", "v2/trustlist-ref/-/IDN/did.json", "v2/trustlist-ref/DCC/SAU/SCA/did.json",
	} {
		require.Contains(t, files, name)
	}
	require.NotContains(t, files, "v2/trustlist/IPS-PILGRIMAGE/SAU/did.json")
	o := gdhcn.Options{Signers: []proof.Key{s.Key()}}
	for name, want := range map[string][]string{
		"v2/trustlist-ref/did.json":             {"v2:trustlist-ref:-", "v2:trustlist-ref:DCC", "v2:trustlist-ref:IPS-PILGRIMAGE"},
		"v2/trustlist-ref/DCC/did.json":         {"v2:trustlist-ref:DCC:-", "v2:trustlist-ref:DCC:IDN", "v2:trustlist-ref:DCC:SAU"},
		"v2/trustlist-ref/DCC/SAU/SCA/did.json": {"v2:trustlist:DCC:SAU:SCA"},
	} {
		refs, err := gdhcn.ParseReferences(files[name], o)
		require.NoError(t, err)
		for i := range want {
			want[i] = host + ":" + want[i]
		}
		require.Equal(t, want, refs.DIDs, name)
	}
	dir := testvectors.Dir(t, "gdhcn", "tng-cdn-uat")
	for _, name := range []string{"trustlist/did.json", "v2/trustlist/did.json", "v2/trustlist/DCC/did.json", "v2/trustlist-ref/did.json"} {
		mine, theirs := shape(t, files[name]), shape(t, readFile(t, filepath.Join(dir, filepath.FromSlash(name))))
		require.Equal(t, theirs.members, mine.members, name)
		require.Equal(t, theirs.controller, mine.controller, name)
		require.Equal(t, theirs.contexts, mine.contexts, name)
		for kind := range mine.methods {
			require.Contains(t, theirs.methods, kind, name)
		}
	}
}

// form is what two documents of one kind have in common.
type form struct {
	members    []string
	methods    map[string]bool // members and codes of the methods
	contexts   int
	controller string // relative to the document's own DID
}

func shape(t testing.TB, raw []byte) form {
	t.Helper()
	var doc object
	require.NoError(t, json.Unmarshal(raw, &doc))
	f := form{members: slices.Sorted(maps.Keys(doc)), methods: map[string]bool{}, contexts: len(doc["@context"].([]any))}
	if doc["controller"] == doc["id"] {
		f.controller = "itself"
	} else if strings.HasPrefix(doc["id"].(string), doc["controller"].(string)+":") {
		f.controller = "above"
	}
	for _, v := range doc["verificationMethod"].([]any) {
		m, ok := v.(object)
		if !ok {
			f.methods["reference"] = true
			continue
		}
		jwk := m["publicKeyJwk"].(object)
		kind := strings.Join(slices.Sorted(maps.Keys(m)), " ") + "; " + strings.Join(slices.Sorted(maps.Keys(jwk)), " ")
		if u, ok := m["keyusage"].(object); ok {
			_, usage, _ := strings.Cut(strings.TrimSuffix(m["id"].(string), "#"), ":v2:trustlist:")
			usage, _, _ = strings.Cut(usage, "#")
			kind += "; " + u["code"].(string) + " in " + usage[strings.LastIndexByte(usage, ':'):]
		}
		f.methods[kind] = true
	}
	return f
}

func TestPublishTreeRefuses(t *testing.T) {
	s, good := testTree(t)
	write := func(string, []byte) error { t.Fatal("handed over"); return nil }
	for name, spoil := range map[string]func(*gdhcn.Tree){
		"no root":             func(x *gdhcn.Tree) { x.Root = "" },
		"no did:web":          func(x *gdhcn.Tree) { x.Root = "did:key:z6Mk" },
		"a colon behind":      func(x *gdhcn.Tree) { x.Root += ":" },
		"no date":             func(x *gdhcn.Tree) { x.Issued = time.Time{} },
		"a small domain":      func(x *gdhcn.Tree) { x.Domains["dcc"] = x.Domains["DCC"] },
		"a wildcard domain":   func(x *gdhcn.Tree) { x.Domains["-"] = x.Domains["DCC"] },
		"a path as domain":    func(x *gdhcn.Tree) { x.Domains["../DCC"] = x.Domains["DCC"] },
		"limited to types":    func(x *gdhcn.Tree) { x.Domains["DCC"][0].Types = []string{"test"} },
		"a participant NULL":  func(x *gdhcn.Tree) { x.Domains["DCC"][0].Authority = "NULL" },
		"a wildcard of them":  func(x *gdhcn.Tree) { x.Domains["DCC"][0].Authority = "-" },
		"a wildcard of usage": func(x *gdhcn.Tree) { x.Domains["DCC"][0].Roles = []trustlist.Role{"-"} },
	} {
		_, tree := testTree(t)
		spoil(&tree)
		require.ErrorIs(t, gdhcn.PublishTree(ctx, tree, s, write), gdhcn.ErrPublish, name)
	}
	full := errors.New("disk is full")
	n := 0
	require.ErrorIs(t, gdhcn.PublishTree(ctx, good, s, func(string, []byte) error {
		if n++; n == 3 {
			return full
		}
		return nil
	}), full)
	require.Equal(t, 3, n)
	require.ErrorIs(t, gdhcn.PublishTree(ctx, good, listSigner(t, testnet.RSA2048, signerID), write), proof.ErrKey)
}

func TestPublishEmptyTree(t *testing.T) {
	s, _ := testTree(t)
	files := treeFiles(t, gdhcn.Tree{Root: host, Issued: now}, s)
	l, skipped, err := gdhcn.Parse(files["v2/trustlist/did.json"], gdhcn.Options{Signers: []proof.Key{s.Key()}})
	require.NoError(t, err, "that is how the last key is withdrawn")
	require.Empty(t, skipped)
	require.Empty(t, l.Entries())
	l, _, err = gdhcn.Resolve(ctx, host+":v2:trustlist-ref", gdhcn.Folder(asFS(files), host), gdhcn.Options{Signers: []proof.Key{s.Key()}})
	require.NoError(t, err)
	require.Empty(t, l.Entries())
}

// networkRDF knows the network's context, under the address that published lists
// name.
func networkRDF(t testing.TB) dataintegrity.RDF {
	t.Helper()
	raw := readFile(t, filepath.Join(testvectors.Dir(t, "gdhcn", "did_contexts"), "v1.jsonld"))
	sum := sha256.Sum256(raw)
	r, err := rdf.New(rdf.Context{URL: "https://smart.who.int/trust/tng-context/v1.jsonld", Raw: raw, SHA256: hex.EncodeToString(sum[:])})
	require.NoError(t, err)
	return r
}

// Signed as the network signs, documents have its members down to the proof, and
// every single change is refused.
func TestPromiseTreeSignedAsTheNetworkDoes(t *testing.T) {
	for _, kind := range []testnet.Kind{testnet.P256, testnet.Ed25519} {
		_, tree := testTree(t)
		tree.RDF, tree.Expires = networkRDF(t), time.Time{}
		s := listSigner(t, kind, host+"#signer")
		files := treeFiles(t, tree, s)
		o := gdhcn.Options{Signers: []proof.Key{s.Key()}, RDF: tree.RDF}
		l, skipped, err := gdhcn.Parse(files["v2/trustlist/did.json"], o)
		require.NoError(t, err)
		require.Empty(t, skipped)
		require.Len(t, keysOf(l), 5)
		refs, _, err := gdhcn.Resolve(ctx, host+":v2:trustlist-ref", gdhcn.Folder(asFS(files), host), o)
		require.NoError(t, err)
		require.Equal(t, keysOf(l), keysOf(refs))
		_, _, err = gdhcn.Parse(files["v2/trustlist/did.json"], gdhcn.Options{Signers: o.Signers})
		require.ErrorIs(t, err, gdhcn.ErrProof, "without an RDF")

		for _, name := range []string{"v2/trustlist/did.json", "v2/trustlist-ref/did.json"} {
			mine, theirs := proofMembers(t, files[name]), proofMembers(t, readFile(t, filepath.Join(testvectors.Dir(t, "gdhcn", "tng-cdn-uat"), filepath.FromSlash(name))))
			require.Equal(t, theirs, mine)
		}
		for _, name := range []string{"trustlist/sau/did.json", "v2/trustlist/DCC/SAU/SCA/did.json", "v2/trustlist-ref/did.json"} {
			var doc object
			require.NoError(t, json.Unmarshal(files[name], &doc))
			for what, m := range mutations(doc) {
				changed, err := json.Marshal(m)
				require.NoError(t, err)
				got, err := gdhcn.ParseReferences(changed, o)
				if name == "v2/trustlist-ref/did.json" && what == "/@context/2 gone" {
					// A context that defines nothing in the list makes no statement.
					require.NoError(t, err)
					require.Equal(t, mustReferences(t, files[name], o), got)
					continue
				}
				require.ErrorIs(t, err, gdhcn.ErrProof, "%s %s", name, what)
			}
		}
	}
	_, tree := testTree(t)
	var err error
	tree.RDF, err = rdf.New()
	require.NoError(t, err)
	s := listSigner(t, testnet.P256, host+"#signer")
	require.ErrorIs(t, gdhcn.PublishTree(ctx, tree, s, func(name string, _ []byte) error {
		require.NotContains(t, name, "v2", "whose context it does not know")
		return nil
	}), rdf.ErrContext)
}

func mustReferences(t testing.TB, raw []byte, o gdhcn.Options) *gdhcn.References {
	t.Helper()
	r, err := gdhcn.ParseReferences(raw, o)
	require.NoError(t, err)
	return r
}

func proofMembers(t testing.TB, raw []byte) []string {
	t.Helper()
	var doc struct{ Proof object }
	require.NoError(t, json.Unmarshal(raw, &doc))
	return slices.Sorted(maps.Keys(doc.Proof))
}
