package rar

import (
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func TestFiltersOneByOne(t *testing.T) {
	line := []byte{10, 20, 30, 0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1}
	tests := []struct {
		name string
		f    filter
		data string
		want string
	}{
		{"delta", filter{kind: filterDelta, channels: 2}, "\x01\x02\x03\xff\xff", "\xff\x01\xfd\x02\xfa"},
		{"call", filter{kind: filterE8, start: 0x100}, "\xe8\x05\x11\x00\x00z", "\xe8\x04\x10\x00\x00z"},
		{"call back", filter{kind: filterE8, start: 0x100}, "\xe8\xff\xff\xff\xffz", "\xe8\xff\xff\xff\x00z"},
		{"call far", filter{kind: filterE8, start: 0x100}, "\xe8\x00\x00\x00\x01z", "\xe8\x00\x00\x00\x01z"},
		{"call at the end", filter{kind: filterE8}, "\xe8\x01\x01\x00", "\xe8\x01\x01\x00"},
		{"jump", filter{kind: filterE8E9, start: 0x100}, "\xe9\x05\x11\x00\x00z", "\xe9\x04\x10\x00\x00z"},
		{"no jump", filter{kind: filterE8, start: 0x100}, "\xe9\x05\x11\x00\x00z", "\xe9\x05\x11\x00\x00z"},
		{"behind 16 MiB", filter{kind: filterE8, start: 1<<24 + 0x100}, "\xe8\x05\x11\x00\x00z", "\xe8\x04\x10\x00\x00z"},
		{"behind 16 MiB, old", filter{kind: filterE8Old, start: 1<<24 + 0x100}, "\xe8\x05\x11\x00\x00z", "\xe8\x04\x10\x00\xffz"},
		{"arm", filter{kind: filterARM, start: 0x100}, "\x52\x00\x00\xeb\x52\x00\x00\xea", "\x12\x00\x00\xeb\x52\x00\x00\xea"},
		{"itanium, short", filter{kind: filterItanium}, "\x10\x00\x00", "\x10\x00\x00"},
		{"rgb", filter{kind: filterRGB, width: 9, red: 3}, string(line), "\xf6\xff\xfe\xe0\xfe\xfc\xc1\xfd\xfb\xc1\xfd\xfb\xc1\xfd\xfb\xc1\xfd\xfa"},
		{"audio", filter{kind: filterAudio, channels: 1}, "\x01\x01\xff\x00", "\xff\xfe\xff\xff"},
		{"unknown", filter{kind: 99}, "abc", "abc"},
	}
	for _, tt := range tests {
		data, other := []byte(tt.data), make([]byte, len(tt.data))
		if tt.f.undo(data, other) {
			data = other
		}
		if string(data) != tt.want {
			t.Errorf("%s: got % x, want % x", tt.name, data, tt.want)
		}
	}
}

// TestFiltersInPlace packs blocks with filters: what is not in one stays.
func TestFiltersInPlace(t *testing.T) {
	f := newEncoder50(rand.New(rand.NewPCG(1, 1)), false)
	var want []byte
	put := func(b ...byte) {
		for _, c := range b {
			f.literal(c)
		}
	}
	put([]byte("before")...)
	f.filter(filterDelta, 3, 4, 1)
	f.filter(filterE8, 3, 4, 0)     // on the same block
	f.filter(filterARM, 5, 8, 0)    // inside another: left out
	f.filter(filterDelta, 10, 3, 3) // another block
	f.filter(filterDelta, 20, 0, 1) // empty
	f.filter(filterDelta, 99, 5, 1) // behind the end
	put([]byte("abc\x01\x01\x01\x01def\x01\x02\x03end")...)
	want = []byte("beforeabc\xff\xfe\xfd\xfcdef\xff\xfe\xfdend")
	m := archivetest.Packed("x", 0, f.end(), want)
	wantPlain(t, "filters", archivetest.RAR5Raw(m), want)

	g := newEncoder50(rand.New(rand.NewPCG(2, 2)), false)
	g.filter(filterDelta, 0, 1000, 1)
	for range 10 {
		g.literal('x')
	}
	m = archivetest.Packed("x", 0, g.end(), g.plain)
	wantPlain(t, "the data ends in a block", archivetest.RAR5Raw(m), g.plain)
}

// TestLargeFilterBlocks: a block may be larger than what is decoded at once.
func TestLargeFilterBlocks(t *testing.T) {
	f := newEncoder50(rand.New(rand.NewPCG(3, 3)), false)
	f.filter(filterDelta, 10, 1<<20, 1)
	for range 10 {
		f.literal('x')
	}
	f.literal(1)
	for len(f.plain) < 10+1<<20 {
		f.match(1, min(4000, 10+1<<20-len(f.plain)))
	}
	f.literal('y')
	want := []byte("xxxxxxxxxx")
	prev := byte(0)
	for range 1 << 20 {
		prev--
		want = append(want, prev)
	}
	want = append(want, 'y')
	wantPlain(t, "large", archivetest.RAR5Raw(archivetest.Packed("x", 0, f.end(), want)), want)
	got, err := unpack(t, archivetest.RAR5Raw(archivetest.Packed("x", 0, nil, nil)), limit.Limits{MaxMemory: 1 << 20}, "")
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %d members", err, len(got))
	}
}

// forge gives bytes of a length and a checksum, the first being the sum of
// the others: to the decoder, a program it knows.
func forge(rnd *rand.Rand, size int, sum uint32) []byte {
	var back [256]byte
	for i, v := range crc32.IEEETable {
		back[v>>24] = byte(i)
	}
	b := make([]byte, size)
	for {
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		// Run the register back from the end over four bytes.
		var index [4]byte
		reg := ^sum
		for i := 3; i >= 0; i-- {
			index[i] = back[reg>>24]
			reg = (reg ^ crc32.IEEETable[index[i]]) << 8
		}
		reg = ^crc32.ChecksumIEEE(b[:size-4])
		for i, x := range index {
			b[size-4+i] = byte(reg) ^ x
			reg = crc32.IEEETable[x] ^ reg>>8
		}
		var x byte
		for _, c := range b[1:] {
			x ^= c
		}
		if x == b[0] {
			return b
		}
	}
}

// vmNumber writes a number of a call.
func vmNumber(w *bitWriter, v uint32) {
	switch {
	case v < 16:
		w.bits(uint64(v), 6)
	case v < 256:
		w.bits(1<<8|uint64(v), 10)
	case v >= 0xffffff00:
		w.bits(1<<12|uint64(v&0xff), 14)
	case v < 1<<16:
		w.bits(2<<16|uint64(v), 18)
	default:
		w.bits(3<<32|uint64(v), 34)
	}
}

// call writes a filter's call; args are written before the program.
func (e *encoder29) call(flags byte, program []byte, args ...uint32) {
	var w bitWriter
	for i, a := range args {
		if flags&0x10 != 0 && i == len(args)-2 {
			w.bits(3, 7) // two registers follow
		}
		vmNumber(&w, a)
	}
	if program != nil {
		vmNumber(&w, uint32(len(program)))
		for _, c := range program {
			w.bits(uint64(c), 8)
		}
	}
	e.main.write(&e.bitWriter, 257)
	switch n := len(w.out); {
	case n <= 6:
		e.bits(uint64(flags|byte(n-1)), 8)
	case n < 7+256:
		e.bits(uint64(flags|6), 8)
		e.bits(uint64(n-7), 8)
	default:
		e.bits(uint64(flags|7), 8)
		e.bits(uint64(n), 16)
	}
	for _, c := range w.out {
		e.bits(uint64(c), 8)
	}
}

func TestFilterPrograms(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	delta, calls := forge(rnd, 29, 0x0e06077d), forge(rnd, 53, 0xad576887)
	e := newEncoder29(rnd)
	e.block(true)
	put := func(s string) {
		for _, c := range []byte(s) {
			e.literal(c)
		}
	}
	e.call(0x80|0x20|0x10, delta, 0, 2, 4, 1, 0) // a first program, 2 from here, 4 bytes, one channel
	put("ab\x01\x01\x01\x01cd")
	e.call(0x80|0x20, calls, 2, 1, 6) // a second one
	put("x\xe8\x09\x01\x00\x00z")
	e.call(0x80|0x10, nil, 1, 0, 2, 0) // the first again, two channels and its size
	put("\x01\x02\x03\x04")
	e.call(0x80|0x40|0x20|0x10, nil, 1, 2, 3, 1, 0) // 258 and 2 from here
	for range 260 {
		put(".")
	}
	put("\x01\x01\x01end")
	want := slices.Concat([]byte("ab\xff\xfe\xfd\xfccdx\xe8\xff\x00\x00\x00z\xff\xfd\xfd\xf9"), bytes.Repeat([]byte("."), 260), []byte("\xff\xfe\xfdend"))
	wantPlain(t, "programs", archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, e.end(false), want)), want)
}

func TestUnknownPrograms(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	tests := map[string]struct {
		flags   byte
		program []byte
		args    []uint32
		want    limit.Reason
	}{
		"another program": {0x80 | 0x20, forge(rnd, 40, 0x12345678), []uint32{0, 0, 4}, limit.Method},
		"malformed":       {0x80 | 0x20, []byte{9, 2, 3}, []uint32{0, 0, 4}, limit.Damaged},
		"empty":           {0x80 | 0x20, []byte{}, []uint32{0, 0, 4}, limit.Damaged},
		"not sent":        {0x80 | 0x20, nil, []uint32{7, 0, 4}, limit.Damaged},
	}
	for name, tt := range tests {
		e := newEncoder29(rnd)
		e.block(true)
		e.call(tt.flags, tt.program, tt.args...)
		e.literal('x')
		got, err := unpack(t, archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, e.end(false), e.plain)), limit.Limits{}, "")
		if err != nil || len(got) != 1 || got[0].err == nil || limit.Of(got[0].err).Reason != tt.want {
			t.Errorf("%s: %v %+v", name, err, got)
		}
	}
}
