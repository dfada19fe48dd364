package chaincmd

import (
	"fmt"
	"runtime"

	"vitrine/internal/chain/update"
	"vitrine/internal/cli/term"
)

// ownRelease is the file of a release that runs on this machine.
func ownRelease() string { return "vitrine_" + runtime.GOOS + "_" + runtime.GOARCH }

// releaseJSON is what became of the newest release.
type releaseJSON struct {
	Version string `json:"version"` // "" if none is published
	File    string `json:"file"`    // where it lies ready; "" if it does not
	New     bool   `json:"new"`
	Matches int    `json:"matches"`
	Needed  int    `json:"needed"`
}

func makeReleaseReport(r *update.Release) *releaseJSON {
	if r == nil {
		return nil
	}
	return &releaseJSON{r.Version, r.File, r.New, r.Matches, r.Needed}
}

// printRelease says where the newest release lies, or what it waits for. The
// program that runs is left as it is.
func printRelease(env term.Env, r *update.Release) (err error) {
	switch {
	case r == nil:
	case r.Version == "":
		_, err = fmt.Fprintln(env.Stdout, "release: nothing published yet")
	case r.File == "" && r.Matches < r.Needed:
		_, err = fmt.Fprintf(env.Stdout, "release: %s waits for rebuilders, %d of %d agree\n", r.Version, r.Matches, r.Needed)
	case r.File == "":
	case r.New:
		_, err = fmt.Fprintf(env.Stdout, "release: %s lies ready in %s\n", r.Version, term.Clean(r.File))
	default:
		_, err = fmt.Fprintf(env.Stdout, "release: %s is the newest, in %s\n", r.Version, term.Clean(r.File))
	}
	return err
}
