package statement

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	typeRelease = TypePrefix + "release" + TypeSuffix
	typeRebuild = TypePrefix + "rebuild" + TypeSuffix
)

// A Release announces the next version. Its subjects are all its binaries, named
// release/VERSION/FILE. It holds what a stranger needs to build them again.
type Release struct {
	Version    string
	Serial     int64     // from 1, each one more than the last
	Prev       tlog.Hash // leaf hash of the last release; zero for serial 1
	Source     Source
	Archive    Digest // of the source archive of that commit
	Toolchain  Toolchain
	GoSum      Digest // of go.sum
	Build      Build
	SBOM       []Subject // the bills of materials, ascending by name, at least one
	Provenance Digest    // of the SLSA provenance
}

// Toolchain is the compiler, as the Go checksum database knows it.
type Toolchain struct {
	Version string // such as go1.26.8
	H1      string // h1:BASE64 of its module zip
}

// Build is how the compiler was started. The flags of the linker are not in a
// binary built with -trimpath: this is the only place that tells them.
type Build struct {
	Command []string // program and arguments, in order
	Env     []string // NAME=VALUE, ascending, each name once; all there was
}

// Type is urn:vitrine:release:v1.
func (Release) Type() string { return typeRelease }

func (r Release) encode() jsonObject {
	source := r.Source.encode()
	source["archive"] = r.Archive.String()
	return jsonObject{
		"build":      jsonObject{"command": encodeStrings(r.Build.Command), "env": encodeStrings(r.Build.Env)},
		"gosum":      r.GoSum.String(),
		"prev":       encodeHash(r.Prev),
		"provenance": r.Provenance.String(),
		"sbom":       encodeSubjects(r.SBOM),
		"serial":     r.Serial,
		"source":     source,
		"toolchain":  jsonObject{"h1": r.Toolchain.H1, "version": r.Toolchain.Version},
		"version":    r.Version,
	}
}

func readRelease(f *fields) Predicate {
	r := Release{
		GoSum:      f.digest("gosum"),
		Prev:       f.digest("prev"),
		Provenance: f.digest("provenance"),
		SBOM:       readSubjects(f.list("sbom"), f.err),
		Serial:     f.number("serial"),
		Version:    f.string("version"),
	}
	build := f.object("build")
	r.Build = Build{build.strings("command"), build.strings("env")}
	build.done()
	source := f.object("source")
	r.Archive = source.digest("archive")
	r.Source = readSource(source)
	toolchain := f.object("toolchain")
	r.Toolchain = Toolchain{H1: toolchain.string("h1"), Version: toolchain.string("version")}
	toolchain.done()
	return r
}

func (r Release) check(subject []Subject) error {
	if err := checkVersion(r.Version); err != nil {
		return err
	}
	if r.Serial < 1 {
		return fmt.Errorf("serial %d, expected one from 1", r.Serial)
	}
	if err := checkPrev(r.Serial, r.Prev); err != nil {
		return err
	}
	for _, s := range subject {
		if err := checkBinary(s.Name, r.Version); err != nil {
			return err
		}
	}
	if err := checkSubjects(r.SBOM); err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	if err := r.Build.check(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := checkText("toolchain.version", r.Toolchain.Version); err != nil {
		return err
	}
	if !strings.HasPrefix(r.Toolchain.H1, "h1:") || len(r.Toolchain.H1) != len("h1:")+44 || !plain(r.Toolchain.H1[3:], "+/=") {
		return fmt.Errorf("toolchain.h1 %.80q, expected h1: and 44 characters of base64", r.Toolchain.H1)
	}
	return r.Source.check()
}

// checkBinary takes release/VERSION/FILE.
func checkBinary(name, version string) error {
	file, ok := strings.CutPrefix(name, "release/"+version+"/")
	if !ok || strings.Contains(file, "/") {
		return fmt.Errorf("subject %.80q, expected release/%s/FILE", name, version)
	}
	return nil
}

func (b Build) check() error {
	if len(b.Command) == 0 || b.Command[0] == "" {
		return errors.New("no command")
	}
	var names []string
	for _, line := range b.Env {
		name, _, ok := strings.Cut(line, "=")
		if !ok || !plain(name, "_") {
			return fmt.Errorf("env %.80q, expected NAME=VALUE", line)
		}
		names = append(names, name)
	}
	return checkAscending("env", names)
}

// Results of a rebuild.
const (
	Match    = "match"
	Mismatch = "mismatch"
)

// A Rebuild is one rebuilder's word on a release. Its subjects are the binaries
// as the rebuilder got them.
type Rebuild struct {
	Release     tlog.Hash // leaf hash of the release
	Version     string
	Rebuilder   string // ID of the key that signs
	Result      string // Match or Mismatch
	Environment Digest // of the description of the machine
}

// Type is urn:vitrine:rebuild:v1.
func (Rebuild) Type() string { return typeRebuild }

func (r Rebuild) encode() jsonObject {
	return jsonObject{
		"environment": r.Environment.String(),
		"rebuilder":   r.Rebuilder,
		"release":     encodeHash(r.Release),
		"result":      r.Result,
		"version":     r.Version,
	}
}

func readRebuild(f *fields) Predicate {
	return Rebuild{
		Environment: f.digest("environment"),
		Rebuilder:   f.string("rebuilder"),
		Release:     f.digest("release"),
		Result:      f.string("result"),
		Version:     f.string("version"),
	}
}

func (r Rebuild) check(subject []Subject) error {
	if err := checkVersion(r.Version); err != nil {
		return err
	}
	for _, s := range subject {
		if err := checkBinary(s.Name, r.Version); err != nil {
			return err
		}
	}
	if r.Release == (tlog.Hash{}) {
		return errors.New("release: zero, expected the leaf hash of the release's entry")
	}
	if _, err := parseDigest(r.Rebuilder); err != nil {
		return fmt.Errorf("rebuilder: %w", err)
	}
	return oneOf("result", r.Result, Match, Mismatch)
}
