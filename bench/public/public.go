// Package public reads directories of rule files that other people publish, for
// measuring and comparing: it finds them, gives each file a namespace of its
// own so that names cannot clash, defines the external variables such rules
// expect, and compiles them with vitrine/yara and with yarac, setting apart
// what either refuses.
//
// It never copies rules anywhere but into the compiled form it is asked for,
// and never fetches any.
package public

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/yara"
	"vitrine/yara/syntax"
)

// File is one rule file.
type File struct {
	Path      string
	Namespace string // n0, n1, ...: no two files of one Find share one
	Rules     int    // as many as it writes itself; included ones are not counted
	Text      []byte
}

// Externals are the variables that public rules use without defining them, as
// their scanners set them for a file nothing is known of.
func Externals() map[string]any {
	return map[string]any{
		"filename": "", "filepath": "", "extension": "", "filetype": "", "owner": "", "filemd5": "", "file_type": "",
		"file_name": "", "full_path": "", "new_file": false, "positives": int64(0), "signatures": "", "tags": "", "md5": "",
	}
}

var extensions = []string{".yar", ".yara", ".rule", ".yr"}

// Find lists the rule files under the directories in the order of their paths.
// A file that only includes others is left out: those are found by themselves.
func Find(roots []string) ([]File, error) {
	var files []File
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if rules, index := count(text); !index {
				files = append(files, File{path, fmt.Sprintf("n%d", len(files)), rules, text})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find rules in %s: %w", root, err)
		}
	}
	return files, nil
}

// count tells how many rules a file writes, and whether it is an index: includes
// and no rule.
func count(text []byte) (rules int, index bool) {
	file, _ := syntax.Parse("", text, syntax.Options{})
	includes := 0
	for _, item := range file.Items {
		switch item.(type) {
		case *syntax.Rule:
			rules++
		case *syntax.Include:
			includes++
		}
	}
	return rules, rules == 0 && includes > 0
}

// Count sums the rules of several files.
func Count(files []File) int {
	n := 0
	for _, f := range files {
		n += f.Rules
	}
	return n
}

// Groups splits the files, in order, into groups of about so many rules: the
// slow strings of one file then slow down its own group only.
func Groups(files []File, rules int) [][]File {
	var groups [][]File
	for begin, at := 0, 0; at < len(files); at++ {
		if at+1 == len(files) || Count(files[begin:at+1]) >= rules || at+1-begin >= maxFiles {
			groups = append(groups, files[begin:at+1])
			begin = at + 1
		}
	}
	return groups
}

// maxFiles bounds a group, because its files are arguments of one command.
const maxFiles = 5000

// Refusal is a file that was not compiled, and the first reason given.
type Refusal struct {
	File   File
	Reason string
}

// NewCompiler is a compiler of vitrine/yara that knows the external variables
// and follows includes.
func NewCompiler() *yara.Compiler {
	return yara.NewCompiler(yara.Config{Externals: Externals(), Include: include})
}

func include(from, path string) (yara.Source, error) {
	name := filepath.Join(filepath.Dir(from), filepath.FromSlash(path))
	text, err := os.ReadFile(name)
	return yara.Source{Name: name, Text: text}, err
}

// Compile compiles what it can and tells what it cannot.
func Compile(files []File) (*yara.Rules, []Refusal, error) {
	c := NewCompiler()
	var refused []Refusal
	for _, f := range files {
		if err := c.Add(yara.Source{Name: f.Path, Namespace: f.Namespace, Text: f.Text}); err != nil {
			refused = append(refused, Refusal{f, firstLine(err)})
		}
	}
	rules, err := c.Rules()
	return rules, refused, err
}

func firstLine(err error) string {
	var all yara.Errors
	if errors.As(err, &all) && len(all) > 0 {
		return all[0].String()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
