package yaracmd

import (
	"bufio"
	"fmt"
	"io"
	"sync"
)

// output is stdout, shared by the scanning goroutines.
type output struct {
	mu  sync.Mutex
	w   *bufio.Writer
	err error // the first that writing gave
}

func newOutput(w io.Writer) *output { return &output{w: bufio.NewWriterSize(w, 64<<10)} }

// pageSize is how much of one file's lines is held back so that other files
// can be printed meanwhile. A longer page takes stdout for itself until it is
// closed, so that memory stays bounded however much matches.
const pageSize = 1 << 20

// page collects the lines of one file, which stay together on stdout.
type page struct {
	o    *output
	buf  []byte
	held bool // holds o.mu
}

func (o *output) page() *page { return &page{o: o} }

func (p *page) write(b []byte) {
	if !p.held && len(p.buf)+len(b) > pageSize {
		p.o.mu.Lock()
		p.held = true
		p.o.put(p.buf)
		p.buf = nil
	}
	if p.held {
		p.o.put(b)
		return
	}
	p.buf = append(p.buf, b...)
}

func (p *page) printf(format string, args ...any) { p.write(fmt.Appendf(nil, format, args...)) }

// close prints the page and gives the first error that stdout has given to
// anybody. The page may be used again afterwards.
func (p *page) close() error {
	if !p.held {
		p.o.mu.Lock()
		p.o.put(p.buf)
	}
	defer p.o.mu.Unlock()
	p.buf, p.held = p.buf[:0], false
	return p.o.flushLocked()
}

// put writes; o.mu is held.
func (o *output) put(b []byte) {
	if o.err == nil {
		_, o.err = o.w.Write(b)
	}
}

// flush writes what is left, and gives the first error of all.
func (o *output) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.flushLocked()
}

func (o *output) flushLocked() error {
	if o.err == nil {
		o.err = o.w.Flush()
	}
	return o.err
}
