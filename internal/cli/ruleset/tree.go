package ruleset

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/yara/syntax"
)

// dirTree is a directory; the kernel keeps every read inside it, symbolic
// links included.
type dirTree struct {
	name string // as the user wrote it
	root *os.Root
}

func openDir(name string) (*dirTree, error) {
	open := name
	if open == "" {
		open = "."
	}
	root, err := os.OpenRoot(open)
	if err != nil {
		return nil, err
	}
	return &dirTree{name, root}, nil
}

func (d *dirTree) close() { d.root.Close() }

func (d *dirTree) show(name string) string { return filepath.Join(d.name, name) }

func (d *dirTree) read(name string) ([]byte, error) {
	file, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file)
}

// directory loads every rule file of a directory and of those below it.
func (l *loader) directory(name string) {
	dir, err := openDir(name)
	if err != nil {
		l.fail("read rules: %w", err)
		return
	}
	l.dirs = append(l.dirs, dir)
	var names []string
	err = filepath.WalkDir(name, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			l.fail("read rules: %w", err)
			return nil
		}
		if p != name && strings.HasPrefix(entry.Name(), ".") {
			return skip(entry)
		}
		if rel, err := filepath.Rel(name, p); err == nil && isRules(p) && isFile(entry) {
			names = append(names, rel)
		}
		return nil
	})
	if err != nil {
		l.fail("read rules: %w", err)
	}
	l.tree(dir, name, names)
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// isFile takes links too: they may lead to a file, but not out of the directory.
func isFile(entry fs.DirEntry) bool {
	return entry.Type().IsRegular() || entry.Type()&fs.ModeSymlink != 0
}

// isRules says which files of a directory or an archive are rules.
func isRules(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	return extension == ".yar" || extension == ".yara"
}

// zipTree is an archive in memory.
type zipTree struct {
	name  string
	files map[string]*zip.File
	left  int64 // bytes that may still be unpacked
}

func (z *zipTree) show(name string) string { return z.name + "!" + name }

func (z *zipTree) read(name string) ([]byte, error) {
	file, ok := z.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	r, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := readAll(r)
	if z.left -= int64(len(text)); z.left < 0 {
		return nil, fmt.Errorf("the archive unpacks to more than %d MiB of rules", maxSource>>20)
	}
	return text, err
}

// archive loads every rule file of a zip archive.
func (l *loader) archive(name string, data []byte) {
	reader, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		l.fail("read rules %s: %w", name, err)
		return
	}
	z := &zipTree{name: name, files: map[string]*zip.File{}, left: maxSource}
	var names []string
	for _, file := range reader.File {
		if file.Mode().IsDir() {
			continue
		}
		if _, twice := z.files[file.Name]; twice || !filepath.IsLocal(file.Name) {
			l.fail("read rules %s: entry %q is there twice, or leads out of the archive", name, file.Name)
			continue
		}
		z.files[file.Name] = file
		if isRules(file.Name) {
			names = append(names, file.Name)
		}
	}
	slices.Sort(names)
	l.tree(z, name, names)
}

// tree compiles the files of a tree, without those that others include.
func (l *loader) tree(t tree, shown string, names []string) {
	if len(names) == 0 && len(l.errors) == 0 {
		l.fail("read rules %s: no *.yar or *.yara in it", shown)
		return
	}
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := t.read(name)
		if err != nil {
			l.fail("read rules %s: %w", t.show(name), bare(err))
			continue
		}
		texts[name] = text
	}
	included := reached(names, texts)
	for _, name := range names {
		if text, ok := texts[name]; ok && !included[name] {
			l.source(place{t, name}, t.show(name), text)
		}
	}
}

// reached gives the files that come in through the includes of others. Files
// that only include each other in a circle are not among them: somebody has to
// begin, and to be told.
func reached(names []string, texts map[string][]byte) map[string]bool {
	targets := map[string][]string{}
	counted := map[string]bool{}
	for _, name := range names {
		targets[name] = includes(name, texts[name])
		for _, target := range targets[name] {
			counted[target] = counted[target] || target != name
		}
	}
	seen := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		if !seen[name] {
			seen[name] = true
			for _, target := range targets[name] {
				follow(target)
			}
		}
	}
	for _, name := range names {
		if !counted[name] {
			follow(name)
		}
	}
	for name := range counted {
		counted[name] = counted[name] && seen[name]
	}
	return counted
}

// includes lists what a file includes. Only the parser can tell an include
// from the same words in a comment or a string.
func includes(name string, text []byte) []string {
	if !bytes.Contains(text, []byte("include")) {
		return nil
	}
	var targets []string
	file, _ := syntax.Parse(name, text, syntax.Options{})
	for _, item := range file.Items {
		if include, ok := item.(*syntax.Include); ok {
			if target, err := resolve(name, include.Path); err == nil {
				targets = append(targets, target)
			}
		}
	}
	return targets
}
