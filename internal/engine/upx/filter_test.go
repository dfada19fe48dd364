package upx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"vitrine/internal/engine/upx/upxtest"
)

// allFilters are those that a test writer exists for.
func allFilters() []byte {
	ids := []byte{0x24, 0x25, 0x26, 0x36, 0x46, 0x49, 0x50, 0x51, 0x52, 0xd0}
	for id := byte(0x11); id <= 0x1e; id++ {
		ids = append(ids, id)
	}
	for id := byte(0x90); id <= 0xb0; id += 0x10 {
		ids = append(ids, id, id+1, id+2, id+3)
	}
	return ids
}

func TestEveryFilter(t *testing.T) {
	for _, id := range allFilters() {
		for _, n := range []int{4, 100, 6000} {
			for _, add := range []uint32{0, 0x1000} {
				if add > 0 && id == 0xd0 && n == 6000 {
					continue // the targets would not fit
				}
				t.Run(fmt.Sprintf("%#02x/%d/%d", id, n, add), func(t *testing.T) {
					want := upxtest.Code(n)
					b, mark, ok := upxtest.Filter(id, want, add)
					if !ok {
						t.Fatal("cannot be filtered")
					}
					if n == 6000 && bytes.Equal(b, want) {
						t.Fatal("the filter changed nothing")
					}
					if f := (filter{id, mark, add}); !f.undo(b) || !bytes.Equal(b, want) {
						t.Error("not as it was")
					}
				})
			}
		}
	}
}

func TestFiltersOnAnything(t *testing.T) {
	for id := range 256 {
		f := filter{id: byte(id), mark: 0xe8, add: 7}
		for n := range 40 {
			f.undo(bytes.Repeat([]byte{0xe8}, n))
			f.undo(upxtest.Code(n))
			f.undo(bytes.Repeat([]byte{0x0f, 0x8f}, n))
		}
	}
	for _, id := range []byte{1, 0x10, 0x1f, 0x27, 0x83, 0x94, 0xc0, 0xff} {
		if (filter{id: id}).undo(nil) {
			t.Errorf("filter %#02x is known", id)
		}
	}
}

// A filter that nobody names is seen by what it leaves behind.
func TestGuessFilter(t *testing.T) {
	var code []byte
	for i := range 60 { // calls of one function, as they are in real code, and jumps ahead
		code = binary.LittleEndian.AppendUint32(append(code, 0x53, 0xe8), -uint32(len(code))+uint32(i%7))
		code = append(code, 0x85, 0xc0, 0x0f, 0x84, byte(7*i), byte(i/30), 0, 0, 0x5b, 0xc3, byte(i))
	}
	for _, id := range []byte{0, 0x26, 0x49} {
		b, mark := code, byte(0)
		if id != 0 {
			var ok bool
			if b, mark, ok = upxtest.Filter(id, code, 0); !ok {
				t.Fatal("cannot be filtered")
			}
		}
		if f := guessFilter(b); f.id != id || f.mark != mark {
			t.Errorf("%#02x with the mark %#02x, not %#02x with %#02x", f.id, f.mark, id, mark)
		}
	}
}
