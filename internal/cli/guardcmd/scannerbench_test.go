package guardcmd

import (
	"os"
	"slices"
	"testing"
	"time"

	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
)

// BenchmarkScanner is one file by one scanner, from the request to the verdict, behind
// all walls. VITRINE_RULES names the rules, VITRINE_FILE the file.
func BenchmarkScanner(b *testing.B) {
	rules, name := os.Getenv("VITRINE_RULES"), os.Getenv("VITRINE_FILE")
	if rules == "" || name == "" {
		b.Skip("VITRINE_RULES and VITRINE_FILE name nothing")
	}
	p, err := worker.New(b.Context(), worker.Config{Rules: wire.Rules{Paths: []string{rules}}, User: "vitrine-scanner", Memory: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	file, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	var took []time.Duration
	for b.Loop() {
		begun := time.Now()
		if v, err := p.Scan(b.Context(), worker.Job{File: file, Class: worker.Exec}); err != nil || v.Why != "" {
			b.Fatal(v, err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99")
}
