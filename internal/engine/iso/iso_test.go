package iso

import (
	"bytes"
	"compress/zlib"
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

// many are enough files for a directory of several sectors.
func many() []disctest.File {
	files := []disctest.File{{Path: "read me.txt", Data: []byte("hello")}, {Path: "sub/deep/größe.bin", Data: pattern(5000)}, {Path: "sub/pieces.bin", Data: pattern(40_000), Pieces: 3}}
	for i := range 120 {
		files = append(files, disctest.File{Path: fmt.Sprintf("lots/file number %d", i), Data: []byte(fmt.Sprint("content ", i))})
	}
	return files
}

func TestNames(t *testing.T) {
	files := many()
	for _, o := range []disctest.ISO{{}, {Joliet: true}, {Rock: true}, {Joliet: true, Rock: true}} {
		data := o.Image(files...)
		if !Identify(data) {
			t.Fatalf("%+v: not identified", o)
		}
		got := walk(t, data)
		want := disctest.Names(files)
		if !o.Joliet && !o.Rock {
			for i := range want {
				want[i] = strings.ReplaceAll(strings.ReplaceAll(strings.ToUpper(want[i]), " ", "_"), "GRÖSSE", "GR__E")
			}
		}
		sort.Strings(got.Names)
		if o.Joliet || o.Rock {
			if !slices.Equal(got.Names, want) {
				t.Errorf("%+v: %q", o, got.Names)
			}
			for _, f := range files {
				if got.Data[f.Path] != string(f.Data) {
					t.Errorf("%+v: %q is wrong", o, f.Path)
				}
			}
		} else if len(got.Names) != len(want) || !slices.Contains(got.Names, "LOTS/FILE_NUMBER_119") || got.Data["READ_ME.TXT"] != "hello" {
			t.Errorf("%+v: %q", o, got.Names)
		}
		if len(got.Problems) > 0 {
			t.Errorf("%+v: %q", o, got.Problems)
		}
	}
}

// find gives where the record of a name begins, in the first tree that has it.
func find(t *testing.T, data []byte, name string) int {
	t.Helper()
	at := bytes.Index(data, []byte(name))
	if at < 0 {
		t.Fatalf("%q is not in the image", name)
	}
	return at - recordSize
}

func change(data []byte, at int, to ...byte) []byte {
	out := bytes.Clone(data)
	copy(out[at:], to)
	return out
}

func TestHostile(t *testing.T) {
	files := []disctest.File{{Path: "A.TXT", Data: []byte("first")}, {Path: "SUB/B.TXT", Data: []byte("second")}, {Path: "SUB/LOW/C.TXT", Data: []byte("third")}}
	good := disctest.ISO{}.Image(files...)
	root := int(binary.LittleEndian.Uint32(good[16*2048+158:]))
	sub, a, low := find(t, good, "SUB"), find(t, good, "A.TXT;1"), find(t, good, "LOW")
	size := len(good) / 2048
	all := "A.TXT SUB/B.TXT SUB/LOW/C.TXT"
	tests := []struct {
		name string
		data []byte
		want string // names, then problems
	}{
		{"good", good, all},
		{"a directory that is the root", change(good, sub+2, disctest.Both(root)...), "A.TXT"},
		{"a directory that is the one above", change(good, low+2, disctest.Both(int(binary.LittleEndian.Uint32(good[sub+2:])))...), "A.TXT SUB/B.TXT"},
		{"a directory outside", change(good, sub+2, disctest.Both(1<<30)...), "A.TXT | damaged: iso: 1 directories were left out: a directory lies outside of the image"},
		{"a directory of 4 GB", change(good, sub+10, disctest.Both(0xfffff000)...), "A.TXT SUB/B.TXT SUB/C.TXT | damaged: iso: 1 directories were left out: a directory lies outside of the image"},
		{"a file outside", change(good, a+2, disctest.Both(size)...), all + " | A.TXT: unexpected EOF"},
		{"a file of 4 GB", change(good, a+10, disctest.Both(0xffffffff)...), all + " | A.TXT: unexpected EOF"},
		{"big-endian place wrong", change(good, a+6, 0xff, 0xff, 0xff, 0xff), all},
		{"little-endian place wrong", change(good, a+2, 0xff, 0xff, 0xff, 0x7f), all},
		{"little-endian size wrong", change(good, sub+10, 0xff, 0xff, 0xff, 0x7f), all},
		{"hidden", change(good, a+25, 1), all},
		{"another extent that does not come", change(good, a+25, 0x80), all},
		{"a record too short", change(good, a, 20), "A.TXT SUB/B.TXT SUB/LOW/C.TXT | damaged: iso: 1 directories were left out: an entry of a directory is malformed"},
		{"a name past its record", change(good, a+32, 200), "A.TXT SUB/B.TXT SUB/LOW/C.TXT | damaged: iso: 1 directories were left out: an entry of a directory is malformed"},
		{"blocks of no size", change(good, 16*2048+128, 0, 0), all},
		{"interleaved with one sector between", change(good, a+26, 1, 1), all},
		{"no descriptor", change(good, 16*2048, 9), "| damaged: iso: there is no volume in it"},
		{"cut", good[:len(good)-2048], all + " | A.TXT: unexpected EOF"},
	}
	for _, tt := range tests {
		got := walk(t, tt.data)
		sort.Strings(got.Names)
		told := strings.Join(append([]string{strings.Join(got.Names, " ")}, got.Problems...), " | ")
		if tt.name == "cut" { // whichever lies last
			if len(got.Names) != 3 || len(got.Problems) != 1 {
				t.Errorf("cut: %s", told)
			}
			continue
		}
		if strings.HasPrefix(tt.name, "a record") || strings.HasPrefix(tt.name, "a name") {
			if !strings.HasSuffix(told, "an entry of a directory is malformed") {
				t.Errorf("%s:\ngot  %s", tt.name, told)
			}
			continue
		}
		if strings.TrimSpace(told) != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, told, tt.want)
		}
	}
}

func TestDepth(t *testing.T) {
	path := strings.Repeat("D/", maxDepth+3) + "F"
	got := walk(t, disctest.ISO{}.Image(disctest.File{Path: path, Data: []byte("x")}, disctest.File{Path: "A", Data: []byte("y")}))
	if !slices.Equal(got.Names, []string{"A"}) || len(got.Problems) != 1 || !strings.HasPrefix(got.Problems[0], "depth") {
		t.Errorf("%q, %q", got.Names, got.Problems)
	}
}

func TestInterleaved(t *testing.T) {
	data := pattern(5 * 2048)
	image := disctest.ISO{}.Image(disctest.File{Path: "F", Data: data})
	image = change(image, find(t, image, "F;1")+26, 1, 1)
	image = change(image, find(t, image, "F;1")+10, disctest.Both(3*2048)...)
	want := string(slices.Concat(data[:2048], data[2*2048:3*2048], data[4*2048:]))
	if got := walk(t, image); got.Data["F"] != want {
		t.Errorf("%d bytes, %q", len(got.Data["F"]), got.Problems)
	}
}

func TestBoot(t *testing.T) {
	boot := append([]byte("boot code"), pattern(4000)...)
	good := disctest.ISO{Boot: boot}.Image(disctest.File{Path: "A", Data: []byte("x")})
	got := walk(t, good)
	if !slices.Equal(got.Names, []string{"A", "(boot image 1)"}) || !strings.HasPrefix(got.Data["(boot image 1)"], string(boot)) {
		t.Errorf("%q", got.Names)
	}
	at := int(binary.LittleEndian.Uint32(good[17*2048+71:])) * 2048
	if got := walk(t, change(good, at+33, 2)); len(got.Problems) != 1 { // a floppy of 1.44 MB is not there
		t.Errorf("%q, %q", got.Names, got.Problems)
	}
	if got := walk(t, change(good, at, 7)); len(got.Problems) != 1 || len(got.Names) != 1 {
		t.Errorf("%q, %q", got.Names, got.Problems)
	}
}

// compressed writes a file as zisofs does, with blocks of 2^15 bytes.
func compressed(data []byte) []byte {
	var body bytes.Buffer
	blocks := (len(data) + 1<<15 - 1) >> 15
	table := binary.LittleEndian.AppendUint32(nil, uint32(16+4*(blocks+1)))
	for i := range blocks {
		part := data[i<<15 : min((i+1)<<15, len(data))]
		if len(bytes.Trim(part, "\x00")) > 0 {
			z := zlib.NewWriter(&body)
			_, _ = z.Write(part)
			_ = z.Close()
		}
		table = binary.LittleEndian.AppendUint32(table, uint32(16+4*(blocks+1)+body.Len()))
	}
	head := append([]byte(zisofsMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	return slices.Concat(head, []byte{4, 15, 0, 0}, table, body.Bytes())
}

// withField adds a system use field to the record of a name.
func withField(t *testing.T, image []byte, name string, field string) []byte {
	at := find(t, image, name)
	n := int(image[at])
	return change(change(image, at+n, []byte(field)...), at, byte(n+len(field)))
}

func TestZisofs(t *testing.T) {
	data := slices.Concat(pattern(50_000), make([]byte, 70_000), pattern(10_000))
	const field = "ZF\x10\x01pz\x04\x0f\x00\x00\x00\x00\x00\x00\x00\x00"
	z := compressed(data)
	for _, tt := range []struct {
		name, want, problem string
		packed              []byte
	}{
		{"good", string(data), "", z},
		{"not compressed", "plain bytes", "", []byte("plain bytes")},
		{"cut", string(data[:1<<15]), "malformed", z[:len(z)-20]},
		{"a table outside", "", "malformed", change(z, 12, 255)},
		{"a block that goes back", "", "malformed", change(z, 16, 0xff, 0xff, 0xff)},
		{"blocks of no size", "", "malformed", change(z, 13, 0)},
		{"no zlib", "", "corrupt", change(z, 16+4*6, 1, 2)},
	} {
		image := withField(t, disctest.ISO{Rock: true}.Image(disctest.File{Path: "f", Data: tt.packed}), "F;1", field)
		got := walk(t, image)
		if !strings.HasPrefix(got.Data["f"], tt.want) || tt.problem == "" && got.Data["f"] != tt.want || !strings.Contains(strings.Join(got.Problems, " "), tt.problem) {
			t.Errorf("%s: %d bytes, %q", tt.name, len(got.Data["f"]), got.Problems)
		}
	}
}

// A name that goes on in another place, and a directory that belongs elsewhere.
func TestRockRidge(t *testing.T) {
	files := []disctest.File{{Path: "moved/d/g", Data: []byte("y")}, {Path: "spare", Data: []byte("NM\x0c\x01\x00 longer")}, {Path: "f", Data: []byte("x")}}
	image := disctest.ISO{Rock: true}.Image(files...)
	spare := int(binary.LittleEndian.Uint32(image[find(t, image, "SPARE;1")+2:]))
	field := "CE\x1c\x01" + string(disctest.Both(spare)) + string(disctest.Both(0)) + string(disctest.Both(12))
	got := walk(t, withField(t, image, "F;1", field))
	if got.Data["f longer"] != "x" {
		t.Errorf("continued: %q, %q", got.Names, got.Problems)
	}
	got = walk(t, withField(t, image, "F;1", "CE\x1c\x01"+string(disctest.Both(spare))+string(disctest.Both(0))+string(disctest.Both(1<<30))))
	if got.Data["f longer"] != "x" {
		t.Errorf("continued far: %q, %q", got.Names, got.Problems)
	}
	below := int(binary.LittleEndian.Uint32(image[find(t, image, "DNM")+2:]))
	got = walk(t, withField(t, image, "F;1", "CL\x0c\x01"+string(disctest.Both(below))))
	if got.Data["f/g"] != "y" && got.Data["moved/d/g"] != "y" {
		t.Errorf("moved: %q, %q", got.Names, got.Problems)
	}
}

func TestLimits(t *testing.T) {
	data := disctest.ISO{Joliet: true}.Image(many()...)
	if _, err := walkWith(data, limit.Limits{MaxFiles: 10}); !limit.Final(err) || limit.Of(err).Reason != limit.Files {
		t.Errorf("files: %v", err)
	}
	if _, err := walkWith(data, limit.Limits{MaxMemory: 200}); err == nil && limit.Of(err) == nil {
		s, _ := walkWith(data, limit.Limits{MaxMemory: 200})
		if len(s.Problems) == 0 {
			t.Error("memory: no problem")
		}
	}
}

// Directories that lie over each other, to the end of the image, are not read
// without end.
func TestDirectoriesOverEachOther(t *testing.T) {
	var files []disctest.File
	for i := range 40 {
		files = append(files, disctest.File{Path: fmt.Sprintf("D%02d/F", i), Data: pattern(3000)})
	}
	image := disctest.ISO{}.Image(files...)
	for i := range 40 {
		at := find(t, image, fmt.Sprintf("D%02d", i))
		copy(image[at+10:], disctest.Both(len(image)-int(binary.LittleEndian.Uint32(image[at+2:]))*2048))
	}
	got := walk(t, image)
	if n := len(got.Problems); n != 1 || !strings.Contains(got.Problems[0], "left out") {
		t.Errorf("%d files, %q", len(got.Names), got.Problems)
	}
}

func TestDeadline(t *testing.T) {
	data := disctest.ISO{}.Image(many()...)
	s := disctest.NewSink(limit.Limits{}, 0)
	calls := int64(0)
	s.Budget = limit.NewBudget(limit.Config{Now: func() time.Time { calls++; return time.Unix(calls, 0) }, Limits: limit.Limits{MaxTime: 20 * time.Second}})
	s.Budget.Begin(context.Background(), int64(len(data)))
	if err := Walk(disc.New(data, s.Budget, s)); !limit.Final(err) || limit.Of(err).Reason != limit.Time {
		t.Errorf("%v, %d files", err, len(s.Names))
	}
}

func FuzzISO(f *testing.F) {
	const kept = 256
	o := disctest.ISO{Rock: true, Joliet: true, Boot: []byte("x")}
	f.Add(disctest.Squeeze(o.Image(disctest.File{Path: "d/f", Data: []byte("x")})[16*2048:], kept))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := walkWith(append(make([]byte, 16*2048), disctest.Expand(data, kept)...), limit.Limits{MaxTotal: 1 << 20, MaxFiles: 100})
		for _, p := range s.Problems {
			if strings.Contains(p, "still held") {
				t.Error(p)
			}
		}
	})
}
