package vitrine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

// The house rules of CONTRIBUTING.md that a program can check.
const (
	maxFunction    = 80  // lines of one function, braces included
	maxFile        = 500 // lines of one file
	maxPercentile  = 50  // lines of the function at the 95th percentile
	maxMedian      = 12  // lines of the function in the middle
	maxMethods     = 3   // methods of one interface
	minPackageNote = 60  // characters a package comment needs to say anything
)

// sourceFile is one hand-written Go file of the product.
type sourceFile struct {
	path  string // from the root, with slashes
	lines int
	fset  *token.FileSet
	tree  *ast.File
}

func (f sourceFile) line(p token.Pos) int { return f.fset.Position(p).Line }

// sources parses every Go file under the root that is neither a test nor
// generated.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	for _, path := range tree(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if !ast.IsGenerated(parsed) {
			files = append(files, sourceFile{path, strings.Count(string(text), "\n"), fset, parsed})
		}
	}
	if len(files) == 0 {
		t.Fatal("no Go files found: the rules would hold for nothing")
	}
	return files
}

// tree lists the regular files of the repository, without what git ignores at
// the root.
func tree(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == ".git" || path == "bin") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			paths = append(paths, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestFunctionsAndFilesAreShort: what does not fit on a screen or two hides an
// idea that wants a name of its own.
func TestFunctionsAndFilesAreShort(t *testing.T) {
	var all []int
	for _, f := range sources(t) {
		if f.lines > maxFile {
			t.Errorf("%s has %d lines, more than %d", f.path, f.lines, maxFile)
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := f.line(fn.End()) - f.line(fn.Pos()) + 1
			all = append(all, n)
			if n > maxFunction {
				t.Errorf("%s:%d: %s has %d lines, more than %d", f.path, f.line(fn.Pos()), fn.Name.Name, n, maxFunction)
			}
		}
	}
	sort.Ints(all)
	median, percentile := all[len(all)/2], all[len(all)*95/100]
	if median > maxMedian || percentile > maxPercentile {
		t.Errorf("of %d functions the median has %d lines (limit %d), the 95th percentile %d (limit %d)", len(all), median, maxMedian, percentile, maxPercentile)
	}
	t.Logf("%d functions: median %d lines, 95th percentile %d", len(all), median, percentile)
}

// TestPackagesSayWhatTheyAre: a reader must not have to guess a room's purpose.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	notes := map[string]string{}
	for _, f := range sources(t) {
		notes[filepath.Dir(f.path)] += f.tree.Doc.Text()
		if name := f.tree.Name.Name; slices.Contains([]string{"util", "utils", "common", "helpers", "types", "base", "manager"}, name) {
			t.Errorf("%s: package %s: name it for what it holds", f.path, name)
		}
	}
	for dir, note := range notes {
		if len(note) < minPackageNote {
			t.Errorf("%s: the package comment must say what it does and what it never does", dir)
		}
	}
}

// TestExportedNamesHaveComments covers the packages others may import: the
// library, and the rooms behind it.
func TestExportedNamesHaveComments(t *testing.T) {
	for _, f := range sources(t) {
		for _, d := range f.tree.Decls {
			for _, name := range uncommented(d) {
				t.Errorf("%s:%d: %s has no comment", f.path, f.line(d.Pos()), name)
			}
		}
	}
}

// uncommented gives the exported names a declaration leaves without a word.
func uncommented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || receiverExported(d.Recv)) && !selfEvident(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		return uncommentedSpecs(d)
	}
	return nil
}

// selfEvident methods implement an interface everybody knows.
func selfEvident(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "String", "Unwrap", "Len", "Less", "Swap", "Write", "Read", "Close"}, d.Name.Name)
}

func receiverExported(recv *ast.FieldList) bool {
	name := recv.List[0].Type
	for {
		switch x := name.(type) {
		case *ast.StarExpr:
			name = x.X
		case *ast.IndexExpr:
			name = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func uncommentedSpecs(d *ast.GenDecl) []string {
	var names []string
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				names = append(names, s.Name.Name)
			}
		case *ast.ValueSpec:
			if d.Doc != nil || s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, n := range s.Names {
				if n.IsExported() {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

// TestInterfacesAreSmall: an interface of many methods has one implementation
// and no reader.
func TestInterfacesAreSmall(t *testing.T) {
	for _, f := range sources(t) {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods && !isConstraint(i) {
				t.Errorf("%s:%d: an interface of %d methods, more than %d", f.path, f.line(i.Pos()), i.Methods.NumFields(), maxMethods)
			}
			return true
		})
	}
}

func isConstraint(i *ast.InterfaceType) bool {
	return slices.ContainsFunc(i.Methods.List, func(m *ast.Field) bool { return len(m.Names) == 0 })
}

// TestNoHiddenStart: nothing runs before main, nothing is linked by stealth,
// and nothing is built by another compiler.
func TestNoHiddenStart(t *testing.T) {
	for _, f := range sources(t) {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s:%d: func init: say it where it is needed", f.path, f.line(fn.Pos()))
			}
		}
		for _, imp := range f.tree.Imports {
			if imp.Path.Value == `"C"` {
				t.Errorf("%s: cgo: the build must be Go's alone", f.path)
			}
		}
		for _, group := range f.tree.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname") {
					t.Errorf("%s:%d: go:linkname reaches past the import table", f.path, f.line(c.Pos()))
				}
			}
		}
	}
}

// clockUses is where a sealed room may name the clock, and why.
var clockUses = map[string]string{
	"yara/scanner.go: time.Now": "the default of ScanConfig.Now, for callers who do not care which clock",
}

// TestNoClockInSealedRooms: the caller says what time it is, so that a scan is
// a function of its input. time.Duration and time.Time are fine.
func TestNoClockInSealedRooms(t *testing.T) {
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	used := map[string]bool{}
	for _, f := range sources(t) {
		if dir := filepath.Dir(f.path); !fits("yara/...", dir) && !fits("internal/engine/...", dir) && !fits("proof/...", dir) {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, sel.Sel.Name) {
				use := f.path + ": time." + sel.Sel.Name
				used[use] = true
				if clockUses[use] == "" {
					t.Errorf("%s:%d: time.%s: the caller says what time it is", f.path, f.line(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
	for use := range clockUses {
		if !used[use] {
			t.Errorf("clockUses: %s is no longer used", use)
		}
	}
}

// TestNoPathsOfOneMachine: what only exists where it was written helps nobody.
// Rules and what they are tried on may name any path: that is what they look for.
func TestNoPathsOfOneMachine(t *testing.T) {
	machine := regexp.MustCompile(`/(work/(main|shared)|root/[a-z._])`)
	for _, path := range tree(t) {
		if strings.HasPrefix(path, "internal/engine/starter/") || strings.Contains(path, "testdata/") || path == "house_test.go" {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := machine.FindString(line); m != "" {
				t.Errorf("%s:%d: a path of one machine: %s…", path, i+1, m)
			}
		}
	}
}

// TestHouseRulesSeeBreaks shows that the rules above can fail.
func TestHouseRulesSeeBreaks(t *testing.T) {
	const text = `package p
type Bare int
// Said has a comment.
type Said int
const Naked = 1
func Silent() {}
func (b Bare) Method() {}
func (b *hidden) Method() {}
func (b Bare) String() string { return "" }
type hidden int
`
	parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range parsed.Decls {
		got = append(got, uncommented(d)...)
	}
	if want := []string{"Bare", "Naked", "Silent", "Method"}; !slices.Equal(got, want) {
		t.Errorf("without a comment: %s, want %s", fmt.Sprint(got), fmt.Sprint(want))
	}
}
