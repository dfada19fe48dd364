package tile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/tile"
)

const origin = "log.example/av1"

func newLog(size int64) *prooftest.Log {
	log := prooftest.NewLog(origin)
	log.AppendNumbered(size)
	return log
}

// counting counts what is fetched.
func counting(fetch tile.Fetch) (tile.Fetch, map[string]int) {
	counts := map[string]int{}
	return func(ctx context.Context, path string, limit int64) ([]byte, error) {
		counts[path]++
		return fetch(ctx, path, limit)
	}, counts
}

func TestPathsAgreeWithPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.IntRange(tile.Entries, 63).Draw(t, "level")
		n := rapid.Int64Range(0, 1<<40).Draw(t, "n")
		width := rapid.IntRange(1, 256).Draw(t, "width")
		partial := uint8(width % 256)
		want := layout.EntriesPath(uint64(n), partial)
		if level != tile.Entries {
			want = layout.TilePath(uint64(level), uint64(n), partial)
		}
		path := tile.Path(level, n, width)
		if path != want {
			t.Fatalf("%s, the peer has %s", path, want)
		}
		l, m, w, err := tile.ParsePath(path)
		if err != nil || l != level || m != n || w != width {
			t.Fatalf("%s read as %d, %d, %d, %v", path, l, m, w, err)
		}
	})
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/00/000", "tile/64/000", "tile/-1/000",
		"tile/data/000", "tile/entries/000.p/0", "tile/entries/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/1/2", "tile/0/x000/000",
		"tile/0/001/234", "tile/0/x001/x234", "tile/0/../000", "tile/0/000/", "tile/8/0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/0/00٣",
	} {
		if l, n, w, err := tile.ParsePath(path); err == nil {
			t.Errorf("%q read as %d, %d, %d", path, l, n, w)
		}
	}
}

// Trees around every edge: what the reader gives is what the log has, and no
// tile or bundle is fetched twice.
func TestReaderOnTreesOfAllShapes(t *testing.T) {
	log := newLog(66_000)
	for _, size := range []int64{0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 65_792, 66_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := log.Checkpoint(size)
			fetch, counts := counting(prooftest.Fetch(log.Files(size)))
			r := tile.NewReader(t.Context(), fetch, c)
			if r.Checkpoint().Text() != c.Text() {
				t.Error("another checkpoint")
			}
			next := int64(0)
			for e, err := range r.Entries(0, size) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Index != next || !bytes.Equal(e.Data, log.Leaf(next)) || e.Hash != proof.LeafHash(e.Data) {
					t.Fatalf("entry %d: %d, %q", next, e.Index, e.Data)
				}
				next++
			}
			if next != size {
				t.Fatalf("%d entries, expected %d", next, size)
			}
			for path, n := range counts {
				if n > 1 || strings.HasPrefix(path, "tile/0/") && !strings.Contains(path, ".p/") {
					t.Errorf("%s fetched %d times", path, n)
				}
			}
			for _, older := range []int64{0, 1, 255, 256, 257, 600, size - 1, size} {
				if older < 0 || older > size {
					continue
				}
				root, err := r.Root(older)
				if err != nil || root != log.Checkpoint(older).Root {
					t.Errorf("root at %d: %v, %v", older, root, err)
				}
				hashes, err := r.Consistency(older)
				if err != nil {
					t.Fatal(err)
				}
				if err := proof.CheckConsistency(log.Checkpoint(older), c, hashes); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestEntriesOfAnyRange(t *testing.T) {
	const size = 1300
	log := newLog(size)
	fetch := prooftest.Fetch(log.Files(size))
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, size).Draw(t, "from")
		to := rapid.Int64Range(from, size).Draw(t, "to")
		next := from
		r := tile.NewReader(context.Background(), fetch, log.Checkpoint(size))
		r.ReadAhead(rapid.IntRange(-1, 9).Draw(t, "ahead"))
		for e, err := range r.Entries(from, to) {
			if err != nil || e.Index != next || !bytes.Equal(e.Data, log.Leaf(next)) {
				t.Fatalf("entry %d: %+v, %v", next, e, err)
			}
			next++
		}
		if next != to {
			t.Fatalf("ended at %d, expected %d", next, to)
		}
	})
	for e := range tile.NewReader(t.Context(), fetch, log.Checkpoint(size)).Entries(0, size) {
		if e.Index == 700 {
			break // a reader may stop early
		}
	}
}

func TestSingleEntries(t *testing.T) {
	const size = 700
	log := newLog(size)
	r := tile.NewReader(t.Context(), prooftest.Fetch(log.Files(size)), log.Checkpoint(size))
	for _, index := range []int64{0, 1, 255, 256, 511, 512, 699} {
		got, err := r.Entry(index)
		if err != nil || !bytes.Equal(got, log.Leaf(index)) {
			t.Errorf("entry %d: %q, %v", index, got, err)
		}
		hashes, err := r.Inclusion(index)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.CheckInclusion(proof.LeafHash(got), index, hashes, log.Checkpoint(size)); err != nil {
			t.Error(err)
		}
	}
}

// A log grows, collects its partial tiles, and an older checkpoint can still be
// read.
func TestPartialTilesThatAreGone(t *testing.T) {
	log := newLog(2000)
	const old = 700
	files := log.Files(2000)
	for path := range files {
		if strings.Contains(path, ".p/") {
			delete(files, path)
		}
	}
	// The tiles at the right edge of the newest tree stay partial.
	for path, data := range log.Files(2000) {
		files[path] = data
	}
	r := tile.NewReader(t.Context(), prooftest.Fetch(files), log.Checkpoint(old))
	if _, err := r.Inclusion(3); err == nil {
		t.Error("level 1 of the old tree is neither there nor full, expected an error")
	}
	for path, data := range log.Files(old) {
		if strings.HasPrefix(path, "tile/1/") {
			files[path] = data
		}
	}
	r = tile.NewReader(t.Context(), prooftest.Fetch(files), log.Checkpoint(old))
	n := int64(0)
	for e, err := range r.Entries(0, old) {
		if err != nil || !bytes.Equal(e.Data, log.Leaf(n)) {
			t.Fatalf("entry %d: %v", n, err)
		}
		n++
	}
	if n != old {
		t.Errorf("%d entries, expected %d", n, old)
	}
	if got, err := r.Entry(old - 1); err != nil || !bytes.Equal(got, log.Leaf(old-1)) {
		t.Errorf("last entry: %q, %v", got, err)
	}
}

// Any byte of any file changed, any file missing, cut or grown: an error, or the
// true entries; never others.
func TestNoDamagedFileIsBelieved(t *testing.T) {
	const size = 1300
	log := newLog(size)
	c := log.Checkpoint(size)
	good := log.Files(size)
	paths := slices.Sorted(func(yield func(string) bool) {
		for path := range good {
			if !yield(path) {
				return
			}
		}
	})
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, path := range paths {
		for kind, damage := range map[string]func([]byte) []byte{
			"changed": func(b []byte) []byte { b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8); return b },
			"cut":     func(b []byte) []byte { return b[:rnd.IntN(len(b))] },
			"grown":   func(b []byte) []byte { return append(b, 0) },
			"empty":   func([]byte) []byte { return nil },
			"missing": nil,
		} {
			files := prooftest.Drop(good, path)
			if damage != nil {
				files[path] = damage(bytes.Clone(good[path]))
			}
			r := tile.NewReader(t.Context(), prooftest.Fetch(files), c)
			n, failed := int64(0), false
			for e, err := range r.Entries(0, size) {
				if failed = err != nil; failed {
					break
				}
				if !bytes.Equal(e.Data, log.Leaf(n)) {
					t.Fatalf("%s %s: entry %d is believed", path, kind, n)
				}
				n++
			}
			if !failed && (n != size || !strings.HasPrefix(path, "tile/0/") || strings.Contains(path, ".p/")) {
				t.Errorf("%s %s: nobody noticed", path, kind)
			}
			if level, index, _, _ := tile.ParsePath(path); level == 0 {
				if _, err := tile.NewReader(t.Context(), prooftest.Fetch(files), c).Inclusion(index * tile.Width); err == nil {
					t.Errorf("%s %s: a proof was read from it", path, kind)
				}
			}
		}
	}
}

func TestErrorsNameFileAndEntry(t *testing.T) {
	log := newLog(600)
	files := log.Files(600)
	path := tile.Path(tile.Entries, 1, 256)
	damaged := bytes.Clone(files[path])
	damaged[len(damaged)-1] ^= 1
	files[path] = damaged
	r := tile.NewReader(t.Context(), prooftest.Fetch(files), log.Checkpoint(600))
	var got error
	for _, err := range r.Entries(0, 600) {
		got = err
	}
	if got == nil || !strings.Contains(got.Error(), path) || !strings.Contains(got.Error(), "entry 511") {
		t.Errorf("%v, expected %s and entry 511", got, path)
	}
	_, err := r.Entry(511)
	if err == nil || !strings.Contains(err.Error(), "entry 511") {
		t.Errorf("%v, expected entry 511", err)
	}
	delete(files, path)
	if _, err := r.Entry(511); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, expected %s not to exist", err, path)
	}
}

func TestReaderRefusesWhatIsNotInTheTree(t *testing.T) {
	log := newLog(300)
	r := tile.NewReader(t.Context(), prooftest.Fetch(log.Files(300)), log.Checkpoint(300))
	for _, index := range []int64{-1, 300, 1 << 41} {
		if _, err := r.Inclusion(index); err == nil {
			t.Errorf("a proof of entry %d", index)
		}
		if _, err := r.Entry(index); err == nil {
			t.Errorf("entry %d", index)
		}
		if _, err := r.Consistency(index + 1); index != -1 && err == nil {
			t.Errorf("consistency with size %d", index+1)
		}
		if _, err := r.Root(index + 1); index != -1 && err == nil {
			t.Errorf("root at size %d", index+1)
		}
	}
	for _, span := range [][2]int64{{-1, 2}, {5, 4}, {0, 301}} {
		failed := false
		for _, err := range r.Entries(span[0], span[1]) {
			failed = err != nil
		}
		if !failed {
			t.Errorf("entries %v", span)
		}
	}
	huge := tile.NewReader(t.Context(), prooftest.Fetch(nil), proof.Checkpoint{Origin: origin, Size: 1<<40 + 1})
	if _, err := huge.Inclusion(0); err == nil || !strings.Contains(err.Error(), "expected 0 to") {
		t.Errorf("%v, expected the bound", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tile.NewReader(ctx, prooftest.Fetch(log.Files(300)), log.Checkpoint(300)).Entry(1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected context.Canceled", err)
	}
}

func TestMissingTilesAreTold(t *testing.T) {
	log := newLog(600)
	r := tile.NewReader(t.Context(), prooftest.Fetch(nil), log.Checkpoint(600))
	if _, err := r.Consistency(3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("consistency: %v", err)
	}
	if _, err := r.Root(3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("root: %v", err)
	}
}

// A loop that ends early has stopped what it began.
func TestReadAheadEnds(t *testing.T) {
	log := newLog(5000)
	files := log.Files(5000)
	var running, most atomic.Int32
	fetch := func(ctx context.Context, path string, limit int64) ([]byte, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		if strings.HasPrefix(path, "tile/entries/") && path > "tile/entries/004" {
			<-ctx.Done() // a mirror that does not answer
			return nil, ctx.Err()
		}
		return prooftest.Fetch(files)(ctx, path, limit)
	}
	r := tile.NewReader(t.Context(), fetch, log.Checkpoint(5000))
	r.ReadAhead(6)
	for e, err := range r.Entries(0, 5000) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Index == 1000 {
			break
		}
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d fetches still run", n)
	}
	if n := most.Load(); n > 7 {
		t.Errorf("%d fetches at once, expected at most 7", n)
	}
}

// A fetch that keeps to no limit is held to it.
func TestLimitsAreAskedAndKept(t *testing.T) {
	log := newLog(300)
	files := log.Files(300)
	asked := map[string]int64{}
	endless := func(_ context.Context, path string, limit int64) ([]byte, error) {
		asked[path] = limit
		if strings.HasPrefix(path, "tile/entries/") {
			return make([]byte, limit+1), nil
		}
		return files[path], nil
	}
	_, err := tile.NewReader(t.Context(), endless, log.Checkpoint(300)).Entry(299)
	if err == nil || !strings.Contains(err.Error(), "expected at most") {
		t.Errorf("%v, expected the limit", err)
	}
	if asked["tile/0/001.p/44"] != 44*32 || asked["tile/entries/001.p/44"] != 44*(2+65535) {
		t.Errorf("limits %v", asked)
	}
}

// More tiles than are kept.
func TestManyTilesAreNotAllKept(t *testing.T) {
	log := newLog(140_000)
	r := tile.NewReader(t.Context(), prooftest.Fetch(log.Files(140_000)), log.Checkpoint(140_000))
	for pass := range 2 {
		for index := int64(pass); index < 140_000; index += 256 {
			got, err := r.LeafHash(index)
			if err != nil || got != proof.LeafHash(log.Leaf(index)) {
				t.Fatalf("entry %d: %v", index, err)
			}
		}
	}
}

// Bundles are those of the peer.
func TestBundlesAgreeWithPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 1, 20).Draw(t, "entries")
		var data []byte
		for _, e := range entries {
			var err error
			if data, err = tile.AppendEntry(data, e); err != nil {
				t.Fatal(err)
			}
		}
		got, err := tile.ParseBundle(data, len(entries))
		if err != nil {
			t.Fatal(err)
		}
		var peer api.EntryBundle
		if err := peer.UnmarshalText(data); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, entries, bytes.Equal) || !slices.EqualFunc(got, peer.Entries, bytes.Equal) {
			t.Fatal("three different bundles")
		}
	})
	if _, err := tile.AppendEntry(nil, make([]byte, tile.MaxEntry+1)); err == nil {
		t.Error("an entry of 65,536 bytes")
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'a'}, 1)
	f.Add([]byte{0, 0, 0, 0}, 2)
	f.Add([]byte{0xff, 0xff}, 1)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		entries, err := tile.ParseBundle(data, width)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = tile.AppendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if len(entries) != width || !bytes.Equal(again, data) {
			t.Fatalf("%x has a second spelling", data)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/entries/x001/234.p/5", "tile/63/x999/999", "tile/data/000", "tile/0/000.p/256"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		level, n, width, err := tile.ParsePath(path)
		if err == nil && (tile.Path(level, n, width) != path || n < 0 || width < 1 || width > 256) {
			t.Errorf("%q read as %d, %d, %d", path, level, n, width)
		}
	})
}

// Whatever a mirror serves, an entry that is given is that of the log.
func FuzzReader(f *testing.F) {
	const size = 300
	log := newLog(size)
	files := log.Files(size)
	f.Add(files["tile/0/001.p/44"], files["tile/entries/001.p/44"], int64(290))
	f.Add([]byte{}, []byte{}, int64(299))
	f.Fuzz(func(t *testing.T, hashes, bundle []byte, index int64) {
		served := prooftest.Drop(files)
		served["tile/0/001.p/44"], served["tile/entries/001.p/44"] = hashes, bundle
		r := tile.NewReader(context.Background(), prooftest.Fetch(served), log.Checkpoint(size))
		if got, err := r.Entry(index); err == nil && !bytes.Equal(got, log.Leaf(index)) {
			t.Fatalf("entry %d is %q", index, got)
		}
	})
}

// syntheticLog is a log too large to keep, of which every file follows from its
// path: all entries are equal, so all full tiles of a level are.
type syntheticLog struct {
	bundle []byte
	tiles  [][]byte
}

func newSyntheticLog(levels int, entry []byte) *syntheticLog {
	s := &syntheticLog{}
	for range tile.Width {
		s.bundle, _ = tile.AppendEntry(s.bundle, entry)
	}
	h := proof.LeafHash(entry)
	for range levels {
		s.tiles = append(s.tiles, bytes.Repeat(h[:], tile.Width))
		for range 8 {
			h = tlog.NodeHash(h, h)
		}
	}
	return s
}

func (s *syntheticLog) fetch(_ context.Context, path string, _ int64) ([]byte, error) {
	level, _, width, err := tile.ParsePath(path)
	if err != nil {
		return nil, err
	}
	if level == tile.Entries {
		return s.bundle, nil
	}
	return s.tiles[level][:width*tlog.HashSize], nil
}

// checkpoint is that of 2**20 entries: 16 tiles of level 1 in one of level 2.
func (s *syntheticLog) checkpoint() proof.Checkpoint {
	h := tlog.Hash(s.tiles[2][:tlog.HashSize])
	for range 4 {
		h = tlog.NodeHash(h, h)
	}
	return proof.Checkpoint{Origin: origin, Size: 1 << 20, Root: h}
}

// BenchmarkEntries reads and checks a log of 1,048,576 entries of 1 kB.
func BenchmarkEntries(b *testing.B) {
	s := newSyntheticLog(3, bytes.Repeat([]byte("x"), 1000))
	c := s.checkpoint()
	for _, ahead := range []int{1, 8} {
		b.Run(fmt.Sprintf("ahead=%d", ahead), func(b *testing.B) {
			b.SetBytes(c.Size * 1000)
			for b.Loop() {
				r := tile.NewReader(context.Background(), s.fetch, c)
				r.ReadAhead(ahead)
				n := int64(0)
				for _, err := range r.Entries(0, c.Size) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != c.Size {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(c.Size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
