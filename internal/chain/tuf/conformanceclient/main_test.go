package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vitrine/internal/chain/tuf/tuftest"
	"vitrine/internal/durable/durabletest"
)

var at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// suite is a repository behind HTTP, and a client's folders.
type suite struct {
	url, root, metadata, targets string
	downloads                    int
}

const content, name = "what is in it", "path/to/a file"

func newSuite(t *testing.T) *suite {
	t.Helper()
	repo := tuftest.New(at.Add(time.Hour))
	repo.Files0[name] = tuftest.Target([]byte(content))
	root := repo.PublishRoot()
	repo.Publish()
	dir := durabletest.Dir(t)
	s := &suite{root: filepath.Join(dir, "initial.json"), metadata: filepath.Join(dir, "metadata"), targets: filepath.Join(dir, "targets")}
	for _, d := range []string{s.metadata, s.targets} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.root, root, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metadata/{name}", func(w http.ResponseWriter, r *http.Request) {
		if data, ok := repo.Files[r.PathValue("name")]; ok {
			w.Write(data)
			return
		}
		http.NotFound(w, r)
	})
	mux.HandleFunc("GET /targets/path/to/"+hex.EncodeToString(sum[:])+".a file", func(w http.ResponseWriter, r *http.Request) {
		s.downloads++
		io.WriteString(w, content)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *suite) run(args ...string) error {
	return run(context.Background(), append([]string{"--metadata-dir", s.metadata}, args...), at, io.Discard)
}

func (s *suite) download(target string) error {
	return s.run("--metadata-url", s.url+"/metadata", "--target-name", target, "--target-base-url", s.url+"/targets/", "--target-dir", s.targets, "download")
}

func TestCommands(t *testing.T) {
	s := newSuite(t)
	if err := s.run("--metadata-url", s.url+"/metadata", "refresh"); err == nil {
		t.Error("refreshed without a root")
	}
	if err := s.run("init", s.root); err != nil {
		t.Fatal(err)
	}
	if err := s.run("--metadata-url", s.url+"/metadata/", "refresh"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.download(name); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(s.targets)
	if err != nil || len(files) != 1 || s.downloads != 1 {
		t.Fatalf("%v, %v, %d downloads", files, err, s.downloads)
	}
	if data, err := os.ReadFile(filepath.Join(s.targets, files[0].Name())); err != nil || string(data) != content {
		t.Errorf("%q, %v", data, err)
	}
	if err := s.download("none"); err == nil {
		t.Error("downloaded what is not there")
	}
}

func TestUsage(t *testing.T) {
	s := newSuite(t)
	for _, args := range [][]string{{}, {"init"}, {"other"}, {"download"}, {"-x"}} {
		if s.run(args...) == nil {
			t.Errorf("%q was taken", args)
		}
	}
	if run(context.Background(), []string{"refresh"}, at, io.Discard) == nil {
		t.Error("no folder named, and taken")
	}
}

func TestFaketime(t *testing.T) {
	if d := time.Until(now("+86400")); d < 23*time.Hour || d > 25*time.Hour {
		t.Errorf("a day later is in %v", d)
	}
	if d := time.Until(now("")); d < -time.Hour || d > time.Hour {
		t.Errorf("now is in %v", d)
	}
}
