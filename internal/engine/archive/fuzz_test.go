package archive

import (
	"bytes"
	"context"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/limit"
)

// fuzzWalk walks data as a format, and all containers inside it. Nothing may
// panic, not even inside the fence, and all memory must be given back.
func fuzzWalk(t *testing.T, f Format, data []byte) {
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxObject: 1 << 20, MaxTotal: 8 << 20, MaxMemory: 32 << 20, MaxFiles: 200, MaxDict: 4 << 20}})
	b.Begin(context.Background(), int64(len(data)))
	u := New(b, nil)
	g := &got{}
	g.nested = func(m Member) error {
		if len(m.Data) == 0 && m.Err == nil {
			t.Error("an empty member without an error")
		}
		if u.depth > 4 {
			return nil
		}
		for _, p := range Find(m.Data) {
			if err := u.Walk(Container{Format: p.Format, Data: m.Data[p.Offset:], Rest: m.Rest}, g); err != nil {
				return err
			}
		}
		return nil
	}
	_ = u.Walk(Container{Format: f, Data: data}, g)
	for _, err := range g.problems {
		if limit.Of(err).Reason == limit.Panic {
			t.Errorf("%s: %v", f, err)
		}
	}
	for i := range u.levels {
		u.drop(i)
	}
	if b.Held() != 0 {
		t.Errorf("%s: %d bytes still held", f, b.Held())
	}
}

var small = archivetest.Entry{Name: "a", Data: []byte("hello hello hello")}

func FuzzZip(f *testing.F) {
	f.Add(archivetest.Zip(small, small))
	f.Add(archivetest.ZipRaw(false, archivetest.Part("x", []byte("y"))))
	f.Add(archivetest.File("lzma.zip"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, Zip, data) })
}

func FuzzTar(f *testing.F) {
	f.Add(tarBlocks("x", 'x', pax("GNU.sparse.size=10", "GNU.sparse.map=1,2,6,3"), nil))
	f.Add(tarBlocks("a", '0', []byte("hello"), nil))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, Tar, data) })
}

func FuzzSevenZip(f *testing.F) {
	f.Add(archivetest.SevenZip(archivetest.Folder{Method: []byte{0}, Packed: []byte("hello"), Files: []archivetest.SevenFile{archivetest.Whole("a", []byte("hello"))}}))
	f.Add(archivetest.File("lzma.7z"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, SevenZip, data) })
}

func FuzzRar(f *testing.F) {
	f.Add(archivetest.RAR5("", small))
	f.Add(archivetest.RAR4(0, 0, small))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, RAR, data) })
}

func FuzzCpio(f *testing.F) {
	f.Add(archivetest.Cpio(small))
	f.Add(archivetest.File("bin.cpio")[:200])
	f.Add(archivetest.File("odc.cpio")[:300])
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, Cpio, data) })
}

func FuzzRpm(f *testing.F) {
	f.Add(archivetest.RPM(archivetest.Cpio(small)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, RPM, data) })
}

func FuzzAr(f *testing.F) {
	f.Add(archivetest.Ar(small, small))
	f.Add(archivetest.File("gnu.a")[:400])
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, Ar, data) })
}

func FuzzCab(f *testing.F) {
	f.Add(cabtest.Cabinet(cabtest.Folder{Method: cabtest.MSZIP, Files: []cabtest.File{{Name: "a", Data: small.Data}}}))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, Cab, data) })
}

func FuzzDisc(f *testing.F) {
	const kept = 256
	f.Add(disctest.Squeeze(disctest.ISO{Joliet: true}.Image(disctest.File{Path: "a", Data: small.Data})[16*disctest.Sector:], kept))
	f.Fuzz(func(t *testing.T, data []byte) {
		image := append(make([]byte, 16*disctest.Sector), disctest.Expand(data, kept)...)
		fuzzWalk(t, ISO, image)
		fuzzWalk(t, UDF, image)
	})
}

// FuzzStreams takes the data as each kind of compressed stream.
func FuzzStreams(f *testing.F) {
	f.Add(archivetest.Gzip("n", small.Data))
	for _, name := range []string{"numbers.bz2", "numbers.lzma"} {
		f.Add(archivetest.File(name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []Format{Gzip, BZip2, XZ, LZMA, Zstd, LZ4} {
			fuzzWalk(t, format, data)
		}
	})
}

// FuzzFind looks for containers in anything.
func FuzzFind(f *testing.F) {
	f.Add(append([]byte("MZ"), archivetest.Zip(small)...))
	f.Add(bytes.Repeat([]byte("PK\x05\x06"), 10))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range Find(data) {
			if p.Offset < 0 || p.Offset >= len(data) || p.Format == None {
				t.Fatalf("found %v in %d bytes", p, len(data))
			}
			fuzzWalk(t, p.Format, data[p.Offset:])
		}
	})
}
