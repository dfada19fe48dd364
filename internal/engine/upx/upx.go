// Package upx takes programs apart that the packer UPX has compressed: ELF
// programs and libraries, and Windows programs (PE), with any of its methods
// and filters. It gives back the file that was packed, or as much of it as the
// packed one still holds.
//
// The format has no specification but the packer itself (versions 2 to 4);
// what is written here follows the layout its files have. Whoever packs to
// hide often spoils the packer's own marks afterwards, so that the packer no
// longer knows its work while the program still runs. For this reason nothing
// is believed because a mark says it: the packed data is found by its
// structure where the marks are gone, and proves itself by what it unpacks to.
//
// It runs nothing and allocates nothing because of a number in a file: memory
// is taken as bytes really come out, and each step asks the budget.
package upx

import (
	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// Config is what unpacking works with. Both are needed.
type Config struct {
	Budget *limit.Budget
	Open   *codec.Opener
}

// Unpacked is a program as it was before it was packed.
type Unpacked struct {
	// Data is the file, until Close.
	Data []byte

	out *buffer
}

// Close gives the memory back.
func (u *Unpacked) Close() {
	u.Data = nil
	u.out.free()
}

// Identify tells whether data is a packed program. It looks at a few
// kilobytes, whatever the size.
func Identify(data []byte) bool {
	switch kindOf(data) {
	case kindELF:
		return identifyELF(data)
	case kindPE:
		return identifyPE(data)
	case kindMachO:
		_, at := tailHeader(data, isMachO)
		return at >= 0
	}
	return false
}

type kind uint8

const (
	kindNone kind = iota
	kindELF
	kindPE
	kindMachO
)

func kindOf(data []byte) kind {
	if len(data) < 64 {
		return kindNone
	}
	switch string(data[:4]) {
	case "\x7fELF":
		return kindELF
	case "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe":
		return kindMachO
	}
	if string(data[:2]) == "MZ" {
		return kindPE
	}
	return kindNone
}

// Unpack unpacks a program. The result is never nil and must be closed. An
// error says why its Data is not the whole, or why that cannot be told; it is
// a *limit.Error, and what there is of Data is worth a look all the same.
func Unpack(data []byte, c Config) (*Unpacked, error) {
	u := &unpacker{Config: c, data: data}
	var out *buffer
	var err error
	switch kindOf(data) {
	case kindELF:
		out, err = u.elf()
	case kindPE:
		out, err = u.pe()
	case kindMachO:
		err = limit.Errorf(limit.Method, "upx: Mach-O programs are not unpacked")
	default:
		err = limit.Errorf(limit.Damaged, "upx: neither ELF nor PE")
	}
	if out == nil {
		out = u.newBuffer()
	}
	return &Unpacked{Data: out.b, out: out}, err
}

// unpacker is the work on one file.
type unpacker struct {
	Config
	data []byte
}

func damaged(format string, args ...any) error {
	return limit.Errorf(limit.Damaged, "upx: "+format, args...)
}

// worse keeps the error that matters more: the first, unless a later one ends
// the whole scan.
func worse(first, later error) error {
	if first == nil || limit.Final(later) {
		return later
	}
	return first
}
