package document

import (
	"encoding/binary"
	"strings"
	"testing"
)

// section is a section file that keeps files, each with the size it claims.
func section(files ...string) []byte {
	out := append([]byte(oneNoteStart), make([]byte, 100)...)
	for _, f := range files {
		out = append(out, oneNoteFile...)
		out = binary.LittleEndian.AppendUint64(out, uint64(len(f)))
		out = append(append(out, make([]byte, 12)...), f...)
		out = append(out, make([]byte, 24)...)
	}
	return out
}

func TestOneNote(t *testing.T) {
	k := take(t, section("MsgBox 1", "", "<hta:application>"))
	k.wantProblems(t, "section")
	if k.get(t, "file 1") != "MsgBox 1" || k.get(t, "file 3") != "<hta:application>" || len(k.parts) != 2 {
		t.Errorf("got %q", k.parts)
	}
	take(t, section()).wantProblems(t, "empty")
}

func TestOneNoteHostile(t *testing.T) {
	data := section("one", "two")
	at := strings.Index(string(data), oneNoteFile) + 16
	binary.LittleEndian.PutUint64(data[at:], 1<<63)
	k := take(t, data)
	k.wantProblems(t, "huge", "damaged: onenote: file 1 is cut off: 27 bytes of 9223372036854775808 are there")
	if !strings.HasPrefix(k.get(t, "file 1"), "one") || k.get(t, "file 2") != "two" {
		t.Errorf("got %q", k.parts)
	}
	for n := range data {
		take(t, data[:n])
	}
}

func FuzzOneNote(f *testing.F) {
	f.Add(section("a", "b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for _, p := range take(t, append([]byte(oneNoteStart), data...)).parts {
			total += len(p.data)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of %d", total, len(data))
		}
	})
}
