// Package document takes documents apart: compound files with their streams,
// macros and embedded objects, RTF with its objects, PDF with its streams,
// scripts and attachments, and OneNote sections with their files. It hands
// each part to a Sink, under a name of its own, for it to be looked at by its
// own type. It never renders, runs or follows anything, and trusts no number
// in a document. The formats are read in packages of their own below; this one
// knows which parts matter and how they are called.
package document

import (
	"bytes"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/document/ole"
	"vitrine/internal/engine/document/pdf"
	"vitrine/internal/engine/limit"
)

// Kind is a kind of document.
type Kind uint8

// The kinds.
const (
	None Kind = iota
	OLE
	RTF
	PDF
	OneNote
)

// maxPDFStart is how far into a file readers of PDF look for its first line.
const maxPDFStart = 1024

// Identify tells by content alone what data is.
func Identify(data []byte) Kind {
	switch {
	case len(data) < 8:
	case string(data[:8]) == ole.Magic:
		return OLE
	case string(data[:4]) == "{\\rt":
		return RTF
	case bytes.HasPrefix(data, []byte(oneNoteStart)):
		return OneNote
	case bytes.Contains(data[:min(len(data), maxPDFStart)], []byte("%PDF-")):
		return PDF
	}
	return None
}

// Sink takes the parts of a document. An error of it ends the walk.
type Sink interface {
	// Whole takes a part that lies as it is in the document.
	Whole(name string, data []byte) error
	// Decoded takes a part that r gives, from packed bytes of the document.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// Walker walks documents of one scan.
type Walker struct {
	Budget *limit.Budget
	Open   *codec.Opener
	Sink   Sink
}

// Walk takes a document apart. The error is the Sink's, or one that ends the
// scan; all others are told to the Sink.
func (w *Walker) Walk(kind Kind, data []byte) error {
	switch kind {
	case OLE:
		return w.ole(data)
	case RTF:
		return w.rtf(data)
	case OneNote:
		return w.oneNote(data)
	case PDF:
		return pdf.Walk(data, w.Budget, w.Open, w.Sink)
	}
	return nil
}
