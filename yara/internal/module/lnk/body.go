package lnk

import (
	"encoding/binary"

	"vitrine/yara/internal/module"
)

// Flags of the header.
const (
	hasIDList  = 1 << 0
	hasInfo    = 1 << 1
	hasTexts   = 1 << 2 // and the four above it, for the other texts
	isUnicode  = 1 << 7
	argumentAt = 3 // the place of the text whose length is not limited
	maxText    = 260

	infoVolume = 1 << 0
	infoSuffix = 1 << 1

	trackerBlock = 0xa0000003
	trackerSize  = 88
	unicodeLabel = 0x14
)

// body is what was read behind the header. What is not there is Undefined.
type body struct {
	items                   []item
	texts                   [5]module.Value
	label, basePath, suffix module.Value
	driveType, serial       module.Value
	overlaySize, overlayAt  module.Value
	tracker                 *tracker
}

// tracker is the contents of a block for the service that finds moved files.
type tracker struct{ data []byte }

// parse reads the parts in their order, up to the first that is broken.
func parse(f *file) *body {
	b, rest, flags, ok := &body{}, f.data[headerSize:], u32(f.data, 20), true
	if flags&hasIDList != 0 {
		rest, ok = b.readItems(rest)
	}
	if ok && flags&hasInfo != 0 {
		rest, ok = b.readInfo(rest)
	}
	for i := range b.texts {
		if ok && flags&(hasTexts<<i) != 0 {
			limit := uint16(maxText)
			if i == argumentAt {
				limit = 0xffff
			}
			b.texts[i], rest, ok = readText(rest, limit, flags&isUnicode != 0)
		}
	}
	if ok {
		b.readBlocks(f, rest)
	}
	return b
}

// readItems takes the sizes as far as there are bytes: shortcuts that abuse the
// control panel lie about them.
func (b *body) readItems(in []byte) (rest []byte, ok bool) {
	if len(in) < 2 {
		return nil, false
	}
	size := min(int(binary.LittleEndian.Uint16(in)), len(in)-2)
	list, rest := in[2:2+size], in[2+size:]
	for len(list) >= 2 {
		n := int(binary.LittleEndian.Uint16(list))
		if n == 0 {
			break
		}
		n = min(max(n-2, 0), len(list)-2)
		if n > 0 {
			b.items = append(b.items, item(list[2:2+n]))
		}
		list = list[2+n:]
	}
	return rest, true
}

// readInfo reads where the target was. Newer shortcuts have two more offsets,
// of texts in UTF-16.
func (b *body) readInfo(in []byte) (rest []byte, ok bool) {
	if len(in) < 28 || u32(in, 4) >= 0x24 && len(in) < 36 || uint64(u32(in, 0)) > uint64(len(in)) {
		return nil, false
	}
	info, rest := in[:u32(in, 0)], in[u32(in, 0):]
	var wideBase, wideSuffix uint32
	if u32(in, 4) >= 0x24 {
		wideBase, wideSuffix = u32(in, 28), u32(in, 32)
	}
	flags := u32(in, 8)
	if flags&infoVolume != 0 {
		if at := u32(in, 12); at <= uint32(len(info)) {
			b.readVolume(info[at:])
		}
		b.basePath = textAt(info, u32(in, 16), wideBase)
	}
	if flags&infoSuffix != 0 {
		b.suffix = textAt(info, u32(in, 24), wideSuffix)
	}
	return rest, true
}

// textAt is the text at one of two offsets: the one for UTF-16 unless it is 0.
func textAt(in []byte, at, wideAt uint32) module.Value {
	switch size := uint32(len(in)); {
	case wideAt > 0 && wideAt <= size:
		return wide(in[wideAt:])
	case wideAt == 0 && at <= size:
		return narrow(in[at:])
	}
	return module.Undefined()
}

func (b *body) readVolume(in []byte) {
	if len(in) < 16 {
		return
	}
	b.driveType, b.serial = enum(u32(in, 4)), module.Int(int64(u32(in, 8)))
	size, at, wideAt := u32(in, 0), u32(in, 12), uint32(0)
	if uint64(size) > uint64(len(in)) {
		return
	}
	if at == unicodeLabel {
		if len(in) < 20 {
			return
		}
		if wideAt = u32(in, 16); wideAt == 0 {
			b.label = wide(in[:size])
			return
		}
	}
	b.label = textAt(in[:size], at, wideAt)
}

// readText reads a text with its length in front. Windows cuts most of them at
// 260 characters and goes on right there.
func readText(in []byte, limit uint16, unicode bool) (v module.Value, rest []byte, ok bool) {
	if len(in) < 2 {
		return v, nil, false
	}
	n := int(min(binary.LittleEndian.Uint16(in), limit))
	if unicode {
		n *= 2
	}
	if in = in[2:]; n > len(in) {
		return v, nil, false
	}
	if unicode {
		return wide(in[:n]), in[n:], true
	}
	return module.String(string([]rune(string(in[:n])))), in[n:], true
}

// readBlocks walks the blocks up to the one that ends them. What follows that
// is an overlay.
func (b *body) readBlocks(f *file, in []byte) {
	for n := 1; len(in) >= 4; n++ {
		size := u32(in, 0)
		if size < 4 {
			rest := len(in) - 4
			b.overlaySize = module.Int(int64(rest))
			if rest > 0 {
				b.overlayAt = module.Int(int64(len(f.data) - rest))
			}
			return
		}
		if uint64(size) > uint64(len(in)) || n%4096 == 0 && f.ctx.Cancelled() {
			return
		}
		block := in[4:size]
		if len(block) >= 4+trackerSize && u32(block, 0) == trackerBlock {
			b.tracker = &tracker{block[4:]}
		}
		in = in[size:]
	}
}
