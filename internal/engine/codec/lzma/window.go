package lzma

import "errors"

// Memory is asked before memory is taken; *limit.Budget is one. Dictionary is
// a Hold that also has a limit of its own.
type Memory interface {
	Dictionary(n int64) error
	Hold(n int64) error
	Release(n int64)
}

const firstWindow = 64 << 10

// window is the dictionary and the output in one ring. It begins small and
// grows with what was really decoded: a header's claim of a large dictionary
// costs nothing until as many bytes came out.
type window struct {
	buf     []byte
	limit   int   // the dictionary size
	pos     int   // next byte to write
	out     int   // next byte to hand out; out <= pos
	written int64 // since the last reset: how far a match may reach back
	mem     Memory
	held    int64
}

var errDistance = errors.New("lzma: a match reaches before the beginning")

// room makes place for at least one byte. All output must have been taken.
func (w *window) room() error {
	if w.pos < len(w.buf) {
		return nil
	}
	if len(w.buf) == w.limit {
		w.pos, w.out = 0, 0
		return nil
	}
	size := min(max(2*len(w.buf), firstWindow), w.limit)
	if err := w.mem.Dictionary(int64(size)); err != nil {
		return err
	}
	buf := make([]byte, size)
	copy(buf, w.buf)
	w.buf = buf
	w.mem.Release(w.held)
	w.held = int64(size)
	return nil
}

func (w *window) release() {
	w.mem.Release(w.held)
	w.buf, w.held, w.pos, w.out = nil, 0, 0, 0
}

func (w *window) take(p []byte) int {
	n := copy(p, w.buf[w.out:w.pos])
	w.out += n
	return n
}

func (w *window) put(c byte) {
	w.buf[w.pos] = c
	w.pos++
	w.written++
}

// at gives the byte dist before the next one, dist from 1; 0 before the
// beginning.
func (w *window) at(dist int) byte {
	if int64(dist) > w.written {
		return 0
	}
	i := w.pos - dist
	if i < 0 {
		i += len(w.buf)
	}
	return w.buf[i]
}

// reaches tells whether a match of that distance is inside what was written
// and inside the dictionary.
func (w *window) reaches(dist int) bool {
	return dist > 0 && int64(dist) <= w.written && dist <= len(w.buf)
}

// repeat copies n bytes from dist before; they must fit behind pos.
func (w *window) repeat(dist, n int) {
	w.written += int64(n)
	for n > 0 {
		from := w.pos - dist
		if from < 0 {
			from += len(w.buf)
		}
		// Up to the end of the ring, and not past the bytes written so far.
		run := min(n, len(w.buf)-from)
		if from < w.pos {
			run = min(run, w.pos-from)
		}
		run = copy(w.buf[w.pos:w.pos+run], w.buf[from:])
		w.pos += run
		n -= run
	}
}
