package sweep

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzTexts: what processes and files choose is read without a panic, and gives
// whole paths or nothing.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{
		"", "7f00-7f10 r-xp 00001000 fd:01 123   /usr/lib/a b.so", "a b c d e f", "ExecStart=-/opt/a/run --flag", `ExecStartPre=+"/opt/a/pre"`,
		"Exec=", "ExecStop=/../x", `{"bytes":"L/8="}`, `"/a"`, `{"bytes":"%"}`, "null",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, path, ok := executable(text); ok && !strings.HasPrefix(path, "/") {
			t.Fatalf("maps: %q gave %q", text, path)
		}
		if target := execTarget(text); target != "" && (!filepath.IsAbs(target) || filepath.Clean(target) != target) {
			t.Fatalf("unit: %q gave %q", text, target)
		}
		var p Path
		if json.Unmarshal([]byte(text), &p) != nil {
			return
		}
		data, err := json.Marshal(p)
		var back Path
		if err != nil || json.Unmarshal(data, &back) != nil || back != p {
			t.Fatalf("%q: %q, %s, %q", text, p, data, back)
		}
		if sign(compare(string(p), text)) != -sign(compare(text, string(p))) {
			t.Fatalf("%q and %q have no order", p, text)
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
