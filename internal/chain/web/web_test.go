package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/site"
)

func TestFetch(t *testing.T) {
	var sent http.Header
	mux := http.NewServeMux()
	mux.HandleFunc("/s/log/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header
		w.Write([]byte("12345"))
	})
	mux.HandleFunc("/s/refused", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	mux.HandleFunc("/s/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/s/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/x", http.StatusFound)
	})
	mux.HandleFunc("/s/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/s/log/checkpoint", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	s, err := New(server.URL+"/s/", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, name := range []string{"log/checkpoint", "moved"} {
		if data, err := s.Fetch(ctx, name, 5); err != nil || string(data) != "12345" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for name := range sent {
		if name != "Accept-Encoding" && name != "Referer" {
			t.Errorf("sent %s: %s", name, sent.Get(name))
		}
	}
	for name, want := range map[string]error{"none": fs.ErrNotExist, "endless": site.ErrTooLarge} {
		if _, err := s.Fetch(ctx, name, 1<<16); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{"refused": "403", "away": "redirected", "../x": "no path"} {
		if _, err := s.Fetch(ctx, name, 10); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server that sends a byte now and then is left when the time for a file of
// that size is over.
func TestFetchSlow(t *testing.T) {
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		w.Write([]byte("1"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	s, err := New(server.URL, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fetch(context.Background(), "log/checkpoint", slowest-1); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	<-left
}

func TestNewRefuses(t *testing.T) {
	for _, bad := range []string{"", "x", "ftp://host/", "file:///etc", "http://", "http://h/?q", "http://h/#f", "http://h:x/"} {
		if _, err := New(bad, 0); err == nil {
			t.Errorf("took %q", bad)
		}
	}
}
