package fanotify

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// none stands for a descriptor that is not there.
const none = -1

// Event is one thing that happened to one file. Whoever reads it owns its
// descriptors: answer first, then Close. A permission event that is closed
// without an answer holds its opener until the group ends.
type Event struct {
	Mask  Mask
	PID   int   // of the thread group that did it; 0: outside of our pid namespace
	FD    int   // the file, open for reading; using it makes no events. -1: an overflow, or Err
	PIDFD int   // of that thread group; -1: it has ended, or the kernel cannot tell
	Err   error // why there is no file: the kernel has refused the opener
}

// Close gives the event's descriptors back. It may be called twice.
func (e *Event) Close() {
	for _, fd := range []*int{&e.FD, &e.PIDFD} {
		if *fd >= 0 {
			unix.Close(*fd)
		}
		*fd = none
	}
}

// errMalformed is what parse says of bytes that no kernel writes.
var errMalformed = errors.New("malformed fanotify event")

const (
	metadataSize = unix.FAN_EVENT_METADATA_LEN
	recordHeader = 4 // type, padding, length
	pidfdRecord  = recordHeader + 4
)

// parse appends the events of one read to events. It takes no more than fit
// into the capacity of events; the caller has sized the buffer by it.
func parse(buf []byte, events []Event) ([]Event, error) {
	for len(buf) > 0 {
		if len(buf) < metadataSize {
			return events, fmt.Errorf("%w: %d bytes left", errMalformed, len(buf))
		}
		size := binary.NativeEndian.Uint32(buf)
		header := binary.NativeEndian.Uint16(buf[6:])
		if buf[4] != unix.FANOTIFY_METADATA_VERSION {
			return events, fmt.Errorf("%w: version %d", errMalformed, buf[4])
		}
		if header < metadataSize || uint64(size) > uint64(len(buf)) || uint32(header) > size {
			return events, fmt.Errorf("%w: %d bytes with a header of %d in %d", errMalformed, size, header, len(buf))
		}
		if len(events) == cap(events) {
			return events, fmt.Errorf("%w: more than %d events", errMalformed, cap(events))
		}
		e := Event{
			Mask: Mask(binary.NativeEndian.Uint64(buf[8:])),
			PID:  int(int32(binary.NativeEndian.Uint32(buf[20:]))), PIDFD: none,
		}
		e.setFD(int(int32(binary.NativeEndian.Uint32(buf[16:]))))
		if err := e.records(buf[header:size]); err != nil {
			return append(events, e), err
		}
		events = append(events, e)
		buf = buf[size:]
	}
	return events, nil
}

// setFD takes the file, or the error that some kernels put in its place.
func (e *Event) setFD(fd int) {
	e.FD = fd
	if fd < 0 {
		e.FD = none
		if fd != unix.FAN_NOFD {
			e.Err = unix.Errno(-fd)
		}
	}
}

// records reads what follows the header: of it only the pidfd is asked for.
func (e *Event) records(buf []byte) error {
	for len(buf) > 0 {
		if len(buf) < recordHeader {
			return fmt.Errorf("%w: record of %d bytes", errMalformed, len(buf))
		}
		size := int(binary.NativeEndian.Uint16(buf[2:]))
		if size < recordHeader || size > len(buf) {
			return fmt.Errorf("%w: record of %d bytes in %d", errMalformed, size, len(buf))
		}
		if buf[0] == unix.FAN_EVENT_INFO_TYPE_PIDFD {
			if size < pidfdRecord {
				return fmt.Errorf("%w: pidfd record of %d bytes", errMalformed, size)
			}
			e.PIDFD = max(int(int32(binary.NativeEndian.Uint32(buf[4:]))), none)
		}
		buf = buf[size:]
	}
	return nil
}
