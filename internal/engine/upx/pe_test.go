package upx

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"debug/pe"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx/upxtest"
)

// kept gives a file of testdata.
func kept(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const marker = "Marker of the unpacked "

// TestKept holds what comes out to what the packer itself unpacked.
func TestKept(t *testing.T) {
	for name, want := range map[string]string{
		"amd64.upx":      "663a4254b7f38ca361d14806f9a3c73a4a5f4a27a3bece1b13838ea6ed3ab3f1",
		"amd64.so.upx":   "189ea8b673d250e96a583763f3daaf4d9c5fd192ede16fcf63243561ffe5e529",
		"array.so.upx":   "8ff60e896e34aea45da453e230cbe5dc8f17cf1d9eddd56be50f2b2c7b35fc27",
		"i686.exe.upx":   "36f5f42ce04d0a5640a86d23010cca63152fcb1e00621fe112ae960a1eed72a5",
		"i686.dll.upx":   "97507c977dad896361b05b96dae3576a07a704b0027a4f39bc7b931c500a9aa1",
		"x86_64.exe.upx": "c7df3149ca7696aba4b2e52eac127a639c44f329069c8c57b696acad535b22ea",
		"x86_64.dll.upx": "975c8936f7a4c8df0c3bb0c0e8ae5cc9fc0af53214216b69fded8124e83a302e",
	} {
		data := kept(t, name)
		if !Identify(data) {
			t.Errorf("%s: not identified", name)
		}
		got, err := unpack(t, data, limit.Limits{})
		if sum := fmt.Sprintf("%x", sha256.Sum256(got)); err != nil || sum != want {
			t.Errorf("%s: %v, %d bytes with the sum %s", name, err, len(got), sum)
		}
		if !bytes.Contains(got, []byte(marker)) {
			t.Errorf("%s: the marker is not in it", name)
		}
	}
}

// What comes out is a file that others read: with its sections and imports.
func TestReadable(t *testing.T) {
	for name, want := range map[string]string{
		"i686.exe.upx":   ".text .rdata .idata .rsrc MessageBoxA:USER32.dll GetTickCount:KERNEL32.DLL",
		"x86_64.exe.upx": ".text .rdata .idata .rsrc MessageBoxA:USER32.dll GetTickCount:KERNEL32.DLL",
		"i686.dll.upx":   ".text .rdata .edata .idata .reloc DisableThreadLibraryCalls:KERNEL32.DLL GetTickCount:KERNEL32.DLL",
		"x86_64.dll.upx": ".text .rdata .edata .idata .reloc DisableThreadLibraryCalls:KERNEL32.DLL GetTickCount:KERNEL32.DLL",
	} {
		got, err := unpack(t, kept(t, name), limit.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := pe.NewFile(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		there := importsOf(t, f, got)
		for _, s := range f.Sections {
			there = append(there, s.Name)
		}
		for _, w := range strings.Fields(want) {
			if !slices.Contains(there, w) {
				t.Errorf("%s: no %s in %q", name, w, there)
			}
		}
	}
	got, _ := unpack(t, kept(t, "amd64.so.upx"), limit.Limits{})
	f, err := elf.NewFile(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil || len(symbols) < 2 {
		t.Errorf("%v, %d symbols", err, len(symbols))
	}
}

// importsOf reads the imports by the addresses they go to, as a loader does:
// of the table that the standard library reads the packer keeps nothing.
func importsOf(t *testing.T, f *pe.File, data []byte) []string {
	at := func(address uint32) []byte {
		for _, s := range f.Sections {
			if address-s.VirtualAddress < s.Size {
				return data[s.Offset+address-s.VirtualAddress:]
			}
		}
		t.Fatalf("nothing is at %#x", address)
		return nil
	}
	text := func(b []byte) string { return string(b[:bytes.IndexByte(b, 0)]) }
	width, table := 4, uint32(0)
	switch h := f.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		table = h.DataDirectory[1].VirtualAddress
	case *pe.OptionalHeader64:
		width, table = 8, h.DataDirectory[1].VirtualAddress
	}
	var out []string
	for d := at(table); le32(d[12:]) != 0; d = d[importSize:] {
		library := text(at(le32(d[12:])))
		for p := at(le32(d[16:])); le32(p) != 0; p = p[width:] {
			out = append(out, text(at(le32(p)+2))+":"+library)
		}
	}
	return out
}

// headerAt is where the packer's header is in a file of testdata.
func headerAt(t testing.TB, data []byte) int {
	t.Helper()
	for at := 0; ; at++ {
		i := bytes.Index(data[at:], []byte(magic))
		if i < 0 {
			t.Fatal("no header")
		}
		if at += i; at >= 0 {
			if _, ok := parseHeader(data[at:]); ok {
				return at
			}
		}
	}
}

func TestSpoiltPE(t *testing.T) {
	for _, name := range []string{"i686.exe.upx", "i686.dll.upx", "x86_64.exe.upx", "x86_64.dll.upx"} {
		plain := kept(t, name)
		want, _ := unpack(t, plain, limit.Limits{})
		at := headerAt(t, plain)
		head := int(le32(plain[60:]))
		for _, c := range []struct {
			what      string
			do        func(b []byte)
			same, err bool
		}{
			{"no magic", func(b []byte) { copy(b[at:], "ABCD") }, true, false},
			{"renamed sections", func(b []byte) { copy(b[head+headSize(b[head+24+1] == 2):], ".text") }, true, false},
			{"no version", func(b []byte) { b[at+4] = 0 }, false, true},
			{"no header", func(b []byte) { clear(b[at : at+headerSize]) }, false, true},
			{"no header, and another start", func(b []byte) { clear(b[at : at+headerSize]); put32(b[head+40:], 0x1000) }, false, true},
			{"wrong sum", func(b []byte) { b[at+8]++; b[at+headerSize-1] = checkByte(b[at:]) }, true, true},
			{"another filter", func(b []byte) { b[at+28] = 0x83; b[at+headerSize-1] = checkByte(b[at:]) }, false, true},
			{"more than there is", func(b []byte) { put32(b[at+16:], 1<<31); b[at+headerSize-1] = checkByte(b[at:]) }, false, true},
			{"packed data changed", func(b []byte) { b[at+headerSize+90] ^= 4 }, false, true},
		} {
			data := bytes.Clone(plain)
			c.do(data)
			if !Identify(data) {
				t.Errorf("%s, %s: not identified", name, c.what)
			}
			got, err := unpack(t, data, limit.Limits{})
			if c.same && !bytes.Equal(got, want) || c.err != (err != nil) || len(got) == 0 {
				t.Errorf("%s, %s: %v, %d bytes, not %d", name, c.what, err, len(got), len(want))
			}
		}
	}
}

func TestCutPE(t *testing.T) {
	for _, name := range []string{"i686.exe.upx", "x86_64.dll.upx"} {
		data := kept(t, name)
		want, _ := unpack(t, data, limit.Limits{})
		for n := 0; n < len(data); n += 13 {
			got, err := unpack(t, data[:n], limit.Limits{})
			if err == nil && !bytes.Equal(got, want) {
				t.Fatalf("%s cut at %d: no error", name, n)
			}
		}
	}
}

// repacked changes what a file of testdata unpacks to in memory, and packs it
// again, at the end of the file.
func repacked(t testing.TB, name string, change func(image []byte, own peHead)) []byte {
	t.Helper()
	data := bytes.Clone(kept(t, name))
	image := imageOf(t, name)
	own, _ := parsePE(image[le32(image[len(image)-4:]):])
	change(image, own)
	packed := upxtest.Stream(upxtest.NRV2E, image)
	f, _ := openPE(data)
	at := f.pe + len(f.b) + sectionSize // the second section
	h, _ := parseHeader(data[headerAt(t, data):])
	clear(data[headerAt(t, data):][:headerSize])
	data = append(data, make([]byte, -len(data)&511)...)
	put32(data[at+16:], uint32(headerSize+len(packed)))
	put32(data[at+20:], uint32(len(data)))
	data = append(data, upxtest.Header(13, h.format, upxtest.NRV2E, []uint32{adler(1, image), adler(1, packed)}, len(image), len(packed), len(image), 0, 0)...)
	return append(data, packed...)
}

// imageOf is what a file of testdata unpacks to in memory, without its filter.
func imageOf(t testing.TB, name string) []byte {
	t.Helper()
	f, ok := openPE(kept(t, name))
	if !ok {
		t.Fatal("not PE")
	}
	where, ok := f.find()
	if !ok {
		t.Fatal("not packed")
	}
	u := &unpacker{Config: config(len(f.data), limit.Limits{}), data: f.data}
	out, err := u.image(f, where)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(out.b)
}

// Notes of the packer that lead outside, or round and round, cost nothing and
// are told.
func TestHostileImages(t *testing.T) {
	anything := func(what string) func([]byte, error) bool {
		return func(got []byte, err error) bool { return err != nil && strings.Contains(err.Error(), what) }
	}
	for name, c := range map[string]struct {
		change func(image []byte, own peHead)
		right  func(got []byte, err error) bool
	}{
		"as it was": {func([]byte, peHead) {}, func(got []byte, err error) bool {
			return err == nil && bytes.Contains(got, []byte(marker))
		}},
		"no original header":        {func(b []byte, h peHead) { copy(h.b, "XX") }, anything("original header")},
		"a header behind the end":   {func(b []byte, h peHead) { put32(b[len(b)-4:], 1<<31) }, anything("original header")},
		"imports behind the end":    {func(b []byte, h peHead) { put32(h.table(tableImports), 1<<30) }, anything("imports")},
		"imports' notes far behind": {func(b []byte, h peHead) { put32(behind(b, h), 1<<31) }, anything("imports")},
		"relocations in the code":   {func(b []byte, h peHead) { put32(behind(b, h)[8:], 0) }, func(got []byte, err error) bool { return len(got) > 0 }},
		"relocations behind":        {func(b []byte, h peHead) { put32(behind(b, h)[8:], 1<<31) }, anything("relocations")},
		"exports behind the end":    {func(b []byte, h peHead) { put32(h.table(tableExports), 1<<30) }, anything("exports")},
		"sections that overlap": {func(b []byte, h peHead) {
			for i := range h.sections {
				s := sectionBytes(b, i)
				put32(s[12:], h.sections[0].address)
				put32(s[16:], uint32(len(b))/2)
			}
		}, func(got []byte, err error) bool { return len(got) < 64<<10 }},
		"a section of 4 GiB":   {func(b []byte, h peHead) { put32(sectionBytes(b, 1)[16:], 1<<32-1) }, anything("outside")},
		"a section far behind": {func(b []byte, h peHead) { put32(sectionBytes(b, 0)[20:], 1<<31) }, anything("section")},
		"code outside":         {func(b []byte, h peHead) { put32(h.b[44:], 0) }, func(got []byte, err error) bool { return err == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unpack(t, repacked(t, "x86_64.dll.upx", c.change), limit.Limits{MaxMemory: 8 << 20})
			if !c.right(got, err) || len(got) > 4<<20 {
				t.Errorf("%v, %d bytes", err, len(got))
			}
		})
	}
}

// behind is what the packer noted behind the section headers of an image.
func behind(image []byte, own peHead) []byte {
	at := int(le32(image[len(image)-4:]))
	return image[at+len(own.b)+len(own.sections)*sectionSize:]
}

func sectionBytes(image []byte, n int) []byte {
	at := int(le32(image[len(image)-4:]))
	return image[at+headSize(true)+n*sectionSize:]
}

func TestMachO(t *testing.T) {
	data := append([]byte("\xcf\xfa\xed\xfe"), make([]byte, 5000)...)
	if Identify(data) {
		t.Error("taken for packed")
	}
	data = append(data, upxtest.Header(13, 34, upxtest.NRV2E, []uint32{1, 2}, 5000, 4000, 5000, 0, 0)...)
	if !Identify(append(data, 0, 0, 0, 0)) {
		t.Error("not identified")
	}
	if _, err := unpack(t, data, limit.Limits{}); limit.Of(err).Reason != limit.Method {
		t.Errorf("%v", err)
	}
}
