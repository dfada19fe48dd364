package rar

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func config(l limit.Limits, passwords ...string) Config {
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), 1)
	return Config{Budget: b, Passwords: passwords, Input: func(b []byte) io.Reader { return bytes.NewReader(b) }}
}

// member is what came out of one.
type member struct {
	File
	data []byte
	err  error
}

// maxOut ends the reading of members that do not end.
const maxOut = 4 << 20

// unpack reads an archive with one password.
func unpack(t *testing.T, data []byte, l limit.Limits, password string) ([]member, error) {
	t.Helper()
	c := config(l, password)
	a, err := Open(data, c)
	if err != nil {
		return nil, err
	}
	var out []member
	for {
		f, err := a.Next()
		if err != nil {
			a.Close()
			if c.Budget.Held() != 0 {
				t.Errorf("%d bytes still held", c.Budget.Held())
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return out, err
		}
		m := member{File: *f}
		r, err := a.Unpack(f, password)
		if err == nil {
			m.data, err = io.ReadAll(io.LimitReader(r, maxOut))
		}
		m.err = err
		out = append(out, m)
	}
}

func wantPlain(t *testing.T, what string, data []byte, plain ...[]byte) {
	t.Helper()
	got, err := unpack(t, data, limit.Limits{}, "")
	if err != nil || len(got) != len(plain) {
		t.Errorf("%s: %d members of %d, %v", what, len(got), len(plain), err)
		return
	}
	for i, m := range got {
		if m.err != nil || !bytes.Equal(m.data, plain[i]) {
			k := 0
			for k < min(len(m.data), len(plain[i])) && m.data[k] == plain[i][k] {
				k++
			}
			t.Errorf("%s: member %d: %d bytes of %d, the first %d are right, %v", what, i, len(m.data), len(plain[i]), k, m.err)
		}
	}
}

// TestRandomSymbols packs random symbols as each version does.
func TestRandomSymbols(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		e := newEncoder29(rnd)
		e.block(true)
		e.random(4000, 1<<18)
		wantPlain(t, fmt.Sprint("rar 3, seed ", seed), archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, e.end(false), e.plain)), e.plain)
		for _, large := range []bool{false, true} {
			f := newEncoder50(rnd, large)
			f.random(4000, 1<<18)
			version := map[bool]byte{false: 0, true: 1}[large]
			wantPlain(t, fmt.Sprint("rar 5, large ", large, ", seed ", seed), archivetest.RAR5Raw(archivetest.Packed("x", version, f.end(), f.plain)), f.plain)
		}
		h := &encoder20{rnd: rnd}
		h.block(true, int(seed%5))
		h.random(4000, 1<<18)
		wantPlain(t, fmt.Sprint("rar 2, seed ", seed), archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 20, h.end(), h.plain)), h.plain)
	}
}

// TestSolid packs four members that go on from each other.
func TestSolid(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		e, f, h := newEncoder29(rnd), newEncoder50(rnd, false), &encoder20{rnd: rnd}
		e.block(true)
		h.block(true, 0)
		var at [3]int
		var members [3][]archivetest.RARMember
		var plains [3][][]byte
		add := func(which int, version byte, packed, plain []byte) {
			m := archivetest.Packed("x", version, packed, plain[at[which]:])
			m.Solid = len(members[which]) > 0
			members[which] = append(members[which], m)
			plains[which] = append(plains[which], bytes.Clone(plain[at[which]:]))
			at[which] = len(plain)
		}
		for range 4 {
			e.random(1000, 1<<17)
			more := rnd.IntN(2) == 0
			add(0, 29, e.end(more), e.plain)
			if more {
				e.block(rnd.IntN(2) == 0)
			}
			f.random(1000, 1<<17)
			add(1, 0, f.end(), f.plain)
			f.open(rnd.IntN(2) == 0)
			h.random(1000, 1<<17)
			if rnd.IntN(2) == 0 {
				h.another(rnd.IntN(3))
			}
			add(2, 20, h.end(), h.plain)
		}
		wantPlain(t, fmt.Sprint("rar 3, seed ", seed), archivetest.RAR4Raw(8, 0, members[0]...), plains[0]...)
		wantPlain(t, fmt.Sprint("rar 5, seed ", seed), archivetest.RAR5Raw(members[1]...), plains[1]...)
		wantPlain(t, fmt.Sprint("rar 2, seed ", seed), archivetest.RAR4Raw(8, 0, members[2]...), plains[2]...)
	}
}

// TestSmallDictionary goes round the ring many times, and reaches as far back
// as it goes.
func TestSmallDictionary(t *testing.T) {
	f := newEncoder50(rand.New(rand.NewPCG(3, 3)), false)
	for len(f.plain) < 2<<20 {
		f.random(300, minDict)
		if len(f.plain) > minDict {
			f.match(minDict, 3000)
		}
	}
	m := archivetest.Packed("x", 0, f.end(), f.plain)
	m.Dict = 0
	wantPlain(t, "ring", archivetest.RAR5Raw(m), f.plain)

	// The second member of a solid archive asks for a larger one.
	g := newEncoder50(rand.New(rand.NewPCG(4, 4)), false)
	for len(g.plain) < 600<<10 {
		g.random(300, minDict)
	}
	one := archivetest.Packed("x", 0, g.end(), g.plain)
	one.Dict = 0
	at := len(g.plain)
	g.open(true)
	for len(g.plain) < 2000<<10 {
		g.random(300, min(len(g.plain)-at+minDict, 1<<20))
	}
	two := archivetest.Packed("y", 0, g.end(), g.plain[at:])
	two.Dict, two.Solid = 3, true
	wantPlain(t, "wider ring", archivetest.RAR5Raw(one, two), g.plain[:at], g.plain[at:])
}

// ppmBlock is coded by PPMd of order 8 with 1 MiB: the first 200 bytes of the
// numbers, the escape byte itself, "xyz", a match of 44 from the last byte,
// "x", 41 bytes from 52 before, "q", and the mark of the block's end.
const ppmBlock = "30d92cc3c2d435e9a2977d2e2bf01a8972a8559709f42216dfb89e5ba362b4fce26b83e8d0e5738fd6e5cf017d569d57f26d" +
	"d9274aca42d4b9721191b9e17e5ace6f2a36ab85befca5b9f08545574556ce951699a265446f9511526aad2e1c6dc1fb856f" +
	"0ebc9a3841ecd68f970c7f4f00e21b20d000"

func ppmPacked(t *testing.T, flags byte, memory byte) ([]byte, []byte) {
	t.Helper()
	b, err := hex.DecodeString(ppmBlock)
	if err != nil {
		t.Fatal(err)
	}
	plain := append(slices.Clone(archivetest.Numbers()[:200]), "\x02xyz"...)
	plain = append(plain, bytes.Repeat([]byte("z"), 44)...)
	plain = append(plain, 'x')
	for range 41 {
		plain = append(plain, plain[len(plain)-52])
	}
	return append([]byte{flags, memory}, b...), append(plain, 'q')
}

func TestPPM(t *testing.T) {
	packed, plain := ppmPacked(t, 0x80|0x20|7, 0)
	e := newEncoder29(rand.New(rand.NewPCG(5, 5)))
	e.plain = plain
	e.block(true) // a block of the other kind follows
	e.random(200, len(plain))
	packed = append(packed, e.end(false)...)
	wantPlain(t, "ppm", archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, packed, e.plain)), e.plain)

	escaped, _ := ppmPacked(t, 0x80|0x20|0x40|7, 0)
	escaped = slices.Insert(escaped, 2, 2) // the escape byte, said
	wantPlain(t, "escape", archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, append(escaped, packed[2+len(ppmBlock)/2:]...), e.plain)), e.plain)

	for name, tt := range map[string]struct {
		flags, memory byte
		limits        limit.Limits
		want          limit.Reason
	}{
		"memory":   {0x80 | 0x20 | 7, 255, limit.Limits{}, limit.Dict},
		"order":    {0x80 | 0x20, 0, limit.Limits{}, limit.Damaged},
		"no model": {0x80 | 7, 0, limit.Limits{}, limit.Damaged},
	} {
		packed, plain := ppmPacked(t, tt.flags, tt.memory)
		got, err := unpack(t, archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, packed, plain)), tt.limits, "")
		if err != nil || len(got) != 1 || got[0].err == nil || limit.Of(got[0].err).Reason != tt.want {
			t.Errorf("%s: %v %+v", name, err, got)
		}
	}
}

func TestTruncatedAndFlipped(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	e := newEncoder29(rnd)
	e.block(true)
	e.random(300, 1000)
	f := newEncoder50(rnd, false)
	f.random(300, 1000)
	h := &encoder20{rnd: rnd}
	h.block(true, 2)
	h.random(300, 1000)
	ppm, plain := ppmPacked(t, 0x80|0x20|7, 0)
	for name, data := range map[string][]byte{
		"rar 3": archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, e.end(false), e.plain)),
		"rar 5": archivetest.RAR5Raw(archivetest.Packed("x", 0, f.end(), f.plain)),
		"rar 2": archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 20, h.end(), h.plain)),
		"ppm":   archivetest.RAR4Raw(0, 0, archivetest.Packed("x", 29, ppm, plain)),
	} {
		for n := 0; n < len(data); n += 1 + n/100 {
			got, err := unpack(t, data[:n], limit.Limits{}, "")
			whole := n == 20 && data[6] == 0 // the older formats need no end
			if err == nil && !whole && (len(got) != 1 || got[0].err == nil && n < len(data)-10) {
				t.Errorf("%s, %d bytes of %d: no error", name, n, len(data))
			}
			flipped := slices.Clone(data)
			flipped[n] ^= 1 << (n % 8)
			unpack(t, flipped, limit.Limits{}, "") // must end
		}
	}
}

func TestRefuses(t *testing.T) {
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	four, five := archivetest.RAR4(0, 0, e), archivetest.RAR5("", e)
	change := func(b []byte, at int) []byte { c := slices.Clone(b); c[at] ^= 1; return c }
	version := archivetest.Packed("x", 15, []byte("x"), []byte("x"))
	newer := archivetest.Packed("x", 9, []byte("x"), []byte("x"))
	wrong := archivetest.Stored(e)
	wrong.CRC++
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "unexpected EOF"},
		{"format", []byte(Magic + "\x02\x00more"), "format 2"},
		{"rar 4, no header", four[:7], "unexpected EOF"},
		{"rar 4, first header", change(four, 9), "first block"},
		{"rar 4, checksum", change(four, 7), "checksum"},
		{"rar 4, member", change(four, 7+13+12), "checksum"},
		{"rar 5, checksum", change(five, 8), "checksum"},
		{"rar 5, size", append(slices.Clone(five[:12]), 0), "size is 0"},
		{"rar 5, long size", append(slices.Clone(five[:12]), 0xff, 0xff, 0xff), "three bytes"},
		{"rar 5, cut off", five[:len(five)-5], "unexpected EOF"},
		{"volume", archivetest.RAR4(1, 1, e), "other volumes"},
		{"rar 1.5 packing", archivetest.RAR4Raw(0, 0, version), "version 15"},
		{"rar 9 packing", archivetest.RAR5Raw(newer), "version 1009"},
		{"block", archivetest.RAR5Raw(archivetest.Packed("x", 0, []byte("xxxx"), []byte("x"))), "malformed"},
		{"nothing packed", archivetest.RAR5Raw(archivetest.Packed("x", 0, nil, []byte("x"))), "unexpected EOF"},
		{"member's checksum", archivetest.RAR4Raw(0, 0, wrong), "checksum is wrong"},
	}
	for _, tt := range tests {
		got, err := unpack(t, tt.data, limit.Limits{}, "")
		if err == nil && len(got) == 1 {
			err = got[0].err
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestDictionaryLimit(t *testing.T) {
	f := newEncoder50(rand.New(rand.NewPCG(7, 7)), false)
	for len(f.plain) < 3<<20 {
		f.random(100, 1<<20)
	}
	m := archivetest.Packed("x", 0, f.end(), f.plain)
	m.Dict = 15 // 4 GiB: a claim harms nobody
	wantPlain(t, "claim", archivetest.RAR5Raw(m), f.plain)
	got, err := unpack(t, archivetest.RAR5Raw(m), limit.Limits{MaxDict: 1 << 20}, "")
	if err != nil || len(got) != 1 || limit.Of(got[0].err).Reason != limit.Dict || len(got[0].data) != 1<<20 {
		t.Errorf("use: %v, %d members", err, len(got))
	}
}

func TestVolumes(t *testing.T) {
	m := archivetest.Stored(archivetest.Entry{Name: "x", Data: []byte("hello")})
	m.Flags, m.Size = file4After, 10
	got, err := unpack(t, archivetest.RAR4Raw(1, 1, m), limit.Limits{}, "")
	if !errors.Is(err, ErrVolume) || len(got) != 1 || string(got[0].data) != "hello" || !errors.Is(got[0].err, ErrVolume) {
		t.Errorf("first part: %v %+v", err, got)
	}
	m.Flags = file4Before
	got, err = unpack(t, archivetest.RAR4Raw(1, 0, m), limit.Limits{}, "")
	if err != nil || len(got) != 1 || !errors.Is(got[0].err, ErrVolume) {
		t.Errorf("second part: %v %+v", err, got)
	}
}

func TestLinksAndFolders(t *testing.T) {
	dir := archivetest.RARMember{Name: "d", Version: 29, Dict: 7}
	link := archivetest.Stored(archivetest.Entry{Name: "l"})
	link.Version, link.Extra = 0, []byte{3, 5, 1, 0}
	got, err := unpack(t, archivetest.RAR4Raw(0, 0, dir), limit.Limits{}, "")
	if err != nil || len(got) != 1 || !got[0].Dir {
		t.Errorf("folder: %v %+v", err, got)
	}
	got, err = unpack(t, archivetest.RAR5Raw(link), limit.Limits{}, "")
	if err != nil || len(got) != 1 || !got[0].Link {
		t.Errorf("link: %v %+v", err, got)
	}
}

func TestOldNames(t *testing.T) {
	for raw, want := range map[string]string{
		"plain":                      "plain",
		"utf-8 ☃":                    "utf-8 ☃",
		"a?c\x00\x26\x10a\x03c":      "a☃c", // bytes, and one with the page 26
		"a?c\x00\x00\x20a\x03\x26c":  "a☃c", // and one of two bytes
		"a?c\x00\x04\x50\x10\x11c":   "АБc",
		"abcdef\x00\x00\xc0\x01":     "abc", // a run of the plain name
		"abcdef\x00\x04\xc0\x81\xcf": "абв", // a run moved into the page 4
		"cut\x00\x04":                "cut",
		"cut\x00\x04\x80\x41":        "A",
	} {
		if got := name4([]byte(raw), true); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
	if got := name4([]byte("a\x00b"), false); got != "a" {
		t.Errorf("not coded: got %q", got)
	}
}

func FuzzUnpack(f *testing.F) {
	rnd := rand.New(rand.NewPCG(8, 8))
	e := newEncoder29(rnd)
	e.block(true)
	e.random(60, 1000)
	f.Add(byte(29), e.end(false))
	g := newEncoder50(rnd, false)
	g.random(60, 1000)
	f.Add(byte(50), g.end())
	h := &encoder20{rnd: rnd}
	h.block(true, 2)
	h.random(60, 1000)
	f.Add(byte(20), h.end())
	b, _ := hex.DecodeString(ppmBlock)
	f.Add(byte(29), append([]byte{0x80 | 0x20 | 7, 0}, b...))
	f.Fuzz(func(t *testing.T, version byte, packed []byte) {
		c := config(limit.Limits{MaxDict: 2 << 20})
		u := newUnpacker(c.Budget)
		for i := range 2 {
			if u.start(bytes.NewReader(packed), method{int(version), 1 << 20, i > 0, int64(len(packed)) * 100}) != nil {
				break
			}
			io.Copy(io.Discard, io.LimitReader(u, 1<<20))
			u.finish()
		}
		u.close()
		if c.Budget.Held() != 0 {
			t.Fatalf("%d bytes still held", c.Budget.Held())
		}
	})
}

func FuzzRAR(f *testing.F) {
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	f.Add(archivetest.RAR4(0, 0, e, e))
	f.Add(archivetest.RAR5("x", e))
	f.Fuzz(func(t *testing.T, data []byte) { unpack(t, data, limit.Limits{MaxDict: 2 << 20}, "x") })
}
