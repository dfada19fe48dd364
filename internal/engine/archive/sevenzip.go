package archive

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/sevenzip"
)

// sevenWalk goes through an archive folder by folder. The files of a folder
// lie in one stream, so they come in its order and a damage ends them all.
type sevenWalk struct {
	*walk
	a      *sevenzip.Archive
	folder int
	r      io.ReadCloser // of the folder; nil when it cannot be read on
	lost   int           // files of the folder left out because of that
	cause  *limit.Error
}

func (w *walk) sevenZip() error {
	a, err := sevenzip.Open(w.c.Data, sevenzip.Config{
		Opener:    &w.u.open,
		Passwords: w.u.passwords,
		Input:     func(b []byte) io.Reader { return w.input(b) },
	})
	if errors.Is(err, sevenzip.ErrPassword) {
		return limit.Errorf(limit.Encrypted, "7z: the list of members is encrypted, no password fits")
	}
	if err != nil {
		return damaged(err, 0)
	}
	defer a.Close()
	s := &sevenWalk{walk: w, a: a, folder: -1}
	defer s.closeFolder()
	a.Files(func(i int, f sevenzip.File) bool {
		if i != s.folder {
			s.closeFolder()
			s.folder = i
			err = s.openFolder(f)
		} else if s.r == nil {
			s.lost++
		} else {
			err = s.member(f)
		}
		return err == nil
	})
	return err
}

// closeFolder ends a folder and tells what was left out of it.
func (s *sevenWalk) closeFolder() {
	if s.r != nil {
		_ = s.r.Close() // only memory is given back
		s.r = nil
	}
	if s.lost > 0 {
		s.v.Problem(limit.Errorf(s.cause.Reason, "7z: %d members behind it cannot be read either", s.lost))
		s.lost = 0
	}
}

// openFolder opens the reader of a folder and takes its first file, which
// shows whether a password is right.
func (s *sevenWalk) openFolder(f sevenzip.File) error {
	if err := s.b.AddFile(); err != nil {
		return err
	}
	if !s.a.Encrypted(s.folder) {
		var err error
		if s.r, err = s.a.Reader(s.folder, ""); err != nil {
			return s.deliver(f, nil, err)
		}
		data, err := s.take(f)
		return s.deliver(f, data, err)
	}
	for _, p := range s.u.passwords {
		var err error
		if s.r, err = s.a.Reader(s.folder, p); err == nil {
			var data []byte
			data, err = s.take(f)
			if s.rightPassword(f, err) {
				return s.deliver(f, data, err)
			}
			s.closeFolder()
		}
		if e := limit.Of(err); e.Final || e.Reason != limit.Damaged {
			return s.deliver(f, nil, e)
		}
	}
	return s.deliver(f, nil, limit.Errorf(limit.Encrypted, "no password fits"))
}

// rightPassword tells it by the checksum. A file that was cut has none to
// compare; that it unpacked so far will do.
func (s *sevenWalk) rightPassword(f sevenzip.File, err error) bool {
	if err == nil {
		return f.HasCRC
	}
	r := limit.Of(err).Reason
	return r == limit.Size || r == limit.Ratio
}

var errChecksum = errors.New("the checksum is wrong")

// take unpacks the next file. The error is about the file only.
func (s *sevenWalk) take(f sevenzip.File) ([]byte, error) {
	part := &io.LimitedReader{R: s.r, N: f.Size}
	sum := &summing{r: part}
	data, err := s.extract(sum, claim{packed: s.a.PackedSize(s.folder), size: f.Size})
	switch {
	case err == nil && part.N > 0:
		err = io.ErrUnexpectedEOF
	case err == nil && f.HasCRC && sum.sum != f.CRC:
		err = errChecksum
	case err != nil && part.N > 0 && limit.Of(err).Reason == limit.Size && !limit.Final(err):
		// What is too large is passed over, the next file lies behind it.
		if _, skip := io.Copy(io.Discard, &spending{part, s.b}); skip != nil || part.N > 0 {
			s.closeFolder()
		}
	}
	return data, err
}

// deliver hands a file over, and gives the folder up when it is damaged.
func (s *sevenWalk) deliver(f sevenzip.File, data []byte, err error) error {
	whole := errors.Is(err, errChecksum)
	err = damaged(err, len(data))
	if s.r == nil || err != nil && limit.Of(err).Reason != limit.Size && !whole {
		s.closeFolder()
		s.cause = limit.Of(err)
	}
	return s.emit(Member{Name: f.Name, Data: data, Err: err})
}

func (s *sevenWalk) member(f sevenzip.File) error {
	if err := s.b.AddFile(); err != nil {
		return err
	}
	data, err := s.take(f)
	return s.deliver(f, data, err)
}
