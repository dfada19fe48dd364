package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"

	"golang.org/x/sys/unix"
)

func lineOf(message string) Line {
	e := say(message)
	e.Time = at
	text, err := Encode(e, Product{})
	if err != nil {
		panic(err)
	}
	return Line{e, text}
}

// messages reads a file and those put aside.
func messages(t *testing.T, name string, keep int, want Filter) (string, int) {
	t.Helper()
	var got []string
	skipped, err := Read(name, keep, want, func(l Line) error {
		got = append(got, l.Event.Message)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " "), skipped
}

func openFile(t *testing.T, name string, size int64, keep int) *File {
	t.Helper()
	f, err := OpenFile(name, size, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func keepAll(t *testing.T, f *File, words ...string) {
	t.Helper()
	for _, m := range words {
		if err := f.Keep(lineOf(m)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFileRotates(t *testing.T) {
	for _, keep := range []int{0, 2} {
		name := filepath.Join(t.TempDir(), "log", "events.jsonl")
		size := int64(len(lineOf("0").JSON)+1) * 2 // two lines
		f := openFile(t, name, size, keep)
		for i := range 9 {
			keepAll(t, f, fmt.Sprint(i))
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		want := map[int]string{0: "8", 2: "4 5 6 7 8"}[keep]
		if got, skipped := messages(t, name, keep, Filter{}); got != want || skipped != 0 {
			t.Errorf("keeping %d: %s, %d skipped", keep, got, skipped)
		}
		files, _ := os.ReadDir(filepath.Dir(name))
		if len(files) != keep+1 {
			t.Errorf("keeping %d: %v", keep, files)
		}
		for _, file := range files {
			if info, _ := file.Info(); info.Size() > size || info.Mode().Perm()&0o007 != 0 {
				t.Errorf("%v: %d bytes, %v", file.Name(), info.Size(), info.Mode())
			}
		}
		f = openFile(t, name, size, keep) // goes on where it was
		keepAll(t, f, "9")
		if got, _ := messages(t, name, 0, Filter{}); got != "8 9" {
			t.Errorf("keeping %d, opened again: %s", keep, got)
		}
	}
}

// TestFileIsMadeSafe: each second if there is something new, before a file is put
// aside, and at the end; and what the disk refuses is said.
func TestFileIsMadeSafe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e")
	line := int64(len(lineOf("0").JSON) + 1)
	f := openFile(t, name, line*2, 1)
	var safe []int64 // bytes in the file, each time
	var refuse error
	f.fsync = func(file *os.File) error {
		if _, err := os.Stat(name + ".1"); err == nil && len(safe) < 2 {
			t.Error("put aside before it was safe")
		}
		info, err := file.Stat()
		safe = append(safe, info.Size())
		return errors.Join(err, refuse)
	}
	keepAll(t, f, "0")
	for range 2 {
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	keepAll(t, f, "1", "2")
	refuse = errors.New("no more")
	if err := f.Sync(); !errors.Is(err, refuse) {
		t.Errorf("a disk that refuses: %v", err)
	}
	refuse = nil
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if want := []int64{line, line * 2, line, line}; !slices.Equal(safe, want) {
		t.Errorf("made safe with %v bytes, not %v", safe, want)
	}
}

func TestFileThatCannotBePutAside(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e")
	os.MkdirAll(filepath.Join(name+".1", "x"), 0o700) // a folder in the way
	f := openFile(t, name, 10, 1)
	keepAll(t, f, "0", "1", "2")
	if got, _ := messages(t, name, 0, Filter{}); got != "0 1 2" {
		t.Errorf("got %s", got)
	}
}

func TestTornLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e")
	os.WriteFile(name, append(append(lineOf("whole").JSON, '\n'), lineOf("cut").JSON[:40]...), 0o600)
	f := openFile(t, name, 1<<20, 0)
	keepAll(t, f, "next")
	if got, skipped := messages(t, name, 0, Filter{}); got != "whole next" || skipped != 1 {
		t.Errorf("got %s, %d skipped", got, skipped)
	}
}

func TestFileIsMovedAway(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e")
	f := openFile(t, name, 1<<20, 0)
	keepAll(t, f, "old")
	os.Rename(name, name+".moved")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	keepAll(t, f, "new")
	if got, _ := messages(t, name, 0, Filter{}); got != "new" {
		t.Errorf("got %s", got)
	}
	os.Remove(name)
	os.Symlink("/etc/passwd", name)
	if err := f.Sync(); err == nil {
		t.Error("a link was followed")
	}
	os.Remove(name)
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	keepAll(t, f, "newer")
	if got, _ := messages(t, name, 0, Filter{}); got != "newer" {
		t.Errorf("got %s", got)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fifo, dir, filepath.Join(fifo, "x")} {
		if f, err := OpenFile(name, 1, 1); err == nil {
			t.Errorf("opened %s", f.name)
		}
	}
}

// TestFullDisk: what does not fit is counted, half a line does not stay, and when
// there is room again the log goes on and says what is missing.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	ballast := filepath.Join(dir, "ballast")
	name := filepath.Join(dir, "events.jsonl")
	f := openFile(t, name, 1<<20, 1)
	tick := make(chan time.Time)
	l := New(Options{Keepers: []Named{{"the file", f}}, Now: fixed, Tick: tick})
	l.Emit(say("before"))
	wait(l, 1)
	fill(t, ballast)
	for i := range 200 { // what is left of the last page takes some
		l.Emit(say(fmt.Sprint("full ", i, strings.Repeat(".", 100))))
	}
	wait(l, 201)
	tick <- at
	if s := l.Stats(); len(s.Broken) != 1 || !strings.Contains(s.Broken[0], "no space left") {
		t.Errorf("stats %+v", s)
	}
	os.Remove(ballast)
	tick <- at
	l.Emit(say("after"))
	l.Close()
	var told, kept int64
	skipped, err := Read(name, 0, Filter{}, func(l Line) error {
		kept++
		if l.Event.Kind == event.Lost {
			told += l.Event.Count
		}
		return nil
	})
	if all := l.Stats().Kept; err != nil || skipped != 0 || told == 0 || kept+told != all || all < 203 {
		t.Errorf("kept %d and told of %d of %d, %d skipped, %v", kept, told, all, skipped, err)
	}
}

// smallDisk is a file system of 64 KiB in memory.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64k"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("no file system can be mounted: %v", err)
		}
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func TestReadFilters(t *testing.T) {
	name := filepath.Join(t.TempDir(), "e")
	f := openFile(t, name, 1<<20, 0)
	for i, k := range []event.Kind{event.Detection, event.Network, event.Detection} {
		e := event.Event{Kind: k, Time: at.Add(time.Duration(i) * time.Hour), Message: fmt.Sprint(i)}
		text, _ := Encode(e, Product{})
		if err := f.Keep(Line{e, text}); err != nil {
			t.Fatal(err)
		}
	}
	for want, filter := range map[string]Filter{
		"0 1 2": {}, "0 2": {Kinds: []event.Kind{event.Detection}}, "1 2": {Since: at.Add(time.Hour)}, "": {Since: time.Now().Add(time.Hour)},
		"2": {Since: at.Add(time.Minute), Kinds: []event.Kind{event.Detection, event.Lost}},
	} {
		if got, _ := messages(t, name, 3, filter); got != want {
			t.Errorf("%+v: %s instead of %s", filter, got, want)
		}
	}
	stop := errors.New("enough")
	if _, err := Read(name, 0, Filter{}, func(Line) error { return stop }); err != stop {
		t.Errorf("stopped: %v", err)
	}
	if _, err := Read(name+"x", 0, Filter{}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	file, _ := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	fmt.Fprintf(file, "\n{}\nnonsense\n%s\n", strings.Repeat("x", 3*maxLine))
	file.Close()
	keepAll(t, f, "last")
	if got, skipped := messages(t, name, 0, Filter{}); got != "0 1 2 last" || skipped != 3 {
		t.Errorf("got %s, %d skipped", got, skipped)
	}
}
