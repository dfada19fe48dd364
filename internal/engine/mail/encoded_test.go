package mail

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"vitrine/internal/engine/limit"
)

// yencode writes data as the draft of yEnc says, in lines of 128.
func yencode(data []byte) string {
	var out bytes.Buffer
	for i, c := range data {
		if i > 0 && i%128 == 0 {
			out.WriteString("\r\n")
		}
		switch e := c + 42; e {
		case 0, '\n', '\r', '=':
			out.Write([]byte{'=', e + 64})
		default:
			out.WriteByte(e)
		}
	}
	return out.String()
}

func every() []byte {
	b := make([]byte, 512)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// undo reads a text as if it were yEnc.
func undo(s string) []byte {
	out := []byte(s)
	for i := range out {
		out[i] -= 42
	}
	return out
}

func TestEncoded(t *testing.T) {
	body := yencode(every())
	for _, tt := range []struct{ name, data, want string }{
		{"uuencode", "begin 644 a.bin\n%:&5L;&\\\n`\nend\n", "a.bin:hello"},
		{"uuencode in a text", "See below.\n\nbegin 644 a.bin\r\n%:&5L;&\\\r\n`\r\nend\r\n", "a.bin:hello"},
		{"uuencode without an end", "begin 644 a.bin\n%:&5L;&\\\n", "a.bin:hello"},
		{"base64", "begin-base64 644 b\naGVsbG8=\n====\nbegin 600 c\n\":&D \n`\nend\n", "b:hello|c:hi"},
		{"yEnc", "text\n=ybegin line=128 size=512 name=every byte.bin \r\n" + body + "\r\n=yend size=512\r\n", "every byte.bin:" + string(every())},
		{"part of yEnc", "=ybegin part=2 total=3 line=128 size=9999 name=x\r\n=ypart begin=1 end=512\r\n" + body + "\r\n=yend\r\n", "x (part 2):" + string(every())},
		{"yEnc without an end", "=ybegin line=128 size=2 name=x\n" + yencode([]byte("ab")), "x:ab"},
		{"yEnc without a name", "=ybegin line=128 size=2\nab", ""},
		{"only words", "First\nbegin 644 reading\nthis is a text\nend\n", ""},
		{"hidden behind a beginning", "begin 644 x\n%:&5L;&\\\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\n", "x:hello|a.bin:hello"},
		{"hidden behind words", "begin 644 x\nsome words\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\n", "a.bin:hello"},
		{"hidden behind yEnc", "=ybegin line=128 size=2 name=x\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\n=yend\n",
			"x:" + string(undo("begin 644 a.bin%:&5L;&\\`end")) + "|a.bin:hello"},
		{"blanks gone", "begin 644 a.bin\n%:&5L;&\\\n&\n`\nend\n", "a.bin:hello\x00\x00\x00\x00\x00\x00"},
		{"no mode", "begin 999 x\n%:&5L;&\\\n`\nend\n", ""},
		{"inside a line", "we begin 644 a.bin\n%:&5L;&\\\n`\nend\n", ""},
		{"nothing behind", "begin 644 a.bin", ""},
		{"not a text", "\x00\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\n", ""},
		{"far into a text", strings.Repeat("line\n", maxLead/5+1) + "begin 644 a.bin\n%:&5L;&\\\n`\nend\n", ""},
	} {
		if got := Encoded([]byte(tt.data)); got != (tt.want != "") {
			t.Errorf("%s: known: %v", tt.name, got)
		}
		if tt.want == "" {
			continue
		}
		b := limit.NewBudget(limit.Config{})
		b.Begin(context.Background(), int64(len(tt.data)))
		k := &taken{b: b}
		if err := WalkEncoded([]byte(tt.data), b, k); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := strings.Join(k.lines, "|"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEncodedInMail finds yEnc in the text of a mail, where the text alone is
// not known by it.
func TestEncodedInMail(t *testing.T) {
	got := take(top+"\n"+strings.Repeat("line\n", maxLead/5+1)+"=ybegin line=128 size=2 name=x\n"+yencode([]byte("ab"))+"\n=yend\n", 10)
	if !strings.HasSuffix(got, "|x:ab") {
		t.Errorf("got %q", got)
	}
}

func FuzzEncoded(f *testing.F) {
	f.Add([]byte("begin 644 a.bin\n%:&5L;&\\\n`\nend\n"))
	f.Add([]byte("=ybegin line=128 size=2 name=x\n" + yencode([]byte("ab"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxFiles: 100}})
		b.Begin(context.Background(), int64(len(data)))
		total := 0
		k := &taken{b: b}
		_ = WalkEncoded(data, b, k)
		for _, l := range k.lines {
			total += len(l)
		}
		if Encoded(data) && len(k.lines) == 0 {
			t.Error("known as coded, and nothing came out")
		}
		if total > (len(k.lines)+1)*(len(data)+200) {
			t.Errorf("%d bytes from %d", total, len(data))
		}
	})
}
