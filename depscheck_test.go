package vitrine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strings"
	"testing"
)

// fence keeps the packages of this module that fit from, a path without the
// module's name, away from every import path that fits target, for a reason.
type fence struct{ from, target, because string }

// rules is one set of tables. Paths in layers and modules, too, lack the
// module's name.
type rules struct {
	module  string
	layers  string
	sealed  []fence
	barred  []fence
	modules map[string]map[string]string
}

// node is one package as go list tells it.
type node struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
	Standard   bool
	Module     *struct{ Path, Version string }
}

// graph is every package of the module and all they reach.
type graph map[string]*node

// loadGraph asks go list, for Linux without cgo, as the product is built.
func loadGraph(t *testing.T, arch string) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,GoFiles,Standard,Module", "./...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	g, err := readGraph(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func readGraph(r io.Reader) (graph, error) {
	g := graph{}
	for dec := json.NewDecoder(r); ; {
		n := new(node)
		if err := dec.Decode(n); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		g[n.ImportPath] = n
	}
}

// check gives every broken rule as one line with its reason.
func (r rules) check(g graph) []string {
	ours := r.ours(g)
	var problems []string
	problems = append(problems, r.checkLayers(g, ours)...)
	problems = append(problems, r.checkBarred(g, ours)...)
	problems = append(problems, r.checkSealed(g, ours)...)
	problems = append(problems, r.checkModules(g)...)
	problems = append(problems, r.checkIdle(ours)...)
	return problems
}

// ours is the sorted short names of this module's packages that hold code and
// are not there for tests only.
func (r rules) ours(g graph) []string {
	var names []string
	for path, n := range g {
		if short, ok := r.short(path); ok && len(n.GoFiles) > 0 && !isTestHelper(short) {
			names = append(names, short)
		}
	}
	sort.Strings(names)
	return names
}

// isTestHelper follows the standard library's way of naming: fstest, iotest.
func isTestHelper(name string) bool { return strings.HasSuffix(name, "test") }

func (r rules) short(path string) (string, bool) {
	if path == r.module {
		return ".", true
	}
	return strings.CutPrefix(path, r.module+"/")
}

// fits says whether name is pattern, or lies under it when it ends in "...".
func fits(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == root || strings.HasPrefix(name, root+"/")
	}
	return pattern == name
}

// layerOf gives the line of the longest pattern that fits; an exact name beats
// a pattern. It is -1 when none does.
func (r rules) layerOf(name string) int {
	layer, best := -1, -1
	for i, line := range strings.Split(r.layers, "\n") {
		for _, pattern := range strings.Fields(line) {
			weight := 2 * len(strings.TrimSuffix(pattern, "/..."))
			if pattern == name {
				weight++
			}
			if fits(pattern, name) && weight > best {
				layer, best = i, weight
			}
		}
	}
	return layer
}

func (r rules) checkLayers(g graph, ours []string) []string {
	var problems []string
	for _, name := range ours {
		layer := r.layerOf(name)
		if layer < 0 {
			problems = append(problems, name+" has no layer: add it to layers")
			continue
		}
		for _, imp := range g[r.module+"/"+name].Imports {
			short, ok := r.short(imp)
			switch {
			case ok && isTestHelper(short):
				problems = append(problems, fmt.Sprintf("%s may not import %s: it is for tests only", name, short))
			case ok && r.layerOf(short) >= layer:
				problems = append(problems, fmt.Sprintf("%s may not import %s: it is not on a lower layer", name, short))
			}
		}
	}
	return problems
}

func (r rules) checkBarred(g graph, ours []string) []string {
	var problems []string
	for _, f := range r.barred {
		for _, name := range ours {
			if f.guards(name) && slices.ContainsFunc(g[r.module+"/"+name].Imports, f.isTarget) {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", name, f.target, f.because))
			}
		}
	}
	return problems
}

func (r rules) checkSealed(g graph, ours []string) []string {
	var problems []string
	for _, f := range r.sealed {
		for _, name := range ours {
			if !f.guards(name) {
				continue
			}
			if way := g.way(r.module+"/"+name, f.isTarget); way != nil {
				problems = append(problems, fmt.Sprintf("%s reaches %s: %s (%s)", name, f.target, f.because, strings.Join(way, " > ")))
			}
		}
	}
	return problems
}

func (f fence) isTarget(path string) bool { return fits(f.target, path) }

// guards says whether a package must keep behind the fence. What follows
// " but " in from are patterns of those that need not.
func (f fence) guards(name string) bool {
	from, but, _ := strings.Cut(f.from, " but ")
	return fits(from, name) && !slices.ContainsFunc(strings.Fields(but), func(p string) bool { return fits(p, name) })
}

// way gives the shortest chain of imports from a package to a target, without
// the package itself; nil when there is none.
func (g graph) way(from string, target func(string) bool) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		n := g[queue[0]]
		if n == nil {
			continue
		}
		for _, imp := range n.Imports {
			if _, seen := before[imp]; seen {
				continue
			}
			before[imp] = queue[0]
			if target(imp) {
				return chain(before, from, imp)
			}
			queue = append(queue, imp)
		}
	}
	return nil
}

func chain(before map[string]string, from, to string) []string {
	var steps []string
	for at := to; at != from; at = before[at] {
		steps = append(steps, at)
	}
	slices.Reverse(steps)
	return steps
}

// reach gives every package linked into a binary, itself included.
func (g graph) reach(from string) map[string]*node {
	seen := map[string]*node{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		n := g[queue[0]]
		if n == nil || seen[queue[0]] != nil {
			continue
		}
		seen[queue[0]] = n
		queue = append(queue, n.Imports...)
	}
	return seen
}

// checkModules compares each binary's modules with its table, both ways.
func (r rules) checkModules(g graph) []string {
	var problems []string
	for _, binary := range sortedKeys(r.modules) {
		if g[r.module+"/"+binary] == nil {
			problems = append(problems, fmt.Sprintf("modules: there is no package %s", binary))
			continue
		}
		linked := map[string]bool{}
		for _, n := range g.reach(r.module + "/" + binary) {
			if n.Module != nil && n.Module.Path != r.module {
				linked[n.Module.Path] = true
			}
		}
		for _, m := range sortedKeys(linked) {
			if r.modules[binary][m] == "" {
				problems = append(problems, fmt.Sprintf("%s links %s: not in allowedModules; each dependency is a decision: add it with its reason", binary, m))
			}
		}
		for _, m := range sortedKeys(r.modules[binary]) {
			if !linked[m] {
				problems = append(problems, fmt.Sprintf("%s no longer links %s: take it out of allowedModules", binary, m))
			}
		}
	}
	return problems
}

// checkIdle finds rules that watch over no package at all: a misspelt name
// would otherwise look like a kept promise.
func (r rules) checkIdle(ours []string) []string {
	var problems []string
	idle := func(pattern string) bool {
		return !slices.ContainsFunc(ours, func(name string) bool { return fits(pattern, name) })
	}
	for _, f := range slices.Concat(r.sealed, r.barred) {
		from, but, _ := strings.Cut(f.from, " but ")
		if slices.ContainsFunc(append(strings.Fields(but), from), idle) {
			problems = append(problems, fmt.Sprintf("the fence between %s and %s guards no package", f.from, f.target))
		}
	}
	for _, pattern := range strings.Fields(r.layers) {
		if idle(pattern) {
			problems = append(problems, fmt.Sprintf("layers names %s, which is no package", pattern))
		}
	}
	return problems
}

// directRequirements reads the modules go.mod asks for itself.
func directRequirements(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, m := range mod.Require {
		if !m.Indirect {
			direct = append(direct, m.Path)
		}
	}
	return direct
}

func checkRequirements(direct []string, modules map[string]map[string]string, tests map[string]string) []string {
	var problems []string
	for _, m := range direct {
		explained := tests[m] != ""
		for _, table := range modules {
			explained = explained || table[m] != ""
		}
		if !explained {
			problems = append(problems, fmt.Sprintf("go.mod requires %s: neither in allowedModules nor in testModules", m))
		}
	}
	for _, m := range sortedKeys(tests) {
		if !slices.Contains(direct, m) {
			problems = append(problems, fmt.Sprintf("go.mod does not require %s: take it out of testModules", m))
		}
	}
	return problems
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
