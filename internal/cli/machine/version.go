package machine

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func newVersion(env term.Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Say which program and which rules these are",
		Example: `vitrine version
vitrine version --json`,
		Long: `The rules are named by the SHA-256 of the sorted SHA-256 sums of their sources,
so that anybody with the sources can compute it again:

  sha256sum FILES... | cut -c1-64 | sort -u | sha256sum`,
		Args:              term.NoArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(*cobra.Command, []string) error { return runVersion(env, asJSON) },
		Annotations:       map[string]string{page.Exit: page.Exits("done", ""), page.See: "vitrine(1), vitrine-explain(1)"},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (schema vitrine.version/v1)")
	return c
}

// versionInfo is the answer; its JSON is docs/spec/cli/vitrine.version.v1.json.
type versionInfo struct {
	Schema   string      `json:"schema"`
	Module   string      `json:"module"`
	Version  string      `json:"version"`
	Revision string      `json:"revision"` // of the source; "" when not built from a repository
	Modified bool        `json:"modified"` // the source was changed since
	Go       string      `json:"go"`
	Platform string      `json:"platform"`
	Rules    ruleSummary `json:"rules"`
}

type ruleSummary struct {
	Count  int    `json:"count"`
	SHA256 string `json:"sha256"`
}

func runVersion(env term.Env, asJSON bool) error {
	set, err := ruleset.Load(ruleset.Config{Builtin: quarry.Builtin()})
	if err != nil {
		return fmt.Errorf("load the rules of this program: %w", err)
	}
	info := programInfo()
	info.Rules = ruleSummary{set.Identity.Count, set.Identity.SHA256}
	if asJSON {
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(info)
	}
	_, err = fmt.Fprintf(env.Stdout, "vitrine %s (%s, %s)\nrules: %d, sha256 %s\n",
		Version(), info.Go, info.Platform, info.Rules.Count, info.Rules.SHA256)
	return err
}

func programInfo() versionInfo {
	info := versionInfo{
		Schema: "vitrine.version/v1", Module: "vitrine", Version: "(devel)",
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if build.Main.Version != "" {
		info.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Revision = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// Version is the version of this program, in one word.
func Version() string { return programInfo().Version }
