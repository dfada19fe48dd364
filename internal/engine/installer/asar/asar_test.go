package asar

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out: names and contents in turn.
type got struct {
	parts    []string
	problems []error
	stop     error
}

func (g *got) Whole(name string, data []byte) error {
	g.parts = append(g.parts, name, string(data))
	return g.stop
}

func (g *got) Decoded(string, io.Reader, int) error { return errors.New("nothing is packed in these") }
func (g *got) Problem(err error)                    { g.problems = append(g.problems, err) }

func walk(data []byte, g *got) error {
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(len(data)))
	return Walk(data, &installer.Job{Budget: b, Sink: g})
}

func TestWalk(t *testing.T) {
	data := installertest.Asar(installertest.File{Name: "main.js", Data: []byte("first")}, installertest.File{Name: "package.json", Data: []byte("{}")})
	g := &got{}
	if err := walk(data, g); err != nil {
		t.Fatal(err)
	}
	if want := []string{"dir/main.js", "first", "dir/package.json", "{}"}; len(g.problems) > 0 || !slices.Equal(g.parts, want) {
		t.Errorf("got %q, problems %v", g.parts, g.problems)
	}
	stop := errors.New("enough")
	if err := walk(data, &got{stop: stop}); !errors.Is(err, stop) || err != stop {
		t.Errorf("the sink's error became %v", err)
	}
	if !Begins(data) || Begins(data[:20]) || Begins(data[1:]) {
		t.Error("Begins is wrong")
	}
}

func TestBroken(t *testing.T) {
	deep := `{"files":` + strings.Repeat(`{"a":{"files":`, maxDepth+2)
	for _, tt := range []struct{ name, text, want string }{
		{"elsewhere", `{"files":{"a":{"offset":"100","size":1},"b":{"offset":"0","size":2}}}`, "not where it should be"},
		{"negative", `{"files":{"a":{"offset":"-1","size":1},"b":{"offset":"0","size":2}}}`, "out of range"},
		{"no number", `{"files":{"a":{"offset":"x","size":1}}}`, "invalid"},
		{"huge", `{"files":{"a":{"offset":"0","size":1e300}}}`, "out of range"},
		{"a list for a number", `{"files":{"a":{"offset":[],"size":1}}}`, "no number"},
		{"a list for a folder", `{"files":[]}`, "in place of"},
		{"a list for a file", `{"files":{"a":[]}}`, "in place of"},
		{"cut off", `{"files":{"a":{"offset":"0","size":`, "cut off"},
		{"too deep", deep, "folders in each other"},
		{"shared bytes", `{"files":{"a":{"offset":"0","size":3},"b":{"offset":"1","size":2}}}`, "shares its bytes"},
	} {
		g := &got{}
		if err := walk(installertest.AsarRaw(tt.text, []byte("abcd")), g); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		err := errors.Join(g.problems...)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: problems %v, want %q", tt.name, err, tt.want)
		}
	}
	g := &got{}
	whole := installertest.Asar()
	if err := walk(whole[:len(whole)-8], g); err != nil || len(g.problems) != 1 {
		t.Errorf("header cut off: %v, problems %v", err, g.problems)
	}
	long := &got{}
	_ = walk(installertest.AsarRaw(`{"files":{"`+strings.Repeat("n", 3*maxPath)+`":{"offset":"0","size":1}}}`, []byte("x")), long)
	if len(long.parts) != 2 || len(long.parts[0]) != maxPath {
		t.Errorf("a long name: %d parts", len(long.parts))
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(installertest.Asar(installertest.File{Name: "a", Data: []byte("b")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := walk(data, &got{}); err != nil {
			t.Errorf("walk: %v", err)
		}
	})
}
