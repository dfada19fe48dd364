package pdf

import (
	"bytes"
	"math"
	"slices"
	"sort"
)

// header is where an object begins.
type header struct {
	obj uint32
	rev uint32
	src int32 // which of Document.sources it is in; 0: the file
	off int32 // of what follows "obj", or of the object in an object stream
}

// headerSize is what one header takes in memory, with its place in byNum.
const headerSize = 20

// eachHeader tells every place in data where "N G obj" stands, wherever that
// may be: the tables at the end of a file can say anything, and what they
// leave out a reader finds in this way too.
func eachHeader(data []byte, found func(header) error) error {
	data = data[:min(len(data), math.MaxInt32)]
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("obj"))
		if i < 0 {
			return nil
		}
		at := from + i
		from = at + 3
		gen, rest, ok := numberBefore(data[:at], 0)
		if !ok {
			continue
		}
		num, _, ok := numberBefore(rest, 1)
		if !ok {
			continue
		}
		if err := found(header{obj: num, rev: gen, off: int32(from)}); err != nil {
			return err
		}
	}
}

// numberBefore reads the number that data ends with, before some white space.
func numberBefore(data []byte, gap int) (n uint32, rest []byte, ok bool) {
	end := len(data)
	for end > 0 && len(data)-end < maxGap && isSpace(data[end-1]) {
		end--
	}
	if len(data)-end < gap {
		return 0, nil, false
	}
	start := end
	for start > 0 && end-start < 10 && data[start-1] >= '0' && data[start-1] <= '9' {
		start--
	}
	total := uint64(0)
	for _, c := range data[start:end] {
		total = total*10 + uint64(c-'0')
	}
	return uint32(total), data[:start], end > start && total <= math.MaxUint32
}

// index finds the objects of the file and the ends of its streams. It counts
// before it takes memory.
func (d *Document) index() error {
	count := 0
	err := eachHeader(d.data, func(header) error {
		if count++; count%1024 == 0 {
			return d.budget.Check()
		}
		return nil
	})
	if err != nil {
		return err
	}
	ends := bytes.Count(d.data, []byte("endstream"))
	if err := d.hold(int64(count)*headerSize + int64(ends)*4); err != nil {
		return err
	}
	d.headers, d.ends = make([]header, 0, count), make([]int32, 0, ends)
	_ = eachHeader(d.data, func(h header) error {
		d.headers = append(d.headers, h)
		return nil
	})
	d.inFile = len(d.headers)
	for from := 0; len(d.ends) < ends; {
		i := bytes.Index(d.data[from:], []byte("endstream"))
		d.ends = append(d.ends, int32(min(from+i, math.MaxInt32)))
		from += i + 9
	}
	d.sortByNumber()
	return d.budget.Check()
}

// sortByNumber makes objects findable: later ones replace earlier ones.
func (d *Document) sortByNumber() {
	d.byNum = make([]int32, len(d.headers))
	for i := range d.byNum {
		d.byNum[i] = int32(i)
	}
	slices.SortFunc(d.byNum, func(a, b int32) int {
		if x, y := d.headers[a].obj, d.headers[b].obj; x != y {
			if x < y {
				return -1
			}
			return 1
		}
		return int(a - b)
	})
}

// find gives the last object of a number, as an index of headers.
func (d *Document) find(num int64) (int, bool) {
	after := sort.Search(len(d.byNum), func(i int) bool { return int64(d.headers[d.byNum[i]].obj) > num })
	if after == 0 {
		return 0, false
	}
	i := d.byNum[after-1]
	return int(i), int64(d.headers[i].obj) == num
}

// hold takes memory until the document is closed.
func (d *Document) hold(n int64) error {
	if err := d.budget.Hold(n); err != nil {
		return err
	}
	d.held += n
	return nil
}
