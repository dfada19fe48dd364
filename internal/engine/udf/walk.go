package udf

import (
	"unicode/utf16"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/limit"
)

const (
	maxDepth       = 64
	maxDirectories = 1 << 16
	folderMemory   = 100
)

// folder is a directory that waits to be read.
type folder struct {
	extents []disc.Extent
	path    string
	depth   int
}

// walk follows the tree from the root of the file set, and the streams of the
// whole volume.
func (v *volume) walk() error {
	x, err := v.extents(place{part: v.set.part, block: v.set.block, size: v.sector})
	if err != nil {
		return err
	}
	b := v.at(x[0].At, x[0].Size)
	if !isTag(b, tagFileSet) || len(b) < 480 {
		return damaged("the file set is not there")
	}
	root, err := v.file(longPlace(b[400:]))
	if err != nil {
		return err
	}
	v.push(root, "", 0)
	if s := longPlace(b[464:]); s.size > 0 {
		v.streams(s, "(streams)", 0)
	}
	for len(v.todo) > 0 {
		d := v.todo[len(v.todo)-1]
		v.todo = v.todo[:len(v.todo)-1]
		if err := v.folder(d); err != nil {
			return err
		}
	}
	return nil
}

func (v *volume) leave(err error) {
	v.lost++
	if v.cause == nil {
		v.cause = err
	}
}

// push keeps a directory to be read, once.
func (v *volume) push(f entry, path string, depth int) {
	if v.done[f.at] {
		return
	}
	err := v.Hold(int64(folderMemory + len(path)))
	switch {
	case err != nil:
	case depth > maxDepth:
		err = limit.Errorf(limit.Depth, "more than %d directories in each other", maxDepth)
	case len(v.done) >= maxDirectories:
		err = limit.Errorf(limit.Files, "more than %d directories", maxDirectories)
	}
	if err != nil {
		v.leave(err)
		return
	}
	v.done[f.at] = true
	v.todo = append(v.todo, folder{f.extents, path, depth})
}

// The characteristics of a name.
const (
	isDeleted = 4
	isParent  = 8
)

const identifierSize = 38 // and what the implementation and the name take

// folder reads one directory.
func (v *volume) folder(d folder) error {
	b, err := v.Directory(d.extents...)
	if limit.Final(err) {
		return err
	}
	if err != nil {
		v.leave(err)
		return nil
	}
	for len(b) >= identifierSize {
		if err := v.Budget.Check(); err != nil {
			return err
		}
		use, name := int(le16(b[36:])), int(b[19])
		size := (identifierSize + use + name + 3) &^ 3
		if !isTag(b, tagIdentifier) || identifierSize+use+name > len(b) {
			v.leave(damaged("a directory is malformed"))
			return nil
		}
		if b[18]&(isDeleted|isParent) == 0 {
			path := disc.Join(d.path, decodeName(b[identifierSize+use:][:name]))
			if err := v.named(longPlace(b[20:]), path, d.depth+1); err != nil {
				return err
			}
		}
		b = b[min(size, len(b)):]
	}
	return nil
}

// named deals with what a name stands for.
func (v *volume) named(p place, path string, depth int) error {
	f, err := v.file(p)
	if limit.Final(err) {
		return err
	}
	if err != nil {
		v.leave(err)
	}
	switch {
	case f.kind == fileDirectory || f.kind == fileStreams:
		v.push(f, path, depth)
	case f.kind != fileLink:
		if err := v.File(path, f.extents); err != nil {
			return err
		}
	}
	if f.streams.size > 0 {
		v.streams(f.streams, path+" (streams)", depth)
	}
	return nil
}

// streams keeps a directory of other streams to be read.
func (v *volume) streams(p place, path string, depth int) {
	f, err := v.file(p)
	if err != nil {
		v.leave(err)
		return
	}
	v.push(f, path, depth+1)
}

// decodeName reads OSTA's compressed Unicode: the first byte tells how many
// bits a character has.
func decodeName(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	kind, b := b[0], b[1:]
	var units []uint16
	if kind == 16 || kind == 255 {
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, uint16(b[0])<<8|uint16(b[1]))
		}
	} else {
		for _, c := range b {
			units = append(units, uint16(c))
		}
	}
	return string(utf16.Decode(units))
}
