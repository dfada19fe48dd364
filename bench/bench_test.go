package bench

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"vitrine/yara"
)

var (
	roundsFlag = flag.Int("rounds", 5, "how often each file is scanned at least; the best counts")
	sizeFlag   = flag.Int64("size", 10, "size of a corpus in MB")
	tableFlag  = flag.String("table", "", "write the results as a Markdown table to this file")
)

// results gathers what the benchmarks measured, for -table.
var results []Line

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *tableFlag != "" && len(results) > 0 {
		machine := fmt.Sprintf("%s, %s, %s, peer: %s.", Processor(), runtime.Version(), runtime.GOARCH, peerVersion())
		if err := os.WriteFile(*tableFlag, []byte(Table(machine, results)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func peerVersion() string {
	out, err := exec.Command("yara", "--version").Output()
	if err != nil {
		return "none"
	}
	return "yara " + strings.TrimSpace(string(out))
}

func goroot(tb testing.TB) string {
	tb.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// ruleSet is one generated set, compiled by us and held by the peer.
type ruleSet struct {
	name string
	file string
	own  *yara.Rules
	peer *Peer // nil: cannot be built here
	dir  string
}

// prepare writes and compiles a set of n rules.
func prepare(tb testing.TB, n int) *ruleSet {
	tb.Helper()
	s := &ruleSet{name: fmt.Sprintf("%d", n), dir: tb.TempDir()}
	text := Rules(n, 1)
	s.file = writeRules(tb, s.dir, text)
	rules, err := yara.Compile(text)
	if err != nil {
		tb.Fatalf("compile %d rules: %v", n, err)
	}
	s.own = rules
	s.peer = startPeer(tb, s.dir, s.file)
	return s
}

func writeRules(tb testing.TB, dir, text string) string {
	tb.Helper()
	name := filepath.Join(dir, "rules.yar")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}

// skipOrFail skips for want of a peer, unless all must be there.
func skipOrFail(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		tb.Fatal(err)
	}
	tb.Skip(err)
}

// startPeer gives nil, loudly, where the peer cannot be built.
func startPeer(tb testing.TB, dir, rules string) *Peer {
	tb.Helper()
	binary, err := BuildPeer(dir)
	if errors.Is(err, ErrNoPeer) {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			tb.Fatal(err)
		}
		tb.Logf("NOT COMPARED file by file: %v", err)
		return nil
	}
	if err != nil {
		tb.Fatal(err)
	}
	p, err := StartPeer(binary, rules)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Errorf("the peer ended with %v", err)
		}
	})
	return p
}

// BenchmarkScan compares the scan of each corpus under each set of rules.
// "names" asks for the rules that match; "matches" also for every match of
// every string of those. The peer gathers all matches in both cases: it cannot
// do otherwise.
func BenchmarkScan(b *testing.B) {
	corpora, err := Corpora(goroot(b), *sizeFlag*1e6)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1000, 12000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			set := prepare(b, n)
			for _, corpus := range corpora {
				if set.peer != nil {
					if err := set.peer.Load(corpus.Files); err != nil {
						b.Fatal(err)
					}
				}
				for _, answer := range []string{"names", "matches"} {
					b.Run("corpus="+corpus.Name+"/answer="+answer, func(b *testing.B) { compare(b, set, corpus, answer) })
				}
			}
		})
	}
}

func ownConfig(answer string) yara.ScanConfig {
	return yara.ScanConfig{Matches: answer == "matches"}
}

// compare runs the contenders in turn and reports the sums of the best times.
func compare(b *testing.B, set *ruleSet, corpus Corpus, answer string) {
	own, err := NewOwn(set.own, ownConfig(answer), corpus.Files)
	if err != nil {
		b.Fatal(err)
	}
	mine, theirs := make(Times, len(corpus.Files)), make(Times, len(corpus.Files))
	for b.Loop() {
		for range *roundsFlag {
			verdicts, err := Round(own, corpus, mine)
			if err != nil {
				b.Fatal(err)
			}
			if set.peer == nil {
				continue
			}
			peers, err := Round(set.peer, corpus, theirs)
			if err != nil {
				b.Fatal(err)
			}
			if err := SameVerdicts(corpus, verdicts, peers); err != nil {
				b.Fatal(err)
			}
		}
	}
	line := Line{set.name, corpus.Name, answer, len(corpus.Files), corpus.Size(), mine.Total(), theirs.Total()}
	if set.peer == nil {
		line.Peer = wholeTree(b, set, corpus)
	}
	report(b, line)
}

// wholeTree is the yara command's best net time for a corpus, or 0.
func wholeTree(b *testing.B, set *ruleSet, corpus Corpus) time.Duration {
	c, err := NewCommand(b.TempDir(), set.file, corpus.Files)
	if err != nil {
		b.Logf("NOT COMPARED: %v", err)
		return 0
	}
	best := make(Times, 1)
	for range *roundsFlag {
		taken, _, err := c.Round()
		if err != nil {
			b.Fatal(err)
		}
		best.keep(0, taken)
	}
	return best.Total()
}

// report hands the figures to go test's own output, and keeps them.
func report(b *testing.B, l Line) {
	results = append(results, l)
	b.ReportMetric(0, "ns/op")
	unit, own, peer := "µs", float64(l.Own)/1e3, float64(l.Peer)/1e3
	if l.Bytes > 1000 {
		unit, own, peer = "MB/s", Speed(l.Bytes, l.Own), Speed(l.Bytes, l.Peer)
	}
	b.ReportMetric(own, unit)
	if l.Peer > 0 {
		b.ReportMetric(peer, "yara-"+unit)
		b.ReportMetric(l.Ratio(), "x-yara")
	}
}

// BenchmarkCompile compares the compilation of source text.
func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1000, 12000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			set, text := prepare(b, n), Rules(n, 1)
			mine, theirs := make(Times, 1), make(Times, 1)
			for b.Loop() {
				for range *roundsFlag {
					begin := time.Now()
					if _, err := yara.Compile(text); err != nil {
						b.Fatal(err)
					}
					mine.keep(0, time.Since(begin))
					if set.peer == nil {
						continue
					}
					taken, err := set.peer.Compile()
					if err != nil {
						b.Fatal(err)
					}
					theirs.keep(0, taken)
				}
			}
			report(b, Line{set.name, "compile", "-", 0, 0, mine.Total(), theirs.Total()})
		})
	}
}
