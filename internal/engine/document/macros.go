package document

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"vitrine/internal/engine/document/ole"
	"vitrine/internal/engine/document/vba"
	"vitrine/internal/engine/limit"
)

const (
	maxDir    = 1 << 20 // bytes of a project's directory; real ones have some thousands
	maxModule = 4 << 20 // bytes of a module's stream in which source is looked for

	chunkMark = 3 // in the header of a chunk of compressed source
)

// macros hands out the source of the modules beside a stream "dir", each under
// its module's name. A module the directory does not list, or lists wrongly, is
// found by what source begins with.
func (c *compound) macros(dir *ole.Entry) error {
	project, err := c.project(dir)
	if limit.Final(err) {
		return err
	}
	if err != nil {
		c.Sink.Problem(err)
	}
	streams := c.beside(dir)
	for _, m := range project.Modules {
		name := strings.ToLower(m.Stream)
		e := streams[name]
		if e == nil {
			continue
		}
		begins, err := c.beginsAt(e, m.Offset)
		if err != nil {
			return err
		}
		if !begins {
			continue
		}
		delete(streams, name)
		if err := c.source(m.Name, e, int64(m.Offset), project.CodePage); err != nil {
			return err
		}
	}
	return c.unlisted(dir, streams, project.CodePage)
}

// project reads the directory of a project.
func (c *compound) project(dir *ole.Entry) (vba.Project, error) {
	text, err := c.read(vba.NewReader(c.file.Reader(dir)), maxDir)
	if text == nil {
		return vba.Project{CodePage: 1252}, err
	}
	defer c.Budget.Release(maxDir)
	p, whole := vba.ParseDir(text)
	if err == nil && !whole {
		err = limit.Errorf(limit.Damaged, "vba: the directory of the project is cut off")
	}
	return p, err
}

// read takes at most size bytes into memory that it holds for the caller.
func (c *compound) read(r io.Reader, size int64) ([]byte, error) {
	if err := c.Budget.Hold(size); err != nil {
		return nil, err
	}
	buf := make([]byte, size)
	n, err := io.ReadFull(r, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if spent := c.Budget.Spend(int64(n)); spent != nil {
		err = spent
	}
	return buf[:n], err
}

// beside gives the other streams of the storage that e lies in, by name.
func (c *compound) beside(e *ole.Entry) map[string]*ole.Entry {
	streams := map[string]*ole.Entry{}
	for i := range c.file.Entries() {
		o := &c.file.Entries()[i]
		if o != e && o.Parent == e.Parent && o.Stream() {
			streams[strings.ToLower(o.Name)] = o
		}
	}
	return streams
}

// beginsAt tells whether a compressed container may begin there.
func (c *compound) beginsAt(e *ole.Entry, offset uint32) (bool, error) {
	var b [3]byte
	r := c.file.Reader(e)
	if err := c.skip(r, int64(offset)); err != nil {
		if limit.Final(err) {
			return false, err
		}
		return false, nil // source is looked for elsewhere in the stream
	}
	_, err := io.ReadFull(r, b[:])
	return err == nil && b[0] == 1 && b[2]>>4&7 == chunkMark, nil
}

// source hands out the source that begins at offset in e.
func (c *compound) source(name string, e *ole.Entry, offset int64, page uint16) error {
	r := c.file.Reader(e)
	if err := c.skip(r, offset); err != nil {
		return c.unlessFinal(err)
	}
	text := vba.TextReader(vba.NewReader(r), page)
	return c.Sink.Decoded(name, text, int(min(e.Size, int64(c.size))))
}

// unlessFinal tells an error to the Sink, unless it ends the scan.
func (c *compound) unlessFinal(err error) error {
	if limit.Final(err) {
		return err
	}
	c.Sink.Problem(err)
	return nil
}

// unlisted looks for source in the streams that no module accounts for.
func (c *compound) unlisted(dir *ole.Entry, streams map[string]*ole.Entry, page uint16) error {
	for i := range c.file.Entries() {
		e := &c.file.Entries()[i]
		if e.Parent != dir.Parent || streams[strings.ToLower(e.Name)] != e {
			continue
		}
		at, err := c.findSource(e)
		if limit.Final(err) {
			return err
		}
		if at < 0 {
			continue
		}
		if err := c.source(e.Name, e, int64(at), page); err != nil {
			return err
		}
	}
	return nil
}

// findSource gives where in a stream compressed source begins: its first line
// is "Attribute VB_Name…", in the first chunk, and the first letters of it are
// never packed. Negative: nowhere.
func (c *compound) findSource(e *ole.Entry) (int, error) {
	size := min(e.Size, maxModule, int64(c.size))
	data, err := c.read(c.file.Reader(e), size)
	if data == nil {
		return -1, err
	}
	defer c.Budget.Release(size)
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("\x00Attribut"))
		if i < 0 {
			return -1, err
		}
		at := from + i - 3
		if at >= 0 && data[at] == 1 && data[at+2]>>4&7 == chunkMark {
			return at, nil
		}
		from += i + 1
	}
}
