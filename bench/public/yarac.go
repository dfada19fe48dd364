package public

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Yarac is the compiler of the C implementation.
type Yarac struct {
	Command string
	Dir     string // where it may write
	Bare    bool   // define no external variables
}

// chunk is how many files are tried at once: most compile.
const chunk = 64

// Refused tells which files yarac does not compile.
func (y Yarac) Refused(files []File) ([]Refusal, error) {
	out := filepath.Join(y.Dir, "tried.yarc")
	var refused []Refusal
	for len(files) > 0 {
		some := files[:min(chunk, len(files))]
		files = files[len(some):]
		if said, err := y.run(some, out); err == nil {
			continue
		} else if said == "" {
			return nil, fmt.Errorf("yarac says nothing: %w", err)
		}
		for _, f := range some {
			if said, err := y.run([]File{f}, out); err != nil {
				refused = append(refused, Refusal{f, said})
			}
		}
	}
	return refused, nil
}

// Compile writes the compiled rules of all files to out; none may be refused.
func (y Yarac) Compile(files []File, out string) error {
	if said, err := y.run(files, out); err != nil {
		return fmt.Errorf("yarac: %w: %s", err, said)
	}
	return nil
}

// run gives the first line yarac says.
func (y Yarac) run(files []File, out string) (string, error) {
	args := []string{"-w"}
	if !y.Bare {
		args = append(args, Defines()...)
	}
	for _, f := range files {
		args = append(args, f.Namespace+":"+f.Path)
	}
	said, err := exec.Command(y.Command, append(args, out)...).CombinedOutput()
	line, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	return strings.ToValidUTF8(string(line), "?"), err
}

// Defines gives the external variables as yarac takes them.
func Defines() []string {
	var args []string
	for name, value := range Externals() {
		args = append(args, "-d", fmt.Sprintf("%s=%v", name, value))
	}
	return args
}

// Without gives the files that are not among the refused.
func Without(files []File, refused []Refusal) []File {
	gone := make(map[string]bool, len(refused))
	for _, r := range refused {
		gone[r.File.Namespace] = true
	}
	var kept []File
	for _, f := range files {
		if !gone[f.Namespace] {
			kept = append(kept, f)
		}
	}
	return kept
}
