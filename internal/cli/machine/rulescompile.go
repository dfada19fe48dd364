package machine

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/cli/yaracmd"

	"github.com/spf13/cobra"
)

// compileOptions is the command line of rules compile.
type compileOptions struct {
	output string
	define []string
	json   bool
}

// compiledFile is the answer of rules compile; its JSON is
// docs/spec/cli/vitrine.rules.compile.v1.json.
type compiledFile struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Rules  int    `json:"rules"`
	Files  int    `json:"files"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func newRulesCompile(env term.Env) *cobra.Command {
	var o compileOptions
	c := &cobra.Command{
		Use:   "compile [flags] PATH...",
		Short: "Compile rules into one file that loads at once",
		Example: `vitrine rules compile -o rules.vyr rules/
vitrine rules compile -o - rules/ more.zip | sha256sum
vitrine rules compile -d level=3 -o rules.vyr rules.yar
vitrine scan --rules rules.vyr ~/Downloads
vitrine yara -C rules.vyr ~/Downloads`,
		Long: `Each PATH is a file of rules, a directory with *.yar and *.yara files, or a zip
archive of them. Files that others include come in through these alone.

The same sources give the same bytes on every machine, wherever they lie and in
whatever order they are named. Files go by their place below PATH, which is the
namespace of their rules as well, and are sorted by it. No time, no user and no
path outside of PATH is written.

A file with a mistake keeps all from being compiled. What a -d declares may get
another value of the same type when the rules are used with vitrine yara -d.`,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return term.Usage(c, "nothing to compile: name a file, a directory or a zip archive")
			}
			if o.json && o.output == "-" {
				return term.Usage(c, "--json and the rules cannot both go to standard output")
			}
			return runRulesCompile(env, o, paths)
		},
		Annotations: map[string]string{
			page.Exit: page.Exits("compiled", ""),
			page.See:  "vitrine-scan(1), vitrine-yara(1)",
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "rules.vyr", "write to `FILE`; - is standard output")
	c.Flags().StringArrayVarP(&o.define, "define", "d", nil, "define an external variable, `VAR=VALUE`; may be repeated")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document (schema vitrine.rules.compile/v1)")
	return c
}

func runRulesCompile(env term.Env, o compileOptions, paths []string) error {
	externals, err := yaracmd.Externals(o.define)
	if err != nil {
		return err
	}
	set, err := ruleset.Load(ruleset.Config{Paths: paths, Externals: externals, Portable: true})
	if err != nil {
		return tellRules(env, err)
	}
	data, err := set.Rules.MarshalBinary()
	if err != nil {
		return err
	}
	if o.output == "-" {
		_, err := env.Stdout.Write(data)
		return err
	}
	if err := replaceFile(o.output, data); err != nil {
		return err
	}
	made := compiledFile{"vitrine.rules.compile/v1", o.output, set.Rules.Len(), set.Files, len(data), fmt.Sprintf("%x", sha256.Sum256(data))}
	if o.json {
		return indented(env.Stdout, made)
	}
	_, err = fmt.Fprintf(env.Stdout, "%s: %s of %s, %d bytes, sha256 %s\n", term.Clean(made.File),
		term.Plural(int64(made.Rules), "rule", "rules"), term.Plural(int64(made.Files), "file", "files"), made.Bytes, made.SHA256)
	return err
}

// replaceFile writes a file in one step: who reads it meanwhile sees the old
// one or the new one, never a half. Devices and pipes are written to, not
// replaced.
func replaceFile(name string, data []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, 0)
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".vitrine-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
