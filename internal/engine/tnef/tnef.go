// Package tnef takes apart what Outlook puts into "winmail.dat": the Transport
// Neutral Encapsulation Format of [MS-OXTNEF], with the bodies and attachments
// of a message, and the compressed RTF of [MS-OXRTFCP] in it. It hands each to
// a Sink under the name it has there. It never follows a link in them, and its
// checksums are not held against anything: readers of mail do not do that
// either.
package tnef

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf16"

	"vitrine/internal/engine/limit"
)

// Sink takes the parts of a message. An error of it ends the walk.
type Sink interface {
	// Whole takes a part that lies as it is in the message.
	Whole(name string, data []byte) error
	// Decoded takes a part that r gives, from packed bytes of the message.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

const (
	// Magic is what the format begins with.
	Magic = "\x78\x9f\x3e\x22"

	start    = 6 // the magic, and a key that means nothing here
	overhead = 11
	maxName  = 1024 // bytes
)

// Attributes that matter ([MS-OXTNEF] 2.1.3).
const (
	attSubject    = 0x00018004
	attBody       = 0x0002800c
	attMessage    = 0x00069003 // properties of the message
	attRendering  = 0x00069002 // begins an attachment
	attData       = 0x0006800f
	attTitle      = 0x00018010
	attMetaFile   = 0x00068011
	attAttachment = 0x00069005 // properties of the attachment
)

// walker is one message being taken apart.
type walker struct {
	b    *limit.Budget
	sink Sink
	open bool // an attachment was begun
	file attachment
	n    int // of attachments
}

// attachment is what was read of one so far.
type attachment struct {
	title, long string
	data        [][]byte
	picture     []byte // of the icon
}

// Begins tells whether data begins as a message does: with the magic, a key and
// an attribute of the message.
func Begins(data []byte) bool {
	return len(data) > start+overhead && string(data[:4]) == Magic && data[start] == 1
}

// Walk takes a message apart. The error is the Sink's, or one that ends the
// scan; all others are told to the Sink.
func Walk(data []byte, b *limit.Budget, sink Sink) error {
	w := &walker{b: b, sink: sink}
	data = data[min(start, len(data)):]
	for len(data) > 0 {
		if err := b.Check(); err != nil {
			return err
		}
		if len(data) < overhead || data[0] != 1 && data[0] != 2 {
			sink.Problem(limit.Errorf(limit.Damaged, "tnef: %d bytes that are no attribute", len(data)))
			break
		}
		id, size := binary.LittleEndian.Uint32(data[1:]), int64(binary.LittleEndian.Uint32(data[5:]))
		value := data[9:]
		if size > int64(len(value)) {
			sink.Problem(limit.Errorf(limit.Damaged, "tnef: an attribute of %d bytes is cut off, %d are there", size, len(value)))
			size = int64(len(value))
		}
		value, data = value[:size], value[size:]
		if err := w.attribute(id, value); err != nil {
			return err
		}
		data = data[min(2, len(data)):] // the checksum
	}
	return w.finish()
}

func (w *walker) attribute(id uint32, value []byte) error {
	switch id {
	case attSubject:
		return w.whole("subject.txt", trimZero(value))
	case attBody:
		return w.whole("body.txt", value)
	case attMessage:
		return w.message(value)
	case attRendering:
		err := w.finish()
		w.open = true
		return err
	case attTitle:
		w.open, w.file.title = true, string(trimZero(value[:min(len(value), maxName)]))
	case attData:
		w.open = true
		w.file.data = append(w.file.data, value)
	case attMetaFile:
		w.file.picture = value
	case attAttachment:
		w.open = true
		w.properties(value, w.attached)
	}
	return nil
}

func (w *walker) whole(name string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return w.sink.Whole(name, data)
}

func trimZero(b []byte) []byte { return bytes.TrimRight(b, "\x00") }

// finish hands out the attachment that was begun: its name may come last.
func (w *walker) finish() error {
	f := w.file
	open := w.open
	w.file, w.open = attachment{}, false
	if !open {
		return nil
	}
	w.n++
	name := f.long
	if name == "" {
		name = f.title
	}
	if name = path.Base(strings.ReplaceAll(name, `\`, "/")); name == "." || name == "/" {
		name = fmt.Sprintf("attachment %d", w.n)
	}
	for _, data := range f.data {
		if err := w.whole(name, data); err != nil {
			return err
		}
	}
	return w.whole(name+".wmf", f.picture)
}

// Properties that matter ([MS-OXPROPS]).
const (
	propBody     = 0x1000
	propRTF      = 0x1009
	propHTML     = 0x1013
	propData     = 0x3701
	propName     = 0x3704
	propLongName = 0x3707
)

// message takes the properties of the message: its bodies.
func (w *walker) message(value []byte) error {
	var stop error
	w.properties(value, func(id, kind uint16, data []byte) {
		if stop != nil {
			return
		}
		switch id {
		case propBody:
			stop = w.whole("body.txt", data)
		case propHTML:
			stop = w.whole("body.html", data)
		case propRTF:
			stop = w.richText(data)
		}
	})
	return stop
}

// attached takes a property of an attachment.
func (w *walker) attached(id, kind uint16, data []byte) {
	switch id {
	case propLongName:
		w.file.long = text(kind, data)
	case propName:
		if w.file.title == "" {
			w.file.title = text(kind, data)
		}
	case propData:
		if kind == kindObject && len(data) > 16 { // of a class that is named before
			data = data[16:]
		}
		w.file.data = append(w.file.data, data)
	}
}

// text is a string as bytes, of at most maxName.
func text(kind uint16, data []byte) string {
	data = data[:min(len(data), maxName)]
	if kind != kindUnicode {
		return string(trimZero(data))
	}
	var units []uint16
	for ; len(data) > 1; data = data[2:] {
		units = append(units, binary.LittleEndian.Uint16(data))
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}

// richText hands out compressed RTF.
func (w *walker) richText(data []byte) error {
	r, packed, err := newRTF(data)
	if errors.Is(err, errUnknownRTF) {
		return w.whole("body.rtf", data)
	}
	if err != nil {
		w.sink.Problem(limit.Errorf(limit.Damaged, "tnef: %v", err))
		return nil
	}
	return w.sink.Decoded("body.rtf", r, packed)
}
