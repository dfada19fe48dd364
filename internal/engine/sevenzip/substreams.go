package sevenzip

import "fmt"

// whole makes the folder's output one file, as it is when a header says
// nothing of files.
func (f *folder) whole() { f.subs = []sub{{f.size(), f.crc}} }

// parseSubs reads how the folders' outputs are divided into at most most
// files.
func (s *streams) parseSubs(c *cursor, most int) error {
	counts := make([]int, len(s.folders))
	for i := range counts {
		counts[i] = 1
	}
	id := c.byte()
	if id == idNumStreams {
		total := 0
		for i := range counts {
			counts[i] = c.count(most)
			if total += counts[i]; total > most {
				return tooMany(most)
			}
		}
		id = c.byte()
	}
	if err := s.parseSubSizes(c, counts, id == idSize); err != nil {
		return err
	}
	if id == idSize {
		id = c.byte()
	}
	for ; c.err == nil; id = c.byte() {
		switch id {
		case idEnd:
			return nil
		case idCRC:
			s.parseSubDigests(c)
		default:
			return fmt.Errorf("file property %#x: %w", id, errHeader)
		}
	}
	return c.err
}

// parseSubSizes reads all sizes of a folder but the last, which is the rest.
func (s *streams) parseSubSizes(c *cursor, counts []int, given bool) error {
	for i := range s.folders {
		f := &s.folders[i]
		n := counts[i]
		if n == 0 {
			continue
		}
		if n > 1 && !given {
			return fmt.Errorf("sizes of files are missing: %w", errHeader)
		}
		left := f.size()
		f.subs = make([]sub, 0, min(n, len(c.b)+1))
		for range n - 1 {
			size := c.size()
			if size > left || c.err != nil {
				return fmt.Errorf("sizes of files are more than their folder's: %w", errHeader)
			}
			left -= size
			f.subs = append(f.subs, sub{size: size})
		}
		f.subs = append(f.subs, sub{size: left})
		if n == 1 {
			f.subs[0].crc = f.crc
		}
	}
	return c.err
}

// parseSubDigests reads the digests of the files that have none yet.
func (s *streams) parseSubDigests(c *cursor) {
	var without []*sub
	for i := range s.folders {
		f := &s.folders[i]
		for j := range f.subs {
			if !f.subs[j].crc.defined {
				without = append(without, &f.subs[j])
			}
		}
	}
	for i, d := range c.digests(len(without)) {
		without[i].crc = d
	}
}
