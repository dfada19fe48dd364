package yaracmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// smallFile is the size up to which a file is read into a buffer; larger ones
// are mapped, so that a file may be larger than memory.
const smallFile = 1 << 20

// input is one open target. Its data is valid until close.
type input struct {
	data   []byte
	mapped bool
}

// openInput opens a regular file, or /dev/null as an empty one. buf is used
// for small files.
func openInput(path string, buf []byte) (*input, error) {
	// Without O_NONBLOCK opening a FIFO would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	switch size := st.Size(); {
	case isNull(st):
		return &input{}, nil
	case !st.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case size == 0:
		return &input{}, refuseProc(f)
	case size <= smallFile:
		return readInput(f, buf, int(size))
	default:
		return mapInput(f, size)
	}
}

// reason takes the path off an error: the message it goes into names it.
func reason(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// isNull reports whether st is of /dev/null, which people scan to try rules.
func isNull(st os.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && st.Mode()&os.ModeCharDevice != 0 && sys.Rdev == 1<<8|3
}

// refuseProc refuses the files of /proc, which say they are empty and are not.
func refuseProc(f *os.File) error {
	const procMagic = 0x9fa0
	var fs syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &fs); err == nil && fs.Type == procMagic {
		return errors.New("files of /proc are not scanned")
	}
	return nil
}

func readInput(f *os.File, buf []byte, size int) (*input, error) {
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	n, err := io.ReadFull(f, buf[:size])
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, reason(err)
	}
	return &input{data: buf[:n]}, nil
}

func mapInput(f *os.File, size int64) (*input, error) {
	if int64(int(size)) != size {
		return nil, fmt.Errorf("%d bytes do not fit into the address space", size)
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	return &input{data: data, mapped: true}, nil
}

func (in *input) close() error {
	if !in.mapped {
		return nil
	}
	return syscall.Munmap(in.data)
}
