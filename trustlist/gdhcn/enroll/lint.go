package enroll

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// ErrFolder says that a folder can't be looked at: it has no onboarding folder,
// or too many files.
var ErrFolder = errors.New("enroll: no participant's folder")

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	// Error is what the network's checks refuse, or its texts forbid (MUST, SHALL).
	Error Severity = "error"
	// Warning is what its texts advise against (SHOULD, RECOMMENDED).
	Warning Severity = "warning"
)

// Finding is something in a folder that the network would refuse, or advises
// against.
type Finding struct {
	// Code names the rule and never changes, such as "key.short"; docs/join.md
	// lists all of them.
	Code     string   `json:"code"`
	Path     string   `json:"path"` // of the file or folder
	Severity Severity `json:"severity"`
	Text     string   `json:"text"` // a sentence
}

// LintOptions say what a folder is held against.
type LintOptions struct {
	// Time is when the validity of certificates is judged; required.
	Time time.Time
	// Signers is a folder of the participant's document signer certificates,
	// .pem files at any depth. Nil: none are looked at.
	Signers fs.FS
	// Others are folders with the participant's certificates of other
	// environments (DEV, UAT, PROD), of any layout: no key may be in two of them.
	Others []fs.FS
	// Domains are trust domains beside those that the network is known to have.
	Domains []string
}

// Lint looks at a folder that is to be handed in, <participant>/onboarding/… or,
// as in a participant's own repository, onboarding/…, and at the document
// signers that belong to it. It returns what it found, sorted by path, and none
// where the network would take the folder. It looks at no more than 4,096 files
// of 64 kB each. The error wraps [ErrFolder].
func Lint(fsys fs.FS, o LintOptions) ([]Finding, error) {
	if o.Time.IsZero() {
		return nil, fmt.Errorf("%w: LintOptions need a time", ErrFolder)
	}
	l := &linter{o: &o}
	items, err := l.load(fsys, inFolder)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%w: nothing below onboarding/", ErrFolder)
	}
	besides(items)
	l.country = countryOf(items)
	for i := range items {
		l.item(&items[i])
	}
	l.folders(items)
	var signers []item
	if o.Signers != nil {
		if signers, err = l.load(o.Signers, anywhere); err != nil {
			return nil, err
		}
		for i := range signers {
			l.signer(&signers[i], items)
		}
	}
	if err := l.reuse(append(slices.Clone(items), signers...)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code))
	})
	return l.findings, nil
}

type linter struct {
	o        *LintOptions
	country  string // of the first authority
	findings []Finding
}

func (l *linter) find(code, at string, s Severity, format string, args ...any) {
	l.findings = append(l.findings, Finding{code, at, s, fmt.Sprintf(format, args...)})
}

// item is one file, and what its path says of it.
type item struct {
	path                             string
	participant, domain, group, name string // participant is empty in a repository of its own
	raw                              []byte
	certificates                     []*x509.Certificate
	blocks                           int
	beside                           []*x509.Certificate // of CA files, for a TLS file
	unreadable                       error
}

// isCA reports whether the file is that of the authority above a TLS certificate.
func (i *item) isCA() bool {
	return i.group == "TLS" && strings.HasPrefix(strings.ToUpper(i.name), "CA")
}

// inFolder reads [<participant>/]onboarding/<domain>/<group>/<name>. Files of
// other places are not handed in.
func inFolder(name string) (item, bool) {
	parts := strings.Split(name, "/")
	it := item{path: name}
	if len(parts) > 1 && !strings.EqualFold(parts[0], "onboarding") {
		it.participant, parts = parts[0], parts[1:]
	}
	if len(parts) < 3 || !strings.EqualFold(parts[0], "onboarding") || slices.ContainsFunc(parts, func(p string) bool { return p[0] == '.' || p == "signed" }) {
		return it, false
	}
	it.domain, it.name = parts[1], parts[len(parts)-1]
	if len(parts) == 4 {
		it.group = strings.ToUpper(parts[2])
	}
	return it, true
}

// anywhere takes every certificate file.
func anywhere(name string) (item, bool) {
	return item{path: name, group: string(DSC), name: path.Base(name)}, isPEM(name)
}

func isPEM(name string) bool {
	return slices.Contains([]string{".pem", ".crt", ".cer"}, strings.ToLower(path.Ext(name)))
}

// load reads the files that take wants, with their certificates.
func (l *linter) load(fsys fs.FS, take func(string) (item, bool)) ([]item, error) {
	var out []item
	seen := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if seen++; seen > limits.Enrolment {
			return fmt.Errorf("more than %d files", limits.Enrolment)
		}
		if d.IsDir() {
			return nil
		}
		it, ok := take(name)
		if !ok {
			return nil
		}
		if it.raw, err = readSmall(fsys, name); err != nil {
			it.unreadable = err
		} else if isPEM(name) {
			it.parse()
		}
		out = append(out, it)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return out, nil
}

func readSmall(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, errors.New("can't be opened")
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	raw, err := io.ReadAll(io.LimitReader(f, limits.CMS+1))
	if err != nil || len(raw) > limits.CMS {
		return nil, fmt.Errorf("can't be read, or over %d bytes", limits.CMS)
	}
	return raw, nil
}

// parse reads the certificates of a PEM file.
func (i *item) parse() {
	i.blocks = strings.Count(string(i.raw), "-----BEGIN")
	for block, rest := pem.Decode(i.raw); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			i.unreadable = errors.New("a PEM block that is no certificate")
			return
		}
		c, err := jwk.ParseCertificate(block.Bytes)
		if err != nil {
			i.unreadable = err
			return
		}
		i.certificates = append(i.certificates, c)
	}
	if len(i.certificates) != i.blocks || i.blocks == 0 {
		i.unreadable = errors.New("no certificate, or a broken one")
	}
}

// countryOf returns the country of the first authority's certificate, which all
// others of a folder that names no participant must have.
func countryOf(items []item) string {
	for i := range items {
		if it := &items[i]; it.group == string(SCA) && len(it.certificates) > 0 && len(it.certificates[0].Subject.Country) == 1 {
			return it.certificates[0].Subject.Country[0]
		}
	}
	return ""
}

// besides gives each file of a TLS folder the authorities in that folder.
func besides(items []item) {
	cas := map[string][]*x509.Certificate{}
	for i := range items {
		if it := &items[i]; it.isCA() {
			cas[path.Dir(it.path)] = append(cas[path.Dir(it.path)], it.certificates...)
		}
	}
	for i := range items {
		if it := &items[i]; it.group == string(TLS) {
			it.beside = cas[path.Dir(it.path)]
		}
	}
}

// reuse finds keys that are used for two things, or in two environments.
func (l *linter) reuse(items []item) error {
	type use struct{ path, group string }
	uses := map[[sha256.Size]byte]use{}
	for i := range items {
		if it := &items[i]; !it.isCA() && len(it.certificates) > 0 {
			id := sha256.Sum256(it.certificates[0].RawSubjectPublicKeyInfo)
			if first, ok := uses[id]; !ok {
				uses[id] = use{it.path, it.group}
			} else if first.group != it.group {
				l.find("key.reused", it.path, Error, "The key is also that of %s, which is for something else: each usage needs a key of its own.", first.path)
			}
		}
	}
	for _, other := range l.o.Others {
		theirs, err := l.load(other, anywhere)
		if err != nil {
			return err
		}
		for i := range theirs {
			for _, c := range theirs[i].certificates {
				if mine, ok := uses[sha256.Sum256(c.RawSubjectPublicKeyInfo)]; ok {
					l.find("key.environment", mine.path, Error, "The key is used in another environment too (%s): production and test must not share keys.", theirs[i].path)
				}
			}
		}
	}
	return nil
}
