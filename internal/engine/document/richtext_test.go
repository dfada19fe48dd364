package document

import (
	"encoding/binary"
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
)

// object is an embedded object with its header, in hex.
func object(class string, data []byte) string {
	b := []byte("\x01\x05\x00\x00\x02\x00\x00\x00")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(class)+1))
	b = append(b, class+"\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return hexOf(string(append(b, data...)))
}

func TestRTFObjects(t *testing.T) {
	macros := compoundOf(documenttest.Project("", modules...)...)
	k := take(t, []byte(`{\rtf1 text{\object\objemb\objupdate{\*\objdata `+object("Word.Document.8", macros)+`}}`+
		`{\object{\*\objdata `+object("Package", documenttest.Package(`C:\x\run.vbs`, []byte("MsgBox 1")))+`}}{\objdata 68656c6c6f}}`))
	k.wantProblems(t, "objects")
	for name, want := range map[string]string{"object 1 Word.Document.8": string(macros), "object 2/run.vbs": "MsgBox 1", "object 3": "hello"} {
		if got := k.get(t, name); got != want {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(want))
		}
	}
}

func TestRTFHostile(t *testing.T) {
	for name, text := range map[string]string{
		"names of 4 GB": `0105000002000000ffffffff41`, "cut in the names": `01050000020000000800000041`,
		"cut before the size": `010500000200000000000000000000000000000041`, "nothing": "",
	} {
		take(t, []byte(`{\rtf1{\objdata `+text+`}}`)).wantProblems(t, name)
	}
	if got := take(t, []byte(`{\rtf1{\objdata 01050000020000000000000000000000000000ffffffff41}}`)).parts; len(got) != 1 {
		t.Errorf("got %q", got)
	}
	k := take(t, []byte("{\\rtf1"+strings.Repeat("\\objdata 4", 5_000)+strings.Repeat(" ", 1<<20)))
	if len(k.lines) == 0 || !strings.HasPrefix(k.lines[0], "overlap") {
		t.Errorf("objects in each other: %.300q", k.lines)
	}
}
