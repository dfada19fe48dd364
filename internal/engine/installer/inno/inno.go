// Package inno reads what Inno Setup puts behind its loader: the table that
// tells where things are, the headers in checked blocks of 4 KiB, and the files
// in chunks packed with zlib, bzip2, LZMA or LZMA2. There is no document of the
// format; it follows from the structures its source publishes. Headers of
// version 4.0.9 and later are read. Of others, and of those it cannot read, the
// chunks are unpacked as they lie there, and that is told. Nothing of the script
// is run, and nothing encrypted is opened.
package inno

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strconv"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/limit"
)

const (
	pointerAt = 0x30 // of the table, in old loaders
	pointer   = "Inno"
	idSize    = 12
	idStart   = "rDlPtS"
	idOther   = "nS5W7dT\x83\xaa\x1b\x0fj"

	dataSign  = " Setup Data ("
	signSize  = 64
	sliceSign = "idska32\x1a" // begins files that the data is split into
	chunkSign = "zlb\x1a"
)

// table says where the parts of an installer are.
type table struct {
	exe     int64 // the program that installs
	exeSize int64 // unpacked
	headers int64
	data    int64 // 0: in other files
}

// Find tells whether a program is an installer: whether the table is there and
// headers are where it says.
func Find(program []byte) bool { return len(findTables(program)) > 0 }

// IsSlice tells whether data begins as a file with a part of the data.
func IsSlice(data []byte) bool { return bytes.HasPrefix(data, []byte(sliceSign)) }

// maxTables is how many places that look like the table are tried: the loader
// has its sign in its code too. maxLoader is how far the table is looked for: it
// is a resource of the loader, which has less than 2 MiB but for its icons.
const (
	maxTables = 64
	maxWalked = 4
	maxLoader = 16 << 20
)

// findTables gives every table that points to headers, so that one put before
// it hides no other.
func findTables(data []byte) []table {
	var tables []table
	take := func(at int) {
		if t, ok := readTable(data, at); ok && !slices.Contains(tables, t) {
			tables = append(tables, t)
		}
	}
	if len(data) > pointerAt+8 && string(data[pointerAt:pointerAt+4]) == pointer {
		if at := binary.LittleEndian.Uint32(data[pointerAt+4:]); int64(at) < int64(len(data)) {
			take(int(at))
		}
	}
	loader := data[:min(len(data), maxLoader)]
	for _, sign := range []string{idStart, idOther} {
		for from, n := 0, 0; n < maxTables; n++ {
			i := bytes.Index(loader[from:], []byte(sign))
			if i < 0 {
				break
			}
			take(from + i)
			from += i + 1
		}
	}
	return tables
}

// readTable reads the table in the layout of its sign. It is believed when it
// points to headers.
func readTable(data []byte, at int) (table, bool) {
	b := data[at:]
	if len(b) < 64 {
		b = append(bytes.Clone(b), make([]byte, 64)...)
	}
	u := func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	var t table
	switch old := string(b[6:idSize]); {
	case string(b[:6]) != idStart && string(b[:idSize]) != idOther:
		return table{}, false
	case old == "02\x87eVx": // with messages in a place of their own
		t = table{exe: 0, headers: u(36), data: u(40)}
	case old == "04\x87eVx", old == "05\x87eVx", old == "06\x87eVx":
		t = table{exe: 0, headers: u(32), data: u(36)}
	case old == "07\x87eVx":
		t = table{exe: u(16), exeSize: u(20), headers: u(28), data: u(32)}
	case u(12) == 1:
		t = table{exe: u(20), exeSize: u(24), headers: u(32), data: u(36)}
	case u(12) == 2: // with places of 8 bytes
		w := func(at int) int64 { return int64(binary.LittleEndian.Uint64(b[at:])) }
		t = table{exe: w(24), exeSize: u(32), headers: w(40), data: w(48)}
	}
	_, ok := versionAt(data, t.headers)
	return t, ok
}

// version is that of the headers: major, minor and patch, a byte each.
type version struct {
	number  int
	unicode bool
	text    string
}

var versionPattern = regexp.MustCompile(`^[A-Za-z ]{2,24} Setup Data \((\d{1,3})\.(\d{1,3})\.(\d{1,3})[^)]{0,4}\)( \(u\))?`)

// at is a version as a number.
func at(major, minor, patch int) int { return major<<16 | minor<<8 | patch }

func versionAt(data []byte, place int64) (version, bool) {
	if place <= 0 || place > int64(len(data))-signSize {
		return version{}, false
	}
	sign := data[place : place+signSize]
	m := versionPattern.FindSubmatch(sign)
	if m == nil {
		return version{}, false
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[i+1])) // up to three digits
	}
	v := version{number: at(n[0], n[1], n[2]), text: fmt.Sprintf("%d.%d.%d", n[0], n[1], n[2])}
	v.unicode = len(m[4]) > 0 || v.number >= at(6, 3, 0)
	return v, true
}

// walker is one installer being taken apart.
type walker struct {
	*installer.Job
	data    []byte
	table   table
	version version
	taken   int // chunks that were unpacked
}

// Walk takes an installer apart, from the beginning of its program. The error
// is the Sink's, or one that ends the scan; all others are told to the Sink.
func Walk(data []byte, j *installer.Job) error {
	tables := findTables(data)
	if len(tables) == 0 {
		return j.Damaged("inno", fmt.Errorf("no table of its parts"))
	}
	if len(tables) > 1 {
		j.Sink.Problem(limit.Errorf(limit.Damaged, "inno: %d tables of its parts in place of one", len(tables)))
	}
	for _, t := range tables[:min(len(tables), maxWalked)] {
		w := &walker{Job: j, data: data, table: t}
		w.version, _ = versionAt(data, t.headers)
		if err := w.program(); err != nil {
			return err
		}
		if err := w.parts(); err != nil {
			return err
		}
	}
	return nil
}

// WalkSlice unpacks the chunks in a file with a part of the data.
func WalkSlice(data []byte, j *installer.Job) error {
	w := &walker{Job: j, data: data}
	return w.scan(0)
}

// program hands out the program that installs.
func (w *walker) program() error {
	if w.table.exe <= 0 || w.table.exe >= int64(len(w.data)) || w.version.number < at(4, 1, 6) {
		return nil
	}
	b, _, err := openBlock(w.data[w.table.exe:])
	if err != nil {
		return w.Damaged("inno: the program that installs", err)
	}
	r, err := b.open(w)
	if err != nil {
		return w.Damaged("inno: the program that installs", err)
	}
	defer r.Close()
	return w.Sink.Decoded("inno/setup.exe", filterFor(w.version, &sized{r, w.table.exeSize}), len(b.data))
}

// parts hands out the headers and the files.
func (w *walker) parts() error {
	headers, locations, ok, err := w.headers()
	defer w.Free(headers)
	defer w.Free(locations)
	if err != nil {
		return err
	}
	if len(headers) > 0 {
		if err := w.Sink.Whole("inno/(headers)", headers); err != nil {
			return err
		}
	}
	var files []file
	if ok {
		files, ok = w.readLocations(locations)
	}
	if !ok {
		w.Sink.Problem(limit.Errorf(limit.Method, "inno: headers of version %s that are not read; files were looked for without them", w.version.text))
		return w.scan(w.table.data)
	}
	name(files, headers, w.version)
	return w.files(files)
}

// headers unpacks the two blocks behind the sign: what is to be done, and where
// the files are. What is wrong with them was told when ok is false.
func (w *walker) headers() (headers, locations []byte, ok bool, err error) {
	if w.version.number < at(4, 0, 9) {
		return nil, nil, false, nil
	}
	rest := w.data[w.table.headers+signSize:]
	if w.version.number >= at(6, 5, 0) {
		var encrypted bool
		if rest, encrypted = skipEncryption(rest); encrypted {
			w.Sink.Problem(limit.Errorf(limit.Encrypted, "inno: the headers are encrypted"))
			return nil, nil, false, nil
		}
	}
	headers, rest, err = w.readBlock(rest)
	if err != nil {
		return headers, nil, false, w.Damaged("inno: the headers", err)
	}
	locations, _, err = w.readBlock(rest)
	if err != nil {
		return headers, locations, false, w.Damaged("inno: the list of files", err)
	}
	return headers, locations, true, nil
}

// skipEncryption goes over what says how things are encrypted, when it is there
// as its checksum has it, and tells whether the headers are.
func skipEncryption(b []byte) (rest []byte, headers bool) {
	const (
		size = 49
		all  = 2
	)
	if len(b) > 4+size && crc32.ChecksumIEEE(b[4:4+size]) == binary.LittleEndian.Uint32(b) {
		return b[4+size:], b[4] == all
	}
	return b, false
}
