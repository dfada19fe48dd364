// Package pyinstaller reads what PyInstaller puts behind its loader: an archive
// with a table of contents and a cookie at its end, and in it the archive of
// Python modules, which is read as a format of its own. The layout is that of
// the tool's own loader. Code is handed out as it is stored; it is never run.
package pyinstaller

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/limit"
)

const (
	cookieSign = "MEI\x0c\x0b\x0a\x0b\x0e"
	cookieSize = 24 // and 64 more for the name of a library since 2.1
	nameSize   = 64
	entryHead  = 18
)

// archive is where everything is.
type archive struct {
	data []byte
	toc  []byte
}

// Find tells whether a program carries an archive.
func Find(program []byte) bool {
	_, ok := find(program)
	return ok
}

// find looks for the last cookie; a signature may follow it.
func find(data []byte) (archive, bool) {
	i := lastIndex(data, cookieSign)
	if i < 0 {
		return archive{}, false
	}
	for _, size := range []int{cookieSize + nameSize, cookieSize} {
		if i+size > len(data) {
			continue
		}
		c := data[i:]
		whole, toc, n := int64(binary.BigEndian.Uint32(c[8:])), int64(binary.BigEndian.Uint32(c[12:])), int64(binary.BigEndian.Uint32(c[16:]))
		start := int64(i+size) - whole
		if start < 0 || toc+n > whole || n < entryHead {
			continue
		}
		a := archive{data: data[start:i]}
		if toc+n > int64(len(a.data)) {
			continue
		}
		a.toc = a.data[toc : toc+n]
		if first := int64(binary.BigEndian.Uint32(a.toc)); first > entryHead && first <= n {
			return a, true
		}
	}
	return archive{}, false
}

// lastIndex is that of bytes, which is ten times slower than a search from the
// front.
func lastIndex(data []byte, sign string) int {
	last := -1
	for {
		i := bytes.Index(data[last+1:], []byte(sign))
		if i < 0 {
			return last
		}
		last += 1 + i
	}
}

// member is one entry of a table.
type member struct {
	name   string
	at     int64
	size   int64 // packed
	packed bool
}

// walker is one archive being taken apart.
type walker struct {
	*installer.Job
	data  []byte
	total int64 // bytes handed out where they lie
}

// Walk takes apart what a program carries. The error is the Sink's, or one that
// ends the scan; all others are told to the Sink.
func Walk(program []byte, j *installer.Job) error {
	a, ok := find(program)
	if !ok {
		return j.Damaged("pyinstaller", errors.New("no archive"))
	}
	w := &walker{Job: j, data: a.data}
	for toc := a.toc; len(toc) > 0; {
		n := int64(len(toc))
		if n >= 4 {
			n = int64(binary.BigEndian.Uint32(toc))
		}
		if n <= entryHead || n > int64(len(toc)) {
			return j.Damaged("pyinstaller", errors.New("the table of contents is cut off"))
		}
		e := toc[:n]
		toc = toc[n:]
		m := member{at: int64(binary.BigEndian.Uint32(e[4:])), size: int64(binary.BigEndian.Uint32(e[8:])), packed: e[16] != 0}
		m.name = "pyinstaller/" + entryName(e[entryHead:], e[17])
		if err := w.member(m); err != nil {
			return err
		}
	}
	return nil
}

// entryName adds an ending by the kind of the entry: code has none.
func entryName(b []byte, kind byte) string {
	name, _, _ := bytes.Cut(b, []byte{0})
	switch kind {
	case 's', 'm', 'M':
		return string(name) + ".pyc"
	}
	return string(name)
}

func (w *walker) member(m member) error {
	if m.at > int64(len(w.data)) || m.size > int64(len(w.data))-m.at || m.at < 0 || m.size < 0 {
		return w.Damaged(m.name, errors.New("it is not where it should be"))
	}
	data := w.data[m.at : m.at+m.size]
	if !m.packed {
		if w.total += m.size; w.total > int64(len(w.data)) {
			w.Sink.Problem(limit.Errorf(limit.Overlap, "%s: shares its bytes with others", m.name))
			return nil
		}
		if len(data) == 0 {
			return nil
		}
		return w.Sink.Whole(m.name, data)
	}
	in := w.Input(data)
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return w.Damaged(m.name, err)
	}
	if head[0]&0x0f != 8 {
		return w.Damaged(m.name, fmt.Errorf("it is not packed, or it is encrypted"))
	}
	r, err := w.Open.Deflate(in)
	if err != nil {
		return w.Damaged(m.name, err)
	}
	defer r.Close()
	return w.Sink.Decoded(m.name, r, len(data))
}
