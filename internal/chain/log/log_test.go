package log_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/log"
	"vitrine/internal/chain/witness"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// world is a log's key and three running witnesses, of which two are enough.
type world struct {
	signer  note.Signer
	policy  *policy.Policy
	servers []*httptest.Server
	lost    [3]atomic.Bool // that witness answers 404 to everything
}

func newWorld(t testing.TB) *world {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, chaintest.Origin)
	must(t, err)
	signer, err := note.NewSigner(skey)
	must(t, err)
	verifier, err := note.NewVerifier(vkey)
	must(t, err)
	w := &world{signer: signer}
	text := fmt.Sprintf("log %s\n", vkey)
	for i := range 3 {
		skey, vkey, err := proof.GenerateCosignatureKey(rand.Reader, fmt.Sprintf("witness.example/W%d", i))
		must(t, err)
		cosigner, err := proof.NewCosignatureSigner(skey, time.Now)
		must(t, err)
		own, err := proof.NewCosignatureVerifier(vkey)
		must(t, err)
		store, err := witness.OpenFolder(durabletest.Dir(t), durable.Disk{})
		must(t, err)
		t.Cleanup(func() { store.Close() })
		wit, err := witness.New(witness.Config{Logs: []witness.Log{{Verifier: verifier}}, Signer: cosigner, Own: own, Store: store})
		must(t, err)
		handler := witness.Handler(wit, nil)
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if w.lost[i].Load() {
				http.NotFound(rw, r)
				return
			}
			handler.ServeHTTP(rw, r)
		}))
		t.Cleanup(server.Close)
		w.servers = append(w.servers, server)
		text += fmt.Sprintf("witness W%d %s %s\n", i, vkey, server.URL)
	}
	w.policy, err = policy.Parse([]byte(text + "group enough 2 W0 W1 W2\nquorum enough\n"))
	must(t, err)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func authors() check.Authors {
	return check.Authors{Keys: []statement.Key{chaintest.Author("alice").Key(), chaintest.Author("bob").Key()}, Threshold: 1}
}

func (w *world) config(dir string) log.Config {
	return log.Config{
		Dir: dir, Signer: w.signer, Policy: w.policy, Interval: 100 * time.Millisecond, BatchAge: 10 * time.Millisecond, Timeout: time.Second,
		Authors: func(context.Context, statement.Statement) (check.Authors, error) { return authors(), nil },
	}
}

func (w *world) open(t testing.TB, dir string) *log.Log {
	t.Helper()
	l, err := log.Open(context.Background(), w.config(dir))
	must(t, err)
	return l
}

func shut(t testing.TB, l *log.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, l.Close(ctx))
}

// bundle makes the leaf of a channel's bundle.
func bundle(t testing.TB, channel string, serial int64, prev tlog.Hash, author string) []byte {
	t.Helper()
	leaf, err := statement.Sign(statement.Statement{
		Subject: []statement.Subject{{Name: statement.BundleName(channel, serial), SHA256: sha256.Sum256([]byte{byte(serial)})}},
		Predicate: statement.RuleBundle{
			Channel: channel, Serial: serial, Prev: prev, Size: 1, Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)},
			Review: []string{"reviewers"}, NotBefore: time.Unix(1800000000, 0).UTC(), Expires: time.Unix(1900000000, 0).UTC(), EngineMin: "0.1.0",
		},
	}, chaintest.Author(author))
	must(t, err)
	return leaf
}

func add(t testing.TB, l *log.Log, leaf []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	text, err := l.Add(ctx, leaf)
	must(t, err)
	return text
}

func TestLife(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	l := w.open(t, dir)
	var prev tlog.Hash
	for serial := int64(1); serial <= 3; serial++ {
		leaf := bundle(t, "core", serial, prev, "alice")
		claim := check.Claim{Leaf: leaf, Proof: add(t, l, leaf)}
		r, err := check.Logged(w.policy, authors(), claim, time.Now())
		if err != nil || r.Index != serial-1 || len(r.Verified.Cosigned) < 2 {
			t.Fatalf("bundle %d: %+v, %v", serial, r, err)
		}
		prev = r.Leaf
	}
	if _, err := log.Open(context.Background(), w.config(dir)); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a second log in the same folder: %v", err)
	}
	shut(t, l)
	if _, err := l.Add(context.Background(), bundle(t, "core", 4, prev, "alice")); !errors.Is(err, log.ErrClosing) {
		t.Errorf("after the end: %v", err)
	}
	l = w.open(t, dir)
	defer shut(t, l)
	r, err := check.InLog(w.policy, check.Claim{Leaf: bundle(t, "core", 1, tlog.Hash{}, "alice"), Proof: add(t, l, bundle(t, "core", 1, tlog.Hash{}, "alice"))}, time.Now())
	if err != nil || r.Index != 0 {
		t.Errorf("the same entry after a restart: %+v, %v", r, err)
	}
	add(t, l, bundle(t, "core", 4, prev, "bob"))
}

func TestRefused(t *testing.T) {
	w := newWorld(t)
	l := w.open(t, durabletest.Dir(t))
	defer shut(t, l)
	first := bundle(t, "core", 1, tlog.Hash{}, "alice")
	add(t, l, first)
	for name, c := range map[string]struct {
		leaf []byte
		want string
	}{
		"no statement":      {[]byte("hello"), ""},
		"unknown author":    {bundle(t, "core", 2, proof.LeafHash(first), "mallory"), "0"},
		"serial again":      {bundle(t, "core", 1, tlog.Hash{}, "bob"), "1 follows 1"},
		"serial skipped":    {bundle(t, "core", 3, proof.LeafHash(first), "alice"), "3 follows 1"},
		"another before it": {bundle(t, "core", 2, tlog.Hash{1}, "alice"), "as the entry before it"},
		"channel from 2":    {bundle(t, "other", 2, tlog.Hash{1}, "alice"), "begins with 2"},
		"too large":         {make([]byte, statement.MaxLeaf+1), ""},
	} {
		if _, err := l.Add(context.Background(), c.leaf); !errors.Is(err, log.ErrRefused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of many who offer the next bundle at once, one gets its place.
func TestOneSuccessor(t *testing.T) {
	w := newWorld(t)
	l := w.open(t, durabletest.Dir(t))
	defer shut(t, l)
	first := bundle(t, "core", 1, tlog.Hash{}, "alice")
	add(t, l, first)
	var group sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for _, leaf := range [][]byte{bundle(t, "core", 2, proof.LeafHash(first), "alice"), bundle(t, "core", 2, proof.LeafHash(first), "bob")} {
		group.Go(func() {
			if _, err := l.Add(context.Background(), leaf); err == nil {
				mu.Lock()
				taken++
				mu.Unlock()
			} else if !errors.Is(err, log.ErrRefused) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if taken != 1 {
		t.Errorf("%d bundles are number 2", taken)
	}
}

// Without a quorum of witnesses nothing is published, and no author is told
// that it was; when they are back, it is.
func TestWitnessesLost(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	l := w.open(t, dir)
	w.lost[0].Store(true)
	w.lost[1].Store(true)
	leaf := bundle(t, "core", 1, tlog.Hash{}, "alice")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if text, err := l.Add(ctx, leaf); err == nil {
		t.Fatalf("published with one witness:\n%s", text)
	}
	w.lost[0].Store(false)
	w.lost[1].Store(false)
	if _, err := check.Logged(w.policy, authors(), check.Claim{Leaf: leaf, Proof: add(t, l, leaf)}, time.Now()); err != nil {
		t.Error(err)
	}
	shut(t, l)
}

// A folder restored from a backup is behind its witnesses. To append to it
// would be a second history.
func TestBackup(t *testing.T) {
	w, dir, backup := newWorld(t), durabletest.Dir(t), durabletest.Dir(t)
	l := w.open(t, dir)
	first := bundle(t, "core", 1, tlog.Hash{}, "alice")
	add(t, l, first)
	shut(t, l)
	must(t, os.RemoveAll(backup))
	must(t, os.CopyFS(backup, os.DirFS(dir)))
	l = w.open(t, dir)
	add(t, l, bundle(t, "core", 2, proof.LeafHash(first), "alice"))
	shut(t, l)
	if _, err := log.Open(context.Background(), w.config(backup)); !errors.Is(err, log.ErrBehind) {
		t.Errorf("got %v", err)
	}
}

func TestNoWitnessAtFirstStart(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	for _, s := range w.servers {
		s.Close()
	}
	for range 2 { // the second start finds what the first has left
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if l, err := log.Open(ctx, w.config(dir)); err == nil {
			t.Error("a log without a checkpoint says it is ready")
			shut(t, l)
		}
		cancel()
	}
}

func TestPolicyOfAnother(t *testing.T) {
	w := newWorld(t)
	cfg := w.config(durabletest.Dir(t))
	cfg.Policy = chaintest.New(t, time.Now()).Policy() // no URLs
	if _, err := log.Open(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "at which URL") {
		t.Errorf("got %v", err)
	}
}
