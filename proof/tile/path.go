package tile

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// Width is how many hashes a full tile has, and entries a full bundle.
	Width = 1 << height

	height = 8

	// Entries is the level of entry bundles in [Path] and [ParsePath].
	Entries = -1
)

// Path is where a tile lies below the log's prefix: tile/LEVEL/N or
// tile/entries/N, and .p/WIDTH behind it unless it is full.
//
// SPEC: tlog-tiles, "Merkle Tree": N in elements of three digits, all but the
// last with an x before them.
func Path(level int, n int64, width int) string {
	// The paths of the Go checksum database differ only in that the tile's
	// height stands in them, and that bundles are called data.
	p := tlog.Tile{H: height, L: level, N: n, W: width}.Path()
	p = strings.TrimPrefix(p, "tile/8/")
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		p = "entries/" + rest
	}
	return "tile/" + p
}

// ParsePath reads a path in its only spelling.
func ParsePath(path string) (level int, n int64, width int, err error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > 64 {
		return 0, 0, 0, fmt.Errorf("tile path %.80q, expected tile/LEVEL/N", path)
	}
	if bundle, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + bundle
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L > 63 || Path(t.L, t.N, t.W) != path {
		return 0, 0, 0, fmt.Errorf("tile path %.80q, expected tile/LEVEL/N with N in elements of three digits", path)
	}
	return t.L, t.N, t.W, nil
}

// widthAt is how wide tile n of a level is in a tree of the given size; 0 if it
// is not in it.
//
// SPEC: tlog-tiles, "Partial Tiles": floor(s / 256**l) mod 256 hashes.
func widthAt(level int, n, size int64) int {
	if level == Entries {
		level = 0
	}
	left := size>>(height*level) - n<<height
	return int(max(0, min(left, Width)))
}
