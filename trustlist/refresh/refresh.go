// Package refresh keeps trust lists fresh: it fetches them, checks that they
// only ever go forward, remembers them on disk, and answers a verifier from
// memory.
//
// A [Refresher] stands where a [trustlist.List] could: it finds keys and
// authorises issuers, from the lists held at that moment. Nothing in a
// verification waits for a network or a disk.
//
//	r, err := refresh.New(refresh.Options{
//		Sources: []refresh.Source{{Name: "who", URL: "https://…/did.json", Parse: parse}},
//		Dir:     "/var/lib/border/trust",
//	})
//	go r.Run(ctx)
//	verifier, err := credential.NewVerifier(credential.Config{Keys: r, Trust: r, …})
//
// What a source sends, and what a disk kept, is believed only after its parse
// function has checked it, the list's own signature above all. A list is then
// taken in place of the one held if it is newer, has not expired, and is not
// another list of the same date. Whatever else comes, the last good list stays,
// until its own expiry makes its answers inconclusive. Who controls the network
// can thus withhold a newer list, and no more; how long that goes unnoticed is
// for the list's expiry, for credential.Policy.MaxTrustAge, and for whoever
// watches [Refresher.State].
//
// Lists without a date of their own can't be told from older ones. They are as
// trustworthy as the way they come by.
package refresh

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sanad-credentials/sanad/internal/fetch"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

var (
	// ErrRefused says that a host was not asked, or its answer not read to the
	// end: it is not on the public internet, redirects too often, or sends more
	// than 64 MB.
	ErrRefused = fetch.ErrRefused
	// ErrDocument says that what a source has is no document of a list: a page
	// in HTML, a file that is none.
	ErrDocument = errors.New("refresh: not a trust list")
	// ErrConflict says that a list is dated like the one held and says something
	// else.
	ErrConflict = errors.New("refresh: another list of the same date")
	// ErrFuture says that a list is dated more than a day after the present.
	ErrFuture = errors.New("refresh: dated in the future")
	// ErrFrozen says that a source has nothing newer than a list that has
	// expired, or is older than Options.MaxAge.
	ErrFrozen = errors.New("refresh: the source serves an old list")
	// ErrSnapshot says that the copy on disk could not be written, or read.
	ErrSnapshot = errors.New("refresh: snapshot")
	// ErrNoList says that a source has given no list so far. A key that the
	// other sources don't know may be on its list: this is not a refusal.
	ErrNoList = fmt.Errorf("refresh: no list yet: %w", proof.ErrUnavailable)
)

// Options configure a [Refresher]. Sources is required.
type Options struct {
	// Sources in order of precedence.
	Sources []Source
	// Merge makes one list of those of the sources, in their order. Nil:
	// [trustlist.Merge], by which lists add to each other; [trustlist.Override]
	// lets the earlier decide alone. A source that has given no list yet has no
	// part in it: with Override, what is to decide alone needs an Initial, or the
	// later ones decide in its place until it is fetched for the first time.
	Merge func(...*trustlist.List) *trustlist.List
	// Dir is the folder of the snapshots, which must exist; several processes
	// may share it. Empty: nothing is kept. Who can write there can withhold
	// newer lists and, where a source's parse function checks no signature,
	// decide who may issue.
	Dir string
	// Interval is about how often Run asks each source; 0 means 6 hours. After a
	// failure it asks sooner: after half a minute, twice as long after each
	// further one, up to Interval.
	Interval time.Duration
	// MaxAge is the age of a list beyond which Refresh reports [ErrFrozen],
	// however gladly its source serves it. Verdicts don't change by this:
	// that is for credential.Policy.MaxTrustAge. Zero: any age.
	MaxAge time.Duration
	// Now is asked for the time. Nil: the device's clock.
	Now func() time.Time

	// Timeout is for one document, redirects included; 0 means a minute.
	Timeout time.Duration
	// PrivateHosts are host names that may lie in private networks or on this
	// machine.
	PrivateHosts []string
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// Proxy is asked instead of the hosts themselves; it then has to check the
	// addresses that their names resolve to.
	Proxy *url.URL
}

// Refresher holds the newest good list of each source. It is safe for concurrent
// use, and has no goroutine of its own unless Run is called.
type Refresher struct {
	o       Options
	client  *fetch.Client
	sources []*source

	swap sync.Mutex // serialises publish
	view atomic.Pointer[view]

	closing context.Context
	close   context.CancelFunc
	running sync.WaitGroup
	ending  sync.Mutex // between Run beginning and Close waiting
}

// view is what is answered from: one moment of all sources.
type view struct {
	list    *trustlist.List
	missing string // a source without a list; empty where all have one
}

// New makes a Refresher and loads what is at hand without a network: each
// source's Initial document and its snapshot, whichever is newer. A snapshot
// that can't be used shows in [Refresher.State]. The error says which option is
// not usable; it wraps that of the parse function where an Initial is not a list.
func New(o Options) (*Refresher, error) {
	if len(o.Sources) == 0 {
		return nil, errors.New("refresh: Options.Sources is empty")
	}
	if o.Interval < 0 || o.MaxAge < 0 {
		return nil, errors.New("refresh: Interval and MaxAge must not be negative")
	}
	if o.Interval == 0 {
		o.Interval = 6 * time.Hour
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Merge == nil {
		o.Merge = trustlist.Merge
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client, err := fetch.New(fetch.Options{
		Timeout: o.Timeout, MaxBytes: limits.TrustList, PrivateHosts: o.PrivateHosts, RootCAs: o.RootCAs, Proxy: o.Proxy,
		MaxAge: -1, // what is remembered is the list, not the answer
	})
	if err != nil {
		return nil, fmt.Errorf("refresh: %w", err)
	}
	r := &Refresher{o: o, client: client}
	names := map[string]bool{}
	for _, s := range o.Sources {
		// On some file systems, A and a are one file.
		if name := strings.ToLower(s.Name); names[name] {
			return nil, fmt.Errorf("refresh: two sources named %q", s.Name)
		} else {
			names[name] = true
		}
		own, err := newSource(r, s)
		if err != nil {
			return nil, err
		}
		r.sources = append(r.sources, own)
	}
	r.closing, r.close = context.WithCancel(context.Background())
	r.publish()
	return r, nil
}

// publish makes the sources' lists what is answered from.
func (r *Refresher) publish() {
	r.swap.Lock()
	defer r.swap.Unlock()
	v := &view{}
	var lists []*trustlist.List
	for _, s := range r.sources {
		if h := s.held.Load(); h != nil {
			lists = append(lists, h.list)
		} else if v.missing == "" {
			v.missing = s.Name
		}
	}
	v.list = r.o.Merge(lists...)
	r.view.Store(v)
}

// List returns the lists held now, merged: for several questions that are to be
// answered from one moment.
func (r *Refresher) List() *trustlist.List { return r.view.Load().list }

// ResolveKeys returns the listed keys with the hint's KeyID, as
// [trustlist.List.ResolveKeys] does. Where there are none, and a source has given
// no list yet, the error wraps [ErrNoList].
func (r *Refresher) ResolveKeys(ctx context.Context, h proof.Hint) ([]proof.Key, error) {
	v := r.view.Load()
	keys, err := v.list.ResolveKeys(ctx, h)
	if err == nil && len(keys) == 0 && v.missing != "" {
		return nil, fmt.Errorf("%w (%s)", ErrNoList, v.missing)
	}
	return keys, err
}

// Authorize returns the entry that lets a key act as the query asks; see
// [trustlist.List.Authorize] for the errors. For a key that is on no list it
// wraps [ErrNoList] while a source has given none.
func (r *Refresher) Authorize(ctx context.Context, q trustlist.Query) (*trustlist.Entry, error) {
	v := r.view.Load()
	e, err := v.list.Authorize(ctx, q)
	if v.missing != "" && errors.Is(err, trustlist.ErrNotListed) {
		return nil, fmt.Errorf("%w (%s)", ErrNoList, v.missing)
	}
	return e, err
}

// Issued returns when the oldest of the lists held was issued; zero where one of
// them does not say, or a source has given none.
func (r *Refresher) Issued() time.Time {
	v := r.view.Load()
	if v.missing != "" {
		return time.Time{}
	}
	return v.list.Issued()
}

// Expires returns when the first of the lists held expires; zero where none
// says.
func (r *Refresher) Expires() time.Time { return r.view.Load().list.Expires() }

// Refresh asks all sources once, at the same time. Calls while that is going on
// share it. The error joins those of the sources that gave nothing new to rely
// on, each with the source's name: it wraps
//   - [proof.ErrUnavailable] where a source could not be asked, or failed;
//   - [ErrRefused] where it would not be asked, or its answer not read on;
//   - [ErrDocument] or the error of the parse function where what it sends is
//     not a list, or not one signed as it must be;
//   - [trustlist.ErrRollback], [ErrConflict], [ErrFuture] or [ErrFrozen] where it
//     is not one to take in place of what is held;
//   - [ErrSnapshot] where a new list is in use, but could not be written to disk.
//
// A source with nothing new costs one conditional request, if its server sends
// an ETag.
func (r *Refresher) Refresh(ctx context.Context) error {
	errs := make([]error, len(r.sources))
	var wg sync.WaitGroup
	for i, s := range r.sources {
		wg.Go(func() { errs[i] = s.refresh(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close ends Run and every Refresh, waits for Run to return, and releases
// connections. The lists stay in use.
func (r *Refresher) Close() {
	r.ending.Lock()
	r.close()
	r.ending.Unlock()
	r.running.Wait()
	r.client.Close()
}
