package page

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

func tree() *cobra.Command {
	root := &cobra.Command{Use: "v", Short: "Do things", RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: "see", Title: "See"}, &cobra.Group{ID: "none", Title: "Nothing in it"})
	scan := &cobra.Command{
		Use: "scan [flags] PATH...", Short: "Look for things", GroupID: "see",
		Example: "v scan ~\n  v scan -\n", Long: "A paragraph.",
		Annotations: map[string]string{Exit: exitTable, See: "v-explain(1), yara(1)"},
		RunE:        func(*cobra.Command, []string) error { return nil },
	}
	f := scan.Flags()
	f.Bool("zero", false, "comes first, because it is defined first")
	f.StringArray("rules", nil, "use `FILE|DIR`; repeatable")
	f.IntP("jobs", "j", 2, "how many of a thing that needs so many words to be described that they do not fit into one line")
	f.String("a-very-long-name-of-a-flag", "x", "pushed down")
	f.Duration("time", 120e9, "longest `TIME`")
	f.Bool("secret", false, "hidden")
	if err := f.MarkHidden("secret"); err != nil {
		panic(err)
	}
	Group(scan, "Limits", "jobs", "time")
	root.AddCommand(scan, &cobra.Command{Use: "other", Short: "In no group", RunE: scan.RunE})
	Install(root)
	return root
}

const exitTable = "0\tclean\n1\tfound"

func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := term.Run(context.Background(), term.Env{Stdout: &out, Stderr: &errs}, tree(), args); code != 0 {
		t.Fatalf("%q: code %d: %s", args, code, errs.String())
	}
	return out.String()
}

func TestHelp(t *testing.T) {
	want := `Look for things.

EXAMPLES
  v scan ~
  v scan -

USAGE
  v scan [flags] PATH...

A paragraph.

LIMITS
  -j, --jobs N     how many of a thing that needs so many words to be described
                   that they do not fit into one line (default 2)
      --time TIME  longest TIME (default 2m)

OTHER FLAGS
      --zero            comes first, because it is defined first
      --rules FILE|DIR  use FILE|DIR; repeatable
      --a-very-long-name-of-a-flag string
                        pushed down (default x)
  -h, --help            show this page

EXIT STATUS
  0     clean
  1     found

SEE ALSO
  v-explain(1), yara(1)
`
	for _, args := range [][]string{{"scan", "--help"}, {"help", "scan"}, {"scan", "-h"}} {
		if got := help(t, args...); got != want {
			t.Errorf("%q: got\n%s\nwant\n%s", args, got, want)
		}
	}
}

func TestHelpOfTheRoot(t *testing.T) {
	got := help(t)
	for _, want := range []string{"Do things.\n", "SEE\n  scan  Look for things\n", "COMMANDS\n  other  In no group\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, bad := range []string{"NOTHING", "\n  help", "secret"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q in\n%s", bad, got)
		}
	}
}

func TestHelpOfWhatIsNone(t *testing.T) {
	var errs bytes.Buffer
	code := term.Run(context.Background(), term.Env{Stderr: &errs}, tree(), []string{"help", "scann"})
	if code != 2 || !strings.Contains(errs.String(), "did you mean v scan?") {
		t.Errorf("code %d: %s", code, errs.String())
	}
}

func TestGroupOfAFlagThatIsNone(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a group with a misspelt flag goes unnoticed")
		}
	}()
	Group(&cobra.Command{}, "Limits", "jbos")
}
