package log_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/log"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

// inFlight is how many entries wait for their publication at once.
const inFlight = 16384

// records makes signed entries that belong to no chain.
func records(b *testing.B, n int) [][]byte {
	b.Helper()
	list := make([][]byte, n)
	author := chaintest.Author("alice")
	for i := range list {
		var salt [32]byte
		_, err := io.ReadFull(rand.Reader, salt[:])
		must(b, err)
		leaf, err := statement.Sign(statement.Statement{
			Subject: []statement.Subject{{Name: fmt.Sprintf("certificate/deletion/%d", i), SHA256: sha256.Sum256(salt[:])}},
			Predicate: statement.Deletion{
				Commitment: statement.Commit(salt, fmt.Append(nil, i)), Method: "overwritten", Time: time.Unix(1800000000, 0).UTC(),
			},
		}, author)
		must(b, err)
		list[i] = leaf
	}
	return list
}

// latencies gathers how long things took.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	l.list = append(l.list, d)
	l.mu.Unlock()
}

func (l *latencies) report(b *testing.B) {
	slices.Sort(l.list)
	b.ReportMetric(float64(l.list[len(l.list)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(l.list[len(l.list)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(len(l.list))/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time that this process has taken so far: the log's, the
// witnesses' and the authors' together. On a shared machine it says more than
// the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAdd is 60,000 entries in a batch, each answered with its proof:
// parsed, their signatures verified, appended, cosigned by witnesses over HTTP,
// published, proved.
func BenchmarkAdd(b *testing.B) {
	const n = 60_000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		cfg, who := w.config(durabletest.Dir(b)), authors()
		cfg.Authors = func(context.Context, statement.Statement) (check.Authors, error) { return who, nil }
		cfg.Interval, cfg.BatchAge, cfg.Timeout = time.Second, 0, 0 // as vitrined log has them
		l, err := log.Open(context.Background(), cfg)
		must(b, err)
		leaves := records(b, n)
		var took latencies
		before := cpu()
		b.StartTimer()
		inParallel(leaves, inFlight, func(leaf []byte) {
			begin := time.Now()
			if _, err := l.Add(context.Background(), leaf); err != nil {
				b.Error(err)
			}
			took.add(time.Since(begin))
		})
		b.StopTimer()
		took.report(b)
		b.ReportMetric(float64((cpu()-before).Microseconds())/n, "cpu-µs/entry")
		shut(b, l)
		b.StartTimer()
	}
}

// BenchmarkRawTessera is the same for the tree's library alone: the same
// entries, witnesses and settings; nothing is parsed, verified or proved.
func BenchmarkRawTessera(b *testing.B) {
	const n = 60_000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		l := w.rawLog(b, durabletest.Dir(b), time.Second, 50*time.Millisecond)
		leaves := records(b, n)
		var took latencies
		before := cpu()
		b.StartTimer()
		inParallel(leaves, inFlight, func(leaf []byte) {
			begin := time.Now()
			l.add(b, [][]byte{leaf}, 1)
			took.add(time.Since(begin))
		})
		b.StopTimer()
		took.report(b)
		b.ReportMetric(float64((cpu()-before).Microseconds())/n, "cpu-µs/entry")
		l.stop()
		b.StartTimer()
	}
}
