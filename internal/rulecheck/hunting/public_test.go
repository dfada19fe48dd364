package hunting

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/rulecheck"
	"vitrine/yara/syntax"
)

// TestPublicRules holds the share of false alarms down on rule sets that people
// really use: at most 1 in 100 may be judged high. They are no part of this
// repository; VITRINE_PUBLIC_RULES names directories, with colons between.
func TestPublicRules(t *testing.T) {
	dirs := os.Getenv("VITRINE_PUBLIC_RULES")
	if dirs == "" {
		t.Skip("VITRINE_PUBLIC_RULES names no directories of public rules")
	}
	rules, high := 0, 0
	for dir := range strings.SplitSeq(dirs, ":") {
		for _, path := range ruleFiles(t, dir) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, _ := syntax.Parse(path, text, syntax.Options{})
			rules += len(judged(file))
			for _, f := range New().File(file) {
				if f.Severity == rulecheck.High {
					high++
					t.Logf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Reason)
				}
			}
		}
	}
	if t.Logf("%d of %d rules are judged high", high, rules); high*100 > rules {
		t.Errorf("more than 1 in 100")
	}
}

func ruleFiles(t *testing.T, dir string) (files []string) {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if slices.Contains([]string{".yar", ".yara"}, strings.ToLower(filepath.Ext(path))) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
