package rar

import (
	"errors"

	"vitrine/internal/engine/limit"
)

const firstRing = 64 << 10

var (
	errMalformed = errors.New("rar: malformed packed data")
	errDistance  = errors.New("rar: a match reaches before the beginning")
)

// ring is the dictionary and the output in one. It begins small and grows with
// what was really decoded.
type ring struct {
	buf     []byte
	limit   int   // the dictionary's size
	pos     int   // next byte to write
	out     int   // next byte to hand out; out <= pos
	written int64 // since the last reset: how far a match may reach back
	budget  *limit.Budget
	held    int64
	pending int // bytes of a match that did not fit yet
	dist    int // its distance
}

// reset empties the ring and sets its size.
func (w *ring) reset(size int) {
	if len(w.buf) > size {
		w.release()
	}
	w.limit = size
	w.pos, w.out, w.written, w.pending = 0, 0, 0, 0
}

// widen makes a ring that is in use larger, for a member of a solid archive
// that asks for more than the ones before.
func (w *ring) widen(size int) error {
	if size <= w.limit {
		return nil
	}
	if len(w.buf) < w.limit || w.written <= int64(w.pos) {
		w.limit = size // it has not gone round
		return nil
	}
	// Unroll: the oldest byte comes first.
	old := w.buf
	w.limit = size
	n := len(old)
	bigger, err := w.take(min(max(2*n, firstRing), size))
	if err != nil {
		return err
	}
	k := copy(bigger, old[w.pos:])
	copy(bigger[k:], old[:w.pos])
	w.pos, w.out = n, n
	return nil
}

// take replaces the buffer by a larger one, and returns it. What the old one
// held is the caller's to copy.
func (w *ring) take(size int) ([]byte, error) {
	if err := w.budget.Dictionary(int64(size)); err != nil {
		return nil, err
	}
	buf := make([]byte, size)
	w.budget.Release(w.held)
	w.buf, w.held = buf, int64(size)
	return buf, nil
}

// room makes place for at least one byte. All output must have been taken.
func (w *ring) room() error {
	if w.pos < len(w.buf) {
		return nil
	}
	if len(w.buf) == w.limit {
		w.pos, w.out = 0, 0
		return nil
	}
	old := w.buf
	buf, err := w.take(min(max(2*len(old), firstRing), w.limit))
	copy(buf, old)
	return err
}

func (w *ring) release() {
	w.budget.Release(w.held)
	w.buf, w.held, w.pos, w.out = nil, 0, 0, 0
}

func (w *ring) put(c byte) {
	w.buf[w.pos] = c
	w.pos++
	w.written++
}

// match copies n bytes from dist before, up to the place end; the rest is
// pending.
func (w *ring) match(dist, n, end int) error {
	if dist <= 0 || int64(dist) > w.written || dist > len(w.buf) {
		return errDistance
	}
	w.dist, w.pending = dist, n
	w.resume(end)
	return nil
}

// resume goes on with a pending match.
func (w *ring) resume(end int) {
	n := min(w.pending, end-w.pos)
	w.pending -= n
	w.written += int64(n)
	for n > 0 {
		from := w.pos - w.dist
		if from < 0 {
			from += len(w.buf)
		}
		run := min(n, len(w.buf)-from)
		if from < w.pos {
			run = min(run, w.pos-from)
		}
		run = copy(w.buf[w.pos:w.pos+run], w.buf[from:])
		w.pos += run
		n -= run
	}
}
