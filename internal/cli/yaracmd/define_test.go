package yaracmd

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseExternals(t *testing.T) {
	tests := []struct {
		def  string
		want any
	}{
		{"v=1", int64(1)}, {"v=-12", int64(-12)}, {"v=9223372036854775807", int64(1<<63 - 1)},
		{"v=1.5", 1.5}, {"v=-0.25", -0.25}, {"v=5.", 5.0},
		{"v=.5", ".5"}, {"v=1.2.3", "1.2.3"}, {"v=-", "-"}, {"v=-.", "-."}, {"v=", ""}, {"v=0x10", "0x10"}, {"v=1e3", "1e3"},
		{"v=true", true}, {"v=false", false}, {"v=True", "True"},
		{"v=a=b", "a=b"}, {"v=a,b c", "a,b c"},
	}
	for _, tt := range tests {
		got, err := Externals([]string{tt.def})
		if err != nil || !reflect.DeepEqual(got, map[string]any{"v": tt.want}) {
			t.Errorf("-d %s: %#v, %v; want %#v", tt.def, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "v", "=1", "v=9223372036854775808"} {
		if got, err := Externals([]string{"ok=1", bad}); err == nil || !strings.HasPrefix(err.Error(), "-d ") {
			t.Errorf("-d %q: %v, %v; want an error naming -d", bad, got, err)
		}
	}
	last, err := Externals([]string{"v=1", "v=two"})
	if err != nil || last["v"] != "two" {
		t.Errorf("the last definition must count: %v, %v", last, err)
	}
}

func TestReadModuleData(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a=b.json")
	if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := readModuleData([]string{"cuckoo=" + name})
	if err != nil || string(data["cuckoo"]) != "{}" {
		t.Errorf("got %q, %v", data, err)
	}
	for _, bad := range []string{"cuckoo", "=" + name, "cuckoo=" + name + ".none"} {
		if _, err := readModuleData([]string{bad}); err == nil || !strings.HasPrefix(err.Error(), "-x ") {
			t.Errorf("-x %q: error %v, want one naming -x", bad, err)
		}
	}
}

func TestReadAtMost(t *testing.T) {
	b, err := readAtMost(strings.NewReader("1234"), "rules", 4)
	if err != nil || string(b) != "1234" {
		t.Errorf("at the limit: %q, %v", b, err)
	}
	_, err = readAtMost(strings.NewReader("12345"), "rules", 4)
	if err == nil || err.Error() != "read rules: more than 4 bytes" {
		t.Errorf("above the limit: %v", err)
	}
}

func TestReadWholeTakesStdin(t *testing.T) {
	b, err := readWhole("-", strings.NewReader("rule"))
	if err != nil || string(b) != "rule" {
		t.Errorf("got %q, %v", b, err)
	}
}
