package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"vitrine/internal/engine/clamav/certs/certstest"
	"vitrine/yara/authenticode/authenticodetest"
)

// signed FILE TEXT TRUST BLOCK writes a program that holds the text and is
// signed, and two lists for ClamAV that trust and block its signer.
func signed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: signed FILE TEXT TRUST BLOCK")
	}
	program := authenticodetest.Program(true)
	copy(program[0x300:], ts.ReadFile(args[1]))
	data, by := certstest.Signed(program)
	for name, text := range map[string]string{
		args[0]: string(data),
		args[2]: certstest.Line("", true, by, true, "1;0;0"),
		args[3]: certstest.Line("Test.Signer-1", false, by, false, "0;0;0"),
	} {
		path := ts.MkAbs(name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
}
