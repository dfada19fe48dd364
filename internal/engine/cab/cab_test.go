package cab

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/codec/lzx/lzxtest"
	"vitrine/internal/engine/limit"
)

// taken is what a walk gave.
type taken struct {
	names    []string
	data     map[string]string
	problems []string
	b        *limit.Budget
}

func (t *taken) Decoded(name string, r io.Reader, packed int) error {
	if err := t.b.AddFile(); err != nil {
		return err
	}
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, r, 10_000)
		if spent := t.b.Spend(n); spent != nil {
			return spent
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if limit.Final(err) {
				return err
			}
			t.problems = append(t.problems, name+": "+err.Error())
			break
		}
	}
	t.names = append(t.names, name)
	t.data[name] = out.String()
	return nil
}

func (t *taken) Problem(err error) { t.problems = append(t.problems, err.Error()) }

func walkWith(data []byte, c limit.Config) (*taken, error) {
	b := limit.NewBudget(c)
	b.Begin(context.Background(), int64(len(data)))
	t := &taken{data: map[string]string{}, b: b}
	err := Walk(data, b, t)
	if b.Held() != 0 {
		t.problems = append(t.problems, fmt.Sprintf("%d bytes are still held", b.Held()))
	}
	return t, err
}

func walk(t *testing.T, data []byte) *taken {
	t.Helper()
	got, err := walkWith(data, limit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// text is n bytes that compress, different for each seed.
func text(seed, n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d line %d of %d\r\n", seed, i*i, i%17)
	}
	return b.Bytes()[:n]
}

func TestMethods(t *testing.T) {
	files := []cabtest.File{{Name: "small.txt", Data: text(1, 5)}, {Name: "empty"}, {Name: `dir\large.bin`, Data: text(2, 100_000)}, {Name: "last\xff", Data: text(3, 40_000)}}
	other := []cabtest.File{{Name: "other", Data: text(4, 70_000)}}
	o := lzxtest.Options{Kinds: []lzxtest.Kind{lzxtest.Aligned, lzxtest.Verbatim, lzxtest.Uncompressed}, Block: 20_001, CallSize: 5000}
	for _, method := range []uint16{cabtest.Stored, cabtest.MSZIP, cabtest.LZX | 15<<8, cabtest.LZX | 21<<8, cabtest.Quantum | 18<<8} {
		first := cabtest.Folder{Method: method, Files: files, Blocks: cabtest.Blocks(method, slices.Concat(files[0].Data, files[2].Data, files[3].Data), o)}
		second := cabtest.Folder{Method: method, Files: other, Blocks: cabtest.Blocks(method, other[0].Data, o)}
		for _, c := range []cabtest.Config{{}, {NoSums: true}, {ReserveHeader: 20, ReserveFolder: 3, ReserveBlock: 5}, {Previous: "a.cab", Next: "b.cab"}} {
			got := walk(t, c.Cabinet(first, second))
			if len(got.problems) > 0 || !slices.Equal(got.names, []string{"small.txt", `dir\large.bin`, "last\xff", "other"}) {
				t.Errorf("method %#x, %+v: %q, %q", method, c, got.names, got.problems)
			}
			for _, f := range slices.Concat(files[2:], files[:1], other) {
				if got.data[f.Name] != string(f.Data) {
					t.Errorf("method %#x, %+v: %q is wrong: %d bytes of %d", method, c, f.Name, len(got.data[f.Name]), len(f.Data))
				}
			}
		}
	}
}

// change writes into a copy.
func change(data []byte, at int, to ...byte) []byte {
	out := bytes.Clone(data)
	copy(out[at:], to)
	return out
}

func TestDamaged(t *testing.T) {
	files := []cabtest.File{{Name: "a", Data: text(1, 40_000)}, {Name: "b", Data: text(2, 40_000)}, {Name: "c", Data: text(3, 40_000)}}
	make1 := func(method uint16) []byte { return cabtest.Cabinet(cabtest.Folder{Method: method, Files: files}) }
	stored, zip, packed := make1(cabtest.Stored), make1(cabtest.MSZIP), make1(cabtest.LZX|16<<8)
	// Folder 36, files from 44, 18 bytes each, the first block at 98.
	const first = 98
	second := func(b []byte) int { return first + 8 + int(binary.LittleEndian.Uint16(b[first+4:])) }
	tests := []struct {
		name string
		data []byte
		want string // names, then problems
	}{
		{"good", stored, "a b c |"},
		{"a byte of a stored block", change(stored, second(stored)+100, 'x'), "a b c | a: damaged: cab: a block of its data is damaged: its checksum is wrong | b: damaged: cab: a block of its data is damaged: its checksum is wrong"},
		{"the sum of the first block", change(zip, first, 1), "a b c | a: damaged: cab: a block of its data is damaged: its checksum is wrong"},
		{"the mark of the second block", change(change(zip, second(zip), 0, 0, 0, 0), second(zip)+8, 'X'), "a b c | a: damaged: cab: a block of its data is damaged: it does not begin as one of MSZIP | b: damaged: cab: a block of its data is damaged: it does not begin as one of MSZIP"},
		{"a code of the first LZX block", change(packed, first+8+4, 0xff, 0xff, 0xff), "a | a: lzx: a code that no tree has | damaged: cab: 2 members behind \"a\" cannot be read either"},
		{"cut in the third block", stored[:first+8+32768+8+32768+8+20_000], "a b c | c: unexpected EOF"},
		{"cut in the second block", zip[:second(zip)+100], "a | a: unexpected EOF | damaged: cab: 2 members behind \"a\" cannot be read either"},
		{"cut in the files", stored[:70], "a | damaged: cab: the list of files is cut off | a: unexpected EOF"},
		{"cut in the folders", stored[:40], "| damaged: cab: the list of folders is cut off"},
		{"cut in the header", stored[:30], "| damaged: cab: the header is cut off or is none"},
		{"a folder too high", change(stored, 44+8, 1), "b c | damaged: cab: 1 files are in folders that are not there"},
		{"a folder of no method", change(stored, 42, 5), "a | a: method: cab: method 5 is not known | method: cab: 2 members behind \"a\" cannot be read either"},
		{"an LZX window too large", change(packed, 43, 22), "a | a: damaged: cab: lzx: a window of 2^22 bytes | damaged: cab: 2 members behind \"a\" cannot be read either"},
		{"a Quantum window too small", change(stored, 42, 2, 9), "a | a: damaged: cab: quantum: a window of 2^9 bytes | damaged: cab: 2 members behind \"a\" cannot be read either"},
		{"a file of 4 GB", change(stored, 44, 0xff, 0xff, 0xff, 0xff), "a b c | a: damaged: cab: the folder ends 4294847295 bytes before the file does"},
		{"a file that begins at 4 GB", change(stored, 44+36+4, 0xff, 0xff, 0xff, 0xff), "a b c | c: damaged: cab: the folder ends 40000 bytes before the file does"},
		{"blocks outside of the file", change(stored, 36, 0xff, 0xff, 0xff, 0xff), "a | a: unexpected EOF | damaged: cab: 2 members behind \"a\" cannot be read either"},
		{"two files at one place", change(stored, 44+18+4, 0, 0, 0, 0), "a b c |"},
		{"no end of a name", append(bytes.Clone(stored[:60]), bytes.Repeat([]byte("n"), 300)...), "| damaged: cab: the name of a file has no end"},
	}
	for _, tt := range tests {
		got := walk(t, tt.data)
		told := strings.Join(append([]string{strings.Join(got.names, " ")}, got.problems...), " | ")
		if strings.TrimSpace(told) != strings.TrimSuffix(tt.want, " |") {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, told, tt.want)
		}
	}
	// What is damaged is handed out all the same.
	got := walk(t, change(stored, second(stored)+100, 'x'))
	if !strings.Contains(got.data["a"], "x") || len(got.data["a"]) != 40_000 || got.data["c"] != string(files[2].Data) {
		t.Errorf("%d bytes of a damaged member", len(got.data["a"]))
	}
}

// A set of three cabinets with one folder through all of them: blocks are cut
// where a cabinet ends.
func TestSets(t *testing.T) {
	a, b, c := text(1, 50_000), text(2, 90_000), text(3, 20_000)
	for _, method := range []uint16{cabtest.Stored, cabtest.MSZIP, cabtest.LZX | 16<<8} {
		blocks := cabtest.Blocks(method, slices.Concat(a, b, c), lzxtest.Options{})
		cut := func(b cabtest.Block) (cabtest.Block, cabtest.Block) {
			half := len(b.Packed) / 2
			return cabtest.Block{Packed: b.Packed[:half]}, cabtest.Block{Packed: b.Packed[half:], Size: b.Size}
		}
		end1, begin2 := cut(blocks[1])
		end2, begin3 := cut(blocks[3])
		first := walk(t, cabtest.Config{Next: "2"}.Cabinet(cabtest.Folder{Method: method, Files: []cabtest.File{{Name: "a", Data: a, Folder: 0xfffe}}, Blocks: []cabtest.Block{blocks[0], end1}}))
		if n := len(first.data["a"]); n <= 32768 || !bytes.HasPrefix(a, []byte(first.data["a"])) || len(first.problems) != 1 {
			t.Errorf("%#x, first: %d bytes, %q", method, n, first.problems)
		}
		second := walk(t, cabtest.Config{Previous: "1", Next: "3"}.Cabinet(cabtest.Folder{Method: method, Base: 50_000, Files: []cabtest.File{{Name: "b", Data: b, Folder: 0xffff}}, Blocks: []cabtest.Block{begin2, blocks[2], end2}}))
		third := walk(t, cabtest.Config{Previous: "2"}.Cabinet(cabtest.Folder{Method: method, Base: 50_000, Files: []cabtest.File{{Name: "b", Data: b, Folder: 0xfffd}, {Name: "c", Data: c}}, Blocks: []cabtest.Block{begin3, blocks[4]}}))
		if len(second.problems) == 0 || len(third.problems) == 0 {
			t.Errorf("%#x: parts of a set are no problem: %q, %q", method, second.problems, third.problems)
		}
		if method == cabtest.Stored {
			if third.data["c"] != string(c) || !strings.HasSuffix(third.data["b"], string(b[len(b)-9000:])) {
				t.Errorf("third: %d bytes of b, %d of c, %q", len(third.data["b"]), len(third.data["c"]), third.problems)
			}
			if !strings.Contains(second.data["b"], string(b[16_000:64_000])) {
				t.Errorf("second: %d bytes of b", len(second.data["b"]))
			}
		}
	}
}

// Thousands of files at the same bytes are not unpacked thousands of times.
func TestShared(t *testing.T) {
	var files []cabtest.File
	for i := range 3000 {
		files = append(files, cabtest.File{Name: fmt.Sprint(i), Data: []byte("x")})
	}
	data := cabtest.Cabinet(cabtest.Folder{Method: cabtest.MSZIP, Files: files})
	for i, at := 0, 44; i < 3000; i++ { // each is the whole folder
		binary.LittleEndian.PutUint32(data[at:], 3000)
		binary.LittleEndian.PutUint32(data[at+4:], 0)
		at += 16 + len(fmt.Sprint(i)) + 1
	}
	got := walk(t, data)
	if len(got.names) != maxRewinds+1 || len(got.problems) != 1 || !strings.Contains(got.problems[0], "overlap") {
		t.Errorf("%d files, %q", len(got.names), got.problems)
	}
}

func TestLimits(t *testing.T) {
	data := cabtest.Cabinet(cabtest.Folder{Method: cabtest.LZX | 21<<8, Files: []cabtest.File{{Name: "a", Data: make([]byte, 3<<20)}, {Name: "b", Data: text(1, 10)}}})
	got, err := walkWith(data, limit.Config{Limits: limit.Limits{MaxMemory: 1 << 20}})
	if err != nil || len(got.problems) != 2 || !strings.HasPrefix(got.problems[0], "a: size: ") {
		t.Errorf("memory: %v, %q", err, got.problems)
	}
	if _, err = walkWith(data, limit.Config{Limits: limit.Limits{MaxTotal: 1 << 20}}); !limit.Final(err) || limit.Of(err).Reason != limit.Size {
		t.Errorf("total: %v", err)
	}
	calls := 0
	clock := func() time.Time { calls++; return time.Unix(int64(calls), 0) }
	if _, err = walkWith(data, limit.Config{Now: clock, Limits: limit.Limits{MaxTime: 20 * time.Second}}); !limit.Final(err) || limit.Of(err).Reason != limit.Time {
		t.Errorf("time: %v", err)
	}
}

func TestBegins(t *testing.T) {
	good := cabtest.Cabinet(cabtest.Folder{Files: []cabtest.File{{Name: "a", Data: []byte("x")}}})
	for _, tt := range []struct {
		name string
		data []byte
		want bool
	}{{"good", good, true}, {"cut", good[:20], false}, {"text", []byte(strings.Repeat("MSCF", 20)), false}, {"no folders", change(good, 26, 0), false},
		{"version", change(good, 25, 2), false}, {"files in the header", change(good, 16, 3), false}, {"shorter than its lists", change(good, 8, 40), false}} {
		if got := Begins(tt.data); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if Size(good) != len(good) || Size(append(good, "more"...)) != len(good) || Size(good[:60]) != 60 || Size(change(good, 8, 0, 0)) != len(good) || Size(good[:5]) != 5 {
		t.Errorf("sizes: %d, %d", Size(good), len(good))
	}
}

func FuzzCab(f *testing.F) {
	for _, method := range []uint16{cabtest.Stored, cabtest.MSZIP, cabtest.LZX | 15<<8, cabtest.Quantum | 12<<8} {
		f.Add(cabtest.Config{ReserveBlock: 1}.Cabinet(cabtest.Folder{Method: method, Files: []cabtest.File{{Name: "a", Data: text(1, 300)}, {Name: "b", Data: text(2, 50)}}}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _ := walkWith(data, limit.Config{Limits: limit.Limits{MaxTotal: 4 << 20, MaxFiles: 100}})
		for _, p := range got.problems {
			if strings.Contains(p, "still held") {
				t.Error(p)
			}
		}
	})
}

func BenchmarkMSZIP(b *testing.B)   { benchmark(b, cabtest.MSZIP) }
func BenchmarkLZX(b *testing.B)     { benchmark(b, cabtest.LZX|18<<8) }
func BenchmarkQuantum(b *testing.B) { benchmark(b, cabtest.Quantum|18<<8) }

func benchmark(b *testing.B, method uint16) {
	data := cabtest.Cabinet(cabtest.Folder{Method: method, Files: []cabtest.File{{Name: "a", Data: text(1, 1<<20)}}})
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if got, err := walkWith(data, limit.Config{}); err != nil || len(got.problems) > 0 {
			b.Fatal(got.problems, err)
		}
	}
}
