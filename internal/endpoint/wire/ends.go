package wire

import (
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/internal/endpoint/sandbox"
)

// Guard is the end that hands out files. It belongs to one goroutine at a time,
// but for Close.
type Guard struct{ socket *quiet }

// Pair makes both ends. The file is the scanner's: it is handed to its process,
// and closed by the caller afterwards.
func Pair() (*Guard, *os.File, error) {
	first, second, err := pair()
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(second), "guard")
	q, err := newQuiet(first)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return &Guard{q}, theirs, nil
}

// Close closes the end. Whoever waits for the other gets an error.
func (g *Guard) Close() error { return g.socket.file.Close() }

// Deadline bounds the wait of Ready and Answer; zero: none.
func (g *Guard) Deadline(t time.Time) { _ = g.socket.file.SetReadDeadline(t) }

// Setup tells the scanner what to load. The file is for compiled rules; nil: none.
func (g *Guard) Setup(s Setup, file *os.File) error {
	message, err := encode(setup, s)
	if err != nil {
		return err
	}
	return g.send(message, file)
}

// send sends a message with at most one file.
func (g *Guard) send(message []byte, file *os.File) error {
	deadline := time.Now().Add(patience)
	if file == nil {
		return g.socket.send(message, -1, deadline)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	// Fd() would make the caller's file block; Control only lends the number.
	if raw.Control(func(fd uintptr) { sent = g.socket.send(message, int(fd), deadline) }) != nil {
		return fmt.Errorf("send to scanner: %w", os.ErrClosed) // the only reason there is
	}
	return sent
}

// patience is how long a message waits for room. There always is some: a scanner
// has at most one job, and has read it before it gets the next.
const patience = time.Second

// What a scanner may say of itself.
const (
	maxLines = 64
	maxLine  = 512
)

// Ready waits until the scanner has loaded. That it could not is an error.
func (g *Guard) Ready() (Ready, error) {
	message, err := g.socket.receive()
	if err != nil {
		return Ready{}, err
	}
	return decodeReady(message)
}

func decodeReady(message []byte) (Ready, error) {
	var r Ready
	if err := decode(message, ready, &r); err != nil {
		return Ready{}, err
	}
	if r.Error != "" {
		return Ready{}, &LoadError{Plain(r.Error, 8*maxLine)}
	}
	if !hexadecimal(r.Rules, 64) || r.Compiled != "" && !hexadecimal(r.Compiled, 64) || r.Count < 0 || r.Hashes < 0 || r.Allowed < 0 || r.Sigs < 0 {
		return Ready{}, errors.New("a scanner that does not know what it has loaded")
	}
	if len(r.Bundles) > maxLines || len(r.Warnings) > maxLines || len(r.Sandbox) > maxLines {
		return Ready{}, errors.New("a scanner that says too much of itself")
	}
	for _, list := range [][]string{r.Bundles, r.Warnings} {
		for i := range list {
			list[i] = Plain(list[i], maxLine)
		}
	}
	for i, p := range r.Sandbox {
		r.Sandbox[i] = sandbox.Part{Name: Plain(p.Name, 64), InForce: p.InForce, Detail: Plain(p.Detail, maxLine), Without: Plain(p.Without, maxLine)}
	}
	return r, nil
}

// LoadError is why a scanner could not load its rules.
type LoadError struct{ Text string }

func (e *LoadError) Error() string { return e.Text }

// Send hands a file to the scanner. The error is os.ErrClosed for a file that was closed.
func (g *Guard) Send(j Job, file *os.File) error {
	message, err := encode(job, j)
	if err != nil {
		return err
	}
	return g.send(message, file)
}

// Answer waits for the answer to the job with this id, and to no other.
func (g *Guard) Answer(id uint64) (Answer, error) {
	message, err := g.socket.receive()
	if err != nil {
		return Answer{}, err
	}
	a, err := decodeAnswer(message)
	if err == nil && a.ID != id {
		err = fmt.Errorf("an answer to job %d, which was not asked: that is %d", a.ID, id)
	}
	return a, err
}

// Scanner is the end that looks into files. It belongs to one goroutine.
type Scanner struct{ socket *blocking }

// Open takes the end that this process was handed as a descriptor.
func Open(fd int) *Scanner {
	return &Scanner{&blocking{fd: fd, buf: make([]byte, MaxMessage)}}
}

// Setup waits for what to load, and the file for compiled rules, which the caller
// closes; nil: there is none.
func (s *Scanner) Setup() (Setup, *os.File, error) {
	message, files, err := s.socket.receive()
	if err != nil {
		return Setup{}, nil, err
	}
	var out Setup
	if err = decode(message, setup, &out); err == nil && len(files) > 1 {
		err = fmt.Errorf("hear from the guard: what to load, with %d files", len(files))
	}
	switch {
	case err != nil:
		closeAll(files)
		return Setup{}, nil, err
	case len(files) == 0:
		return out, nil, nil
	}
	return out, files[0], nil
}

// Ready tells what was loaded.
func (s *Scanner) Ready(r Ready) error {
	r.Warnings = r.Warnings[:min(len(r.Warnings), maxLines)]
	r.Bundles = r.Bundles[:min(len(r.Bundles), maxLines)]
	for i := range r.Warnings {
		r.Warnings[i] = Plain(r.Warnings[i], maxLine)
	}
	r.Error = Plain(r.Error, 8*maxLine)
	message, err := encode(ready, r)
	if err != nil {
		return err
	}
	return s.socket.send(message)
}

// Next waits for a file. The caller closes it. The error is io.EOF when the guard
// is gone or wants no more.
func (s *Scanner) Next() (Job, *os.File, error) {
	message, files, err := s.socket.receive()
	if err != nil {
		return Job{}, nil, err
	}
	var j Job
	if err = decode(message, job, &j); err == nil && len(files) != 1 {
		err = fmt.Errorf("hear from the guard: a job with %d files", len(files))
	}
	if err != nil {
		closeAll(files)
		return Job{}, nil, err
	}
	return j, files[0], nil
}

// Answer tells what is in a file.
func (s *Scanner) Answer(a Answer) error {
	message, err := encodeAnswer(a)
	if err != nil {
		return err
	}
	return s.socket.send(message)
}
