package tile

import (
	"encoding/binary"
	"fmt"
)

// MaxEntry is the largest entry a bundle can hold, in bytes.
const MaxEntry = 1<<16 - 1

// maxBundle bounds a bundle of a number of entries.
func maxBundle(width int) int64 { return int64(width) * (2 + MaxEntry) }

// ParseBundle takes an entry bundle apart into exactly width entries. They share
// the memory of data.
//
// SPEC: tlog-tiles, "Log entries": each entry behind its length in two bytes,
// big-endian.
func ParseBundle(data []byte, width int) ([][]byte, error) {
	entries, rest, err := splitBundle(data, width)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes behind entry %d, expected none", len(rest), width)
	}
	if err != nil {
		return nil, fmt.Errorf("entry bundle: %w", err)
	}
	return entries, nil
}

// splitBundle takes the first width entries.
func splitBundle(data []byte, width int) (entries [][]byte, rest []byte, err error) {
	if width < 1 || width > Width {
		return nil, nil, fmt.Errorf("%d entries, expected 1 to %d", width, Width)
	}
	entries = make([][]byte, 0, width)
	for i := range width {
		if len(data) < 2 {
			return nil, nil, fmt.Errorf("ends before entry %d of %d", i+1, width)
		}
		size := int(binary.BigEndian.Uint16(data))
		if data = data[2:]; len(data) < size {
			return nil, nil, fmt.Errorf("entry %d has %d bytes, %d are there", i+1, size, len(data))
		}
		entries = append(entries, data[:size:size])
		data = data[size:]
	}
	return entries, data, nil
}

// AppendEntry appends an entry to a bundle.
func AppendEntry(bundle, entry []byte) ([]byte, error) {
	if len(entry) > MaxEntry {
		return nil, fmt.Errorf("entry of %d bytes, expected at most %d", len(entry), MaxEntry)
	}
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
	return append(bundle, entry...), nil
}
