package wire

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// seals make a file in memory one that nobody can change, cut off or unseal.
const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL

// NewMemory makes a file in memory that a scanner can write its compiled rules to.
func NewMemory() (*os.File, error) {
	fd, err := unix.MemfdCreate("vitrine-rules", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make room for compiled rules: %w", err)
	}
	return os.NewFile(uintptr(fd), "rules"), nil
}

// Seal makes a file of NewMemory one that nobody can change any more, whoever holds
// it. One that is sealed already stays so.
func Seal(file *os.File) error {
	err := control(file, func(fd uintptr) error {
		if isSealed(fd) {
			return nil
		}
		_, err := unix.FcntlInt(fd, unix.F_ADD_SEALS, seals)
		return err
	})
	if err != nil {
		return fmt.Errorf("seal compiled rules: %w", err)
	}
	return nil
}

// Map gives the bytes of a sealed file where they are: all processes that map it share
// them. They stay until the process ends, also when the file is closed, and are not to
// be written to. A file that is not sealed is refused: its bytes could change, or go,
// while they are in use.
//
// The mapping is private, since a scanner's walls allow no other. As nobody writes, that
// makes no difference: no page is ever copied.
func Map(file *os.File) (data []byte, err error) {
	err = control(file, func(fd uintptr) error {
		var info unix.Stat_t
		if !isSealed(fd) {
			return errors.New("the file may change")
		}
		if err := unix.Fstat(int(fd), &info); err != nil {
			return err
		}
		data, err = unix.Mmap(int(fd), 0, int(info.Size), unix.PROT_READ, unix.MAP_PRIVATE)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("map compiled rules: %w", err)
	}
	return data, nil
}

func isSealed(fd uintptr) bool {
	has, err := unix.FcntlInt(fd, unix.F_GET_SEALS, 0)
	return err == nil && has&seals == seals
}

// control lends the number of a descriptor.
func control(file *os.File, use func(fd uintptr) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = use(fd) }); err != nil {
		return err
	}
	return failed
}
