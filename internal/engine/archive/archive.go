// Package archive finds what is packed inside bytes and hands it out, member
// by member, from memory to memory. The bytes decide what something is, never
// a name. Names are data: nothing is ever opened, written or run by them.
//
// Everything that comes out is counted in one limit.Budget before or while it
// comes, so a file cannot make a scan take more memory or time than it was
// given. What a limit, a damage or a missing password cuts off is reported and
// what came out before is handed over.
package archive

import (
	"fmt"
	"io"
	"strings"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/document"
	"vitrine/internal/engine/installer/asar"
	"vitrine/internal/engine/installer/inno"
	"vitrine/internal/engine/installer/nsis"
	"vitrine/internal/engine/installer/pyinstaller"
	"vitrine/internal/engine/installer/squashfs"
	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/mail"
	"vitrine/internal/engine/tnef"
)

// Member is one thing found in a container.
type Member struct {
	// Name is as stored, in raw bytes. What has no name is called by its
	// kind in parentheses, such as "(xz)".
	Name string
	// Data may be used until the call returns.
	Data []byte
	// Err says why Data is not the whole; nil when it is.
	Err error
	// Rest gives, after an Err of the reason Size, the bytes that follow Data,
	// until the call returns. Nil when they cannot be had.
	Rest io.Reader
}

// Visitor is told what a walk finds, in the order of the container.
type Visitor interface {
	// Member gets one member. An error ends the walk and is returned by it.
	Member(m Member) error
	// Problem gets what concerns the container as a whole: it is damaged, or
	// a part of it was left out.
	Problem(err error)
}

// Container is what a walk goes through.
type Container struct {
	Format Format
	Data   []byte
	Rest   io.Reader // follows Data, for formats that stream; else nil
}

// Unpacker walks containers of one scan, nested ones from within the visitor.
// It belongs to one goroutine.
type Unpacker struct {
	budget    *limit.Budget
	passwords []string
	open      codec.Opener
	levels    []level
	depth     int
}

// New makes an Unpacker. The passwords are tried in their order after
// "infected" and "virus", by which samples are usually exchanged.
func New(b *limit.Budget, passwords []string) *Unpacker {
	return &Unpacker{
		budget:    b,
		passwords: append([]string{"infected", "virus"}, passwords...),
		open:      codec.Opener{Budget: b},
	}
}

// walk is one container being walked.
type walk struct {
	u *Unpacker
	b *limit.Budget
	c Container
	v Visitor
}

// Walk hands the members of c to v. The error is one that ends the whole scan,
// or the visitor's; all others are told to v. A panic of a parser is told as a
// problem, one of the visitor is too: it should catch its own.
func (u *Unpacker) Walk(c Container, v Visitor) (err error) {
	w := &walk{u: u, b: u.budget, c: c, v: v}
	depth := u.depth
	u.depth++
	for len(u.levels) <= u.depth {
		u.levels = append(u.levels, level{})
	}
	defer func() {
		u.depth = depth
		if p := recover(); p != nil {
			v.Problem(limit.Errorf(limit.Panic, "%s: %s", c.Format, oneLine(fmt.Sprint(p))))
		}
	}()
	err = w.dispatch()
	if err == nil || limit.Final(err) {
		return err
	}
	if e, ok := err.(visitorError); ok {
		return e.error
	}
	v.Problem(err)
	return nil
}

// visitorError marks an error that the visitor gave.
type visitorError struct{ error }

func (e visitorError) Unwrap() error { return e.error }

func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	return s[:min(len(s), 200)]
}

func (w *walk) dispatch() error {
	switch w.c.Format {
	case Zip:
		return w.zip()
	case Tar:
		return w.tar()
	case Cpio:
		return w.cpio()
	case Ar:
		return w.ar()
	case RPM:
		return w.rpm()
	case SevenZip:
		return w.sevenZip()
	case RAR:
		return w.rar()
	case Cab:
		return w.cabinet()
	case ISO, UDF:
		return w.disc()
	case Gzip, BZip2, XZ, LZMA, Zstd, LZ4:
		return w.stream()
	case OLE:
		return w.document(document.OLE)
	case RTF:
		return w.document(document.RTF)
	case PDF:
		return w.document(document.PDF)
	case Mail:
		return mail.Walk(w.c.Data, w.b, &parts{w})
	case OneNote:
		return w.document(document.OneNote)
	case UPX:
		return w.upx()
	case TNEF:
		return tnef.Walk(w.c.Data, w.b, &parts{w})
	case Encoded:
		return mail.WalkEncoded(w.c.Data, w.b, &parts{w})
	case Inno:
		return inno.Walk(w.c.Data, w.job())
	case InnoSlice:
		return inno.WalkSlice(w.c.Data, w.job())
	case PyInstaller:
		return pyinstaller.Walk(w.c.Data, w.job())
	case PyModules:
		return pyinstaller.WalkModules(w.c.Data, w.job())
	case Asar:
		return asar.Walk(w.c.Data, w.job())
	case SquashFS:
		return squashfs.Walk(w.c.Data, w.job())
	case NSIS:
		return nsis.Walk(w.c.Data, w.job())
	}
	return nil
}

// emit hands a member over, unless it is empty. A Final error of the member
// ends the walk.
func (w *walk) emit(m Member) error {
	if len(m.Data) == 0 && m.Err == nil {
		return nil
	}
	m.Name = m.Name[:min(len(m.Name), maxName)]
	if err := w.v.Member(m); err != nil {
		if limit.Final(err) {
			return err
		}
		return visitorError{err}
	}
	if limit.Final(m.Err) {
		return m.Err
	}
	return nil
}

// maxName is how much of a member's name is kept. Longer ones are no names of
// files, and would add up.
const maxName = 4096

// inPlace hands over a member that lies unpacked in its container. It costs no
// memory and is not counted as unpacked; cut at MaxObject like all others.
func (w *walk) inPlace(name string, data []byte, problem error) error {
	if err := w.b.AddFile(); err != nil {
		return err
	}
	if most := w.b.Limits().MaxObject; int64(len(data)) > most {
		data, problem = data[:most], tooLarge(most)
	}
	return w.emit(Member{Name: name, Data: data, Err: problem})
}

func tooLarge(most int64) error {
	return limit.Errorf(limit.Size, "larger than %d bytes; the rest was not looked at", most)
}

// trailing deals with bytes behind a container's end: zeros are padding, what
// is a container itself is a member, and anything else is remarked.
func (w *walk) trailing(data []byte) error {
	rest := trimZeros(data)
	if len(rest) == 0 {
		return nil
	}
	if Identify(rest) != None {
		return w.inPlace("(trailing)", rest, nil)
	}
	return limit.Errorf(limit.Damaged, "%s: %d bytes of other data behind the end", w.c.Format, len(rest))
}

func trimZeros(b []byte) []byte {
	for i, c := range b {
		if c != 0 {
			return b[i:]
		}
	}
	return nil
}
