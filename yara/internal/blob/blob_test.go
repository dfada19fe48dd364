package blob

import (
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
)

func TestRecords(t *testing.T) {
	w := &Writer{}
	at, n := w.Text("name")
	w.Row(Namespaces, at, n)
	if again, _ := w.Text("name"); again != at {
		t.Error("a text is kept twice")
	}
	w.Row(Namespaces, 3, 99)
	w.Row(Lists, 7)
	data, err := w.Finish(5)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(); err != nil || r.Features != 5 || r.Len(Namespaces) != 2 || r.Len(Nodes) != 0 {
		t.Errorf("%v, features %d, %d namespaces", err, r.Features, r.Len(Namespaces))
	}
	if got := r.Text(r.At(Namespaces, 0), 0); got != "name" || r.Err() != nil {
		t.Errorf("%q, %v", got, r.Err())
	}
	if r.Done(Lists); r.Err() == nil {
		t.Error("a record that belongs to nothing is taken")
	}
}

func TestReaderRefuses(t *testing.T) {
	for name, ask := range map[string]func(*Reader){
		"text outside":  func(r *Reader) { r.Text(r.At(Namespaces, 0), 0) },
		"bytes outside": func(r *Reader) { r.Bytes(r.At(Namespaces, 0), 0) },
		"too many":      func(r *Reader) { r.Take(Namespaces, 2) },
		"far too many":  func(r *Reader) { r.Take(Namespaces, 1<<32-1) },
		"flags":         func(r *Reader) { r.Flags(r.At(Namespaces, 0), 0, 1) },
	} {
		w := &Writer{}
		w.Row(Namespaces, 1<<32-1, 1<<32-1)
		data, err := w.Finish(0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(data)
		if err != nil {
			t.Fatal(err)
		}
		if ask(r); r.Err() == nil {
			t.Errorf("%s: nothing is refused", name)
		}
	}
}

// TestPathsNameEverything: whatever a module has can be written and found again
// in another tree of the module.
func TestPathsNameEverything(t *testing.T) {
	for _, name := range modules.Names() {
		m, _ := modules.Named(name)
		other, _ := modules.Named(name)
		one, two := pathsOf([]*module.Module{m}), pathsOf([]*module.Module{other})
		for _, path := range shortest(one.fields) {
			if two.fields[path] == nil {
				t.Errorf("field %s", path)
			}
		}
		for f, path := range shortest(one.calls) {
			if g := two.calls[path]; g == nil || signature(f) != signature(g) {
				t.Errorf("function %s", path)
			}
		}
	}
}

// TestSpans: each record belongs to one owner.
func TestSpans(t *testing.T) {
	for name, tt := range map[string]struct {
		firsts []uint32
		links  int
		ok     bool
	}{
		"all":           {[]uint32{0, 1, 1}, 3, true},
		"none at all":   {nil, 0, true},
		"no owner":      {nil, 1, false},
		"behind":        {[]uint32{0, 4}, 3, false},
		"backwards":     {[]uint32{0, 2, 1}, 3, false},
		"first left":    {[]uint32{1}, 3, false},
		"far too large": {[]uint32{0, 1<<32 - 1}, 3, false},
	} {
		w := &Writer{}
		for _, first := range tt.firsts {
			w.Row(Patterns, 0, 0, 0, first)
		}
		for range tt.links {
			w.Row(Links, 0, 0, 0)
		}
		data, err := w.Finish(0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(data)
		if err != nil {
			t.Fatal(err)
		}
		r.owned(Links, Patterns)
		end := 0
		for i := range tt.firsts {
			from, to := r.Span(Patterns, i, 3, Links)
			if r.Err() == nil && (from != end || to < from) {
				t.Errorf("%s: owner %d has %d to %d", name, i, from, to)
			}
			end = to
		}
		if ok := r.Err() == nil && end == tt.links; ok != tt.ok {
			t.Errorf("%s: %v, up to %d", name, r.Err(), end)
		}
	}
}
