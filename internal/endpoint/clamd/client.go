package clamd

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/local"
)

// bufferSize is what is read of a client at once.
const bufferSize = 64 << 10

// client is one connection. One goroutine reads; in a session, others answer.
type client struct {
	*running
	conn   *local.Conn
	ctx    context.Context
	cancel context.CancelFunc

	buffer     []byte
	from, upTo int      // what is received and not used yet
	file       *os.File // received and not claimed yet

	amid    bool // it was refused while it was sending
	session bool
	id      int // of the last command in the session
	jobs    sync.WaitGroup
	waiting atomic.Int32  // jobs not answered yet
	places  chan struct{} // a place for each of them

	writing sync.Mutex
}

// answer is where the lines about one command go.
type answer struct {
	*client
	id   int // 0: outside a session
	term byte
}

// serve answers commands until the client has no more.
func (c *client) serve() {
	stop := context.AfterFunc(c.ctx, func() { _ = c.conn.Close() })
	for c.next() {
	}
	c.jobs.Wait()
	c.linger()
	stop()
	_ = c.conn.Close()
	if c.file != nil {
		_ = c.file.Close()
	}
}

// linger takes what a client still sends that was told of an error in the
// middle of it: many write all before they read, and would miss the answer.
func (c *client) linger() {
	if !c.amid || c.conn.CloseWrite() != nil {
		return
	}
	c.expect()
	for left := 4 * c.MaxStream; left > 0; {
		n, err := c.conn.Read(c.buffer)
		if err != nil {
			return
		}
		left -= int64(n)
	}
}

// next deals with one command and reports whether another may follow.
func (c *client) next() bool {
	l, ok := c.command()
	if !ok {
		return false
	}
	if c.session {
		c.id++
	}
	a := answer{c, c.id, l.term}
	if c.session && l.old {
		a.line(sayOldStyle)
		return false
	}
	return a.obey(parse(l)) && c.session
}

// obey carries a command out, or has it carried out. False ends the connection.
func (a answer) obey(cmd command) bool {
	if a.session && !cmd.session {
		a.line(sayInvalid)
		return false
	}
	switch cmd.verb {
	case ping:
		return a.line("PONG")
	case version:
		return a.line(a.Version)
	case versionCommands:
		return a.line(a.Version + "| COMMANDS:" + commandList())
	case stats:
		return a.line(a.statistics())
	case reload:
		return a.reload()
	case shutdown:
		return a.line(sayUnavailable)
	case idSession:
		a.client.session, a.client.places = true, make(chan struct{}, a.Threads)
		return true
	case end:
		if !a.session {
			a.line(sayUnknown)
		}
		return false
	case inStream:
		return a.stream()
	case filDes:
		return a.received()
	case scan, contScan, multiScan, allMatchScan:
		return a.later(func() { a.path(cmd) })
	default:
		return a.line(sayUnknown)
	}
}

func (a answer) reload() bool {
	if a.Reload == nil {
		return a.line(sayUnavailable)
	}
	ok := a.line("RELOADING")
	a.askReload()
	return ok
}

func commandList() string {
	list := ""
	for _, w := range words() {
		list += " " + w.text
	}
	return list
}

// later does a job: at once, or in a session beside the others, so that a
// client may ask on before it has its answer.
func (a answer) later(job func()) bool {
	if !a.session {
		job()
		return true
	}
	select {
	case a.client.places <- struct{}{}:
	case <-a.ctx.Done():
		return false
	}
	a.waiting.Add(1)
	a.jobs.Add(1)
	go func() {
		defer a.jobs.Done()
		defer a.waiting.Add(-1)
		defer func() { <-a.client.places }()
		job()
	}()
	return true
}

// line writes a line of the answer and reports whether the client took it.
func (a answer) line(text string) bool {
	prefix := ""
	if a.id > 0 {
		prefix = strconv.Itoa(a.id) + ": "
	}
	return a.write(append([]byte(prefix+text), a.term))
}

// about writes a line about a path.
func (a answer) about(path, text string) bool {
	return a.line(shown(path, a.term) + ": " + text)
}

func (c *client) write(data []byte) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.Idle))
	if _, err := c.conn.Write(data); err != nil {
		c.cancel()
		return false
	}
	return true
}

// gone reports whether the client has left for good. One that only has nothing
// more to say is still there.
func (c *client) gone() bool {
	if c.ctx.Err() != nil {
		return true
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.conn.Write(nil)
	return err != nil
}

// command reads the next command.
func (c *client) command() (line, bool) {
	c.expect()
	for {
		l, used := cut(c.buffer[c.from:min(c.upTo, c.from+maxLine)])
		if used > 0 {
			c.from += used
			return l, true
		}
		if problem := c.misfit(); problem != "" {
			answer{c, c.id, '\n'}.line(problem)
			return line{}, false
		}
		if err := c.fill(); err != nil {
			c.quit(err)
			return line{}, false
		}
	}
}

// misfit says what is wrong with a command that has not ended yet.
func (c *client) misfit() string {
	switch {
	case c.upTo-c.from >= maxLine:
		return sayTooLong
	case c.file != nil:
		return sayStrayFile
	}
	return ""
}

// quit says why the client is left, if it is for its slowness.
func (c *client) quit(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.write([]byte(sayTimedOut))
	}
}

// expect begins the time in which the client has to say something.
func (c *client) expect() { _ = c.conn.SetReadDeadline(time.Now().Add(c.Idle)) }

// fill reads more. A client that waits for answers may be silent meanwhile.
func (c *client) fill() error {
	if c.from == c.upTo {
		c.from, c.upTo = 0, 0
	} else if c.upTo == len(c.buffer) {
		c.upTo = copy(c.buffer, c.buffer[c.from:c.upTo])
		c.from = 0
	}
	for {
		n, files, err := c.conn.ReadRights(c.buffer[c.upTo:])
		c.upTo += n
		if len(files) > 0 {
			err = errors.Join(err, c.take(files))
		}
		if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && c.waiting.Load() > 0 {
			c.expect()
			continue
		}
		return err
	}
}

// take keeps the one file that may be waiting.
func (c *client) take(files []*os.File) error {
	if c.file == nil {
		c.file, files = files[0], files[1:]
	}
	for _, f := range files {
		_ = f.Close()
	}
	if len(files) > 0 {
		return errors.New("more files than were announced")
	}
	return nil
}

// need reads until n bytes are there, n being small.
func (c *client) need(n int) error {
	c.expect()
	for c.upTo-c.from < n {
		if err := c.fill(); err != nil {
			return err
		}
	}
	return nil
}
