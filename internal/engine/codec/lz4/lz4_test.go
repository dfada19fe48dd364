package lz4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

const (
	flagVersion = 0x40
	flagAlone   = 0x20 // blocks do not refer to each other
	flagBlocks  = 0x10 // have checksums
	flagSize    = 0x08
	flagContent = 0x04 // has a checksum
	flagDict    = 0x01
)

// testBlock is one block of a frame, and what it means.
type testBlock struct {
	packed, plain string
	stored        bool
}

func makeFrame(flags byte, blocks ...testBlock) []byte {
	h := []byte{flags | flagVersion, 0x40}
	var all string
	for _, b := range blocks {
		all += b.plain
	}
	if flags&flagSize != 0 {
		h = binary.LittleEndian.AppendUint64(h, uint64(len(all)))
	}
	if flags&flagDict != 0 {
		h = append(h, 1, 2, 3, 4)
	}
	out := binary.LittleEndian.AppendUint32(nil, Magic)
	out = append(append(out, h...), byte(sum32(h)>>8))
	for _, b := range blocks {
		size := uint32(len(b.packed))
		if b.stored {
			size |= storedBit
		}
		out = append(binary.LittleEndian.AppendUint32(out, size), b.packed...)
		if flags&flagBlocks != 0 {
			out = binary.LittleEndian.AppendUint32(out, sum32([]byte(b.packed)))
		}
	}
	out = append(out, 0, 0, 0, 0)
	if flags&flagContent != 0 {
		out = binary.LittleEndian.AppendUint32(out, sum32([]byte(all)))
	}
	return out
}

func skippable(n int) []byte {
	out := binary.LittleEndian.AppendUint32(nil, magicSkip+3)
	return append(binary.LittleEndian.AppendUint32(out, uint32(n)), make([]byte, n)...)
}

var (
	plainBlock  = testBlock{"stored text", "stored text", true}
	packedBlock = testBlock{"\x35abc\x03\x00\x10!", "abcabcabcabc!", false} // three literals, a match of 9, a literal
	linkedBlock = testBlock{"\x0f\x06\x00\x00\x10?", "", false}             // a match of 19 from the block before
)

func read(t *testing.T, data []byte) (string, *Reader, error) {
	t.Helper()
	b := limit.NewBudget(limit.Config{})
	z := NewReader(iotest.HalfReader(bytes.NewReader(data)), b)
	got, err := io.ReadAll(z)
	z.Close()
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
	return string(got), z, err
}

func TestXXH32(t *testing.T) {
	for text, want := range map[string]uint32{"": 0x02cc5d05, "a": 0x550d7456, "abc": 0x32d153ff,
		"Nobody inspects the spammish repetition": 0xe2293b2f} {
		if got := sum32([]byte(text)); got != want {
			t.Errorf("%q: got %#x, want %#x", text, got, want)
		}
		var x xxh32
		x.reset()
		for i := range text {
			x.write([]byte(text[i : i+1]))
		}
		if got := x.sum(); got != want {
			t.Errorf("%q byte by byte: got %#x, want %#x", text, got, want)
		}
	}
}

func TestFrames(t *testing.T) {
	for _, flags := range []byte{0, flagAlone, flagBlocks, flagSize, flagContent, flagAlone | flagBlocks | flagSize | flagContent} {
		one := makeFrame(flags, plainBlock, packedBlock)
		data := slices.Concat(skippable(5), one, skippable(0), makeFrame(flags), one)
		got, z, err := read(t, data)
		if want := strings.Repeat("stored textabcabcabcabc!", 2); got != want || err != nil {
			t.Errorf("flags %#x: got %q, %v", flags, got, err)
		}
		if z.End() != int64(len(data)) {
			t.Errorf("flags %#x: ended at %d of %d", flags, z.End(), len(data))
		}
	}
}

func TestLinkedBlocks(t *testing.T) {
	linkedBlock.plain = strings.Repeat("abcab!", 4)[:19] + "?"
	got, _, err := read(t, makeFrame(0, testBlock{"abcab!", "abcab!", true}, linkedBlock))
	if got != "abcab!"+linkedBlock.plain || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, _, err := read(t, makeFrame(flagAlone, testBlock{"abcab!", "abcab!", true}, linkedBlock)); !errors.Is(err, errBlock) {
		t.Errorf("blocks that stand alone: got %v", err)
	}
}

func makeLegacy(blocks ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, MagicLegacy)
	for _, b := range blocks {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(b))), b...)
	}
	return out
}

func TestLegacy(t *testing.T) {
	data := slices.Concat(makeLegacy(packedBlock.packed, packedBlock.packed), makeLegacy(packedBlock.packed), makeFrame(0, plainBlock), makeLegacy(packedBlock.packed))
	got, _, err := read(t, data)
	p := packedBlock.plain
	if got != p+p+p+"stored text"+p || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, _, err := read(t, archivetest.File("legacy.lz4")); got != string(archivetest.Numbers()) || err != nil {
		t.Errorf("kept file: %v", err)
	}
}

func TestTrailing(t *testing.T) {
	one := makeFrame(flagContent, plainBlock)
	for _, tail := range []string{"x", "other data", "\x00\x00\x00\x00"} {
		got, z, err := read(t, append(slices.Clone(one), tail...))
		if got != "stored text" || !errors.Is(err, ErrTrailing) || z.End() != int64(len(one)) {
			t.Errorf("%q: got %q, %v, end %d of %d", tail, got, err, z.End(), len(one))
		}
	}
}

func TestTruncated(t *testing.T) {
	one := makeFrame(flagBlocks|flagSize|flagContent, plainBlock, packedBlock)
	for n := range one {
		if _, _, err := read(t, one[:n]); err == nil {
			t.Errorf("%d bytes of %d: no error", n, len(one))
		}
	}
}

func TestRefuses(t *testing.T) {
	good := makeFrame(flagBlocks|flagSize|flagContent|flagAlone, packedBlock)
	change := func(at int, b byte) []byte {
		c := slices.Clone(good)
		c[(at+len(c))%len(c)] ^= b
		return c
	}
	packed := func(s string) []byte { return makeFrame(flagAlone, testBlock{packed: s}) }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"magic", change(0, 1), "not a frame"},
		{"version", change(4, 0x80), "unknown frame flags"},
		{"block size", change(5, 0x40), "unknown frame flags"},
		{"header checksum", change(6, 1), "header's checksum"},
		{"block checksum", change(-9, 1), "block's checksum"},
		{"content checksum", change(-1, 1), "content's checksum"},
		{"dictionary", makeFrame(flagDict, plainBlock), "needs a dictionary"},
		{"large block", makeFrame(0, testBlock{packed: strings.Repeat("x", 65<<10), stored: true}), "larger than the frame allows"},
		{"bomb", packed("\x1fa\x01\x00" + strings.Repeat("\xff", 300) + "\x00"), "decodes to more"},
		{"literals", packed("\xf0\xff\x00"), "malformed block"},
		{"length", packed("\xf0\xff\xff"), "malformed block"},
		{"distance 0", packed("\x14a\x00\x00\x00"), "malformed block"},
		{"distance", packed("\x14a\x02\x00\x00"), "malformed block"},
		{"half a distance", packed("\x14a\x01"), "malformed block"},
		{"legacy, empty block", makeLegacy(""), "empty block"},
	}
	for _, tt := range tests {
		if _, _, err := read(t, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	wrong := makeFrame(flagSize|flagAlone, packedBlock)
	wrong[6]++ // the size, and the checksum that covers it
	wrong[14] = byte(sum32(wrong[4:14]) >> 8)
	if _, _, err := read(t, wrong); err == nil || !strings.Contains(err.Error(), "content's size") {
		t.Errorf("content size: got %v", err)
	}
}

func TestMemoryRefused(t *testing.T) {
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxMemory: 100 << 10}})
	_, err := io.ReadAll(NewReader(bytes.NewReader(makeFrame(0, plainBlock)), b))
	if e := limit.Of(err); e == nil || e.Reason != limit.Size {
		t.Errorf("got %v", err)
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add(slices.Concat(skippable(3), makeFrame(flagBlocks|flagSize|flagContent, plainBlock, packedBlock)))
	f.Add(slices.Concat(makeLegacy(packedBlock.packed), makeFrame(0, packedBlock, packedBlock)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := limit.NewBudget(limit.Config{})
		z := NewReader(bytes.NewReader(data), b)
		io.Copy(io.Discard, io.LimitReader(z, 16<<20))
		if z.End() > int64(len(data)) {
			t.Fatalf("ended at %d of %d", z.End(), len(data))
		}
		z.Close()
		if b.Held() != 0 {
			t.Fatalf("%d bytes still held", b.Held())
		}
	})
}
