package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var update = flag.Bool("update", false, "write the page of the specification instead of comparing")

func parse(t *testing.T, text string) *Loaded {
	t.Helper()
	l, err := Parse("f.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestValuesAndSources(t *testing.T) {
	l := parse(t, `
quarantine.keep = "2w" # a dotted key
[protection]
mode = "report"
open = [
  "/srv/upload",   # a comment, [brackets]
  "/srv/share",
]
exclude = ["*.iso", '/srv/[a-c]x']

[scanner]
memory = 268435456
"workers" = 3
max_time = "1m30s"
`)
	c := l.Config
	if c.Protection.Mode != Report || len(c.Protection.Open) != 2 || c.Scanner.Memory != 256<<20 || c.Scanner.Workers != 3 ||
		c.Scanner.MaxTime != 90*time.Second || c.Quarantine.Keep != 14*24*time.Hour || c.Protection.Exec != Block {
		t.Errorf("got %+v", c)
	}
	want := map[string]string{
		"quarantine.keep": "f.toml:2", "protection.mode": "f.toml:4", "protection.open": "f.toml:5", "protection.exclude": "f.toml:9",
		"scanner.memory": "f.toml:12", "scanner.workers": "f.toml:13", "scanner.max_time": "f.toml:14",
	}
	for _, v := range l.Values() {
		if source := cmpOr(want[v.Key], "default"); v.Source != source {
			t.Errorf("%s comes from %s instead of %s", v.Key, v.Source, source)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// TestMistakes: each line of a file has one, and all are told at once.
func TestMistakes(t *testing.T) {
	mistakes := [][2]string{
		{"[protection]", ""},
		{`mdoe = "block"`, "protection.mdoe is not a key: did you mean protection.mode?"},
		{`mode = "blok"`, `protection.mode: "blok" is not one of block, report: did you mean "block"?`},
		{`exec = true`, "protection.exec: expected a text in quotes, found true"},
		{`write = "yes"`, `protection.write: expected true or false, found the text "yes"`},
		{`open = ["srv"]`, `protection.open: "srv" is not a path from the root`},
		{`paths = "/srv"`, `protection.paths: expected a list of texts such as ["a", "b"], found the text "/srv"`},
		{`exclude = ["[a"]`, `exclude pattern "[a": [ without ]`},
		{`actions = ["quarantine", "kil"]`, `did you mean "kill"?`},
		{`exec_deadline = "2"`, `"2" is not a duration`},
		{`open_deadline = "2h"`, `"2h" is not between 10ms and 1m`},
		{`on_timeout = ""`, `"" is not one of allow, deny`},
		{`max_file_size = "512QiB"`, `"512QiB" is not a size`},
		{`hook = ["page"]`, `"page" is not a path from the root`},
		{`watchdog = 3`, `expected a duration such as "2s", found 3`},
		{"[scanner]", ""},
		{`workers = 65`, "65 is not between 0 and 64"},
		{`user = "a b"`, `"a b" is not the name of a user`},
		{`memory = 1.5`, `expected a size such as "512MiB", found 1.5`},
		{`max_time = 1979-05-27`, "found a date"},
		{`rules = [1]`, "expected a list of texts, found 1 in it"},
		{`hashes = ["/a", "/a"]`, `"/a" stands there twice`},
		{`clamav = "x"`, "scanner.clamav"},
		{"[network]", ""},
		{`resolver = "0.0.0.0:53"`, "not an address of this machine alone"},
		{`upstreams = ["dns.example"]`, `"dns.example" is not an address`},
		{`sinkhole = ["127.0.0.1:53"]`, "is not an address, such as 127.0.0.1"},
		{`mode = "block"`, "network.mode is not a key: did you mean protection.mode?"},
		{"[quarantin]", ""},
		{`xyz = 1`, "quarantin.xyz is not a key: did you mean [quarantine]?"},
		{"[events]", ""},
		{`zzzzzzzzz = {a = 1}`, "vitrine config --default shows those of [events]"},
		{`keep = {a = 1}`, "expected a whole number, found a table"},
		{"[[state]]", ""},
		{`dir = "/x"`, ""},
		{"[zzzzzzzzz]", ""},
		{"a.b.c = 1", "zzzzzzzzz.a is not a key: the tables are protection,"},
	}
	var lines []string
	for _, m := range mistakes {
		lines = append(lines, m[0])
	}
	_, err := Parse("f.toml", []byte(strings.Join(lines, "\n")))
	if err == nil {
		t.Fatal("accepted")
	}
	told := strings.Split(err.Error(), "\n")
	expected := 1 // state, which is a list
	for i, m := range mistakes {
		if m[1] == "" {
			continue
		}
		expected++
		found := false
		prefix := "f.toml:" + itoa(i+1) + ": "
		for _, line := range told {
			found = found || strings.HasPrefix(line, prefix) && strings.Contains(line, m[1])
		}
		if !found {
			t.Errorf("nothing tells of line %d, %s", i+1, m[0])
		}
	}
	if len(told) != expected {
		t.Errorf("%d problems instead of %d:\n%s", len(told), expected, err)
	}
}

func itoa(n int) string { return literal(n) }

func TestTogether(t *testing.T) {
	for text, want := range map[string]string{
		"[scanner]\nbuiltin = false":                                             "f.toml:2: scanner.builtin: without it",
		"[clamd]\nenabled = true\nsocket = \"/run/vitrine/guard.sock\"":          "f.toml:3: clamd.socket",
		"[events]\nmetrics = \"/var/log/vitrine/events.jsonl\"":                  "f.toml:2: events.metrics",
		"[network]\nresolver = \"127.0.0.54:53\"\nupstreams=[\"127.0.0.54:53\"]": "the resolver itself",
		"[protection\n":                   "f.toml:2: ",
		"a = 1\na = 2":                    "f.toml:2: ",
		"mode = \"\xff\"":                 "f.toml:1: ",
		"protection = 1":                  "f.toml:1: protection is a table: write [protection]",
		"mode = \"report\"":               "mode is not a key: did you mean protection.mode?",
		"[protection]\nMode = \"report\"": "did you mean protection.mode?",
	} {
		if _, err := Parse("f.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSet(t *testing.T) {
	l := parse(t, "[protection]\nmode = \"block\"\n")
	for _, s := range [][2]string{{"protection.mode", "report"}, {"scanner.rules", `["/a b"]`}, {"scanner.workers", "2"}, {"state.dir", "/x y"}} {
		if err := l.Set(s[0], s[1], "--flag"); err != nil {
			t.Error(err)
		}
	}
	c := l.Config
	if c.Protection.Mode != Report || c.Scanner.Rules[0] != "/a b" || c.Scanner.Workers != 2 || c.State.Dir != "/x y" || l.source("state.dir") != "--flag" {
		t.Errorf("got %+v", c)
	}
	for _, s := range [][2]string{{"protection.mode", "no"}, {"protection.made", "block"}, {"scanner.workers", "x"}, {"scanner.workers", "1\nb = 2"}} {
		if err := l.Set(s[0], s[1], "--flag"); err == nil || !strings.Contains(err.Error(), "--flag") {
			t.Errorf("%s: %v", s, err)
		}
		l = parse(t, "")
	}
}

// TestTable: every field of Config is the place of one key, and every default is valid.
func TestTable(t *testing.T) {
	fields := 0
	c := Default()
	for table := range reflect.TypeOf(c).NumField() {
		fields += reflect.TypeOf(c).Field(table).Type.NumField()
	}
	places := map[any]bool{}
	for _, k := range c.keys() {
		if places[k.at] || k.help == "" || k.plain() == nil {
			t.Errorf("%s: its place, help or type is wrong", k.name)
		}
		places[k.at] = true
		for line := range strings.SplitSeq(k.help, "\n") {
			if len(line) > 98 {
				t.Errorf("%s: a line of help has %d letters", k.name, len(line))
			}
		}
	}
	if len(places) != fields {
		t.Errorf("%d keys for %d fields", len(places), fields)
	}
	l := &Loaded{Config: c}
	if err := l.Validate(); err != nil {
		t.Error(err)
	}
}

// TestDefaultFile: as it is it changes nothing, and so it does without the #.
func TestDefaultFile(t *testing.T) {
	text := DefaultFile()
	if got := parse(t, text).Config; !reflect.DeepEqual(got, Default()) {
		t.Errorf("got %+v", got)
	}
	var all []string
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
			line = rest
			n++
		}
		all = append(all, line)
	}
	l := parse(t, strings.Join(all, "\n"))
	for _, v := range l.Values() {
		if literal(v.Value) != literal(v.Default) || v.Source == "default" {
			t.Errorf("%s = %s (%s), default %s", v.Key, v.Text(), v.Source, literal(v.Default))
		}
	}
	if n != len(l.Values()) {
		t.Errorf("%d of %d keys are in the file", n, len(l.Values()))
	}
}

// TestPage holds docs/spec/config.md against the table of keys.
func TestPage(t *testing.T) {
	const name = "../../../docs/spec/config.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- keys -->\n", "<!-- end of keys -->\n"
	front, rest, found := strings.Cut(string(text), begin)
	_, back, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("no place for the table of keys")
	}
	want := front + begin + page() + end + back
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s is not what the table of keys says: go test ./internal/endpoint/config -run TestPage -update", name)
	}
}

func page() string {
	var b strings.Builder
	values := (&Loaded{Config: Default()}).Values()
	for _, table := range tables() {
		b.WriteString("\n## [" + table[0] + "]\n\n" + table[1] + "\n\n| key | default | |\n|---|---|---|\n")
		for _, v := range values {
			if rest, ok := strings.CutPrefix(v.Key, table[0]+"."); ok {
				b.WriteString("| `" + rest + "` | `" + v.Text() + "` | " + strings.ReplaceAll(v.Help, "|", "\\|") + " |\n")
			}
		}
	}
	return b.String() + "\n"
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "vitrine.toml")
	if _, err := Load(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	write := func(text string, mode fs.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(name, []byte(text), 0o600), os.Chmod(name, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("[protection]\nmode = \"report\"\n", 0o644)
	l, err := Load(name)
	if err != nil || l.Config.Protection.Mode != Report || l.File != name {
		t.Errorf("got %+v, %v", l, err)
	}
	write("", 0o646)
	if _, err := Load(name); err == nil || !strings.Contains(err.Error(), "others may write it") {
		t.Errorf("a file that others may write: %v", err)
	}
	write(strings.Repeat("#", maxFile+1), 0o600)
	if _, err := Load(name); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file that is too large: %v", err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, odd := range []string{filepath.Join(dir, "fifo"), dir} {
		if _, err := Load(odd); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", odd, err)
		}
	}
}

func TestLoadOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("only root can give files away")
		}
		t.Skip("only root can give files away")
	}
	name := filepath.Join(t.TempDir(), "vitrine.toml")
	for _, c := range []struct {
		uid, gid int
		mode     fs.FileMode
		want     string
	}{{0, 0, 0o664, ""}, {0, 1234, 0o664, "others may write"}, {0, 1234, 0o644, ""}, {1234, 0, 0o600, "belongs to user 1234"}} {
		os.Remove(name)
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Chown(name, c.uid, c.gid), os.Chmod(name, c.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := Load(name)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(DefaultFile())
	f.Add("[protection]\nmode = \"report\"\nopen = [\"/a\",\n'/b']\n[scanner]\nmemory=\"1G\"\n")
	f.Add("a.b.c=1\n[[x]]\n")
	f.Add("x = \"\"\"\n\n\"\"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse("f", []byte(text))
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if line == "" {
					t.Errorf("an empty line in %q", err)
				}
			}
			return
		}
		var b strings.Builder
		for _, v := range l.Values() {
			b.WriteString(v.Key + " = " + v.Text() + "\n")
		}
		again, err := Parse("f", []byte(b.String()))
		if err != nil {
			t.Fatalf("%s\n%v", b.String(), err)
		}
		a, z := l.Values(), again.Values()
		for i := range a {
			if a[i].Text() != z[i].Text() {
				t.Errorf("%s: %s is read as %s", a[i].Key, a[i].Text(), z[i].Text())
			}
		}
	})
}

// TestAdopt: what is taken over comes with its source, the rest is named.
func TestAdopt(t *testing.T) {
	running := &Loaded{Config: Default()}
	again := parse(t, "[protection]\nmode = \"report\"\nexclude = [\"*.iso\"]\nexec_deadline = \"3s\"\nmax_file_size = \"1GiB\"\nwrite = false\n[scanner]\nworkers = 2\nuser = \"x\"\n")
	left := running.Adopt(again, "protection.exclude", "protection.exec_deadline", "protection.max_file_size", "protection.write", "scanner.workers", "scanner.user")
	if strings.Join(left, " ") != "protection.mode" {
		t.Errorf("left %v", left)
	}
	c := again.Config
	c.Protection.Mode = Block
	if !reflect.DeepEqual(running.Config, c) || running.source("protection.exclude") != "f.toml:3" || running.source("protection.mode") != "default" || running.File != "f.toml" {
		t.Errorf("got %+v", running)
	}
	again.Config.Protection.Exclude[0] = "changed"
	if running.Config.Protection.Exclude[0] != "*.iso" {
		t.Error("the list is shared")
	}
	if left = running.Adopt(&Loaded{Config: Default()}, "protection.exclude"); len(left) != 5 || running.source("protection.exclude") != "default" {
		t.Errorf("left %v, %+v", left, running)
	}
}
