package upx

import (
	"vitrine/internal/engine/limit"
)

const (
	firstBuffer = 64 << 10
	step        = 256 << 10 // bytes between two looks at the budget
)

// buffer takes what is unpacked. Its memory is asked of the budget, and grows
// with what really came out.
type buffer struct {
	b      []byte
	budget *limit.Budget
	held   int64
	packed int64 // bytes all this is unpacked from
	moved  bool  // what it takes was counted when it was unpacked
}

func (u *unpacker) newBuffer() *buffer {
	return &buffer{budget: u.Budget, packed: int64(len(u.data))}
}

// free gives the memory back.
func (o *buffer) free() {
	o.budget.Release(o.held)
	o.b, o.held = nil, 0
}

// most is how long the buffer may become.
func (o *buffer) most() int64 { return o.budget.Limits().MaxObject }

// room makes place for some more bytes, at most for want, and gives it. It
// fails when the limits allow no more.
func (o *buffer) room(want int64) ([]byte, error) {
	have := int64(len(o.b))
	want = min(want, step, o.most()-have)
	if want <= 0 {
		return nil, limit.Errorf(limit.Size, "larger than %d bytes; the rest was not looked at", o.most())
	}
	if int64(cap(o.b)) < have+want {
		if err := o.grow(have + want); err != nil {
			return nil, err
		}
	}
	return o.b[have : have+want], nil
}

func (o *buffer) grow(need int64) error {
	next := min(max(2*int64(cap(o.b)), need, firstBuffer), max(o.most(), need))
	err := o.budget.Hold(next)
	if err != nil && next > need {
		next = need
		err = o.budget.Hold(next)
	}
	if err != nil {
		return err
	}
	bigger := make([]byte, len(o.b), next)
	copy(bigger, o.b)
	o.budget.Release(o.held)
	o.b, o.held = bigger, next
	return nil
}

// took counts n bytes that were written into the room given last.
func (o *buffer) took(n int) error {
	o.b = o.b[:len(o.b)+n]
	if o.moved {
		return o.budget.Check()
	}
	if err := o.budget.Spend(int64(n)); err != nil {
		return err
	}
	if o.budget.Exceeds(int64(len(o.b)), o.packed) {
		return limit.Errorf(limit.Ratio, "%d bytes unpacked from %d", len(o.b), o.packed)
	}
	return nil
}

// write appends p.
func (o *buffer) write(p []byte) error {
	for len(p) > 0 {
		r, err := o.room(int64(len(p)))
		if err != nil {
			return err
		}
		n := copy(r, p)
		if err := o.took(n); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// zeros appends n zero bytes.
func (o *buffer) zeros(n int64) error {
	for n > 0 {
		r, err := o.room(n)
		if err != nil {
			return err
		}
		clear(r)
		if err := o.took(len(r)); err != nil {
			return err
		}
		n -= int64(len(r))
	}
	return nil
}
