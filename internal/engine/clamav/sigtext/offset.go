package sigtext

import (
	"fmt"
	"strconv"
	"strings"
)

// offset is where a body must begin: between low and high, which are
// expressions; macro is the group of a $n$. Neither: anywhere.
type offset struct {
	low, high string
	macro     int // -1: none
	variables []string
}

func (o *offset) anywhere() bool { return o.low == "" && o.macro < 0 }

const maxMacro = 32

// parseOffset parses the offset of a signature for the given target.
func parseOffset(text string, target int) (*offset, error) {
	o := &offset{macro: -1}
	if text == "*" {
		return o, nil
	}
	place, shiftText, shifted := strings.Cut(text, ",")
	shift := uint64(0)
	if shifted {
		var err error
		if shift, err = strconv.ParseUint(shiftText, 10, 31); err != nil {
			return nil, malformed("offset %q: the shift is no number", text)
		}
	}
	if n, ok := macroGroup(place); ok {
		o.macro = n
		return o, nil
	}
	if err := o.place(place); err != nil {
		return nil, err
	}
	if len(o.variables) > 0 && target != 1 && target != 6 && target != 9 {
		return nil, malformed("offset %q: not for target type %d", text, target)
	}
	if o.high == "" {
		o.high = o.low
	}
	if shift > 0 {
		o.high += fmt.Sprintf(" + %d", shift)
	}
	return o, nil
}

func macroGroup(text string) (int, bool) {
	if len(text) < 3 || text[0] != '$' || text[len(text)-1] != '$' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[1:len(text)-1], 10, 8)
	return int(n), err == nil && n < maxMacro
}

// place parses an offset without its shift.
func (o *offset) place(text string) error {
	number := func(prefix string) (string, bool) {
		digits, ok := strings.CutPrefix(text, prefix)
		n, err := strconv.ParseUint(digits, 10, 31)
		return strconv.FormatUint(n, 10), ok && err == nil
	}
	if n, ok := number(""); ok {
		o.low = n
	} else if n, ok := number("EOF-"); ok {
		o.low = "filesize - " + n
	} else if n, ok := number("EP+"); ok {
		o.set("ep", n)
	} else if n, ok := number("EP-"); ok {
		o.low, o.variables = "ep - "+n, []string{"ep"}
	} else if n, ok := number("SL+"); ok {
		o.set("sl", n)
	} else if n, ok := number("SE"); ok {
		return o.section(n)
	} else if text == "VI" {
		o.low, o.high, o.variables = "vi", "ve", []string{"vi", "ve"}
	} else {
		return o.sectionPlus(text)
	}
	return nil
}

func (o *offset) set(variable, plus string) {
	o.low, o.variables = variable+" + "+plus, []string{variable}
}

// section is anywhere in a section.
func (o *offset) section(n string) error {
	if len(n) > 2 {
		return Unsupported("a section number of more than two digits")
	}
	o.low, o.high = "s"+n, "s"+n+" + z"+n
	o.variables = []string{"s" + n, "z" + n}
	return nil
}

// sectionPlus parses Sx+n.
func (o *offset) sectionPlus(text string) error {
	section, plus, ok := strings.Cut(strings.TrimPrefix(text, "S"), "+")
	x, err := strconv.ParseUint(section, 10, 31)
	n, err2 := strconv.ParseUint(plus, 10, 31)
	if !ok || text[:min(1, len(text))] != "S" || err != nil || err2 != nil {
		return malformed("offset %q is none", text)
	}
	if x > 99 {
		return Unsupported("a section number of more than two digits")
	}
	o.set(fmt.Sprintf("s%d", x), strconv.FormatUint(n, 10))
	return nil
}
