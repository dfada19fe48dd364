package fsck

import (
	"errors"
	"slices"

	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the tile of a level that is not full yet. Together those of all levels
// give the root.
type edge struct {
	level  int
	n      int64
	hashes []tlog.Hash // none if the level's last tile is full
	name   string
	bad    *Problem
}

// edges fetches the tiles at the right edge of the tree, lowest level first, and
// holds them against the root. What is damaged there is found by making it again
// from what lies below: the choice of files and remade ones that gives the root
// is the true one. Nil if there is none.
func (w *walk) edges() []edge {
	var files []edge
	for level, size := 0, w.Checkpoint.Size; size > 0; level, size = level+1, size>>8 {
		e := edge{level: level, n: size >> 8}
		if width := int(size & (tile.Width - 1)); width > 0 {
			e.hashes, e.name, e.bad = w.hashes(level, e.n, width)
		}
		files = append(files, e)
	}
	if !slices.ContainsFunc(files, func(e edge) bool { return e.bad != nil }) && edgeRoot(files) == w.Checkpoint.Root {
		for _, e := range files {
			w.goodEdge(e)
		}
		return files
	}
	return w.remade(files)
}

func (w *walk) goodEdge(e edge) {
	if e.name != "" {
		w.count(&w.report.Tiles, 1)
	}
}

// remade tries every choice between a file and what lies below it.
func (w *walk) remade(files []edge) []edge {
	below := make([]edge, len(files))
	for i, e := range files {
		below[i] = e
		if e.name != "" {
			below[i].bad, below[i].hashes = nil, w.fromBelow(e.level, e.n, w.widthAt(e.level, e.n))
		}
	}
	for choice := range 1 << len(files) {
		try := slices.Clone(files)
		for i := range try {
			if choice&(1<<i) != 0 {
				try[i] = below[i]
			}
		}
		complete := !slices.ContainsFunc(try, func(e edge) bool { return e.bad != nil || e.name != "" && e.hashes == nil })
		if complete && edgeRoot(try) == w.Checkpoint.Root {
			w.blame(files, choice)
			return try
		}
	}
	w.blameAll(files)
	return nil
}

// blame names the files that had to be made again.
func (w *walk) blame(files []edge, choice int) {
	for i, e := range files {
		switch {
		case choice&(1<<i) == 0 || e.name == "":
			w.goodEdge(e)
		case e.bad != nil:
			w.problem(*e.bad)
		default:
			w.problem(Problem{e.name, Damaged, errors.New("not what the checkpoint vouches for")})
		}
	}
}

// blameAll names those that are not there, or if all are, all of them: there is
// no telling which it is.
func (w *walk) blameAll(files []edge) {
	gone := slices.ContainsFunc(files, func(e edge) bool { return e.bad != nil })
	for _, e := range files {
		switch {
		case e.bad != nil:
			w.problem(*e.bad)
		case e.name != "" && !gone:
			w.problem(Problem{e.name, Damaged, errors.New("this tile, or another at the tree's edge, is not what the checkpoint vouches for")})
		}
	}
}

func (w *walk) widthAt(level int, n int64) int {
	return int(min(w.Checkpoint.Size>>(8*level)-n<<8, tile.Width))
}

// fromBelow makes a tile's hashes again from the files one level down: full
// tiles, or for level 0 the entries. Nil if they cannot be had.
func (w *walk) fromBelow(level int, n int64, width int) []tlog.Hash {
	if level == 0 {
		b, _, bad := w.bundle(n, width)
		if bad != nil {
			return nil
		}
		return b.Hashes
	}
	list := make([]tlog.Hash, width)
	for i := range list {
		hashes, _, bad := w.hashes(level-1, n<<8+int64(i), tile.Width)
		if bad != nil || w.ctx.Err() != nil {
			return nil
		}
		list[i] = treeHash(hashes)
	}
	return list
}

// edgeRoot is the root of a tree, of the tiles that are not full. Complete
// subtrees of one tile are joined largest first, and the results of the levels
// from the lowest up: the right side of each node is what is smaller.
//
// SPEC: RFC 6962, section 2.1.
func edgeRoot(edges []edge) tlog.Hash {
	var root tlog.Hash
	first := true
	join := func(left tlog.Hash) {
		if first {
			root, first = left, false
			return
		}
		root = tlog.NodeHash(left, root)
	}
	for _, e := range edges {
		rest := e.hashes
		for size := 1; len(rest) > 0; size <<= 1 {
			if len(rest)&size != 0 {
				join(treeHash(rest[len(rest)-size:]))
				rest = rest[:len(rest)-size]
			}
		}
	}
	return root
}

// treeHash is the root of a complete tree over hashes, a power of two of them.
func treeHash(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(treeHash(hashes[:half]), treeHash(hashes[half:]))
}
