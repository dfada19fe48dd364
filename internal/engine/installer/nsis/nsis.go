// Package nsis reads what the Nullsoft Scriptable Install System of versions 2
// and 3 puts behind its stub: a first header, the compiled script and the files,
// each packed by itself or all in one stream, with deflate, bzip2 or LZMA, of
// ANSI and Unicode builds for 32 and 64 bits. The layout is that of the
// system's own fileform.h; there is no other document. The script is read for
// the names of the files only; nothing of it is run.
package nsis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/limit"
)

const (
	magic     = "\xef\xbe\xad\xdeNullsoftInst" // behind four bytes of flags
	headSize  = 28
	alignment = 512

	flagNoCRC    = 4  // no checksum at the end
	flagExternal = 16 // of a fork with 64-bit sizes and files outside

	// maxScript is more than any compiled script has; one of many thousand
	// files takes a few hundred kilobytes.
	maxScript = 32 << 20
)

// Begins tells whether data begins with a first header.
func Begins(data []byte) bool {
	return len(data) >= headSize && string(data[4:20]) == magic && binary.LittleEndian.Uint32(data) < 32
}

// Find is where the first header lies behind a program; negative when there is
// none. Stubs pass over one with flags they do not know, and so is it here
// unless there is no other.
func Find(program []byte) int {
	fork := -1
	for at := alignment; at+headSize <= len(program); at += alignment {
		if !Begins(program[at:]) {
			continue
		}
		if program[at]&flagExternal == 0 {
			return at
		}
		if fork < 0 {
			fork = at
		}
	}
	return fork
}

// walker is one installer being taken apart.
type walker struct {
	*installer.Job
	body   []byte // behind the first header
	script int64  // bytes of the script, unpacked
	held   []byte // the script, when it was unpacked
	names  names
	next   string // what the next part is called, when that is known
	count  int    // of parts without a name
}

// Walk takes apart what begins with a first header. The error is the Sink's,
// or one that ends the scan; all others are told to the Sink.
func Walk(data []byte, j *installer.Job) error {
	if !Begins(data) {
		return j.Damaged("nsis", errors.New("no header"))
	}
	flags := binary.LittleEndian.Uint32(data)
	if flags&flagExternal != 0 {
		j.Sink.Problem(limit.Errorf(limit.Method, "nsis: a layout with files outside the installer; it was not unpacked"))
		return nil
	}
	w := &walker{Job: j, script: int64(binary.LittleEndian.Uint32(data[20:]))}
	end := int64(binary.LittleEndian.Uint32(data[24:]))
	if end > int64(len(data)) {
		j.Sink.Problem(limit.Errorf(limit.Damaged, "nsis: cut off: %d bytes of %d are there", len(data), end))
		end = int64(len(data))
	} else if flags&flagNoCRC == 0 {
		end -= 4
	}
	w.body = data[headSize:max(end, headSize)]
	if w.script > maxScript {
		return w.Damaged("nsis", fmt.Errorf("a script of %d bytes", w.script))
	}
	if len(w.body) < 4 {
		return w.Damaged("nsis", io.ErrUnexpectedEOF)
	}
	defer func() { w.Free(w.held) }()
	if w.isSolid() {
		return w.solid()
	}
	return w.blocks()
}

const packedFlag = 1 << 31

// isSolid tells the two layouts apart: of blocks, the first is the script, and
// its size comes first.
func (w *walker) isSolid() bool {
	size := binary.LittleEndian.Uint32(w.body)
	if int64(size) == w.script {
		return false
	}
	if m := methodOf(w.body); m == lzma || m == lzmaFiltered {
		return true
	}
	n := int64(size &^ packedFlag)
	return size&packedFlag == 0 || n > int64(len(w.body)-4) || n > w.script+w.script/8+1024
}

// blocks goes through blocks that are packed each by itself, or not at all.
func (w *walker) blocks() error {
	body, base := w.body, 0
	for at := 0; at+4 <= len(body); {
		size := binary.LittleEndian.Uint32(body[at:])
		rest := body[at+4:]
		n := int64(size &^ packedFlag)
		if n > int64(len(rest)) {
			w.Sink.Problem(limit.Errorf(limit.Damaged, "nsis: a block of %d bytes is cut off, %d are there", n, len(rest)))
			n = int64(len(rest))
		}
		var err error
		if at == 0 {
			err = w.first(rest[:n], size&packedFlag != 0)
			base = 4 + int(n)
		} else {
			err = w.block(w.name(at-base), rest[:n], size&packedFlag != 0)
		}
		if err != nil {
			return err
		}
		at += 4 + int(n)
	}
	return nil
}

// first takes the script, which is the first block.
func (w *walker) first(data []byte, packed bool) error {
	if !packed {
		return w.takeScript(data)
	}
	r, err := w.open(data, methodOf(data))
	if err != nil {
		return w.Damaged("nsis: the script", err)
	}
	defer r.Close()
	return w.readScript(r)
}

func (w *walker) block(name string, data []byte, packed bool) error {
	if !packed {
		return w.Sink.Whole(name, data)
	}
	r, err := w.open(data, methodOf(data))
	if err != nil {
		return w.Damaged("nsis: "+name, err)
	}
	defer r.Close()
	return w.Sink.Decoded(name, r, len(data))
}

// solid goes through blocks that lie in one stream, the script first.
func (w *walker) solid() error {
	r, err := w.open(w.body, methodOf(w.body))
	if err != nil {
		return w.Damaged("nsis", err)
	}
	defer r.Close()
	n, err := size(r)
	if err == nil && n != w.script {
		err = errors.New("the script is not of the size it should be")
	}
	if err != nil {
		return w.Damaged("nsis", err)
	}
	if err := w.readScript(r); err != nil {
		return err
	}
	for at := int64(0); ; {
		n, err := size(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return w.Damaged("nsis: after the last part", err)
		}
		if ok, err := w.Piece(w.name(int(at)), r, n, len(w.body)); !ok || err != nil {
			return err
		}
		at += 4 + n
	}
}

// size reads the size before a block of a stream.
func size(r io.Reader) (int64, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint32(b[:])), nil
}

// readScript takes the script out of a stream.
func (w *walker) readScript(r io.Reader) error {
	var err error
	w.held, err = w.Read(r, w.script)
	if err == nil && int64(len(w.held)) < w.script {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		if err := w.Damaged("nsis: the script", err); err != nil {
			return err
		}
	}
	return w.takeScript(w.held)
}

// takeScript hands out the script and reads the names in it.
func (w *walker) takeScript(script []byte) error {
	if err := w.Sink.Whole("nsis/(script)", script); err != nil {
		return err
	}
	w.names = readNames(script, w.Budget.Limits().MaxFiles)
	return nil
}

// name is what the part at that place is called. An uninstaller has two: the
// icons of its stub, and what is put behind a copy of it.
func (w *walker) name(at int) string {
	name, icons := w.names.at(at)
	switch {
	case w.next != "":
		name, w.next = w.next, ""
	case icons:
		w.next = name
		name += "/(icons)"
	}
	if name != "" {
		return "nsis/" + name
	}
	w.count++
	return fmt.Sprintf("nsis/(part %d)", w.count)
}
