package archive

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

// feed reads a container from front to back: from memory, and behind it from
// what is still being unpacked. What lies in memory is handed out in place.
type feed struct {
	w    *walk
	mem  []byte
	pos  int       // may pass len(mem)
	rest io.Reader // nil: mem is all
	err  error     // of rest
}

func (w *walk) feed() *feed { return &feed{w: w, mem: w.c.Data, rest: w.c.Rest} }

// memory is what is left of mem.
func (f *feed) memory() []byte { return f.mem[min(f.pos, len(f.mem)):] }

// Read gives the next bytes from wherever they are.
func (f *feed) Read(p []byte) (int, error) {
	if m := f.memory(); len(m) > 0 {
		n := copy(p, m)
		f.pos += n
		return n, nil
	}
	if f.rest == nil {
		return 0, io.EOF
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.rest.Read(p)
	f.pos += n
	f.err = err
	return n, err
}

// next gives n bytes, which stay as they are until the feed is used again;
// fewer with an error. n is small: a header.
func (f *feed) next(n int) ([]byte, error) {
	if m := f.memory(); len(m) >= n {
		f.pos += n
		return m[:n], nil
	}
	buf := make([]byte, n)
	k, err := io.ReadFull(f, buf)
	return buf[:k], err
}

// skip leaves out n bytes.
func (f *feed) skip(n int64) error {
	if m := int64(len(f.memory())); m > 0 {
		k := min(m, n)
		f.pos += int(k)
		n -= k
	}
	if n == 0 {
		return nil
	}
	_, err := io.CopyN(io.Discard, f, n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// member hands over the next size bytes under name, and goes behind them.
func (f *feed) member(name string, size int64) error {
	m := f.memory()
	if size > int64(len(m)) && f.rest != nil {
		return f.streamed(name, size)
	}
	var problem error
	if size > int64(len(m)) {
		problem = limit.Errorf(limit.Damaged, "cut off: %d bytes of %d are there", len(m), size)
		size = int64(len(m))
	}
	f.pos += int(size)
	return f.w.inPlace(name, m[:size], problem)
}

// streamed takes a member that is not in memory, or not wholly.
func (f *feed) streamed(name string, size int64) error {
	r := &io.LimitedReader{R: f, N: size}
	if err := f.w.expand(name, r, size, size); err != nil {
		return err
	}
	return f.skip(r.N)
}

// expand takes a member of size bytes, which come from r, a part of the feed
// of n bytes.
func (w *walk) expand(name string, r *io.LimitedReader, n, size int64) error {
	c := claim{packed: n, size: size, counted: w.c.Rest != nil}
	return w.unpack(name, r, c, func() error {
		if r.N > 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
}
