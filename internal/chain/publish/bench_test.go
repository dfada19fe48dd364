package publish_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
)

// BenchmarkPublish publishes bundles one after another, with the log as
// vitrined runs it (a checkpoint each second) and as fast as it goes. Each is
// compiled, tested, signed by two authors, logged, cosigned by all three
// witnesses over HTTP, proved, and named in new metadata.
func BenchmarkPublish(b *testing.B) {
	for name, interval := range map[string]time.Duration{"interval=1s": time.Second, "interval=100ms": 100 * time.Millisecond} {
		b.Run(name, func(b *testing.B) { benchmarkPublish(b, interval) })
	}
}

func benchmarkPublish(b *testing.B, interval time.Duration) {
	w := operatortest.New(b, time.Now)
	w.Stop(b)
	file := filepath.Join(w.Folder.Trust(), "policy.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "group witnesses 2 ", "group witnesses all ", 1)), 0o644); err != nil {
		b.Fatal(err)
	}
	w.Interval = interval
	w.Start(b)
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: begin}
		said, err := p.Rules(context.Background(), rules(good))
		if err != nil {
			b.Fatal(err)
		}
		if n := len(said.Result.Verified.Cosigned); n != 3 {
			b.Fatalf("cosigned by %d", n)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}
