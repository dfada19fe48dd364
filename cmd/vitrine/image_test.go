package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/document/documenttest"
)

// image FILE MEMBER writes a file that holds the member under its base name: a
// cabinet, a disc image, a Windows installer with a cabinet, or a program that
// carries one, as the ending of the name says.
func image(ts *testscript.TestScript, neg bool, args []string) {
	member := []byte(ts.ReadFile(args[1]))
	name := filepath.Base(args[1])
	cabinet := func(method uint16) []byte {
		other := cabtest.File{Name: "numbers.bin", Data: bytes.Repeat([]byte("0123456789"), 5000)}
		return cabtest.Cabinet(cabtest.Folder{Method: method, Files: []cabtest.File{other, {Name: name, Data: member}}})
	}
	files := []disctest.File{{Path: "read.me", Data: []byte("hello")}, {Path: "setup/" + name, Data: member}}
	var data []byte
	switch filepath.Ext(args[0]) {
	case ".cab":
		data = cabinet(cabtest.MSZIP)
	case ".iso":
		data = disctest.ISO{Joliet: true}.Image(files...)
	case ".udf":
		data = disctest.UDF{Kind: disctest.Metadata, Form: disctest.Long, New: true}.Image(files...)
	case ".msi":
		class := [16]byte{0x84, 0x10, 0x0c, 8: 0xc0, 15: 0x46}
		data = documenttest.Compound(class, documenttest.Stream{Path: installerName("media1.cab"), Data: cabinet(cabtest.LZX | 18<<8)})
	case ".exe":
		data = slices.Concat([]byte("MZ"), bytes.Repeat([]byte("program "), 1000), cabinet(cabtest.LZX|15<<8), []byte("the end"))
	default:
		ts.Fatalf("no image is written to %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// installerName encodes the name of a stream as Windows installers do: two
// letters in one character. The name has an even number of them.
func installerName(name string) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
	var out []rune
	for ; len(name) > 1; name = name[2:] {
		out = append(out, rune(0x3800+bytes.IndexByte([]byte(letters), name[0])+bytes.IndexByte([]byte(letters), name[1])<<6))
	}
	return string(out)
}
