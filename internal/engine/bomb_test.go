package engine

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/codec/lzma/lzmatest"
	"vitrine/internal/engine/limit"
)

// peakHeap runs f and gives the most bytes of heap in use meanwhile, over what
// was in use before. Garbage that is not yet collected counts as in use.
func peakHeap(f func()) int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	debug.FreeOSMemory()
	before := read()
	var peak atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			peak.Store(max(peak.Load(), read()))
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return max(peak.Load(), read()) - before
}

// lzma7z is an archive of one LZMA stream of n zeros, which claims a
// dictionary.
func lzma7z(n int64, dict uint32, claims uint64) []byte {
	e := lzmatest.New(3, 0, 2, 4096)
	e.Zeros(n)
	props := e.Header(dict, 0)[:5]
	return archivetest.SevenZip(archivetest.Folder{Method: []byte{3, 1, 1}, Props: props, Packed: e.Close(),
		Files: []archivetest.SevenFile{{Name: "zeros", Size: claims, CRC: crc32.ChecksumIEEE(make([]byte, min(claims, 1<<20)))}}})
}

// overlapping is a zip of n members that all unpack the same packed bytes.
func overlapping(n int, size int64) []byte {
	packed := archivetest.GzipZeros(size)
	packed = packed[10 : len(packed)-8] // the raw deflate stream
	parts := []archivetest.ZipPart{{Name: "0", Method: 8, Packed: packed, Size: uint32(size)}}
	for i := 1; i < n; i++ {
		p := parts[0]
		p.Name, p.SameAs = fmt.Sprint(i), 1
		parts = append(parts, p)
	}
	return archivetest.ZipRaw(true, parts...)
}

// crowd is a zip of zips of zips.
func crowd(width, depth int) []byte {
	data := archivetest.GzipZeros(8 << 20)
	for range depth {
		var list []archivetest.Entry
		for i := range width {
			list = append(list, archivetest.Entry{Name: fmt.Sprint(i), Data: data})
		}
		data = archivetest.Zip(list...)
	}
	return data
}

func bombs() map[string][]byte {
	zeros := archivetest.GzipZeros(300 << 20)
	xz := archivetest.File("numbers.xz")
	seven := lzma7z(300<<20, 1<<30, 300<<20)
	rar := archivetest.RAR5("", archivetest.Entry{Name: "g", Data: zeros}, archivetest.Entry{Name: "h", Data: zeros})
	return map[string][]byte{
		"gzip":             zeros,
		"gzip in gzip":     archivetest.Gzip("", zeros),
		"gzips in a row":   slices.Repeat(archivetest.GzipZeros(32<<20), 8),
		"zip of zips":      crowd(10, 4),
		"overlapping zip":  overlapping(2000, 20<<20),
		"7z":               lzma7z(300<<20, 16<<20, 300<<20),
		"7z, dictionary":   lzma7z(300<<20, 1<<32-1, 1<<40),
		"7z in 7z":         archivetest.SevenZip(archivetest.Folder{Method: []byte{0}, Packed: seven, Files: []archivetest.SevenFile{archivetest.Whole("x", seven)}}),
		"small xz in rows": slices.Repeat(xz, 20_000),
		"rar":              rar,
		"rar, ppmd":        archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, append([]byte{0x80 | 0x20 | 7, 255}, make([]byte, 1<<20)...), make([]byte, 300<<20))),
		"tar of gzips":     archivetest.Tar(slices.Repeat([]archivetest.Entry{{Name: "g", Data: archivetest.GzipZeros(50 << 20)}}, 20)...),
	}
}

// TestBombs holds the promise: no file, however built, takes more than the
// memory budget and 64 MiB, and all of them come back incomplete.
func TestBombs(t *testing.T) {
	const memory, slack = 64 << 20, 64 << 20
	limits := limit.Limits{MaxMemory: memory, MaxObject: 32 << 20, MaxTotal: 256 << 20, MaxDict: 16 << 20}
	for name, data := range bombs() {
		if testing.Short() && len(data) > 1<<20 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := newWorker(t, Config{Limits: limits}, &finder{})
			var r Report
			peak := peakHeap(func() { r = w.Scan(context.Background(), data) })
			if peak > memory+slack {
				t.Errorf("%d MiB of heap at most, %d are allowed", peak>>20, (memory+slack)>>20)
			}
			if len(r.Incomplete) == 0 {
				t.Errorf("complete after %d objects and %d bytes", r.Objects, r.Bytes)
			}
			t.Logf("%d MiB at most, %d objects, %d MiB, %q", peak>>20, r.Objects, r.Bytes>>20, first(lines(r), 3))
		})
	}
}

func first(s []string, n int) []string { return s[:min(n, len(s))] }

func TestOverlapIsTold(t *testing.T) {
	e := archivetest.Part("a", archivetest.EICAR())
	b := e
	b.Name, b.SameAs = "b", 1
	got := scanLines(t, archivetest.ZipRaw(true, e, b), Config{})
	wantLines(t, "overlap", got, "eicar", "eicar!a", "eicar!b", "overlap")
}

func TestRatio(t *testing.T) {
	// Deflate reaches 1,030 to 1.
	got := scanLines(t, archivetest.GzipZeros(40<<20), Config{})
	wantLines(t, "ratio", got, "ratio!(gzip)")
	got = scanLines(t, archivetest.GzipZeros(16<<20), Config{})
	wantLines(t, "below the floor", got)
	got = scanLines(t, archivetest.GzipZeros(20<<20), Config{Limits: limit.Limits{MaxRatio: 2000}})
	wantLines(t, "a higher limit", got)
}

func TestDictionaryClaim(t *testing.T) {
	// A claim alone harms nobody: what comes out is looked at.
	small := lzma7z(1000, 1<<32-1, 1000)
	peak := peakHeap(func() { wantLines(t, "claim", scanLines(t, small, Config{})) })
	if peak > 16<<20 {
		t.Errorf("%d MiB of heap for 1,000 bytes", peak>>20)
	}
	used := lzma7z(4<<20, 1<<32-1, 4<<20)
	wantLines(t, "use", scanLines(t, used, Config{Limits: limit.Limits{MaxDict: 1 << 20}}), "dictionary!zeros")
}

func TestWorkerKeepsLittle(t *testing.T) {
	w := newWorker(t, Config{}, &finder{})
	data := archivetest.Gzip("", bytes.Repeat([]byte("0123456789abcdef"), 1<<20))
	w.Scan(context.Background(), data)
	if held := w.budget.Held(); held > 4<<20 {
		t.Errorf("%d bytes held between scans", held)
	}
	got := lines(w.Scan(context.Background(), archivetest.Zip(entry("e", archivetest.EICAR()))))
	wantLines(t, "the next scan", got, "eicar!e")
}
