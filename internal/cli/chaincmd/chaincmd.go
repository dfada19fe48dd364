// Package chaincmd holds the commands of the binary vitrine that deal with the
// chain of proof: what is published, what is installed, and what can be checked
// of it. They are apart from those that scan because some of them speak to a
// network, which nothing that scans can do.
package chaincmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"vitrine/internal/chain/site"
	"vitrine/internal/chain/web"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"

	"github.com/spf13/cobra"
)

// Commands gives the commands, for the root to put into its groups. What an
// update changes is written to disk, whose zero value is the machine's own.
func Commands(env term.Env, disk durable.Disk) []*cobra.Command {
	all := []*cobra.Command{newUpdate(env, disk), newVerify(env), newMonitor(env), newRebuild(env)}
	for _, c := range all {
		c.GroupID = "prove"
	}
	return all
}

// openSite is a site at a URL or in a folder.
func openSite(at string) (site.Fetcher, error) {
	if strings.HasPrefix(at, "http://") || strings.HasPrefix(at, "https://") {
		return web.New(at, 0)
	}
	if info, err := os.Stat(at); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no site: expected a folder, or a URL that begins with http", at)
	}
	return site.Dir(at), nil
}

// trust reads what a machine trusts at its first start.
func trust(dir string) (root, policy []byte, err error) {
	if root, err = os.ReadFile(filepath.Join(dir, "root.json")); err != nil {
		return nil, nil, err
	}
	policy, err = os.ReadFile(filepath.Join(dir, "policy.txt"))
	return root, policy, err
}

// interruptible ends with Ctrl-C.
func interruptible(ctx context.Context, env term.Env) (context.Context, func()) {
	return env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
}
