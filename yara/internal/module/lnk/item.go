package lnk

import "vitrine/yara/internal/module"

// Bits of the class of an item.
const (
	classMask   = 0x70
	classVolume = 0x20
	classFile   = 0x30
	classNet    = 0x40
	volumeNamed = 0x01
	fileUnicode = 0x04
	rootFolder  = 0x1f
)

// item is an item of the ID list, never empty: its class and what follows.
type item []byte

// kind is one of the values of ShellItemType, or the class if it is unknown.
func (i item) kind() int64 {
	switch c := i[0]; {
	case c&classMask == classVolume, c&classMask == classFile, c&classMask == classNet:
		return int64(c & classMask)
	case c == rootFolder-1:
		return rootFolder
	case c == 0x70:
		return 0x71
	default:
		return int64(c)
	}
}

// part is a text or an identifier from at on, where there are size bytes.
func (i item) part(at, size int, read func(b []byte) module.Value) module.Value {
	if len(i) < at+size {
		return module.Undefined()
	}
	return read(i[at:])
}

// controlPanel is the path of a control panel's file: in UTF-16 if the first
// character that both forms could have has a zero in its place.
func (i item) controlPanel() module.Value {
	switch {
	case i[0] != 0 || len(i) < 11:
		return module.Undefined()
	case i[10] == 0:
		return i.part(22, 0, wide)
	}
	return i.part(10, 0, narrow)
}

func (i item) rootFolder() module.Value {
	if i.kind() != rootFolder {
		return module.Undefined()
	}
	return i.part(2, 16, guid)
}

func (i item) volumeName() module.Value {
	if i.kind() != classVolume || i[0]&volumeNamed == 0 {
		return module.Undefined()
	}
	return i.part(1, 20, func(b []byte) module.Value { return narrow(b[:20]) })
}

func (i item) volumeID() module.Value {
	if i.kind() != classVolume || i[0]&volumeNamed != 0 {
		return module.Undefined()
	}
	return i.part(2, 16, guid)
}

func (i item) fileEntry() module.Value {
	switch {
	case i.kind() != classFile:
		return module.Undefined()
	case i[0]&fileUnicode != 0:
		return i.part(12, 0, wide)
	}
	return i.part(12, 0, narrow)
}

func (i item) network() module.Value {
	if i.kind() != classNet {
		return module.Undefined()
	}
	return i.part(3, 0, narrow)
}
