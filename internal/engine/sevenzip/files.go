package sevenzip

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"vitrine/internal/engine/limit"
)

func tooMany(most int) error {
	return limit.Errorf(limit.Files, "7z: the header lists more than %d files", most)
}

// entry is one file of the list; name is UTF-16, still in the header.
type entry struct {
	name  []byte
	empty bool // has no stream: an empty file or a directory
}

// parseFiles reads a FilesInfo. Of the properties only those that tell which
// names have data matter here.
func parseFiles(c *cursor, most int) ([]entry, error) {
	v := c.number()
	if v > uint64(most) {
		return nil, tooMany(most)
	}
	if v > uint64(len(c.b)) { // each takes at least the end of its name
		return nil, fmt.Errorf("list of %d files: %w", v, errHeader)
	}
	entries := make([]entry, v)
	for c.err == nil {
		id := c.byte()
		if id == idEnd {
			return entries, c.err
		}
		body := &cursor{b: c.bytes(c.number())}
		switch id {
		case idEmptyStream:
			for i, b := range body.bits(len(entries)) {
				entries[i].empty = b
			}
		case idNames:
			if body.byte() != 0 {
				return nil, fmt.Errorf("names in another stream: %w", errHeader)
			}
			for i := range entries {
				entries[i].name = body.name()
			}
		}
		if c.err == nil && body.err != nil {
			return nil, body.err
		}
	}
	return nil, c.err
}

// name takes UTF-16 up to its zero.
func (c *cursor) name() []byte {
	for i := 0; i+2 <= len(c.b); i += 2 {
		if c.b[i] == 0 && c.b[i+1] == 0 {
			out := c.b[:i]
			c.b = c.b[i+2:]
			return out
		}
	}
	c.fail(fmt.Errorf("name without an end: %w", errHeader))
	return nil
}

// maxName is how much of a name is kept, in UTF-16 units.
const maxName = 4096

func decodeName(raw []byte) string {
	raw = raw[:min(len(raw), 2*maxName)]
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}
