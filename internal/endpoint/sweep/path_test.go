package sweep

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"vitrine/internal/endpoint/files"
)

// TestOrder: compare orders paths as the walker meets them; a sweep that goes
// on rests on it.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a/b": "", "a.b": "", "a/b.c/d": "", "a-b/c": "", "aa": "", "A": "", "\x01": "", "é/x": "", "a/\xff": "", "0/1/2/3": "", "0/1.": "", "0/1/2.": ""})
	var met []string
	walker := files.Walker{}
	walker.Walk(context.Background(), dir, func(e files.Entry) bool { met = append(met, e.Path); return true })
	sorted := slices.Clone(met)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
	slices.SortFunc(sorted, compare)
	if len(met) != 12 || !slices.Equal(met, sorted) {
		t.Errorf("met    %q\nsorted %q", met, sorted)
	}
	if got := inOrder([]string{"/b/", "/", "/a//", "/b", "/a.x", "/a/x"}); !slices.Equal(got, []string{"/", "/a", "/a/x", "/a.x", "/b"}) {
		t.Errorf("%q", got)
	}
}

// TestPathJSON: a path is bytes, also where JSON has only text.
func TestPathJSON(t *testing.T) {
	for path, want := range map[Path]string{"/a b\n": `"/a b\n"`, "/\xff": `{"bytes":"L/8="}`, "": `""`} {
		data, err := json.Marshal(path)
		if err != nil || string(data) != want {
			t.Errorf("%q: %s, %v", path, data, err)
		}
		var back Path
		if err := json.Unmarshal(data, &back); err != nil || back != path {
			t.Errorf("%q came back as %q, %v", path, back, err)
		}
	}
	var p Path
	if err := json.Unmarshal([]byte(`{"bytes":"%"}`), &p); err == nil {
		t.Error("nonsense was taken")
	}
}

// TestSequence: a position is passed when all before it are, in any order.
func TestSequence(t *testing.T) {
	at := func(name string) position { return position{"/", Path(name)} }
	var s sequence
	for range 4 {
		s.begin()
	}
	for _, c := range []struct {
		turn int
		want string // none: it does not move
	}{{1, ""}, {0, "b"}, {3, ""}, {2, "d"}} {
		last, ok := s.end(c.turn, at(string(rune('a'+c.turn))))
		if ok != (c.want != "") || string(last.Path) != c.want {
			t.Errorf("after %d: %q, %v, want %q", c.turn, last.Path, ok, c.want)
		}
	}
}
