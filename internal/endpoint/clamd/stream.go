package clamd

import (
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errSaid ends a connection whose client has been told why.
var errSaid = errors.New("the client was told")

// stream takes what follows INSTREAM and has it scanned: pieces, each behind
// its length in four bytes, most significant first, until one of no length.
func (a answer) stream() bool {
	f, size, err := a.collect()
	if err != nil {
		if a.client.amid = errors.Is(err, errSaid); !a.amid {
			a.quit(err)
		}
		return false
	}
	return a.later(func() {
		defer a.release(f, size)
		v, err := a.look(a.ctx, "INSTREAM", "stream", f)
		for _, text := range a.outcomes(v, err, false) {
			a.line("stream: " + text)
		}
	})
}

// release gives a stream's memory back.
func (c *client) release(f *os.File, size int64) {
	_ = f.Close()
	c.held.Add(-size)
}

// collect holds a stream in memory that has no name.
func (a answer) collect() (f *os.File, size int64, err error) {
	fd, err := unix.MemfdCreate("stream", unix.MFD_CLOEXEC)
	if err != nil {
		a.line(sayNoHold)
		return nil, 0, errSaid
	}
	f = os.NewFile(uintptr(fd), "stream")
	defer func() {
		if err != nil {
			a.release(f, size)
		}
	}()
	for {
		if err = a.need(4); err != nil {
			return f, size, err
		}
		length := int64(binary.BigEndian.Uint32(a.buffer[a.from:]))
		a.from += 4
		if length == 0 {
			return f, size, nil
		}
		if length > a.MaxStream-size {
			a.line(sayTooLarge)
			return f, size, errSaid
		}
		if err = a.piece(fd, length, &size); err != nil {
			return f, size, err
		}
	}
}

// piece takes length bytes. Memory is counted as they come, not as they are
// announced.
func (a answer) piece(fd int, length int64, size *int64) error {
	for length > 0 {
		if err := a.need(1); err != nil {
			return err
		}
		part := a.buffer[a.from:a.upTo]
		part = part[:min(int64(len(part)), length)]
		*size += int64(len(part))
		if a.held.Add(int64(len(part))) > a.MaxHeld {
			a.line(sayNoRoom)
			return errSaid
		}
		if err := writeAll(fd, part); err != nil {
			a.line(sayNoHold)
			return errSaid
		}
		a.from += len(part)
		length -= int64(len(part))
	}
	return nil
}

func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		if err != nil && err != unix.EINTR {
			return err
		}
		p = p[max(n, 0):]
	}
	return nil
}
