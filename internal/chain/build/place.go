package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a binary that was built.
type File struct {
	Name   string // COMMAND_OS_ARCH
	Path   string
	SHA256 [32]byte
	Size   int64
}

// Place is a folder to build in. It holds all that a build reads and writes.
type Place struct {
	Dir   string // is made; must not be there
	Go    *Go
	Cache string // a build cache to share; empty for one of its own, which is slow and proves more
}

// Source is the folder that the source goes to.
func (p Place) Source() string { return filepath.Join(p.Dir, "source") }

func (p Place) sub(name string) string { return filepath.Join(p.Dir, name) }

// Make builds the source that unpack puts into a folder.
func (p Place) Make(ctx context.Context, r Recipe, unpack func(dir string) error) ([]File, error) {
	if err := p.make(); err != nil {
		return nil, err
	}
	if err := unpack(p.Source()); err != nil {
		return nil, err
	}
	var list []File
	for _, platform := range r.Platforms {
		if err := p.fetch(ctx, r, platform); err != nil {
			return nil, fmt.Errorf("get the modules that go.sum names: %w", err)
		}
		files, err := p.compile(ctx, r, platform)
		if err != nil {
			return nil, fmt.Errorf("build for %s/%s: %w", platform.OS, platform.Arch, err)
		}
		list = append(list, files...)
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// make makes the folders. The go command's telemetry is off: it would leave a
// process behind that writes into the home folder.
func (p Place) make() error {
	telemetry := p.sub("home/.config/go/telemetry")
	for _, dir := range []string{p.Source(), telemetry, p.sub("modules"), p.sub("cache"), p.sub("bin")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off\n"), 0o644)
}

func (p Place) words(platform Platform) []string {
	cache := p.Cache
	if cache == "" {
		cache = p.sub("cache")
	}
	return []string{
		wordOut, p.out(platform), wordOS, platform.OS, wordArch, platform.Arch, wordCache, cache,
		wordModules, p.sub("modules"), wordHome, p.sub("home"), wordGo, p.Go.Root,
	}
}

func (p Place) out(platform Platform) string {
	return p.sub("out-" + platform.OS + "-" + platform.Arch)
}

// fetch fills the folder of modules, from this machine's own or a proxy. The go
// command compares each with go.sum as it unpacks it.
func (p Place) fetch(ctx context.Context, r Recipe, platform Platform) error {
	b := r.Build()
	env := fill(b.Env, p.words(platform)...)
	for i, line := range env {
		switch {
		case strings.HasPrefix(line, "GOPROXY="):
			env[i] = "GOPROXY=file://" + filepath.ToSlash(filepath.Join(p.Go.ModCache, "cache", "download")) + "," + p.Go.Proxy
		case strings.HasPrefix(line, "GOFLAGS="):
			env[i] += " -modcacherw"
		}
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	args := []string{"list", "-deps", "-f", "{{.ImportPath}}"}
	for _, c := range r.Commands {
		args = append(args, "./cmd/"+c)
	}
	_, err := command{p.Go.Path, args, p.Source(), env}.run(ctx)
	return err
}

func (p Place) compile(ctx context.Context, r Recipe, platform Platform) ([]File, error) {
	if err := os.MkdirAll(p.out(platform), 0o755); err != nil {
		return nil, err
	}
	b := r.Build()
	words := p.words(platform)
	argv := fill(b.Command, words...)
	if _, err := (command{p.Go.Path, argv[1:], p.Source(), fill(b.Env, words...)}).run(ctx); err != nil {
		return nil, err
	}
	var list []File
	for _, c := range r.Commands {
		f := File{Name: platform.file(c), Path: p.sub("bin/" + platform.file(c))}
		if err := os.Rename(filepath.Join(p.out(platform), c), f.Path); err != nil {
			return nil, err
		}
		var err error
		if f.SHA256, f.Size, err = Digest(f.Path); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// Digest is the SHA-256 and the size of a file.
func Digest(name string) (sum [32]byte, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return [32]byte(h.Sum(nil)), size, err
}

// ErrDiffer is wrapped by the error for two builds of one source that are not
// the same. The error names the files.
var ErrDiffer = errors.New("two builds of the same source differ")

// Twice builds a source in two folders that have nothing in common but their
// parent, and compares. A difference means that the build depends on something
// that nobody wrote down.
func Twice(ctx context.Context, g *Go, r Recipe, work, cache string, unpack func(dir string) error) ([]File, error) {
	one, err := Place{Dir: filepath.Join(work, "first"), Go: g, Cache: cache}.Make(ctx, r, unpack)
	if err != nil {
		return nil, err
	}
	two, err := Place{Dir: filepath.Join(work, "another", "second"), Go: g, Cache: cache}.Make(ctx, r, unpack)
	if err != nil {
		return nil, err
	}
	var differ []string
	for i := range one {
		if one[i].Name != two[i].Name || one[i].SHA256 != two[i].SHA256 {
			differ = append(differ, one[i].Name)
		}
	}
	if differ != nil {
		return nil, fmt.Errorf("%w: %s", ErrDiffer, strings.Join(differ, ", "))
	}
	return one, nil
}
