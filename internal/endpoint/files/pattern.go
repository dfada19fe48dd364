package files

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// Pattern leaves out the files and directories it matches:
//
//	*.log          a name without a slash: any file or directory of that name, anywhere
//	cache/tmp      a slash inside: the end of a path
//	/var/lib/lxc   a slash in front: a whole absolute path
//	build/         a slash behind: directories only
//
// In it, * stands for any bytes but a slash, ** for any bytes, **/ for any
// number of whole directories, ? for one character but a slash, [a-z] and
// [!a-z] for one character of a set, and a backslash takes the next character
// as it is. A directory that matches is left out with all below it.
type Pattern struct {
	tokens   []token
	dirOnly  bool
	base     bool   // matched against the last name only
	absolute string // matched against the absolute path: what relative paths are relative to
}

type tokenKind uint8

const (
	literal tokenKind = iota // one byte
	anyOne                   // ?
	oneOf                    // […]
	star                     // *
	deep                     // **
	deepDir                  // **/ at the start of a name
)

type token struct {
	kind   tokenKind
	byte   byte
	negate bool
	ranges [][2]rune
}

// ParsePattern reads a pattern. Patterns with a slash in front are compared
// with absolute paths; workDir is the directory that relative paths start from.
func ParsePattern(text, workDir string) (Pattern, error) {
	var p Pattern
	body, dirOnly := strings.CutSuffix(text, "/")
	body = strings.TrimPrefix(body, "./")
	if body == "" || body == "." {
		return p, fmt.Errorf("exclude pattern %q matches no name", text)
	}
	p.dirOnly = dirOnly
	tokens, err := tokenize(body)
	if err != nil {
		return p, fmt.Errorf("exclude pattern %q: %w", text, err)
	}
	switch {
	case body[0] == '/':
		p.absolute = workDir
	case strings.Contains(body, "/"):
		tokens = append([]token{{kind: deepDir}}, tokens...)
	default:
		p.base = true
	}
	p.tokens = tokens
	return p, nil
}

// Match reports whether the pattern matches a path as Walk gives it.
func (p Pattern) Match(name string, dir bool) bool {
	switch {
	case p.dirOnly && !dir:
		return false
	case p.base:
		name = path.Base(name)
	case p.absolute != "":
		name = absolute(name, p.absolute)
	default:
		name = path.Clean(name)
	}
	return match(p.tokens, name)
}

func absolute(name, workDir string) string {
	if !strings.HasPrefix(name, "/") {
		name = workDir + "/" + name
	}
	return path.Clean(name)
}

func tokenize(s string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			tokens = append(tokens, token{kind: literal, byte: s[i+1]})
			i += 2
		case strings.HasPrefix(s[i:], "**/") && (i == 0 || s[i-1] == '/'):
			tokens = append(tokens, token{kind: deepDir})
			i += 3
		case strings.HasPrefix(s[i:], "**"):
			tokens = append(tokens, token{kind: deep})
			i += 2
		case s[i] == '[':
			set, size, err := parseSet(s[i:])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, set)
			i += size
		default:
			kind := map[byte]tokenKind{'*': star, '?': anyOne}[s[i]]
			tokens = append(tokens, token{kind: kind, byte: s[i]})
			i++
		}
	}
	return tokens, nil
}

// parseSet reads […]; a ] that comes first is a member.
func parseSet(s string) (token, int, error) {
	set := token{kind: oneOf}
	i := 1
	if i < len(s) && (s[i] == '!' || s[i] == '^') {
		set.negate = true
		i++
	}
	for first := true; i < len(s); first = false {
		if s[i] == ']' && !first {
			return set, i + 1, nil
		}
		low, size := utf8.DecodeRuneInString(s[i:])
		i += size
		high := low
		if i+1 < len(s) && s[i] == '-' && s[i+1] != ']' {
			high, size = utf8.DecodeRuneInString(s[i+1:])
			i += 1 + size
		}
		set.ranges = append(set.ranges, [2]rune{low, high})
	}
	return set, 0, fmt.Errorf("[ without ]")
}

// match compares in time of at most len(tokens) × len(s)²: of two stars only
// the later one ever needs another try, because what the earlier one took is
// the shortest that works.
func match(tokens []token, s string) bool {
	short, long := retryAt{}, retryAt{}
	for t, i := 0, 0; ; {
		if t == len(tokens) && i == len(s) {
			return true
		}
		if t < len(tokens) {
			switch kind := tokens[t].kind; kind {
			case star:
				t++
				short = retryAt{kind, t, i, true}
				continue
			case deep, deepDir:
				t++
				short, long = retryAt{}, retryAt{kind, t, i, true}
				continue
			}
			if size := tokens[t].one(s[i:]); size > 0 {
				t, i = t+1, i+size
				continue
			}
		}
		if !short.next(s) {
			short = retryAt{}
			if !long.next(s) {
				return false
			}
			t, i = long.token, long.at
			continue
		}
		t, i = short.token, short.at
	}
}

// retryAt is a star that may take more than it did.
type retryAt struct {
	kind  tokenKind
	token int // the token behind the star
	at    int // where that token is tried
	set   bool
}

// next lets the star take one character more, or one directory more.
func (r *retryAt) next(s string) bool {
	if !r.set || r.at >= len(s) || (r.kind == star && s[r.at] == '/') {
		return false
	}
	if r.kind == deepDir {
		slash := strings.IndexByte(s[r.at:], '/')
		r.at += slash + 1
		return slash >= 0
	}
	_, size := utf8.DecodeRuneInString(s[r.at:])
	r.at += size
	return true
}

// one gives the size of the character that the token matches at the start of
// s, or 0.
func (t *token) one(s string) int {
	if s == "" {
		return 0
	}
	if t.kind == literal {
		if s[0] == t.byte {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == '/' || (t.kind == oneOf && t.has(r) == t.negate) {
		return 0
	}
	return size
}

func (t *token) has(r rune) bool {
	for _, span := range t.ranges {
		if span[0] <= r && r <= span[1] {
			return true
		}
	}
	return false
}
