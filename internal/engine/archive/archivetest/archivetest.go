// Package archivetest has what tests put into archives and the archives
// themselves: some made by other programs and kept here, some built byte by
// byte. It is used by tests only.
//
// The kept ones are stored in a form that no scanner of viruses sees through,
// because some hold the EICAR test file. make.go made them, but for the archives
// of RAR, which the tests of that package write.
package archivetest

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"strings"
)

//go:embed testdata/*.b64
var files embed.FS

// EICAR is the test file that every scanner finds. It is put together here so
// that this source is not found itself.
func EICAR() []byte {
	return []byte(strings.Join([]string{`X5O!P%@AP[4\PZ`, `X54(P^)7CC)7}$EICAR-STANDARD-`, `ANTIVIRUS-TEST-FILE!$H+H*`}, ""))
}

// Numbers is a text of 8,893 bytes that compresses well: the numbers from 1 to
// 2000, one a line.
func Numbers() []byte {
	var b bytes.Buffer
	for i := 1; i <= 2000; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.Bytes()
}

// Branches is 2 KiB full of what the branch converters of all processors look
// for.
func Branches() []byte {
	out := make([]byte, 0, 2048)
	x := uint32(7)
	next := func() byte {
		x = x*1664525 + 1013904223
		return byte(x >> 24)
	}
	for len(out) < 2048 {
		g := make([]byte, 16)
		for i := range g {
			g[i] = next()
		}
		switch next() % 8 {
		case 0: // x86 CALL and JMP with near addresses
			copy(g, []byte{0xe8, g[1], g[2], 0, 0, 0xe9, g[6], g[7], 0xff, 0xff, 0x0f, 0x84, g[11], g[12], 0, 0})
		case 1: // x86 opcodes inside operands
			copy(g, []byte{0xe8, 0xe8, g[2], 0, 0, 0xe8, 0xff, 0xe9, 0, 0, 0xff, 0xe8})
		case 2: // ARM BL
			g[3], g[11] = 0xeb, 0xeb
		case 3: // ARM Thumb BL
			g[1], g[3], g[9], g[11] = 0xf1, 0xf9, 0xf7, 0xff
		case 4: // PowerPC BL
			g[0], g[3] = 0x48, g[3]&^3|1
		case 5: // SPARC CALL
			g[0], g[1], g[8], g[9] = 0x40, g[1]&0x3f, 0x7f, g[9]|0xc0
		case 6: // ARM64 BL and ADRP
			g[3], g[7], g[6] = 0x94, 0x90, g[6]&3
		case 7: // Itanium br.call in the last slot
			g[0], g[15], g[11] = 0x10, 0x50, g[11]&0xc0
		}
		out = append(out, g...)
	}
	return out
}

// mask hides what is stored.
const mask = 0x5a

// Hide encodes a file for testdata.
func Hide(b []byte) []byte {
	masked := make([]byte, len(b))
	for i, c := range b {
		masked[i] = c ^ mask
	}
	text := base64.StdEncoding.EncodeToString(masked)
	var out bytes.Buffer
	for len(text) > 76 {
		out.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	out.WriteString(text + "\n")
	return out.Bytes()
}

// File gives an archive of testdata; it panics when there is none.
func File(name string) []byte {
	text, err := files.ReadFile("testdata/" + name + ".b64")
	if err != nil {
		panic(err)
	}
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
	if err != nil {
		panic(err)
	}
	for i := range b {
		b[i] ^= mask
	}
	return b
}

// Names lists the archives of testdata.
func Names() []string {
	list, err := files.ReadDir("testdata")
	if err != nil {
		panic(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, strings.TrimSuffix(e.Name(), ".b64"))
	}
	return out
}
