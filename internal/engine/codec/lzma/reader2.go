package lzma

import (
	"errors"
	"io"
)

const (
	chunkEnd         = 0x00
	chunkCopyReset   = 0x01 // stored, dictionary reset
	chunkCopy        = 0x02 // stored
	chunkLZMA        = 0x80
	maxChunk         = 1 << 16 // packed bytes of one chunk
	maxLiteralsLZMA2 = literalLen << 4
)

// DictSize2 gives the dictionary size an LZMA2 property byte means.
func DictSize2(b byte) (int64, error) {
	switch {
	case b > 40:
		return 0, errors.New("lzma2: dictionary size out of range")
	case b == 40:
		return 1<<32 - 1, nil
	}
	return int64(2|b&1) << (b/2 + 11), nil
}

// Reader2 decodes one LZMA2 stream. It reads exactly the stream's bytes.
type Reader2 struct {
	d      decoder
	src    io.Reader
	chunk  [maxChunk + maxSymbol]byte
	stored bool
	left   int // bytes that come out of this chunk
	err    error
	held   int64

	haveDict, haveProps, haveState bool
}

// NewReader2 makes a Reader2 for a dictionary of dict bytes.
func NewReader2(r io.Reader, dict int64, mem Memory) (*Reader2, error) {
	z := &Reader2{src: r}
	held := int64(maxLiteralsLZMA2*2 + len(z.chunk))
	if err := mem.Hold(held); err != nil {
		return nil, err
	}
	z.held = held
	z.d.win = window{limit: int(min(max(dict, minDict), 1<<32)), mem: mem}
	z.d.literal = make([]prob, 0, maxLiteralsLZMA2)
	return z, nil
}

// Reset makes a Reader2 that has not been closed ready for another stream; it
// keeps what memory it can.
func (z *Reader2) Reset(r io.Reader, dict int64) {
	w := &z.d.win
	w.limit = int(min(max(dict, minDict), 1<<32))
	if len(w.buf) > w.limit {
		w.release()
	}
	w.pos, w.out, w.written = 0, 0, 0
	z.src, z.err, z.left, z.d.pending = r, nil, 0, 0
	z.haveDict, z.haveProps, z.haveState = false, false, false
}

// Read decodes. The error is io.EOF after the end marker.
func (z *Reader2) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := z.d.win.take(p); n > 0 {
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		z.err = z.fill(len(p))
	}
	return 0, nil
}

func (z *Reader2) fill(want int) error {
	if z.left == 0 {
		if err := z.next(); err != nil {
			return err
		}
	}
	w := &z.d.win
	if err := w.room(); err != nil {
		return err
	}
	before := w.pos
	n := min(len(w.buf)-before, want, z.left)
	var err error
	if z.stored {
		err = z.copyStored(w.buf[before : before+n])
	} else {
		err = z.d.run(before + n)
	}
	z.left -= w.pos - before
	if err == nil && z.left == 0 && !z.stored && z.d.pending > 0 {
		err = errors.New("lzma2: a match goes past its chunk")
	}
	return err
}

func (z *Reader2) copyStored(dst []byte) error {
	n, err := io.ReadFull(z.src, dst)
	z.d.win.pos += n
	z.d.win.written += int64(n)
	return truncated(err)
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next reads a chunk's header.
func (z *Reader2) next() error {
	var h [6]byte
	if _, err := io.ReadFull(z.src, h[:1]); err != nil {
		return truncated(err)
	}
	control := h[0]
	switch {
	case control == chunkEnd:
		return io.EOF
	case control >= chunkLZMA:
		return z.startLZMA(control)
	case control > chunkCopy:
		return errors.New("lzma2: unknown chunk type")
	}
	if _, err := io.ReadFull(z.src, h[1:3]); err != nil {
		return truncated(err)
	}
	if control == chunkCopyReset {
		z.resetDict()
	} else if !z.haveDict {
		return errors.New("lzma2: the first chunk does not reset the dictionary")
	}
	z.stored, z.left = true, (int(h[1])<<8|int(h[2]))+1
	return nil
}

func (z *Reader2) resetDict() {
	z.d.win.written = 0
	z.haveDict = true
}

func (z *Reader2) startLZMA(control byte) error {
	var h [5]byte
	reset := control >> 5 & 3 // 0 none, 1 state, 2 state and properties, 3 and dictionary
	n := 4
	if reset >= 2 {
		n = 5
	}
	if _, err := io.ReadFull(z.src, h[:n]); err != nil {
		return truncated(err)
	}
	if err := z.applyReset(reset, h[4]); err != nil {
		return err
	}
	z.stored, z.left = false, int(control&0x1f)<<16+(int(h[0])<<8|int(h[1]))+1
	packed := (int(h[2])<<8 | int(h[3])) + 1
	if _, err := io.ReadFull(z.src, z.chunk[:packed]); err != nil {
		return truncated(err)
	}
	clear(z.chunk[packed : packed+maxSymbol])
	z.d.rc = rangeCoder{in: z.chunk[:], end: packed, last: true}
	return z.d.rc.start()
}

func (z *Reader2) applyReset(reset, props byte) error {
	if reset == 3 {
		z.resetDict()
	}
	if reset >= 2 {
		p, err := parseProperties(props)
		if err != nil {
			return err
		}
		if p.lc+p.lp > 4 {
			return errors.New("lzma2: lc and lp are more than 4")
		}
		z.d.props = p
		z.d.literal = z.d.literal[:p.literals()]
		z.haveProps = true
	}
	if reset >= 1 && z.haveProps {
		z.d.reset()
		z.haveState = true
	}
	if !z.haveDict || !z.haveProps || !z.haveState {
		return errors.New("lzma2: the first chunk does not reset the decoder")
	}
	return nil
}

// Close gives the memory back. The Reader2 must not be used after it.
func (z *Reader2) Close() error {
	z.d.win.release()
	z.d.win.mem.Release(z.held)
	z.held, z.err = 0, io.ErrClosedPipe
	return nil
}
