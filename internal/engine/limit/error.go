package limit

import (
	"errors"
	"fmt"
)

// Error says why an object could not be looked at, or not wholly.
type Error struct {
	Reason Reason
	Detail string // one line for people
	Final  bool   // nothing more of the whole tree may be looked at
}

// Error gives the detail after the reason.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

// Errorf makes an Error that concerns one object only.
func Errorf(r Reason, format string, args ...any) error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// Of finds the Error in err. What is no Error becomes one with the reason
// Damaged: a parser that fails for a reason of its own met bad bytes. A nil
// err gives nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Reason: Damaged, Detail: err.Error()}
}

// Final tells whether err ends the scan of the whole tree.
func Final(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Final
}
