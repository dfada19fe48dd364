// Package starter holds the rules that come with the program: our own YARA
// rules for what a Linux fleet, a mail gateway and a web host meet. They are
// embedded, so that a scan needs nothing but the binary.
//
// The package reads no file and reaches no network; it hands out the text of
// the rules and nothing else. How the rules are organised, what their metadata
// means and how to add one is in docs/rules.md.
package starter

import (
	"embed"
	"fmt"

	"vitrine/yara"
)

// Namespace is the namespace of every starter rule.
const Namespace = "vitrine"

//go:embed *.yar
var files embed.FS

// Sources gives the rule files in the order in which they must be compiled:
// 00_gates.yar, which the others lean on, comes first. Names are file names
// without a folder. The texts are copies; a caller may change them.
func Sources() []yara.Source {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("starter: embedded rules cannot be listed: " + err.Error())
	}
	sources := make([]yara.Source, 0, len(entries))
	for _, entry := range entries {
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			panic("starter: embedded rules cannot be read: " + err.Error())
		}
		sources = append(sources, yara.Source{Name: entry.Name(), Namespace: Namespace, Text: text})
	}
	return sources
}

// Compile compiles all starter rules, and nothing else, with the zero
// yara.Config.
func Compile() (*yara.Rules, error) {
	compiler := yara.NewCompiler(yara.Config{})
	for _, source := range Sources() {
		if err := compiler.Add(source); err != nil {
			return nil, fmt.Errorf("compile starter rules: %w", err)
		}
	}
	return compiler.Rules()
}
