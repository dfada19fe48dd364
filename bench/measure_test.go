package bench

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// script is a contender that answers what it was told, and gets faster.
type script struct {
	verdicts []Verdict
	times    []time.Duration
	err      error
}

func (s *script) Scan(n int) ([]Scanned, error) {
	all := make([]Scanned, n)
	for i := range all {
		all[i] = Scanned{s.verdicts[i], s.times[i]}
	}
	s.times = s.times[n:]
	return all, s.err
}

var twoFiles = Corpus{"two", []File{{"a", make([]byte, 600)}, {"b", make([]byte, 400)}}}

func TestRoundKeepsTheBest(t *testing.T) {
	s := &script{verdicts: make([]Verdict, 2), times: []time.Duration{5, 9, 7, 4}}
	best := make(Times, 2)
	for range 2 {
		if _, err := Round(s, twoFiles, best); err != nil {
			t.Fatal(err)
		}
	}
	if best[0] != 5 || best[1] != 4 || best.Total() != 9 {
		t.Errorf("best times %v, total %d", best, best.Total())
	}
}

func TestRoundStopsAtAnError(t *testing.T) {
	s := &script{verdicts: make([]Verdict, 2), times: []time.Duration{1, 1}, err: io.ErrUnexpectedEOF}
	_, err := Round(s, twoFiles, make(Times, 2))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "scan two") {
		t.Errorf("error %v", err)
	}
}

func TestSameVerdictsNamesTheFile(t *testing.T) {
	own := []Verdict{{1, 10}, {2, 20}}
	if err := SameVerdicts(twoFiles, own, []Verdict{{1, 10}, {2, 20}}); err != nil {
		t.Error(err)
	}
	for _, other := range [][]Verdict{{{1, 10}, {3, 20}}, {{1, 10}, {2, 21}}} {
		if err := SameVerdicts(twoFiles, own, other); err == nil || !strings.HasPrefix(err.Error(), "b: 2 rules") {
			t.Errorf("error %v", err)
		}
	}
}

func TestTable(t *testing.T) {
	got := Table("A machine.", []Line{
		{"1000", "elf", "names", 60, 10e6, 10 * time.Millisecond, 100 * time.Millisecond},
		{"1000", "tiny", "names", 1, 11, 2500 * time.Nanosecond, time.Millisecond},
		{"1000", "compile", "-", 0, 0, 80 * time.Millisecond, 0},
	})
	const want = `A machine.

| rules | corpus | files | answer | yara | vitrine | ratio |
|---|---|--:|---|--:|--:|--:|
| 1000 | elf | 60 | names | 100.0 MB/s | 1000.0 MB/s | 10.0× |
| 1000 | tiny | 1 | names | 1000.0 µs | 2.5 µs | 400.0× |
| 1000 | compile | 0 | - | not here | 80 ms | - |
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestOwnAndPeerAgree runs both contenders on a few files, as the benchmarks
// do, so that those cannot rot between two measurements.
func TestOwnAndPeerAgree(t *testing.T) {
	set := prepare(t, 200)
	corpus := Corpus{"few", []File{
		{"empty", nil},
		{"text", []byte(strings.Join(common, "\n"))},
		{"pe", buildPE(1, cut([]byte("\x55\x8b\xec"), 0, 4096), []byte(strings.Join(common, "\x00")))},
	}}
	own, err := NewOwn(set.own, ownConfig("names"), corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := Round(own, corpus, make(Times, 3))
	if err != nil {
		t.Fatal(err)
	}
	if verdicts[1].Count == 0 {
		t.Error("no rule matches what clean files hold: the agreement would mean little")
	}
	if set.peer == nil && os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal("no peer to compare with: it takes gcc and libyara-dev")
	}
	if set.peer == nil {
		t.Skip("NOT RUN: no peer to compare with: it takes gcc and libyara-dev")
	}
	if err := set.peer.Load(corpus.Files); err != nil {
		t.Fatal(err)
	}
	peers, err := Round(set.peer, corpus, make(Times, 3))
	if err != nil {
		t.Fatal(err)
	}
	if err := SameVerdicts(corpus, verdicts, peers); err != nil {
		t.Error(err)
	}
}

// TestCommandCounts runs the stand-in for a machine without libyara's headers.
func TestCommandCounts(t *testing.T) {
	dir := t.TempDir()
	rules := writeRules(t, dir, `rule one { strings: $a = "needle" condition: $a } rule every { condition: true }`)
	c, err := NewCommand(dir, rules, []File{{"a", []byte("a needle")}, {"b", []byte("hay")}})
	if err != nil {
		skipOrFail(t, err)
	}
	taken, lines, err := c.Round()
	if err != nil {
		t.Fatal(err)
	}
	if lines != 3 || taken <= 0 {
		t.Errorf("%d lines in %v, want 3", lines, taken)
	}
}
