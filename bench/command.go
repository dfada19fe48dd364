package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Command is the yara command as a stand-in where the peer cannot be built. It
// cannot be timed file by file, so a whole tree is scanned and the time of a
// run on an empty tree, which loads the same rules, is taken off.
type Command struct {
	compiled string
	tree     string
	empty    string
}

// NewCommand compiles the rules with yarac and writes the files to a tree
// under dir. It fails when the commands are not on the PATH.
func NewCommand(dir, rules string, files []File) (*Command, error) {
	c := &Command{filepath.Join(dir, "rules.yarc"), filepath.Join(dir, "tree"), filepath.Join(dir, "empty")}
	if out, err := exec.Command("yarac", "-w", rules, c.compiled).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("yarac: %w\n%s", err, out)
	}
	for _, d := range []string{c.tree, c.empty} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	for i, f := range files {
		if err := os.WriteFile(filepath.Join(c.tree, fmt.Sprintf("%06d", i)), f.Data, 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Round scans the tree once with one thread. It gives the net time and the
// number of lines printed, one for each rule and file.
func (c *Command) Round() (time.Duration, int, error) {
	idle, _, err := c.run(c.empty)
	if err != nil {
		return 0, 0, err
	}
	busy, lines, err := c.run(c.tree)
	return max(busy-idle, time.Nanosecond), lines, err
}

func (c *Command) run(tree string) (time.Duration, int, error) {
	begin := time.Now()
	out, err := exec.Command("yara", "-w", "-r", "-p", "1", "-C", c.compiled, tree).Output()
	taken := time.Since(begin)
	if err != nil {
		return 0, 0, fmt.Errorf("yara: %w", err)
	}
	return taken, bytes.Count(out, []byte("\n")), nil
}
