package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Bounds of what is kept of a file's attributes. Whoever may write a file may
// give it hundreds of megabytes of them.
const (
	maxXattrs     = 1 << 20 // bytes of names and values together
	maxXattrList  = 64 << 10
	maxXattrValue = 64 << 10
)

// Inode flags, which x/sys names for no architecture.
const (
	flagSecureRemove = 0x00000001
	flagSync         = 0x00000008
	flagImmutable    = 0x00000010
	flagAppend       = 0x00000020
	flagNoDump       = 0x00000040
	flagNoAtime      = 0x00000080

	// restorable are the flags a file can be given at any time on any file
	// system that has them.
	restorable = flagSecureRemove | flagSync | flagImmutable | flagAppend | flagNoDump | flagNoAtime
	// fixing keep a file from being removed.
	fixing = flagImmutable | flagAppend
)

// metadataOf reads all a file has beside its bytes.
func metadataOf(file *os.File, st *unix.Stat_t) (Metadata, error) {
	m := Metadata{
		UID: st.Uid, GID: st.Gid, Mode: st.Mode & 0o7777,
		Atime: st.Atim.Nano(), Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(),
		Dev: uint64(st.Dev), Ino: st.Ino, Nlink: uint64(st.Nlink),
		Flags: flagsOf(file) & restorable,
	}
	var x unix.Statx_t
	if unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &x) == nil && x.Mask&unix.STATX_BTIME != 0 {
		m.Birth = x.Btime.Sec*1e9 + int64(x.Btime.Nsec)
	}
	var err error
	m.Xattr, m.Dropped, err = xattrsOf(file)
	return m, err
}

// flagsOf gives the inode flags; none where the file system has none.
func flagsOf(file *os.File) int {
	flags, err := unix.IoctlGetUint32(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return 0
	}
	return int(flags)
}

func setFlags(file *os.File, flags int) error {
	return unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, flags)
}

// xattrsOf reads the extended attributes: those of the system first, and of
// users' own as many as there is room for.
func xattrsOf(file *os.File) (kept []Xattr, dropped int, err error) {
	names, err := xattrNames(file)
	if err != nil {
		return nil, 0, fmt.Errorf("list extended attributes: %w", err)
	}
	room := maxXattrs
	value := make([]byte, maxXattrValue)
	for _, name := range names {
		n, err := unix.Fgetxattr(int(file.Fd()), name, value)
		if errors.Is(err, unix.ENODATA) {
			continue // it went meanwhile: the change time tells
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read extended attribute %s: %w", Name(name).Shown(), err)
		}
		if room -= n + len(name); room < 0 && strings.HasPrefix(name, "user.") {
			dropped++
			continue
		}
		kept = append(kept, Xattr{Name(name), bytes.Clone(value[:n])})
	}
	slices.SortFunc(kept, func(a, b Xattr) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return kept, dropped, nil
}

func xattrNames(file *os.File) ([]string, error) {
	list := make([]byte, maxXattrList)
	n, err := unix.Flistxattr(int(file.Fd()), list)
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := strings.FieldsFunc(string(list[:n]), func(r rune) bool { return r == 0 })
	// XFS shows its access control lists a second time, as it keeps them.
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "trusted.SGI_ACL_") })
	slices.SortFunc(names, func(a, b string) int {
		if mine, its := strings.HasPrefix(a, "user."), strings.HasPrefix(b, "user."); mine != its {
			if mine {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return names, nil
}

// apply gives a file, which has its bytes, its owner, mode and attributes. It
// gives what could not be kept on the file system, for people. Who owns a file
// and who may do what with it is never among those: that is an error.
func (m *Metadata) apply(file *os.File) (lost []string, err error) {
	fd := int(file.Fd())
	if err := unix.Fchown(fd, int(m.UID), int(m.GID)); err != nil {
		return nil, fmt.Errorf("give it its owner: %w", err)
	}
	// A folder can give what is made in it a list of its own.
	if err := m.strip(file); err != nil {
		return nil, err
	}
	// Behind the owner: a change of that takes set-id bits and capabilities.
	if err := unix.Fchmod(fd, m.Mode); err != nil {
		return nil, fmt.Errorf("give it its mode: %w", err)
	}
	if lost, err = m.applyXattrs(file); err != nil {
		return nil, err
	}
	if err := m.applyTimes(file); err != nil {
		lost = append(lost, fmt.Sprintf("times (%v)", err))
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Uid != m.UID || st.Gid != m.GID || st.Mode&0o7777 != m.Mode {
		return nil, errors.New("the file system does not keep its owner and mode")
	}
	return lost, nil
}

// strip takes away attributes that the file had not. Labels of the system stay:
// each file has one.
func (m *Metadata) strip(file *os.File) error {
	names, err := xattrNames(file)
	if err != nil {
		return fmt.Errorf("list extended attributes: %w", err)
	}
	for _, name := range names {
		had := slices.ContainsFunc(m.Xattr, func(x Xattr) bool { return string(x.Name) == name })
		if had || strings.HasPrefix(name, "security.") {
			continue
		}
		if err := unix.Fremovexattr(int(file.Fd()), name); err != nil && !errors.Is(err, unix.ENODATA) {
			return fmt.Errorf("take the attribute %s away, which it had not: %w", Name(name).Shown(), err)
		}
	}
	return nil
}

func (m *Metadata) applyXattrs(file *os.File) (lost []string, err error) {
	for _, x := range m.Xattr {
		err := unix.Fsetxattr(int(file.Fd()), string(x.Name), x.Value, 0)
		if err == nil {
			continue
		}
		if x.Name == aclName {
			return nil, fmt.Errorf("give it its access control list: %w", err)
		}
		lost = append(lost, fmt.Sprintf("extended attribute %s (%v)", x.Name.Shown(), err))
	}
	return lost, nil
}

const aclName = "system.posix_acl_access"

func (m *Metadata) applyTimes(file *os.File) error {
	times := []unix.Timespec{unix.NsecToTimespec(m.Atime), unix.NsecToTimespec(m.Mtime)}
	err := unix.UtimesNanoAt(int(file.Fd()), "", times, unix.AT_EMPTY_PATH)
	if errors.Is(err, unix.EINVAL) { // before Linux 5.8
		err = unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), times, 0)
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return err
	}
	if st.Mtim.Nano() != m.Mtime {
		return fmt.Errorf("the file system keeps them as %d ns instead of %d", st.Mtim.Nano(), m.Mtime)
	}
	return nil
}

// applyFlags comes last: an immutable file can be given no name.
func (m *Metadata) applyFlags(file *os.File) error {
	now := flagsOf(file)
	if want := now&^restorable | m.Flags; want != now {
		return setFlags(file, want)
	}
	return nil
}
