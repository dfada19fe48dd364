package blob

import (
	"bytes"
	"errors"
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
	r, err := Open(bytes.NewReader(data), int64(len(data)))
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
		r, err := Open(bytes.NewReader(data), int64(len(data)))
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

// failing is a file that ends before it should.
type failing struct{ data []byte }

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at >= int64(len(f.data)) {
		return 0, errors.New("it is gone")
	}
	return copy(b, f.data[at:]), nil
}

// TestSectionsAreReadAgain: whatever was dropped can be asked for, and a file
// that shrinks is an error.
func TestSectionsAreReadAgain(t *testing.T) {
	w := &Writer{}
	at, size := w.Bytes([]byte("some bytes"))
	const n = 100_000 // more than a window holds
	for i := range uint32(n) {
		w.Row(Lists, i)
		w.Row(Texts, at, size)
	}
	data, err := w.Finish(0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 99_999, 1, 2, 50_000, 99_998, 16_383, 16_384, 0} {
		if got := r.Bytes(r.At(Texts, i), 0); string(got) != "some bytes" || r.At(Lists, i).Int(0) != int32(i) {
			t.Fatalf("record %d: %q and %d", i, got, r.At(Lists, i).Int(0))
		}
		if i%2 == 0 {
			r.Drop(Texts, Lists)
		}
	}
	if r.Err() != nil || r.Verify() != nil {
		t.Errorf("%v", r.Err())
	}
	short, err := Open(failing{data[:len(data)-1000]}, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if short.At(Texts, 99_999); short.Err() == nil || short.Verify() == nil {
		t.Error("what is gone is taken")
	}
}
