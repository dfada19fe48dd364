package syntax

import "bytes"

// maxIdent is the longest identifier YARA takes.
const maxIdent = 128

// lexer cuts a source into tokens. It keeps nothing but its place, so a copy
// looks ahead and an assignment goes back.
type lexer struct {
	src       []byte
	words     map[string]kind
	off       int
	line      int // of off
	lineStart int // offset of the first byte of line
	plain     bool
}

func newLexer(src []byte) lexer {
	l := lexer{src: src, words: keywords(), line: 1}
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		l.off = 3 // a byte order mark, which editors add on their own
	}
	return l
}

func (l *lexer) pos(off int) Pos { return Pos{Line: l.line, Col: off - l.lineStart + 1} }

// at gives the byte n places ahead, or 0 past the end.
func (l *lexer) at(n int) byte {
	if l.off+n < len(l.src) {
		return l.src[l.off+n]
	}
	return 0
}

// newline notes that the byte at off is a line break.
func (l *lexer) newline(off int) {
	l.line++
	l.lineStart = off + 1
}

// next reads one token. At the end of the source it gives tkEOF for ever.
func (l *lexer) next() token {
	if t, ok := l.space(); !ok {
		return t
	}
	t := token{start: l.off, pos: l.pos(l.off)}
	if l.off >= len(l.src) {
		t.kind, t.end = tkEOF, l.off
		return t
	}
	l.token(&t)
	t.end = l.off
	return t
}

func (l *lexer) token(t *token) {
	c := l.src[l.off]
	switch {
	case isLetter(c):
		l.word(t)
	case isDigit(c):
		t.kind = l.number()
	case c == '"':
		l.text(t)
	case c == '/':
		l.regexp(t)
	case c == '$' || c == '#' || c == '@' || c == '!' && l.at(1) != '=':
		t.kind = l.reference(c)
	default:
		t.kind = l.punctuation(c)
	}
}

// space skips white space and comments. When a comment does not end it gives
// the token to report.
func (l *lexer) space() (token, bool) {
	for l.off < len(l.src) {
		switch c := l.src[l.off]; {
		case c == '\n':
			l.newline(l.off)
			l.off++
		case c == ' ' || c == '\t' || c == '\r':
			l.off++
		case c == '/' && l.at(1) == '/':
			l.lineComment()
		case c == '/' && l.at(1) == '*':
			start, pos := l.off, l.pos(l.off)
			if !l.blockComment() {
				return token{kind: tkInvalid, flaw: flawComment, start: start, end: l.off, pos: pos}, false
			}
		default:
			return token{}, true
		}
	}
	return token{}, true
}

// lineComment goes to the end of the line.
func (l *lexer) lineComment() {
	if n := bytes.IndexByte(l.src[l.off:], '\n'); n >= 0 {
		l.off += n
	} else {
		l.off = len(l.src)
	}
}

// blockComment goes past the closing mark and tells whether there is one.
func (l *lexer) blockComment() bool {
	n := bytes.Index(l.src[l.off+2:], []byte("*/"))
	end := len(l.src)
	if n >= 0 {
		end = l.off + 2 + n + 2
	}
	l.skipTo(end)
	return n >= 0
}

// skipTo moves to off, counting the lines passed.
func (l *lexer) skipTo(off int) {
	for l.off < off {
		n := bytes.IndexByte(l.src[l.off:off], '\n')
		if n < 0 {
			break
		}
		l.newline(l.off + n)
		l.off += n + 1
	}
	l.off = off
}

func (l *lexer) letters() {
	for l.off < len(l.src) && (isLetter(l.src[l.off]) || isDigit(l.src[l.off])) {
		l.off++
	}
}

func (l *lexer) word(t *token) {
	l.letters()
	text := l.src[t.start:l.off]
	if k, ok := l.words[string(text)]; ok {
		t.kind = k
		return
	}
	t.kind = tkIdent
	if len(text) > maxIdent {
		t.kind, t.flaw = tkInvalid, flawIdent
	}
}

// reference reads $a, $a*, #a, @a and !a; the name may be missing.
func (l *lexer) reference(c byte) kind {
	l.off++
	l.letters()
	switch c {
	case '#':
		return tkCount
	case '@':
		return tkOffset
	case '!':
		return tkLength
	}
	if l.at(0) == '*' {
		l.off++
		return tkStringWild
	}
	return tkStringID
}

// number reads an integer or a float. As in YARA nothing need follow it: 2of
// is the number 2 and the keyword of.
func (l *lexer) number() kind {
	if l.src[l.off] == '0' && l.at(1) == 'x' && isHex(l.at(2)) {
		l.off += 2
		l.digits(isHex)
		return tkInt
	}
	if l.src[l.off] == '0' && l.at(1) == 'o' && isOctal(l.at(2)) {
		l.off += 2
		l.digits(isOctal)
		return tkInt
	}
	l.digits(isDigit)
	if l.at(0) == '.' && isDigit(l.at(1)) {
		l.off++
		l.digits(isDigit)
		return tkFloat
	}
	if (l.at(0) == 'K' || l.at(0) == 'M') && l.at(1) == 'B' {
		l.off += 2
	}
	return tkInt
}

func (l *lexer) digits(is func(byte) bool) {
	for l.off < len(l.src) && is(l.src[l.off]) {
		l.off++
	}
}

// text reads "…" on one line, or """…""" over several.
func (l *lexer) text(t *token) {
	t.kind = tkText
	if !l.plain && l.at(1) == '"' && l.at(2) == '"' {
		l.longText(t)
		return
	}
	l.off++
	if !l.until('"') {
		t.kind, t.flaw = tkInvalid, flawText
	}
}

// until goes past the next c that no backslash stands before, or to the end of
// the line if there is none.
func (l *lexer) until(c byte) bool {
	for l.off < len(l.src) && l.src[l.off] != '\n' {
		switch b := l.src[l.off]; {
		case b == c:
			l.off++
			return true
		case b == '\\' && l.at(1) != '\n':
			l.off++
		}
		l.off = min(l.off+1, len(l.src))
	}
	return false
}

// longText reads a text between three quotes. If one does not end, no later
// one is looked for: searching again from each opening would take quadratic time.
func (l *lexer) longText(t *token) {
	for i := l.off + 3; i < len(l.src); i++ {
		if l.src[i] == '\\' {
			i++
		} else if bytes.HasPrefix(l.src[i:], []byte(`"""`)) {
			l.skipTo(i + 3)
			return
		}
	}
	l.plain = true
	l.off += 3
	t.kind, t.flaw = tkInvalid, flawLongText
}

// regexp reads /…/ and its flags. A slash can begin nothing else: division is
// written with a backslash.
func (l *lexer) regexp(t *token) {
	l.off++
	if !l.until('/') {
		t.kind, t.flaw = tkInvalid, flawRegexp
		return
	}
	t.kind = tkRegexp
	first := l.at(0)
	if first != 'i' && first != 's' {
		return
	}
	l.off++
	if second := l.at(0); second != first && (second == 'i' || second == 's') {
		l.off++
	}
}

func (l *lexer) punctuation(c byte) kind {
	if k := double(c, l.at(1)); k != tkInvalid {
		l.off += 2
		return k
	}
	l.off++
	if k := single[c]; k != tkStop {
		return k
	}
	for c >= 0x80 && l.off < len(l.src) && l.src[l.off]&0xc0 == 0x80 {
		l.off++ // the rest of a character of several bytes
	}
	return tkInvalid
}

func double(a, b byte) kind {
	switch {
	case a == '.' && b == '.':
		return tkDotDot
	case a == '<' && b == '<':
		return tkShl
	case a == '>' && b == '>':
		return tkShr
	case a == '=' && b == '=':
		return tkEq
	case a == '!' && b == '=':
		return tkNe
	case a == '<' && b == '=':
		return tkLe
	case a == '>' && b == '=':
		return tkGe
	}
	return tkInvalid
}

// single gives the tokens of one byte.
var single = [256]kind{
	'{': tkLBrace, '}': tkRBrace, '(': tkLParen, ')': tkRParen,
	'[': tkLBracket, ']': tkRBracket, ':': tkColon, ',': tkComma,
	'=': tkAssign, '.': tkDot, '+': tkPlus, '-': tkMinus, '*': tkStar,
	'\\': tkBackslash, '%': tkPercent, '&': tkAmp, '|': tkPipe,
	'^': tkCaret, '~': tkTilde, '<': tkLt, '>': tkGt,
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isOctal(c byte) bool  { return '0' <= c && c <= '7' }
func isHex(c byte) bool    { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
