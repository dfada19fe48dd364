package document

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// taken is a Sink that keeps what it is given, a line for each part and one
// for each problem.
type taken struct {
	b     *limit.Budget
	parts []part
	lines []string
}

type part struct{ name, data string }

func (k *taken) Whole(name string, data []byte) error {
	return k.Decoded(name, strings.NewReader(string(data)), len(data))
}

func (k *taken) Decoded(name string, r io.Reader, _ int) error {
	if err := k.b.AddFile(); err != nil {
		return err
	}
	data, err := io.ReadAll(counted{r, k.b})
	k.parts = append(k.parts, part{name, string(data)})
	if limit.Final(err) {
		return err
	}
	if err != nil {
		k.lines = append(k.lines, string(limit.Of(err).Reason)+" "+name)
	}
	return nil
}

// counted spends what is read through it.
type counted struct {
	io.Reader
	b *limit.Budget
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if spent := c.b.Spend(int64(n)); spent != nil {
		return n, spent
	}
	return n, err
}

func (k *taken) Problem(err error) {
	e := limit.Of(err)
	k.lines = append(k.lines, string(e.Reason)+": "+e.Detail)
}

// take walks data within small limits.
func take(t testing.TB, data []byte) *taken {
	t.Helper()
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxTotal: 64 << 20, MaxMemory: 64 << 20}})
	b.Begin(context.Background(), int64(len(data)))
	k := &taken{b: b}
	w := &Walker{Budget: b, Open: &codec.Opener{Budget: b}, Sink: k}
	if err := w.Walk(Identify(data), data); err != nil {
		k.Problem(err)
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return k
}

// get gives the part of that name, or fails.
func (k *taken) get(t testing.TB, name string) string {
	t.Helper()
	i := slices.IndexFunc(k.parts, func(p part) bool { return p.name == name })
	if i < 0 {
		var names []string
		for _, p := range k.parts {
			names = append(names, p.name)
		}
		t.Fatalf("no part %q among %q; %q", name, names, k.lines)
	}
	return k.parts[i].data
}

func (k *taken) wantProblems(t testing.TB, what string, want ...string) {
	t.Helper()
	if fmt.Sprint(k.lines) != fmt.Sprint(want) {
		t.Errorf("%s: problems %q, want %q", what, k.lines, want)
	}
}

func TestIdentify(t *testing.T) {
	tests := []struct {
		data string
		want Kind
	}{
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE},
		{"{\\rtf1 hello}", RTF},
		{"{\\rt00 hello}", RTF},
		{oneNoteStart, OneNote},
		{"%PDF-1.7\n", PDF},
		{"%PDF", None},
		{"", None},
		{"hello, world", None},
	}
	for _, tt := range tests {
		if got := Identify([]byte(tt.data)); got != tt.want {
			t.Errorf("%q: got %v", tt.data, got)
		}
	}
}
