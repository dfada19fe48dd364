package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/bench"
	"vitrine/bench/public"
	"vitrine/yara"
)

func ruleFile(dir string) string { return filepath.Join(dir, "rules.yar") }

// source writes a text of about n rules.
type source func(n int) (text string, rules int)

// madeUp writes rules that nobody published.
func madeUp(n int) (string, int) { return bench.Rules(n, 1), n }

// published gives a source that cuts from public directories what every
// engine compiles without variables defined for it, and tells how much that is.
func published(o options, p programs, dir string, say func(string, ...any)) (source, error) {
	files, err := public.Find(o.rules)
	if err != nil {
		return nil, err
	}
	found := len(files)
	files = compiling(files)
	if p.libyara != "" {
		refused, err := public.Yarac{Command: o.yarac, Dir: dir, Bare: true}.Refused(files)
		if err != nil {
			return nil, err
		}
		files = public.Without(files, refused)
	}
	if _, ok := p.has("native"); ok {
		for _, n := range o.sizes {
			if files, err = acceptedByYaraX(files, min(n, o.yaraxMost), p, dir); err != nil {
				return nil, err
			}
		}
	}
	say("%d of %d rule files compile everywhere by themselves", len(files), found)
	return func(n int) (string, int) {
		cut := public.Cut(files, n)
		return public.Join(cut), public.Count(cut)
	}, nil
}

// compiling gives the files that our compiler takes as they are.
func compiling(files []public.File) []public.File {
	return slices.DeleteFunc(files, func(f public.File) bool {
		_, err := yara.Compile(string(f.Text))
		return err != nil
	})
}

// acceptedByYaraX drops what YARA-X does not compile, among the files from which
// n rules are cut. Others take their place, so it looks until all are good.
func acceptedByYaraX(files []public.File, n int, p programs, dir string) ([]public.File, error) {
	known := map[string]bool{}
	for {
		var names strings.Builder
		for _, f := range public.Cut(files, n) {
			if !known[f.Path] {
				known[f.Path] = true
				fmt.Fprintln(&names, f.Path)
			}
		}
		if names.Len() == 0 {
			return files, nil
		}
		list := filepath.Join(dir, "list")
		if err := os.WriteFile(list, []byte(names.String()), 0o600); err != nil {
			return nil, err
		}
		refused, err := p.refusedByYaraX("native", list)
		if err != nil {
			return nil, err
		}
		files = slices.DeleteFunc(files, func(f public.File) bool { return refused[f.Path] })
	}
}
