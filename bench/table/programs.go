package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"vitrine/bench"
)

// programs are the measuring programs; an empty one could not be built or was
// not asked for.
type programs struct {
	self    string
	libyara string
	clam    string
	script  string // for node, with YARA-X
	node    string // directory with its packages
	wasm    bool
}

// findPrograms builds what can be built in dir, and says what cannot.
func findPrograms(dir string, o options, say func(string, ...any)) (programs, error) {
	self, err := os.Executable()
	if err != nil {
		return programs{}, err
	}
	p := programs{self: self, node: o.packages, wasm: o.wasm}
	if p.libyara, err = bench.BuildPeer(dir); err != nil {
		if !errors.Is(err, bench.ErrNoPeer) {
			return p, err
		}
		say("NOT COMPARED with yara: %v", err)
		p.libyara = ""
	}
	if p.clam, err = bench.BuildClam(dir); err != nil {
		if !errors.Is(err, bench.ErrNoPeer) {
			return p, err
		}
		say("NOT COMPARED with libclamav: %v", err)
		p.clam = ""
	}
	if o.packages != "" {
		p.script, err = bench.YaraXScript(dir)
	}
	return p, err
}

// compiling is the command of a process that compiles the rules in dir.
func (p programs) compiling(key, dir string) []string {
	source := ruleFile(dir)
	switch key {
	case libyara, libyaraTwo:
		return []string{p.libyara, source}
	case yaraX:
		return []string{"node", p.script, p.node, "native", source}
	case yaraXWasm:
		return []string{"node", p.script, p.node, "wasm", source}
	}
	return []string{p.self, "-serve", "source", source}
}

// loading is the command of a process that loads compiled rules.
func (p programs) loading(key, compiled string) []string {
	if key == libyara {
		return []string{p.libyara, "-c", compiled}
	}
	return []string{p.self, "-serve", "compiled", compiled}
}

// has says whether npm's directory has a build of YARA-X, and its name.
func (p programs) has(build string) (name string, ok bool) {
	if p.script == "" || build == "wasm" && !p.wasm {
		return "", false
	}
	out, err := exec.Command("node", p.script, p.node, build, "-version").Output()
	return strings.TrimSpace(string(out)), err == nil
}

// refusedByYaraX gives the rule files that a build of YARA-X does not compile.
func (p programs) refusedByYaraX(build, list string) (map[string]bool, error) {
	out, err := exec.Command("node", p.script, p.node, build, "-check", list).Output()
	if err != nil {
		return nil, fmt.Errorf("let YARA-X try the rules: %w", err)
	}
	refused := map[string]bool{}
	for _, name := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		refused[string(name)] = true
	}
	return refused, nil
}

// versions names who takes part.
func (p programs) versions() []string {
	var all []string
	add := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).Output(); err == nil {
			all = append(all, name+" "+strings.TrimPrefix(strings.TrimSpace(string(out)), "ClamAV "))
		}
	}
	if p.libyara != "" {
		add("yara", "--version")
	}
	for _, build := range []string{"native", "wasm"} {
		if name, ok := p.has(build); ok {
			all = append(all, name)
		}
	}
	if p.clam != "" {
		add("clamscan", "--version")
	}
	return all
}
