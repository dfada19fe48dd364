package guardcmd

import (
	"context"
	"fmt"
	"strings"

	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/netguard"
	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/spf13/cobra"
)

func newNetguardList(env term.Env) *cobra.Command {
	var f netguardFlags
	c := &cobra.Command{
		Use:   "list [flags]",
		Short: "Show the lists in force, and what is not covered",
		Example: `vitrine netguard list
vitrine netguard list --json
vitrine netguard list --list ./c2.txt`,
		Long: `Each list with what it holds and the lines that could not be used, the parts of the
network guard that are in force, and what goes through because another part is not.

With --list those files are read and judged, and nothing is put in force: a way to
check a list before it is used.`,
		Args: term.NoArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runNetguardList(c.Context(), env, f) },
		Annotations: map[string]string{
			page.Exit: page.Exits("done", "with --list: a line cannot be used"),
			page.See:  "vitrine-netguard-test(1)",
		},
	}
	f.add(c, "vitrine.netguard.list/v1")
	return c
}

// netguardLists is the answer; its JSON is docs/spec/cli/vitrine.netguard.list.v1.json.
type netguardLists struct {
	Schema string           `json:"schema"`
	Lists  []indicator.List `json:"lists"`
	Guard  *netguard.Status `json:"guard"` // null with --list
}

func runNetguardList(ctx context.Context, env term.Env, f netguardFlags) error {
	out := netguardLists{Schema: "vitrine.netguard.list/v1"}
	if len(f.lists) > 0 {
		lists, err := netguard.ReadLists(netguard.Files(f.lists))
		if err != nil {
			return err
		}
		out.Lists = lists
	} else {
		s, err := askNetguard[netguard.Status](ctx, env, f, "list", struct{}{})
		if err != nil {
			return quarantineAnswer(env, err)
		}
		out.Lists, s.Lists, out.Guard = s.Lists, nil, &s
	}
	out.Lists = append([]indicator.List{}, out.Lists...)
	if err := out.print(env, f.json); err != nil {
		return err
	}
	if out.Guard == nil && out.mistakes() {
		return term.ErrNo
	}
	return nil
}

// mistakes says whether a line of a list cannot be used, or is not read.
func (l *netguardLists) mistakes() bool {
	for _, one := range l.Lists {
		if one.Skipped > 0 || one.Cut {
			return true
		}
	}
	return false
}

func (l *netguardLists) print(env term.Env, asJSON bool) error {
	if asJSON {
		return printNetguard(env, l)
	}
	var b strings.Builder
	for _, one := range l.Lists {
		fmt.Fprintf(&b, "%s: %s", term.Escape(one.Name), term.Plural(int64(one.Entries), "indicator", "indicators"))
		if one.Repeated > 0 {
			fmt.Fprintf(&b, ", %d said before", one.Repeated)
		}
		if one.Skipped > 0 {
			fmt.Fprintf(&b, ", %s not used", term.Plural(int64(one.Skipped), "line", "lines"))
		}
		if one.Cut {
			b.WriteString(", its end not read: longer than the limits")
		}
		fmt.Fprintf(&b, "\n  SHA-256 %s\n", one.SHA256)
		for _, p := range one.Problems {
			fmt.Fprintf(&b, "  line %d: %s: %s\n", p.Line, term.Escape(p.Text), p.Reason)
		}
		if more := one.Skipped - len(one.Problems); more > 0 && len(one.Problems) > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	if l.Guard != nil {
		writeNetguardStatus(&b, *l.Guard)
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// writeNetguardStatus says what is in force and what is not.
func writeNetguardStatus(b *strings.Builder, s netguard.Status) {
	fmt.Fprintf(b, "%s and %s\n", term.Plural(int64(s.Networks), "address or network", "addresses and networks"), term.Plural(int64(s.Names), "name", "names"))
	fmt.Fprintf(b, "in force: %s\n", strings.Join(s.Backends, ", "))
	n := s.Blocked
	fmt.Fprintf(b, "refused: %d by processes, %d packets sent, %d forwarded, %d names; ended: %d", n.Connect, n.Output, n.Forward, n.Names, n.Ended)
	if n.Untold > 0 {
		fmt.Fprintf(b, "; %d without an event", n.Untold)
	}
	b.WriteByte('\n')
	for _, m := range s.Missing {
		fmt.Fprintf(b, "not in force: %s (%s); not covered: %s\n", m.Part, term.Escape(m.Why), m.Uncovered)
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(b, "warning: %s\n", term.Escape(w))
	}
	for _, h := range s.HowTo {
		fmt.Fprintf(b, "resolver: %s\n", h)
	}
}
