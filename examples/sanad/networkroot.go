package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/quorum"
)

// memberFlag is a member on the command line: XX=did:key:…, XX:NAME=did:key:…
// or, for one that is no state, NAME=did:key:….
type memberFlag struct{ territory, name, did string }

// UnmarshalText reads one of the forms.
func (m *memberFlag) UnmarshalText(b []byte) error {
	left, did, ok := strings.Cut(string(b), "=")
	if !ok || left == "" || !strings.HasPrefix(did, "did:key:") {
		return fmt.Errorf("%q is not XX=did:key:…, XX:NAME=did:key:… or NAME=did:key:…", b)
	}
	*m = memberFlag{name: left, did: did}
	code, name, named := strings.Cut(left, ":")
	if len(code) != 2 {
		return nil
	}
	if trustlist.Territory(code) != code {
		return fmt.Errorf("%q is no ISO 3166-1 alpha-2 code", code)
	}
	m.territory = code
	if named {
		m.name = name
	}
	return nil
}

func (m *memberFlag) member() (quorum.Member, error) {
	keys, err := didKeys("--member", []string{m.did})
	if err != nil {
		return quorum.Member{}, err
	}
	return quorum.Member{
		Name: m.name, Territory: m.territory, Public: keys[0].Public,
		Roles: []quorum.Role{quorum.RoleRoot, quorum.RoleRelease, quorum.RoleRemoval},
	}, nil
}

func members(flags []memberFlag) ([]quorum.Member, error) {
	var out []quorum.Member
	for _, f := range flags {
		m, err := f.member()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

type rootInitCmd struct {
	ID        string       `required:"" name:"id" placeholder:"DID" help:"The network's name, the DID of its trust list."`
	Member    []memberFlag `required:"" sep:"none" placeholder:"XX=DID:KEY" help:"A member's country and did:key, or XX:NAME=did:key:…; repeat. Keys of one country are one voice."`
	Threshold int          `required:"" placeholder:"K" help:"How many members must approve a root or a list."`
	Removal   int          `name:"removal-threshold" default:"1" help:"How many must approve an emergency removal; ${default} without it, 0 forbids it."`
	Days      int          `default:"730" help:"Validity of the root in days; ${default} without it."`
	Out       string       `default:"-" placeholder:"FILE" help:"Where the unsigned root goes, a new file; standard output without it."`
}

// Run makes the first root, which the members sign.
func (c *rootInitCmd) Run(e *env) error {
	r := quorum.Root{Network: c.ID, Version: 1, Thresholds: quorum.Thresholds{Root: c.Threshold, Release: c.Threshold, Removal: c.Removal}}
	var err error
	if _, r.Expires, err = period(e, nil, c.Days); err != nil {
		return err
	}
	if r.Members, err = members(c.Member); err != nil {
		return err
	}
	return e.emitRoot(c.Out, r)
}

func (e *env) emitRoot(out string, r quorum.Root) error {
	d, err := quorum.New(r)
	if err != nil {
		return err
	}
	if out != stdio {
		return createDocument(out, d)
	}
	raw, err := pretty(d)
	if err != nil {
		return err
	}
	_, err = e.stdout.Write(raw)
	return err
}

type rootRotateCmd struct {
	networkFlags
	Add       []memberFlag `name:"add-member" sep:"none" placeholder:"XX=DID:KEY" help:"A member's key to add, as for 'root init --member'."`
	Remove    []string     `name:"remove-member" sep:"none" placeholder:"DID:KEY" help:"A member's key to remove: its did:key, or a name or country for all of its keys."`
	Threshold int          `placeholder:"K" help:"Another threshold for roots and lists."`
	Removal   int          `name:"removal-threshold" default:"-1" help:"Another threshold for removals; 0 forbids them."`
	Days      int          `default:"730" help:"Validity of the root in days; ${default} without it."`
	Out       string       `default:"-" placeholder:"FILE" help:"Where the unsigned root goes, a new file; standard output without it."`
}

// Run makes the next root. As many members as the present root asks for must
// sign it, and as many of its own as it asks for itself.
func (c *rootRotateCmd) Run(e *env) error {
	chain, err := e.follow(c.Network, c.Root)
	if err != nil {
		return err
	}
	r := chain[len(chain)-1].Root()
	r.Version++
	if _, r.Expires, err = period(e, nil, c.Days); err != nil {
		return err
	}
	if r.Members, err = without(r.Members, c.Remove); err != nil {
		return err
	}
	added, err := members(c.Add)
	if err != nil {
		return err
	}
	r.Members = append(r.Members, added...)
	if c.Threshold != 0 {
		r.Thresholds.Root, r.Thresholds.Release = c.Threshold, c.Threshold
	}
	if c.Removal >= 0 {
		r.Thresholds.Removal = c.Removal
	}
	return e.emitRoot(c.Out, r)
}

// without removes members by did:key, name or country; each must be there.
func without(all []quorum.Member, remove []string) ([]quorum.Member, error) {
	out := slices.Clone(all)
	for _, who := range remove {
		var key any
		if strings.HasPrefix(who, "did:key:") {
			keys, err := didKeys("--remove-member", []string{who})
			if err != nil {
				return nil, err
			}
			key = keys[0].Public
		}
		n := len(out)
		out = slices.DeleteFunc(out, func(m quorum.Member) bool {
			same := key != nil && sameKey(key, m.Public)
			return same || m.Name == who || m.Territory == who
		})
		if len(out) == n {
			return nil, fmt.Errorf("--remove-member %s: no such member", who)
		}
	}
	return out, nil
}

func sameKey(a, b any) bool {
	x, err := quorum.KeyID(a)
	y, err2 := quorum.KeyID(b)
	return err == nil && err2 == nil && x == y
}

type rootSignCmd struct {
	Key string `required:"" placeholder:"KEY.PEM" help:"Private key of a member."`
	Out string `placeholder:"FILE" help:"Where the signed root goes; in its own place without it."`

	File string `arg:"" help:"The root."`
}

// Run adds a signature to a root. Whose it must be is said by the root itself,
// or by the one before: 'trust publish' checks.
func (c *rootSignCmd) Run(e *env) error {
	path, d, err := e.readDocument(c.File)
	if err != nil {
		return err
	}
	r, ok := d.Content().(quorum.Root)
	if !ok {
		return errors.New("no root: 'sanad trust approve' is for releases and removals")
	}
	if d, err = e.signDocument(d, c.Key); err != nil {
		return err
	}
	if c.Out != "" {
		path = c.Out
	}
	if err := writeDocument(path, d); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, approvals(r, d))
	return nil
}

func (e *env) signDocument(d *quorum.Document, keyFile string) (*quorum.Document, error) {
	s, err := e.didSigner(keyFile)
	if err != nil {
		return nil, err
	}
	return d.Sign(e.ctx, s)
}

type rootShowCmd struct {
	File string `arg:"" help:"The root."`
}

// Run shows what a root says, and whether its own members approved it.
func (c *rootShowCmd) Run(e *env) error {
	_, d, err := e.readDocument(c.File)
	if err != nil {
		return err
	}
	r, ok := d.Content().(quorum.Root)
	if !ok {
		return errors.New("no root")
	}
	fmt.Fprintf(e.stdout, "network  %s\nroot     %d\nexpires  %s\ndigest   %s\n", printable(r.Network), r.Version, r.Expires.Format(time.DateOnly), d.Digest())
	fmt.Fprintf(e.stdout, "members  that must agree: to a root %d, to a list %d, to a removal %d\n\n", r.Thresholds.Root, r.Thresholds.Release, r.Thresholds.Removal)
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MEMBER\tCOUNTRY\tKEY\tROLES")
	for _, m := range r.Members {
		id, err := quorum.KeyID(m.Public)
		if err != nil {
			return err
		}
		roles := make([]string, len(m.Roles))
		for i, role := range m.Roles {
			roles[i] = string(role)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", printable(m.Name), m.Territory, id, strings.Join(roles, ","))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "\n%s\n", approvals(r, d))
	return nil
}

// sum is a document's digest as a release has it.
func sum(d *quorum.Document) (out [32]byte) {
	b, _ := hex.DecodeString(d.Digest()) // always hexadecimal
	copy(out[:], b)
	return out
}
