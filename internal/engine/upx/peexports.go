package upx

import (
	"bytes"
	"encoding/binary"
	"errors"
)

const (
	exportSize = 40 // of the head of the table of exports
	maxExports = 1 << 16
)

// exports puts the table of exports back where it was. The packer moved it, so
// that it can be read without unpacking.
func (r *rebuild) exports() error {
	address, size := r.own.at(tableExports)
	now, nowSize := r.f.at(tableExports)
	if size == 0 || address == now || nowSize == 0 {
		return nil
	}
	x := &exportTable{f: r.f, start: now, size: nowSize, address: address}
	if err := x.read(); err != nil {
		return err
	}
	return r.put(address, x.build())
}

// exportTable is a table of exports on its way to another address.
type exportTable struct {
	f           *peFile
	start, size uint32 // where it is
	address     uint32 // where it goes

	head      []byte
	name      []byte
	functions []byte
	ordinals  []byte
	names     [][]byte
	forwards  map[int][]byte // functions that are in another library, by name
}

var errExports = errors.New("the table is cut off")

// at gives size bytes of the packed file at an address.
func (x *exportTable) at(address, size uint32) ([]byte, error) {
	b := x.f.atAddress(address)
	if uint64(size) > uint64(len(b)) {
		return nil, errExports
	}
	return b[:size], nil
}

// text gives the string at an address, with its zero.
func (x *exportTable) text(address uint32) ([]byte, error) {
	b := x.f.atAddress(address)
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return nil, errExports
	}
	return b[:end+1], nil
}

func (x *exportTable) read() error {
	var err error
	if x.head, err = x.at(x.start, exportSize); err != nil {
		return err
	}
	if x.name, err = x.text(le32(x.head[12:])); err != nil {
		return err
	}
	functions, names := le32(x.head[20:]), le32(x.head[24:])
	if functions > maxExports || names > maxExports {
		return errExports
	}
	if x.functions, err = x.at(le32(x.head[28:]), 4*functions); err != nil {
		return err
	}
	if x.ordinals, err = x.at(le32(x.head[36:]), 2*names); err != nil {
		return err
	}
	pointers, err := x.at(le32(x.head[32:]), 4*names)
	if err != nil {
		return err
	}
	return x.readNames(pointers)
}

// maxExportText is more than the names of all exports of any library take.
const maxExportText = 16 << 20

func (x *exportTable) readNames(pointers []byte) error {
	total := 0
	for ; len(pointers) > 0; pointers = pointers[4:] {
		name, err := x.text(le32(pointers))
		if err != nil {
			return err
		}
		if total += len(name); total > maxExportText {
			return errExports
		}
		x.names = append(x.names, name)
	}
	x.forwards = map[int][]byte{}
	for i := 0; i+4 <= len(x.functions); i += 4 {
		to := le32(x.functions[i:])
		if to < x.start || to-x.start >= x.size {
			continue
		}
		name, err := x.text(to)
		if err != nil {
			return err
		}
		if total += len(name); total > maxExportText {
			return errExports
		}
		x.forwards[i] = name
	}
	return nil
}

// build lays the table out: its head, the functions, the names' addresses, the
// ordinals, the library's name, the names, the forwards.
func (x *exportTable) build() []byte {
	head := append([]byte(nil), x.head...)
	functions := append([]byte(nil), x.functions...)
	atFunctions := x.address + exportSize
	atNames := atFunctions + uint32(len(functions))
	atOrdinals := atNames + uint32(4*len(x.names))
	atName := atOrdinals + uint32(len(x.ordinals))
	next := atName + uint32(len(x.name))
	for i, at := range []uint32{atFunctions, atNames, atOrdinals} {
		put32(head[28+4*i:], at)
	}
	put32(head[12:], atName)

	var pointers, texts []byte
	for _, n := range x.names {
		pointers = binary.LittleEndian.AppendUint32(pointers, next+uint32(len(texts)))
		texts = append(texts, n...)
	}
	for i := 0; i+4 <= len(functions); i += 4 {
		if n, ok := x.forwards[i]; ok {
			put32(functions[i:], next+uint32(len(texts)))
			texts = append(texts, n...)
		}
	}
	out := append(head, functions...)
	out = append(out, pointers...)
	out = append(out, x.ordinals...)
	out = append(out, x.name...)
	out = append(out, texts...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}
