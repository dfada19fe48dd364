// Package object says what ClamAV's signatures ask of a file: which target
// type it has, where an executable's entry point and sections lie, and how its
// text reads once normalised. It decides by content alone, opens nothing and
// never fails: what is malformed has no layout.
package object

import "bytes"

// Target is one of ClamAV's target types.
type Target uint8

// The target types.
const (
	Any      Target = 0
	PE       Target = 1
	OLE2     Target = 2
	HTML     Target = 3
	Mail     Target = 4
	Graphics Target = 5
	ELF      Target = 6
	Text     Target = 7
	MachO    Target = 9
	PDF      Target = 10
	Flash    Target = 11
	Java     Target = 12
	Internal Target = 13
	Other    Target = 14

	Targets = 15 // types there are, 8 being unused
)

// start is what files of a type begin with. The first that fits counts.
type start struct {
	text   string
	target Target
}

func starts() []start {
	return []start{
		{"MZ", PE}, {"\x7fELF", ELF}, {"%PDF-", PDF}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE2},
		{"\xce\xfa\xed\xfe", MachO}, {"\xcf\xfa\xed\xfe", MachO}, {"\xfe\xed\xfa\xce", MachO}, {"\xfe\xed\xfa\xcf", MachO},
		{"FWS", Flash}, {"CWS", Flash}, {"ZWS", Flash},
		{"GIF", Graphics}, {"\x89PNG", Graphics}, {"\xff\xd8\xff", Graphics}, {"BM", Graphics}, {"II*\x00", Graphics},
		{"MM\x00*", Graphics}, {"\x00\x00\x00\x0cjP  \r\n\x87\n", Graphics},
		{">From ", Mail}, {"Date: ", Mail}, {"Delivered-To: ", Mail}, {"Delivery-date: ", Mail}, {"Envelope-to: ", Mail},
		{"For: ", Mail}, {"From ", Mail}, {"From: ", Mail}, {"Message-ID: ", Mail}, {"Message-Id: ", Mail},
		{"Received: ", Mail}, {"Received-SPF: ", Mail}, {"Return-Path: ", Mail}, {"Return-path: ", Mail},
		{"Subject: ", Mail}, {"To: ", Mail}, {"X-Apparently-To: ", Mail}, {"X-Envelope-From: ", Mail},
		{"X-Original-To: ", Mail}, {"X-Real-To: ", Mail}, {"X-Sieve: ", Mail}, {"X-UIDL: ", Mail},
	}
}

// Identifier tells the target types of files.
type Identifier struct{ starts []start }

// NewIdentifier makes an Identifier. It is safe for concurrent use.
func NewIdentifier() *Identifier { return &Identifier{starts: starts()} }

// sniff is how much of a file tells whether it is text.
const sniff = 64 << 10

// Identify gives the target type of a file.
func (id *Identifier) Identify(data []byte) Target {
	for _, s := range id.starts {
		if bytes.HasPrefix(data, []byte(s.text)) {
			return s.target
		}
	}
	if t := magicOfFour(data); t != Any {
		return t
	}
	head := data[:min(len(data), sniff)]
	if len(head) == 0 || !isText(head) {
		return Other
	}
	if looksHTML(data) {
		return HTML
	}
	return Text
}

// magicOfFour tells Java classes from fat Mach-O files, which begin alike: the
// second word is a version of at least 45 or a number of architectures.
func magicOfFour(data []byte) Target {
	if len(data) < 8 || !bytes.HasPrefix(data, []byte("\xca\xfe\xba\xbe")) {
		return Any
	}
	if data[4] == 0 && data[5] == 0 && data[6] == 0 && data[7] < 40 {
		return MachO
	}
	return Java
}

// isText tells text by the absence of control characters that no text has; an
// UTF-16 file is text for its byte order mark.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	for _, c := range head {
		if c < 0x20 && !(c >= 7 && c <= 13) && c != 27 {
			return false
		}
	}
	return true
}

// tags are what makes ClamAV take text for HTML.
func tags() []string {
	return []string{"html", "head", "iframe", "img", "object", "script", "table", "a href", "body", "title"}
}

// looksHTML looks for one of the tags in upper, lower or title case, which is
// all that ClamAV takes.
func looksHTML(data []byte) bool {
	for rest := data; ; {
		at := bytes.IndexByte(rest, '<')
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
		for _, tag := range tags() {
			if len(rest) > len(tag) && bytes.EqualFold(rest[:len(tag)], []byte(tag)) && ends(tag, rest[len(tag)]) {
				return true
			}
		}
	}
}

func ends(tag string, c byte) bool {
	return tag == "a href" || c == '>' || c == '/' || c == ' ' || c >= 9 && c <= 13
}
