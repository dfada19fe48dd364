// Package control is the guard's socket, as docs/spec/control.md describes it:
// a request of one line of JSON, and answers of one line each. It knows who
// asks, lets everybody ask what is open to all and root the rest, and holds
// every limit against those who ask too much, too slowly or too often, so that
// nobody at the socket can make the guard wait.
//
// It knows no verb and does nothing that is asked by itself.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxLine is how long a request or an answer may be, in bytes with its newline.
const MaxLine = 1 << 20

// request is what a client sends.
type request struct {
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args,omitempty"`
}

// answer is one line of a server: a value, or the end.
type answer struct {
	Value json.RawMessage `json:"value,omitempty"`
	Done  bool            `json:"done,omitempty"`
	Error string          `json:"error,omitempty"`
	Hint  string          `json:"hint,omitempty"`
	Code  Code            `json:"code,omitempty"`
}

// Code is the kind of a refusal.
type Code string

// The codes.
const (
	Denied Code = "denied" // whoever asks may not
	No     Code = "no"     // the answer is no: there is no such thing
	Usage  Code = "usage"  // the request cannot be understood
	Failed Code = "failed" // it was tried, and did not work
	Busy   Code = "busy"   // too many ask at once
)

// ErrNotRunning is wrapped by the client's error when nobody listens.
var ErrNotRunning = errors.New("the guard is not running")

// Error is a refusal, as a handler returns it and as the client gets it. Any
// other error of a handler reaches the client as Failed, with its text.
type Error struct {
	Code Code
	Text string
	Hint string // what to do about it; may be empty

	cause error
}

func (e *Error) Error() string { return e.Text }

// Unwrap gives what caused it on this side of the socket.
func (e *Error) Unwrap() error { return e.cause }

// Refuse makes an Error without a hint.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// refusal is the answer that an error makes.
func refusal(err error) answer {
	var e *Error
	if errors.As(err, &e) {
		return answer{Error: fallback(err.Error()), Hint: e.Hint, Code: e.Code}
	}
	return answer{Error: fallback(err.Error()), Code: Failed}
}

// fallback keeps an error without words from looking like none.
func fallback(text string) string {
	if text == "" {
		return "failed"
	}
	return text
}
