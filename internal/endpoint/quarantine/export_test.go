package quarantine

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vitrine/internal/endpoint/event"
)

// sorting says what it is told to, of every file that holds found.
type sorting struct {
	found string
	kinds []string
	err   error
}

func (s *sorting) Documents(_ context.Context, file *os.File) ([]string, error) {
	if _, err := file.WriteAt([]byte("x"), 0); err == nil {
		return nil, errors.New("the file can be written to")
	}
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, st.Size())
	if _, err := file.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	if strings.Contains(string(data), s.found) {
		return s.kinds, s.err
	}
	return nil, nil
}

func TestExportHoldsDocumentsBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.mustTake(w.put("a", "a program")), w.mustTake(w.put("b", "a document"))
	held := func(sorter Sorter, x Export) {
		t.Helper()
		w.again(func(c *Config) { c.Sorter = sorter })
		var out bytes.Buffer
		if _, err := w.store.Export(t.Context(), &out, x); !errors.Is(err, ErrDocument) || out.Len() != 0 || !strings.Contains(err.Error(), b.ID) {
			t.Errorf("%+v: %v, wrote %d bytes", x, err, out.Len())
		}
	}
	both := Export{IDs: []string{a.ID, b.ID}}
	held(nil, both)
	held(&sorting{found: "document", kinds: []string{"pdf"}}, both)
	held(&sorting{found: "document", err: errors.New("out of time")}, both)
	for _, x := range []struct {
		sorter Sorter
		Export
	}{
		{&sorting{found: "document", kinds: []string{"pdf"}}, Export{IDs: []string{a.ID}}},
		{&sorting{found: "document", kinds: []string{"pdf"}}, Export{IDs: both.IDs, Documents: true}},
		{nil, Export{IDs: both.IDs, Documents: true}},
	} {
		w.again(func(c *Config) { c.Sorter = x.sorter })
		entries, err := w.store.Export(t.Context(), io.Discard, x.Export)
		if err != nil || len(entries) != len(x.IDs) {
			t.Errorf("%+v: %v, %d entries", x.Export, err, len(entries))
		}
		if last := w.sink.last(); last.Actions[0] != event.Exported || last.Quarantine != entries[len(entries)-1].ID {
			t.Errorf("told %+v", last)
		}
	}
	if len(w.stored()) != 2 {
		t.Errorf("stored %q", w.stored())
	}
	for _, ids := range [][]string{nil, {"nothing"}, {""}} {
		if _, err := w.store.Export(t.Context(), io.Discard, Export{IDs: ids, Documents: true}); !errors.Is(err, ErrNoEntry) {
			t.Errorf("%q: %v", ids, err)
		}
	}
}

func TestExportWritesAnArchive(t *testing.T) {
	w := newWorld(t)
	w.again(func(c *Config) { c.Sorter = &sorting{found: "document", kinds: []string{"pdf"}} })
	path := w.put("../files/hole", "start")
	os.Truncate(path, 1<<20)
	content := content(t, path) + "end"
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("end")
	f.Close()
	a, b := w.mustTake(path), w.mustTake(w.put("b", ""))
	name := filepath.Join(t.TempDir(), "out.zip")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := w.store.Export(t.Context(), out, Export{IDs: []string{a.ID, b.ID}, Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var got []string
	for _, f := range z.File {
		got = append(got, f.Name)
	}
	want := []string{a.ID + "/" + a.SHA256, a.ID + "/meta.json", b.ID + "/" + b.SHA256, b.ID + "/meta.json"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("holds %q", got)
	}
	if _, err := exec.LookPath("unzip"); err != nil {
		missing(t, "no unzip on this machine")
	}
	for member, want := range map[string]string{want[0]: content, want[2]: ""} {
		plain, err := exec.Command("unzip", "-p", "-P", "secret", name, member).Output()
		if err != nil || string(plain) != want {
			t.Errorf("%s: %d bytes, %v", member, len(plain), err)
		}
	}
	meta, err := exec.Command("unzip", "-p", "-P", "secret", name, want[1]).Output()
	if e, err2 := decode(meta); err != nil || err2 != nil || !reflect.DeepEqual(e, a) {
		t.Errorf("metadata %s: %v %v", meta, err, err2)
	}
}
