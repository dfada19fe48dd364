package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func deflated(data []byte) []byte {
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, 6)
	f.Write(data)
	f.Close()
	return b.Bytes()
}

// packedPart is a deflated member that tells the truth.
func packedPart(name string, data []byte) archivetest.ZipPart {
	p := archivetest.Part(name, data)
	p.Method, p.Packed = zipDeflate, deflated(data)
	return p
}

// told is what a walk gave, in one line: members with the length of their
// data, then reasons.
func told(g *got) string {
	var out []string
	for _, m := range g.members {
		out = append(out, m.Name+":"+string(m.Data[:min(len(m.Data), 8)]))
	}
	return strings.TrimSpace(strings.Join(out, " ") + " | " + g.reasons())
}

func TestZipDisagreements(t *testing.T) {
	one, two := archivetest.Part("one", []byte("first")), packedPart("two", []byte("second second second"))
	with := func(p archivetest.ZipPart, f func(*archivetest.ZipPart)) archivetest.ZipPart { f(&p); return p }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"all well", archivetest.ZipRaw(true, one, two), "one:first two:second s |"},
		{"other name", archivetest.ZipRaw(true, with(one, func(p *archivetest.ZipPart) { p.LocalName = "uno" }), two),
			"one:first two:second s | damaged"},
		{"other method, both are taken", archivetest.ZipRaw(true, with(two, func(p *archivetest.ZipPart) { p.Method, p.LocalMethod = 0, zipDeflate })),
			"two:second s two:" + string(two.Packed[:8]) + " | damaged damaged"},
		{"checksum", archivetest.ZipRaw(true, with(one, func(p *archivetest.ZipPart) { p.CRC++ }), with(two, func(p *archivetest.ZipPart) { p.CRC++ })),
			"one:first two:second s | damaged damaged"},
		{"not in the directory", archivetest.ZipRaw(true, one, with(two, func(p *archivetest.ZipPart) { p.Hidden = true }), one),
			"one:first one:first two:second s | damaged"},
		{"before and behind the directory's members", archivetest.ZipRaw(true, with(one, func(p *archivetest.ZipPart) { p.Hidden = true }), two, with(one, func(p *archivetest.ZipPart) { p.Hidden = true })),
			"two:second s one:first one:first | damaged damaged"},
		{"no directory", archivetest.ZipRaw(false, one, two), "one:first two:second s | damaged"},
		{"marked as encrypted", archivetest.ZipRaw(true, with(two, func(p *archivetest.ZipPart) { p.Flags = 1 }), one),
			"two:second s one:first | damaged"},
		{"unknown method", archivetest.ZipRaw(true, with(two, func(p *archivetest.ZipPart) { p.Method = 6 })), "two:" + string(two.Packed[:8]) + " | method"},
		{"stored with an odd method", archivetest.ZipRaw(true, with(one, func(p *archivetest.ZipPart) { p.Method = 77 })), "one:first | damaged"},
		{"data cut off", archivetest.ZipRaw(true, with(one, func(p *archivetest.ZipPart) { p.PackedSize, p.Size = 1<<20, 1<<20 })), "one:firstPK\x01 | damaged"},
		{"directory entry is a folder", archivetest.ZipRaw(true, archivetest.Part("d/", nil), one), "one:first |"},
		{"program before it", append(bytes.Repeat([]byte("MZ stub "), 100), archivetest.ZipRaw(true, one, two)...), "one:first two:second s |"},
		{"comment and more behind it", append(archivetest.ZipRaw(true, one, two), "and more"...), "one:first two:second s |"},
		{"strong encryption", archivetest.ZipRaw(true, with(two, func(p *archivetest.ZipPart) { p.Flags, p.Packed = 0x41, []byte("\xffnot a stream") })), "two: | encrypted"},
	}
	for _, tt := range tests {
		got := told(walkOne(t, tt.data))
		if got != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestZipHeaderBeforeTheDirectory(t *testing.T) {
	raw := archivetest.ZipRaw(true, archivetest.Part("one", []byte("first")))
	at := int(findZipDirectory(raw).start)
	// Its name goes past the directory's beginning.
	h := slices.Concat([]byte(zipLocalMagic), []byte{20, 0, 8, 0, 8, 0}, make([]byte, 16), []byte{100, 0, 0, 0})
	if got := told(walkOne(t, slices.Insert(raw, at, h...))); got != "one:first |" {
		t.Errorf("got %q", got)
	}
}

// withDescriptor is a member whose sizes stand behind its data.
func withDescriptor(name string, method uint16, plain, packed []byte, signature bool) archivetest.ZipPart {
	p := archivetest.Part(name, plain)
	d := binary.LittleEndian.AppendUint32(nil, p.CRC)
	d = binary.LittleEndian.AppendUint32(d, uint32(len(packed)))
	d = binary.LittleEndian.AppendUint32(d, uint32(len(plain)))
	if signature {
		d = append([]byte(zipDataMagic), d...)
	}
	p.Method, p.Flags, p.CRC, p.Size, p.Packed = method, 8, 0, 0, slices.Concat(packed, d)
	return p
}

func TestZipWithoutDirectoryAndSizes(t *testing.T) {
	text := []byte("some text that is some text")
	last := archivetest.Part("last", []byte("last"))
	for name, p := range map[string]archivetest.ZipPart{
		"deflate":            withDescriptor("a", zipDeflate, text, deflated(text), true),
		"deflate, unsigned":  withDescriptor("a", zipDeflate, text, deflated(text), false),
		"stored":             withDescriptor("a", zipStore, text, text, true),
		"stored, with magic": withDescriptor("a", zipStore, append([]byte(zipDataMagic+"-no size here-"), text...), append([]byte(zipDataMagic+"-no size here-"), text...), true),
	} {
		size := len(p.Packed)
		raw := archivetest.ZipRaw(false, p, last)
		// The local header says nothing of the size.
		binary.LittleEndian.PutUint32(raw[18:], 0)
		g := walkOne(t, raw)
		if g.names() != "a last" || !bytes.Contains(g.members[0].Data, text) || len(g.members[0].Data) >= size || g.reasons() != "damaged" {
			t.Errorf("%s: got %q, %v", name, told(g), g.all())
		}
	}
}

func TestZip64(t *testing.T) {
	p := packedPart("big", []byte("not so big"))
	extra := []byte{1, 0, 16, 0}
	extra = binary.LittleEndian.AppendUint64(extra, uint64(p.Size))
	extra = binary.LittleEndian.AppendUint64(extra, uint64(len(p.Packed)))
	p.Extra, p.Size, p.PackedSize = extra, 1<<32-1, 1<<32-1
	data := archivetest.ZipRaw(true, p)

	// The end record moves its fields to the 64-bit one.
	at := len(data) - zipEndSize
	end := slices.Clone(data[at:])
	size, place := binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	end64 := append([]byte(zipEnd64Magic), 44, 0, 0, 0, 0, 0, 0, 0, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint64{1, 1, uint64(size), uint64(place)} {
		end64 = binary.LittleEndian.AppendUint64(end64, v)
	}
	locator := append([]byte(zipLocatorMagic), 0, 0, 0, 0)
	locator = append(binary.LittleEndian.AppendUint64(locator, uint64(at)), 1, 0, 0, 0)
	for i := 8; i < 20; i++ {
		end[i] = 0xff
	}
	want(t, "zip64", walkOne(t, slices.Concat(data[:at], end64, locator, end)), archivetest.Entry{Name: "big", Data: []byte("not so big")})
	want(t, "zip64 behind a stub", walkOne(t, slices.Concat([]byte("MZ stub"), data[:at], end64, locator, end)), archivetest.Entry{Name: "big", Data: []byte("not so big")})
}

func TestZipOverlap(t *testing.T) {
	big := packedPart("0", bytes.Repeat([]byte("0123456789abcdef"), 1<<18)) // 4 MiB
	parts := []archivetest.ZipPart{big}
	for range 20 {
		p := big
		p.SameAs = 1
		parts = append(parts, p)
	}
	g, b, err := walkWith(t, archivetest.ZipRaw(true, parts...), limit.Limits{MaxRatio: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.reasons(), "overlap") {
		t.Errorf("got %s", g.reasons())
	}
	if b.Total() > 4<<20+limit.RatioFloor+chunkSize {
		t.Errorf("%d bytes were unpacked", b.Total())
	}
}

func TestRanges(t *testing.T) {
	var r ranges
	for _, s := range []struct {
		from, to int64
		ok       bool
	}{{10, 20, true}, {20, 30, true}, {0, 10, true}, {5, 6, false}, {29, 31, false}, {0, 100, false}, {40, 50, true}, {30, 40, true}, {35, 35, false}} {
		if got := r.add(span{s.from, s.to}); got != s.ok {
			t.Errorf("%v: got %v", s, got)
		}
	}
	if !slices.IsSortedFunc(r, func(a, b span) int { return int(a.from - b.from) }) || len(r) != 5 {
		t.Errorf("got %v", r)
	}
}

func TestZipAESDamage(t *testing.T) {
	data := archivetest.File("aes256.zip")
	i := bytes.Index(data, []byte("numbers.txt")) + 200
	data[i] ^= 1
	g := walkOne(t, data)
	if !strings.Contains(g.reasons(), "encrypted") && !strings.Contains(g.reasons(), "damaged") {
		t.Errorf("a changed byte: got %q", told(g))
	}
	if parseZipAES([]byte{2, 0, 'A', 'E', 4, 8, 0}) != nil || parseZipAES([]byte{2, 0}) != nil {
		t.Error("a malformed field is taken")
	}
}

func TestZipPPMdIsNamed(t *testing.T) {
	g := walkOne(t, archivetest.File("ppmd.zip"))
	if g.reasons() != "method method" && g.reasons() != "method" {
		t.Errorf("got %q", told(g))
	}
	for _, err := range g.all() {
		if limit.Of(err).Detail != "zip method 98 (PPMd)" {
			t.Errorf("got %v", err)
		}
	}
}
