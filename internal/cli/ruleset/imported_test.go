package ruleset

import (
	"os"
	"path/filepath"
	"testing"
)

// The nearest index above a file counts; a broken one names nothing.
func TestLicence(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"own.yar":                       "rule own { condition: true }",
		"set/" + ImportIndex:            `{"licences": [{"file": "LICENSE", "name": "MIT"}, {"file": "X", "name": ""}, {"file": "Y", "name": "MIT"}, {"file": "Z", "name": "CC0"}]}`,
		"set/deep/down/one.yar":         `include "../two.inc" rule one { condition: true }`,
		"set/deep/two.inc":              "rule two { condition: true }",
		"set/deep/other/" + ImportIndex: `{"licences": []}`,
		"set/deep/other/three.yar":      "rule three { condition: true }",
		"broken/" + ImportIndex:         `{"licences": 7`,
		"broken/four.yar":               "rule four { condition: true }",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Load(Config{Paths: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"own": "", "one": "MIT, CC0", "two": "MIT, CC0", "three": "", "four": ""}
	for rule := range set.Rules.All() {
		if got := set.Licence(rule.File); got != want[rule.Name] {
			t.Errorf("%s in %s: %q, want %q", rule.Name, rule.File, got, want[rule.Name])
		}
		delete(want, rule.Name)
	}
	if len(want) > 0 {
		t.Errorf("not loaded: %v", want)
	}
}
