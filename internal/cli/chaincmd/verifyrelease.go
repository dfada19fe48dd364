package chaincmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/build"
	"vitrine/internal/chain/released"
	"vitrine/internal/chain/site"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/proof/statement"

	"github.com/spf13/cobra"
)

func newVerifyRelease(env term.Env) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "release VERSION|FILE [flags]",
		Short: "Check a release: who signed it, since when it is public, who got the same bytes",
		Example: `vitrine verify release v0.3.0 --from https://updates.example.org
vitrine verify release ./vitrine --from ./site --trust ./trust`,
		Long: `Checks that those who may have signed the release, that it is in the log and enough
witnesses have seen that, and that its files on the site are the announced ones. Then it
reads the log to its end for what rebuilders say: a site cannot leave one of them out.

The answer is yes only if enough rebuilders got the same bytes, and none others: then
vitrine update --release takes it.

FILE is looked for in the newest release; vitrine verify file looks through them all.`,
		Args:        oneArgument("VERSION or FILE"),
		RunE:        func(c *cobra.Command, args []string) error { return runVerifyRelease(c.Context(), env, o, args[0]) },
		Annotations: map[string]string{page.Exit: page.Exits("all of it holds, and enough rebuilders agree", "something does not hold, or too few agree"), page.See: "vitrine-rebuild(1), vitrine-update(1), vitrine-verify-file(1)"},
	}
	o.flags(c, "vitrine.verify.release/v1")
	return c
}

// releaseReport is the answer; its JSON is
// docs/spec/cli/vitrine.verify.release.v1.json.
type releaseReport struct {
	Schema     string         `json:"schema"`
	Version    string         `json:"version"`
	Serial     int64          `json:"serial"`
	File       string         `json:"file"` // the binary that FILE is; "" for a VERSION
	Log        string         `json:"log"`
	Index      int64          `json:"index"`
	Leaf       string         `json:"leaf"`
	Since      time.Time      `json:"since"`
	SignedBy   []string       `json:"signed_by"`
	Cosigned   []cosignedJSON `json:"cosigned"`
	Repo       string         `json:"repo"`
	Commit     string         `json:"commit"`
	Archive    string         `json:"archive_sha256"`
	Toolchain  string         `json:"toolchain"`
	GoH1       string         `json:"toolchain_h1"`
	Files      []subjectJSON  `json:"files"` // fetched, and as announced
	Rebuilders []rebuiltJSON  `json:"rebuilders"`
	Matches    int            `json:"matches"`
	Needed     int            `json:"needed"`
	Reached    bool           `json:"reached"`
	Read       int64          `json:"read"` // entries the log had
}

// rebuiltJSON is one rebuilder's word.
type rebuiltJSON struct {
	Key    string   `json:"key"`
	Result string   `json:"result"`
	Index  int64    `json:"index"`
	Differ []string `json:"differ"`
}

func runVerifyRelease(ctx context.Context, env term.Env, o verifyOptions, what string) error {
	ctx, stop := interruptible(ctx, env)
	defer stop()
	t, done, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer done()
	out, err := t.release(ctx, what)
	if errors.Is(err, errNot) || errors.Is(err, released.ErrUnproved) {
		term.Lines(env, "vitrine", err)
		return term.ErrNo
	}
	if err != nil {
		return err
	}
	if o.json {
		err = printJSON(env, out)
	} else {
		err = out.print(env)
	}
	if err == nil && !out.Reached {
		return term.ErrNo
	}
	return err
}

func (t *trusted) release(ctx context.Context, what string) (*releaseReport, error) {
	version, file, err := t.which(ctx, what)
	if err != nil {
		return nil, err
	}
	reader := t.releases()
	r, err := reader.Find(ctx, version)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the site has no release %s", errNot, version)
	}
	if err != nil {
		return nil, err
	}
	v, err := reader.Newest(ctx)
	if err != nil {
		return nil, err
	}
	opinion, err := reader.Opinion(ctx, r, v.Checkpoint, nil)
	if err != nil {
		return nil, err
	}
	out := describeRelease(r, opinion)
	out.File = file
	return out, t.files(ctx, r, out)
}

// which gives the version that is meant: by its name, or by one of its files.
func (t *trusted) which(ctx context.Context, what string) (version, file string, err error) {
	if info, err := os.Stat(what); err != nil || !info.Mode().IsRegular() {
		return what, "", nil
	}
	sum, err := digest(what)
	if err != nil {
		return "", "", err
	}
	targets, err := t.tuf.TargetsOf(ctx, authors.Releases)
	if err != nil {
		return "", "", err
	}
	for _, target := range targets {
		if named, err := target.SHA256(); err == nil && named == sum {
			return path.Base(path.Dir(target.Path)), path.Base(target.Path), nil
		}
	}
	return "", "", term.Hint(fmt.Errorf("%w: %s is no file of the newest release", errNot, what), "vitrine verify file looks through the whole log")
}

func describeRelease(r *released.Release, o *released.Opinion) *releaseReport {
	out := &releaseReport{
		Schema: "vitrine.verify.release/v1", Version: r.Said.Version, Serial: r.Said.Serial, Log: r.Verified.Checkpoint.Origin, Index: r.Index, Leaf: r.LeafHex(),
		Since: r.Verified.Fresh.UTC(), SignedBy: []string{}, Cosigned: cosignatures(r.Verified), Repo: r.Said.Source.Repo, Commit: r.Said.Source.Commit,
		Archive: r.Said.Archive.String(), Toolchain: r.Said.Toolchain.Version, GoH1: r.Said.Toolchain.H1, Files: []subjectJSON{},
		Rebuilders: []rebuiltJSON{}, Matches: o.Matches(), Needed: o.Needed, Reached: o.Reached(), Read: o.Size,
	}
	for _, k := range r.SignedBy {
		out.SignedBy = append(out.SignedBy, k.ID)
	}
	for _, b := range o.Rebuilds {
		differ := b.Differ
		if differ == nil {
			differ = []string{}
		}
		out.Rebuilders = append(out.Rebuilders, rebuiltJSON{b.Key.ID, b.Result, b.Index, differ})
	}
	return out
}

// files gets all files of a release from the site, and compares each with what
// was announced.
func (t *trusted) files(ctx context.Context, r *released.Release, out *releaseReport) error {
	list := append([]statement.Subject{
		{Name: site.ReleaseFile(r.Said.Version, build.SourceFile), SHA256: r.Said.Archive},
		{Name: site.ReleaseFile(r.Said.Version, build.ProvenanceFile), SHA256: r.Said.Provenance},
	}, r.Said.SBOM...)
	for _, s := range append(list, r.Statement.Subject...) {
		data, err := t.site.Fetch(ctx, site.File(s.Name, s.SHA256), build.MaxArchive)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); sum != s.SHA256 {
			return fmt.Errorf("%w: %s on the site has the SHA-256 %x, and the log has %s", errNot, s.Name, sum, s.SHA256)
		}
		out.Files = append(out.Files, subjectJSON{s.Name, hex.EncodeToString(s.SHA256[:])})
	}
	return nil
}

func (out *releaseReport) print(env term.Env) error {
	var b strings.Builder
	fmt.Fprintf(&b, "release %s, public since %s\n", out.Version, out.Since.Format(time.RFC3339))
	if out.File != "" {
		fmt.Fprintf(&b, "file        %s\n", term.Clean(out.File))
	}
	for _, k := range out.SignedBy {
		fmt.Fprintf(&b, "signed      by the author's key %.16s…\n", k)
	}
	fmt.Fprintf(&b, "logged      as entry %d of %s\n", out.Index, out.Log)
	printWitnesses(&b, out.Cosigned)
	fmt.Fprintf(&b, "source      commit %s of %s\n", term.Clean(out.Commit), term.Clean(out.Repo))
	fmt.Fprintf(&b, "toolchain   %s %s\n", term.Clean(out.Toolchain), out.GoH1)
	fmt.Fprintf(&b, "files       %d on the site, each as announced\n", len(out.Files))
	for _, r := range out.Rebuilders {
		fmt.Fprintf(&b, "rebuilt     by the rebuilder's key %.16s…: %s (entry %d)\n", r.Key, r.Result, r.Index)
		for _, name := range r.Differ {
			fmt.Fprintf(&b, "            differs: %s\n", term.Clean(name))
		}
	}
	fmt.Fprintf(&b, "agreed      %d of %d rebuilders needed, in a log of %s: %s\n", out.Matches, out.Needed, term.Plural(out.Read, "entry", "entries"), out.verdict())
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}

func (out *releaseReport) verdict() string {
	for _, r := range out.Rebuilders {
		if r.Result == statement.Mismatch {
			return "one got other bytes, so no machine takes it"
		}
	}
	if !out.Reached {
		return "too few yet"
	}
	return "enough, and nobody got other bytes"
}
