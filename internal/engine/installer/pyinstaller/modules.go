package pyinstaller

import (
	"encoding/binary"
	"errors"

	"vitrine/internal/engine/installer"
)

// modulesSign begins an archive of modules; the magic of Python's code and the
// place of the table follow.
const (
	modulesSign = "PYZ\x00"
	modulesHead = 12
)

// IsModules tells whether data begins as an archive of modules.
func IsModules(data []byte) bool {
	return len(data) > modulesHead && string(data[:4]) == modulesSign && int64(binary.BigEndian.Uint32(data[8:])) < int64(len(data))
}

// WalkModules takes an archive of modules apart. Its table is a list of names,
// each with a kind, a place and a size, as Python's marshal writes it; a
// dictionary in old versions.
func WalkModules(data []byte, j *installer.Job) error {
	if !IsModules(data) {
		return j.Damaged("pyinstaller", errors.New("no archive of modules"))
	}
	w := &walker{Job: j, data: data}
	m := &marshal{data: data[binary.BigEndian.Uint32(data[8:]):]}
	table, err := m.value(0)
	if err != nil {
		return j.Damaged("pyinstaller: the table of modules", err)
	}
	for _, e := range table.items {
		if len(e.items) != 2 || len(e.items[1].items) != 3 {
			if err := j.Damaged("pyinstaller", errors.New("an entry of the table of modules is none")); err != nil {
				return err
			}
			continue
		}
		where := e.items[1].items
		if err := w.member(member{name: e.items[0].text + ".pyc", at: where[1].number, size: where[2].number, packed: true}); err != nil {
			return err
		}
	}
	return nil
}

// value is what marshal wrote: a number, a text, or a list.
type value struct {
	number int64
	text   string
	items  []value
}

const (
	maxDepth = 4       // a list of pairs of a name and three numbers
	maxItems = 200_000 // in all
	flagRef  = 0x80
)

var errMarshal = errors.New("it is not as marshal writes it")

// marshal reads a part of Python's marshal format, of versions 0 to 4.
type marshal struct {
	data  []byte
	refs  []value
	items int
}

func (m *marshal) take(n uint32) ([]byte, error) {
	if int64(n) > int64(len(m.data)) {
		return nil, errMarshal
	}
	b := m.data[:n]
	m.data = m.data[n:]
	return b, nil
}

func (m *marshal) number(size uint32) (uint32, error) {
	b, err := m.take(size)
	if err != nil {
		return 0, err
	}
	if size == 1 {
		return uint32(b[0]), nil
	}
	return binary.LittleEndian.Uint32(b), nil
}

// value reads the next value. One that others refer to keeps its number, which
// it gets before those inside it.
func (m *marshal) value(depth int) (value, error) {
	b, err := m.take(1)
	if m.items++; err != nil || depth > maxDepth || m.items > maxItems {
		return value{}, errMarshal
	}
	ref := -1
	if b[0]&flagRef != 0 {
		ref = len(m.refs)
		m.refs = append(m.refs, value{})
	}
	v, err := m.body(b[0]&^flagRef, depth)
	if ref >= 0 {
		m.refs[ref] = v
	}
	return v, err
}

func (m *marshal) body(kind byte, depth int) (v value, err error) {
	width := uint32(4)
	switch kind {
	case ')', 'z', 'Z':
		width = 1
	case '{':
		return m.dictionary(depth)
	case 'N', 'T', 'F':
		return value{}, nil
	}
	n, err := m.number(width)
	if err != nil {
		return value{}, err
	}
	switch kind {
	case 'i':
		return value{number: int64(int32(n))}, nil
	case 'r':
		if int64(n) >= int64(len(m.refs)) {
			return value{}, errMarshal
		}
		return m.refs[n], nil
	case 's', 't', 'u', 'a', 'A', 'z', 'Z':
		b, err := m.take(n)
		return value{text: string(b)}, err
	case '(', ')', '[':
		for ; n > 0; n-- {
			item, err := m.value(depth + 1)
			if err != nil {
				return value{}, err
			}
			v.items = append(v.items, item)
		}
		return v, nil
	}
	return value{}, errMarshal
}

// dictionary reads pairs, up to a null.
func (m *marshal) dictionary(depth int) (v value, err error) {
	for {
		if len(m.data) > 0 && m.data[0] == '0' {
			m.data = m.data[1:]
			return v, nil
		}
		var pair [2]value
		for i := range pair {
			if pair[i], err = m.value(depth + 1); err != nil {
				return value{}, err
			}
		}
		v.items = append(v.items, value{items: pair[:]})
	}
}
