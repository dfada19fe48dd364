package magic_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"vitrine/yara/internal/module/magic"
	"vitrine/yara/internal/module/moduletest"
)

var le = binary.LittleEndian

// one checks what a file is taken for. An empty name means undefined.
func one(t *testing.T, what string, data []byte, name, mime string) {
	t.Helper()
	show := func(s string) string {
		if s == "" {
			return "undefined"
		}
		return fmt.Sprintf("%q", s)
	}
	s := moduletest.Open(magic.Module(), data)
	for path, want := range map[string]string{"type()": show(name), "mime_type()": show(mime)} {
		if got := s.Eval(path); got != want {
			t.Errorf("%s: %s = %s, want %s", what, path, got, want)
		}
	}
}

// The names and types below are what file 5.44 says.

func TestText(t *testing.T) {
	for text, name := range map[string]string{
		"hello world\nsecond line\n": "ASCII text", "a b\r\nc d\r\n": "ASCII text, with CRLF line terminators",
		"a b\r\nc d\ne\r\n": "ASCII text, with CRLF, LF line terminators", "hello\rworld\r": "ASCII text, with CR line terminators",
		"no end": "ASCII text, with no line terminators", "héllo\n": "Unicode text, UTF-8 text",
		"\ufeffhello\n": "Unicode text, UTF-8 (with BOM) text", "\xff\xfeh\x00i\x00\r\x00\n\x00": "Unicode text, UTF-16, little-endian text, with CRLF line terminators",
		"\xfe\xff\x00h\x00i\x00\n": "Unicode text, UTF-16, big-endian text", "h\xe9llo\n": "ISO-8859 text",
		"h\x85llo \x93w\n":                      "Non-ISO extended-ASCII text, with LF, NEL line terminators",
		strings.Repeat("x y", 300) + "\n":       "ASCII text, with very long lines (900)",
		"\x1b[31mred\x1b[0m\n":                  "ASCII text, with escape sequences",
		"ab\bc\n":                               "ASCII text, with overstriking",
		strings.Repeat("x\n", 1<<15-1) + "yé\n": "Unicode text, UTF-8 text", // cut within the last character
	} {
		one(t, fmt.Sprintf("%.20q", text), []byte(text), name, "text/plain")
	}
	for _, data := range []string{"abc\x00def", "\x01\x02", "\xff\xfe\x00\x00", "a\x7f"} {
		one(t, fmt.Sprintf("%q", data), []byte(data), "", "")
	}
	one(t, "nothing", nil, "empty", "application/x-empty")
	one(t, "one byte", []byte("a"), "very short file (no magic)", "application/octet-stream")
}

func TestScripts(t *testing.T) {
	const shell = "text/x-shellscript"
	for line, want := range map[string][2]string{
		"/bin/sh": {"POSIX shell script", shell}, " /bin/sh -e": {"POSIX shell script", shell},
		"/usr/bin/sh": {"a /usr/bin/sh script", "text/plain"}, "/usr/bin/env sh": {"a sh script", "text/plain"},
		"/bin/bash": {"Bourne-Again shell script", shell}, "/usr/bin/env bash": {"Bourne-Again shell script", shell},
		"/usr/local/bin/bash": {"Bourne-Again shell script", shell}, "/bin/csh": {"C shell script", shell},
		"/bin/tcsh": {"Tenex C shell script", shell}, "/bin/ksh": {"Korn shell script", shell},
		"/bin/zsh": {"Paul Falstad's zsh script", shell}, "/bin/dash": {"a /bin/dash script", "text/plain"},
		"/usr/bin/python3": {"Python script", "text/x-script.python"}, "/usr/bin/env python3": {"Python script", "text/x-script.python"},
		"/usr/bin/env ruby": {"Ruby script", "text/x-ruby"}, "/usr/bin/lua": {"Lua script", "text/x-lua"},
		"/usr/bin/php": {"PHP script", "text/x-php"}, "/usr/bin/env php": {"a php script", "text/plain"},
		"/usr/bin/awk -f": {"awk script", "text/x-awk"}, "/opt/foo/bar -x": {"a /opt/foo/bar -x script", "text/plain"},
	} {
		one(t, line, []byte("#!"+line+"\ntext\n"), want[0]+", ASCII text executable", want[1])
	}
	one(t, "CRLF", []byte("#!/bin/sh\r\necho\r\n"), "POSIX shell script, ASCII text executable, with CRLF line terminators", shell)
	one(t, "perl", []byte("#!/usr/bin/env perl\n"), "Perl script text executable", "text/x-perl")
	one(t, "node", []byte("#!/usr/bin/env node\n"), "Node.js script executable, ASCII text", "application/javascript")
}

func TestLanguages(t *testing.T) {
	for text, want := range map[string][2]string{
		"<?php echo 1; ?>\n": {"PHP script, ASCII text", "text/x-php"}, "<!DOCTYPE html>\n<html>\n": {"HTML document, ASCII text", "text/html"},
		"<html>\n<body>é</body>\n":                           {"HTML document, Unicode text, UTF-8 text", "text/html"},
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n": {"XML 1.0 document, ASCII text", "text/xml"},
		"<?xml version=\"1.0\"?>\n<svg></svg>\n":             {"SVG Scalable Vector Graphics image", "image/svg+xml"},
		"{\"a\": [1, 2]}\n":                                  {"JSON text data", "application/json"},
		"{\"a\": [1, 2}\n":                                   {"ASCII text", "text/plain"},
		"@echo off\r\ndir\r\n":                               {"DOS batch file, ASCII text, with CRLF line terminators", "text/x-msdos-batch"},
		"From: a@b.c\nTo: d@e.f\n\nhi\n":                     {"news or mail, ASCII text", "message/rfc822"},
		"Received: from x\n\nhi\n":                           {"RFC 822 mail, ASCII text", "message/rfc822"},
		"REGEDIT4\r\n\r\n":                                   {"Windows Registry text (Win95 or above)", "text/x-ms-regedit"},
		"Windows Registry Editor Version 5.00\r\n":           {"Windows Registry text (Win2K or above)", "text/x-ms-regedit"},
		"-----BEGIN CERTIFICATE-----\nMIIB\n":                {"PEM certificate", "text/plain"},
		"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n":            {"PEM RSA private key", "text/plain"},
		`{\rtf1\ansi\ansicpg1252\deff0 x}`:                   {"Rich Text Format data, version 1, ANSI, code page 1252", "text/rtf"},
		`{\rtf1\mac x}`:                                      {"Rich Text Format data, version 1", "text/rtf"},
		"%!PS-Adobe-3.0\n":                                   {"PostScript document text conforming DSC level 3.0", "application/postscript"},
		"%PDF-1.4\n1 0 obj\n":                                {"PDF document, version 1.4", "application/pdf"},
		"%PDF-1.7\n<</Type/Pages/Count 3>>\n":                {"PDF document, version 1.7, 3 pages", "application/pdf"},
	} {
		one(t, fmt.Sprintf("%.24q", text), []byte(text), want[0], want[1])
	}
}

// entries makes local headers of an archive.
func entries(method uint16, names ...string) []byte {
	var b []byte
	for _, n := range names {
		b = append(le.AppendUint16(append(b, "PK\x03\x04\x14\x00\x00\x00"...), method), make([]byte, 16)...)
		b = append(le.AppendUint16(le.AppendUint16(b, uint16(len(n))), 0), n...)
		b = append(b, "contents"...)
	}
	return b
}

func TestZip(t *testing.T) {
	const office = "application/vnd.openxmlformats-officedocument."
	for name, c := range map[string]struct {
		data       []byte
		name, mime string
	}{
		"stored":    {entries(0, "a"), "Zip archive data, at least v2.0 to extract, compression method=store", "application/zip"},
		"deflated":  {entries(8, "a", "word/x"), "Zip archive data, at least v2.0 to extract, compression method=deflate", "application/zip"},
		"unknown":   {entries(99, "a"), "Zip archive data, at least v2.0 to extract", "application/zip"},
		"no name":   {[]byte("PK\x03\x04\x0a\x00" + strings.Repeat("\x00", 30)), "Zip archive data, at least v1.0 to extract, compression method=store", "application/zip"},
		"empty":     {[]byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "Zip archive data (empty)", "application/zip"},
		"docx":      {entries(8, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), "Microsoft Word 2007+", office + "wordprocessingml.document"},
		"xlsx":      {entries(8, "_rels/.rels", "xl/workbook.xml"), "Microsoft Excel 2007+", office + "spreadsheetml.sheet"},
		"pptx":      {entries(8, "docProps/app.xml", "ppt/presentation.xml"), "Microsoft PowerPoint 2007+", office + "presentationml.presentation"},
		"none such": {entries(8, "_rels/.rels", "other"), "Zip archive data, at least v2.0 to extract, compression method=deflate", "application/zip"},
		"apk":       {entries(8, "AndroidManifest.xml"), "Android package (APK), with AndroidManifest.xml", "application/vnd.android.package-archive"},
		"odt": {append(entries(0, "mimetype")[:38], "application/vnd.oasis.opendocument.textPK"...),
			"OpenDocument Text", "application/vnd.oasis.opendocument.text"},
		"jar": {bytes.Replace(entries(8, "META-INF/"), []byte("contents"), []byte("\xfe\xca\x00\x00"), 1), "Java archive data (JAR)", "application/java-archive"},
	} {
		one(t, name, c.data, c.name, c.mime)
	}
}

func TestCompressed(t *testing.T) {
	gz := func(flags, extra, system byte, name string) string {
		return "\x1f\x8b\x08" + string([]byte{flags, 0, 0xca, 0x9a, 0x3b, extra, system}) + name + "dataCRC3\x05\x00\x00\x00"
	}
	for data, want := range map[string][2]string{
		gz(8, 2, 255, "a\x00"): {`gzip compressed data, was "a", last modified: Sun Sep  9 01:46:40 2001, max compression, original size modulo 2^32 5`, "application/gzip"},
		gz(0, 4, 3, ""):        {`gzip compressed data, last modified: Sun Sep  9 01:46:40 2001, max speed, from Unix, original size modulo 2^32 5`, "application/gzip"},
		"BZh91AY":              {"bzip2 compressed data, block size = 900k", "application/x-bzip2"},
		"\xfd7zXZ\x00\x00\x04": {"XZ compressed data, checksum CRC64", "application/x-xz"},
		"]\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff": {"LZMA compressed data, streamed", "application/x-lzma"},
		"\x28\xb5\x2f\xfd\x04\x58":                          {"Zstandard compressed data (v0.8+), Dictionary ID: None", "application/zstd"},
		"\x04\x22\x4d\x18\x64":                              {"LZ4 compressed data (v1.4+)", "application/x-lz4"},
	} {
		one(t, fmt.Sprintf("%.8q", data), []byte(data), want[0], want[1])
	}
}

func TestTable(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	for data, want := range map[string][2]string{
		"Rar!\x1a\x07\x01\x00": {"RAR archive data, v5", "application/x-rar"}, "Rar!\x1a\x07\x00": {"RAR archive data", "application/x-rar"},
		"7z\xbc\xaf\x27\x1c\x00\x04":           {"7-zip archive data, version 0.4", "application/x-7z-compressed"},
		"!<arch>\nfoo":                         {"current ar archive", "application/x-archive"},
		"!<arch>\ndebian-binary   0":           {"Debian binary package (format 2.0)", "application/vnd.debian.binary-package"},
		zeros(257) + "ustar\x0000":             {"POSIX tar archive", "application/x-tar"},
		zeros(257) + "ustar  \x00":             {"POSIX tar archive (GNU)", "application/x-tar"},
		"\xed\xab\xee\xdb\x03\x00\x00\x00":     {"RPM v3.0 bin", "application/x-rpm"},
		"dex\n035\x00":                         {"Dalvik dex file version 035", "application/octet-stream"},
		zeros(32769) + "CD001" + zeros(100):    {"ISO 9660 CD-ROM filesystem data", "application/x-iso9660-image"},
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00": {"Composite Document File V2 Document", "application/x-ole-storage"},
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00": {"Composite Document File V2 Document", "application/msword"},
		"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x20\x08\x06\x00\x00\x00":      {"PNG image data, 16 x 32, 8-bit/color RGBA, non-interlaced", "image/png"},
		"GIF89a\x0a\x00\x14\x00":                       {"GIF image data, version 89a, 10 x 20", "image/gif"},
		"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01": {"JPEG image data, JFIF standard 1.01", "image/jpeg"},
		"RIFF\x00\x00\x00\x00WEBP":                     {"RIFF (little-endian) data, Web/P image", "image/webp"},
		"II*\x00\x08\x00":                              {"TIFF image data, little-endian", "image/tiff"},
		"\xca\xfe\xba\xbe\x00\x00\x00\x34":             {"compiled Java class data, version 52.0 (Java 1.8)", "application/x-java-applet"},
		"\xca\xfe\xba\xbe\x00\x00\x00\x02":             {"Mach-O universal binary with 2 architectures", "application/x-mach-binary"},
		"\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x20\x00\x00\x00\x85\x00\x20\x00": {
			"Mach-O 64-bit x86_64 executable, flags:<NOUNDEFS|DYLDLINK|TWOLEVEL|PIE>", "application/x-mach-binary"},
		"\xce\xfa\xed\xfe\x07\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x20\x00\x00\x00\x00\x00\x20\x00": {
			"Mach-O i386 executable, flags:<|PIE>", "application/x-mach-binary"},
	} {
		one(t, fmt.Sprintf("%.12q", strings.TrimLeft(data, "\x00")), []byte(data), want[0], want[1])
	}
}

func TestDOS(t *testing.T) {
	pe := func(wide bool, machine, flags, subsystem, sections uint16, first string, managed bool) []byte {
		b := append([]byte("MZ"), make([]byte, 400)...)
		b[0x3c] = 0x40
		copy(b[0x40:], "PE\x00\x00")
		le.PutUint16(b[0x44:], machine)
		le.PutUint16(b[0x46:], sections)
		le.PutUint16(b[0x56:], flags)
		le.PutUint16(b[0x58:], 0x10b)
		directory, names := 0x40+0xe8, 0x40+0xf8
		if wide {
			le.PutUint16(b[0x58:], 0x20b)
			directory, names = directory+16, names+16
		}
		le.PutUint16(b[0x40+92:], subsystem)
		if managed {
			b[directory] = 1
		}
		copy(b[names:], first)
		return b
	}
	for _, c := range []struct {
		data []byte
		name string
	}{
		{pe(false, 0x14c, 0x102, 2, 4, ".text", false), "PE32 executable (GUI) Intel 80386, for MS Windows, 4 sections"},
		{pe(false, 0x14c, 0x302, 3, 7, ".text", false), "PE32 executable (console) Intel 80386 (stripped to external PDB), for MS Windows, 7 sections"},
		{pe(true, 0x8664, 0x2022, 3, 6, ".text", true), "PE32+ executable (DLL) (console) x86-64 Mono/.Net assembly, for MS Windows, 6 sections"},
		{pe(false, 0x14c, 0x2102, 2, 3, "UPX0", false), "PE32 executable (DLL) (GUI) Intel 80386, for MS Windows, UPX compressed, 3 sections"},
		{pe(true, 0xaa64, 0x22, 10, 1, ".text", false), "PE32+ executable (EFI application) Aarch64, for MS Windows, 1 section"},
	} {
		one(t, c.name, c.data, c.name, "application/vnd.microsoft.portable-executable")
	}
	one(t, "no PE header", append([]byte("MZ"), make([]byte, 100)...), "MS-DOS executable", "application/x-dosexec")
}
