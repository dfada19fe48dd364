package sandbox

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// noLandlock is what its absence means. Files cannot be opened all the same: the
// filter of system calls refuses it, with fewer words.
const noLandlock = "only the filter of system calls keeps a scanner from opening files"

func landlockVersion() int {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// landlock leaves the process the paths to read, and nothing else of any file
// system, no TCP port, and no process or abstract socket outside.
func (c Config) landlock(paths []string) Part {
	if !c.wants(Landlock) {
		return missing(Landlock, left, noLandlock)
	}
	version := landlockVersion()
	if version == 0 {
		return missing(Landlock, "this kernel has none, or it is switched off", noLandlock)
	}
	if err := landlock.V11.BestEffort().Restrict(readable(paths)...); err != nil {
		return missing(Landlock, err.Error(), noLandlock)
	}
	return Part{Name: Landlock, InForce: true, Detail: fmt.Sprintf("version %d", version)}
}

// readable are the rules that let the paths be read.
func readable(paths []string) []landlock.Rule {
	var rules []landlock.Rule
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		rights := landlock.AccessFSSet(ll.AccessFSReadFile)
		if info.IsDir() {
			rights |= ll.AccessFSReadDir
		}
		rules = append(rules, landlock.PathAccess(rights, path).IgnoreIfMissing())
	}
	return rules
}
