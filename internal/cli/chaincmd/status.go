package chaincmd

import (
	"fmt"
	"strings"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/update"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"

	"github.com/spf13/cobra"
)

func newStatus(env term.Env) *cobra.Command {
	var folder string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "Say which rules are in use, how old they are, and who vouches for them",
		Example: `vitrine status
vitrine status --json`,
		Long: `Looks at this machine only. Degraded means that somebody should look: no quorum of
witnesses has been heard for three days, the last update failed or was refused, the
log has forked, the rules in use are damaged or have expired, or the clock is wrong.
Rules stay in use all the same.`,
		Args:        term.NoArguments,
		RunE:        func(*cobra.Command, []string) error { return runStatus(env, folder, asJSON) },
		Annotations: map[string]string{page.Exit: page.Exits("all is well", "degraded"), page.See: "vitrine-update(1), vitrine-verify(1)"},
	}
	state.Flag(c, &folder)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (schema vitrine.status/v1)")
	return c
}

// statusReport is the answer; its JSON is docs/spec/cli/vitrine.status.v1.json.
type statusReport struct {
	Schema    string           `json:"schema"`
	State     string           `json:"state"` // protected, degraded
	Problems  []string         `json:"problems"`
	Witnessed *time.Time       `json:"witnessed"` // newest time a quorum vouched for
	Tried     *time.Time       `json:"tried"`
	Succeeded *time.Time       `json:"succeeded"`
	Rules     []installed.Info `json:"rules"`
	Release   *stagedJSON      `json:"release"` // that lies ready; null for none
}

// stagedJSON is a release that lies ready.
type stagedJSON struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Index   int64  `json:"index"`
}

func runStatus(env term.Env, flag string, asJSON bool) error {
	dir, err := state.Installed(env, flag)
	if err != nil {
		return err
	}
	s, err := look(dir, env.Now())
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(env, s)
	} else {
		err = printStatus(env, s)
	}
	if err == nil && s.State != "protected" {
		return term.ErrNo
	}
	return err
}

// look gathers what there is to say.
func look(dir installed.Dir, now time.Time) (statusReport, error) {
	out := statusReport{Schema: "vitrine.status/v1", State: "protected", Problems: []string{}, Rules: []installed.Info{}}
	s, err := dir.State()
	if err != nil {
		return out, err
	}
	out.Witnessed, out.Tried, out.Succeeded = when(s.Time), when(s.Tried), when(s.Succeeded)
	problem := func(format string, args ...any) {
		out.State = "degraded"
		out.Problems = append(out.Problems, fmt.Sprintf(format, args...))
	}
	if p := s.Problem; p != nil {
		problem("%s: %s", p.Kind, strings.ReplaceAll(p.Text, "\n", "; "))
	}
	if now.Add(policy.MaxAhead).Before(s.Time) {
		problem("the clock is before %s, which witnesses have signed", s.Time.Format(time.RFC3339))
	}
	rules, err := dir.Rules()
	if err != nil {
		problem("%v", err)
	}
	for _, r := range rules {
		out.Rules = append(out.Rules, r.Info)
		if r.Instead != nil {
			problem("bundle %d of %s is used instead of a newer one: %v", r.Info.Serial, r.Info.Channel, r.Instead)
		}
		if !now.Before(r.Info.Expires) {
			problem("bundle %d of %s has expired on %s", r.Info.Serial, r.Info.Channel, r.Info.Expires.Format(time.RFC3339))
		}
	}
	if s.Release.Version != "" && dir.Staged(s.Release) == nil {
		out.Release = &stagedJSON{s.Release.Version, dir.ReleaseFile(s.Release), s.Release.Index}
	}
	if len(rules) > 0 && update.StalenessOf(s.Time, now) == update.TooOld {
		problem("no quorum of witnesses has been heard since %s: updates may be kept from this machine", s.Time.Format(time.RFC3339))
	}
	return out, nil
}

func printStatus(env term.Env, s statusReport) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.State)
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "  %s\n", term.Clean(p))
	}
	if len(s.Rules) == 0 {
		fmt.Fprintf(&b, "rules      those that come with the program; vitrine update gets newer ones\n")
	}
	for _, r := range s.Rules {
		fmt.Fprintf(&b, "rules      %s bundle %d: %d rules, in force until %s\n", r.Channel, r.Serial, r.Rules, r.Expires.Format("2006-01-02"))
		fmt.Fprintf(&b, "log        entry %d of %s\n", r.Index, r.Log)
		fmt.Fprintf(&b, "witnesses  %s, at %s\n", strings.Join(r.Witnesses, ", "), r.Cosigned.Format(time.RFC3339))
	}
	if s.Release != nil {
		fmt.Fprintf(&b, "release    %s, entry %d, lies ready in %s\n", s.Release.Version, s.Release.Index, term.Clean(s.Release.File))
	}
	if s.Succeeded != nil {
		fmt.Fprintf(&b, "updated    %s\n", s.Succeeded.Format(time.RFC3339))
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
