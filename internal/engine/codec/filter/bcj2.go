package filter

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// NewBCJ2 undoes 7-Zip's BCJ2, which split an x86 program into the code
// without operands, the operands of CALL, those of JMP and Jcc, and a range
// coded stream of bits that say which operands were taken out.
func NewBCJ2(code, call, jump, choice io.Reader) io.Reader {
	b := &bcj2{rng: 0xffffffff}
	for i, r := range []io.Reader{code, call, jump, choice} {
		b.src[i] = bufio.NewReader(r)
	}
	for i := range b.probs {
		b.probs[i] = 1 << 10
	}
	return b
}

type bcj2 struct {
	src       [4]*bufio.Reader // code, call, jump, choice
	rng, bits uint32
	probs     [2 + 256]uint16
	started   bool
	prev      byte
	written   uint32
	queue     [4]byte // an operand not yet handed out: the last queued bytes
	queued    int
	err       error
}

func (b *bcj2) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if b.queued > 0 {
			k := copy(p[n:], b.queue[4-b.queued:])
			b.queued -= k
			n += k
			continue
		}
		if b.err != nil {
			break
		}
		c, err := b.next()
		if err != nil {
			b.err = err
			break
		}
		p[n] = c
		n++
	}
	if n == 0 && len(p) > 0 {
		return 0, b.err
	}
	return n, nil
}

// next gives one byte of the code, and queues the operand that follows it.
func (b *bcj2) next() (byte, error) {
	if !b.started {
		if err := b.start(); err != nil {
			return 0, err
		}
	}
	c, err := b.src[0].ReadByte()
	if err != nil {
		return 0, err
	}
	b.written++
	which, isJump := 0, false
	switch {
	case c == 0xe8:
		which, isJump = 2+int(b.prev), true
	case c == 0xe9:
		which, isJump = 1, true
	case b.prev == 0x0f && c&0xf0 == 0x80:
		isJump = true
	}
	b.prev = c
	if !isJump {
		return c, nil
	}
	taken, err := b.bit(&b.probs[which])
	if err == nil && taken {
		err = b.operand(c)
	}
	return c, err
}

func (b *bcj2) start() error {
	var h [5]byte
	if _, err := io.ReadFull(b.src[3], h[:]); err != nil {
		return short(err)
	}
	if h[0] != 0 {
		return errors.New("bcj2: the first byte of the choices is not 0")
	}
	b.bits = binary.BigEndian.Uint32(h[1:])
	b.started = true
	return nil
}

func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (b *bcj2) bit(p *uint16) (bool, error) {
	if b.rng < 1<<24 {
		c, err := b.src[3].ReadByte()
		if err != nil {
			return false, short(err)
		}
		b.rng <<= 8
		b.bits = b.bits<<8 | uint32(c)
	}
	bound := (b.rng >> 11) * uint32(*p)
	if b.bits < bound {
		b.rng = bound
		*p += (1<<11 - *p) >> 5
		return false, nil
	}
	b.rng -= bound
	b.bits -= bound
	*p -= *p >> 5
	return true, nil
}

func (b *bcj2) operand(opcode byte) error {
	src := b.src[2]
	if opcode == 0xe8 {
		src = b.src[1]
	}
	var abs [4]byte
	if _, err := io.ReadFull(src, abs[:]); err != nil {
		return short(err)
	}
	b.written += 4
	rel := binary.BigEndian.Uint32(abs[:]) - b.written
	binary.LittleEndian.PutUint32(b.queue[:], rel)
	b.queued = 4
	b.prev = b.queue[3]
	return nil
}
