package chaincmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"vitrine/internal/chain/fsck"
	"vitrine/internal/chain/site"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/tile"

	"github.com/spf13/cobra"
)

func newVerifyLog(env term.Env) *cobra.Command {
	var o verifyOptions
	var file string
	c := &cobra.Command{
		Use:   "log [flags]",
		Short: "Check the whole log: its newest checkpoint, and every file of its tree",
		Example: `vitrine verify log --from https://updates.example.org
vitrine verify log --from ./site --policy policy.txt`,
		Long: `Checks that the log and enough witnesses have signed the newest checkpoint, and that
every entry and every hash on the site is the one it vouches for. Each file that is
damaged or missing is named. What entries say is not looked at: vitrine monitor does.

The policy is that of this machine, unless --policy or --trust names another.`,
		Args:        term.NoArguments,
		RunE:        func(c *cobra.Command, _ []string) error { return runVerifyLog(c.Context(), env, o, file) },
		Annotations: map[string]string{page.Exit: page.Exits("the log is whole", "it is not, or its checkpoint is not good"), page.See: "vitrine-monitor(1), vitrine-verify-entry(1)"},
	}
	o.flags(c, "vitrine.verify.log/v1")
	c.Flags().StringVar(&file, "policy", "", "the policy in `FILE`: the log's key, its witnesses and how many are enough")
	c.MarkFlagsMutuallyExclusive("policy", "trust")
	return c
}

// logReport is the answer; its JSON is docs/spec/cli/vitrine.verify.log.v1.json.
type logReport struct {
	Schema    string         `json:"schema"`
	Whole     bool           `json:"whole"`
	Log       string         `json:"log"`
	Size      int64          `json:"size"`
	Root      string         `json:"root"`
	Fresh     *time.Time     `json:"fresh"`
	Cosigned  []cosignedJSON `json:"cosigned"`
	Tiles     int64          `json:"tiles"`
	Bundles   int64          `json:"bundles"`
	Entries   int64          `json:"entries"`
	Unchecked int64          `json:"unchecked"`
	Problems  []problemJSON  `json:"problems"`
}

type problemJSON struct {
	File    string `json:"file"`
	Kind    string `json:"kind"`
	Problem string `json:"problem"`
}

func runVerifyLog(ctx context.Context, env term.Env, o verifyOptions, file string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	from, err := o.site(env)
	if err != nil {
		return err
	}
	trusted, err := o.policy(env, file)
	if err != nil {
		return err
	}
	out := logReport{Schema: "vitrine.verify.log/v1", Problems: []problemJSON{}, Cosigned: []cosignedJSON{}}
	v, err := newest(ctx, from, trusted, env.Now())
	if errors.Is(err, errNot) {
		term.Lines(env, "vitrine", err)
		if o.json {
			return errors.Join(printJSON(env, out), term.ErrNo)
		}
		return term.ErrNo
	}
	if err != nil {
		return err
	}
	r, unfinished := fsck.Check(ctx, fsck.Config{Fetch: tiles(from), Checkpoint: v.Checkpoint, Progress: progress(env)})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	out.fill(v, r)
	if o.json {
		err = printJSON(env, out)
	} else {
		err = out.print(env)
	}
	return errors.Join(err, verdict(r, unfinished))
}

// verdict is yes, no, or that it could not be found out.
func verdict(r *fsck.Report, unfinished error) error {
	var unread error
	for _, p := range r.Problems {
		if p.Kind != fsck.Unreadable || errors.Is(p.Err, site.ErrTooLarge) {
			return term.ErrNo
		}
		unread = fmt.Errorf("the log could not be read: %w", p.Err)
	}
	if unread == nil && r.Unchecked > 0 {
		return term.ErrNo
	}
	return errors.Join(unread, unfinished)
}

func (out *logReport) fill(v *policy.Verified, r *fsck.Report) {
	out.Whole = r.Whole()
	out.Log, out.Size, out.Root = v.Checkpoint.Origin, v.Checkpoint.Size, v.Checkpoint.Root.String()
	out.Fresh, out.Cosigned = when(v.Fresh), cosignatures(v)
	out.Tiles, out.Bundles, out.Entries, out.Unchecked = r.Tiles, r.Bundles, r.Entries, r.Unchecked
	for _, p := range r.Problems {
		out.Problems = append(out.Problems, problemJSON{p.File, p.Kind.String(), p.Err.Error()})
	}
}

func (out *logReport) print(env term.Env) error {
	var b strings.Builder
	fmt.Fprintf(&b, "log         %s\nentries     %s\nroot        %s\n", out.Log, term.Count(out.Size), out.Root)
	printWitnesses(&b, out.Cosigned)
	fmt.Fprintf(&b, "checked     %s, %s, %s\n", term.Plural(out.Tiles, "tile", "tiles"), term.Plural(out.Bundles, "bundle", "bundles"), term.Plural(out.Entries, "entry", "entries"))
	for _, p := range out.Problems {
		fmt.Fprintf(&b, "%-11s %s: %s\n", p.Kind, p.File, term.Clean(p.Problem))
	}
	if out.Unchecked > 0 {
		fmt.Fprintf(&b, "unchecked   %s, below what is damaged\n", term.Plural(out.Unchecked, "entry", "entries"))
	}
	if out.Whole {
		fmt.Fprintf(&b, "whole       every file is the one that the checkpoint vouches for\n")
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}

func printWitnesses(b *strings.Builder, list []cosignedJSON) {
	for _, c := range list {
		fmt.Fprintf(b, "witnessed   by %s at %s\n", c.Witness, c.Time.UTC().Format(time.RFC3339))
	}
}

func cosignatures(v *policy.Verified) []cosignedJSON {
	list := []cosignedJSON{}
	for _, c := range v.Cosigned {
		list = append(list, cosignedJSON{c.Witness, c.Time.UTC()})
	}
	return list
}

// site is the site that is named.
func (o *verifyOptions) site(env term.Env) (site.Fetcher, error) {
	if o.from == "" {
		o.from = env.Getenv("VITRINE_SITE")
	}
	if o.from == "" {
		return nil, errors.New("--from SITE is missing: a URL or a folder")
	}
	return openSite(o.from)
}

// policy is the policy of a file, or that of the anchors.
func (o *verifyOptions) policy(env term.Env, file string) (*policy.Policy, error) {
	var text []byte
	var err error
	if file != "" {
		text, err = os.ReadFile(file)
	} else {
		_, text, err = o.anchors(env)
	}
	if err != nil {
		return nil, err
	}
	return policy.Parse(text)
}

// errNot is wrapped by errors that say that something does not hold, rather than
// that it could not be found out.
var errNot = errors.New("not as it must be")

// newest gives the newest checkpoint of a site's log.
func newest(ctx context.Context, from site.Fetcher, p *policy.Policy, now time.Time) (*policy.Verified, error) {
	note, err := from.Fetch(ctx, site.Checkpoint, proof.MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the log's checkpoint: %w: %w", errNot, err)
	}
	if err != nil {
		return nil, err
	}
	v, err := p.Verify(note, now)
	if err != nil {
		return nil, fmt.Errorf("the log's checkpoint: %w: %w", errNot, err)
	}
	return v, nil
}

// tiles reads the files of a site's log.
func tiles(from site.Fetcher) tile.Fetch {
	return func(ctx context.Context, path string, limit int64) ([]byte, error) {
		return from.Fetch(ctx, site.Tile(path), limit)
	}
}

// progress draws how far it is, on a terminal. Nil if there is none.
func progress(env term.Env) func(done, all int64) {
	if !env.Terminal(env.Stderr) {
		return nil
	}
	line := &term.Line{W: env.Stderr}
	last := env.Now()
	return func(done, all int64) {
		switch now := env.Now(); {
		case done >= all:
			line.Clear()
		case now.Sub(last) > 200*time.Millisecond:
			last = now
			line.Show(fmt.Sprintf("%s of %s entries", term.Count(done), term.Count(all)))
		}
	}
}
