// Package lzxtest compresses with LZX, for tests only: greedily, with blocks
// of each kind that do not care where frames end. It is made to reach every
// part of a decoder, not to be fast or to compress well.
package lzxtest

// Kind is how a block is coded.
type Kind byte

// The kinds of blocks.
const (
	Verbatim Kind = 1 + iota
	Aligned
	Uncompressed
)

const (
	frameSize = 32 << 10
	maxMatch  = 257
)

// Options tells how to compress. All but Bits may be zero.
type Options struct {
	Bits     uint   // of the window, 15 to 21
	Kinds    []Kind // of the blocks, in turn; none: Verbatim
	Block    int    // bytes of a block; 0: 50,001
	CallSize int32  // for the translation of x86 calls; 0: none
}

// Frames compresses data: one element for each 32 KiB of it.
func Frames(data []byte, o Options) [][]byte {
	if o.Block == 0 {
		o.Block = 50_001
	}
	if len(o.Kinds) == 0 {
		o.Kinds = []Kind{Verbatim}
	}
	e := &encoder{data: translated(data, o.CallSize), o: o, recent: [3]int{1, 1, 1}, last: map[[3]byte]int{}}
	e.slots = map[uint]int{20: 42, 21: 50}[o.Bits]
	if e.slots == 0 {
		e.slots = 2 * int(o.Bits)
	}
	e.w.put(0, 1)
	if o.CallSize != 0 {
		e.w = writer{}
		e.w.put(1, 1)
		e.w.put(int(o.CallSize>>16), 16)
		e.w.put(int(o.CallSize&0xffff), 16)
	}
	for i := 0; e.at < len(data); i++ {
		e.block(o.Kinds[i%len(o.Kinds)], min(o.Block, len(data)-e.at))
	}
	if len(data)%frameSize != 0 {
		e.endFrame()
	}
	return e.frames
}

// translated makes the targets of x86 calls absolute.
func translated(data []byte, size int32) []byte {
	out := append([]byte(nil), data...)
	for start := 0; size != 0 && start < len(out); start += frameSize {
		frame := out[start:min(start+frameSize, len(out))]
		for i := 0; i < len(frame)-10; i++ {
			if frame[i] != 0xe8 {
				continue
			}
			b, here := frame[i+1:i+5], int64(start+i)
			rel := int64(int32(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24))
			switch {
			case rel >= -here && rel < int64(size)-here:
				rel += here
			case rel >= int64(size)-here && rel < int64(size):
				rel -= int64(size)
			}
			b[0], b[1], b[2], b[3] = byte(rel), byte(rel>>8), byte(rel>>16), byte(rel>>24)
			i += 4
		}
	}
	return out
}

// encoder is one stream being made.
type encoder struct {
	data   []byte
	o      Options
	slots  int
	at     int // bytes done
	recent [3]int
	last   map[[3]byte]int // where three bytes were seen last
	main   [656]byte       // the code lengths of the last block
	length [249]byte
	w      writer
	frames [][]byte
}

// token is a literal, or a match when size is not 0.
type token struct {
	symbol, footer int // of the main and the length tree; footer -1: none
	slot, rest     int // of the offset
	size           int
}

func (e *encoder) endFrame() {
	e.frames = append(e.frames, e.w.flush())
	e.w = writer{}
}

// advance goes over n bytes, which do not cross the end of a frame.
func (e *encoder) advance(n int) {
	for i := e.at; i < e.at+n && i+3 <= len(e.data); i++ {
		e.last[[3]byte(e.data[i:])] = i
	}
	if e.at += n; e.at%frameSize == 0 {
		e.endFrame()
	}
}

func (e *encoder) block(kind Kind, size int) {
	e.w.put(int(kind), 3)
	e.w.put(size>>8, 16)
	e.w.put(size&0xff, 8)
	if kind == Uncompressed {
		e.stored(size)
		return
	}
	tokens := e.tokens(size)
	main, length, low := count(tokens)
	var align []byte
	if kind == Aligned {
		align = lengthsOf(low[:], 7)
		if low == [8]int{} { // an empty tree is not for everybody
			align = []byte{3, 3, 3, 3, 3, 3, 3, 3}
		}
		for _, n := range align {
			e.w.put(int(n), 3)
		}
	}
	mainLen := lengthsOf(main[:256+8*e.slots], 16)
	e.lengths(e.main[:256], mainLen[:256])
	e.lengths(e.main[256:256+8*e.slots], mainLen[256:])
	lengthLen := lengthsOf(length[:], 16)
	e.lengths(e.length[:], lengthLen)
	e.write(tokens, codesOf(mainLen), codesOf(lengthLen), codesOf(align))
}

func (e *encoder) stored(size int) {
	e.w.word()
	for _, r := range e.recent {
		e.w.raw([]byte{byte(r), byte(r >> 8), byte(r >> 16), byte(r >> 24)})
	}
	for odd := size&1 == 1; size > 0; {
		n := min(size, frameSize-e.at%frameSize)
		e.w.raw(e.data[e.at : e.at+n])
		if size -= n; size == 0 && odd {
			e.w.raw([]byte{0})
		}
		e.advance(n)
	}
}

// tokens finds the matches of the next size bytes; nothing is written yet, so
// only a copy of the encoder moves on.
func (e *encoder) tokens(size int) []token {
	var out []token
	at, end := e.at, e.at+size
	for at < end {
		most := min(end-at, frameSize-at%frameSize, maxMatch)
		t := e.find(at, most)
		if t.size == 0 {
			t = token{symbol: int(e.data[at]), footer: -1, size: 1}
		}
		out = append(out, t)
		for i := at; i < at+t.size && i+3 <= len(e.data); i++ {
			e.last[[3]byte(e.data[i:])] = i
		}
		at += t.size
	}
	return out
}

// find looks for a match at one of the last offsets, then where the next three
// bytes were seen last.
func (e *encoder) find(at, most int) token {
	for i, r := range e.recent {
		if n := e.same(at, r, most); n >= 2 {
			e.recent[0], e.recent[i] = r, e.recent[0]
			return match(n, i, 0)
		}
	}
	if at+3 > len(e.data) {
		return token{}
	}
	from, ok := e.last[[3]byte(e.data[at:])]
	if !ok || at-from > 1<<e.o.Bits-3 {
		return token{}
	}
	n := e.same(at, at-from, most)
	if n < 3 {
		return token{}
	}
	e.recent = [3]int{at - from, e.recent[0], e.recent[1]}
	slot, rest := slotOf(at - from)
	return match(n, slot, rest)
}

func match(n, slot, rest int) token {
	t := token{footer: -1, slot: slot, rest: rest, size: n}
	head := min(n-2, 7)
	if head == 7 {
		t.footer = n - 9
	}
	t.symbol = 256 + 8*slot + head
	return t
}

func (e *encoder) same(at, offset, most int) int {
	n := 0
	for offset <= at && n < most && e.data[at+n] == e.data[at+n-offset] {
		n++
	}
	return n
}

// extraBits is how many bits follow the slot of an offset.
func extraBits(slot int) int { return min(max(slot/2-1, 0), 17) }

// slotOf gives the slot of an offset and what is left of it.
func slotOf(offset int) (slot, rest int) {
	base := 0
	for v := offset + 2; ; slot++ {
		next := base + 1<<extraBits(slot)
		if v < next {
			return slot, v - base
		}
		base = next
	}
}
