package plan

import "vitrine/yara/internal/facts"

// The kinds of data that are searched for different patterns: nearly half the
// strings of public rules only matter in Windows executables.
const (
	kindOther = iota
	kindMZ
	kindELF
	kindCount
)

const (
	magicMZ  = 0x5A4D
	magicELF = 0x464C457F
)

// Kind gives the kind of a file that begins with head.
func Kind(head []byte) int {
	switch {
	case (facts.Gate{Mask: 0xFFFF, Value: magicMZ}).Open(head):
		return kindMZ
	case (facts.Gate{Mask: 0xFFFFFFFF, Value: magicELF}).Open(head):
		return kindELF
	}
	return kindOther
}

// kinds tells for each kind and class whether a gate of the class may be open
// in data of the kind.
func (p *Plan) kinds() [][]bool {
	in := make([][]bool, kindCount)
	for kind := range in {
		for _, gates := range p.classes {
			ok := gates == nil
			for _, g := range gates {
				ok = ok || mayOpen(g, kind)
			}
			in[kind] = append(in[kind], ok)
		}
	}
	return in
}

// mayOpen reports whether some file of a kind opens a gate.
func mayOpen(g facts.Gate, kind int) bool {
	agrees := func(mask, magic uint32) bool { return (g.Value^magic)&g.Mask&mask == 0 }
	demands := func(mask, magic uint32) bool { return g.Mask&mask == mask && g.Value&mask == magic }
	switch kind {
	case kindMZ:
		return agrees(0xFFFF, magicMZ)
	case kindELF:
		return agrees(0xFFFFFFFF, magicELF)
	}
	return !demands(0xFFFF, magicMZ) && !demands(0xFFFFFFFF, magicELF)
}
