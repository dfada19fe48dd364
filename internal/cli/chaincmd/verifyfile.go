package chaincmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"github.com/spf13/cobra"
)

func newVerifyFile(env term.Env) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "file FILE [flags]",
		Short: "Say whether the log speaks of a file, as what, by whom and since when",
		Example: `vitrine verify file ./vitrine --from https://updates.example.org
vitrine verify file 000001.bundle --from ./site --trust ./trust`,
		Long: `Hashes the file and looks for an entry that names this SHA-256: first among what is
current, then through the whole log, every entry of which is checked on the way. The
file itself is not sent anywhere, nor is its hash.`,
		Args:        oneArgument("FILE"),
		RunE:        func(c *cobra.Command, args []string) error { return runVerifyFile(c.Context(), env, o, args[0]) },
		Annotations: map[string]string{page.Exit: page.Exits("a good entry speaks of the file", "none does, or one that must not be believed"), page.See: "vitrine-verify-entry(1), vitrine-verify-log(1)"},
	}
	o.flags(c, "vitrine.verify.file/v1")
	return c
}

// fileReport is the answer; its JSON is docs/spec/cli/vitrine.verify.file.v1.json.
type fileReport struct {
	Schema  string      `json:"schema"`
	File    string      `json:"file"`
	SHA256  string      `json:"sha256"`
	Log     string      `json:"log"`
	Size    int64       `json:"size"`
	Entries []fileEntry `json:"entries"`
}

// fileEntry is an entry that speaks of the file.
type fileEntry struct {
	Name  string     `json:"name"`  // what the entry calls the file
	Since *time.Time `json:"since"` // when a quorum of witnesses had seen the entry
	*entryJSON
}

func runVerifyFile(ctx context.Context, env term.Env, o verifyOptions, name string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	sum, err := digest(name)
	if err != nil {
		return err
	}
	t, done, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	out, err := t.file(ctx, sum, progress(env))
	if errors.Is(err, errNot) {
		term.Lines(env, "vitrine", err)
		return term.ErrNo
	}
	if err != nil {
		return err
	}
	out.File = name
	if o.json {
		err = printJSON(env, out)
	} else {
		err = out.print(env)
	}
	if err == nil && !out.good() {
		return term.ErrNo
	}
	return err
}

func digest(name string) (sum [32]byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return sum, err
	}
	return [32]byte(h.Sum(nil)), nil
}

// file looks for a digest among the current targets, and if none has it, in the
// whole log.
func (t *trusted) file(ctx context.Context, sum [32]byte, progress func(done, all int64)) (*fileReport, error) {
	v, err := newest(ctx, t.site, t.policy, t.now)
	if err != nil {
		return nil, err
	}
	out := &fileReport{Schema: "vitrine.verify.file/v1", SHA256: hex.EncodeToString(sum[:]), Log: v.Checkpoint.Origin, Size: v.Checkpoint.Size, Entries: []fileEntry{}}
	if err := t.current(ctx, sum, out); err != nil || len(out.Entries) > 0 {
		return out, err
	}
	return out, t.search(ctx, v, sum, out, progress)
}

// current looks at what the metadata name now.
func (t *trusted) current(ctx context.Context, sum [32]byte, out *fileReport) error {
	for _, role := range []string{authors.Rules("core"), authors.Rules("urgent"), authors.Releases, "targets"} {
		if _, err := t.tuf.Role(role); err != nil && role != "targets" {
			continue // nothing is delegated to it here
		}
		targets, err := t.tuf.TargetsOf(ctx, role)
		if err != nil {
			return err
		}
		for _, target := range targets {
			if named, err := target.SHA256(); err != nil || named != sum {
				continue
			}
			c, r, err := t.published(ctx, monitor.Beside(target.Path))
			if err != nil {
				continue // the log itself will tell
			}
			e, err := statement.ParseLeaf(c.Leaf)
			if err == nil && monitor.Speaks(e.Statement, target.Path, sum) {
				out.Entries = append(out.Entries, fileEntry{target.Path, when(r.Verified.Fresh), describeResult(t.tuf, c, r)})
			}
		}
	}
	return nil
}

// search goes through the log.
func (t *trusted) search(ctx context.Context, v *policy.Verified, sum [32]byte, out *fileReport, progress func(done, all int64)) error {
	reader := tile.NewReader(ctx, tiles(t.site), v.Checkpoint)
	reader.ReadAhead(8)
	for e, err := range reader.Entries(0, v.Checkpoint.Size) {
		if err != nil {
			return logError(ctx, err)
		}
		if progress != nil && (e.Index%tile.Width == 0 || e.Index+1 == v.Checkpoint.Size) {
			progress(e.Index+1, v.Checkpoint.Size)
		}
		envelope, _ := statement.ParseLeaf(e.Data) // an unreadable one speaks of nothing
		name := monitor.NameOf(envelope.Statement, sum)
		if name == "" {
			continue
		}
		found := fileEntry{name, when(v.Fresh), describe(t.tuf, e.Index, e.Data, e.Hash, v)}
		if _, r, err := t.published(ctx, monitor.Beside(name)); err == nil && r.Leaf == e.Hash {
			found.Since = when(r.Verified.Fresh)
		}
		out.Entries = append(out.Entries, found)
	}
	return nil
}

func (out *fileReport) good() bool {
	for _, e := range out.Entries {
		if e.Problem == "" {
			return true
		}
	}
	return false
}

func (out *fileReport) print(env term.Env) error {
	var b strings.Builder
	if len(out.Entries) == 0 {
		fmt.Fprintf(&b, "no entry of %s speaks of this file, of %s\n", out.Log, term.Plural(out.Size, "entry", "entries"))
	}
	for _, e := range out.Entries {
		fmt.Fprintf(&b, "%s: %s", term.Clean(e.Name), term.Clean(shortType(e.Type)))
		if e.Since != nil {
			fmt.Fprintf(&b, ", public since %s", e.Since.Format(time.RFC3339))
		}
		b.WriteByte('\n')
		e.text(&b)
		if e.Problem != "" {
			fmt.Fprintf(&b, "but         %s\n", term.Clean(e.Problem))
		}
	}
	fmt.Fprintf(&b, "sha256      %s\n", out.SHA256)
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}
