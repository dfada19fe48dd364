// Package tile reads a published log: c2sp.org/tlog-tiles, a tree of static
// files that any plain copy can serve. It trusts none of them. Every hash and
// every entry it gives has been shown to belong to the tree of one checkpoint,
// whose signatures the caller has verified before.
//
// A tile holds 256 neighbouring hashes of one level of the tree: on level 0 the
// hashes of entries, on level L those of complete tiles of level L-1. So a tile
// is checked by hashing it once and comparing with one hash in the tile above,
// up to the checkpoint's root:
//
//	root ─ tile/2/000.p/1 ─ tile/1/000 ─ tile/0/017 ─ entry 4,404
//
// The rightmost tile of a level is partial as long as it is not full. A log may
// delete a partial tile once the full one is there, so a reader that finds it
// gone takes the first hashes of the full one.
//
// The package opens no file and speaks to nobody: a [Fetch] does. It keeps a
// bounded number of tiles that were checked, and bounds each fetch before it is
// made.
package tile
