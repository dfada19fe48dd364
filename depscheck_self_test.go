package vitrine

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// own, std and foreign make one package of a made-up world.
func own(path string, imports ...string) *node {
	return &node{ImportPath: path, Imports: imports, GoFiles: []string{"a.go"}, Module: &struct{ Path, Version string }{"m", ""}}
}

func std(path string, imports ...string) *node {
	return &node{ImportPath: path, Imports: imports, GoFiles: []string{"a.go"}, Standard: true}
}

func foreign(path string, imports ...string) *node {
	return &node{ImportPath: path, Imports: imports, GoFiles: []string{"a.go"}, Module: &struct{ Path, Version string }{path, "v1.2.3"}}
}

// exampleGraph is a small repository that keeps every rule of exampleRules.
func exampleGraph() graph {
	g := graph{}
	for _, n := range []*node{
		std("internal/abi"), std("unsafe"), std("net", "internal/abi"), std("os", "internal/abi"), std("fmt", "os"),
		foreign("example.org/lib", "fmt", "unsafe"), foreign("example.org/flags", "net"),
		own("m/engine/hash", "fmt"), own("m/engine", "m/engine/hash", "example.org/lib"),
		own("m/cmd/a", "m/engine", "example.org/flags"),
	} {
		g[n.ImportPath] = n
	}
	return g
}

func exampleRules() rules {
	return rules{
		module: "m",
		layers: "engine/...\nengine\ncmd/a",
		sealed: []fence{{"engine/...", "net", "it has no way out"}, {"engine/...", "m/cmd/...", "it knows no command"}},
		barred: []fence{{"engine/...", "os", "it opens nothing"}},
		modules: map[string]map[string]string{
			"cmd/a": {"example.org/lib": "a reason", "example.org/flags": "a reason"},
		},
	}
}

// TestCheckerFindsBreaks shows that the checker cannot pass by checking
// nothing: each break of a kept rule gives its own line, and only that.
func TestCheckerFindsBreaks(t *testing.T) {
	imports := func(from, to string) func(graph, *rules) {
		return func(g graph, _ *rules) { g[from].Imports = append(g[from].Imports, to) }
	}
	tests := []struct {
		name string
		do   func(graph, *rules)
		want []string
	}{
		{"all kept", func(graph, *rules) {}, nil},
		{"sealed, directly", imports("m/engine", "net"),
			[]string{"engine reaches net: it has no way out (net)"}},
		{"sealed, through the package below", imports("m/engine/hash", "net"), []string{
			"engine reaches net: it has no way out (m/engine/hash > net)",
			"engine/hash reaches net: it has no way out (net)"}},
		{"sealed, through a module", imports("example.org/lib", "net"),
			[]string{"engine reaches net: it has no way out (example.org/lib > net)"}},
		{"sealed from a room of this module", imports("example.org/lib", "m/cmd/a"), []string{
			"engine reaches m/cmd/...: it knows no command (example.org/lib > m/cmd/a)",
			"engine reaches net: it has no way out (example.org/lib > m/cmd/a > example.org/flags > net)"}},
		{"barred", imports("m/engine/hash", "os"),
			[]string{"engine/hash imports os: it opens nothing"}},
		{"upwards", imports("m/engine/hash", "m/engine"),
			[]string{"engine/hash may not import engine: it is not on a lower layer"}},
		{"sideways", func(g graph, _ *rules) {
			g["m/engine/zip"] = own("m/engine/zip", "m/engine/hash")
		}, []string{"engine/zip may not import engine/hash: it is not on a lower layer"}},
		{"a test's helper may do as it likes", func(g graph, _ *rules) {
			g["m/engine/hash/hashtest"] = own("m/engine/hash/hashtest", "os", "net")
		}, nil},
		{"a test's helper in the product", func(g graph, _ *rules) {
			g["m/engine/hash/hashtest"] = own("m/engine/hash/hashtest", "os")
			g["m/engine/hash"].Imports = append(g["m/engine/hash"].Imports, "m/engine/hash/hashtest")
		}, []string{"engine/hash may not import engine/hash/hashtest: it is for tests only"}},
		{"no layer", func(g graph, _ *rules) { g["m/new"] = own("m/new") },
			[]string{"new has no layer: add it to layers"}},
		{"a module nobody explained", func(g graph, _ *rules) {
			g["example.org/new"] = foreign("example.org/new")
			g["m/engine"].Imports = append(g["m/engine"].Imports, "example.org/new")
		}, []string{"cmd/a links example.org/new: not in allowedModules; each dependency is a decision: add it with its reason"}},
		{"a module without a reason", func(_ graph, r *rules) { r.modules["cmd/a"]["example.org/lib"] = "" },
			[]string{"cmd/a links example.org/lib: not in allowedModules; each dependency is a decision: add it with its reason"}},
		{"a module no longer there", func(_ graph, r *rules) { r.modules["cmd/a"]["example.org/old"] = "a reason" },
			[]string{"cmd/a no longer links example.org/old: take it out of allowedModules"}},
		{"a binary no longer there", func(_ graph, r *rules) { r.modules["cmd/b"] = nil },
			[]string{"modules: there is no package cmd/b"}},
		{"a fence but for nothing", func(_ graph, r *rules) {
			r.barred = append(r.barred, fence{"... but enginn", "net", "misspelt"})
		}, []string{"the fence between ... but enginn and net guards no package"}},
		{"a fence around nothing", func(_ graph, r *rules) {
			r.sealed = append(r.sealed, fence{"engin/...", "net", "misspelt"})
		}, []string{"the fence between engin/... and net guards no package"}},
		{"a layer of nothing", func(_ graph, r *rules) { r.layers += "\nattic" },
			[]string{"layers names attic, which is no package"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, r := exampleGraph(), exampleRules()
			tt.do(g, &r)
			got := r.check(g)
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

// TestCheckerOnThisRepository breaks the real tables' promises in the real
// graph, one at a time, and expects the reason written in the table.
func TestCheckerOnThisRepository(t *testing.T) {
	real, r := loadGraph(t, "amd64"), rulesOfThisRepository()
	before := r.check(real)
	for _, f := range slices.Concat(r.sealed, r.barred) {
		victim := r.anyPackage(real, f)
		target := strings.TrimSuffix(f.target, "/...")
		g := maps.Clone(real)
		broken := *g[victim]
		broken.Imports = append(slices.Clone(broken.Imports), target)
		g[victim] = &broken
		after := r.check(g)
		if len(after) <= len(before) || !slices.ContainsFunc(after, func(p string) bool { return strings.Contains(p, f.because) }) {
			t.Errorf("%s importing %s went unnoticed", victim, target)
		}
	}
}

// anyPackage is the first package a fence guards.
func (r rules) anyPackage(g graph, f fence) string {
	for _, name := range r.ours(g) {
		if f.guards(name) {
			return r.module + "/" + name
		}
	}
	return r.module
}

func TestLongestLayerWins(t *testing.T) {
	r := rules{layers: "a/b/c a/b\na/b/...\na/..."}
	for name, want := range map[string]int{"a/b/c": 0, "a/b": 0, "a/b/d": 1, "a/x/y": 2, "a": 2, "ab": -1} {
		if got := r.layerOf(name); got != want {
			t.Errorf("%s is on line %d, want %d", name, got, want)
		}
	}
}

func TestRequirementsNeedAReason(t *testing.T) {
	linked := map[string]map[string]string{"cmd/a": {"example.org/lib": "a reason"}}
	got := checkRequirements([]string{"example.org/lib", "example.org/x"}, linked, map[string]string{"example.org/t": "a reason"})
	want := []string{
		"go.mod requires example.org/x: neither in allowedModules nor in testModules",
		"go.mod does not require example.org/t: take it out of testModules",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
