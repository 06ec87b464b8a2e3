package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/credential/w3c"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/proof/dataintegrity"
)

const (
	// listSize is the least number of places that a list has (Bitstring Status
	// List 1.0, section 6.1).
	listSize = 131072
	// listLife is how long a signed list is good for. It is signed anew after
	// half of it.
	listLife = time.Hour
	// listSkew dates a list back, for verifiers whose clock is behind, and for
	// verifications that began before the list was signed.
	listSkew = time.Minute
)

// lists are the status lists of this server, in memory: one for each issuer's
// DID and purpose, made when first asked for.
type lists struct {
	base string // where they are served

	mu  sync.Mutex
	all []*list
}

// list is one of them, with its last signed form.
type list struct {
	*status.BitstringList
	by *issuer

	mu     sync.Mutex
	signed []byte
	renew  time.Time
}

// get returns the list of an issuer for a purpose.
func (ls *lists) get(by *issuer, purpose string) (*list, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.all {
		if l.Purpose() == purpose && l.by.did() == by.did() {
			return l, nil
		}
	}
	b, err := status.NewBitstringList(ls.base+strconv.Itoa(len(ls.all)+1), purpose, listSize)
	if err != nil {
		return nil, err
	}
	l := &list{BitstringList: b, by: by}
	ls.all = append(ls.all, l)
	return l, nil
}

// find returns the lists that f wants.
func (ls *lists) find(f func(*list) bool) []*list {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(ls.all), func(l *list) bool { return !f(l) })
}

// at returns the list of a URL, nil where there is none.
func (ls *lists) at(url string) *list {
	if found := ls.find(func(l *list) bool { return l.URL() == url }); len(found) > 0 {
		return found[0]
	}
	return nil
}

// set changes a place. The next who asks for the list sees it.
func (l *list) set(place uint64, on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signed = nil
	return l.Set(place, on)
}

// raw returns the list as a signed credential: the same bytes until it changes.
func (l *list) raw(ctx context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.signed != nil && now.Before(l.renew) {
		return l.signed, nil
	}
	doc, err := l.Document(l.by.did(), now.Add(-listSkew), now.Add(listLife))
	if err != nil {
		return nil, err
	}
	draft, err := w3c.FromJSON(doc)
	if err != nil {
		return nil, err
	}
	sealer := l.by.sealer
	sealer.Suites = []string{l.by.whole()}
	i, err := credential.NewIssuer(credential.IssuerConfig{Sealer: sealer, Signers: []proof.Signer{l.by.signer}})
	if err != nil {
		return nil, err
	}
	raw, err := i.Issue(ctx, draft)
	if err == nil && l.by.suite == dataintegrity.BBS2023 {
		raw, err = sealer.Derive(ctx, credential.Held{Raw: raw, Show: []string{""}}, credential.Binding{})
	}
	if err != nil {
		return nil, err
	}
	l.signed = raw
	l.renew = now.Add(listLife / 2)
	return l.signed, nil
}

// source gives the verifier its lists: those of this server from memory, others
// by way of fetch.
func (ls *lists) source(fetch status.Source) status.Source {
	return func(ctx context.Context, url string) ([]byte, error) {
		if l := ls.at(url); l != nil {
			return l.raw(ctx)
		}
		if strings.HasPrefix(url, ls.base) {
			return nil, fmt.Errorf("no such status list here: %w", proof.ErrUnavailable)
		}
		return fetch(ctx, url)
	}
}

// statusList is GET /status/{n}.
func (s *server) statusList(r *http.Request) reply {
	l := s.lists.at(s.lists.base + r.PathValue("n"))
	if l == nil {
		return refuse(http.StatusNotFound, retrievalError, "no such status list")
	}
	raw, err := l.raw(r.Context())
	if err != nil {
		return refuse(http.StatusServiceUnavailable, retrievalError, err.Error())
	}
	mediaType := jsonType
	if slices.Contains(accepted(r.Header.Values("Accept")), "application/vc") {
		mediaType = "application/vc"
	}
	return reply{status: http.StatusOK, mediaType: mediaType, body: raw}
}

// setStatus is POST /credentials/status: {"credentialId", "credentialStatus":
// {"type", "statusPurpose"}, "status": true}. Instead of an id, the entry's
// statusListCredential and statusListIndex name the place. The older form, with
// "status" in the entry as "0" or "1" and entries in an array, is read too.
func (s *server) setStatus(r *http.Request) reply {
	body, fail := readJSON(r)
	if fail != nil {
		return *fail
	}
	entries := []jcs.Value{body.Member("credentialStatus")}
	if entries[0].Kind() == jcs.Array {
		entries = slices.Collect(func(yield func(jcs.Value) bool) {
			for _, e := range body.Member("credentialStatus").Elements() {
				if !yield(e) {
					return
				}
			}
		})
	}
	var changes []change
	for _, e := range entries {
		c, fail := s.change(body, e)
		if fail != nil {
			return *fail
		}
		changes = append(changes, c...)
	}
	if len(changes) == 0 {
		return refuse(http.StatusNotFound, noType, "no such credential in the lists of this purpose")
	}
	for _, c := range changes {
		if err := c.list.set(c.place, c.on); err != nil {
			return refuse(http.StatusBadRequest, rangeError, err.Error())
		}
	}
	return answer(http.StatusOK, jsonType, struct{}{})
}

type change struct {
	list  *list
	place uint64
	on    bool
}

// change reads one entry: which places get which value.
func (s *server) change(body, e jcs.Value) ([]change, *reply) {
	malformed := func(detail string) ([]change, *reply) {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, detail))
	}
	if kind, _ := e.Member("type").Text(); kind != status.TypeBitstring {
		return malformed("credentialStatus.type: not " + status.TypeBitstring)
	}
	purpose, _ := e.Member("statusPurpose").Text()
	if !e.Member("statusPurpose").Exists() {
		purpose = status.PurposeRevocation
	}
	on, ok := truth(e.Member("status"))
	if !ok {
		on, ok = truth(body.Member("status"))
	}
	if !ok {
		return malformed(`status: not true or false, nor "1" or "0"`)
	}
	if !on && purpose == status.PurposeRevocation {
		return malformed("status: a revocation can't be taken back")
	}
	if url, ok := e.Member("statusListCredential").Text(); ok {
		index, _ := e.Member("statusListIndex").Text()
		place, err := strconv.ParseUint(index, 10, 64)
		if err != nil {
			return malformed("credentialStatus.statusListIndex: not a number in a string")
		}
		if l := s.lists.at(url); l != nil && l.Purpose() == purpose {
			return []change{{l, place, on}}, nil
		}
		return nil, nil
	}
	id, _ := body.Member("credentialId").Text()
	var out []change
	for _, l := range s.lists.find(func(l *list) bool { return l.Purpose() == purpose }) {
		if place, err := l.Place(id); err == nil {
			out = append(out, change{l, place, on})
		}
	}
	return out, nil
}

func truth(v jcs.Value) (b, ok bool) {
	if b, ok = v.Bool(); ok {
		return b, true
	}
	s, _ := v.Text()
	return s == "1", s == "1" || s == "0"
}
