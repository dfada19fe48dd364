package dotnet

import (
	"bytes"

	"vitrine/yara/internal/module"
)

const (
	cliHeader      = 72
	metadataHeader = 16
	metadataMagic  = 0x424a5342
	streamHeader   = 8
	maxStreamName  = 32
	maxText        = 1024
)

// file is the receiver of the module's root: one assembly being scanned.
type file struct {
	ctx *module.Context
	*image
	cli  int64 // offset of the CLI header
	root int64 // offset of the metadata

	streams   module.Once[streamTable]
	tables    module.Once[tables]
	guids     module.Once[counted[[]byte]]
	strings   module.Once[counted[[]byte]]
	constants module.Once[counted[[]byte]]
	modules   module.Once[counted[[]byte]]
	offsets   module.Once[counted[int64]]
	resources module.Once[counted[resource]]
	refs      module.Once[counted[assemblyRef]]
	typelib   module.Once[[]byte]
	index     module.Once[typeIndex]
	classes   module.Once[counted[class]]
	seen      int // rows of methods that were read
}

// openFile looks whether there is metadata.
func openFile(c *module.Context, i *image) *file {
	if i == nil {
		return nil
	}
	f := &file{ctx: c, image: i, cli: i.offset(i.directory())}
	if !f.fits(f.cli, cliHeader) || f.u32(f.cli) != cliHeader {
		return nil
	}
	f.root = f.offset(f.u32(f.cli + 8))
	if !f.fits(f.root, metadataHeader) || f.u32(f.root) != metadataMagic {
		return nil
	}
	n := f.versionSize()
	if n == 0 || n > 255 || n%4 != 0 || !f.fits(f.root+metadataHeader, n) {
		return nil
	}
	if f.wide && f.u32(f.nt+fileHeader+108) < comDescriptor {
		return nil
	}
	return f
}

func (f *file) versionSize() int64 { return int64(f.u32(f.root + 12)) }

func (f *file) version() module.Value {
	field := f.data[f.root+metadataHeader:][:f.versionSize()]
	if n := bytes.IndexByte(field, 0); n >= 0 {
		return module.Bytes(field[:n])
	}
	return module.Undefined()
}

// stream is a part of the metadata; at is its offset in the file.
type stream struct {
	name []byte
	at   int64
	size uint32
}

// streamTable is the streams, and those that others refer to.
type streamTable struct {
	counted[stream]
	tilde, guid, strings, blob, user *stream
}

// streamPart reads the headers. libyara reads one byte of the number of
// streams, so there are never more than 255.
func (f *file) streamPart() *streamTable {
	return f.streams.Get(func() (t streamTable) {
		at := f.root + metadataHeader + f.versionSize() + 2
		if !f.fits(at, 2) {
			return t
		}
		count := int(f.data[at])
		t.list, t.known = make([]stream, 0, count), true
		for at += 2; len(t.list) < count; {
			if !f.fits(at, streamHeader+maxStreamName) {
				break
			}
			field := f.data[at+streamHeader:][:maxStreamName]
			n := bytes.IndexByte(field, 0)
			if n < 0 {
				break
			}
			t.list = append(t.list, stream{field[:n], f.root + int64(f.u32(at)), f.u32(at + 4)})
			t.note(&t.list[len(t.list)-1])
			at += streamHeader + int64(n) + 4 - int64(n%4)
		}
		return t
	})
}

// note keeps a stream that others refer to: the first of its name, but the last
// of those with GUIDs.
func (t *streamTable) note(s *stream) {
	starts := func(prefix string) bool { return bytes.HasPrefix(s.name, []byte(prefix)) }
	switch {
	case (starts("#~") || starts("#-")) && t.tilde == nil:
		t.tilde = s
	case starts("#GUID"):
		t.guid = s
	case starts("#Strings") && t.strings == nil:
		t.strings = s
	case starts("#Blob") && t.blob == nil:
		t.blob = s
	case starts("#US") && t.user == nil:
		t.user = s
	}
}

// string is the text at an index of the heap of strings, or nil.
func (f *file) string(index uint32) []byte {
	heap := f.streamPart().strings
	at := heap.at + int64(index)
	if index >= heap.size || !f.fits(at, 1) {
		return nil
	}
	rest := f.data[at:]
	n := bytes.IndexByte(rest[:min(len(rest), maxText+1)], 0)
	if n < 0 {
		return nil
	}
	return rest[:n]
}

// blob is the entry of a heap of blobs at an offset in the file; begin is where
// its contents begin.
func (f *file) blob(at int64) (contents []byte, begin int64, ok bool) {
	if !f.fits(at, 1) {
		return nil, 0, false
	}
	b := f.data[at:]
	var size, n int64
	switch {
	case b[0]&0x80 == 0:
		n, size = 1, int64(b[0])
	case b[0]&0xc0 == 0x80 && len(b) >= 2:
		n, size = 2, int64(b[0]&0x3f)<<8|int64(b[1])
	case b[0]&0xe0 == 0xc0 && len(b) > 4: // not where it is the very end of the file
		n, size = 4, int64(b[0]&0x1f)<<24|int64(b[1])<<16|int64(b[2])<<8|int64(b[3])
	}
	if n == 0 || !f.fits(at, n+size) {
		return nil, 0, false
	}
	return b[n : n+size], at + n, true
}

// blobAt is the entry at an index of the stream of blobs.
func (f *file) blobAt(index uint32) (contents []byte, begin int64, ok bool) {
	return f.blob(f.streamPart().blob.at + int64(index))
}

func headerTree() []module.Field {
	number := func(name string, get func(s *stream) int64) module.Field {
		return module.Got(name, module.KindInt, func(s *stream) module.Value { return module.Int(get(s)) })
	}
	elem := module.Struct(
		module.Got("name", module.KindString, func(s *stream) module.Value { return module.Bytes(s.name) }),
		number("offset", func(s *stream) int64 { return s.at }),
		number("size", func(s *stream) int64 { return int64(s.size) }),
	)
	fields := []module.Field{module.Got("version", module.KindString, (*file).version)}
	return append(fields, listFields("streams", elem,
		func(f *file) *counted[stream] { return &f.streamPart().counted }, refOf[stream])...)
}
