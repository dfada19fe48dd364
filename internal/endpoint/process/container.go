package process

import (
	"bytes"
	"regexp"
	"strings"
)

// containerName is the name of a control group that a container engine made:
// its own prefix, 64 hexadecimal digits, systemd's ending.
var containerName = regexp.MustCompile(`^(?:[a-z][a-z0-9_.]{0,31}-)?([0-9a-f]{64})(?:\.scope)?$`)

// container gives the container's id in the lines of /proc/PID/cgroup, of which
// the innermost counts; empty when there is none. Who may make control groups
// may choose it.
func container(cgroup []byte) string {
	found := ""
	for line := range bytes.Lines(cgroup) {
		parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, name := range strings.Split(parts[2], "/") {
			if m := containerName.FindStringSubmatch(name); m != nil {
				found = m[1]
			}
		}
		if found != "" {
			return found
		}
	}
	return found
}
