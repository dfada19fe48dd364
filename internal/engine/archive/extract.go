package archive

import (
	"errors"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

const (
	chunkSize   = 256 << 10 // bytes between two looks at the budget
	firstBuffer = 64 << 10
	maxNothing  = 100 // reads in a row that give nothing
)

// level is the buffer of one depth of nesting. Members of one container come
// one after the other, so each depth needs one buffer only.
type level struct{ buf []byte }

// claim is what a container says of a member; it limits growth and never
// causes it.
type claim struct {
	packed  int64 // bytes it was unpacked from
	size    int64 // negative: not said
	most    int64 // bytes to take at most; 0: MaxObject
	counted bool  // the source spends the budget itself
}

// extract reads r to its end into the buffer of this depth. The bytes are
// valid until the next extract at the same depth. With an error they are what
// came before it.
func (w *walk) extract(r io.Reader, c claim) ([]byte, error) {
	most := w.b.Limits().MaxObject
	if c.most > 0 {
		most = min(most, c.most)
	}
	lv := &w.u.levels[w.u.depth]
	buf, nothing := lv.buf[:0], 0
	for {
		if int64(len(buf)) >= most {
			return buf, tooLarge(most)
		}
		if len(buf) == cap(buf) {
			var err error
			if buf, err = w.u.grow(buf, c.size, most); err != nil {
				return buf, err
			}
		}
		end := min(cap(buf), len(buf)+chunkSize, int(most))
		n, err := r.Read(buf[len(buf):end])
		buf = buf[:len(buf)+n]
		if n == 0 {
			nothing++
		} else {
			nothing = 0
		}
		if done, err := w.after(int64(n), int64(len(buf)), c, err, nothing); done {
			return buf, err
		}
	}
}

// after counts what one read gave and tells whether it was the last.
func (w *walk) after(n, total int64, c claim, readErr error, nothing int) (bool, error) {
	spend := w.b.Check
	if !c.counted {
		spend = func() error { return w.b.Spend(n) }
	}
	if err := spend(); err != nil {
		return true, err
	}
	switch {
	case errors.Is(readErr, io.EOF):
		return true, nil
	case readErr != nil:
		return true, readErr
	case nothing > maxNothing:
		return true, io.ErrNoProgress
	case w.b.Exceeds(total, c.packed):
		return true, limit.Errorf(limit.Ratio, "%d bytes unpacked from %d", total, c.packed)
	}
	return false, nil
}

// grow gives the buffer of this depth more room: double, but not past what
// the member is said to have, nor past the limit, nor past the memory left.
func (u *Unpacker) grow(buf []byte, size, most int64) ([]byte, error) {
	old := int64(cap(buf))
	next := max(2*old, firstBuffer)
	if size > old {
		next = min(next, size)
	}
	next = min(next, max(most, firstBuffer))
	err := u.budget.Hold(next)
	if err != nil {
		u.dropBelow()
		err = u.budget.Hold(next)
	}
	for less := (next - old) / 2; err != nil && less >= firstBuffer; less /= 2 {
		next = old + less
		err = u.budget.Hold(next)
	}
	if err != nil {
		return buf, err
	}
	bigger := make([]byte, len(buf), next)
	copy(bigger, buf)
	u.levels[u.depth].buf = bigger
	u.budget.Release(old)
	return bigger, nil
}

// dropBelow gives up the buffers of deeper levels, which are idle now.
func (u *Unpacker) dropBelow() {
	for i := u.depth + 1; i < len(u.levels); i++ {
		u.drop(i)
	}
}

func (u *Unpacker) drop(i int) {
	u.budget.Release(int64(cap(u.levels[i].buf)))
	u.levels[i].buf = nil
}

// keepBuffer is how large a buffer may be to stay for the next scan.
const keepBuffer = 1 << 20

// Trim gives up the buffers that are too large to keep between scans.
func (u *Unpacker) Trim() {
	for i := range u.levels {
		if cap(u.levels[i].buf) > keepBuffer {
			u.drop(i)
		}
	}
}

// unpack extracts one member from r and hands it over. check, if not nil, is
// asked at the end of a whole member whether it is right. The part of the
// member that was not taken stays in r.
func (w *walk) unpack(name string, r io.Reader, c claim, check func() error) error {
	if err := w.b.AddFile(); err != nil {
		return err
	}
	data, err := w.extract(r, c)
	if err == nil && check != nil {
		err = check()
	}
	return w.emit(Member{Name: name, Data: data, Err: damaged(err, len(data))})
}

// damaged gives errors of decoders their reason.
func damaged(err error, n int) error {
	if err == nil {
		return nil
	}
	var e *limit.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return limit.Errorf(limit.Damaged, "cut off after %d bytes", n)
	}
	if n == 0 {
		return limit.Errorf(limit.Damaged, "%s", oneLine(err.Error()))
	}
	return limit.Errorf(limit.Damaged, "after %d bytes: %s", n, oneLine(err.Error()))
}

// input reads packed bytes under the budget.
func (w *walk) input(data []byte) *codec.Input { return codec.NewInput(w.b, data) }

// spending counts all that is read through it.
type spending struct {
	r io.Reader
	b *limit.Budget
}

func (s *spending) Read(p []byte) (int, error) {
	n, err := s.r.Read(p[:min(len(p), chunkSize)])
	if spent := s.b.Spend(int64(n)); spent != nil {
		return n, spent
	}
	return n, err
}

// summing keeps the CRC-32 of what is read through it.
type summing struct {
	r   io.Reader
	sum uint32
	n   int64
}

func (s *summing) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
	s.n += int64(n)
	return n, err
}

// following is what comes after a cut: a reader of the rest that counts.
func (w *walk) following(r io.Reader) io.Reader { return &spending{r, w.b} }
