package clamd

import (
	"bytes"
	"strings"
	"testing"
)

// TestToken: what stands in an answer cannot end it or begin another.
func TestToken(t *testing.T) {
	if got := token("a b\n\x00c\u202e\xff"); got != "a_b__c__" {
		t.Errorf("%q", got)
	}
	if got := plain("a\nb\x00 \xffc"); got != "a b   c" {
		t.Errorf("%q", got)
	}
	if got := shown("a\nb\r\xff", '\n'); got != "a?b?\xff" {
		t.Errorf("%q", got)
	}
}

func FuzzCut(f *testing.F) {
	for _, seed := range []string{"", "z", "zPING\x00", "nSCAN /a b\nzEND\x00", "PING", "SCAN /x\r\n", "nFILDES\n\x00", "zSCAN\x00\x00", "z\x00", "\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		l, used := cut(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if used < 0 || used > len(data) || (used == 0 && l.text != "") {
			t.Fatalf("%q: %+v, %d", data, l, used)
		}
		if used == 0 {
			return
		}
		if l.old != (data[0] != 'z' && data[0] != 'n') || len(l.text) >= used+1 || strings.ContainsRune(l.text, 0) {
			t.Fatalf("%q: %+v, %d", data, l, used)
		}
		if cmd := parse(l); cmd.verb != unknown && (!strings.HasPrefix(l.text, cmd.text) || (cmd.arg != "" && !cmd.path)) {
			t.Fatalf("%q: %+v", data, cmd)
		}
		// More that follows changes nothing of a command that has ended.
		if l2, used2 := cut(append(before, "zPING\x00"...)); !l.old && (l2 != l || used2 != used) {
			t.Fatalf("%q: %+v, %d and then %+v, %d", data, l, used, l2, used2)
		}
	})
}
