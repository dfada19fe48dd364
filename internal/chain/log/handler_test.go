package log_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/log"
	"vitrine/internal/chain/site"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

func TestHandler(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	l := w.open(t, filepath.Join(dir, "log"))
	defer shut(t, l)
	must(t, os.WriteFile(filepath.Join(dir, "secret"), nil, 0o600))
	must(t, os.MkdirAll(filepath.Join(dir, "site-tuf"), 0o755))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	server := httptest.NewServer(log.Handler(l, root))
	defer server.Close()
	send := func(leaf []byte) (int, []byte) {
		answer, err := http.Post(server.URL+"/add", "", bytes.NewReader(leaf))
		must(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		must(t, err)
		return answer.StatusCode, text
	}
	leaf := bundle(t, "core", 1, tlog.Hash{}, "alice")
	status, text := send(leaf)
	if _, err := check.Logged(w.policy, authors(), check.Claim{Leaf: leaf, Proof: text}, time.Now()); status != 200 || err != nil {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	if status, text := send([]byte("{}")); status != 422 || !strings.Contains(string(text), "refused") {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := send(make([]byte, statement.MaxLeaf+1)); status != 400 {
		t.Errorf("too large: %d", status)
	}
	for path, want := range map[string]string{
		"/" + site.Checkpoint:                    "no-cache",
		"/" + site.Tile("tile/0/000.p/1"):        "public, max-age=60",
		"/" + site.Tile("tile/entries/000.p/1"):  "public, max-age=60",
		"/log/.lock":                             "",
		"/log/.state/treeState":                  "",
		"/log/":                                  "",
		"/":                                      "",
		"/log/%2e%2e/secret":                     "",
		"/" + site.Tile("tile/entries/000.p/77"): "",
	} {
		answer, err := http.Get(server.URL + path)
		must(t, err)
		answer.Body.Close()
		if (answer.StatusCode == 200) != (want != "") || answer.Header.Get("Cache-Control") != want {
			t.Errorf("%s: %d, %q", path, answer.StatusCode, answer.Header.Get("Cache-Control"))
		}
	}
}
