package mounts

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Device is a file system's number, the same for all its mounts.
type Device struct{ Major, Minor uint32 }

func (d Device) String() string { return fmt.Sprintf("%d:%d", d.Major, d.Minor) }

// Mount is one line of mountinfo. Names are raw bytes.
type Mount struct {
	ID, Parent int
	Device     Device
	Root       string // what of the file system is mounted
	Point      string // where, as the process whose mountinfo it is sees it
	Options    string // of the mount
	Type       string // of the file system; a subtype follows a dot: fuse.sshfs
	Source     string // chosen by who mounted it
	Super      string // options of the file system
	Foreign    bool   // seen in a mount namespace that another user namespace owns: who mounted it need not be root
}

// Limits of Parse: more is refused, not cut.
const (
	MaxSize   = 64 << 20 // bytes of a mountinfo
	MaxMounts = 200_000
)

// errMalformed is what Parse says of lines that no kernel writes.
var errMalformed = errors.New("malformed mountinfo")

// Parse reads a whole mountinfo.
func Parse(text []byte) ([]Mount, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", errMalformed, len(text), MaxSize)
	}
	var all []Mount
	for line := range bytes.Lines(text) {
		m, err := parseLine(strings.TrimSuffix(string(line), "\n"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		if len(all) == MaxMounts {
			return nil, fmt.Errorf("%w: more than %d mounts", errMalformed, MaxMounts)
		}
		all = append(all, m)
	}
	return all, nil
}

// parseLine reads "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw".
// Between the options and the dash stands any number of optional fields.
func parseLine(line string) (Mount, error) {
	head, tail, found := strings.Cut(line, " - ")
	first, last := strings.Split(head, " "), strings.Split(tail, " ")
	if !found || len(first) < 6 || len(last) < 3 {
		return Mount{}, fmt.Errorf("%w: %.100q", errMalformed, line)
	}
	m := Mount{
		Root: unescape(first[3]), Point: unescape(first[4]), Options: first[5],
		Type: unescape(last[0]), Source: unescape(last[1]), Super: unescape(strings.Join(last[2:], " ")),
	}
	major, minor, found := strings.Cut(first[2], ":")
	numbers := [4]uint64{}
	for i, text := range []string{first[0], first[1], major, minor} {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || !found {
			return Mount{}, fmt.Errorf("%w: number %q in %.100q", errMalformed, text, line)
		}
		numbers[i] = n
	}
	m.ID, m.Parent = int(numbers[0]), int(numbers[1])
	m.Device = Device{uint32(numbers[2]), uint32(numbers[3])}
	return m, nil
}

// unescape takes back what the kernel does to space, tab, newline, backslash
// and hash: a backslash and three octal digits.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
