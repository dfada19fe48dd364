package archive

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/rar"
)

const rarMagic = rar.Magic

// rarWalk goes through an archive member by member. In a solid one each goes
// on from the one before, so all must be unpacked to their ends.
type rarWalk struct {
	*walk
	a        *rar.Archive
	password int  // the last that was right
	broken   bool // what a solid member would go on from is not there
}

func (w *walk) rar() error {
	a, err := rar.Open(w.c.Data, rar.Config{
		Budget:    w.b,
		Passwords: w.u.passwords,
		Input:     func(b []byte) io.Reader { return w.input(b) },
	})
	if errors.Is(err, rar.ErrPassword) {
		return limit.Errorf(limit.Encrypted, "rar: the list of members is encrypted, no password fits")
	}
	if err != nil {
		return damaged(err, 0)
	}
	defer a.Close()
	r := &rarWalk{walk: w, a: a}
	for {
		if err := w.b.Check(); err != nil {
			return err
		}
		f, err := a.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err, 0)
		}
		if f.Dir || f.Link || f.Size == 0 {
			continue
		}
		if err := r.member(f); err != nil {
			return err
		}
	}
}

func (r *rarWalk) member(f *rar.File) error {
	if err := r.b.AddFile(); err != nil {
		return err
	}
	if f.Solid && r.broken {
		return r.emit(Member{Name: f.Name, Err: limit.Errorf(limit.Damaged, "goes on from a member that was not unpacked")})
	}
	data, err := r.open(f)
	r.broken = err != nil && !rar.IsChecksum(err)
	var e *limit.Error
	if errors.As(err, &e) && e.Reason == limit.Size && !e.Final {
		r.broken = false // it was passed over
	}
	return r.emit(Member{Name: f.Name, Data: data, Err: damaged(err, len(data))})
}

// open unpacks a member, with the password that fits.
func (r *rarWalk) open(f *rar.File) ([]byte, error) {
	if !f.Encrypted {
		data, _, err := r.take(f, "")
		return data, err
	}
	tries := len(r.u.passwords)
	if f.Solid {
		tries = 1 // a wrong one would spoil what comes after
	}
	for i := range tries {
		at := (r.password + i) % len(r.u.passwords)
		data, right, err := r.take(f, r.u.passwords[at])
		if right || f.Solid && !errors.Is(err, rar.ErrPassword) {
			r.password = at
			return data, err
		}
		if limit.Final(err) {
			return data, err
		}
	}
	return nil, limit.Errorf(limit.Encrypted, "no password fits")
}

// take unpacks a member with one password; right tells whether it is the one,
// as far as that can be told.
func (r *rarWalk) take(f *rar.File, password string) (data []byte, right bool, err error) {
	src, err := r.a.Unpack(f, password)
	if err != nil {
		return nil, !errors.Is(err, rar.ErrPassword), err
	}
	packed := f.Packed
	if f.Solid {
		packed = int64(len(r.c.Data)) // its own bytes say little
	}
	data, err = r.extract(src, claim{packed: packed, size: f.Size})
	if isCut(err) && !limit.Final(err) && limit.Of(err).Reason == limit.Size {
		if _, skip := io.Copy(io.Discard, &spending{src, r.b}); skip != nil && limit.Final(skip) {
			return data, true, skip
		}
	}
	// The older formats tell a wrong password by its result only.
	return data, err == nil || isCut(err) || rar.Sure(f), err
}
