// Package pem reads a folder of certificates as a trust list: the form in which
// document signers are kept by hand.
//
//	signers/
//	    DE/dsc-1.pem      speaks for Germany, whatever it says itself
//	    DE/dsc-2.pem
//	    other/lt.cer      speaks for the country in its subject
//
// Whoever can write to the folder decides who may issue: there is no signature
// over it and, unless the caller knows one, no date.
package pem

import (
	"bytes"
	"crypto/x509"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrEmpty says that a folder has no certificate that could be read.
	ErrEmpty = errors.New("pem: no usable certificate")
	// ErrFile is the reason for a file, or a part of one, that is no
	// certificate or can't be read.
	ErrFile = errors.New("pem: not a certificate")
	// ErrCountry is noted for a certificate whose own country is not that of
	// its folder. It is kept, and the folder counts.
	ErrCountry = errors.New("pem: the certificate names another country than its folder")
)

// Skipped is a file, or a certificate in one, that was not taken or needs a
// remark. Its ID is the file's path, with #2 and so on for further certificates
// in it; the reason wraps [ErrFile], [ErrCountry] or proof.ErrKey.
type Skipped = trustlist.Skipped

// Options describe the list.
type Options struct {
	// Info names and dates the list: a folder has no date of its own.
	Info trustlist.Info
	// Roles are those of every certificate. Nil: issue and status. A folder of
	// authorities that only certify signers, as ICAO's CSCA are, must not have
	// these: give it a role of its own name, which grants nothing by itself.
	Roles []trustlist.Role
	// Types are what every certificate may sign, as the signers of one kind of
	// document, ICAO's VDS-NC for instance. Nil: anything.
	Types []string
}

// Load reads every .pem, .crt, .cer and .der file of the tree, in PEM or DER,
// with any number of certificates in a PEM file. Files with other endings are
// not looked at. It reads at most 64 MB and 100,000 certificates.
//
// Each certificate is an entry of its own, by default with the roles issue and
// status, for any type. Certificates of authorities are no exception: document
// signers in the field call themselves that, so keep real ones in another folder
// and read it with other Roles.
//
// A certificate speaks for the country of the nearest folder above it that is
// named like one ([trustlist.CountryNames], in capitals), else for the country
// in its subject. One with neither has no Names: it speaks for any issuer, and
// the verifier notes that it tolerated this. The Authority is its organisation,
// else its common name, else the file's name, with the country: many a
// country's signer is called Ministry of Health.
//
// Unusable files are reported, none is fatal. The error wraps [ErrEmpty] where
// nothing could be used or, as [fs.WalkDir] returns it, says why the folder
// can't be read.
func Load(fsys fs.FS, o Options) (*trustlist.List, []Skipped, error) {
	if o.Roles == nil {
		o.Roles = []trustlist.Role{trustlist.RoleIssue, trustlist.RoleStatus}
	}
	l := loader{o: &o, fsys: fsys, budget: limits.TrustList}
	if err := fs.WalkDir(fsys, ".", l.visit); err != nil {
		return nil, l.skipped, fmt.Errorf("pem: %w", err)
	}
	if len(l.entries) == 0 {
		return nil, l.skipped, fmt.Errorf("%w: %d files or parts of files were skipped", ErrEmpty, len(l.skipped))
	}
	list, err := trustlist.New(o.Info, l.entries...)
	if err != nil {
		return nil, l.skipped, fmt.Errorf("pem: %w", err)
	}
	return list, l.skipped, nil
}

type loader struct {
	o       *Options
	fsys    fs.FS
	budget  int64 // bytes that may still be read
	entries []trustlist.Entry
	skipped []Skipped
}

func (l *loader) skip(id string, reason error) {
	l.skipped = append(l.skipped, Skipped{ID: id, Reason: reason})
}

func (l *loader) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		if name == "." {
			return err
		}
		l.skip(name, fmt.Errorf("%w: unreadable", ErrFile))
		return nil
	}
	if d.IsDir() || !slices.Contains([]string{".pem", ".crt", ".cer", ".der"}, strings.ToLower(path.Ext(name))) {
		return nil
	}
	raw, err := l.read(name)
	if err != nil {
		l.skip(name, err)
		return nil
	}
	l.file(name, raw)
	return nil
}

func (l *loader) read(name string) ([]byte, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: unreadable", ErrFile)
	}
	defer f.Close()
	// A device or pipe might never end; a link is judged by what it leads to.
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", ErrFile)
	}
	if st.Size() > l.budget {
		return nil, fmt.Errorf("%w: over %d bytes in all", ErrFile, limits.TrustList)
	}
	raw, err := io.ReadAll(io.LimitReader(f, st.Size()))
	if err != nil {
		return nil, fmt.Errorf("%w: unreadable", ErrFile)
	}
	l.budget -= int64(len(raw))
	return raw, nil
}

// file adds the certificates in a file.
func (l *loader) file(name string, raw []byte) {
	if !bytes.Contains(raw, []byte("-----BEGIN ")) {
		l.certificate(name, name, raw)
		return
	}
	// Decode passes over broken blocks without a word; they are counted.
	begun, n := bytes.Count(raw, []byte("-----BEGIN ")), 0
	for block, rest := stdpem.Decode(raw); block != nil; block, rest = stdpem.Decode(rest) {
		n++
		id := name
		if n > 1 {
			id = fmt.Sprintf("%s#%d", name, n)
		}
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			l.skip(id, fmt.Errorf("%w: PEM block of another type", ErrFile))
			continue
		}
		l.certificate(id, name, block.Bytes)
	}
	if n < begun {
		l.skip(name, fmt.Errorf("%w: %d broken PEM blocks", ErrFile, begun-n))
	}
}

func (l *loader) certificate(id, name string, der []byte) {
	if len(l.entries) == limits.TrustKeys {
		l.skip(id, fmt.Errorf("%w: more than %d certificates", ErrFile, limits.TrustKeys))
		return
	}
	c, err := jwk.ParseCertificate(der)
	if err != nil {
		l.skip(id, fmt.Errorf("%w: %w", ErrFile, err))
		return
	}
	e, err := l.entry(c, name)
	if err != nil {
		l.skip(id, err)
		return
	}
	if own := subjectNames(c); own != nil && !slices.Equal(own, e.Names) {
		l.skipped = append(l.skipped, Skipped{ID: id, Reason: ErrCountry, Kept: true})
	}
	l.entries = append(l.entries, e)
}

func (l *loader) entry(c *x509.Certificate, name string) (e trustlist.Entry, err error) {
	k, err := trustlist.CertificateKey(c)
	if err != nil {
		return e, fmt.Errorf("pem: %w", err)
	}
	e.Keys = append(e.Keys, k)
	e.Roles, e.Types = l.o.Roles, l.o.Types
	if e.Names = folderNames(name); e.Names == nil {
		e.Names = subjectNames(c)
	}
	switch {
	case len(c.Subject.Organization) > 0 && c.Subject.Organization[0] != "":
		e.Authority = c.Subject.Organization[0]
	case c.Subject.CommonName != "":
		e.Authority = c.Subject.CommonName
	default:
		e.Authority = path.Base(name)
	}
	if len(e.Names) > 0 {
		e.Territory = trustlist.Territory(e.Names[0])
		e.Authority += " (" + e.Names[0] + ")"
	}
	return e, nil
}

// folderNames are those of the country of the nearest folder named like one.
func folderNames(name string) []string {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if names := trustlist.CountryNames(path.Base(dir)); names != nil {
			return names
		}
	}
	return nil
}

// subjectNames are those of the country in a certificate's subject. A code that
// is none, such as EU, is a name all the same: without names the certificate
// would speak for anyone.
func subjectNames(c *x509.Certificate) []string {
	if len(c.Subject.Country) == 0 || c.Subject.Country[0] == "" {
		return nil
	}
	code := strings.ToUpper(c.Subject.Country[0])
	if names := trustlist.CountryNames(code); names != nil {
		return names
	}
	return []string{code}
}
