package yaracmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Externals reads the arguments of -d, VAR=VALUE each. As in yara the value
// decides the type: 1 is an integer, 1.0 a float, true and false are booleans,
// the rest is text.
func Externals(defs []string) (map[string]any, error) {
	vars := make(map[string]any, len(defs))
	for _, d := range defs {
		name, value, ok := strings.Cut(d, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("-d %q: want VAR=VALUE", d)
		}
		v, err := externalValue(value)
		if err != nil {
			return nil, fmt.Errorf("-d %q: %w", d, err)
		}
		vars[name] = v
	}
	return vars, nil
}

func externalValue(s string) (any, error) {
	switch {
	case s == "true", s == "false":
		return s == "true", nil
	case isDecimal(s, true):
		return strconv.ParseFloat(s, 64)
	case isDecimal(s, false):
		return strconv.ParseInt(s, 10, 64)
	}
	return s, nil
}

// isDecimal reports whether s is digits, perhaps behind a minus sign; with dot,
// digits holding exactly one dot that does not come first.
func isDecimal(s string, dot bool) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, found := strings.Cut(s, ".")
	return found == dot && whole != "" && strings.Trim(whole+fraction, "0123456789") == ""
}

// readModuleData reads the files named by -x.
func readModuleData(defs []string) (map[string][]byte, error) {
	data := make(map[string][]byte, len(defs))
	for _, d := range defs {
		module, name, ok := strings.Cut(d, "=")
		if !ok || module == "" {
			return nil, fmt.Errorf("-x %q: want MODULE=FILE", d)
		}
		b, err := readWhole(name, nil)
		if err != nil {
			return nil, fmt.Errorf("-x %q: %w", d, err)
		}
		data[module] = b
	}
	return data, nil
}

// maxWhole bounds rule files and module data, which are held in memory whole.
const maxWhole = 256 << 20

// readWhole reads a file, or stdin when that is not nil.
func readWhole(name string, stdin io.Reader) ([]byte, error) {
	r := stdin
	if r == nil {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	return readAtMost(r, name, maxWhole)
}

func readAtMost(r io.Reader, name string, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if file, ok := r.(*os.File); ok {
		if info, err := file.Stat(); err == nil { // compiled rules are large: make room at once
			b.Grow(int(min(max(info.Size(), 0), limit)) + bytes.MinRead)
		}
	}
	_, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && int64(b.Len()) > limit {
		err = fmt.Errorf("read %s: more than %d bytes", name, limit)
	}
	return b.Bytes(), err
}
