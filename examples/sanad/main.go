// Command sanad verifies, inspects and issues credentials, and keeps what that
// takes: keys, trust lists and status lists. Each command is a file of this
// folder, thin on top of the library; only 'trust fetch' uses the network.
//
// A country from its key to a refused card:
//
//	sanad keygen --alg ES256 --out sca-key.pem --cert sca.pem --authority --country XX --name "Health Authority"
//	sanad keygen --alg ES256 --out dsc-key.pem --cert certs/dsc.pem --country XX --name "Signer 1" --ca sca.pem --ca-key sca-key.pem
//	sanad issue --format hcert --type dcc --key dsc-key.pem --cert certs/dsc.pem --issuer XX --expires 2027-12-31 --qr card.png card.json
//	sanad verify --trust pem:certs card.png
//
// Exit status: 0 valid or done, 1 refused or failed, 2 could not be decided, 64
// wrong usage.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// The exit statuses. Those of a verdict are report.Report.ExitStatus's.
const (
	exitFailed    = 1
	exitUndecided = 2
	exitUsage     = 64
)

type commands struct {
	Verify  verifyCmd  `cmd:"" help:"Verify credentials."`
	Inspect inspectCmd `cmd:"" help:"Show what a credential says, without checking anything."`
	Issue   issueCmd   `cmd:"" help:"Sign a credential."`
	Present presentCmd `cmd:"" help:"Show credentials, or parts of them, as their holder."`
	Keygen  keygenCmd  `cmd:"" help:"Make a signing key and, with --cert, its certificate."`
	CA      struct {
		Init caInitCmd `cmd:"" help:"Make a key and its self-signed certificate: a signing authority's, or one for uploads or TLS."`
		CSR  caCSRCmd  `cmd:"" name:"csr" help:"Make a document signer's key and a signing request for it."`
		Sign caSignCmd `cmd:"" help:"Make the certificate for a signing request, as the signing authority."`
	} `cmd:"" name:"ca" help:"Keep a state's signing authority, by the templates of WHO's network."`
	Trust struct {
		Show   trustShowCmd   `cmd:"" help:"Show what a trust list holds."`
		Fetch  trustFetchCmd  `cmd:"" help:"Fetch trust lists, and keep the newest good one of each for 'verify'."`
		Build  trustBuildCmd  `cmd:"" help:"Make a trust list, or all lists of a network, of certificates."`
		Sign   trustSignCmd   `cmd:"" help:"Sign a trust list."`
		Enroll trustEnrollCmd `cmd:"" help:"Lay out what a state hands in to join a network, and check it."`
		Lint   trustLintCmd   `cmd:"" help:"Tell what a network would refuse of a state's folder."`
		Vouch  trustVouchCmd  `cmd:"" help:"Sign what states have handed in, as a network's trust anchor."`
		Root   struct {
			Init   rootInitCmd   `cmd:"" help:"Make the first root of a network that several states run."`
			Show   rootShowCmd   `cmd:"" help:"Show a root."`
			Rotate rootRotateCmd `cmd:"" help:"Make the next root."`
			Sign   rootSignCmd   `cmd:"" help:"Sign a root as a member."`
		} `cmd:"" help:"Who runs a network, and how many must agree."`
		Propose proposeCmd `cmd:"" help:"Propose a change of a network's list."`
		Remove  removeCmd  `cmd:"" help:"Propose the emergency removal of a signer."`
		Diff    diffCmd    `cmd:"" help:"Tell what changes between two lists, or with a proposal."`
		Approve approveCmd `cmd:"" help:"Approve a proposal as a member."`
		Publish publishCmd `cmd:"" help:"Publish what enough members approved."`
	} `cmd:"" help:"Show and make trust lists, join a network or run one."`
	Status struct {
		New      statusNewCmd      `cmd:"" help:"Add an empty status list to a store."`
		Revoke   statusRevokeCmd   `cmd:"" help:"Revoke a credential in a store."`
		Publish  statusPublishCmd  `cmd:"" help:"Sign a store's lists and write them for verifiers."`
		Snapshot statusSnapshotCmd `cmd:"" help:"Revoke health certificates, by their hashes."`
	} `cmd:"" help:"Keep and publish status lists."`
	QR          qrCmd `cmd:"" name:"qr" help:"Write and read QR codes."`
	Conformance struct {
		Issue  conformanceIssueCmd  `cmd:"" help:"Secure a document with a key."`
		Verify conformanceVerifyCmd `cmd:"" help:"Check a secured document with a key."`
	} `cmd:"" help:"What the test suite of VC-JOSE-COSE calls."`
}

// env is what a command may touch besides files.
type env struct {
	ctx    context.Context
	args   []string
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer
}

// now has the resolution of the formats' own times.
func (e *env) now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func (e *env) note(format string, args ...any) {
	fmt.Fprintf(e.stderr, "sanad: %s\n", fmt.Sprintf(format, args...))
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError ends the command with a status that its output has explained.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// undecided is a failure for which a verdict could not be reached.
type undecided struct{ error }

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program, for main and the tests.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{ctx: ctx, args: args, stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: stderr}
	err := e.dispatch()
	if flush := e.stdout.Flush(); flush != nil {
		// Whoever cut the pipe knows; but what was not told is no verdict.
		if !errors.Is(flush, syscall.EPIPE) {
			e.note("writing output: %v", flush)
		}
		return exitUndecided
	}
	return e.status(err)
}

// helpShown unwinds the parser, which after --help would go on to complain of
// what is missing.
type helpShown struct{}

func (e *env) dispatch() (err error) {
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case helpShown:
			err = nil
		default:
			panic(r)
		}
	}()
	parser, err := kong.New(&commands{}, kong.Name("sanad"), kong.Writers(e.stdout, e.stderr),
		kong.Description("Verify and issue health certificates and W3C credentials, offline."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(int) { panic(helpShown{}) }))
	if err != nil {
		return err
	}
	kctx, err := parser.Parse(e.args)
	if err != nil {
		return usageError{err}
	}
	return kctx.Run(e)
}

func (e *env) status(err error) int {
	var exit exitError
	var usage usageError
	var open undecided
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage):
		e.note("%v\nsanad --help, or sanad COMMAND --help, shows what there is.", err)
		return exitUsage
	case errors.As(err, &open):
		e.note("%v", err)
		return exitUndecided
	}
	e.note("%v", err)
	return exitFailed
}
