package ppmd

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

func budget() *limit.Budget { return limit.NewBudget(limit.Config{}) }

// initialise begins to read as 7z or RAR does.
func (d *Decoder) initialise(rar bool, src io.ByteReader) error {
	if rar {
		return d.InitRAR(src)
	}
	return d.Init7z(src)
}

// texts have long contexts, short ones, and none.
func texts() map[string][]byte {
	rnd := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 4_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	few := bytes.Clone(noise)
	for i := range few {
		few[i] &= 3
	}
	return map[string][]byte{
		"numbers": archivetest.Numbers(),
		"noise":   noise,
		"few":     few,
		"runs":    []byte(strings.Repeat("aaaaaaaaaaaaaaaaaaaab", 300)),
		"mixed":   bytes.Join([][]byte{archivetest.Numbers(), noise, archivetest.Numbers(), few, archivetest.Numbers()}, nil),
	}
}

func TestRoundTrip(t *testing.T) {
	for name, text := range texts() {
		for _, order := range []int{2, 5, 16, 64} {
			for _, memory := range []uint32{MinMemory, 10_001, 1 << 16, 1 << 20} {
				for _, rar := range []bool{false, true} {
					e := newEncoder(order, memory, rar)
					for _, c := range text {
						e.symbol(int(c))
					}
					e.symbol(-1)
					b := budget()
					d := New(b)
					if err := d.Start(order, int64(memory)); err != nil {
						t.Fatal(err)
					}
					if err := d.initialise(rar, bytes.NewReader(e.flush())); err != nil {
						t.Fatal(err)
					}
					var got []byte
					var err error
					for err == nil {
						var c byte
						if c, err = d.Byte(); err == nil {
							got = append(got, c)
						}
					}
					if !bytes.Equal(got, text) || !errors.Is(err, ErrEnd) {
						t.Errorf("%s, order %d, memory %d, rar %v: %d bytes of %d, %v", name, order, memory, rar, len(got), len(text), err)
					}
					d.Close()
					if b.Held() != 0 {
						t.Errorf("%d bytes still held", b.Held())
					}
				}
			}
		}
	}
}

func TestStartAgain(t *testing.T) {
	b := budget()
	d := New(b)
	if d.Started() {
		t.Error("started before Start")
	}
	for _, memory := range []int64{1 << 16, 1 << 16, 1 << 12} {
		if err := d.Start(6, memory); err != nil {
			t.Fatal(err)
		}
		if b.Held() != memory || !d.Started() {
			t.Errorf("%d bytes held for %d", b.Held(), memory)
		}
	}
}

func TestRefuses(t *testing.T) {
	d := New(limit.NewBudget(limit.Config{Limits: limit.Limits{MaxDict: 1 << 20}}))
	for _, tt := range []struct {
		order  int
		memory int64
	}{{1, 1 << 16}, {65, 1 << 16}, {6, 100}, {6, 1 << 33}} {
		if err := d.Start(tt.order, tt.memory); !errors.Is(err, errMalformed) {
			t.Errorf("order %d, memory %d: got %v", tt.order, tt.memory, err)
		}
	}
	if err := d.Start(6, 1<<21); err == nil || limit.Of(err).Reason != limit.Dict {
		t.Errorf("too much memory: got %v", err)
	}
	if err := d.Start(6, 1<<16); err != nil {
		t.Fatal(err)
	}
	if err := d.Init7z(bytes.NewReader([]byte{1, 2, 3, 4, 5})); !errors.Is(err, errMalformed) {
		t.Errorf("first byte: got %v", err)
	}
	for n := range 5 {
		if err := d.Init7z(bytes.NewReader(make([]byte, n))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	if err := d.InitRAR(bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff})); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Byte(); !errors.Is(err, errMalformed) {
		t.Errorf("a code out of range: got %v", err)
	}
}

func FuzzPPMd(f *testing.F) {
	e := newEncoder(6, 1<<12, false)
	for _, c := range archivetest.Numbers()[:500] {
		e.symbol(int(c))
	}
	f.Add(e.flush(), uint8(6), uint16(1<<12), false)
	f.Add([]byte("some bytes that are no stream"), uint8(60), uint16(3000), true)
	f.Fuzz(func(t *testing.T, data []byte, order uint8, memory uint16, rar bool) {
		b := budget()
		d := New(b)
		if d.Start(int(order), int64(memory)) == nil && d.initialise(rar, bytes.NewReader(data)) == nil {
			for n := 0; n < 1<<16; n++ {
				if _, err := d.Byte(); err != nil {
					break
				}
			}
		}
		d.Close()
		if b.Held() != 0 {
			t.Fatalf("%d bytes still held", b.Held())
		}
	})
}
