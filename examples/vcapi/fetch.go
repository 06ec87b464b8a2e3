package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential/status"
	"github.com/sanad-credentials/sanad/internal/fetch"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// listAccept is what status lists are asked for as.
const listAccept = "application/vc, application/vc+ld+json;q=0.9, application/ld+json;q=0.8, application/json;q=0.7"

// fetcher gets status lists over https from the hosts that are allowed by name,
// and from nowhere else. anyCertificate is for harnesses whose certificate
// nobody knows.
func fetcher(allow []string, anyCertificate bool) (status.Source, error) {
	if len(allow) == 0 {
		return func(context.Context, string) ([]byte, error) {
			return nil, fmt.Errorf("status lists of other servers are not fetched: %w", proof.ErrUnavailable)
		}, nil
	}
	if anyCertificate {
		return insecure(allow), nil
	}
	c, err := fetch.New(fetch.Options{
		Hosts: allow, PrivateHosts: allow, MaxBytes: limits.StatusList,
		// A list changes between two requests of one test.
		MaxAge: -1, DefaultAge: -1,
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, url string) ([]byte, error) {
		r, err := c.Get(ctx, fetch.Request{URL: url, Accept: listAccept})
		if err != nil {
			return nil, err
		}
		return r.Body, nil
	}, nil
}

// insecure fetches without looking at certificates, which package fetch never
// does: from hosts that the command line names, and without redirects.
func insecure(allow []string) status.Source {
	c := &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true},
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 10 * time.Second, MaxResponseHeaderBytes: limits.Headers,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, list string) ([]byte, error) {
		u, err := url.Parse(list)
		if err != nil || u.Scheme != "https" || u.User != nil || !slices.ContainsFunc(allow, func(h string) bool { return strings.EqualFold(h, u.Hostname()) }) {
			return nil, fmt.Errorf("not https, or not a host of -allow: %w", proof.ErrUnavailable)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, list, nil)
		if err != nil {
			return nil, fmt.Errorf("malformed URL: %w", proof.ErrUnavailable)
		}
		r.Header.Set("Accept", listAccept)
		res, err := c.Do(r)
		if err != nil {
			return nil, fmt.Errorf("host of -allow: %w: %w", proof.ErrUnavailable, withoutURL(err))
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("HTTP status %d: %w", res.StatusCode, proof.ErrUnavailable)
		}
		raw, err := io.ReadAll(io.LimitReader(res.Body, limits.StatusList+1))
		if err != nil || len(raw) > limits.StatusList {
			return nil, fmt.Errorf("cut short, or more than %d bytes: %w", limits.StatusList, proof.ErrUnavailable)
		}
		return raw, nil
	}
}

func withoutURL(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
