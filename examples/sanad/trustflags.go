package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/did"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
	"github.com/sanad-credentials/sanad/proof/dataintegrity/rdf"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

// trustFlags say what lists are held against.
type trustFlags struct {
	TrustKey []trustKeyFlag `sep:"none" placeholder:"DID|FILE" help:"Who must have signed the gdhcn, snapshot and vci lists, one of them: a did:key, or a file with a DID document, a certificate (PEM) or a public key (PEM). Of a certificate its key counts, not its period. KIND=DID or KIND=FILE for one that signs lists of that kind alone."`
	Context  []contextFlag  `sep:"none" placeholder:"URL=FILE" help:"JSON-LD context that signed gdhcn lists name and that is not built in, as those of WHO's network. It decides what a signature covers: have it from where you have the --trust-key."`
	Dir      string         `placeholder:"DIR" help:"Where 'trust fetch' keeps lists: those given by URL are read from there."`
}

// trustKeyFlag is a value of --trust-key, for lists of one kind, or of all where
// it says none.
type trustKeyFlag struct{ kind, key string }

// UnmarshalText reads DID, FILE, KIND=DID or KIND=FILE.
func (k *trustKeyFlag) UnmarshalText(b []byte) error {
	kind, key, ok := strings.Cut(string(b), "=")
	if !ok || !slices.Contains(signedKinds, kind) {
		kind, key = "", string(b)
	}
	if key == "" {
		return errors.New("empty")
	}
	*k = trustKeyFlag{kind, key}
	return nil
}

// signs reports whether the key is for lists of a kind.
func (k trustKeyFlag) signs(kind string) bool {
	return k.kind == kind || k.kind == "" && slices.Contains(signedKinds, kind)
}

// contextFlag is a value of --context.
type contextFlag struct{ url, file string }

// UnmarshalText reads URL=FILE.
func (c *contextFlag) UnmarshalText(b []byte) error {
	url, file, ok := strings.Cut(string(b), "=")
	if !ok || url == "" || file == "" {
		return fmt.Errorf("%q is not URL=FILE", b)
	}
	*c = contextFlag{url, file}
	return nil
}

// contextView is a context that was given, for those who compare it with one
// that somebody else has.
type contextView struct {
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
}

// listReader is how the lists of a command are read.
type listReader struct {
	keys     map[string][]proof.Key // that may sign, by kind; none: signatures are not checked
	rdf      dataintegrity.RDF
	contexts []contextView
	check    gdhcn.AuthorityCheck
	dir      string
	network  *networkTrust
}

func (f *trustFlags) reader(e *env, check gdhcn.AuthorityCheck, n *networkTrust) (*listReader, error) {
	r := &listReader{check: check, dir: f.Dir, network: n, keys: map[string][]proof.Key{}}
	for _, flag := range f.TrustKey {
		keys, err := e.trustKeys(flag.key)
		if err != nil {
			return nil, err
		}
		for _, kind := range signedKinds {
			if flag.signs(kind) {
				r.keys[kind] = append(r.keys[kind], keys...)
			}
		}
	}
	if len(r.keys) == 0 {
		return r, nil
	}
	var contexts []rdf.Context
	for _, c := range f.Context {
		raw, err := e.read(c.file, limits.DIDDocument)
		if err != nil {
			return nil, fmt.Errorf("--context: %w", err)
		}
		sum := sha256.Sum256(raw)
		x := rdf.Context{URL: c.url, Raw: raw, SHA256: hex.EncodeToString(sum[:])}
		contexts = append(contexts, x)
		r.contexts = append(r.contexts, contextView{x.URL, x.SHA256})
	}
	var err error
	if r.rdf, err = rdf.New(contexts...); err != nil {
		return nil, fmt.Errorf("--context: %w", err)
	}
	return r, nil
}

// usage finds flags that would do nothing for lists of these kinds, or more than
// was meant.
func (f *trustFlags) usage(lists []source) error {
	has := func(match func(source) bool) bool { return slices.ContainsFunc(lists, match) }
	is := func(kind string) bool { return has(func(s source) bool { return s.kind == kind }) }
	for _, k := range f.TrustKey {
		switch {
		case !has(func(s source) bool { return k.signs(s.kind) }):
			return usagef("--trust-key %s without a list that it signs: of kind %s", k.key, cmp.Or(k.kind, strings.Join(signedKinds, ", ")))
		case k.kind == "" && is(kindVCI) && (is(kindGDHCN) || is(kindSnapshot)):
			return usagef("--trust-key %s: who signs issuers of SMART Health Cards does not sign the lists of states: say of which kind, as in --trust-key %s=%[1]s", k.key, kindVCI)
		}
	}
	switch {
	case len(f.Context) > 0 && len(f.TrustKey) == 0:
		return usagef("--context without --trust-key: nothing is read by it")
	case f.Dir != "" && !has(source.remote):
		return usagef("--dir without a list that is given by its URL")
	case f.Dir == "" && has(source.remote):
		return usagef("a list that is given by its URL needs --dir: where 'trust fetch' keeps it")
	}
	return nil
}

// trustKeys reads what --trust-key names.
func (e *env) trustKeys(name string) ([]proof.Key, error) {
	switch did.Method(name) {
	case "key":
		return didKeys("--trust-key", []string{name})
	case "":
		keys, err := e.keyFile(name)
		if err != nil {
			return nil, fmt.Errorf("--trust-key: %w", err)
		}
		return keys, nil
	}
	return nil, fmt.Errorf("--trust-key %s: no did:key; of another DID, give a file with its document", name)
}

// keyFile reads the keys in a file: those of a DID document, or the one of a
// certificate or public key. Those of the latter have no name.
func (e *env) keyFile(name string) ([]proof.Key, error) {
	raw, err := e.read(name, limits.DIDDocument)
	if err != nil {
		return nil, err
	}
	var keys []proof.Key
	if text := bytes.TrimSpace(raw); bytes.HasPrefix(text, []byte("{")) {
		keys, err = gdhcn.Signers(text, e.now())
	} else {
		keys, err = pemKeys(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

// pemKeys reads a file that has one certificate or public key.
func pemKeys(raw []byte) ([]proof.Key, error) {
	var keys []proof.Key
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		k := proof.Key{Purposes: []proof.Purpose{proof.AssertionMethod}}
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			listed, err := trustlist.CertificateKey(c)
			if err != nil {
				return nil, err
			}
			k.Public, k.Algorithms = listed.Public, listed.Algorithms
		case "PUBLIC KEY":
			var err error
			if k.Public, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
				return nil, err
			}
			if k.Algorithms, err = proof.AlgorithmsFor(k.Public); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("PEM of type %.40q, not CERTIFICATE or PUBLIC KEY", block.Type)
		}
		keys = append(keys, k)
	}
	switch len(keys) {
	case 0:
		return nil, errors.New("neither a DID document nor PEM")
	case 1:
		return keys, nil
	}
	return nil, fmt.Errorf("%d certificates and keys: which of them signs? Give it alone", len(keys))
}

// underNames gives the keys that have no name the names by which the proofs of a list
// call their keys. Whether one of them made a proof, its signature tells.
func underNames(keys []proof.Key, raw []byte) []proof.Key {
	if !slices.ContainsFunc(keys, func(k proof.Key) bool { return k.ID == "" }) {
		return keys
	}
	doc, err := jcs.ParseUpTo(limits.TrustValues, raw)
	if err != nil {
		return keys // the parser of lists will say so
	}
	var names []string
	add := func(p jcs.Value) {
		if id, _ := p.Member("verificationMethod").Text(); id != "" && len(names) < limits.Signatures && !slices.Contains(names, id) {
			names = append(names, id)
		}
	}
	add(doc.Member("proof"))
	for _, p := range doc.Member("proof").Elements() {
		add(p)
	}
	if names == nil {
		return keys
	}
	var out []proof.Key
	for _, k := range keys {
		if k.ID != "" {
			out = append(out, k)
			continue
		}
		for _, id := range names {
			k.ID = id
			out = append(out, k)
		}
	}
	return out
}
