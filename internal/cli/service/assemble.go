package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"vitrine/internal/chain/assemble"
	"vitrine/internal/chain/build"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// assembleOptions is the command line of assemble.
type assembleOptions struct {
	repo     string
	url      string
	version  string
	location string
	golang   string
	cache    string
	commands []string
}

func newAssemble(env term.Env) *cobra.Command {
	var o assembleOptions
	c := &cobra.Command{
		Use:   "assemble [flags] COMMIT FOLDER",
		Short: "Make a release out of a commit",
		Example: `vitrined assemble --version v0.3.0 --location zurich-1 --url https://example.org/vitrine v0.3.0 out/
vitrined publish release out/ --dir /srv/vitrine`,
		Long: `Takes the commit out of the repository, builds all programs for all platforms twice,
in two folders with build caches of their own, and compares; a difference ends it, with
the file's name. FOLDER, which must be new or empty, then holds the programs, a bill of
materials for each (CycloneDX), where and of what they were made (SLSA provenance v1),
the source archive, and release.json.

All of it depends on the commit, the toolchain and the location's name alone, so another
location can do the same and compare. Nothing is signed here.

The toolchain's hash is that of the Go checksum database for an unchanged toolchain:
whoever builds the release again needs the same.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return term.Usage(c, "name a commit, and a folder to make")
			}
			return runAssemble(c.Context(), env, o, args[0], args[1])
		},
		Annotations: map[string]string{page.Exit: page.Exits("assembled", ""), page.See: "vitrined-publish-release(1), vitrine-rebuild(1)"},
	}
	c.Flags().StringVar(&o.repo, "repo", ".", "the `FOLDER` of the git repository")
	c.Flags().StringVar(&o.url, "url", "", "the `URL` of the repository, for those who look it up")
	c.Flags().StringVar(&o.version, "version", "", "the `VERSION` of the release, such as v0.3.0")
	c.Flags().StringVar(&o.location, "location", "", "the `NAME` of this assembly location")
	c.Flags().StringVar(&o.golang, "go", "", "the go command, `FILE` (default: the one on the path)")
	c.Flags().StringVar(&o.cache, "cache", "", "share the build cache in `FOLDER`: for trying things, not for a release")
	c.Flags().StringSliceVar(&o.commands, "commands", build.Standard().Commands, "the `FOLDERS` below cmd to build")
	return c
}

func runAssemble(ctx context.Context, env term.Env, o assembleOptions, ref, out string) error {
	ctx, stop := env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	work, err := os.MkdirTemp("", "vitrined-assemble-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c := assemble.Config{Repo: o.repo, Ref: ref, URL: o.url, Version: o.version, Location: o.location, Out: out, Recipe: build.Standard(), Work: work, Cache: o.cache}
	c.Recipe.Commands = o.commands
	if c.Cache != "" {
		if c.Cache, err = filepath.Abs(c.Cache); err != nil {
			return err
		}
	}
	if c.Go, err = build.LookGo(ctx, o.golang); err != nil {
		return err
	}
	m, err := assemble.Assemble(ctx, c)
	if err != nil {
		return err
	}
	return reportAssembly(env, m)
}

func reportAssembly(env term.Env, m *build.Manifest) error {
	var b strings.Builder
	fmt.Fprintf(&b, "release %s of commit %s, assembled at %s\n", m.Version, m.Commit, m.Location)
	fmt.Fprintf(&b, "toolchain   %s %s\n", m.Go, m.GoH1)
	for _, f := range m.Files() {
		fmt.Fprintf(&b, "%x  %s\n", f.SHA256, f.Name)
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
