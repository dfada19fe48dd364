package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// File keeps lines in a file. When the file is full it is put aside as name.1,
// what was name.1 becomes name.2, and so on.
type File struct {
	name string
	max  int64 // bytes
	keep int   // files that were put aside

	file  *os.File
	size  int64
	dirty bool
	torn  bool // the file may end inside a line
	stuck bool // the last line could not be written

	fsync func(*os.File) error // nil: the disk's own
}

// safe makes safe what was written.
func (f *File) safe() error {
	if f.fsync != nil {
		return f.fsync(f.file)
	}
	return f.file.Sync()
}

// OpenFile opens the file, or makes it and its folder. A line that a power cut
// has cut short is ended.
func OpenFile(name string, maxSize int64, keep int) (*File, error) {
	f := &File{name: name, max: maxSize, keep: keep}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) open() error {
	if err := os.MkdirAll(filepath.Dir(f.name), 0o750); err != nil {
		return err
	}
	flags := os.O_RDWR | os.O_APPEND | os.O_CREATE | unix.O_NOFOLLOW | unix.O_NONBLOCK
	file, err := os.OpenFile(f.name, flags, 0o640)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", f.name)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size, f.torn = file, info.Size(), false
	last := []byte{'\n'}
	if f.size > 0 {
		if _, err := file.ReadAt(last, f.size-1); err != nil && err != io.EOF {
			return errors.Join(err, f.abandon())
		}
	}
	f.torn = last[0] != '\n'
	return nil
}

func (f *File) abandon() error {
	file := f.file
	f.file = nil
	if file == nil {
		return nil
	}
	return file.Close()
}

// Keep appends the line.
func (f *File) Keep(l Line) error {
	if f.file == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.size > 0 && f.size+int64(len(l.JSON))+1 > f.max {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	text := make([]byte, 0, len(l.JSON)+2)
	if f.torn {
		text = append(text, '\n')
	}
	text = append(append(text, l.JSON...), '\n')
	n, err := f.file.Write(text)
	if err != nil {
		f.takeBack(n)
		f.stuck = true
		return err
	}
	f.size += int64(n)
	f.dirty, f.torn, f.stuck = true, false, false
	return nil
}

// unstick tries whether the disk takes bytes again.
func (f *File) unstick() error {
	n, err := f.file.Write([]byte{'\n'})
	f.takeBack(n)
	f.stuck = err != nil
	return err
}

// takeBack removes what was written last, or remembers that it is there.
func (f *File) takeBack(n int) {
	if n > 0 && f.file.Truncate(f.size) != nil {
		f.size += int64(n)
		f.torn = true
	}
}

// rotate puts the file aside and begins a new one. If it cannot be put aside it
// stays in use.
func (f *File) rotate() error {
	if err := f.safe(); err != nil {
		return err
	}
	for i := f.keep; i > 0; i-- {
		from := f.name
		if i > 1 {
			from = f.aside(i - 1)
		}
		if err := os.Rename(from, f.aside(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if f.keep == 0 {
		if err := os.Remove(f.name); err != nil {
			return nil
		}
	}
	if err := f.abandon(); err != nil {
		return err
	}
	if err := f.open(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.name))
}

func (f *File) aside(i int) string { return aside(f.name, i) }

func aside(name string, i int) string { return name + "." + strconv.Itoa(i) }

func syncFolder(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Sync makes safe what was kept. If the file's name has come to stand for
// something else, as when somebody has moved it away, a new one is begun.
func (f *File) Sync() error {
	if f.file == nil {
		return f.open()
	}
	if f.dirty {
		if err := f.safe(); err != nil {
			return err
		}
		f.dirty = false
	}
	if f.moved() {
		return errors.Join(f.abandon(), f.open())
	}
	if f.stuck {
		return f.unstick()
	}
	return nil
}

func (f *File) moved() bool {
	held, err := f.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.name)
	return err != nil || !os.SameFile(held, named)
}

// Close makes all safe and closes the file.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return errors.Join(f.safe(), f.abandon())
}
