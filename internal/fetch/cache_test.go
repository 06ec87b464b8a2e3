package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/fetch/fetchtest"
	"github.com/sanad-credentials/sanad/proof"
)

// origin counts what it is asked, and answers with the headers given; an ETag
// is honoured.
type origin struct {
	headers map[string]string
	asked   atomic.Int32
	status  atomic.Int32
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := o.asked.Add(1)
	for k, v := range o.headers {
		w.Header().Set(k, v)
	}
	if s := o.status.Load(); s != 0 {
		w.WriteHeader(int(s))
		return
	}
	if etag := o.headers["ETag"]; etag != "" && r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprintf(w, "body %d", n)
}

// clock is a time that only the test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.at.Load()) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

func TestLifetime(t *testing.T) {
	at := func(d time.Duration) string { return time.Unix(1_800_000_000, 0).Add(d).UTC().Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		headers map[string]string
		o       Options
		want    time.Duration // how long it is used
	}{
		"says nothing":        {nil, Options{}, time.Minute},
		"nothing, own choice": {nil, Options{DefaultAge: 5 * time.Minute}, 5 * time.Minute},
		"nothing, never":      {nil, Options{DefaultAge: -1}, 0},
		"max-age":             {map[string]string{"Cache-Control": "public, max-age=300"}, Options{}, 5 * time.Minute},
		"max-age, case":       {map[string]string{"Cache-Control": "Public,MAX-AGE=300"}, Options{}, 5 * time.Minute},
		"max-age, quoted":     {map[string]string{"Cache-Control": `max-age="300"`}, Options{}, 5 * time.Minute},
		"aged":                {map[string]string{"Cache-Control": "max-age=300", "Age": "120"}, Options{}, 3 * time.Minute},
		"too old":             {map[string]string{"Cache-Control": "max-age=300", "Age": "301"}, Options{}, 0},
		"max-age 0":           {map[string]string{"Cache-Control": "max-age=0"}, Options{}, 0},
		"max-age no number":   {map[string]string{"Cache-Control": "max-age=long"}, Options{}, 0},
		"max-age negative":    {map[string]string{"Cache-Control": "max-age=-1"}, Options{}, 0},
		"max-age huge":        {map[string]string{"Cache-Control": "max-age=99999999999999999999"}, Options{}, time.Hour},
		"capped":              {map[string]string{"Cache-Control": "max-age=86400"}, Options{MaxAge: 2 * time.Hour}, 2 * time.Hour},
		"switched off":        {map[string]string{"Cache-Control": "max-age=86400"}, Options{MaxAge: -1}, 0},
		"no-store":            {map[string]string{"Cache-Control": "no-store, max-age=300"}, Options{}, 0},
		"no-cache":            {map[string]string{"Cache-Control": "max-age=300, no-cache"}, Options{}, 0},
		"varies":              {map[string]string{"Cache-Control": "max-age=300", "Vary": "*"}, Options{}, 0},
		"expires":             {map[string]string{"Expires": at(10 * time.Minute)}, Options{}, 10 * time.Minute},
		"expired":             {map[string]string{"Expires": at(-time.Minute)}, Options{}, 0},
		"expires 0":           {map[string]string{"Expires": "0"}, Options{}, 0},
		"both":                {map[string]string{"Expires": at(10 * time.Minute), "Cache-Control": "max-age=60"}, Options{}, time.Minute},
	} {
		o := &origin{headers: c.headers}
		s := fetchtest.NewServer(t, o)
		cl, now := client(t, s, c.o), &clock{}
		cl.now = now.now
		ask := func() string {
			r, err := get(cl, s.Base)
			require.NoError(t, err, name)
			return string(r.Body)
		}
		require.Equal(t, "body 1", ask(), name)
		if c.want > 0 {
			now.forward(c.want - 1)
			require.Equal(t, "body 1", ask(), name)
			now.forward(1)
		}
		require.Equal(t, "body 2", ask(), name)
	}
}

func TestRevalidation(t *testing.T) {
	o := &origin{headers: map[string]string{"ETag": `"v1"`, "Cache-Control": "max-age=60", "Content-Type": "application/json"}}
	s := fetchtest.NewServer(t, o)
	c, now := client(t, s, Options{}), &clock{}
	c.now = now.now
	first, err := get(c, s.Base)
	require.NoError(t, err)
	now.forward(time.Minute)
	second, err := get(c, s.Base)
	require.NoError(t, err)
	require.EqualValues(t, 2, o.asked.Load())
	require.Equal(t, "body 1", string(second.Body), "as remembered, for it has not changed")
	require.Equal(t, "application/json", second.ContentType)
	require.Equal(t, time.Minute, second.Fetched.Sub(first.Fetched))

	r, err := c.Get(ctx, Request{URL: s.Base, ETag: `"v1"`})
	require.NoError(t, err)
	require.True(t, r.NotModified)
	require.Empty(t, r.Body)
	require.EqualValues(t, 2, o.asked.Load(), "fresh again")
	r, err = c.Get(ctx, Request{URL: s.Base, ETag: `"v0"`})
	require.NoError(t, err)
	require.Equal(t, "body 1", string(r.Body))

	now.forward(time.Hour)
	r, err = c.Get(ctx, Request{URL: s.Base, ETag: `"v1"`})
	require.NoError(t, err)
	require.True(t, r.NotModified)
	require.EqualValues(t, 3, o.asked.Load())

	now.forward(time.Hour)
	o.status.Store(503)
	_, err = get(c, s.Base)
	require.ErrorIs(t, err, proof.ErrUnavailable, "what is stale is not used")
	o.status.Store(410)
	_, err = get(c, s.Base)
	require.ErrorIs(t, err, ErrGone)
	o.status.Store(0)
	r, err = get(c, s.Base)
	require.NoError(t, err)
	require.Equal(t, "body 6", string(r.Body), "what was withdrawn is forgotten")
}

// A caller with a copy on disk, and a client that has none.
func TestNotModified(t *testing.T) {
	o := &origin{headers: map[string]string{"ETag": `"v1"`}}
	s := fetchtest.NewServer(t, o)
	c := client(t, s, Options{})
	r, err := c.Get(ctx, Request{URL: s.Base, ETag: `"v1"`})
	require.NoError(t, err)
	require.True(t, r.NotModified)
	require.Equal(t, `"v1"`, r.ETag)
	r, err = c.Get(ctx, Request{URL: s.Base, ETag: `"v0"`})
	require.NoError(t, err)
	require.False(t, r.NotModified)
	require.Equal(t, "body 2", string(r.Body))
	r, err = c.Get(ctx, Request{URL: s.Base, Accept: "text/plain"})
	require.NoError(t, err)
	require.Equal(t, "body 3", string(r.Body), "another form of the document")
}

// What the caller has is current, and what is remembered is not: each is told of
// its own.
func TestNotModifiedIsTheCallersCopy(t *testing.T) {
	o := &origin{headers: map[string]string{}}
	s := fetchtest.NewServer(t, o)
	var now clock
	c := client(t, s, Options{DefaultAge: time.Minute})
	c.now = now.now
	_, err := get(c, s.Base)
	require.NoError(t, err)
	now.forward(time.Hour)
	o.headers = map[string]string{"ETag": `"v2"`}
	r, err := c.Get(ctx, Request{URL: s.Base, ETag: `"v2"`})
	require.NoError(t, err)
	require.True(t, r.NotModified)
	require.Empty(t, r.Body)
}

func TestCacheIsBounded(t *testing.T) {
	now := time.Now()
	c := newCache(10_000, 5)
	put := func(name string, n int) {
		c.put(key{url: name}, &Response{Body: make([]byte, n)}, now.Add(time.Minute))
	}
	has := func(name string) bool {
		r, fresh := c.get(key{url: name}, now)
		return r != nil && fresh
	}
	for i := range 10 {
		put(fmt.Sprint(i), 10)
	}
	require.Equal(t, 5, c.order.Len())
	require.False(t, has("4"))
	require.True(t, has("5"))
	put("x", 10)
	require.True(t, has("5"), "it was used")
	require.False(t, has("6"), "it was not")
	put("large", 8000)
	require.True(t, has("large"))
	require.LessOrEqual(t, c.bytes, int64(10_000))
	put("larger", 10_000)
	require.False(t, has("larger"), "it would be alone, and too large")
	require.True(t, has("large"))
	put("large", 1)
	put("large", 2)
	for name := range map[string]bool{"large": true, "5": true, "x": true, "9": true, "8": true} {
		c.remove(key{url: name})
	}
	c.remove(key{url: "large"})
	require.Zero(t, c.bytes)
	require.Zero(t, c.order.Len())
	require.Empty(t, c.byKey)
}

func TestOneRequestForMany(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	s := fetchtest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-release
		io.WriteString(w, "shared")
	}))
	c := client(t, s, Options{MaxAge: -1})
	hasty, leave := context.WithCancel(ctx)
	left := make(chan error)
	go func() {
		_, err := c.Get(hasty, Request{URL: s.Base, MaxBytes: 1 << 20})
		left <- err
	}()
	require.Eventually(t, func() bool { return asked.Load() == 1 }, 5*time.Second, time.Millisecond)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, err := get(c, s.Base)
			if err != nil || string(r.Body) != "shared" {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
	waiting := func() int { return c.flights.Waiting(Request{URL: s.Base, MaxBytes: 1 << 20}) }
	require.Eventually(t, func() bool { return waiting() == 21 }, 5*time.Second, time.Millisecond)
	leave()
	require.ErrorIs(t, <-left, context.Canceled, "the first caller leaves, the request goes on")
	close(release)
	wg.Wait()
	require.EqualValues(t, 1, asked.Load())
	require.Zero(t, waiting())
}

func TestRequestEndsWithItsLastCaller(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	s := fetchtest.NewServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		close(ended)
	}))
	c := client(t, s, Options{Timeout: time.Hour})
	hasty, leave := context.WithCancel(ctx)
	go func() {
		<-started
		leave()
	}()
	_, err := c.Get(hasty, Request{URL: s.Base})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, proof.ErrUnavailable)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the request goes on without anybody waiting")
	}
}

func TestPublic(t *testing.T) {
	for a, want := range map[string]bool{
		"93.184.215.14": true, "1.1.1.1": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "::ffff:1.1.1.1": true, "64:ff9b::101:101": true, "2001:200::1": true,
		"0.0.0.0": false, "10.0.0.1": false, "100.64.0.1": false, "100.100.100.200": false, "127.0.0.1": false, "127.255.255.255": false, "168.63.129.16": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.0.2.1": false, "192.168.1.1": false, "198.18.0.1": false,
		"203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false,
		"64:ff9b:1::1": false, "100::1": false, "fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false,
		"2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "4000::1": false,
	} {
		require.Equal(t, want, Public(netip.MustParseAddr(a)), a)
	}
	require.False(t, Public(netip.Addr{}))
	require.True(t, Public(netip.MustParseAddr("172.32.0.1")))
	for _, bad := range []string{"", "x", "1.1.1.1", "[fe80::1%eth0]:443", "127.0.0.1:443"} {
		require.ErrorIs(t, control("tcp", bad, nil), ErrRefused, bad)
	}
	require.NoError(t, control("tcp", "[2606:4700::1111]:443", nil))
	require.True(t, strings.HasPrefix(control("tcp", "10.0.0.1:1", nil).Error(), "refused"))
}
