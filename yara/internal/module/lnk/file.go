package lnk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"

	"vitrine/yara/internal/module"
)

const (
	headerSize = 0x4c
	classID    = "\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
	epoch      = 11644473600 // seconds from 1601 to 1970
	ticks      = 10_000_000  // of a FILETIME in a second
)

// file is the receiver of the module's root: one shortcut being scanned.
type file struct {
	ctx    *module.Context
	data   []byte
	parsed *body
}

func open(c *module.Context) *file {
	d := c.Data
	if len(d) < headerSize || u32(d, 0) != headerSize || string(d[4:20]) != classID {
		return nil
	}
	return &file{ctx: c, data: d}
}

// body is what follows the header, read at first use.
func (f *file) body() *body {
	if f.parsed == nil {
		f.parsed = parse(f)
	}
	return f.parsed
}

func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// number is a number of the header.
func (f *file) number(at int) module.Value { return module.Int(int64(u32(f.data, at))) }

// enum is a number that YARA-X leaves out when it does not fit its signed type.
func (f *file) enum(at int) module.Value { return enum(u32(f.data, at)) }

func enum(v uint32) module.Value {
	if v > math.MaxInt32 {
		return module.Undefined()
	}
	return module.Int(int64(v))
}

// moment is a FILETIME of the header in seconds of Unix time; what is before
// 1970, as a time that is not set, is Undefined.
func (f *file) moment(at int) module.Value {
	seconds := binary.LittleEndian.Uint64(f.data[at:]) / ticks
	if seconds < epoch {
		return module.Undefined()
	}
	return module.Int(int64(seconds - epoch))
}

// narrow is a text of bytes up to a NUL; what is not UTF-8 is replaced.
func narrow(b []byte) module.Value {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return module.String(string([]rune(string(b))))
}

// wide is a text of UTF-16 up to a NUL; what makes no sense is replaced.
func wide(b []byte) module.Value {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return module.String(string(utf16.Decode(units)))
}

// guid writes the 16 bytes of an identifier.
func guid(b []byte) module.Value {
	return module.String(fmt.Sprintf("%08x-%04x-%04x-%x-%x", u32(b, 0), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16]))
}
