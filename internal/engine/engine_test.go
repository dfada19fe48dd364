package engine

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/hashset"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

// finder is a matcher that finds the EICAR test file as one rule, and the
// word "second" as another.
type finder struct {
	scans int
	hits  []yara.LimitHit
	err   error
	panic any
}

func (f *finder) Scan(ctx context.Context, data []byte) (*yara.Result, error) {
	f.scans++
	if f.panic != nil && bytes.Contains(data, []byte("panic!")) {
		panic(f.panic)
	}
	r := &yara.Result{Limits: f.hits}
	for name, text := range map[string][]byte{"eicar": archivetest.EICAR(), "second": []byte("second")} {
		if i := bytes.Index(data, text); i >= 0 {
			r.Matches = append(r.Matches, yara.RuleMatch{Rule: &yara.Rule{Name: name},
				Strings: []yara.StringMatch{{Name: "$a", Offset: int64(i), Data: data[i : i+len(text)]}}})
		}
	}
	slices.SortFunc(r.Matches, func(a, b yara.RuleMatch) int { return strings.Compare(a.Rule.Name, b.Rule.Name) })
	if err := ctx.Err(); err != nil {
		return r, err
	}
	return r, f.err
}

func newWorker(t testing.TB, c Config, f *finder) *Worker {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.NewWorker()
	if err != nil {
		t.Fatal(err)
	}
	if f != nil {
		w.matcher, w.renew = f, func() (matcher, error) { return &finder{hits: f.hits, err: f.err, panic: f.panic}, nil }
	}
	return w
}

// lines writes a report in one line for each finding and incomplete part.
func lines(r Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, strings.Join(append([]string{f.Name}, f.Path...), "!"))
	}
	for _, i := range r.Incomplete {
		out = append(out, strings.Join(append([]string{string(i.Reason)}, i.Path...), "!"))
	}
	return out
}

func scanLines(t *testing.T, data []byte, c Config) []string {
	t.Helper()
	return lines(newWorker(t, c, &finder{}).Scan(context.Background(), data))
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

func entry(name string, data []byte) archivetest.Entry {
	return archivetest.Entry{Name: name, Data: data}
}

func TestFindsInEveryFormat(t *testing.T) {
	eicar := archivetest.EICAR()
	e := entry("e", eicar)
	tests := []struct {
		name string
		data []byte
		want []string
	}{
		{"plain", eicar, []string{"eicar"}},
		{"zip", archivetest.Zip(e), []string{"eicar!e"}},
		{"stored zip", archivetest.ZipStored(e), []string{"eicar", "eicar!e"}},
		{"gzip", archivetest.Gzip("n", eicar), []string{"eicar!n"}},
		{"tar.gz", archivetest.Gzip("a.tar", archivetest.Tar(e)), []string{"eicar!a.tar", "eicar!a.tar!e"}},
		{"deb", archivetest.Deb(e), []string{"eicar!data.tar.gz!(gzip)", "eicar!data.tar.gz!(gzip)!e"}},
		{"rpm", archivetest.RPM(archivetest.Gzip("", archivetest.Cpio(e))), []string{"eicar!(payload)!(gzip)", "eicar!(payload)!(gzip)!e"}},
		{"rar", archivetest.RAR5("infected", e), []string{"eicar!e"}},
		{"7z", archivetest.File("bzip2.7z"), []string{"eicar!d/eicar.txt"}},
		{"7z with infected", archivetest.File("infectedhe.7z"), []string{"eicar!d/eicar.txt"}},
		{"zip with infected", archivetest.File("aes256.zip"), []string{"eicar!d/eicar.txt"}},
		{"zip in zip in gzip", archivetest.Gzip("g", archivetest.Zip(entry("a", archivetest.Zip(e)))), []string{"eicar!g!a!e"}},
		{"two in order", archivetest.Zip(e, entry("f", []byte("the second one")), e), []string{"eicar!e", "second!f", "eicar!e"}},
		{"zip behind a program", append(append([]byte("\x7fELF"), make([]byte, 4000)...), archivetest.Zip(e)...), []string{"eicar!e"}},
	}
	for _, tt := range tests {
		wantLines(t, tt.name, scanLines(t, tt.data, Config{}), tt.want...)
	}
}

func TestCountsAndNoUnpack(t *testing.T) {
	data := archivetest.Zip(entry("a", []byte("first")), entry("b", archivetest.EICAR()))
	r := newWorker(t, Config{}, &finder{}).Scan(context.Background(), data)
	if r.Objects != 3 || r.Bytes != int64(len(data)+5+68) || r.Allowed {
		t.Errorf("got %d objects, %d bytes, allowed %v", r.Objects, r.Bytes, r.Allowed)
	}
	r = newWorker(t, Config{NoUnpack: true}, &finder{}).Scan(context.Background(), data)
	if r.Objects != 1 || len(r.Findings) != 0 {
		t.Errorf("without unpacking: %d objects, %q", r.Objects, lines(r))
	}
}

func list(t *testing.T, text string) *hashset.Set {
	t.Helper()
	s, err := hashset.Parse(strings.NewReader(text), "list")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHashLists(t *testing.T) {
	eicar, other := archivetest.EICAR(), []byte("second thing")
	data := archivetest.Zip(entry("e", eicar), entry("o", other))
	deny := list(t, fmt.Sprintf("%x Bad.One\n%x Bad.Two\n", sha256.Sum256(eicar), md5.Sum(other)))
	allow := list(t, fmt.Sprintf("%x\n", sha256.Sum256(eicar)))

	w := newWorker(t, Config{Deny: deny}, &finder{})
	r := w.Scan(context.Background(), data)
	wantLines(t, "deny", lines(r), "Bad.One!e", "eicar!e", "Bad.Two!o", "second!o")
	if f := r.Findings[2]; f.Rule != nil || f.Digest != fmt.Sprintf("md5:%x", md5.Sum(other)) {
		t.Errorf("got %+v", f)
	}
	wantLines(t, "allow over deny", scanLines(t, data, Config{Deny: deny, Allow: allow}), "Bad.Two!o", "second!o")

	whole := list(t, fmt.Sprintf("%x\n", sha256.Sum256(data)))
	f := &finder{}
	r = newWorker(t, Config{Allow: whole}, f).Scan(context.Background(), data)
	if !r.Allowed || f.scans != 0 || r.Objects != 1 || len(lines(r)) != 0 {
		t.Errorf("allowed object: %+v after %d scans", r, f.scans)
	}
}

func TestRuleMatchIsACopy(t *testing.T) {
	data := archivetest.EICAR()
	r := newWorker(t, Config{Matches: true}, &finder{}).Scan(context.Background(), data)
	want := bytes.Clone(data)
	clear(data)
	if got := r.Findings[0].Rule.Strings[0]; !bytes.Equal(got.Data, want) || got.Name != "$a" {
		t.Errorf("got %q", got.Data)
	}
}

func TestMatcherTrouble(t *testing.T) {
	rule := &yara.Rule{Name: "r"}
	hits := []yara.LimitHit{{Limit: "matches", Rule: rule, String: "$a"}, {Limit: "loop", Rule: rule}}
	r := newWorker(t, Config{}, &finder{hits: hits}).Scan(context.Background(), []byte("data"))
	wantLines(t, "limits", lines(r), "rules", "rules")
	if d := r.Incomplete[0].Detail; d != "rule r, string $a: the limit of matches was reached" {
		t.Errorf("got %q", d)
	}
	many := slices.Repeat(hits, 50)
	if r := newWorker(t, Config{}, &finder{hits: many}).Scan(context.Background(), []byte("data")); len(r.Incomplete) != maxHits+1 {
		t.Errorf("%d limits told of %d", len(r.Incomplete), len(many))
	}
	r = newWorker(t, Config{}, &finder{err: errors.New("odd")}).Scan(context.Background(), []byte("data"))
	wantLines(t, "error", lines(r), "rules")

	w := newWorker(t, Config{}, &finder{panic: "bug"})
	old := w.matcher
	r = w.Scan(context.Background(), archivetest.Zip(entry("p", []byte("panic!")), entry("e", archivetest.EICAR())))
	wantLines(t, "panic", lines(r), "eicar!e", "panic!p")
	if w.matcher == old {
		t.Error("the scanner that panicked is still in use")
	}
}

// nest packs data n times.
func nest(data []byte, n int) []byte {
	for i := range n {
		data = archivetest.Gzip(fmt.Sprint(n-i), data)
	}
	return data
}

func TestDepth(t *testing.T) {
	e := archivetest.EICAR()
	wantLines(t, "16 deep", scanLines(t, nest(e, 16), Config{}), "eicar!1!2!3!4!5!6!7!8!9!10!11!12!13!14!15!16")
	wantLines(t, "17 deep", scanLines(t, nest(e, 17), Config{}), "depth!1!2!3!4!5!6!7!8!9!10!11!12!13!14!15!16")
	wantLines(t, "limit 1", scanLines(t, nest(e, 2), Config{Limits: limit.Limits{MaxDepth: 1}}), "depth!1")
}

func TestCycle(t *testing.T) {
	// A container that unpacks to itself exists, but is not built in a test:
	// here the outer one is in the list of open containers already.
	w := newWorker(t, Config{}, &finder{})
	inner := archivetest.Zip(entry("x", archivetest.EICAR()))
	w.budget.Begin(context.Background(), 1)
	s := &scan{w: w, config: &w.engine.config, ctx: context.Background(), open: [][]byte{bytes.Clone(inner)}}
	s.object([]string{"r.zip"}, inner, nil, false)
	wantLines(t, "cycle", lines(s.report), "cycle!r.zip")
}

func TestLimitsEndTheScanOnce(t *testing.T) {
	e := entry("e", archivetest.EICAR())
	big := entry("b", bytes.Repeat([]byte("0123456789abcdef"), 64<<10)) // 1 MiB
	tests := []struct {
		name   string
		data   []byte
		limits limit.Limits
		want   []string
	}{
		{"object", archivetest.Zip(e, big, e), limit.Limits{MaxObject: 1000}, []string{"eicar!e", "eicar!e", "size!b"}},
		{"object in place", archivetest.Tar(e, big, e), limit.Limits{MaxObject: 1000}, []string{"eicar", "eicar!e", "eicar!e", "size!b"}},
		{"solid 7z", archivetest.File("lzma.7z"), limit.Limits{MaxObject: 1000}, []string{"eicar!d/eicar.txt", "size!numbers.txt"}},
		{"total", archivetest.Zip(e, big, e), limit.Limits{MaxTotal: 1000}, []string{"eicar!e", "size!b"}},
		{"files", archivetest.Zip(e, e, e), limit.Limits{MaxFiles: 2}, []string{"eicar!e", "eicar!e", "files"}},
		{"files in nested", archivetest.Zip(entry("z", archivetest.Zip(e, e)), e), limit.Limits{MaxFiles: 2}, []string{"eicar!z!e", "files!z"}},
		{"memory", archivetest.Zip(big, e), limit.Limits{MaxMemory: 200 << 10}, []string{"eicar!e", "size!b"}},
		{"dictionary", archivetest.File("numbers.zst"), limit.Limits{MaxDict: 1 << 10}, []string{"dictionary!(zstd)"}},
	}
	for _, tt := range tests {
		wantLines(t, tt.name, scanLines(t, tt.data, Config{Limits: tt.limits}), tt.want...)
	}
}

func TestStreamedTarIsWhole(t *testing.T) {
	filler := entry("filler", bytes.Repeat([]byte("0123456789abcdef"), 8<<10)) // 128 KiB
	e := entry("e", archivetest.EICAR())
	data := archivetest.Gzip("big.tar", archivetest.Tar(filler, filler, e))
	got := scanLines(t, data, Config{Limits: limit.Limits{MaxObject: 200 << 10}})
	wantLines(t, "tar larger than an object", got, "eicar!big.tar!e")

	text := archivetest.Gzip("big.txt", slices.Concat(filler.Data, filler.Data, e.Data))
	got = scanLines(t, text, Config{Limits: limit.Limits{MaxObject: 200 << 10}})
	wantLines(t, "text larger than an object", got, "size!big.txt")
}

func TestTimeAndCancellation(t *testing.T) {
	data := archivetest.Zip(entry("a", archivetest.Numbers()), entry("b", archivetest.Numbers()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := newWorker(t, Config{}, &finder{}).Scan(ctx, data)
	wantLines(t, "cancelled", lines(r), "cancelled")

	past, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	r = newWorker(t, Config{}, &finder{}).Scan(past, archivetest.EICAR())
	wantLines(t, "deadline", lines(r), "eicar", "time")

	// Each look at this clock takes a second.
	now := time.Unix(0, 0)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	w := newWorker(t, Config{Now: clock, Limits: limit.Limits{MaxTime: 6 * time.Second}}, &finder{})
	r = w.Scan(context.Background(), data)
	if len(r.Incomplete) != 1 || r.Incomplete[0].Reason != limit.Time {
		t.Errorf("by the clock: got %q", lines(r))
	}
	r = w.Scan(context.Background(), []byte("next"))
	if len(r.Incomplete) != 0 {
		t.Errorf("the next scan: got %q", lines(r))
	}
}

func TestReportIsBounded(t *testing.T) {
	s := &scan{config: &Config{}}
	for range maxIncomplete + 5 {
		s.incomplete(nil, limit.Errorf(limit.Encrypted, "x"))
	}
	for range maxFindings + 3 {
		s.finding(Finding{})
	}
	s.incomplete(nil, &limit.Error{Reason: limit.Time, Final: true})
	s.close()
	if n := len(s.report.Findings); n != maxFindings {
		t.Errorf("%d findings", n)
	}
	got := s.report.Incomplete[maxIncomplete:]
	if len(got) != 3 || got[0].Reason != limit.Time || got[1].Detail != "5 more parts were not, or not wholly, looked at" || !strings.HasPrefix(got[2].Detail, "3 findings") {
		t.Errorf("got %+v", got)
	}
	big := &yara.RuleMatch{Strings: slices.Repeat([]yara.StringMatch{{Data: make([]byte, 1<<20)}}, 20)}
	if n := len(s.copyMatch(big).Strings); n != 7 {
		t.Errorf("%d string matches of 1 MiB were kept", n)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{Limits: limit.Limits{MaxFiles: -1}}); err == nil {
		t.Error("a negative limit is taken")
	}
}

func TestRealRules(t *testing.T) {
	rules, err := yara.Compile(`rule second { strings: $a = "second" condition: $a }`)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(t, Config{Rules: rules, Matches: true}, nil)
	r := w.Scan(context.Background(), archivetest.Zip(entry("x", []byte("the second"))))
	wantLines(t, "rules", lines(r), "second!x")
	if m := r.Findings[0].Rule.Strings; len(m) != 1 || m[0].Offset != 4 {
		t.Errorf("got %+v", m)
	}
}
