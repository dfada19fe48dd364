package codec

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func opener(l limit.Limits) *Opener { return &Opener{Budget: limit.NewBudget(limit.Config{Limits: l})} }

// readAll reads what open opens, closes it, and looks that nothing stays held.
func readAll(t *testing.T, o *Opener, z io.ReadCloser, err error) ([]byte, error) {
	t.Helper()
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(z)
	z.Close()
	if o.Budget.Held() != 0 {
		t.Errorf("%d bytes still held", o.Budget.Held())
	}
	if _, closed := z.Read(make([]byte, 1)); closed == nil {
		t.Error("it reads after it was closed")
	}
	return got, err
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, 6)
	f.Write(data)
	f.Close()
	return b.Bytes()
}

func TestDeflateIsUsedAgain(t *testing.T) {
	o := opener(limit.Limits{})
	for _, text := range []string{"first", "second, which is longer", ""} {
		in := NewInput(o.Budget, append(deflated([]byte(text)), "after"...))
		z, err := o.Deflate(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		z.Close()
		if string(got) != text || err != nil || in.Unread() != len("after") {
			t.Errorf("got %q, %v, %d unread", got, err, in.Unread())
		}
		z.Close()
		if _, err := z.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after Close: %v", err)
		}
	}
	if len(o.flate) != 1 {
		t.Errorf("%d idle readers, want 1", len(o.flate))
	}
}

func TestKeptStreams(t *testing.T) {
	o := opener(limit.Limits{})
	tests := map[string]func(io.Reader) (io.ReadCloser, error){
		"numbers.bz2": o.BZip2, "numbers.xz": o.XZ, "numbers.zst": o.Zstd, "stdin.zst": o.Zstd, "numbers.lz4": o.LZ4,
		"numbers.lzma": func(r io.Reader) (io.ReadCloser, error) {
			var h [13]byte
			if _, err := io.ReadFull(r, h[:]); err != nil {
				return nil, err
			}
			return o.LZMA(r, h[0], int64(binary.LittleEndian.Uint32(h[1:])), -1)
		},
	}
	for name, open := range tests {
		z, err := open(iotest.HalfReader(bytes.NewReader(archivetest.File(name))))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		z.Close()
		if err != nil || !bytes.Equal(got, archivetest.Numbers()) || o.Budget.Held() != 0 {
			t.Errorf("%s: %d bytes, %v, %d held", name, len(got), err, o.Budget.Held())
		}
	}
}

// zstdFrame is a frame of stored blocks. Its window is 1 KiB << window, or the
// content's size when window is negative.
func makeZstd(window int, blocks ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, zstdMagic)
	if window >= 0 {
		out = append(out, 0, byte(window)<<3)
	} else {
		out = append(out, 0x60)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(strings.Join(blocks, ""))-256))
	}
	for i, b := range blocks {
		h := uint32(len(b)) << 3
		if i == len(blocks)-1 {
			h |= 1
		}
		out = append(append(out, byte(h), byte(h>>8), byte(h>>16)), b...)
	}
	return out
}

func TestZstdFrames(t *testing.T) {
	skip := append(binary.LittleEndian.AppendUint32(nil, zstdSkip+7), 3, 0, 0, 0, 1, 2, 3)
	long := strings.Repeat("0123456789", 30)
	data := slices.Concat(makeZstd(0, "one ", "two "), skip, makeZstd(10, "three "), makeZstd(-1, long), makeZstd(3, ""))
	for _, tail := range []string{"", "other", "abc"} {
		o := opener(limit.Limits{})
		z, err := o.Zstd(bytes.NewReader(append(slices.Clone(data), tail...)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, o, z, err)
		if string(got) != "one two three "+long || (tail != "") != errors.Is(err, ErrTrailing) || tail == "" && err != nil {
			t.Errorf("%q: got %q, %v", tail, got, err)
		}
		if end := z.(interface{ End() int64 }).End(); end != int64(len(data)) {
			t.Errorf("%q: ended at %d of %d", tail, end, len(data))
		}
	}
	for n := range data {
		o := opener(limit.Limits{})
		z, err := o.Zstd(bytes.NewReader(data[:n]))
		if got, err := readAll(t, o, z, err); err == nil && !strings.HasPrefix("one two three "+long, string(got)) {
			t.Errorf("%d bytes of %d: other bytes", n, len(data))
		}
	}
}

func TestZstdLimits(t *testing.T) {
	tests := []struct {
		name   string
		data   []byte
		limits limit.Limits
		want   limit.Reason
	}{
		{"window", makeZstd(11, "x"), limit.Limits{MaxDict: 1 << 20}, limit.Dict},
		{"window of a later frame", append(makeZstd(0, "x"), makeZstd(20, "x")...), limit.Limits{}, limit.Dict},
		{"content as window", append(binary.LittleEndian.AppendUint32(nil, zstdMagic), 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0), limit.Limits{}, limit.Dict},
		{"memory", makeZstd(12, "x"), limit.Limits{MaxMemory: 4 << 20}, limit.Size},
		{"dictionary", append(binary.LittleEndian.AppendUint32(nil, zstdMagic), 0x01, 0, 9, 1, 0, 0), limit.Limits{}, limit.Method},
		{"not a frame", []byte("abcdefgh"), limit.Limits{}, limit.Damaged},
		{"empty", nil, limit.Limits{}, limit.Damaged},
	}
	for _, tt := range tests {
		o := opener(tt.limits)
		z, err := o.Zstd(bytes.NewReader(tt.data))
		if _, err = readAll(t, o, z, err); err == nil || limit.Of(err).Reason != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestPPMdRefuses(t *testing.T) {
	tests := []struct {
		name         string
		order        int
		memory, size int64
		limits       limit.Limits
		want         limit.Reason
	}{
		{"order", 1, 1 << 20, 10, limit.Limits{}, limit.Damaged},
		{"order", 65, 1 << 20, 10, limit.Limits{}, limit.Damaged},
		{"memory", 6, 100, 10, limit.Limits{}, limit.Damaged},
		{"dictionary", 6, 1 << 30, 10, limit.Limits{}, limit.Dict},
		{"all memory", 6, 2 << 20, 10, limit.Limits{MaxMemory: 1 << 20}, limit.Size},
		{"cut off", 6, 1 << 20, 1 << 20, limit.Limits{}, limit.Damaged},
	}
	for _, tt := range tests {
		o := opener(tt.limits)
		z, err := o.PPMd(strings.NewReader("\x00twenty bytes or so"), tt.order, tt.memory, tt.size)
		if _, err = readAll(t, o, z, err); err == nil || limit.Of(err).Reason != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
		if o.Budget.Held() != 0 {
			t.Errorf("%s: %d bytes still held", tt.name, o.Budget.Held())
		}
	}
}

func TestMemoryRefused(t *testing.T) {
	o := opener(limit.Limits{MaxMemory: 1000})
	for name, open := range map[string]func() (io.ReadCloser, error){
		"bzip2": func() (io.ReadCloser, error) { return o.BZip2(bytes.NewReader(nil)) },
		"lzma":  func() (io.ReadCloser, error) { return o.LZMA(bytes.NewReader(nil), 0x5d, 1<<20, -1) },
		"lzma2": func() (io.ReadCloser, error) { return o.LZMA2(bytes.NewReader(nil), 10) },
	} {
		if _, err := open(); err == nil || limit.Of(err).Reason != limit.Size {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := o.LZMA2(bytes.NewReader(nil), 41); err == nil {
		t.Error("lzma2: a dictionary out of range is taken")
	}
}

func TestInputAsksTheBudget(t *testing.T) {
	now := time.Unix(0, 0)
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxTime: 10 * time.Second},
		Now: func() time.Time { now = now.Add(time.Second); return now }})
	for name, read := range map[string]func(*Input) error{
		"Read":     func(in *Input) error { _, err := io.Copy(io.Discard, in); return err },
		"ReadByte": func(in *Input) error { return each(in) },
	} {
		b.Begin(context.Background(), 1)
		in := NewInput(b, make([]byte, 1<<20))
		if err := read(in); !limit.Final(err) {
			t.Errorf("%s: got %v", name, err)
		}
		if read := 1<<20 - in.Unread(); read != 9*inputStep {
			t.Errorf("%s: %d bytes were read in nine steps", name, read)
		}
	}
	b.Begin(context.Background(), 1)
	in := NewInput(b, []byte("ab"))
	if err := each(in); !errors.Is(err, io.EOF) || in.Unread() != 0 {
		t.Errorf("at the end: %v", err)
	}
	if n, err := in.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing asked for: %d, %v", n, err)
	}
}

func each(in *Input) error {
	for {
		if _, err := in.ReadByte(); err != nil {
			return err
		}
	}
}

func FuzzZstd(f *testing.F) {
	f.Add(slices.Concat(makeZstd(0, "one ", "two "), makeZstd(-1, strings.Repeat("x", 300))))
	f.Add(archivetest.File("numbers.zst"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := opener(limit.Limits{MaxDict: 1 << 20})
		z, err := o.Zstd(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, io.LimitReader(z, 8<<20))
		z.Close()
		if o.Budget.Held() != 0 {
			t.Fatalf("%d bytes still held", o.Budget.Held())
		}
	})
}

func FuzzPPMd(f *testing.F) {
	f.Add([]byte("\x00abcdefghijklmnop"), uint8(6))
	f.Add(make([]byte, 64), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, order uint8) {
		o := opener(limit.Limits{})
		z, err := o.PPMd(bytes.NewReader(data), int(order), 1<<16, 1<<16)
		if err == nil {
			io.Copy(io.Discard, z)
			z.Close()
		}
		if o.Budget.Held() != 0 {
			t.Fatalf("%d bytes still held", o.Budget.Held())
		}
	})
}
