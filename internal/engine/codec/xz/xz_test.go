package xz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

// checked appends the CRC-32 of b.
func checked(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }

func padded(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

// blockSpec is one block; its data is stored in one LZMA2 chunk.
type blockSpec struct {
	data    string
	filters []byte // id, size and properties of each; nil: LZMA2 of 4 KiB
	flags   byte
	sizes   []byte
	sum     []byte // nil: the right one
}

func (s blockSpec) bytes(check byte) []byte {
	filters := s.filters
	if filters == nil {
		filters = []byte{0x21, 1, 0}
	}
	h := append([]byte{0, s.flags}, append(slices.Clone(s.sizes), filters...)...)
	h = append(h, make([]byte, -len(h)&3)...)
	h[0] = byte(len(h) / 4)
	n := len(s.data) - 1
	body := append([]byte{1, byte(n >> 8), byte(n)}, s.data...)
	out := append(checked(h), padded(append(body, 0))...)
	sum := s.sum
	if sum == nil {
		sum = checkOf(check, s.data)
	}
	return append(out, sum...)
}

func checkOf(check byte, data string) []byte {
	switch check {
	case 1:
		return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(data)))
	case 4:
		return binary.LittleEndian.AppendUint64(nil, crc64.Checksum([]byte(data), crc64.MakeTable(crc64.ECMA)))
	case 10:
		s := sha256.Sum256([]byte(data))
		return s[:]
	case 2:
		return make([]byte, 4)
	}
	return nil
}

func stream(check byte, blocks ...blockSpec) []byte {
	flags := []byte{0, check}
	out := append([]byte(headerMagic), checked(flags)...)
	index := []byte{0, byte(len(blocks))}
	for _, b := range blocks {
		out = append(out, b.bytes(check)...)
		index = append(index, 0x30, byte(len(b.data)&0x7f))
	}
	index = checked(padded(index))
	out = append(out, index...)
	foot := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	foot = append(foot, flags...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(foot))
	return append(append(out, foot...), footerMagic...)
}

func budget() *limit.Budget { return limit.NewBudget(limit.Config{}) }

func read(t *testing.T, data []byte) (string, *Reader, error) {
	t.Helper()
	b := budget()
	z := NewReader(iotest.OneByteReader(bytes.NewReader(data)), b)
	got, err := io.ReadAll(z)
	z.Close()
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return string(got), z, err
}

func TestStreamsAndChecks(t *testing.T) {
	a, b := blockSpec{data: "first "}, blockSpec{data: "second"}
	for _, check := range []byte{0, 1, 2, 4, 10} {
		one, two := stream(check, a, b), stream(check)
		data := slices.Concat(one, make([]byte, 8), two, one)
		got, z, err := read(t, data)
		if got != "first secondfirst second" || err != nil {
			t.Errorf("check %d: got %q, %v", check, got, err)
		}
		if z.End() != int64(len(data)) {
			t.Errorf("check %d: ended at %d of %d", check, z.End(), len(data))
		}
	}
}

func TestTrailing(t *testing.T) {
	one := stream(4, blockSpec{data: "data"})
	for _, tail := range []string{"x", "abc", "other data", "\x00\x00\x00\x00other", "\x00\x00"} {
		got, z, err := read(t, append(slices.Clone(one), tail...))
		if got != "data" || !errors.Is(err, ErrTrailing) || z.End() != int64(len(one)) {
			t.Errorf("%q: got %q, %v, end %d of %d", tail, got, err, z.End(), len(one))
		}
	}
}

func TestTruncated(t *testing.T) {
	one := stream(10, blockSpec{data: "some data"}, blockSpec{data: "more"})
	for n := range one {
		if _, _, err := read(t, one[:n]); err == nil {
			t.Errorf("%d bytes of %d: no error", n, len(one))
		}
	}
}

func TestRefuses(t *testing.T) {
	good := stream(4, blockSpec{data: "data"})
	change := func(at int, b byte) []byte {
		c := slices.Clone(good)
		c[at] ^= b
		return c
	}
	sized := func(flags byte, sizes ...byte) []byte {
		return stream(4, blockSpec{data: "data", flags: flags, sizes: sizes})
	}
	filters := func(n byte, b ...byte) []byte { return stream(4, blockSpec{data: "data", flags: n - 1, filters: b}) }
	flagged := append([]byte(headerMagic), checked([]byte{0, 0x20})...)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"magic", change(0, 1), "not a stream header"},
		{"header checksum", change(7, 1), "header's checksum"},
		{"stream flags", append(flagged, good...), "unknown stream flags"},
		{"block header", change(14, 1), "block header's checksum"},
		{"content", stream(4, blockSpec{data: "data", sum: make([]byte, 8)}), "block's checksum"},
		{"footer", change(len(good)-1, 1), "footer"},
		{"block flags", sized(4), "block flags"},
		{"packed size", sized(0x40, 99), "size is not"},
		{"plain size", sized(0x80, 99), "size is not"},
		{"number", sized(0x80, 0x80, 0), "malformed number"},
		{"unknown filter", filters(1, 0x22, 1, 0), "unknown filter"},
		{"compressor not last", filters(2, 0x21, 1, 0, 3, 1, 0), "unknown filter"},
		{"compressor twice", filters(2, 0x21, 1, 0, 0x21, 1, 0), "unknown filter"},
		{"no properties", filters(1, 0x21, 0), "not one byte"},
		{"long properties", filters(1, 0x21, 100), "past the block header"},
		{"dictionary", filters(1, 0x21, 1, 41), "dictionary size"},
	}
	for _, tt := range tests {
		if _, _, err := read(t, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestFilters(t *testing.T) {
	got, _, err := read(t, stream(0, blockSpec{data: "\x01\x01\x01", flags: 1, filters: []byte{3, 1, 0, 0x21, 1, 0}}))
	if got != "\x01\x02\x03" || err != nil {
		t.Errorf("delta: got %q, %v", got, err)
	}
	for _, name := range []string{"x86.xz", "arm.xz", "armt.xz", "arm64.xz", "ppc.xz", "sparc.xz", "ia64.xz", "delta.xz", "start.xz"} {
		got, _, err := read(t, archivetest.File(name))
		if got != string(archivetest.Branches()) || err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMemoryIsUsedAgain(t *testing.T) {
	b := budget()
	z := NewReader(bytes.NewReader(slices.Repeat(stream(0, blockSpec{data: strings.Repeat("x", 5000)}), 50)), b)
	buf := make([]byte, 5000)
	if _, err := io.ReadFull(z, buf); err != nil {
		t.Fatal(err)
	}
	first := b.Held()
	if _, err := io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	if b.Held() != first || first == 0 {
		t.Errorf("held %d bytes at first and %d at the end", first, b.Held())
	}
}

func FuzzXZ(f *testing.F) {
	f.Add(stream(4, blockSpec{data: "data"}, blockSpec{data: "more"}))
	f.Add(archivetest.File("x86.xz"))
	f.Add(slices.Concat(stream(1), make([]byte, 4), stream(10, blockSpec{data: "x"})))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxMemory: 4 << 20}})
		z := NewReader(bytes.NewReader(data), b)
		if n, _ := io.Copy(io.Discard, io.LimitReader(z, 1<<20)); n > 0 && b.Held() == 0 {
			t.Fatal("data came out and no memory was asked for")
		}
		if z.End() > int64(len(data)) {
			t.Fatalf("ended at %d of %d", z.End(), len(data))
		}
		z.Close()
		if b.Held() != 0 {
			t.Fatalf("%d bytes still held", b.Held())
		}
	})
}
