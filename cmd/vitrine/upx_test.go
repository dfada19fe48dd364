package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"vitrine/internal/engine/upx/upxtest"
)

// packed FILE TEXT [SPOILT] writes an ELF program that says the text, packed
// with UPX; or such a one without the marks of the packer.
func packed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: packed FILE TEXT [SPOILT]")
	}
	m := upxtest.Machines()[0]
	how := upxtest.Pack{Method: upxtest.NRV2E, Filter: m.Filter}
	if len(args) == 3 {
		how.Spoil = upxtest.NoHeader
	}
	text := strings.TrimSpace(ts.ReadFile(args[1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), m.Packed(m.Program(text), how), 0o755))
}
