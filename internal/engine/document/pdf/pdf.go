// Package pdf takes PDF files apart (ISO 32000-1 and -2): it hands out what
// every stream holds once its filters are undone, and by names of their own the
// scripts, the attached files, the forms in XML, and the actions that were not
// written in the open. It does not trust the tables that say where objects are,
// but looks for them everywhere; it draws nothing and runs nothing. Documents
// that a password protects are opened with the empty one, as readers do.
package pdf

import (
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// Sink takes the parts of a document. An error of it ends the walk.
type Sink interface {
	// Whole takes a part that lies as it is in the document.
	Whole(name string, data []byte) error
	// Decoded takes a part that r gives, from packed bytes of the document.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// Document is a file being taken apart. It belongs to one goroutine.
type Document struct {
	budget *limit.Budget
	open   *codec.Opener
	sink   Sink

	data    []byte
	sources [][]byte // the file, then what object streams hold
	headers []header
	inFile  int     // how many headers are of the file
	byNum   []int32 // indices of headers, by number and place
	ends    []int32 // where "endstream" stands

	containers []header // object streams in memory, by place
	held       int64
	slack      int // bytes that may still be read more than once

	roles    map[uint32]role // of objects that others refer to
	encrypt  value
	id       []byte
	crypt    *crypt
	locked   bool // encrypted, and not with the empty password
	actions  []byte
	scripts  map[uint32]int // how many an object gave
	wholeEnd int            // up to where parts were given in place
}

// Walk takes data apart within the budget. The error is the Sink's or one that
// ends the scan.
func Walk(data []byte, b *limit.Budget, open *codec.Opener, sink Sink) error {
	d := &Document{budget: b, open: open, sink: sink, data: data, sources: [][]byte{data},
		roles: map[uint32]role{}, scripts: map[uint32]int{}, slack: 8*len(data) + 1<<16}
	defer func() { b.Release(d.held) }()
	if err := d.index(); err != nil {
		return d.told(err)
	}
	if err := d.survey(); err != nil {
		return d.told(err)
	}
	for i := range d.headers {
		if err := d.object(i); err != nil {
			return err
		}
	}
	if len(d.actions) > 0 {
		return sink.Whole("(actions)", d.actions)
	}
	return nil
}

// told gives a final error back and tells the Sink any other.
func (d *Document) told(err error) error {
	if err == nil || limit.Final(err) {
		return err
	}
	d.sink.Problem(err)
	return nil
}

// parsed is an object and where the stream behind its dict begins.
type parsed struct {
	header
	value
	stream int // -1: there is none
	hidden bool
}

// parse reads the object at a header. What is read more than once is counted:
// once that is used up, an object ends at the next one.
func (d *Document) parse(i int) parsed {
	h := d.headers[i]
	src := d.sources[h.src]
	end := len(src)
	if d.slack <= 0 && i+1 < len(d.headers) && d.headers[i+1].src == h.src {
		end = max(int(d.headers[i+1].off), int(h.off))
	}
	p := parser{data: src[:end], pos: int(h.off)}
	v, _ := p.value()
	out := parsed{header: h, value: v, stream: -1, hidden: h.src > 0 || p.escaped || d.crypt != nil}
	if v.kind == dict && h.src == 0 {
		p.skip()
		if p.at("stream") {
			out.stream = afterLine(src, p.pos+6)
		}
	}
	if p.cut {
		d.sink.Problem(limit.Errorf(limit.Size, "pdf: a string of object %d is longer than %d bytes", h.obj, maxString))
	}
	d.slack -= p.pos - int(h.off)
	return out
}

// afterLine goes over the end of the line that "stream" stands in.
func afterLine(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\t') {
		at++
	}
	if at < len(data) && data[at] == '\r' {
		at++
	}
	if at < len(data) && data[at] == '\n' {
		at++
	}
	return at
}

// resolve follows references to the value they mean.
func (d *Document) resolve(v value) value {
	for hops := 0; v.kind == ref; hops++ {
		i, ok := d.find(v.num)
		if !ok || hops == 8 {
			return value{}
		}
		v = d.parse(i).value
	}
	return v
}
