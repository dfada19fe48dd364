package magic

import (
	"bytes"
	"fmt"
	"regexp"
)

const (
	oleLook = 1 << 22 // bytes of a compound file searched for the name of its main part
	pdfLook = 1 << 12
)

var pageCount = regexp.MustCompile(`/Count (\d+)`)

// documents are the older formats of office programs, and PDF.
func documents(data []byte) kind {
	switch {
	case at(data, 0, "%PDF-") && len(data) >= 8:
		name := fmt.Sprintf("PDF document, version %s", data[5:8])
		if m := pageCount.FindSubmatch(data[:min(len(data), pdfLook)]); m != nil {
			name += fmt.Sprintf(", %s pages", m[1])
		}
		return kind{name, "application/pdf"}
	case at(data, 0, `{\rtf`) && len(data) > 5:
		return kind{"Rich Text Format data, version " + string(data[5:6]) + rtfDetails(data), "text/rtf"}
	case at(data, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return kind{"Composite Document File V2 Document", oleMime(data)}
	case at(data, 0, "%!PS-Adobe-") && len(data) >= 14:
		return kind{"PostScript document text conforming DSC level " + string(data[11:14]), "application/postscript"}
	}
	return kind{}
}

var rtfCharset = regexp.MustCompile(`^\{\\rtf\d?\\ansi(?:\\ansicpg(\d+))?`)

func rtfDetails(data []byte) string {
	m := rtfCharset.FindSubmatch(data[:min(len(data), 64)])
	switch {
	case m == nil:
		return ""
	case m[1] == nil:
		return ", ANSI"
	}
	return ", ANSI, code page " + string(m[1])
}

// oleMime looks for the part that a document of each program must have.
func oleMime(data []byte) string {
	data = data[:min(len(data), oleLook)]
	for _, p := range [][2]string{{"WordDocument", "application/msword"}, {"Workbook", "application/vnd.ms-excel"},
		{"PowerPoint Document", "application/vnd.ms-powerpoint"}, {"__properties_version1.0", "application/vnd.ms-outlook"}} {
		name := make([]byte, 0, 2*len(p[0]))
		for i := range len(p[0]) {
			name = append(name, p[0][i], 0)
		}
		if bytes.Contains(data, name) {
			return p[1]
		}
	}
	return "application/x-ole-storage"
}
