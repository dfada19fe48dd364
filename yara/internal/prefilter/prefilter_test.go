package prefilter

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type hit struct {
	id  uint32
	pos int
}

type collector []hit

func (c *collector) Candidate(id uint32, pos int) bool {
	*c = append(*c, hit{id, pos})
	return false
}

// scanAll scans by pieces.
func scanAll(t *Table, data []byte, piece int, sink Sink) {
	var r Run
	r.Start(t, data, sink)
	for from := 0; from < len(data); from += piece {
		r.Scan(from, from+piece)
	}
}

// sorted gives the hits in order, without those of literals longer than what
// the table compares that do not really stand there.
func (c collector) sorted(lits []Literal, data []byte) []hit {
	out := []hit{}
	for _, h := range c {
		if isAt(lits[h.id], data, h.pos) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b hit) int {
		if a.pos != b.pos {
			return a.pos - b.pos
		}
		return int(a.id) - int(b.id)
	})
	return out
}

func isAt(l Literal, data []byte, pos int) bool {
	if pos < 0 || pos+len(l.Bytes) > len(data) {
		return false
	}
	have := data[pos : pos+len(l.Bytes)]
	if l.Mask != nil {
		have = bytes.Clone(have)
		for i := range have {
			have[i] = have[i]&l.Mask[i] | l.Bytes[i]&^l.Mask[i]
		}
	}
	return bytes.Equal(have, l.Bytes) || l.NoCase && EqualFold(l.Bytes, have)
}

func naive(lits []Literal, data []byte) []hit {
	out := []hit{}
	for pos := range data {
		for id, l := range lits {
			if isAt(l, data, pos) {
				out = append(out, hit{uint32(id), pos})
			}
		}
	}
	return out
}

func number(texts ...string) []Literal {
	var lits []Literal
	for _, t := range texts {
		lits = append(lits, Literal{Bytes: []byte(t)})
	}
	return lits
}

// stored gives tables as they are after they were kept in a file.
func stored(t testing.TB, x *Image, tables int) []*Table {
	t.Helper()
	out, err := x.WithFilters(tables).Load()
	if err != nil || len(out) != tables {
		t.Fatalf("%d tables, %v", len(out), err)
	}
	return out
}

func check(t *testing.T, lits []Literal, data []byte, piece int) {
	t.Helper()
	image := Build(lits, nil)
	table := image.Table(0)
	want := naive(lits, data)
	for i := range 4 {
		if i == 2 {
			table = stored(t, image, 1)[0]
		}
		table.vector = i%2 == 1 && hasVector()
		var got collector
		scanAll(table, data, piece, &got)
		if have := got.sorted(lits, data); !slices.Equal(want, have) {
			t.Errorf("literals %v in %q by pieces of %d, vector %t, stored %t: got %v, want %v", lits, data, piece, table.vector, i > 1, have, want)
		}
	}
}

func TestScan(t *testing.T) {
	tests := []struct {
		name string
		lits []Literal
		data string
	}{
		{"none", nil, "abc"},
		{"one", number("hello"), "say hello, hello"},
		{"at both ends", number("head", "tail"), "head to tail"},
		{"overlapping", number("aaaa", "aa", "a"), "aaaaaa"},
		{"shared window", number("xxABCDyy", "zzABCDyy", "ABCD"), "xxABCDyy zzABCDyy"},
		{"longer than what is compared", number("abcdefghijklmnopqrstuvwxyz0123456789"), "__abcdefghijklmnopqrstuvwxyz0123456789__abcdefghijklmnopqrstuvwxyz012345678"},
		{"short", number("a", "bc", "def"), "abcdefabcde"},
		{"zeros", number("\x00\x00\x00\x00", "\x00"), "\x00\x00\x00\x00\x00"},
		{"no case", []Literal{{Bytes: []byte("Hello"), NoCase: true}, {Bytes: []byte("hello"), NoCase: false}, {Bytes: []byte("hE"), NoCase: true}}, "HELLO hello heLLo"},
		{"folded but not letters", []Literal{{Bytes: []byte("@@@@"), NoCase: true}, {Bytes: []byte("[x]{"), NoCase: true}}, "@@@@ ```` [x]{ {x}[ [X]{"},
		{"window at the very end", number("1234"), "0123"},
		{"one and two bytes", number("a", "bc", "\x00\x00", "AB", "z", "?!"), strings.Repeat("a bc\x00\x00\x00 AB, ab: Bc?!", 40) + "z"},
		{"three bytes", number("abc", "bcd", "\x00\x00\x01"), strings.Repeat("abcd.\x00\x00\x00\x01 ABC ", 40) + "abc"},
		{"every stride over many groups", number("ABCD", "QRSTU", "stuvwxyz", "0123456789"),
			strings.Repeat("..ABCD.QRSTU..stuvwxyz.0123456789", 9) + "ABCDQRSTUstuvwxyz0123456789"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{1, 3, 1 << 20} {
				check(t, tt.lits, []byte(tt.data), piece)
			}
		})
	}
}

// TestMasks: literals of which only some bits are known, by every shape, in data
// where they are frequent.
func TestMasks(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab\x00 A"[rng.IntN(5)]
		}
		return b
	}
	for range 300 {
		var lits []Literal
		for range 1 + rng.IntN(12) {
			l := Literal{Bytes: text(1 + rng.IntN(40)), NoCase: rng.IntN(4) == 0}
			l.Mask = bytes.Repeat([]byte{0xFF}, len(l.Bytes))
			for range rng.IntN(1 + len(l.Bytes)/3) {
				l.Mask[rng.IntN(len(l.Mask))] = "\x00\xDF\xF0\x0F"[rng.IntN(4)]
			}
			l.Mask[rng.IntN(len(l.Mask))] = 0xFF
			lits = append(lits, l)
		}
		check(t, lits, text(rng.IntN(600)), 1+rng.IntN(200))
	}
}

// first wants each literal once.
type first map[uint32]int

func (f first) Candidate(id uint32, _ int) bool {
	f[id]++
	return true
}

// TestEnough: a literal is not reported again in the same data, but in the next.
func TestEnough(t *testing.T) {
	lits := number("window", "Window", "indo", "ab", "the window is open", "wind")
	data := []byte(strings.Repeat("a window, the window is open! ", 40) + "Window ab")
	table := Build(lits, nil).Table(0)
	var r Run
	for range 2 {
		got := first{}
		r.Start(table, data, got)
		r.Scan(0, 100)
		r.Scan(100, len(data))
		for id := range lits {
			if got[uint32(id)] != 1 {
				t.Errorf("%q is reported %d times", lits[id].Bytes, got[uint32(id)])
			}
		}
	}
}

func TestBuildIsDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var lits []Literal
	for range 2000 {
		b := make([]byte, 4+rng.IntN(12))
		for j := range b {
			b[j] = byte(rng.IntN(16)) + 'a'
		}
		lits = append(lits, Literal{Bytes: b})
	}
	tables := func(i uint32) uint8 { return uint8(1 + i%3) }
	a, b := Build(lits, tables).WithFilters(2), Build(lits, tables).WithFilters(2)
	if !reflect.DeepEqual(a, b) {
		t.Error("two builds of the same literals differ")
	}
}

func TestFrequencyOrdersWindows(t *testing.T) {
	order := []string{"Qx7z", "retu", "\x00\x00\x00\x00"}
	for i := 1; i < len(order); i++ {
		if frequency([]byte(order[i-1])) >= frequency([]byte(order[i])) {
			t.Errorf("%q is taken for as frequent as %q", order[i-1], order[i])
		}
	}
	if k, at := (&Literal{Bytes: []byte("\x00\x00\x00\x00ab\xFF"), Mask: []byte("\xFF\xFF\xFF\xFF\x00\xFF\xFF")}).shape(); k != pair || at != 5 {
		t.Errorf("zeros are looked for rather than what is beside them: shape %d at %d", k, at)
	}
	l := Literal{Bytes: []byte("\x00\x00\x00\x00\x00\x00\x00\x00Zq8!kW\x00\x00")}
	if at, _ := l.rarest(short); at < 6 {
		t.Errorf("the rarest slice is at %d, in the zeros", at)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("\x04abcd\x02ab"), []byte("xxabcdabcd"), uint8(0), uint8(3))
	f.Add([]byte("\x14abcdefghijklmnopqrst"), []byte("ABCDEFGHIJKLMNOPQRSTabcdefghijklmnopqrst"), uint8(1), uint8(7))
	f.Fuzz(func(t *testing.T, spec, data []byte, noCase, piece uint8) {
		var lits []Literal
		for len(spec) > 1 && len(lits) < 20 {
			n := min(int(spec[0]%24)+1, len(spec)-1)
			lits = append(lits, Literal{Bytes: spec[1 : 1+n], NoCase: noCase>>(len(lits)%8)&1 != 0})
			spec = spec[1+n:]
		}
		if len(data) > 4096 {
			data = data[:4096]
		}
		check(t, lits, data, int(piece)+1)
	})
}

func BenchmarkScan(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 4<<20)
	for i := range data {
		data[i] = byte(rng.IntN(256))
	}
	var lits []Literal
	for range 30000 {
		at := rng.IntN(len(data) - 16)
		l := bytes.Clone(data[at : at+6+rng.IntN(10)])
		l[rng.IntN(len(l))] ^= 0x80
		lits = append(lits, Literal{Bytes: l})
	}
	table := Build(lits, nil).Table(0)
	for name, vector := range map[string]bool{"scalar": false, "vector": hasVector()} {
		b.Run(name, func(b *testing.B) {
			table.vector = vector
			var sink collector
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sink = sink[:0]
				scanAll(table, data, len(data), &sink)
			}
		})
	}
}
