package witness_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/chain/witness"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "log.example/av1"

// logKeys are a log's keys.
type logKeys struct {
	signer   note.Signer
	verifier note.Verifier
}

func newLog(t testing.TB, name string) logKeys {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return logKeys{signer, verifier}
}

// tree is a log's content. Entries of two trees with different marks differ
// from the given index on.
type tree struct {
	hashes tlog.HashReaderFunc
	stored []tlog.Hash
}

func newTree(t testing.TB, size int, mark string, from int) *tree {
	t.Helper()
	tr := &tree{}
	tr.hashes = func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = tr.stored[x]
		}
		return out, nil
	}
	for i := range size {
		entry := fmt.Sprintf("entry %d", i)
		if i >= from {
			entry += mark
		}
		more, err := tlog.StoredHashes(int64(i), []byte(entry), tr.hashes)
		if err != nil {
			t.Fatal(err)
		}
		tr.stored = append(tr.stored, more...)
	}
	return tr
}

func (tr *tree) request(t testing.TB, log logKeys, old, size int64) witness.Request {
	t.Helper()
	root := proof.EmptyRoot()
	if size > 0 {
		var err error
		if root, err = tlog.TreeHash(size, tr.hashes); err != nil {
			t.Fatal(err)
		}
	}
	c := proof.Checkpoint{Origin: log.verifier.Name(), Size: size, Root: root}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, log.signer)
	if err != nil {
		t.Fatal(err)
	}
	r := witness.Request{OldSize: old, Checkpoint: signed}
	if old > 0 && old < size {
		if r.Hashes, err = tlog.ProveTree(size, old, tr.hashes); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// keys are a witness's keys.
func keys(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := proof.GenerateCosignatureKey(rand.Reader, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := proof.NewCosignatureSigner(skey, func() time.Time { return time.Unix(1800000000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	own, err := proof.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, own
}

type memory struct {
	mu    sync.Mutex
	notes map[string][]byte
}

func (m *memory) Load(origin string) ([]byte, error) { return m.notes[origin], nil }

func (m *memory) Save(origin string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes[origin] = data
	return nil
}

func newWitness(t testing.TB, fromStart bool, logs ...logKeys) (*witness.Witness, *memory, note.Verifier) {
	t.Helper()
	signer, own := keys(t)
	store := &memory{notes: map[string][]byte{}}
	cfg := witness.Config{Signer: signer, Own: own, Store: store}
	for _, l := range logs {
		cfg.Logs = append(cfg.Logs, witness.Log{Verifier: l.verifier, FromStart: fromStart})
	}
	w, err := witness.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w, store, own
}

func post(t testing.TB, server *httptest.Server, body []byte) (status int, kind, text string) {
	t.Helper()
	answer, err := http.Post(server.URL+"/add-checkpoint", "", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(data)
}

// The life of a log, and each way to be refused, over HTTP.
func TestProtocol(t *testing.T) {
	log, other, thief := newLog(t, origin), newLog(t, "other.example/log"), newLog(t, origin)
	w, _, own := newWitness(t, true, log)
	server := httptest.NewServer(witness.Handler(w, nil))
	defer server.Close()
	good, bad := newTree(t, 100, "", 0), newTree(t, 100, "!", 40)
	ask := func(tr *tree, l logKeys, old, size int64) []byte { return tr.request(t, l, old, size).Marshal() }
	wrongProof := good.request(t, log, 50, 90)
	wrongProof.Hashes[0][0] ^= 1
	broken := bytes.Replace(ask(good, log, 50, 90), []byte("\n90\n"), []byte("\n91\n"), 1)
	extra := good.request(t, log, 50, 50)
	extra.Hashes = make([]tlog.Hash, 1)
	for _, step := range []struct {
		name   string
		body   []byte
		status int
		want   string
	}{
		{"history unknown", ask(good, log, 0, 10), 403, "was never seen here"},
		{"empty log", ask(good, log, 0, 0), 200, "— witness.example/w1 "},
		{"grows from nothing", ask(good, log, 0, 10), 200, "— witness.example/w1 "},
		{"the same again", ask(good, log, 10, 10), 200, "— witness.example/w1 "},
		{"grows", ask(good, log, 10, 50), 200, "— witness.example/w1 "},
		{"old size behind", ask(good, log, 10, 50), 409, "50\n"},
		{"old size unknown", ask(good, log, 0, 90), 409, "50\n"},
		{"old size ahead", ask(good, log, 60, 90), 409, "50\n"},
		{"backwards", append([]byte("old 50\n\n"), good.request(t, log, 0, 40).Checkpoint...), 400, "backwards"},
		{"fork, same size", ask(bad, log, 50, 50), 422, "fork"},
		{"fork, larger", ask(bad, log, 50, 90), 422, ""},
		{"wrong proof", wrongProof.Marshal(), 422, ""},
		{"proof where none belongs", extra.Marshal(), 422, ""},
		{"no proof", append([]byte("old 50\n\n"), good.request(t, log, 0, 90).Checkpoint...), 422, ""},
		{"signed by another", ask(good, thief, 50, 90), 403, ""},
		{"changed after signing", broken, 403, ""},
		{"unknown log", ask(good, other, 0, 10), 404, "not followed"},
		{"no size", []byte("\n\nx\n"), 400, "old N"},
		{"leading zero", []byte("old 050\n\nx\n"), 400, "old N"},
		{"negative", []byte("old -1\n\nx\n"), 400, "old N"},
		{"huge size", []byte("old 9223372036854775807\n\nx\n"), 400, "old N"},
		{"no checkpoint", []byte("old 50\n"), 400, "empty line"},
		{"not base64", []byte("old 50\n!!!\n\nx\n"), 400, "base64"},
		{"short hash", []byte("old 50\nAAAA\n\nx\n"), 400, "32 bytes"},
		{"endless proof", []byte("old 50\n" + strings.Repeat(strings.Repeat("A", 43)+"=\n", 64) + "\nx\n"), 400, "at most 63"},
		{"endless body", make([]byte, witness.MaxRequest+1), 400, "too large"},
		{"still alive", ask(good, log, 50, 90), 200, "— witness.example/w1 "},
	} {
		status, kind, text := post(t, server, step.body)
		if status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s: %d %q, want %d %q", step.name, status, text, step.status, step.want)
		}
		if status == 409 && kind != "text/x.tlog.size" {
			t.Errorf("%s: content type %q", step.name, kind)
		}
	}
	newest(t, server, log, own, 90)
}

// newest asks for the newest checkpoint as a monitor does.
func newest(t *testing.T, server *httptest.Server, log logKeys, own note.Verifier, size int64) {
	t.Helper()
	answer, err := http.Get(server.URL + "/" + witness.OriginHash(origin) + "/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, _ := io.ReadAll(answer.Body)
	n, err := proof.OpenNote(data, log.verifier, own)
	if err != nil || len(n.Sigs) != 2 {
		t.Fatalf("the newest checkpoint: %v, %q", err, data)
	}
	c, err := proof.ParseCheckpoint(n.Text)
	if err != nil || c.Size != size {
		t.Errorf("size %d, want %d (%v)", c.Size, size, err)
	}
	for _, sig := range n.Sigs {
		if sig.Name == own.Name() {
			if at, err := proof.CosignatureTime(sig); err != nil || at.Unix() != 1800000000 {
				t.Errorf("cosigned at %v (%v)", at, err)
			}
		}
	}
	if answer, err := http.Get(server.URL + "/" + witness.OriginHash("none") + "/checkpoint"); err != nil || answer.StatusCode != 404 {
		t.Errorf("an unknown log: %v, %v", answer, err)
	}
}

func TestComesLate(t *testing.T) {
	log := newLog(t, origin)
	w, _, _ := newWitness(t, false, log)
	tr := newTree(t, 20, "", 0)
	if _, err := w.Add(tr.request(t, log, 0, 20)); err != nil {
		t.Error(err)
	}
}

// Of two histories offered at the same time, one at most is cosigned.
func TestRace(t *testing.T) {
	log := newLog(t, origin)
	w, _, _ := newWitness(t, false, log)
	good, bad := newTree(t, 64, "", 0), newTree(t, 64, "!", 8)
	if _, err := w.Add(good.request(t, log, 0, 4)); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	cosigned := map[string]int{}
	for _, tr := range []*tree{good, bad} {
		for size := int64(16); size <= 64; size++ {
			r := tr.request(t, log, 4, size)
			group.Go(func() {
				if _, err := w.Add(r); err == nil {
					mu.Lock()
					cosigned[fmt.Sprint(tr == good)]++
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	if len(cosigned) != 1 || cosigned["true"]+cosigned["false"] != 1 {
		t.Errorf("cosigned %v", cosigned)
	}
}

// After a power cut the witness never cosigns another history than the one it
// gave its word for.
func TestPowerCut(t *testing.T) {
	log := newLog(t, origin)
	signer, own := keys(t)
	good, bad := newTree(t, 30, "", 0), newTree(t, 30, "!", 10)
	start := func(disk durable.Disk, dir string) (*witness.Witness, *witness.Folder, error) {
		folder, err := witness.OpenFolder(dir, disk)
		if err != nil {
			return nil, nil, err
		}
		w, err := witness.New(witness.Config{Logs: []witness.Log{{Verifier: log.verifier}}, Signer: signer, Own: own, Store: folder})
		if err != nil {
			return nil, nil, errors.Join(err, folder.Close())
		}
		return w, folder, nil
	}
	story := func(disk durable.Disk, dir string) error {
		w, folder, err := start(disk, filepath.Join(dir, "state"))
		if err != nil {
			return err
		}
		defer folder.Close()
		_, err = w.Add(good.request(t, log, 10, 20))
		return err
	}
	newFolder := func() string {
		dir := durabletest.Dir(t)
		w, folder, err := start(durable.Disk{}, filepath.Join(dir, "state"))
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		if _, err := w.Add(good.request(t, log, 0, 10)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	durabletest.Each(newFolder, story, func(dir string, done bool) {
		w, folder, err := start(durable.Disk{}, filepath.Join(dir, "state"))
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		if _, err := w.Add(bad.request(t, log, 10, 20)); done && err == nil {
			t.Error("cosigned another history than the one it gave its word for")
		}
	})
}

func TestStateIsNotGuessed(t *testing.T) {
	log, other := newLog(t, origin), newLog(t, origin)
	w, store, _ := newWitness(t, false, log)
	if _, err := w.Add(newTree(t, 5, "", 0).request(t, log, 0, 5)); err != nil {
		t.Fatal(err)
	}
	signer, own := keys(t) // another witness's
	for name, cfg := range map[string]witness.Config{
		"another log's":     {Logs: []witness.Log{{Verifier: other.verifier}}, Store: store, Signer: signer, Own: own},
		"another witness's": {Logs: []witness.Log{{Verifier: log.verifier}}, Store: store, Signer: signer, Own: own},
		"garbage":           {Logs: []witness.Log{{Verifier: log.verifier}}, Store: &memory{notes: map[string][]byte{origin: []byte("x")}}, Signer: signer, Own: own},
		"log named twice":   {Logs: []witness.Log{{Verifier: log.verifier}, {Verifier: log.verifier}}, Store: &memory{}, Signer: signer, Own: own},
	} {
		if _, err := witness.New(cfg); err == nil {
			t.Errorf("began with %s state", name)
		}
	}
}

func TestTwoProcesses(t *testing.T) {
	dir := durabletest.Dir(t)
	folder, err := witness.OpenFolder(dir, durable.Disk{})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if _, err := witness.OpenFolder(dir, durable.Disk{}); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a second process: %v", err)
	}
}

type full struct{ memory }

func (*full) Save(string, []byte) error { return os.ErrPermission }

// What could not be kept is not cosigned.
func TestDiskFull(t *testing.T) {
	log := newLog(t, origin)
	signer, own := keys(t)
	w, err := witness.New(witness.Config{Logs: []witness.Log{{Verifier: log.verifier}}, Signer: signer, Own: own, Store: &full{}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(witness.Handler(w, nil))
	defer server.Close()
	if status, _, text := post(t, server, newTree(t, 0, "", 0).request(t, log, 0, 0).Marshal()); status != 500 || strings.Contains(text, "—") {
		t.Errorf("%d %s", status, text)
	}
	if w.Newest(origin) != nil {
		t.Error("it took the checkpoint for kept")
	}
}

func FuzzRequest(f *testing.F) {
	log := newLog(f, origin)
	f.Add(newTree(f, 9, "", 0).request(f, log, 3, 9).Marshal())
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := witness.ParseRequest(body)
		if err == nil && !bytes.Equal(r.Marshal(), body) {
			t.Errorf("%q reads as %q", body, r.Marshal())
		}
	})
}

func BenchmarkCosign(b *testing.B) {
	log := newLog(b, origin)
	w, _, _ := newWitness(b, false, log)
	tr := newTree(b, 4000, "", 0)
	if _, err := w.Add(tr.request(b, log, 0, 4000)); err != nil {
		b.Fatal(err)
	}
	r := tr.request(b, log, 4000, 4000)
	for b.Loop() {
		if _, err := w.Add(r); err != nil {
			b.Fatal(err)
		}
	}
}
