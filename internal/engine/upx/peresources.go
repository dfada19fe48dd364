package upx

import (
	"errors"
)

const (
	maxResources = 1 << 16
	typeIcons    = 14 // of a resource that lists icons
	highBit      = 1 << 31
)

// resources puts the resources that the packer left unpacked (icons, version,
// manifest) back where they were, and the directory of all of them.
func (r *rebuild) resources() error {
	address, size := r.own.at(tableResources)
	now, nowSize := r.f.at(tableResources)
	if size == 0 || nowSize == 0 {
		return nil
	}
	note, err := r.note(2)
	if err != nil {
		return err
	}
	tree := &resourceTree{b: r.f.atAddress(now), icons: -1}
	root, err := tree.read(0, 0)
	if err != nil {
		return err
	}
	// In the order of the tree from its end, as the packer goes: it matters
	// for which list of icons gets its number back.
	for i := len(tree.leaves) - 1; i >= 0; i-- {
		l := tree.leaves[i]
		if err := r.moveResource(l, now, tree, le16(note)); err != nil {
			return err
		}
	}
	there, err := r.span(address, 16)
	if err != nil {
		return err
	}
	if le32(there[12:]) != 0 { // the directory was not removed
		return nil
	}
	return r.put(address, tree.build(root))
}

// moveResource puts one resource back. Before each stands where it was.
func (r *rebuild) moveResource(l *resource, now uint32, tree *resourceTree, icons uint16) error {
	if l.address <= now {
		return nil // it was packed, and is where it belongs
	}
	b := r.f.atAddress(l.address - 4)
	size := uint64(l.size) + 3
	if size &^= 3; size+4 > uint64(len(b)) {
		return errResources
	}
	// Resources do not share bytes.
	if r.moved += int(size); r.moved > len(r.f.data) {
		return errResources
	}
	l.moved = le32(b)
	if err := r.put(l.moved, b[4:4+size]); err != nil {
		return err
	}
	if icons != 0 && l.kind == typeIcons && tree.icons < 0 {
		tree.icons = int(icons)
		to, err := r.span(l.moved, 6)
		if err != nil {
			return err
		}
		put16(to[4:], icons)
	}
	return nil
}

// resource is an entry of the directory: another directory of type, name or
// language, or the resource itself.
type resource struct {
	id       uint32
	kind     uint32 // the id of its type
	name     []byte // UTF-16, with its length before
	children []*resource
	head     []byte // of a directory, or of the resource

	address, size uint32 // of a resource
	moved         uint32 // its address before it was packed
}

// resourceTree is the directory of resources, always three levels deep.
type resourceTree struct {
	b      []byte
	leaves []*resource
	count  int
	icons  int // how many the first list of icons has; negative: not set yet
	names  int // bytes of names
}

var errResources = errors.New("the directory is damaged")

const resourceDepth = 3

func (t *resourceTree) read(at uint32, level int) (*resource, error) {
	if t.count++; t.count > maxResources {
		return nil, errResources
	}
	if uint64(at)+16 > uint64(len(t.b)) {
		return nil, errResources
	}
	b := t.b[at:]
	n := &resource{head: b[:16]}
	if level == resourceDepth {
		n.address, n.size = le32(b), le32(b[4:])
		t.leaves = append(t.leaves, n)
		return n, nil
	}
	count := int(le16(b[12:])) + int(le16(b[14:]))
	if 16+8*count > len(b) {
		return nil, errResources
	}
	for i := range count {
		entry := b[16+8*i:]
		id, to := le32(entry), le32(entry[4:])
		if to&highBit == 0 != (level == resourceDepth-1) {
			return nil, errResources
		}
		first := len(t.leaves)
		child, err := t.read(to&^highBit, level+1)
		if err != nil {
			return nil, err
		}
		if child.id = id; id&highBit != 0 {
			if child.name, err = t.text(id &^ highBit); err != nil {
				return nil, err
			}
		}
		if level == 0 {
			for _, l := range t.leaves[first:] {
				l.kind = id
			}
		}
		n.children = append(n.children, child)
	}
	return n, nil
}

// maxResourceText is more than the names of all resources of any file take.
const maxResourceText = 1 << 20

func (t *resourceTree) text(at uint32) ([]byte, error) {
	if uint64(at)+2 > uint64(len(t.b)) {
		return nil, errResources
	}
	b := t.b[at:]
	size := 2 + 2*int(le16(b))
	if t.names += size; size > len(b) || t.names > maxResourceText {
		return nil, errResources
	}
	return b[:size], nil
}

// build lays the directory out: each directory before what is in it, and the
// names behind all.
func (t *resourceTree) build(root *resource) []byte {
	names := root.space()
	out := make([]byte, names, names+t.names)
	at := uint32(0)
	root.build(&out, &at, 0)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}

// space is how many bytes a directory takes with all in it, without names.
func (n *resource) space() int {
	size := 16 + 8*len(n.children)
	for _, c := range n.children {
		size += c.space()
	}
	return size
}

func (n *resource) build(out *[]byte, at *uint32, level int) {
	b := (*out)[*at:]
	copy(b, n.head)
	if level == resourceDepth {
		if n.moved != 0 {
			put32(b, n.moved)
		}
		*at += 16
		return
	}
	*at += uint32(16 + 8*len(n.children))
	for i, c := range n.children {
		id, to := c.id, *at
		if c.name != nil {
			id = uint32(len(*out)) | highBit
			*out = append(*out, c.name...)
		}
		if level < resourceDepth-1 {
			to |= highBit
		}
		entry := b[16+8*i:] // b keeps its place: out only grows behind it
		put32(entry, id)
		put32(entry[4:], to)
		c.build(out, at, level+1)
	}
}
