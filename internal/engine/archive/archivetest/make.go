//go:build ignore

// Command make writes the archives of testdata with the programs 7z, xz, zstd,
// lz4, bzip2, cpio, ar and tar. It is run by hand, in this folder:
//
//	go run make.go
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vitrine/internal/engine/archive/archivetest"
)

// dir holds the files that are packed.
var dir string

func main() {
	var err error
	if dir, err = os.MkdirTemp("", "make"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	put("numbers.txt", archivetest.Numbers())
	put("branches.bin", archivetest.Branches())
	put("d/eicar.txt", archivetest.EICAR())
	put("d/empty", nil)
	put(long, archivetest.Numbers()[:200])
	put("a name that is longer than what a header of ar has room for.txt", archivetest.Numbers()[:100])
	for name, options := range sevenZips {
		run("7z a -t7z -mtm=off -mx=5 "+options+" out.7z", "7z")
		keep(name+".7z", "out.7z")
	}
	for name, options := range zips {
		run("7z a -tzip -mtm=off "+options+" out.zip", "zip")
		keep(name+".zip", "out.zip")
	}
	for name, line := range streams {
		out := run(line, name)
		archive(name, out)
	}
	run("ar rcD out.a numbers.txt 'a name that is longer than what a header of ar has room for.txt'", "ar")
	keep("gnu.a", "out.a")
}

const both = " numbers.txt d"

// long is a path that needs the extensions of tar.
var long = "deep/" + strings.Repeat("longer/", 20) + "numbers.txt"

var sevenZips = map[string]string{
	"copy":       "-mx=0",
	"lzma":       "-m0=LZMA",
	"lzma2":      "-m0=LZMA2",
	"ppmd":       "-m0=PPMd",
	"deflate":    "-m0=Deflate",
	"deflate64":  "-m0=Deflate64",
	"bzip2":      "-m0=BZip2",
	"delta":      "-m0=Delta:3 -m1=LZMA",
	"bcj":        "-m0=BCJ -m1=LZMA",
	"bcj2":       "-m0=BCJ2 -m1=LZMA -m2=LZMA -m3=LZMA -mb0:1 -mb0s1:2 -mb0s2:3",
	"arm":        "-m0=ARM -m1=LZMA",
	"armt":       "-m0=ARMT -m1=LZMA",
	"ppc":        "-m0=PPC -m1=LZMA",
	"sparc":      "-m0=SPARC -m1=LZMA",
	"ia64":       "-m0=IA64 -m1=LZMA",
	"arm64":      "-m0=ARM64 -m1=LZMA",
	"notsolid":   "-ms=off",
	"infected":   "-pinfected",
	"infectedhe": "-pinfected -mhe=on",
	"secret":     "-psecret",
}

var zips = map[string]string{
	"deflate":   "-mm=Deflate",
	"deflate64": "-mm=Deflate64",
	"bzip2":     "-mm=BZip2",
	"lzma":      "-mm=LZMA",
	"ppmd":      "-mm=PPMd",
	"store":     "-mm=Copy",
	"crypto":    "-pinfected -mem=ZipCrypto",
	"cryptov":   "-pvirus -mem=ZipCrypto -mm=Copy",
	"aes128":    "-pinfected -mem=AES128",
	"aes192":    "-pinfected -mem=AES192",
	"aes256":    "-pinfected -mem=AES256",
	"secret":    "-psecret -mem=AES256",
}

var streams = map[string]string{
	"numbers.bz2":     "bzip2 -c numbers.txt",
	"numbers.xz":      "xz -c numbers.txt",
	"none.xz":         "xz --check=none -c numbers.txt",
	"crc32.xz":        "xz --check=crc32 --block-size=2000 -c numbers.txt",
	"sha256.xz":       "xz --check=sha256 -c numbers.txt",
	"delta.xz":        "xz --delta=dist=2 --lzma2 -c branches.bin",
	"x86.xz":          "xz --x86 --lzma2 -c branches.bin",
	"arm.xz":          "xz --arm --lzma2 -c branches.bin",
	"armt.xz":         "xz --armthumb --lzma2 -c branches.bin",
	"arm64.xz":        "xz --arm64 --lzma2 -c branches.bin",
	"ppc.xz":          "xz --powerpc --lzma2 -c branches.bin",
	"sparc.xz":        "xz --sparc --lzma2 -c branches.bin",
	"ia64.xz":         "xz --ia64 --lzma2 -c branches.bin",
	"start.xz":        "xz --x86=start=4096 --lzma2 -c branches.bin",
	"numbers.lzma":    "xz --format=lzma -c numbers.txt",
	"numbers.zst":     "zstd -c numbers.txt",
	"stdin.zst":       "cat numbers.txt | zstd -c --no-check",
	"numbers.lz4":     "lz4 -c numbers.txt",
	"linked.lz4":      "lz4 -BD -B4 --content-size -BX -c numbers.txt",
	"legacy.lz4":      "lz4 -l -c numbers.txt",
	"newc.cpio":       "find d | sort | cpio -o -H newc --quiet --reproducible",
	"crc.cpio":        "find d | sort | cpio -o -H crc --quiet --reproducible",
	"odc.cpio":        "find d | sort | cpio -o -H odc --quiet --reproducible",
	"bin.cpio":        "find d | sort | cpio -o -H bin --quiet --reproducible",
	"v7.tar":          "tar -b1 --format=v7 --owner=0 --group=0 --mtime=@0 -c d",
	"ustar.tar":       "tar -b1 --format=ustar --owner=0 --group=0 --mtime=@0 -c d/eicar.txt " + long,
	"gnu.tar":         "tar -b1 --format=gnu --owner=0 --group=0 --mtime=@0 -c d/eicar.txt " + long,
	"pax.tar":         "tar -b1 --format=pax --owner=0 --group=0 --mtime=@0 -c d/eicar.txt " + long,
	"sparsegnu.tar":   sparse + "tar -b1 --format=gnu -S --owner=0 --group=0 --mtime=@0 -c holes",
	"sparsepax00.tar": sparse + "tar -b1 --format=pax --sparse-version=0.0 -S --owner=0 --group=0 --mtime=@0 -c holes",
	"sparsepax01.tar": sparse + "tar -b1 --format=pax --sparse-version=0.1 -S --owner=0 --group=0 --mtime=@0 -c holes",
	"sparsepax10.tar": sparse + "tar -b1 --format=pax --sparse-version=1.0 -S --owner=0 --group=0 --mtime=@0 -c holes",
	"sparsemany.tar":  sparse + "for i in 1 2 3 4 5 6; do printf $i | dd of=holes bs=1 seek=$((i*131072)) conv=notrunc status=none; done; tar -b1 --format=gnu -S --owner=0 --group=0 --mtime=@0 -c holes",
}

// sparse makes a file with holes: 64 KiB of nothing, the test file, and 64 KiB
// of nothing again.
const sparse = "rm -f holes; truncate -s 65536 holes; cat d/eicar.txt >> holes; truncate -s 131140 holes; "

func put(name string, data []byte) {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		panic(err)
	}
}

func run(line, what string) []byte {
	packed := both
	if strings.Contains(line, "BCJ") || strings.Contains(line, "ARM") || strings.Contains(line, "PPC") ||
		strings.Contains(line, "SPARC") || strings.Contains(line, "IA64") {
		packed = " branches.bin"
	}
	if what == "7z" || what == "zip" {
		line = "rm -f out.*; " + line + packed + " >/dev/null"
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		panic(fmt.Sprintf("%s: %v: %s", line, err, errs.String()))
	}
	return out
}

func keep(name, from string) {
	b, err := os.ReadFile(filepath.Join(dir, from))
	if err != nil {
		panic(err)
	}
	archive(name, b)
}

func archive(name string, b []byte) {
	if err := os.WriteFile(filepath.Join("testdata", name+".b64"), archivetest.Hide(b), 0o644); err != nil {
		panic(err)
	}
}
