package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vitrine/yara/syntax"
)

// writeDatabases makes ClamAV databases of the rules of a text: for each rule
// its longest literal as a body signature, and for each as many digests of files
// that do not exist. It tells how many signatures there are.
func writeDatabases(text, dir string) (int, error) {
	file, _ := syntax.Parse("", []byte(text), syntax.Options{})
	var bodies, digests strings.Builder
	n := 0
	for _, item := range file.Items {
		rule, ok := item.(*syntax.Rule)
		if !ok {
			continue
		}
		if literal := longestLiteral(rule); len(literal) >= shortest {
			fmt.Fprintf(&bodies, "Bench.%s:0:*:%x\n", rule.Name, literal[:min(len(literal), 200)])
			fmt.Fprintf(&digests, "%032x:%d:Digest.%s\n", uint64(n)*0x9E3779B97F4A7C15, 1000+n, rule.Name)
			n += 2
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.ndb"), []byte(bodies.String()), 0o600); err != nil {
		return 0, err
	}
	return n, os.WriteFile(filepath.Join(dir, "bench.hdb"), []byte(digests.String()), 0o600)
}

// shortest is the length of body signature that is worth writing.
const shortest = 6

// longestLiteral is the longest text of a rule that is searched as it stands.
func longestLiteral(rule *syntax.Rule) []byte {
	var longest []byte
	for _, s := range rule.Strings {
		m := s.Mods
		plain := s.Kind == syntax.Text && !m.NoCase && !m.Xor && !m.Base64 && !m.Base64Wide && (m.ASCII || !m.Wide)
		if plain && len(s.Value) > len(longest) {
			longest = s.Value
		}
	}
	return longest
}
