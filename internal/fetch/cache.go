package fetch

import (
	"container/list"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// key is what two requests must share for one answer to serve both.
type key struct{ url, accept string }

type entry struct {
	key   key
	resp  *Response
	until time.Time
}

// size is about what an entry takes.
func (e *entry) size() int64 {
	return int64(512 + 2*len(e.key.url) + len(e.key.accept) + len(e.resp.Body))
}

// cache remembers the answers used last.
type cache struct {
	maxBytes   int64
	maxEntries int

	mu    sync.Mutex
	bytes int64
	order *list.List // of *entry, the one used last in front
	byKey map[key]*list.Element
}

func newCache(maxBytes int64, maxEntries int) *cache {
	return &cache{maxBytes: maxBytes, maxEntries: maxEntries, order: list.New(), byKey: map[key]*list.Element{}}
}

// get returns what is remembered, nil if nothing is, and whether it may be used
// without asking again.
func (c *cache) get(k key, now time.Time) (resp *Response, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.byKey[k]
	if el == nil {
		return nil, false
	}
	c.order.MoveToFront(el)
	e := el.Value.(*entry)
	return e.resp, now.Before(e.until)
}

func (c *cache) put(k key, resp *Response, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byKey[k])
	e := &entry{k, resp, until}
	if e.size() > c.maxBytes {
		return
	}
	c.bytes += e.size()
	c.byKey[k] = c.order.PushFront(e)
	for c.bytes > c.maxBytes || c.order.Len() > c.maxEntries {
		c.drop(c.order.Back())
	}
}

func (c *cache) remove(k key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byKey[k])
}

func (c *cache) drop(el *list.Element) {
	if el == nil {
		return
	}
	e := c.order.Remove(el).(*entry)
	delete(c.byKey, e.key)
	c.bytes -= e.size()
}

// lifetime is for how long an answer may be used without asking again (RFC
// 9111, section 4.2.1). ok is false where it must not be remembered, or is of
// no use later.
func (c *Client) lifetime(h http.Header, now time.Time) (d time.Duration, ok bool) {
	limit, byDefault := c.o.MaxAge, c.o.DefaultAge
	if limit == 0 {
		limit = time.Hour
	}
	if byDefault == 0 {
		byDefault = time.Minute
	}
	if limit < 0 || h.Get("Vary") == "*" {
		return 0, false
	}
	d = byDefault
	if expires := h.Get("Expires"); expires != "" {
		t, err := http.ParseTime(expires)
		if d = t.Sub(now); err != nil {
			d = 0
		}
	}
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store":
			return 0, false
		case "no-cache":
			limit = 0
		case "max-age":
			d = seconds(value) - seconds(h.Get("Age"))
		}
	}
	d = max(0, min(d, limit))
	return d, d > 0 || h.Get("ETag") != ""
}

// seconds reads a delta-seconds, of which large ones are cut (RFC 9111, section
// 1.2.2); what is none counts as 0.
func seconds(s string) time.Duration {
	n, err := strconv.ParseUint(strings.Trim(s, `"`), 10, 31)
	if err != nil && n == 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}
