package main

import (
	"bytes"
	"fmt"
	"slices"

	"vitrine/bench"
)

// tinyFiles is how often the tiny file is scanned in a row: the first time would
// tell how cold the machine is.
const tinyFiles = 50

// corpora makes the files to scan. windows, when given, is a directory of real
// programs for Windows that replace the made-up ones.
func corpora(goroot, windows string, size int64, wanted []string) ([]bench.Corpus, error) {
	all, err := bench.Corpora(goroot, size)
	if err != nil {
		return nil, err
	}
	if windows != "" {
		files, err := bench.Pick(windows, size, 32<<10, 1<<20, func(head []byte) bool { return bytes.HasPrefix(head, []byte("MZ")) })
		if err != nil {
			return nil, fmt.Errorf("collect programs for Windows: %w", err)
		}
		for i := range all {
			if all[i].Name == "pe" {
				all[i].Files = files
			}
		}
	}
	for i := range all {
		if all[i].Name == "tiny" {
			all[i].Files = slices.Repeat(all[i].Files, tinyFiles)
		}
	}
	if len(wanted) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(c bench.Corpus) bool { return !slices.Contains(wanted, c.Name) }), nil
}
