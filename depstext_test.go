package vitrine

import (
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"
	"testing"
)

// depsText is the text of deps.txt: all that is linked into a binary on
// linux/amd64, by module. The internal packages of the standard library are
// left out: they change with the toolchain and nobody here chooses them.
func (g graph) depsText(module, binary string) string {
	groups := map[string][]string{}
	for path, n := range g.reach(module + "/" + binary) {
		name, group := path, "standard library"
		switch {
		case n.Standard && isInternal(path):
			continue
		case n.Module != nil && n.Module.Path == module:
			group = module
		case n.Module != nil:
			group = n.Module.Path + " " + n.Module.Version
		}
		groups[group] = append(groups[group], strings.TrimRight(fmt.Sprintf("    %-52s%s", name, marks(n)), " "))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Every package linked into %s on linux/amd64, by module. Marks: what the\n", binary)
	b.WriteString("# package itself imports of net, os/exec, plugin, syscall and unsafe.\n")
	b.WriteString("# Held by a test; after reading the change: go test . -run TestDeps -update\n")
	for _, group := range groupOrder(groups, module) {
		sort.Strings(groups[group])
		fmt.Fprintf(&b, "\n%s\n%s\n", group, strings.Join(groups[group], "\n"))
	}
	return b.String()
}

// groupOrder puts our own module first and the standard library last.
func groupOrder(groups map[string][]string, module string) []string {
	order := sortedKeys(groups)
	rank := func(s string) int {
		switch s {
		case module:
			return 0
		case "standard library":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b string) int { return rank(a) - rank(b) })
	return order
}

func isInternal(path string) bool {
	return slices.Contains(strings.Split(path, "/"), "internal") || strings.HasPrefix(path, "vendor/")
}

// marks is what a reviewer looks at first. The standard library needs none:
// there every reader knows which package does what.
func marks(n *node) string {
	if n.Standard {
		return ""
	}
	var found []string
	for _, m := range []string{"net", "os/exec", "plugin", "syscall", "unsafe"} {
		if slices.Contains(n.Imports, m) {
			found = append(found, m)
		}
	}
	return strings.Join(found, " ")
}

// comparable leaves the standard library out where the toolchain is not the
// one deps.txt was written with: another Go links other packages of its own.
func comparable(text string) string {
	if strings.HasPrefix(runtime.Version(), "go1.26") {
		return text
	}
	text, _, _ = strings.Cut(text, "\nstandard library\n")
	return text
}

// firstDifference tells the first line only one of the texts has, or "".
func firstDifference(got, want string) string {
	has := strings.Split(comparable(got), "\n")
	needs := strings.Split(comparable(want), "\n")
	for _, line := range needs {
		if !slices.Contains(has, line) {
			return fmt.Sprintf("%q is missing", line)
		}
	}
	for _, line := range has {
		if !slices.Contains(needs, line) {
			return fmt.Sprintf("%q is no longer linked", line)
		}
	}
	if !slices.Equal(has, needs) {
		return "the order differs"
	}
	return ""
}

func TestDepsTextNamesTheChange(t *testing.T) {
	g := exampleGraph()
	before := g.depsText("m", "cmd/a")
	if d := firstDifference(before, before); d != "" {
		t.Errorf("the same text differs from itself: %s", d)
	}
	for _, want := range []string{"\nm\n    m/cmd/a\n", "\nexample.org/lib v1.2.3\n    example.org/lib", "unsafe", "\nstandard library\n    fmt\n"} {
		if !strings.Contains(before, want) {
			t.Errorf("%q is not in:\n%s", want, before)
		}
	}
	if strings.Contains(before, "internal/abi") {
		t.Error("the standard library's internal packages must be left out")
	}
	g["m/cmd/a"].Imports = append(g["m/cmd/a"].Imports, "example.org/new")
	g["example.org/new"] = foreign("example.org/new")
	after := g.depsText("m", "cmd/a")
	if d := firstDifference(before, after); !strings.Contains(d, `example.org/new v1.2.3" is missing`) {
		t.Errorf("a new module is told as %q", d)
	}
	if d := firstDifference(after, before); !strings.Contains(d, "is no longer linked") {
		t.Errorf("a module that went away is told as %q", d)
	}
}
