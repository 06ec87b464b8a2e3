// Command vcapi serves the W3C credential API over HTTP, so that conformance
// harnesses can call the library: it issues, verifies and presents credentials,
// publishes status lists and resolves DIDs.
//
//	go run ./examples/vcapi -addr 127.0.0.1:0
//
// Once it listens it writes one line of JSON to standard output: its URL, its
// endpoints and its issuers. Each issuer is a key made for this run, with one
// cryptosuite, and has endpoints of its own under /issuers/{tag}; the plain
// endpoints use the issuer whose DID the document names, or else the first.
//
// It is for tests. It asks nobody who they are, everyone may issue, revoke and
// sign, and it accepts every issuer whose key it finds: what a harness asks is
// whether proofs, data model, times and status are right. A key that does not
// belong to the issuer named is a warning, unless -strict-issuer.
//
// Answers to POST /credentials/verify: 200 verified; 400 refused; 422 could not
// be decided, as where a status list is out of reach; 413 and 415 for bodies
// that are not read. Refusals are problem details (RFC 9457), with every problem
// found in "errors".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sanad-credentials/sanad/did/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit statuses of run.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 64
)

// settings are the flags.
type settings struct {
	addr, base        string
	tls               bool
	status            bool
	strictIssuer      bool
	strictHolder      bool
	strictNames       bool
	allow             hosts
	insecureStatusTLS bool
}

// hosts is a flag that may be given several times.
type hosts []string

func (h *hosts) String() string { return strings.Join(*h, ",") }

func (h *hosts) Set(s string) error {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host // any port of it
	}
	if s == "" {
		return errors.New("no host")
	}
	*h = append(*h, s)
	return nil
}

func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	var o settings
	f := flag.NewFlagSet("vcapi", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.base, "base", "", "URL under which clients reach the server, if not that of -addr")
	f.BoolVar(&o.tls, "tls", false, "serve https, with a self-signed certificate made now")
	f.BoolVar(&o.status, "status", false, "give every credential an entry in a revocation list")
	f.BoolVar(&o.strictIssuer, "strict-issuer", false, "refuse keys that do not belong to the issuer named, instead of warning")
	f.BoolVar(&o.strictHolder, "strict-holder", false, "refuse presentations by others than the credentials' subject")
	f.BoolVar(&o.strictNames, "strict-names", false, "refuse documents with signed statements that have contexts inside, or keywords as names")
	f.Var(&o.allow, "allow", "host from which status lists and did:web documents may be fetched over https, also a private one; repeatable")
	f.BoolVar(&o.insecureStatusTLS, "insecure-status-tls", false, "believe any certificate of the hosts of -allow, for status lists")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", f.Arg(0))
		fmt.Fprintln(stderr, "vcapi:", err)
		return nil, err
	}
	o.base = strings.TrimSuffix(o.base, "/")
	return &o, nil
}

// run is the whole program, for main and the tests. It ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		return exitUsage
	}
	if err := o.serve(ctx, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "vcapi:", err)
		return exitFailed
	}
	return exitDone
}

func (o *settings) serve(ctx context.Context, stdout, stderr io.Writer) error {
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer l.Close() // the server closes it too
	h := newHTTPServer()
	scheme, certificate := "http", ""
	if o.tls {
		host, _, _ := net.SplitHostPort(o.addr)
		if h.TLSConfig, certificate, err = selfSigned(host); err != nil {
			return err
		}
		scheme = "https"
	}
	base := o.base
	if base == "" {
		base = scheme + "://" + l.Addr().String()
	}
	c := config{
		base: base, status: o.status, strictIssuer: o.strictIssuer, strictHolder: o.strictHolder, strictNames: o.strictNames,
		trouble: stderr,
	}
	if c.fetch, err = fetcher(o.allow, o.insecureStatusTLS); err != nil {
		return err
	}
	if len(o.allow) > 0 {
		if c.web, err = web.New(web.Options{Domains: o.allow, PrivateHosts: o.allow, MaxAge: -1}); err != nil {
			return err
		}
	}
	s, err := newServer(c)
	if err != nil {
		return err
	}
	h.Handler = s.handler()
	if err := json.NewEncoder(stdout).Encode(s.describe(certificate)); err != nil {
		return err
	}
	return serveUntil(ctx, h, l)
}

// newHTTPServer bounds what a slow or talkative client can hold.
func newHTTPServer() *http.Server {
	return &http.Server{
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: requestTime + 20*time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 32 << 10,
	}
}

// serveUntil serves until ctx ends, then lets requests under way finish.
func serveUntil(ctx context.Context, h *http.Server, l net.Listener) error {
	ended := make(chan error, 1)
	go func() {
		if h.TLSConfig != nil {
			ended <- h.ServeTLS(l, "", "")
		} else {
			ended <- h.Serve(l)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return h.Shutdown(grace)
}
