package clamd

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"vitrine/internal/endpoint/files"

	"golang.org/x/sys/unix"
)

// received scans the file that came with FILDES: with the byte behind the
// command's end.
func (a answer) received() bool {
	if err := a.need(1); err != nil {
		a.quit(err)
		return false
	}
	a.client.from++
	f := a.file
	a.client.file = nil
	if f == nil {
		a.line(sayNoFile)
		return false
	}
	return a.later(func() {
		defer f.Close()
		fd, ok := regular(f)
		what := fmt.Sprintf("fd[%d]", fd)
		if !ok {
			a.about(what, sayNotRegular)
			return
		}
		v, err := a.look(a.ctx, "FILDES", what, f)
		for _, text := range a.outcomes(v, err, false) {
			a.about(what, text)
		}
	})
}

// regular reports whether an open file is one that has bytes, and its number.
func regular(f *os.File) (fd int, ok bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, false
	}
	err = raw.Control(func(number uintptr) {
		var st unix.Stat_t
		fd = int(number)
		ok = unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG
	})
	return fd, ok && err == nil
}

// walk is one SCAN, CONTSCAN, MULTISCAN or ALLMATCHSCAN at work.
type walk struct {
	answer
	cmd    command
	beside chan struct{} // a place for each file at once, in a MULTISCAN
	jobs   sync.WaitGroup

	mu      sync.Mutex
	found   bool
	problem bool
}

// path scans what a command names, with the rights of this process. All of it
// is OK when nothing was found and nothing left out.
func (a answer) path(cmd command) {
	w := &walk{answer: a, cmd: cmd, beside: make(chan struct{}, a.Threads)}
	if strings.HasPrefix(cmd.arg, "/") {
		walker := files.Walker{}
		walker.Walk(a.ctx, cmd.arg, w.visit)
		w.jobs.Wait()
	} else {
		w.bad(cmd.arg, pathProblem(unix.ENOENT)) // this process is in no folder that means anything
	}
	if !w.found && !w.problem && a.ctx.Err() == nil {
		a.about(cmd.arg, "OK")
	}
}

func (w *walk) visit(e files.Entry) bool {
	switch {
	case w.gone():
		return false
	case e.Kind == files.Unread && e.Err.Reason == files.NotAFile:
		w.bad(e.Path, sayNotAFile)
	case e.Kind == files.Unread:
		w.bad(e.Path, pathProblem(e.Err))
	case e.Kind != files.File:
	case w.cmd.verb == multiScan:
		w.beside <- struct{}{}
		w.jobs.Go(func() {
			defer func() { <-w.beside }()
			w.file(e)
		})
	default:
		w.file(e)
	}
	return !w.enough()
}

// enough reports whether a command that asks for one finding has it.
func (w *walk) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found && (w.cmd.verb == scan || w.cmd.verb == allMatchScan)
}

func (w *walk) bad(path, text string) {
	w.mu.Lock()
	w.problem = true
	w.mu.Unlock()
	w.about(path, text)
}

func (w *walk) file(e files.Entry) {
	f, err := open(e)
	if err != nil {
		w.bad(e.Path, openProblem(err))
		return
	}
	defer f.Close()
	if _, ok := regular(f); !ok {
		w.bad(e.Path, sayNotAFile)
		return
	}
	v, err := w.look(w.ctx, w.cmd.text, e.Path, f)
	for _, text := range w.outcomes(v, err, w.cmd.verb == allMatchScan) {
		switch {
		case text == "OK":
		case strings.HasSuffix(text, " FOUND"):
			w.mu.Lock()
			w.found = true
			w.mu.Unlock()
			w.about(e.Path, text)
		default:
			w.bad(e.Path, text)
		}
	}
}

// open opens a file for reading. It does not wait at a FIFO that took a file's
// place, and follows a symbolic link only where the client named it.
func open(e files.Entry) (*os.File, error) {
	flags := os.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	if !e.Named {
		flags |= unix.O_NOFOLLOW
	}
	return os.OpenFile(e.Path, flags, 0)
}
