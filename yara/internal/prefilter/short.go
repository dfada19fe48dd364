package prefilter

// shortTable finds literals of one to three bytes by the pair of bytes they
// begin with. They are few in real rule sets and dear to look for; without
// them this pass does not run.
type shortTable struct {
	pairs   [1 << 16 / 64]uint64 // which pairs begin a literal
	first   [256][]uint32        // literals by first byte, into entries
	entries []shortEntry
}

type shortEntry struct {
	bytes  []byte
	id     uint32
	noCase bool
}

func buildShort(literals []Literal) *shortTable {
	if len(literals) == 0 {
		return nil
	}
	t := &shortTable{}
	for _, l := range literals {
		n := uint32(len(t.entries))
		t.entries = append(t.entries, shortEntry{l.Bytes, l.ID, l.NoCase})
		for _, c := range cases(l.Bytes[0], l.NoCase) {
			t.first[c] = append(t.first[c], n)
			t.mark(c, l)
		}
	}
	return t
}

func (t *shortTable) mark(first byte, l Literal) {
	set := func(second byte) {
		p := uint(first) | uint(second)<<8
		t.pairs[p/64] |= 1 << (p % 64)
	}
	if len(l.Bytes) > 1 {
		for _, c := range cases(l.Bytes[1], l.NoCase) {
			set(c)
		}
		return
	}
	for c := range 256 {
		set(byte(c))
	}
}

func cases(c byte, noCase bool) []byte {
	l := lower(c)
	if noCase && 'a' <= l && l <= 'z' {
		return []byte{l, l &^ 0x20}
	}
	return []byte{c}
}

func (t *shortTable) scan(data []byte, from, to int, sink Sink) {
	for i := from; i < to; i++ {
		if i+1 < len(data) {
			p := uint(data[i]) | uint(data[i+1])<<8
			if t.pairs[p/64]>>(p%64)&1 == 0 {
				continue
			}
		}
		for _, n := range t.first[data[i]] {
			e := &t.entries[n]
			if len(e.bytes) > len(data)-i {
				continue
			}
			have := data[i : i+len(e.bytes)]
			if string(have) == string(e.bytes) || e.noCase && equalFold(e.bytes, have) {
				sink.Candidate(e.id, i)
			}
		}
	}
}
