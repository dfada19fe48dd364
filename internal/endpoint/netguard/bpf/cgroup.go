package bpf

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"vitrine/internal/endpoint/netguard/coverage"
)

// Root finds where the root of the version 2 control groups is mounted, in what
// /proc/self/mountinfo says. On machines with both versions it is beside the
// older ones. The error is a *coverage.Missing.
func Root(mountinfo io.Reader) (string, error) {
	in := bufio.NewScanner(mountinfo)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		before, after, ok := strings.Cut(in.Text(), " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 || !strings.HasPrefix(after, "cgroup2 ") {
			continue
		}
		if fields[3] != "/" {
			continue // a part of the tree, as containers see it
		}
		return unescape(fields[4]), nil
	}
	err := in.Err()
	if err == nil {
		err = errors.New("no version 2 hierarchy is mounted")
	}
	return "", &coverage.Missing{Part: "cgroup2", Uncovered: nothingCovered, Err: err}
}

// unescape undoes \040 and the like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
