package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/limit"
)

// role is what other objects say of an object.
type role struct {
	kind roleKind
	name string // of a file
}

type roleKind uint8

const (
	isScript roleKind = iota + 1
	isForm
	isFile
)

const (
	maxRoles     = 1 << 14
	maxContainer = 32 << 20 // bytes of one object stream
)

// survey looks at all objects, to know how they are encrypted, what lies in
// object streams, and which are scripts and files.
func (d *Document) survey() error {
	var containers []int
	for i := range d.headers {
		if err := d.every(i); err != nil {
			return err
		}
		o := d.parse(i)
		if o.stream >= 0 && o.get("Type").is("ObjStm") {
			containers = append(containers, i)
		}
		if o.stream >= 0 && o.get("Type").is("XRef") {
			d.trailer(o.value)
		}
	}
	d.trailers()
	if d.encrypt.kind != null {
		d.unlock()
	}
	for _, i := range containers {
		if err := d.told(d.container(i)); err != nil {
			return err
		}
	}
	d.sortByNumber()
	for i := range d.headers {
		if err := d.every(i); err != nil {
			return err
		}
		o := d.parse(i)
		d.note(o, o.value)
	}
	return nil
}

// every asks the budget now and then.
func (d *Document) every(i int) error {
	if i%256 == 0 {
		return d.budget.Check()
	}
	return nil
}

// trailers reads the dicts behind the word "trailer".
func (d *Document) trailers() {
	for from, n := 0, 0; n < 1000; n++ {
		i := bytes.Index(d.data[from:], []byte("trailer"))
		if i < 0 {
			return
		}
		from += i + 7
		p := parser{data: d.data[:min(len(d.data), from+1<<16)], pos: from}
		v, _ := p.value()
		d.trailer(v)
	}
}

// trailer takes what a trailer says of encryption. The last one counts.
func (d *Document) trailer(v value) {
	if e := v.get("Encrypt"); e.kind != null {
		d.encrypt = e
		if ids := d.resolve(v.get("ID")); len(ids.items) > 0 {
			d.id = bytes.Clone(ids.items[0].bytes)
		}
	}
}

// container reads the objects in an object stream (ISO 32000-1, 7.5.7).
func (d *Document) container(i int) error {
	o := d.parse(i)
	text, err := d.load(o)
	if text == nil {
		return err
	}
	first, count := d.resolve(o.get("First")).num, d.resolve(o.get("N")).num
	src := int32(len(d.sources))
	d.sources = append(d.sources, text)
	d.containers = append(d.containers, header{src: src, off: o.off})
	p := parser{data: text[:max(min(first, int64(len(text))), 0)]}
	for range min(count, int64(len(text))) {
		num, ok := p.value()
		off, ok2 := p.value()
		if !ok || !ok2 || num.kind != number || off.kind != number {
			break
		}
		at := first + off.num
		if num.num < 0 || num.num > 1<<32-1 || at < 0 || at >= int64(len(text)) {
			continue
		}
		if len(d.headers)%1024 == 0 {
			if err := d.hold(1024 * 2 * headerSize); err != nil {
				return err
			}
		}
		d.headers = append(d.headers, header{obj: uint32(num.num), src: src, off: int32(at)})
	}
	return err
}

// note remembers what an object says of others.
func (d *Document) note(o parsed, v value) {
	for i := 0; i+1 < len(v.items) && v.kind == dict; i += 2 {
		item := v.items[i+1]
		switch string(v.items[i].bytes) {
		case "JS":
			d.setRole(item, role{kind: isScript})
		case "XFA":
			d.setRole(item, role{kind: isForm})
			for _, part := range item.items {
				d.setRole(part, role{kind: isForm})
			}
		case "EF":
			d.files(o, v, item)
		}
	}
	for _, item := range v.items {
		if item.kind == dict || item.kind == array {
			d.note(o, item)
		}
	}
}

func (d *Document) setRole(v value, r role) {
	if v.kind != ref || v.num < 0 || v.num > 1<<32-1 {
		return
	}
	if old, ok := d.roles[uint32(v.num)]; ok && old.kind < r.kind || len(d.roles) >= maxRoles {
		return
	}
	d.roles[uint32(v.num)] = r
}

// files gives the streams of an attached file its name.
func (d *Document) files(o parsed, spec, ef value) {
	name := ""
	for _, key := range []string{"F", "DOS", "Unix", "Mac", "UF"} {
		if v := d.resolve(spec.get(key)); v.kind == text && len(v.bytes) > 0 {
			name = string(textOf(d.plain(o, v.bytes)))
		}
	}
	ef = d.resolve(ef)
	for i := 0; i+1 < len(ef.items) && ef.kind == dict; i += 2 {
		d.setRole(ef.items[i+1], role{kind: isFile, name: name})
	}
}

// load decodes a stream into memory that is held until the end.
func (d *Document) load(o parsed) ([]byte, error) {
	c, err := d.decode(o, d.raw(o))
	if err != nil {
		return nil, err
	}
	defer c.close()
	var buf []byte
	for {
		if len(buf) == cap(buf) {
			more := max(len(buf), 64<<10)
			if err := d.hold(int64(more)); err != nil {
				return buf, err
			}
			buf = append(make([]byte, 0, len(buf)+more), buf...)
		}
		n, err := c.Read(buf[len(buf):min(cap(buf), len(buf)+64<<10)])
		buf = buf[:len(buf)+n]
		if spent := d.budget.Spend(int64(n)); spent != nil {
			return nil, spent
		}
		switch {
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return buf, fmt.Errorf("object %d: %w", o.obj, damaged(err))
		case len(buf) >= maxContainer:
			return buf, limit.Errorf(limit.Size, "pdf: object stream %d is larger than %d bytes", o.obj, maxContainer)
		}
	}
}
