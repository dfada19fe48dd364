package main

import (
	"os"
	"strings"
	"testing"

	"vitrine/internal/engine/archive"
)

// Every format that is taken apart stands in docs/formats.md, by its name in
// the first column of a table, and no other does.
func TestFormatsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if cell, row := strings.CutPrefix(line, "| `"); row {
			cell, _, _ = strings.Cut(cell, "` |")
			cell, _, _ = strings.Cut(cell, "` and")
			for _, name := range strings.Split(cell, "` `") {
				listed[name] = true
			}
		}
	}
	known := 0
	for f := archive.None + 1; f.String() != "unknown"; f++ {
		known++
		if !listed[f.String()] {
			t.Errorf("%s is not listed", f)
		}
		delete(listed, f.String())
	}
	if known < 20 || len(listed) > 0 {
		t.Errorf("%d formats are known; listed and not known: %v", known, listed)
	}
}
