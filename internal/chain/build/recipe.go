// Package build is how binaries of this product are built, in one place: which
// there are, the command, and its whole environment. Whoever assembles a release
// and whoever builds one again do the same, so the bytes are the same, whatever
// the machine, the folder, the user and the day.
//
// It starts two programs, go and git, and gives them only what is named here. It
// builds what it is handed and judges nothing.
package build

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"vitrine/proof/statement"
)

// Platform is what a binary runs on.
type Platform struct{ OS, Arch string }

// Recipe is which binaries are built. How, is the same for all.
type Recipe struct {
	Commands  []string // folders below cmd, ascending
	Platforms []Platform
}

// Standard is what a release of this product consists of.
func Standard() Recipe {
	return Recipe{
		Commands:  []string{"vitrine", "vitrine-witness", "vitrined"},
		Platforms: []Platform{{"linux", "amd64"}, {"linux", "arm64"}},
	}
}

// Files names all binaries, ascending: COMMAND_OS_ARCH.
func (r Recipe) Files() []string {
	var list []string
	for _, p := range r.Platforms {
		for _, c := range r.Commands {
			list = append(list, p.file(c))
		}
	}
	slices.Sort(list)
	return list
}

func (p Platform) file(command string) string { return command + "_" + p.OS + "_" + p.Arch }

// Names of the other files of a release.
const (
	SourceFile     = "source.tar"
	ProvenanceFile = "provenance.json"
	SBOMSuffix     = ".cdx.json" // behind the name of a binary
)

// Words in braces stand for what differs from place to place, and must leave no
// trace in the binaries.
const (
	wordOut     = "{out}"     // a folder for the binaries
	wordOS      = "{os}"      // of the platform
	wordArch    = "{arch}"    // of the platform
	wordCache   = "{cache}"   // an empty folder
	wordModules = "{modules}" // a folder with the modules that go.sum names, each verified
	wordHome    = "{home}"    // a folder with nothing in it but that telemetry is off
	wordGo      = "{goroot}"  // where the toolchain is
)

// Build is the command and the environment as an entry of the log tells them.
// Nothing else is in the environment.
func (r Recipe) Build() statement.Build {
	b := statement.Build{
		Command: []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", wordOut + "/"},
		Env: []string{
			"CGO_ENABLED=0",
			"GOAMD64=v1",
			"GOARCH=" + wordArch,
			"GOARM64=v8.0",
			"GOCACHE=" + wordCache,
			"GOENV=off",
			"GOFLAGS=-mod=readonly",
			"GOMODCACHE=" + wordModules,
			"GOOS=" + wordOS,
			"GOPROXY=off",
			"GOSUMDB=off", // go.sum is in the source, and its digest in the log
			"GOTOOLCHAIN=local",
			"GOWORK=off",
			"HOME=" + wordHome,
			"LC_ALL=C",
			"PATH=" + wordGo + "/bin",
			"TZ=UTC",
		},
	}
	for _, c := range r.Commands {
		b.Command = append(b.Command, "./cmd/"+c)
	}
	return b
}

// Of gives the recipe of a release from the names of its binaries, if the
// release was built as this package builds. It is never handed a command to
// run: one that is not this package's own is refused.
func Of(names []string, b statement.Build) (Recipe, error) {
	r, err := recipeOf(names)
	if err != nil {
		return r, err
	}
	own := r.Build()
	if !slices.Equal(own.Command, b.Command) || !slices.Equal(own.Env, b.Env) {
		return r, fmt.Errorf("it was built by another recipe than this program's: %q with %q", b.Command, b.Env)
	}
	return r, nil
}

func recipeOf(names []string) (Recipe, error) {
	var r Recipe
	for _, name := range names {
		parts := strings.Split(path.Base(name), "_")
		if len(parts) != 3 || !slices.Contains(Standard().Platforms, Platform{parts[1], parts[2]}) {
			return r, fmt.Errorf("the binary %.80q: expected COMMAND_OS_ARCH, for a platform that this program builds for", name)
		}
		r.Commands, r.Platforms = append(r.Commands, parts[0]), append(r.Platforms, Platform{parts[1], parts[2]})
	}
	slices.Sort(r.Commands)
	r.Commands = slices.Compact(r.Commands)
	slices.SortFunc(r.Platforms, func(a, b Platform) int { return strings.Compare(a.OS+a.Arch, b.OS+b.Arch) })
	r.Platforms = slices.Compact(r.Platforms)
	if len(r.Files()) != len(names) {
		return r, fmt.Errorf("%d binaries, and %d commands for %d platforms", len(names), len(r.Commands), len(r.Platforms))
	}
	return r, nil
}

// fill puts what is here in place of the words in braces.
func fill(list []string, with ...string) []string {
	replacer := strings.NewReplacer(with...)
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = replacer.Replace(s)
	}
	return out
}
