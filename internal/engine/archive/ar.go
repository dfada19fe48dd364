package archive

import (
	"bytes"
	"strconv"
	"strings"

	"vitrine/internal/engine/limit"
)

const (
	arMagic   = "!<arch>\n"
	arHeader  = 60
	maxArName = 4096
)

// ar walks a Unix archive: static libraries and Debian packages. Symbol tables
// are no members.
func (w *walk) ar() error {
	f := w.feed()
	f.pos = len(arMagic)
	var long []byte
	for len(f.memory()) > 0 {
		if err := w.b.Check(); err != nil {
			return err
		}
		h, err := f.next(arHeader)
		if err != nil {
			return damaged(err, f.pos)
		}
		size, ok := arSize(h)
		if !ok {
			return limit.Errorf(limit.Damaged, "ar: a header is malformed at byte %d", f.pos-arHeader)
		}
		end := int64(f.pos) + size + size&1
		name := strings.TrimRight(string(h[:16]), " ")
		switch name {
		case "//":
			long = f.memory()
			long = long[:min(size, int64(len(long)))]
		case "/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED":
		default:
			if err := f.arMember(name, size, long); err != nil {
				return err
			}
		}
		f.pos = int(min(end, int64(len(f.mem))))
	}
	return nil
}

func arSize(h []byte) (int64, bool) {
	if h[58] != '`' || h[59] != '\n' {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
	return n, err == nil && n >= 0
}

func (f *feed) arMember(name string, size int64, long []byte) error {
	switch {
	case strings.HasPrefix(name, "#1/"): // BSD: the name stands before the data
		n, err := strconv.Atoi(name[3:])
		if err != nil || n < 0 || int64(n) > size || n > maxArName {
			return limit.Errorf(limit.Damaged, "ar: malformed name %q", name)
		}
		raw, err := f.next(n)
		if err != nil {
			return damaged(err, f.pos)
		}
		name, size = tarText(raw), size-int64(n)
	case len(name) > 1 && name[0] == '/': // GNU: a place in the table of names
		if n, err := strconv.Atoi(name[1:]); err == nil && n >= 0 && n < len(long) {
			end := bytes.IndexByte(long[n:], '\n')
			if end < 0 {
				end = len(long) - n
			}
			name = strings.TrimSuffix(string(long[n:n+min(end, maxArName)]), "/")
		}
	default:
		name = strings.TrimSuffix(name, "/")
	}
	if size == 0 {
		return nil
	}
	return f.member(name, size)
}
