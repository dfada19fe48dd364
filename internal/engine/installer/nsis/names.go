package nsis

import (
	"encoding/binary"
	"math"
	"strings"
)

// The opcodes and sizes that matter of fileform.h.
const (
	opCreateDir        = 11 // also the one that sets where files go
	opExtractFile      = 20
	opWriteUninstaller = 62
	entrySize          = 28

	blockEntries = 2
	blockStrings = 3
	blockTables  = 4
	blockCount   = 8
)

// names knows what the files are called, by where their data is.
type names struct {
	strings text
	files   map[int]file
}

// file has the places of two strings: the file's name, and the folder that was
// set before it.
type file struct {
	name, folder int32
	uninstaller  bool
}

const noFolder = math.MinInt32

// header is where the parts of a script begin.
type header struct {
	data []byte
	wide bool // places take 8 bytes
}

// block gives where a part begins and how many items it has.
func (h header) block(i int) (at, n int) {
	if h.wide {
		b := h.data[4+12*i:]
		return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[8:]))
	}
	b := h.data[4+8*i:]
	return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
}

// isWide tells a script for 64 bits: the upper halves of all places are zero.
func isWide(data []byte) bool {
	if len(data) < 4+12*blockCount {
		return false
	}
	for i := range blockCount {
		if binary.LittleEndian.Uint32(data[8+12*i:]) != 0 {
			return false
		}
	}
	return true
}

// readNames goes through the script's entries in their order and remembers
// those that write a file, at most that many.
func readNames(script []byte, most int) names {
	h := header{data: script, wide: isWide(script)}
	if len(script) < 4+8*blockCount {
		return names{}
	}
	n := names{strings: newText(h), files: map[int]file{}}
	at, count := h.block(blockEntries)
	folder := int32(noFolder)
	for ; count > 0 && at <= len(script)-entrySize && len(n.files) < most; count-- {
		e := script[at : at+entrySize]
		field := func(i int) int32 { return int32(binary.LittleEndian.Uint32(e[4*i:])) }
		switch field(0) {
		case opCreateDir:
			if field(2) != 0 {
				folder = field(1)
			}
		case opExtractFile:
			n.add(int(field(3)), file{name: field(2), folder: folder})
		case opWriteUninstaller:
			n.add(int(field(2)), file{name: field(1), folder: folder, uninstaller: true})
		}
		at += entrySize
	}
	return n
}

// add remembers a file, unless one with the same data is known.
func (n names) add(place int, f file) {
	if _, known := n.files[place]; !known {
		n.files[place] = f
	}
}

// at is the path of the file whose data is at that place, empty when unknown,
// and whether it is an uninstaller.
func (n names) at(place int) (path string, uninstaller bool) {
	f, ok := n.files[place]
	if !ok {
		return "", false
	}
	path = n.strings.get(f.name)
	if path == "" {
		return "", false
	}
	if f.folder != noFolder && !rooted(path) {
		path = n.strings.get(f.folder) + `\` + path
	}
	return strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "/"), f.uninstaller
}

// rooted tells whether a path begins with a drive or a variable for a folder.
// Those with numbers may hold anything, and mostly do not hold folders.
func rooted(path string) bool {
	if len(path) > 1 && path[0] == '$' {
		r := strings.TrimPrefix(path[1:], "R")
		return r == "" || r[0] < '0' || r[0] > '9'
	}
	return strings.Contains(path, ":")
}
