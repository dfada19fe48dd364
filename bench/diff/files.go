package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/bench/positive"
	"vitrine/bench/public"
	"vitrine/yara/syntax"
)

// listFiles gives the regular, readable files up to a size, sorted; most > 0
// takes that many of them, spread evenly.
func listFiles(roots []string, largest int64, most int) ([]string, error) {
	var files []string
	for _, root := range roots {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.ContainsAny(name, "\r\n") {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Size() <= largest && readable(name) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list files: %w", err)
		}
	}
	slices.Sort(files)
	return spread(slices.Compact(files), most), nil
}

func readable(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// spread takes most of the names, evenly.
func spread(names []string, most int) []string {
	if most <= 0 || most >= len(names) {
		return names
	}
	some := make([]string, most)
	for i := range some {
		some[i] = names[i*len(names)/most]
	}
	return some
}

// makePositives writes a file for every n-th rule with strings into dir.
func makePositives(rules []public.File, every int, seed uint64, dir string) ([]string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	var names []string
	at := 0
	for _, f := range rules {
		parsed, _ := syntax.Parse(f.Path, f.Text, syntax.Options{})
		for _, item := range parsed.Items {
			rule, ok := item.(*syntax.Rule)
			if !ok {
				continue
			}
			if at++; (at-1)%every != 0 {
				continue
			}
			name := filepath.Join(dir, fmt.Sprintf("%s-%s", f.Namespace, rule.Name))
			if err := os.WriteFile(name, positive.For(rule, seed), 0o600); err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}
