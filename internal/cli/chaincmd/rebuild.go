package chaincmd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"vitrine/internal/chain/build"
	"vitrine/internal/chain/rebuild"
	"vitrine/internal/chain/released"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"

	"github.com/spf13/cobra"
)

// rebuildOptions is the command line of rebuild.
type rebuildOptions struct {
	verifyOptions
	source     string
	archive    string
	golang     string
	cache      string
	out        string
	commitment string
}

func newRebuild(env term.Env) *cobra.Command {
	var o rebuildOptions
	c := &cobra.Command{
		Use:   "rebuild VERSION [flags]",
		Short: "Build a published release again, and compare every byte",
		Example: `vitrine rebuild v0.3.0 --from https://updates.example.org
vitrine rebuild v0.3.0 --from ./site --trust ./trust --go /opt/go/bin/go --out found.json
vitrine rebuild v0.3.0 --from ./site --source ./changed`,
		Long: `Proves the entry of the log that announces the release, gets the source that the
entry names, by its SHA-256, and asks for the very toolchain, by its hash in the Go
checksum database. Then it builds everything twice, in two folders, with the command
and the environment that the entry tells; a recipe that this program does not know is
not run.

What came out is written down and made safe before it is compared with what was
published: the commitment. It keeps a rebuilder honest with themselves. It proves to
nobody else that anything was built, since the digests of a release are public; what
counts is that several who do not depend on each other find the same.

With --source a folder is built instead. It may hold anything, so a difference says
something of the folder. vitrined publish rebuild signs and logs what --out wrote.`,
		Args:        oneArgument("VERSION"),
		RunE:        func(c *cobra.Command, args []string) error { return runRebuild(c.Context(), env, o, args[0]) },
		Annotations: map[string]string{page.Exit: page.Exits("every byte is the same", "files differ, and each is named"), page.See: "vitrine-verify-release(1), vitrine-update(1)"},
	}
	o.flags(c, "vitrine.rebuild/v1")
	c.Flags().StringVar(&o.source, "source", "", "build what is in `FOLDER`")
	c.Flags().StringVar(&o.archive, "archive", "", "take the source archive from `FILE`; it must be the one that was logged")
	c.Flags().StringVar(&o.golang, "go", "", "the go command, `FILE` (default: the one on the path)")
	c.Flags().StringVar(&o.cache, "cache", "", "share the build cache in `FOLDER`: faster, and proves less")
	c.Flags().StringVar(&o.out, "out", "", "write what was found to `FILE`, as --json prints it")
	c.Flags().StringVar(&o.commitment, "commitment", "", "write the commitment to `FILE`, which must be new (default: in the state)")
	c.MarkFlagsMutuallyExclusive("source", "archive")
	return c
}

func runRebuild(ctx context.Context, env term.Env, o rebuildOptions, version string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	t, done, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	work, err := os.MkdirTemp("", "vitrine-rebuild-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c, err := o.config(ctx, env, t, version, work)
	if err != nil {
		return err
	}
	r, err := rebuild.Run(ctx, c)
	switch {
	case errors.Is(context.Cause(ctx), term.ErrInterrupted):
		return term.ErrInterrupted
	case errors.Is(err, rebuild.ErrToolchain):
		return term.Hint(err, "GOTOOLCHAIN=goVERSION go env GOROOT gets a toolchain, checks it, and says where it is; --go names its bin/go")
	case err != nil:
		return err
	}
	return o.report(env, r, c.Commitment)
}

func (o rebuildOptions) config(ctx context.Context, env term.Env, t *trusted, version, work string) (rebuild.Config, error) {
	c := rebuild.Config{
		Reader: t.releases(), Version: version, Folder: o.source, Machine: machine(), Work: work, Cache: o.cache, Commitment: o.commitment, Random: rand.Reader,
		Committed: func(commitment string) { fmt.Fprintf(env.Stderr, "built; committed to %s\n", commitment) },
	}
	var err error
	if c.Commitment == "" {
		dir, err := state.Dir(env, o.state)
		if err != nil {
			return c, err
		}
		c.Commitment = filepath.Join(dir.Path, "rebuild", version+"-"+env.Now().UTC().Format("20060102T150405.000Z")+".json")
	}
	if o.archive != "" {
		if c.Archive, err = readBounded(o.archive, build.MaxArchive); err != nil {
			return c, err
		}
	}
	if c.Cache != "" {
		if c.Cache, err = filepath.Abs(c.Cache); err != nil {
			return c, err
		}
	}
	c.Go, err = build.LookGo(ctx, o.golang)
	return c, err
}

// releases reads what the site says of releases.
func (t *trusted) releases() released.Reader {
	return released.Reader{Site: t.site, Trust: t.tuf, Policy: t.policy, Now: t.now}
}

// machine is what makes this machine different from other rebuilders', without
// anything that names it.
func machine() string {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("unknown")
	}
	return fmt.Sprintf("kernel %s\nprocessors %d\n", strings.TrimSpace(string(kernel)), runtime.NumCPU())
}

func readBounded(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, and %d are the most", name, info.Size(), limit)
	}
	return os.ReadFile(name)
}

func (o rebuildOptions) report(env term.Env, r *rebuild.Result, commitment string) error {
	if o.out != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := (durable.Disk{}).WriteFile(o.out, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	var err error
	if o.json {
		err = printJSON(env, r)
	} else {
		err = printRebuild(env, r, commitment)
	}
	if err == nil && len(r.Differ()) > 0 {
		return term.ErrNo
	}
	return err
}

func printRebuild(env term.Env, r *rebuild.Result, commitment string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: entry %d, leaf %x\n", r.Version, r.Index, r.Release)
	fmt.Fprintf(&b, "source      %s\n", map[string]string{"archive": "the archive that was logged", "folder": "a folder, which may hold anything"}[r.Source])
	fmt.Fprintf(&b, "built       twice, and both times the same\n")
	fmt.Fprintf(&b, "committed   to %s, in %s\n", r.Commitment, term.Clean(commitment))
	for _, f := range r.Binaries {
		if f.SHA256 == f.Published {
			fmt.Fprintf(&b, "same        %s\n            sha256 %x\n", f.Name, f.SHA256)
		} else {
			fmt.Fprintf(&b, "DIFFERS     %s\n            built %x\n            published %x\n", f.Name, f.SHA256, f.Published)
		}
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
