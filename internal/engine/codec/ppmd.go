package codec

import (
	"bufio"
	"errors"
	"io"

	"github.com/stangelandcl/ppmd"

	"vitrine/internal/engine/limit"
)

const (
	ppmdMinMemory = 1 << 11
	ppmdMinOrder  = 2
	ppmdMaxOrder  = 64
	// ppmdStep is how many bytes are decoded before the input is asked
	// whether it has ended: the decoder itself goes on with zeros.
	ppmdStep = 4 << 10
)

var errPPMd = errors.New("ppmd: malformed")

// PPMd opens a PPMd stream of variant H as 7z has it, of size bytes.
func (o *Opener) PPMd(r io.Reader, order int, memory, size int64) (io.ReadCloser, error) {
	if order < ppmdMinOrder || order > ppmdMaxOrder || memory < ppmdMinMemory || size < 0 {
		return nil, errPPMd
	}
	if err := o.Budget.Dictionary(memory); err != nil {
		return nil, err
	}
	z := &ppmdReader{src: &ending{r: bufio.NewReader(r)}, budget: o.Budget, held: memory}
	if err := z.open(order, int(memory), int(size)); err != nil {
		z.Close()
		return nil, err
	}
	return z, nil
}

type ppmdReader struct {
	src    *ending
	dec    ppmd.Reader
	budget *limit.Budget
	held   int64
	err    error
}

func (z *ppmdReader) open(order, memory, size int) (err error) {
	defer contain(&err)
	z.dec, err = ppmd.NewH7zReader(z.src, order, memory, size)
	return err
}

// contain turns a panic into an error: the decoder indexes its model with
// what the input says, and relies on the bounds checks.
func contain(err *error) {
	if recover() != nil {
		*err = errPPMd
	}
}

// Read decodes.
func (z *ppmdReader) Read(p []byte) (int, error) {
	if z.err != nil {
		return 0, z.err
	}
	n, err := z.step(p[:min(len(p), ppmdStep)])
	if err == nil && z.src.past > 0 {
		n, err = 0, io.ErrUnexpectedEOF
	}
	z.err = err
	return n, err
}

func (z *ppmdReader) step(p []byte) (n int, err error) {
	defer contain(&err)
	return z.dec.Read(p)
}

// Close gives the memory back.
func (z *ppmdReader) Close() error {
	z.budget.Release(z.held)
	z.dec, z.held, z.err = ppmd.Reader{}, 0, io.ErrClosedPipe
	return nil
}

// ending counts the reads past the end.
type ending struct {
	r    *bufio.Reader
	past int
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if n == 0 && err != nil {
		e.past++
	}
	return n, err
}
