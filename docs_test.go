package vitrine

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

// pages gives every Markdown file of the repository with its text.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, path := range tree(t) {
		if filepath.Ext(path) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(text)
	}
	if len(found) == 0 {
		t.Fatal("no pages found")
	}
	return found
}

// TestLinksLeadSomewhere checks the links between our own pages and files.
func TestLinksLeadSomewhere(t *testing.T) {
	for path, text := range pages(t) {
		for _, target := range localLinks(text) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", path, target)
			}
		}
	}
}

// localLinks gives the targets of Markdown links, without the place on the
// page, that stay in this repository.
func localLinks(text string) []string {
	var targets []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
		target, _, _ := strings.Cut(m[1], "#")
		if target != "" && !strings.Contains(target, "://") && !strings.HasPrefix(target, "mailto:") {
			targets = append(targets, target)
		}
	}
	return targets
}

func TestLocalLinks(t *testing.T) {
	got := localLinks("[a](b.md) [c](https://example.org/x) [d](#here) [e](../f/g.go#L3) [h](mailto:x@example.org) (not a link)")
	if want := []string{"b.md", "../f/g.go"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPagesNameRealTests: a claim whose check has been renamed is no claim.
func TestPagesNameRealTests(t *testing.T) {
	tests := testNames(t)
	for path, text := range pages(t) {
		for _, name := range regexp.MustCompile(`-(?:run|bench|fuzz)[ =]'?\^?([A-Za-z]\w+)`).FindAllStringSubmatch(text, -1) {
			if !slices.ContainsFunc(tests, func(s string) bool { return strings.Contains(s, name[1]) }) {
				t.Errorf("%s tells to run %s, which is no test", path, name[1])
			}
		}
	}
}

// testNames is every test, benchmark and fuzz target of the repository.
func testNames(t *testing.T) []string {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	var names []string
	for _, path := range tree(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestChangelogForm holds each note to the form of changelog/TEMPLATE.
func TestChangelogForm(t *testing.T) {
	notes, err := filepath.Glob("changelog/unreleased/*")
	if err != nil || len(notes) == 0 {
		t.Fatalf("no notes found: %v", err)
	}
	for _, path := range append(notes, "changelog/TEMPLATE") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if problem := noteProblem(string(text)); problem != "" {
			t.Errorf("%s: %s", path, problem)
		}
	}
}

func noteProblem(text string) string {
	title, rest, _ := strings.Cut(text, "\n")
	kind, what, ok := strings.Cut(title, ": ")
	switch {
	case !ok || !slices.Contains([]string{"New", "Change", "Fix", "Security"}, kind):
		return "the first line must begin with New, Change, Fix or Security, and a colon"
	case len(what) > 80 || strings.HasSuffix(what, "."):
		return "the title must have up to 80 characters and no full stop"
	case !strings.HasPrefix(rest, "\n"):
		return "the second line must be empty"
	case len(strings.TrimSpace(rest)) < 40:
		return "say what was, what is, and what the user has to do"
	}
	return ""
}

func TestNoteProblem(t *testing.T) {
	body := "\n\n" + strings.Repeat("word ", 10) + "\n"
	for text, want := range map[string]string{
		"New: scan tar archives" + body:          "",
		"Added: scan tar archives" + body:        "first line",
		"scan tar archives" + body:               "first line",
		"Fix: " + strings.Repeat("x", 81) + body: "80 characters",
		"Fix: a thing." + body:                   "full stop",
		"Fix: a thing\nno empty line" + body:     "second line",
		"Security: a thing\n\nshort\n":           "say what was",
	} {
		got := noteProblem(text)
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}

// TestStatusNamesMissingModules holds the README's list of the modules of YARA
// that are missing against the compiler.
func TestStatusNamesMissingModules(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	sentence := regexp.MustCompile("The ([^.]*) modules? of YARA (?:is|are) missing").FindString(strings.ReplaceAll(string(text), "\n", " "))
	for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(sentence, -1) {
		told = append(told, m[1])
	}
	var missing []string
	for _, name := range []string{"console", "cuckoo", "dex", "dotnet", "elf", "hash", "macho", "magic", "math", "pe", "string", "time"} {
		if _, err := yara.Compile(fmt.Sprintf("import %q rule r { condition: true }", name)); err != nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(told)
	if !slices.Equal(told, missing) {
		t.Errorf("README.md says that %q are missing, the compiler %q", told, missing)
	}
}

// TestThreatModelLimits holds the table of the threat model against the code.
func TestThreatModelLimits(t *testing.T) {
	text, err := os.ReadFile("docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	l := limit.Limits{}.Filled()
	for _, row := range []string{
		"one unpacked member | " + mebibytes(l.MaxObject),
		"all unpacked members | " + mebibytes(l.MaxTotal),
		"unpacked members held at one moment | " + mebibytes(l.MaxMemory),
		"members | " + thousands(int64(l.MaxFiles)),
		"containers inside containers | " + thousands(int64(l.MaxDepth)),
		"unpacked bytes for each packed byte | " + thousands(l.MaxRatio),
		"dictionary or window of a decompressor | " + mebibytes(l.MaxDict),
		fmt.Sprintf("time | %d s", l.MaxTime/time.Second),
	} {
		if !strings.Contains(string(text), "\n| "+row+" |\n") {
			t.Errorf("docs/threat-model.md must have the row: | %s |", row)
		}
	}
}

func mebibytes(n int64) string {
	if n >= 1<<30 && n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
