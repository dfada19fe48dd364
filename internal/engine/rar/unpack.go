package rar

import (
	"errors"
	"io"

	"vitrine/internal/engine/codec/ppmd"
	"vitrine/internal/engine/limit"
)

// Versions of the packing, as RAR 1.5 to 4 number them; 50 and 70 are those of
// RAR 5 and 7.
const (
	version20 = 20
	version29 = 29
	version50 = 50
	version70 = 70
)

// unpacker decodes members. In a solid archive one is used for all, and goes
// on with what the ones before left.
type unpacker struct {
	budget *limit.Budget
	bits   bitReader
	ring   ring
	ended  bool // no more comes from the packed data
	err    error

	lz50 lz50
	lz29 lz29
	lz20 lz20
	ppm  *ppmd.Decoder

	stage stage
	step  func(end int) error // decodes until the ring is written up to end
}

func newUnpacker(b *limit.Budget) *unpacker {
	return &unpacker{budget: b, ring: ring{budget: b}, stage: stage{budget: b}}
}

// minDict is what the programs use at least, whatever the header says.
const minDict = 256 << 10

// method is how a member is packed.
type method struct {
	version int
	dict    int64
	solid   bool  // goes on from the member before
	size    int64 // unpacked; negative: not known
}

// start begins a member. After an error the members that go on from this one
// cannot be unpacked either.
func (u *unpacker) start(src io.Reader, m method) error {
	err := u.prepare(src, m)
	u.err = err
	return err
}

func (u *unpacker) prepare(src io.Reader, m method) error {
	if m.solid && u.err != nil && !errors.Is(u.err, io.EOF) {
		return errors.New("rar: the member before, from which this one goes on, is malformed")
	}
	dict := max(m.dict, minDict)
	if dict > 1<<32 {
		return limit.Errorf(limit.Dict, "needs a dictionary of %d bytes", dict)
	}
	u.bits.reset(src)
	u.ended = false
	u.ring.pending = 0
	u.ring.out = u.ring.pos // what the member before left over is not ours
	u.stage.reset()
	if !m.solid {
		u.ring.reset(int(dict))
	} else if err := u.ring.widen(int(dict)); err != nil {
		return err
	}
	switch m.version {
	case version20, 26:
		u.lz20.start(m.solid)
		u.lz20.size = m.size
		u.step = u.decode20
	case version29:
		u.lz29.start(m.solid)
		u.step = u.decode29
	case version50, version70:
		u.lz50.start(m.solid, m.version == version70)
		u.step = u.decode50
	default:
		return limit.Errorf(limit.Method, "rar: packing of version %d", m.version)
	}
	return nil
}

// runStep is how many bytes are decoded at once.
const runStep = 64 << 10

// Read decodes. The error is io.EOF behind the last byte.
func (u *unpacker) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := u.stage.ready(p); n > 0 {
			return n, nil
		}
		if u.ring.out < u.ring.pos {
			n, err := u.stage.pass(p, &u.ring)
			if n > 0 || err != nil {
				return n, err
			}
			continue
		}
		if u.err != nil {
			if n := u.stage.rest(p); n > 0 {
				return n, nil
			}
			return 0, u.err
		}
		u.err = u.decode()
	}
	return 0, nil
}

// decode writes some bytes to the ring.
func (u *unpacker) decode() error {
	if u.ended {
		return io.EOF
	}
	if err := u.ring.room(); err != nil {
		return err
	}
	end := min(len(u.ring.buf), u.ring.pos+runStep)
	u.ring.resume(end)
	if u.ring.pos == end {
		return nil
	}
	err := u.step(end)
	if errors.Is(err, io.EOF) {
		u.ended = true
		return nil
	}
	return err
}

// finish decodes what stands behind the last byte of a member: marks that tell
// how the next one of a solid archive begins.
func (u *unpacker) finish() {
	for range 2 {
		if u.ended || u.err != nil {
			return
		}
		u.ring.out = u.ring.pos
		u.err = u.decode()
	}
}

func (u *unpacker) close() {
	u.ring.release()
	u.stage.close()
	if u.ppm != nil {
		u.ppm.Close()
	}
}
