package syntax

// kind is what a token is.
type kind uint8

const (
	tkStop    kind = iota // stands in for every token after a syntax error
	tkEOF                 // end of the source
	tkInvalid             // a byte that begins no token, or a token with a flaw
	tkIdent
	tkStringID   // $a
	tkStringWild // $a*
	tkCount      // #a
	tkOffset     // @a
	tkLength     // !a
	tkInt
	tkFloat
	tkText
	tkRegexp

	tkLBrace // punctuation
	tkRBrace
	tkLParen
	tkRParen
	tkLBracket
	tkRBracket
	tkColon
	tkComma
	tkAssign
	tkDot
	tkDotDot
	tkPlus
	tkMinus
	tkStar
	tkBackslash
	tkPercent
	tkAmp
	tkPipe
	tkCaret
	tkTilde
	tkShl
	tkShr
	tkEq
	tkNe
	tkLt
	tkLe
	tkGt
	tkGe

	tkAll // keywords
	tkAnd
	tkAny
	tkASCII
	tkAt
	tkBase64
	tkBase64Wide
	tkCondition
	tkContains
	tkDefined
	tkEndsWith
	tkEntrypoint
	tkFalse
	tkFilesize
	tkFor
	tkFullword
	tkGlobal
	tkIContains
	tkIEndsWith
	tkIEquals
	tkImport
	tkIn
	tkIStartsWith
	tkMatches
	tkMeta
	tkNocase
	tkNone
	tkNot
	tkOf
	tkOr
	tkPrivate
	tkRule
	tkStartsWith
	tkStrings
	tkThem
	tkTrue
	tkWide
	tkXor
	kinds
)

// spelling gives the text of the tokens that have only one.
var spelling = [kinds]string{
	tkLBrace: "{", tkRBrace: "}", tkLParen: "(", tkRParen: ")",
	tkLBracket: "[", tkRBracket: "]", tkColon: ":", tkComma: ",",
	tkAssign: "=", tkDot: ".", tkDotDot: "..", tkPlus: "+", tkMinus: "-",
	tkStar: "*", tkBackslash: `\`, tkPercent: "%", tkAmp: "&", tkPipe: "|",
	tkCaret: "^", tkTilde: "~", tkShl: "<<", tkShr: ">>", tkEq: "==",
	tkNe: "!=", tkLt: "<", tkLe: "<=", tkGt: ">", tkGe: ">=",

	tkAll: "all", tkAnd: "and", tkAny: "any", tkASCII: "ascii", tkAt: "at",
	tkBase64: "base64", tkBase64Wide: "base64wide", tkCondition: "condition",
	tkContains: "contains", tkDefined: "defined", tkEndsWith: "endswith",
	tkEntrypoint: "entrypoint", tkFalse: "false", tkFilesize: "filesize",
	tkFor: "for", tkFullword: "fullword", tkGlobal: "global",
	tkIContains: "icontains", tkIEndsWith: "iendswith", tkIEquals: "iequals",
	tkImport: "import", tkIn: "in", tkIStartsWith: "istartswith",
	tkMatches: "matches", tkMeta: "meta", tkNocase: "nocase", tkNone: "none",
	tkNot: "not", tkOf: "of", tkOr: "or", tkPrivate: "private", tkRule: "rule",
	tkStartsWith: "startswith", tkStrings: "strings", tkThem: "them",
	tkTrue: "true", tkWide: "wide", tkXor: "xor",
}

// keywords maps the spelling of every keyword to its kind.
func keywords() map[string]kind {
	m := make(map[string]kind, kinds-tkAll)
	for k := tkAll; k < kinds; k++ {
		m[spelling[k]] = k
	}
	return m
}

// flaw is what is wrong with a token that is recognised but broken.
type flaw uint8

const (
	flawNone flaw = iota
	flawText
	flawLongText
	flawRegexp
	flawComment
	flawIdent
)

// flawMessage is what to tell about each flaw.
var flawMessage = [...]string{
	flawText:     `unterminated text, expected a closing " before the end of the line`,
	flawLongText: `unterminated text, expected a closing """`,
	flawRegexp:   `unterminated regular expression, expected a closing / before the end of the line (division is written \)`,
	flawComment:  `unterminated comment, expected a closing */`,
	flawIdent:    `identifier too long, expected at most 128 bytes`,
}

// token is a piece of the source, [start, end).
type token struct {
	kind       kind
	flaw       flaw
	start, end int
	pos        Pos
}
