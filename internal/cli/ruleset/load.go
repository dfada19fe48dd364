package ruleset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"vitrine/yara"
)

// maxSource is the largest rule file or archive of rules that is read, in bytes.
const maxSource = 256 << 20

// Config names the rules to load.
type Config struct {
	Builtin []yara.Source // rules that come with the program; nil: none
	Paths   []string      // files, directories, zip archives or compiled rules

	// Externals gives the external variables, as yara.Config has them.
	Externals map[string]any

	// Portable is for rules to be compiled into a file: sources are named and
	// sorted by their place below the paths, so that the same sources give the
	// same rules wherever they lie and in whatever order they are named.
	// Compiled rules are refused.
	Portable bool

	// Hold takes the contents of a file of compiled rules, and gives them back in memory
	// that will not change as long as the rules are in use. nil: they are read into that
	// of the process. A file is never mapped as it lies there, since whoever may write to
	// it could cut it off meanwhile.
	Hold func(contents io.Reader) ([]byte, error)
}

// Set is what was loaded.
type Set struct {
	Rules    *yara.Rules
	Identity Identity
	Files    int // of rules, those included counted too

	texts    map[string][]byte // every source read, by the name it has in Rule.File
	licences map[string]string // of imported sources, by the same name
}

// Text is the source of the file a rule stands in, or nil.
func (s *Set) Text(file string) []byte { return s.texts[file] }

// Errors is everything that kept a set from being loaded, one line each. A
// mistake in a rule file reads "file:line:column: what".
type Errors []error

func (e Errors) Error() string {
	return errors.Join(e...).Error()
}

// Unwrap gives the errors.
func (e Errors) Unwrap() []error { return e }

// Load reads and compiles. Rules of one file form a namespace called like the
// file, so that files of different origin may use the same names. A file of a
// directory or archive that another one of it includes is not loaded a second
// time by itself. The error is of type Errors; the set is then nil.
func Load(c Config) (*Set, error) {
	l := &loader{portable: c.Portable, hold: c.Hold, texts: map[string][]byte{}, places: map[string]place{}, sums: map[string]string{}}
	defer l.close()
	l.compiler = yara.NewCompiler(yara.Config{Include: l.include, Externals: c.Externals})
	for _, s := range c.Builtin {
		l.texts[s.Name] = s.Text
		l.add(s)
	}
	for _, p := range c.Paths {
		l.path(p)
	}
	l.addWaiting()
	if len(l.errors) > 0 {
		return nil, l.errors
	}
	rules, err := l.compiler.Rules()
	if err != nil {
		return nil, Errors{err}
	}
	if len(l.compiled) > 0 {
		rules = l.join(rules)
	}
	return &Set{Rules: rules, Identity: identify(rules.Len(), l.texts, l.sums), Files: len(l.texts) + len(l.sums), texts: l.texts, licences: l.licences()}, nil
}

type loader struct {
	portable bool
	hold     func(contents io.Reader) ([]byte, error) // nil: contents
	compiler *yara.Compiler
	texts    map[string][]byte
	places   map[string]place
	errors   Errors

	dirs     []*dirTree    // open until all is compiled
	waiting  []waiting     // portable: what is to be sorted and compiled
	compiled []*yara.Rules // read as they are
	sums     map[string]string
}

func (l *loader) close() {
	for _, d := range l.dirs {
		d.close()
	}
}

// place is where a source came from, and so what its includes are relative to.
type place struct {
	tree tree
	name string // in the tree, with slashes
}

// tree is a directory or an archive that rules lie in. read never reaches out
// of it; show is the name of a file of it as the user would write it.
type tree interface {
	read(name string) ([]byte, error)
	show(name string) string
}

func (l *loader) fail(format string, args ...any) {
	l.errors = append(l.errors, fmt.Errorf(format, args...))
}

func (l *loader) add(s yara.Source) {
	err := l.compiler.Add(s)
	var all yara.Errors
	if !errors.As(err, &all) {
		if err != nil {
			l.fail("%s: %w", s.Name, err)
		}
		return
	}
	for _, d := range all {
		if at, ok := l.places[d.File]; ok {
			d.File = at.tree.show(at.name) // as the user knows it
		}
		l.errors = append(l.errors, errors.New(Describe(d)))
	}
}

// Describe writes a diagnostic in one line.
func Describe(d yara.Diagnostic) string {
	line := fmt.Sprintf("%s:%d:%d: ", d.File, d.Line, d.Col)
	if d.Rule != "" {
		line += fmt.Sprintf("rule %q: ", d.Rule)
	}
	return line + d.Message
}

// path loads what one --rules names.
func (l *loader) path(name string) {
	info, err := os.Stat(name)
	if err != nil {
		l.fail("read rules: %w", err)
		return
	}
	if info.IsDir() {
		l.directory(name)
		return
	}
	if info.Mode().IsRegular() && l.blob(name, info.Size()) {
		return
	}
	text, err := readFile(name)
	if err != nil {
		l.fail("read rules %s: %w", name, err)
		return
	}
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) || bytes.HasPrefix(text, []byte("PK\x05\x06")) {
		l.archive(name, text)
		return
	}
	dir, base := filepath.Split(name)
	root, err := openDir(dir)
	if err != nil {
		l.fail("read rules: %w", err)
		return
	}
	l.dirs = append(l.dirs, root)
	l.source(place{root, base}, name, text)
}

// source compiles one file, if it has not come in already: a user may name a
// directory and a file of it.
func (l *loader) source(at place, show string, text []byte) {
	if _, done := l.places[show]; done {
		return
	}
	if l.portable {
		l.places[show] = at
		l.waiting = append(l.waiting, waiting{at, text})
		return
	}
	if _, builtin := l.texts[show]; builtin {
		show = "./" + show
	}
	l.texts[show], l.places[show] = text, at
	l.add(yara.Source{Name: show, Namespace: show, Text: text})
}

// include is the Include of the compiler.
func (l *loader) include(from, target string) (yara.Source, error) {
	at, ok := l.places[from]
	if !ok {
		return yara.Source{}, errors.New("the rules that come with the program include nothing")
	}
	name, err := resolve(at.name, target)
	if err != nil {
		return yara.Source{}, err
	}
	text, err := at.tree.read(name)
	if err != nil {
		return yara.Source{}, fmt.Errorf("include %q: %w", target, bare(err))
	}
	show := at.tree.show(name)
	if l.portable {
		show = l.portableName(place{at.tree, name}, text)
	}
	l.texts[show], l.places[show] = text, place{at.tree, name}
	return yara.Source{Name: show, Text: text}, nil
}

// resolve gives the name in the tree of what the file from includes.
func resolve(from, target string) (string, error) {
	if path.IsAbs(target) {
		return "", fmt.Errorf("include %q: only files beside the rules can be included, by a relative path", target)
	}
	name := path.Join(path.Dir(from), target)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("include %q: leads out of the directory of the rules", target)
	}
	return name, nil
}

// bare drops the path of a file error: the message around it names the file.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	return readAll(file)
}

// readAll reads a source. Room for a file is made at once: compiled rules are
// large, and what a buffer grows through stays in memory for a while.
func readAll(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	if file, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := file.Stat(); err == nil {
			b.Grow(int(min(max(info.Size(), 0), maxSource)) + bytes.MinRead)
		}
	}
	if _, err := b.ReadFrom(io.LimitReader(r, maxSource+1)); err != nil {
		return nil, bare(err)
	}
	text := b.Bytes()
	if len(text) > maxSource {
		return nil, fmt.Errorf("more than %d MiB", maxSource>>20)
	}
	return text, nil
}
