package files

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MapFrom is the size from which a file is mapped into memory and no longer
// copied: a large file costs address space, not memory.
const MapFrom = 1 << 20

// View shows the bytes of files, one at a time. The zero View is ready to use;
// it belongs to one goroutine, and reuses its memory from file to file.
type View struct {
	// MaxSize is the size in bytes of the largest file to show; 0 means any.
	MaxSize int64
	// MaxCopy bounds what is held in memory of something that cannot be
	// mapped and has no size: a pipe, a file the kernel makes up. 0 means 256 MiB.
	MaxCopy int64

	buffer []byte
}

// Seen is what a View showed.
type Seen struct {
	Kind    Kind     // File; Special when the file turned out to be none; Unread
	Problem *Problem // Unread only
	Size    int64    // of the file when it was opened

	TooLarge  bool // longer than MaxSize, and not shown; or than MaxCopy, or a stream: only its start was shown
	Changed   bool // it changed while it was shown: what was shown may be neither old nor new
	Abandoned bool // use did not return, because the file shrank under it; Changed too
}

// File opens the file of an entry and calls use with its bytes, which are
// valid until use returns and must not be changed. It calls use at most once,
// and not at all when the file cannot be shown. It reads at most the size the
// file had when it was opened. When a mapped file shrinks, use is abandoned by
// a panic that File recovers; Seen.Abandoned says so.
func (v *View) File(ctx context.Context, e Entry, use func(data []byte)) Seen {
	fd, err := openLong(e.Path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, e.Named)
	if err != nil {
		return failed("open", err, e.Named)
	}
	defer closeFD(fd)
	return v.show(ctx, fd, e.Named, use)
}

func failed(op string, err error, named bool) Seen {
	return Seen{Kind: Unread, Problem: problem(op, err, named)}
}

// show shows an open file.
func (v *View) show(ctx context.Context, fd int, named bool, use func([]byte)) Seen {
	var before, after unix.Stat_t
	if err := unix.Fstat(fd, &before); err != nil {
		return failed("stat", err, named)
	}
	if before.Mode&unix.S_IFMT != unix.S_IFREG {
		if named {
			return Seen{Kind: Unread, Problem: special()}
		}
		return Seen{Kind: Special}
	}
	seen := Seen{Size: before.Size}
	if v.MaxSize > 0 && before.Size > v.MaxSize {
		seen.TooLarge = true
		return seen
	}
	if err := v.bytes(ctx, fd, &seen, use); err != nil {
		return failed("read", err, named)
	}
	if err := unix.Fstat(fd, &after); err != nil {
		return failed("stat", err, named)
	}
	seen.Changed = seen.Abandoned || after.Size != before.Size || after.Mtim != before.Mtim
	return seen
}

// bytes shows the bytes of a regular file, mapped or copied.
func (v *View) bytes(ctx context.Context, fd int, seen *Seen, use func([]byte)) error {
	if seen.Size < MapFrom {
		return v.copied(ctx, fd, seen, use)
	}
	if kernelFS(fd) {
		seen.Size = 0 // it has no size worth the name: read until it ends
		return v.copied(ctx, fd, seen, use)
	}
	data, err := unix.Mmap(fd, 0, int(seen.Size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return v.copied(ctx, fd, seen, use)
	}
	defer unix.Munmap(data)
	_ = unix.Madvise(data, unix.MADV_SEQUENTIAL) // advice only
	defer keepSmall(data)()
	seen.Abandoned = faults(data, use)
	return nil
}

// A mapped file that has been read stays in the memory of the process until
// somebody else needs it. That is free, but it looks like memory in use, and
// limits on the process count it. So a large mapping is given back every
// shrinkEvery: what is still needed comes back from the kernel's cache.
const (
	shrinkFrom  = 32 << 20 // bytes
	shrinkEvery = 50 * time.Millisecond
)

// keepSmall gives back the pages of a large mapping now and then, until stop
// is called.
func keepSmall(data []byte) (stop func()) {
	if len(data) < shrinkFrom {
		return func() {}
	}
	ticker, done, ended := time.NewTicker(shrinkEvery), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				shrink(data)
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-ended // the mapping may be gone after this
	}
}

// shrink gives back the pages of a mapping. It is only advice.
func shrink(data []byte) { _ = unix.Madvise(data, unix.MADV_DONTNEED) }

// faults calls use with mapped bytes and reports whether a page of them was
// gone: the file was cut off meanwhile. The kernel then sends SIGBUS, which
// the runtime turns into a panic that knows the address.
func faults(data []byte, use func([]byte)) (gone bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if gone = within(p, data); !gone {
				panic(p)
			}
		}
	}()
	use(data)
	return false
}

// within reports whether a panic is a fault at an address inside data.
func within(p any, data []byte) bool {
	fault, ok := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	start := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	return ok && fault.Addr()-start < uintptr(len(data))
}

// copied reads a file into the buffer and shows it: as many bytes as it had
// when it was opened, or all until the end when it claims to have none.
func (v *View) copied(ctx context.Context, fd int, seen *Seen, use func([]byte)) error {
	limit := seen.Size
	if limit == 0 || limit > v.maxCopy() {
		limit = v.maxCopy()
	}
	data, more, err := v.fill(ctx, limit, seen.Size, func(p []byte) (int, error) { return unix.Read(fd, p) })
	if err != nil {
		return err
	}
	seen.TooLarge = more && (seen.Size == 0 || seen.Size > limit)
	seen.Size = max(seen.Size, int64(len(data)))
	use(data)
	return nil
}

func (v *View) maxCopy() int64 {
	if v.MaxCopy > 0 {
		return v.MaxCopy
	}
	return 256 << 20
}

// fill reads up to limit bytes and reports whether there may be more. hint is
// how many there are likely to be.
func (v *View) fill(ctx context.Context, limit, hint int64, read func([]byte) (int, error)) ([]byte, bool, error) {
	buffer := v.buffer
	if int64(len(buffer)) < min(limit, hint) || len(buffer) == 0 {
		buffer = make([]byte, min(limit, max(hint, 64<<10)))
	}
	defer func() { v.keep(buffer) }()
	for n := int64(0); ; {
		if n == limit {
			return buffer[:n], true, nil
		}
		if n == int64(len(buffer)) {
			buffer = append(buffer, make([]byte, min(n, limit-n))...)
		}
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		got, err := read(buffer[n:min(int64(len(buffer)), limit)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, false, err
		case got <= 0:
			return buffer[:n], false, nil
		}
		n += int64(max(got, 0))
	}
}

// keep holds on to a buffer of ordinary size for the next file.
func (v *View) keep(buffer []byte) {
	if len(buffer) <= MapFrom {
		v.buffer = buffer
	}
}
