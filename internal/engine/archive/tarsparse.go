package archive

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// extent is a part of a sparse file that has data; the rest are zeros.
type extent struct{ at, size int64 }

const maxExtents = 1 << 16

var errSparse = errors.New("tar: malformed map of a sparse file")

func pairs(fields []string) []extent {
	var at, size []string
	for i := 0; i+1 < len(fields); i += 2 {
		at, size = append(at, fields[i]), append(size, fields[i+1])
	}
	return zip2(at, size)
}

func zip2(at, size []string) []extent {
	var out []extent
	for i := range min(len(at), len(size), maxExtents) {
		a, err1 := strconv.ParseInt(at[i], 10, 64)
		n, err2 := strconv.ParseInt(size[i], 10, 64)
		if err1 != nil || err2 != nil {
			return append(out, extent{-1, -1}) // refused by check
		}
		out = append(out, extent{a, n})
	}
	return out
}

// sparse hands over a file with its holes filled, as it would be extracted.
func (t *tarWalk) sparse(h tarHeader) error {
	left := h.size
	var err error
	switch {
	case h.kind == 'S':
		h.map_, err = t.oldMap(h.raw)
	case h.v1:
		h.map_, left, err = t.mapBefore(left)
	}
	if err == nil {
		err = checkExtents(h.map_, h.real, left)
	}
	if err != nil {
		t.v.Problem(damaged(err, t.f.pos))
		// Without a map the data is looked at as it lies there.
		if err := t.f.member(h.name, left); err != nil {
			return err
		}
		return t.pad(h.size, 0)
	}
	src := &io.LimitedReader{R: t.f, N: left}
	holes := &holeReader{src: src, extents: h.map_, size: h.real}
	r := &io.LimitedReader{R: holes, N: h.real}
	// The holes come from nowhere: they are always counted.
	c := claim{packed: max(left, tarBlock), size: h.real}
	err = t.unpack(h.name, r, c, func() error {
		if r.N > 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.pad(h.size, src.N)
}

func checkExtents(list []extent, real, stored int64) error {
	var end, sum int64
	for _, e := range list {
		if e.at < end || e.size < 0 || e.at > real || e.size > real-e.at {
			return errSparse
		}
		end = e.at + e.size
		sum += e.size
	}
	if sum > stored {
		return errSparse
	}
	return nil
}

// oldMap reads the map of old GNU headers: four extents in the header, 21 in
// each block that follows it.
func (t *tarWalk) oldMap(header []byte) ([]extent, error) {
	var out []extent
	more := header[482] != 0
	table := bytes.Clone(header[386 : 386+96])
	for {
		for ; len(table) >= 24; table = table[24:] {
			if table[0] == 0 {
				break
			}
			at, ok1 := tarNumber(table[:12])
			size, ok2 := tarNumber(table[12:24])
			if !ok1 || !ok2 || len(out) >= maxExtents {
				return nil, errSparse
			}
			out = append(out, extent{at, size})
		}
		if !more {
			return out, nil
		}
		block, err := t.f.next(tarBlock)
		if err != nil {
			return nil, err
		}
		more = block[504] != 0
		table = bytes.Clone(block[:504])
	}
}

// mapBefore reads the map that pax format 1.0 puts before the data: decimal
// numbers in lines, filled up to a block.
func (t *tarWalk) mapBefore(left int64) ([]extent, int64, error) {
	var fields []string
	var line []byte
	want := 1
	for left >= tarBlock {
		block, err := t.f.next(tarBlock)
		if err != nil {
			return nil, left, err
		}
		left -= tarBlock
		for _, c := range block {
			if c != '\n' {
				line = append(line, c)
				continue
			}
			fields = append(fields, string(line))
			line = line[:0]
			if len(fields) == 1 {
				n, err := strconv.Atoi(fields[0])
				if err != nil || n < 0 || n > maxExtents {
					return nil, left, errSparse
				}
				want += 2 * n
			}
			if len(fields) == want {
				return pairs(fields[1:]), left, nil
			}
		}
		if len(line) > 64 {
			return nil, left, errSparse
		}
	}
	return nil, left, errSparse
}

// holeReader gives a sparse file's bytes.
type holeReader struct {
	src     io.Reader
	extents []extent
	size    int64
	pos     int64
}

func (h *holeReader) Read(p []byte) (int, error) {
	for len(h.extents) > 0 && h.pos >= h.extents[0].at+h.extents[0].size {
		h.extents = h.extents[1:]
	}
	end := h.size
	data := false
	if len(h.extents) > 0 {
		end = h.extents[0].at
		if data = h.pos >= end; data {
			end += h.extents[0].size
		}
	}
	if h.pos >= h.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), end-h.pos)]
	n := len(p)
	var err error
	if data {
		if n, err = h.src.Read(p); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	} else {
		clear(p)
	}
	h.pos += int64(n)
	return n, err
}
