// Package lz4 reads LZ4 frames and the older, legacy ones (LZ4 Frame Format
// 1.6.3, LZ4 Block Format), one after the other as the lz4 command does. It
// holds one block and 64 KiB of history, and nothing else.
package lz4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Memory is asked before memory is taken; *limit.Budget is one.
type Memory interface {
	Hold(n int64) error
	Release(n int64)
}

// ErrTrailing ends a file that has other bytes after its last frame. All of
// the frames was read by then.
var ErrTrailing = errors.New("lz4: other data after the last frame")

// The magic numbers a frame begins with, lowest byte first in the file.
const (
	Magic       = 0x184d2204
	MagicLegacy = 0x184c2102

	magicSkip     = 0x184d2a50 // and the 15 after it
	magicSkipMask = 0xfffffff0
	historySize   = 64 << 10
	legacyBlock   = 8 << 20
	storedBit     = 1 << 31
)

// Reader decodes frames.
type Reader struct {
	src    counter
	end    int64 // behind the last whole frame
	mem    Memory
	held   int64
	frame  frame
	opened bool // frame has blocks to come
	frames int
	packed []byte // one block as stored
	plain  []byte // history and one block
	out    int    // next byte of plain to hand out
	err    error
}

// frame is what a frame's header says.
type frame struct {
	legacy      bool
	linked      bool // a block may refer to the ones before
	blockSum    bool
	contentSum  bool
	maxBlock    int
	sum         xxh32
	nextMagic   uint32 // legacy frames end where another magic stands
	haveMagic   bool
	contentSize int64 // -1: not said
	size        int64
}

// NewReader makes a Reader; the first Read reads the first header.
func NewReader(r io.Reader, mem Memory) *Reader { return &Reader{src: counter{r: r}, mem: mem} }

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// End is where the last whole frame ended.
func (z *Reader) End() int64 { return z.end }

// Close gives the memory back. The Reader must not be used after it.
func (z *Reader) Close() error {
	z.mem.Release(z.held)
	z.held, z.packed, z.plain, z.out, z.err = 0, nil, nil, 0, io.ErrClosedPipe
	return nil
}

// Read decodes. At the end of the last frame the error is io.EOF or
// ErrTrailing.
func (z *Reader) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if z.out < len(z.plain) {
			n := copy(p, z.plain[z.out:])
			z.out += n
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		if z.opened {
			z.err = z.block()
		} else {
			z.err = z.open()
		}
	}
	return 0, nil
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// u32 reads four bytes; io.EOF only when there is none at all.
func (z *Reader) u32() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(&z.src, b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}

// open reads a frame's header.
func (z *Reader) open() error {
	magic, err := z.frame.nextMagic, error(nil)
	if !z.frame.haveMagic {
		magic, err = z.u32()
	}
	z.frame = frame{}
	switch {
	case errors.Is(err, io.EOF) && z.frames > 0:
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF) && z.frames > 0:
		return ErrTrailing
	case err != nil:
		return truncated(err)
	case magic == Magic:
		err = z.header()
	case magic == MagicLegacy:
		z.frame = frame{legacy: true, maxBlock: legacyBlock, contentSize: -1}
	case magic&magicSkipMask == magicSkip:
		z.frames++
		return z.skip()
	case z.frames > 0:
		return ErrTrailing
	default:
		return errors.New("lz4: not a frame")
	}
	if err != nil {
		return err
	}
	z.frames++
	return z.prepare()
}

func (z *Reader) skip() error {
	size, err := z.u32()
	if err != nil {
		return truncated(err)
	}
	_, err = io.CopyN(io.Discard, &z.src, int64(size))
	z.end = z.src.n
	return truncated(err)
}

// header reads the descriptor of a frame: flags, sizes and their checksum.
func (z *Reader) header() error {
	var h [15]byte
	if _, err := io.ReadFull(&z.src, h[:2]); err != nil {
		return truncated(err)
	}
	flags, n := h[0], 2
	if flags>>6 != 1 || flags&2 != 0 || h[1]&0x8f != 0 || h[1]>>4 < 4 {
		return errors.New("lz4: unknown frame flags")
	}
	if flags&8 != 0 {
		n += 8
	}
	if flags&1 != 0 {
		n += 4
	}
	if _, err := io.ReadFull(&z.src, h[2:n+1]); err != nil {
		return truncated(err)
	}
	z.frame = frame{linked: flags&0x20 == 0, blockSum: flags&0x10 != 0, contentSum: flags&4 != 0,
		maxBlock: 1 << (8 + 2*(h[1]>>4)), contentSize: -1}
	if flags&8 != 0 {
		z.frame.contentSize = int64(binary.LittleEndian.Uint64(h[2:]))
	}
	if byte(sum32(h[:n])>>8) != h[n] {
		return errors.New("lz4: the frame header's checksum is wrong")
	}
	if flags&1 != 0 {
		return fmt.Errorf("lz4: the frame needs a dictionary that is not in it")
	}
	return nil
}

// prepare takes the memory for the largest block of this frame.
func (z *Reader) prepare() error {
	if need := int64(2*z.frame.maxBlock + historySize); need > z.held {
		if err := z.mem.Hold(need - z.held); err != nil {
			return err
		}
		z.held = need
	}
	z.plain, z.out, z.opened = z.plain[:0], 0, true
	z.frame.sum.reset()
	return nil
}

// block reads and decodes one block.
func (z *Reader) block() error {
	size, err := z.u32()
	if z.frame.legacy {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		z.end = z.src.n - 4
		if err == nil && (size == Magic || size == MagicLegacy || size&magicSkipMask == magicSkip) {
			z.opened, z.frame.haveMagic, z.frame.nextMagic = false, true, size
			return nil
		}
	}
	if err != nil {
		return truncated(err)
	}
	if size == 0 {
		return z.endFrame()
	}
	stored := !z.frame.legacy && size&storedBit != 0
	if stored {
		size &^= storedBit
	}
	if err := z.readPacked(int64(size)); err != nil {
		return err
	}
	return z.unpack(stored)
}

// readPacked reads a block and compares its checksum. The buffer grows with
// what is really there.
func (z *Reader) readPacked(size int64) error {
	most := int64(z.frame.maxBlock)
	if z.frame.legacy {
		most += most/255 + 16
	}
	if size > most {
		return errors.New("lz4: a block is larger than the frame allows")
	}
	z.packed = z.packed[:0]
	for int64(len(z.packed)) < size {
		n := int(min(size-int64(len(z.packed)), 64<<10))
		from := len(z.packed)
		z.packed = append(z.packed, make([]byte, n)...)
		k, err := io.ReadFull(&z.src, z.packed[from:])
		if err != nil {
			z.packed = z.packed[:from+k]
			return truncated(err)
		}
	}
	if !z.frame.blockSum {
		return nil
	}
	sum, err := z.u32()
	if err != nil {
		return truncated(err)
	}
	if sum != sum32(z.packed) {
		return errors.New("lz4: a block's checksum is wrong")
	}
	return nil
}

func (z *Reader) unpack(stored bool) error {
	keep := 0
	if z.frame.linked {
		keep = min(len(z.plain), historySize)
	}
	z.plain = append(z.plain[:0], z.plain[len(z.plain)-keep:]...)
	z.out = keep
	var err error
	if stored {
		z.plain = append(z.plain, z.packed...)
	} else {
		z.plain, err = appendBlock(z.plain, z.packed, z.frame.maxBlock)
	}
	block := z.plain[keep:]
	z.frame.size += int64(len(block))
	if z.frame.contentSum {
		z.frame.sum.write(block)
	}
	return err
}

// endFrame reads what follows the last block.
func (z *Reader) endFrame() error {
	z.opened = false
	if z.frame.legacy {
		return errors.New("lz4: an empty block")
	}
	defer func() { z.end = z.src.n }()
	if z.frame.contentSum {
		sum, err := z.u32()
		if err != nil {
			return truncated(err)
		}
		if sum != z.frame.sum.sum() {
			return errors.New("lz4: the content's checksum is wrong")
		}
	}
	if z.frame.contentSize >= 0 && z.frame.contentSize != z.frame.size {
		return errors.New("lz4: the content's size is not what the header says")
	}
	return nil
}
