package upx

import (
	"bytes"
	"testing"

	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx/upxtest"
)

// small are limits in which anything is over soon.
func small() limit.Limits {
	return limit.Limits{MaxObject: 1 << 20, MaxTotal: 8 << 20, MaxMemory: 16 << 20, MaxDict: 4 << 20}
}

// FuzzUnpack unpacks anything. Nothing may panic, and all memory must come back.
func FuzzUnpack(f *testing.F) {
	for _, m := range upxtest.Machines() {
		f.Add(m.Packed(m.Program("text text text"), upxtest.Pack{Method: upxtest.NRV2E, Filter: m.Filter}))
	}
	for _, name := range []string{"amd64.so.upx", "array.so.upx", "i686.exe.upx", "x86_64.exe.upx", "i686.dll.upx", "x86_64.dll.upx"} {
		f.Add(kept(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		Identify(data)
		if got, err := unpack(t, data, small()); err == nil && len(got) > 1<<20 {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// FuzzStream unpacks anything with every method, in one go and in small steps:
// both give the same.
func FuzzStream(f *testing.F) {
	for _, m := range methods {
		f.Add(byte(m), upxtest.Stream(m, plain(300)))
	}
	f.Fuzz(func(t *testing.T, m byte, data []byte) {
		u := &unpacker{Config: config(len(data), small()), data: data}
		out := u.newBuffer()
		err := u.inflate(out, data, m, -1)
		if err == nil && m >= methodNRV2B && m < methodLZMA && knownMethod(m) {
			z, n, p := openNRV(data, m), 0, make([]byte, len(out.b))
			for n < len(p) {
				end, err := z.run(p[:min(n+7, len(p))], n)
				if err != nil || end == n {
					t.Fatalf("in steps: %v after %d bytes", err, n)
				}
				n = end
			}
			if !z.atEnd() || !bytes.Equal(p, out.b) {
				t.Error("in steps something else comes out")
			}
		}
		out.free()
		if u.Budget.Held() != 0 {
			t.Errorf("%d bytes still held", u.Budget.Held())
		}
	})
}

// FuzzImage makes a file of anything that may have been unpacked.
func FuzzImage(f *testing.F) {
	names := []string{"i686.exe.upx", "i686.dll.upx", "x86_64.exe.upx", "x86_64.dll.upx"}
	for n, name := range names {
		f.Add(byte(n), imageOf(f, name))
	}
	f.Fuzz(func(t *testing.T, n byte, image []byte) {
		file, _ := openPE(kept(t, names[n%4]))
		u := &unpacker{Config: config(len(file.data), small()), data: file.data}
		in := u.newBuffer()
		if in.write(image) == nil {
			if r, err := newRebuild(file, in); err == nil {
				where, _ := file.find()
				_ = r.undo(where)
				out := u.newBuffer()
				_ = r.write(out)
				if len(out.b) > len(image)+len(file.data)+2*maxPadding {
					t.Errorf("%d bytes from %d", len(out.b), len(image))
				}
				out.free()
			}
		}
		in.free()
	})
}

// FuzzFilter undoes any filter on anything.
func FuzzFilter(f *testing.F) {
	for _, id := range allFilters() {
		f.Add(id, byte(0), uint32(0), upxtest.Code(200))
	}
	f.Fuzz(func(t *testing.T, id, mark byte, add uint32, code []byte) {
		size := len(code)
		filter{id, mark, add}.undo(code)
		if guessFilter(code); len(code) != size {
			t.Error("another size")
		}
	})
}
