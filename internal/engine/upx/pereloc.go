package upx

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"sort"
)

// reloc is a place that changes when the program is loaded elsewhere.
type reloc struct {
	address uint32
	kind    uint16
}

// The kinds.
const (
	relocHigh = 1
	relocLow  = 2
	reloc32   = 3
	reloc64   = 10
)

// relocs rebuilds the table of relocations, and the addresses in the code they
// tell of, which the packer took the base from and turned around.
func (r *rebuild) relocs() error {
	address, size := r.own.at(tableRelocs)
	if address == 0 || size == 0 || r.own.flags()&relocsStripped != 0 {
		return nil
	}
	if size == 8 { // an empty one
		return r.put(address, []byte{0, 0, 0, 0, 8, 0, 0, 0})
	}
	note, err := r.note(5)
	if err != nil {
		return err
	}
	start, more := le32(note), note[4]
	if uint64(start) > uint64(len(r.image)) {
		return errSpot
	}
	// A place and its entry in the table, or in a table of its own.
	cost := 20 * int64(countSteps(r.image[start:], len(r.image)/4))
	if err := r.held.budget.Hold(cost); err != nil {
		return err
	}
	defer r.held.budget.Release(cost)
	list, rest, err := r.wideRelocs(r.image[start:])
	if err != nil {
		return err
	}
	if list, err = r.halfRelocs(list, rest, more); err != nil {
		return err
	}
	table := relocTable(list)
	if err := r.put(address, table); err != nil {
		return err
	}
	put32(r.own.table(tableRelocs)[4:], uint32(len(table)))
	return nil
}

// wideRelocs reads the relocations of whole addresses and undoes them. Each is
// the distance to the one before: a byte up to 0xef, or 20 bits, or 32. A zero
// ends them.
func (r *rebuild) wideRelocs(p []byte) (list []reloc, rest []byte, err error) {
	at := uint64(1<<32 - 4)
	for {
		step, size := nextStep(p)
		if size == 0 {
			return nil, nil, errors.New("cut off")
		}
		p = p[size:]
		if step == 0 {
			return list, p, nil
		}
		at = (at + uint64(step)) & (1<<32 - 1)
		if step < 4 || step > 1<<31 || at+4 > uint64(len(r.image)) {
			return nil, nil, errSpot
		}
		kind, err := r.turn(r.image[at:])
		if err != nil {
			return nil, nil, err
		}
		list = append(list, reloc{r.first + uint32(at), kind})
	}
}

// turn undoes one place: its bytes are turned around and the base is added.
func (r *rebuild) turn(b []byte) (kind uint16, err error) {
	base := r.own.base() + uint64(r.first)
	if !r.own.wide {
		put32(b, bits.ReverseBytes32(le32(b))+uint32(base))
		return reloc32, nil
	}
	if len(b) < 8 {
		return 0, errSpot
	}
	put64(b, bits.ReverseBytes64(le64(b))+base)
	return reloc64, nil
}

// countSteps counts distances up to the end of them, at most as many as may
// be.
func countSteps(p []byte, most int) int {
	for n := 0; ; n++ {
		step, size := nextStep(p)
		if step == 0 || n > most {
			return n
		}
		p = p[size:]
	}
}

// nextStep reads one distance and tells how many bytes it has; 0 at the end.
func nextStep(p []byte) (step uint32, size int) {
	switch {
	case len(p) == 0:
		return 0, 0
	case p[0] < 0xf0:
		return uint32(p[0]), 1
	case len(p) < 3:
		return 0, 0
	}
	step = uint32(p[0]&15)<<16 | uint32(le16(p[1:]))
	if step > 0 {
		return step, 3
	}
	if len(p) < 7 {
		return 0, 0
	}
	if step = le32(p[3:]); step == 0 {
		return 0, 0 // not the end, and nothing else
	}
	return step, 7
}

// maxHalves is more than any program has.
const maxHalves = 1 << 16

// halfRelocs reads the relocations of half addresses, which are old. more
// tells which there are.
func (r *rebuild) halfRelocs(list []reloc, p []byte, more byte) ([]reloc, error) {
	kinds := []uint16{relocHigh}
	switch more & 6 {
	case 0:
		return list, nil
	case 4:
		kinds = []uint16{relocLow}
	case 6:
		kinds = []uint16{relocLow, relocHigh}
	}
	halves := 0
	for _, kind := range kinds {
		for {
			if len(p) < 4 {
				return list, errors.New("cut off")
			}
			at := le32(p)
			p = p[4:]
			if at == 0 {
				break
			}
			if halves++; halves > maxHalves {
				return list, errSpot
			}
			list = append(list, reloc{r.first + at, kind})
		}
	}
	return list, nil
}

// relocTable writes a table: a block for each page of 4 KiB, padded to four
// bytes.
func relocTable(list []reloc) []byte {
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].address != list[j].address {
			return list[i].address < list[j].address
		}
		return list[i].kind < list[j].kind
	})
	var out []byte
	block := -1
	finish := func() {
		if block >= 0 {
			if len(out)%4 != 0 {
				out = append(out, 0, 0)
			}
			put32(out[block+4:], uint32(len(out)-block))
		}
	}
	for _, l := range list {
		page := l.address &^ 0xfff
		if block < 0 || page != le32(out[block:]) {
			finish()
			block = len(out)
			out = binary.LittleEndian.AppendUint32(out, page)
			out = binary.LittleEndian.AppendUint32(out, 0)
		}
		out = binary.LittleEndian.AppendUint16(out, l.kind<<12|uint16(l.address&0xfff))
	}
	finish()
	return out
}
