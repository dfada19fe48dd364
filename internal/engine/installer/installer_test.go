package installer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/limit"
)

// got is a Sink that takes no more of a part than most bytes.
type got struct {
	most     int64
	parts    []string
	problems []error
	stop     error
}

func (g *got) Whole(name string, data []byte) error {
	g.parts = append(g.parts, name+":"+string(data))
	return g.stop
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(io.LimitReader(r, g.most))
	if err != nil {
		g.problems = append(g.problems, err)
	}
	return g.Whole(name, data)
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func job(l limit.Limits, g *got) *Job {
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), 1<<20)
	return &Job{Budget: b, Sink: g}
}

func TestRead(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 5*step+3)
	for _, tt := range []struct {
		name   string
		limits limit.Limits
		r      io.Reader
		most   int64
		want   int
		reason limit.Reason
	}{
		{"all", limit.Limits{}, bytes.NewReader(long), 1 << 30, len(long), ""},
		{"some", limit.Limits{}, bytes.NewReader(long), 10, 10, ""},
		{"nothing", limit.Limits{}, strings.NewReader(""), 10, 0, ""},
		{"memory", limit.Limits{MaxMemory: 3 * step}, bytes.NewReader(long), 1 << 30, 2 * step, limit.Size},
		{"total", limit.Limits{MaxTotal: step + 1}, bytes.NewReader(long), 1 << 30, 2 * step, limit.Size},
		{"error", limit.Limits{}, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("bad"))), 10, 3, limit.Damaged},
	} {
		j := job(tt.limits, &got{})
		data, err := j.Read(tt.r, tt.most)
		if len(data) != tt.want || err != nil != (tt.reason != "") || err != nil && limit.Of(err).Reason != tt.reason {
			t.Errorf("%s: %d bytes, %v", tt.name, len(data), err)
		}
		if j.Free(data); j.Budget.Held() != 0 {
			t.Errorf("%s: %d bytes still held", tt.name, j.Budget.Held())
		}
	}
}

func TestPieces(t *testing.T) {
	g := &got{most: 4}
	j := job(limit.Limits{}, g)
	r := strings.NewReader("abcdefghij")
	for _, tt := range []struct {
		n  int64
		ok bool
	}{{2, true}, {6, true}, {0, true}, {5, false}} {
		if ok, err := j.Piece("p", r, tt.n, 10); ok != tt.ok || err != nil {
			t.Errorf("%d bytes: %v, %v", tt.n, ok, err)
		}
	}
	if all := strings.Join(g.parts, " "); all != "p:ab p:cdef p: p:ij" || len(g.problems) != 1 || !errors.Is(g.problems[0], io.ErrUnexpectedEOF) {
		t.Errorf("got %q, problems %v", all, g.problems)
	}
	upper := func(r io.Reader) io.Reader { return io.MultiReader(strings.NewReader("<"), r) }
	if ok, err := j.PieceThrough("q", strings.NewReader("xyz"), 2, 3, upper); !ok || err != nil || g.parts[4] != "q:<xy" {
		t.Errorf("through something: %v, %v, %q", ok, err, g.parts)
	}
	g.stop = errors.New("enough")
	if ok, err := j.Piece("p", strings.NewReader("x"), 1, 1); ok || !errors.Is(err, g.stop) {
		t.Errorf("the sink's error became %v, %v", ok, err)
	}
}

func TestSkip(t *testing.T) {
	j := job(limit.Limits{MaxTotal: 100}, &got{})
	r := strings.NewReader(strings.Repeat("x", 300))
	if ok, err := j.Skip(r, 90); !ok || err != nil || r.Len() != 210 {
		t.Errorf("%v, %v, %d left", ok, err, r.Len())
	}
	if ok, err := j.Skip(r, -1); !ok || err != nil {
		t.Errorf("nothing: %v, %v", ok, err)
	}
	if ok, err := j.Skip(r, 90); ok || !limit.Final(err) {
		t.Errorf("past the limit: %v, %v", ok, err)
	}
	if ok, err := job(limit.Limits{}, &got{}).Skip(strings.NewReader("x"), 2); ok || err != nil {
		t.Errorf("past the end: %v, %v", ok, err)
	}
}

func TestDamaged(t *testing.T) {
	for _, tt := range []struct {
		err    error
		reason limit.Reason
		want   string
	}{
		{errors.New("odd"), limit.Damaged, "x: odd"},
		{io.ErrUnexpectedEOF, limit.Damaged, "x: cut off"},
		{limit.Errorf(limit.Dict, "large"), limit.Dict, "large"},
	} {
		g := &got{}
		if err := job(limit.Limits{}, g).Damaged("x", tt.err); err != nil || len(g.problems) != 1 {
			t.Fatalf("%v: %v, problems %v", tt.err, err, g.problems)
		}
		if e := limit.Of(g.problems[0]); e.Reason != tt.reason || e.Detail != tt.want {
			t.Errorf("%v: told %v", tt.err, e)
		}
	}
	final := &limit.Error{Reason: limit.Time, Final: true}
	if err := job(limit.Limits{}, &got{}).Damaged("x", final); !errors.Is(err, final) {
		t.Errorf("the end of all became %v", err)
	}
}
