package tnef

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/installer/installertest"
	"vitrine/internal/engine/limit"
)

// got keeps what a walk hands out.
type got struct {
	names, parts []string
	problems     []error
}

func (g *got) Whole(name string, data []byte) error {
	g.names, g.parts = append(g.names, name), append(g.parts, string(data))
	return nil
}

func (g *got) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(r)
	if err != nil {
		g.problems = append(g.problems, err)
	}
	return g.Whole(name, data)
}

func (g *got) Problem(err error) { g.problems = append(g.problems, err) }

func walk(t testing.TB, data []byte) *got {
	t.Helper()
	b := limit.NewBudget(limit.Config{})
	b.Begin(context.Background(), int64(len(data)))
	g := &got{}
	if err := Walk(data, b, g); err != nil {
		t.Errorf("walk: %v", err)
	}
	return g
}

func attribute(level byte, id uint32, value string) []byte {
	return installertest.TNEFAttribute(level, id, []byte(value))
}

func message(parts ...[]byte) []byte {
	return append(installertest.TNEFHead(), bytes.Join(parts, nil)...)
}

// named is a property with a name of its own; by is what follows its class.
func named(kind uint16, by, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, 0x8001)
	return append(append(append(b, make([]byte, 16)...), by...), value...)
}

// rtfText is "hello hello": five bytes, a blank, and a match of five at the
// place where they were put, behind the 207 that are there at first.
func rtfText(end bool) []byte {
	body := []byte{0x40, 'h', 'e', 'l', 'l', 'o', ' ', 207 >> 4, 207&15<<4 | 3, '!'}
	if end {
		at := 207 + 6 + 5 + 1
		body = append(body, 1, byte(at>>4), byte(at&15<<4))
	}
	return rtfHeader("LZFu", body)
}

func rtfHeader(magic string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+12))
	b = binary.LittleEndian.AppendUint32(b, 12)
	return append(append(append(b, magic...), 0, 0, 0, 0), body...)
}

func TestWalk(t *testing.T) {
	props := installertest.Properties
	p := func(id, kind uint16, value string) installertest.Property {
		return installertest.Property{ID: id, Kind: kind, Value: []byte(value)}
	}
	many := props(p(0x3000, 3, "\x01\x00\x00\x00"), p(0x3001, 0x1003, "\x02\x00\x00\x00aaaabbbb"), p(0x3002, 2, "\x07\x00"), p(0x3003, 0x40, "12345678"),
		p(0x3004, 0x48, "1234567812345678"), p(0x3005, 1, ""), p(0x1000, 0x1e, "the body"))
	withNames := append([]byte{3, 0, 0, 0}, named(3, []byte{0, 0, 0, 0, 9, 9, 9, 9}, []byte("1234"))...)
	withNames = append(withNames, named(0x0b, []byte{1, 0, 0, 0, 6, 0, 0, 0, 'a', 0, 'b', 0, 0, 0, 0, 0}, []byte{1, 0, 0, 0})...)
	withNames = append(withNames, props(p(0x1013, 0x102, "<p>"))[4:]...)
	inner := installertest.TNEF(installertest.File{Name: "in.txt", Data: []byte("in")})
	for _, tt := range []struct {
		name    string
		data    []byte
		want    []string // names and contents in turn
		problem string
	}{
		{"attachments", installertest.TNEF(installertest.File{Name: "long name.txt", Data: []byte("one")}, installertest.File{Name: `C:\x\two.exe`, Data: []byte("MZ")}),
			[]string{"long name.txt", "one", "two.exe", "MZ"}, ""},
		{"title only", message(attribute(2, attRendering, ""), attribute(2, attTitle, "t.doc\x00"), attribute(2, attData, "d")), []string{"t.doc", "d"}, ""},
		{"no name", message(attribute(2, attRendering, ""), attribute(2, attData, "d")), []string{"attachment 1", "d"}, ""},
		{"no beginning", message(attribute(2, attData, "d"), attribute(2, attMetaFile, "m")), []string{"attachment 1", "d", "attachment 1.wmf", "m"}, ""},
		{"bodies", message(attribute(1, attSubject, "s\x00"), attribute(1, attBody, "b"), attribute(1, attMessage, string(many))),
			[]string{"subject.txt", "s", "body.txt", "b", "body.txt", "the body"}, ""},
		{"names of properties", message(attribute(1, attMessage, string(withNames))), []string{"body.html", "<p>"}, ""},
		{"RTF", message(attribute(1, attMessage, string(props(p(propRTF, 0x102, string(rtfText(true))))))), []string{"body.rtf", "hello hello!"}, ""},
		{"RTF without an end", message(attribute(1, attMessage, string(props(p(propRTF, 0x102, string(rtfText(false))))))), []string{"body.rtf", "hello hello!"}, "EOF"},
		{"plain RTF", message(attribute(1, attMessage, string(props(p(propRTF, 0x102, string(rtfHeader("MELA", []byte("{\\rtf}")))))))), []string{"body.rtf", "{\\rtf}"}, ""},
		{"other RTF", message(attribute(1, attMessage, string(props(p(propRTF, 0x102, "{\\rtf1 just so}"+"..."))))), []string{"body.rtf", "{\\rtf1 just so}..."}, ""},
		{"short RTF", message(attribute(1, attMessage, string(props(p(propRTF, 0x102, "abc"))))), nil, "no header"},
		{"enclosed message", message(attribute(2, attAttachment, string(props(p(propData, kindObject, "0123456789abcdef"+string(inner)), p(propName, 0x1e, "m.msg\x00"))))),
			[]string{"m.msg", string(inner)}, ""},
		{"cut off", message(attribute(2, attData, "0123456789"))[:30+len(installertest.TNEFHead())-16], []string{"attachment 1", "01234"}, "10 bytes is cut off, 5 are there"},
		{"no attribute", message([]byte("this is something else")), nil, "no attribute"},
		{"unknown kind", message(attribute(1, attMessage, string(props(p(0x3000, 0x99, "1234"), p(propBody, 0x1e, "b"))))), nil, "unknown kind 0x99"},
		{"4 GB of values", message(attribute(1, attMessage, "\xff\xff\xff\xff\x1e\x00\x00\x10\xff\xff\xff\xff\xff\xff\xff\xffabcd")), []string{"body.txt", "abcd"}, "properties is cut off"},
		{"4 G values of nothing", message(attribute(1, attMessage, "\xff\xff\xff\xff\x01\x10\x00\x30\xff\xff\xff\xff")), nil, ""},
	} {
		g := walk(t, tt.data)
		var turns []string
		for i, n := range g.names {
			turns = append(turns, n, g.parts[i])
		}
		if !slices.Equal(turns, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, turns, tt.want)
		}
		all := errors.Join(g.problems...)
		if (all == nil) != (tt.problem == "") || all != nil && !strings.Contains(all.Error(), tt.problem) {
			t.Errorf("%s: problems %v, want %q", tt.name, all, tt.problem)
		}
	}
}

func TestBegins(t *testing.T) {
	if data := installertest.TNEF(); !Begins(data) || Begins(data[:8]) || Begins(data[1:]) {
		t.Error("Begins is wrong")
	}
	if len(preset) != 207 {
		t.Errorf("the dictionary begins with %d bytes", len(preset))
	}
}

// TestPeer lets another reader read what our writer wrote.
func TestPeer(t *testing.T) {
	if _, err := exec.LookPath("tnef"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("tnef is not installed")
		}
		t.Skip("tnef is not installed: our writer was not held against another reader")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "winmail.dat")
	if err := os.WriteFile(path, installertest.TNEF(installertest.File{Name: "long name.txt", Data: []byte("one")}), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tnef", "-C", dir, path).CombinedOutput(); err != nil {
		t.Fatalf("tnef: %v\n%s", err, out)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "long name.txt")); err != nil || string(data) != "one" {
		t.Errorf("got %q, %v", data, err)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(installertest.TNEF(installertest.File{Name: "a", Data: []byte("b")}))
	f.Add(message(attribute(1, attMessage, string(installertest.Properties(installertest.Property{ID: propRTF, Kind: 0x102, Value: rtfText(true)})))))
	f.Fuzz(func(t *testing.T, data []byte) { walk(t, data) })
}

// TestRTFExample is the one of [MS-OXRTFCP] 3.1.
func TestRTFExample(t *testing.T) {
	data, err := hex.DecodeString("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := newRTF(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"; string(got) != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
