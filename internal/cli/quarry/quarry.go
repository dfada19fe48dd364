// Package quarry is what a scan looks for besides rules: listed digests, ClamAV's
// databases, passwords to try, and the rules that come with the program. It reads
// the files that are named, and decides neither which nor what to say of them.
package quarry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vitrine/internal/engine/hashset"
	"vitrine/internal/engine/starter"
	"vitrine/yara"
)

// Builtin gives the rules that come with the program, under the names that
// their files have in the source of the program.
func Builtin() []yara.Source {
	sources := starter.Sources()
	for i := range sources {
		sources[i].Name = "internal/engine/starter/" + sources[i].Name
	}
	return sources
}

// Lists reads lists of digests into one set; nil when there are none. The error
// has a line for each list that cannot be read. What is read is written to sum as
// well, if it is not nil.
func Lists(names []string, sum io.Writer) (*hashset.Set, error) {
	var sets []*hashset.Set
	var broken []error
	for _, name := range names {
		set, err := list(name, sum)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		sets = append(sets, set)
	}
	if len(broken) > 0 {
		return nil, errors.Join(broken...)
	}
	if len(sets) == 0 {
		return nil, nil
	}
	return hashset.Merge(sets...), nil
}

func list(name string, sum io.Writer) (*hashset.Set, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read hash list: %w", err)
	}
	defer file.Close()
	return hashset.Parse(tee(file, sum), name)
}

func tee(r io.Reader, sum io.Writer) io.Reader {
	if sum == nil {
		return r
	}
	return io.TeeReader(r, sum)
}

// maxPasswords bounds a password file: every password is tried on every
// encrypted archive.
const maxPasswords = 64 << 10

// Passwords reads a file of passwords, one a line; an empty name is a file without
// any. What is read is written to sum as well, if it is not nil.
func Passwords(name string, sum io.Writer) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read passwords: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(tee(file, sum), maxPasswords+1))
	if err != nil {
		return nil, fmt.Errorf("read passwords %s: %w", name, err)
	}
	if len(text) > maxPasswords {
		return nil, fmt.Errorf("read passwords %s: more than %d bytes", name, maxPasswords)
	}
	var passwords []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			passwords = append(passwords, line)
		}
	}
	return passwords, nil
}
