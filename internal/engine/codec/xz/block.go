package xz

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"vitrine/internal/engine/codec/filter"
	"vitrine/internal/engine/codec/lzma"
)

const (
	filterDelta = 0x03
	filterLZMA2 = 0x21
	maxFilters  = 4
)

// block reads one block's data and checks it.
type block struct {
	z      *Reader
	src    *source
	out    io.Reader // the last of the filters
	check  hash.Hash // nil: the check is of a kind nobody here computes
	size   int       // bytes of the check
	start  int64     // of the packed data, in src
	packed int64     // -1: not said
	plain  int64
	n      int64
}

// openBlock reads a block header whose first byte was size.
func (z *Reader) openBlock(size byte) (*block, error) {
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if err := z.src.full(h[1:]); err != nil {
		return nil, err
	}
	body := h[:len(h)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(h[len(body):]) {
		return nil, errors.New("xz: a block header's checksum is wrong")
	}
	b := &block{z: z, src: &z.src, packed: -1, plain: -1, start: z.src.n}
	b.check, b.size = newCheck(z.flags[1])
	if err := b.parse(bytes.NewReader(body[1:])); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *block) parse(r *bytes.Reader) error {
	flags, err := r.ReadByte()
	if err != nil || flags&0x3c != 0 {
		return errors.New("xz: unknown block flags")
	}
	for _, f := range []struct {
		flag byte
		dst  *int64
	}{{0x40, &b.packed}, {0x80, &b.plain}} {
		if flags&f.flag == 0 {
			continue
		}
		v, err := readVint(r)
		if err != nil {
			return err
		}
		*f.dst = int64(v)
	}
	return b.filters(r, int(flags&3)+1)
}

type filterSpec struct {
	id    uint64
	props []byte
}

// filters builds the chain; the last one in the header is the compressor.
func (b *block) filters(r *bytes.Reader, n int) error {
	var specs [maxFilters]filterSpec
	for i := range n {
		id, err := readVint(r)
		if err != nil {
			return err
		}
		size, err := readVint(r)
		if err != nil {
			return err
		}
		if size > uint64(r.Len()) {
			return errors.New("xz: filter properties go past the block header")
		}
		props := make([]byte, size)
		_, _ = io.ReadFull(r, props) // as many are there
		specs[i] = filterSpec{id, props}
	}
	if err := b.compressor(specs[n-1]); err != nil {
		return err
	}
	for i := n - 2; i >= 0; i-- {
		if err := b.wrap(specs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *block) compressor(s filterSpec) error {
	if s.id != filterLZMA2 {
		return fmt.Errorf("%w %#x", ErrFilter, s.id)
	}
	if len(s.props) != 1 {
		return errors.New("xz: LZMA2 properties are not one byte")
	}
	dict, err := lzma.DictSize2(s.props[0])
	if err != nil {
		return err
	}
	if b.z.lzma == nil {
		b.z.lzma, err = lzma.NewReader2(b.src, dict, b.z.mem)
	} else {
		b.z.lzma.Reset(b.src, dict)
	}
	b.out = b.z.lzma
	return err
}

// wrap puts a filter over the chain.
func (b *block) wrap(s filterSpec) (err error) {
	if s.id == filterDelta && len(s.props) == 1 {
		b.out, err = filter.NewDelta(b.out, int(s.props[0])+1)
		return err
	}
	kind, ok := branchKind(s.id)
	if !ok {
		return fmt.Errorf("%w %#x", ErrFilter, s.id)
	}
	var start uint32
	if len(s.props) >= 4 {
		start = binary.LittleEndian.Uint32(s.props)
	}
	b.out, err = filter.NewBranch(b.out, kind, start)
	return err
}

func branchKind(id uint64) (filter.Kind, bool) {
	switch id {
	case 0x04:
		return filter.X86, true
	case 0x05:
		return filter.PPC, true
	case 0x06:
		return filter.IA64, true
	case 0x07:
		return filter.ARM, true
	case 0x08:
		return filter.ARMT, true
	case 0x09:
		return filter.SPARC, true
	case 0x0a:
		return filter.ARM64, true
	}
	return 0, false
}

// newCheck gives the hash of a check's type and the bytes it takes.
func newCheck(kind byte) (hash.Hash, int) {
	switch kind {
	case 0:
		return nil, 0
	case 1:
		return crc32.NewIEEE(), 4
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), 8
	case 10:
		return sha256.New(), 32
	}
	return nil, 4 << ((kind - 1) / 3)
}

func (b *block) Read(p []byte) (int, error) {
	n, err := b.out.Read(p)
	b.n += int64(n)
	if b.check != nil {
		b.check.Write(p[:n])
	}
	return n, err
}

// finish reads what follows the data and compares.
func (b *block) finish() error {
	packed := b.src.n - b.start
	tail := make([]byte, int(pad4(packed))+b.size)
	if err := b.src.full(tail); err != nil {
		return err
	}
	if b.packed >= 0 && b.packed != packed || b.plain >= 0 && b.plain != b.n {
		return errors.New("xz: a block's size is not what its header says")
	}
	if b.check == nil {
		return nil
	}
	got := b.check.Sum(nil)
	if b.size < 32 { // CRCs are stored lowest byte first
		for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
			got[i], got[j] = got[j], got[i]
		}
	}
	if !bytes.Equal(got, tail[len(tail)-b.size:]) {
		return errors.New("xz: a block's checksum is wrong")
	}
	return nil
}
