package lzx

// bits reads a frame: 16-bit words, low byte first, whose bits come highest
// first. Behind the end come zeros; over tells how many were made up.
type bits struct {
	data []byte
	pos  int
	buf  uint64 // the next bits, highest first
	n    uint   // how many of them are there
	over int    // bits made up behind the end
}

// fill makes at least 32 bits ready.
func (b *bits) fill() {
	for b.n <= 32 {
		var w uint64
		if b.pos+1 < len(b.data) {
			w = uint64(b.data[b.pos]) | uint64(b.data[b.pos+1])<<8
		} else { // half a word has its last bits only
			b.over += 16
		}
		b.pos += 2
		b.buf |= w << (48 - b.n)
		b.n += 16
	}
}

// peek gives the next 16 bits; they stay.
func (b *bits) peek() uint32 {
	if b.n < 16 {
		b.fill()
	}
	return uint32(b.buf >> 48)
}

// drop goes over k bits that peek has shown.
func (b *bits) drop(k uint) {
	b.buf <<= k
	b.n -= k
}

// take gives the next k bits, at most 17.
func (b *bits) take(k uint) uint32 {
	if b.n < k {
		b.fill()
	}
	v := uint32(b.buf >> (64 - k))
	b.buf <<= k
	b.n -= k
	return v
}

// ended tells whether bits behind the end were used.
func (b *bits) ended() bool { return b.over > int(b.n) }

func (b *bits) err() error {
	if b.ended() {
		return errInput
	}
	return nil
}

// align goes to the beginning of a word, over 1 to 16 bits, and from there on
// the bytes are read as they are.
func (b *bits) align() {
	at := b.pos - int(b.n/16)*2
	if b.n%16 == 0 {
		at += 2
	}
	b.pos, b.buf, b.n, b.over = at, 0, 0, 0
}

// bytes gives k bytes after align, or what is left.
func (b *bits) bytes(k int) []byte {
	from := min(b.pos-int(b.n/16)*2, len(b.data))
	to := min(from+k, len(b.data))
	b.pos, b.buf, b.n = to, 0, 0
	return b.data[from:to]
}

// unread is how many bytes are left after align.
func (b *bits) unread() int { return len(b.data) - (b.pos - int(b.n/16)*2) }
