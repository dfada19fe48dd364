package fanotify

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// rawEvent is one event as the kernel writes it.
func rawEvent(mask uint64, fd, pid int32, records ...[]byte) []byte {
	buf := make([]byte, metadataSize)
	for _, r := range records {
		buf = append(buf, r...)
	}
	binary.NativeEndian.PutUint32(buf, uint32(len(buf)))
	buf[4] = unix.FANOTIFY_METADATA_VERSION
	binary.NativeEndian.PutUint16(buf[6:], metadataSize)
	binary.NativeEndian.PutUint64(buf[8:], mask)
	binary.NativeEndian.PutUint32(buf[16:], uint32(fd))
	binary.NativeEndian.PutUint32(buf[20:], uint32(pid))
	return buf
}

func rawRecord(kind byte, payload ...byte) []byte {
	r := append([]byte{kind, 0, 0, 0}, payload...)
	binary.NativeEndian.PutUint16(r[2:], uint16(len(r)))
	return r
}

func rawPIDFD(fd int32) []byte {
	return rawRecord(unix.FAN_EVENT_INFO_TYPE_PIDFD, binary.NativeEndian.AppendUint32(nil, uint32(fd))...)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name string
		buf  []byte
		want []Event
	}{
		{"nothing", nil, nil},
		{"bare", rawEvent(unix.FAN_OPEN_EXEC_PERM, 7, 99), []Event{{Mask: ExecPermission, PID: 99, FD: 7, PIDFD: -1}}},
		{"pidfd", rawEvent(unix.FAN_CLOSE_WRITE, 7, 99, rawPIDFD(8)), []Event{{Mask: CloseWrite, PID: 99, FD: 7, PIDFD: 8}}},
		{"ended process", rawEvent(unix.FAN_CLOSE_WRITE, 7, 99, rawPIDFD(unix.FAN_EPIDFD)), []Event{{Mask: CloseWrite, PID: 99, FD: 7, PIDFD: -1}}},
		{"overflow", rawEvent(unix.FAN_Q_OVERFLOW, unix.FAN_NOFD, 0), []Event{{Mask: Overflow, FD: -1, PIDFD: -1}}},
		{"no file", rawEvent(unix.FAN_OPEN_PERM, -int32(unix.EMFILE), 5), []Event{{Mask: OpenPermission, PID: 5, FD: -1, PIDFD: -1, Err: unix.EMFILE}}},
		{"unknown record", rawEvent(unix.FAN_OPEN, 3, 4, rawRecord(200, 1, 2, 3, 4), rawPIDFD(6)), []Event{{Mask: Open, PID: 4, FD: 3, PIDFD: 6}}},
		{"two", slices.Concat(rawEvent(unix.FAN_OPEN, 3, 4), rawEvent(unix.FAN_OPEN_EXEC, 5, 6, rawPIDFD(9))),
			[]Event{{Mask: Open, PID: 4, FD: 3, PIDFD: -1}, {Mask: Exec, PID: 6, FD: 5, PIDFD: 9}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(c.buf, make([]Event, 0, MaxEvents))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	good := rawEvent(unix.FAN_OPEN, 3, 4, rawPIDFD(9))
	change := func(at int, b byte) []byte {
		bad := slices.Clone(good)
		bad[at] = b
		return bad
	}
	for name, buf := range map[string][]byte{
		"short header":      good[:metadataSize-1],
		"short event":       good[:len(good)-1],
		"longer than all":   change(0, 200),
		"shorter than head": change(0, 8),
		"other version":     change(4, 9),
		"small header":      change(6, 4),
		"large header":      change(6, 255),
		"empty record":      change(metadataSize+2, 0),
		"long record":       change(metadataSize+2, 99),
		"short record":      change(metadataSize+2, 3),
		"short pidfd":       rawEvent(unix.FAN_OPEN, 3, 4, rawRecord(unix.FAN_EVENT_INFO_TYPE_PIDFD, 1)),
		"half a record":     rawEvent(unix.FAN_OPEN, 3, 4, []byte{4, 0}),
	} {
		if got, err := parse(buf, make([]Event, 0, MaxEvents)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := parse(slices.Concat(good, good), make([]Event, 0, 1)); !errors.Is(err, errMalformed) || len(got) != 1 {
		t.Errorf("more than there is room for: %+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add(rawEvent(unix.FAN_OPEN_EXEC_PERM, 7, 99, rawPIDFD(8)))
	f.Add(slices.Concat(rawEvent(unix.FAN_Q_OVERFLOW, unix.FAN_NOFD, 0), rawEvent(unix.FAN_OPEN, 3, 4, rawRecord(9, 0, 0), rawPIDFD(-1))))
	f.Fuzz(func(t *testing.T, buf []byte) {
		events, err := parse(buf, make([]Event, 0, MaxEvents))
		if err != nil && !errors.Is(err, errMalformed) {
			t.Fatalf("another error: %v", err)
		}
		if len(events)*metadataSize > len(buf) && err == nil {
			t.Fatalf("%d events in %d bytes", len(events), len(buf))
		}
		for _, e := range events {
			if e.FD < -1 || e.PIDFD < -1 || (e.Err != nil && e.FD >= 0) {
				t.Fatalf("impossible event %+v", e)
			}
		}
	})
}

// kernel pretends to be one that knows only some flags.
func kernel(knows uint) (initialiser, *[]uint) {
	var asked []uint
	return func(flags, _ uint) (int, error) {
		asked = append(asked, flags)
		if flags&^knows != 0 {
			return -1, unix.EINVAL
		}
		return 42, nil
	}, &asked
}

func TestOlderKernels(t *testing.T) {
	all := uint(unix.FAN_CLASS_CONTENT | unix.FAN_REPORT_PIDFD | unix.FAN_REPORT_FD_ERROR)
	for _, c := range []struct {
		name  string
		knows uint
		want  []string
	}{
		{"new", all, nil},
		{"no errors", all &^ unix.FAN_REPORT_FD_ERROR, []string{"FAN_REPORT_FD_ERROR"}},
		{"old", unix.FAN_CLASS_CONTENT, []string{"FAN_REPORT_FD_ERROR", "FAN_REPORT_PIDFD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, _ := kernel(c.knows)
			fd, missing, err := firstThatWorks(unix.FAN_CLASS_CONTENT, start)
			var names []string
			for _, m := range missing {
				names = append(names, m.Feature)
				if m.Uncovered == "" || m.Since == "" || m.String() == "" {
					t.Errorf("%+v does not say what is not covered", m)
				}
			}
			if err != nil || fd != 42 || !slices.Equal(names, c.want) {
				t.Errorf("got %d, %v, %v; want %v", fd, names, err, c.want)
			}
		})
	}
	start, asked := kernel(0)
	if _, _, err := firstThatWorks(unix.FAN_CLASS_CONTENT, start); err != unix.EINVAL || len(*asked) != 3 {
		t.Errorf("a kernel without permission events: %v after %d tries", err, len(*asked))
	}
}

func TestErrorsSayWhatTheyMean(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.EPERM: ErrPermission, unix.ENOSYS: ErrUnsupported, unix.EINVAL: ErrUnsupported, unix.EOPNOTSUPP: ErrUnsupported,
		unix.EMFILE: ErrLimit, unix.EBUSY: ErrBusy, unix.ENOENT: ErrGone,
	} {
		_, err := open(Config{}, func(uint, uint) (int, error) { return -1, errno })
		if !errors.Is(err, want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v, want %v and the kernel's word", errno, err, want)
		}
	}
}

func TestMask(t *testing.T) {
	if s := (ExecPermission | CloseWrite).String(); s != "exec?|close-write" {
		t.Error(s)
	}
	if !OpenPermission.Permission() || Exec.Permission() || !Exec.Execution() || OpenPermission.Execution() {
		t.Error("what waits and what executes are mixed up")
	}
}
