// Package fetch gets documents by https from hosts that a message named, and so
// from hosts that an attacker may have chosen.
//
// A [Client] asks only by https, only addresses of the public internet, and
// only for as long and as much as its options allow. The address is checked
// when the connection is made, after the name was resolved: a name that
// resolves to a public address when looked at and to a private one when used
// gains nothing. Redirects go through the same checks. There are no cookies, no
// credentials and no proxy taken from the environment.
//
// Answers are remembered for as long as their server lets them, within bounds,
// and many callers who want the same at once share one request.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/flight"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

var (
	// ErrRefused says that the client would not ask, or not read on: the URL or
	// an address is not one it may use, there were too many redirects, or the
	// answer was larger than allowed. Asking again gives the same.
	ErrRefused = errors.New("refused to fetch")
	// ErrNotFound says that the server has no such document (404 or 410).
	ErrNotFound = errors.New("not found")
	// ErrGone says that it had one and withdrew it (410). It wraps ErrNotFound.
	ErrGone = fmt.Errorf("withdrawn: %w", ErrNotFound)
)

// Options configure a [Client]. The zero value is of use.
type Options struct {
	// Timeout is for one fetch, redirects and body included; 0 means 10 seconds.
	Timeout time.Duration
	// MaxBytes is the largest body, decompressed; 0 means 1 MiB.
	MaxBytes int64
	// Hosts, if any, are the only hosts that are asked, redirects included.
	Hosts []string
	// PrivateHosts are host names, or addresses as written in URLs, that may lie
	// in private networks or on this machine. PlainHosts are those that may be
	// asked without TLS.
	PrivateHosts, PlainHosts []string
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// Proxy is asked instead of the hosts themselves. It resolves their names,
	// and so has to check addresses itself.
	Proxy *url.URL
	// MaxAge caps how long an answer is used without asking again, whatever its
	// server says; 0 means an hour, a negative value never. DefaultAge is for
	// servers that say nothing; 0 means a minute, a negative value never.
	MaxAge, DefaultAge time.Duration
}

// Request is what to fetch. Only URL must be set.
type Request struct {
	URL    string
	Accept string // the header's value
	// ETag is that of a copy the caller holds: see [Response.NotModified].
	ETag     string
	MaxBytes int64 // replaces that of the options
}

// Response is what was fetched.
type Response struct {
	URL         string // after redirects
	Body        []byte // shared with other callers: not to be changed
	ContentType string // as sent
	ETag        string
	// NotModified says that the caller's copy is current; there is no Body.
	NotModified bool
	// Fetched is when the server was asked; it may be up to MaxAge ago.
	Fetched time.Time
}

// Client fetches. It is immutable and safe for concurrent use.
type Client struct {
	o                     Options
	hosts, private, plain map[string]bool
	proxy                 string // host:port
	guarded, open         *net.Dialer
	http                  *http.Client
	transport             *http.Transport
	cache                 *cache
	flights               flight.Group[Request, *Response]
	now                   func() time.Time
}

// New makes a Client. The error says which option is not usable.
func New(o Options) (*Client, error) {
	if o.Timeout < 0 || o.MaxBytes < 0 {
		return nil, errors.New("fetch: Timeout and MaxBytes must not be negative")
	}
	c := &Client{
		o: o, hosts: names(o.Hosts), private: names(o.PrivateHosts), plain: names(o.PlainHosts),
		open: &net.Dialer{Timeout: 10 * time.Second}, guarded: &net.Dialer{Timeout: 10 * time.Second, Control: control},
		cache: newCache(limits.FetchCache, limits.FetchEntries), now: time.Now,
	}
	c.transport = &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: limits.Headers,
		MaxConnsPerHost:        8,
		MaxIdleConns:           16,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	if o.Proxy != nil {
		if o.Proxy.Scheme != "http" && o.Proxy.Scheme != "https" || o.Proxy.Hostname() == "" {
			return nil, errors.New("fetch: Proxy must be an http or https URL")
		}
		c.proxy = net.JoinHostPort(o.Proxy.Hostname(), port(o.Proxy))
		c.transport.Proxy = http.ProxyURL(o.Proxy)
	}
	c.http = &http.Client{Transport: c.transport, CheckRedirect: c.redirect}
	if c.o.Timeout == 0 {
		c.o.Timeout = 10 * time.Second
	}
	if c.o.MaxBytes == 0 {
		c.o.MaxBytes = 1 << 20
	}
	return c, nil
}

func names(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, n := range list {
		set[strings.ToLower(n)] = true
	}
	return set
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// Close releases idle connections. The client stays usable.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Get fetches a document, or finds it among those remembered. The error wraps
// [ErrRefused], [ErrNotFound], or [proof.ErrUnavailable] for everything that
// another time or place may mend: faults of the network, of TLS, of the server,
// and time running out. It names the host and never the path, which may say
// whom a credential is about.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	u, err := c.parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	if r.MaxBytes <= 0 {
		r.MaxBytes = c.o.MaxBytes
	}
	if held, fresh := c.cache.get(key{r.URL, r.Accept}, c.now()); fresh {
		return answer(held, r)
	}
	shared, err := c.flights.Do(ctx, r, func(ctx context.Context) (*Response, error) {
		ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
		defer cancel()
		return c.fetch(ctx, u, r)
	})
	if err != nil {
		if err == ctx.Err() { // the caller's own time is up
			err = fmt.Errorf("%w: %w", proof.ErrUnavailable, err)
		}
		return nil, fmt.Errorf("fetch %s: %w", u.Hostname(), err)
	}
	resp := *shared
	return &resp, nil
}

// answer gives what is remembered in the form the caller asked for.
func answer(held *Response, r Request) (*Response, error) {
	out := *held
	switch {
	case r.ETag != "" && r.ETag == held.ETag:
		out.NotModified, out.Body = true, nil
	case int64(len(held.Body)) > r.MaxBytes:
		return nil, fmt.Errorf("%w: over %d bytes", ErrRefused, r.MaxBytes)
	}
	return &out, nil
}

func (c *Client) fetch(ctx context.Context, u *url.URL, r Request) (*Response, error) {
	k := key{r.URL, r.Accept}
	held, _ := c.cache.get(k, c.now())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: URL", ErrRefused)
	}
	req.Header.Set("User-Agent", "sanad")
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	etag := r.ETag
	if held != nil && held.ETag != "" {
		etag = held.ETag
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	asked := c.now()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, failed(err)
	}
	defer resp.Body.Close()

	switch {
	case resp.StatusCode == http.StatusOK:
		if held, err = read(resp, r.MaxBytes); err != nil {
			return nil, err
		}
	case resp.StatusCode == http.StatusNotModified && held != nil && etag == held.ETag:
		again := *held
		held = &again
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return &Response{URL: resp.Request.URL.String(), ETag: etag, NotModified: true, Fetched: asked}, nil
	case resp.StatusCode == http.StatusNotFound:
		c.cache.remove(k)
		return nil, ErrNotFound
	case resp.StatusCode == http.StatusGone:
		c.cache.remove(k)
		return nil, ErrGone
	default:
		return nil, fmt.Errorf("%w: HTTP status %d", proof.ErrUnavailable, resp.StatusCode)
	}
	held.Fetched = asked
	if age, ok := c.lifetime(resp.Header, asked); ok {
		c.cache.put(k, held, asked.Add(age))
	} else {
		c.cache.remove(k)
	}
	return answer(held, r)
}

func read(resp *http.Response, most int64) (*Response, error) {
	tooLarge := fmt.Errorf("%w: over %d bytes", ErrRefused, most)
	if resp.ContentLength > most {
		return nil, tooLarge
	}
	// The transport decompresses gzip that it asked for, and then hides the header.
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, fmt.Errorf("%w: content encoding that was not asked for", proof.ErrUnavailable)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil {
		// A server that sees us leave may end its answer in good form, half-way.
		err = resp.Request.Context().Err()
	}
	switch {
	case err != nil:
		return nil, failed(err)
	case int64(len(body)) > most:
		return nil, tooLarge
	}
	return &Response{
		URL: resp.Request.URL.String(), Body: body,
		ContentType: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("ETag"),
	}, nil
}

// failed turns an error of net/http into one of ours, without the URL.
func failed(err error) error {
	var withURL *url.Error
	for errors.As(err, &withURL) {
		err = withURL.Err
	}
	if errors.Is(err, ErrRefused) {
		return cause{err}
	}
	return fmt.Errorf("%w: %w", proof.ErrUnavailable, cause{err})
}

// cause shortens an error that may repeat what a server sent.
type cause struct{ error }

func (c cause) Error() string { return fmt.Sprintf("%.200s", c.error.Error()) }
func (c cause) Unwrap() error { return c.error }

func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > limits.Redirects {
		return fmt.Errorf("%w: over %d redirects", ErrRefused, limits.Redirects)
	}
	req.Header.Del("Referer") // where we come from is nobody's business
	req.URL.Fragment = ""
	return c.check(req.URL)
}

func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%w: address", ErrRefused)
	}
	if c.private[strings.ToLower(host)] || c.proxy != "" && addr == c.proxy {
		return c.open.DialContext(ctx, network, addr)
	}
	return c.guarded.DialContext(ctx, network, addr)
}

// parse reads a URL that may be asked.
func (c *Client) parse(s string) (*url.URL, error) {
	if len(s) > limits.URL {
		return nil, fmt.Errorf("%w: URL over %d bytes", ErrRefused, limits.URL)
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%w: malformed URL", ErrRefused)
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%w: URL with a fragment", ErrRefused)
	}
	return u, c.check(u)
}

// check applies the rules for URLs; those for addresses that a name resolves
// to are applied by control.
func (c *Client) check(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !c.plain[host]):
		return fmt.Errorf("%w: not an https URL", ErrRefused)
	case u.User != nil:
		return fmt.Errorf("%w: URL with credentials", ErrRefused)
	case u.Opaque != "" || !hostname(host):
		return fmt.Errorf("%w: malformed host", ErrRefused)
	case len(c.hosts) > 0 && !c.hosts[host]:
		return fmt.Errorf("%w: host not among those allowed", ErrRefused)
	}
	if a, err := netip.ParseAddr(host); err == nil && !c.private[host] && !Public(a) {
		return fmt.Errorf("%w: not a public address", ErrRefused)
	}
	return nil
}

// hostname reports whether a host is written in the characters of DNS names or
// is an address. Others might be mapped to another name on their way.
func hostname(h string) bool {
	if a, err := netip.ParseAddr(h); err == nil {
		return a.Zone() == ""
	}
	return h != "" && strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789-._") == "" && len(h) <= 253
}
