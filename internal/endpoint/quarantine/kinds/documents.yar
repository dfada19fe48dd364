// What is people's own content, told by the content itself. Scanners run these
// rules over a file and over everything packed inside it. What is neither a
// program nor a container whose members are looked at in turn is held to be
// somebody's: a kind that is not known here is named "unknown".

// Printable: no control characters but those of text in the first kilobytes.
private rule printable
{
	condition:
		filesize > 0 and for all i in (0..2047) : (
			i >= filesize or uint8(i) >= 0x20 and uint8(i) != 0x7f or uint8(i) == 0x09 or uint8(i) == 0x0a or uint8(i) == 0x0d or uint8(i) == 0x0c or uint8(i) == 0x1b
		)
}

private rule elf { condition: uint32(0) == 0x464c457f }
private rule pe { condition: uint16(0) == 0x5a4d and filesize >= 64 }
private rule macho
{
	condition:
		uint32be(0) == 0xfeedface or uint32be(0) == 0xfeedfacf or uint32be(0) == 0xcefaedfe or uint32be(0) == 0xcffaedfe
}
private rule bytecode
{
	condition:
		uint32be(0) == 0xcafebabe // Java, and several Mach-O in one
		or uint32be(0) == 0x6465780a // Android
		or uint32be(0) == 0x0061736d // WebAssembly
		or uint32be(0) == 0x4243c0de // LLVM
		or uint16be(2) == 0x0d0a and filesize > 16 and uint16be(0) != 0x0000 and not printable // Python
}
private rule script
{
	strings:
		$php = "<?php" nocase
	condition:
		uint16be(0) == 0x2321 or $php at 0
}

// The file that scanners are tested with is text and nobody's own.
private rule test_file
{
	strings:
		$name = "EICAR-STANDARD"
	condition:
		filesize <= 128 and $name in (20..40)
}

private rule program { condition: elf or pe or macho or bytecode or script or test_file }

private rule container
{
	strings:
		$xz = { fd 37 7a 58 5a 00 }
		$sevenzip = { 37 7a bc af 27 1c }
		$rar = { 52 61 72 21 1a 07 }
		$tar = "ustar"
		$ar = "!<arch>\n"
		$cpio = /0707(01|02|07)/
		$iso = "CD001"
	condition:
		uint32be(0) == 0x504b0304 or uint32be(0) == 0x504b0506 or uint16be(0) == 0x1f8b
		or uint32be(0) == 0x28b52ffd or uint32be(0) == 0x04224d18 or uint32be(0) == 0x4d534346 or uint32be(0) == 0xedabeedb
		or uint16be(0) == 0x425a and uint8(2) == 0x68
		or $xz at 0 or $sevenzip at 0 or $rar at 0 or $ar at 0 or $cpio at 0 or $tar at 257 or $iso at 32769
}

private rule wide_text
{
	condition:
		uint16be(0) == 0xfffe or uint16be(0) == 0xfeff
		or filesize >= 16 and for all i in (0..7) : (uint8(i * 2 + 1) == 0 and uint8(i * 2) >= 0x09 and uint8(i * 2) < 0x7f)
		or filesize >= 16 and for all i in (0..7) : (uint8(i * 2) == 0 and uint8(i * 2 + 1) >= 0x09 and uint8(i * 2 + 1) < 0x7f)
}

rule pdf
{
	strings:
		$head = "%PDF-"
	condition:
		$head in (0..1024)
}

rule office
{
	strings:
		$types = "[Content_Types].xml"
		$word = "word/"
		$excel = "xl/"
		$powerpoint = "ppt/"
		$visio = "visio/"
	condition:
		uint32be(0) == 0x504b0304 and $types and any of ($word, $excel, $powerpoint, $visio)
}

rule opendocument
{
	strings:
		$type = "mimetypeapplication/vnd.oasis.opendocument"
		$sun = "mimetypeapplication/vnd.sun.xml"
	condition:
		uint32be(0) == 0x504b0304 and ($type at 30 or $sun at 30)
}

rule epub
{
	strings:
		$type = "mimetypeapplication/epub+zip"
	condition:
		$type at 30
}

rule compound_file { condition: uint32be(0) == 0xd0cf11e0 and uint32be(4) == 0xa1b11ae1 }

rule onenote { condition: uint32be(0) == 0xe4525c7b and uint32be(4) == 0x8cd8a74d }

rule rtf
{
	strings:
		$head = "{\\rt"
	condition:
		$head in (0..64)
}

rule postscript
{
	strings:
		$head = "%!PS"
	condition:
		$head at 0 or uint32be(0) == 0xc5d0d3c6
}

rule mail
{
	strings:
		$header = /(^|\n)(received|return-path|message-id|mime-version|delivered-to|from|subject): /i
		$mbox = "From "
	condition:
		not program and ($header in (0..4096) or $mbox at 0) or uint32be(0) == 0x789f3e22 or uint32be(0) == 0x2142444e
}

rule image
{
	strings:
		$heif = /ftyp(heic|heix|heim|heis|hevc|mif1|msf1|avif|avis|crx )/
		$webp = "WEBP"
		$photoshop = "8BPS"
	condition:
		uint16be(0) == 0xffd8 and uint8(2) == 0xff or uint32be(0) == 0x89504e47 or uint32be(0) == 0x47494638
		or uint32be(0) == 0x49492a00 or uint32be(0) == 0x4d4d002a or uint16be(0) == 0x424d and uint32(14) < 256 and filesize > 54
		or $heif at 4 or uint32be(0) == 0x52494646 and $webp at 8 or $photoshop at 0 or uint32be(0) == 0x0000000c
}

rule sound_or_film
{
	strings:
		$mp4 = "ftyp"
		$wave = "WAVE"
		$avi = "AVI "
	condition:
		$mp4 at 4 or uint32be(0) == 0x52494646 and ($wave at 8 or $avi at 8) or uint32be(0) == 0x4f676753
		or uint32be(0) == 0x1a45dfa3 or uint32be(0) == 0x664c6143 or uint16be(0) == 0x4944 and uint8(2) == 0x33
		or uint16be(0) & 0xffe6 == 0xffe2
}

rule database
{
	strings:
		$sqlite = "SQLite format 3\x00"
		$access = "Standard "
	condition:
		$sqlite at 0 or $access at 4
}

rule text { condition: (printable or wide_text) and not program }

rule unknown
{
	condition:
		filesize > 0 and not program and not container and not pdf and not office and not opendocument and not epub
		and not compound_file and not onenote and not rtf and not postscript and not mail and not image
		and not sound_or_film and not database and not text
}
