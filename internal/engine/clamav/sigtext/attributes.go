package sigtext

import (
	"fmt"
	"strconv"
	"strings"
)

// attributes is the target description block of a logical signature.
type attributes struct {
	target     int
	container  string
	conditions []string
	variables  []string
}

func parseAttributes(text string) (*attributes, error) {
	a := &attributes{target: -1}
	for field := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(field, ":")
		if !ok {
			return nil, malformed("attribute %q: expected name:value", field)
		}
		if err := a.add(name, value); err != nil {
			return nil, err
		}
	}
	if a.target < 0 {
		return nil, malformed("attributes: Target is missing")
	}
	return a, nil
}

func (a *attributes) add(name, value string) error {
	switch name {
	case "Target":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return malformed("attribute Target: %q is no number", value)
		}
		if n >= maxTargets {
			return Unsupported("target type " + value)
		}
		a.target = int(n)
	case "Engine":
		low, high, err := levels(value)
		if err == nil && (Level < low || Level > high) {
			err = ErrLevel
		}
		return err
	case "FileSize":
		return a.between("filesize", value)
	case "EntryPoint":
		a.variables = append(a.variables, "ep")
		return a.between("ep", value)
	case "NumberOfSections":
		a.variables = append(a.variables, "ns")
		return a.between("ns", value)
	case "Container":
		a.container = value
	default:
		return Unsupported("the attribute " + name)
	}
	return nil
}

// between adds a condition for a range of n-m.
func (a *attributes) between(variable, value string) error {
	low, high, err := levels(value)
	if err == nil {
		a.conditions = append(a.conditions, fmt.Sprintf("%s >= %d and %s <= %d", variable, low, variable, high))
	}
	return err
}

func levels(value string) (low, high uint64, err error) {
	a, b, _ := strings.Cut(value, "-")
	low, err1 := strconv.ParseUint(a, 10, 32)
	high, err2 := strconv.ParseUint(b, 10, 32)
	if err1 != nil || err2 != nil {
		return 0, 0, malformed("attributes: %q is no range", value)
	}
	return low, high, nil
}
