// Package operatortest makes an operator with a running log and three running
// witnesses, in one process. It is for tests.
package operatortest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/log"
	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/chain/witness"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
	"vitrine/proof/statement"
)

// World is an operator at work.
type World struct {
	Folder    *operator.Folder
	Log       *log.Log
	Witnesses []*Switch
	Now       func() time.Time // of witnesses

	Interval time.Duration // between checkpoints; 0 is 100 ms
}

// Switch is a witness that can be turned off.
type Switch struct {
	Off     atomic.Bool
	handler http.Handler
}

// ServeHTTP implements http.Handler.
func (s *Switch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.handler == nil || s.Off.Load() {
		http.Error(w, "off", http.StatusServiceUnavailable)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// New makes an operator's folder at a time, and starts its witnesses and its
// log. Witnesses cosign at the time that now gives.
func New(t testing.TB, now func() time.Time) *World {
	t.Helper()
	w := &World{Now: now}
	c := operator.InitConfig{Dir: filepath.Join(durabletest.Dir(t), "operator"), Origin: "log.example/av1", Random: rand.Reader, Now: now()}
	for i := range 3 {
		s := &Switch{}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		w.Witnesses = append(w.Witnesses, s)
		c.Witnesses = append(c.Witnesses, operator.Witness{Name: fmt.Sprintf("witness.example/%d", i+1), URL: server.URL})
	}
	folder, err := operator.Init(c)
	must(t, err)
	w.Folder = folder
	for i, s := range w.Witnesses {
		s.handler = w.witness(t, i+1)
	}
	w.Start(t)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *World) witness(t testing.TB, number int) http.Handler {
	t.Helper()
	dir := filepath.Join(w.Folder.Dir, "witness", fmt.Sprint(number))
	skey, err := os.ReadFile(filepath.Join(dir, "key"))
	must(t, err)
	signer, err := proof.NewCosignatureSigner(strings.TrimSpace(string(skey)), w.Now)
	must(t, err)
	own, err := signer.Key().Verifier()
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	store, err := witness.OpenFolder(filepath.Join(dir, "state"), durable.Disk{})
	must(t, err)
	t.Cleanup(func() { store.Close() })
	wit, err := witness.New(witness.Config{Logs: []witness.Log{{Verifier: p.Log.Verifier}}, Signer: signer, Own: own, Store: store})
	must(t, err)
	return witness.Handler(wit, nil)
}

// Start starts the log; it ends with the test, or with Stop.
func (w *World) Start(t testing.TB) {
	t.Helper()
	signer, err := w.Folder.LogSigner()
	must(t, err)
	p, err := w.Folder.Policy()
	must(t, err)
	next, err := w.Folder.Next()
	must(t, err)
	w.Log, err = log.Open(context.Background(), log.Config{
		Dir: filepath.Join(w.Folder.Site(), "log"), Signer: signer, Policy: p, Next: next, Interval: w.interval(), BatchAge: 5 * time.Millisecond,
		Authors: func(ctx context.Context, s statement.Statement) (check.Authors, error) {
			c, err := w.Client(t)
			if err != nil {
				return check.Authors{}, err
			}
			return authors.Of(c, s)
		},
	})
	must(t, err)
	running := w.Log
	t.Cleanup(func() { stop(t, running) })
}

func (w *World) interval() time.Duration {
	if w.Interval == 0 {
		return 100 * time.Millisecond
	}
	return w.Interval
}

// Stop stops the log.
func (w *World) Stop(t testing.TB) {
	t.Helper()
	stop(t, w.Log)
	w.Log = nil
}

func stop(t testing.TB, l *log.Log) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	l.Close(ctx)
}

// Client is a fresh client of the site's metadata.
func (w *World) Client(t testing.TB) (*tuf.Client, error) {
	root, err := w.Folder.Root()
	if err != nil {
		return nil, err
	}
	c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: durabletest.Dir(t)}, Fetcher: site.Metadata{Site: site.Dir(w.Folder.Site())}, Root: root, Now: w.Now()})
	if err != nil {
		return nil, err
	}
	return c, c.Refresh(context.Background())
}

// Fork makes the log begin anew, with witnesses that have the same keys and
// have forgotten everything: what an operator who controls them all could do.
func (w *World) Fork(t testing.TB) {
	t.Helper()
	w.Stop(t)
	must(t, os.RemoveAll(filepath.Join(w.Folder.Site(), "log")))
	for i, s := range w.Witnesses {
		dir := filepath.Join(w.Folder.Dir, "witness", fmt.Sprint(i+1))
		must(t, os.Rename(filepath.Join(dir, "state"), filepath.Join(dir, "state-before")))
		s.Off.Store(true)
		s.handler = w.witness(t, i+1)
		s.Off.Store(false)
	}
	must(t, os.RemoveAll(filepath.Join(w.Folder.Site(), "files")))
	repo := tufrepo.Repo{Site: w.Folder.Site(), Now: w.Now()}
	must(t, repo.Publish("rules-core", nil, w.Folder.Signers))
	w.Start(t)
}
