// Package asar reads the archives that Electron packs programs into: a header
// in JSON that says where each file is, and the files as they are (the format
// of @electron/asar). Files that are left beside the archive, and links, are
// not in it and are passed over.
package asar

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/limit"
)

const (
	head     = 16 // four sizes, one inside the other
	maxDepth = 64 // folders in folders
	maxPath  = 4096
	maxText  = 64 << 20
	opening  = `{"files":`
)

// Begins tells whether data begins as an archive does.
func Begins(data []byte) bool {
	if len(data) < head+len(opening) || binary.LittleEndian.Uint32(data) != 4 {
		return false
	}
	all, inner, text := binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:]), binary.LittleEndian.Uint32(data[12:])
	return inner < all && text < inner && string(data[head:head+len(opening)]) == opening
}

// walker is one archive being taken apart.
type walker struct {
	*installer.Job
	dec   *json.Decoder
	files []byte // all behind the header
	total int64  // bytes handed out
}

// Walk takes an archive apart. The error is the Sink's, or one that ends the
// scan; all others are told to the Sink.
func Walk(data []byte, j *installer.Job) error {
	if !Begins(data) {
		return j.Damaged("asar", errors.New("no header"))
	}
	all, text := int64(binary.LittleEndian.Uint32(data[4:])), int64(binary.LittleEndian.Uint32(data[12:]))
	if text > maxText {
		return j.Damaged("asar", fmt.Errorf("a header of %d bytes", text))
	}
	if 8+all > int64(len(data)) {
		return j.Damaged("asar", errors.New("the header is cut off"))
	}
	w := &walker{Job: j, dec: json.NewDecoder(bytes.NewReader(data[head : head+text])), files: data[8+all:]}
	err := w.entry("", 0)
	var stop stopError
	if errors.As(err, &stop) {
		return stop.error
	}
	if err != nil {
		return j.Damaged("asar: the header", err)
	}
	return nil
}

// stopError marks an error that ends the walk.
type stopError struct{ error }

// entry reads the object of a file or a folder.
func (w *walker) entry(path string, depth int) error {
	if depth > maxDepth {
		return limit.Errorf(limit.Depth, "asar: more than %d folders in each other", maxDepth)
	}
	if err := w.opens('{'); err != nil {
		return err
	}
	at, size := int64(-1), int64(-1)
	for w.dec.More() {
		key, err := w.text()
		if err != nil {
			return err
		}
		switch key {
		case "files":
			err = w.folder(path, depth)
		case "offset":
			at, err = w.number()
		case "size":
			size, err = w.number()
		default:
			var rest json.RawMessage
			err = w.dec.Decode(&rest)
		}
		if err != nil {
			return err
		}
	}
	if _, err := w.dec.Token(); err != nil {
		return err
	}
	if at < 0 || size <= 0 {
		return nil
	}
	return w.file(path, at, size)
}

// folder reads the entries of a folder.
func (w *walker) folder(path string, depth int) error {
	if err := w.opens('{'); err != nil {
		return err
	}
	for w.dec.More() {
		name, err := w.text()
		if err != nil {
			return err
		}
		if path != "" {
			name = path + "/" + name
		}
		name = name[:min(len(name), maxPath)]
		if err := w.entry(name, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w *walker) opens(d json.Delim) error {
	t, err := w.dec.Token()
	if err == nil && t != d {
		err = fmt.Errorf("a %v in place of %v", t, d)
	}
	return err
}

func (w *walker) text() (string, error) {
	t, err := w.dec.Token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("a %v in place of a name", t)
	}
	return s, nil
}

// number reads a number, which may stand in quotes.
func (w *walker) number() (int64, error) {
	t, err := w.dec.Token()
	switch v := t.(type) {
	case float64:
		if v < 0 || v > 1<<53 {
			return 0, errors.New("a number out of range")
		}
		return int64(v), err
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil && n < 0 {
			err = errors.New("a number out of range")
		}
		return n, err
	}
	return 0, errors.Join(err, errors.New("no number"))
}

// file hands out a file. All together must not be more than there is: files do
// not share their bytes.
func (w *walker) file(path string, at, size int64) error {
	if at > int64(len(w.files)) || size > int64(len(w.files))-at {
		return stopped(w.Damaged("asar: "+path, errors.New("it is not where it should be")))
	}
	if w.total += size; w.total > int64(len(w.files)) {
		return stopped(w.Damaged("asar", limit.Errorf(limit.Overlap, "asar: %s shares its bytes with other files", path)))
	}
	return stopped(w.Sink.Whole(path, w.files[at:at+size]))
}

func stopped(err error) error {
	if err == nil {
		return nil
	}
	return stopError{err}
}
