package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"vitrine/internal/endpoint/files"
	"vitrine/internal/quantity"
	"vitrine/internal/spelling"
)

// check says what is wrong with a value, or nil.
type check func(value any) error

// oneOf takes one of a few words.
func oneOf(words ...string) check {
	return func(v any) error {
		if s := *v.(*string); !slices.Contains(words, s) {
			return notOneOf(s, words)
		}
		return nil
	}
}

func notOneOf(s string, words []string) error {
	if near := spelling.Nearest(s, words); len(near) > 0 {
		return fmt.Errorf("%q is not one of %s: did you mean %q?", s, strings.Join(words, ", "), near[0])
	}
	return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
}

// each holds every member of a list against do.
func each(do func(string) error) check {
	return func(v any) error {
		list := *v.(*[]string)
		for i, s := range list {
			if err := do(s); err != nil {
				return err
			}
			if slices.Contains(list[:i], s) {
				return fmt.Errorf("%q stands there twice", s)
			}
		}
		return nil
	}
}

// eachOf takes a list of a few words.
func eachOf(words ...string) check {
	return each(func(s string) error { return oneOf(words...)(&s) })
}

func absolute(s string) error {
	switch {
	case !filepath.IsAbs(s):
		return fmt.Errorf("%q is not a path from the root: it must begin with /", s)
	case strings.ContainsRune(s, 0):
		return fmt.Errorf("%q is not a path", s)
	}
	return nil
}

func path(v any) error { return absolute(*v.(*string)) }

func pathOrNone(v any) error {
	if *v.(*string) == "" {
		return nil
	}
	return path(v)
}

func paths(v any) error { return each(absolute)(v) }

func patterns(v any) error {
	return each(func(s string) error {
		_, err := files.ParsePattern(s, "/")
		return err
	})(v)
}

// program takes the arguments of a program, the program first. The same
// argument may stand there twice.
func program(v any) error {
	list := *v.(*[]string)
	if len(list) == 0 {
		return nil
	}
	if slices.ContainsFunc(list, func(s string) bool { return strings.ContainsRune(s, 0) }) {
		return fmt.Errorf("an argument holds a zero byte")
	}
	return absolute(list[0])
}

// nameShape is what names of users and groups look like.
var nameShape = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$`)

func name(v any) error {
	if s := *v.(*string); !nameShape.MatchString(s) {
		return fmt.Errorf("%q is not the name of a user or a group", s)
	}
	return nil
}

func nameOrNone(v any) error {
	if *v.(*string) == "" {
		return nil
	}
	return name(v)
}

func numbers(low, high int) check {
	return func(v any) error {
		if n := *v.(*int); n < low || n > high {
			return fmt.Errorf("%d is not between %d and %d", n, low, high)
		}
		return nil
	}
}

func between(low, high time.Duration) check {
	return func(v any) error {
		if d := *v.(*time.Duration); d < low || d > high {
			return fmt.Errorf("%q is not between %s and %s", quantity.FormatDuration(d), quantity.FormatDuration(low), quantity.FormatDuration(high))
		}
		return nil
	}
}

func betweenOrZero(low, high time.Duration) check {
	return func(v any) error {
		if *v.(*time.Duration) == 0 {
			return nil
		}
		return between(low, high)(v)
	}
}

func sizes(low, high size) check {
	return func(v any) error {
		if n := *v.(*size); n < low || n > high {
			return fmt.Errorf("%q is not between %s and %s", quantity.FormatBytes(int64(n)), quantity.FormatBytes(int64(low)), quantity.FormatBytes(int64(high)))
		}
		return nil
	}
}

func sizesOrZero(low, high size) check {
	return func(v any) error {
		if *v.(*size) == 0 {
			return nil
		}
		return sizes(low, high)(v)
	}
}

// resolver takes an address of this machine, and a port.
func resolver(v any) error {
	s := *v.(*string)
	if s == "" {
		return nil
	}
	a, err := netip.ParseAddrPort(s)
	switch {
	case err != nil || a.Port() == 0:
		return fmt.Errorf("%q is not an address and a port, such as 127.0.0.54:53", s)
	case !a.Addr().IsLoopback():
		return fmt.Errorf("%q is not an address of this machine alone: others could ask there", s)
	}
	return nil
}

// addresses takes addresses, with or without a port.
func addresses(v any) error {
	return each(func(s string) error {
		if _, err := netip.ParseAddr(s); err == nil {
			return nil
		}
		if _, err := netip.ParseAddrPort(s); err == nil {
			return nil
		}
		return fmt.Errorf("%q is not an address, such as 192.0.2.1 or [2001:db8::1]:53", s)
	})(v)
}

func bareAddresses(v any) error {
	return each(func(s string) error {
		if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
			return fmt.Errorf("%q is not an address, such as 127.0.0.1", s)
		}
		return nil
	})(v)
}
