package machine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newRulesImport(env term.Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "import [flags] SOURCE DIR",
		Short: "Copy the rules of a public set that can be used, with their licence",
		Example: `vitrine rules import signature-base/ rules/signature-base
vitrine rules import download.zip rules/download
vitrine scan --rules rules/ ~/Downloads
vitrine rules import /var/lib/clamav clamav-2026-11
vitrine scan --clamav clamav-2026-11 ~/Downloads`,
		Long: `SOURCE is a directory, a git checkout, a zip archive or a file. Every file of rules
that compiles by itself, with what it includes, is copied to DIR, which must be
new or empty. What does not compile is left out, and the reason printed.

Licence files are copied as well. DIR/vitrine-import.json tells the source, the
commit of a checkout, the licences, and of every file its SHA-256 and what its
rules say of their licence and author. The rules themselves are not changed.

A directory that holds databases of ClamAV, or one of them, is copied as it is, for
scan --clamav. Each is loaded first: one that is damaged, or not what its makers
signed, is left out. DIR/vitrine-import.json tells of each how many signatures can be
used, whether ClamAV's makers signed it, its version and its licence.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return term.Usage(c, "name the source and a new directory")
			}
			return runRulesImport(env, args[0], args[1], asJSON)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("every file was copied", "files that do not compile, or are damaged, were left out"),
			page.See:  "vitrine-rules(1), vitrine-scan(1)",
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print vitrine-import.json instead of a summary (schema vitrine.rules.import/v1)")
	return c
}

// importedSet is the index; its schema is docs/spec/cli/vitrine.rules.import.v1.json.
type importedSet struct {
	Schema   string            `json:"schema"`
	Source   string            `json:"source"`
	Commit   string            `json:"commit"`
	Imported string            `json:"imported"`
	Rules    int               `json:"rules"`
	Licences []importedLicence `json:"licences"`
	Files    []importedFile    `json:"files"`

	Databases []importedDatabase `json:"databases"`

	Skipped []skippedFile `json:"skipped"`
}

type importedLicence struct {
	File string `json:"file"`
	Name string `json:"name"`
}

type importedFile struct {
	File     string   `json:"file"`
	SHA256   string   `json:"sha256"`
	Rules    int      `json:"rules"`
	Licences []string `json:"licences"`
	Authors  []string `json:"authors"`
}

type skippedFile struct {
	File    string   `json:"file"`
	Reasons []string `json:"reasons"`
}

func runRulesImport(env term.Env, source, dir string, asJSON bool) error {
	if _, err := os.Stat(source); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("import into %s: the directory is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("import into %s: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("import into %s: %w", dir, err)
	}
	defer root.Close()
	i := &importing{root: root, copied: map[string][]byte{}, set: importedSet{Schema: "vitrine.rules.import/v1", Source: source,
		Imported: env.Now().UTC().Format(time.RFC3339), Licences: []importedLicence{}, Files: []importedFile{}, Skipped: []skippedFile{},
		Databases: []importedDatabase{}}}
	i.start(env, "importing", false)
	var unread error
	if names := signatureDatabases(source); len(names) > 0 {
		for _, name := range names {
			i.database(name)
		}
	} else {
		unread = ruleset.Each(ruleset.Config{Paths: []string{source}}, i.file)
	}
	i.origin(ruleset.OriginOf(source))
	i.line.Clear()
	if i.err == nil {
		i.err = i.index()
	}
	if i.err != nil {
		return fmt.Errorf("import into %s: %w", dir, i.err)
	}
	if err := i.print(env, asJSON); err != nil {
		return err
	}
	if unread != nil {
		return tell(env, unread)
	}
	if len(i.set.Skipped) > 0 {
		return term.ErrNo
	}
	return nil
}

// importing copies files of rules.
type importing struct {
	meter
	root   *os.Root
	copied map[string][]byte
	set    importedSet
	err    error // the first of writing
}

func (i *importing) file(f *ruleset.File) {
	i.begin(f.Name)
	i.progress.Add(int64(len(f.Sources[0].Text)))
	if f.Rules == nil {
		skipped := skippedFile{File: f.Name}
		for _, d := range f.Errors {
			skipped.Reasons = append(skipped.Reasons, ruleset.Describe(d))
		}
		i.set.Skipped = append(i.set.Skipped, skipped)
		return
	}
	for n, s := range f.Sources {
		entry := importedFile{File: f.Places[n], Licences: []string{}, Authors: []string{}}
		for rule := range f.Rules.All() {
			if rule.File == s.Name {
				entry.Rules++
				entry.Licences = added(entry.Licences, rule.MetaText("license"), rule.MetaText("licence"))
				entry.Authors = added(entry.Authors, rule.MetaText("author"))
			}
		}
		if i.write(f.Places[n], s.Text) {
			sum := sha256.Sum256(s.Text)
			entry.SHA256 = hex.EncodeToString(sum[:])
			i.set.Files = append(i.set.Files, entry)
			i.set.Rules += entry.Rules
		}
	}
}

// added puts words to a list that are not in it.
func added(list []string, words ...string) []string {
	for _, w := range words {
		if w != "" && !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// write writes a file once.
func (i *importing) write(name string, text []byte) bool {
	if _, done := i.copied[name]; done || i.err != nil {
		return false
	}
	i.copied[name] = text
	i.err = errors.Join(i.root.MkdirAll(path.Dir(name), 0o755), i.root.WriteFile(name, text, 0o644))
	return i.err == nil
}

func (i *importing) origin(o ruleset.Origin) {
	i.set.Commit = o.Commit
	for _, l := range o.Licences {
		if i.write(l.Place, l.Text) {
			i.set.Licences = append(i.set.Licences, importedLicence{l.Place, l.Name})
		}
	}
}

func (i *importing) index() error {
	var b bytes.Buffer
	if err := indented(&b, i.set); err != nil {
		return err
	}
	i.write(ruleset.ImportIndex, b.Bytes())
	return i.err
}

func (i *importing) print(env term.Env, asJSON bool) error {
	if asJSON {
		return indented(env.Stdout, i.set)
	}
	var b strings.Builder
	for _, s := range i.set.Skipped {
		for _, reason := range s.Reasons {
			b.WriteString("left out: " + term.Clean(reason) + "\n")
		}
	}
	var names []string
	for _, l := range i.set.Licences {
		names = added(names, l.Name)
	}
	licence := "no licence that is known"
	if len(names) > 0 {
		licence = strings.Join(names, ", ")
	}
	line := fmt.Sprintf("%s in %s", term.Plural(int64(i.set.Rules), "rule", "rules"), term.Plural(int64(len(i.set.Files)), "file", "files"))
	if len(i.set.Databases) > 0 {
		line = i.databasesLine()
	}
	fmt.Fprintf(&b, "%s, %s left out; %s\n", line, term.Plural(int64(len(i.set.Skipped)), "file", "files"), licence)
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
