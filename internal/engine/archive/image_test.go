package archive

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/document/documenttest"
)

func cabinetOf(name, data string) []byte {
	return cabtest.Cabinet(cabtest.Folder{Method: cabtest.LZX | 17<<8, Files: []cabtest.File{{Name: name, Data: []byte(data)}}})
}

func TestCabinets(t *testing.T) {
	one, two := cabinetOf("one", "first"), cabinetOf("two", "second")
	stub := append([]byte("MZ"), bytes.Repeat([]byte("stub "), 500)...)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"alone", one, "one:first |"},
		{"a signature behind it", slices.Concat(one, []byte("0\x82\x01\x00 a signature")), "one:first |"},
		{"another behind it", slices.Concat(one, make([]byte, 40), two), "one:first (trailing):MSCF\x00\x00\x00\x00 |"},
		{"of no size by its header", slices.Concat(one[:8], make([]byte, 4), one[12:]), "one:first |"},
		{"in a program", slices.Concat(stub, one, []byte("more of the program"), two, []byte("and its end")), "one:first two:second |"},
		{"its magic in a program", slices.Concat(stub, []byte("MSCF\x00\x00\x00\x00"), stub), "|"},
		{"cut off in a program", slices.Concat(stub, one[:len(one)-10]), "one: | damaged"},
	}
	for _, tt := range tests {
		if got := told(walkOne(t, tt.data)); got != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
	var parts []byte
	for range maxCabinets + 5 {
		parts = append(parts, one...)
	}
	if n := len(carriedCabinets(parts)); n != maxCabinets {
		t.Errorf("%d cabinets are looked at", n)
	}
}

// The cabinet of a Windows installer is a stream like others.
func TestCabinetInInstaller(t *testing.T) {
	class := [16]byte{0x84, 0x10, 0x0c, 8: 0xc0, 15: 0x46}
	// "Binary.tool" as installers write it: two letters in one character.
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
	mangled := func(s string) string {
		var out []rune
		for ; len(s) > 1; s = s[2:] {
			out = append(out, rune(0x3800+strings.IndexByte(letters, s[0])+strings.IndexByte(letters, s[1])<<6))
		}
		for _, c := range s {
			out = append(out, rune(0x4800+strings.IndexRune(letters, c)))
		}
		return string(out)
	}
	data := documenttest.Compound(class,
		documenttest.Stream{Path: mangled("media1.cab"), Data: cabinetOf("file.exe", "installed")},
		documenttest.Stream{Path: mangled("Binary.tool"), Data: []byte("run me")},
		documenttest.Stream{Path: "\u4840" + mangled("_StringData"), Data: []byte("NameProperty")})
	var paths []string
	for _, m := range walkOne(t, data).members {
		paths = append(paths, m.Name)
		if Identify(m.Data) == Cab {
			paths = append(paths, "!"+told(walkOne(t, m.Data)))
		}
	}
	slices.Sort(paths)
	if got := strings.Join(paths, " "); got != "!_StringData !file.exe:installe | Binary.tool media1.cab" {
		t.Errorf("got %q", got)
	}
}

func TestDiscs(t *testing.T) {
	files := []disctest.File{{Path: "dir/one", Data: []byte("first")}, {Path: "two", Data: []byte("second")}}
	iso := disctest.ISO{Joliet: true}.Image(files...)
	udf := disctest.UDF{}.Image(files...)
	// Both in one image; what is in the first begins at 2 MiB.
	bridge := append(bytes.Clone(udf), make([]byte, 2<<20-len(udf))...)
	bridge = append(bridge, disctest.ISO{First: 2 << 20 / disctest.Sector}.Image(disctest.File{Path: "three", Data: []byte("third")})...)
	copy(bridge[19*2048:], udf[16*2048:19*2048])
	copy(bridge[16*2048:], bridge[2<<20+16*2048:2<<20+19*2048])
	program := slices.Concat([]byte("MZ"), iso[2:])
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"iso", "two:second dir/one:first |", iso},
		{"udf", "two:second dir/one:first |", udf},
		{"both", "THREE:third two:second dir/one:first |", bridge},
		{"boot code before it", "two:second dir/one:first |", program},
		{"raw sectors", "(data track):\x00\x00\x00\x00\x00\x00\x00\x00 |", disctest.Raw(iso)},
	}
	for _, tt := range tests {
		got := told(walkOne(t, tt.data))
		if got != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
	for _, m := range walkOne(t, disctest.Raw(iso)).members {
		if !bytes.Equal(m.Data, iso) {
			t.Error("raw sectors are not read as they should be")
		}
	}
}
