package guard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// openerMode opens and closes VITRINE_TEST_PATH as often as VITRINE_TEST_TEXT
// says, and prints how many nanoseconds one took. It is another process: the
// guard's own opens are not asked about.
func openerMode() error {
	n, err := strconv.Atoi(os.Getenv("VITRINE_TEST_TEXT"))
	if err != nil {
		return err
	}
	paths := strings.Split(os.Getenv("VITRINE_TEST_PATH"), ":")
	begun := time.Now()
	for i := range n {
		file, err := os.Open(paths[i%len(paths)])
		if err != nil {
			return err
		}
		file.Close()
	}
	fmt.Print(time.Since(begun).Nanoseconds() / int64(n))
	return nil
}

// opens gives the nanoseconds of one open and close by another process.
func opens(b *testing.B, paths []string) float64 {
	b.Helper()
	cmd := exec.Command("sh", "-c", `"$0" -test.run='^$'; exit $?`, os.Args[0]) // no child of ours: those do not wait
	cmd.Env = append(os.Environ(), "VITRINE_TEST_MODE=opener", "VITRINE_TEST_PATH="+strings.Join(paths, ":"), "VITRINE_TEST_TEXT=20000")
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseFloat(string(out), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func someFiles(b *testing.B, r *real) []string {
	var paths []string
	for i := range 100 {
		paths = append(paths, r.program(fmt.Sprint("file", i), strings.Repeat("x", 16<<10)))
	}
	settle(b, paths[len(paths)-1])
	return paths
}

// BenchmarkCachedOpen is the same opens with and without a guard that asks about
// every open, after all files were found clean once.
func BenchmarkCachedOpen(b *testing.B) {
	r := protect(b, func(c *Config) { c.Open, c.Write = []string{"/"}, true })
	paths := someFiles(b, r)
	opens(b, paths)
	compare(b, r, paths)
}

// BenchmarkCachedByGuard is the same without the kernel's help: every open is
// asked about, and answered by what is known. It is what a file costs that
// somebody has open for writing.
func BenchmarkCachedByGuard(b *testing.B) {
	r := protect(b, func(c *Config) { c.Open = []string{"/"} })
	paths := someFiles(b, r)
	for _, p := range paths {
		file, err := os.OpenFile(p, os.O_RDWR, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
	}
	opens(b, paths)
	compare(b, r, paths)
}

// compare opens with and without the guard. Of all runs the fastest counts: the
// others say what else the machine was doing.
func compare(b *testing.B, r *real, paths []string) {
	fastest := func() float64 {
		best := opens(b, paths)
		for range b.N {
			best = min(best, opens(b, paths))
		}
		return best
	}
	b.ResetTimer()
	guarded := fastest()
	b.StopTimer()
	r.stop()
	unmarked := fastest()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(guarded, "ns/guarded-open")
	b.ReportMetric(unmarked, "ns/unmarked-open")
	b.ReportMetric(guarded/unmarked, "ratio")
}

// BenchmarkUncachedExec runs a program of 1 MB that nobody has seen before, with
// a scanner that only reads it.
func BenchmarkUncachedExec(b *testing.B) {
	for _, guarded := range []bool{true, false} {
		b.Run(map[bool]string{true: "guarded", false: "unmarked"}[guarded], func(b *testing.B) {
			r := protect(b, nil)
			if !guarded {
				r.stop()
			}
			r.elf("program", "true", strings.Repeat("x", 1<<20))
			body, err := os.ReadFile(filepath.Join(r.dir, "program"))
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				path := filepath.Join(r.dir, "next")
				os.Remove(path)
				if err := os.WriteFile(path, body, 0o755); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := exec.Command("/usr/bin/env", path).Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if s := r.Stats(); guarded {
				b.ReportMetric(float64(s.LatencySum.Microseconds())/float64(max(s.Events, 1)), "µs/answer")
				b.ReportMetric(float64(percentile(s, 99).Microseconds()), "µs/p99-at-most")
			}
		})
	}
}

// percentile is the upper end of the bucket that it lies in.
func percentile(s Stats, p int64) time.Duration {
	var all, sum int64
	for _, b := range s.Latency {
		all += b.Count
	}
	for _, b := range s.Latency {
		if sum += b.Count; sum*100 >= all*p {
			return b.UpTo
		}
	}
	return 0
}
