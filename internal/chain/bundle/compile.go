package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"vitrine/yara"
)

// Config is what a bundle is made of.
type Config struct {
	Channel string
	Serial  int64
	Sources []File
	Detect  []File
	Expect  map[string][]string
	Clean   []File
}

// Make compiles sources into a bundle. The self-test is not run.
func Make(c Config) (*Bundle, error) {
	slices.SortFunc(c.Sources, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	rules, err := compile(c.Sources)
	if err != nil {
		return nil, err
	}
	blob, err := rules.MarshalBinary()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(blob)
	return &Bundle{
		Manifest: Manifest{Format: Format, Channel: c.Channel, Serial: c.Serial, Rules: rules.Len(), Blob: hex.EncodeToString(sum[:])},
		Blob:     blob, Sources: c.Sources, Detect: c.Detect, Expect: c.Expect, Clean: c.Clean,
	}, nil
}

// ErrNotReproduced says that the sources of a bundle do not give its compiled
// rules: what would run is not what can be read.
var ErrNotReproduced = errors.New("the sources give other compiled rules than those in the bundle")

// Reproduce compiles the sources again and compares.
func (b *Bundle) Reproduce() error {
	rules, err := compile(b.Sources)
	if err != nil {
		return err
	}
	blob, err := rules.MarshalBinary()
	if err != nil {
		return err
	}
	if !bytes.Equal(blob, b.Blob) || rules.Len() != b.Manifest.Rules {
		return ErrNotReproduced
	}
	return nil
}

// selective names the modules that make a rule mean something else on one
// machine, or at one time, than on another.
var selective = map[string]string{
	"time":    "a published rule means the same today and tomorrow",
	"cuckoo":  "a published rule is about the file, not about what some machine saw it do",
	"console": "a published rule finds; it writes nothing",
}

// compile makes rules of the sources called *.yar and *.yara; others are there
// to be included. The files of one folder share a namespace, in the order of
// their names, so a rule may build on one of the file before. There are no
// external variables: no rule can ask for a host, a user or a tenant.
func compile(sources []File) (*yara.Rules, error) {
	texts := map[string][]byte{}
	for _, s := range sources {
		texts[s.Name] = s.Data
	}
	compiler := yara.NewCompiler(yara.Config{Include: func(from, name string) (yara.Source, error) {
		at := path.Join(path.Dir(from), name)
		text, ok := texts[at]
		if !ok {
			return yara.Source{}, fmt.Errorf("%s is not among the sources", at)
		}
		return yara.Source{Name: at, Text: text}, nil
	}})
	var problems error
	for _, s := range sources {
		if ext := path.Ext(s.Name); ext == ".yar" || ext == ".yara" {
			problems = errors.Join(problems, compiler.Add(yara.Source{Name: s.Name, Namespace: namespace(s.Name), Text: s.Data}))
		}
	}
	if problems != nil {
		return nil, problems
	}
	rules, err := compiler.Rules()
	if err != nil {
		return nil, err
	}
	for _, module := range rules.Imports() {
		if reason, bad := selective[module]; bad {
			return nil, fmt.Errorf("rules that import %q cannot be published: %s", module, reason)
		}
	}
	return rules, nil
}

// namespace is the folder that a source lies in.
func namespace(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return yara.DefaultNamespace
}
