package rtf

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func decoded(t testing.TB, text string) []string {
	t.Helper()
	var out []string
	err := Objects([]byte(text), free, func(o Object) error {
		b, err := io.ReadAll(o.Reader())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func free(int) error { return nil }

func TestObjects(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"plain", `{\rtf1{\object\objemb{\*\objdata 68656c6c6f}}}`, []string{"hello"}},
		{"none", `{\rtf1 68656c6c6f}`, nil},
		{"another word", `{\rtf1{\objdatax 68}}`, nil},
		{"white space", "{\\*\\objdata 6 8\r\n65\t6C 6\n}", []string{"hel"}},
		{"control words", `{\objdata68\par 65\b0 6c\ulnone 6c6f}`, []string{"hello"}},
		{"nested groups", `{\objdata 68{65}{{6c}6c}6f}41`, []string{"hello"}},
		{"group left out", `{\objdata 68{\*\junk 41{42}43}65{ \*\x 44}6c6c6f}`, []string{"hello"}},
		{"characters", `{\objdata 68\'416\'425\~6c6c6f}`, []string{"hello"}},
		{"binary", "{\\objdata 68\\bin4 e}l{6f}", []string{"he}l{" + "o"}},
		{"binary of 4 GB", `{\objdata 68\bin4294967295 el`, []string{"hel"}},
		{"other letters", `{\objdata 6z8-65;6c6c6f}`, []string{"hello"}},
		{"no end", `{\objdata 6865`, []string{"he"}},
		{"two", `{\objdata 68}{\objdata 65}`, []string{"h", "e"}},
		{"empty", `{\objdata }`, []string{""}},
	}
	for _, tt := range tests {
		if got := decoded(t, tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestObjectsStops(t *testing.T) {
	n := 0
	err := Objects([]byte(strings.Repeat(`\objdata 41`, 10)), free, func(Object) error {
		if n++; n == 3 {
			return io.ErrClosedPipe
		}
		return nil
	})
	if err != io.ErrClosedPipe || n != 3 {
		t.Errorf("got %v after %d", err, n)
	}
}

// What is read is told, however little it decodes to.
func TestSpend(t *testing.T) {
	told := 0
	spend := func(n int) error {
		if told += n; told > 200_000 {
			return io.ErrShortBuffer
		}
		return nil
	}
	err := Objects([]byte(`\objdata`+strings.Repeat(" ", 1<<20)), spend, func(o Object) error {
		_, err := io.ReadAll(o.Reader())
		return err
	})
	if err != io.ErrShortBuffer || told > 300_000 {
		t.Errorf("got %v after %d", err, told)
	}
}

func FuzzRTF(f *testing.F) {
	f.Add(`{\rtf1{\object\objemb{\*\objdata 68\'416\'425\~6c6c6f}}}`)
	f.Add(`{\objdata 68{\*\junk 41{42}43}65\bin4 }{6c`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range decoded(t, text) {
			if len(o) > len(text) {
				t.Fatalf("%d bytes from %d", len(o), len(text))
			}
		}
	})
}
