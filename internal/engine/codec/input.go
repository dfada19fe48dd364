package codec

import (
	"io"

	"vitrine/internal/engine/limit"
)

// inputStep is how many packed bytes are handed out before the budget is asked
// again: a decompressor may take many of them and give nothing out.
const inputStep = 32 << 10

// Input reads packed bytes from memory and ends with the budget's error when
// time is up. It is what every decompressor reads from in the end.
type Input struct {
	budget *limit.Budget
	data   []byte
	pos    int
	next   int // where the budget is asked again
}

// NewInput reads data.
func NewInput(b *limit.Budget, data []byte) *Input { return &Input{budget: b, data: data} }

// Unread is the number of bytes not yet read.
func (in *Input) Unread() int { return len(in.data) - in.pos }

func (in *Input) check() error {
	if in.pos >= len(in.data) {
		return io.EOF
	}
	if in.pos < in.next {
		return nil
	}
	in.next = in.pos + inputStep
	return in.budget.Check()
}

// Read gives at most inputStep bytes.
func (in *Input) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := in.check(); err != nil {
		return 0, err
	}
	n := copy(p, in.data[in.pos:min(in.next, len(in.data))])
	in.pos += n
	return n, nil
}

// ReadByte gives one byte.
func (in *Input) ReadByte() (byte, error) {
	if in.pos >= in.next || in.pos >= len(in.data) {
		if err := in.check(); err != nil {
			return 0, err
		}
	}
	b := in.data[in.pos]
	in.pos++
	return b, nil
}
