package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
)

// got is what a walk told.
type got struct {
	members  []Member
	problems []error
	nested   func(m Member) error // called within Member, if set
}

func (g *got) Member(m Member) error {
	if g.nested != nil {
		if err := g.nested(m); err != nil {
			return err
		}
	}
	m.Data = bytes.Clone(m.Data)
	g.members = append(g.members, m)
	return nil
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func (g *got) names() string {
	var out []string
	for _, m := range g.members {
		out = append(out, m.Name)
	}
	return strings.Join(out, " ")
}

// all gives every error, those of the members and those of the container.
func (g *got) all() []error {
	out := slices.Clone(g.problems)
	for _, m := range g.members {
		if m.Err != nil {
			out = append(out, m.Err)
		}
	}
	return out
}

func (g *got) reasons() string {
	var out []string
	for _, err := range g.all() {
		out = append(out, string(limit.Of(err).Reason))
	}
	return strings.Join(out, " ")
}

// walkWith walks the first part of data within limits.
func walkWith(t testing.TB, data []byte, l limit.Limits, passwords ...string) (*got, *limit.Budget, error) {
	t.Helper()
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), int64(len(data)))
	u := New(b, passwords)
	g := &got{}
	var err error
	for _, p := range Find(data) {
		if err = u.Walk(Container{Format: p.Format, Data: data[p.Offset:]}, g); err != nil {
			break
		}
	}
	u.Trim()
	kept := int64(0)
	for _, l := range u.levels {
		kept += int64(cap(l.buf))
	}
	if b.Held() != kept {
		t.Errorf("%d bytes held after the walk, the buffers have %d", b.Held(), kept)
	}
	return g, b, err
}

func walkOne(t testing.TB, data []byte, passwords ...string) *got {
	t.Helper()
	g, _, err := walkWith(t, data, limit.Limits{}, passwords...)
	if err != nil {
		t.Errorf("walk: %v", err)
	}
	return g
}

// want holds a walk against the members that should come, and none other.
func want(t *testing.T, what string, g *got, members ...archivetest.Entry) {
	t.Helper()
	if len(g.members) != len(members) || len(g.all()) > 0 {
		t.Errorf("%s: got %q, errors %v; want %d members", what, g.names(), g.all(), len(members))
		return
	}
	for i, m := range members {
		if g.members[i].Name != m.Name || !bytes.Equal(g.members[i].Data, m.Data) {
			t.Errorf("%s: member %d is %q of %d bytes, want %q of %d", what, i,
				g.members[i].Name, len(g.members[i].Data), m.Name, len(m.Data))
		}
	}
}

var (
	numbersEntry = archivetest.Entry{Name: "numbers.txt", Data: archivetest.Numbers()}
	eicarEntry   = archivetest.Entry{Name: "d/eicar.txt", Data: archivetest.EICAR()}
	branchEntry  = archivetest.Entry{Name: "branches.bin", Data: archivetest.Branches()}
	longEntry    = archivetest.Entry{Name: "deep/" + strings.Repeat("longer/", 20) + "numbers.txt", Data: archivetest.Numbers()[:200]}
)

// rarEntries are in the solid archives of RAR.
var rarEntries = []archivetest.Entry{
	{Name: "numbers.txt", Data: archivetest.Numbers()[:1500]}, eicarEntry, {Name: "last.txt", Data: archivetest.Numbers()[:300]},
}

func named(name string, e archivetest.Entry) archivetest.Entry {
	return archivetest.Entry{Name: name, Data: e.Data}
}

// TestKeptArchives walks the archives that other programs made.
func TestKeptArchives(t *testing.T) {
	both := []archivetest.Entry{numbersEntry, eicarEntry}
	holes := make([]byte, 131140)
	copy(holes[65536:], archivetest.EICAR())
	many := slices.Concat(holes, make([]byte, 6*131072+1-len(holes)))
	for i := range 6 {
		many[(i+1)*131072] = byte('1' + i)
	}
	special := map[string][]archivetest.Entry{
		"gnu.a":          {numbersEntry, {Name: "a name that is longer than what a header of ar has room for.txt", Data: archivetest.Numbers()[:100]}},
		"v7.tar":         {eicarEntry},
		"ustar.tar":      {eicarEntry, longEntry},
		"gnu.tar":        {eicarEntry, longEntry},
		"pax.tar":        {eicarEntry, longEntry},
		"sparsemany.tar": {{Name: "holes", Data: many}},
		"solid3.rar":     rarEntries,
		"solid5.rar":     rarEntries,
	}
	for _, name := range archivetest.Names() {
		base, ext, _ := strings.Cut(name, ".")
		if base == "secret" || name == "ppmd.zip" {
			continue
		}
		list, ok := special[name]
		if !ok {
			switch ext {
			case "7z":
				list = both
				if slices.Contains([]string{"bcj", "bcj2", "arm", "armt", "arm64", "ppc", "sparc", "ia64"}, base) {
					list = []archivetest.Entry{branchEntry}
				}
			case "zip":
				list = both
			case "cpio":
				list = []archivetest.Entry{eicarEntry}
			case "tar":
				list = []archivetest.Entry{{Name: "holes", Data: holes}}
			default:
				list = []archivetest.Entry{named("("+streamName(ext)+")", numbersEntry)}
				if ext == "xz" && !slices.Contains([]string{"numbers", "none", "crc32", "sha256"}, base) {
					list[0].Data = branchEntry.Data
				}
			}
		}
		g := walkOne(t, archivetest.File(name))
		if ext == "zip" || ext == "7z" {
			slices.SortFunc(g.members, func(a, b Member) int { return strings.Compare(b.Name, a.Name) })
		}
		want(t, name, g, list...)
	}
}

func streamName(ext string) string {
	switch ext {
	case "bz2":
		return "bzip2"
	case "zst":
		return "zstd"
	}
	return ext
}

func TestIdentifyKept(t *testing.T) {
	formats := map[string]Format{"rar": RAR, "7z": SevenZip, "zip": Zip, "bz2": BZip2, "xz": XZ, "lzma": LZMA,
		"zst": Zstd, "lz4": LZ4, "cpio": Cpio, "tar": Tar, "a": Ar}
	for _, name := range archivetest.Names() {
		_, ext, _ := strings.Cut(name, ".")
		data := archivetest.File(name)
		if got := Identify(data); got != formats[ext] || got == None {
			t.Errorf("%s: got %s", name, got)
		}
		if got := len(Find(data)); got != 1 {
			t.Errorf("%s: %d parts", name, got)
		}
	}
}

func TestIdentifyBuilt(t *testing.T) {
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	program := append([]byte("MZ"), make([]byte, 5000)...)
	tests := []struct {
		name string
		data []byte
		want []Part
	}{
		{"empty", nil, nil},
		{"text", []byte("just a text that is long enough to be anything"), nil},
		{"zeros", make([]byte, 2000), nil},
		{"gzip", archivetest.Gzip("", e.Data), []Part{{Gzip, 0}}},
		{"tar", archivetest.Tar(e), []Part{{Tar, 0}}},
		{"zip", archivetest.Zip(e), []Part{{Zip, 0}}},
		{"empty zip", archivetest.Zip(), []Part{{Zip, 0}}},
		{"split zip", append([]byte("PK\x07\x08"), archivetest.Zip(e)...), []Part{{Zip, 0}}},
		{"cpio", archivetest.Cpio(e), []Part{{Cpio, 0}}},
		{"rpm", archivetest.RPM(nil), []Part{{RPM, 0}}},
		{"ar", archivetest.Ar(e), []Part{{Ar, 0}}},
		{"deb", archivetest.Deb(e), []Part{{Ar, 0}}},
		{"rar4", archivetest.RAR4(0, 0, e), []Part{{RAR, 0}}},
		{"rar5", archivetest.RAR5("", e), []Part{{RAR, 0}}},
		{"program with zip", append(program[:3000:3000], archivetest.Zip(e)...), []Part{{Zip, 0}}},
		{"program with 7z", append(program[:3000:3000], archivetest.SevenZip()...), []Part{{SevenZip, 3000}}},
		{"program with rar", append(program[:3000:3000], archivetest.RAR5("", e)...), []Part{{RAR, 3000}}},
		{"program with a magic of rar only", append(program[:3000:3000], rarMagic+"\x00 and more than thirty-two bytes"...), nil},
		{"program with a magic only", append(program[:3000:3000], "7z\xbc\xaf\x27\x1c and more than thirty-two bytes"...), nil},
		{"gzip and zip", append(archivetest.Gzip("", e.Data), archivetest.Zip(e)...), []Part{{Gzip, 0}, {Zip, 0}}},
		{"zip in tar", archivetest.Tar(archivetest.Entry{Name: "z", Data: archivetest.Zip(e)}), []Part{{Tar, 0}}},
		{"skippable frame only", []byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), nil},
		{"skippable frame and zstd", append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), archivetest.File("numbers.zst")...), []Part{{Zstd, 0}}},
	}
	for _, tt := range tests {
		if got := Find(tt.data); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if Format(99).String() != "unknown" || Zip.String() != "zip" || RPM.String() != "rpm" {
		t.Error("formats have wrong names")
	}
}

func TestWalkBuilt(t *testing.T) {
	e, f := archivetest.Entry{Name: "dir/one", Data: []byte("first member")}, archivetest.Entry{Name: "t\nwo\xff", Data: archivetest.Numbers()}
	payload := archivetest.Cpio(e, f)
	tests := []struct {
		name string
		data []byte
		want []archivetest.Entry
	}{
		{"zip", archivetest.Zip(e, f), []archivetest.Entry{e, f}},
		{"stored zip", archivetest.ZipStored(e, f), []archivetest.Entry{e, f}},
		{"duplicate names", archivetest.Zip(e, f, named(e.Name, f)), []archivetest.Entry{e, f, named(e.Name, f)}},
		{"tar", archivetest.Tar(e, numbersEntry), []archivetest.Entry{e, numbersEntry}},
		{"joined tars", append(archivetest.Tar(e), archivetest.Tar(numbersEntry)...), []archivetest.Entry{e, numbersEntry}},
		{"cpio", payload, []archivetest.Entry{e, f}},
		{"joined cpios", slices.Concat(archivetest.Cpio(e), make([]byte, 512), archivetest.Cpio(f)), []archivetest.Entry{e, f}},
		{"ramdisk", slices.Concat(archivetest.Cpio(e), archivetest.Gzip("", f.Data)), []archivetest.Entry{e, {Name: "(trailing)", Data: archivetest.Gzip("", f.Data)}}},
		{"ar", archivetest.Ar(e, f), []archivetest.Entry{e, f}},
		{"rpm", archivetest.RPM(payload), []archivetest.Entry{{Name: "(payload)", Data: payload}}},
		{"gzip", archivetest.Gzip("a name", f.Data), []archivetest.Entry{named("a name", f)}},
		{"gzip without a name", archivetest.Gzip("", f.Data), []archivetest.Entry{named("(gzip)", f)}},
		{"joined gzips", append(archivetest.Gzip("x", e.Data), archivetest.Gzip("y", f.Data)...), []archivetest.Entry{{Name: "x", Data: slices.Concat(e.Data, f.Data)}}},
		{"padded gzip", append(archivetest.Gzip("x", e.Data), make([]byte, 700)...), []archivetest.Entry{named("x", e)}},
		{"rar4", archivetest.RAR4(0, 0, e, f), []archivetest.Entry{e, f}},
		{"rar5", archivetest.RAR5("", e, f), []archivetest.Entry{e, f}},
		{"encrypted rar5", archivetest.RAR5("infected", e, f), []archivetest.Entry{e, f}},
		{"rar5 with the second password", archivetest.RAR5("virus", e, f), []archivetest.Entry{e, f}},
	}
	for _, tt := range tests {
		want(t, tt.name, walkOne(t, tt.data), tt.want...)
	}
}

// TestJoinedStreams puts two files of each kind one behind the other.
func TestJoinedStreams(t *testing.T) {
	numbers := archivetest.Numbers()
	for _, name := range []string{"numbers.bz2", "numbers.xz", "crc32.xz", "numbers.zst", "numbers.lz4", "legacy.lz4"} {
		one := archivetest.File(name)
		_, ext, _ := strings.Cut(name, ".")
		e := archivetest.Entry{Name: "(" + streamName(ext) + ")", Data: slices.Concat(numbers, numbers)}
		want(t, name+" twice", walkOne(t, slices.Concat(one, one)), e)
		if ext == "xz" {
			want(t, name+" with padding", walkOne(t, slices.Concat(one, make([]byte, 8), one)), e)
		}
	}
}

// TestTrailing puts other data behind streams: it is remarked, or walked when
// it is a container.
func TestTrailing(t *testing.T) {
	inner := archivetest.Gzip("inner", []byte("hello"))
	list := map[string][]byte{"gzip": archivetest.Gzip("(gzip)", archivetest.Numbers()), "cpio": archivetest.Cpio(numbersEntry)}
	for _, name := range []string{"numbers.bz2", "numbers.xz", "numbers.zst", "numbers.lz4", "legacy.lz4"} {
		list[name] = archivetest.File(name)
	}
	for name, data := range list {
		g := walkOne(t, slices.Concat(data, []byte("other data")))
		if len(g.members) != 1 || !bytes.Equal(g.members[0].Data, archivetest.Numbers()) || name != "legacy.lz4" && g.members[0].Err != nil {
			t.Errorf("%s: members %q, %v", name, g.names(), g.all())
		}
		if g.reasons() != "damaged" {
			t.Errorf("%s: got %v", name, g.all())
		}
		if name == "legacy.lz4" || name == "gzip" {
			continue // there every four bytes are a block's size; and a gzip file goes on
		}
		g = walkOne(t, slices.Concat(data, inner))
		if len(g.members) != 2 || g.members[1].Name != "(trailing)" || !bytes.Equal(g.members[1].Data, inner) || len(g.all()) > 0 {
			t.Errorf("%s with a container: members %q, %v", name, g.names(), g.all())
		}
	}
}

func TestPasswords(t *testing.T) {
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	list := map[string][]byte{
		"7z":   archivetest.File("secret.7z"),
		"zip":  archivetest.File("secret.zip"),
		"rar5": archivetest.RAR5("secret", e),
	}
	for name, data := range list {
		if g := walkOne(t, data, "wrong"); len(g.all()) == 0 || !onlyReason(g, limit.Encrypted) {
			t.Errorf("%s without the password: %q %v", name, g.names(), g.all())
		}
		if g := walkOne(t, data, "wrong", "secret"); len(g.members) == 0 || len(g.all()) > 0 {
			t.Errorf("%s with the password: %q %v", name, g.names(), g.all())
		}
	}
}

func onlyReason(g *got, r limit.Reason) bool {
	for _, err := range g.all() {
		if limit.Of(err).Reason != r {
			return false
		}
	}
	return true
}

// TestTruncated cuts small archives at every byte. Nothing may fail but by
// telling, and what came out whole before the cut is there.
func TestTruncated(t *testing.T) {
	e, f := archivetest.Entry{Name: "one", Data: []byte("first member")}, archivetest.Entry{Name: "two", Data: bytes.Repeat([]byte("second "), 40)}
	list := map[string][]byte{
		"zip": archivetest.Zip(e, f), "stored": archivetest.ZipStored(e, f), "tar": archivetest.Tar(e, f)[:2048], "cpio": archivetest.Cpio(e, f),
		"ar": archivetest.Ar(e, f), "gzip": archivetest.Gzip("n", f.Data), "rar4": archivetest.RAR4(0, 0, e, f),
		"rar5": archivetest.RAR5("", e, f), "rpm": archivetest.RPM([]byte("payload")),
	}
	for _, name := range []string{"numbers.xz", "numbers.lzma", "lzma.7z", "bcj2.7z", "infected.7z", "notsolid.7z", "crc32.xz"} {
		list[name] = archivetest.File(name)
	}
	silent := map[string]int{}
	for name, data := range list {
		for n := range data {
			if Identify(data[:n]) == None {
				continue
			}
			g := walkOne(t, data[:n])
			if len(g.all()) == 0 {
				silent[name]++
			}
		}
	}
	// These end where a shorter archive could end as well: a tar without its
	// end mark, RAR 4 without its last block, an ar after a member, a payload
	// of fewer bytes.
	for name, most := range map[string]int{"tar": 1600, "rar4": 60, "ar": 4, "rpm": 8} {
		if silent[name] > most {
			t.Errorf("%s: %d cuts of %d went unseen", name, silent[name], len(list[name]))
		}
		delete(silent, name)
	}
	for name, n := range silent {
		if n > 0 {
			t.Errorf("%s: %d cuts of %d went unseen", name, n, len(list[name]))
		}
	}
}

// TestFlippedBits turns single bits. The walk must end, tell or not, and what
// it holds must be given back (walkWith looks at that).
func TestFlippedBits(t *testing.T) {
	for _, name := range []string{"lzma.7z", "bzip2.7z", "ppmd.7z", "bcj2.7z", "aes128.zip", "deflate64.zip", "crc32.xz", "numbers.zst", "numbers.lz4", "gnu.tar", "newc.cpio", "gnu.a"} {
		data := archivetest.File(name)
		step := max(1, len(data)/150)
		for i := 0; i < len(data); i += step {
			flipped := bytes.Clone(data)
			flipped[i] ^= 1 << (i % 8)
			if _, _, err := walkWith(t, flipped, limit.Limits{}); err != nil {
				t.Errorf("%s, byte %d: %v", name, i, err)
			}
		}
	}
}

func TestVisitorEndsTheWalk(t *testing.T) {
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), 100)
	g := &got{nested: func(Member) error { return io.ErrShortWrite }}
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	for name, data := range map[string][]byte{"zip": archivetest.Zip(e, e), "tar": archivetest.Tar(e, e), "rar": archivetest.RAR5("", e, e), "7z": archivetest.File("lzma.7z")} {
		if err := New(b, nil).Walk(Container{Format: Identify(data), Data: data}, g); err != io.ErrShortWrite {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(g.members)+len(g.problems) > 0 {
		t.Errorf("told %d members and %v after the end", len(g.members), g.problems)
	}
}

func TestPanicIsContained(t *testing.T) {
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), 100)
	g := &got{nested: func(Member) error { panic("odd\nbyte") }}
	data := archivetest.Zip(archivetest.Entry{Name: "x", Data: []byte("hello")})
	if err := New(b, nil).Walk(Container{Format: Zip, Data: data}, g); err != nil {
		t.Fatal(err)
	}
	if len(g.problems) != 1 || limit.Of(g.problems[0]).Reason != limit.Panic || limit.Of(g.problems[0]).Detail != "zip: odd byte" {
		t.Errorf("got %v", g.problems)
	}
}

func TestNestedWalksHaveTheirOwnBuffers(t *testing.T) {
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), 1000)
	u := New(b, nil)
	inner := archivetest.Gzip("inner", archivetest.Numbers())
	outer := archivetest.Gzip("outer", inner)
	deep := &got{}
	g := &got{}
	g.nested = func(m Member) error {
		err := u.Walk(Container{Format: Gzip, Data: m.Data}, deep)
		if !bytes.Equal(m.Data, inner) {
			t.Error("a nested walk wrote over the bytes of its container")
		}
		return err
	}
	if err := u.Walk(Container{Format: Gzip, Data: outer}, g); err != nil {
		t.Fatal(err)
	}
	want(t, "inner", deep, named("inner", numbersEntry))
}

func TestStreamedTar(t *testing.T) {
	// The first part of a tar is in memory, the rest comes from a reader.
	tar := archivetest.Tar(numbersEntry, eicarEntry, longEntry)
	cpio := archivetest.Cpio(numbersEntry, eicarEntry, longEntry)
	for name, data := range map[string][]byte{"tar": tar, "cpio": cpio} {
		for _, cut := range []int{512, 600, 9000, len(data) - 600} {
			b := limit.NewBudget(limit.Config{})
			b.Begin(context.Background(), int64(len(data)))
			g := &got{}
			c := Container{Format: Identify(data), Data: data[:cut], Rest: bytes.NewReader(data[cut:])}
			if err := New(b, nil).Walk(c, g); err != nil {
				t.Fatal(err)
			}
			want(t, fmt.Sprintf("%s cut at %d", name, cut), g, numbersEntry, eicarEntry, longEntry)
		}
	}
}
