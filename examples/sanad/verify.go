package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/formats"
	"github.com/sanad-credentials/sanad/credential/hcert"
	"github.com/sanad-credentials/sanad/credential/report"
	"github.com/sanad-credentials/sanad/did/key"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/schema"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

type verifyCmd struct {
	Trust      []source `sep:"none" placeholder:"KIND:PATH" help:"Who may issue; repeat to merge lists. gdhcn: a trust list document; snapshot: the same, and --trust-key must have signed it; vci: a directory of issuers of SMART Health Cards, with its signature beside it in a file .sig, or a list of issuers; pem: a folder of certificates; jwks: a key set, jwks:ISSUER=PATH where it is one issuer's; did: a DID, or a file of lines 'DID NAME'; network: the folder of a network that several states run, or its network.json. In place of PATH, the URL of a list that 'trust fetch' keeps in --dir: nothing is fetched here."`
	trustFlags `embed:""`
	Root       string   `placeholder:"ROOT.json" help:"network: a root that you trust; as many members must have approved the list as it, or its successors, ask for."`
	State      string   `placeholder:"FILE" help:"network: where to remember what was seen, so that nothing older is accepted; ROOT.json.state without it."`
	NoState    bool     `help:"INSECURE: remember nothing; a network's older list is not noticed."`
	DID        []string `name:"did" enum:"key" placeholder:"METHOD" help:"DID methods whose keys are looked up: key."`

	Status        []string `sep:"none" placeholder:"PATH" help:"Revocations: a folder made by 'status publish', or a revocation snapshot file."`
	StatusKey     []string `placeholder:"DID:KEY" help:"did:key that must have signed the revocation snapshots: one of them."`
	RequireStatus bool     `help:"Without revocation data for the issuer there is no verdict."`

	Time         *moment  `placeholder:"RFC3339" help:"Time of verification; now, by the device's clock."`
	Type         []string `placeholder:"T" help:"Accept only these types."`
	Issuer       []string `sep:"none" placeholder:"I" help:"Accept only these issuers, as the credential names them."`
	MaxTrustAge  age      `placeholder:"7d" help:"Trust lists older than this give no verdict."`
	MaxStatusAge age      `placeholder:"24h" help:"Status lists older than this give no verdict."`
	Strict       bool     `help:"Refuse what issuers in production do against the letter."`

	AnyIssuer  bool `help:"INSECURE: accept any issuer whose key is found, in the lists or in a did:key."`
	ProofOnly  bool `help:"INSECURE: check the signature alone, whoever's it is."`
	SkipStatus bool `help:"INSECURE: accept what may have been revoked."`

	Presentation bool   `help:"Verify presentations: who presents, for whom, and each credential in them."`
	Nonce        string `placeholder:"N" help:"--presentation: what was given out for this exchange; required."`
	Audience     string `placeholder:"A" help:"--presentation: for whom it must have been made; anybody without it."`
	AnyHolder    bool   `help:"--presentation: accept a presenter of whom a credential does not say that it is his, unless it names another's key."`
	AllowBearer  bool   `help:"--presentation: accept credentials that nobody proved to hold."`

	JSON  bool      `name:"json" help:"Write reports as JSON."`
	Lang  string    `default:"en" placeholder:"L" help:"Language of the reasons: en, ar, fr, id or ur."`
	Lines linesMode `help:"One credential a line; with --lines=json, one {\"id\",\"input\",\"at\"} a line. Writes one report a line."`

	Files []string `arg:"" optional:"" name:"file" help:"Text, JSON, or a picture of a QR code; standard input without one, or for '-'."`
}

// Run verifies each input. The worst verdict is the exit status, and refused is
// worse than undecided.
func (c *verifyCmd) Run(e *env) error {
	if err := c.check(e); err != nil {
		return err
	}
	verifier, err := c.verifier(e)
	if err != nil {
		var usage usageError
		if errors.As(err, &usage) {
			return err
		}
		return undecided{err}
	}
	if len(c.Files) == 0 {
		c.Files = []string{stdio}
	}
	worst := 0
	for _, name := range c.Files {
		status, err := c.input(e, verifier, name)
		if e.stdout.Flush() != nil {
			return nil // run sees it too, and tells
		}
		if err != nil {
			e.note("%v", err)
			status = exitUndecided
		}
		worst = worse(worst, status)
	}
	if worst != 0 {
		return exitError(worst)
	}
	return nil
}

// worse is the one of two statuses that counts: 1 before 2 before 0.
func worse(a, b int) int {
	if a == exitFailed || b == exitFailed {
		return exitFailed
	}
	return max(a, b)
}

// check finds contradictions in the flags.
func (c *verifyCmd) check(e *env) error {
	if err := c.exchange(); err != nil {
		return err
	}
	c.AnyIssuer = c.AnyIssuer || c.ProofOnly
	switch lang, _, _ := strings.Cut(strings.ToLower(c.Lang), "-"); {
	case !slices.Contains(report.Languages(), lang):
		return usagef("--lang %q: it is one of %s", c.Lang, strings.Join(report.Languages(), ", "))
	case c.SkipStatus && (c.RequireStatus || len(c.Status) > 0):
		return usagef("--skip-status contradicts --status and --require-status")
	case len(c.StatusKey) > 0 && len(c.Status) == 0:
		return usagef("--status-key without --status")
	case len(c.Trust) == 0 && !c.AnyIssuer:
		return usagef("--trust is missing: say who may issue. For example:\n\n  sanad verify --trust pem:FOLDER_OF_CERTIFICATES%[1]s\n\nor, to learn only whether the signature holds:\n\n  sanad verify --any-issuer%[1]s\n", quoteArgs(e.args[1:]))
	}
	if err := c.usage(c.Trust); err != nil {
		return err
	}
	networks := len(slices.DeleteFunc(slices.Clone(c.Trust), func(s source) bool { return s.kind != kindNetwork }))
	switch {
	case networks == 0 && (c.Root != "" || c.State != "" || c.NoState):
		return usagef("--root, --state and --no-state are for --trust network:")
	case networks > 1:
		return usagef("--trust network: more than once: --root is one network's")
	case networks == 1 && c.Root == "":
		return usagef("--trust network: needs --root: a root of the network that you trust")
	case c.State != "" && c.NoState:
		return usagef("--state contradicts --no-state")
	}
	return nil
}

// exchange finds contradictions in the flags of presentations.
func (c *verifyCmd) exchange() error {
	switch {
	case !c.Presentation && (c.Nonce+c.Audience != "" || c.AnyHolder || c.AllowBearer):
		return usagef("--nonce, --audience, --any-holder and --allow-bearer are for --presentation")
	case c.Presentation && c.Nonce == "":
		return usagef("--presentation needs --nonce: what was given out for this exchange? Without it anyone could show again what was shown once")
	case c.Presentation && c.Lines != linesOff:
		return usagef("--presentation contradicts --lines: each exchange has its own nonce")
	}
	return nil
}

// quoteArgs repeats arguments so that a shell reads them as they were.
func quoteArgs(args []string) string {
	var b strings.Builder
	for _, a := range args {
		if a == "" || strings.ContainsFunc(a, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_=./:,+", r))
		}) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		b.WriteString(" " + a)
	}
	return b.String()
}

// readable are the formats that the command line reads: all there are.
func readable(strict bool) []credential.Format {
	all := formats.All()
	for i, f := range all {
		if _, ok := f.(hcert.Format); ok {
			all[i] = hcert.Format{Strict: strict}
		}
	}
	return all
}

func (c *verifyCmd) verifier(e *env) (*credential.Verifier, error) {
	cfg := credential.Config{
		Formats: readable(c.Strict), Schema: schema.Health{Strict: c.Strict}, RequireStatus: c.RequireStatus,
		InsecureAnyIssuer: c.AnyIssuer, InsecureAnyController: c.ProofOnly, InsecureSkipStatus: c.SkipStatus,
	}
	r, err := c.reader(e, gdhcn.AuthorityNamed, c.network(e))
	if err != nil {
		return nil, err
	}
	list, err := trustLists(e, c.Trust, r)
	if err != nil {
		return nil, err
	}
	var keys []proof.Resolver
	if list != nil {
		keys = append(keys, list)
		if !c.AnyIssuer {
			cfg.Trust = list
		}
	}
	if c.AnyIssuer || len(c.DID) > 0 || c.Presentation { // holders are did:keys
		keys = append(keys, key.Resolver{})
	}
	cfg.Keys = proof.Resolvers(keys...)
	if len(c.Status) > 0 {
		if cfg.Status, err = statusSources(e, c.Status, c.StatusKey); err != nil {
			return nil, err
		}
	}
	return credential.NewVerifier(cfg)
}

// network is what a network of --trust must be.
func (c *verifyCmd) network(e *env) *networkTrust {
	n := &networkTrust{root: c.Root, state: c.State, at: e.now()}
	if c.Time != nil {
		n.at = c.Time.Time
	}
	if n.state == "" && !c.NoState {
		n.state = c.Root + stateSuffix
	}
	return n
}

func (c *verifyCmd) policy() credential.Policy {
	p := credential.Policy{
		Types: c.Type, Issuers: c.Issuer,
		MaxTrustAge: time.Duration(c.MaxTrustAge), MaxStatusAge: time.Duration(c.MaxStatusAge),
		Binding: credential.Binding{Audience: c.Audience, Nonce: c.Nonce}, AnyHolder: c.AnyHolder, AllowBearer: c.AllowBearer,
	}
	if c.Time != nil {
		p.Time = c.Time.Time
	}
	return p
}

// input verifies one file, or each of its lines.
func (c *verifyCmd) input(e *env, v *credential.Verifier, name string) (int, error) {
	if c.Lines != linesOff {
		return c.lines(e, v, name)
	}
	raw, err := e.readCredential(name)
	if err != nil && !errors.Is(err, errPicture) {
		return 0, err
	}
	var r verdict
	switch {
	case err != nil && c.Presentation:
		r = presentationVerdict{report.NewPresentation(nil, refusal(err))}
	case err != nil:
		r = credentialVerdict{malformed(err)}
	case c.Presentation:
		r = presentationVerdict{report.NewPresentation(v.VerifyPresentation(e.ctx, raw, c.policy()))}
	default:
		r = credentialVerdict{verify(e.ctx, v, raw, c.policy())}
	}
	many := len(c.Files) > 1
	switch {
	case c.JSON && many:
		err = writeLine(e.stdout, r.named(name))
	case c.JSON:
		err = writeIndented(e.stdout, r.named(nil))
	default:
		if many {
			fmt.Fprintf(e.stdout, "%s\n", printable(name))
		}
		err = r.human(e.stdout, c.Lang)
	}
	return r.ExitStatus(), err
}

func verify(ctx context.Context, v *credential.Verifier, raw []byte, p credential.Policy) report.Report {
	return report.New(v.Verify(ctx, raw, p))
}

// malformed is the report of an input that never reached the verifier.
func malformed(err error) report.Report { return report.New(nil, refusal(err)) }

func refusal(err error) *credential.Error {
	return &credential.Error{Checks: []credential.Check{{
		Name: credential.CheckFormat, Outcome: credential.Failed, Err: fmt.Errorf("%w: %w", credential.ErrFormat, err),
	}}}
}
