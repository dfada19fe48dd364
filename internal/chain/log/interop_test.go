package log_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vitrine/internal/durable/durabletest"
	"vitrine/proof"
	"vitrine/proof/tile"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"
)

// rawLog is the tree's library by itself, with its own witness gateway.
type rawLog struct {
	appender *tessera.Appender
	reader   tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	stop     func()
}

func (w *world) rawLog(t testing.TB, dir string, interval, age time.Duration) rawLog {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	group, err := tessera.NewWitnessGroupFromPolicy(w.policy.Encode())
	must(t, err)
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	must(t, err)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(w.signer).WithCheckpointInterval(interval).WithBatching(256, age).
		WithWitnesses(group, &tessera.WitnessOptions{Timeout: 5 * time.Second}))
	must(t, err)
	stop := func() {
		ending, cancelEnding := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancelEnding()
		if err := shutdown(ending); err != nil {
			t.Error(err)
		}
		cancel()
	}
	return rawLog{appender, reader, tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 20*time.Millisecond), stop}
}

// add appends entries, so many at a time, and waits until all are published.
func (l rawLog) add(t testing.TB, entries [][]byte, atOnce int) {
	t.Helper()
	inParallel(entries, atOnce, func(entry []byte) {
		if _, _, err := l.awaiter.Await(context.Background(), l.appender.Add(context.Background(), tessera.NewEntry(entry))); err != nil {
			t.Error(err)
		}
	})
}

func inParallel(entries [][]byte, atOnce int, do func([]byte)) {
	var group sync.WaitGroup
	free := make(chan bool, atOnce)
	for _, e := range entries {
		free <- true
		group.Go(func() {
			do(e)
			<-free
		})
	}
	group.Wait()
}

func numbered(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = fmt.Append(nil, "entry ", i)
	}
	return list
}

// Our witnesses cosign under the library's own gateway, as any log's would ask
// them, and its checkpoints satisfy our policy. From the same tiles our reader
// and the library's client make the same proofs, for 1,000 random indices, and
// each holds.
func TestInterop(t *testing.T) {
	w, dir := newWorld(t), durabletest.Dir(t)
	l := w.rawLog(t, dir, 100*time.Millisecond, 10*time.Millisecond)
	defer l.stop()
	const size = 3000
	l.add(t, numbered(size), 500)
	ctx := context.Background()
	note, err := l.reader.ReadCheckpoint(ctx)
	must(t, err)
	v, err := w.policy.Verify(note, time.Now())
	must(t, err)
	if v.Checkpoint.Size != size || len(v.Cosigned) < 2 {
		t.Fatalf("%+v", v)
	}
	files := client.FileFetcher{Root: dir}
	fetch := func(_ context.Context, path string, _ int64) ([]byte, error) {
		level, n, width, err := tile.ParsePath(path)
		if err != nil {
			return nil, err
		}
		if level == tile.Entries {
			return files.ReadEntryBundle(ctx, uint64(n), uint8(width%tile.Width))
		}
		return files.ReadTile(ctx, uint64(level), uint64(n), uint8(width%tile.Width))
	}
	ours := tile.NewReader(ctx, fetch, v.Checkpoint)
	theirs, err := client.NewProofBuilder(ctx, size, files.ReadTile)
	must(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		index := random.Int64N(size)
		got, err := ours.Inclusion(index)
		must(t, err)
		want, err := theirs.InclusionProof(ctx, uint64(index))
		must(t, err)
		if len(got) != len(want) {
			t.Fatalf("entry %d: %d hashes, the library's client has %d", index, len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i][:], want[i]) {
				t.Fatalf("entry %d: hash %d differs", index, i)
			}
		}
		leaf, err := ours.LeafHash(index)
		must(t, err)
		must(t, proof.CheckInclusion(leaf, index, got, v.Checkpoint))
	}
}
