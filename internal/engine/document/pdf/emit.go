package pdf

import (
	"bytes"
	"fmt"
	"sort"

	"vitrine/internal/engine/limit"
)

// object hands out what object i holds: its scripts, what it does when it is
// hidden, and its stream.
func (d *Document) object(i int) error {
	if err := d.every(i); err != nil {
		return err
	}
	o := d.parse(i)
	if err := d.values(o); err != nil {
		return err
	}
	if o.stream < 0 || d.locked && !o.get("Type").is("XRef") {
		return nil
	}
	return d.stream(o)
}

// values hands out what is written in the object itself.
func (d *Document) values(o parsed) error {
	if d.locked && o.src == 0 {
		return nil // strings are encrypted
	}
	if o.kind == text && d.roles[o.obj].kind == isScript {
		if err := d.script(o, o.value); err != nil {
			return err
		}
	}
	if err := d.scriptsIn(o, o.value); err != nil {
		return err
	}
	if o.hidden && acts(o.value) {
		d.action(o)
	}
	return nil
}

// scriptsIn hands out the scripts that stand as strings in v.
func (d *Document) scriptsIn(o parsed, v value) error {
	for i, item := range v.items {
		if v.kind == dict && i%2 == 1 && item.kind == text && string(v.items[i-1].bytes) == "JS" {
			if err := d.script(o, item); err != nil {
				return err
			}
		}
		if item.kind == dict || item.kind == array {
			if err := d.scriptsIn(o, item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) script(o parsed, v value) error {
	if len(v.bytes) == 0 {
		return nil
	}
	name := fmt.Sprintf("obj %d.js", o.obj)
	if d.scripts[o.obj]++; d.scripts[o.obj] > 1 {
		name = fmt.Sprintf("obj %d-%d.js", o.obj, d.scripts[o.obj])
	}
	code := textOf(d.plain(o, v.bytes))
	return d.sink.Decoded(name, bytes.NewReader(code), len(v.bytes))
}

// stream hands out a decoded stream.
func (d *Document) stream(o parsed) error {
	name := d.partName(o)
	if at, ok := d.loaded(o); ok {
		return d.sink.Whole(name, d.sources[at])
	}
	raw := d.raw(o)
	if len(raw) == 0 {
		return nil
	}
	c, err := d.decode(o, raw)
	if err != nil {
		return d.told(fmt.Errorf("object %d: %w", o.obj, err))
	}
	defer c.close()
	if c.plain && o.stream >= d.wholeEnd {
		d.wholeEnd = o.stream + len(raw)
		return d.sink.Whole(name, raw)
	}
	return d.sink.Decoded(name, c, len(raw))
}

// loaded tells whether the stream is one of objects, which is in memory.
func (d *Document) loaded(o parsed) (int32, bool) {
	i := sort.Search(len(d.containers), func(i int) bool { return d.containers[i].off >= o.off })
	if i < len(d.containers) && d.containers[i].off == o.off {
		return d.containers[i].src, true
	}
	return 0, false
}

func (d *Document) partName(o parsed) string {
	switch r := d.roles[o.obj]; {
	case r.kind == isScript:
		return fmt.Sprintf("obj %d.js", o.obj)
	case r.kind == isForm:
		return fmt.Sprintf("obj %d.xml", o.obj)
	case r.kind == isFile && r.name != "":
		return r.name
	}
	return fmt.Sprintf("obj %d", o.obj)
}

// raw gives the bytes of a stream. Its length is believed when "endstream"
// follows; else it ends at the first one there is.
func (d *Document) raw(o parsed) []byte {
	rest := d.data[min(o.stream, len(d.data)):]
	if n := d.resolve(o.get("Length")); n.kind == number && n.num >= 0 && n.num <= int64(len(rest)) {
		tail := rest[n.num:min(n.num+12, int64(len(rest)))]
		if bytes.HasPrefix(bytes.TrimLeft(tail, "\r\n \t"), []byte("endst")) {
			return rest[:n.num]
		}
	}
	i := sort.Search(len(d.ends), func(i int) bool { return int(d.ends[i]) >= o.stream })
	if i == len(d.ends) {
		return rest
	}
	raw := rest[:int(d.ends[i])-o.stream]
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return bytes.TrimSuffix(raw, []byte("\r"))
}

// acts tells whether something in v happens when the document is opened or
// touched, or leads out of it.
func acts(v value) bool {
	for i, item := range v.items {
		if v.kind == dict && i%2 == 0 {
			switch string(item.bytes) {
			case "OpenAction", "AA", "JS", "URI", "Launch", "EF", "XFA", "EmbeddedFiles":
				return true
			case "S":
				if s := string(v.items[i+1].bytes); s == "Launch" || s == "GoToR" || s == "GoToE" || s == "SubmitForm" || s == "ImportData" {
					return true
				}
			}
		}
		if (item.kind == dict || item.kind == array) && acts(item) {
			return true
		}
	}
	return false
}

const (
	maxActions = 4 << 20  // bytes of all that is written of actions
	maxText    = 64 << 10 // of one string there
)

// action writes down an object whose actions were not in the open, as a PDF
// would that hides nothing, so that what is known of such files is found.
func (d *Document) action(o parsed) {
	if len(d.actions) > maxActions {
		return
	}
	if len(d.actions) == 0 {
		if err := d.hold(2 * maxActions); err != nil {
			d.sink.Problem(err)
			return
		}
		d.actions = append(make([]byte, 0, 64<<10), "%PDF actions\n"...)
	}
	d.actions = fmt.Appendf(d.actions, "%d 0 obj ", o.obj)
	d.write(o, o.value)
	d.actions = append(d.actions, " endobj\n"...)
	if len(d.actions) > maxActions {
		d.sink.Problem(limit.Errorf(limit.Size, "pdf: more than %d bytes of actions", maxActions))
	}
}

func (d *Document) write(o parsed, v value) {
	if len(d.actions) > maxActions {
		return
	}
	switch v.kind {
	case null:
		d.actions = append(d.actions, "null"...)
	case number:
		d.actions = fmt.Appendf(d.actions, "%d", v.num)
	case ref:
		d.actions = fmt.Appendf(d.actions, "%d %d R", v.num, v.gen)
	case text:
		s := textOf(d.plain(o, v.bytes))
		d.actions = fmt.Appendf(d.actions, "(%s)", s[:min(len(s), maxText)])
	case name:
		d.actions = append(append(d.actions, '/'), v.bytes...)
	case keyword:
		d.actions = append(d.actions, v.bytes...)
	case array, dict:
		d.writeList(o, v)
	}
}

func (d *Document) writeList(o parsed, v value) {
	open, end := "[", "]"
	if v.kind == dict {
		open, end = "<<", ">>"
	}
	d.actions = append(d.actions, open...)
	for _, item := range v.items {
		d.actions = append(d.actions, ' ')
		d.write(o, item)
	}
	d.actions = append(append(d.actions, ' '), end...)
}
