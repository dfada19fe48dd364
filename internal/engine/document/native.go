package document

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"vitrine/internal/engine/document/ole"
)

// maxText is how long the names in the header of a packaged file may be.
const maxText = 1024

// native hands out the file in a stream "Ole10Native", in place of the stream,
// under the name it has there. It returns false when e is none, or holds
// something else than a packaged file.
func (c *compound) native(path string, e *ole.Entry) (bool, error) {
	if !strings.EqualFold(e.Name, "\x01Ole10Native") {
		return false, nil
	}
	r := bufio.NewReaderSize(c.file.Reader(e), 4*maxText)
	if _, err := r.Discard(4); err != nil { // the size of all that follows
		return false, nil
	}
	name, size, ok := packaged(r)
	if !ok {
		return false, nil
	}
	storage := path[:strings.LastIndexByte(path, '/')+1]
	return true, c.Sink.Decoded(storage+name, io.LimitReader(r, size), int(min(e.Size, int64(c.size))))
}

// packaged reads the header that the Windows packager puts before a file: two
// bytes, a label, the path the file had, and the path it is to be written to,
// then its size. It consumes the header only when it is one.
func packaged(r *bufio.Reader) (name string, size int64, ok bool) {
	head, _ := r.Peek(4 * maxText)
	rest := head
	if len(rest) < 2 || binary.LittleEndian.Uint16(rest) != 2 {
		return "", 0, false
	}
	label, rest, ok := cString(rest[2:])
	if !ok {
		return "", 0, false
	}
	path, rest, ok := cString(rest)
	if !ok || len(rest) < 8 {
		return "", 0, false
	}
	skip := int64(binary.LittleEndian.Uint32(rest[4:]))
	rest = rest[8:]
	if skip > maxText || int64(len(rest)) < skip+4 {
		return "", 0, false
	}
	size = int64(binary.LittleEndian.Uint32(rest[skip:]))
	rest = rest[skip+4:]
	_, err := r.Discard(len(head) - len(rest))
	return packageName(label, path), size, err == nil
}

func cString(b []byte) (text string, rest []byte, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), maxText)], 0)
	if end < 0 {
		return "", nil, false
	}
	return string(b[:end]), b[end+1:], true
}

// packageName is the last part of the path: what a user would start.
func packageName(label, path string) string {
	if path == "" {
		path = label
	}
	if i := strings.LastIndexAny(path, `\/`); i >= 0 && i+1 < len(path) {
		path = path[i+1:]
	}
	if path == "" {
		return "(package)"
	}
	return path
}
