// Package documenttest writes documents for tests: compound files, VBA
// projects, packaged files, RTF and PDF. It writes what the readers beside it
// are to read, in the plainest form the formats allow, and holds no sample.
package documenttest

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Stream is one stream of a compound file. Its path names the storages it is
// in, with slashes.
type Stream struct {
	Path string
	Data []byte
}

const (
	sector    = 512
	mini      = 64
	cutoff    = 4096
	endChain  = 0xfffffffe
	freeMark  = 0xffffffff
	fatMark   = 0xfffffffd
	perFAT    = sector / 4
	headerDIF = 109
)

// compound is a compound file being written.
type compound struct {
	fat     []uint32
	body    []byte // sectors
	mini    []byte
	miniFAT []uint32
	dir     []node
}

type node struct {
	name        string
	kind        byte
	left, child uint32 // siblings hang on each other's left
	start       uint32
	size        int
	parent      int
}

// Compound writes a compound file of version 3 whose root has the class given.
func Compound(class [16]byte, streams ...Stream) []byte {
	c := &compound{dir: []node{{name: "Root Entry", kind: 5, left: freeMark, child: freeMark, start: endChain}}}
	for _, s := range streams {
		parts := strings.Split(s.Path, "/")
		at := 0
		for _, p := range parts[:len(parts)-1] {
			at = c.storage(at, p)
		}
		start := c.store(s.Data)
		c.add(at, node{name: parts[len(parts)-1], kind: 2, start: start, size: len(s.Data)})
	}
	c.dir[0].start, c.dir[0].size = c.chain(c.mini), len(c.mini)
	miniStart := c.chain(words(c.miniFAT))
	dirStart := c.chain(c.directory(class))
	return c.file(dirStart, miniStart)
}

func (c *compound) storage(parent int, name string) int {
	for i, n := range c.dir {
		if n.kind == 1 && n.parent == parent && n.name == name {
			return i
		}
	}
	return c.add(parent, node{name: name, kind: 1})
}

func (c *compound) add(parent int, n node) int {
	n.parent, n.left, n.child = parent, c.dir[parent].child, freeMark
	c.dir = append(c.dir, n)
	c.dir[parent].child = uint32(len(c.dir) - 1)
	return len(c.dir) - 1
}

func (c *compound) store(data []byte) uint32 {
	if len(data) == 0 {
		return endChain
	}
	if len(data) >= cutoff {
		return c.chain(data)
	}
	first := uint32(len(c.mini) / mini)
	for at := 0; at < len(data); at += mini {
		next := uint32(len(c.miniFAT) + 1)
		if at+mini >= len(data) {
			next = endChain
		}
		c.miniFAT = append(c.miniFAT, next)
	}
	c.mini = append(c.mini, padded(data, mini)...)
	return first
}

// chain stores data in sectors and gives the first.
func (c *compound) chain(data []byte) uint32 {
	if len(data) == 0 {
		return endChain
	}
	first := uint32(len(c.fat))
	data = padded(data, sector)
	for at := sector; at <= len(data); at += sector {
		next := uint32(len(c.fat) + 1)
		if at == len(data) {
			next = endChain
		}
		c.fat = append(c.fat, next)
	}
	c.body = append(c.body, data...)
	return first
}

func padded(data []byte, to int) []byte {
	return append(bytes.Clone(data), make([]byte, (to-len(data)%to)%to)...)
}

func words(list []uint32) []byte {
	var out []byte
	for _, n := range list {
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	return out
}

func (c *compound) directory(class [16]byte) []byte {
	var out []byte
	for i, n := range c.dir {
		e := make([]byte, 128)
		units := utf16.Encode([]rune(n.name))
		for k, u := range units {
			binary.LittleEndian.PutUint16(e[2*k:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(units)+2))
		e[66], e[67] = n.kind, 1
		binary.LittleEndian.PutUint32(e[68:], n.left)
		binary.LittleEndian.PutUint32(e[72:], freeMark)
		binary.LittleEndian.PutUint32(e[76:], n.child)
		if i == 0 {
			copy(e[80:], class[:])
		}
		binary.LittleEndian.PutUint32(e[116:], n.start)
		binary.LittleEndian.PutUint32(e[120:], uint32(n.size))
		out = append(out, e...)
	}
	return out
}

// file puts the header before the sectors and the FAT behind them; past the
// sectors that the header has room to name, a list of them follows.
func (c *compound) file(dir, miniFAT uint32) []byte {
	count, lists := 0, 0
	for {
		count = (len(c.fat) + count + lists + perFAT) / perFAT
		if lists = 0; count > headerDIF {
			lists = (count-headerDIF)/(perFAT-1) + 1
		}
		if count*perFAT >= len(c.fat)+count+lists {
			break
		}
	}
	first := len(c.fat)
	var difat []uint32
	for i := range count {
		difat = append(difat, uint32(first+i))
		c.fat = append(c.fat, fatMark)
	}
	for range lists {
		c.fat = append(c.fat, fatMark-1)
	}
	for len(c.fat) < count*perFAT {
		c.fat = append(c.fat, freeMark)
	}
	h := make([]byte, sector)
	copy(h, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	copy(h[24:], "\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00")
	le := binary.LittleEndian
	le.PutUint32(h[44:], uint32(count))
	le.PutUint32(h[48:], dir)
	le.PutUint32(h[56:], cutoff)
	le.PutUint32(h[60:], miniFAT)
	le.PutUint32(h[64:], uint32((len(c.miniFAT)+perFAT-1)/perFAT))
	le.PutUint32(h[68:], endChain)
	if lists > 0 {
		le.PutUint32(h[68:], uint32(first+count))
		le.PutUint32(h[72:], uint32(lists))
	}
	for i := range headerDIF {
		n := uint32(freeMark)
		if i < len(difat) {
			n = difat[i]
		}
		le.PutUint32(h[76+4*i:], n)
	}
	out := append(append(h, c.body...), words(c.fat)...)
	return append(out, words(difatLists(difat, lists, first+count))...)
}

func difatLists(difat []uint32, lists, at int) []uint32 {
	var out []uint32
	for i := range lists {
		for k := range perFAT - 1 {
			n := uint32(freeMark)
			if j := headerDIF + i*(perFAT-1) + k; j < len(difat) {
				n = difat[j]
			}
			out = append(out, n)
		}
		next := uint32(at + i + 1)
		if i == lists-1 {
			next = endChain
		}
		out = append(out, next)
	}
	return out
}
