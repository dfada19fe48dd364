package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/installer/installertest"
)

// wrapped writes an installer or another wrapper that has EICAR in it:
// wrapped KIND FILE. They are built here as no file of the tree may hold the
// test file in plain.
func wrapped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: wrapped KIND FILE")
	}
	file := installertest.File{Name: "eicar.com", Data: []byte(eicar())}
	var data []byte
	switch args[0] {
	case "nsis":
		data = installertest.NSIS{Method: "bzip2", Solid: true}.Program(file)
	case "nsis-blocks":
		data = installertest.NSIS{Method: "lzma"}.Program(file)
	case "script":
		data = append([]byte("#!/bin/sh\ntail -n +3 \"$0\" | tar xz; exit\n"), archivetest.Gzip("", archivetest.Tar(archivetest.Entry(file)))...)
	case "elf":
		data = append(installertest.ELF(true, binary.LittleEndian, make([]byte, 100)), archivetest.Tar(archivetest.Entry(file))...)
	case "pe":
		data = append(installertest.PE(make([]byte, 100)), archivetest.Gzip("eicar.com", file.Data)...)
	case "inno":
		file.Name = `{app}\eicar.com`
		data = installertest.Inno{Version: "6.1.0", Number: 60100, Unicode: true, Method: "lzma2", Packed: true}.Program(file)
	case "inno-locked":
		data = installertest.Inno{Version: "5.5.7", Number: 50507, Method: "zlib", Encrypted: true}.Program(file)
	case "pyinstaller":
		modules := installertest.File{Name: "PYZ-00.pyz", Data: installertest.PYZ(file)}
		data = installertest.PyInstaller("zb", modules, file)
	case "asar":
		data = installertest.Asar(file)
	case "appimage":
		data = append(installertest.ELF(true, binary.LittleEndian, make([]byte, 100)), installertest.SquashFS{Method: 1}.Image(file)...)
	case "tnef":
		data = installertest.TNEF(file)
	case "base64":
		data = fmt.Appendf(nil, "Here it is:\n\nbegin-base64 644 eicar.com\n%s\n====\n", base64.StdEncoding.EncodeToString(file.Data))
	default:
		ts.Fatalf("no wrapper of the kind %q", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
}
