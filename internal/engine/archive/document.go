package archive

import (
	"io"

	"vitrine/internal/engine/document"
)

// document takes a document apart: its parts are members like all others.
func (w *walk) document(k document.Kind) error {
	d := document.Walker{Budget: w.b, Open: &w.u.open, Sink: &parts{w}}
	return d.Walk(k, w.c.Data)
}

// documentFormat knows documents by content.
func documentFormat(data []byte) Format {
	return [...]Format{document.None: None, document.OLE: OLE, document.RTF: RTF, document.PDF: PDF, document.OneNote: OneNote}[document.Identify(data)]
}

// parts hands the parts of a document to the visitor of its walk.
type parts struct{ w *walk }

// Whole hands over a part that lies in the document as it is.
func (p *parts) Whole(name string, data []byte) error { return p.w.inPlace(name, data, nil) }

// Decoded hands over a part that is decoded from packed bytes.
func (p *parts) Decoded(name string, r io.Reader, packed int) error {
	return p.w.unpack(name, r, claim{packed: int64(packed), size: -1}, nil)
}

// Problem tells what concerns the document as a whole.
func (p *parts) Problem(err error) { p.w.v.Problem(err) }
