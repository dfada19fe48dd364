package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vitrine/internal/endpoint/files"
	"vitrine/internal/engine"
)

// counter is a Scanner that finds every object to hold itself.
type counter struct{ hook func(data []byte) }

func (c counter) Scan(_ context.Context, data []byte) engine.Report {
	if c.hook != nil {
		c.hook(data)
	}
	return engine.Report{Objects: 1, Bytes: int64(len(data)), Findings: []engine.Finding{{Name: string(data[:min(len(data), 9)])}}}
}

// meter is a Progress.
type meter struct{ begun, files, bytes atomic.Int64 }

func (m *meter) Begin(string)    { m.begun.Add(1) }
func (m *meter) Add(bytes int64) { m.files.Add(1); m.bytes.Add(bytes) }

func config(jobs int, hook func([]byte)) (Config, *meter) {
	m := &meter{}
	return Config{Jobs: jobs, Progress: m, NewScanner: func() (Scanner, error) { return counter{hook}, nil }}, m
}

// from is a source of files that exist, and of items that need no file.
func from(items ...Item) Source {
	return func(_ context.Context, visit func(Item) bool) {
		for _, item := range items {
			if !visit(item) {
				return
			}
		}
	}
}

func lay(t *testing.T, n int) []Item {
	t.Helper()
	dir := t.TempDir()
	var items []Item
	for i := range n {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "%09d", i), 0o644); err != nil {
			t.Fatal(err)
		}
		items = append(items, Item{Entry: files.Entry{Path: path}})
	}
	return items
}

func TestEveryItemOnce(t *testing.T) {
	for _, jobs := range []int{0, 1, 7} {
		items := lay(t, 60)
		items = append(items,
			Item{Entry: files.Entry{Path: "left", Kind: files.Symlink}},
			Item{Entry: files.Entry{Path: "gone"}},
			Item{Entry: files.Entry{Path: "-"}, Stream: strings.NewReader("stream")})
		c, m := config(jobs, nil)
		outcomes, err := Start(context.Background(), c, from(items...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for o := range outcomes {
			name := o.Kind.String() + "/" + o.Seen.Kind.String()
			if o.Shown {
				name = o.Report.Findings[0].Name
			}
			got = append(got, name)
		}
		slices.Sort(got)
		want := []string{"file/unread", "stream", "symlink/file"}
		for i := range 60 {
			want = append(want, fmt.Sprintf("%09d", i))
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d jobs: got %q", jobs, got)
		}
		if m.begun.Load() != 62 || m.files.Load() != 62 || m.bytes.Load() != 60*9+6 {
			t.Errorf("%d jobs: progress %d begun, %d done, %d bytes", jobs, m.begun.Load(), m.files.Load(), m.bytes.Load())
		}
	}
}

func TestStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	scanned := atomic.Int64{}
	c, _ := config(2, func([]byte) {
		if scanned.Add(1) == 10 {
			cancel()
		}
	})
	endless := func(ctx context.Context, visit func(Item) bool) {
		for visit(Item{Stream: strings.NewReader("x")}) {
		}
	}
	outcomes, err := Start(ctx, c, endless)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range outcomes {
		n++
	}
	if n < 10 || n > 12 {
		t.Errorf("%d outcomes after stopping in the tenth scan", n)
	}
}

// A source that hangs, such as a list on a pipe, must not keep a sweep alive;
// nor must a stream, and what was not read is no outcome.
func TestStopsWhileSourceAndStreamHang(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	hanging, w := io.Pipe()
	defer w.Close()
	release := make(chan bool)
	defer close(release)
	c, m := config(1, nil)
	outcomes, err := Start(ctx, c, func(_ context.Context, visit func(Item) bool) {
		visit(Item{Stream: hanging})
		cancel()
		<-release
	})
	if err != nil {
		t.Fatal(err)
	}
	for o := range outcomes {
		t.Errorf("an outcome of nothing: %+v (begun %d)", o, m.begun.Load())
	}
}

func TestScannerThatCannotBeMade(t *testing.T) {
	broken := errors.New("broken")
	_, err := Start(context.Background(), Config{NewScanner: func() (Scanner, error) { return nil, broken }}, nil)
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// A scanner that was torn out of a file that shrank is not used again.
func TestScannerIsReplacedAfterAFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shrinks")
	if err := os.WriteFile(path, make([]byte, 2*files.MapFrom), 0o644); err != nil {
		t.Fatal(err)
	}
	made, sum := 0, 0
	c, _ := config(1, nil)
	c.NewScanner = func() (Scanner, error) {
		made++
		return counter{func(data []byte) {
			if err := os.Truncate(path, 0); err != nil {
				t.Error(err)
			}
			for _, b := range data {
				sum += int(b)
			}
		}}, nil
	}
	outcomes, err := Start(context.Background(), c, from(Item{Entry: files.Entry{Path: path}}))
	if err != nil {
		t.Fatal(err)
	}
	o := <-outcomes
	if !o.Seen.Abandoned || !o.Seen.Changed || made != 2 || sum != 0 {
		t.Errorf("%+v, %d scanners made", o.Seen, made)
	}
}

func TestLimits(t *testing.T) {
	items := lay(t, 1)
	c, _ := config(1, nil)
	c.MaxSize = 8
	outcomes, err := Start(context.Background(), c, from(items...))
	if err != nil {
		t.Fatal(err)
	}
	if o := <-outcomes; o.Shown || !o.Seen.TooLarge {
		t.Errorf("%+v", o)
	}
}
