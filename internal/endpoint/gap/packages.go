package gap

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
)

// maxPackageText bounds what is read of the database of packages.
const maxPackageText = 64 << 20

// packages gives the files of the packages that dpkg has installed since the
// gap began: they are scanned last.
func (h *search) packages() map[string]bool {
	owned := map[string]bool{}
	lists, err := filepath.Glob(h.config.Machine.Root + "/var/lib/dpkg/info/*.list")
	if err != nil {
		return owned
	}
	left := int64(maxPackageText)
	for _, list := range lists {
		if left > 0 && h.isChanged(list) {
			left -= h.ownedBy(list, left, owned)
		}
	}
	return owned
}

// ownedBy reads the files of one package, and gives how much it read.
func (h *search) ownedBy(list string, most int64, owned map[string]bool) int64 {
	f, err := os.Open(list)
	if err != nil {
		return 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	scanner := bufio.NewScanner(io.LimitReader(f, most))
	for scanner.Scan() {
		owned[scanner.Text()] = true
	}
	return min(info.Size(), most)
}
