package yara

import (
	"encoding/binary"
	"math"

	"vitrine/yara/syntax"
)

// What a user may ask of a rule, and a scan does not need, lies packed until
// somebody asks: see "Descriptions" in docs/spec/compiled-rules.md.

// The kinds of metadata.
const (
	metaText = iota
	metaInt
	metaBool
	metaFloat
)

// describe writes what is kept of a parsed rule. brief leaves out what only a
// reader of the rule needs.
func describe(r *syntax.Rule, s Source, brief bool) []byte {
	var d description
	d.text(r.Name)
	if brief {
		d = append(d, 0, 0, 0, 0, 0)
	} else {
		d.text(s.Name)
		d.number(uint64(r.Pos.Line))
		d.text(string(s.Text[r.Source.Start:r.Source.End]))
		d.number(uint64(len(r.Tags)))
		for _, t := range r.Tags {
			d.text(t.Name)
		}
		d.number(uint64(len(r.Meta)))
		for _, m := range r.Meta {
			d.meta(m)
		}
	}
	d.number(uint64(len(r.Strings)))
	for _, str := range r.Strings {
		d.text("$" + str.Name)
		d.number(uint64(str.Kind))
		if brief {
			d.number(0)
		} else {
			d.text(string(str.Value))
		}
	}
	return d
}

// description is written from the front, and read from there.
type description []byte

func (d *description) number(v uint64) { *d = binary.AppendUvarint(*d, v) }

func (d *description) text(v string) {
	d.number(uint64(len(v)))
	*d = append(*d, v...)
}

func (d *description) meta(m syntax.Meta) {
	d.text(m.Key)
	switch m.Kind {
	case syntax.MetaInt:
		d.number(metaInt)
		d.number(uint64(m.Int))
	case syntax.MetaBool:
		d.number(metaBool)
		d.number(0)
		if m.Bool {
			(*d)[len(*d)-1] = 1
		}
	case syntax.MetaFloat:
		d.number(metaFloat)
		d.number(math.Float64bits(m.Float))
	default:
		d.number(metaText)
		d.text(m.Text)
	}
}

// read fills a rule. What is damaged, or not there, stays empty: a rule has as
// many strings as it was made with in any case.
func (d description) read(r *Rule, strings int) {
	r.Name, r.File = d.readText(), d.readText()
	r.Line = int(int32(d.readNumber()))
	r.Text = d.readText()
	for range d.readCount() {
		r.Tags = append(r.Tags, d.readText())
	}
	for range d.readCount() {
		r.Meta = append(r.Meta, d.readMeta())
	}
	r.Strings = make([]StringInfo, strings)
	for i := range min(d.readCount(), strings) {
		str := &r.Strings[i]
		str.Name, str.Kind = d.readText(), syntax.StringKind(min(d.readNumber(), uint64(syntax.Regexp)))
		str.Value = []byte(d.readText())
	}
}

func (d *description) readNumber() uint64 {
	v, n := binary.Uvarint(*d)
	if n <= 0 {
		*d = nil
		return 0
	}
	*d = (*d)[n:]
	return v
}

// readCount reads how many things follow, each of which has a byte at least.
func (d *description) readCount() int { return int(min(d.readNumber(), uint64(len(*d)))) }

func (d *description) readText() string {
	n := d.readCount()
	v := string((*d)[:n])
	*d = (*d)[n:]
	return v
}

func (d *description) readMeta() Meta {
	m := Meta{Key: d.readText()}
	switch d.readNumber() {
	case metaInt:
		m.Value = int64(d.readNumber())
	case metaBool:
		m.Value = d.readNumber() != 0
	case metaFloat:
		m.Value = math.Float64frombits(d.readNumber())
	default:
		m.Value = d.readText()
	}
	return m
}
