package hashset

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxLine   = 64 << 10 // bytes; a longer line is no list
	maxNames  = 3 << 30  // bytes of different names in one list
	maxErrors = 1000     // kept with their text; the rest is counted
)

// LineError is one line that is no entry.
type LineError struct {
	File   string // as given to Parse
	Line   int    // from 1
	Detail string // what was expected
}

func (e LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Detail) }

// ParseError holds every malformed line of a list, in order; of more than
// 1,000 the rest is only counted.
type ParseError struct {
	Lines []LineError
	More  int
}

// Error gives one line of text for each malformed line.
func (e *ParseError) Error() string {
	var b strings.Builder
	for i, l := range e.Lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.Error())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more malformed lines", e.More)
	}
	return b.String()
}

// Parse reads a list; name stands in error messages, and for entries that
// have no name of their own. When any line is malformed nothing is loaded and
// the error is a *ParseError with all of them; other errors are the reader's.
func Parse(r io.Reader, name string) (*Set, error) {
	p := parser{b: newBuilder(), name: name}
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = p.tooLong(lines)
		} else if len(line) > 0 {
			p.line++
			p.parse(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read hash list %s: %w", name, err)
		}
		if len(p.b.set.names.blob) > maxNames {
			return nil, fmt.Errorf("read hash list %s: more than %d bytes of names", name, int64(maxNames))
		}
	}
	if len(p.errs.Lines) > 0 {
		return nil, &p.errs
	}
	return p.b.finish(), nil
}

type parser struct {
	b    *builder
	name string
	line int
	errs ParseError
}

func (p *parser) fail(format string, args ...any) {
	if len(p.errs.Lines) >= maxErrors {
		p.errs.More++
		return
	}
	p.errs.Lines = append(p.errs.Lines, LineError{p.name, p.line, fmt.Sprintf(format, args...)})
}

// tooLong skips the rest of a line that did not fit.
func (p *parser) tooLong(lines *bufio.Reader) error {
	p.line++
	p.fail("the line is longer than %d bytes", maxLine)
	for {
		_, err := lines.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

func (p *parser) parse(line []byte) {
	if p.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	line = bytes.TrimRight(line, "\r\n")
	text := bytes.TrimLeft(line, " \t")
	if len(text) == 0 || text[0] == '#' {
		return
	}
	// sha256sum puts a backslash before the digest when it escaped the name.
	text = bytes.TrimPrefix(text, []byte{'\\'})
	end := bytes.IndexAny(text, " \t:")
	if end < 0 {
		end = len(text)
	}
	var digest [32]byte
	size, ok := p.digest(digest[:], text[:end])
	if !ok {
		return
	}
	name, ok := p.entryName(text[end:])
	if ok {
		p.b.add(digest[:size], name)
	}
}

func (p *parser) digest(dst, text []byte) (int, bool) {
	switch len(text) {
	case 32, 40, 64:
	default:
		p.fail("expected 32, 40 or 64 hexadecimal digits (MD5, SHA-1 or SHA-256), found %d characters", len(text))
		return 0, false
	}
	n, err := hex.Decode(dst, text)
	if err != nil {
		p.fail("expected a hexadecimal digest, found %.80q", text)
		return 0, false
	}
	return n, true
}

// entryName takes what follows the digest.
func (p *parser) entryName(rest []byte) ([]byte, bool) {
	if len(rest) > 0 && rest[0] == ':' {
		return p.clamName(rest[1:])
	}
	name := bytes.TrimSpace(rest)
	if len(rest) > 1 && rest[0] == ' ' && rest[1] == '*' {
		name = bytes.TrimSpace(rest[2:]) // sha256sum's sign for "read as binary"
	}
	if len(name) == 0 {
		name = []byte(p.name)
	}
	return name, true
}

// clamName takes "size:name" and what ClamAV may write after it.
func (p *parser) clamName(rest []byte) ([]byte, bool) {
	size, rest, ok := bytes.Cut(rest, []byte{':'})
	if !ok {
		p.fail("expected digest:size:name, found no second colon")
		return nil, false
	}
	if !isSize(bytes.TrimSpace(size)) {
		p.fail("expected a size in bytes or * after the digest, found %.40q", size)
		return nil, false
	}
	name, _, _ := bytes.Cut(rest, []byte{':'})
	if name = bytes.TrimSpace(name); len(name) == 0 {
		p.fail("expected a name after the size, found nothing")
		return nil, false
	}
	return name, true
}

func isSize(b []byte) bool {
	if string(b) == "*" {
		return true
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}
