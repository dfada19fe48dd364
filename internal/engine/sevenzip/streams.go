package sevenzip

import "fmt"

// Property ids of the header (7zFormat.txt in 7-Zip's sources).
const (
	idEnd          = 0x00
	idHeader       = 0x01
	idArchiveProps = 0x02
	idAdditional   = 0x03
	idMainStreams  = 0x04
	idFiles        = 0x05
	idPackInfo     = 0x06
	idUnpackInfo   = 0x07
	idSubStreams   = 0x08
	idSize         = 0x09
	idCRC          = 0x0a
	idFolder       = 0x0b
	idUnpackSize   = 0x0c
	idNumStreams   = 0x0d
	idEmptyStream  = 0x0e
	idEmptyFile    = 0x0f
	idNames        = 0x11
	idEncoded      = 0x17
)

// Limits of a header. Each is more than 7-Zip writes or than a scan can use.
const (
	maxCoders  = 32
	maxStreams = 32 // of one folder
	maxFolders = 1 << 16
	maxPacked  = 1 << 17
	maxAll     = 1 << 18 // coders of all folders
)

// streams is a StreamsInfo: where packed streams lie and how folders unpack
// them.
type streams struct {
	packAt    []int64 // where each begins, behind the start header
	packSizes []int64
	folders   []folder
}

// folder is one chain of coders and the files in its output.
type folder struct {
	coders    []coder
	bonds     []bond
	packed    []int   // in-streams fed from packed streams, in their order
	sizes     []int64 // of each out-stream
	crc       digest
	firstPack int // index of its first packed stream
	subs      []sub
}

// sub is one file's part of a folder's output.
type sub struct {
	size int64
	crc  digest
}

type coder struct {
	method uint64
	ins    int
	props  []byte
}

// bond feeds an in-stream from an out-stream.
type bond struct{ in, out int }

// parseStreams reads a StreamsInfo up to its end mark. most bounds the number
// of files.
func parseStreams(c *cursor, most int) (*streams, error) {
	s := &streams{}
	for {
		var err error
		switch id := c.byte(); id {
		case idEnd:
			return s, c.err
		case idPackInfo:
			err = s.parsePack(c)
		case idUnpackInfo:
			err = s.parseUnpack(c)
		case idSubStreams:
			err = s.parseSubs(c, most)
		default:
			err = fmt.Errorf("stream property %#x: %w", id, errHeader)
		}
		if err == nil {
			err = c.err
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *streams) parsePack(c *cursor) error {
	at := c.size()
	n := c.count(maxPacked)
	for c.err == nil {
		switch id := c.byte(); id {
		case idEnd:
			return c.err
		case idSize:
			for range n {
				size := c.size()
				s.packAt, s.packSizes = append(s.packAt, at), append(s.packSizes, size)
				if at += size; at < 0 || c.err != nil {
					return fmt.Errorf("packed streams: %w", errHeader)
				}
			}
		case idCRC:
			c.digests(n)
		default:
			return fmt.Errorf("pack property %#x: %w", id, errHeader)
		}
	}
	return c.err
}

func (s *streams) parseUnpack(c *cursor) error {
	if c.byte() != idFolder {
		return fmt.Errorf("folders: %w", errHeader)
	}
	n := c.count(maxFolders)
	if c.byte() != 0 {
		return fmt.Errorf("folders in another stream: %w", errHeader)
	}
	packed, coders := 0, 0
	for range n {
		f, err := parseFolder(c)
		if err != nil {
			return err
		}
		f.firstPack = packed
		packed += len(f.packed)
		if coders += len(f.coders); coders > maxAll {
			return fmt.Errorf("more than %d coders: %w", maxAll, errHeader)
		}
		s.folders = append(s.folders, f)
	}
	return s.parseFolderSizes(c)
}

func (s *streams) parseFolderSizes(c *cursor) error {
	for c.err == nil {
		switch id := c.byte(); id {
		case idEnd:
			return c.err
		case idUnpackSize:
			for i := range s.folders {
				f := &s.folders[i]
				f.sizes = make([]int64, len(f.coders))
				for j := range f.sizes {
					f.sizes[j] = c.size()
				}
			}
		case idCRC:
			sums := c.digests(len(s.folders))
			for i := range sums {
				s.folders[i].crc = sums[i]
			}
		default:
			return fmt.Errorf("folder property %#x: %w", id, errHeader)
		}
	}
	return c.err
}

// parseFolder reads the coders of a folder and how they are connected. Every
// coder has one out-stream, as in all archives that 7-Zip itself reads.
func parseFolder(c *cursor) (folder, error) {
	var f folder
	n := c.count(maxCoders)
	ins := 0
	for range n {
		k, err := parseCoder(c)
		if err != nil {
			return f, err
		}
		if ins += k.ins; ins > maxStreams {
			return f, fmt.Errorf("folder of more than %d streams: %w", maxStreams, errHeader)
		}
		f.coders = append(f.coders, k)
	}
	if n == 0 || c.err != nil {
		return f, fmt.Errorf("folder: %w", errHeader)
	}
	bound := make([]bool, ins)
	for range n - 1 {
		b := bond{c.count(ins - 1), c.count(n - 1)}
		if bound[b.in] {
			return f, fmt.Errorf("folder with a stream bound twice: %w", errHeader)
		}
		bound[b.in] = true
		f.bonds = append(f.bonds, b)
	}
	return f, f.parsePacked(c, bound)
}

func (f *folder) parsePacked(c *cursor, bound []bool) error {
	n := len(bound) - len(f.bonds)
	if n < 1 {
		return fmt.Errorf("folder without packed streams: %w", errHeader)
	}
	if n == 1 {
		for i, b := range bound {
			if !b {
				f.packed = []int{i}
			}
		}
		return c.err
	}
	for range n {
		i := c.count(len(bound) - 1)
		if bound[i] {
			return fmt.Errorf("folder with a stream bound twice: %w", errHeader)
		}
		bound[i] = true
		f.packed = append(f.packed, i)
	}
	return c.err
}

func parseCoder(c *cursor) (coder, error) {
	flags := c.byte()
	k := coder{ins: 1}
	idSize := flags & 15
	if flags&0xc0 != 0 || idSize > 8 {
		return k, fmt.Errorf("coder flags %#x: %w", flags, errHeader)
	}
	for _, b := range c.bytes(uint64(idSize)) {
		k.method = k.method<<8 | uint64(b)
	}
	if flags&0x10 != 0 {
		k.ins = c.count(maxStreams)
		if outs := c.count(maxStreams); outs != 1 {
			return k, fmt.Errorf("coder with %d outputs: %w", outs, errHeader)
		}
	}
	if flags&0x20 != 0 {
		k.props = c.bytes(c.number())
	}
	if k.ins == 0 {
		return k, fmt.Errorf("coder without input: %w", errHeader)
	}
	return k, c.err
}

// main is the coder whose output is the folder's, or -1.
func (f *folder) main() int {
	used := make([]bool, len(f.coders))
	for _, b := range f.bonds {
		used[b.out] = true
	}
	for i, u := range used {
		if !u {
			return i
		}
	}
	return -1
}

// size is that of the folder's output.
func (f *folder) size() int64 {
	if m := f.main(); m >= 0 && m < len(f.sizes) {
		return f.sizes[m]
	}
	return 0
}
