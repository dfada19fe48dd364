package upx

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"vitrine/internal/engine/limit"
)

func TestRelocationSteps(t *testing.T) {
	for _, c := range []struct {
		in   string
		step uint32
		size int
	}{
		{"", 0, 0}, {"00", 0, 1}, {"04", 4, 1}, {"ef", 0xef, 1}, {"f0", 0, 0}, {"f0f100", 0xf1, 3}, {"f1f100", 0x100f1, 3},
		{"ffffff", 0xfffff, 3}, {"f00000", 0, 0}, {"f0000001000010", 0x10000001, 7}, {"f0000000000000", 0, 0},
	} {
		b, _ := hex.DecodeString(c.in)
		if step, size := nextStep(b); step != c.step || size != c.size {
			t.Errorf("%s: %#x of %d bytes", c.in, step, size)
		}
	}
	if n := countSteps(bytes.Repeat([]byte{4}, 1000), 100); n != 101 {
		t.Errorf("%d counted", n)
	}
}

// The table has a block for each page, with an even number of entries.
func TestRelocationTable(t *testing.T) {
	list := []reloc{{0x2010, reloc32}, {0x1004, reloc32}, {0x1ffc, relocLow}, {0x1ffc, relocHigh}}
	const want = "00100000" + "10000000" + "0430" + "fc1f" + "fc2f" + "0000" +
		"00200000" + "0c000000" + "1030" + "0000"
	if got := hex.EncodeToString(relocTable(list)); got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
	if got := relocTable(nil); len(got) != 0 {
		t.Errorf("%x of nothing", got)
	}
}

func TestHalfRelocations(t *testing.T) {
	r := &rebuild{first: 0x1000}
	notes, _ := hex.DecodeString("10000000" + "00000000" + "20000000" + "00000000")
	for more, want := range map[byte][]reloc{
		0: nil, 2: {{0x1010, relocHigh}}, 4: {{0x1010, relocLow}}, 6: {{0x1010, relocLow}, {0x1020, relocHigh}},
	} {
		got, err := r.halfRelocs(nil, notes, more)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d: %v, %v", more, got, err)
		}
	}
	if _, err := r.halfRelocs(nil, bytes.Repeat([]byte{1}, 1<<20), 2); err == nil {
		t.Error("no end")
	}
}

// Functions by name, by number, and by a number that the packed file keeps.
func TestImportNotes(t *testing.T) {
	table := make([]byte, 64)
	copy(table[4:], "one.dll\x00")
	copy(table[16:], "\x05\x00\x00\x80\x00\x00\x00\x00")
	f := &peFile{peHead: peHead{b: make([]byte, headSize(false)), sections: []section{{address: 0x1000, size: 64}}}, data: table}
	put32(f.table(tableImports), 0x1000)
	r := &rebuild{f: f, own: f.peHead, first: 0x400000}
	notes := "\x04\x00\x00\x00\x20\x01\x00\x00" + "\x01name\x00" + "\xff\x07\x00" + "\x02\x10\x00\x00\x00" + "\x00" + "\x00\x00\x00\x00"
	list, err := r.readImports([]byte(notes))
	if err != nil || len(list) != 1 || string(list[0].name) != "one.dll" || list[0].addresses != 0x400120 {
		t.Fatalf("%v, %+v", err, list)
	}
	got := list[0].functions
	if len(got) != 3 || string(got[0].name) != "name" || got[1].number != 0x80000007 || got[2].number != 0x80000005 {
		t.Errorf("%+v", got)
	}
	for n := range len(notes) - 1 {
		if _, err := r.readImports([]byte(notes)[:n]); err == nil {
			t.Errorf("cut at %d: no error", n)
		}
	}
}

// Resources that all name the same bytes are not put back again and again.
func TestSharedResources(t *testing.T) {
	data := kept(t, "x86_64.exe.upx")
	f, _ := openPE(data)
	now, _ := f.at(tableResources)
	tree := &resourceTree{b: f.atAddress(now), icons: -1}
	root, err := tree.read(0, 0)
	if err != nil || len(tree.leaves) < 3 || len(tree.build(root)) < 16*len(tree.leaves) {
		t.Fatalf("%v, %d resources", err, len(tree.leaves))
	}
	r := &rebuild{f: f, first: 0x1000, image: make([]byte, 1<<20)}
	l := tree.leaves[len(tree.leaves)-1]
	for _, other := range tree.leaves {
		if other.address > now {
			l = other
		}
	}
	for n := 0; ; n++ {
		if n > len(data) {
			t.Fatal("no end")
		}
		if err := r.moveResource(l, now, tree, 0); err != nil {
			break
		}
	}
	for at := range len(tree.b) / 4 { // any number may be any other
		b := bytes.Clone(tree.b)
		put32(b[4*at:], 0x80000010)
		_, _ = (&resourceTree{b: b}).read(0, 0)
		changed := bytes.Clone(data)
		put32(changed[len(data)-len(b)+4*at:], 1<<31-1)
		_, _ = unpack(t, changed, limit.Limits{MaxMemory: 4 << 20})
	}
}
