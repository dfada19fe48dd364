package udf

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/limit"
)

func walkWith(data []byte, l limit.Limits) (*disctest.Sink, error) {
	s := disctest.NewSink(l, len(data))
	m := disc.New(data, s.Budget, s)
	err := Walk(m)
	m.Close()
	if s.Budget.Held() != 0 {
		s.Problems = append(s.Problems, fmt.Sprintf("%d bytes are still held", s.Budget.Held()))
	}
	return s, err
}

func walk(t *testing.T, data []byte) *disctest.Sink {
	t.Helper()
	s, err := walkWith(data, limit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 5)
	}
	return b
}

func small() []disctest.File {
	return []disctest.File{{Path: "read me.txt", Data: []byte("hello")}, {Path: "sub/deep/größe.bin", Data: pattern(1500)}, {Path: "sub/名前", Data: []byte("name")}}
}

func large() []disctest.File {
	files := append(small(), disctest.File{Path: "sub/pieces.bin", Data: pattern(50_000), Pieces: 4}, disctest.File{Path: "whole.bin", Data: pattern(33_333)})
	for i := range 30 {
		files = append(files, disctest.File{Path: fmt.Sprintf("lots/the file with the number %d", i), Data: []byte(fmt.Sprint(i))})
	}
	return files
}

func TestKinds(t *testing.T) {
	for _, o := range []disctest.UDF{
		{}, {Form: disctest.Long}, {Form: disctest.Extended}, {Form: disctest.Embedded, New: true}, {New: true},
		{Kind: disctest.Metadata, Form: disctest.Long, New: true}, {Kind: disctest.Metadata, Form: disctest.Embedded},
		{Kind: disctest.Virtual, Form: disctest.Long}, {Kind: disctest.Virtual, Form: disctest.Embedded, New: true},
		{Kind: disctest.Sparable}, {Kind: disctest.Sparable, Form: disctest.Long},
	} {
		files := large()
		if o.Form == disctest.Embedded {
			files = small()
		}
		data := o.Image(files...)
		if !Identify(data) {
			t.Fatalf("%+v: not identified", o)
		}
		got := walk(t, data)
		sort.Strings(got.Names)
		if !slices.Equal(got.Names, disctest.Names(files)) || len(got.Problems) > 0 {
			t.Errorf("%+v: %q, %q", o, got.Names, got.Problems)
			continue
		}
		for _, f := range files {
			if got.Data[f.Path] != string(f.Data) {
				t.Errorf("%+v: %q is wrong", o, f.Path)
			}
		}
	}
}

// retag makes the checksum of a changed tag right.
func retag(b []byte) {
	b[4] = 0
	for i, c := range b[:16] {
		if i != 4 {
			b[4] += c
		}
	}
}

func change(data []byte, at int, to ...byte) []byte {
	out := bytes.Clone(data)
	copy(out[at:], to)
	return out
}

// nth finds the n-th tag of a kind, from the partition on.
func nth(t *testing.T, data []byte, id uint16, n int) int {
	t.Helper()
	for at := 257 * 2048; at < len(data); at += 4 {
		if isTag(data[at:], id) {
			if n == 0 {
				return at
			}
			n--
		}
	}
	t.Fatalf("there are not so many tags of %d", id)
	return 0
}

func TestHostile(t *testing.T) {
	good := disctest.UDF{}.Image(disctest.File{Path: "a", Data: []byte("first")}, disctest.File{Path: "s/b", Data: []byte("second")})
	// Entries: of b, of s, of a, of the root.
	b, s, a := nth(t, good, tagFile, 0), nth(t, good, tagFile, 1), nth(t, good, tagFile, 2)
	name := nth(t, good, tagIdentifier, 3) // of s in the root: after ".." and b in s, and ".." in the root
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"good", good, "a s/b"},
		{"no anchor", change(good, 256*2048, 0), "| damaged: udf: there is no anchor"},
		{"no volume", change(good, 33*2048, 0), "| damaged: udf: the descriptors of the volume are not there"},
		{"sectors of another size", change(good, 33*2048+212, 0, 2), "| damaged: udf: its blocks and its sectors have different sizes"},
		{"no file set", change(good, nth(t, good, tagFileSet, 0)+1, 0), "| damaged: udf: the file set is not there"},
		{"a directory that is its own parent", change(good, name+24, le(uint32(s-272*2048)/2048)...), "a s/b"},
		{"an entry that is none", change(good, a, 0), "s/b | damaged: udf: 1 files or directories were left out: udf: an entry of a file that is none"},
		{"extents longer than the entry", change(good, a+172, 0xff, 0xff), "s/b | damaged: udf: 1 files or directories were left out: udf: an entry of a file that is malformed"},
		{"a file of 4 GB", change(good, a+56, 0, 0, 0, 0, 1), "a s/b"},
		{"an extent outside", change(good, a+180, 0xff, 0xff, 0xff), "a s/b | a: unexpected EOF"},
		{"a form that is not known", change(good, a+34, 5), "s/b | damaged: udf: 1 files or directories were left out: udf: extents of a form that is not known"},
		{"a list that goes on in what is none", change(good, b+176, 0, 8, 0, 0xc0), "a | damaged: udf: 1 files or directories were left out: udf: a list of extents that is cut off"},
		{"deleted", change(good, name+18, 6), "a"},
		{"hidden", change(good, name+18, 3), "a s/b"},
		{"a partition that is not there", change(good, name+28, 9), "a | damaged: udf: 1 files or directories were left out: udf: a partition that is not there"},
		{"cut", good[:300*1000], "| damaged: udf: there is no anchor"},
	}
	for _, tt := range tests {
		got, err := walkWith(tt.data, limit.Limits{MaxTotal: 1 << 20})
		sort.Strings(got.Names)
		told := strings.TrimSpace(strings.Join(append([]string{strings.Join(got.Names, " ")}, got.Problems...), " | "))
		if tt.name == "a file of 4 GB" {
			if limit.Of(err) == nil || limit.Of(err).Reason != limit.Size {
				t.Errorf("4 GB of holes: %v, %s", err, told)
			}
			continue
		}
		if err != nil || told != tt.want && !strings.HasPrefix(told, tt.want+":") {
			t.Errorf("%s: %v\ngot  %s\nwant %s", tt.name, err, told, tt.want)
		}
	}
}

func le(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// A list of extents that goes on in itself ends.
func TestListInACircle(t *testing.T) {
	good := disctest.UDF{}.Image(disctest.File{Path: "a", Data: pattern(3000)}, disctest.File{Path: "z", Data: pattern(2048)})
	a, block := nth(t, good, tagFile, 0), bytes.Index(good, pattern(2048))
	list := make([]byte, 32)
	copy(list, le(tagExtent))
	retag(list)
	copy(list[20:], le(8))
	copy(list[24:], slices.Concat(le(2048|3<<30), le(uint32(block/2048-272))))
	bad := change(change(good, block, list...), a+176, list[24:]...)
	got := walk(t, bad)
	if len(got.Problems) != 1 || len(got.Names) != 2 && len(got.Names) != 1 {
		t.Errorf("%q, %q", got.Names, got.Problems)
	}
}

func TestSpecialPartitions(t *testing.T) {
	for _, kind := range []string{disctest.Metadata, disctest.Virtual, disctest.Sparable} {
		good := disctest.UDF{Kind: kind, Form: disctest.Long}.Image(small()...)
		unknown := bytes.Clone(good)
		copy(unknown[bytes.Index(good, []byte(kind)):], "*Another")
		if got := walk(t, unknown); len(got.Problems) != 1 || !strings.HasPrefix(got.Problems[0], "method") {
			t.Errorf("%s, unknown: %q", kind, got.Problems)
		}
	}
	good := disctest.UDF{Kind: disctest.Metadata, Form: disctest.Long}.Image(small()...)
	if got := walk(t, change(good, 272*2048, 0)); len(got.Names) != 3 {
		t.Errorf("the mirror of the metadata is not read: %q, %q", got.Names, got.Problems)
	}
	if got := walk(t, change(change(good, 272*2048, 0), 273*2048, 0)); len(got.Problems) != 1 {
		t.Errorf("no metadata: %q", got.Problems)
	}
	good = disctest.UDF{Kind: disctest.Virtual, Form: disctest.Long}.Image(small()...)
	if got := walk(t, append(bytes.Clone(good), make([]byte, 400*2048)...)); len(got.Names) != 3 {
		t.Errorf("zeros behind a virtual partition: %q, %q", got.Names, got.Problems)
	}
	if got := walk(t, good[:len(good)-2048]); len(got.Problems) != 1 {
		t.Errorf("no table: %q", got.Problems)
	}
	good = disctest.UDF{Kind: disctest.Sparable}.Image(small()...)
	if got := walk(t, change(good, 40*2048+4, 99)); len(got.Problems) != 1 {
		t.Errorf("no table of packets: %q", got.Problems)
	}
}

func TestDecodeName(t *testing.T) {
	for _, tt := range []struct{ in, want string }{{"", ""}, {"\x08a\xfc", "aü"}, {"\x10\x00a\x54\x0d", "a名"}, {"\x10\x00a\x54", "a"}, {"\xfe\x00", "\x00"}} {
		if got := decodeName([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: got %q", tt.in, got)
		}
	}
}

func TestDeadline(t *testing.T) {
	data := disctest.UDF{}.Image(large()...)
	s := disctest.NewSink(limit.Limits{}, 0)
	calls := int64(0)
	s.Budget = limit.NewBudget(limit.Config{Now: func() time.Time { calls++; return time.Unix(calls, 0) }, Limits: limit.Limits{MaxTime: 20 * time.Second}})
	s.Budget.Begin(context.Background(), int64(len(data)))
	if err := Walk(disc.New(data, s.Budget, s)); !limit.Final(err) || limit.Of(err).Reason != limit.Time {
		t.Errorf("%v, %d files", err, len(s.Names))
	}
}

// Runs of blocks in a metadata file of many pieces, and over spared packets.
func TestMappings(t *testing.T) {
	type x = disc.Extent
	meta := mapping{meta: []x{{At: 100, Size: 10}, {At: 500, Size: 20}, {At: 300, Size: 5}}, begins: []int64{0, 10, 30}}
	spared := mapping{real: x{At: 1000, Size: 100}, packet: 10, spared: []spare{{20, 7000}, {30, 8000}, {60, 9000}}}
	tests := []struct {
		m        *mapping
		at, size int64
		want     []x
	}{
		{&meta, 0, 10, []x{{At: 100, Size: 10}}},
		{&meta, 5, 10, []x{{At: 105, Size: 5}, {At: 500, Size: 5}}},
		{&meta, 10, 1, []x{{At: 500, Size: 1}}},
		{&meta, 29, 6, []x{{At: 519, Size: 1}, {At: 300, Size: 5}}},
		{&meta, 34, 2, []x{{At: 304, Size: 1}, {At: nowhere, Size: 1}}},
		{&meta, 99, 2, []x{{At: nowhere, Size: 2}}},
		{&spared, 0, 20, []x{{At: 1000, Size: 20}}},
		{&spared, 15, 10, []x{{At: 1015, Size: 5}, {At: 7000, Size: 5}}},
		{&spared, 25, 10, []x{{At: 7005, Size: 5}, {At: 8000, Size: 5}}},
		{&spared, 39, 30, []x{{At: 8009, Size: 1}, {At: 1040, Size: 20}, {At: 9000, Size: 9}}},
		{&spared, 70, 5, []x{{At: 1070, Size: 5}}},
	}
	for _, tt := range tests {
		if got := tt.m.extents(1, uint32(tt.at), tt.size); !slices.Equal(got, tt.want) {
			t.Errorf("%d bytes at %d: got %+v, want %+v", tt.size, tt.at, got, tt.want)
		}
	}
}

func FuzzUDF(f *testing.F) {
	const kept = 512
	for _, kind := range []string{disctest.Plain, disctest.Metadata, disctest.Virtual, disctest.Sparable} {
		data := disctest.UDF{Kind: kind, Form: disctest.Long}.Image(disctest.File{Path: "a/b", Data: []byte("x")})
		last := min(len(data), 290*2048) // before room that is not used
		f.Add(disctest.Squeeze(data[32*2048:41*2048], kept), disctest.Squeeze(data[256*2048:last], kept))
	}
	f.Fuzz(func(t *testing.T, volume, rest []byte) {
		image := make([]byte, 256*2048)
		copy(image[32*2048:], disctest.Expand(volume, kept))
		s, _ := walkWith(append(image, disctest.Expand(rest, kept)...), limit.Limits{MaxTotal: 1 << 20, MaxFiles: 100})
		for _, p := range s.Problems {
			if strings.Contains(p, "still held") {
				t.Error(p)
			}
		}
	})
}
