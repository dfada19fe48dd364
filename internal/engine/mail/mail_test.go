package mail

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	"vitrine/internal/engine/limit"
)

// taken is a Sink that keeps what it is given, a line for each part.
type taken struct {
	b     *limit.Budget
	lines []string
}

func (k *taken) Whole(name string, data []byte) error {
	if err := k.b.AddFile(); err != nil {
		return err
	}
	k.lines = append(k.lines, name+":"+string(data))
	return nil
}

func (k *taken) Decoded(name string, r io.Reader, _ int) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return k.Whole(name, data)
}

func (k *taken) Problem(err error) { k.lines = append(k.lines, "!"+string(limit.Of(err).Reason)) }

// take walks a mail and gives what came out, one line for each part.
func take(data string, most int) string {
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxFiles: most}})
	b.Begin(context.Background(), int64(len(data)))
	k := &taken{b: b}
	if err := Walk([]byte(data), b, k); err != nil {
		k.lines = append(k.lines, "end:"+string(limit.Of(err).Reason))
	}
	return strings.Join(k.lines, "|")
}

const top = "From: a@example.org\nTo: b@example.org\nSubject: x\n"

// mixed joins parts with a boundary; each begins with its header.
func mixed(boundary string, parts ...string) string {
	out := "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\n\npreamble\n"
	for _, p := range parts {
		out += "--" + boundary + "\n" + p + "\n"
	}
	return out + "--" + boundary + "--\nepilogue\n"
}

func attached(name, data string) string {
	return "Content-Type: application/zip; name=" + name + "\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(data))
}

func TestWalk(t *testing.T) {
	inner := top + "\ninner"
	tests := []struct{ name, data, want string }{
		{"plain", top + "\nhello\n", "1.txt:hello\n"},
		{"html", top + "Content-Type: text/html\n\n<b>", "1.html:<b>"},
		{"binary", top + "Content-Type: image/png\n\nP", "1.bin:P"},
		{"two parts", top + mixed("b", "\ntext", attached("a.zip", "PK")), "1.txt:text|a.zip:PK"},
		{"nested", top + mixed("b", mixed("bb", "\none", "\ntwo"), "\nthree"), "1.txt:one|2.txt:two|3.txt:three"},
		{"no end mark", top + strings.TrimSuffix(mixed("b", "\none"), "--b--\nepilogue\n"), "1.txt:one"},
		{"parts behind the end mark", top + mixed("b", "\none") + "--b\n\ntwo", "1.txt:one|2.txt:two"},
		{"inner end missing", top + mixed("b", "Content-Type: multipart/x; boundary=c\n\n--c\n\none", "\ntwo"), "1.txt:one|2.txt:two"},
		{"boundary not there", top + "Content-Type: multipart/mixed; boundary=q\n\nbody", "!damaged|1.txt:body"},
		{"no boundary", top + "Content-Type: multipart/mixed\n\nbody", "!damaged|1.txt:body"},
		{"boundary with more behind it", top + mixed("b", "\none\n--bx\ntwo"), "1.txt:one\n--bx\ntwo"},
		{"message", top + mixed("b", "Content-Type: message/rfc822\n\n"+inner), "1.eml:" + inner},
		{"message that is hardly one", top + mixed("b", "Content-Type: message/rfc822\n\nSubject: s\n\nhi"), "1.eml:Subject: s\n\nhi|2.txt:hi"},
		{"encoded message", top + "Content-Type: message/rfc822\nContent-Transfer-Encoding: BASE64\n\n" + base64.StdEncoding.EncodeToString([]byte(inner)), "1.eml:" + inner},
		{"folded header", top + "Content-Disposition: attachment;\n\tfilename=\"a b.exe\"\n\nx", "a b.exe:x"},
		{"quoted-printable", top + "Content-Transfer-Encoding: quoted-printable\n\na=3D=\nb=c3=A4=zz =  \nc=", "1.txt:a=b\xc3\xa4=zz c"},
		{"base64 with dirt", top + "Content-Transfer-Encoding: base64\n\naG*Vs\nbG8=aGk=", "1.txt:hellohi"},
		{"uuencode, to be walked by itself", top + "\ntext\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\nbegin 600 b\n\":&D \n`\nend\n", "1.txt:text\nbegin 644 a.bin\n%:&5L;&\\\n`\nend\nbegin 600 b\n\":&D \n`\nend\n"},
		{"mailbox", "From a Thu Jan  1\n" + top + "\none\nFrom here on text\n\nFrom b Fri\n" + top + "\ntwo\n", "1.eml:" + top + "\none\nFrom here on text\n\n|2.eml:" + top + "\ntwo\n"},
		{"mailbox of one", "From a Thu Jan  1\n" + top + "\none", "1.txt:one"},
	}
	for _, tt := range tests {
		if got := take(tt.data, 0); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		if tt.name == "message" || tt.name == "encoded message" || tt.name == "mailbox" {
			continue // the messages are handed out as they lie there
		}
		if got := strings.ReplaceAll(take(strings.ReplaceAll(tt.data, "\n", "\r\n"), 0), "\r\n", "\n"); got != tt.want {
			t.Errorf("%s, CRLF:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ field, want string }{
		{`Content-Disposition: attachment; filename=a.zip`, "a.zip"},
		{`Content-Disposition: attachment; filename="a;\"b\".zip"; size=1`, `a;"b".zip`},
		{`Content-Disposition: attachment; filename="C:\x.exe"`, `C:\x.exe`},
		{`Content-Disposition: attachment; filename*=UTF-8''%c3%a4.zip`, "ä.zip"},
		{`Content-Disposition: attachment; filename*1=".exe"; filename*0="long"`, "long.exe"},
		{`Content-Disposition: attachment; filename*0*=utf-8'en'%61b; filename*1*=%2e; filename*2=c%41`, "ab.c%41"},
		{`Content-Disposition: attachment; filename="=?UTF-8?B?w6Q=?=.zip"`, "ä.zip"},
		{`Content-Type: image/png; name="=?iso-8859-1?q?=E4?="`, "ä"},
		{`Content-Type: image/png; name="=?x-none?q?=E4?="`, "=?x-none?q?=E4?="},
		{`Content-Type: image/png; x; =; name`, "1.bin"},
		{`Content-Type: image/png; name="open`, "open"},
	}
	for _, tt := range tests {
		if got := take(top+tt.field+"\n\nx", 0); got != tt.want+":x" {
			t.Errorf("%s: got %q, want %q", tt.field, got, tt.want)
		}
	}
}

func TestIdentify(t *testing.T) {
	tests := []struct {
		data string
		want bool
	}{
		{top, true},
		{"\xef\xbb\xbf\r\n" + top, true},
		{"From a Thu\n" + top, true},
		{"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n", true},
		{"MIME-Version: 1.0\nDate: x\n\n", false},
		{"Received: from x\n\tby y\n" + top, true},
		{"From: a\n\nTo: b\nSubject: c\n", false},
		{"Date: a\nTo: b\nSubject: c\nContent-Type: d\n", false},
		{"HTTP/1.1 200 OK\nDate: a\nContent-Type: text/html\nFrom: x\n", false},
		{"Package: x\nVersion: 1\nDescription: from: to\n", false},
		{"From here to there: a story\nto: b\n", false},
		{top + "X-Long: " + strings.Repeat("x", maxLook), true},
		{"", false},
		{"\n\n", false},
	}
	for _, tt := range tests {
		if got := Identify([]byte(tt.data)); got != tt.want {
			t.Errorf("%.60q: got %v", tt.data, got)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := "\nend"
	for i := range maxNesting + 2 {
		deep = mixed(fmt.Sprintf("b%d.", i), deep)
	}
	if got := take(top+deep, 0); !strings.HasPrefix(got, "!depth|1.txt:preamble\n--b") || !strings.Contains(got, "\nend") {
		t.Errorf("deep: %q", got)
	}
	if got := take(top+mixed("b", strings.Repeat("\n--b\n", 100)), 5); got != "1.txt:|2.txt:|3.txt:|4.txt:|5.txt:|end:files" {
		t.Errorf("many parts: %q", got)
	}
	long := strings.Repeat("n", maxValue)
	if got := take(top+"Content-Type: x/y; name="+long+"\n\nx", 0); !strings.HasPrefix(got, "!damaged|nnn") {
		t.Errorf("long field: %.40q", got)
	}
	if got := take(top+strings.Repeat("X: y\n", maxHeader/5)+"\nx", 0); !strings.HasPrefix(got, "!damaged|") {
		t.Errorf("long header: %.40q", got)
	}
	if got := take(top+mixed(strings.Repeat("b", maxBoundary+1), "\nx"), 0); !strings.HasPrefix(got, "!damaged|") {
		t.Errorf("long boundary: %.40q", got)
	}
}

// A mail may end anywhere: what is there of the first part comes out.
func TestTruncated(t *testing.T) {
	data := top + mixed("bound", "\ntext", attached("a.zip", "PK"), "\nbegin 644 x\n%:&5L;&\\\n`\nend")
	for n := range len(data) {
		got := take(data[:n], 0)
		if n > strings.Index(data, "text") && !strings.Contains(got, "1.txt:t") {
			t.Errorf("cut at %d: %q", n, got)
		}
	}
}

func FuzzMail(f *testing.F) {
	f.Add(top + mixed("b", mixed("c", "\none"), attached("a", "x")))
	f.Add("From a\n" + top + "\none\n\nFrom b\n" + top + "Content-Transfer-Encoding: quoted-printable\n\n=41=\n")
	f.Add(top + "Content-Type: message/rfc822; name*0*=a'b'%41\n\nX: y\n\nbegin 644 a\n%:&5L;&\\\n")
	f.Fuzz(func(t *testing.T, data string) {
		Identify([]byte(data))
		take(data, 100)
	})
}
