package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
	"github.com/sanad-credentials/sanad/trustlist/refresh"
)

type trustFetchCmd struct {
	trustFlags  `embed:""`
	Root        string   `placeholder:"ROOT.json" help:"network: a root that you trust."`
	State       string   `placeholder:"FILE" help:"network: what 'verify' remembers, which nothing older is taken than; ROOT.json.state without it."`
	MaxAge      age      `placeholder:"7d" help:"Complain of a list that is older, however gladly it is served."`
	RootCA      string   `name:"root-ca" placeholder:"CA.PEM" help:"Certificate authorities of the servers, in place of the system's."`
	PrivateHost []string `placeholder:"HOST" help:"Host that may lie in a private network or on this machine."`
	Timeout     age      `default:"1m" placeholder:"1m" help:"For one list; ${default} without it."`

	Lists []source `arg:"" name:"list" sep:"none" placeholder:"KIND:URL" help:"gdhcn:, snapshot:, vci:, jwks: or network: with an https: URL, or file:///PATH. Each is one document: not a list of references. The signature of a vci: list is the file .sig beside it."`
}

// Run asks for each list once. What is not newer and as good as what is there
// already changes nothing.
func (c *trustFetchCmd) Run(e *env) error {
	o, r, err := c.options(e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	worst := 0
	for _, s := range c.Lists {
		err := e.fetch(s, r, o)
		if err != nil {
			e.note("%s: %v", s, err)
			worst = worse(worst, fetchStatus(err))
		}
		if err := e.stdout.Flush(); err != nil {
			return err
		}
	}
	if worst != 0 {
		return exitError(worst)
	}
	return nil
}

// fetchStatus tells what may go away by itself from what somebody has to look
// into.
func fetchStatus(err error) int {
	if errors.Is(err, proof.ErrUnavailable) {
		return exitUndecided
	}
	return exitFailed
}

func (c *trustFetchCmd) options(e *env) (o refresh.Options, r *listReader, err error) {
	networks := 0
	for i, s := range c.Lists {
		switch {
		case !s.remote():
			return o, nil, usagef("%s: not KIND:URL; a list that is at hand needs no fetching", s)
		case slices.Contains(c.Lists[:i], s):
			return o, nil, usagef("%s: twice", s)
		case s.kind == kindSnapshot && !slices.ContainsFunc(c.TrustKey, func(k trustKeyFlag) bool { return k.signs(kindSnapshot) }):
			return o, nil, usagef("snapshot: needs --trust-key: who must have signed it?")
		case s.kind == kindNetwork:
			networks++
		}
	}
	switch {
	case c.Dir == "":
		return o, nil, usagef("--dir is missing: where are the lists to be kept?")
	case networks > 1, (networks == 1) != (c.Root != ""), c.State != "" && c.Root == "":
		return o, nil, usagef("--root, and with it --state, is for the one network: list that there may be, which needs it")
	}
	if err := c.usage(c.Lists); err != nil {
		return o, nil, err
	}
	n := &networkTrust{root: c.Root, at: e.now()}
	if c.State == "" && c.Root != "" {
		c.State = c.Root + stateSuffix
	}
	held, err := e.readState(c.State)
	if err != nil {
		return o, nil, err
	}
	n.fetching = &held
	if r, err = c.reader(e, gdhcn.AuthorityNamed, n); err != nil {
		return o, nil, err
	}
	o = refresh.Options{Dir: c.Dir, Now: e.now, MaxAge: time.Duration(c.MaxAge), PrivateHosts: c.PrivateHost, Timeout: time.Duration(c.Timeout)}
	if c.RootCA != "" {
		raw, err := e.read(c.RootCA, limits.DIDDocument)
		if err != nil {
			return o, nil, err
		}
		if o.RootCAs = x509.NewCertPool(); !o.RootCAs.AppendCertsFromPEM(raw) {
			return o, nil, fmt.Errorf("%s: no certificate in PEM", c.RootCA)
		}
	}
	return o, r, nil
}

// fetch asks for one list and tells what became of it.
func (e *env) fetch(s source, r *listReader, o refresh.Options) error {
	o.Sources = []refresh.Source{e.kept(s, r)}
	f, err := refresh.New(o)
	if err != nil {
		return err
	}
	defer f.Close()
	before := f.State()[0]
	var from *trustlist.List
	if before.Held {
		from = f.List()
	} else if before.Err != nil {
		e.note("%s: what was kept is of no use: %v", s, before.Err)
	}
	err = f.Refresh(e.ctx)
	fmt.Fprintln(e.stdout, printable(s.String()))
	after := f.State()[0]
	if !after.Held {
		fmt.Fprintln(e.stdout, "  no list")
		return err
	}
	for _, i := range f.List().Infos() {
		fmt.Fprintf(e.stdout, "  list     %s\n", printable(i.Name))
	}
	age := "not stated"
	if d, ok := after.Age(e.now()); ok {
		age = orNever(after.Issued) + ", " + ageText(d)
	}
	fmt.Fprintf(e.stdout, "  issued   %s\n  expires  %s\n", age, orNever(after.Expires))
	fmt.Fprintf(e.stdout, "  signed   %s\n", signedText(s.signed(r)))
	if n := dropped(after.Skipped); n > 0 {
		fmt.Fprintf(e.stdout, "  skipped  %d keys; 'sanad trust show' tells why\n", n)
	}
	if from == nil {
		fmt.Fprintf(e.stdout, "  new      %d signers\n", len(trustlist.Diff(nil, f.List())))
	} else {
		e.showChanges(from, f.List())
	}
	return err
}

// ageText is an age in the largest unit that says enough.
func ageText(d time.Duration) string {
	switch {
	case d < 0:
		return "which is in the future"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
}

// kept is a list as it is fetched and kept. Once it is known which list of WHO's
// network it is, no other takes its place: whoever signs them signs many.
func (e *env) kept(s source, r *listReader) refresh.Source {
	id := ""
	src := refresh.Source{Name: s.keptName(), URL: s.path, Parse: func(d refresh.Document) (*trustlist.List, []trustlist.Skipped, error) {
		l, err := e.parse(s, r, d, id)
		if err == nil && (s.kind == kindGDHCN || s.kind == kindSnapshot) {
			id = l.list.Infos()[0].Name
		}
		return l.list, l.skipped, err
	}}
	if s.kind == kindVCI && s.signed(r) {
		src.SignatureURL = signatureOf(s.path)
	}
	return src
}

// keptName tells lists apart in a folder, and tells people which is which.
func (s source) keptName() string {
	host := "file"
	if u, err := url.Parse(s.path); err == nil && u.Hostname() != "" {
		host = strings.Map(func(r rune) rune {
			if r == '.' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' {
				return r
			}
			return '_'
		}, strings.ToLower(u.Hostname()))
	}
	sum := sha256.Sum256([]byte(s.String()))
	return fmt.Sprintf("%s-%.30s-%s", s.kind, host, hex.EncodeToString(sum[:8]))
}

// signed reports whether what was read of a list was signed as it must be.
func (s source) signed(r *listReader) bool {
	return s.kind == kindNetwork || len(r.keys[s.kind]) > 0
}

// fetched is a list as 'trust fetch' has kept it. No network is used.
func (e *env) fetched(s source, r *listReader) (l loaded, err error) {
	if r.dir == "" {
		return l, usagef("a list that is given by its URL needs --dir: where 'trust fetch' keeps it")
	}
	f, err := refresh.New(refresh.Options{Sources: []refresh.Source{e.kept(s, r)}, Dir: r.dir, Now: e.now})
	if err != nil {
		return l, err
	}
	defer f.Close()
	state := f.State()[0]
	if !state.Held {
		if state.Err != nil {
			return l, state.Err
		}
		return l, fmt.Errorf("%w: 'sanad trust fetch' fetches it into %s", refresh.ErrNoList, r.dir)
	}
	return loaded{list: f.List(), skipped: state.Skipped, signed: s.signed(r)}, nil
}
