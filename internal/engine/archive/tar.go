package archive

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"vitrine/internal/engine/limit"
)

const tarBlock = 512

// maxTarText is how long a header that only holds text may be; pax headers and
// long names are some hundred bytes.
const maxTarText = 1 << 20

// tarWalk is the state between headers: what the ones before said about the
// next member.
type tarWalk struct {
	*walk
	f        *feed
	longName string
	pax      map[string]string
	global   map[string]string
	zeros    int
}

// tar walks a tape archive: v7, ustar, pax and GNU (POSIX.1-2017 pax, GNU tar
// manual, "Basic Tar Format"). Links, devices and directories are no members.
func (w *walk) tar() error {
	t := &tarWalk{walk: w, f: w.feed()}
	for {
		if err := w.b.Check(); err != nil {
			return err
		}
		block, err := t.f.next(tarBlock)
		if len(block) == 0 && errors.Is(err, io.EOF) {
			return nil // without the end mark, as some tools write
		}
		if err != nil {
			return damaged(err, t.f.pos)
		}
		more, err := t.block(block)
		if err != nil || !more {
			return err
		}
	}
}

// block deals with one header block. It returns false at the end.
func (t *tarWalk) block(block []byte) (bool, error) {
	if len(trimZeros(block)) == 0 {
		t.zeros++
		return true, nil
	}
	h, ok := parseTar(block)
	if ok {
		t.zeros = 0
		return true, t.entry(h)
	}
	if t.zeros > 1 {
		// Behind the end mark anything may follow; it is remarked once.
		t.f.pos -= tarBlock
		return false, t.trailing(t.f.memory())
	}
	t.v.Problem(limit.Errorf(limit.Damaged, "tar: a header is malformed at byte %d", t.f.pos-tarBlock))
	return t.resync(), nil
}

// resync looks for the next good header in memory.
func (t *tarWalk) resync() bool {
	t.longName, t.pax = "", nil
	for m := t.f.memory(); len(m) >= tarBlock; m = m[tarBlock:] {
		if bytes.HasPrefix(m[257:], []byte("ustar")) && isTar(m) {
			t.f.pos = len(t.f.mem) - len(m)
			return true
		}
	}
	return false
}

// entry deals with one header and what belongs to it.
func (t *tarWalk) entry(h tarHeader) error {
	switch h.kind {
	case 'L':
		text, err := t.text(h.size)
		t.longName = string(bytes.TrimRight(text, "\x00"))
		return err
	case 'x', 'X':
		text, err := t.text(h.size)
		t.pax = parsePax(text)
		return err
	case 'g':
		text, err := t.text(h.size)
		t.global = parsePax(text)
		return err
	case 'K', 'V', 'N':
		_, err := t.text(h.size)
		return err
	}
	h.apply(t.global)
	h.apply(t.pax)
	if t.longName != "" {
		h.name = t.longName
	}
	t.longName, t.pax = "", nil
	return t.file(h)
}

// text reads a header's text, or skips it when it is too long.
func (t *tarWalk) text(size int64) ([]byte, error) {
	if size > maxTarText {
		t.v.Problem(limit.Errorf(limit.Damaged, "tar: a header of %d bytes was left out", size))
		return nil, t.pad(size, size)
	}
	b, err := t.f.next(int(size))
	if err != nil {
		return nil, damaged(err, t.f.pos)
	}
	out := bytes.Clone(b)
	return out, t.pad(size, 0)
}

// pad skips left bytes of a body of size bytes, and what fills its last block.
func (t *tarWalk) pad(size, left int64) error {
	fill := -size & (tarBlock - 1)
	if err := t.f.skip(left + fill); err != nil {
		if left == 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // the end of the file cuts the filling only
		}
		return damaged(err, t.f.pos)
	}
	return nil
}

func (t *tarWalk) file(h tarHeader) error {
	switch h.kind {
	case '2', '3', '4', '5', '6':
		return nil
	case '1':
		return t.link(h)
	}
	if h.size == 0 || h.kind == 0 && strings.HasSuffix(h.name, "/") {
		return t.pad(h.size, h.size)
	}
	if h.sparse {
		return t.sparse(h)
	}
	if err := t.f.member(h.name, h.size); err != nil {
		return err
	}
	return t.pad(h.size, 0)
}

// link deals with hard links, which have no body, except that pax lets them.
func (t *tarWalk) link(h tarHeader) error {
	if h.size == 0 {
		return nil
	}
	if m := t.f.memory(); len(m) >= tarBlock && isTar(m) {
		return nil // the next header stands right here
	}
	return t.file(tarHeader{name: h.name, size: h.size, kind: '0'})
}
