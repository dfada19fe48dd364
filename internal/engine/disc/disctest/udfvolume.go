package disctest

import "slices"

func regid(name string) []byte {
	return append(append([]byte{0}, name...), make([]byte, 31-len(name))...)
}

// partition describes the one partition there is.
func (w *udfWriter) partition() []byte {
	b := make([]byte, 496)
	copy(b[20-16:], slices.Concat(le16(1), le16(0), regid("+NSR03")))
	copy(b[184-16:], slices.Concat(le32(1), le32(partitionAt), le32(len(w.real)/Sector)))
	return b
}

// logical describes the volume and its mappings.
func (w *udfWriter) logical(set int) []byte {
	b := make([]byte, 440-16)
	copy(b[212-16:], le32(Sector))
	copy(b[216-16:], regid("*OSTA UDF Compliant"))
	copy(b[248-16:], long(Sector, set, w.ref()))
	maps := slices.Concat([]byte{1, 6}, le16(1), le16(0))
	second := make([]byte, 64)
	second[0], second[1] = 2, 64
	copy(second[4:], regid(w.Kind))
	copy(second[36:], slices.Concat(le16(1), le16(0)))
	count := 2
	switch w.Kind {
	case Metadata:
		copy(second[40:], slices.Concat(le32(0), le32(1), le32(-1), le32(1), le16(1), []byte{0}))
	case Sparable:
		copy(second[40:], slices.Concat(le16(packet), []byte{1, 0}, le32(Sector), le32(40)))
		maps, count = nil, 1
	case Plain:
		second, count = nil, 1
	}
	maps = append(maps, second...)
	copy(b[264-16:], slices.Concat(le32(len(maps)), le32(count)))
	return append(b, maps...)
}

// finish writes what holds a partition that is not plain.
func (w *udfWriter) finish() {
	switch w.Kind {
	case Metadata:
		list := slices.Concat(le32(metaBlocks*Sector), le32(2))
		for i, kind := range []byte{250, 251} {
			copy(w.real[i*Sector:], w.entryOf(i, kind, Short, metaBlocks*Sector, list))
		}
		if len(w.meta) > metaBlocks*Sector {
			panic("more metadata than there is room for")
		}
		copy(w.real[2*Sector:], w.meta)
	case Virtual:
		table := append(make([]byte, 152), w.table...)
		copy(table, le16(152))
		at := w.data(table)
		n := len(w.real) / Sector
		add(&w.real, w.entryOf(n, 248, Short, len(table), slices.Concat(le32(len(table)), le32(at))))
	}
}

// spare moves the second packet of the partition behind its end and spoils
// what was there.
func (w *udfWriter) spare(image []byte) []byte {
	w.real = append(w.real, make([]byte, -len(w.real)&(packet*Sector-1))...)
	second := w.real[min(packet*Sector, len(w.real)):min(2*packet*Sector, len(w.real))]
	moved := slices.Clone(second)
	for i := range second {
		second[i] = 0xaa
	}
	at := (len(image) + len(w.real)) / Sector
	body := slices.Concat(regid("*UDF Sparing Table"), le16(2), le16(0), le32(1), le32(packet), le32(at), le32(-1), le32(0))
	copy(image[40*Sector:], w.tagged(0, 40, body))
	return slices.Concat(image, w.real, moved)
}
