package dotnet

import (
	"context"
	"fmt"
	"testing"

	"vitrine/yara/internal/module"
)

// bare is a file with no tables at all.
func bare() *file {
	f := &file{ctx: &module.Context{Ctx: context.Background()}, image: &image{}}
	f.tables.Get(func() tables { return tables{} })
	f.streams.Get(func() streamTable { return streamTable{} })
	return f
}

func TestSignature(t *testing.T) {
	for in, want := range map[string]string{
		"\x01": "void", "\x0e": "string", "\x16": "TypedReference", "\x18": "IntPtr", "\x19": "UIntPtr", "\x1c": "object",
		"\x0f\x08": "Ptr<int>", "\x10\x0d": "ref double", "\x1d\x1d\x03": "char[][]", "\x1f\x05\x08": "int", "\x20\x81\x01\x09": "uint",
		"\x13\x00": "T", "\x13\x01": "", "\x1e\x00": "M", "\x1e\x05": "",
		"\x14\x08\x01\x00\x00": "int[]", "\x14\x08\x03\x00\x00": "int[,,]", "\x14\x08\x02\x02\x03\x04\x00": "int[3,4]",
		"\x14\x08\x01\x01\x05\x01\x04": "int[2...6]", "\x14\x08\x01\x01\x05\x01\x7f": "int[-1...3]", "\x14\x08\x01\x00\x01\x02": "int[1...]",
		"\x14\x08\x00\x00\x00": "", "\x14\x08\x01\x02\x01\x01\x00": "", "\x14\x08\x01\x00\x02\x01\x01": "", "\x14\x08\x33": "",
		"\x15\x1c\x02\x08\x0e": "object<int,string>", "\x15\x1c\x02\x08\x77": "object<int>", "\x15\x1c\x87\xff": "", "\x15\x77": "",
		"\x1b\x00\x00\x01": "FnPtr<void()>", "\x1b\x00\x02\x01\x08\x0e": "FnPtr<void(int, string)>", "\x1b": "", "\x1b\x00\xc0\x00\xff\xff\x01": "",
		"\x00": "", "\x17": "", "\x12\x05": "", "": "", "\x0f": "", "\x45\x08": "",
	} {
		s := &signature{f: bare(), rest: []byte(in), class: [][]byte{[]byte("T")}, method: [][]byte{[]byte("M")}}
		if got := string(s.typ(0)); got != want {
			t.Errorf("% x: %q, want %q", in, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"\x03": "3 -63 left 0", "\x7f": "127 -1 left 0", "\x80\x80": "128 64 left 0", "\xae\x57x": "11863 -2261 left 1",
		"\xbf\xff": "16383 -1 left 0", "\xc0\x00\x40\x00": "16384 8192 left 0", "\xdf\xff\xff\xfe": "536870910 268435455 left 0",
		"\xdf\xff\xff\xff": "536870911 -1 left 0", "": "0 0 left 0", "\x80": "0 0 left 1", "\xc0\x00": "0 0 left 2", "\xff": "0 0 left 1",
	} {
		u, i := &signature{rest: []byte(in)}, &signature{rest: []byte(in)}
		if got := fmt.Sprintf("%d %d left %d", u.unsigned(), i.signed(), len(u.rest)); got != want || len(i.rest) != len(u.rest) {
			t.Errorf("% x: %s, want %s", in, got, want)
		}
	}
}

// Types within types stop somewhere.
func TestDepth(t *testing.T) {
	in := make([]byte, 100)
	for i := range in {
		in[i] = 0x1d
	}
	for n, want := range map[int]bool{16: true, 17: false} {
		s := &signature{f: bare(), rest: append(in[:n:n], 0x08)}
		if got := s.typ(0); (got != nil) != want {
			t.Errorf("%d levels: %q", n, got)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range [][3]string{{"A", "B", "B.A"}, {"A", "", "A"}, {"", "B", "B"}, {"", "", ""}, {"A`1", "B", "B.A"}, {"A`1", "", "A"}, {"A", "B`2.C", "B"}} {
		if got := string(join([]byte(c[0]), []byte(c[1]))); got != c[2] {
			t.Errorf("%q in %q is %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestVisibility(t *testing.T) {
	for i, want := range []string{"internal private", "public private", "public private protected", "private internal",
		"protected protected", "internal protected internal", "private protected public", "protected internal private"} {
		if got := typeVisibility(uint32(i)|0x100) + " " + methodVisibility(uint32(i)|0x10); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

// The sizes of rows with small and with large heaps and tables.
func TestMeasure(t *testing.T) {
	small, large := &tilde{}, &tilde{heaps: 7}
	for i := range large.count {
		large.count[i] = 1 << 20
	}
	for n, want := range map[int][2]int64{tableModule: {10, 18}, tableTypeRef: {6, 12}, tableTypeDef: {14, 24}, tableMethodDef: {14, 20},
		tableCustomAttribute: {6, 12}, tableAssembly: {22, 28}, tableAssemblyRef: {20, 28}, tableResource: {12, 16}, tableGenericParam: {8, 12}, tableFieldRVA: {6, 8}} {
		columns := schema()[n]
		if got := [2]int64{small.measure(columns).size, large.measure(columns).size}; got != want {
			t.Errorf("table %#x: %v, want %v", n, got, want)
		}
	}
	// The bits of a coded index leave fewer for the row.
	for _, c := range []struct {
		col   column
		table int
		most  uint32
	}{{typeDefOrRef, tableTypeSpec, 16383}, {hasCustomAttribute, tableFile, 2047}, {memberRefParent, tableModuleRef, 8191}, {typeOrMethod, tableTypeDef, 32767}} {
		h := &tilde{}
		h.count[c.table] = c.most
		before := h.width(c.col)
		h.count[c.table]++
		if after := h.width(c.col); before != 2 || after != 4 {
			t.Errorf("column %#x: %d, then %d", c.col, before, after)
		}
	}
}
