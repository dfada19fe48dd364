package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the child process that measures us.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "-serve" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// sample are figures that are easy to check by hand.
func sample() *Results {
	row := func(rules int, corpus string, files int, bytes int64, times map[string]time.Duration) Row {
		return Row{rules, corpus, files, bytes, times, map[string]int{libyara: 1}}
	}
	ms := time.Millisecond
	return &Results{
		Machine: "A machine", Versions: []string{"yara 4.2.3"}, Published: true,
		Rows: []Row{
			row(1000, "elf", 10, 10e6, map[string]time.Duration{ours: 10 * ms, oursOffsets: 20 * ms, oursScalar: 40 * ms, libyara: 100 * ms, yaraX: 50 * ms, oursTwo: 5 * ms, libyaraTwo: 50 * ms}),
			row(1000, "pe", 10, 10e6, map[string]time.Duration{ours: 10 * ms, oursScalar: 20 * ms, libyara: 70 * ms, yaraX: 110 * ms}),
			row(1000, "tiny", 50, 550, map[string]time.Duration{ours: 125 * time.Microsecond, libyara: 50 * ms}),
		},
		Costs: []Cost{{1000, map[string]time.Duration{ours: 2900 * ms, libyara: 4000 * ms}, map[string]time.Duration{ours: 51 * ms},
			map[string]int64{ours: 5e6}, map[string]int64{ours: 50e6, libyara: 60e6}, map[string]int64{ours: 40e6, libyara: 30e6}}},
		Clam: []Row{row(2000, "elf", 10, 10e6, map[string]time.Duration{ours: 10 * ms, libclamav: 200 * ms})},
	}
}

func TestMarkdown(t *testing.T) {
	text := sample().markdown()
	for _, want := range []string{
		"On A machine; yara 4.2.3. Rules: cut from public sets, `pe`: made up.\n",
		"| ELF, beside yara | 1000 | ≥ 8× | 10.0× (elf) | met |\n",
		"| PE, beside yara | 1000 | ≥ 8× | 7.0× (pe) | missed |\n",
		"| without AVX2, beside yara | 1000 | ≥ 3× | 2.5× (elf) | missed |\n",
		"| all corpora, beside YARA-X 1.7.1 | 1000 | ≥ 10× | 5.0× (elf) | missed |\n",
		"| two threads, beside yara with two | 1000 | ≥ 8× | 10.0× (elf) | met |\n",
		"| signatures, beside libclamav | 2000 | ≥ 10× | 20.0× (elf) | met |\n",
		"| compile | 1000 | ≤ 3s | 2900.0 ms | met |\n",
		"| load compiled rules | 1000 | ≤ 50ms | 51.0 ms | missed |\n",
		"| memory, compile and scan | 1000 | ≤ 60.0 MB (yara) | 50.0 MB | met |\n",
		"| memory, load and scan | 1000 | ≤ 30.0 MB (yara) | 40.0 MB | missed |\n",
		"| a file of 11 bytes | 1000 | ≤ 20µs | 2.5 µs | met |\n",
		"| 1000 | elf | 10 | 100.0 MB/s | 200.0 MB/s | 1000.0 MB/s | 500.0 MB/s | 250.0 MB/s | 10.0× | 5.0× |\n",
		"| 1000 | tiny | 50 | 1000.0 µs | - | 2.5 µs | - | - | 400.0× | - |\n",
		"| 1000 | elf | 200.0 MB/s | 2000.0 MB/s | 10.0× |\n",
		"| 1000 | vitrine | 2900.0 ms | 5.0 MB | 51.0 ms | 50.0 MB | 40.0 MB |\n",
		"| 2000 | elf | 10 | 50.0 MB/s | 1000.0 MB/s | 20.0× |\n",
		"Of 70 scans other rules than ours were found by yara on 3, yara-x on 0.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestChartIsXMLWithABarForEachSpeed(t *testing.T) {
	chart := sample().chart()
	decoder := xml.NewDecoder(strings.NewReader(chart))
	bars := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" && e.Attr[0].Value != "page" {
			bars++
		}
	}
	if legend := 4; bars != 8+legend {
		t.Errorf("%d bars, want 8 and %d in the legend", bars, legend)
	}
	for _, want := range []string{"100 (÷10)", "1000 rules", "prefers-color-scheme: dark"} {
		if !strings.Contains(chart, want) {
			t.Errorf("%q is not in the chart", want)
		}
	}
	if strings.Contains(chart, ">tiny<") {
		t.Error("a time is drawn among speeds")
	}
}

func TestBarsGrowWithSpeed(t *testing.T) {
	last := 0
	for _, speed := range []float64{0.01, 0.2, 1, 30, 400, 2900, 1e6} {
		long := barLength(speed)
		if long < last || long > panelWidth-labelWidth-valueWidth+2 {
			t.Errorf("%g MB/s: %d after %d", speed, long, last)
		}
		last = long
	}
}

func TestDatabasesHoldTheLongestPlainText(t *testing.T) {
	const text = `rule a { strings: $x = "short" $y = "the longest text" $z = "a longer one in any case" nocase condition: any of them }
rule b { strings: $x = "tiny" condition: $x } rule c { strings: $x = "wide alone" wide condition: $x }`
	dir := filepath.Join(t.TempDir(), "db")
	n, err := writeDatabases(text, dir)
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := os.ReadFile(filepath.Join(dir, "bench.ndb"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Bench.a:0:*:746865206c6f6e676573742074657874\n"; n != 2 || string(bodies) != want {
		t.Errorf("%d signatures, %q", n, bodies)
	}
	engine, err := newClamEngine(dir)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := engine.scanner(0)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]uint64{"here is the longest text.": 1, "nothing": 0} {
		if v, err := scan([]byte(data)); err != nil || v.Count != want {
			t.Errorf("%q: %d found, %v", data, v.Count, err)
		}
	}
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "r.yar")
	if err := os.WriteFile(rules, []byte(`rule a { strings: $a = "needle" condition: $a } rule b { condition: filesize > 0 }`), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "saved")
	in := "load 6\nneedleload 0\nscan 0 1 0\nscan 0 2 1\nall 0 2 2\ncompile\nsave " + saved + "\nreload " + saved + "\npeak\n"
	var out, complaints bytes.Buffer
	if code := run([]string{"-serve", "source", rules}, strings.NewReader(in), &out, &complaints); code != 0 {
		t.Fatal(complaints.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 10 || lines[0] != "0" || lines[1] != "1" {
		t.Fatalf("answers %q", lines)
	}
	for i, found := range []string{"2", "2", "0"} {
		if fields := strings.Fields(lines[2+i]); len(fields) != 3 || fields[1] != found {
			t.Errorf("scan %d answers %q, want %s rules", i, lines[2+i], found)
		}
	}
	if code := run([]string{"-serve", "compiled", saved}, strings.NewReader("load 1\nxscan 0 1 0\n"), &out, &complaints); code != 0 {
		t.Error(complaints.String())
	}
	for _, bad := range []string{"what\n", "load -1\n", "load 5\nx", "scan 0 1 0\n", "all 0 1 1\n", "reload " + rules + "\n"} {
		if run([]string{"-serve", "source", rules}, strings.NewReader(bad), io.Discard, io.Discard) == 0 {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"-sizes", "0"}, {"-sizes", "many"}, {"left"}, {"-rounds", "0"}, {"-from", "/none"}, {"-serve", "what", "x"}} {
		var stderr bytes.Buffer
		if code := run(args, nil, io.Discard, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%v: status %d, %q", args, code, &stderr)
		}
	}
	if code := run([]string{"-help"}, nil, io.Discard, io.Discard); code != 0 {
		t.Errorf("help ends with %d", code)
	}
}

// TestMeasure is the command itself, small: with every peer that is here.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	dir := t.TempDir()
	data, chart, out := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.svg"), filepath.Join(dir, "r.md")
	var stderr bytes.Buffer
	args := []string{"-sizes", "100", "-corpora", "tiny,pe", "-size", "1", "-rounds", "1", "-json", data, "-chart", chart, "-o", out}
	if code := run(args, nil, io.Discard, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" && strings.Contains(stderr.String(), "NOT COMPARED") {
		t.Error(stderr.String())
	}
	r, err := readResults([]string{data})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 2 || r.Rows[0].Times[ours] <= 0 || r.Rows[0].Others[libyara] != 0 || len(r.Costs) != 1 || r.Costs[0].Peak[ours] < 1e6 {
		raw, _ := json.Marshal(r)
		t.Errorf("measured %s", raw)
	}
	var again bytes.Buffer
	if code := run([]string{"-from", data}, nil, &again, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	if both, err := readResults([]string{data, data}); err != nil || len(both.Rows) != 4 || len(both.Costs) != 2 {
		t.Errorf("two runs joined: %+v, %v", both, err)
	}
	if want, err := os.ReadFile(out); err != nil || again.String() != string(want) {
		t.Errorf("the table of the same figures is another one: %v", err)
	}
}
