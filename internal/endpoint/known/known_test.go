package known

import (
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/verdict"
)

const rules = "aa"

// at is a fixed time; files of these tests changed an hour before.
var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func table(most int) *Table {
	t := New(Config{Most: most, Now: func() time.Time { return at }})
	t.Forget(rules)
	return t
}

func file(n int) verdict.File {
	old := at.Add(-time.Hour).UnixNano()
	return verdict.File{Dev: 1, Ino: uint64(n), Size: 10, Mtime: old, Ctime: old}
}

func clean() verdict.Verdict {
	return verdict.Verdict{State: verdict.Clean, Size: 10, Objects: 3, Rules: rules, Took: time.Millisecond}
}

func bad() verdict.Verdict {
	return verdict.Verdict{
		State: verdict.Malicious, Size: 10, Objects: 1, Rules: rules, SHA256: "ab",
		Findings: []verdict.Finding{{Name: "x", Path: []string{"a", "b"}}},
	}
}

func TestWhatIsPutComesBack(t *testing.T) {
	for name, v := range map[string]verdict.Verdict{"clean": clean(), "malicious": bad()} {
		tab := table(0)
		tab.Put(file(1), v)
		got, ok := tab.Get(file(1))
		v.Took = 0
		if !ok || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: %+v, want %+v", name, got, v)
		}
		if _, ok := tab.Get(file(2)); ok {
			t.Errorf("%s: another file is known", name)
		}
		if s := tab.Stats(); s != (Stats{Files: 1, Hits: 1, Asked: 2}) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Any change of a file makes it another.
func TestEveryFieldCounts(t *testing.T) {
	tab := table(0)
	tab.Put(file(1), clean())
	for name, change := range map[string]func(*verdict.File){
		"dev": func(f *verdict.File) { f.Dev++ }, "ino": func(f *verdict.File) { f.Ino++ }, "size": func(f *verdict.File) { f.Size++ },
		"mtime": func(f *verdict.File) { f.Mtime++ }, "ctime": func(f *verdict.File) { f.Ctime++ },
	} {
		f := file(1)
		change(&f)
		if _, ok := tab.Get(f); ok {
			t.Errorf("%s does not count", name)
		}
	}
}

func TestWhatIsNotKept(t *testing.T) {
	for name, v := range map[string]verdict.Verdict{
		"incomplete": {State: verdict.Incomplete, Rules: rules}, "failed": {State: verdict.Failed, Rules: rules},
		"other rules": {State: verdict.Clean, Rules: "bb"}, "no rules": {State: verdict.Clean},
	} {
		tab := table(0)
		tab.Put(file(1), v)
		if _, ok := tab.Get(file(1)); ok {
			t.Errorf("%s: it was kept", name)
		}
	}
	tab := New(Config{})
	tab.Put(file(1), verdict.Verdict{State: verdict.Clean})
	if _, ok := tab.Get(file(1)); ok {
		t.Error("kept before anybody said which rules there are")
	}
}

// A file that changed right before its scan may change once more and look the same.
func TestSettling(t *testing.T) {
	for _, c := range []struct {
		age, took time.Duration
		kept      bool
	}{
		{time.Hour, 0, true}, {50 * time.Millisecond, 0, true}, {49 * time.Millisecond, 0, false},
		{time.Second, 990 * time.Millisecond, false}, {time.Second, 900 * time.Millisecond, true}, {-time.Hour, 0, false},
	} {
		tab, f, v := table(0), file(1), clean()
		f.Ctime, v.Took = at.Add(-c.age).UnixNano(), c.took
		tab.Put(f, v)
		if _, ok := tab.Get(f); ok != c.kept {
			t.Errorf("changed %v ago, scanned for %v: kept is %v", c.age, c.took, ok)
		}
	}
}

func TestOtherRulesForgetAll(t *testing.T) {
	tab := table(0)
	tab.Put(file(1), clean())
	tab.Forget(rules)
	if _, ok := tab.Get(file(1)); !ok {
		t.Error("the same rules have forgotten a file")
	}
	tab.Forget("bb")
	if _, ok := tab.Get(file(1)); ok {
		t.Error("other rules know the file")
	}
	tab.Forget(rules)
	if _, ok := tab.Get(file(1)); ok {
		t.Error("the file came back with the rules")
	}
}

func TestDrop(t *testing.T) {
	tab := table(4)
	for n := range 3 { // the first is among the old by now
		tab.Put(file(n), bad())
	}
	for n := range 3 {
		tab.Drop(file(n))
		if _, ok := tab.Get(file(n)); ok {
			t.Errorf("file %d is still known", n)
		}
	}
}

// There are never more than the most, and what is asked for stays.
func TestBounds(t *testing.T) {
	const most = 100
	tab := table(most)
	for n := range 10 * most {
		tab.Put(file(n), clean())
		if _, ok := tab.Get(file(0)); !ok {
			t.Fatalf("the file that is asked for all the time has gone after %d others", n)
		}
		if s := tab.Stats(); s.Files > most {
			t.Fatalf("%d files", s.Files)
		}
	}
	if _, ok := tab.Get(file(10)); ok {
		t.Error("a file that nobody asks for is still there")
	}
}

// A verdict takes the place of another.
func TestLastWordCounts(t *testing.T) {
	tab := table(4)
	tab.Put(file(1), bad())
	tab.Put(file(2), clean())
	tab.Put(file(3), clean())
	tab.Put(file(1), clean())
	if v, ok := tab.Get(file(1)); !ok || v.State != verdict.Clean {
		t.Errorf("%+v", v)
	}
}

func TestManyAtOnce(t *testing.T) {
	tab := table(50)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 500 {
				tab.Put(file(n%97), clean())
				if v, ok := tab.Get(file(n % 89)); ok && v.Rules != rules && v.Rules != "r"+strconv.Itoa(g) {
					t.Errorf("%+v", v)
				}
				if n%100 == 0 {
					tab.Forget(rules)
					tab.Stats()
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkGet(b *testing.B) {
	tab := table(0)
	for n := range 100_000 {
		tab.Put(file(n), clean())
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, ok := tab.Get(file(n % 50_000)); !ok {
			b.Fatal("not known")
		}
	}
}
