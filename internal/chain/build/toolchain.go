package build

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/dirhash"
)

// Go is a Go command on this machine.
type Go struct {
	Path      string // of the go command, inside Root
	Root      string
	Platform  string // such as linux-amd64
	Proxy     string // where modules come from that are not on this machine
	ModCache  string // of the person who runs this: modules are taken from it, and verified
	Toolchain statement.Toolchain
}

// LookGo finds out what a go command is: its version, and the hash of the
// whole toolchain as the Go checksum database has it. An empty name is the go
// command on the path.
func LookGo(ctx context.Context, name string) (*Go, error) {
	if name == "" {
		name = "go"
	}
	var env struct{ GOVERSION, GOROOT, GOMODCACHE, GOPROXY, GOHOSTOS, GOHOSTARCH string }
	out, err := command{name: name, args: []string{"env", "-json", "GOVERSION", "GOROOT", "GOMODCACHE", "GOPROXY", "GOHOSTOS", "GOHOSTARCH"}, env: os.Environ()}.run(ctx)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("%s env: %w", name, err)
	}
	g := &Go{Path: filepath.Join(env.GOROOT, "bin", "go"), Root: env.GOROOT, Platform: env.GOHOSTOS + "-" + env.GOHOSTARCH, Proxy: env.GOPROXY, ModCache: env.GOMODCACHE}
	g.Toolchain.Version = env.GOVERSION
	if g.Toolchain.H1, err = toolchainHash(g.Root, env.GOVERSION, env.GOHOSTOS, env.GOHOSTARCH); err != nil {
		return nil, fmt.Errorf("the toolchain %s: %w", g.Root, err)
	}
	return g, nil
}

// toolchainHash hashes the files of a Go installation as the module
// golang.org/toolchain holds them, so that the answer is the h1 that the Go
// checksum database publishes for it.
//
// One line is read as another: GOTOOLCHAIN=local in go.env, which is how
// container images differ from what the module holds. The recipe sets
// GOTOOLCHAIN itself, so the line has no effect.
func toolchainHash(root, version, goos, goarch string) (string, error) {
	var files []string
	tools := "pkg/tool/" + goos + "_" + goarch + "/"
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notInModule, name):
			return fs.SkipDir
		case entry.Type().IsRegular() && inModule(name, tools):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return hashFiles(root, "golang.org/toolchain@v0.0.1-"+version+"."+goos+"-"+goarch+"/", files)
}

// notInModule are folders of an installation that the module leaves out.
var notInModule = []string{"api", "doc", "misc", "test", ".git", ".github"}

// built are the programs of an installation that take part in a build, or that
// the module holds all the same.
var built = []string{"asm", "cgo", "compile", "cover", "fix", "link", "preprofile", "vet"}

func inModule(name, tools string) bool {
	switch {
	case strings.HasPrefix(name, "bin/"):
		return name == "bin/go" || name == "bin/gofmt"
	case strings.HasPrefix(name, tools):
		return slices.Contains(built, strings.TrimPrefix(name, tools))
	case strings.HasPrefix(name, "pkg/"):
		return strings.HasPrefix(name, "pkg/include/")
	}
	return name != ".gitattributes" && name != ".gitignore" && name != "VERSION.cache"
}

func hashFiles(root, prefix string, files []string) (string, error) {
	names := make([]string, len(files))
	at := map[string]string{}
	for i, name := range files {
		dir, base := filepath.Split(name)
		if base == "go.mod" {
			base = "_go.mod"
		}
		names[i] = prefix + dir + base
		at[names[i]] = name
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		file := filepath.Join(root, filepath.FromSlash(at[name]))
		if at[name] != "go.env" {
			return os.Open(file)
		}
		text, err := os.ReadFile(file)
		text = bytes.Replace(text, []byte("\nGOTOOLCHAIN=local\n"), []byte("\nGOTOOLCHAIN=auto\n"), 1)
		return io.NopCloser(bytes.NewReader(text)), err
	})
}
