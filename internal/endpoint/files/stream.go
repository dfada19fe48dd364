package files

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// Stream shows what a reader gives, such as standard input, as File shows a
// file: mapped when the reader is a file at its start, otherwise read into
// memory up to MaxCopy. It returns when ctx ends, even if the reader blocks.
func (v *View) Stream(ctx context.Context, r io.Reader, use func(data []byte)) Seen {
	if fd, ok := wholeFile(r); ok {
		return v.show(ctx, fd, true, use)
	}
	limit := v.maxCopy()
	if v.MaxSize > 0 {
		limit = min(limit, v.MaxSize)
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		done <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return failed("read", ctx.Err(), true)
	case got := <-done:
		return streamed(got.data, limit, got.err, use)
	}
}

func streamed(data []byte, limit int64, err error, use func([]byte)) Seen {
	if err != nil {
		return failed("read", err, true)
	}
	seen := Seen{Size: int64(len(data))}
	if seen.Size > limit {
		seen.TooLarge = true
		data = data[:limit]
	}
	use(data)
	return seen
}

// wholeFile gives the descriptor of a reader that is a regular file of which
// nothing has been read yet.
func wholeFile(r io.Reader) (int, bool) {
	file, ok := r.(interface{ Fd() uintptr })
	if !ok {
		return 0, false
	}
	fd := int(file.Fd())
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, false
	}
	at, err := unix.Seek(fd, 0, io.SeekCurrent)
	return fd, err == nil && at == 0
}

// maxListed is the longest path a list may hold.
const maxListed = 1 << 20

// List reads a list of paths, separated by newlines or, with null, by NUL
// bytes. It calls each for every path that is not empty, until each returns
// false. Paths are taken byte for byte.
func List(r io.Reader, null bool, each func(path string) bool) error {
	separator := byte('\n')
	if null {
		separator = 0
	}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxListed)
	scanner.Split(func(data []byte, end bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, separator); i >= 0 {
			return i + 1, data[:i], nil
		}
		if end && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for scanner.Scan() {
		if path := scanner.Text(); path != "" && !each(path) {
			return nil
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return errors.New("a path in the list is longer than 1 MiB; are its paths separated by NUL bytes?")
	} else if err != nil {
		return err
	}
	return nil
}
