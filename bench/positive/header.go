package positive

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"vitrine/yara/syntax"
)

// places are bytes a file must hold at fixed offsets.
type places map[int64]byte

// furthest bounds an offset that a condition names.
const furthest = 64 << 10

// header gathers from a condition what it asks of fixed offsets with
// uint16(0) == 0x5A4D and the like. Where two parts disagree the first wins.
func header(condition syntax.Expr) places {
	p := places{}
	if condition == nil {
		return p
	}
	syntax.Walk(condition, func(e syntax.Expr) bool {
		if b, ok := e.(*syntax.Binary); ok && b.Op == syntax.Eq {
			p.addEqual(b.L, b.R)
			p.addEqual(b.R, b.L)
		}
		return true
	})
	return p
}

// addEqual takes uintN(offset) == value.
func (p places) addEqual(call, value syntax.Expr) {
	c, ok := call.(*syntax.Call)
	if !ok || len(c.Args) != 1 {
		return
	}
	name, ok := c.Fun.(*syntax.Name)
	if !ok {
		return
	}
	offset, okOffset := c.Args[0].(*syntax.IntLit)
	number, okNumber := value.(*syntax.IntLit)
	if okOffset && okNumber {
		p.put(offset.Value, encoded(name.Name, uint32(number.Value)))
	}
}

// encoded gives the bytes that an integer function would read as the number.
func encoded(function string, number uint32) []byte {
	little, big := binary.LittleEndian.AppendUint32(nil, number), binary.BigEndian.AppendUint32(nil, number)
	size := map[string]int{"8": 1, "16": 2, "32": 4}
	width, isBig := strings.CutSuffix(strings.TrimLeft(function, "uint"), "be")
	n := size[width]
	if isBig {
		return big[4-n:]
	}
	return little[:n]
}

// put sets what is not set yet.
func (p places) put(offset int64, data []byte) {
	for i, b := range data {
		at := offset + int64(i)
		if _, taken := p[at]; !taken && at >= 0 && at < furthest {
			p[at] = b
		}
	}
}

// windows says whether the file begins as programs for Windows do.
func (p places) windows() bool { return p[0] == 'M' && p[1] == 'Z' }

// addPE makes the header one of a PE file with one section: enough for the
// module pe to say that it is one.
func (p places) addPE() {
	h := make([]byte, 0x200)
	at := binary.LittleEndian
	copy(h, "MZ")
	at.PutUint32(h[0x3C:], 0x80)
	copy(h[0x80:], "PE\x00\x00")
	at.PutUint16(h[0x84:], 0x14C) // machine
	at.PutUint16(h[0x86:], 1)     // sections
	at.PutUint16(h[0x94:], 0xE0)  // size of the optional header
	at.PutUint16(h[0x96:], 0x102) // characteristics
	at.PutUint16(h[0x98:], 0x10B)
	at.PutUint32(h[0xA8:], 0x1000) // entry point
	at.PutUint32(h[0xB4:], 0x400000)
	at.PutUint32(h[0xB8:], 0x1000)
	at.PutUint32(h[0xBC:], 0x200)
	at.PutUint32(h[0xD0:], 0x2000)
	at.PutUint32(h[0xD4:], 0x200)
	at.PutUint16(h[0xDC:], 2)  // subsystem
	at.PutUint32(h[0xF4:], 16) // data directories
	copy(h[0x178:], ".text\x00\x00\x00")
	at.PutUint32(h[0x180:], 0x1000)
	at.PutUint32(h[0x184:], 0x1000)
	at.PutUint32(h[0x188:], 0x1000)
	at.PutUint32(h[0x18C:], 0x200)
	at.PutUint32(h[0x19C:], 0x60000020)
	p.put(0, h)
}

// addAnchored puts strings that a condition asks for `at` an offset there.
func (p places) addAnchored(m *maker, rule *syntax.Rule) {
	if rule.Condition == nil {
		return
	}
	syntax.Walk(rule.Condition, func(e syntax.Expr) bool {
		ref, ok := e.(*syntax.StringRef)
		if !ok || ref.Offset == nil {
			return true
		}
		offset, ok := ref.Offset.(*syntax.IntLit)
		for _, s := range rule.Strings {
			if ok && s.Name == ref.Name && s.Name != "" {
				if forms := m.forms(s); len(forms) > 0 {
					p.put(offset.Value, forms[0])
				}
			}
		}
		return true
	})
}

// bytes gives the file so far, with noise between the places.
func (p places) bytes(r *rand.Rand) []byte {
	size := int64(0)
	for at := range p {
		size = max(size, at+1)
	}
	out := make([]byte, size)
	for i := range out {
		if b, set := p[int64(i)]; set {
			out[i] = b
		} else if r.IntN(2) == 0 {
			out[i] = byte(r.IntN(256))
		}
	}
	return out
}
