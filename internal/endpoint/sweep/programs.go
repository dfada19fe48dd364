package sweep

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"vitrine/internal/endpoint/process"

	"golang.org/x/sys/unix"
)

// maxMaps bounds what is read of one process's map of its memory.
const maxMaps = 16 << 20

// Programs calls visit for each program that runs and each library or other
// file that a process has mapped to be executed, each file once, until visit
// returns false or ctx ends. They are opened as the process has them: after
// they were deleted or replaced, and in whatever container.
func (m Machine) Programs(ctx context.Context, visit func(Target) bool) {
	seen := map[string]bool{}
	_ = process.Proc{Root: m.proc()}.Each(ctx, func(r process.Running) bool {
		program, ok := r.Program()
		if !ok {
			return true
		}
		key := fmt.Sprintf("%02x:%02x/%d", unix.Major(program.Dev), unix.Minor(program.Dev), program.Ino) // as in maps
		if !seen[key] {
			seen[key] = true
			link := fmt.Sprintf("%s/%d/exe", m.proc(), r.PID)
			t := Target{Path: program.Path, PID: r.PID, Open: func() (*os.File, error) { return openPath(link, true) }}
			if !visit(t) {
				return false
			}
		}
		return m.mapped(r.PID, seen, visit)
	})
}

// mapped visits what a process has mapped to be executed.
func (m Machine) mapped(pid int, seen map[string]bool, visit func(Target) bool) bool {
	f, err := os.Open(fmt.Sprintf("%s/%d/maps", m.proc(), pid))
	if err != nil {
		return true // it has ended
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, maxMaps))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		at, file, path, ok := executable(lines.Text())
		if !ok || seen[file] {
			continue
		}
		seen[file] = true
		link := fmt.Sprintf("%s/%d/map_files/%s", m.proc(), pid, at)
		named := fmt.Sprintf("%s/%d/root%s", m.proc(), pid, path)
		open := func() (*os.File, error) {
			f, err := openPath(link, true)
			if os.IsPermission(err) { // map_files asks for more than maps does
				return openPath(named, true)
			}
			return f, err
		}
		if !visit(Target{Path: path, PID: pid, Open: open}) {
			return false
		}
	}
	return true
}

// executable reads one line of maps: addresses, rights, offset, device, inode,
// path. Only files that may be executed are of interest.
func executable(line string) (at, file, path string, ok bool) {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) < 6 || len(fields[1]) < 3 || fields[1][2] != 'x' || fields[4] == "0" {
		return "", "", "", false
	}
	path = strings.TrimLeft(fields[5], " ")
	if !strings.HasPrefix(path, "/") {
		return "", "", "", false
	}
	return fields[0], fields[3] + "/" + fields[4], path, true
}
