package quarantine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/internal/endpoint/event"
)

func TestRetainByAge(t *testing.T) {
	w := newWorld(t)
	w.again(func(c *Config) { c.Keep = 90 * 24 * time.Hour })
	old := w.mustTake(w.put("a", "a"))
	w.clock.add(89 * 24 * time.Hour)
	young := w.mustTake(w.put("b", "b"))
	if gone, err := w.store.Retain(t.Context()); err != nil || len(gone) != 0 {
		t.Errorf("%v, %v", gone, err)
	}
	w.clock.add(2 * 24 * time.Hour)
	gone, err := w.store.Retain(t.Context())
	if err != nil || len(gone) != 1 || gone[0].ID != old.ID || !reflect.DeepEqual(w.stored(), []string{young.ID}) {
		t.Errorf("%v, %+v, stored %q", err, gone, w.stored())
	}
	if last := w.sink.last(); last.Actions[0] != event.Deleted || last.Quarantine != old.ID || !strings.Contains(last.Message, "longer than") {
		t.Errorf("told %+v", last)
	}
}

func TestRetainBySize(t *testing.T) {
	w := newWorld(t)
	w.again(func(c *Config) { c.MaxSize = 100_000 })
	text := strings.Repeat("x", 30_000)
	first, second := w.mustTake(w.put("a", text)), w.mustTake(w.put("b", text))
	w.mustTake(w.put("c", text))
	// What is an hour old at most is not pushed out.
	path := w.put("d", text)
	if _, err := w.take(path); !errors.Is(err, ErrFull) || !exists(path) || len(w.stored()) != 3 {
		t.Errorf("%v, stored %q", err, w.stored())
	}
	w.clock.add(2 * time.Hour)
	w.again(nil) // which counts anew
	w.mustTake(path)
	if got := w.stored(); len(got) != 3 || got[0] != second.ID {
		t.Errorf("stored %q, the oldest was %s", got, first.ID)
	}
	// What can never fit pushes nothing out.
	w.clock.add(2 * time.Hour)
	path = w.put("e", strings.Repeat(text, 4))
	if _, err := w.take(path); !errors.Is(err, ErrFull) || len(w.stored()) != 3 {
		t.Errorf("%v, stored %q", err, w.stored())
	}
	w.again(func(c *Config) { c.MaxSize = 70_000 })
	if gone, err := w.store.Retain(t.Context()); err != nil || len(gone) != 1 || gone[0].ID != second.ID {
		t.Errorf("%v, %+v", err, gone)
	}
}

func TestRetainByNumber(t *testing.T) {
	w := newWorld(t)
	w.again(func(c *Config) { c.MaxEntries = 2 })
	w.mustTake(w.put("a", "a"))
	w.mustTake(w.put("b", "b"))
	if _, err := w.take(w.put("c", "c")); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	w.clock.add(2 * time.Hour)
	w.mustTake(filepath.Join(w.files, "c"))
	if len(w.stored()) != 2 {
		t.Errorf("stored %q", w.stored())
	}
}

// What else lies in the store's folder breaks nothing and is left alone.
func TestGarbageInTheStore(t *testing.T) {
	w := newWorld(t)
	e := w.mustTake(w.put("x", bad))
	meta := content(t, filepath.Join(w.conf.Dir, e.ID, metaName))
	id := func(n int) string { return fmt.Sprintf("20260101t000000000-%08d", n) }
	put := func(name string, text string) {
		t.Helper()
		full := filepath.Join(w.conf.Dir, name)
		os.MkdirAll(filepath.Dir(full), 0o700)
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("README", "x")
	put("folder/x", "x")
	put(".new-20260101t000000000-00000000/blob.age", "x")
	put(".gone-x/blob.age", "x")
	put(id(1), "a file")
	put(id(2)+"/meta.json", "{")
	put(id(3)+"/meta.json", meta) // of another entry
	put(id(4)+"/blob.age", "no metadata")
	put(id(5)+"/meta.json", strings.Replace(meta, e.ID, id(5), 1)) // no copy
	put(id(6)+"/meta.json", strings.Repeat(" ", maxMeta+1))
	os.Mkdir(filepath.Join(w.conf.Dir, id(7)), 0o700)
	os.Symlink("/etc/passwd", filepath.Join(w.conf.Dir, id(7), metaName))
	os.Symlink("/", filepath.Join(w.conf.Dir, id(8)))
	os.MkdirAll(filepath.Join(w.conf.Dir, id(9), metaName), 0o700)
	w.again(nil)
	list, err := w.store.List(t.Context())
	if err != nil || len(list) != 10 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for _, b := range list[:9] {
		if b.State != Broken || b.Why == "" || strings.Contains(b.Why, "\n") || b.Taken.Year() != 2026 {
			t.Errorf("%+v", b)
		}
		if _, err := w.store.Restore(t.Context(), b.ID, Restore{NoScan: true}); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: restored: %v", b.ID, err)
		}
		if _, err := w.store.Export(t.Context(), &strings.Builder{}, Export{IDs: []string{b.ID}, Documents: true}); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: exported: %v", b.ID, err)
		}
		if _, err := w.store.Delete(t.Context(), b.ID, ""); err != nil {
			t.Errorf("%s: %v", b.ID, err)
		}
	}
	if list[9].ID != e.ID || list[9].State != Kept || !exists("/etc/passwd") {
		t.Errorf("%+v", list[9])
	}
	if got := w.stored(); !reflect.DeepEqual(got, []string{e.ID, "README", "folder"}) {
		t.Errorf("stored %q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	link := filepath.Join(dir, "link")
	os.Mkdir(filepath.Join(dir, "real"), 0o700)
	os.Symlink("real", link)
	for _, path := range []string{file, link, filepath.Join(file, "x")} {
		if s, err := Open(Config{Dir: path}); err == nil {
			s.Close()
			t.Errorf("opened %s", path)
		}
	}
	wide := filepath.Join(dir, "wide")
	os.Mkdir(wide, 0o755)
	s, err := Open(Config{Dir: wide})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if info, _ := os.Stat(wide); info.Mode().Perm() != 0o700 {
		t.Errorf("left open to others: %v", info.Mode())
	}
	if os.Geteuid() == 0 {
		os.Chown(wide, 4321, 4321)
		if s, err := Open(Config{Dir: wide}); err == nil {
			s.Close()
			t.Error("opened another user's folder")
		}
	}
	for _, key := range []string{"", "x\n", "AGE-SECRET-KEY-1\n", strings.Repeat("#\n", maxIdentity)} {
		bad := filepath.Join(t.TempDir(), "q")
		os.Mkdir(bad, 0o700)
		os.WriteFile(filepath.Join(bad, identityName), []byte(key), 0o600)
		if s, err := Open(Config{Dir: bad}); err == nil {
			s.Close()
			t.Errorf("opened with the key %.20q", key)
		}
	}
}

// A further key in the file opens what was encrypted to it.
func TestFurtherKeys(t *testing.T) {
	w := newWorld(t)
	path := w.put("x", bad)
	e := w.mustTake(path)
	name := filepath.Join(w.conf.Dir, identityName)
	old := content(t, name)
	os.Remove(name)
	w.again(nil)
	if _, err := w.store.Restore(t.Context(), e.ID, Restore{NoScan: true}); !errors.Is(err, ErrBroken) {
		t.Errorf("without its key: %v", err)
	}
	os.WriteFile(name, []byte("# of today\n"+content(t, name)+"# of old\n"+old), 0o600)
	w.again(nil)
	w.mustRestore(e.ID, Restore{})
	if content(t, path) != bad {
		t.Error("not what was taken")
	}
}

func TestNames(t *testing.T) {
	for name, shown := range map[string]string{
		"/a/b c.txt": "/a/b c.txt", "/\n": `/\n`, "/\xff\xfe": `/\xff\xfe`, `/a\nb`: `/a\\nb`, "/\x1b[31m": `/\x1b[31m`,
		"/\u202egpj.exe": `/\u202egpj.exe`, `/"q"`: `/"q"`, "/é日": "/é日", "": "", "/\ufffd": "/\ufffd",
	} {
		if got := Name(name).Shown(); got != shown {
			t.Errorf("%q is shown as %s", name, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := Name(rapid.SliceOf(rapid.Byte()).Draw(t, "name"))
		data, err := json.Marshal(n)
		var back Name
		if err2 := json.Unmarshal(data, &back); err != nil || err2 != nil || back != n {
			t.Fatalf("%q became %s and %q: %v %v", n, data, back, err, err2)
		}
	})
}

func FuzzMeta(f *testing.F) {
	f.Add([]byte(`{"format":"vitrine-quarantine/1"}`))
	e := Entry{ID: "20260101t000000000-00000000", State: Kept, Path: "/x", SHA256: strings.Repeat("00", 32), Size: 10,
		Holes: true, Extents: []Extent{{2, 3}, {6, 4}}, Process: &event.Process{PID: 1}, Meta: Metadata{Xattr: []Xattr{{"user.x", []byte("y")}}}}
	good, err := encode(e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for old, new := range map[string]string{`"kept"`: `"restoring"`, `"/x"`: `"/../x"`, `"length": 3`: `"length": -3`, `"offset": 6`: `"offset": 9223372036854775807`, `"size": 10`: `"size": 9`} {
		bad := strings.Replace(string(good), old, new, 1)
		if bad == string(good) {
			f.Fatalf("%s is not in %s", old, good)
		}
		if _, err := decode([]byte(bad)); err == nil {
			f.Errorf("taken: %s", bad)
		}
		f.Add([]byte(bad))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decode(data)
		if err != nil {
			return
		}
		if !validPath(string(e.Path)) || e.data() > e.Size {
			t.Errorf("passed: %+v", e)
		}
		again, err := encode(e)
		if err != nil {
			return // a time no text can hold
		}
		if back, err := decode(again); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%v: %+v became %+v", err, e, back)
		}
	})
}
