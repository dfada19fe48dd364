// Package squashfs reads SquashFS 4.0, the packed file systems that AppImage
// programs, snap packages and the firmware of small devices carry: with zlib,
// LZMA, xz, LZ4 or zstd; LZO is told and not read. The layout is that of the
// kernel's squashfs_fs.h. Regular files are handed out by path; links, devices
// and attributes are passed over. Nothing is mounted.
package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"

	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/limit"
)

const (
	magic     = "hsqs"
	superSize = 96
	minBlock  = 12 // the logarithm of the smallest block, and of the largest
	maxBlock  = 20

	maxDepth = 64 // folders in folders
	maxPath  = 4096
)

// image is the file system.
type image struct {
	*installer.Job
	data      []byte
	blockSize int
	method    uint16

	inodes      int64
	directories int64
	fragments   int64
	fragmentN   uint32

	blocks   map[int64]metaBlock // unpacked ones of metadata, by place
	fragment []byte              // the last one unpacked
	which    uint32              // its number
	seen     map[uint64]bool     // inodes, by place
}

// Begins tells whether data begins with a superblock that can be meant.
func Begins(data []byte) bool {
	if len(data) < superSize || string(data[:4]) != magic {
		return false
	}
	log := binary.LittleEndian.Uint16(data[22:])
	return log >= minBlock && log <= maxBlock && binary.LittleEndian.Uint32(data[12:]) == 1<<log &&
		binary.LittleEndian.Uint16(data[28:]) == 4 && binary.LittleEndian.Uint16(data[30:]) == 0
}

// Walk takes a file system apart. The error is the Sink's, or one that ends the
// scan; all others are told to the Sink.
func Walk(data []byte, j *installer.Job) error {
	if !Begins(data) {
		return j.Damaged("squashfs", errors.New("no superblock"))
	}
	u := func(at int) int64 { return int64(binary.LittleEndian.Uint64(data[at:])) }
	m := &image{Job: j, blockSize: int(binary.LittleEndian.Uint32(data[12:])), method: binary.LittleEndian.Uint16(data[20:]),
		fragmentN: binary.LittleEndian.Uint32(data[16:]), inodes: u(64), directories: u(72), fragments: u(80),
		blocks: map[int64]metaBlock{}, seen: map[uint64]bool{}}
	if used := u(40); used < superSize || used > int64(len(data)) {
		j.Sink.Problem(limit.Errorf(limit.Damaged, "squashfs: cut off: %d bytes of %d are there", len(data), uint64(used)))
	} else {
		data = data[:used]
	}
	m.data = data
	if name, ok := unreadable(m.method); ok {
		j.Sink.Problem(limit.Errorf(limit.Method, "squashfs: packed with %s, which is not read", name))
		return nil
	}
	// What is unpacked here is at most a block and the metadata that is kept.
	held := int64(2*m.blockSize + maxKept*metaSize)
	if err := j.Budget.Hold(held); err != nil {
		return j.Damaged("squashfs", err)
	}
	defer j.Budget.Release(held)
	root := binary.LittleEndian.Uint64(m.data[32:])
	return m.inode(root, "", 0)
}

// inode takes what an inode stands for: a folder or a file.
func (m *image) inode(ref uint64, path string, depth int) error {
	r := m.metadata(m.inodes+int64(ref>>16), int(ref&0xffff))
	kind := r.u16()
	r.skip(14)
	switch kind {
	case kindFolder, kindFolderLong:
		if m.seen[ref] {
			m.Sink.Problem(limit.Errorf(limit.Cycle, "squashfs: the folder %q is there twice", path))
			return nil
		}
		m.seen[ref] = true
		return m.folder(readFolder(r, kind == kindFolderLong), r.err, path, depth)
	case kindFile, kindFileLong:
		if m.seen[ref] { // another name of the same file
			return nil
		}
		m.seen[ref] = true
		return m.file(r, kind == kindFileLong, path)
	}
	if r.err != nil {
		return m.Damaged("squashfs: "+path, r.err)
	}
	return nil
}

// entry is one name in a folder.
type entry struct {
	ref  uint64
	kind uint16
	name string
}

// folder takes what is in a folder.
func (m *image) folder(f folder, err error, path string, depth int) error {
	if err != nil {
		return m.Damaged("squashfs: the folder "+path, err)
	}
	if depth > maxDepth {
		m.Sink.Problem(limit.Errorf(limit.Depth, "squashfs: more than %d folders in each other", maxDepth))
		return nil
	}
	if err := m.Budget.AddFile(); err != nil {
		return err
	}
	entries, err := m.list(f)
	if err != nil {
		if err := m.Damaged("squashfs: the folder "+path, err); err != nil {
			return err
		}
	}
	for _, e := range entries {
		name := e.name
		if path != "" {
			name = path + "/" + name
		}
		if err := m.inode(e.ref, name[:min(len(name), maxPath)], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// list reads a folder: runs of entries whose inodes lie in the same block.
func (m *image) list(f folder) ([]entry, error) {
	if f.size < 3 { // it counts three bytes that are not there
		return nil, nil
	}
	if err := m.Budget.Spend(int64(f.size)); err != nil {
		return nil, err
	}
	r := m.metadata(m.directories+int64(f.block), int(f.offset))
	r.left = int64(f.size) - 3
	var out []entry
	for r.left > 0 && r.err == nil {
		n, block := r.u32(), r.u32()
		r.skip(4)
		if n > 255 {
			return out, fmt.Errorf("a run of %d entries", uint64(n)+1)
		}
		for range n + 1 {
			offset := r.u16()
			r.skip(2)
			kind, size := r.u16(), r.u16()
			name := r.bytes(int(size) + 1)
			if r.err != nil {
				return out, r.err
			}
			if kind <= kindFile && len(out) < m.Budget.FilesLeft() { // links and devices hold nothing
				out = append(out, entry{uint64(block)<<16 | uint64(offset), kind, string(name)})
			} else if kind <= kindFile {
				return out, limit.Errorf(limit.Files, "more files than are allowed")
			}
		}
	}
	return out, r.err
}
