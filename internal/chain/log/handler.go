package log

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"vitrine/internal/chain/site"
	"vitrine/proof/statement"
)

// Handler serves a site: its files by GET, as any static server could, and
// POST /add for authors: the body is an entry, the answer its proof.
func Handler(l *Log, root *os.Root) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) { l.serveAdd(w, r) })
	mux.Handle("GET /", Static(root))
	return mux
}

func (l *Log) serveAdd(w http.ResponseWriter, r *http.Request) {
	leaf, err := io.ReadAll(http.MaxBytesReader(w, r.Body, statement.MaxLeaf))
	if err != nil {
		http.Error(w, "the entry is too large, or broke off", http.StatusBadRequest)
		return
	}
	text, err := l.Add(r.Context(), leaf)
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(text)
	case errors.Is(err, ErrRefused):
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	case errors.Is(err, context.Canceled):
		// nobody is left to read an answer
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// Static serves the files of a site, with what caches may do with each.
func Static(root *os.Root) http.Handler {
	files := http.FileServerFS(root.FS())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if !site.Valid(name) {
			http.NotFound(w, r)
			return
		}
		if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", cacheControl(name))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if strings.HasSuffix(name, ".json") {
			w.Header().Set("Content-Type", "application/json")
		} else if !strings.HasPrefix(name, "log/tile/") && !strings.HasPrefix(name, "files/") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		} else {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		files.ServeHTTP(w, r)
	})
}

// cacheControl says how long a file may be kept: for ever if its name fixes
// what is in it, not at all if it is replaced in place. Partial tiles go when
// the full one is there, so they are kept only for a while.
func cacheControl(name string) string {
	switch {
	case name == site.Checkpoint, name == site.TUF("timestamp.json"):
		return "no-cache"
	case strings.HasPrefix(name, "log/tile/") && strings.Contains(name, ".p/"):
		return "public, max-age=60"
	case strings.HasPrefix(name, "log/tile/"), strings.HasPrefix(name, "tuf/"):
		return "public, max-age=31536000, immutable"
	case strings.HasSuffix(name, ".tlog-proof"):
		return "public, max-age=300"
	}
	return "public, max-age=3600"
}
