package main

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/site"

	"github.com/rogpeppe/go-internal/testscript"
)

// smuggle SERIAL FILE makes a file of rules what the next publication of core is
// about, past every check of rules, as who changes the program can.
func smuggle(ts *testscript.TestScript, _ bool, args []string) {
	serial, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	b, err := bundle.Make(bundle.Config{Channel: "core", Serial: serial, Sources: []bundle.File{{Name: args[1], Data: []byte(ts.ReadFile(args[1]))}}})
	ts.Check(err)
	data, err := b.Marshal()
	ts.Check(err)
	name := ts.MkAbs(filepath.Join("op", "pending", site.RuleBundle("core", serial)))
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
	ts.Check(os.WriteFile(name, data, 0o644))
}

// appears FILE waits until there is such a file.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not appear", args[0])
}
