package codec

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"vitrine/internal/engine/limit"
)

// ErrTrailing ends zstd data that has other bytes after its last frame. All
// of the frames was read by then.
var ErrTrailing = errors.New("zstd: other data after the last frame")

const (
	zstdMagic    = 0xfd2fb528
	zstdSkip     = 0x184d2a50
	zstdSkipMask = 0xfffffff0
	// zstdOverhead is what a decoder takes besides the window: two blocks of
	// 128 KiB with literals, and tables.
	zstdOverhead  = 1 << 20
	zstdMinWindow = 1 << 10
)

// Zstd opens zstd frames, one after the other, skippable ones among them. The
// header of each frame is read here first, so that a window is counted before
// the decoder takes it.
func (o *Opener) Zstd(r io.Reader) (io.ReadCloser, error) {
	z := &zstdReader{in: counting{r: r}, budget: o.Budget}
	z.src = bufio.NewReader(&z.in)
	return z, nil
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

type zstdReader struct {
	in     counting
	src    *bufio.Reader
	end    int64
	budget *limit.Budget
	dec    *zstd.Decoder
	frame  *zstdFrame // nil between frames
	frames int
	held   int64
	err    error
}

// Read decodes. At the end the error is io.EOF or ErrTrailing.
func (z *zstdReader) Read(p []byte) (int, error) {
	for z.err == nil && len(p) > 0 {
		if z.frame == nil {
			z.err = z.next()
			continue
		}
		n, err := z.dec.Read(p)
		if errors.Is(err, io.EOF) {
			z.frame, err = nil, nil
		}
		z.err = zstdReason(err)
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

func zstdReason(err error) error {
	if errors.Is(err, zstd.ErrUnknownDictionary) {
		return limit.Errorf(limit.Method, "zstd: the frame needs a dictionary that is not in it")
	}
	return err
}

// End is where the last whole frame ended.
func (z *zstdReader) End() int64 { return z.end }

// next opens the next frame.
func (z *zstdReader) next() error {
	z.end = z.in.n - int64(z.src.Buffered())
	head, err := z.src.Peek(4)
	switch {
	case len(head) == 0 && errors.Is(err, io.EOF) && z.frames > 0:
		return io.EOF
	case len(head) < 4 && errors.Is(err, io.EOF) && z.frames > 0:
		return ErrTrailing
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	magic := binary.LittleEndian.Uint32(head)
	switch {
	case magic&zstdSkipMask == zstdSkip:
		z.frames++
		return z.skip()
	case magic == zstdMagic:
		z.frames++
		return z.open()
	case z.frames > 0:
		return ErrTrailing
	}
	return errors.New("zstd: not a frame")
}

func (z *zstdReader) skip() error {
	var h [8]byte
	if _, err := io.ReadFull(z.src, h[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	size := int64(binary.LittleEndian.Uint32(h[4:]))
	if n, err := io.CopyN(io.Discard, z.src, size); n < size {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

func (z *zstdReader) open() error {
	frame, window, err := readZstdHeader(z.src)
	if err != nil {
		return err
	}
	if err := z.hold(window); err != nil {
		return err
	}
	if z.dec == nil {
		most := uint64(max(z.budget.Limits().MaxDict, zstdMinWindow))
		z.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(most), zstd.WithDecoderMaxMemory(1<<62))
		if err != nil {
			return fmt.Errorf("zstd: %w", err)
		}
	}
	z.frame = frame
	return z.dec.Reset(frame)
}

// hold counts a window; the decoder keeps the largest it had.
func (z *zstdReader) hold(window int64) error {
	if most := z.budget.Limits().MaxDict; window > max(most, zstdMinWindow) {
		return limit.Errorf(limit.Dict, "needs a window of %d bytes, %d are allowed", window, most)
	}
	if need := window + zstdOverhead; need > z.held {
		if err := z.budget.Hold(need - z.held); err != nil {
			return err
		}
		z.held = need
	}
	return nil
}

// Close gives the memory back.
func (z *zstdReader) Close() error {
	if z.dec != nil {
		z.dec.Close()
		z.dec = nil
	}
	z.budget.Release(z.held)
	z.held, z.err = 0, io.ErrClosedPipe
	return nil
}

// zstdFrame hands one frame to the decoder and ends behind it.
type zstdFrame struct {
	src      *bufio.Reader
	head     []byte // header bytes not yet handed out
	left     int64  // bytes of the current block, or of the checksum
	last     bool   // the current block is the last
	checksum bool
	done     bool
}

// readZstdHeader reads a frame's header (RFC 8878, 3.1.1.1), and the size of
// the window it asks for.
func readZstdHeader(src *bufio.Reader) (*zstdFrame, int64, error) {
	h := make([]byte, 5, 18+3)
	if _, err := io.ReadFull(src, h); err != nil {
		return nil, 0, io.ErrUnexpectedEOF
	}
	flags := h[4]
	single := flags&0x20 != 0
	size := []int{0, 2, 4, 8}[flags>>6] // of the content size
	if single && size == 0 {
		size = 1
	}
	more := []int{0, 1, 2, 4}[flags&3] + size // after a dictionary id
	if !single {
		more++
	}
	h = h[:5+more]
	if _, err := io.ReadFull(src, h[5:]); err != nil {
		return nil, 0, io.ErrUnexpectedEOF
	}
	f := &zstdFrame{src: src, head: h, checksum: flags&4 != 0}
	if !single {
		base := int64(1) << (10 + h[5]>>3)
		return f, base + base/8*int64(h[5]&7), nil
	}
	var b [8]byte
	copy(b[:], h[len(h)-size:])
	content := binary.LittleEndian.Uint64(b[:])
	if size == 2 {
		content += 256
	}
	return f, int64(min(content, 1<<62)), nil
}

// Read gives the frame's bytes.
func (f *zstdFrame) Read(p []byte) (int, error) {
	if len(f.head) == 0 && f.left == 0 {
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
	if len(f.head) > 0 {
		n := copy(p, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	n, err := f.src.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

// advance goes on to the next block, or to the checksum.
func (f *zstdFrame) advance() error {
	switch {
	case f.done:
		return io.EOF
	case f.last:
		f.done = true
		if !f.checksum {
			return io.EOF
		}
		f.left = 4
		return nil
	}
	h := make([]byte, 3)
	if _, err := io.ReadFull(f.src, h); err != nil {
		return io.ErrUnexpectedEOF
	}
	v := int64(h[0]) | int64(h[1])<<8 | int64(h[2])<<16
	f.last = v&1 == 1
	f.left = v >> 3
	if v>>1&3 == 1 { // one byte, many times
		f.left = 1
	}
	f.head = h
	return nil
}
