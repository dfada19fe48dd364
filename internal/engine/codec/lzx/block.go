package lzx

const (
	preCodes   = 20
	shortZeros = 17 // a run of 4 to 19 zeros
	longZeros  = 18 // a run of 20 to 51 zeros
	same       = 19 // a run of 4 or 5 of one length
	recents    = 12 // bytes that the three last offsets take
)

// header reads the beginning of a block.
func (d *Decoder) header() error {
	if d.padding {
		d.padding = false
		d.in.bytes(1)
	}
	d.kind = byte(d.in.take(3))
	high := d.in.take(16)
	size := int(high<<8 | d.in.take(8))
	err := d.in.err()
	switch {
	case err != nil:
		return err
	case size == 0:
		return errBlock
	}
	switch d.kind {
	case uncompressed:
		err = d.uncompressedHeader(size)
	case aligned:
		err = d.alignedTree()
		fallthrough
	case verbatim:
		if err == nil {
			err = d.trees()
		}
	default:
		err = errBlock
	}
	if err == nil {
		d.left = size
		err = d.in.err()
	}
	return err
}

func (d *Decoder) uncompressedHeader(size int) error {
	d.in.align()
	raw := d.in.bytes(recents)
	if len(raw) < recents {
		return errInput
	}
	for i := range d.recent {
		d.recent[i] = le32(raw[4*i:])
	}
	d.padding = size&1 == 1
	return nil
}

func (d *Decoder) alignedTree() error {
	var lengths [alignedCodes]byte
	for i := range lengths {
		lengths[i] = byte(d.in.take(3))
	}
	return d.align.build(lengths[:])
}

// trees reads the lengths of the main and the length tree, as differences to
// those of the block before.
func (d *Decoder) trees() error {
	main := d.mainLen[:literals+8*d.slots]
	for _, part := range [][]byte{main[:literals], main[literals:]} {
		if err := d.lengths(part); err != nil {
			return err
		}
	}
	if err := d.main.build(main); err != nil {
		return err
	}
	if err := d.lengths(d.lengthLen[:]); err != nil {
		return err
	}
	return d.length.build(d.lengthLen[:])
}

// lengths reads code lengths, which are coded by a tree of their own. It is
// kept where the length tree will be: that is built last.
func (d *Decoder) lengths(out []byte) error {
	var pre [preCodes]byte
	for i := range pre {
		pre[i] = byte(d.in.take(4))
	}
	t := &d.length
	if err := t.build(pre[:]); err != nil {
		return err
	}
	for i := 0; i < len(out); {
		symbol, err := t.decode(&d.in)
		if err != nil {
			return err
		}
		if d.in.ended() {
			return errInput
		}
		run, value := 1, byte(0)
		switch symbol {
		case shortZeros:
			run = 4 + int(d.in.take(4))
		case longZeros:
			run = 20 + int(d.in.take(5))
		case same:
			run = 4 + int(d.in.take(1))
			if symbol, err = t.decode(&d.in); err != nil {
				return err
			}
			if symbol >= shortZeros {
				return errCode
			}
			fallthrough
		default:
			value = (out[i] + shortZeros - byte(symbol)) % shortZeros
		}
		// A run past the end is cut, as others do.
		for end := min(i+run, len(out)); i < end; i++ {
			out[i] = value
		}
	}
	return nil
}

// packed decodes run bytes of a verbatim block, or of an aligned one.
func (d *Decoder) packed(run int, low *tree) error {
	mask := len(d.window) - 1
	for end := d.written + int64(run); d.written < end; {
		symbol, err := d.main.decode(&d.in)
		if err != nil {
			return err
		}
		if symbol < literals {
			if d.in.ended() {
				return errInput
			}
			d.window[int(d.written)&mask] = byte(symbol)
			d.written++
			continue
		}
		n, offset, err := d.match(symbol-literals, low)
		if err == nil {
			err = d.in.err()
		}
		if err != nil {
			return err
		}
		if int64(n) > end-d.written || int64(offset) > d.written || int(offset) > len(d.window) || offset == 0 {
			return errMatch
		}
		d.copyMatch(n, int(offset), mask)
	}
	return nil
}

// match reads the rest of a match: its length and its offset.
func (d *Decoder) match(symbol int, low *tree) (int, uint32, error) {
	n := symbol & lengthHeader
	if n == lengthHeader {
		more, err := d.length.decode(&d.in)
		if err != nil {
			return 0, 0, err
		}
		n += more
	}
	r := &d.recent
	switch slot := symbol >> 3; slot {
	case 0:
	case 1:
		r[0], r[1] = r[1], r[0]
	case 2:
		r[0], r[2] = r[2], r[0]
	default:
		offset, err := d.offset(slot, low)
		if err != nil {
			return 0, 0, err
		}
		r[0], r[1], r[2] = offset, r[0], r[1]
	}
	return n + minMatch, r[0], nil
}

// offset reads an offset: its slot gives the highest bits and how many follow.
// In an aligned block the lowest three have a tree of their own.
func (d *Decoder) offset(slot int, low *tree) (uint32, error) {
	extra := uint(17)
	var base uint32
	if slot < 36 {
		extra = uint(max(slot/2-1, 0))
		base = uint32(2+slot&1) << extra
		if slot < 4 {
			base = uint32(slot)
		}
	} else {
		base = uint32(slot-34) << 17
	}
	if low == nil || extra < 3 {
		if extra == 0 {
			return base - 2, nil
		}
		return base - 2 + d.in.take(extra), nil
	}
	v := uint32(0)
	if extra > 3 {
		v = d.in.take(extra-3) << 3
	}
	last, err := low.decode(&d.in)
	return base - 2 + v + uint32(last), err
}

func (d *Decoder) copyMatch(n, offset, mask int) {
	to := int(d.written) & mask
	from := int(d.written-int64(offset)) & mask
	w := d.window
	d.written += int64(n)
	if offset >= n && to+n <= len(w) && from+n <= len(w) {
		copy(w[to:to+n], w[from:from+n])
		return
	}
	for range n {
		w[to] = w[from]
		to, from = (to+1)&mask, (from+1)&mask
	}
}
