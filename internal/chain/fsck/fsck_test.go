package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/tile"
)

// logOf is a log of a size, and its files.
func logOf(size int64) (proof.Checkpoint, map[string][]byte) {
	l := prooftest.NewLog("log.example/fsck")
	l.AppendNumbered(size)
	return l.Checkpoint(size), l.Files(size)
}

func check(t testing.TB, c proof.Checkpoint, files map[string][]byte) *Report {
	t.Helper()
	r, err := Check(t.Context(), Config{Fetch: prooftest.Fetch(files), Checkpoint: c})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWholeLogs(t *testing.T) {
	for _, size := range []int64{0, 1, 2, 255, 256, 257, 511, 512, 700, 65536, 65537, 66000} {
		c, files := logOf(size)
		r := check(t, c, files)
		if !r.Whole() || r.Entries != size || r.Tiles+r.Bundles != int64(len(files)) {
			t.Errorf("size %d: %+v, and there are %d files", size, r, len(files))
		}
	}
}

// Whichever file of the tree is damaged or gone, that file is named and no
// other, and the check ends.
func TestNamesTheFile(t *testing.T) {
	for _, size := range []int64{1, 256, 700} {
		c, files := logOf(size)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			for _, harm := range harms(files[name]) {
				bad := maps.Clone(files)
				bad[name] = harm.data
				kind := Damaged
				if harm.data == nil {
					kind = Missing
					delete(bad, name)
				}
				r := check(t, c, bad)
				if len(r.Problems) != 1 || r.Problems[0].File != name || r.Problems[0].Kind != kind || r.Unchecked != 0 {
					t.Errorf("size %d, %s %s: %+v", size, name, harm.name, r)
				}
			}
		}
	}
}

type harm struct {
	name string
	data []byte
}

func harms(data []byte) []harm {
	list := []harm{{name: "gone"}, {"cut", data[:len(data)-1]}, {"empty", []byte{}}}
	for _, at := range []int{0, len(data) / 2, len(data) - 1} {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		list = append(list, harm{fmt.Sprintf("flipped at %d", at), flipped})
	}
	return list
}

// In a log with tiles of three levels, each of them can be missed.
func TestDeepLog(t *testing.T) {
	c, files := logOf(66000)
	for _, name := range []string{tile.Path(2, 0, 1), tile.Path(1, 0, 256), tile.Path(1, 1, 1), tile.Path(0, 3, 256), tile.Path(tile.Entries, 200, 256)} {
		bad := maps.Clone(files)
		bad[name] = bytes.Clone(bad[name])
		bad[name][5] ^= 0x80
		r := check(t, c, bad)
		if len(r.Problems) != 1 || r.Problems[0].File != name || r.Unchecked != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Two damages that hide each other from one side are both named.
func TestDamageOnBothSides(t *testing.T) {
	c, files := logOf(700)
	names := []string{tile.Path(0, 1, 256), tile.Path(tile.Entries, 1, 256)}
	for _, name := range names {
		files[name] = bytes.Clone(files[name])
		files[name][40] ^= 1
	}
	var got []string
	for _, p := range check(t, c, files).Problems {
		got = append(got, p.File)
	}
	slices.Sort(got)
	if !slices.Equal(got, names) {
		t.Errorf("named %q, expected %q", got, names)
	}
}

// A partial file that was replaced by the full one is as good.
func TestFullInsteadOfPartial(t *testing.T) {
	l := prooftest.NewLog("log.example/fsck")
	l.AppendNumbered(600)
	files := l.Files(600)
	files[tile.Path(1, 0, 1)] = files[tile.Path(1, 0, 2)][:32] // kept until the tile is full
	if r := check(t, l.Checkpoint(500), files); !r.Whole() || r.Entries != 500 {
		t.Errorf("%+v", r)
	}
}

// A log with another root names what stands at its edge, and checks nothing
// below.
func TestOtherRoot(t *testing.T) {
	c, files := logOf(700)
	c.Root[0] ^= 1
	r := check(t, c, files)
	if r.Whole() || r.Unchecked != 700 || r.Entries != 0 {
		t.Errorf("%+v", r)
	}
}

func TestFromAndOrder(t *testing.T) {
	c, files := logOf(66000)
	var asked atomic.Int64
	fetch := func(ctx context.Context, path string, limit int64) ([]byte, error) {
		asked.Add(1)
		return prooftest.Fetch(files)(ctx, path, limit)
	}
	var next, looked int64 = 65792, 0
	var last int64
	_, err := Check(t.Context(), Config{Fetch: fetch, Checkpoint: c, From: 65800, Workers: 3,
		Look: func(b *Bundle) { b.Seen = b.First },
		Take: func(b *Bundle) {
			if b.First != next || b.Seen != b.First {
				t.Errorf("bundle from %d with %v, expected %d", b.First, b.Seen, next)
			}
			next, looked = next+int64(len(b.Entries)), looked+1
		},
		Progress: func(done, all int64) { last = done },
	})
	if err != nil || looked != 1 || next != 66000 || last != 66000 || asked.Load() > 5 {
		t.Errorf("%v: %d bundles to %d, %d files", err, looked, next, asked.Load())
	}
}

// A site that is gone, or refuses everything, does not keep the check going.
func TestEnds(t *testing.T) {
	c, files := logOf(66000)
	broken := func(context.Context, string, int64) ([]byte, error) { return nil, errors.New("broken") }
	r, err := Check(t.Context(), Config{Fetch: broken, Checkpoint: c})
	if len(r.Problems) == 0 || len(r.Problems) > maxUnreadable || r.Problems[0].Kind != Unreadable {
		t.Errorf("%v, %+v", err, r)
	}
	for name := range files {
		if level, n, _, err := tile.ParsePath(name); err == nil && level <= 0 && n < 200 {
			delete(files, name)
		}
	}
	r, err = Check(t.Context(), Config{Fetch: prooftest.Fetch(files), Checkpoint: c})
	if !errors.Is(err, ErrEnough) || len(r.Problems) < maxProblems {
		t.Errorf("%v, %d problems", err, len(r.Problems))
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, files = logOf(66000)
	_, err = Check(ctx, Config{Fetch: prooftest.Fetch(files), Checkpoint: c, Take: func(*Bundle) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
