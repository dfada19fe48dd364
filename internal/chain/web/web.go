// Package web gets files of a site over HTTP. It is the one package of the
// machine's binary that may speak to a network, it speaks only when a command
// that says so is run, and it sends nothing but the path of what it asks for:
// no name of the machine, no version, no cookie.
//
// What it gets is not believed for where it came from, so plain HTTP and any
// mirror will do; TLS keeps from onlookers what is asked for.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vitrine/internal/chain/site"
)

// Site is a site at a URL.
type Site struct {
	base    string
	client  *http.Client
	timeout time.Duration
}

// slowest is how many bytes must come in a second, after the timeout is over. A
// server that sends less keeps nobody waiting for ever, and a large file may come
// over a slow line.
const slowest = 16 << 10

// New makes a site of a URL with the scheme http or https. The timeout is for a
// small file, and for an answer of a log; 0 is one minute.
func New(base string, timeout time.Duration) (*Site, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no URL of a site: it must be http or https, with a host and without a query", base)
	}
	if timeout == 0 {
		timeout = time.Minute
	}
	return &Site{strings.TrimSuffix(base, "/") + "/", &http.Client{CheckRedirect: sameHost}, timeout}, nil
}

// sameHost follows a redirect only to the host that was asked.
func sameHost(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("too many redirects")
	}
	if req.URL.Host != via[0].URL.Host || via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirected to %s", req.URL.Host)
	}
	return nil
}

// Fetch implements site.Fetcher. Only 404 and 410 mean that a file is not
// there: any other refusal may be the network's and proves nothing.
func (s *Site) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	if !site.Valid(name) {
		return nil, fmt.Errorf("fetch %q: no path of a site", name)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout+time.Duration(limit/slowest)*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+name, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	req.Header.Set("User-Agent", "")
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	defer answer.Body.Close()
	if err := refusal(answer.StatusCode); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", s.base+name, err)
	}
	data, err := site.ReadAll(answer.Body, limit)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", s.base+name, err)
	}
	return data, nil
}

func refusal(status int) error {
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return fs.ErrNotExist
	}
	return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
}

// Add hands an entry to the log of a site, and gives the proof that it answers
// with when the entry is published. It is for authors, not for machines.
func (s *Site) Add(ctx context.Context, leaf []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"add", bytes.NewReader(leaf))
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := site.ReadAll(answer.Body, maxProof)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the log answered %d: %s", answer.StatusCode, strings.TrimSpace(string(data)))
	}
	return data, nil
}

// maxProof is the largest answer of a log in bytes.
const maxProof = 256 << 10
