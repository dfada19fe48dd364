package digests

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
)

func find(s *Set, d []byte, size int64) []string {
	var names []string
	s.Lookup(d, size, func(n string) { names = append(names, n) })
	return names
}

func TestLookup(t *testing.T) {
	m, h1, h256 := md5.Sum([]byte("x")), sha1.Sum([]byte("x")), sha256.Sum256([]byte("x"))
	var b Builder
	b.Add(m[:], 1, []byte("Win.Trojan.Agent-6967899-0"))
	b.Add(m[:], 1, []byte("Win.Trojan.Agent-6967899-0"))
	b.Add(m[:], 1, []byte("Second"))
	b.Add(m[:], 2, []byte("Other.Size-7"))
	b.Add(h1[:], AnySize, []byte("Any.007"))
	b.Add(h256[:], 1, []byte("Big-12345678901"))
	b.Add([]byte("short"), 1, []byte("dropped"))
	s := b.Finish()
	if s.Len() != 6 {
		t.Errorf("Len %d", s.Len())
	}
	for _, c := range []struct {
		digest []byte
		size   int64
		want   string
	}{
		{m[:], 1, "[Win.Trojan.Agent-6967899-0 Second]"},
		{m[:], 2, "[Other.Size-7]"},
		{m[:], 3, "[]"},
		{h1[:], 1, "[Any.007]"},
		{h1[:], 99999, "[Any.007]"},
		{h1[:], int64(AnySize), "[]"},
		{h256[:], 1, "[Big-12345678901]"},
		{h256[:31], 1, "[]"},
	} {
		if got := fmt.Sprint(find(s, c.digest, c.size)); got != c.want {
			t.Errorf("%x of %d bytes: %s, want %s", c.digest[:4], c.size, got, c.want)
		}
	}
	if k := s.Needs(1); k != MD5|SHA1|SHA256 {
		t.Errorf("needs of 1: %b", k)
	}
	if k := s.Needs(-1); k != 0 {
		t.Errorf("needs of -1: %b", k)
	}
	var none *Set
	if none.Len() != 0 || none.Needs(1) != 0 || find(none, m[:], 1) != nil {
		t.Error("a nil set is not empty")
	}
}

func TestNames(t *testing.T) {
	var b Builder
	for i, name := range []string{"", "a", "0", "00", "a-0", "a-01", "a-4294967295", "a-999999999-1", "1a22b22c", "\x00x5\x00"} {
		form, number := b.intern([]byte(name))
		want := name
		if i == 9 {
			continue // a name with zero bytes need only not panic
		}
		if got := b.set.names.at(form, number); got != want {
			t.Errorf("%q came back as %q", name, got)
		}
	}
}

func TestNeedsSkipsSizes(t *testing.T) {
	var b Builder
	for i := range 1000 {
		d := md5.Sum([]byte{byte(i), byte(i >> 8)})
		b.Add(d[:], uint32(1000+i), []byte("x"))
	}
	s := b.Finish()
	yes := 0
	for size := int64(100_000); size < 200_000; size++ {
		if s.Needs(size) != 0 {
			yes++
		}
	}
	if yes > 50_000 {
		t.Errorf("%d of 100000 sizes that are not listed would be hashed", yes)
	}
	for size := int64(1000); size < 2000; size++ {
		if s.Needs(size) != MD5 {
			t.Fatalf("size %d is listed and would not be hashed", size)
		}
	}
}

// million makes n entries with names as ClamAV's are.
func million(n int) *Set {
	var b Builder
	var seed [8]byte
	for i := range n {
		binary.LittleEndian.PutUint64(seed[:], uint64(i))
		d := md5.Sum(seed[:])
		b.Add(d[:], uint32(i%500_000), fmt.Appendf(nil, "Win.Trojan.Family%d-%d-%d", i%3000%97, 1_000_000+i, i%2))
	}
	return b.Finish()
}

// TestMemory holds what a site pays for its millions of signatures.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("builds 1 million entries")
	}
	const n = 1_000_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := million(n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / n
	t.Logf("%.1f bytes for each signature", each)
	if each > 40 {
		t.Errorf("%.1f bytes for each signature, want at most 40", each)
	}
	runtime.KeepAlive(s)
}

func BenchmarkBuild1M(b *testing.B) {
	for b.Loop() {
		million(1_000_000)
	}
}

func BenchmarkLookup(b *testing.B) {
	s := million(1_000_000)
	d := md5.Sum(make([]byte, 8))
	b.ReportAllocs()
	for b.Loop() {
		s.Lookup(d[:], 1, func(string) {})
	}
}
