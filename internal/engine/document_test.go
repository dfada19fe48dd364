package engine

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/document/documenttest"
)

// What a document holds is found under the name it has there.
func TestFindsInDocuments(t *testing.T) {
	eicar := archivetest.EICAR()
	project := documenttest.Project("", documenttest.Module{Name: "Module1", Source: "' " + string(eicar) + "\r\n"})
	macros := documenttest.Compound([16]byte{}, project...)
	doc := documenttest.Compound([16]byte{}, documenttest.Stream{Path: "ObjectPool/_1/\x01Ole10Native",
		Data: documenttest.Native(`C:\a.zip`, archivetest.Zip(entry("e", eicar)))})
	pdf := documenttest.PDF("<< /OpenAction 2 0 R >>", documenttest.ObjectStream(2, "<< /S /JavaScript /JS ("+escaped(eicar)+") >>"),
		"<< /F (a.zip) /EF << /F 4 0 R >> >>", documenttest.StreamObject("/Filter /FlateDecode", documenttest.Flate(string(archivetest.Zip(entry("e", eicar))))))
	tests := []struct {
		name string
		data []byte
		want []string
	}{
		{"pdf", pdf, []string{"eicar!a.zip!e", "eicar!obj 2.js", "eicar!(actions)"}},
		{"rtf", rtfOf(documenttest.Package(`C:\a.zip`, archivetest.Zip(entry("e", eicar)))), []string{"eicar!object 1/a.zip!e"}},
		{"docm", archivetest.Zip(entry("word/vbaProject.bin", macros)), []string{"eicar!word/vbaProject.bin!Module1"}},
		{"zip in a packaged object", doc, []string{"eicar!ObjectPool/_1/a.zip!e"}},
	}
	for _, tt := range tests {
		wantLines(t, tt.name, scanLines(t, tt.data, Config{}), tt.want...)
	}
}

// escaped writes a string as it stands between parentheses.
func escaped(b []byte) string {
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(string(b))
}

// rtfOf embeds a package.
func rtfOf(data []byte) []byte {
	head := binary.LittleEndian.AppendUint32([]byte("\x01\x05\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00Package\x00\x00\x00\x00\x00\x00\x00\x00\x00"), uint32(len(data)))
	return []byte(`{\rtf1{\object{\*\objdata ` + hex.EncodeToString(append(head, data...)) + `}}}`)
}
