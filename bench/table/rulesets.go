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
	files = public.First(files, 2*slices.Max(o.sizes))
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
		if files, err = acceptedByYaraX(files, o.yaraxMost, p, dir); err != nil {
			return nil, err
		}
	}
	say("%d of %d rule files compile everywhere by themselves", len(files), found)
	return func(n int) (string, int) {
		f := public.Flatten(files, n)
		return f.Text, f.Rules
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
// its sets of rules are cut.
func acceptedByYaraX(files []public.File, most int, p programs, dir string) ([]public.File, error) {
	var names strings.Builder
	for _, f := range public.First(files, most+most/2) {
		fmt.Fprintln(&names, f.Path)
	}
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte(names.String()), 0o600); err != nil {
		return nil, err
	}
	refused, err := p.refusedByYaraX("native", list)
	return slices.DeleteFunc(files, func(f public.File) bool { return refused[f.Path] }), err
}
