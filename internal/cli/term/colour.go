package term

import "fmt"

// Role is what a colour means. A word always says the same, so that no
// meaning hangs on a colour alone.
type Role int

// The roles.
const (
	Bad Role = iota
	Warn
	Good
	Dim
)

// When says when to use colour.
type When string

// The values of --color. Auto: on a terminal, unless NO_COLOR is set or TERM
// is dumb.
const (
	Auto   When = "auto"
	Always When = "always"
	Never  When = "never"
)

// Set reads the flag's value.
func (w *When) Set(text string) error {
	switch When(text) {
	case Auto, Always, Never:
		*w = When(text)
		return nil
	}
	return fmt.Errorf("%q is not one of auto, always, never", text)
}

// String gives the flag's value.
func (w *When) String() string { return string(*w) }

// Type is the word shown behind the flag in help.
func (w *When) Type() string { return "when" }

// Paint colours words for one stream. The zero Paint colours nothing.
type Paint struct{ on bool }

// Paint decides for one stream: stdout may be a file while stderr is a terminal.
func (e Env) Paint(when When, stream any) Paint {
	switch when {
	case Always:
		return Paint{on: true}
	case Never:
		return Paint{}
	}
	return Paint{on: e.Terminal(stream) && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"}
}

// Word gives the word in the colour of its role.
func (p Paint) Word(role Role, word string) string {
	if !p.on {
		return word
	}
	codes := [...]string{Bad: "1;31", Warn: "33", Good: "32", Dim: "2"}
	return "\x1b[" + codes[role] + "m" + word + "\x1b[0m"
}
