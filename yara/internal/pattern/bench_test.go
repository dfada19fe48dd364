package pattern

import (
	"bytes"
	"testing"
)

func mustHex(tb testing.TB, src string) *Node {
	tb.Helper()
	n, err := ParseHex([]byte(src))
	if err != nil {
		tb.Fatalf("%s: %v", src, err)
	}
	return n
}

func mustRegexp(tb testing.TB, src string) *Node {
	tb.Helper()
	n, err := ParseRegexp([]byte(src), Flags{}, false)
	if err != nil {
		tb.Fatalf("%s: %v", src, err)
	}
	return n
}

func mustCompile(tb testing.TB, n *Node, o Options) *Program {
	tb.Helper()
	p, err := Compile(n, o)
	if err != nil {
		tb.Fatalf("%s: %v", n, err)
	}
	if err := p.Check(); err != nil {
		tb.Fatalf("%s: %v", n, err)
	}
	return p
}

const benchHex = "8B 45 ?? 89 4D [4] E8 ?? ?? ?? ?? 3? C0 74 ~00"

func benchForward(b *testing.B, n *Node, data []byte) {
	p := mustCompile(b, n, Options{})
	var m Machine
	if _, ok, _ := m.Forward(p, data, 0, 4096); !ok {
		b.Fatal("no match")
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Forward(p, data, 0, 4096)
	}
}

func BenchmarkForwardStraight(b *testing.B) {
	data := []byte("\x8b\x45\x01\x89\x4d1234\xe8abcd\x31\xc0\x74\x01")
	benchForward(b, mustHex(b, benchHex), data)
}

func BenchmarkForwardJump(b *testing.B) {
	data := append([]byte("\x8b\x45\x01"), bytes.Repeat([]byte{7}, 30)...)
	benchForward(b, mustHex(b, "8B 45 [0-40] E8 ?? C0"), append(data, 0xE8, 1, 0xC0))
}

func BenchmarkForwardRegexp(b *testing.B) {
	benchForward(b, mustRegexp(b, `https?:\/\/[a-z0-9.\-]{4,40}\/[^\s"]+\.(exe|dll|ps1)`),
		[]byte("https://download.example.org/files/2014/11/update-installer.exe "))
}

// benchText is 64 KiB of words and numbers.
func benchText() []byte {
	line := []byte("the quick brown fox, jumps over 12 lazy dogs; func main() { return 0x1234 }\n")
	return bytes.Repeat(line, 1<<16/len(line))
}

func benchAll(b *testing.B, src string, data []byte) {
	n := mustRegexp(b, src)
	p, rev := mustCompile(b, n, Options{}), mustCompile(b, n, Options{Reverse: true})
	var m Machine
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		m.All(p, rev, data, 0, len(data), 4096, func(int, int) bool { return true })
	}
}

func BenchmarkAllDigits(b *testing.B)  { benchAll(b, `\d{3}-\d{4}`, benchText()) }
func BenchmarkAllBase64(b *testing.B)  { benchAll(b, `[A-Za-z0-9+\/]{60,}={1,2}`, benchText()) }
func BenchmarkAllFailing(b *testing.B) { benchAll(b, `[^!]*!`, benchText()) }

func BenchmarkSearch(b *testing.B) {
	p := mustCompile(b, mustRegexp(b, `(foo|bar)[0-9]+baz`), Options{})
	data := benchText()
	var m Machine
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		m.Search(p, data)
	}
}

func BenchmarkBackward(b *testing.B) {
	atoms := Atoms(mustRegexp(b, `[a-z]+(, [a-z]+)* over [0-9]`), AtomOptions{})
	if len(atoms) != 1 || atoms[0].Prefix == nil {
		b.Fatalf("%+v", atoms)
	}
	data := benchText()
	at := bytes.Index(data, atoms[0].Bytes)
	var m Machine
	b.ReportAllocs()
	for b.Loop() {
		m.Backward(atoms[0].Prefix, data, at, 4096, func(int) bool { return true })
	}
}

func BenchmarkPrepareHex(b *testing.B) { benchPrepare(b, mustHex(b, benchHex)) }
func BenchmarkPrepareText(b *testing.B) {
	benchPrepare(b, NewLiteral([]byte("SOFTWARE\\Microsoft\\Run"), true))
}
func BenchmarkPrepareRegexp(b *testing.B) {
	benchPrepare(b, mustRegexp(b, `https?://[a-z.]{4,40}/x\.(exe|dll)`))
}

func benchPrepare(b *testing.B, n *Node) {
	b.ReportAllocs()
	for b.Loop() {
		mustCompile(b, n, Options{})
		if Atoms(n, AtomOptions{}) == nil {
			b.Fatal("no atoms")
		}
	}
}
