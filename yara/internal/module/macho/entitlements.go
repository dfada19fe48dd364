package macho

import (
	"bytes"
	bin "encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"slices"
)

const (
	blobEntitlements = 0xfade7171
	blobHeader       = 8
	maxBlobs         = 64
	maxBlob          = 1 << 20 // bytes
	maxGranted       = 1 << 12
	maxPlistDepth    = 32
)

// entitlements are the keys and the texts in lists of the property list that is
// part of the code signature.
func (m *image) entitlements() [][]byte {
	return *m.granted.Get(func() (list [][]byte) {
		m.eachBlob(blobEntitlements, func(body []byte) { list = append(list, plistWords(body)...) })
		return list
	})
}

// eachBlob visits the parts of the code signature of a kind.
func (m *image) eachBlob(kind uint32, visit func(body []byte)) {
	place, _ := m.last(8, commandSignature)
	if place == nil {
		return
	}
	data, ok := m.part(m.order.Uint32(place), m.order.Uint32(place[4:]))
	if !ok || len(data) < 12 {
		return
	}
	count := min(bin.BigEndian.Uint32(data[8:]), maxBlobs, uint32(len(data)-12)/8)
	for i := range int64(count) {
		if body := blob(data, kind, int64(bin.BigEndian.Uint32(data[12+8*i+4:]))); body != nil {
			visit(body)
		}
	}
}

// blob is the contents of the part at off if it is of a kind, or nil.
func blob(data []byte, kind uint32, off int64) []byte {
	size := int64(len(data))
	if off > size-blobHeader || bin.BigEndian.Uint32(data[off:]) != kind {
		return nil
	}
	n := int64(bin.BigEndian.Uint32(data[off+4:]))
	if n < blobHeader || n > size-off || n > maxBlob {
		return nil
	}
	return data[off+blobHeader : off+n]
}

// tag is an open element of the property list. Texts in an open array are
// kept there until it ends.
type tag struct {
	name  string
	texts [][]byte
	first bool // nothing was inside yet
	spoke bool // what came first was text
}

// plistWords reads the keys and what stands in arrays. Of a list that is not
// well-formed nothing counts.
func plistWords(data []byte) [][]byte {
	if len(data) == 0 {
		return nil
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	var list [][]byte
	var open []tag
	for len(list) < maxGranted && len(open) < maxPlistDepth {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(open) == 0 {
				return list
			}
			return nil
		}
		switch t := token.(type) {
		case xml.StartElement:
			if n := len(open); n > 0 {
				open[n-1].first = false
			}
			open = append(open, tag{name: t.Name.Local, first: true})
		case xml.CharData:
			list = heard(list, open, bytes.Clone(t))
		case xml.EndElement:
			e := open[len(open)-1]
			open = open[:len(open)-1]
			if e.name == "array" && e.spoke {
				list = append(list, e.texts...)
			}
		}
	}
	return list
}

// heard notes a text for the arrays around it and, as a key, at once.
func heard(list [][]byte, open []tag, text []byte) [][]byte {
	n := len(open)
	if n == 0 {
		return list
	}
	e := &open[n-1]
	if e.first {
		e.first, e.spoke = false, true
		if e.name == "key" {
			list = append(list, text)
		}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return list
	}
	for i := range open {
		a := &open[i]
		if a.name == "array" && !slices.ContainsFunc(a.texts, func(t []byte) bool { return bytes.Equal(t, text) }) && len(a.texts) < maxGranted {
			a.texts = append(a.texts, text)
		}
	}
	return list
}
