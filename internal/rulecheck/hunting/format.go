package hunting

import (
	"bytes"
	"strings"
)

// magic is how files of a format begin.
type magic struct{ start, name string }

var documentMagic = []magic{
	{"\xd0\xcf\x11\xe0", "an old Office document"},
	{"%PDF", "a PDF document"},
	{"{\\rt", "an RTF document"},
	{"!BDN", "a mail store of Outlook"},
	{"\xff\xd8\xff", "an image"},
	{"\x89PNG", "an image"},
	{"GIF8", "an image"},
	{"II*\x00", "an image"},
	{"MM\x00*", "an image"},
	{"AC10", "a drawing"},
	{"SQLite format 3", "a database"},
	{"\x00\x01\x00\x00Standard", "a database"},
	{"BEGIN:VCARD", "an address book"},
	{"BEGIN:VCALENDAR", "a calendar"},
	{"\xe4\x52\x5c\x7b", "a OneNote notebook"},
	{"\xdb\xa5-\x00", "an old Word document"},
	{"\x09\x08\x10\x00", "a spreadsheet"},
	{"\x03\xd9\xa2\x9a", "a store of passwords"},
	{"From: ", "a mail message"},
	{"From ", "a mail folder"},
	{"Received: ", "a mail message"},
	{"Return-Path: ", "a mail message"},
	{"Message-ID: ", "a mail message"},
}

// documentParts stand in files of documents only, wherever.
const documentParts = `word/document	a Word document
word/_rels	a Word document
word/	a Word document
xl/workbook	a spreadsheet
xl/worksheets	a spreadsheet
ppt/slides	a presentation
ppt/presentation	a presentation
[content_types].xml	an Office document
docprops/	an Office document
opendocument.	an OpenDocument file
content.xml	an OpenDocument file
worddocument	a Word document
word.document	a Word document
microsoft word	a Word document
microsoft office word	a Word document
msworddoc	a Word document
powerpoint document	a presentation
mime-version:	a mail message
content-type: multipart	a mail message
content-type: message	a mail message
received: from	a mail message
return-path:	a mail message
message-id:	a mail message
in-reply-to:	a mail message
x-originating-ip	a mail message
subject:	a mail message
from:	a mail message
to:	a mail message
ipm.note	a mail message
__substg1.0	a mail message of Outlook
dc:creator	the properties of a document
cp:lastmodifiedby	the properties of a document
/author	the properties of a document
/producer	the properties of a document
%pdf-	a PDF document
%%eof	a PDF document
{\rtf	an RTF document
exif	an image
jfif	an image`

// programMagic is how files begin that are code. PE stands where MZ points at.
var programMagic = []string{"MZ", "\x7fELF", "\xfe\xed\xfa", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "dex\n", "#!/",
	"<?php", "PE\x00\x00", "L\x00\x00\x00", "\x00asm", "\x1bLua", "!<arch>"}

// documentStart tells which document begins with these bytes.
func documentStart(b []byte) string {
	for _, m := range documentMagic {
		if bytes.HasPrefix(b, []byte(m.start)) || len(b) >= 4 && strings.HasPrefix(m.start, string(b)) {
			return m.name
		}
	}
	return ""
}

// documentPart tells of which documents a text is a part.
func documentPart(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	for line := range strings.SplitSeq(documentParts, "\n") {
		part, name, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(text, part) && len(text) <= 2*len(part)+8 {
			return name
		}
	}
	return ""
}

// programStart reports whether a file that begins so is code. Two bytes are
// enough for MZ only.
func programStart(b []byte) bool {
	for _, start := range programMagic {
		if bytes.HasPrefix(b, []byte(start)) {
			return true
		}
	}
	return false
}

// extensions of documents, in names of files and in MIME types.
const documentExtensions = " doc docx docm dot dotx rtf odt ods odp odg xls xlsx xlsm xlsb csv ppt pptx pps pdf pst ost msg eml mbox " +
	"one txt md tex pages numbers key jpg jpeg png tif tiff gif heic bmp dwg dxf vsd vsdx mpp pub accdb mdb kdbx kdb gpg asc pem p12 pfx ppk " +
	"wallet zip rar 7z tar bak db sqlite ics vcf mp3 mp4 wav m4a ipa hwp wps xps djvu epub "

func documentExtension(name string) bool {
	name = strings.ToLower(strings.Trim(name, `.*$^\"' `))
	at := strings.LastIndexByte(name, '.') + 1
	return at < len(name) && strings.Contains(documentExtensions, " "+name[at:]+" ")
}

// documentMIME reports whether a MIME type, or what libmagic says of a file, is
// of documents.
func documentMIME(text string) bool {
	text = strings.ToLower(text)
	for _, word := range []string{"pdf", "msword", "officedocument", "opendocument", "ms-excel", "ms-powerpoint", "rtf", "rfc822",
		"image/", "text/plain", "outlook", "composite document", "microsoft word", "microsoft excel", "openxml"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
