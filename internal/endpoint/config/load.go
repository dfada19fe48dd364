package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// maxFile is how large the file may be.
const maxFile = 1 << 20

// Loaded is a configuration, and where each of its values comes from.
type Loaded struct {
	Config Config
	File   string // that was read; empty: none

	sources map[string]string // by key; those that are missing are defaults
}

// Load reads the file at path and checks it. An empty path means Path, which
// need not exist: then every value is its default. All mistakes of the file are
// told at once, a line each.
//
// The file must belong to root, or to whoever runs the program, and nobody else
// may be able to write it.
func Load(path string) (*Loaded, error) {
	must := path != ""
	if !must {
		path = Path
	}
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return &Loaded{Config: Default()}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, text)
}

func read(path string) ([]byte, error) {
	// A FIFO would wait for somebody to write into it.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := trusted(file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return text, err
}

// trusted refuses what somebody else could have written: the guard is root, and
// the file names programs that it runs.
func trusted(file *os.File) error {
	var st unix.Stat_t
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Fstat(int(fd), &st) }); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errors.New("not a regular file")
	case st.Uid != 0 && st.Uid != uint32(os.Geteuid()):
		return fmt.Errorf("it belongs to user %d: chown root it, once you have read it", st.Uid)
	case st.Mode&0o002 != 0, st.Mode&0o020 != 0 && st.Gid != 0:
		return fmt.Errorf("others may write it: chmod go-w it, once you have read it")
	}
	return nil
}
