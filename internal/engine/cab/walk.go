package cab

import (
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

// maxRewinds is how often a folder is unpacked again because a file begins
// before the end of the one before it. Nobody writes such cabinets.
const maxRewinds = 8

// folder hands out the files of one folder.
func (c *cabinet) folder(files []file) error {
	if err := c.budget.Check(); err != nil {
		return err
	}
	s := c.open(&c.folders[files[0].folder], files)
	rewinds := 0
	for i := range files {
		f := &files[i]
		switch begin := max(f.at, s.base); {
		case begin < s.pos:
			if rewinds++; rewinds > maxRewinds {
				c.sink.Problem(limit.Errorf(limit.Overlap, "cab: %d files share their bytes with others and were left out", len(files)-i))
				return nil
			}
			s = c.open(s.folder, files)
		case i > 0 && s.ended():
			c.sink.Problem(limit.Errorf(limit.Of(s.err).Reason, "cab: %d members behind %q cannot be read either", len(files)-i, files[i-1].name))
			return nil
		}
		if err := c.member(s, f); err != nil {
			return err
		}
	}
	return nil
}

// member hands out one file.
func (c *cabinet) member(s *stream, f *file) error {
	begin := max(f.at, s.base)
	if err := s.skip(begin); err != nil {
		return err
	}
	m := &member{s: s, left: max(f.at+f.size-begin, 0), begin: begin}
	if f.at < s.base || f.before {
		m.missing = "it begins in an earlier cabinet of the set"
	} else if f.after {
		m.missing = "it goes on in the next cabinet of the set"
	}
	return c.sink.Decoded(string(f.name), m, s.packed)
}

// member reads one file of a folder. It ends with an error when what it gave
// is not all of the file, or not right.
type member struct {
	s       *stream
	begin   int64
	left    int64
	missing string // why it is not whole
}

// Read gives the next bytes of the file.
func (m *member) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, m.end()
	}
	n, err := m.s.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = limit.Errorf(limit.Damaged, "cab: the folder ends %d bytes before the file does", m.left)
	}
	return n, err
}

func (m *member) end() error {
	switch {
	case m.missing != "":
		return limit.Errorf(limit.Damaged, "cab: %s", m.missing)
	case m.s.badEnd > m.begin:
		return limit.Errorf(limit.Damaged, "cab: a block of its data is damaged: %v", m.s.bad)
	}
	return io.EOF
}

// stream is a folder being unpacked.
type stream struct {
	c      *cabinet
	folder *folder
	works  decoder
	base   int64 // where in the folder the bytes of this cabinet begin
	packed int   // bytes of all blocks
	total  int64 // bytes they claim to hold

	next   int64  // the next block
	left   int    // blocks after it
	begins bool   // the first block here is the end of one begun elsewhere
	out    []byte // unpacked and not yet read
	pos    int64  // of out in the folder
	ready  int64  // of its end
	err    error  // why there is no more
	bad    error  // the last block that was not right
	badEnd int64  // where it ended
}

// open begins to unpack a folder.
func (c *cabinet) open(f *folder, files []file) *stream {
	s := &stream{c: c, folder: f, next: int64(f.at), left: f.blocks}
	for i := range files {
		s.begins = s.begins || files[i].before
	}
	s.survey()
	if s.begins {
		s.base = s.elsewhere(files)
	}
	s.pos, s.ready = s.base, s.base
	s.works, s.err = c.works.open(c.budget, f.method, s.total)
	if s.err == nil && s.begins && !s.works.resumes() {
		s.err = limit.Errorf(limit.Damaged, "cab: the folder begins in an earlier cabinet of the set")
	}
	return s
}

// maxSurvey is how many headers of blocks are read ahead: many folders can
// claim the same ones.
const maxSurvey = 4096

// survey adds up what the headers of the blocks say. Of a long folder only the
// first are read, unless its end tells where it begins.
func (s *stream) survey() {
	at, size, left := s.next, int64(len(s.c.data)), s.left
	for ; left > 0 && at+blockHeader <= size && (s.begins || s.left-left < maxSurvey); left-- {
		n := int64(le16(s.c.data[at+4:]))
		s.packed += int(n)
		s.total += int64(le16(s.c.data[at+6:]))
		at += blockHeader + int64(s.c.reserve) + n
	}
	if at+blockHeader <= size && left > 0 {
		s.total += int64(left) * blockSize
		s.packed = int(size)
	}
	s.packed = min(s.packed, int(size))
}

// elsewhere is how many bytes of the folder lie in earlier cabinets. When the
// folder ends here the last file tells; else all of it belongs to one file.
func (s *stream) elsewhere(files []file) int64 {
	end := int64(0)
	for i := range files {
		if files[i].after {
			return files[0].at
		}
		end = max(end, files[i].at+files[i].size)
	}
	return max(end-s.total, 0)
}

// skipStep is how many bytes are gone over between two looks at the budget.
const skipStep = 1 << 20

// skip goes forward to a place. The error is one that ends the scan; all
// others are met again by whoever reads there.
func (s *stream) skip(to int64) error {
	for s.pos < to && s.err == nil {
		n, _ := io.CopyN(io.Discard, s, min(to-s.pos, skipStep))
		if err := s.c.budget.Spend(n); err != nil {
			return err
		}
	}
	return nil
}

// ended tells whether there is nothing more to read.
func (s *stream) ended() bool { return s.err != nil && s.pos == s.ready }

// Read gives unpacked bytes, of one block at most.
func (s *stream) Read(p []byte) (int, error) {
	for s.pos == s.ready {
		if s.err != nil {
			return 0, s.err
		}
		s.block()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	s.pos += int64(n)
	return n, nil
}
