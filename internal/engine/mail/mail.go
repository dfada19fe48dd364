// Package mail takes e-mail apart: single messages and mbox files, after RFC
// 5322, 2045-2047 and 2231, and as tolerantly as the programs people read mail
// with. It hands each part to a Sink, under the name it has as an attachment or
// a number. It never follows a reference and never renders: text is handed out
// in the character set it was sent in.
package mail

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"vitrine/internal/engine/limit"
)

const (
	maxNesting  = 20   // multiparts in multiparts
	maxBoundary = 1024 // bytes; the standard allows 70
)

// Sink takes the parts of a mail. An error of it ends the walk.
type Sink interface {
	// Whole takes a part that lies as it is in the mail.
	Whole(name string, data []byte) error
	// Decoded takes a part that r gives, from packed bytes of the mail.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// walker is one mail being taken apart.
type walker struct {
	b    *limit.Budget
	sink Sink
	part int // how many were handed out
}

// Walk takes a mail or a mailbox apart. The error is the Sink's, or one that
// ends the scan; all others are told to the Sink.
func Walk(data []byte, b *limit.Budget, sink Sink) error {
	w := &walker{b: b, sink: sink}
	data = trimStart(data)
	if hasFrom(data) {
		return w.mailbox(data)
	}
	return w.message(data, 0)
}

// mailbox hands out each message of a mailbox. One that stands alone is taken
// apart as it is.
func (w *walker) mailbox(data []byte) error {
	_, data = cutLine(data)
	end := nextMessage(data)
	if end == len(data) {
		return w.message(data, 0)
	}
	for n := 1; ; n++ {
		if err := w.enclosed(strconv.Itoa(n)+".eml", data[:end], 0); err != nil {
			return err
		}
		if end == len(data) {
			return nil
		}
		_, data = cutLine(data[end:])
		end = nextMessage(data)
	}
}

// enclosed hands out a message inside another. It is walked on its own when it
// is known as a mail then, and here when it is not.
func (w *walker) enclosed(name string, data []byte, depth int) error {
	if err := w.sink.Whole(name, data); err != nil || Identify(data) {
		return err
	}
	return w.message(data, depth+1)
}

// message takes apart what begins with a header: a mail, or a part of one.
func (w *walker) message(data []byte, depth int) error {
	if err := w.b.Check(); err != nil {
		return err
	}
	h, body := readHeader(data)
	if h.cut {
		w.sink.Problem(limit.Errorf(limit.Damaged, "mail: a header is too long; its end was not looked at"))
	}
	switch {
	case strings.HasPrefix(h.kind, "multipart/"):
		return w.multipart(h, body, depth)
	case h.kind == "message/rfc822" && h.plain() && depth < maxNesting:
		w.part++
		return w.enclosed(w.name(h), trimStart(body), depth)
	}
	return w.leaf(h, body)
}

func (w *walker) multipart(h header, body []byte, depth int) error {
	boundary := h.boundary
	switch {
	case depth >= maxNesting:
		w.sink.Problem(limit.Errorf(limit.Depth, "mail: more than %d parts inside each other", maxNesting))
		return w.leaf(h, body)
	case boundary == "" || len(boundary) > maxBoundary:
		w.sink.Problem(limit.Errorf(limit.Damaged, "mail: a part of several has no usable boundary"))
		return w.leaf(h, body)
	}
	mark := []byte("--" + boundary)
	at, next, more := findMark(body, mark)
	if at == len(body) {
		w.sink.Problem(limit.Errorf(limit.Damaged, "mail: the boundary of a part of several is not there"))
		return w.leaf(h, body)
	}
	for at < len(body) {
		rest := body[next:]
		end, after, again := findMark(rest, mark)
		if more {
			if err := w.message(trimBreak(rest[:end]), depth+1); err != nil {
				return err
			}
		}
		body, at, next, more = rest, end, after, again
	}
	return nil
}

// findMark finds the next line that is a boundary: where it begins, where the
// line behind it begins, and whether a part follows it. Without one all three
// tell of the end.
func findMark(body, mark []byte) (at, next int, more bool) {
	for from := 0; ; {
		i := bytes.Index(body[from:], mark)
		if i < 0 {
			return len(body), len(body), false
		}
		at = from + i
		from = at + len(mark)
		if at > 0 && body[at-1] != '\n' && body[at-1] != '\r' {
			continue
		}
		line, rest := cutLine(body[from:])
		last := bytes.HasPrefix(line, []byte("--"))
		if last || len(bytes.TrimSpace(line)) == 0 {
			return at, len(body) - len(rest), !last
		}
	}
}

// trimBreak takes the line break off that belongs to the boundary behind it.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// leaf hands out a part that holds no others.
func (w *walker) leaf(h header, body []byte) error {
	w.part++
	name := w.name(h)
	switch h.encoding {
	case "base64":
		return w.sink.Decoded(name, newBase64(body), len(body))
	case "quoted-printable":
		return w.sink.Decoded(name, newQuoted(body), len(body))
	case "x-uuencode", "uuencode", "x-uue", "uue":
	default:
		// What is known as a text with files in it is walked on its own then.
		if err := w.sink.Whole(name, body); err != nil || Encoded(body) {
			return err
		}
	}
	return w.encoded(body)
}

// name is what a part is called: as an attachment, or by its number and kind.
func (w *walker) name(h header) string {
	if h.name != "" {
		return h.name
	}
	ending := ".bin"
	switch {
	case h.kind == "text/html":
		ending = ".html"
	case h.kind == "message/rfc822":
		ending = ".eml"
	case h.kind == "", strings.HasPrefix(h.kind, "text/"), strings.HasPrefix(h.kind, "multipart/"):
		ending = ".txt"
	}
	return strconv.Itoa(w.part) + ending
}
