package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

// tarBlocks builds one member; change works on its header before the checksum
// is made.
func tarBlocks(name string, kind byte, data []byte, change func(h []byte)) []byte {
	h := make([]byte, tarBlock)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", len(data)))
	copy(h[136:], "00000000000\x00")
	h[156] = kind
	copy(h[257:], "ustar\x0000")
	if change != nil {
		change(h)
	}
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return slices.Concat(h, data, make([]byte, -len(data)&(tarBlock-1)))
}

func pax(records ...string) []byte {
	var out []byte
	for _, r := range records {
		n := len(r) + 3
		for len(fmt.Sprint(n))+len(r)+2 != n {
			n++
		}
		out = fmt.Appendf(out, "%d %s\n", n, r)
	}
	return out
}

func TestTarOddities(t *testing.T) {
	end := make([]byte, 2*tarBlock)
	one := tarBlocks("one", '0', []byte("first"), nil)
	two := tarBlocks("two", '0', []byte("second"), nil)
	bad := slices.Clone(two)
	bad[148] ^= 1
	long := strings.Repeat("n", 5000)
	tests := []struct {
		name string
		data [][]byte
		want string
	}{
		{"plain", [][]byte{one, two, end}, "one:first two:second |"},
		{"no end mark", [][]byte{one, two}, "one:first two:second |"},
		{"one zero block between", [][]byte{one, end[:tarBlock], two, end}, "one:first two:second |"},
		{"a bad header", [][]byte{one, bad, two, end}, "one:first two:second | damaged"},
		{"nothing good behind", [][]byte{one, bad, end}, "one:first | damaged"},
		{"text behind the end", [][]byte{one, end, []byte(strings.Repeat("text", 200))}, "one:first | damaged"},
		{"an archive behind the end", [][]byte{one, end, archivetest.ZipStored(), make([]byte, tarBlock)}, "one:first (trailing):PK\x05\x06\x00\x00\x00\x00 |"},
		{"no members", [][]byte{tarBlocks("l", '2', nil, nil), tarBlocks("d/", '5', nil, nil), tarBlocks("p", '6', nil, nil), tarBlocks("h", '1', nil, nil), tarBlocks("old/", 0, nil, nil), one, end}, "one:first |"},
		{"hard link with a body", [][]byte{tarBlocks("h", '1', []byte("body"), nil), one, end}, "h:body one:first |"},
		{"hard link with a size only", [][]byte{tarBlocks("h", '1', nil, func(h []byte) { copy(h[124:], "00000000004") }), one, end}, "one:first |"},
		{"pax path and size", [][]byte{tarBlocks("x", 'x', pax("path=a b", "size=3"), nil), tarBlocks("y", '0', []byte("abc"), func(h []byte) { copy(h[124:], "00000000777") }), end}, "a b:abc |"},
		{"global pax", [][]byte{tarBlocks("x", 'g', pax("path=all"), nil), one, two, end}, "all:first all:second |"},
		{"malformed pax", [][]byte{tarBlocks("x", 'x', []byte("99 path=x\n"), nil), one, end}, "one:first |"},
		{"long name", [][]byte{tarBlocks("L", 'L', []byte(long+"\x00"), nil), one, end}, long[:maxName] + ":first |"},
		{"volume label", [][]byte{tarBlocks("V", 'V', []byte("label"), nil), one, end}, "one:first |"},
		{"binary size", [][]byte{tarBlocks("one", '0', []byte("first"), func(h []byte) { copy(h[124:], "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05") }), end}, "one:first |"},
		{"prefix", [][]byte{tarBlocks("one", '0', []byte("first"), func(h []byte) { copy(h[345:], "dir") }), end}, "dir/one:first |"},
		{"cut in a member", [][]byte{one[:tarBlock+3]}, "one:fir | damaged"},
		{"cut in the filling", [][]byte{one[:tarBlock+5]}, "one:first |"},
		{"sparse without a map", [][]byte{tarBlocks("x", 'x', pax("GNU.sparse.size=10", "GNU.sparse.map=5,100"), nil), one, end}, "one:first | damaged"},
		{"sparse", [][]byte{tarBlocks("x", 'x', pax("GNU.sparse.size=10", "GNU.sparse.name=holes", "GNU.sparse.map=1,2,6,3"), nil), one, end}, "holes:\x00fi\x00\x00\x00rs |"},
		{"sparse, overlapping", [][]byte{tarBlocks("x", 'x', pax("GNU.sparse.size=10", "GNU.sparse.map=1,2,2,3"), nil), one, end}, "one:first | damaged"},
		{"sparse 1.0, malformed", [][]byte{tarBlocks("x", 'x', pax("GNU.sparse.major=1", "GNU.sparse.realsize=10"), nil), tarBlocks("s", '0', bytes.Repeat([]byte("x"), 600), nil), end}, "s:xxxxxxxx | damaged"},
	}
	for _, tt := range tests {
		if got := told(walkOne(t, slices.Concat(tt.data...))); got != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestTarHugeSparse(t *testing.T) {
	data := slices.Concat(tarBlocks("x", 'x', pax("GNU.sparse.size=4611686018427387903", "GNU.sparse.map=0,5"), nil), tarBlocks("one", '0', []byte("first"), nil))
	g, b, err := walkWith(t, data, limit.Limits{})
	if limit.Of(err) == nil && g.reasons() == "" {
		t.Error("a file of 4 EiB was read")
	}
	if b.Total() > 32<<20 {
		t.Errorf("%d bytes came out of 5", b.Total())
	}
}

func TestTarNumbers(t *testing.T) {
	for text, want := range map[string]int64{"00000000017\x00": 15, "         17 ": 15, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": 0,
		"\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00": 256} {
		if got, ok := tarNumber([]byte(text)); got != want || !ok {
			t.Errorf("%q: got %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"0000000018\x00\x00", "-0000000001\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "77777777777777777777777"} {
		if got, ok := tarNumber([]byte(text)); ok {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func TestDamagedContainers(t *testing.T) {
	e := archivetest.Entry{Name: "one", Data: []byte("first member")}
	cpio := archivetest.Cpio(e, e)
	second := 10 + bytes.Index(cpio[10:], []byte("070701"))
	rpm := archivetest.RPM([]byte("x"))
	ar := archivetest.Ar(e, e)
	gz := archivetest.Gzip("n", bytes.Repeat([]byte("text "), 50))
	change := func(b []byte, at int, to string) []byte {
		c := slices.Clone(b)
		copy(c[(at+len(c))%len(c):], to)
		return c
	}
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"cpio, second header", "one:first me | damaged", change(cpio, second+3, "x")},
		{"cpio, size", "one:first me | damaged", change(cpio, second+54, "-0000001")},
		{"cpio, name size", "one:first me | damaged", change(cpio, second+94, "ffffffff")},
		{"cpio, text behind", "one:first me one:first me | damaged", append(slices.Clone(cpio), "text"...)},
		{"rpm, header", "| damaged", change(rpm, 96+16+32+13+3, "xx")},
		{"rpm, no payload", "| damaged", rpm[:len(rpm)-1]},
		{"rpm, huge header", "| damaged", change(rpm, 96+8, "\xff\xff\xff\xff")},
		{"ar, header", "| damaged", change(ar, 8+58, "xx")},
		{"ar, size", "| damaged", change(ar, 8+48, "-5")},
		{"ar, BSD name", "| damaged", change(ar, 8, "#1/999")},
		{"gzip, checksum", "n:text tex | damaged", change(gz, -5, "x")},
		{"rar, another volume follows", "one:first me | damaged", archivetest.RAR4(1, 1, e)},
		{"7z, nothing", "| damaged", []byte("7z\xbc\xaf\x27\x1c")},
		{"7z, start", "| damaged", change(archivetest.File("copy.7z"), 12, "x")},
		{"xz, magic only", "| damaged", []byte("\xfd7zXZ\x00")},
	}
	for _, tt := range tests {
		if got := told(walkOne(t, tt.data)); got != tt.want && !(tt.want[0] == '|' && strings.HasSuffix(got, tt.want)) {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestRARLimits(t *testing.T) {
	e := archivetest.Entry{Name: "one", Data: bytes.Repeat([]byte("first"), 100)}
	f := archivetest.Entry{Name: "two", Data: []byte("second")}
	g, _, err := walkWith(t, archivetest.RAR5("", e, f), limit.Limits{MaxObject: 10})
	if err != nil || told(g) != "one:firstfir two:second | size" {
		t.Errorf("an object: got %q, %v", told(g), err)
	}
	_, _, err = walkWith(t, archivetest.RAR5("", f, f), limit.Limits{MaxFiles: 1})
	if !limit.Final(err) || limit.Of(err).Reason != limit.Files {
		t.Errorf("files: got %v", err)
	}
	_, _, err = walkWith(t, archivetest.RAR5("x", f, f), limit.Limits{MaxFiles: 1})
	if !limit.Final(err) || limit.Of(err).Reason != limit.Files {
		t.Errorf("encrypted files: got %v", err)
	}
	for _, name := range []string{"solid3.rar", "solid5.rar"} {
		data := archivetest.File(name)
		g, _, err := walkWith(t, data, limit.Limits{MaxObject: 100})
		if err != nil || told(g) != "numbers.txt:1\n2\n3\n4\n d/eicar.txt:X5O!P%@A last.txt:1\n2\n3\n4\n | size size" {
			t.Errorf("%s, a large member: got %q, %v", name, told(g), err)
		}
		spoiled := slices.Clone(data)
		spoiled[300] ^= 0xff
		g = walkOne(t, spoiled)
		if len(g.members) != 3 || !strings.HasPrefix(g.reasons(), "damaged") {
			t.Errorf("%s, spoiled: got %q", name, told(g))
		}
	}
	changed := archivetest.RAR5("", e, f)
	changed[bytes.Index(changed, e.Data)+3] ^= 1
	if got := told(walkOne(t, changed)); got != "one:firrtfir two:second | damaged" && !strings.HasSuffix(got, "| damaged") {
		t.Errorf("a changed byte: got %q", got)
	}
}

func TestOldCpioByteOrders(t *testing.T) {
	little := archivetest.File("bin.cpio")
	big := slices.Clone(little)
	// Headers are words; names and data are not.
	for at := 0; ; {
		h := big[at:]
		if len(h) < 26 {
			break
		}
		size := int(binary.LittleEndian.Uint16(h[22:]))<<16 | int(binary.LittleEndian.Uint16(h[24:]))
		name := int(binary.LittleEndian.Uint16(h[20:]))
		for i := 0; i < 26; i += 2 {
			h[i], h[i+1] = h[i+1], h[i]
		}
		if bytes.HasPrefix(h[26:], []byte(cpioTrailer)) {
			break
		}
		at += 26 + name + name&1 + size + size&1
	}
	if Identify(big) != Cpio {
		t.Fatal("not identified")
	}
	want(t, "big endian", walkOne(t, big), eicarEntry)
}
