package archive

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/nwaples/rardecode/v2"

	"vitrine/internal/engine/limit"
)

const rarMagic = "Rar!\x1a\x07"

// isRARStart tells the archives of RAR 1.5 to 4 and those of RAR 5 by the byte
// after the magic.
func isRARStart(b []byte) bool {
	return len(b) >= len(rarMagic)+2 && (b[6] == 0 || b[6] == 1 && b[7] == 0)
}

// rarWalk reads an archive once without a password and once more with each
// that is tried, as long as members are left that none has opened.
type rarWalk struct {
	*walk
	done    map[int]bool   // members dealt with
	pending map[int]string // encrypted ones by their place
	whole   bool           // the list itself is encrypted
	problem error          // of the archive, told at the end
	held    int64
}

func (w *walk) rar() error {
	r := &rarWalk{walk: w, done: map[int]bool{}, pending: map[int]string{}}
	if err := r.hold(); err != nil {
		return err
	}
	defer func() { w.b.Release(r.held) }()
	if err := r.passes(); err != nil {
		return err
	}
	if err := r.tellPending(); err != nil {
		return err
	}
	return r.problem
}

func (r *rarWalk) passes() error {
	if err := r.pass(nil); err != nil {
		return err
	}
	for _, p := range r.u.passwords {
		if !r.whole && len(r.pending) == 0 {
			return nil
		}
		if err := r.pass(&p); err != nil {
			return err
		}
	}
	return nil
}

// minRARDict is the least dictionary worth trying.
const minRARDict = 4 << 20

// hold counts the largest dictionary that is allowed and free: the decoder
// does not say how much it takes before it takes it.
func (r *rarWalk) hold() error {
	for n := r.b.Limits().MaxDict; ; n /= 2 {
		err := r.b.Hold(n)
		if err == nil {
			r.held = n
			return nil
		}
		if n/2 < minRARDict {
			return err
		}
	}
}

func (r *rarWalk) tellPending() error {
	if r.whole {
		return limit.Errorf(limit.Encrypted, "rar: the list of members is encrypted, no password fits")
	}
	for _, i := range slices.Sorted(maps.Keys(r.pending)) {
		if err := r.emit(Member{Name: r.pending[i], Err: limit.Errorf(limit.Encrypted, "no password fits")}); err != nil {
			return err
		}
	}
	return nil
}

// pass reads through the archive with one password, or none.
func (r *rarWalk) pass(password *string) error {
	p := newPump(r.b.Context(), r.c.Data, r.held, password)
	defer p.stop()
	for i := 0; ; i++ {
		h, err := p.next()
		if err != nil {
			return r.ended(err, password)
		}
		r.whole = false
		if r.done[i] || h.IsDir || h.LinkType != rardecode.LinkTypeNone {
			continue
		}
		if h.Encrypted && password == nil {
			if err := r.postpone(i, h.Name); err != nil {
				return err
			}
			continue
		}
		if err := r.member(p, i, h, password); err != nil {
			return err
		}
	}
}

// ended tells what the error at the end of a pass means, and returns it only
// when it ends the scan. What is wrong with the archive itself shows in the
// first pass that reads its list.
func (r *rarWalk) ended(err error, password *string) error {
	if stop := r.b.Check(); stop != nil {
		return stop
	}
	first := password == nil
	switch {
	case errors.Is(err, io.EOF):
	case errors.Is(err, rardecode.ErrArchiveEncrypted):
		r.whole = true
	case !first && (r.whole || r.problem != nil):
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrBadVolumeNumber):
		r.problem = limit.Errorf(limit.Damaged, "rar: a part of the archive is in other volumes")
	default:
		r.problem = rarError(err, 0)
	}
	return nil
}

// rarError gives the decoder's errors their reasons.
func rarError(err error, n int) error {
	switch {
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return limit.Errorf(limit.Dict, "rar: the dictionary is larger than allowed")
	case errors.Is(err, rardecode.ErrUnsupportedDecoder), errors.Is(err, rardecode.ErrUnknownDecoder),
		errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnknownEncryptMethod):
		return limit.Errorf(limit.Method, "%s", err)
	}
	return damaged(err, n)
}

func (r *rarWalk) member(p *pump, i int, h *rardecode.FileHeader, password *string) error {
	size := int64(-1)
	if !h.UnKnownSize {
		size = h.UnPackedSize
	}
	// In a solid archive a member's own packed bytes say little.
	packed := max(h.PackedSize, 0)
	if h.Solid {
		packed = int64(len(r.c.Data))
	}
	data, err := r.extract(p, claim{packed: packed, size: size})
	if password != nil && h.Encrypted && wrongPassword(err) {
		return r.postpone(i, h.Name)
	}
	_, counted := r.pending[i]
	r.done[i] = true
	delete(r.pending, i)
	if size == 0 && len(data) == 0 && err == nil {
		return nil
	}
	if !counted {
		if err := r.b.AddFile(); err != nil {
			return err
		}
	}
	if err != nil {
		err = rarError(err, len(data))
	}
	return r.emit(Member{Name: h.Name, Data: data, Err: err})
}

// postpone keeps a member for the next password.
func (r *rarWalk) postpone(i int, name string) error {
	if _, counted := r.pending[i]; counted {
		return nil
	}
	r.pending[i] = name
	return r.b.AddFile()
}

// wrongPassword takes any failure of the decoder for one, but not a limit.
func wrongPassword(err error) bool {
	if err == nil {
		return false
	}
	var e *limit.Error
	return !errors.As(err, &e)
}

func panicError(p any) error {
	return limit.Errorf(limit.Panic, "rar: %s", oneLine(fmt.Sprint(p)))
}
