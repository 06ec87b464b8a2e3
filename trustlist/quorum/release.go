package quorum

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// Release says which files are the network's trust list: TUF's targets and
// snapshot in one document (TUF 1.0.31, sections 4.4 and 4.5).
type Release struct {
	Network string
	// Root is the version of the root under which it was made, Version counts
	// releases under that root from 1. Order is by both: a release under a newer
	// root comes after every one under an older, whatever its number. So members
	// recover from somebody who, with stolen keys, used up all numbers: they
	// replace the root and count anew (TUF 1.0.31, section 5.3.11).
	Root, Version uint64
	// Base is the digest of the release that this one replaces, zero for the
	// first: whoever proposes a change and whoever approves it mean the same
	// difference.
	Base            [32]byte
	Issued, Expires time.Time // to the second
	// Removals is the version of the last [Removals] that the approvers knew and
	// decided on: those keys are on the list again if the files have them.
	Removals uint64
	Reason   string // of the change, for people
	Files    []File
}

// File is one trust list document of a release.
type File struct {
	Name   string // a relative path with slashes, unique
	Length int64  // in bytes
	SHA256 [32]byte
}

// Path is where a file lies in the folder of a network: under its hash, so that
// two releases can be there at once and nobody reads half of each.
func (f File) Path() string {
	return "files/" + hex.EncodeToString(f.SHA256[:]) + path.Ext(f.Name)
}

// Removals take keys of signers off the trust list, whatever release is current,
// until a release says that its approvers took them into account. They can't
// put anything on it.
type Removals struct {
	Network string
	// Root is the version of the root under which it was made. Version is one
	// more than that of the removals before, which it repeats; it is at most
	// 1,000 ahead of what the release took into account, so that numbers can't
	// be used up.
	Root, Version uint64
	Issued        time.Time // to the second
	Reason        string    // for people
	Keys          []string  // by [KeyID]
}

func (Release) kind() Kind { return KindRelease }

func (r Release) check() error {
	for _, err := range []error{
		checkText("network", r.Network, maxName), checkText("reason", r.Reason, maxReason),
		checkVersion("root", r.Root), checkVersion("version", r.Version),
		checkTime("issued", r.Issued), checkTime("expires", r.Expires),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case !r.Expires.After(r.Issued):
		return fmt.Errorf("%w: expires: not after issued", ErrFormat)
	case r.Removals >= 1<<53:
		return fmt.Errorf("%w: removals: over 2^53-1", ErrFormat)
	case len(r.Files) == 0 || len(r.Files) > limits.NetworkFiles:
		return fmt.Errorf("%w: files: %d, 1 to %d are read", ErrFormat, len(r.Files), limits.NetworkFiles)
	}
	var total int64
	names := map[string]bool{}
	for i, f := range r.Files {
		switch {
		case !fs.ValidPath(f.Name) || f.Name == "." || names[f.Name] || checkText("name", f.Name, maxName) != nil:
			return fmt.Errorf("%w: files[%d].name: not a path, or there already", ErrFormat, i)
		case f.Length < 0 || f.Length > limits.TrustList || total+f.Length > limits.TrustList:
			return fmt.Errorf("%w: files[%d].length: more than %d in all", ErrFormat, i, limits.TrustList)
		}
		total += f.Length
		names[f.Name] = true
	}
	return nil
}

type jsonRelease struct {
	Kind     Kind       `json:"kind"`
	Network  string     `json:"network"`
	Root     uint64     `json:"root"`
	Version  uint64     `json:"version"`
	Base     string     `json:"base,omitempty"`
	Issued   string     `json:"issued"`
	Expires  string     `json:"expires"`
	Removals uint64     `json:"removals"`
	Reason   string     `json:"reason"`
	Files    []jsonFile `json:"files"`
}

type jsonFile struct {
	Name   string `json:"name"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

func (r Release) encode() any {
	out := jsonRelease{
		Kind: KindRelease, Network: r.Network, Root: r.Root, Version: r.Version, Removals: r.Removals, Reason: r.Reason,
		Issued: r.Issued.UTC().Format(layout), Expires: r.Expires.UTC().Format(layout),
	}
	if r.Base != [32]byte{} {
		out.Base = hex.EncodeToString(r.Base[:])
	}
	for _, f := range r.Files {
		out.Files = append(out.Files, jsonFile{f.Name, f.Length, hex.EncodeToString(f.SHA256[:])})
	}
	return out
}

func readRelease(v jcs.Value) (Release, error) {
	r := read(v)
	r.text("kind")
	out := Release{
		Network: r.text("network"), Root: r.number("root"), Version: r.number("version"),
		Issued: r.time("issued"), Expires: r.time("expires"), Removals: r.number("removals"), Reason: r.text("reason"),
	}
	if r.optional("base").Exists() {
		out.Base = r.digest("base")
	}
	files := r.array("files", limits.NetworkFiles)
	if err := r.done(); err != nil {
		return out, err
	}
	for i, e := range files.Elements() {
		r := read(e)
		out.Files = append(out.Files, File{r.text("name"), int64(r.number("length")), r.digest("sha256")})
		if err := r.done(); err != nil {
			return out, fmt.Errorf("files[%d]: %w", i, err)
		}
	}
	return out, nil
}

func (Removals) kind() Kind { return KindRemovals }

func (r Removals) check() error {
	for _, err := range []error{
		checkText("network", r.Network, maxName), checkText("reason", r.Reason, maxReason),
		checkVersion("root", r.Root), checkVersion("version", r.Version), checkTime("issued", r.Issued),
	} {
		if err != nil {
			return err
		}
	}
	if len(r.Keys) == 0 || len(r.Keys) > limits.NetworkRemovals {
		return fmt.Errorf("%w: keys: %d, 1 to %d are read", ErrFormat, len(r.Keys), limits.NetworkRemovals)
	}
	seen := map[string]bool{}
	for i, k := range r.Keys {
		if len(k) != 43 || seen[k] {
			return fmt.Errorf("%w: keys[%d]: not a thumbprint, or there already", ErrFormat, i)
		}
		seen[k] = true
	}
	return nil
}

type jsonRemovals struct {
	Kind    Kind     `json:"kind"`
	Network string   `json:"network"`
	Root    uint64   `json:"root"`
	Version uint64   `json:"version"`
	Issued  string   `json:"issued"`
	Reason  string   `json:"reason"`
	Keys    []string `json:"keys"`
}

func (r Removals) encode() any {
	return jsonRemovals{KindRemovals, r.Network, r.Root, r.Version, r.Issued.UTC().Format(layout), r.Reason, r.Keys}
}

func readRemovals(v jcs.Value) (Removals, error) {
	r := read(v)
	r.text("kind")
	out := Removals{
		Network: r.text("network"), Root: r.number("root"), Version: r.number("version"),
		Issued: r.time("issued"), Reason: r.text("reason"),
	}
	for _, e := range r.array("keys", limits.NetworkRemovals).Elements() {
		s, ok := e.Text()
		if !ok {
			r.fail("keys", "strings")
		}
		out.Keys = append(out.Keys, s)
	}
	return out, r.done()
}
