// Package installer has what the readers of installers share: where their
// parts go, and how a part is taken out of a stream that holds many. The
// formats are read in packages of their own below. Nothing here or there runs,
// writes or follows anything; an installer's script is data.
package installer

import (
	"errors"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// Sink takes the parts of an installer. An error of it ends the walk.
type Sink interface {
	// Whole takes a part that lies as it is in the installer, or in memory.
	Whole(name string, data []byte) error
	// Decoded takes a part that r gives, from packed bytes of the installer.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// Job is one scan, in which installers are taken apart.
type Job struct {
	Budget *limit.Budget
	Open   *codec.Opener
	Sink   Sink
}

// Input reads packed bytes under the budget.
func (j *Job) Input(data []byte) *codec.Input { return codec.NewInput(j.Budget, data) }

const step = 64 << 10 // bytes between two looks at the budget

// Read takes what r gives into memory, at most that many bytes. They are held
// until Free, which is to be called with them even after an error. More bytes
// than that are no error.
func (j *Job) Read(r io.Reader, most int64) ([]byte, error) {
	var buf []byte
	for int64(len(buf)) < most {
		if len(buf) == cap(buf) {
			size := min(max(2*int64(cap(buf)), step), most)
			if err := j.Budget.Hold(size); err != nil {
				return buf, err
			}
			bigger := make([]byte, len(buf), size)
			copy(bigger, buf)
			j.Free(buf)
			buf = bigger
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+step)])
		buf = buf[:len(buf)+n]
		if spent := j.Budget.Spend(int64(n)); spent != nil {
			return buf, spent
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// Free gives back what Read took.
func (j *Job) Free(data []byte) { j.Budget.Release(int64(cap(data))) }

// Damaged tells the sink of an error unless it ends the scan, which is
// returned then. What has no reason of its own is a damage.
func (j *Job) Damaged(what string, err error) error {
	if limit.Final(err) {
		return err
	}
	var e *limit.Error
	if !errors.As(err, &e) {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("cut off")
		}
		err = limit.Errorf(limit.Damaged, "%s: %v", what, err)
	}
	j.Sink.Problem(err)
	return nil
}

// Piece hands out the next n bytes of a stream as a part and goes behind them.
// packed is how many bytes the whole stream was packed into. ok tells whether
// the stream goes on; why not was told with the part then.
func (j *Job) Piece(name string, r io.Reader, n int64, packed int) (ok bool, err error) {
	return j.PieceThrough(name, r, n, packed, nil)
}

// PieceThrough is Piece of bytes that go through what over puts on them; nil
// puts nothing there.
func (j *Job) PieceThrough(name string, r io.Reader, n int64, packed int, over func(io.Reader) io.Reader) (ok bool, err error) {
	p := &piece{r: r, left: n}
	var in io.Reader = p
	if over != nil {
		in = over(p)
	}
	if err := j.Sink.Decoded(name, in, packed); err != nil {
		return false, err
	}
	// What is too large for a part is passed over; the next lies behind it.
	return j.pass(p)
}

// Skip goes behind the next n bytes of a stream; they are counted.
func (j *Job) Skip(r io.Reader, n int64) (ok bool, err error) {
	return j.pass(&piece{r: r, left: n})
}

func (j *Job) pass(p *piece) (ok bool, err error) {
	if p.left <= 0 {
		return true, nil
	}
	buf := make([]byte, min(p.left, step))
	for p.left > 0 && p.err == nil {
		k, _ := p.Read(buf)
		if err := j.Budget.Spend(int64(k)); err != nil {
			return false, err
		}
	}
	return p.left <= 0, nil
}

// piece reads a part of a stream, which must have all of it.
type piece struct {
	r    io.Reader
	left int64
	err  error // of r
}

// Read ends with io.EOF behind the last byte and nowhere before.
func (p *piece) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, io.EOF
	}
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	p.err = err
	if p.left <= 0 {
		err = nil
	}
	return n, err
}
